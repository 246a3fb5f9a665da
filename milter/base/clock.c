/* SPDX-License-Identifier: BSD-2-Clause
 *
 * clock: see clock.h
 */
#include "base/clock.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t stopped; /* 0: it goes */

void
clock_stop(int64_t ms)
{
	stopped = ms;
}

int64_t
clock_now(void)
{
	struct timespec now;

	if (stopped != 0)
		return stopped;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t
clock_mono_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void
split(int64_t ms, struct tm *tm_r, int *fraction_r)
{
	int64_t fraction = ms % 1000;
	time_t seconds;

	if (fraction < 0)
		fraction += 1000;
	seconds = (time_t)((ms - fraction) / 1000);
	gmtime_r(&seconds, tm_r);
	*fraction_r = (int)fraction;
}

const char *
clock_iso(int64_t ms, char text[CLOCK_TEXT_SIZE])
{
	struct tm tm;
	int fraction;
	size_t used;

	split(ms, &tm, &fraction);
	used = strftime(text, CLOCK_TEXT_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + used, CLOCK_TEXT_SIZE - used, ".%03dZ", fraction);
	return text;
}

const char *
clock_rfc5322(int64_t ms, char text[CLOCK_TEXT_SIZE])
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct tm tm;
	int fraction;

	/* Names are English whatever the locale: RFC 5322 section 3.3. */
	split(ms, &tm, &fraction);
	snprintf(text, CLOCK_TEXT_SIZE, "%.3s, %02u %.3s %04u %02u:%02u:%02u +0000",
	    days + (size_t)tm.tm_wday * 3, (unsigned)tm.tm_mday % 100,
	    months + (size_t)tm.tm_mon * 3, ((unsigned)tm.tm_year + 1900) % 10000,
	    (unsigned)tm.tm_hour % 100, (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100);
	return text;
}

static int
parse_ago(const char *text, int64_t *ms_r)
{
	static const struct {
		char unit;
		int64_t ms;
	} units[] = {{'s', 1000}, {'m', 60000}, {'h', 3600000}, {'d', 86400000}};
	char *end;
	long long count = strtoll(text, &end, 10);

	if (end == text || count < 0 || count > 1000000 || end[0] == '\0' || end[1] != '\0')
		return -1;
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		if (units[i].unit == end[0]) {
			*ms_r = clock_now() - count * units[i].ms;
			return 0;
		}
	}
	return -1;
}

/* The rest after seconds: "", "Z", "+hh:mm", each after an optional fraction. */
static int
parse_tail(const char *text, int64_t *ms)
{
	int hours, minutes, used = 0;

	if (text[0] == '.') {
		int64_t weight = 100;

		for (text++; *text >= '0' && *text <= '9'; text++, weight /= 10)
			*ms += (*text - '0') * weight;
	}
	if (text[0] == '\0' || strcmp(text, "Z") == 0)
		return 0;
	if ((text[0] == '+' || text[0] == '-') &&
	    sscanf(text + 1, "%2d:%2d%n", &hours, &minutes, &used) == 2 && text[1 + used] == '\0') {
		int64_t offset = (hours * 60 + minutes) * (int64_t)60000;

		*ms -= text[0] == '+' ? offset : -offset;
		return 0;
	}
	return -1;
}

int
clock_parse(const char *text, int64_t *ms_r)
{
	struct tm tm = {0}, check;
	int used = 0;
	int64_t ms;

	if (parse_ago(text, ms_r) == 0)
		return 0;
	if (sscanf(text, "%4d-%2d-%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &used) != 3)
		return -1;
	text += used;
	if (*text == 'T' || *text == ' ') {
		used = 0;
		if (sscanf(text + 1, "%2d:%2d%n", &tm.tm_hour, &tm.tm_min, &used) != 2)
			return -1;
		text += 1 + used;
		used = 0;
		if (*text == ':' && sscanf(text + 1, "%2d%n", &tm.tm_sec, &used) == 1)
			text += 1 + used;
	} else if (*text != '\0') {
		return -1;
	}
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	check = tm;
	ms = (int64_t)timegm(&check) * 1000;
	/* timegm carries over: the 31st of February is no date. */
	if (check.tm_year != tm.tm_year || check.tm_mon != tm.tm_mon ||
	    check.tm_mday != tm.tm_mday || check.tm_hour != tm.tm_hour || check.tm_min != tm.tm_min)
		return -1;
	if (parse_tail(text, &ms) != 0)
		return -1;
	*ms_r = ms;
	return 0;
}
