/* SPDX-License-Identifier: BSD-2-Clause
 *
 * date: points in time, read leniently and printed by strftime formats
 *
 * Time zones come from GLib and are kept for the life of the process. Text without a
 * zone is meant in the reader's zone; text with one keeps it, unless a reader's zone
 * was asked for: then it is shown there.
 *
 * Owns:    the table of known zones.
 * Threads: any.
 */
#ifndef LIQUID_DATE_H
#define LIQUID_DATE_H

#include "base/str.h"

#include <stdint.h>

struct filter_call;
struct build;

struct date {
	int64_t seconds; /* since the epoch */
	int32_t nanos;
	int32_t offset;	  /* of its zone, seconds east */
	const char *zone; /* abbreviation, "" if it has none */
};

/* Broken down in its zone. */
struct date_parts {
	int64_t year;
	int month; /* 1 .. 12 */
	int day;
	int hour;
	int minute;
	int second;
	int weekday; /* 0: Sunday */
	int yearday; /* 1 .. 366 */
};

/* Is there such a zone (an IANA name; NULL or empty is UTC)? */
bool date_zone_known(const char *zone);
/* In the zone of that name; NULL or an unknown name: UTC. */
struct date date_at(int64_t seconds, int32_t nanos, const char *zone);
/* The same from seconds of the clock on the wall there. */
struct date date_local(int64_t local, int32_t nanos, const char *zone);
/* From the epoch to a day of the Gregorian calendar. */
int64_t date_days(int64_t year, int month, int day);
/* False if it isn't a date. `now` fills what the text leaves open. */
bool date_read(struct str text, const struct date *now, const char *zone, struct date *date_r);
void date_split(const struct date *date, struct date_parts *parts_r);
int date_print(struct build *build, const struct date *date, struct str format);

#endif
