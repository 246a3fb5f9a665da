/* SPDX-License-Identifier: BSD-2-Clause
 *
 * liquid_scalar_fuzz: numbers and dates
 *
 * Two texts, separated by the ASCII record separator: as numbers they are computed
 * with, and the results held against one another; as date and format they are read and
 * printed. What is printed reads back as the same.
 */
#include "liquid/date.h"
#include "liquid/number.h"
#include "liquid_input.h"

#include <math.h>
#include <stdlib.h>

#define ARENA_MAX ((size_t)1 << 20)
#define NOW_MS	  INT64_C(1704067318000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const zones[] = {NULL, "America/New_York", "Europe/Berlin", "Asia/Kathmandu"};

static void
check_print(struct number number)
{
	struct liquid_value value = number_value(number);
	char text[NUMBER_TEXT_SIZE];
	struct number back;
	struct str s = {text, 0};

	if (value.type == LIQUID_INT)
		s.n = number_print_int(value.integer, text);
	else if (value.type == LIQUID_FLOAT)
		s.n = number_print_float(value.real, text);
	else
		liquid_input_fail("number", "is none");
	if (s.n == 0 || s.n >= NUMBER_TEXT_SIZE)
		liquid_input_fail("number", "prints as nothing, or too long");
	text[s.n] = '\0';
	if (value.type == LIQUID_INT &&
	    (!number_parse(s, &back) || number_to_i(s) != value.integer))
		liquid_input_fail("number", "an integer doesn't read back");
	if (value.type == LIQUID_FLOAT && isfinite(value.real) && strtod(text, NULL) != value.real)
		liquid_input_fail("number", "a decimal doesn't read back");
}

static bool
small(struct number number)
{
	return !number.inexact && number.scale <= 12 && number.digits < INT64_C(1) << 40 &&
	    number.digits > -(INT64_C(1) << 40);
}

static void
check_pair(struct number a, struct number b)
{
	struct number quotient, rest;

	if (number_cmp(a, b) != -number_cmp(b, a))
		liquid_input_fail("number", "the order depends on who is asked");
	if (!small(a) || !small(b))
		return;
	if (number_cmp(number_sub(number_add(a, b), b), a) != 0)
		liquid_input_fail("number", "a + b - b isn't a");
	if (number_cmp(number_mul(a, b), number_mul(b, a)) != 0)
		liquid_input_fail("number", "a * b isn't b * a");
	if (number_div(a, b, &quotient) < 0 || number_mod(a, b, &rest) < 0) {
		if (number_cmp(b, number_from_int(0)) != 0)
			liquid_input_fail("number", "can't be divided by");
		return;
	}
	if (number_cmp(number_abs(rest), number_abs(b)) >= 0)
		liquid_input_fail("number", "what remains is larger than the divisor");
	if (a.integer && b.integer && number_cmp(number_add(number_mul(quotient, b), rest), a) != 0)
		liquid_input_fail("number", "a / b * b + a % b isn't a");
}

static void
check_round(struct number a)
{
	struct number low = number_floor(a);
	struct number high = number_ceil(a);

	if (a.inexact)
		return;
	if (number_cmp(low, a) > 0 || number_cmp(high, a) < 0)
		liquid_input_fail("number", "floor and ceil are on the wrong side");
	if (number_cmp(number_round(a, 40), a) != 0)
		liquid_input_fail("number", "rounded to all its digits it is another");
}

static void
check_numbers(struct str s, struct str t, unsigned char places)
{
	struct liquid_value left = liquid_string(s), right = liquid_string(t);
	struct number a = number_of(&left), b = number_of(&right), result;

	check_print(a);
	check_print(number_add(a, b));
	check_print(number_sub(a, b));
	check_print(number_mul(a, b));
	if (number_div(a, b, &result) == 0)
		check_print(result);
	if (number_mod(a, b, &result) == 0)
		check_print(result);
	check_print(number_abs(a));
	check_print(number_round(a, (int64_t)places - 128));
	check_round(a);
	check_pair(a, b);
}

static void
check_date(struct str text, const char *zone)
{
	struct date now = date_at(NOW_MS / 1000, 0, zone);
	struct date_parts parts;
	struct date date;

	if (!date_read(text, &now, zone, &date))
		return;
	date_split(&date, &parts);
	if (parts.month < 1 || parts.month > 12 || parts.day < 1 || parts.day > 31 ||
	    parts.hour < 0 || parts.hour > 23 || parts.minute < 0 || parts.minute > 59 ||
	    parts.second < 0 || parts.second > 59 || parts.weekday < 0 || parts.weekday > 6 ||
	    parts.yearday < 1 || parts.yearday > 366)
		liquid_input_fail("date", "a part is beyond its range");
	if (date.nanos < 0 || date.nanos > 999999999 || date.zone == NULL)
		liquid_input_fail("date", "the rest is not in order");
	if (date_days(parts.year, parts.month, parts.day) * 86400 + parts.hour * 3600 +
		parts.minute * 60 + parts.second !=
	    date.seconds + date.offset)
		liquid_input_fail("date", "its parts don't make it up");
}

static const struct liquid_program *
program(void)
{
	static struct liquid_program *compiled;
	struct liquid_options options = {
	    .limits = {.source = 1000, .steps = 1000, .output = 1 << 18, .depth = 5}};

	if (compiled == NULL &&
	    liquid_compile(&compiled, STR(INPUT_NAME),
		STR("{{ x | date: f }}\x1e{{ x | date: '%FT%T.%N%z' }}\x1e"
		    "{{ x | date: '%FT%T.%N%z' | date: '%FT%T.%N%z' }}"),
		&options, NULL) < 0)
		abort();
	return compiled;
}

/* Years have four digits, and offsets from UTC no seconds: only then a date reads back. */
static void
check_again(struct str output)
{
	struct str rest = output;
	struct str once = {output.p, 0}, again;

	for (size_t i = output.n; i-- > 0;) {
		if (output.p[i] == '\x1e') {
			again = (struct str){output.p + i + 1, output.n - i - 1};
			rest.n = i;
			for (once.n = 0; once.n < rest.n && rest.p[rest.n - 1 - once.n] != '\x1e';)
				once.n++;
			once.p = rest.p + rest.n - once.n;
			break;
		}
	}
	if (once.n == sizeof "2024-01-01T00:00:00.000000000+0000" - 1 && once.p[4] == '-' &&
	    once.p[13] == ':' && memcmp(once.p, "1990", 4) > 0 && !str_eq(once, again))
		liquid_input_fail("date", "printed and read it is another");
}

static void
check_format(struct str text, struct str format, const char *zone)
{
	static struct arena *arena;
	struct liquid_render_options options = {.now_ms = NOW_MS, .time_zone = zone};
	struct liquid_object *object;
	struct liquid_value globals;
	struct err err = ERR_INIT;
	struct str output;

	if (arena == NULL)
		arena = arena_new(ARENA_MAX);
	arena_reset(arena);
	object = liquid_object_new(arena, 2);
	if (object == NULL || liquid_object_set(object, arena, STR("x"), liquid_string(text)) < 0 ||
	    liquid_object_set(object, arena, STR("f"), liquid_string(format)) < 0)
		abort();
	globals = liquid_object_value(object);
	if (liquid_render(program(), &globals, &options, arena, &output, &err) < 0)
		liquid_input_check_err(&err);
	else
		check_again(output);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct liquid_input input;
	const char *zone;

	if (size == 0 || size > 1000)
		return 0;
	liquid_input_cut(&input, data, size, true);
	if (input.data.p == NULL)
		input.data = STR("%c %10N %^024B");
	zone = zones[input.flags % 4];
	check_numbers(input.template, input.data, input.flags);
	check_date(input.template, zone);
	check_format(input.template, input.data, zone);
	return 0;
}
