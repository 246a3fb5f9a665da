/* SPDX-License-Identifier: BSD-2-Clause
 *
 * listen: see listen.h
 */
#include "plugin/listen.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/event.h"
#include "store/plugin.h"

#include <stdlib.h>

#define DEADLINE_MS 60000
#define ARENA_MAX   ((size_t)256 << 20)
#define SCAN_MAX    1000
#define BATCH	    100
/* How often is looked whether there is something new. */
#define TURN_US	     ((int64_t)1000000)
#define PAUSE_MIN_US ((int64_t)1000000)
#define PAUSE_MAX_US ((int64_t)60 * 1000000)
/* A cursor that only passed over others' events is written after so many. */
#define UNWRITTEN_MAX 10000

struct listener {
	struct plugin *plugin;
	const struct mt_listener *row;
	int64_t plugin_row;
	int64_t cursor;
	int64_t written; /* the cursor in the database */
	int64_t at_us;	 /* not before */
	int64_t pause_us;
};

struct listeners {
	struct store *store;
	struct listener *list;
	size_t count;
};

/* --- beginning --- */

static int
begin(struct listeners *listeners, struct listener *listener, struct err *err)
{
	struct str name = str_c(listener->row->name);
	int rc;

	if (store_plugin_add(
		listeners->store, str_c(listener->plugin->name), &listener->plugin_row, err) != 0)
		return -1;
	rc = store_plugin_cursor(
	    listeners->store, listener->plugin_row, name, &listener->cursor, err);
	if (rc == 0 &&
	    (store_event_last(listeners->store, &listener->cursor, err) != 0 ||
		store_plugin_set_cursor(
		    listeners->store, listener->plugin_row, name, listener->cursor, err) != 0))
		return -1;
	listener->written = listener->cursor;
	return rc < 0 ? -1 : 0;
}

int
listeners_new(
    struct listeners **listeners_r, struct plugin_set *set, struct store *store, struct err *err)
{
	struct listeners *listeners = calloc(1, sizeof *listeners);
	size_t count = 0;

	for (size_t i = 0; set != NULL && i < set->count; i++)
		count += set->plugins[i].module->definition.listeners.count;
	if (listeners == NULL ||
	    (listeners->list = calloc(count + 1, sizeof *listeners->list)) == NULL)
		abort();
	listeners->store = store;
	for (size_t i = 0; set != NULL && i < set->count; i++) {
		struct plugin *plugin = &set->plugins[i];
		const struct mt_listeners *rows = &plugin->module->definition.listeners;

		for (uint32_t k = 0; k < rows->count; k++) {
			struct listener *listener = &listeners->list[listeners->count++];

			*listener = (struct listener){.plugin = plugin, .row = &rows->at[k]};
			if (begin(listeners, listener, err) != 0) {
				listeners_free(&listeners);
				return -1;
			}
		}
	}
	*listeners_r = listeners;
	return 0;
}

static void
write_cursor(struct listeners *listeners, struct listener *listener)
{
	struct err err = ERR_INIT;

	if (listener->written == listener->cursor)
		return;
	if (store_plugin_set_cursor(listeners->store, listener->plugin_row,
		str_c(listener->row->name), listener->cursor, &err) == 0)
		listener->written = listener->cursor;
	else
		log_warning("a listener's cursor", LOG_STR("plugin", listener->plugin->name),
		    LOG_STR("listener", listener->row->name), LOG_STR("reason", err.text));
}

void
listeners_free(struct listeners **listeners)
{
	struct listeners *gone = *listeners;

	*listeners = NULL;
	if (gone == NULL)
		return;
	for (size_t i = 0; i < gone->count; i++)
		write_cursor(gone, &gone->list[i]);
	free(gone->list);
	free(gone);
}

/* --- one batch --- */

static bool
is_wanted(const struct mt_listener *row, const struct store_event *event)
{
	return (row->kinds & MT_EVENT_BIT(MT_EVENT_ANY)) != 0 ||
	    ((unsigned)event->kind < 64 && (row->kinds & MT_EVENT_BIT(event->kind)) != 0);
}

/* Moves those that are wanted to the front; how many. *last_r: the last event that is done with
 * when they were heard. */
static size_t
choose(const struct mt_listener *row, struct store_event *events, size_t count, int64_t *last_r)
{
	size_t most = row->most == 0 ? BATCH : row->most > SCAN_MAX ? SCAN_MAX : row->most;
	size_t chosen = 0;

	for (size_t i = 0; i < count && chosen < most; i++) {
		*last_r = events[i].id;
		if (is_wanted(row, &events[i]))
			events[chosen++] = events[i];
	}
	return chosen;
}

static int
tell(struct listener *listener, const struct store_event *events, size_t count, struct arena *arena,
    struct err *err)
{
	size_t used = 0, given;
	struct plugin_occasion occasion = {.plugin = listener->plugin,
	    .kind = BOARD_LISTENER,
	    .hook = listener->row->name,
	    .deadline_ms = DEADLINE_MS,
	    .arena = arena,
	    .used = &used,
	    .ceiling = ARENA_MAX};
	const struct mt_event *const *list;
	struct plugin_call *call;
	int32_t rc;

	if (plugin_call_begin(&call, &occasion, err) != 0)
		return -1;
	rc = plugin_events(call, events, count, &list, &given);
	if (rc == MT_OK)
		rc = listener->row->run(&call->mt, listener->row->closure, list, given);
	return plugin_call_end(&call, rc, err);
}

/* 1 there may be more at once, 0 not, -1. */
static int
run_one(
    struct listeners *listeners, struct listener *listener, struct arena *arena, struct err *err)
{
	int64_t last = listener->cursor;
	struct store_event *events;
	size_t count, chosen;

	if (store_event_after(
		listeners->store, listener->cursor, SCAN_MAX, arena, &events, &count, err) != 0)
		return -1;
	chosen = choose(listener->row, events, count, &last);
	if (chosen > 0 && tell(listener, events, chosen, arena, err) != 0)
		return -1;
	listener->cursor = last;
	if (chosen > 0 || listener->cursor - listener->written > UNWRITTEN_MAX)
		write_cursor(listeners, listener);
	return count > 0;
}

static void
back_off(struct listener *listener, const struct err *err)
{
	listener->pause_us = listener->pause_us == 0 ? PAUSE_MIN_US : 2 * listener->pause_us;
	if (listener->pause_us > PAUSE_MAX_US)
		listener->pause_us = PAUSE_MAX_US;
	listener->at_us = clock_mono_us() + listener->pause_us;
	log_warning("plugin's listener failed", LOG_STR("plugin", listener->plugin->name),
	    LOG_STR("listener", listener->row->name), LOG_STR("reason", err->text),
	    LOG_NUM("again_s", listener->pause_us / 1000000));
}

int64_t
listeners_run(struct listeners *listeners, bool (*is_told)(void *closure), void *closure)
{
	struct arena *arena = NULL;
	int64_t next_us = INT64_MAX;

	for (size_t i = 0; i < listeners->count && !is_told(closure); i++) {
		struct listener *listener = &listeners->list[i];
		struct err err = ERR_INIT;
		int rc;

		if (listener->at_us <= clock_mono_us()) {
			if (arena == NULL)
				arena = arena_new(ARENA_MAX);
			arena_reset(arena);
			rc = run_one(listeners, listener, arena, &err);
			if (rc < 0) {
				back_off(listener, &err);
			} else {
				listener->pause_us = 0;
				listener->at_us = clock_mono_us() + (rc > 0 ? 0 : TURN_US);
			}
		}
		if (listener->at_us < next_us)
			next_us = listener->at_us;
	}
	arena_free(&arena);
	return next_us;
}

bool
plugin_set_hears(const struct plugin_set *set, unsigned kind)
{
	for (size_t i = 0; set != NULL && i < set->count; i++) {
		const struct mt_listeners *rows = &set->plugins[i].module->definition.listeners;
		const struct store_event event = {.kind = (enum store_event_kind)kind};

		for (uint32_t k = 0; k < rows->count; k++) {
			if (is_wanted(&rows->at[k], &event))
				return true;
		}
	}
	return false;
}
