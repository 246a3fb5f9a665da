/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fence: what plugins may cost: one process, three times
 *
 * The master reads on the board (plugin/board.h) what each worker is about. One that a hook
 * keeps far beyond its deadline is killed; when one dies within a hook, the plugin gets a
 * strike, and after three within ten minutes it is out of service until
 * `mailtailor plugin enable`. The master itself never loads a plugin.
 */
#ifndef MASTER_FENCE_H
#define MASTER_FENCE_H

#include "master/state.h"

/* Makes the board if this configuration has plugins, and gives each its place. */
int fence_prepare(struct master *master, const struct conf *conf, struct err *err);
/* A line that no living worker has; -1: there is no board, or it is full. */
int fence_line(const struct master *master);
/* Kills who hangs; returns how soon to look again, in ms, at most `timeout_ms` (-1: for ever). */
int fence_watch(struct master *master, int timeout_ms);
/* A worker has died: whose fault was it? True: a plugin's. Its line is free then. */
bool fence_blame(struct master *master, const struct child *child, int wait_status);
void fence_close(struct master *master);

#endif
