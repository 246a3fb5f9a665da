/* SPDX-License-Identifier: BSD-2-Clause
 *
 * filter_array: lists
 *
 * Where a list is wanted, nested lists are flattened, nil is an empty list, and
 * anything else a list of one.
 *
 * Threads: see filter.h.
 */
#include "liquid/compare.h"
#include "liquid/list.h"
#include "liquid/number.h"
#include "liquid/text.h"

static int
run_size(struct filter_call *call)
{
	call->result = render_command(call->render, call->input, COMMAND_SIZE);
	if (call->result.type == LIQUID_NIL)
		call->result = liquid_int(0);
	return 0;
}

static int
run_first(struct filter_call *call)
{
	call->result = render_command(call->render, call->input, COMMAND_FIRST);
	return 0;
}

static int
run_last(struct filter_call *call)
{
	call->result = render_command(call->render, call->input, COMMAND_LAST);
	return 0;
}

/* Elements that are text appear in the result as they are: each keeps what it was. */
static int
run_join(struct filter_call *call)
{
	bool html = call->render->program->mode == LIQUID_HTML;
	struct str glue = STR(" ");
	bool any_safe = false;
	struct list list;
	struct build build;

	if (list_of(call, &list) < 0 || (call->args > 0 && filter_text(call, 0, &glue) < 0) ||
	    build_init(&build, call->render, list.count * 8) < 0)
		return -1;
	for (size_t i = 0; html && i < list.count; i++)
		any_safe |= list.at[i].safe;
	if (any_safe && call->args > 0 && !call->arg[0].safe &&
	    render_escape(call->render, glue, &glue) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++) {
		struct str text;

		if (render_text(call->render, &list.at[i], &text) < 0)
			return -1;
		if (any_safe && !list.at[i].safe && render_escape(call->render, text, &text) < 0)
			return -1;
		if ((i > 0 && build_add(&build, glue) < 0) || build_add(&build, text) < 0)
			return -1;
	}
	call->result = liquid_string(build_str(&build));
	call->result.safe = any_safe;
	return 0;
}

static bool
at_space(struct str s, size_t at)
{
	return s.p[at] == ' ' || (s.p[at] >= '\t' && s.p[at] <= '\r') || s.p[at] == '\0';
}

/* The next piece of what is split, or false at the end. */
static bool
next_piece(struct str *rest, struct str pattern, struct str *piece_r)
{
	const char *found = NULL;
	size_t n = 0;

	if (str_is(pattern, " ")) {
		while (rest->n > 0 && at_space(*rest, 0)) {
			rest->p++;
			rest->n--;
		}
		while (n < rest->n && !at_space(*rest, n))
			n++;
		*piece_r = (struct str){rest->p, n};
		rest->p += n;
		rest->n -= n;
		return n > 0;
	}
	if (rest->n == 0)
		return false;
	if (pattern.n == 0)
		n = text_step(rest->p, rest->n);
	else if (rest->n >= pattern.n)
		found = memmem(rest->p, rest->n, pattern.p, pattern.n);
	if (pattern.n > 0)
		n = found == NULL ? rest->n : (size_t)(found - rest->p);
	*piece_r = (struct str){rest->p, n};
	n += found == NULL ? 0 : pattern.n;
	rest->p += n;
	rest->n -= n;
	return true;
}

/* Empty pieces at the end are dropped, as Ruby does. */
static int
run_split(struct filter_call *call)
{
	struct str text, pattern, rest, piece;
	struct liquid_value *at;
	size_t count = 0;

	if (filter_input(call, &text) < 0 || filter_text(call, 0, &pattern) < 0)
		return -1;
	for (rest = text; next_piece(&rest, pattern, &piece);)
		count++;
	if (value_array_new(call->render->arena, count, &at, &call->result) < 0)
		return render_full(call->render);
	count = 0;
	for (rest = text; next_piece(&rest, pattern, &piece);) {
		at[count] = liquid_string(piece);
		at[count++].safe = call->input->safe;
	}
	while (count > 0 && at[count - 1].string.n == 0)
		count--;
	return list_result(call, at, count);
}

static int
run_reverse(struct filter_call *call)
{
	struct list list;
	struct liquid_value *to;

	if (list_of(call, &list) < 0)
		return -1;
	to = render_alloc(call->render, list.count * sizeof *to);
	if (to == NULL)
		return -1;
	for (size_t i = 0; i < list.count; i++)
		to[i] = list.at[list.count - 1 - i];
	return list_result(call, to, list.count);
}

static int
run_concat(struct filter_call *call)
{
	struct list list, more;
	struct liquid_value *to;

	if (call->arg[0].type != LIQUID_ARRAY && call->arg[0].type != LIQUID_RANGE)
		return render_err(
		    call->render, ERR_TEMPLATE, "filter 'concat' wants a list to add");
	if (list_of(call, &list) < 0 || list_from(call->render, &call->arg[0], &more) < 0)
		return -1;
	to = render_alloc(call->render, (list.count + more.count) * sizeof *to);
	if (to == NULL)
		return -1;
	if (list.count > 0)
		memcpy(to, list.at, list.count * sizeof *to);
	if (more.count > 0)
		memcpy(to + list.count, more.at, more.count * sizeof *to);
	return list_result(call, to, list.count + more.count);
}

static int
run_compact(struct filter_call *call)
{
	struct list list;
	struct liquid_value *to;
	size_t count = 0;

	if (list_of(call, &list) < 0)
		return -1;
	to = render_alloc(call->render, list.count * sizeof *to);
	if (to == NULL)
		return -1;
	for (size_t i = 0; i < list.count; i++) {
		struct liquid_value by = list.at[i];

		if (call->args > 0 &&
		    list_property(call->render, &list.at[i], &call->arg[0], &by) < 0)
			return -1;
		if (by.type != LIQUID_NIL)
			to[count++] = list.at[i];
	}
	return list_result(call, to, count);
}

static int
run_map(struct filter_call *call)
{
	struct list list;
	struct liquid_value *to;

	if (list_of(call, &list) < 0)
		return -1;
	to = render_alloc(call->render, list.count * sizeof *to);
	if (to == NULL)
		return -1;
	for (size_t i = 0; i < list.count; i++) {
		if (list_property(call->render, &list.at[i], &call->arg[0], &to[i]) < 0)
			return -1;
	}
	return list_result(call, to, list.count);
}

/* Does the item's property have the wanted value, or any at all? */
static int
matches(struct filter_call *call, const struct liquid_value *item, bool *matches_r)
{
	struct liquid_value value;

	if (list_property(call->render, item, &call->arg[0], &value) < 0)
		return -1;
	*matches_r = call->args > 1 && call->arg[1].type != LIQUID_NIL
	    ? compare_equal(&value, &call->arg[1], &call->render->work)
	    : value_truthy(value);
	return render_charge(call->render, 0);
}

static int
choose(struct filter_call *call, bool wanted)
{
	struct list list;
	struct liquid_value *to;
	size_t count = 0;
	bool fits;

	if (list_of(call, &list) < 0)
		return -1;
	to = render_alloc(call->render, list.count * sizeof *to);
	if (to == NULL)
		return -1;
	for (size_t i = 0; i < list.count; i++) {
		if (matches(call, &list.at[i], &fits) < 0)
			return -1;
		if (fits == wanted)
			to[count++] = list.at[i];
	}
	return list_result(call, to, count);
}

static int
run_where(struct filter_call *call)
{
	return choose(call, true);
}

static int
run_reject(struct filter_call *call)
{
	return choose(call, false);
}

/* Position of the first item that fits, or the count. 1: an item in front of it can
 * have no properties, which makes the result nil. */
static int
seek(struct filter_call *call, struct list *list, size_t *at_r)
{
	bool fits = false;

	if (list_of(call, list) < 0)
		return -1;
	for (*at_r = 0; *at_r < list->count; ++*at_r) {
		if (!list_has_properties(&list->at[*at_r]))
			return 1;
		if (matches(call, &list->at[*at_r], &fits) < 0)
			return -1;
		if (fits)
			break;
	}
	return 0;
}

static int
run_find(struct filter_call *call)
{
	struct list list;
	size_t at;
	int ret = seek(call, &list, &at);

	call->result = LIQUID_NIL_VALUE;
	if (ret != 0)
		return ret < 0 ? -1 : 0;
	call->result = at < list.count ? list.at[at] : LIQUID_NIL_VALUE;
	return 0;
}

static int
run_find_index(struct filter_call *call)
{
	struct list list;
	size_t at;
	int ret = seek(call, &list, &at);

	call->result = LIQUID_NIL_VALUE;
	if (ret != 0)
		return ret < 0 ? -1 : 0;
	call->result = at < list.count ? liquid_int((int64_t)at) : LIQUID_NIL_VALUE;
	return 0;
}

static int
run_has(struct filter_call *call)
{
	struct list list;
	size_t at;
	int ret = seek(call, &list, &at);

	call->result = LIQUID_NIL_VALUE;
	if (ret != 0)
		return ret < 0 ? -1 : 0;
	call->result = liquid_bool(at < list.count);
	return 0;
}

static int
run_sum(struct filter_call *call)
{
	struct number sum = number_from_int(0);
	struct list list;

	if (list_of(call, &list) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++) {
		struct liquid_value value = list.at[i];

		if (call->args > 0 &&
		    list_property(call->render, &list.at[i], &call->arg[0], &value) < 0)
			return -1;
		/* Reading digits is slower than looking at them. */
		if (value.type == LIQUID_STRING &&
		    render_charge(call->render, 32 + value.string.n * 4) < 0)
			return -1;
		sum = number_add(sum, number_of(&value));
	}
	call->result = number_value(sum);
	return 0;
}

const struct filter filter_array_table[] = {
    {"compact", run_compact, 0, 1, FILTER_OWN, false, false},
    {"concat", run_concat, 1, 1, FILTER_OWN, false, false},
    {"find", run_find, 1, 2, FILTER_OWN, false, false},
    {"find_index", run_find_index, 1, 2, FILTER_OWN, false, false},
    {"first", run_first, 0, 0, FILTER_OWN, false, false},
    {"has", run_has, 1, 2, FILTER_OWN, false, false},
    {"join", run_join, 0, 1, FILTER_OWN, false, false},
    {"last", run_last, 0, 0, FILTER_OWN, false, false},
    {"map", run_map, 1, 1, FILTER_OWN, false, false},
    {"reject", run_reject, 1, 2, FILTER_OWN, false, false},
    {"reverse", run_reverse, 0, 0, FILTER_OWN, false, false},
    {"size", run_size, 0, 0, FILTER_PLAIN, false, false},
    {"split", run_split, 1, 1, FILTER_OWN, false, false},
    {"sum", run_sum, 0, 1, FILTER_OWN, false, false},
    {"where", run_where, 1, 2, FILTER_OWN, false, false},
    {.name = NULL},
};
