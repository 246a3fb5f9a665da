/* SPDX-License-Identifier: BSD-2-Clause
 *
 * window: what a contact did last, read once for all hooks of a copy
 */
#ifndef PLUGIN_WINDOW_H
#define PLUGIN_WINDOW_H

#include "plugin/internal.h"

#include "store/event.h"

/* Answers a query as store_event_newest would, if what is kept is enough: 1 answered, in the
 * copy's arena; 0 it has to be asked for; -1. `call` belongs to a copy. */
int plugin_window_find(struct plugin_call *call, const struct store_event_query *query, size_t most,
    struct store_event **events_r, size_t *count_r, struct err *err);
/* Where the parsed form of an event's properties is kept (NULL in it: not yet); NULL: the text is
 * none of those. `copy` may be NULL. */
struct liquid_value **plugin_window_properties(const struct plugin_copy *copy, struct mt_str text);

#endif
