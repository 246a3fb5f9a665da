/* SPDX-License-Identifier: BSD-2-Clause
 *
 * number: see number.h
 */
#include "liquid/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define SCALE_MAX 36
/* No number has more than these digits: so one may be negated, and rounded up. */
#define MAGNITUDE_MAX ((__int128)1 << 126)
/* Of a double that is taken as an integer. */
#define DOUBLE_DIGITS_MAX 37
/* Below this, one multiplication by ten does not go beyond. */
#define DIGITS_MAX (MAGNITUDE_MAX / 10 - 1)

static __int128
power10(int n)
{
	static const int64_t powers[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000,
	    100000000, 1000000000, 10000000000, 100000000000, 1000000000000, 10000000000000,
	    100000000000000, 1000000000000000, 10000000000000000, 100000000000000000,
	    1000000000000000000};

	return n <= 18 ? powers[n] : (__int128)powers[18] * powers[n - 18];
}

/* Of the places that prices have. */
static const double places_power[] = {1, 10, 100, 1000, 10000};

size_t
number_print_int(int64_t n, char text[NUMBER_TEXT_SIZE])
{
	char digits[24];
	size_t count = 0;
	size_t at = 0;
	uint64_t rest = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;

	do {
		digits[count++] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest > 0);
	if (n < 0)
		text[at++] = '-';
	while (count > 0)
		text[at++] = digits[--count];
	return at;
}

/* Prices and the like: at most fifteen digits, four of them after the point. Dividing
 * by a power of ten rounds correctly, so equality proves that these are the digits. */
static size_t
print_short(double d, char text[NUMBER_TEXT_SIZE])
{
	for (int places = 0; places <= 4; places++) {
		double scaled = rint(d * places_power[places]);
		int64_t n = (int64_t)scaled;
		size_t at, length;

		if (scaled / places_power[places] != d)
			continue;
		at = n < 0;
		if (n < 0)
			text[0] = '-';
		n = n < 0 ? -n : n;
		at += number_print_int(n / (int64_t)power10(places), text + at);
		text[at++] = '.';
		if (places == 0) {
			text[at++] = '0';
			return at;
		}
		length = number_print_int(
		    (int64_t)power10(places) + n % (int64_t)power10(places), text + at);
		memmove(text + at, text + at + 1, length - 1);
		return at + length - 1;
	}
	return 0;
}

/* The shortest digits that read back as `d`: "d.ddde+xx". */
static void
shortest(double d, char text[40])
{
	for (int precision = 14; precision <= 16; precision++) {
		snprintf(text, 40, "%.*e", precision, d);
		if (strtod(text, NULL) == d)
			return;
	}
}

/* Digits without point, sign and trailing zeros, and the decimal exponent of the first. */
static size_t
split_digits(const char *text, char digits[40], int *exponent_r)
{
	size_t count = 0;

	for (; *text != '\0' && *text != 'e'; text++) {
		if (*text >= '0' && *text <= '9')
			digits[count++] = *text;
	}
	*exponent_r = *text == 'e' ? atoi(text + 1) : 0;
	while (count > 1 && digits[count - 1] == '0')
		count--;
	return count;
}

static size_t
print_digits(const char *digits, size_t count, int exponent, char *text)
{
	size_t at = 0;

	/* A large number with all its digits in front of the point has an exponent. */
	if (exponent < -4 || (exponent >= 15 && count <= (size_t)exponent + 1)) {
		text[at++] = digits[0];
		text[at++] = '.';
		if (count == 1)
			text[at++] = '0';
		for (size_t i = 1; i < count; i++)
			text[at++] = digits[i];
		return at +
		    (size_t)sprintf(text + at, "e%c%02d", exponent < 0 ? '-' : '+', abs(exponent));
	}
	if (exponent < 0) {
		text[at++] = '0';
		text[at++] = '.';
		for (int i = -1; i > exponent; i--)
			text[at++] = '0';
		for (size_t i = 0; i < count; i++)
			text[at++] = digits[i];
		return at;
	}
	for (int i = 0; i <= exponent; i++)
		text[at++] = (size_t)i < count ? digits[i] : '0';
	text[at++] = '.';
	if ((size_t)exponent + 1 >= count)
		text[at++] = '0';
	for (size_t i = (size_t)exponent + 1; i < count; i++)
		text[at++] = digits[i];
	return at;
}

size_t
number_print_float(double d, char text[NUMBER_TEXT_SIZE])
{
	char form[40];
	char digits[40];
	size_t count, at = 0;
	int exponent;

	if (isnan(d))
		return (size_t)sprintf(text, "NaN");
	if (isinf(d))
		return (size_t)sprintf(text, d < 0 ? "-Infinity" : "Infinity");
	if (fabs(d) < 1e11 && (d != 0 || !signbit(d))) {
		at = print_short(d, text);
		if (at > 0)
			return at;
	}
	if (signbit(d))
		text[at++] = '-';
	d = fabs(d);
	shortest(d, form);
	count = split_digits(form, digits, &exponent);
	return at + print_digits(digits, count, exponent, text + at);
}

struct number
number_from_int(int64_t n)
{
	return (struct number){.integer = true, .digits = n};
}

static struct number
inexact(double d)
{
	return (struct number){.inexact = true, .real = d};
}

double
number_real(struct number number)
{
	char text[64];
	size_t at = sizeof text;
	__int128 digits = number.digits < 0 ? -number.digits : number.digits;

	if (number.inexact)
		return number.real;
	/* Both sides exact in a double: one division rounds correctly. */
	if (digits < (__int128)1 << 53 && number.scale <= 22)
		return (double)number.digits / (double)power10(number.scale);
	at -= 8;
	snprintf(text + at, 8, "e-%d", number.scale);
	for (; digits > 0; digits /= 10)
		text[--at] = (char)('0' + (int)(digits % 10));
	if (number.digits < 0)
		text[--at] = '-';
	return strtod(text + at, NULL);
}

/* A double in the decimal digits that print it. */
static struct number
from_double(double d)
{
	char form[40];
	char digits[40];
	size_t count;
	int exponent, scale;
	struct number number = {.integer = false};

	if (!isfinite(d))
		return inexact(d);
	for (int places = 0; places <= 4 && fabs(d) < 1e11; places++) {
		double scaled = rint(d * places_power[places]);

		if (scaled / places_power[places] == d) {
			number.digits = (int64_t)scaled;
			number.scale = places;
			return number;
		}
	}
	shortest(fabs(d), form);
	count = split_digits(form, digits, &exponent);
	scale = (int)count - 1 - exponent;
	if (scale > SCALE_MAX || (scale < 0 && (int)count - scale > DOUBLE_DIGITS_MAX))
		return inexact(d);
	for (size_t i = 0; i < count; i++)
		number.digits = number.digits * 10 + (digits[i] - '0');
	for (; scale < 0; scale++)
		number.digits *= 10;
	number.scale = scale;
	if (d < 0)
		number.digits = -number.digits;
	return number;
}

bool
number_parse(struct str s, struct number *number_r)
{
	struct number number = {.integer = true};
	bool negative = s.n > 0 && s.p[0] == '-';
	bool point = false;
	bool any = false;

	for (size_t i = negative; i < s.n; i++) {
		if (s.p[i] == '.' && any && !point) {
			point = true;
			any = false;
			number.integer = false;
			continue;
		}
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		any = true;
		if (number.scale == SCALE_MAX)
			continue;
		if (number.digits >= DIGITS_MAX) {
			if (point)
				continue;
			if (!number.inexact)
				number.real = (double)number.digits;
			number.inexact = true;
		}
		if (number.inexact)
			number.real = number.real * 10 + (s.p[i] - '0');
		else
			number.digits = number.digits * 10 + (s.p[i] - '0');
		number.scale += point;
	}
	if (!any)
		return false;
	if (number.inexact)
		number = inexact(negative ? -number.real : number.real);
	else if (negative)
		number.digits = -number.digits;
	*number_r = number;
	return true;
}

int64_t
number_to_i(struct str s)
{
	bool negative;
	int64_t n = 0;
	size_t i = 0;

	s = str_trim(s);
	negative = s.n > 0 && s.p[0] == '-';
	if (s.n > 0 && (s.p[0] == '-' || s.p[0] == '+'))
		i++;
	for (; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++) {
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, s.p[i] - '0', &n))
			return negative ? INT64_MIN : INT64_MAX;
	}
	return negative ? -n : n;
}

struct number
number_of(const struct liquid_value *value)
{
	struct number number;

	switch (value->type) {
	case LIQUID_INT:
		return number_from_int(value->integer);
	case LIQUID_FLOAT:
		return from_double(value->real);
	case LIQUID_STRING:
		if (number_parse(str_trim(value->string), &number))
			return number;
		return number_from_int(number_to_i(value->string));
	default:
		return number_from_int(0);
	}
}

struct liquid_value
number_value(struct number number)
{
	if (number.integer && !number.inexact && number.digits >= INT64_MIN &&
	    number.digits <= INT64_MAX)
		return liquid_int((int64_t)number.digits);
	if (number.integer && number.inexact && fabs(number.real) < 9.2e18)
		return liquid_int((int64_t)number.real);
	return (struct liquid_value){.type = LIQUID_FLOAT, .real = number_real(number)};
}

/* Brings both to one scale; false if they do not fit. */
static bool
align(struct number *a, struct number *b)
{
	if (a->inexact || b->inexact)
		return false;
	while (a->scale < b->scale) {
		if (a->digits >= DIGITS_MAX || a->digits <= -DIGITS_MAX)
			return false;
		a->digits *= 10;
		a->scale++;
	}
	while (b->scale < a->scale) {
		if (b->digits >= DIGITS_MAX || b->digits <= -DIGITS_MAX)
			return false;
		b->digits *= 10;
		b->scale++;
	}
	return true;
}

static bool
too_large(__int128 digits)
{
	return digits > MAGNITUDE_MAX || digits < -MAGNITUDE_MAX;
}

static struct number
join(struct number a, struct number b, __int128 digits, int scale)
{
	return (struct number){.integer = a.integer && b.integer, .digits = digits, .scale = scale};
}

struct number
number_add(struct number a, struct number b)
{
	__int128 sum;

	if (!align(&a, &b) || __builtin_add_overflow(a.digits, b.digits, &sum) || too_large(sum))
		return inexact(number_real(a) + number_real(b));
	return join(a, b, sum, a.scale);
}

struct number
number_sub(struct number a, struct number b)
{
	__int128 difference;

	if (!align(&a, &b) || __builtin_sub_overflow(a.digits, b.digits, &difference) ||
	    too_large(difference))
		return inexact(number_real(a) - number_real(b));
	return join(a, b, difference, a.scale);
}

struct number
number_mul(struct number a, struct number b)
{
	__int128 product;

	if (a.inexact || b.inexact || a.scale + b.scale > SCALE_MAX ||
	    __builtin_mul_overflow(a.digits, b.digits, &product) || too_large(product))
		return inexact(number_real(a) * number_real(b));
	return join(a, b, product, a.scale + b.scale);
}

static __int128
floor_div(__int128 a, __int128 b)
{
	__int128 quotient = a / b;

	return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient;
}

int
number_div(struct number a, struct number b, struct number *result_r)
{
	if (!b.inexact && b.digits == 0 && b.integer && a.integer)
		return -1;
	if (a.integer && b.integer && !a.inexact && !b.inexact) {
		*result_r = join(a, b, floor_div(a.digits, b.digits), 0);
		return 0;
	}
	if (align(&a, &b) && b.digits != 0)
		*result_r = inexact((double)((long double)a.digits / (long double)b.digits));
	else
		*result_r = inexact(number_real(a) / number_real(b));
	return 0;
}

int
number_mod(struct number a, struct number b, struct number *result_r)
{
	double rest;

	if (!b.inexact && b.digits == 0)
		return -1;
	if (align(&a, &b)) {
		*result_r =
		    join(a, b, a.digits - floor_div(a.digits, b.digits) * b.digits, a.scale);
		return 0;
	}
	rest = fmod(number_real(a), number_real(b));
	if (rest != 0 && (rest < 0) != (number_real(b) < 0))
		rest += number_real(b);
	*result_r = inexact(rest);
	return 0;
}

struct number
number_abs(struct number a)
{
	if (a.inexact)
		a.real = fabs(a.real);
	else if (a.digits < 0)
		a.digits = -a.digits;
	return a;
}

int
number_cmp(struct number a, struct number b)
{
	double x, y;

	if (align(&a, &b))
		return (a.digits > b.digits) - (a.digits < b.digits);
	x = number_real(a);
	y = number_real(b);
	return (x > y) - (x < y);
}

/* a.digits over 10^drop, rounded half away from zero, then grown back by 10^grow. */
static struct number
shorten(struct number a, int drop, int grow)
{
	__int128 half = drop > 0 ? (__int128)power10(drop) / 2 : 0;

	a.digits = (a.digits + (a.digits < 0 ? -half : half)) / power10(drop);
	a.digits *= power10(grow);
	return a;
}

struct number
number_round(struct number a, int64_t places)
{
	if (a.inexact) {
		if (places <= 0)
			a.real = round(a.real);
		else if (fabs(a.real) < 1 && places < SCALE_MAX)
			a.real = 0; /* what has so many digits that it is inexact */
		return a;
	}
	if (places >= a.scale)
		return a;
	if (places >= 0) {
		a = shorten(a, (int)(a.scale - places), 0);
		a.scale = (int)places;
		return a;
	}
	if (places < -SCALE_MAX || a.scale - places > SCALE_MAX) {
		a.digits = 0;
		a.scale = 0;
		return a;
	}
	a = shorten(a, (int)(a.scale - places), (int)-places);
	a.scale = 0;
	return a;
}

static struct number
whole(struct number a, double real, int64_t up)
{
	if (a.inexact)
		return (struct number){.integer = true, .inexact = true, .real = real};
	a.digits = up == 0 ? floor_div(a.digits, power10(a.scale))
			   : -floor_div(-a.digits, power10(a.scale));
	a.scale = 0;
	a.integer = true;
	return a;
}

struct number
number_floor(struct number a)
{
	return whole(a, a.inexact ? floor(a.real) : 0, 0);
}

struct number
number_ceil(struct number a)
{
	return whole(a, a.inexact ? ceil(a.real) : 0, 1);
}
