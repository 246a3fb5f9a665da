/* SPDX-License-Identifier: BSD-2-Clause
 *
 * table: numbers found by 64-bit keys, and bytes that grow
 *
 * Owns:    what it holds; a zeroed struct is empty.
 * Threads: one at a time; reading is for any.
 * Fails:   out of memory stops the process; who fills them has ceilings.
 */
#ifndef RECOMMEND_TABLE_H
#define RECOMMEND_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TABLE_NONE UINT32_MAX

struct table {
	uint64_t *key;
	uint32_t *value; /* TABLE_NONE: free */
	size_t size;	 /* a power of two, or 0 */
	size_t used;
};

/* TABLE_NONE: there is none. */
uint32_t table_get(const struct table *table, uint64_t key);
/* `value` is not TABLE_NONE; a later one takes the earlier one's place. */
void table_put(struct table *table, uint64_t key, uint32_t value);
void table_fini(struct table *table);

/* Of text, for keys: good enough that among a million none is another's (1 in 10^7). */
uint64_t table_hash(const void *p, size_t n);
/* Spreads the bits of a number. */
uint64_t table_mix(uint64_t number);

/* `array` with room for one element more than `count`; *size is its room. */
void *table_room(void *array, size_t count, size_t *size, size_t element);
void *table_alloc(size_t count, size_t element);

struct bytes {
	uint8_t *p;
	size_t n;
	size_t size;
};

void bytes_add(struct bytes *bytes, const void *p, size_t n);
void bytes_fini(struct bytes *bytes);

#endif
