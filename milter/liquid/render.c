/* SPDX-License-Identifier: BSD-2-Clause
 *
 * render: runs a program
 *
 * One loop over the instructions; no recursion but for nested brackets, which the
 * compiler has bounded. Everything is in the arena.
 *
 * Threads: any number of renders of one program at once.
 */
#include "liquid/render.h"

#include "liquid/compare.h"

#include <stdarg.h>
#include <stdio.h>

int
render_err(struct render *render, enum err_code code, const char *format, ...)
{
	char text[ERR_TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	return program_err(
	    render->program, render->unit, render->at, render->err, code, "%s", text);
}

int
render_full(struct render *render)
{
	return render_err(render, ERR_LIMIT, "the render needs more memory than allowed");
}

void *
render_alloc(struct render *render, size_t size)
{
	void *p = arena_alloc(render->arena, size);

	if (p == NULL)
		render_full(render);
	return p;
}

static int
count_steps(struct render *render, size_t steps)
{
	render->steps += (int64_t)steps;
	if (render->steps > render->program->limits.steps)
		return render_err(render, ERR_LIMIT, "the render takes more than %lld steps",
		    (long long)render->program->limits.steps);
	return 0;
}

int
render_charge_steps(struct render *render)
{
	size_t steps = render->work / WORK_PER_STEP;

	render->work %= WORK_PER_STEP;
	return count_steps(render, steps);
}

static int
compare_ordered(struct render *render, enum compare_op op, const struct liquid_value *a,
    const struct liquid_value *b, bool *result_r)
{
	int order;

	*result_r = false;
	if (!compare_order(a, b, &order, &render->work)) {
		if (!compare_has_order(a) || !compare_has_order(b))
			return 0;
		return render_err(render, ERR_TEMPLATE, "comparison of %s with %s failed",
		    compare_type_name(a), compare_type_name(b));
	}
	switch (op) {
	case COMPARE_LT:
		*result_r = order < 0;
		break;
	case COMPARE_LE:
		*result_r = order <= 0;
		break;
	case COMPARE_GT:
		*result_r = order > 0;
		break;
	default:
		*result_r = order >= 0;
		break;
	}
	return 0;
}

static int
contains(struct render *render, const struct liquid_value *in, const struct liquid_value *item,
    bool *result_r)
{
	struct str text = STR_NONE;

	*result_r = false;
	if (!value_truthy(*in) || !value_truthy(*item))
		return 0;
	if (in->type == LIQUID_STRING) {
		if (render_text(render, item, &text) < 0)
			return -1;
	}
	*result_r = compare_contains(in, text, item, &render->work);
	return 0;
}

static int
eval_condition(struct render *render, uint32_t number, bool *result_r)
{
	const struct condition *condition = &render->program->condition[number];
	struct liquid_value left_room, right_room;
	const struct liquid_value *left, *right;

	left = render_look(render, condition->left, &left_room);
	if (left == NULL)
		return -1;
	if (condition->op == COMPARE_TRUTHY) {
		*result_r = value_truthy(*left);
		return 0;
	}
	right = render_look(render, condition->right, &right_room);
	if (right == NULL)
		return -1;
	switch (condition->op) {
	case COMPARE_EQ:
		*result_r = compare_equal(left, right, &render->work);
		return 0;
	case COMPARE_NE:
		*result_r = !compare_equal(left, right, &render->work);
		return 0;
	case COMPARE_CONTAINS:
		return contains(render, left, right, result_r);
	default:
		return compare_ordered(render, condition->op, left, right, result_r);
	}
}

void
render_assign(struct render *render, uint32_t slot, struct liquid_value value)
{
	render->scope->slot[slot].assigned = value;
	render->scope->slot[slot].has_assigned = true;
}

/* What was printed since the level began, which is taken away again. */
static int
take_captured(struct render *render, uint32_t level, struct liquid_value *value_r)
{
	size_t begin = render->capture[level];
	struct str text = {render->out.p + begin, render->out.n - begin};

	text = arena_str(render->arena, text);
	if (text.p == NULL)
		return render_full(render);
	render->out.n = begin;
	*value_r = liquid_string(text);
	value_r->safe =
	    render->program->mode == LIQUID_HTML || render->program->mode == LIQUID_CALENDAR;
	return 0;
}

static int
end_capture(struct render *render, const struct insn *insn)
{
	struct liquid_value value;

	if (take_captured(render, insn->a, &value) < 0)
		return -1;
	render_assign(render, insn->b, value);
	return 0;
}

/* A tag that others added. */
static int
run_extension(struct render *render, const struct insn *insn)
{
	struct liquid_value body = LIQUID_NIL_VALUE;
	struct filter_call call = {.input = &body};

	if (insn->b != PROGRAM_NONE && take_captured(render, insn->b, &body) < 0)
		return -1;
	if (render_use(render, &render->program->use[insn->a], true, &call) < 0)
		return -1;
	return render_put(render, &call.result);
}

/* Each value that equals the subject runs the body once more. */
static int
match_when(struct render *render, const struct insn *insn, bool *matched_r)
{
	const struct when *when = &render->program->when[insn->a];
	struct case_frame *frame = &render->cases[when->level];

	frame->repeat = 0;
	for (uint32_t i = 0; i < when->args; i++) {
		struct liquid_value value;

		if (render_eval(render, render->program->arg[when->arg + i], &value) < 0)
			return -1;
		frame->repeat += compare_equal(&frame->subject, &value, &render->work);
	}
	frame->matched |= frame->repeat > 0;
	*matched_r = frame->repeat > 0;
	return 0;
}

static int
abort_render(struct render *render, uint32_t chain)
{
	struct liquid_value value = liquid_string(STR("the template asked for it"));
	struct str text;

	if (chain != PROGRAM_NONE && render_chain(render, chain, false, &value) < 0)
		return -1;
	if (render_text(render, &value, &text) < 0)
		return -1;
	return err_set(render->err, ERR_ABORT, "%.*s", STR_F(text));
}

static int
assign_chain(struct render *render, const struct insn *insn)
{
	struct liquid_value value;
	/* Without a filter a nil just travels on: whoever prints it is asked then. */
	bool asked = render->program->chain[insn->a].uses > 0;

	if (render_chain(render, insn->a, asked, &value) < 0)
		return -1;
	render_assign(render, insn->b, value);
	return 0;
}

/* Counters live beside the outermost names, where assign does not reach. */
static int
count(struct render *render, uint32_t number, int64_t step)
{
	struct slot *slot = &render->scope->slot[number];
	const struct liquid_program *program = render->program;
	struct liquid_value shown;

	if (!slot->has_global) {
		if (render_global(render, &program->slots.key[number], &slot->global) < 0)
			return -1;
		slot->has_global = true;
	}
	if (slot->global.type != LIQUID_INT && slot->global.type != LIQUID_FLOAT)
		slot->global = liquid_int(0);
	shown = slot->global;
	if (slot->global.type == LIQUID_FLOAT)
		slot->global.real += (double)step;
	else if (__builtin_add_overflow(shown.integer, step, &slot->global.integer))
		return render_err(render, ERR_TEMPLATE, "the counter is too large");
	return render_put(render, step > 0 ? &shown : &slot->global);
}

/* The counter of a cycle, by its name's value. */
static int64_t *
cycle_counter(struct render *render, const struct liquid_value *key)
{
	struct cycle_counter *counter;

	for (counter = render->scope->cycle; counter != NULL; counter = counter->next) {
		if (counter->key.type == key->type &&
		    compare_equal(&counter->key, key, &render->work))
			return &counter->at;
		if (count_steps(render, 1) < 0)
			return NULL;
	}
	counter = render_alloc(render, sizeof *counter);
	if (counter == NULL)
		return NULL;
	*counter = (struct cycle_counter){.key = *key, .next = render->scope->cycle};
	render->scope->cycle = counter;
	return &counter->at;
}

static int
run_cycle(struct render *render, uint32_t number)
{
	const struct cycle *cycle = &render->program->cycle[number];
	struct liquid_value key = liquid_string(cycle->key);
	struct liquid_value value = LIQUID_NIL_VALUE;
	int64_t *at;

	if (cycle->name != PROGRAM_NONE && render_eval(render, cycle->name, &key) < 0)
		return -1;
	at = cycle_counter(render, &key);
	if (at == NULL)
		return -1;
	if (*at < cycle->args &&
	    render_eval(render, render->program->arg[cycle->arg + *at], &value) < 0)
		return -1;
	if (++*at >= cycle->args)
		*at = 0;
	return render_put(render, &value);
}

static int
end_ifchanged(struct render *render, uint32_t level)
{
	size_t begin = render->capture[level];
	struct str text = {render->out.p + begin, render->out.n - begin};

	if (render_charge(render, text.n) < 0)
		return -1;
	if (render->scope->changed.p != NULL && str_eq(render->scope->changed, text)) {
		render->out.n = begin;
		return 0;
	}
	render->scope->changed = arena_str(render->arena, text);
	return render->scope->changed.p == NULL ? render_full(render) : 0;
}

/* What does not change the order of instructions. */
static int
run_plain(struct render *render, const struct insn *insn)
{
	struct case_frame *frame;

	switch ((enum op)insn->op) {
	case OP_OUTPUT:
		return render_put_chain(render, insn->a);
	case OP_ASSIGN:
		return assign_chain(render, insn);
	case OP_FOR_END:
		return loop_leave(render, insn->a);
	case OP_CELL_END:
		return render_write(render, STR("</td>"));
	case OP_INCREMENT:
		return count(render, insn->a, 1);
	case OP_DECREMENT:
		return count(render, insn->a, -1);
	case OP_CYCLE:
		return run_cycle(render, insn->a);
	case OP_IFCHANGED_END:
		return end_ifchanged(render, insn->a);
	case OP_IFCHANGED:
	case OP_CAPTURE:
		render->capture[insn->a] = render->out.n;
		return 0;
	case OP_CAPTURE_END:
		return end_capture(render, insn);
	case OP_CASE:
		frame = &render->cases[insn->a];
		frame->matched = false;
		return render_eval(render, insn->b, &frame->subject);
	case OP_EXTENSION:
		return run_extension(render, insn);
	case OP_ABORT:
		return abort_render(render, insn->a);
	default:
		return 0;
	}
}

/* What may jump: true in *jump_r if it does. */
static int
run_jump(struct render *render, const struct insn *insn, bool *jump_r)
{
	struct case_frame *frame;

	switch ((enum op)insn->op) {
	case OP_JUMP:
		*jump_r = true;
		return 0;
	case OP_JUMP_FALSE:
		if (eval_condition(render, insn->a, jump_r) < 0)
			return -1;
		*jump_r = !*jump_r;
		return 0;
	case OP_JUMP_TRUE:
		return eval_condition(render, insn->a, jump_r);
	case OP_FOR:
		if (loop_enter(render, insn->a, jump_r) < 0)
			return -1;
		*jump_r = !*jump_r;
		return 0;
	case OP_NEXT:
		return loop_next(render, insn->a, jump_r);
	case OP_WHEN:
		if (match_when(render, insn, jump_r) < 0)
			return -1;
		*jump_r = !*jump_r;
		return 0;
	case OP_WHEN_NEXT:
		frame = &render->cases[insn->a];
		*jump_r = --frame->repeat > 0;
		return 0;
	case OP_CASE_ELSE:
		*jump_r = render->cases[insn->a].matched;
		return 0;
	default:
		return 0;
	}
}

/* What goes to another unit, or ends. 1: the render is done. */
static int
run_call(struct render *render, const struct insn **insn)
{
	switch ((enum op)(*insn)->op) {
	case OP_CALL:
		return call_begin(render, *insn, insn);
	case OP_BREAK_OUT:
		return render->call == NULL ? 1 : call_break(render, (*insn)->a, insn);
	default:
		return render->call == NULL ? 1 : call_end(render, insn);
	}
}

static int
run(struct render *render)
{
	const struct liquid_program *program = render->program;
	const struct insn *insn = program->insn;
	bool jump;
	int ret;

	for (;;) {
		if (insn->op == OP_TEXT) {
			struct str text = {program->unit[render->unit].source.p + insn->a, insn->b};

			if (render_write(render, text) < 0)
				return -1;
			insn++;
			continue;
		}
		render->at = insn->at;
		if (count_steps(render, 1) < 0 || render_charge(render, 0) < 0)
			return -1;
		switch ((enum op)insn->op) {
		case OP_END:
		case OP_CALL:
		case OP_BREAK_OUT:
			ret = run_call(render, &insn);
			if (ret != 0)
				return ret < 0 ? -1 : 0;
			break;
		case OP_JUMP:
		case OP_JUMP_FALSE:
		case OP_JUMP_TRUE:
		case OP_FOR:
		case OP_NEXT:
		case OP_WHEN:
		case OP_WHEN_NEXT:
		case OP_CASE_ELSE:
			jump = false;
			if (run_jump(render, insn, &jump) < 0)
				return -1;
			insn = jump ? program->insn + insn->b : insn + 1;
			break;
		default:
			if (run_plain(render, insn) < 0)
				return -1;
			insn++;
			break;
		}
	}
}

static int
init(struct render *render)
{
	const struct liquid_program *program = render->program;

	render->out.size = program->guess + program->guess / 4 + 256;
	if (render->out.size > program->limits.output)
		render->out.size = program->limits.output;
	render->out.p = render_alloc(render, render->out.size + 1);
	render->scope = call_new_scope(render);
	if (render->out.p == NULL || render->scope == NULL)
		return -1;
	return call_make_room(render, 0);
}

int
liquid_render(const struct liquid_program *program, const struct liquid_value *globals,
    const struct liquid_render_options *options, struct arena *arena, struct str *output_r,
    struct err *err)
{
	struct render render = {
	    .program = program, .globals = globals, .options = options, .arena = arena, .err = err};

	*output_r = STR_NONE;
	if (init(&render) < 0 || run(&render) < 0)
		return -1;
	render.out.p[render.out.n] = '\0';
	*output_r = (struct str){render.out.p, render.out.n};
	return 0;
}
