/* SPDX-License-Identifier: BSD-2-Clause
 *
 * words: what plugins add to templates: values, filters and tags
 *
 * What names mean becomes a lazy value: the engine's names first, then a plugin's namespace,
 * which is asked for when a template comes to it, and its answer kept for the copy.
 *
 * Threads: any; one copy by one thread at a time.
 */
#include "plugin/guard.h"

/* A member that was asked for. */
struct answer {
	struct answer *next;
	struct str member; /* empty: the value itself */
	struct liquid_value value;
};

struct plugin_cached {
	struct plugin_copy *copy;
	const struct plugin_namespace *namespace;
	struct answer *answers;
	struct liquid_lazy lazy; /* of MT_VALUE_MEMBERS */
};

/* --- values --- */

static int
call_value(
    struct plugin_cached *cached, struct str member, struct liquid_value *value_r, struct err *err)
{
	const struct plugin_namespace *namespace = cached->namespace;
	struct plugin_copy *copy = cached->copy;
	const struct mt_value *value = NULL;
	struct plugin_call *call;
	int rc = plugin_copy_begin(
	    &call, copy, namespace->member, BOARD_VALUE, namespace->row->name, err);

	*value_r = LIQUID_NIL_VALUE;
	if (rc == 0) {
		rc = namespace->row->get(
		    &call->mt, namespace->row->closure, plugin_mt(member), &value);
		rc = plugin_strict_value(call, rc, &value);
		if (rc == MT_OK)
			rc = plugin_value_take(call, value, value_r);
		rc = plugin_call_end(&call, rc, err);
	}
	if (rc == MT_OK)
		return 0;
	*value_r = LIQUID_NIL_VALUE;
	if (rc < 0)
		return plugin_member_failed(
		    &copy->use->members[namespace->member], BOARD_VALUE, namespace->row->name, err);
	return 0;
}

static int
answer_to(
    struct plugin_cached *cached, struct str member, struct liquid_value *value_r, struct err *err)
{
	struct arena *arena = cached->copy->arena;
	struct answer *answer;

	for (answer = cached->answers; answer != NULL; answer = answer->next) {
		if (str_eq(answer->member, member)) {
			*value_r = answer->value;
			return 0;
		}
	}
	answer = arena_zalloc(arena, 1, sizeof *answer);
	if (answer == NULL)
		return err_set(err, ERR_LIMIT, "message: out of memory");
	answer->member = arena_str(arena, member);
	if (answer->member.p == NULL)
		return err_set(err, ERR_LIMIT, "message: out of memory");
	if (call_value(cached, member, &answer->value, err) != 0)
		return -1;
	answer->next = cached->answers;
	cached->answers = answer;
	*value_r = answer->value;
	return 0;
}

static int
get_member(void *closure, struct str key, struct arena *arena, struct liquid_value *value_r,
    struct err *err)
{
	struct plugin_cached *cached = closure;

	(void)arena;
	if (key.n == 0)
		return 0;
	if (answer_to(cached, key, value_r, err) != 0)
		return -1;
	return value_r->type != LIQUID_NIL;
}

static int
get_namespace(struct plugin_cached *cached, struct liquid_value *value_r, struct err *err)
{
	if ((cached->namespace->row->flags & MT_VALUE_MEMBERS) == 0)
		return answer_to(cached, STR(""), value_r, err) == 0 ? 1 : -1;
	*value_r = (struct liquid_value){.type = LIQUID_LAZY, .lazy = &cached->lazy};
	return 1;
}

static int
get_global(void *closure, struct str key, struct arena *arena, struct liquid_value *value_r,
    struct err *err)
{
	struct plugin_copy *copy = closure;
	const struct liquid_value *found = liquid_object_get(copy->globals->object, key);

	(void)arena;
	if (found != NULL) {
		*value_r = *found;
		return 1;
	}
	for (size_t i = 0; i < copy->use->namespace_count; i++) {
		if (str_is(key, copy->use->namespaces[i].row->name))
			return get_namespace(&copy->values[i], value_r, err);
	}
	return 0;
}

int
plugin_copy_init(struct plugin_copy *copy, struct err *err)
{
	size_t count = copy->use == NULL ? 0 : copy->use->namespace_count;

	copy->used = NULL;
	copy->values = NULL;
	copy->window = NULL;
	copy->serial = plugin_serial_next();
	plugin_guard_forget();
	if (copy->use == NULL)
		return 0;
	copy->used = arena_zalloc(copy->arena, copy->use->count + 1, sizeof *copy->used);
	copy->values = arena_zalloc(copy->arena, count + 1, sizeof *copy->values);
	if (copy->used == NULL || copy->values == NULL)
		return err_set(err, ERR_LIMIT, "message: out of memory");
	for (size_t i = 0; i < count; i++) {
		copy->values[i] = (struct plugin_cached){.copy = copy,
		    .namespace = &copy->use->namespaces[i],
		    .lazy = {get_member, &copy->values[i], NULL}};
	}
	return 0;
}

void
plugin_copy_globals(struct plugin_copy *copy, struct liquid_value *globals)
{
	struct liquid_value *own;

	copy->globals = NULL;
	if (copy->use == NULL)
		return;
	own = arena_alloc(copy->arena, sizeof *own);
	if (own == NULL)
		return;
	*own = *globals;
	copy->globals = own;
	copy->lazy = (struct liquid_lazy){get_global, copy, NULL};
	*globals = (struct liquid_value){.type = LIQUID_LAZY, .lazy = &copy->lazy};
}

/* --- filters and tags --- */

/* Values of ours for the plugin's eyes. */
static int
show(struct plugin_call *call, const struct filter_call *from, struct mt_arguments *with_r)
{
	const struct mt_value **at = plugin_call_memory(call, (from->args + 1) * sizeof *at);
	const struct mt_value **named =
	    plugin_call_memory(call, (from->nameds + 1) * sizeof *named);
	struct mt_str *names = plugin_call_memory(call, (from->nameds + 1) * sizeof *names);

	*with_r = (struct mt_arguments){.size = sizeof *with_r,
	    .count = (uint32_t)from->args,
	    .named_count = (uint32_t)from->nameds,
	    .at = at,
	    .name = names,
	    .named = named};
	if (at == NULL || named == NULL || names == NULL)
		return MT_LIMIT;
	if (from->input != NULL) {
		with_r->input = plugin_value(call, *from->input);
		if (with_r->input == NULL)
			return MT_LIMIT;
	}
	for (size_t i = 0; i < from->args; i++) {
		if ((at[i] = plugin_value(call, from->arg[i])) == NULL)
			return MT_LIMIT;
	}
	for (size_t i = 0; i < from->nameds; i++) {
		names[i] = plugin_mt(from->named[i].name);
		if ((named[i] = plugin_value(call, from->named[i].value)) == NULL)
			return MT_LIMIT;
	}
	return MT_OK;
}

static int
run_word(const struct plugin_word *word, struct plugin_copy *copy, struct filter_call *from,
    struct err *err)
{
	const struct mt_value *value = NULL;
	struct liquid_value taken = LIQUID_NIL_VALUE;
	struct mt_arguments with;
	struct plugin_call *call;
	int32_t rc;
	int result = plugin_copy_begin(&call, copy, word->member, word->kind, word->name, err);

	if (result != 0)
		return -1;
	rc = show(call, from, &with);
	if (rc == MT_OK)
		rc = word->run(&call->mt, word->closure, &with, &value);
	rc = plugin_strict_value(call, rc, &value);
	if (rc == MT_OK)
		rc = plugin_value_take(call, value, &taken);
	result = plugin_call_end(&call, rc, err);
	if (result == MT_OK)
		from->result = taken;
	return result < 0 ? -1 : 0;
}

int
plugin_word_run(struct filter_call *from)
{
	const struct plugin_word *word = from->closure;
	struct plugin_copy *copy = filter_context(from);
	struct err err = ERR_INIT;

	/* The same template may be tried without a copy, for a look at its text. */
	if (copy == NULL || copy->use != word->use) {
		if (from->input != NULL)
			from->result = *from->input;
		return 0;
	}
	if (run_word(word, copy, from, &err) == 0)
		return 0;
	if (plugin_member_failed(&word->use->members[word->member], word->kind, word->name, &err) !=
	    0)
		return filter_err(from, err.code, "%s", err.text);
	if (from->input != NULL)
		from->result = *from->input;
	return 0;
}
