/* SPDX-License-Identifier: BSD-2-Clause
 *
 * arena: see arena.h
 *
 * Owns:    a list of blocks. `current` is the one being filled; those after it
 *          are empty and wait for use.
 * Threads: one at a time.
 */
#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define BLOCK_MIN  ((size_t)32 * 1024)
#define BLOCK_KEEP ((size_t)1024 * 1024)
#define ALIGN	   _Alignof(max_align_t)

#if defined(__SANITIZE_ADDRESS__)
#define POISON 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POISON 1
#endif
#endif
#ifdef POISON
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(p, n)	  ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#endif

struct block {
	struct block *next;
	size_t size;
	size_t used;
	_Alignas(max_align_t) char data[];
};

struct arena {
	struct block *first;
	struct block *current;
	const struct arena_source *source; /* NULL: blocks */
	size_t ceiling;
	size_t used;
	unsigned long heap_calls;
};

struct arena *
arena_new(size_t ceiling)
{
	struct arena *arena = calloc(1, sizeof *arena);

	if (arena == NULL)
		abort();
	arena->ceiling = ceiling;
	return arena;
}

struct arena *
arena_new_from(size_t ceiling, const struct arena_source *source)
{
	struct arena *arena = arena_new(ceiling);

	arena->source = source;
	return arena;
}

static void
block_free(struct block *block)
{
	ASAN_UNPOISON_MEMORY_REGION(block->data, block->size);
	free(block);
}

void
arena_free(struct arena **arena)
{
	struct block *block, *next;

	if (*arena == NULL)
		return;
	if ((*arena)->source != NULL)
		(*arena)->source->give((*arena)->source->closure);
	for (block = (*arena)->first; block != NULL; block = next) {
		next = block->next;
		block_free(block);
	}
	free(*arena);
	*arena = NULL;
}

void
arena_reset(struct arena *arena)
{
	struct block **link = &arena->first;
	size_t kept = 0;

	if (arena->source != NULL)
		arena->source->give(arena->source->closure);
	while (*link != NULL) {
		struct block *block = *link;

		if (kept + block->size > BLOCK_KEEP) {
			*link = block->next;
			block_free(block);
			continue;
		}
		kept += block->size;
		block->used = 0;
		ASAN_POISON_MEMORY_REGION(block->data, block->size);
		link = &block->next;
	}
	arena->current = arena->first;
	arena->used = 0;
}

/* Makes `current` a block with room for `size`. Blocks that are too small are
 * passed over until the next reset. */
static void
next_block(struct arena *arena, size_t size)
{
	struct block *last = arena->current;
	struct block *block;
	size_t room = BLOCK_MIN;

	for (block = last == NULL ? arena->first : last->next; block != NULL; block = block->next) {
		if (block->size >= size) {
			arena->current = block;
			return;
		}
		last = block;
	}
	if (last != NULL && last->size * 2 <= BLOCK_KEEP / 2)
		room = last->size * 2;
	if (room < size)
		room = size;
	block = malloc(sizeof *block + room);
	if (block == NULL)
		abort();
	arena->heap_calls++;
	*block = (struct block){.size = room};
	ASAN_POISON_MEMORY_REGION(block->data, room);
	if (last == NULL)
		arena->first = block;
	else
		last->next = block;
	arena->current = block;
}

void *
arena_alloc(struct arena *arena, size_t size)
{
	size_t step;
	void *p;

	if (size > arena->ceiling || arena->used > arena->ceiling - size)
		return NULL;
	if (arena->source != NULL) {
		p = arena->source->take(arena->source->closure, size == 0 ? 1 : size);
		arena->used += p == NULL ? 0 : size;
		return p;
	}
	step = (size + ALIGN - 1) & ~(ALIGN - 1);
	if (step == 0)
		step = ALIGN;
	if (arena->current == NULL || arena->current->size - arena->current->used < step)
		next_block(arena, step);
	p = arena->current->data + arena->current->used;
	arena->current->used += step;
	arena->used += size;
	ASAN_UNPOISON_MEMORY_REGION(p, size);
	return p;
}

void *
arena_zalloc(struct arena *arena, size_t count, size_t size)
{
	void *p;

	if (size != 0 && count > SIZE_MAX / size)
		return NULL;
	p = arena_alloc(arena, count * size);
	if (p != NULL)
		memset(p, 0, count * size);
	return p;
}

struct str
arena_str(struct arena *arena, struct str s)
{
	char *p = arena_alloc(arena, s.n + 1);

	if (p == NULL)
		return STR_NONE;
	if (s.n > 0)
		memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	return (struct str){p, s.n};
}

struct str
arena_printf(struct arena *arena, const char *format, ...)
{
	va_list args, again;
	int need;
	char *p;

	va_start(args, format);
	va_copy(again, args);
	need = vsnprintf(NULL, 0, format, args);
	va_end(args);
	p = need < 0 ? NULL : arena_alloc(arena, (size_t)need + 1);
	if (p != NULL)
		vsnprintf(p, (size_t)need + 1, format, again);
	va_end(again);
	return (struct str){p, p == NULL ? 0 : (size_t)need};
}

size_t
arena_used(const struct arena *arena)
{
	return arena->used;
}

unsigned long
arena_heap_calls(const struct arena *arena)
{
	return arena->heap_calls;
}
