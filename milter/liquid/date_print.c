/* SPDX-License-Identifier: BSD-2-Clause
 *
 * date_print: strftime as Ruby knows it, with English names
 *
 * %-d %_d %05d %^b %#p %10N %:z and all conversions; what is no conversion stays.
 *
 * Threads: any; touches only its arguments.
 */
#include "liquid/date.h"
#include "liquid/filter.h"
#include "liquid/number.h"

#include <stdio.h>
#include <stdlib.h>

#define WIDTH_MAX 1024

struct directive {
	char pad; /* '0', ' ', '-' for none, '\0' as the conversion has it */
	bool upper;
	bool swap;
	int colons;
	int width; /* -1: as the conversion has it */
	char conversion;
	size_t length; /* bytes of the format */
};

static const char *const months[] = {"January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December"};
static const char *const weekdays[] = {
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

static bool
read_flag(struct directive *directive, char c)
{
	switch (c) {
	case '-':
		directive->pad = '-';
		return true;
	case '0':
		directive->pad = '0';
		return true;
	case '_':
		directive->pad = ' ';
		return true;
	case '^':
		directive->upper = true;
		return true;
	case '#':
		directive->swap = true;
		return true;
	case ':':
		directive->colons++;
		return true;
	default:
		return false;
	}
}

/* What stands at a %; false if it ends before the conversion. */
static bool
read_directive(struct str format, struct directive *directive_r)
{
	struct directive directive = {.width = -1};
	size_t i = 1;

	/* A letter, and no modifier: nearly all of them. */
	if (format.n > 1 && (format.p[1] | 0x20) >= 'a' && (format.p[1] | 0x20) <= 'z' &&
	    format.p[1] != 'E' && format.p[1] != 'O') {
		*directive_r =
		    (struct directive){.width = -1, .conversion = format.p[1], .length = 2};
		return true;
	}
	while (i < format.n && read_flag(&directive, format.p[i]))
		i++;
	for (; i < format.n && format.p[i] >= '0' && format.p[i] <= '9'; i++) {
		if (directive.width < 0)
			directive.width = 0;
		if (directive.width <= WIDTH_MAX)
			directive.width = directive.width * 10 + (format.p[i] - '0');
	}
	while (i < format.n && format.p[i] == ':') {
		directive.colons++;
		i++;
	}
	if (i + 1 < format.n && (format.p[i] == 'E' || format.p[i] == 'O'))
		i++;
	if (i >= format.n)
		return false;
	if (directive.width > WIDTH_MAX)
		directive.width = WIDTH_MAX;
	directive.conversion = format.p[i];
	directive.length = i + 1;
	*directive_r = directive;
	return true;
}

static int
fill(struct build *build, char c, int64_t count)
{
	while (count-- > 0) {
		if (build_char(build, c) < 0)
			return -1;
	}
	return 0;
}

static int
put_number(struct build *build, const struct directive *directive, int64_t n, int width, char pad)
{
	char text[NUMBER_TEXT_SIZE];
	size_t length;
	int64_t missing;

	if (width == 2 && pad == '0' && n >= 0 && n < 100 && directive->width < 0 &&
	    directive->pad == '\0') {
		text[0] = (char)('0' + n / 10);
		text[1] = (char)('0' + n % 10);
		return build_add(build, (struct str){text, 2});
	}
	if (width == 4 && n >= 1000 && n < 10000 && directive->width < 0 &&
	    directive->pad == '\0') {
		unsigned year = (unsigned)n;

		text[0] = (char)('0' + year / 1000);
		text[1] = (char)('0' + year / 100 % 10);
		text[2] = (char)('0' + year / 10 % 10);
		text[3] = (char)('0' + year % 10);
		return build_add(build, (struct str){text, 4});
	}
	length = number_print_int(n < 0 ? -n : n, text);

	if (directive->width >= 0)
		width = directive->width;
	if (directive->pad != '\0')
		pad = directive->pad;
	missing = pad == '-' ? 0 : width - (int64_t)length - (n < 0);
	if (pad == ' ' && fill(build, ' ', missing) < 0)
		return -1;
	if (n < 0 && build_char(build, '-') < 0)
		return -1;
	if (pad == '0' && fill(build, '0', missing) < 0)
		return -1;
	return build_add(build, (struct str){text, length});
}

/* With flags or a width. */
static int
put_changed(
    struct build *build, const struct directive *directive, struct str text, bool swap_lowers)
{
	char copy[WIDTH_MAX];
	bool upper = directive->upper || (directive->swap && !swap_lowers);
	bool lower = directive->swap && swap_lowers;
	char pad = directive->pad == '0' ? '0' : ' ';

	if (text.n > sizeof copy)
		text.n = sizeof copy;
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (upper && c >= 'a' && c <= 'z')
			c -= 32;
		else if (lower && !directive->upper && c >= 'A' && c <= 'Z')
			c += 32;
		copy[i] = c;
	}
	if (directive->pad != '-' && fill(build, pad, directive->width - (int64_t)text.n) < 0)
		return -1;
	return build_add(build, (struct str){copy, text.n});
}

static int
put_text(struct build *build, const struct directive *directive, struct str text, bool swap_lowers)
{
	if (directive->width < 0 && !directive->upper && !directive->swap)
		return build_add(build, text);
	return put_changed(build, directive, text, swap_lowers);
}

/* +0100, +01:00, +01:00:00 */
static int
put_offset(struct build *build, const struct directive *directive, int32_t offset)
{
	int seconds = abs(offset);
	int kind = directive->colons > 2 ? 2 : directive->colons;
	int hours = seconds / 3600 % 100;
	char text[32];
	int64_t missing;

	if (kind == 0)
		snprintf(text, sizeof text, "%02d%02d", hours, seconds / 60 % 60);
	else if (kind == 1)
		snprintf(text, sizeof text, "%02d:%02d", hours, seconds / 60 % 60);
	else
		snprintf(
		    text, sizeof text, "%02d:%02d:%02d", hours, seconds / 60 % 60, seconds % 60);
	missing = directive->width - 1 - (int64_t)strlen(text);
	if (directive->pad == ' ' && fill(build, ' ', missing) < 0)
		return -1;
	if (build_char(build, offset < 0 ? '-' : '+') < 0)
		return -1;
	if (directive->pad != ' ' && directive->pad != '-' && fill(build, '0', missing) < 0)
		return -1;
	return build_add(build, str_c(text));
}

/* Parts of a second: as many digits as the width says. */
static int
put_fraction(struct build *build, const struct directive *directive, int32_t nanos, int width)
{
	char text[16];

	if (directive->width > 0)
		width = directive->width;
	snprintf(text, sizeof text, "%09d", nanos);
	if (width <= 9)
		return build_add(build, (struct str){text, (size_t)width});
	if (build_add(build, (struct str){text, 9}) < 0)
		return -1;
	return fill(build, '0', width - 9);
}

/* Weeks of the year that begin on `first` (0: Sunday). */
static int
week(const struct date_parts *parts, int first)
{
	return (parts->yearday - 1 + 7 - (parts->weekday - first + 7) % 7) / 7;
}

static int
weeks_in(int64_t year)
{
	int64_t first = ((date_days(year, 1, 1) + 3) % 7 + 7) % 7; /* 0: Monday */
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return first == 3 || (leap && first == 2) ? 53 : 52;
}

/* ISO 8601: the week with the year's first Thursday is week 1. */
static int
iso_week(const struct date_parts *parts, int64_t *year_r)
{
	int weekday = parts->weekday == 0 ? 7 : parts->weekday;
	int number = (parts->yearday - weekday + 10) / 7;

	*year_r = parts->year;
	if (number < 1) {
		--*year_r;
		return weeks_in(*year_r);
	}
	if (number > weeks_in(parts->year)) {
		++*year_r;
		return 1;
	}
	return number;
}

static int64_t
floor_mod(int64_t a, int64_t b)
{
	return (a % b + b) % b;
}

static int
put_named(struct build *build, const struct date *date, const struct date_parts *parts,
    const struct directive *directive)
{
	const char *month = months[parts->month - 1];
	const char *weekday = weekdays[parts->weekday];
	bool afternoon = parts->hour >= 12;

	switch (directive->conversion) {
	case 'B':
		return put_text(build, directive, str_c(month), false);
	case 'b':
	case 'h':
		return put_text(build, directive, (struct str){month, 3}, false);
	case 'A':
		return put_text(build, directive, str_c(weekday), false);
	case 'a':
		return put_text(build, directive, (struct str){weekday, 3}, false);
	case 'p':
		return put_text(build, directive, afternoon ? STR("PM") : STR("AM"), true);
	case 'P':
		return put_text(build, directive, afternoon ? STR("pm") : STR("am"), false);
	case 'Z':
		return put_text(build, directive, str_c(date->zone), true);
	case 'z':
		return put_offset(build, directive, date->offset);
	case 'L':
		return put_fraction(build, directive, date->nanos, 3);
	case 'N':
		return put_fraction(build, directive, date->nanos, 9);
	case 'n':
		return put_text(build, directive, STR("\n"), false);
	case 't':
		return put_text(build, directive, STR("\t"), false);
	case '%':
		return put_text(build, directive, STR("%"), false);
	default:
		return 1;
	}
}

static int
put_iso(struct build *build, const struct date_parts *parts, const struct directive *directive)
{
	int64_t year;
	int number = iso_week(parts, &year);

	switch (directive->conversion) {
	case 'V':
		return put_number(build, directive, number, 2, '0');
	case 'G':
		return put_number(build, directive, year, year < 0 ? 5 : 4, '0');
	default:
		return put_number(build, directive, floor_mod(year, 100), 2, '0');
	}
}

static int
put_counted(struct build *build, const struct date *date, const struct date_parts *parts,
    const struct directive *directive)
{
	int hour12 = parts->hour % 12 == 0 ? 12 : parts->hour % 12;

	switch (directive->conversion) {
	case 'Y':
		return put_number(build, directive, parts->year, parts->year < 0 ? 5 : 4, '0');
	case 'C':
		return put_number(
		    build, directive, (parts->year - floor_mod(parts->year, 100)) / 100, 2, '0');
	case 'y':
		return put_number(build, directive, floor_mod(parts->year, 100), 2, '0');
	case 'm':
		return put_number(build, directive, parts->month, 2, '0');
	case 'd':
		return put_number(build, directive, parts->day, 2, '0');
	case 'e':
		return put_number(build, directive, parts->day, 2, ' ');
	case 'j':
		return put_number(build, directive, parts->yearday, 3, '0');
	case 'H':
		return put_number(build, directive, parts->hour, 2, '0');
	case 'k':
		return put_number(build, directive, parts->hour, 2, ' ');
	case 'I':
		return put_number(build, directive, hour12, 2, '0');
	case 'l':
		return put_number(build, directive, hour12, 2, ' ');
	case 'M':
		return put_number(build, directive, parts->minute, 2, '0');
	case 'S':
		return put_number(build, directive, parts->second, 2, '0');
	case 'u':
		return put_number(
		    build, directive, parts->weekday == 0 ? 7 : parts->weekday, 1, '0');
	case 'w':
		return put_number(build, directive, parts->weekday, 1, '0');
	case 'U':
		return put_number(build, directive, week(parts, 0), 2, '0');
	case 'W':
		return put_number(build, directive, week(parts, 1), 2, '0');
	case 'V':
	case 'G':
	case 'g':
		return put_iso(build, parts, directive);
	case 's':
		return put_number(build, directive, date->seconds, 1, '0');
	default:
		return 1;
	}
}

static struct str
composed(char conversion)
{
	switch (conversion) {
	case 'c':
		return STR("%a %b %e %H:%M:%S %Y");
	case 'D':
	case 'x':
		return STR("%m/%d/%y");
	case 'F':
		return STR("%Y-%m-%d");
	case 'v':
		return STR("%e-%^b-%4Y");
	case 'r':
		return STR("%I:%M:%S %p");
	case 'R':
		return STR("%H:%M");
	case 'T':
	case 'X':
		return STR("%H:%M:%S");
	case '+':
		return STR("%a %b %e %H:%M:%S %Z %Y");
	default:
		return STR_NONE;
	}
}

static int print(struct build *build, const struct date *date, const struct date_parts *parts,
    struct str format);

static int
put_composed(struct build *build, const struct date *date, const struct date_parts *parts,
    const struct directive *directive)
{
	struct str format = composed(directive->conversion);
	struct build inner;

	if (format.p == NULL)
		return 1;
	if (build_init(&inner, build->render, 48) < 0 || print(&inner, date, parts, format) < 0)
		return -1;
	return put_text(build, directive, build_str(&inner), false);
}

static int
put_directive(struct build *build, const struct date *date, const struct date_parts *parts,
    const struct directive *directive, struct str source)
{
	int ret = 1;

	if (directive->colons == 0 || directive->conversion == 'z')
		ret = put_named(build, date, parts, directive);
	if (ret == 1 && directive->colons == 0)
		ret = put_counted(build, date, parts, directive);
	if (ret == 1 && directive->colons == 0)
		ret = put_composed(build, date, parts, directive);
	return ret == 1 ? build_add(build, source) : ret;
}

static int
print(
    struct build *build, const struct date *date, const struct date_parts *parts, struct str format)
{
	while (format.n > 0) {
		const char *percent = memchr(format.p, '%', format.n);
		size_t n = percent == NULL ? format.n : (size_t)(percent - format.p);
		struct directive directive;

		if (build_add(build, (struct str){format.p, n}) < 0)
			return -1;
		format.p += n;
		format.n -= n;
		if (format.n == 0)
			break;
		if (!read_directive(format, &directive))
			return build_add(build, format);
		if (put_directive(build, date, parts, &directive,
			(struct str){format.p, directive.length}) < 0)
			return -1;
		format.p += directive.length;
		format.n -= directive.length;
	}
	return 0;
}

int
date_print(struct build *build, const struct date *date, struct str format)
{
	struct date_parts parts;

	date_split(date, &parts);
	return print(build, date, &parts, format);
}
