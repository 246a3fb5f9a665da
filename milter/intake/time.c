/* SPDX-License-Identifier: BSD-2-Clause
 *
 * time: see time.h
 *
 * Threads: any; touches only its arguments.
 * Fails:   ERR_INPUT.
 */
#include "intake/time.h"

#include "base/clock.h"

#include <stdio.h>

#define TEXT_MAX 40
/* 1e11 seconds are the year 5138, 1e11 milliseconds March 1973. */
#define SECONDS_MAX	 100000000000LL
#define MILLISECONDS_MAX 253402300799999LL

static int
complain(struct str text, struct err *err)
{
	return err_set(err, ERR_INPUT,
	    "\"%.*s\" is no time like 2026-01-31T08:15:00Z, nor seconds since 1970",
	    text.n > TEXT_MAX ? TEXT_MAX : (int)text.n, text.p);
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
has_date_shape(struct str text)
{
	static const char shape[] = "dddd-dd-dd";

	if (text.n < sizeof shape - 1)
		return false;
	for (size_t i = 0; i < sizeof shape - 1; i++) {
		if (shape[i] == 'd' ? !is_digit(text.p[i]) : text.p[i] != shape[i])
			return false;
	}
	return true;
}

/* +0100 is +01:00; the zone may stand apart. */
static void
mend_zone(char *text, size_t n)
{
	size_t digits = 0;

	while (digits < 4 && digits < n && is_digit(text[n - 1 - digits]))
		digits++;
	if (digits == 4 && n > 15 && (text[n - 5] == '+' || text[n - 5] == '-')) {
		memmove(text + n - 1, text + n - 2, 3);
		text[n - 2] = ':';
	}
}

static int
read_number(double number, int64_t *ms_r)
{
	if (!(number >= 0) || number > (double)MILLISECONDS_MAX)
		return -1;
	*ms_r = number < (double)SECONDS_MAX ? (int64_t)(number * 1000 + 0.5) : (int64_t)number;
	return 0;
}

int
intake_time(struct str text, int64_t *ms_r, struct err *err)
{
	char copy[TEXT_MAX + 2];
	unsigned long long whole;

	text = str_trim(text);
	if (text.n == 0 || text.n > TEXT_MAX || memchr(text.p, '\0', text.n) != NULL)
		return complain(text, err);
	if (str_to_u64(text, MILLISECONDS_MAX, &whole))
		return read_number((double)whole, ms_r) == 0 ? 0 : complain(text, err);
	if (!has_date_shape(text))
		return complain(text, err);
	snprintf(copy, sizeof copy, "%.*s", STR_F(text));
	mend_zone(copy, text.n);
	return clock_parse(copy, ms_r) == 0 ? 0 : complain(text, err);
}

int
intake_time_json(const json_t *value, int64_t *ms_r, struct err *err)
{
	if (json_is_number(value) && read_number(json_number_value(value), ms_r) == 0)
		return 0;
	if (!json_is_string(value))
		return err_set(err, ERR_INPUT, "a time as text or number was expected");
	return intake_time(
	    (struct str){json_string_value(value), json_string_length(value)}, ms_r, err);
}
