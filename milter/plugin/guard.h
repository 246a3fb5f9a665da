/* SPDX-License-Identifier: BSD-2-Clause
 *
 * guard: the last words of a process that a plugin brings down
 */
#ifndef PLUGIN_GUARD_H
#define PLUGIN_GUARD_H

#include "plugin/internal.h"

/* This process runs plugins for the daemon: line `line` of the board is its own, and whatever
 * ends it within a hook is noted there. Once, before other threads. */
void plugin_guard_install(struct board *board, int line);
/* This thread calls a hook, or NULL: it has returned. */
void plugin_guard_note(const struct plugin_call *call, int number);

#endif
