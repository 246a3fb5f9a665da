/* SPDX-License-Identifier: BSD-2-Clause
 *
 * listen: listeners of plugins, which hear in batches what happened
 *
 * Each has a cursor in the database: the last event that it has heard of. It moves behind a
 * batch when the listener has returned, so that a batch may come twice, and none is missed.
 * Where nothing was for a listener the cursor is written now and then only.
 *
 * Threads: one.
 * Fails:   a listener that fails is logged, and hears its batch again after a pause that grows.
 */
#ifndef PLUGIN_LISTEN_H
#define PLUGIN_LISTEN_H

#include "plugin/internal.h"

struct listeners;

/* All listeners of the set (NULL: of none); one that is new begins with what happens from now
 * on. */
int listeners_new(
    struct listeners **listeners_r, struct plugin_set *set, struct store *store, struct err *err);
void listeners_free(struct listeners **listeners);
/* Gives what there is to those that may hear it, one batch each; `is_told` says that it is time
 * to leave. When to call again (clock_mono_us). */
int64_t listeners_run(struct listeners *listeners, bool (*is_told)(void *closure), void *closure);

#endif
