/* SPDX-License-Identifier: BSD-2-Clause
 *
 * date_read: dates as people and programs write them
 *
 * Understands ISO 8601, RFC 5322, asctime, "March 14, 2016", "14 Mar 2016 3pm",
 * "14.03.2016", "14/03/2016", "20160314T120000Z" and a time alone. Where Ruby's
 * Time.parse reads a numeric date, it is read the same way: year first, or day first.
 *
 * Threads: any; touches only its arguments.
 */
#include "liquid/date.h"

#define TEXT_MAX 128

struct reader {
	const char *p;
	const char *end;
	int64_t year;
	int month;
	int day;
	int hour;
	int minute;
	int second;
	int32_t nanos;
	int32_t offset;
	const char *zone; /* abbreviation of an explicit zone */
	bool has_year;
	bool has_month;
	bool has_day;
	bool has_time;
	bool has_zone;
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_alpha(char c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static size_t
count_digits(const struct reader *reader, const char *p)
{
	size_t n = 0;

	while (p + n < reader->end && is_digit(p[n]))
		n++;
	return n;
}

static int
number(const char *p, size_t n)
{
	int value = 0;

	while (n-- > 0)
		value = value * 10 + (*p++ - '0');
	return value;
}

/* Next `n` digits (1 to 9), moved past. */
static int
take_number(struct reader *reader, size_t n)
{
	int value = number(reader->p, n);

	reader->p += n;
	return value;
}

static bool
take_char(struct reader *reader, char c)
{
	if (reader->p >= reader->end || *reader->p != c)
		return false;
	reader->p++;
	return true;
}

static void
skip_spaces(struct reader *reader)
{
	while (reader->p < reader->end && (*reader->p == ' ' || *reader->p == '\t'))
		reader->p++;
}

static bool
take_word(struct reader *reader, const char *word)
{
	size_t n = strlen(word);
	struct str rest = {reader->p, (size_t)(reader->end - reader->p)};

	if (rest.n < n || !str_eq_nocase((struct str){rest.p, n}, (struct str){word, n}) ||
	    (rest.n > n && is_alpha(rest.p[n])))
		return false;
	reader->p += n;
	return true;
}

/* am, pm, a.m., p.m. */
static bool
take_half(struct reader *reader)
{
	const char *before = reader->p;
	bool pm;

	skip_spaces(reader);
	pm = take_word(reader, "pm") || take_word(reader, "p.m.") || take_word(reader, "p.m");
	if (!pm && !take_word(reader, "am") && !take_word(reader, "a.m.") &&
	    !take_word(reader, "a.m")) {
		reader->p = before;
		return false;
	}
	if (reader->hour > 12)
		return true;
	reader->hour = reader->hour % 12 + (pm ? 12 : 0);
	return true;
}

/* +01:00, +0100, +01 */
static bool
take_offset(struct reader *reader)
{
	int sign = *reader->p == '-' ? -1 : 1;
	size_t digits = count_digits(reader, reader->p + 1);
	int hours, minutes = 0;

	if (digits != 1 && digits != 2 && digits != 4)
		return false;
	reader->p++;
	hours = take_number(reader, digits == 4 ? 2 : digits);
	if (digits == 4)
		minutes = take_number(reader, 2);
	else if (take_char(reader, ':') && count_digits(reader, reader->p) == 2)
		minutes = take_number(reader, 2);
	reader->offset = sign * (hours * 3600 + minutes * 60);
	reader->zone = "";
	reader->has_zone = true;
	return true;
}

static void
take_zone(struct reader *reader)
{
	static const struct {
		const char *name;
		int hours;
	} names[] = {
	    {"utc", 0},
	    {"gmt", 0},
	    {"z", 0},
	    {"est", -5},
	    {"edt", -4},
	    {"cst", -6},
	    {"cdt", -5},
	    {"mst", -7},
	    {"mdt", -6},
	    {"pst", -8},
	    {"pdt", -7},
	    {"cet", 1},
	    {"cest", 2},
	    {"bst", 1},
	    {"jst", 9},
	};

	skip_spaces(reader);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (take_word(reader, names[i].name)) {
			reader->offset = names[i].hours * 3600;
			reader->zone = names[i].hours == 0 && i < 3 ? "UTC" : "";
			reader->has_zone = true;
			break;
		}
	}
	if (reader->p < reader->end && (*reader->p == '+' || *reader->p == '-'))
		take_offset(reader);
}

static void
take_fraction(struct reader *reader)
{
	size_t digits = count_digits(reader, reader->p);

	for (int i = 0; i < 9; i++)
		reader->nanos = reader->nanos * 10 + ((size_t)i < digits ? reader->p[i] - '0' : 0);
	reader->p += digits;
}

/* One or two digits after a colon. */
static bool
take_part(struct reader *reader, int *part_r)
{
	size_t digits;

	if (!take_char(reader, ':'))
		return false;
	digits = count_digits(reader, reader->p);
	if (digits < 1 || digits > 2)
		return false;
	*part_r = take_number(reader, digits);
	return true;
}

/* hh:mm[:ss[.fff]] [am|pm] [zone], or hh am|pm; otherwise nothing is taken. */
static bool
take_time(struct reader *reader)
{
	struct reader before = *reader;
	size_t digits = count_digits(reader, reader->p);
	bool half;

	if (digits < 1 || digits > 2)
		return false;
	reader->hour = take_number(reader, digits);
	reader->has_time = take_part(reader, &reader->minute);
	if (reader->has_time && take_part(reader, &reader->second) &&
	    (take_char(reader, '.') || take_char(reader, ',')))
		take_fraction(reader);
	half = take_half(reader);
	if (!reader->has_time && !half) {
		*reader = before;
		return false;
	}
	reader->has_time = true;
	take_zone(reader);
	return true;
}

static void
set_year(struct reader *reader, int64_t year, size_t digits)
{
	if (digits <= 2)
		year += year >= 69 ? 1900 : 2000;
	reader->year = year;
	reader->has_year = true;
}

static void
set_month(struct reader *reader, int month)
{
	reader->month = month;
	reader->has_month = true;
}

static void
set_day(struct reader *reader, int day)
{
	reader->day = day;
	reader->has_day = true;
}

/* Date and perhaps time as digits alone. */
static bool
take_packed(struct reader *reader, size_t digits)
{
	if (digits != 8 && digits != 14 && digits != 12)
		return false;
	set_year(reader, take_number(reader, 4), 4);
	set_month(reader, take_number(reader, 2));
	set_day(reader, take_number(reader, 2));
	if (digits == 8 && (take_char(reader, 'T') || take_char(reader, 't')) == false)
		return true;
	digits = count_digits(reader, reader->p);
	if (digits != 6 && digits != 4)
		return take_time(reader);
	reader->hour = take_number(reader, 2);
	reader->minute = take_number(reader, 2);
	if (digits == 6)
		reader->second = take_number(reader, 2);
	reader->has_time = true;
	take_zone(reader);
	return true;
}

/* a-b-c, a/b/c, a.b.c: the year is where four digits stand, else in front, as in Ruby. */
static bool
take_numeric(struct reader *reader, size_t digits)
{
	int first = take_number(reader, digits);
	char separator = *reader->p++;
	size_t middle_digits = count_digits(reader, reader->p);
	size_t last_digits;
	int middle, last;

	if (middle_digits < 1 || middle_digits > 2)
		return false;
	middle = take_number(reader, middle_digits);
	if (!take_char(reader, separator)) {
		if (separator != '/' || digits == 4)
			return false;
		set_month(reader, first);
		set_day(reader, middle);
		return true;
	}
	last_digits = count_digits(reader, reader->p);
	if (last_digits < 1 || last_digits > 4)
		return false;
	last = take_number(reader, last_digits);
	set_month(reader, middle);
	if (digits > 2 || last_digits <= 2) {
		set_year(reader, first, digits);
		set_day(reader, last);
	} else {
		set_year(reader, last, last_digits);
		set_day(reader, first);
	}
	return true;
}

static bool
take_digits(struct reader *reader)
{
	size_t digits = count_digits(reader, reader->p);
	const char *after = reader->p + digits;
	char next = after < reader->end ? *after : '\0';
	int value;

	if (digits >= 8)
		return take_packed(reader, digits);
	if (digits <= 4 && (next == '-' || next == '/' || next == '.') && after + 1 < reader->end &&
	    is_digit(after[1]))
		return take_numeric(reader, digits);
	if (!reader->has_time && take_time(reader))
		return true;
	if (digits > 4)
		return false;
	value = take_number(reader, digits);
	if (digits <= 2 && !reader->has_day) {
		set_day(reader, value);
	} else if (!reader->has_year) {
		set_year(reader, value, digits);
	} else if (digits <= 2 && !reader->has_time) {
		reader->hour = value;
		reader->has_time = true;
	} else {
		return false;
	}
	return true;
}

/* January or Jan; weekdays and the words between are passed over. */
static bool
take_name(struct reader *reader)
{
	static const char *const names[] = {
	    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"};
	static const char *const others[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat", "st",
	    "nd", "rd", "th", "of", "at", "t"};
	struct str word = {reader->p, 0};

	while (reader->p < reader->end && is_alpha(*reader->p))
		reader->p++;
	word.n = (size_t)(reader->p - word.p);
	for (int i = 0; i < 12 && word.n >= 3; i++) {
		if (str_is_nocase((struct str){word.p, 3}, names[i])) {
			set_month(reader, i + 1);
			return true;
		}
	}
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		size_t n = strlen(others[i]);

		if ((i < 7 ? word.n >= n : word.n == n) &&
		    str_is_nocase((struct str){word.p, n}, others[i]))
			return true;
	}
	return false;
}

static void
skip_comment(struct reader *reader)
{
	while (reader->p < reader->end && *reader->p != ')')
		reader->p++;
}

/* 2026-03-14 and nothing else: what programs write. */
static bool
take_iso(struct reader *reader)
{
	const char *p = reader->p;

	if (reader->end - p != 10 || p[4] != '-' || p[7] != '-' || count_digits(reader, p) != 4 ||
	    count_digits(reader, p + 5) != 2 || count_digits(reader, p + 8) != 2)
		return false;
	set_year(reader, number(p, 4), 4);
	set_month(reader, number(p + 5, 2));
	set_day(reader, number(p + 8, 2));
	return true;
}

static bool
take_all(struct reader *reader)
{
	if (take_iso(reader))
		return true;
	while (reader->p < reader->end) {
		char c = *reader->p;
		bool ok = true;

		if (is_digit(c))
			ok = take_digits(reader);
		else if (is_alpha(c))
			ok = take_name(reader);
		else if ((c == '+' || c == '-') && reader->has_time && !reader->has_zone)
			ok = take_offset(reader);
		else if (c == '(')
			skip_comment(reader);
		else
			reader->p++;
		if (!ok)
			return false;
	}
	return reader->has_year || reader->has_month || reader->has_day || reader->has_time;
}

/* What is not said is now's, down to the largest part that is said; the rest is the
 * beginning. A day that its month does not have runs over into the next, as in Ruby. */
static bool
complete(struct reader *reader, const struct date *now)
{
	struct date_parts parts;

	if (!reader->has_year || !reader->has_month || !reader->has_day) {
		date_split(now, &parts);
		if (!reader->has_month)
			reader->month = reader->has_year ? 1 : parts.month;
		if (!reader->has_day)
			reader->day = reader->has_year || reader->has_month ? 1 : parts.day;
		if (!reader->has_year)
			reader->year = parts.year;
	}
	return reader->month >= 1 && reader->month <= 12 && reader->day >= 1 && reader->day <= 31 &&
	    reader->hour <= 24 && reader->minute <= 59 && reader->second <= 60;
}

bool
date_read(struct str text, const struct date *now, const char *zone, struct date *date_r)
{
	struct reader reader = {.p = text.p, .end = text.p + text.n};
	int64_t local;

	if (text.n > TEXT_MAX || (text.n > 0 && (text.p[0] == '-' || text.p[0] == '+')) ||
	    !take_all(&reader) || !complete(&reader, now))
		return false;
	local = date_days(reader.year, reader.month, reader.day) * 86400 + reader.hour * 3600 +
	    reader.minute * 60 + reader.second;
	if (!reader.has_zone) {
		*date_r = date_local(local, reader.nanos, zone);
		return true;
	}
	*date_r = (struct date){.seconds = local - reader.offset,
	    .nanos = reader.nanos,
	    .offset = reader.offset,
	    .zone = reader.zone};
	if (zone == NULL && reader.offset == 0)
		date_r->zone = "UTC";
	if (zone != NULL)
		*date_r = date_at(date_r->seconds, reader.nanos, zone);
	return true;
}
