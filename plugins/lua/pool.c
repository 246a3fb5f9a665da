/* SPDX-License-Identifier: BSD-2-Clause
 *
 * pool: the files in service, the Lua states that have them, and what happens when files change
 *
 * A state serves one call at a time; there are as many as there were calls at once. A task looks
 * into the folder: what is new there, twice the same and without a mistake, is published and told by `changed`,
 * and every process reads what was
 * published then.
 *
 * Owns:    sources and idle states.
 * Threads: hooks on any; open, close and reload are alone.
 */
#include "script.h"

#include <stdio.h>
#include <stdlib.h>

static struct script *
take(struct script_pool *pool)
{
	struct script *script;

	pthread_mutex_lock(&pool->lock);
	script = pool->idle;
	if (script != NULL)
		pool->idle = script->next;
	pthread_mutex_unlock(&pool->lock);
	return script;
}

static void
give(struct script_pool *pool, struct script *script)
{
	/* Who ran into a ceiling may be anyhow. */
	if (script->spent || script->refused) {
		script_free(&script);
		return;
	}
	pthread_mutex_lock(&pool->lock);
	script->next = pool->idle;
	pool->idle = script;
	pthread_mutex_unlock(&pool->lock);
}

static void
free_idle(struct script_pool *pool)
{
	while (pool->idle != NULL) {
		struct script *script = pool->idle;

		pool->idle = script->next;
		script_free(&script);
	}
}

int32_t
script_pool_run(struct mt_call *call, enum script_kind kind, const char *name,
    int32_t (*run)(lua_State *L, void *with), void *with)
{
	struct script_pool *pool = call->state;
	const struct script_hook *hook = script_hook_find(pool->sources, kind, name);
	struct script *script;
	char why[120];
	int32_t rc;

	if (hook == NULL) {
		snprintf(
		    why, sizeof why, "no file makes the %s %s any more", script_kinds[kind], name);
		return call->host->fail(call, mt_str_c(why));
	}
	script = take(pool);
	if (script == NULL)
		script = script_new(pool->sources, call);
	if (script == NULL)
		return MT_FAILED;
	rc = script_run(script, call, hook, run, with);
	give(pool, script);
	return rc;
}

/* --- life --- */

static int32_t
read_and_look(struct script_sources **sources_r, struct mt_call *call)
{
	int32_t rc = script_sources_read(sources_r, call);

	if (rc == MT_OK)
		rc = script_look(*sources_r, call);
	if (rc != MT_OK)
		script_sources_free(sources_r);
	return rc;
}

int32_t
script_pool_open(struct mt_call *call, void **state_r)
{
	struct script_pool *pool = calloc(1, sizeof *pool);
	int32_t rc;

	if (pool == NULL)
		return MT_LIMIT;
	rc = read_and_look(&pool->sources, call);
	if (rc != MT_OK) {
		free(pool);
		return rc;
	}
	pthread_mutex_init(&pool->lock, NULL);
	*state_r = pool;
	return MT_OK;
}

void
script_pool_close(struct mt_call *call)
{
	struct script_pool *pool = call->state;

	free_idle(pool);
	script_sources_free(&pool->sources);
	script_sources_free(&pool->seen);
	script_sources_free(&pool->told);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

static bool
is_same_hook(const struct script_hook *a, const struct script_hook *b)
{
	return b != NULL && a->kinds == b->kinds && a->every == b->every;
}

/* What a reload can't do: the host knows the hooks that there were at the start. */
static int32_t
check_hooks(
    struct mt_call *call, const struct script_sources *old, const struct script_sources *new)
{
	char text[200];

	for (size_t i = 0; i < old->hook_count; i++) {
		const struct script_hook *hook = &old->hooks[i];

		if (is_same_hook(hook, script_hook_find(new, hook->kind, hook->name)))
			continue;
		snprintf(text, sizeof text,
		    "%s: the %s %s is gone, or is for something else: that takes a SIGHUP to "
		    "mailtailord",
		    old->at[hook->file].name, script_kinds[hook->kind], hook->name);
		return call->host->fail(call, mt_str_c(text));
	}
	for (size_t i = 0; i < new->hook_count; i++) {
		const struct script_hook *hook = &new->hooks[i];

		if (script_hook_find(old, hook->kind, hook->name) != NULL)
			continue;
		snprintf(text, sizeof text,
		    "%s: the %s %s is new: it takes a SIGHUP to mailtailord to be in service",
		    new->at[hook->file].name, script_kinds[hook->kind], hook->name);
		call->host->log(call, MT_LOG_WARNING, mt_str_c(text));
	}
	return MT_OK;
}

int32_t
script_pool_reload(struct mt_call *call)
{
	struct script_pool *pool = call->state;
	struct script_sources *new;
	int32_t rc =
	    script_published(call, &new) ? script_look(new, call) : read_and_look(&new, call);

	if (rc == MT_OK)
		rc = check_hooks(call, pool->sources, new);
	if (rc != MT_OK) {
		script_sources_free(&new);
		return rc;
	}
	free_idle(pool);
	script_sources_free(&pool->sources);
	pool->sources = new;
	call->host->log(call, MT_LOG_INFO, MT_STR("the files changed and are in service"));
	return MT_OK;
}

/* --- the task --- */

/* The files in `new` were there the last time, too, are not in service, and nothing was said
 * about them yet. */
static bool
is_news(const struct script_pool *pool, const struct script_sources *new)
{
	return script_sources_equal(pool->seen, new) && !script_sources_equal(pool->sources, new) &&
	    !script_sources_equal(pool->told, new);
}

int32_t
script_pool_watch(struct mt_call *call, void *closure)
{
	struct script_pool *pool = call->state;
	struct script_sources *new;
	int32_t rc = script_sources_read(&new, call);

	(void)closure;
	if (rc != MT_OK)
		return rc;
	if (!is_news(pool, new)) {
		script_sources_free(&pool->seen);
		pool->seen = new;
		return MT_OK;
	}
	rc = script_look(new, call);
	if (rc == MT_OK)
		rc = check_hooks(call, pool->sources, new);
	script_sources_free(&pool->told);
	pool->told = new;
	if (rc == MT_OK)
		rc = script_publish(call, new);
	return rc == MT_OK ? call->host->changed(call) : rc;
}
