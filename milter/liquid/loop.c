/* SPDX-License-Identifier: BSD-2-Clause
 *
 * loop: what a for loop walks over, and its `forloop`
 *
 * Threads: one at a time per render.
 */
#include "liquid/number.h"
#include "liquid/render.h"

#include <stdio.h>

static int64_t
column(const struct loop_frame *frame)
{
	return frame->cols > 0 ? frame->at % frame->cols : frame->at;
}

static bool
is_last_column(const struct loop_frame *frame)
{
	return frame->cols > 0 && column(frame) == frame->cols - 1;
}

static int
get_table_member(const struct loop_frame *frame, struct str key, struct liquid_value *value_r)
{
	if (str_is(key, "col"))
		*value_r = liquid_int(column(frame) + 1);
	else if (str_is(key, "col0"))
		*value_r = liquid_int(column(frame));
	else if (str_is(key, "col_first"))
		*value_r = liquid_bool(column(frame) == 0);
	else if (str_is(key, "col_last"))
		*value_r = liquid_bool(is_last_column(frame));
	else if (str_is(key, "row"))
		*value_r = liquid_int(frame->cols > 0 ? frame->at / frame->cols + 1 : 1);
	else
		return 0;
	return 1;
}

static int
get_member(void *closure, struct str key, struct arena *arena, struct liquid_value *value_r,
    struct err *err)
{
	const struct loop_frame *frame = closure;

	(void)arena;
	(void)err;
	if (str_is(key, "index"))
		*value_r = liquid_int(frame->at + 1);
	else if (str_is(key, "index0"))
		*value_r = liquid_int(frame->at);
	else if (str_is(key, "first"))
		*value_r = liquid_bool(frame->at == 0);
	else if (str_is(key, "last"))
		*value_r = liquid_bool(frame->at == frame->count - 1);
	else if (str_is(key, "rindex"))
		*value_r = liquid_int(frame->count - frame->at);
	else if (str_is(key, "rindex0"))
		*value_r = liquid_int(frame->count - frame->at - 1);
	else if (str_is(key, "length"))
		*value_r = liquid_int(frame->count);
	else if (frame->loop->table)
		return get_table_member(frame, key, value_r);
	else if (str_is(key, "name"))
		*value_r = liquid_string(frame->loop->name);
	else if (str_is(key, "parentloop") && frame->parent != NULL)
		*value_r = (struct liquid_value){.type = LIQUID_LAZY, .lazy = &frame->parent->lazy};
	else
		return 0;
	return 1;
}

/* How many elements there are to walk over. Text counts as one element. */
static int64_t
count_of(const struct liquid_value *collection)
{
	switch (collection->type) {
	case LIQUID_ARRAY:
		return (int64_t)collection->array->count;
	case LIQUID_OBJECT:
		return (int64_t)collection->object->count;
	case LIQUID_RANGE:
		return value_range_count(collection);
	case LIQUID_STRING:
		return collection->string.n > 0;
	default:
		return 0;
	}
}

/* Ruby's to_i, which tablerow uses where for wants an integer. */
static int
coerce(struct render *render, const struct liquid_value *value, int64_t *n_r)
{
	switch (value->type) {
	case LIQUID_NIL:
		*n_r = 0;
		return 0;
	case LIQUID_STRING:
		render->work += value->string.n;
		*n_r = number_to_i(value->string);
		return 0;
	case LIQUID_FLOAT:
		*n_r = value->real > -9e18 && value->real < 9e18 ? (int64_t)value->real : 0;
		return 0;
	default:
		return render_integer(render, value, n_r);
	}
}

static int
eval_attribute(struct render *render, const struct loop *loop, uint32_t expr, int64_t *n_r)
{
	struct liquid_value value;

	if (expr == PROGRAM_NONE)
		return 0;
	if (render_eval(render, expr, &value) < 0)
		return -1;
	if (loop->table)
		return coerce(render, &value, n_r);
	if (value.type == LIQUID_NIL)
		return 0;
	return render_integer(render, &value, n_r);
}

static int
set_element(struct render *render, struct loop_frame *frame)
{
	int64_t at = frame->loop->reversed ? frame->count - 1 - frame->at : frame->at;
	struct slot *slot = &render->scope->slot[frame->loop->slot];
	const struct value_member *member;
	struct liquid_value *pair;

	at += frame->first;
	switch (frame->collection.type) {
	case LIQUID_ARRAY:
		slot->bound = frame->collection.array->at[at];
		return 0;
	case LIQUID_RANGE:
		slot->bound = liquid_int(frame->collection.range.first + at);
		return 0;
	case LIQUID_OBJECT:
		member = &frame->collection.object->member[at];
		if (value_array_new(render->arena, 2, &pair, &slot->bound) < 0)
			return render_full(render);
		pair[0] = liquid_string(member->key);
		pair[1] = member->value;
		return 0;
	default:
		slot->bound = frame->collection;
		return 0;
	}
}

static struct slot *
forloop_of(struct render *render, const struct loop_frame *frame)
{
	const struct liquid_program *program = render->program;

	return &render->scope
		    ->slot[frame->loop->table ? program->tablerow_slot : program->forloop_slot];
}

struct liquid_lazy
loop_lazy(struct loop_frame *frame)
{
	return (struct liquid_lazy){get_member, frame,
	    frame->loop->table ? "Liquid::TablerowloopDrop" : "Liquid::ForloopDrop"};
}

static void
bind(struct render *render, struct loop_frame *frame)
{
	struct slot *slot = &render->scope->slot[frame->loop->slot];
	struct slot *forloop = forloop_of(render, frame);

	frame->saved = slot->bound;
	frame->had = slot->has_bound;
	slot->has_bound = true;
	frame->saved_forloop = forloop->bound;
	frame->had_forloop = forloop->has_bound;
	frame->lazy = loop_lazy(frame);
	if (!frame->loop->table)
		render->inner = frame;
	forloop->bound = (struct liquid_value){.type = LIQUID_LAZY, .lazy = &frame->lazy};
	forloop->has_bound = true;
}

/* The part of the collection that offset and limit leave; text is not cut. */
static int
cut(struct render *render, struct loop_frame *frame)
{
	const struct loop *loop = frame->loop;
	int64_t all = count_of(&frame->collection);
	int64_t first = loop->offset_continue ? render->scope->resume[loop->resume] : 0;
	int64_t limit = INT64_MAX;

	if (eval_attribute(render, loop, loop->offset, &first) < 0 ||
	    eval_attribute(render, loop, loop->limit, &limit) < 0)
		return -1;
	if (frame->collection.type == LIQUID_STRING) {
		frame->count = all;
		return 0;
	}
	if (first < 0)
		first = 0;
	if (first > all)
		first = all;
	frame->first = first;
	frame->count = all - first;
	if (limit < frame->count)
		frame->count = limit < 0 ? 0 : limit;
	render->scope->resume[loop->resume] = first + frame->count;
	return 0;
}

/* Markup around the cells of a tablerow. */
static int
begin_cell(struct render *render, const struct loop_frame *frame)
{
	char text[64];
	int n = snprintf(text, sizeof text, "<td class=\"col%lld\">", (long long)column(frame) + 1);

	return render_markup(render, (struct str){text, (size_t)n});
}

static int
next_row(struct render *render, const struct loop_frame *frame)
{
	char text[64];
	int n = snprintf(text, sizeof text, "</tr>\n<tr class=\"row%lld\">",
	    (long long)(frame->at / frame->cols + 1));

	return render_markup(render, (struct str){text, (size_t)n});
}

static int
begin_table(struct render *render, struct loop_frame *frame)
{
	frame->cols = frame->count;
	if (eval_attribute(render, frame->loop, frame->loop->cols, &frame->cols) < 0)
		return -1;
	if (frame->collection.type == LIQUID_NIL)
		return 0;
	if (render_markup(render, STR("<tr class=\"row1\">\n")) < 0)
		return -1;
	return frame->count > 0 ? begin_cell(render, frame) : render_markup(render, STR("</tr>\n"));
}

static int
next_cell(struct render *render, struct loop_frame *frame)
{
	if (render_write(render, STR("</td>")) < 0)
		return -1;
	if (frame->at == frame->count)
		return 0;
	if (frame->cols > 0 && frame->at % frame->cols == 0 && next_row(render, frame) < 0)
		return -1;
	return begin_cell(render, frame);
}

int
loop_count_turn(struct render *render)
{
	int64_t max = render->program->limits.turns;

	if (++render->turns <= max || max == 0)
		return 0;
	return render_err(render, ERR_LIMIT, "the loops take more than %lld turns", (long long)max);
}

int
loop_enter(struct render *render, uint32_t number, bool *enter_r)
{
	const struct loop *loop = &render->program->loop[number];
	struct loop_frame *frame = &render->loop[loop->level];

	*frame = (struct loop_frame){.loop = loop, .parent = render->inner};
	if (render_eval(render, loop->collection, &frame->collection) < 0 ||
	    cut(render, frame) < 0 || (loop->table && begin_table(render, frame) < 0))
		return -1;
	if (frame->collection.type == LIQUID_NIL && !loop->has_else)
		render_missing(render, loop->collection);
	*enter_r = frame->count > 0;
	if (frame->count == 0)
		return 0;
	if (loop_count_turn(render) < 0)
		return -1;
	bind(render, frame);
	return set_element(render, frame);
}

int
loop_next(struct render *render, uint32_t number, bool *again_r)
{
	struct loop_frame *frame = &render->loop[render->program->loop[number].level];

	*again_r = ++frame->at < frame->count;
	if (frame->loop->table && next_cell(render, frame) < 0)
		return -1;
	if (!*again_r)
		return 0;
	return loop_count_turn(render) < 0 ? -1 : set_element(render, frame);
}

int
loop_leave(struct render *render, uint32_t number)
{
	const struct loop_frame *frame = &render->loop[render->program->loop[number].level];
	struct slot *slot = &render->scope->slot[frame->loop->slot];
	struct slot *forloop = forloop_of(render, frame);

	slot->bound = frame->saved;
	slot->has_bound = frame->had;
	forloop->bound = frame->saved_forloop;
	forloop->has_bound = frame->had_forloop;
	if (!frame->loop->table)
		render->inner = frame->parent;
	return frame->loop->table ? render_markup(render, STR("</tr>\n")) : 0;
}
