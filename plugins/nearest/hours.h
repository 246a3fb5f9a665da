/* SPDX-License-Identifier: BSD-2-Clause
 *
 * hours: when an outlet is open
 *
 *	Mo-Fr 09:00-12:00,13:00-18:30; Sa 10:00-16:00; 2026-12-24 off; PH off
 *	24/7
 *	{"mon": ["09:00", "18:00"], "sat": [["10:00", "12:00"], ["13:00", "16:00"]]}
 *
 * Rules stand between semicolons: days, then times or "off". Days are Mo Tu We Th Fr Sa Su (or
 * Mon, Monday, ...), PH (public holidays), dates (2026-12-24, or 12-24 for each year), ranges of
 * these, and lists with commas. A rule without days is for the whole week. Of two rules for one
 * day the later counts; dates go before holidays, holidays before days of the week. A time that
 * ends at or before its begin ends on the next day. A day without a rule is closed.
 *
 * Threads: any; everything touches only its arguments.
 */
#ifndef NEAREST_HOURS_H
#define NEAREST_HOURS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HOURS_SPANS_MAX 4   /* a day */
#define HOURS_DATES_MAX 200 /* rules with dates */
#define HOURS_DAY	1440
#define HOURS_TEXT_SIZE 160

/* Minutes after the day's midnight; the end may lie on the next day. */
struct hours_span {
	uint16_t begin, end;
};

struct hours_day {
	uint8_t count;
	bool known; /* there was a rule */
	struct hours_span at[HOURS_SPANS_MAX];
};

/* From and to as month * 100 + day, with year * 10000 unless it is for each year. */
struct hours_date {
	int32_t from, to;
	struct hours_day day;
};

struct hours {
	struct hours_day week[7]; /* from Monday */
	struct hours_day holiday;
	struct hours_date *dates;
	size_t date_count;
};

struct hours_calendar {
	int year, month, day;
	int weekday; /* 1 is Monday */
	bool holiday;
};

/* Fills `hours_r`. 0, or -1 with what was expected in `why`. hours_fini frees in both cases. */
int hours_parse(struct hours *hours_r, const char *text, char *why, size_t why_size);
void hours_fini(struct hours *hours);
/* What counts on that day; never NULL. */
const struct hours_day *hours_on(const struct hours *hours, const struct hours_calendar *date);
/* Minutes (of today) until which it is open at `minute` of today, or 0: it is closed. */
int hours_open_until(const struct hours_day *yesterday, const struct hours_day *today, int minute);
/* "09:00–12:00, 13:00–18:30"; with `twelve` "9:00 am–6:30 pm". Empty: closed. */
void hours_print(const struct hours_day *day, bool twelve, char text[HOURS_TEXT_SIZE]);

/* One date, or two with ".." between, as above; false: it is none. */
bool hours_read_date(const char *text, size_t n, int32_t *from_r, int32_t *to_r);
bool hours_date_has(int32_t from, int32_t to, const struct hours_calendar *date);

#endif
