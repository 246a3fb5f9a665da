/* SPDX-License-Identifier: BSD-2-Clause
 *
 * stamp: see stamp.h
 *
 * mktime is slow, so the hour of the last line is kept: zones change their offset between hours.
 */
#include "maillog/stamp.h"

#include <time.h>

#define DAY_S	 86400
#define MONTHS	 "JanFebMarAprMayJunJulAugSepOctNovDec"
#define HALF_WAY 6

void
maillog_stamp_init(struct maillog_stamp *stamp, int64_t reference_ms, int year)
{
	*stamp = (struct maillog_stamp){
	    .reference_ms = reference_ms, .year = year, .hour = "", .last_month = -1};
}

/* The number in these digits, or -1. */
static int
digits(const char *p, size_t n)
{
	int value = 0;

	for (size_t i = 0; i < n; i++) {
		if (p[i] < '0' || p[i] > '9')
			return -1;
		value = value * 10 + (p[i] - '0');
	}
	return value;
}

/* Days since 1970-01-01 of the Gregorian calendar. */
static int64_t
days_of(int year, int month, int day)
{
	int64_t y = year - (month <= 2), era = y / 400;
	int64_t of_era = y - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* ".123456": milliseconds; moves past it. */
static int
fraction(struct str *text)
{
	int ms = 0, weight = 100;

	if (text->n == 0 || (text->p[0] != '.' && text->p[0] != ','))
		return 0;
	text->p++;
	text->n--;
	for (; text->n > 0 && digits(text->p, 1) >= 0; weight /= 10) {
		ms += digits(text->p, 1) * weight;
		text->p++;
		text->n--;
	}
	return ms;
}

/* "Z", "+01:00", "-0500": minutes east of Greenwich; no zone is Greenwich. */
static int
zone_minutes(struct str text)
{
	int hours, minutes;
	size_t colon;

	if (text.n < 5 || (text.p[0] != '+' && text.p[0] != '-'))
		return 0;
	colon = text.p[3] == ':' && text.n >= 6;
	hours = digits(text.p + 1, 2);
	minutes = digits(text.p + 3 + colon, 2);
	if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
		return 0;
	return (text.p[0] == '-' ? -1 : 1) * (hours * 60 + minutes);
}

/* 2026-11-22T20:19:15.123456+00:00 */
static int64_t
read_3339(struct str text)
{
	int year = digits(text.p, 4), month = digits(text.p + 5, 2), day = digits(text.p + 8, 2);
	int hour = digits(text.p + 11, 2), minute = digits(text.p + 14, 2),
	    second = digits(text.p + 17, 2);
	int64_t ms;

	if (year < 1970 || month < 1 || month > 12 || day < 1 || day > 31 || hour < 0 ||
	    hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60)
		return 0;
	text.p += 19;
	text.n -= 19;
	ms = ((days_of(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
	ms = ms * 1000 + fraction(&text);
	return ms - (int64_t)zone_minutes(text) * 60000;
}

static int64_t
hour_of(const struct tm *wanted, int year)
{
	struct tm tm = *wanted;

	tm.tm_year = year - 1900;
	tm.tm_isdst = -1;
	return (int64_t)mktime(&tm);
}

/* The year of a line that has none. */
static int64_t
place_hour(struct maillog_stamp *stamp, const struct tm *tm)
{
	time_t reference = (time_t)(stamp->reference_ms / 1000);
	struct tm now;
	int64_t seconds;

	if (stamp->year != 0) {
		if (stamp->last_month - tm->tm_mon > HALF_WAY)
			stamp->year++;
		stamp->last_month = tm->tm_mon;
		return hour_of(tm, stamp->year);
	}
	localtime_r(&reference, &now);
	/* A clock may have been a little wrong, and the 1st of January comes early elsewhere. */
	seconds = hour_of(tm, now.tm_year + 1900 + (now.tm_mon == 11 && tm->tm_mon == 0));
	if (seconds > (int64_t)reference + DAY_S)
		seconds = hour_of(tm, now.tm_year + 1900);
	if (seconds > (int64_t)reference + DAY_S)
		seconds = hour_of(tm, now.tm_year + 1899);
	return seconds;
}

/* "Nov 22 20:19:15", "Nov  2 20:19:15" */
static int64_t
read_3164(struct maillog_stamp *stamp, struct str text)
{
	const char *month = memmem(MONTHS, sizeof MONTHS - 1, text.p, 3);
	int minute = digits(text.p + 10, 2), second = digits(text.p + 13, 2);
	struct tm tm = {0};

	if (minute < 0 || minute > 59 || second < 0 || second > 60 || text.p[9] != ':' ||
	    text.p[12] != ':')
		return 0;
	if (stamp->hour[0] == '\0' || memcmp(stamp->hour, text.p, 9) != 0) {
		tm.tm_mday = text.p[4] == ' ' ? digits(text.p + 5, 1) : digits(text.p + 4, 2);
		tm.tm_hour = digits(text.p + 7, 2);
		if (month == NULL || (month - MONTHS) % 3 != 0 || tm.tm_mday < 1 ||
		    tm.tm_mday > 31 || tm.tm_hour < 0 || tm.tm_hour > 23)
			return 0;
		tm.tm_mon = (int)((month - MONTHS) / 3);
		stamp->hour_ms = place_hour(stamp, &tm) * 1000;
		memcpy(stamp->hour, text.p, 9);
	}
	text.p += 15;
	text.n -= 15;
	return stamp->hour_ms + (int64_t)(minute * 60 + second) * 1000 + fraction(&text);
}

int64_t
maillog_stamp_read(struct maillog_stamp *stamp, struct str text)
{
	if (text.n >= 20 && text.p[4] == '-' && text.p[7] == '-' && text.p[10] == 'T')
		return read_3339(text);
	return text.n >= 16 ? read_3164(stamp, text) : 0;
}
