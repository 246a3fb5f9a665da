/* SPDX-License-Identifier: BSD-2-Clause
 *
 * date: zones and the calendar; see date.h
 *
 * Threads: any; the table of zones is behind a lock.
 */
#include "liquid/date.h"

#include <glib.h>
#include <pthread.h>

#define NAME_MAX_LENGTH 64

static GHashTable *zones; /* name -> GTimeZone; only names that are zones */
static pthread_rwlock_t zones_lock = PTHREAD_RWLOCK_INITIALIZER;

/* A name becomes part of a file's path: nothing that could lead out of the zones'
 * folder. */
static bool
is_name(const char *name)
{
	size_t n = 0;

	if (!g_ascii_isalpha(name[0]) || strstr(name, "..") != NULL)
		return false;
	while (g_ascii_isalnum(name[n]) || (name[n] != '\0' && strchr("/_+-.", name[n]) != NULL))
		n++;
	return name[n] == '\0' && n <= NAME_MAX_LENGTH;
}

static GTimeZone *
load_zone(const char *name)
{
	GTimeZone *zone;

	if (!is_name(name))
		return NULL;
	pthread_rwlock_wrlock(&zones_lock);
	if (zones == NULL)
		zones = g_hash_table_new(g_str_hash, g_str_equal);
	zone = g_hash_table_lookup(zones, name);
	if (zone == NULL) {
		zone = g_time_zone_new_identifier(name);
		if (zone != NULL)
			g_hash_table_insert(zones, g_strdup(name), zone);
	}
	pthread_rwlock_unlock(&zones_lock);
	return zone;
}

static GTimeZone *
find_zone(const char *name)
{
	GTimeZone *zone = NULL;

	pthread_rwlock_rdlock(&zones_lock);
	if (zones != NULL)
		zone = g_hash_table_lookup(zones, name);
	pthread_rwlock_unlock(&zones_lock);
	return zone == NULL ? load_zone(name) : zone;
}

static bool
is_utc(const char *zone)
{
	return zone == NULL || zone[0] == '\0' || strcmp(zone, "UTC") == 0;
}

bool
date_zone_known(const char *zone)
{
	return is_utc(zone) || find_zone(zone) != NULL;
}

struct date
date_at(int64_t seconds, int32_t nanos, const char *name)
{
	struct date date = {.seconds = seconds, .nanos = nanos, .zone = "UTC"};
	GTimeZone *zone = is_utc(name) ? NULL : find_zone(name);
	gint interval;

	if (zone == NULL)
		return date;
	interval = g_time_zone_find_interval(zone, G_TIME_TYPE_UNIVERSAL, seconds);
	if (interval < 0)
		return date;
	date.offset = g_time_zone_get_offset(zone, interval);
	date.zone = g_time_zone_get_abbreviation(zone, interval);
	return date;
}

/* Days since the epoch of a day in the Gregorian calendar, which is taken to reach
 * back for ever. */
int64_t
date_days(int64_t year, int month, int day)
{
	int64_t era, of_era;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	year -= month <= 2;
	era = (year >= 0 ? year : year - 399) / 400;
	of_era = year - era * 400;
	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

struct date
date_local(int64_t local, int32_t nanos, const char *name)
{
	GTimeZone *zone = is_utc(name) ? NULL : find_zone(name);
	gint interval;

	if (zone == NULL)
		return date_at(local, nanos, NULL);
	interval = g_time_zone_find_interval(zone, G_TIME_TYPE_STANDARD, local);
	/* An hour that the clocks leave out is counted on from the time before it. */
	if (interval < 0)
		interval = g_time_zone_find_interval(zone, G_TIME_TYPE_STANDARD, local - 7200);
	if (interval >= 0)
		local -= g_time_zone_get_offset(zone, interval);
	return date_at(local, nanos, name);
}

static bool
is_leap(int64_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

void
date_split(const struct date *date, struct date_parts *parts_r)
{
	int64_t local = date->seconds + date->offset;
	int64_t days = local / 86400 - (local % 86400 < 0);
	int64_t shifted = days + 719468;
	int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
	/* Small from here on, and faster to divide. */
	uint32_t second = (uint32_t)(local - days * 86400);
	uint32_t of_era = (uint32_t)(shifted - era * 146097);
	uint32_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	uint32_t of_year = of_era - (365 * year + year / 4 - year / 100);
	uint32_t month = (5 * of_year + 2) / 153;

	parts_r->day = (int)(of_year - (153 * month + 2) / 5 + 1);
	parts_r->month = (int)(month < 10 ? month + 3 : month - 9);
	parts_r->year = (int64_t)year + era * 400 + (parts_r->month <= 2);
	parts_r->hour = (int)(second / 3600);
	parts_r->minute = (int)(second / 60 % 60);
	parts_r->second = (int)(second % 60);
	parts_r->weekday = (int)(((days + 4) % 7 + 7) % 7);
	/* `of_year` counts from the first of March. */
	parts_r->yearday =
	    (int)(month < 10 ? of_year + 60 + is_leap(parts_r->year) : of_year - 305);
}
