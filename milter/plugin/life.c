/* SPDX-License-Identifier: BSD-2-Clause
 *
 * life: extend, start, stop and reload of one plugin in this process
 *
 * A start that failed is tried again, by the next hook after a pause. Whether the plugin's data
 * changed (another process called `changed`) is looked up once a second at most.
 *
 * Threads: any; each holds `life` alone while the plugin's function runs.
 */
#include "plugin/internal.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/plugin.h"

#include <stdio.h>

#define RETRY_US    ((int64_t)10 * 1000000)
#define LOOK_US	    ((int64_t)1000000)
#define DEADLINE_MS 60000
#define ARENA_MAX   ((size_t)256 << 20)

/* `life` is held alone. */
static int
run(struct plugin *plugin, int kind, struct err *err)
{
	const struct mt_definition *definition = &plugin->module->definition;
	size_t used = 0;
	struct plugin_occasion occasion = {.plugin = plugin,
	    .kind = kind,
	    .hook = board_kind_name(kind),
	    .deadline_ms = DEADLINE_MS,
	    .arena = arena_new(ARENA_MAX),
	    .used = &used,
	    .ceiling = ARENA_MAX,
	    .alone = true};
	struct plugin_call *call;
	int32_t rc = MT_OK;
	int result = plugin_call_begin(&call, &occasion, err);

	if (result == 0) {
		if (kind == BOARD_START && definition->start != NULL)
			rc = definition->start(&call->mt, &plugin->state);
		else if (kind == BOARD_RELOAD && definition->reload != NULL)
			rc = definition->reload(&call->mt);
		else if (kind == BOARD_STOP && definition->stop != NULL)
			definition->stop(&call->mt);
		result = plugin_call_end(&call, rc, err) < 0 ? -1 : 0;
	}
	arena_free(&occasion.arena);
	return result;
}

int
plugin_extend(struct plugin *plugin, struct err *err)
{
	struct plugin_module *module = plugin->module;
	struct mt_definition said = module->definition;
	size_t used = 0;
	struct plugin_occasion occasion = {.plugin = plugin,
	    .kind = BOARD_EXTEND,
	    .hook = board_kind_name(BOARD_EXTEND),
	    .deadline_ms = DEADLINE_MS,
	    .used = &used,
	    .ceiling = ARENA_MAX,
	    .alone = true};
	struct plugin_call *call;

	if (said.extend == NULL)
		return 0;
	plugin->lasting = arena_new(ARENA_MAX);
	occasion.arena = plugin->lasting;
	if (plugin_call_begin(&call, &occasion, err) != 0 ||
	    plugin_call_end(&call, said.extend(&call->mt, &said), err) < 0 ||
	    plugin_module_extend(module, &said, err) != 0) {
		module->lacking = arena_str(plugin->lasting, str_c(err->text)).p;
		return -1;
	}
	return 0;
}

static int
start_alone(struct plugin *plugin, struct err *err)
{
	struct store *store = plugin->set->store;

	if (store == NULL)
		return err_set(err, ERR_PLUGIN, "without a database it can't be started");
	/* Its row is made by the daemon alone. */
	if (store_plugin_find(store, str_c(plugin->name), &plugin->row, err) < 0 ||
	    (plugin->row == 0 && plugin_process.live &&
		store_plugin_add(store, str_c(plugin->name), &plugin->row, err) != 0))
		return -1;
	if (plugin->row != 0 &&
	    store_plugin_generation(store, plugin->row, &plugin->generation, err) != 0)
		return -1;
	plugin->state = NULL;
	if (run(plugin, BOARD_START, err) != 0)
		return err_prefix(err, "start");
	plugin->started = true;
	return 0;
}

int
plugin_start(struct plugin *plugin, struct err *err)
{
	bool started;
	int rc = 0;

	pthread_rwlock_rdlock(&plugin->life);
	started = plugin->started;
	pthread_rwlock_unlock(&plugin->life);
	if (started)
		return 0;
	pthread_rwlock_wrlock(&plugin->life);
	if (!plugin->started && clock_mono_us() < atomic_load(&plugin->retry_us)) {
		rc = err_set(err, ERR_PLUGIN, "%s", plugin->why);
	} else if (!plugin->started) {
		rc = start_alone(plugin, err);
		if (rc != 0) {
			snprintf(plugin->why, sizeof plugin->why, "%s", err->text);
			/* Once it is enabled again, it may start at once. */
			if (plugin->board == NULL || atomic_load(&plugin->board->out) == 0)
				atomic_store(&plugin->retry_us, clock_mono_us() + RETRY_US);
			log_error("plugin does not start", LOG_STR("plugin", plugin->name),
			    LOG_STR("reason", err->text));
		}
	}
	pthread_rwlock_unlock(&plugin->life);
	return rc;
}

void
plugin_stop(struct plugin *plugin)
{
	struct err err = ERR_INIT;

	pthread_rwlock_wrlock(&plugin->life);
	if (plugin->started && run(plugin, BOARD_STOP, &err) != 0)
		log_warning("plugin", LOG_STR("plugin", plugin->name), LOG_STR("reason", err.text));
	plugin->started = false;
	pthread_rwlock_unlock(&plugin->life);
}

static bool
has_changed(struct plugin *plugin, int64_t *generation_r)
{
	struct err err = ERR_INIT;

	return store_plugin_generation(plugin->set->store, plugin->row, generation_r, &err) == 0 &&
	    *generation_r != plugin->generation;
}

void
plugin_refresh(struct plugin *plugin)
{
	long long last = atomic_load(&plugin->looked_us);
	int64_t now_us = clock_mono_us(), generation;
	struct err err = ERR_INIT;

	if (plugin->module->definition.reload == NULL || plugin->row == 0 ||
	    now_us - last < LOOK_US ||
	    !atomic_compare_exchange_strong(&plugin->looked_us, &last, now_us))
		return;
	pthread_rwlock_wrlock(&plugin->life);
	if (plugin->started && has_changed(plugin, &generation)) {
		plugin->generation = generation;
		if (run(plugin, BOARD_RELOAD, &err) != 0)
			log_error("plugin does not reload", LOG_STR("plugin", plugin->name),
			    LOG_STR("reason", err.text));
	}
	pthread_rwlock_unlock(&plugin->life);
}
