/* SPDX-License-Identifier: BSD-2-Clause
 *
 * state: which selectors DNS has, seen by all processes
 *
 * Lies in memory that processes share across fork: one asks DNS (master/watch.c), all others
 * look. Each word is set alone, so nobody needs a lock.
 *
 * Threads: any, of any process that inherited the memory.
 */
#ifndef DKIM_STATE_H
#define DKIM_STATE_H

#include <stdatomic.h>
#include <stddef.h>

/* What DNS said last about a key's record. */
enum dkim_seen {
	DKIM_SEEN_NEVER, /* not asked yet */
	DKIM_SEEN_SILENT,
	DKIM_SEEN_NONE,
	DKIM_SEEN_REVOKED,
	DKIM_SEEN_DIFFERENT,
	DKIM_SEEN_OK
};

struct dkim_state {
	atomic_int active; /* counts for active = auto only: the record was there */
	atomic_int seen;
};

/* Zeroed; never NULL. */
struct dkim_state *dkim_state_map(size_t count);
void dkim_state_unmap(struct dkim_state *states, size_t count);

#endif
