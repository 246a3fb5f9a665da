/* SPDX-License-Identifier: BSD-2-Clause
 *
 * memory: what libopendkim takes from the heap for one message, given back as a whole
 *
 * libopendkim forgets some memory: with each Ed25519 signature the buffer of its result. It
 * lets its caller provide the allocator, so every block of a message goes on that message's
 * list, and what is left on it at the end is freed.
 *
 * Threads: any; one list, one thread.
 */
#ifndef DKIM_MEMORY_H
#define DKIM_MEMORY_H

#include <stddef.h>

struct dkim_block {
	struct dkim_block *next, *prev;
};

/* The closure that dkim_sign() and dkim_verify() take. */
struct dkim_memory {
	struct dkim_block blocks; /* a ring */
};

void dkim_memory_init(struct dkim_memory *memory);
/* Frees what is left; returns how many blocks that were. */
size_t dkim_memory_fini(struct dkim_memory *memory);

/* For dkim_init(). Without a closure (the library's own, lasting things) a block is on no list. */
void *dkim_memory_take(void *memory, size_t n);
void dkim_memory_give(void *memory, void *data);

#endif
