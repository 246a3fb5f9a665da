/* SPDX-License-Identifier: BSD-2-Clause
 *
 * filter_string: text
 *
 * Lengths and places count code points.
 *
 * Threads: see filter.h.
 */
#include "liquid/lex.h"
#include "liquid/render.h"
#include "liquid/text.h"

typedef int case_fn(struct arena *arena, struct str s, struct str *result_r);

static int
run_case(struct filter_call *call, case_fn *change)
{
	struct str text;

	if (filter_input(call, &text) < 0)
		return -1;
	if (change(call->render->arena, text, &text) < 0)
		return render_full(call->render);
	return filter_result(call, text);
}

static int
run_upcase(struct filter_call *call)
{
	return run_case(call, text_upcase);
}

static int
run_downcase(struct filter_call *call)
{
	return run_case(call, text_downcase);
}

static int
run_capitalize(struct filter_call *call)
{
	return run_case(call, text_capitalize);
}

/* a then b, in which markup stays markup: plain text beside it is escaped. */
static int
glue(struct filter_call *call, struct str a, bool a_safe, struct str b, bool b_safe)
{
	bool safe = call->render->program->mode == LIQUID_HTML && (a_safe || b_safe);
	struct build build;

	if (safe && !a_safe && render_escape(call->render, a, &a) < 0)
		return -1;
	if (safe && !b_safe && render_escape(call->render, b, &b) < 0)
		return -1;
	if (build_init(&build, call->render, a.n + b.n) < 0 || build_add(&build, a) < 0 ||
	    build_add(&build, b) < 0)
		return -1;
	call->result = liquid_string(build_str(&build));
	call->result.safe = safe;
	return 0;
}

static int
run_append(struct filter_call *call)
{
	struct str a, b;

	if (filter_input(call, &a) < 0 || filter_text(call, 0, &b) < 0)
		return -1;
	return glue(call, a, call->input.safe, b, call->arg[0].safe);
}

static int
run_prepend(struct filter_call *call)
{
	struct str a, b;

	if (filter_input(call, &a) < 0 || filter_text(call, 0, &b) < 0)
		return -1;
	return glue(call, b, call->arg[0].safe, a, call->input.safe);
}

static struct str
trim_left(struct str s)
{
	while (s.n > 0 && lex_is_space(s.p[0])) {
		s.p++;
		s.n--;
	}
	return s;
}

static int
run_strip(struct filter_call *call)
{
	struct str text;

	if (filter_input(call, &text) < 0)
		return -1;
	return filter_result(call, trim_left(lex_trim_right(text)));
}

static int
run_lstrip(struct filter_call *call)
{
	struct str text;

	if (filter_input(call, &text) < 0)
		return -1;
	return filter_result(call, trim_left(text));
}

static int
run_rstrip(struct filter_call *call)
{
	struct str text;

	if (filter_input(call, &text) < 0)
		return -1;
	return filter_result(call, lex_trim_right(text));
}

const struct filter filter_string_table[] = {
    {"append", run_append, 1, 1, FILTER_OWN, false, false},
    {"capitalize", run_capitalize, 0, 0, FILTER_KEEPS, false, false},
    {"downcase", run_downcase, 0, 0, FILTER_KEEPS, false, false},
    {"lstrip", run_lstrip, 0, 0, FILTER_KEEPS, false, false},
    {"prepend", run_prepend, 1, 1, FILTER_OWN, false, false},
    {"rstrip", run_rstrip, 0, 0, FILTER_KEEPS, false, false},
    {"strip", run_strip, 0, 0, FILTER_KEEPS, false, false},
    {"upcase", run_upcase, 0, 0, FILTER_KEEPS, false, false},
    {.name = NULL},
};
