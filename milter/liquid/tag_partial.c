/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tag_partial: render, include and layout
 *
 * Threads: one at a time.
 */
#include "liquid/compile.h"

/* name: value, name: value */
static int
parse_binds(struct compiler *compiler, GArray *binds)
{
	struct bind bind;

	for (;;) {
		while (compiler->lax && compiler->scan.token == TOKEN_BAD)
			scan_next(&compiler->scan);
		parse_take(compiler, TOKEN_COMMA);
		if (compiler->scan.token != TOKEN_ID)
			return compiler->lax ? 0 : parse_end(compiler);
		bind.slot = compile_slot(compiler, compiler->scan.text);
		scan_next(&compiler->scan);
		if (!parse_take(compiler, TOKEN_COLON))
			return compile_expected(compiler, "':'");
		if (parse_expr(compiler, &bind.expr) < 0)
			return -1;
		g_array_append_val(binds, bind);
	}
}

/* [with VALUE | for LIST] [as NAME] */
static int
parse_with(struct compiler *compiler, struct call *call)
{
	call->walks = parse_take_word(compiler, "for");
	if ((call->walks || parse_take_word(compiler, "with")) &&
	    parse_expr(compiler, &call->with) < 0)
		return -1;
	if (!parse_take_word(compiler, "as"))
		return 0;
	if (compiler->scan.token != TOKEN_ID)
		return compile_expected(compiler, "the name of a variable");
	call->bind_slot = compile_slot(compiler, compiler->scan.text);
	scan_next(&compiler->scan);
	return 0;
}

static int
parse_call(struct compiler *compiler, struct call *call)
{
	GArray *binds;
	int ret;

	if (parse_with(compiler, call) < 0)
		return -1;
	binds = g_array_new(FALSE, FALSE, sizeof(struct bind));
	ret = parse_binds(compiler, binds);
	call->bind = compiler->bind->len;
	call->binds = binds->len;
	g_array_append_vals(compiler->bind, binds->data, binds->len);
	g_array_free(binds, TRUE);
	return ret;
}

/* The call, and where it goes on when the partial breaks or continues the loop around. */
static void
emit_call(struct compiler *compiler, struct call call)
{
	uint32_t over;

	compile_emit(compiler, OP_CALL, compiler->call->len, 0);
	if (call.include) {
		over = compile_emit(compiler, OP_JUMP, 0, 0);
		call.break_at = compile_here(compiler);
		tag_interrupt(compiler, true);
		call.continue_at = compile_here(compiler);
		tag_interrupt(compiler, false);
		compile_land(compiler, over);
	}
	g_array_append_val(compiler->call, call);
}

static int
open_call(struct compiler *compiler, bool include)
{
	struct call call = {.include = include,
	    .unit = PROGRAM_NONE,
	    .with = PROGRAM_NONE,
	    .bind_slot = PROGRAM_NONE};
	bool literal = compiler->scan.token == TOKEN_STRING;
	struct str name = compiler->scan.text;
	uint32_t at = compiler->scan.at;

	if (!literal && !include)
		return compile_expected(compiler, "the name of a partial, in quotes");
	if (parse_expr(compiler, &call.name) < 0 || parse_call(compiler, &call) < 0)
		return -1;
	if (literal ? compile_partial(compiler, at, name, &call.unit) < 0
		    : compile_all_partials(compiler, at) < 0)
		return -1;
	emit_call(compiler, call);
	return 0;
}

int
tag_include(struct compiler *compiler)
{
	return open_call(compiler, true);
}

int
tag_render(struct compiler *compiler)
{
	return open_call(compiler, false);
}

/* Has the unit printed anything yet? White space in front of a layout is dropped. */
static bool
has_printed(struct compiler *compiler)
{
	for (uint32_t i = compiler->entry; i < compile_here(compiler); i++) {
		struct insn *insn = compile_insn(compiler, i);
		struct str text = {compiler->source.p + insn->a, insn->b};

		if (insn->op == OP_TEXT && lex_trim_right(text).n == 0)
			insn->b = 0;
		else if (insn->op != OP_ASSIGN)
			return true;
	}
	return false;
}

int
tag_layout(struct compiler *compiler)
{
	uint32_t at = compiler->scan.at;
	struct str name = compiler->scan.text;

	if (parse_take_word(compiler, "none"))
		return parse_end(compiler);
	if (!parse_take(compiler, TOKEN_STRING))
		return compile_expected(compiler, "the name of a partial, in quotes, or none");
	if (parse_end(compiler) < 0)
		return -1;
	if (compiler->layout != PROGRAM_NONE || compiler->block->len > 0 || has_printed(compiler))
		return compile_err(compiler, (uint32_t)compiler->piece.at,
		    "'layout' stands once, in front of everything that is printed");
	if (compile_partial(compiler, at, name, &compiler->layout) < 0)
		return -1;
	compiler->layout_at = compiler->piece.at;
	compiler->layout_level = tag_take_capture(compiler);
	compile_emit(compiler, OP_CAPTURE, compiler->layout_level, 0);
	return 0;
}

void
tag_layout_end(struct compiler *compiler)
{
	uint32_t slot = compile_slot(compiler, STR("content_for_layout"));
	struct expr nothing = {.kind = EXPR_LITERAL, .literal = {.type = LIQUID_NIL}};
	struct call call = {.include = true, .layout = true, .unit = compiler->layout};

	/* It is about nothing, so that no variable of its name is taken for its subject. */
	call.with = parse_add_expr(compiler, nothing);
	call.bind_slot = compile_slot(compiler, STR(""));
	compiler->piece.at = compiler->layout_at;
	compiler->captures--;
	compile_emit(compiler, OP_CAPTURE_END, compiler->layout_level, slot);
	emit_call(compiler, call);
}
