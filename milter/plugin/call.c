/* SPDX-License-Identifier: BSD-2-Clause
 *
 * call: one hook of one plugin is called
 *
 * Between begin and end the board says what this thread is about, the plugin's locks are held
 * as its thread mode wants, and the call is good for host functions on this thread alone.
 *
 * Owns:    the array of calls.
 * Threads: any; each takes a free call.
 */
#include "plugin/guard.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

/* So many times the deadline, the process is killed; in the background at once. */
#define PATIENCE 4
/* A thread that goes on and on must not fill the disk. */
#define STRAYS_TOLD 3

static struct plugin_call calls[BOARD_CALLS];

/* --- the board --- */

static struct board_note *
note_of(const struct plugin_call *call)
{
	if (plugin_process.board == NULL)
		return NULL;
	return &plugin_process.board->note[plugin_process.line][call - calls];
}

static void
note_begin(const struct plugin_call *call, int64_t deadline_us)
{
	struct board_note *note = note_of(call);

	if (note == NULL)
		return;
	snprintf(note->hook, sizeof note->hook, "%s", call->hook);
	atomic_store(&note->kind, call->kind);
	atomic_store(&note->row, plugin_process_working());
	atomic_store(&note->since_us, call->since_us);
	atomic_store(&note->until_us,
	    call->since_us + (call->copy == NULL ? deadline_us : PATIENCE * deadline_us));
	atomic_store(&note->plugin, call->plugin->board_at + 1);
}

static void
note_end(const struct plugin_call *call)
{
	struct board_note *note = note_of(call);

	if (note != NULL)
		atomic_store(&note->plugin, 0);
}

/* --- begin --- */

/* More hooks at once than there are lines on the board wait a little. */
static struct plugin_call *
take_free(void)
{
	/* A closer look wants a call that was over long ago, not the latest. */
	static atomic_uint turn;
	size_t first = plugin_process.strict ? atomic_fetch_add(&turn, 1) : 0;

	for (;;) {
		for (size_t i = 0; i < BOARD_CALLS; i++) {
			struct plugin_call *call = &calls[(first + i) % BOARD_CALLS];
			int free = 0;

			if (atomic_load_explicit(&call->busy, memory_order_relaxed) == 0 &&
			    atomic_compare_exchange_strong(&call->busy, &free, 1))
				return call;
		}
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	}
}

static void
lock(struct plugin *plugin)
{
	pthread_rwlock_rdlock(&plugin->life);
	if (plugin->module->definition.threads == MT_THREADS_ONE)
		pthread_mutex_lock(&plugin->one);
}

static void
unlock(struct plugin *plugin)
{
	if (plugin->module->definition.threads == MT_THREADS_ONE)
		pthread_mutex_unlock(&plugin->one);
	pthread_rwlock_unlock(&plugin->life);
}

static int
enter(const struct plugin_occasion *occasion, struct err *err)
{
	struct plugin *plugin = occasion->plugin;

	/* Which hooks there are is wanted even then, unless to ask is the fault. */
	if (plugin->board != NULL && atomic_load(&plugin->board->out) != 0 &&
	    (occasion->kind != BOARD_EXTEND || atomic_load(&plugin->board->kind) == BOARD_EXTEND))
		return err_set(err, ERR_PLUGIN,
		    "it is out of service after %lld faults (mailtailor plugin enable %s)",
		    (long long)atomic_load(&plugin->board->strikes), plugin->name);
	if (occasion->alone)
		return 0;
	if (plugin_start(plugin, err) != 0)
		return -1;
	plugin_refresh(plugin);
	lock(plugin);
	/* A reload may have failed in between. */
	if (plugin->started)
		return 0;
	unlock(plugin);
	return err_set(err, ERR_PLUGIN, "it is not started");
}

int
plugin_call_begin(
    struct plugin_call **call_r, const struct plugin_occasion *occasion, struct err *err)
{
	struct plugin *plugin = occasion->plugin;
	struct plugin_copy *copy = occasion->copy;
	struct plugin_call *call;

	if (enter(occasion, err) != 0)
		return -1;
	call = take_free();
	call->plugin = plugin;
	call->kind = occasion->kind;
	call->hook = occasion->hook;
	call->copy = copy;
	call->alone = occasion->alone;
	call->arena = occasion->arena;
	call->used = occasion->used;
	call->ceiling = occasion->ceiling;
	call->now_ms = copy == NULL ? clock_now() : copy->now_ms;
	call->dry = !plugin_process.live;
	call->thread = pthread_self();
	call->why[0] = '\0';
	call->spoilt = false;
	call->rooms = NULL;
	call->serial = copy == NULL ? plugin_serial_next() : copy->serial;
	atomic_store(&call->strays, 0);
	call->mt = (struct mt_call){.size = sizeof call->mt,
	    .flags = call->dry ? MT_CALL_DRY : 0,
	    .host = &plugin_host,
	    .state = plugin->state};
	call->since_us = clock_mono_us();
	call->deadline_us = call->since_us + occasion->deadline_ms * 1000;
	plugin_strict_begin(call);
	note_begin(call, occasion->deadline_ms * 1000);
	plugin_guard_note(call);
	*call_r = call;
	return 0;
}

/* --- end --- */

static void
reason_of(const struct plugin_call *call, int32_t rc, struct err *err)
{
	if (call->why[0] != '\0')
		err_set(err, ERR_PLUGIN, "%s", call->why);
	else if (rc == MT_LIMIT)
		err_set(err, ERR_PLUGIN, "it ran into a ceiling");
	else if (rc == MT_MISUSE)
		err_set(err, ERR_PLUGIN, "it used the host wrongly");
	else if (rc == MT_STORE)
		err_set(err, ERR_PLUGIN, "the database does not answer");
	else if (rc == MT_FAILED || rc == MT_CHANGED)
		err_set(err, ERR_PLUGIN, "it failed without saying why");
	else
		err_set(err, ERR_PLUGIN, "it returned %d, which means nothing", (int)rc);
}

static void
count(const struct plugin_call *call, bool failed)
{
	struct board_plugin *board = call->plugin->board;
	int64_t now_us = clock_mono_us(), took_us = now_us - call->since_us;

	if (now_us > call->deadline_us)
		log_warning("plugin is slow", LOG_STR("plugin", call->plugin->name),
		    LOG_STR("kind", board_kind_name(call->kind)), LOG_STR("hook", call->hook),
		    LOG_NUM("ms", took_us / 1000));
	if (board == NULL)
		return;
	board_count_call(board, took_us);
	if (failed)
		atomic_fetch_add(&board->failures, 1);
	if (now_us > call->deadline_us)
		atomic_fetch_add(&board->late, 1);
}

int
plugin_call_end(struct plugin_call **c, int32_t rc, struct err *err)
{
	struct plugin_call *call = *c;
	struct plugin *plugin = call->plugin;
	int result;

	*c = NULL;
	plugin_room_check(call);
	if (call->spoilt)
		rc = MT_MISUSE;
	result = rc == MT_OK || rc == MT_NONE ? rc : -1;
	plugin_guard_note(NULL);
	note_end(call);
	count(call, result < 0);
	if (result < 0)
		reason_of(call, rc, err);
	plugin_strict_end(call, result);
	if (!call->alone)
		unlock(plugin);
	atomic_store(&call->busy, 0);
	return result;
}

/* --- during the call --- */

struct plugin_call *
plugin_call_of(struct mt_call *mt, const char *function)
{
	uintptr_t at = (uintptr_t)mt, first = (uintptr_t)calls;
	struct plugin_call *call = NULL;

	if (at >= first && at < first + sizeof calls && (at - first) % sizeof calls[0] == 0)
		call = &calls[(at - first) / sizeof calls[0]];
	if (call != NULL && atomic_load(&call->busy) != 0 &&
	    pthread_equal(call->thread, pthread_self()))
		return call;
	if (call == NULL || call->plugin == NULL)
		log_error("a plugin used the host with a call that is none",
		    LOG_STR("function", function));
	else if (atomic_fetch_add(&call->strays, 1) < STRAYS_TOLD)
		log_error("a plugin used the host outside of its call",
		    LOG_STR("plugin", call->plugin->name),
		    LOG_STR("kind", board_kind_name(call->kind)), LOG_STR("hook", call->hook),
		    LOG_STR("function", function));
	plugin_strict_outside(call, function);
	return NULL;
}

int32_t
plugin_call_misuse(struct plugin_call *call, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(call->why, sizeof call->why, format, args);
	va_end(args);
	log_warning("plugin misuses the host", LOG_STR("plugin", call->plugin->name),
	    LOG_STR("kind", board_kind_name(call->kind)), LOG_STR("hook", call->hook),
	    LOG_STR("reason", call->why));
	return MT_MISUSE;
}

void *
plugin_call_memory(struct plugin_call *call, size_t size)
{
	void *memory = NULL;

	if (size <= call->ceiling && *call->used <= call->ceiling - size)
		memory = arena_alloc(call->arena, size == 0 ? 1 : size);
	if (memory == NULL)
		snprintf(call->why, sizeof call->why,
		    "it asked for more memory than its ceiling of %zu bytes", call->ceiling);
	else
		*call->used += size;
	return memory;
}

struct str
plugin_call_text(struct plugin_call *call, struct str text)
{
	char *copy = plugin_call_memory(call, text.n);

	if (copy == NULL)
		return STR_NONE;
	if (text.n > 0)
		memcpy(copy, text.p, text.n);
	return (struct str){copy, text.n};
}
