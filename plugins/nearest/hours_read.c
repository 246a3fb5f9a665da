/* SPDX-License-Identifier: BSD-2-Clause
 *
 * hours_read: opening hours from text; hours.h has the syntax
 *
 * Threads: any.
 */
#include "hours.h"

#include <ctype.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HOLIDAY 7 /* as a day */

struct reader {
	struct hours *hours;
	const char *at, *end;
	char *why;
	size_t why_size;
};

/* What one rule is for. */
struct days {
	bool day[8]; /* from Monday; HOLIDAY */
	struct {
		int32_t from, to;
	} date[20];
	size_t date_count;
	bool any;
};

static int complain(struct reader *reader, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static int
complain(struct reader *reader, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(reader->why, reader->why_size, format, arguments);
	va_end(arguments);
	return -1;
}

static int
stray(struct reader *reader, const char *wanted)
{
	return complain(reader, "expected %s, got \"%.*s\"", wanted,
	    reader->end - reader->at > 30 ? 30 : (int)(reader->end - reader->at), reader->at);
}

static bool
is_at(const struct reader *reader, char c)
{
	return reader->at < reader->end && *reader->at == c;
}

static void
skip_space(struct reader *reader)
{
	while (reader->at < reader->end && isspace((unsigned char)*reader->at))
		reader->at++;
}

static bool
take(struct reader *reader, char c)
{
	if (!is_at(reader, c))
		return false;
	reader->at++;
	return true;
}

/* --- dates --- */

/* `digits` at least; the number, or -1. */
static int
number(const char *text, size_t n)
{
	int value = 0;

	for (size_t i = 0; i < n; i++) {
		if (!isdigit((unsigned char)text[i]))
			return -1;
		value = value * 10 + text[i] - '0';
	}
	return n == 0 ? -1 : value;
}

/* 2026-12-24 or 12-24; how many bytes, 0: it is none. */
static size_t
read_day(const char *text, size_t n, int32_t *day_r)
{
	static const int lengths[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	size_t year = n >= 10 && text[4] == '-' && text[7] == '-' ? 5 : 0;
	int y = year > 0 ? number(text, 4) : 0, month, day;

	if (n < year + 5 || y < 0 || text[year + 2] != '-')
		return 0;
	month = number(text + year, 2);
	day = number(text + year + 3, 2);
	if (month < 1 || month > 12 || day < 1 || day > lengths[month - 1] ||
	    (year > 0 &&
		(y < 1970 ||
		    (month == 2 && day == 29 && (y % 4 != 0 || (y % 100 == 0 && y % 400 != 0))))) ||
	    (n > year + 5 && isdigit((unsigned char)text[year + 5])))
		return 0;
	*day_r = y * 10000 + month * 100 + day;
	return year + 5;
}

/* A date or two; how many bytes, 0: there is none. */
static size_t
read_dates(const char *text, size_t n, int32_t *from_r, int32_t *to_r)
{
	size_t first = read_day(text, n, from_r), second;

	*to_r = *from_r;
	if (first == 0 || n < first + 2 || memcmp(text + first, "..", 2) != 0)
		return first;
	second = read_day(text + first + 2, n - first - 2, to_r);
	if (second == 0 || (*from_r >= 10000) != (*to_r >= 10000) ||
	    (*from_r >= 10000 && *to_r < *from_r))
		return 0;
	return first + 2 + second;
}

bool
hours_read_date(const char *text, size_t n, int32_t *from_r, int32_t *to_r)
{
	*from_r = 0;
	return read_dates(text, n, from_r, to_r) == n && n > 0;
}

/* --- days --- */

/* Mo, Mon, Monday; PH. -1: none. Moves behind it. */
static int
read_weekday(struct reader *reader)
{
	static const char *const names[] = {
	    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "ph"};
	size_t n = 0, left = (size_t)(reader->end - reader->at);

	while (n < left && isalpha((unsigned char)reader->at[n]))
		n++;
	for (int i = 0; i < 8; i++) {
		size_t full = strlen(names[i]);

		/* "Tues" and "Thurs" are what they look like, too. */
		if (n >= 2 && n <= full && strncasecmp(reader->at, names[i], n) == 0) {
			reader->at += n;
			if (n < full)
				take(reader, '.');
			return i;
		}
	}
	return -1;
}

static int
read_one_day(struct reader *reader, struct days *days)
{
	int32_t from = 0, to;
	size_t n = read_dates(reader->at, (size_t)(reader->end - reader->at), &from, &to);
	int day, last;

	days->any = true;
	if (n > 0) {
		if (days->date_count == sizeof days->date / sizeof days->date[0])
			return complain(reader, "expected fewer dates in one rule");
		days->date[days->date_count].from = from;
		days->date[days->date_count++].to = to;
		reader->at += n;
		return 0;
	}
	day = last = read_weekday(reader);
	if (day < 0)
		return stray(reader, "days (Mo, Tu, We, Th, Fr, Sa, Su, PH, 2026-12-24)");
	if (day != HOLIDAY && take(reader, '-')) {
		last = read_weekday(reader);
		if (last < 0 || last == HOLIDAY)
			return stray(reader, "a day of the week behind the hyphen");
	}
	for (;; day = (day + 1) % 7) {
		days->day[day] = true;
		if (day == last)
			return 0;
	}
}

static int
read_days(struct reader *reader, struct days *days)
{
	do {
		skip_space(reader);
		if (read_one_day(reader, days) != 0)
			return -1;
		skip_space(reader);
	} while (take(reader, ','));
	take(reader, ':');
	return 0;
}

/* --- times --- */

static bool
is_digit(const struct reader *reader)
{
	return reader->at < reader->end && isdigit((unsigned char)*reader->at);
}

/* 9:00, 09:00, 24:00. -1: none. */
static int
read_time(struct reader *reader)
{
	int hour = 0, minute;
	size_t n = 0;

	skip_space(reader);
	for (; is_digit(reader) && n < 2; n++)
		hour = hour * 10 + *reader->at++ - '0';
	if (n == 0 || !take(reader, ':') || reader->end - reader->at < 2)
		return -1;
	minute = number(reader->at, 2);
	reader->at += 2;
	if (minute < 0 || minute > 59 || hour * 60 + minute > HOURS_DAY || is_digit(reader))
		return -1;
	return hour * 60 + minute;
}

static bool
take_hyphen(struct reader *reader)
{
	skip_space(reader);
	if (reader->end - reader->at >= 3 && memcmp(reader->at, "\u2013", 3) == 0) {
		reader->at += 3;
		return true;
	}
	return take(reader, '-');
}

/* Sorted by begin; they must not overlap. */
static int
add_span(struct reader *reader, struct hours_day *day, int begin, int end)
{
	size_t i = day->count;

	if (day->count == HOURS_SPANS_MAX)
		return complain(reader, "expected at most %d times a day", HOURS_SPANS_MAX);
	for (; i > 0 && day->at[i - 1].begin > begin; i--)
		day->at[i] = day->at[i - 1];
	day->at[i] = (struct hours_span){(uint16_t)begin, (uint16_t)end};
	day->count++;
	for (i = 1; i < day->count; i++) {
		if (day->at[i].begin < day->at[i - 1].end)
			return complain(reader, "expected times that do not overlap");
	}
	return 0;
}

static int
add_times(struct reader *reader, struct hours_day *day, int begin, int end)
{
	if (begin < 0 || end < 0 || begin == HOURS_DAY || begin == end)
		return complain(reader, "expected times such as 09:00-18:30");
	return add_span(reader, day, begin, end < begin ? end + HOURS_DAY : end);
}

static int
read_times(struct reader *reader, struct hours_day *day)
{
	do {
		const char *from = reader->at;
		int begin = read_time(reader), end = -1;

		if (begin >= 0 && take_hyphen(reader))
			end = read_time(reader);
		if (begin < 0 || end < 0) {
			reader->at = from;
			return stray(reader, "times such as 09:00-18:30, or off");
		}
		if (add_times(reader, day, begin, end) != 0)
			return -1;
		skip_space(reader);
	} while (take(reader, ','));
	return 0;
}

static bool
take_word(struct reader *reader, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(reader->end - reader->at) < n || strncasecmp(reader->at, word, n) != 0)
		return false;
	reader->at += n;
	return true;
}

/* --- rules --- */

static int
put_date(struct reader *reader, int32_t from, int32_t to, const struct hours_day *day)
{
	struct hours *hours = reader->hours;

	if (hours->date_count == HOURS_DATES_MAX)
		return complain(reader, "expected at most %d dates", HOURS_DATES_MAX);
	hours->dates = realloc(hours->dates, (hours->date_count + 1) * sizeof *hours->dates);
	if (hours->dates == NULL)
		abort();
	hours->dates[hours->date_count++] = (struct hours_date){from, to, *day};
	return 0;
}

static int
put_rule(struct reader *reader, const struct days *days, const struct hours_day *day)
{
	for (int i = 0; i < 7; i++) {
		if (days->day[i] || !days->any)
			reader->hours->week[i] = *day;
	}
	if (days->day[HOLIDAY])
		reader->hours->holiday = *day;
	for (size_t i = 0; i < days->date_count; i++) {
		if (put_date(reader, days->date[i].from, days->date[i].to, day) != 0)
			return -1;
	}
	return 0;
}

/* Is it days or times that come? Both may begin with two digits. */
static bool
times_come(const struct reader *reader)
{
	const char *colon = memchr(reader->at, ':', (size_t)(reader->end - reader->at));

	return is_digit(reader) && colon != NULL && colon - reader->at <= 2;
}

static int
read_rule(struct reader *reader)
{
	struct days days = {.date_count = 0};
	struct hours_day day = {.known = true};

	skip_space(reader);
	if (reader->at == reader->end)
		return 0;
	if (take_word(reader, "24/7")) {
		day.at[day.count++] = (struct hours_span){0, HOURS_DAY};
		days.day[HOLIDAY] = true;
		for (int i = 0; i < 7; i++)
			days.day[i] = true;
		days.any = true;
	} else {
		if (!times_come(reader) && read_days(reader, &days) != 0)
			return -1;
		skip_space(reader);
		if (!take_word(reader, "off") && !take_word(reader, "closed") &&
		    read_times(reader, &day) != 0)
			return -1;
	}
	skip_space(reader);
	if (reader->at < reader->end)
		return stray(reader, "a semicolon between rules");
	return put_rule(reader, &days, &day);
}

static int
read_text(struct reader *reader, const char *text)
{
	for (const char *rule = text; rule != NULL;) {
		const char *end = strchr(rule, ';');

		reader->at = rule;
		reader->end = end == NULL ? rule + strlen(rule) : end;
		if (read_rule(reader) != 0)
			return -1;
		rule = end == NULL ? NULL : end + 1;
	}
	return 0;
}

/* --- JSON --- */

static int
read_json_time(const json_t *text)
{
	struct reader reader = {.at = json_string_value(text)};
	int minute;

	if (reader.at == NULL)
		return -1;
	reader.end = reader.at + json_string_length(text);
	minute = read_time(&reader);
	return reader.at == reader.end ? minute : -1;
}

/* ["09:00", "18:00"], or an array of these, or nothing. */
static int
read_json_day(struct reader *reader, const json_t *value, struct hours_day *day)
{
	size_t i;
	json_t *span;

	if (json_is_null(value) || (json_is_array(value) && json_array_size(value) == 0))
		return 0;
	if (json_is_string(json_array_get(value, 0)) && json_array_size(value) == 2)
		return add_times(reader, day, read_json_time(json_array_get(value, 0)),
		    read_json_time(json_array_get(value, 1)));
	if (!json_is_array(value) || !json_is_array(json_array_get(value, 0)))
		return complain(reader, "expected [\"09:00\", \"18:00\"] for each day");
	json_array_foreach(value, i, span)
	{
		if (json_array_size(span) != 2 ||
		    add_times(reader, day, read_json_time(json_array_get(span, 0)),
			read_json_time(json_array_get(span, 1))) != 0)
			return complain(reader, "expected [\"09:00\", \"18:00\"] for each time");
	}
	return 0;
}

static int
read_json(struct reader *reader, json_t *object)
{
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value)
	{
		struct days days = {.date_count = 0};
		struct hours_day day = {.known = true};

		reader->at = key;
		reader->end = key + strlen(key);
		if (read_days(reader, &days) != 0)
			return -1;
		if (reader->at < reader->end)
			return stray(reader, "the name of a day");
		if (read_json_day(reader, value, &day) != 0 || put_rule(reader, &days, &day) != 0)
			return -1;
	}
	return 0;
}

int
hours_parse(struct hours *hours_r, const char *text, char *why, size_t why_size)
{
	struct reader reader = {.hours = hours_r, .why = why, .why_size = why_size};
	json_error_t error;
	json_t *object;
	int rc;

	*hours_r = (struct hours){.date_count = 0};
	if (text[0] != '{')
		return read_text(&reader, text);
	object = json_loads(text, JSON_REJECT_DUPLICATES, &error);
	if (object == NULL)
		return complain(&reader, "expected JSON: %s", error.text);
	rc = read_json(&reader, object);
	json_decref(object);
	return rc;
}
