/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tag_text: comment, doc, raw, # and liquid: what the source between tags means
 *
 * Threads: one at a time.
 */
#include "liquid/compile.h"

int
tag_raw(struct compiler *compiler)
{
	struct lex_piece end;
	size_t begin = compiler->lex.at;
	struct str text;

	if (parse_end(compiler) < 0)
		return -1;
	if (compiler->lines != NULL || !lex_find_end(&compiler->lex, "endraw", NULL, &end))
		return compile_err(
		    compiler, (uint32_t)compiler->piece.at, "'raw' is not closed with 'endraw'");
	text = (struct str){compiler->source.p + begin, end.at - begin};
	compile_text(compiler, text, true);
	return 0;
}

/* Lines of a {% liquid %} up to the one that ends the comment. */
static bool
skip_lines(struct str *lines)
{
	struct str line, word;
	int depth = 1;
	bool raw = false;

	while (depth > 0) {
		struct scan scan;

		if (!str_split(lines, '\n', &line))
			return false;
		scan_init(&scan, line, line);
		word = scan.token == TOKEN_ID ? scan.text : STR("");
		if (raw)
			raw = !str_is(word, "endraw");
		else if (str_is(word, "raw"))
			raw = true;
		else if (str_is(word, "comment"))
			depth++;
		else if (str_is(word, "endcomment"))
			depth--;
	}
	return true;
}

int
tag_comment(struct compiler *compiler)
{
	bool closed = compiler->lines != NULL ? skip_lines(compiler->lines)
					      : lex_skip_comment(&compiler->lex);

	if (closed)
		return 0;
	return compile_err(
	    compiler, (uint32_t)compiler->piece.at, "'comment' is not closed with 'endcomment'");
}

int
tag_doc(struct compiler *compiler)
{
	struct lex_piece end;

	if (parse_end(compiler) < 0)
		return -1;
	if (compiler->lines != NULL || !lex_find_end(&compiler->lex, "enddoc", "doc", &end))
		return compile_err(compiler, (uint32_t)compiler->piece.at,
		    "'doc' is not closed with 'enddoc', or holds another");
	return 0;
}

int
tag_hash(struct compiler *compiler)
{
	struct str rest = compiler->piece.text;
	struct str line;

	while (str_split(&rest, '\n', &line)) {
		line = str_trim(line);
		if (line.n > 0 && line.p[0] != '#')
			return compile_err(compiler, (uint32_t)compiler->piece.at,
			    "each line of a '#' comment begins with '#'");
	}
	return 0;
}

/* One tag a line, without delimiters. Blocks end where they began. */
static int
run_lines(struct compiler *compiler, struct str lines)
{
	struct str *outer = compiler->lines;
	struct str line;

	compiler->lines = &lines;
	while (str_split(&lines, '\n', &line)) {
		line = str_trim(line);
		if (line.n == 0)
			continue;
		compiler->piece = (struct lex_piece){.kind = LEX_TAG, .text = line};
		compiler->piece.at = (size_t)(line.p - compiler->source.p);
		scan_init(&compiler->scan, compiler->source, line);
		if (tag_run(compiler) < 0)
			return -1;
	}
	compiler->lines = outer;
	return 0;
}

int
tag_liquid(struct compiler *compiler)
{
	struct str lines = {compiler->scan.base + compiler->scan.at, 0};
	struct lex_piece piece = compiler->piece;
	guint floor = compiler->floor;
	const struct block *top;

	lines.n = (size_t)(compiler->scan.end - lines.p);
	if (++compiler->liquids > compiler->program->limits.depth)
		return compile_limit(
		    compiler, (uint32_t)piece.at, "blocks", compiler->program->limits.depth);
	compiler->floor = compiler->block->len;
	if (run_lines(compiler, lines) < 0)
		return -1;
	top = compile_top(compiler);
	if (top != NULL)
		return compile_err(compiler, top->at, "'%s' is not closed with '%s'",
		    top->tag->name, top->tag->end);
	compiler->liquids--;
	compiler->floor = floor;
	compiler->piece = piece;
	return 0;
}
