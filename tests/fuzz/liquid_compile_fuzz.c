/* SPDX-License-Identifier: BSD-2-Clause
 *
 * liquid_compile_fuzz: lexer and compiler
 *
 * Compiles template and partials in each mode. The pieces the lexer cuts follow one
 * another; a jump stays within the program; what is right when strict is right when
 * lax; an error says where.
 */
#include "liquid/lex.h"
#include "liquid/program.h"
#include "liquid_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_lexer(struct str source)
{
	struct lex lex = {.source = source};
	struct lex_piece piece = {.kind = LEX_TEXT};
	const char *last = source.p;

	while (piece.kind == LEX_TEXT || piece.kind == LEX_OUTPUT || piece.kind == LEX_TAG) {
		struct scan scan;

		piece = lex_next(&lex);
		if (piece.text.n > 0 &&
		    (piece.text.p < last || piece.text.p + piece.text.n > source.p + source.n))
			liquid_input_fail("lexer", "a piece lies outside of its place");
		if (piece.text.n > 0)
			last = piece.text.p + piece.text.n;
		if (piece.kind != LEX_OUTPUT && piece.kind != LEX_TAG)
			continue;
		for (scan_init(&scan, source, piece.text); scan.token != TOKEN_END;
		     scan_next(&scan)) {
			if (scan.text.p < piece.text.p || scan.p > piece.text.p + piece.text.n)
				liquid_input_fail("lexer", "a token lies outside of its piece");
		}
	}
}

static bool
jumps(enum op op)
{
	switch (op) {
	case OP_JUMP:
	case OP_JUMP_FALSE:
	case OP_JUMP_TRUE:
	case OP_FOR:
	case OP_NEXT:
	case OP_WHEN:
	case OP_WHEN_NEXT:
	case OP_CASE_ELSE:
		return true;
	default:
		return false;
	}
}

/* False if a unit did not compile, which leaves jumps behind that nobody comes to. */
static bool
check_units(const struct liquid_way *way, const struct liquid_program *program)
{
	bool whole = true;

	for (size_t i = 0; i < program->units; i++) {
		uint32_t entry = program->unit[i].entry;

		if (entry == PROGRAM_NONE ? program->unit[i].failure.p == NULL
					  : entry >= program->insns)
			liquid_input_fail(way->name, "a unit begins nowhere");
		whole &= entry != PROGRAM_NONE;
	}
	return whole;
}

static void
check_program(const struct liquid_way *way, const struct liquid_program *program)
{
	bool whole = check_units(way, program);

	for (size_t i = 0; i < program->insns; i++) {
		const struct insn *insn = &program->insn[i];

		if (insn->op > OP_END)
			liquid_input_fail(way->name, "an instruction is none");
		if (whole && jumps((enum op)insn->op) && insn->b >= program->insns)
			liquid_input_fail(way->name, "a jump leaves the program");
	}
}

/* What came out: 0 or the kind of error. */
static enum err_code
compile(const struct liquid_way *way, const struct liquid_input *input)
{
	struct liquid_options options = {.mode = way->mode,
	    .strict = way->strict,
	    .limits = {.source = 1 << 14, .steps = 1000, .output = 1 << 16, .depth = 20},
	    .partials = &input->partials};
	struct liquid_program *program;
	struct err err = ERR_INIT;

	if (liquid_compile(&program, STR(INPUT_NAME), input->template, &options, &err) < 0) {
		if (program != NULL)
			liquid_input_fail(way->name, "an error leaves a program behind");
		liquid_input_check_err(&err);
		return err.code;
	}
	check_program(way, program);
	liquid_free(&program);
	return ERR_NONE;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum err_code code[LIQUID_WAYS];
	struct liquid_input input;

	if (size == 0)
		return 0;
	liquid_input_cut(&input, data, size, false);
	check_lexer(input.template);
	for (size_t i = 0; i < LIQUID_WAYS; i++)
		code[i] = compile(&liquid_way[i], &input);
	if (code[0] == ERR_NONE && code[1] == ERR_TEMPLATE)
		liquid_input_fail("text", "what compiles when strict doesn't when lax");
	if ((code[2] == ERR_NONE) != (code[3] == ERR_NONE))
		liquid_input_fail("html and header", "one compiles, the other doesn't");
	return 0;
}
