/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tag: what the tags mean
 *
 * One row of a table per tag. A block's jumps are collected while it is open and
 * patched when the place they lead to is reached.
 *
 * Threads: one at a time.
 */
#include "liquid/compile.h"

static int
add_ends_jump(struct compiler *compiler, struct block *block)
{
	uint32_t jump = compile_emit(compiler, OP_JUMP, 0, 0);

	g_array_append_val(block->ends, jump);
	compile_land_all(compiler, block->falses);
	return 0;
}

static int
close_branches(struct compiler *compiler, struct block *block)
{
	compile_land_all(compiler, block->falses);
	compile_land_all(compiler, block->ends);
	return 0;
}

/* if, unless */

static int
open_if(struct compiler *compiler)
{
	return parse_condition(compiler, false, compile_top(compiler)->falses);
}

static int
open_unless(struct compiler *compiler)
{
	return parse_condition(compiler, true, compile_top(compiler)->falses);
}

static int
run_elsif(struct compiler *compiler)
{
	struct block *block = compile_top(compiler);

	if (block == NULL ||
	    (!str_is(str_c(block->tag->name), "if") && !str_is(str_c(block->tag->name), "unless")))
		return compile_err(compiler, (uint32_t)compiler->piece.at,
		    "'elsif' stands outside of 'if' and 'unless'");
	add_ends_jump(compiler, block);
	return parse_condition(compiler, false, block->falses);
}

/* for */

static int
parse_attribute(struct compiler *compiler, struct loop *loop)
{
	uint32_t at = compiler->scan.at;
	bool limit = parse_take_word(compiler, "limit");

	if (!limit && !parse_take_word(compiler, "offset"))
		return compile_err(compiler, at, "expected 'limit' or 'offset', found '%.*s'",
		    STR_F(compiler->scan.text));
	if (!parse_take(compiler, TOKEN_COLON))
		return compile_expected(compiler, "':'");
	if (!limit && parse_take_word(compiler, "continue")) {
		loop->offset_continue = true;
		return 0;
	}
	return parse_expr(compiler, limit ? &loop->limit : &loop->offset);
}

static int
parse_attributes(struct compiler *compiler, struct loop *loop)
{
	loop->reversed = parse_take_word(compiler, "reversed");
	while (compiler->scan.token == TOKEN_COMMA || compiler->scan.token == TOKEN_ID) {
		parse_take(compiler, TOKEN_COMMA);
		if (parse_attribute(compiler, loop) < 0)
			return -1;
	}
	return parse_end(compiler);
}

/* Loops of the same variable over the same words share the place where
 * offset:continue goes on. */
static uint32_t
resume_number(struct compiler *compiler, struct str name)
{
	for (guint i = 0; i < compiler->resume->len; i++) {
		if (str_eq(g_array_index(compiler->resume, struct str, i), name))
			return i;
	}
	g_array_append_val(compiler->resume, name);
	return compiler->resume->len - 1;
}

static int
open_for(struct compiler *compiler)
{
	struct loop loop = {.limit = PROGRAM_NONE, .offset = PROGRAM_NONE};
	struct liquid_program *program = compiler->program;
	struct block *block = compile_top(compiler);
	const char *begin;
	const char *end;

	if (compiler->scan.token != TOKEN_ID)
		return compile_expected(compiler, "the name of the loop's variable");
	begin = compiler->scan.text.p;
	loop.slot = compile_slot(compiler, compiler->scan.text);
	scan_next(&compiler->scan);
	if (!parse_take_word(compiler, "in"))
		return compile_expected(compiler, "'in'");
	if (parse_expr(compiler, &loop.collection) < 0)
		return -1;
	end = compiler->scan.base + compiler->scan.at;
	while (end > begin && lex_is_space(end[-1]))
		end--;
	loop.name = (struct str){begin, (size_t)(end - begin)};
	loop.resume = resume_number(compiler, loop.name);
	if (parse_attributes(compiler, &loop) < 0)
		return -1;
	loop.level = compiler->loops++;
	if (compiler->loops > program->loop_levels)
		program->loop_levels = compiler->loops;
	g_array_append_val(compiler->loop, loop);
	block->item = compiler->loop->len - 1;
	compile_emit(compiler, OP_FOR, block->item, 0);
	block->begin = compile_here(compiler);
	return 0;
}

/* What stands after the last turn; the jump over an else, if there is one, follows. */
static void
end_turns(struct compiler *compiler, struct block *block)
{
	compile_land_all(compiler, block->nexts);
	compile_emit(compiler, OP_NEXT, block->item, block->begin);
	compile_land_all(compiler, block->ends);
	compile_emit(compiler, OP_FOR_END, block->item, 0);
	compiler->loops--;
}

static int
else_for(struct compiler *compiler, struct block *block)
{
	uint32_t jump;

	if (block->had_else)
		return compile_err(
		    compiler, (uint32_t)compiler->piece.at, "'for' has a second 'else'");
	end_turns(compiler, block);
	jump = compile_emit(compiler, OP_JUMP, 0, 0);
	g_array_append_val(block->ends, jump);
	compile_land(compiler, block->begin - 1);
	g_array_index(compiler->loop, struct loop, block->item).has_else = true;
	return 0;
}

static int
close_for(struct compiler *compiler, struct block *block)
{
	if (block->had_else) {
		compile_land_all(compiler, block->ends);
		return 0;
	}
	end_turns(compiler, block);
	compile_land(compiler, block->begin - 1);
	return 0;
}

/* capture, ifchanged: what is open inside of the loop is ended first, as it would have
 * been at its end tag. */
static void
leave_block(struct compiler *compiler, const struct block *block)
{
	if (block->tag->leave != 0)
		compile_emit(compiler, block->tag->leave, block->item, block->item2);
}

static int
interrupt(struct compiler *compiler, bool ends)
{
	uint32_t jump;

	for (guint i = compiler->block->len; i-- > 0;) {
		struct block *block = &g_array_index(compiler->block, struct block, i);

		if (block->tag->loop && !block->had_else) {
			jump = compile_emit(compiler, OP_JUMP, 0, 0);
			g_array_append_val(ends ? block->ends : block->nexts, jump);
			return parse_end(compiler);
		}
		leave_block(compiler, block);
	}
	compile_emit(compiler, OP_END, 0, 0);
	return parse_end(compiler);
}

static int
run_break(struct compiler *compiler)
{
	return interrupt(compiler, true);
}

static int
run_continue(struct compiler *compiler)
{
	return interrupt(compiler, false);
}

/* case */

static int
open_case(struct compiler *compiler)
{
	struct liquid_program *program = compiler->program;
	struct block *block = compile_top(compiler);
	uint32_t expr, jump;

	if (parse_expr(compiler, &expr) < 0 || parse_end(compiler) < 0)
		return -1;
	block->item = compiler->cases++;
	if (compiler->cases > program->case_levels)
		program->case_levels = compiler->cases;
	compile_emit(compiler, OP_CASE, block->item, expr);
	jump = compile_emit(compiler, OP_JUMP, 0, 0);
	g_array_append_val(block->falses, jump);
	return 0;
}

/* Each body that matches runs, once for each value that matches. */
static void
end_when(struct compiler *compiler, struct block *block)
{
	if (block->had_when)
		compile_emit(compiler, OP_WHEN_NEXT, block->item, block->begin);
	block->had_when = false;
	compile_land_all(compiler, block->falses);
}

static int
parse_when(struct compiler *compiler, struct when *when)
{
	GArray *args = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	uint32_t expr;
	int ret;

	do {
		ret = parse_expr(compiler, &expr);
		g_array_append_val(args, expr);
	} while (
	    ret == 0 && (parse_take(compiler, TOKEN_COMMA) || parse_take_word(compiler, "or")));
	when->arg = compiler->arg->len;
	when->args = args->len;
	g_array_append_vals(compiler->arg, args->data, args->len);
	g_array_free(args, TRUE);
	return ret < 0 ? -1 : parse_end(compiler);
}

static int
run_when(struct compiler *compiler)
{
	struct block *block = compile_top(compiler);
	struct when when;
	uint32_t jump;

	if (block == NULL || !str_is(str_c(block->tag->name), "case"))
		return compile_err(
		    compiler, (uint32_t)compiler->piece.at, "'when' stands outside of 'case'");
	if (parse_when(compiler, &when) < 0)
		return -1;
	end_when(compiler, block);
	when.level = block->item;
	g_array_append_val(compiler->when, when);
	jump = compile_emit(compiler, OP_WHEN, compiler->when->len - 1, 0);
	g_array_append_val(block->falses, jump);
	block->begin = compile_here(compiler);
	block->had_when = true;
	return 0;
}

static int
else_case(struct compiler *compiler, struct block *block)
{
	uint32_t jump;

	end_when(compiler, block);
	jump = compile_emit(compiler, OP_CASE_ELSE, block->item, 0);
	g_array_append_val(block->falses, jump);
	return 0;
}

static int
close_case(struct compiler *compiler, struct block *block)
{
	end_when(compiler, block);
	compiler->cases--;
	return 0;
}

static int
run_else(struct compiler *compiler)
{
	struct block *block = compile_top(compiler);
	int ret;

	if (block == NULL || block->tag->otherwise == NULL)
		return compile_err(compiler, (uint32_t)compiler->piece.at,
		    "'else' stands outside of 'if', 'unless', 'case' and 'for'");
	if (parse_end(compiler) < 0)
		return -1;
	ret = block->tag->otherwise(compiler, block);
	block->had_else = true;
	return ret;
}

/* assign, capture */

static int
run_assign(struct compiler *compiler)
{
	uint32_t chain, slot;

	if (compiler->scan.token != TOKEN_ID && compiler->scan.token != TOKEN_NUMBER)
		return compile_expected(compiler, "the name of a variable");
	slot = compile_slot(compiler, compiler->scan.text);
	scan_next(&compiler->scan);
	if (!parse_take(compiler, TOKEN_ASSIGN))
		return compile_expected(compiler, "'='");
	if (parse_chain(compiler, &chain) < 0 || parse_end(compiler) < 0)
		return -1;
	compile_emit(compiler, OP_ASSIGN, chain, slot);
	return 0;
}

static int
open_capture(struct compiler *compiler)
{
	struct liquid_program *program = compiler->program;
	struct block *block = compile_top(compiler);

	if (compiler->scan.token != TOKEN_ID && compiler->scan.token != TOKEN_STRING &&
	    compiler->scan.token != TOKEN_NUMBER)
		return compile_expected(compiler, "the name of a variable");
	block->item2 = compile_slot(compiler, compiler->scan.text);
	scan_next(&compiler->scan);
	if (parse_end(compiler) < 0)
		return -1;
	block->item = compiler->captures++;
	if (compiler->captures > program->capture_levels)
		program->capture_levels = compiler->captures;
	compile_emit(compiler, OP_CAPTURE, block->item, 0);
	return 0;
}

static int
close_capture(struct compiler *compiler, struct block *block)
{
	compiler->captures--;
	compile_emit(compiler, OP_CAPTURE_END, block->item, block->item2);
	return 0;
}

/* comment, raw, # */

/* The tag's first word, in the sense of {% word. */
static struct str
piece_word(const struct lex_piece *piece)
{
	struct scan scan;

	if (piece->kind != LEX_TAG)
		return STR_NONE;
	scan_init(&scan, piece->text, piece->text);
	return scan.token == TOKEN_ID ? scan.text : STR_NONE;
}

/* Where {% endraw %} stands, from the lexer's place on. The piece covers the tag. */
static bool
find_endraw(struct lex *lex, struct lex_piece *piece_r)
{
	for (size_t at = lex->at; at + 1 < lex->source.n; at++) {
		struct lex here = {.source = lex->source, .at = at};

		if (lex->source.p[at] != '{' || lex->source.p[at + 1] != '%')
			continue;
		*piece_r = lex_next(&here);
		if (piece_r->kind == LEX_BAD_TAG)
			return false;
		if (str_is(str_trim(piece_r->text), "endraw")) {
			lex->at = here.at;
			lex->trim = here.trim;
			return true;
		}
	}
	return false;
}

static int
run_raw(struct compiler *compiler)
{
	struct lex_piece end;
	size_t begin = compiler->lex.at;
	struct str text;

	if (parse_end(compiler) < 0)
		return -1;
	if (!find_endraw(&compiler->lex, &end))
		return compile_err(
		    compiler, (uint32_t)compiler->piece.at, "'raw' is not closed with 'endraw'");
	text = (struct str){compiler->program->source.p + begin, end.at - begin};
	compile_text(compiler, text, true);
	return 0;
}

static int
run_comment(struct compiler *compiler)
{
	uint32_t at = (uint32_t)compiler->piece.at;
	struct lex_piece piece;
	int depth = 1;

	while (depth > 0) {
		struct str word;

		piece = lex_next(&compiler->lex);
		if (piece.kind == LEX_BAD_OUTPUT || piece.kind == LEX_BAD_TAG)
			compiler->lex.at += 2;
		word = piece_word(&piece);
		if (str_is(word, "comment"))
			depth++;
		else if (str_is(word, "endcomment"))
			depth--;
		else if (piece.kind == LEX_END ||
		    (str_is(word, "raw") && !find_endraw(&compiler->lex, &piece)))
			return compile_err(
			    compiler, at, "'comment' is not closed with 'endcomment'");
	}
	return 0;
}

static int
run_hash(struct compiler *compiler)
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

/* abort */

static int
run_abort(struct compiler *compiler)
{
	uint32_t chain = PROGRAM_NONE;

	if (compiler->scan.token != TOKEN_END && parse_chain(compiler, &chain) < 0)
		return -1;
	compile_emit(compiler, OP_ABORT, chain, 0);
	return parse_end(compiler);
}

static const struct tag tags[] = {
    {.name = "abort", .open = run_abort, .blank = true},
    {.name = "assign", .open = run_assign, .blank = true},
    {.name = "break", .open = run_break},
    {.name = "capture",
	.end = "endcapture",
	.open = open_capture,
	.close = close_capture,
	.leave = OP_CAPTURE_END,
	.blank = true},
    {.name = "case",
	.end = "endcase",
	.open = open_case,
	.otherwise = else_case,
	.close = close_case,
	.blank_texts = true},
    {.name = "comment", .open = run_comment, .blank = true},
    {.name = "continue", .open = run_continue},
    {.name = "else", .open = run_else, .blank = true},
    {.name = "elsif", .open = run_elsif, .blank = true},
    {.name = "for",
	.end = "endfor",
	.open = open_for,
	.otherwise = else_for,
	.close = close_for,
	.loop = true,
	.blank_texts = true},
    {.name = "if",
	.end = "endif",
	.open = open_if,
	.otherwise = add_ends_jump,
	.close = close_branches,
	.blank_texts = true},
    {.name = "raw", .open = run_raw, .blank = true},
    {.name = "unless",
	.end = "endunless",
	.open = open_unless,
	.otherwise = add_ends_jump,
	.close = close_branches,
	.blank_texts = true},
    {.name = "when", .open = run_when, .blank = true},
};

static const struct tag *
find_tag(struct str name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(tags); i++) {
		if (str_is(name, tags[i].name))
			return &tags[i];
	}
	return NULL;
}

static int
unknown_tag(struct compiler *compiler, struct str name)
{
	const struct block *top = compile_top(compiler);
	uint32_t at = (uint32_t)compiler->piece.at;

	if (top != NULL && str_starts(name, STR("end")))
		return compile_err(
		    compiler, at, "expected '%s', found '%.*s'", top->tag->end, STR_F(name));
	return compile_err(compiler, at, "there is no tag '%.*s'", STR_F(name));
}

int
tag_run(struct compiler *compiler)
{
	const struct block *top = compile_top(compiler);
	struct str name = compiler->scan.text;
	const struct tag *tag;

	if (compiler->scan.token == TOKEN_BAD && str_is(name, "#"))
		return run_hash(compiler);
	if (compiler->scan.token != TOKEN_ID)
		return compile_expected(compiler, "the name of a tag");
	scan_next(&compiler->scan);
	if (top != NULL && str_is(name, top->tag->end))
		return parse_end(compiler) < 0 ? -1 : compile_close(compiler);
	tag = find_tag(name);
	if (tag == NULL)
		return unknown_tag(compiler, name);
	if (tag->end != NULL && compile_open(compiler, tag) < 0)
		return -1;
	if (tag->end == NULL && !tag->blank)
		compile_seen(compiler);
	return tag->open(compiler);
}
