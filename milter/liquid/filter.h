/* SPDX-License-Identifier: BSD-2-Clause
 *
 * filter: what stands behind the `|`
 *
 * One row of a table per filter: name, how many arguments, function. A filter gets
 * its input, its arguments and the render it works for, and sets the result.
 *
 * Owns:    results lie in the render's arena.
 * Threads: the table is constant; a call works on its own render.
 * Fails:   ERR_TEMPLATE (wrong arguments), ERR_LIMIT.
 */
#ifndef LIQUID_FILTER_H
#define LIQUID_FILTER_H

#include "liquid/value.h"

struct date;
struct render;

/* Named arguments that one filter may be given. */
#define FILTER_NAMED_MAX 8
/* Positional ones. */
#define FILTER_ARGS_MAX 8

struct filter_arg {
	struct str name;
	struct liquid_value value;
};

struct filter_call {
	struct render *render;
	struct liquid_value input;
	const struct liquid_value *arg;
	size_t args;
	const struct filter_arg *named;
	size_t nameds;
	uint32_t at;
	struct liquid_value result;
};

/* What a filter does to text that is markup already, in HTML mode. */
enum filter_markup {
	FILTER_PLAIN, /* the result is text again */
	FILTER_KEEPS, /* markup in, markup out */
	FILTER_OWN,   /* the function sets result.safe itself */
};

struct filter {
	const char *name;
	int (*run)(struct filter_call *call);
	unsigned char args_min;
	unsigned char args_max;
	enum filter_markup markup;
	bool named;  /* takes named arguments */
	bool covers; /* stands in for a missing value */
};

/* The input, or argument `i`, as text. */
int filter_input(struct filter_call *call, struct str *text_r);
int filter_text(struct filter_call *call, size_t i, struct str *text_r);
/* The result is this text. Returns 0. */
int filter_result(struct filter_call *call, struct str text);

/* filter_date.c: the input as a point in time; false if it is none. */
bool filter_date(struct filter_call *call, struct date *date_r);

/* Text that grows in the arena. */
struct build {
	struct render *render;
	char *p;
	size_t n;
	size_t size;
};

/* -1 when the arena is full, with the error set. */
int build_init(struct build *build, struct render *render, size_t hint);
int build_add(struct build *build, struct str s);
int build_char(struct build *build, char c);
struct str build_str(const struct build *build);

/* NULL if there is no such filter. */
const struct filter *filter_find(struct str name);

/* The rows of each file; the last one has no name. */
extern const struct filter filter_ago_table[];
extern const struct filter filter_array_table[];
extern const struct filter filter_date_table[];
extern const struct filter filter_digest_table[];
extern const struct filter filter_html_table[];
extern const struct filter filter_misc_table[];
extern const struct filter filter_money_table[];
extern const struct filter filter_number_table[];
extern const struct filter filter_phone_table[];
extern const struct filter filter_plural_table[];
extern const struct filter filter_sort_table[];
extern const struct filter filter_string_table[];

#endif
