/* SPDX-License-Identifier: BSD-2-Clause
 *
 * hours: what counts when; hours_read.c reads the text
 *
 * Threads: any.
 */
#include "hours.h"

#include <stdio.h>
#include <stdlib.h>

void
hours_fini(struct hours *hours)
{
	free(hours->dates);
	*hours = (struct hours){.date_count = 0};
}

bool
hours_date_has(int32_t from, int32_t to, const struct hours_calendar *date)
{
	int32_t day = date->month * 100 + date->day;

	if (from >= 10000)
		day += date->year * 10000;
	/* 12-30..01-02 */
	return from <= to ? day >= from && day <= to : day >= from || day <= to;
}

const struct hours_day *
hours_on(const struct hours *hours, const struct hours_calendar *date)
{
	for (size_t i = hours->date_count; i-- > 0;) {
		if (hours_date_has(hours->dates[i].from, hours->dates[i].to, date))
			return &hours->dates[i].day;
	}
	if (date->holiday)
		return &hours->holiday;
	return &hours->week[(date->weekday + 6) % 7];
}

int
hours_open_until(const struct hours_day *yesterday, const struct hours_day *today, int minute)
{
	for (int i = 0; i < yesterday->count; i++) {
		if (minute + HOURS_DAY < yesterday->at[i].end)
			return yesterday->at[i].end - HOURS_DAY;
	}
	for (int i = 0; i < today->count; i++) {
		if (minute >= today->at[i].begin && minute < today->at[i].end)
			return today->at[i].end;
	}
	return 0;
}

static int
print_time(char *to, size_t size, int minute, bool twelve)
{
	int hour = minute / 60 % 24;

	if (!twelve)
		return snprintf(
		    to, size, "%02d:%02d", minute == HOURS_DAY ? 24 : hour, minute % 60);
	return snprintf(
	    to, size, "%d:%02d %s", (hour + 11) % 12 + 1, minute % 60, hour < 12 ? "am" : "pm");
}

void
hours_print(const struct hours_day *day, bool twelve, char text[HOURS_TEXT_SIZE])
{
	int n = 0;

	text[0] = '\0';
	for (int i = 0; i < day->count; i++) {
		n += snprintf(text + n, HOURS_TEXT_SIZE - (size_t)n, "%s", i == 0 ? "" : ", ");
		n += print_time(text + n, HOURS_TEXT_SIZE - (size_t)n, day->at[i].begin, twelve);
		n += snprintf(text + n, HOURS_TEXT_SIZE - (size_t)n, "\u2013");
		n += print_time(text + n, HOURS_TEXT_SIZE - (size_t)n, day->at[i].end, twelve);
	}
}
