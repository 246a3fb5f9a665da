/* SPDX-License-Identifier: BSD-2-Clause
 *
 * eval: variables, members, ranges and filter chains
 *
 * Threads: one at a time per render.
 * Fails:   ERR_TEMPLATE, ERR_LIMIT; whatever a lazy value says.
 */
#include "liquid/compare.h"
#include "liquid/number.h"
#include "liquid/render.h"
#include "liquid/text.h"

/* Taking a member, or running a filter, counts as looking at this many bytes. */
#define MEMBER_WORK 16
#define FILTER_WORK 128

int
render_global(struct render *render, const struct key *key, struct liquid_value *value_r)
{
	const struct liquid_value *globals = render->globals;
	const struct liquid_value *found;

	*value_r = LIQUID_NIL_VALUE;
	if (globals == NULL)
		return 0;
	if (globals->type == LIQUID_OBJECT) {
		found = value_find(globals->object, key);
		if (found != NULL)
			*value_r = *found;
		return 0;
	}
	if (globals->type == LIQUID_LAZY &&
	    globals->lazy->get(
		globals->lazy->closure, key->name, render->arena, value_r, render->err) < 0)
		return -1;
	return 0;
}

/* What the outermost name of a variable means, asked once. */
static const struct liquid_value *
global_variable(struct render *render, uint32_t number, struct slot *slot)
{
	if (render_global(render, &render->program->slots.key[number], &slot->global) < 0)
		return NULL;
	if (number == render->program->self_slot && slot->global.type == LIQUID_NIL)
		slot->global =
		    (struct liquid_value){.type = LIQUID_LAZY, .lazy = &render->scope->self};
	slot->has_global = true;
	return &slot->global;
}

/* Where the value of a variable stands; NULL with the error set. */
static inline const struct liquid_value *
variable(struct render *render, uint32_t number)
{
	struct slot *slot = &render->scope->slot[number];

	if (slot->has_bound)
		return &slot->bound;
	if (slot->has_assigned)
		return &slot->assigned;
	return slot->has_global ? &slot->global : global_variable(render, number, slot);
}

int
render_variable(struct render *render, uint32_t number, struct liquid_value *value_r)
{
	const struct liquid_value *value = variable(render, number);

	if (value == NULL)
		return -1;
	*value_r = *value;
	return 0;
}

/* A variable whose name was computed. */
static int
named_variable(struct render *render, const struct key *key, struct liquid_value *value_r)
{
	uint32_t number = names_find(&render->program->slots, key);

	render->work += key->name.n;
	if (number != NAMES_NONE)
		return render_variable(render, number, value_r);
	return render_global(render, key, value_r);
}

/* `self`: the variables as members of an object. */
int
render_get_self(void *closure, struct str name, struct arena *arena, struct liquid_value *value_r,
    struct err *err)
{
	struct scope *scope = closure;
	struct render *render = scope->render;
	struct key key = value_key(name);
	struct scope *now = render->scope;
	int ret;

	(void)arena;
	(void)err;
	render->scope = scope;
	ret = named_variable(render, &key, value_r);
	render->scope = now;
	return ret < 0 ? -1 : value_r->type != LIQUID_NIL;
}

static struct liquid_value
element(const struct liquid_value *of, int64_t index)
{
	int64_t count;

	if (of->type != LIQUID_ARRAY)
		return LIQUID_NIL_VALUE;
	count = (int64_t)of->array->count;
	if (index < 0)
		index += count;
	return index >= 0 && index < count ? of->array->at[index] : LIQUID_NIL_VALUE;
}

static struct liquid_value
pair(struct render *render, const struct value_member *member)
{
	struct liquid_value value = LIQUID_NIL_VALUE;
	struct liquid_value *at;

	if (value_array_new(render->arena, 2, &at, &value) < 0)
		return LIQUID_NIL_VALUE;
	at[0] = liquid_string(member->key);
	at[1] = member->value;
	return value;
}

static struct liquid_value
size_of(const struct liquid_value *of)
{
	switch (of->type) {
	case LIQUID_STRING:
		return liquid_int((int64_t)text_length(of->string));
	case LIQUID_ARRAY:
		return liquid_int((int64_t)of->array->count);
	case LIQUID_OBJECT:
		return liquid_int((int64_t)of->object->count);
	case LIQUID_RANGE:
		return liquid_int(value_range_count(of));
	case LIQUID_INT:
		return liquid_int(8); /* bytes of the machine's integer, as Ruby says */
	default:
		return LIQUID_NIL_VALUE;
	}
}

/* The first or last character. */
static struct liquid_value
end_of_text(const struct liquid_value *value, bool first)
{
	struct str s = value->string;
	struct liquid_value end = *value;
	size_t at = 0;

	if (s.n == 0)
		return LIQUID_NIL_VALUE;
	if (first) {
		end.string.n = text_step(s.p, s.n);
		return end;
	}
	for (size_t i = 0; i < s.n; i += text_step(s.p + i, s.n - i))
		at = i;
	end.string = (struct str){s.p + at, s.n - at};
	return end;
}

struct liquid_value
render_command(struct render *render, const struct liquid_value *of, enum command command)
{
	if (of->type == LIQUID_STRING)
		render->work += of->string.n;
	if (command == COMMAND_SIZE)
		return size_of(of);
	switch (of->type) {
	case LIQUID_STRING:
		return end_of_text(of, command == COMMAND_FIRST);
	case LIQUID_ARRAY:
		return element(of, command == COMMAND_FIRST ? 0 : -1);
	case LIQUID_OBJECT:
		if (command == COMMAND_FIRST && of->object->count > 0)
			return pair(render, &of->object->member[0]);
		return LIQUID_NIL_VALUE;
	case LIQUID_RANGE:
		return liquid_int(command == COMMAND_FIRST ? of->range.first : of->range.last);
	default:
		return LIQUID_NIL_VALUE;
	}
}

static int
keyed(struct render *render, const struct liquid_value *of, const struct key *key,
    struct liquid_value *value_r)
{
	const struct liquid_value *found;

	if (of->type == LIQUID_OBJECT) {
		found = value_find(of->object, key);
		if (found == NULL)
			return 0;
		*value_r = *found;
		return 1;
	}
	if (of->type == LIQUID_LAZY)
		return of->lazy->get(
		    of->lazy->closure, key->name, render->arena, value_r, render->err);
	return 0;
}

int
render_member(struct render *render, const struct liquid_value *of, struct str name,
    struct liquid_value *value_r)
{
	struct key key = value_key(name);
	struct liquid_value value = LIQUID_NIL_VALUE;

	render->work += name.n;
	if (keyed(render, of, &key, &value) < 0)
		return -1;
	*value_r = value;
	return 0;
}

static int
member_by_value(struct render *render, const struct liquid_value *of, const struct liquid_value *by,
    struct liquid_value *value_r)
{
	if (by->type == LIQUID_INT) {
		*value_r = element(of, by->integer);
		return 0;
	}
	if (by->type == LIQUID_STRING)
		return render_member(render, of, by->string, value_r);
	*value_r = LIQUID_NIL_VALUE;
	return 0;
}

static int
take_step(struct render *render, const struct step *step, struct liquid_value *value)
{
	struct liquid_value of = *value;
	struct liquid_value by;
	int found;

	*value = LIQUID_NIL_VALUE;
	switch (step->kind) {
	case STEP_INDEX:
		*value = element(&of, step->index);
		return 0;
	case STEP_EXPR:
		if (render_eval(render, step->expr, &by) < 0)
			return -1;
		return member_by_value(render, &of, &by, value);
	case STEP_KEY:
		break;
	}
	found = keyed(render, &of, &step->key, value);
	if (found == 0 && step->command != COMMAND_NONE)
		*value = render_command(render, &of, step->command);
	return found < 0 ? -1 : 0;
}

static int
first_step(struct render *render, const struct step *step, struct liquid_value *value_r)
{
	struct liquid_value name;
	struct key key;

	if (step->kind == STEP_KEY)
		return named_variable(render, &step->key, value_r);
	*value_r = LIQUID_NIL_VALUE;
	if (step->kind != STEP_EXPR)
		return 0;
	if (render_eval(render, step->expr, &name) < 0)
		return -1;
	if (name.type != LIQUID_STRING)
		return 0;
	key = value_key(name.string);
	return named_variable(render, &key, value_r);
}

/* A member that is not where it is likely. Renders that run at once over objects made
 * differently must not spend their time on taking the hints from each other. */
static const struct liquid_value *
search_member(struct render *render, const struct liquid_object *object, struct step *step)
{
	const struct value_member *member = value_find_member(object, &step->key);

	if (member == NULL)
		return NULL;
	if (!render->learned) {
		atomic_store_explicit(
		    &step->likely, (uint32_t)(member - object->member), memory_order_relaxed);
		render->learned = true;
	}
	return &member->value;
}

static const struct liquid_value *
find_member(struct render *render, const struct liquid_object *object, struct step *step)
{
	uint32_t likely = atomic_load_explicit(&step->likely, memory_order_relaxed);

	if (likely < object->count && value_is_key(&object->member[likely], &step->key))
		return &object->member[likely].value;
	return search_member(render, object, step);
}

/* Goes as far as there are members of ordinary objects: nearly always to the end. */
static const struct liquid_value *
walk(struct render *render, const struct liquid_value *value, struct step *step, uint32_t steps,
    uint32_t *i)
{
	for (; *i < steps && value->type == LIQUID_OBJECT && step[*i].kind == STEP_KEY; ++*i) {
		const struct liquid_value *found = find_member(render, value->object, &step[*i]);

		if (found == NULL)
			break;
		value = found;
	}
	return value;
}

/* The steps from number `i` on. */
static const struct liquid_value *
take_steps(struct render *render, const struct expr *expr, uint32_t i, struct liquid_value *room)
{
	const struct step *step = render->program->step + expr->path.step;

	for (; i < expr->path.steps && room->type != LIQUID_NIL; i++) {
		if (take_step(render, &step[i], room) < 0)
			return NULL;
	}
	return room;
}

/* The value of a path where it stands; what is made on the way is put into `room`. NULL with
 * the error set. */
static const struct liquid_value *
eval_path(struct render *render, const struct expr *expr, struct liquid_value *room)
{
	struct step *step = render->program->step + expr->path.step;
	const struct liquid_value *value;
	uint32_t i = 0;

	render->work += expr->path.steps * MEMBER_WORK;
	if (expr->path.slot == PROGRAM_NONE)
		return first_step(render, step, room) < 0 ? NULL
							  : take_steps(render, expr, 1, room);
	value = variable(render, expr->path.slot);
	if (value == NULL)
		return NULL;
	value = walk(render, value, step, expr->path.steps, &i);
	/* A variable itself may be assigned to before anyone looks. */
	if (i > 0 && i == expr->path.steps)
		return value;
	*room = *value;
	return take_steps(render, expr, i, room);
}

int
render_integer(struct render *render, const struct liquid_value *value, int64_t *n_r)
{
	struct number number;

	switch (value->type) {
	case LIQUID_INT:
		*n_r = value->integer;
		return 0;
	case LIQUID_FLOAT: /* only what was an integer beyond 64 bits */
		if (value->real < 9.2e18 && value->real > -9.2e18)
			break;
		*n_r = value->real < 0 ? INT64_MIN : INT64_MAX;
		return 0;
	case LIQUID_STRING:
		render->work += value->string.n;
		if (number_parse(str_trim(value->string), &number) && number.integer &&
		    !number.inexact) {
			*n_r = number_to_i(value->string);
			return 0;
		}
		break;
	default:
		break;
	}
	return render_err(render, ERR_TEMPLATE, "invalid integer");
}

/* The ends of a range are made integers whatever they are. */
static int64_t
range_end(struct render *render, const struct liquid_value *value)
{
	if (value->type == LIQUID_INT)
		return value->integer;
	if (value->type == LIQUID_STRING) {
		render->work += value->string.n;
		return number_to_i(value->string);
	}
	if (value->type == LIQUID_FLOAT && value->real > -9e18 && value->real < 9e18)
		return (int64_t)value->real;
	return 0;
}

static int
eval_range(struct render *render, const struct expr *expr, struct liquid_value *value_r)
{
	struct liquid_value first, last;

	if (render_eval(render, expr->range.first, &first) < 0 ||
	    render_eval(render, expr->range.last, &last) < 0)
		return -1;
	*value_r = (struct liquid_value){.type = LIQUID_RANGE};
	value_r->range.first = range_end(render, &first);
	value_r->range.last = range_end(render, &last);
	return 0;
}

static inline const struct liquid_value *
look(struct render *render, uint32_t number, struct liquid_value *room)
{
	const struct expr *expr = &render->program->expr[number];

	switch (expr->kind) {
	case EXPR_LITERAL:
		return &expr->literal;
	case EXPR_RANGE:
		return eval_range(render, expr, room) < 0 ? NULL : room;
	case EXPR_PATH:
		break;
	}
	return eval_path(render, expr, room);
}

const struct liquid_value *
render_look(struct render *render, uint32_t number, struct liquid_value *room)
{
	return look(render, number, room);
}

int
render_eval(struct render *render, uint32_t number, struct liquid_value *value_r)
{
	const struct liquid_value *value = look(render, number, value_r);

	if (value == NULL)
		return -1;
	if (value != value_r)
		*value_r = *value;
	return 0;
}

void
render_missing(struct render *render, uint32_t number)
{
	const struct expr *expr = &render->program->expr[number];

	if (expr->kind == EXPR_PATH && render->options->missing != NULL)
		render->options->missing(render->options->closure, expr->text);
}

/* A filter looks at all of its input and arguments. */
static inline int
charge_value(struct render *render, const struct liquid_value *value)
{
	if (value->type == LIQUID_STRING)
		return render_charge(render, value->string.n);
	if (value->type == LIQUID_ARRAY)
		return render_charge(render, value->array->count * 16);
	return 0;
}

static int
eval_args(struct render *render, const struct filter_use *use, bool asked,
    struct liquid_value *args, struct filter_arg *nameds)
{
	const struct liquid_program *program = render->program;

	for (uint32_t i = 0; i < use->args; i++) {
		uint32_t expr = program->arg[use->arg + i];
		const struct liquid_value *value = look(render, expr, &args[i]);

		if (value == NULL || charge_value(render, value) < 0)
			return -1;
		if (value != &args[i])
			args[i] = *value;
		if (asked && value->type == LIQUID_NIL)
			render_missing(render, expr);
	}
	for (uint32_t i = 0; i < use->nameds; i++) {
		const struct named_arg *named = &program->named[use->named + i];

		nameds[i].name = named->name;
		if (render_eval(render, named->expr, &nameds[i].value) < 0)
			return -1;
	}
	return 0;
}

int
render_use(
    struct render *render, const struct filter_use *use, bool asked, struct filter_call *call)
{
	struct liquid_value args[FILTER_ARGS_MAX];
	struct filter_arg nameds[FILTER_NAMED_MAX];
	const struct filter *filter = use->filter;

	call->render = render;
	call->arg = args;
	call->args = use->args;
	call->named = nameds;
	call->nameds = use->nameds;
	call->closure = use->closure;
	call->result = LIQUID_NIL_VALUE;
	render->at = use->at;
	if (charge_value(render, call->input) < 0)
		return -1;
	if (eval_args(render, use, asked && !filter->covers, args, nameds) < 0)
		return -1;
	if (filter->run(call) < 0)
		return -1;
	if (filter->markup != FILTER_OWN)
		call->result.safe = filter->markup == FILTER_KEEPS && call->input->safe;
	if (asked && filter->covers && call->result.type == LIQUID_NIL && use->args > 0)
		render_missing(render, render->program->arg[use->arg]);
	return 0;
}

/* A chain while it runs. Each filter reads what the one before left in the other call: a value
 * that was just written in small pieces is slow to copy. */
struct chain_run {
	struct liquid_value room;
	struct filter_call call[2];
};

/* The value after the first `uses` filters of a chain; it may stand in `run`. NULL with the
 * error set. */
static const struct liquid_value *
run_chain(struct render *render, const struct chain *chain, uint32_t uses, bool asked,
    struct chain_run *run)
{
	const struct filter_use *use = render->program->use + chain->use;
	const struct liquid_value *value = look(render, chain->expr, &run->room);

	if (value == NULL ||
	    (chain->uses > 0 && render_charge(render, chain->uses * FILTER_WORK) < 0))
		return NULL;
	if (asked && value->type == LIQUID_NIL && !chain->covered)
		render_missing(render, chain->expr);
	for (uint32_t i = 0; i < uses; i++) {
		struct filter_call *call = &run->call[value == &run->call[0].result];

		if (use[i].filter == NULL)
			continue;
		call->input = value;
		if (render_use(render, &use[i], asked, call) < 0)
			return NULL;
		value = &call->result;
	}
	return value;
}

int
render_chain(struct render *render, uint32_t number, bool asked, struct liquid_value *value_r)
{
	const struct chain *chain = &render->program->chain[number];
	struct chain_run run;
	const struct liquid_value *value = run_chain(render, chain, chain->uses, asked, &run);

	if (value == NULL)
		return -1;
	*value_r = *value;
	return 0;
}

/* What went through all filters but `escape` is escaped on its way into the output. */
static int
put_escaping(struct render *render, const struct chain *chain, const struct liquid_value *value)
{
	struct filter_call call = {.input = value};

	if (value->type == LIQUID_STRING)
		return charge_value(render, value) < 0 ? -1 : render_put_escaped(render, value);
	if (render_use(render, &render->program->use[chain->use + chain->uses - 1], true, &call) <
	    0)
		return -1;
	return render_put(render, &call.result);
}

int
render_put_chain(struct render *render, uint32_t number)
{
	const struct chain *chain = &render->program->chain[number];
	const struct liquid_value *value;
	struct chain_run run;

	value = run_chain(render, chain, chain->uses - chain->escapes, true, &run);
	if (value == NULL)
		return -1;
	return chain->escapes ? put_escaping(render, chain, value) : render_put(render, value);
}
