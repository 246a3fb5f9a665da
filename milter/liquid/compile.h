/* SPDX-License-Identifier: BSD-2-Clause
 *
 * compile: the state of one compile, shared by the files that take part in it
 *
 * compile.c cuts the template and keeps the open blocks, compile_tag.c knows the tags,
 * parse.c the expressions in them.
 *
 * Owns:    growing tables that become the program's.
 * Threads: one at a time.
 * Fails:   ERR_TEMPLATE, ERR_LIMIT, with name:line:column.
 */
#ifndef LIQUID_COMPILE_H
#define LIQUID_COMPILE_H

#include "liquid/lex.h"
#include "liquid/program.h"

#include <glib.h>

struct tag;

/* A block that waits for its end tag. */
struct block {
	const struct tag *tag;
	uint32_t at;
	bool blank; /* nothing in it can be seen so far */
	bool had_else;
	bool had_when;
	uint32_t text;	/* its last OP_TEXT + 1; each names the one before in `at` */
	uint32_t begin; /* first instruction of the body */
	uint32_t item;	/* loop or level, as the tag needs it */
	uint32_t item2;
	GArray *falses; /* jumps to the next branch */
	GArray *ends;	/* jumps to the end of the block */
	GArray *nexts;	/* jumps of continue */
};

struct compiler {
	struct liquid_program *program;
	struct err *err;
	const struct liquid_partials *partials;
	const struct liquid_extensions *extensions;
	const struct liquid_texts *texts; /* or NULL */
	struct tag *extension_tag;	  /* for each of their tags */
	uint32_t unit;			  /* the one at hand */
	struct str source;
	size_t total;	  /* bytes of all units */
	bool fetched_all; /* since a name is computed */
	struct lex lex;
	struct lex_piece piece; /* the tag or output at hand */
	struct scan scan;
	int depth; /* of nested expressions */
	GArray *insn;
	GArray *expr;
	GArray *step;
	GArray *arg;
	GArray *named;
	GArray *use;
	GArray *chain;
	GArray *condition;
	GArray *loop;
	GArray *when;
	GArray *cycle;
	GArray *call;
	GArray *bind;
	GArray *units;
	GArray *block;
	guint floor;	   /* blocks that a {% liquid %} stands in */
	int liquids;	   /* nested ones */
	struct str *lines; /* of a {% liquid %}, still to come; NULL outside */
	bool lax;	   /* passes over what it does not understand */
	uint32_t entry;	   /* first instruction of the unit */
	uint32_t layout;   /* the partial around the unit, or PROGRAM_NONE */
	uint32_t layout_level;
	size_t layout_at;
	uint32_t loops; /* open ones */
	uint32_t captures;
	uint32_t cases;
};

/* At an offset of the source. -1. */
int compile_err(struct compiler *compiler, uint32_t at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* "expected X, found Y" at the token ahead. -1. */
int compile_expected(struct compiler *compiler, const char *what);

/* Appends an instruction; its number. */
uint32_t compile_emit(struct compiler *compiler, enum op op, uint32_t a, uint32_t b);
struct insn *compile_insn(struct compiler *compiler, uint32_t number);
/* Makes the jump go to the next instruction. */
void compile_land(struct compiler *compiler, uint32_t number);
uint32_t compile_here(const struct compiler *compiler);
uint32_t compile_slot(struct compiler *compiler, struct str name);
/* The innermost block that the tag at hand may belong to, or NULL. */
struct block *compile_top(struct compiler *compiler);
/* A text that lives as long as the program. */
struct str compile_keep(struct compiler *compiler, struct str a, struct str b);

/* Parsers of what is ahead in the scan. Each leaves the next token ahead. */
int parse_expr(struct compiler *compiler, uint32_t *expr_r);
int parse_chain(struct compiler *compiler, uint32_t *chain_r);
/* Conditions with and / or, as jumps: falls through when true; the jumps that are taken
 * when false are added to `falses`. */
int parse_condition(struct compiler *compiler, bool negate, GArray *falses);
/* A chain around one expression, without filters. */
uint32_t parse_plain_chain(struct compiler *compiler, uint32_t expr);
int parse_end(struct compiler *compiler);
/* filter_texts.c: a literal key that goes through `t`. */
int filter_texts_check(struct compiler *compiler, const struct filter_use *use, struct str key);
/* A chain up to the end. */
int parse_whole_chain(struct compiler *compiler, uint32_t *chain_r);
/* Consumes the token ahead if it is this one. */
bool parse_take(struct compiler *compiler, enum token token);
bool parse_take_word(struct compiler *compiler, const char *word);

/* Lax mode tries the grammar on what is ahead, and falls back on patterns (lax.c). */
struct attempt {
	struct str markup; /* what was ahead */
	struct err *err;
	struct err fault;
	int depth;
};

void attempt_begin(struct compiler *compiler, struct attempt *attempt);
/* True if the grammar refused and the mode is lax: then nothing has been said yet. */
bool attempt_failed(struct compiler *compiler, struct attempt *attempt, int ret);
/* What the patterns came to: where they fail, too, the grammar's complaint stands, which
 * knows better where. */
int attempt_end(struct compiler *compiler, const struct attempt *attempt, int ret);

/* A comparison, and what binds it to the next. */
struct term {
	uint32_t condition;
	enum { LINK_END, LINK_AND, LINK_OR } link;
};

/* Pieces that grammar and patterns both make. */
bool parse_literal_word(struct str word, struct liquid_value *value_r);
/* `member`: behind a dot, where size, first and last have a meaning. */
struct step parse_key_step(struct str name, bool member);
uint32_t parse_add_expr(struct compiler *compiler, struct expr expr);
/* The first step names the variable; without any it is nil. */
uint32_t parse_add_path(struct compiler *compiler, struct str text, const GArray *steps);
int parse_add_use(struct compiler *compiler, struct str name, const GArray *args,
    const GArray *nameds, GArray *uses, bool *covered);
/* What a tag of others is given, up to the end; the number of its use. */
int parse_tag_use(struct compiler *compiler, const struct liquid_tag *tag, uint32_t *use_r);
uint32_t parse_add_chain(struct compiler *compiler, struct chain chain, const GArray *uses);
/* COMPARE_TRUTHY if it is none. */
enum compare_op parse_compare_op(struct str text);

/* lax.c: the same from a tag's text by patterns. */
int lax_chain(struct compiler *compiler, struct str markup, uint32_t *chain_r);
int lax_terms(struct compiler *compiler, struct str markup, GArray *terms);
int lax_loop(struct compiler *compiler, struct str markup, struct loop *loop);
int lax_value(struct compiler *compiler, struct str markup, uint32_t *expr_r);
/* Values divided by commas. `or_too`: or by the word `or`, and what stands behind
 * anything else is passed over. */
int lax_values(struct compiler *compiler, struct str markup, bool or_too, GArray *exprs);
int lax_cycle(struct compiler *compiler, struct str markup, uint32_t *name, GArray *exprs);

/* ERR_LIMIT at an offset. -1. */
int compile_limit(struct compiler *compiler, uint32_t at, const char *what, int limit);
/* The number of the partial `name`, which will be compiled too. */
int compile_partial(struct compiler *compiler, uint32_t at, struct str name, uint32_t *unit_r);
/* All partials there are, since a name is computed. */
int compile_all_partials(struct compiler *compiler, uint32_t at);

/* Blocks. */
int compile_open(struct compiler *compiler, const struct tag *tag);
int compile_close(struct compiler *compiler);
void compile_land_all(struct compiler *compiler, GArray *jumps);
/* The innermost block holds something that can be seen. */
void compile_seen(struct compiler *compiler);
/* `verbatim`: from a raw tag, seen even if it is white space. */
void compile_text(struct compiler *compiler, struct str text, bool verbatim);

/* A tag by its name. `open` runs on {% name %}, with the scan after the name. */
struct tag {
	const char *name;
	const char *end; /* name of the tag that closes it, or NULL */
	int (*open)(struct compiler *compiler);
	int (*otherwise)(struct compiler *compiler, struct block *block); /* {% else %} */
	int (*close)(struct compiler *compiler, struct block *block);
	const struct liquid_tag *extension; /* of others */
	enum op leave;			    /* what `break` does to get out of it; 0: nothing */
	bool loop;			    /* break and continue belong to it */
	bool blank;			    /* nothing is seen of it */
	bool blank_texts;		    /* a body with nothing to see loses its white space */
};

/* {{ }} and echo, with the scan at the expression. */
int compile_output(struct compiler *compiler);

/* tag_loop.c */
int tag_open_for(struct compiler *compiler);
int tag_open_tablerow(struct compiler *compiler);
int tag_else_for(struct compiler *compiler, struct block *block);
int tag_close_loop(struct compiler *compiler, struct block *block);
int tag_break(struct compiler *compiler);
/* Which member of the loop an attribute fills, or NULL. */
uint32_t *loop_attribute(struct loop *loop, struct str name);
void loop_set_name(struct compiler *compiler, struct loop *loop, struct str name, struct str list);
/* Leaves the innermost loop from where this stands. */
void tag_interrupt(struct compiler *compiler, bool ends);
int tag_continue(struct compiler *compiler);
/* tag_partial.c */
int tag_include(struct compiler *compiler);
int tag_render(struct compiler *compiler);
int tag_layout(struct compiler *compiler);
/* At the end of a unit: what it printed goes into its layout. */
void tag_layout_end(struct compiler *compiler);
/* tag_text.c */
int tag_comment(struct compiler *compiler);
int tag_doc(struct compiler *compiler);
int tag_hash(struct compiler *compiler);
int tag_liquid(struct compiler *compiler);
int tag_raw(struct compiler *compiler);

/* tag_extension.c: rows for the tags of others. */
int tag_extension(struct compiler *compiler, const struct tag *tag);
struct tag *tag_extension_rows(const struct liquid_extensions *extensions, GStringChunk *names);

/* The tag whose name is ahead in the scan. */
int tag_run(struct compiler *compiler);
/* A tag of the language, or a word that belongs to one. */
bool tag_is_known(struct str name);
uint32_t tag_take_capture(struct compiler *compiler);

#endif
