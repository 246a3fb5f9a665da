/* SPDX-License-Identifier: BSD-2-Clause
 *
 * background: the process that runs the tasks and listeners of plugins
 *
 * It sees no mail, so that what they take their time for keeps nobody waiting. Entries of the
 * key-value store whose time has come are deleted here, too.
 *
 * Owns:    store and plugins of this process.
 * Threads: the process's first, and the one that fetches (refresh.c); the log's beside them.
 * Fails:   a task that fails is logged and runs again after its pause.
 */
#include "master/worker.h"
#include "plugin/listen.h"
#include "plugin/refresh.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/resident.h"
#include "store/plugin.h"

#include <poll.h>
#include <stdlib.h>
#include <sysexits.h>

#define DEADLINE_MS 60000
#define ARENA_MAX   ((size_t)256 << 20)
#define PURGE_US    ((int64_t)60 * 1000000)
#define PURGE_MAX   1000
#define LONGEST_US  ((int64_t)3600 * 1000000)

struct due {
	struct plugin *plugin;
	const struct mt_task *task;
	int64_t at_us;
};

struct background {
	const struct worker *worker;
	struct store *store;
	struct plugin_set *set;
	struct due *due;
	size_t count;
	struct listeners *listeners;
	struct refresh *refresh;
	int64_t purge_us;
	struct resident growth;
};

static int
open_all(struct background *background, struct err *err)
{
	const struct conf *conf = background->worker->conf;
	size_t count = 0;

	if (store_open(&background->store, conf->database, STORE_READ, err) != 0 ||
	    plugin_set_new(&background->set, conf, background->store, NULL, NULL, err) != 0)
		return -1;
	for (size_t i = 0; background->set != NULL && i < background->set->count; i++)
		count += background->set->plugins[i].module->definition.tasks.count;
	background->due = calloc(count + 1, sizeof *background->due);
	if (background->due == NULL)
		abort();
	for (size_t i = 0; background->set != NULL && i < background->set->count; i++) {
		struct plugin *plugin = &background->set->plugins[i];
		const struct mt_tasks *tasks = &plugin->module->definition.tasks;

		for (uint32_t k = 0; k < tasks->count; k++)
			background->due[background->count++] =
			    (struct due){plugin, &tasks->at[k], 0};
	}
	return listeners_new(&background->listeners, background->set, background->store, err);
}

int
plugin_run_task(struct plugin *plugin, const struct mt_task *task, struct err *err)
{
	size_t used = 0;
	struct plugin_occasion occasion = {.plugin = plugin,
	    .kind = BOARD_TASK,
	    .hook = task->name,
	    .deadline_ms = task->deadline == 0 ? DEADLINE_MS : task->deadline,
	    .arena = arena_new(ARENA_MAX),
	    .used = &used,
	    .ceiling = ARENA_MAX};
	struct plugin_call *call;
	int rc = plugin_call_begin(&call, &occasion, err);

	if (rc == 0)
		rc = plugin_call_end(&call, task->run(&call->mt, task->closure), err);
	arena_free(&occasion.arena);
	return rc < 0 ? -1 : 0;
}

static void
run_task(struct due *due)
{
	struct err err = ERR_INIT;

	if (plugin_run_task(due->plugin, due->task, &err) != 0)
		log_warning("plugin's task failed", LOG_STR("plugin", due->plugin->name),
		    LOG_STR("task", due->task->name), LOG_STR("reason", err.text));
	due->at_us = clock_mono_us() + due->task->every * 1000;
}

static void
purge(struct background *background)
{
	struct err err = ERR_INIT;

	if (clock_mono_us() < background->purge_us)
		return;
	background->purge_us = clock_mono_us() + PURGE_US;
	if (store_plugin_purge(background->store, clock_now(), PURGE_MAX, &err) != 0)
		log_warning("entries of plugins", LOG_STR("reason", err.text));
}

/* True when the master wants this process to leave. */
static bool
is_told(const struct background *background, int64_t wait_us)
{
	struct pollfd fd = {.fd = background->worker->control_fd, .events = POLLIN};

	return poll(&fd, 1, wait_us <= 0 ? 0 : (int)(wait_us / 1000) + 1) > 0;
}

static bool
is_time(void *closure)
{
	return is_told(closure, 0);
}

static void
serve(struct background *background)
{
	bool grown = false;
	int64_t next_us;

	do {
		next_us = listeners_run(background->listeners, is_time, background);
		if (next_us > clock_mono_us() + LONGEST_US)
			next_us = clock_mono_us() + LONGEST_US;
		purge(background);
		for (size_t i = 0; i < background->count; i++) {
			struct due *due = &background->due[i];

			if (due->at_us <= clock_mono_us() && !is_told(background, 0))
				run_task(due);
			if (due->at_us < next_us)
				next_us = due->at_us;
		}
		if (background->purge_us < next_us)
			next_us = background->purge_us;
		grown =
		    resident_is_grown(&background->growth, background->worker->conf->worker_memory);
	} while (!grown && !is_told(background, next_us - clock_mono_us()));
	if (grown)
		worker_retire(background->worker);
}

int
plugin_run(const struct worker *worker)
{
	struct background background = {.worker = worker};
	struct err err = ERR_INIT;
	int status = EX_OK;

	if (open_all(&background, &err) == 0) {
		background.refresh = refresh_new(background.set, background.store);
		serve(&background);
	} else {
		log_error("plugins can't start", LOG_STR("reason", err.text));
		status = err_exit_code(err.code);
	}
	refresh_free(&background.refresh);
	listeners_free(&background.listeners);
	plugin_set_free(&background.set);
	store_close(&background.store);
	free(background.due);
	return status;
}
