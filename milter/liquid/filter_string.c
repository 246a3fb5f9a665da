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
	return glue(call, a, call->input->safe, b, call->arg[0].safe);
}

static int
run_prepend(struct filter_call *call)
{
	struct str a, b;

	if (filter_input(call, &a) < 0 || filter_text(call, 0, &b) < 0)
		return -1;
	return glue(call, b, call->arg[0].safe, a, call->input->safe);
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

static int
run_strip_newlines(struct filter_call *call)
{
	struct str text;
	char *p;
	size_t n = 0;

	if (filter_input(call, &text) < 0)
		return -1;
	p = render_alloc(call->render, text.n);
	if (p == NULL)
		return -1;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '\n' ||
		    (text.p[i] == '\r' && i + 1 < text.n && text.p[i + 1] == '\n'))
			continue;
		p[n++] = text.p[i];
	}
	return filter_result(call, (struct str){p, n});
}

/* Input, what to look for, and what to put there: escaped if the input is markup. */
static int
replace_texts(struct filter_call *call, struct str *text, struct str *find, struct str *with)
{
	*with = STR("");
	if (filter_input(call, text) < 0 || filter_text(call, 0, find) < 0)
		return -1;
	if (call->args > 1 && filter_text(call, 1, with) < 0)
		return -1;
	if (call->render->program->mode == LIQUID_HTML && call->input->safe && call->args > 1 &&
	    !call->arg[1].safe)
		return render_escape(call->render, *with, with);
	return 0;
}

static size_t
find_first(struct str text, struct str find)
{
	const char *found;

	if (find.n == 0)
		return 0;
	found = text.n < find.n ? NULL : memmem(text.p, text.n, find.p, find.n);
	return found == NULL ? SIZE_MAX : (size_t)(found - text.p);
}

/* Knuth, Morris and Pratt from the right: time grows with both lengths, not with their
 * product. *at_r is SIZE_MAX if there is none. */
static int
find_last(struct render *render, struct str text, struct str find, size_t *at_r)
{
	size_t *fail = render_alloc(render, (find.n + 1) * sizeof *fail);
	size_t match = 0;

	*at_r = find.n == 0 ? text.n : SIZE_MAX;
	if (fail == NULL)
		return -1;
	if (find.n == 0 || find.n > text.n)
		return 0;
	fail[0] = 0;
	for (size_t i = 1; i < find.n; i++) {
		while (match > 0 && find.p[find.n - 1 - match] != find.p[find.n - 1 - i])
			match = fail[match - 1];
		match += find.p[find.n - 1 - match] == find.p[find.n - 1 - i];
		fail[i] = match;
	}
	match = 0;
	for (size_t at = text.n; at-- > 0;) {
		while (match > 0 && find.p[find.n - 1 - match] != text.p[at])
			match = fail[match - 1];
		match += find.p[find.n - 1 - match] == text.p[at];
		if (match == find.n) {
			*at_r = at;
			return 0;
		}
	}
	return 0;
}

/* An empty text to look for stands before each character and at the end. */
static int
replace_nothing(struct filter_call *call, struct str text, struct str with)
{
	struct build build;

	if (build_init(&build, call->render, text.n + with.n) < 0 || build_add(&build, with) < 0)
		return -1;
	while (text.n > 0) {
		struct str piece = {text.p, text_step(text.p, text.n)};

		if (build_add(&build, piece) < 0 || build_add(&build, with) < 0)
			return -1;
		text.p += piece.n;
		text.n -= piece.n;
	}
	return filter_result(call, build_str(&build));
}

static int
run_replace(struct filter_call *call)
{
	struct str text, find, with;
	struct build build;

	if (replace_texts(call, &text, &find, &with) < 0)
		return -1;
	if (find.n == 0)
		return replace_nothing(call, text, with);
	if (build_init(&build, call->render, text.n + with.n) < 0)
		return -1;
	while (text.n > 0) {
		size_t at = find_first(text, find);

		if (at == SIZE_MAX)
			break;
		if (build_add(&build, (struct str){text.p, at}) < 0 || build_add(&build, with) < 0)
			return -1;
		text.p += at + find.n;
		text.n -= at + find.n;
	}
	if (build_add(&build, text) < 0)
		return -1;
	return filter_result(call, build_str(&build));
}

static int
replace_at(struct filter_call *call, struct str text, size_t at, size_t length, struct str with)
{
	struct build build;

	if (at == SIZE_MAX)
		return filter_result(call, text);
	if (build_init(&build, call->render, text.n + with.n) < 0 ||
	    build_add(&build, (struct str){text.p, at}) < 0 || build_add(&build, with) < 0 ||
	    build_add(&build, (struct str){text.p + at + length, text.n - at - length}) < 0)
		return -1;
	return filter_result(call, build_str(&build));
}

static int
run_replace_first(struct filter_call *call)
{
	struct str text, find, with;

	if (replace_texts(call, &text, &find, &with) < 0)
		return -1;
	return replace_at(call, text, find_first(text, find), find.n, with);
}

static int
run_replace_last(struct filter_call *call)
{
	struct str text, find, with;
	size_t at;

	if (replace_texts(call, &text, &find, &with) < 0 ||
	    find_last(call->render, text, find, &at) < 0)
		return -1;
	return replace_at(call, text, at, find.n, with);
}

/* What stands for the text that was cut off: escaped if the input is markup. Replaces
 * *length by the first argument. */
static int
truncate_args(struct filter_call *call, int64_t *length, struct str *tail_r)
{
	*tail_r = STR("...");
	if (call->args > 0 && render_integer(call->render, &call->arg[0], length) < 0)
		return -1;
	if (call->args < 2)
		return 0;
	if (filter_text(call, 1, tail_r) < 0)
		return -1;
	if (call->render->program->mode == LIQUID_HTML && call->input->safe && !call->arg[1].safe)
		return render_escape(call->render, *tail_r, tail_r);
	return 0;
}

static int
run_truncate(struct filter_call *call)
{
	struct str text, tail, rest;
	int64_t length = 50;
	size_t tail_length, keep, at;

	call->result = *call->input;
	if (call->input->type == LIQUID_NIL)
		return 0;
	if (filter_input(call, &text) < 0 || truncate_args(call, &length, &tail) < 0)
		return -1;
	tail_length = text_length(tail);
	keep = length > 0 && (size_t)length > tail_length ? (size_t)length - tail_length : 0;
	at = text_offset(text, keep);
	rest = (struct str){text.p + at, text.n - at};
	if (length >= 0 && text_offset(rest, (size_t)length - keep) == rest.n)
		return filter_result(call, text);
	text.n = at;
	return replace_at(call, text, at, 0, tail);
}

/* Cuts the word off the front of `rest`; false if there is none. */
static bool
next_word(struct str *rest, struct str *word_r)
{
	size_t n = 0;

	*rest = trim_left(*rest);
	while (n < rest->n && !lex_is_space(rest->p[n]))
		n++;
	*word_r = (struct str){rest->p, n};
	rest->p += n;
	rest->n -= n;
	return n > 0;
}

static int
run_truncatewords(struct filter_call *call)
{
	struct str text, rest, word, tail;
	int64_t words = 15;
	struct build build;

	call->result = *call->input;
	if (call->input->type == LIQUID_NIL)
		return 0;
	if (filter_input(call, &text) < 0 || truncate_args(call, &words, &tail) < 0 ||
	    build_init(&build, call->render, text.n + tail.n) < 0)
		return -1;
	rest = text;
	if (words < 1)
		words = 1;
	while (words-- > 0 && next_word(&rest, &word)) {
		if ((build.n > 0 && build_char(&build, ' ') < 0) || build_add(&build, word) < 0)
			return -1;
	}
	if (!next_word(&rest, &word))
		return filter_result(call, text);
	if (build_add(&build, tail) < 0)
		return -1;
	return filter_result(call, build_str(&build));
}

static int
slice_array(struct filter_call *call, int64_t offset, int64_t length)
{
	const struct liquid_array *from = call->input->array;
	int64_t count = (int64_t)from->count;
	struct liquid_array *part;

	if (offset < 0)
		offset += count;
	part = render_alloc(call->render, sizeof *part);
	if (part == NULL)
		return -1;
	*part = (struct liquid_array){.count = 0};
	if (offset >= 0 && offset < count && length > 0) {
		part->at = from->at + offset;
		part->count = (size_t)(length < count - offset ? length : count - offset);
	}
	call->result = (struct liquid_value){.type = LIQUID_ARRAY, .array = part};
	return 0;
}

static int
run_slice(struct filter_call *call)
{
	int64_t offset, count;
	int64_t length = 1;
	struct str text;
	size_t skip;

	if (render_integer(call->render, &call->arg[0], &offset) < 0 ||
	    (call->args > 1 && call->arg[1].type != LIQUID_NIL &&
		render_integer(call->render, &call->arg[1], &length) < 0))
		return -1;
	if (call->input->type == LIQUID_ARRAY)
		return slice_array(call, offset, length);
	if (filter_input(call, &text) < 0)
		return -1;
	call->render->work += text.n; /* it is walked over twice */
	count = (int64_t)text_length(text);
	if (offset < 0)
		offset += count;
	if (offset < 0 || offset > count || length <= 0)
		return filter_result(call, STR(""));
	skip = text_offset(text, (size_t)offset);
	text = (struct str){text.p + skip, text.n - skip};
	text.n = text_offset(text, (size_t)length);
	return filter_result(call, text);
}

/* White space within becomes one space. */
static int
run_squish(struct filter_call *call)
{
	struct str rest, word;
	struct build build;

	call->result = *call->input;
	if (call->input->type == LIQUID_NIL)
		return 0;
	if (filter_input(call, &rest) < 0 || build_init(&build, call->render, rest.n) < 0)
		return -1;
	while (next_word(&rest, &word)) {
		if ((build.n > 0 && build_char(&build, ' ') < 0) || build_add(&build, word) < 0)
			return -1;
	}
	return filter_result(call, build_str(&build));
}

const struct filter filter_string_table[] = {
    {"append", run_append, 1, 1, FILTER_OWN, false, false},
    {"capitalize", run_capitalize, 0, 0, FILTER_KEEPS, false, false},
    {"downcase", run_downcase, 0, 0, FILTER_KEEPS, false, false},
    {"lstrip", run_lstrip, 0, 0, FILTER_KEEPS, false, false},
    {"prepend", run_prepend, 1, 1, FILTER_OWN, false, false},
    {"remove", run_replace, 1, 1, FILTER_KEEPS, false, false},
    {"remove_first", run_replace_first, 1, 1, FILTER_KEEPS, false, false},
    {"remove_last", run_replace_last, 1, 1, FILTER_KEEPS, false, false},
    {"replace", run_replace, 1, 2, FILTER_KEEPS, false, false},
    {"replace_first", run_replace_first, 1, 2, FILTER_KEEPS, false, false},
    {"replace_last", run_replace_last, 2, 2, FILTER_KEEPS, false, false},
    {"rstrip", run_rstrip, 0, 0, FILTER_KEEPS, false, false},
    {"slice", run_slice, 1, 2, FILTER_KEEPS, false, false},
    {"squish", run_squish, 0, 0, FILTER_KEEPS, false, false},
    {"strip", run_strip, 0, 0, FILTER_KEEPS, false, false},
    {"strip_newlines", run_strip_newlines, 0, 0, FILTER_KEEPS, false, false},
    {"truncate", run_truncate, 0, 2, FILTER_KEEPS, false, false},
    {"truncatewords", run_truncatewords, 0, 2, FILTER_KEEPS, false, false},
    {"upcase", run_upcase, 0, 0, FILTER_KEEPS, false, false},
    {.name = NULL},
};
