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
void plugin_guard_note(struct plugin_call *call);
/* A new copy begins: what happens from now on is not the fault of the hooks before. */
void plugin_guard_forget(void);
/* The hook that this thread is in, or NULL. */
struct plugin_call *plugin_guard_call(void);
/* This thread's hook has done what the process can't live with. */
_Noreturn void plugin_guard_end(enum board_why why);

#endif
