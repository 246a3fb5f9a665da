/* SPDX-License-Identifier: BSD-2-Clause
 *
 * strict_memory: memory that tells when it is used wrongly
 *
 * A pool is what one hook, or one copy, is given. Each piece ends at a page that can't be touched
 * and is full of rubbish at first; when the pool is over, its pages can't be touched any more, and
 * their addresses are not used again for long. Whoever faults there can be told whose memory it
 * was.
 *
 * Owns:    the pages, in a table of fixed size: the oldest that are over go first.
 * Threads: any; strict_memory_find also within a signal handler.
 */
#ifndef PLUGIN_STRICT_MEMORY_H
#define PLUGIN_STRICT_MEMORY_H

#include "base/arena.h"

#define STRICT_LABEL 96

struct strict_pool;

/* `label`: whose it is, for messages. `pieces`: each piece has pages of its own; else they lie
 * close together. */
struct strict_pool *strict_pool_new(const char *label, bool pieces);
/* All pieces are over. Those whose surroundings were written to are told to `each` (or NULL). */
void strict_pool_give(
    struct strict_pool *pool, void (*each)(void *closure, size_t size, bool behind), void *closure);
void strict_pool_free(struct strict_pool **pool);
void *strict_pool_take(struct strict_pool *pool, size_t size);
/* An arena over the pool, whose pieces are over with the arena. */
struct arena *strict_pool_arena(struct strict_pool *pool, size_t ceiling);
/* Do these bytes lie in one piece of the pool? */
bool strict_pool_has(const struct strict_pool *pool, const void *p, size_t n);

struct strict_place {
	char label[STRICT_LABEL];
	size_t size; /* of the piece */
	bool over;
	bool behind; /* on the page behind it */
};

/* What lies at this address; false: nothing of ours. */
bool strict_memory_find(const void *p, struct strict_place *place_r);

#endif
