/* SPDX-License-Identifier: BSD-2-Clause
 *
 * program: a compiled template
 *
 * A flat list of instructions with jumps; expressions, filter chains, loops and
 * conditions stand in tables of their own and are named by index. Variable names are
 * interned to slots. All text is a span of the program's own copy of the source.
 *
 * Owns:    source and tables.
 * Threads: immutable once compiled, but for hints; any.
 */
#ifndef LIQUID_PROGRAM_H
#define LIQUID_PROGRAM_H

#include "liquid/filter.h"
#include "liquid/liquid.h"
#include "liquid/names.h"
#include "liquid/value_impl.h"

#include <glib.h>
#include <stdatomic.h>

#define PROGRAM_NONE UINT32_MAX

enum op {
	OP_TEXT,	  /* a: offset, b: length */
	OP_OUTPUT,	  /* a: chain */
	OP_ASSIGN,	  /* a: chain, b: slot */
	OP_JUMP,	  /* b: target */
	OP_JUMP_FALSE,	  /* a: condition, b: target */
	OP_JUMP_TRUE,	  /* a: condition, b: target */
	OP_FOR,		  /* a: loop, b: target when there is nothing to walk over */
	OP_NEXT,	  /* a: loop, b: target of the next turn */
	OP_FOR_END,	  /* a: loop; leaves it */
	OP_CAPTURE,	  /* a: level */
	OP_CAPTURE_END,	  /* a: level, b: slot */
	OP_CASE,	  /* a: level, b: expression */
	OP_WHEN,	  /* a: when, b: target when nothing matches */
	OP_WHEN_NEXT,	  /* a: level, b: body, taken once more for each further match */
	OP_CASE_ELSE,	  /* a: level, b: target when something matched */
	OP_CELL_END,	  /* closes the cell that a tablerow is left from */
	OP_INCREMENT,	  /* a: slot */
	OP_DECREMENT,	  /* a: slot */
	OP_CYCLE,	  /* a: cycle */
	OP_IFCHANGED,	  /* a: level of captures */
	OP_IFCHANGED_END, /* a: level of captures */
	OP_CALL,	  /* a: call; begins a partial */
	OP_BREAK_OUT,	  /* a: 1 break, 0 continue; leaves a partial that was included */
	OP_EXTENSION,	  /* a: use, b: level of its body or PROGRAM_NONE */
	OP_ABORT,	  /* a: chain */
	OP_END,
};

struct insn {
	uint32_t op;
	uint32_t a;
	uint32_t b;
	uint32_t at; /* offset in the source, for errors */
};

enum expr_kind { EXPR_LITERAL, EXPR_PATH, EXPR_RANGE };

enum step_kind {
	STEP_KEY,   /* .name or ["name"] */
	STEP_INDEX, /* [3] */
	STEP_EXPR,  /* [expression] */
};

/* What a member that no object has may mean after a dot. */
enum command { COMMAND_NONE, COMMAND_SIZE, COMMAND_FIRST, COMMAND_LAST };

struct step {
	enum step_kind kind;
	enum command command;
	/* Position of the member in the last object that had it elsewhere: contacts are made
	 * alike. A hint that any render may change. */
	_Atomic uint32_t likely;
	struct key key;
	int64_t index;
	uint32_t expr;
};

struct expr {
	enum expr_kind kind;
	uint32_t at;
	union {
		struct liquid_value literal;
		struct {
			uint32_t slot; /* PROGRAM_NONE: the first step names the variable */
			uint32_t step;
			uint32_t steps;
		} path;
		struct {
			uint32_t first;
			uint32_t last;
		} range;
	};
	struct str text; /* as written */
};

struct named_arg {
	struct str name;
	uint32_t expr;
};

struct filter_use {
	const struct filter *filter; /* NULL: unknown, passed over */
	void *closure;
	uint32_t at;
	uint32_t arg; /* first of `args` in program->arg */
	uint32_t args;
	uint32_t named;
	uint32_t nameds;
};

/* An expression and the filters it goes through. */
struct chain {
	uint32_t expr;
	uint32_t use;
	uint32_t uses;
	bool covered; /* by a default filter */
	bool escapes; /* as the last of its filters, where entities may stand */
};

enum compare_op {
	COMPARE_TRUTHY, /* the left side alone */
	COMPARE_EQ,
	COMPARE_NE,
	COMPARE_LT,
	COMPARE_LE,
	COMPARE_GT,
	COMPARE_GE,
	COMPARE_CONTAINS,
};

struct condition {
	enum compare_op op;
	uint32_t left;
	uint32_t right;
};

struct loop {
	uint32_t level;
	uint32_t slot;
	uint32_t collection;
	uint32_t limit;	 /* expression or PROGRAM_NONE */
	uint32_t offset; /* expression or PROGRAM_NONE */
	uint32_t resume; /* number of the place where offset:continue goes on */
	bool offset_continue;
	uint32_t cols; /* expression or PROGRAM_NONE */
	bool reversed;
	bool has_else;
	bool table;
	struct str name; /* "item-collection" */
};

struct cycle {
	uint32_t name;	/* expression or PROGRAM_NONE */
	struct str key; /* stands for the name of a nameless one */
	uint32_t arg;
	uint32_t args;
};

struct when {
	uint32_t level;
	uint32_t arg; /* expressions in program->arg */
	uint32_t args;
};

/* A template or partial. */
struct unit {
	struct str name;
	struct str source;
	uint32_t entry;	       /* first instruction; PROGRAM_NONE: it did not compile */
	uint32_t bind_slot;    /* the variable that its name stands for */
	struct str failure;    /* why it did not */
	struct origin *origin; /* NULL: it wasn't translated */
	size_t loop_levels;
	size_t capture_levels;
	size_t case_levels;
};

/* {% render %} or {% include %}. */
struct call {
	bool include;
	bool layout;	    /* an include, with the text around which it goes */
	bool walks;	    /* `for` */
	uint32_t unit;	    /* PROGRAM_NONE: `name` says which */
	uint32_t name;	    /* expression */
	uint32_t with;	    /* expression or PROGRAM_NONE */
	uint32_t bind_slot; /* of `as`, or PROGRAM_NONE */
	uint32_t bind;	    /* first of `binds` in program->bind */
	uint32_t binds;
	uint32_t break_at; /* where an include goes on after a break in it */
	uint32_t continue_at;
};

struct bind {
	uint32_t slot;
	uint32_t expr;
};

struct liquid_program {
	struct unit *unit; /* the first is the template itself */
	size_t units;
	struct names partials; /* the others, from 0 */
	enum liquid_mode mode;
	bool strict;
	struct liquid_limits limits;
	struct insn *insn;
	size_t insns;
	struct expr *expr;
	size_t exprs;
	struct step *step;
	uint32_t *arg;
	struct named_arg *named;
	struct filter_use *use;
	struct chain *chain;
	struct condition *condition;
	struct loop *loop;
	struct when *when;
	struct cycle *cycle;
	struct call *call;
	struct bind *bind;
	GStringChunk *text;   /* what is not in the source */
	struct names slots;   /* variables */
	struct names resumes; /* loops that offset:continue may go on with */
	uint32_t forloop_slot;
	uint32_t self_slot;
	uint32_t tablerow_slot;
	size_t guess; /* bytes of output to make room for at first */
};

/* ERR_... at a place: "name:line:column: sentence". Returns -1. */
int program_err(const struct liquid_program *program, uint32_t unit, uint32_t at, struct err *err,
    enum err_code code, const char *format, ...) __attribute__((format(printf, 6, 7)));

#endif
