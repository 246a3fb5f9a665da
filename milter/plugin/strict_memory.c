/* SPDX-License-Identifier: BSD-2-Clause
 *
 * strict_memory: see strict_memory.h
 */
#include "plugin/strict_memory.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define REGIONS	  8192
#define ALONE_MAX 2000 /* pieces of a pool with pages of their own */
#define CHUNK	  ((size_t)256 * 1024)
#define ALIGN	  ((size_t)16)
#define RUBBISH	  0xcd
#define BORDER	  0xa5

struct region {
	char *base;
	size_t length; /* without the page behind */
	char *start;   /* of the piece */
	size_t size;
	unsigned pool;
	bool over;
	bool chunk; /* of many pieces: nothing is known about their borders */
	char label[STRICT_LABEL];
};

struct strict_pool {
	unsigned number;
	bool pieces;
	size_t count;
	char *room; /* of the current chunk */
	size_t left;
	struct arena_source source;
	char label[STRICT_LABEL];
};

static struct region regions[REGIONS];
static size_t turn;
static unsigned last_pool;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static size_t
page(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

struct strict_pool *
strict_pool_new(const char *label, bool pieces)
{
	struct strict_pool *pool = calloc(1, sizeof *pool);

	if (pool == NULL)
		abort();
	pthread_mutex_lock(&lock);
	pool->number = ++last_pool;
	pthread_mutex_unlock(&lock);
	pool->pieces = pieces;
	snprintf(pool->label, sizeof pool->label, "%s", label);
	return pool;
}

/* A free place, or that of the oldest region that is over. */
static struct region *
place(void)
{
	for (size_t i = 0; i < REGIONS; i++) {
		struct region *region = &regions[turn++ % REGIONS];

		if (region->base != NULL && !region->over)
			continue;
		if (region->base != NULL)
			munmap(region->base, region->length + page());
		region->base = NULL;
		return region;
	}
	return NULL;
}

static struct region *
map(const struct strict_pool *pool, size_t size, bool chunk)
{
	size_t length = (size + page() - 1) / page() * page();
	struct region *region = place();
	char *base;

	if (region == NULL)
		return NULL;
	base = mmap(NULL, length + page(), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (base == MAP_FAILED || mprotect(base, length, PROT_READ | PROT_WRITE) != 0)
		abort();
	*region = (struct region){.length = length,
	    .start = base + length - (size + ALIGN - 1) / ALIGN * ALIGN,
	    .size = size,
	    .pool = pool->number,
	    .chunk = chunk};
	snprintf(region->label, sizeof region->label, "%s", pool->label);
	region->base = base;
	return region;
}

static void *
take_chunk(struct strict_pool *pool, size_t size)
{
	size_t step = (size + ALIGN - 1) / ALIGN * ALIGN;
	char *p;

	if (pool->left < step) {
		struct region *region = map(pool, step > CHUNK ? step : CHUNK, true);

		if (region == NULL)
			return NULL;
		pool->room = region->start;
		pool->left = region->size;
		memset(region->start, RUBBISH, region->size);
	}
	p = pool->room;
	pool->room += step;
	pool->left -= step;
	return p;
}

static void *
take_alone(struct strict_pool *pool, size_t size)
{
	struct region *region = map(pool, size, false);

	if (region == NULL)
		return NULL;
	memset(region->base, BORDER, region->length);
	memset(region->start, RUBBISH, size);
	return region->start;
}

void *
strict_pool_take(struct strict_pool *pool, size_t size)
{
	void *p;

	if (size == 0)
		size = 1;
	pthread_mutex_lock(&lock);
	p = pool->pieces && pool->count++ < ALONE_MAX ? take_alone(pool, size)
						      : take_chunk(pool, size);
	pthread_mutex_unlock(&lock);
	return p;
}

/* --- the end --- */

static bool
is_border(const char *from, const char *to)
{
	for (; from < to; from++) {
		if ((unsigned char)*from != BORDER)
			return false;
	}
	return true;
}

static void
end_region(
    struct region *region, void (*each)(void *closure, size_t size, bool behind), void *closure)
{
	if (!region->chunk && each != NULL) {
		if (!is_border(region->base, region->start))
			each(closure, region->size, false);
		if (!is_border(region->start + region->size, region->base + region->length))
			each(closure, region->size, true);
	}
	region->over = true;
	madvise(region->base, region->length, MADV_DONTNEED);
	mprotect(region->base, region->length, PROT_NONE);
}

void
strict_pool_give(
    struct strict_pool *pool, void (*each)(void *closure, size_t size, bool behind), void *closure)
{
	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < REGIONS; i++) {
		if (regions[i].base != NULL && regions[i].pool == pool->number && !regions[i].over)
			end_region(&regions[i], each, closure);
	}
	pool->left = 0;
	pthread_mutex_unlock(&lock);
}

void
strict_pool_free(struct strict_pool **pool)
{
	if (*pool != NULL)
		strict_pool_give(*pool, NULL, NULL);
	free(*pool);
	*pool = NULL;
}

/* --- as an arena --- */

static void *
source_take(void *closure, size_t size)
{
	return strict_pool_take(closure, size);
}

static void
source_give(void *closure)
{
	strict_pool_give(closure, NULL, NULL);
}

struct arena *
strict_pool_arena(struct strict_pool *pool, size_t ceiling)
{
	pool->source = (struct arena_source){source_take, source_give, pool};
	return arena_new_from(ceiling, &pool->source);
}

/* --- questions --- */

bool
strict_pool_has(const struct strict_pool *pool, const void *p, size_t n)
{
	const char *at = p;
	bool has = false;

	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < REGIONS && !has; i++) {
		const struct region *region = &regions[i];

		has = region->base != NULL && region->pool == pool->number && !region->over &&
		    at >= region->start && at <= region->start + region->size &&
		    n <= (size_t)(region->start + region->size - at);
	}
	pthread_mutex_unlock(&lock);
	return has;
}

bool
strict_memory_find(const void *p, struct strict_place *place_r)
{
	const char *at = p;

	for (size_t i = 0; i < REGIONS; i++) {
		const struct region *region = &regions[i];

		if (region->base == NULL || at < region->base ||
		    at >= region->base + region->length + page())
			continue;
		*place_r = (struct strict_place){.size = region->size,
		    .over = region->over,
		    .behind = at >= region->base + region->length};
		memcpy(place_r->label, region->label, sizeof place_r->label);
		return true;
	}
	return false;
}
