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

/* case */

static int
parse_subject(struct compiler *compiler, uint32_t *expr_r)
{
	struct attempt attempt;
	int ret;

	attempt_begin(compiler, &attempt);
	ret = parse_expr(compiler, expr_r);
	if (ret == 0)
		ret = parse_end(compiler);
	if (!attempt_failed(compiler, &attempt, ret))
		return ret;
	return attempt_end(compiler, &attempt, lax_value(compiler, attempt.markup, expr_r));
}

static int
open_case(struct compiler *compiler)
{
	struct unit *unit = &compiler->program->unit[compiler->unit];
	struct block *block = compile_top(compiler);
	uint32_t expr, jump;

	if (parse_subject(compiler, &expr) < 0)
		return -1;
	block->item = compiler->cases++;
	if (compiler->cases > unit->case_levels)
		unit->case_levels = compiler->cases;
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
parse_values(struct compiler *compiler, GArray *args)
{
	uint32_t expr;

	do {
		if (parse_expr(compiler, &expr) < 0)
			return -1;
		g_array_append_val(args, expr);
	} while (parse_take(compiler, TOKEN_COMMA) || parse_take_word(compiler, "or"));
	return parse_end(compiler);
}

static int
parse_when(struct compiler *compiler, struct when *when)
{
	GArray *args = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	struct attempt attempt;
	int ret;

	attempt_begin(compiler, &attempt);
	ret = parse_values(compiler, args);
	if (attempt_failed(compiler, &attempt, ret)) {
		g_array_set_size(args, 0);
		ret = attempt_end(
		    compiler, &attempt, lax_values(compiler, attempt.markup, true, args));
	}
	when->arg = compiler->arg->len;
	when->args = args->len;
	g_array_append_vals(compiler->arg, args->data, args->len);
	g_array_free(args, TRUE);
	return ret;
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
	if (parse_whole_chain(compiler, &chain) < 0)
		return -1;
	compile_emit(compiler, OP_ASSIGN, chain, slot);
	return 0;
}

uint32_t
tag_take_capture(struct compiler *compiler)
{
	struct unit *unit = &compiler->program->unit[compiler->unit];

	if (++compiler->captures > unit->capture_levels)
		unit->capture_levels = compiler->captures;
	return compiler->captures - 1;
}

static int
open_capture(struct compiler *compiler)
{
	struct block *block = compile_top(compiler);

	if (compiler->scan.token != TOKEN_ID && compiler->scan.token != TOKEN_STRING &&
	    compiler->scan.token != TOKEN_NUMBER)
		return compile_expected(compiler, "the name of a variable");
	block->item2 = compile_slot(compiler, compiler->scan.text);
	scan_next(&compiler->scan);
	if (parse_end(compiler) < 0)
		return -1;
	block->item = tag_take_capture(compiler);
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

/* increment, decrement, cycle, ifchanged */

static int
run_count(struct compiler *compiler, enum op op)
{
	struct str rest = {compiler->scan.base + compiler->scan.at, 0};
	uint32_t slot;

	rest.n = (size_t)(compiler->scan.end - rest.p);
	if (compiler->lax) { /* whatever stands there is the name */
		compile_emit(
		    compiler, op, compile_slot(compiler, str_trim(lex_trim_right(rest))), 0);
		return 0;
	}
	if (compiler->scan.token != TOKEN_ID)
		return compile_expected(compiler, "the name of a counter");
	slot = compile_slot(compiler, compiler->scan.text);
	scan_next(&compiler->scan);
	compile_emit(compiler, op, slot, 0);
	return parse_end(compiler);
}

static int
run_increment(struct compiler *compiler)
{
	return run_count(compiler, OP_INCREMENT);
}

static int
run_decrement(struct compiler *compiler)
{
	return run_count(compiler, OP_DECREMENT);
}

/* A nameless cycle goes on where another with the same literals stopped; one with
 * variables is alone. */
static struct str
cycle_key(struct compiler *compiler, const GArray *args)
{
	GString *key = g_string_new(NULL);
	struct str kept;

	for (guint i = 0; i < args->len; i++) {
		const struct expr *expr =
		    &g_array_index(compiler->expr, struct expr, g_array_index(args, uint32_t, i));

		if (expr->kind == EXPR_LITERAL)
			g_string_append_len(key, expr->text.p, (gssize)expr->text.n);
		else
			g_string_append_printf(key, "%u", compile_here(compiler));
		g_string_append_c(key, ',');
	}
	kept = compile_keep(compiler, (struct str){key->str, key->len}, STR(""));
	g_string_free(key, TRUE);
	return kept;
}

static int
parse_cycle(struct compiler *compiler, struct cycle *cycle, GArray *args)
{
	uint32_t expr;

	if (parse_expr(compiler, &expr) < 0)
		return -1;
	if (parse_take(compiler, TOKEN_COLON)) {
		cycle->name = expr;
		if (parse_expr(compiler, &expr) < 0)
			return -1;
	}
	g_array_append_val(args, expr);
	while (parse_take(compiler, TOKEN_COMMA) && compiler->scan.token != TOKEN_END) {
		if (parse_expr(compiler, &expr) < 0)
			return -1;
		g_array_append_val(args, expr);
	}
	return parse_end(compiler);
}

static int
run_cycle(struct compiler *compiler)
{
	GArray *args = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	struct cycle cycle = {.name = PROGRAM_NONE};
	struct attempt attempt;
	int ret;

	attempt_begin(compiler, &attempt);
	ret = parse_cycle(compiler, &cycle, args);
	if (attempt_failed(compiler, &attempt, ret)) {
		cycle.name = PROGRAM_NONE;
		g_array_set_size(args, 0);
		ret = attempt_end(
		    compiler, &attempt, lax_cycle(compiler, attempt.markup, &cycle.name, args));
	}
	if (ret == 0 && cycle.name == PROGRAM_NONE)
		cycle.key = cycle_key(compiler, args);
	cycle.arg = compiler->arg->len;
	cycle.args = args->len;
	g_array_append_vals(compiler->arg, args->data, args->len);
	g_array_free(args, TRUE);
	g_array_append_val(compiler->cycle, cycle);
	compile_emit(compiler, OP_CYCLE, compiler->cycle->len - 1, 0);
	return ret;
}

static int
open_ifchanged(struct compiler *compiler)
{
	struct block *block = compile_top(compiler);

	block->item = tag_take_capture(compiler);
	compile_emit(compiler, OP_IFCHANGED, block->item, 0);
	return parse_end(compiler);
}

static int
close_ifchanged(struct compiler *compiler, struct block *block)
{
	compiler->captures--;
	compile_emit(compiler, OP_IFCHANGED_END, block->item, 0);
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
    {.name = "break", .open = tag_break},
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
    {.name = "comment", .open = tag_comment, .blank = true},
    {.name = "continue", .open = tag_continue},
    {.name = "cycle", .open = run_cycle},
    {.name = "decrement", .open = run_decrement},
    {.name = "doc", .open = tag_doc, .blank = true},
    {.name = "echo", .open = compile_output},
    {.name = "else", .open = run_else, .blank = true},
    {.name = "elsif", .open = run_elsif, .blank = true},
    {.name = "for",
	.end = "endfor",
	.open = tag_open_for,
	.otherwise = tag_else_for,
	.close = tag_close_loop,
	.loop = true,
	.blank_texts = true},
    {.name = "if",
	.end = "endif",
	.open = open_if,
	.otherwise = add_ends_jump,
	.close = close_branches,
	.blank_texts = true},
    {.name = "ifchanged",
	.end = "endifchanged",
	.open = open_ifchanged,
	.close = close_ifchanged,
	.leave = OP_IFCHANGED_END},
    {.name = "include", .open = tag_include},
    {.name = "increment", .open = run_increment},
    {.name = "layout", .open = tag_layout, .blank = true},
    {.name = "liquid", .open = tag_liquid, .blank = true},
    {.name = "raw", .open = tag_raw, .blank = true},
    {.name = "render", .open = tag_render},
    {.name = "tablerow",
	.end = "endtablerow",
	.open = tag_open_tablerow,
	.close = tag_close_loop,
	.leave = OP_CELL_END,
	.loop = true},
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

const char *
liquid_tag_name(size_t number)
{
	return number < G_N_ELEMENTS(tags) ? tags[number].name : NULL;
}

bool
tag_is_known(struct str name)
{
	return find_tag(name) != NULL || str_starts(name, STR("end"));
}

static const struct tag *
find_extension(const struct compiler *compiler, struct str name)
{
	for (size_t i = 0; compiler->extensions != NULL && i < compiler->extensions->tags; i++) {
		if (str_is(name, compiler->extension_tag[i].name))
			return &compiler->extension_tag[i];
	}
	return NULL;
}

static bool
is_end(struct str name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(tags); i++) {
		if (tags[i].end != NULL && str_is(name, tags[i].end))
			return true;
	}
	return false;
}

static int
unknown_tag(struct compiler *compiler, struct str name)
{
	const struct block *top = compile_top(compiler);
	uint32_t at = (uint32_t)compiler->piece.at;

	if (top != NULL && is_end(name))
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
		return tag_hash(compiler);
	if (compiler->scan.token != TOKEN_ID)
		return compile_expected(compiler, "the name of a tag");
	scan_next(&compiler->scan);
	if (top != NULL && str_is(name, top->tag->end))
		return parse_end(compiler) < 0 ? -1 : compile_close(compiler);
	tag = find_tag(name);
	if (tag == NULL)
		tag = find_extension(compiler, name);
	if (tag == NULL)
		return unknown_tag(compiler, name);
	if (tag->end != NULL && compile_open(compiler, tag) < 0)
		return -1;
	if (tag->end == NULL && !tag->blank)
		compile_seen(compiler);
	return tag->extension != NULL ? tag_extension(compiler, tag) : tag->open(compiler);
}
