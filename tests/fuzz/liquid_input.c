/* SPDX-License-Identifier: BSD-2-Clause
 *
 * liquid_input: see liquid_input.h
 */
#include "liquid_input.h"

#include "liquid/lex.h"

#include <stdio.h>
#include <stdlib.h>

#define SEPARATOR '\x1e'

const struct liquid_way liquid_way[LIQUID_WAYS] = {
    {"text, strict", LIQUID_TEXT, true},
    {"text, lax", LIQUID_TEXT, false},
    {"html", LIQUID_HTML, false},
    {"header", LIQUID_HEADER, false},
};

static int
get_partial(void *closure, struct str name, struct str *source_r, struct err *err)
{
	const struct liquid_input *input = closure;
	size_t number;

	(void)err;
	if (str_is(name, "me")) {
		*source_r = input->template;
		return 1;
	}
	if (name.n != 2 || name.p[0] != 'p' || name.p[1] < '1' || name.p[1] > '9')
		return 0;
	number = (size_t)(name.p[1] - '1');
	if (number >= input->parts)
		return 0;
	*source_r = input->part[number];
	return 1;
}

static bool
list_partials(void *closure, size_t i, struct str *name_r)
{
	static const char names[][3] = {"p1", "p2", "p3", "p4", "p5", "p6"};
	const struct liquid_input *input = closure;

	if (i > input->parts)
		return false;
	*name_r = i == 0 ? STR("me") : str_c(names[i - 1]);
	return true;
}

void
liquid_input_cut(struct liquid_input *input, const uint8_t *data, size_t size, bool has_data)
{
	struct str rest = {(const char *)data + 1, size - 1};
	struct str piece;

	*input = (struct liquid_input){.template = {(const char *)data, 0}};
	input->partials = (struct liquid_partials){get_partial, list_partials, input};
	if (size == 0)
		return;
	input->flags = data[0];
	if (str_split(&rest, SEPARATOR, &piece))
		input->template = piece;
	if (has_data && str_split(&rest, SEPARATOR, &piece))
		input->data = piece;
	while (input->parts < INPUT_PARTS_MAX && str_split(&rest, SEPARATOR, &piece))
		input->part[input->parts++] = piece;
}

/* Number 0 is the template. */
static struct str
source(const struct liquid_input *input, size_t i)
{
	return i == 0 ? input->template : input->part[i - 1];
}

bool
liquid_input_has(const struct liquid_input *input, const char *word)
{
	for (size_t i = 0; i <= input->parts; i++) {
		if (str_has(source(input, i), str_c(word)))
			return true;
	}
	return false;
}

static void
note(bool seen[256], struct str text)
{
	for (size_t i = 0; i < text.n; i++)
		seen[(unsigned char)text.p[i]] = true;
}

void
liquid_input_texts(const struct liquid_input *input, bool seen[256])
{
	/* These cut what follows them in their own way. */
	bool all = liquid_input_has(input, "raw") || liquid_input_has(input, "comment") ||
	    liquid_input_has(input, "doc") || liquid_input_has(input, "#");

	for (size_t i = 0; i <= input->parts; i++) {
		struct lex lex = {.source = source(input, i)};
		struct lex_piece piece;

		if (all) {
			note(seen, lex.source);
			continue;
		}
		for (piece = lex_next(&lex);
		     piece.kind == LEX_TEXT || piece.kind == LEX_OUTPUT || piece.kind == LEX_TAG;
		     piece = lex_next(&lex)) {
			if (piece.kind == LEX_TEXT)
				note(seen, piece.text);
		}
	}
}

void
liquid_input_fail(const char *way, const char *what)
{
	fprintf(stderr, "%s: %s\n", way, what);
	abort();
}

static bool
take_number(struct str *rest)
{
	size_t n = 0;

	while (n < rest->n && rest->p[n] >= '0' && rest->p[n] <= '9')
		n++;
	*rest = (struct str){rest->p + n, rest->n - n};
	return n > 0;
}

/* NAME:LINE:COLUMN: SENTENCE */
void
liquid_input_check_err(const struct err *err)
{
	size_t n = strnlen(err->text, sizeof err->text);
	struct str rest = {err->text, n};
	struct str name;

	if (n == sizeof err->text)
		liquid_input_fail("error", "its text has no end");
	if (err->code == ERR_ABORT)
		return;
	if (err->code != ERR_TEMPLATE && err->code != ERR_LIMIT)
		liquid_input_fail(err->text, "is of a kind that a template can't cause");
	if (!str_split(&rest, ':', &name) || name.n == 0 || !take_number(&rest) ||
	    !str_starts(rest, STR(":")))
		liquid_input_fail(err->text, "doesn't say where");
	rest = (struct str){rest.p + 1, rest.n - 1};
	if (!take_number(&rest) || !str_starts(rest, STR(": ")) || rest.n < 4)
		liquid_input_fail(err->text, "doesn't say where");
	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)err->text[i] < ' ' || err->text[i] == 0x7f)
			liquid_input_fail(err->text, "holds a control character");
	}
}
