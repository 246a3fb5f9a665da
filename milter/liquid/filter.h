/* SPDX-License-Identifier: BSD-2-Clause
 *
 * filter: what stands behind the `|`, and how others add to the language
 *
 * One row of a table per filter: name, how many arguments, function. A filter gets
 * its input, its arguments and the render it works for, and sets the result. Rows that
 * others add (struct liquid_extensions in liquid_options) work just like those of the
 * language. An added tag is a filter, too: {% name ARGUMENTS %} prints what it makes of
 * nothing, {% name ARGUMENTS %}BODY{% endname %} what it makes of the body as rendered.
 * Values that are computed when a template asks for them are struct liquid_lazy.
 *
 * Owns:    results lie in the render's arena, or outlive the render.
 * Threads: the table is constant; a call works on its own render, and several renders
 *          call at once.
 * Fails:   ERR_TEMPLATE (wrong arguments), ERR_LIMIT, or what an added one says, by
 *          filter_err, which puts the place in front.
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
	const struct liquid_value *input;
	const struct liquid_value *arg;
	size_t args;
	const struct filter_arg *named;
	size_t nameds;
	void *closure;		    /* of the row */
	struct liquid_value result; /* nil until the function sets it */
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

struct liquid_filter {
	struct filter row;
	void *closure; /* for row.run */
};

struct liquid_tag {
	struct filter row;
	void *closure;
	bool block; /* has a body, up to {% endNAME %} */
};

/* What the language has beyond its own; must outlive the programs that are compiled with
 * it. */
struct liquid_extensions {
	const struct liquid_filter *filter;
	size_t filters;
	const struct liquid_tag *tag;
	size_t tags;
};

/* ERR_CONFIG if a name is no word, stands there twice, or is one of the language's own. */
int liquid_extensions_check(const struct liquid_extensions *extensions, struct err *err);

/* The input, or argument `i`, as text. */
int filter_input(struct filter_call *call, struct str *text_r);
int filter_text(struct filter_call *call, size_t i, struct str *text_r);
/* The result is this text. Returns 0. */
int filter_result(struct filter_call *call, struct str text);
/* The same for text that was decoded: ERR_TEMPLATE if it is no UTF-8. */
int filter_result_decoded(struct filter_call *call, struct str text);
/* The render fails here. -1. */
int filter_err(struct filter_call *call, enum err_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Memory for results. */
struct arena *filter_arena(struct filter_call *call);
/* Counts work on so many bytes as steps of the render. -1 when it has had too many. */
int filter_charge(struct filter_call *call, size_t bytes);
/* What "now" means, and in which zone dates are read (NULL: UTC). */
int64_t filter_now(const struct filter_call *call, const char **zone_r);
/* What the render was given for those that others added; NULL if nothing. */
void *filter_context(const struct filter_call *call);
/* Sets a variable of the template, as {% assign %} would. `name` is copied. False if the
 * template never names it: there is nothing to do then. */
bool filter_assign(struct filter_call *call, struct str name, struct liquid_value value);

/* `escape`: the renderer knows it. */
int filter_run_escape(struct filter_call *call);
/* `t`: the parser knows it. */
int filter_run_t(struct filter_call *call);

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
int build_make_room(struct build *build, size_t more);
static inline int
build_add(struct build *build, struct str s)
{
	if (s.n > build->size - build->n && build_make_room(build, s.n) < 0)
		return -1;
	if (s.n > 0)
		memcpy(build->p + build->n, s.p, s.n);
	build->n += s.n;
	return 0;
}

static inline int
build_char(struct build *build, char c)
{
	if (build->n == build->size)
		return build_add(build, (struct str){&c, 1});
	build->p[build->n++] = c;
	return 0;
}

struct str build_str(const struct build *build);

/* NULL if there is no such filter. `extensions` may be NULL. */
const struct filter *filter_find(
    const struct liquid_extensions *extensions, struct str name, void **closure_r);

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
extern const struct filter filter_texts_table[];

#endif
