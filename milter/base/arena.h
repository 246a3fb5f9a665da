/* SPDX-License-Identifier: BSD-2-Clause
 *
 * arena: memory for one message, given back all at once
 *
 * Allocation moves a pointer; arena_reset makes everything free again and keeps
 * the blocks, so that a warm arena asks the heap for nothing. The ceiling counts
 * bytes handed out since the last reset: beyond it arena_alloc returns NULL
 * (the caller says ERR_LIMIT), since what is asked for may come from outside.
 * Out of memory below the ceiling stops the process.
 *
 * Threads: one at a time.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/str.h"

struct arena;

/* `ceiling` in bytes. */
struct arena *arena_new(size_t ceiling);

/* Memory from elsewhere, for who watches how it is used. */
struct arena_source {
	void *(*take)(void *closure, size_t size); /* aligned; NULL: no more */
	void (*give)(void *closure);		   /* all of it back */
	void *closure;
};

/* An arena that asks the heap for nothing, but `source` for each piece. It has to outlive the arena. */
struct arena *arena_new_from(size_t ceiling, const struct arena_source *source);
void arena_free(struct arena **arena);
/* All memory from this arena becomes invalid. Blocks beyond 1 MB go back to the
 * heap, so that one huge message does not stay with the process. */
void arena_reset(struct arena *arena);
/* Aligned for any type, not cleared. NULL when the ceiling is reached. */
void *arena_alloc(struct arena *arena, size_t size);
/* The same, cleared; `count` * `size` must not overflow, else NULL. */
void *arena_zalloc(struct arena *arena, size_t count, size_t size);
/* A copy that ends in NUL (not counted in n). {NULL,0} when the ceiling is reached. */
struct str arena_str(struct arena *arena, struct str s);
/* printf into the arena; {NULL,0} when the ceiling is reached. */
struct str arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Bytes handed out since the last reset. */
size_t arena_used(const struct arena *arena);
/* How often this arena asked the heap for a block, ever. */
unsigned long arena_heap_calls(const struct arena *arena);

#endif
