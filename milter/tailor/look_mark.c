/* SPDX-License-Identifier: BSD-2-Clause
 *
 * look_mark: a template's tags as a look meets them
 *
 * Owns:    nothing; texts are spans of the source.
 * Threads: any; touches only its arguments.
 */
#include "tailor/look_work.h"

#include "liquid/lex.h"

static void
add_mark(GArray *marks, const struct lex_piece *piece, size_t end)
{
	struct tailor_look_mark mark = {.output = piece->kind == LEX_OUTPUT,
	    .text = str_trim(piece->text),
	    .begin = piece->at,
	    .end = end};

	if (!mark.output)
		mark.word = lex_word(piece);
	g_array_append_val(marks, mark);
}

void
tailor_look_marks(struct str source, GArray *marks)
{
	struct lex lex = {.source = source};
	struct lex_piece piece, end;

	while ((piece = lex_next(&lex)).kind != LEX_END) {
		struct str word = lex_word(&piece);

		if (piece.kind == LEX_BAD_OUTPUT || piece.kind == LEX_BAD_TAG)
			return;
		if (piece.kind == LEX_TEXT)
			continue;
		if (str_is(word, "raw"))
			lex_find_end(&lex, "endraw", NULL, &end);
		else if (str_is(word, "comment"))
			lex_skip_comment(&lex);
		else if (str_is(word, "doc"))
			lex_find_end(&lex, "enddoc", "doc", &end);
		else
			add_mark(marks, &piece, lex.at);
	}
}

/* The next member's name, behind a dot or in square brackets. */
static bool
read_step(struct scan *scan, struct str *name_r)
{
	bool square = scan->token == TOKEN_OPEN_SQUARE;

	if (!square && scan->token != TOKEN_DOT)
		return false;
	scan_next(scan);
	if (scan->token != (square ? TOKEN_STRING : TOKEN_ID))
		return false;
	*name_r = scan->text;
	scan_next(scan);
	if (square && scan->token != TOKEN_CLOSE_SQUARE)
		return false;
	if (square)
		scan_next(scan);
	return true;
}

bool
tailor_look_prints(
    struct str source, const struct tailor_look_mark *mark, const char *object, const char *member)
{
	struct scan scan;
	struct str name;

	if (!mark->output)
		return false;
	scan_init(&scan, source, mark->text);
	if (scan.token != TOKEN_ID || !str_is(scan.text, object))
		return false;
	scan_next(&scan);
	return read_step(&scan, &name) && str_is(name, member) &&
	    (scan.token == TOKEN_END || scan.token == TOKEN_PIPE);
}

bool
tailor_look_names(struct str source, const struct tailor_look_mark *mark, struct str *name_r)
{
	struct scan scan;
	bool call = str_is(mark->word, "render") || str_is(mark->word, "include");

	if (!call && !str_is(mark->word, "layout"))
		return false;
	scan_init(&scan, source, mark->text);
	scan_next(&scan);
	if (scan.token != TOKEN_STRING)
		return false;
	*name_r = scan.text;
	scan_next(&scan);
	return scan.token != TOKEN_ID || !str_is(scan.text, "for");
}
