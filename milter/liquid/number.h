/* SPDX-License-Identifier: BSD-2-Clause
 *
 * number: integers and decimals as Ruby counts and prints them
 *
 * Shopify's filters compute with decimals, not with binary fractions: 0.1 plus 0.2 is
 * 0.3. A struct number is a decimal with up to 38 digits; what goes beyond becomes a
 * double. Integers beyond 64 bits become doubles as well.
 *
 * Owns:    nothing.
 * Threads: any; touches only its arguments.
 */
#ifndef LIQUID_NUMBER_H
#define LIQUID_NUMBER_H

#include "liquid/value.h"

#define NUMBER_TEXT_SIZE 400

/* digits / 10^scale, or `real` where that is not enough. */
struct number {
	bool integer; /* counts as Ruby's Integer: no fraction is shown */
	bool inexact; /* only `real` holds */
	__int128 digits;
	int scale; /* 0 .. 36 */
	double real;
};

/* As Ruby prints them: "1", "-3", "1.0", "0.1", "1.0e+20". Returns the length. */
size_t number_print_int(int64_t n, char text[NUMBER_TEXT_SIZE]);
size_t number_print_float(double d, char text[NUMBER_TEXT_SIZE]);

/* What a filter sees in a value: numbers, text that is a decimal, text that begins
 * with an integer, else 0. */
struct number number_of(const struct liquid_value *value);
struct number number_from_int(int64_t n);
/* Of "12" or "-1.5", all of it; false if it is something else. */
bool number_parse(struct str s, struct number *number_r);
/* The integer that text begins with, as Ruby's to_i: 0 if none. */
int64_t number_to_i(struct str s);
struct liquid_value number_value(struct number number);
double number_real(struct number number);

struct number number_add(struct number a, struct number b);
struct number number_sub(struct number a, struct number b);
struct number number_mul(struct number a, struct number b);
/* Integers divide downwards. -1: division by zero. */
int number_div(struct number a, struct number b, struct number *result_r);
int number_mod(struct number a, struct number b, struct number *result_r);
struct number number_abs(struct number a);
int number_cmp(struct number a, struct number b);
/* Half away from zero, to `places` digits after the point (before it, if negative). */
struct number number_round(struct number a, int64_t places);
struct number number_floor(struct number a);
struct number number_ceil(struct number a);

#endif
