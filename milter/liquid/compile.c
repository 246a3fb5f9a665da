/* SPDX-License-Identifier: BSD-2-Clause
 *
 * compile: template source into a program
 *
 * Threads: one at a time.
 */
#include "liquid/compile.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Offsets are 32 bits wide. */
#define SOURCE_MAX ((size_t)1 << 30)

int
program_err(const struct liquid_program *program, uint32_t unit, uint32_t at, struct err *err,
    enum err_code code, const char *format, ...)
{
	struct str name = program->unit[unit].name;
	struct str source = program->unit[unit].source;
	const struct origin *origin = program->unit[unit].origin;
	unsigned line, column;
	char text[ERR_TEXT_MAX];
	va_list args;

	if (origin == NULL)
		origin_place(source, at, &line, &column);
	else
		origin_place(origin_source(origin), origin_of(origin, at), &line, &column);
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	return err_set_at(err, code, name, line, column, text);
}

int
compile_err(struct compiler *compiler, uint32_t at, const char *format, ...)
{
	char text[ERR_TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	return program_err(
	    compiler->program, compiler->unit, at, compiler->err, ERR_TEMPLATE, "%s", text);
}

int
compile_limit(struct compiler *compiler, uint32_t at, const char *what, int limit)
{
	return program_err(compiler->program, compiler->unit, at, compiler->err, ERR_LIMIT,
	    "%s are nested more than %d deep", what, limit);
}

uint32_t
compile_here(const struct compiler *compiler)
{
	return compiler->insn->len;
}

uint32_t
compile_emit(struct compiler *compiler, enum op op, uint32_t a, uint32_t b)
{
	struct insn insn = {.op = op, .a = a, .b = b, .at = (uint32_t)compiler->piece.at};

	g_array_append_val(compiler->insn, insn);
	return compiler->insn->len - 1;
}

struct insn *
compile_insn(struct compiler *compiler, uint32_t number)
{
	return &g_array_index(compiler->insn, struct insn, number);
}

void
compile_land(struct compiler *compiler, uint32_t number)
{
	compile_insn(compiler, number)->b = compile_here(compiler);
}

uint32_t
compile_slot(struct compiler *compiler, struct str name)
{
	return names_add(&compiler->program->slots, name);
}

struct str
compile_keep(struct compiler *compiler, struct str a, struct str b)
{
	char *p = g_malloc(a.n + b.n + 1);
	struct str kept = {NULL, a.n + b.n};

	memcpy(p, a.p, a.n);
	memcpy(p + a.n, b.p, b.n);
	kept.p = g_string_chunk_insert_len(compiler->program->text, p, (gssize)kept.n);
	g_free(p);
	return kept;
}

struct block *
compile_top(struct compiler *compiler)
{
	if (compiler->block->len <= compiler->floor)
		return NULL;
	return &g_array_index(compiler->block, struct block, compiler->block->len - 1);
}

int
compile_open(struct compiler *compiler, const struct tag *tag)
{
	struct block block = {.tag = tag, .at = (uint32_t)compiler->piece.at, .blank = true};

	if (compiler->block->len >= (guint)compiler->program->limits.depth)
		return compile_limit(compiler, block.at, "blocks", compiler->program->limits.depth);
	block.falses = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	block.ends = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	block.nexts = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	block.begin = compile_here(compiler);
	g_array_append_val(compiler->block, block);
	return 0;
}

void
compile_land_all(struct compiler *compiler, GArray *jumps)
{
	for (guint i = 0; i < jumps->len; i++)
		compile_land(compiler, g_array_index(jumps, uint32_t, i));
	g_array_set_size(jumps, 0);
}

static void
free_block(struct block *block)
{
	g_array_free(block->falses, TRUE);
	g_array_free(block->ends, TRUE);
	g_array_free(block->nexts, TRUE);
}

void
compile_seen(struct compiler *compiler)
{
	guint open = compiler->block->len;

	if (open > 0)
		g_array_index(compiler->block, struct block, open - 1).blank = false;
}

/* White space of a body in which nothing else can be seen does not show either. */
static void
drop_texts(struct compiler *compiler, const struct block *block)
{
	for (uint32_t text = block->text; text != 0;) {
		struct insn *insn = compile_insn(compiler, text - 1);

		text = insn->at;
		insn->b = 0;
	}
}

int
compile_close(struct compiler *compiler)
{
	struct block block = *compile_top(compiler);
	int ret = block.tag->close(compiler, &block);

	if (block.blank && block.tag->blank_texts)
		drop_texts(compiler, &block);
	free_block(&block);
	g_array_set_size(compiler->block, compiler->block->len - 1);
	if (!block.blank && !block.tag->blank)
		compile_seen(compiler);
	return ret;
}

void
compile_text(struct compiler *compiler, struct str text, bool verbatim)
{
	struct block *top = compile_top(compiler);
	uint32_t number;

	if (text.n == 0)
		return;
	number = compile_emit(
	    compiler, OP_TEXT, (uint32_t)(text.p - compiler->source.p), (uint32_t)text.n);
	compiler->program->guess += text.n;
	if (top == NULL)
		return;
	if (verbatim || lex_trim_right(text).n > 0)
		top->blank = false;
	compile_insn(compiler, number)->at = top->text;
	top->text = number + 1;
}

int
compile_output(struct compiler *compiler)
{
	uint32_t chain;

	compile_seen(compiler);
	if (compiler->scan.token == TOKEN_END)
		return 0;
	if (parse_whole_chain(compiler, &chain) < 0)
		return -1;
	compile_emit(compiler, OP_OUTPUT, chain, 0);
	compiler->program->guess += 24;
	return 0;
}

static int
compile_tag(struct compiler *compiler)
{
	scan_init(&compiler->scan, compiler->source, compiler->piece.text);
	return tag_run(compiler);
}

static int
compile_piece(struct compiler *compiler, struct lex_piece text)
{
	uint32_t at = (uint32_t)compiler->piece.at;

	switch (compiler->piece.kind) {
	case LEX_BAD_OUTPUT:
		return compile_err(compiler, at, "'{{' is not closed with '}}'");
	case LEX_BAD_TAG:
		return compile_err(compiler, at, "'{%%' is not closed with '%%}'");
	default:
		break;
	}
	if (compiler->piece.trim_before)
		text.text = lex_trim_right(text.text);
	compile_text(compiler, text.text, false);
	switch (compiler->piece.kind) {
	case LEX_OUTPUT:
		scan_init(&compiler->scan, compiler->source, compiler->piece.text);
		return compile_output(compiler);
	case LEX_TAG:
		return compile_tag(compiler);
	default:
		return 0;
	}
}

/* A text waits until it is known whether what follows trims it. */
static int
compile_pieces(struct compiler *compiler)
{
	struct lex_piece text = {.kind = LEX_END};

	for (;;) {
		compiler->piece = lex_next(&compiler->lex);
		if (compiler->piece.kind == LEX_TEXT) {
			text = compiler->piece;
			continue;
		}
		if (compile_piece(compiler, text) < 0)
			return -1;
		if (compiler->piece.kind == LEX_END)
			break;
		text = (struct lex_piece){.kind = LEX_END};
	}
	if (compiler->block->len > 0) {
		const struct block *top = compile_top(compiler);

		return compile_err(compiler, top->at, "'%s' is not closed with '%s'",
		    top->tag->name, top->tag->end);
	}
	if (compiler->layout != PROGRAM_NONE)
		tag_layout_end(compiler);
	compile_emit(compiler, OP_END, 0, 0);
	return 0;
}

/* Never without memory, so that an empty one has an address to count from. */
static GArray *
new_table(size_t size)
{
	return g_array_sized_new(FALSE, FALSE, (guint)size, 4);
}

static void
init(struct compiler *compiler, struct liquid_program *program, struct err *err)
{
	*compiler = (struct compiler){.program = program,
	    .err = err,
	    .lax = program->mode == LIQUID_TEXT && !program->strict};
	compiler->insn = new_table(sizeof(struct insn));
	compiler->expr = new_table(sizeof(struct expr));
	compiler->step = new_table(sizeof(struct step));
	compiler->arg = new_table(sizeof(uint32_t));
	compiler->named = new_table(sizeof(struct named_arg));
	compiler->use = new_table(sizeof(struct filter_use));
	compiler->chain = new_table(sizeof(struct chain));
	compiler->condition = new_table(sizeof(struct condition));
	compiler->loop = new_table(sizeof(struct loop));
	compiler->when = new_table(sizeof(struct when));
	compiler->cycle = new_table(sizeof(struct cycle));
	compiler->call = new_table(sizeof(struct call));
	compiler->bind = new_table(sizeof(struct bind));
	compiler->units = new_table(sizeof(struct unit));
	compiler->block = new_table(sizeof(struct block));
}

static void
drop_blocks(struct compiler *compiler)
{
	for (guint i = 0; i < compiler->block->len; i++)
		free_block(&g_array_index(compiler->block, struct block, i));
	g_array_set_size(compiler->block, 0);
}

/* The program takes the tables over. */
static void
finish(struct compiler *compiler)
{
	struct liquid_program *program = compiler->program;

	program->insns = compiler->insn->len;
	program->insn = (struct insn *)(void *)g_array_free(compiler->insn, FALSE);
	program->exprs = compiler->expr->len;
	program->expr = (struct expr *)(void *)g_array_free(compiler->expr, FALSE);
	program->step = (struct step *)(void *)g_array_free(compiler->step, FALSE);
	program->arg = (uint32_t *)(void *)g_array_free(compiler->arg, FALSE);
	program->named = (struct named_arg *)(void *)g_array_free(compiler->named, FALSE);
	program->use = (struct filter_use *)(void *)g_array_free(compiler->use, FALSE);
	program->chain = (struct chain *)(void *)g_array_free(compiler->chain, FALSE);
	program->condition = (struct condition *)(void *)g_array_free(compiler->condition, FALSE);
	program->loop = (struct loop *)(void *)g_array_free(compiler->loop, FALSE);
	program->when = (struct when *)(void *)g_array_free(compiler->when, FALSE);
	program->cycle = (struct cycle *)(void *)g_array_free(compiler->cycle, FALSE);
	program->call = (struct call *)(void *)g_array_free(compiler->call, FALSE);
	program->bind = (struct bind *)(void *)g_array_free(compiler->bind, FALSE);
	program->units = compiler->units->len;
	program->unit = (struct unit *)(void *)g_array_free(compiler->units, FALSE);
	drop_blocks(compiler);
	g_array_free(compiler->block, TRUE);
	g_free(compiler->extension_tag);
}

static struct str
copy(struct str s)
{
	char *p = g_malloc(s.n + 1);

	if (s.n > 0)
		memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	return (struct str){p, s.n};
}

static struct str
last_part(struct str name)
{
	const char *slash = name.n == 0 ? NULL : memrchr(name.p, '/', name.n);

	if (slash == NULL)
		return name;
	return (struct str){slash + 1, (size_t)(name.p + name.n - slash - 1)};
}

static uint32_t
add_unit(struct compiler *compiler, struct str name, struct str source, const struct origin *origin)
{
	struct unit unit = {.name = copy(name), .source = copy(source), .entry = PROGRAM_NONE};

	unit.origin = origin == NULL ? NULL : origin_dup(origin);
	unit.bind_slot = compile_slot(compiler, last_part(unit.name));
	if (compiler->units->len > 0)
		names_add(&compiler->program->partials, unit.name);
	g_array_append_val(compiler->units, unit);
	compiler->program->unit = (struct unit *)(void *)compiler->units->data;
	compiler->total += source.n;
	return compiler->units->len - 1;
}

static bool
find_unit(const struct compiler *compiler, struct str name, uint32_t *unit_r)
{
	struct key key = value_key(name);
	uint32_t number = names_find(&compiler->program->partials, &key);

	*unit_r = number + 1;
	return number != NAMES_NONE;
}

/* Adds the unit, or none if there is no such partial: 1, 0, -1. */
static int
fetch_partial(struct compiler *compiler, uint32_t at, struct str name, uint32_t *unit_r)
{
	const struct liquid_partials *partials = compiler->partials;
	struct err cause = ERR_INIT;
	struct str source;
	int found;

	if (find_unit(compiler, name, unit_r))
		return 1;
	found = partials == NULL ? 0 : partials->get(partials->closure, name, &source, &cause);
	if (found < 0)
		return program_err(compiler->program, compiler->unit, at, compiler->err, cause.code,
		    "%s", cause.text);
	if (found == 0)
		return 0;
	if (source.n > SOURCE_MAX || source.n + compiler->total > compiler->program->limits.source)
		return program_err(compiler->program, compiler->unit, at, compiler->err, ERR_LIMIT,
		    "the template and its partials are longer than %zu bytes",
		    compiler->program->limits.source);
	*unit_r = add_unit(compiler, name, source,
	    partials->origin == NULL ? NULL : partials->origin(partials->closure));
	return 1;
}

/* Plain Liquid finds out that a partial is missing when it comes to use it. */
int
compile_partial(struct compiler *compiler, uint32_t at, struct str name, uint32_t *unit_r)
{
	int found = fetch_partial(compiler, at, name, unit_r);

	if (found != 0)
		return found < 0 ? -1 : 0;
	if (!compiler->lax)
		return compile_err(compiler, at, "there is no partial '%.*s'", STR_F(name));
	*unit_r = add_unit(compiler, name, STR(""), NULL);
	g_array_index(compiler->units, struct unit, *unit_r).failure =
	    compile_keep(compiler, STR("there is no such partial"), STR(""));
	return 0;
}

int
compile_all_partials(struct compiler *compiler, uint32_t at)
{
	const struct liquid_partials *partials = compiler->partials;
	struct str name;
	uint32_t unit;

	if (compiler->fetched_all || partials == NULL || partials->list == NULL)
		return 0;
	compiler->fetched_all = true;
	for (size_t i = 0; partials->list(partials->closure, i, &name); i++) {
		if (fetch_partial(compiler, at, name, &unit) < 0)
			return -1;
	}
	return 0;
}

static int
compile_unit(struct compiler *compiler, uint32_t number)
{
	struct unit *unit = &g_array_index(compiler->units, struct unit, number);
	uint32_t entry = compile_here(compiler);

	compiler->entry = entry;
	compiler->layout = PROGRAM_NONE;
	compiler->unit = number;
	compiler->source = unit->source;
	compiler->lex = (struct lex){.source = unit->source};
	compiler->loops = compiler->captures = compiler->cases = 0;
	compiler->depth = compiler->liquids = 0;
	compiler->floor = 0;
	compiler->lines = NULL;
	if (compile_pieces(compiler) < 0)
		return -1;
	g_array_index(compiler->units, struct unit, number).entry = entry;
	return 0;
}

/* In lax mode, and where all partials there are were taken in, the fault of one shows
 * when it is used. */
static int
compile_units(struct compiler *compiler)
{
	struct err *err = compiler->err;
	struct err fault = ERR_INIT;
	int ret = compile_unit(compiler, 0);

	for (guint i = 1; ret == 0 && i < compiler->units->len; i++) {
		if (g_array_index(compiler->units, struct unit, i).failure.p != NULL)
			continue;
		compiler->err = &fault;
		if (compile_unit(compiler, i) == 0)
			continue;
		drop_blocks(compiler);
		if (!compiler->lax && !compiler->fetched_all) {
			ret = -1;
			if (err != NULL)
				*err = fault;
			break;
		}
		g_array_index(compiler->units, struct unit, i).failure =
		    compile_keep(compiler, str_c(fault.text), STR(""));
	}
	compiler->err = err;
	return ret;
}

static int
too_long(struct str name, size_t limit, struct err *err)
{
	char sentence[80];

	snprintf(sentence, sizeof sentence, "template is longer than %zu bytes", limit);
	return err_set_at(err, ERR_LIMIT, name, 1, 1, sentence);
}

int
liquid_compile(struct liquid_program **program_r, struct str name, struct str source,
    const struct liquid_options *options, struct err *err)
{
	struct liquid_program *program;
	struct compiler compiler;
	int ret;

	*program_r = NULL;
	if (source.n > options->limits.source || source.n > SOURCE_MAX)
		return too_long(name, options->limits.source, err);
	program = g_new0(struct liquid_program, 1);
	program->mode = options->mode;
	program->strict = options->strict;
	program->limits = options->limits;
	program->text = g_string_chunk_new(64);
	init(&compiler, program, err);
	compiler.partials = options->partials;
	compiler.extensions = options->extensions;
	compiler.texts = options->texts;
	compiler.extension_tag = tag_extension_rows(options->extensions, program->text);
	program->forloop_slot = compile_slot(&compiler, STR("forloop"));
	program->tablerow_slot = compile_slot(&compiler, STR("tablerowloop"));
	program->self_slot = compile_slot(&compiler, STR("self"));
	add_unit(&compiler, name, source, options->origin);
	ret = compile_units(&compiler);
	finish(&compiler);
	if (ret < 0) {
		liquid_free(&program);
		return -1;
	}
	*program_r = program;
	return 0;
}

void
liquid_free(struct liquid_program **program)
{
	struct liquid_program *p = *program;

	if (p == NULL)
		return;
	for (size_t i = 0; i < p->units; i++) {
		g_free((void *)(uintptr_t)p->unit[i].name.p);
		g_free((void *)(uintptr_t)p->unit[i].source.p);
		origin_free(&p->unit[i].origin);
	}
	g_free(p->unit);
	g_free(p->insn);
	g_free(p->expr);
	g_free(p->step);
	g_free(p->arg);
	g_free(p->named);
	g_free(p->use);
	g_free(p->chain);
	g_free(p->condition);
	g_free(p->loop);
	g_free(p->when);
	g_free(p->cycle);
	g_free(p->call);
	g_free(p->bind);
	g_string_chunk_free(p->text);
	names_fini(&p->slots);
	names_fini(&p->resumes);
	names_fini(&p->partials);
	g_free(p);
	*program = NULL;
}
