/* SPDX-License-Identifier: BSD-2-Clause
 *
 * window: what a contact did last, read once for all hooks of a copy
 *
 * Most plugins ask for much the same: the newest events that the shop told of. One walk along
 * those is a third of the cost of one for each type; so the newest few are read when first asked
 * for, and whatever they can answer they do. Properties are parsed once, whoever asks.
 * The walk ends after SCAN rows: somebody with ten thousand opens and page views costs no more.
 *
 * Owns:    nothing; all lies in the copy's arena.
 * Threads: those of the copy, one at a time.
 * Fails:   as the store does.
 */
#include "plugin/window.h"

#define EVENTS 64
#define SCAN   256
/* Who asks for fewer is served faster by an index. */
#define LEAST 8

struct plugin_window {
	struct store_event *event; /* newest first */
	size_t count;
	bool whole;		      /* there are no others */
	struct liquid_value **parsed; /* properties, by event; or NULL */
};

static int
load(struct plugin_copy *copy, struct store *store, struct err *err)
{
	struct plugin_window *window = arena_zalloc(copy->arena, 1, sizeof *window);

	if (window == NULL)
		return err_set(err, ERR_LIMIT, "event: arena full");
	if (store_event_recent(store, copy->contact, STORE_EVENT_TRACK, SCAN, EVENTS, copy->arena,
		&window->event, &window->count, &window->whole, err) != 0)
		return -1;
	window->parsed = arena_zalloc(copy->arena, window->count + 1, sizeof(void *));
	if (window->parsed == NULL)
		return err_set(err, ERR_LIMIT, "event: arena full");
	copy->window = window;
	return 0;
}

/* Is it about what the window holds? */
static bool
is_near(const struct store_event_query *query, size_t most)
{
	bool told = query->kind == STORE_EVENT_TRACK ||
	    (query->kind == STORE_EVENT_ANY && query->type_count > 0);

	return told && query->people && query->contact != 0 && most >= LEAST;
}

static bool
matches(const struct store_event_query *query, const struct store_event *event)
{
	if (event->time_ms < query->since_ms ||
	    (query->before_ms != 0 && event->time_ms >= query->before_ms))
		return false;
	for (size_t i = 0; i < query->type_count; i++) {
		if (str_eq(event->type, query->types[i]))
			return true;
	}
	return query->type_count == 0;
}

int
plugin_window_find(struct plugin_call *call, const struct store_event_query *query, size_t most,
    struct store_event **events_r, size_t *count_r, struct err *err)
{
	struct plugin_copy *copy = call->copy;
	struct plugin_window *window;
	size_t count = 0;

	/* Under the strict host each hook has memory of its own. */
	if (call->pool != NULL || !is_near(query, most))
		return 0;
	if (copy->window == NULL && load(copy, call->plugin->set->store, err) != 0)
		return -1;
	window = copy->window;
	*events_r = arena_alloc(copy->arena, (window->count + 1) * sizeof **events_r);
	if (*events_r == NULL)
		return err_set(err, ERR_LIMIT, "event: arena full");
	for (size_t i = 0; i < window->count && count < most; i++) {
		if (matches(query, &window->event[i]))
			(*events_r)[count++] = window->event[i];
	}
	*count_r = count;
	return window->whole || count == most ||
	    (window->count > 0 && window->event[window->count - 1].time_ms < query->since_ms);
}

struct liquid_value **
plugin_window_properties(const struct plugin_copy *copy, struct mt_str text)
{
	const struct plugin_window *window = copy == NULL ? NULL : copy->window;

	for (size_t i = 0; window != NULL && i < window->count; i++) {
		if (window->event[i].properties.p == text.p &&
		    window->event[i].properties.n == text.n)
			return &window->parsed[i];
	}
	return NULL;
}
