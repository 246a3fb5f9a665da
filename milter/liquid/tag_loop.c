/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tag_loop: for, tablerow, break, continue
 *
 * Threads: one at a time.
 */
#include "liquid/compile.h"

uint32_t *
loop_attribute(struct loop *loop, struct str name)
{
	if (str_is(name, "limit"))
		return &loop->limit;
	if (str_is(name, "offset"))
		return &loop->offset;
	return loop->table && str_is(name, "cols") ? &loop->cols : NULL;
}

/* A comma or nothing stands before an attribute, a colon behind its name. */
static int
parse_attribute(struct compiler *compiler, struct loop *loop)
{
	uint32_t *to;
	uint32_t ignored;

	parse_take(compiler, TOKEN_COMMA);
	to = loop_attribute(loop, compiler->scan.text);
	if (loop->table && str_is(compiler->scan.text, "range"))
		to = &ignored;
	if (to != NULL)
		scan_next(&compiler->scan);
	else
		return compile_expected(
		    compiler, loop->table ? "'cols', 'limit' or 'offset'" : "'limit' or 'offset'");
	if (!parse_take(compiler, TOKEN_COLON))
		return compile_expected(compiler, "':'");
	if (to == &loop->offset && !loop->table && parse_take_word(compiler, "continue")) {
		loop->offset_continue = true;
		return 0;
	}
	return parse_expr(compiler, to);
}

static int
parse_attributes(struct compiler *compiler, struct loop *loop)
{
	loop->reversed = !loop->table && parse_take_word(compiler, "reversed");
	while (compiler->scan.token == TOKEN_COMMA || compiler->scan.token == TOKEN_ID) {
		if (parse_attribute(compiler, loop) < 0)
			return -1;
	}
	return parse_end(compiler);
}

void
loop_set_name(struct compiler *compiler, struct loop *loop, struct str name, struct str list)
{
	loop->slot = compile_slot(compiler, name);
	loop->name = compile_keep(compiler, name, STR("-"));
	loop->name = compile_keep(compiler, loop->name, list);
	/* Loops of the same name share the place where offset:continue goes on. */
	loop->resume = names_add(&compiler->program->resumes, loop->name);
}

/* NAME in COLLECTION */
static int
parse_walk(struct compiler *compiler, struct loop *loop)
{
	struct str name = compiler->scan.text;
	const char *begin;
	const char *end;

	if (compiler->scan.token != TOKEN_ID)
		return compile_expected(compiler, "the name of the loop's variable");
	scan_next(&compiler->scan);
	if (!parse_take_word(compiler, "in"))
		return compile_expected(compiler, "'in'");
	begin = compiler->scan.base + compiler->scan.at;
	if (parse_expr(compiler, &loop->collection) < 0)
		return -1;
	end = compiler->scan.base + compiler->scan.at;
	while (end > begin && lex_is_space(end[-1]))
		end--;
	loop_set_name(compiler, loop, name, (struct str){begin, (size_t)(end - begin)});
	return 0;
}

static int
parse_loop(struct compiler *compiler, struct loop *loop)
{
	const struct loop fresh = *loop;
	struct attempt attempt;
	int ret;

	attempt_begin(compiler, &attempt);
	ret = parse_walk(compiler, loop);
	if (ret == 0)
		ret = parse_attributes(compiler, loop);
	if (!attempt_failed(compiler, &attempt, ret))
		return ret;
	*loop = fresh;
	return attempt_end(compiler, &attempt, lax_loop(compiler, attempt.markup, loop));
}

static int
open_loop(struct compiler *compiler, bool table)
{
	struct loop loop = {
	    .limit = PROGRAM_NONE, .offset = PROGRAM_NONE, .cols = PROGRAM_NONE, .table = table};
	struct unit *unit = &compiler->program->unit[compiler->unit];
	struct block *block = compile_top(compiler);

	if (parse_loop(compiler, &loop) < 0)
		return -1;
	loop.level = compiler->loops++;
	if (compiler->loops > unit->loop_levels)
		unit->loop_levels = compiler->loops;
	g_array_append_val(compiler->loop, loop);
	block->item = compiler->loop->len - 1;
	compile_emit(compiler, OP_FOR, block->item, 0);
	block->begin = compile_here(compiler);
	return 0;
}

int
tag_open_for(struct compiler *compiler)
{
	return open_loop(compiler, false);
}

int
tag_open_tablerow(struct compiler *compiler)
{
	return open_loop(compiler, true);
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

int
tag_else_for(struct compiler *compiler, struct block *block)
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

int
tag_close_loop(struct compiler *compiler, struct block *block)
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

void
tag_interrupt(struct compiler *compiler, bool ends)
{
	uint32_t jump;

	for (guint i = compiler->block->len; i-- > 0;) {
		struct block *block = &g_array_index(compiler->block, struct block, i);

		if (block->tag->loop && !block->had_else) {
			if (ends)
				leave_block(compiler, block);
			jump = compile_emit(compiler, OP_JUMP, 0, 0);
			g_array_append_val(ends ? block->ends : block->nexts, jump);
			return;
		}
		leave_block(compiler, block);
	}
	compile_emit(compiler, OP_BREAK_OUT, ends, 0);
}

int
tag_break(struct compiler *compiler)
{
	tag_interrupt(compiler, true);
	return parse_end(compiler);
}

int
tag_continue(struct compiler *compiler)
{
	tag_interrupt(compiler, false);
	return parse_end(compiler);
}
