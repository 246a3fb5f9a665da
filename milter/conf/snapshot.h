/* SPDX-License-Identifier: BSD-2-Clause
 *
 * snapshot: what stands behind a struct conf
 *
 * One arena holds every text, list and section; it goes with the last reference.
 *
 * Threads: the count is atomic; all else is written by conf_load alone.
 */
#ifndef CONF_SNAPSHOT_H
#define CONF_SNAPSHOT_H

#include "base/arena.h"
#include "conf/conf.h"
#include "conf/net.h"

#include <stdatomic.h>

/* Of a LIST of networks, parsed. */
struct conf_networks {
	struct net *at;
	size_t count;
};

struct snapshot {
	struct conf conf; /* first: a struct conf * is one of these */
	atomic_uint references;
	struct arena *arena;
	struct conf_networks trusted;
	struct conf_networks web_proxies;
	struct conf_networks metrics;
	const char **places; /* file:line of each global row; NULL where the default counts */
};

struct snapshot *snapshot_new(void);
void snapshot_free(struct snapshot **snapshot);
/* file:line of a global parameter; the path of the configuration if it has its default. */
const char *snapshot_place(const struct snapshot *snapshot, const char *name);

#endif
