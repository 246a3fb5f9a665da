/* SPDX-License-Identifier: BSD-2-Clause
 *
 * watch: how many of a campaign's copies came back or were complained of, lately
 *
 * Threads: any.
 */
#ifndef STORE_WATCH_H
#define STORE_WATCH_H

#include "store/store.h"

struct store_watch_group {
	struct str campaign;
	struct str provider; /* domain of the recipients; empty: all of them */
	int64_t since_ms;    /* counted from here */
	int64_t bounced;
	int64_t complained;
};

/* Groups with at least `least` bounces or complaints that happened at `since_ms` or later, and after
 * the campaign was last resumed; campaigns that are paused are left out. The worst first, at most
 * `max`; in the arena. */
int store_watch_bad(struct store *store, int64_t since_ms, int64_t least, size_t max,
    struct arena *arena, struct store_watch_group **groups_r, size_t *count_r, struct err *err);
/* How many copies of such a group left in that time. */
int store_watch_copies(
    struct store *store, const struct store_watch_group *group, int64_t *copies_r, struct err *err);
/* Pauses the campaign and says why. 1, 0 it was paused already, -1. */
int store_watch_pause(struct store *store, struct str campaign, struct str reason, struct err *err);

#endif
