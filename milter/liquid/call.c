/* SPDX-License-Identifier: BSD-2-Clause
 *
 * call: partials while they run
 *
 * A partial is a stretch of the same program. render gives it variables of its own;
 * include shares those of the template, and hides what it binds only while it runs.
 * No recursion: frames lie in the arena, in a list.
 *
 * Threads: one at a time per render.
 */
#include "liquid/render.h"

/* An argument counts as looking at this many bytes. */
#define BIND_WORK 32

struct scope *
call_new_scope(struct render *render)
{
	const struct liquid_program *program = render->program;
	struct scope *scope = arena_zalloc(render->arena, 1, sizeof *scope);

	if (scope != NULL) {
		scope->render = render;
		scope->self = (struct liquid_lazy){render_get_self, scope, "Liquid::SelfDrop"};
		scope->slot =
		    arena_zalloc(render->arena, program->slots.count, sizeof *scope->slot);
		scope->resume =
		    arena_zalloc(render->arena, program->resumes.count, sizeof *scope->resume);
	}
	if (scope == NULL || scope->slot == NULL || scope->resume == NULL) {
		render_full(render);
		return NULL;
	}
	return scope;
}

int
call_make_room(struct render *render, uint32_t number)
{
	const struct unit *unit = &render->program->unit[number];
	struct arena *arena = render->arena;

	render->loop = arena_zalloc(arena, unit->loop_levels, sizeof *render->loop);
	render->capture = arena_zalloc(arena, unit->capture_levels, sizeof *render->capture);
	render->cases = arena_zalloc(arena, unit->case_levels, sizeof *render->cases);
	if (render->loop == NULL || render->capture == NULL || render->cases == NULL)
		return render_full(render);
	return 0;
}

/* The unit of a computed name. */
static int
unit_named(struct render *render, const struct call *call, uint32_t *unit_r)
{
	const struct liquid_program *program = render->program;
	struct liquid_value name;
	struct key key;
	uint32_t number;

	if (render_eval(render, call->name, &name) < 0)
		return -1;
	if (name.type != LIQUID_STRING)
		return render_err(render, ERR_TEMPLATE, "the name of a partial must be text");
	render->work += name.string.n;
	key = value_key(name.string);
	number = names_find(&program->partials, &key);
	*unit_r = number + 1;
	if (number != NAMES_NONE)
		return 0;
	return render_err(render, ERR_TEMPLATE, "there is no partial '%.*s'", STR_F(name.string));
}

static uint32_t
bound_slot(const struct render *render, const struct call_frame *frame)
{
	if (frame->call->bind_slot != PROGRAM_NONE)
		return frame->call->bind_slot;
	return render->program->unit[frame->unit].bind_slot;
}

/* Hides what the variable was before. */
static void
bind(struct scope *scope, uint32_t number, struct liquid_value value)
{
	scope->slot[number].bound = value;
	scope->slot[number].has_bound = true;
}

static void
assign(struct scope *scope, uint32_t number, struct liquid_value value)
{
	scope->slot[number].assigned = value;
	scope->slot[number].has_assigned = true;
}

/* Does the partial run once for each element? */
static bool
walks(const struct call_frame *frame)
{
	enum liquid_type type = frame->with.type;

	if (frame->call->include)
		return type == LIQUID_ARRAY;
	return frame->call->walks &&
	    (type == LIQUID_ARRAY || type == LIQUID_RANGE || type == LIQUID_OBJECT);
}

static int64_t
turns(const struct call_frame *frame)
{
	if (!walks(frame))
		return 1;
	switch (frame->with.type) {
	case LIQUID_RANGE:
		return value_range_count(&frame->with);
	case LIQUID_OBJECT:
		return (int64_t)frame->with.object->count;
	default:
		return (int64_t)frame->with.array->count;
	}
}

static int
element(struct render *render, const struct call_frame *frame, struct liquid_value *value_r)
{
	struct liquid_value *pair;

	if (!walks(frame)) {
		*value_r = frame->with;
		return 0;
	}
	switch (frame->with.type) {
	case LIQUID_RANGE:
		*value_r = liquid_int(frame->with.range.first + frame->at);
		return 0;
	case LIQUID_OBJECT:
		if (value_array_new(render->arena, 2, &pair, value_r) < 0)
			return render_full(render);
		pair[0] = liquid_string(frame->with.object->member[frame->at].key);
		pair[1] = frame->with.object->member[frame->at].value;
		return 0;
	default:
		*value_r = frame->with.array->at[frame->at];
		return 0;
	}
}

/* Arguments are worked out where the call stands, then put into `scope`. */
static int
bind_arguments(struct render *render, const struct call_frame *frame, struct scope *scope)
{
	const struct bind *binds = render->program->bind + frame->call->bind;

	render->work += frame->call->binds * BIND_WORK;
	for (uint32_t i = 0; i < frame->call->binds; i++) {
		struct liquid_value value;

		if (render_eval(render, binds[i].expr, &value) < 0)
			return -1;
		assign(scope, binds[i].slot, value);
	}
	return 0;
}

/* One more run of a {% render %}: nothing of the last one is left. */
static int
enter_isolated(struct render *render, struct call_frame *frame)
{
	uint32_t forloop = render->program->forloop_slot;
	struct liquid_value value;
	struct scope *scope;

	render->scope = frame->outer_scope;
	render->unit = frame->outer_unit;
	render->at = frame->back[-1].at;
	scope = call_new_scope(render);
	if (scope == NULL || element(render, frame, &value) < 0 ||
	    bind_arguments(render, frame, scope) < 0)
		return -1;
	if (walks(frame)) {
		frame->walk.at = frame->at;
		assign(scope, forloop,
		    (struct liquid_value){.type = LIQUID_LAZY, .lazy = &frame->walk.lazy});
	}
	if (value.type != LIQUID_NIL)
		assign(scope, bound_slot(render, frame), value);
	render->scope = scope;
	render->inner = NULL;
	return 0;
}

/* What include binds is put back in the opposite order. */
static void
restore_bound(struct render *render, const struct call_frame *frame)
{
	const struct bind *binds = render->program->bind + frame->call->bind;
	struct slot *slot = render->scope->slot;

	slot[bound_slot(render, frame)].bound = frame->saved[frame->call->binds].bound;
	slot[bound_slot(render, frame)].has_bound = frame->saved[frame->call->binds].has_bound;
	for (uint32_t i = frame->call->binds; i-- > 0;) {
		slot[binds[i].slot].bound = frame->saved[i].bound;
		slot[binds[i].slot].has_bound = frame->saved[i].has_bound;
	}
}

static int
enter_shared(struct render *render, struct call_frame *frame)
{
	const struct bind *binds = render->program->bind + frame->call->bind;
	struct slot *slot = render->scope->slot;
	struct liquid_value value;

	if (frame->saved == NULL) {
		render->work += frame->call->binds * BIND_WORK;
		frame->saved =
		    render_alloc(render, (frame->call->binds + 1) * sizeof *frame->saved);
		if (frame->saved == NULL)
			return -1;
		for (uint32_t i = 0; i < frame->call->binds; i++) {
			if (render_eval(render, binds[i].expr, &value) < 0)
				return -1;
			frame->saved[i] = slot[binds[i].slot];
			bind(render->scope, binds[i].slot, value);
		}
		frame->saved[frame->call->binds] = slot[bound_slot(render, frame)];
	}
	if (element(render, frame, &value) < 0)
		return -1;
	bind(render->scope, bound_slot(render, frame), value);
	return 0;
}

static int
enter(struct render *render, struct call_frame *frame, const struct insn **next_r)
{
	const struct unit *unit = &render->program->unit[frame->unit];

	if ((frame->call->include ? enter_shared : enter_isolated)(render, frame) < 0)
		return -1;
	if (frame->count > 1 && loop_count_turn(render) < 0)
		return -1;
	render->unit = frame->unit;
	*next_r = render->program->insn + unit->entry;
	return call_make_room(render, frame->unit);
}

static int
leave(struct render *render, const struct insn **next_r)
{
	struct call_frame *frame = render->call;

	if (frame->call->include)
		restore_bound(render, frame);
	else
		render->isolated--;
	render->calls--;
	render->call = frame->outer;
	render->unit = frame->outer_unit;
	render->scope = frame->outer_scope;
	render->loop = frame->outer_loop;
	render->inner = frame->outer_inner;
	render->capture = frame->outer_capture;
	render->cases = frame->outer_cases;
	*next_r = frame->back;
	return 0;
}

/* What the partial is about: the value of with or for; include also looks for a
 * variable of the partial's name. */
static int
eval_with(struct render *render, struct call_frame *frame)
{
	const struct unit *unit = &render->program->unit[frame->unit];

	frame->with = LIQUID_NIL_VALUE;
	if (frame->call->with != PROGRAM_NONE)
		return render_eval(render, frame->call->with, &frame->with);
	if (!frame->call->include)
		return 0;
	return render_variable(render, unit->bind_slot, &frame->with);
}

static int
check_call(struct render *render, const struct call *call, uint32_t number)
{
	const struct liquid_limits *limits = &render->program->limits;
	int max = limits->partials > 0 ? limits->partials : limits->depth;
	const struct unit *unit = &render->program->unit[number];

	if (call->include && !call->layout && render->isolated > 0)
		return render_err(
		    render, ERR_TEMPLATE, "include usage is not allowed in this context");
	if (render->calls >= max)
		return render_err(render, ERR_LIMIT, "partials are nested more than %d deep", max);
	if (unit->entry == PROGRAM_NONE)
		return render_err(render, ERR_TEMPLATE, "partial '%.*s': %.*s", STR_F(unit->name),
		    STR_F(unit->failure));
	return 0;
}

static const struct loop *
walk_loop(struct render *render, const struct call_frame *frame)
{
	struct loop *loop = render_alloc(render, sizeof *loop);

	if (loop != NULL)
		*loop = (struct loop){.name = render->program->unit[frame->unit].name};
	return loop;
}

int
call_begin(struct render *render, const struct insn *insn, const struct insn **next_r)
{
	const struct call *call = &render->program->call[insn->a];
	struct call_frame *frame = render_alloc(render, sizeof *frame);
	uint32_t unit = call->unit;

	if (frame == NULL || (unit == PROGRAM_NONE && unit_named(render, call, &unit) < 0) ||
	    check_call(render, call, unit) < 0)
		return -1;
	*frame = (struct call_frame){.call = call,
	    .unit = unit,
	    .back = insn + 1,
	    .outer = render->call,
	    .outer_unit = render->unit,
	    .outer_scope = render->scope,
	    .outer_loop = render->loop,
	    .outer_inner = render->inner,
	    .outer_capture = render->capture,
	    .outer_cases = render->cases};
	if (eval_with(render, frame) < 0)
		return -1;
	frame->count = turns(frame);
	*next_r = frame->back;
	if (frame->count == 0)
		return 0;
	frame->walk = (struct loop_frame){.count = frame->count};
	frame->walk.loop = walk_loop(render, frame);
	if (frame->walk.loop == NULL)
		return -1;
	frame->walk.lazy = loop_lazy(&frame->walk);
	render->call = frame;
	render->calls++;
	render->isolated += !call->include;
	return enter(render, frame, next_r);
}

int
call_end(struct render *render, const struct insn **next_r)
{
	struct call_frame *frame = render->call;

	if (++frame->at < frame->count)
		return enter(render, frame, next_r);
	return leave(render, next_r);
}

int
call_break(struct render *render, bool ends, const struct insn **next_r)
{
	const struct call *call = render->call->call;

	if (!call->include)
		return call_end(render, next_r);
	leave(render, next_r);
	*next_r = render->program->insn + (ends ? call->break_at : call->continue_at);
	return 0;
}
