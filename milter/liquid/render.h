/* SPDX-License-Identifier: BSD-2-Clause
 *
 * render: the state of one render, shared by the files that take part in it
 *
 * Owns:    nothing; everything lies in the arena of the render.
 * Threads: one at a time.
 */
#ifndef LIQUID_RENDER_H
#define LIQUID_RENDER_H

#include "liquid/program.h"

/* Where output goes: one region of the arena that is moved to a larger one when it is
 * full. */
struct out {
	char *p;
	size_t n;
	size_t size;
};

struct slot {
	struct liquid_value bound;    /* by the innermost loop */
	struct liquid_value assigned; /* by assign and capture */
	struct liquid_value global;   /* looked up once; also what increment counts */
	bool has_bound;
	bool has_assigned;
	bool has_global;
};

struct loop_frame {
	const struct loop *loop;
	struct liquid_value collection; /* array, object, range or one value */
	int64_t first;
	int64_t count;
	int64_t at;   /* 0 .. count */
	int64_t cols; /* of a tablerow; 0: one row */
	struct liquid_value saved;
	struct liquid_value saved_forloop;
	bool had;
	bool had_forloop;
	struct loop_frame *parent;
	struct liquid_lazy lazy; /* `forloop` */
};

struct case_frame {
	struct liquid_value subject;
	size_t repeat;
	bool matched;
};

struct cycle_counter {
	struct liquid_value key;
	int64_t at;
	struct cycle_counter *next;
};

/* The variables that a template and what it includes share; a {% render %} has its own. */
struct scope {
	struct render *render;
	struct slot *slot;
	int64_t *resume;
	struct cycle_counter *cycle;
	struct str changed; /* what ifchanged saw last */
	struct liquid_lazy self;
};

/* A partial that runs, and what was there before it. */
struct call_frame {
	const struct call *call;
	uint32_t unit;
	const struct insn *back;
	struct call_frame *outer;
	uint32_t outer_unit;
	struct scope *outer_scope;
	struct loop_frame *outer_loop;
	struct loop_frame *outer_inner;
	size_t *outer_capture;
	struct case_frame *outer_cases;
	struct slot *saved; /* of an include: the slots that it binds, as they were */
	struct liquid_value with;
	int64_t at; /* of a walk */
	int64_t count;
	struct loop_frame walk; /* `forloop` of a render */
};

struct render {
	const struct liquid_program *program;
	const struct liquid_value *globals;
	const struct liquid_render_options *options;
	struct arena *arena;
	struct err *err;
	struct out out;
	int64_t steps;
	int64_t turns; /* of loops */
	size_t work;   /* less than a step */
	bool aside;    /* prints for a filter, not for the reader */
	bool learned;  /* has changed a hint of the program: one a render is enough */
	uint32_t at;   /* place of the instruction that runs */
	uint32_t unit; /* which source that is in */
	struct scope *scope;
	struct loop_frame *loop;  /* of this unit, by level */
	struct loop_frame *inner; /* the innermost for loop that runs */
	size_t *capture;	  /* where each capture's output begins */
	struct case_frame *cases;
	struct call_frame *call;
	int calls;    /* nested ones */
	int isolated; /* how many of them are renders */
};

/* Bytes or elements that a filter may look at for one step. */
#define WORK_PER_STEP ((size_t)256)

/* Errors at the place that runs. All return -1. */
int render_err(struct render *render, enum err_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int render_full(struct render *render);
/* Makes steps of the work that was added up. */
int render_charge_steps(struct render *render);
/* Counts work that an instruction does beyond the ordinary, in bytes, and what has been
 * added to render->work before. */
static inline int
render_charge(struct render *render, size_t work)
{
	render->work += work;
	return render->work < WORK_PER_STEP ? 0 : render_charge_steps(render);
}

/* From the arena; NULL with the error set when it is full. */
void *render_alloc(struct render *render, size_t size);

/* output.c: moves the output to a region with room for `more` bytes. */
int render_make_room(struct render *render, size_t more);
/* Adds to the output as it is. */
static inline int
render_write(struct render *render, struct str s)
{
	struct out *out = &render->out;

	if (s.n > out->size - out->n && render_make_room(render, s.n) < 0)
		return -1;
	if (s.n > 0)
		memcpy(out->p + out->n, s.p, s.n);
	out->n += s.n;
	return 0;
}

/* Adds what a tag writes of its own. */
int render_markup(struct render *render, struct str s);
/* Adds a value as the mode wants it. */
int render_put(struct render *render, const struct liquid_value *value);
/* calendar.c: adds text to a calendar. `safe`: nothing but controls is changed. */
int render_calendar(struct render *render, struct str s, bool safe);
/* Text with entities, unless it is markup already. */
int render_put_escaped(struct render *render, const struct liquid_value *text);
/* As text: what {{ }} would print, unescaped. Text is not copied. */
int render_text(struct render *render, const struct liquid_value *value, struct str *text_r);
/* & < > " ' as entities, in the arena; the same text if there are none. */
int render_escape(struct render *render, struct str s, struct str *escaped_r);

/* eval.c: `asked` reports variables that are nil to the render's options. */
int render_eval(struct render *render, uint32_t expr, struct liquid_value *value_r);
/* The same without a copy where the value stands in data; else it is put into `room`. NULL with
 * the error set. */
const struct liquid_value *render_look(
    struct render *render, uint32_t expr, struct liquid_value *room);
int render_chain(struct render *render, uint32_t chain, bool asked, struct liquid_value *value_r);
/* Evaluates and prints it. */
int render_put_chain(struct render *render, uint32_t chain);
int render_variable(struct render *render, uint32_t slot, struct liquid_value *value_r);
/* What the outermost names mean. */
int render_global(struct render *render, const struct key *key, struct liquid_value *value_r);
int render_get_self(void *closure, struct str key, struct arena *arena,
    struct liquid_value *value_r, struct err *err);
void render_assign(struct render *render, uint32_t slot, struct liquid_value value);
/* One filter or added tag: call->input is set, all else is filled. */
int render_use(
    struct render *render, const struct filter_use *use, bool asked, struct filter_call *call);
/* Tells that this expression has no value. */
void render_missing(struct render *render, uint32_t expr);
/* One member of a value; nil if it has none. */
int render_member(struct render *render, const struct liquid_value *of, struct str name,
    struct liquid_value *value_r);
/* size, first, last. */
struct liquid_value render_command(
    struct render *render, const struct liquid_value *of, enum command command);
/* An integer, or text that is one; else ERR_TEMPLATE. */
int render_integer(struct render *render, const struct liquid_value *value, int64_t *n_r);

/* call.c */
struct scope *call_new_scope(struct render *render);
/* Room for what the blocks of a unit need. -1 when the arena is full. */
int call_make_room(struct render *render, uint32_t unit);
/* Each sets the instruction to go on with. */
int call_begin(struct render *render, const struct insn *insn, const struct insn **next_r);
int call_end(struct render *render, const struct insn **next_r);
int call_break(struct render *render, bool ends, const struct insn **next_r);

/* loop.c: the object `forloop`. */
struct liquid_lazy loop_lazy(struct loop_frame *frame);
/* One more turn of a loop, or of a partial that walks over a list. */
int loop_count_turn(struct render *render);
/* *enter_r is false when there is nothing to walk over. */
int loop_enter(struct render *render, uint32_t loop, bool *enter_r);
int loop_next(struct render *render, uint32_t loop, bool *again_r);
int loop_leave(struct render *render, uint32_t loop);

#endif
