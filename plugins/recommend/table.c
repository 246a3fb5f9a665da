/* SPDX-License-Identifier: BSD-2-Clause
 *
 * table: open addressing, at most two thirds full
 */
#include "table.h"

#include <stdlib.h>
#include <string.h>

uint64_t
table_mix(uint64_t number)
{
	number ^= number >> 32;
	number *= 0xd6e8feb86659fd93u;
	number ^= number >> 32;
	number *= 0xd6e8feb86659fd93u;
	return number ^ number >> 32;
}

/* FNV-1a, its bits spread. */
uint64_t
table_hash(const void *p, size_t n)
{
	const uint8_t *byte = p;
	uint64_t hash = 0xcbf29ce484222325u;

	for (size_t i = 0; i < n; i++)
		hash = (hash ^ byte[i]) * 0x100000001b3u;
	return table_mix(hash);
}

void *
table_alloc(size_t count, size_t element)
{
	void *array = calloc(count == 0 ? 1 : count, element);

	if (array == NULL)
		abort();
	return array;
}

void *
table_room(void *array, size_t count, size_t *size, size_t element)
{
	if (count < *size)
		return array;
	*size = *size < 64 ? 64 : *size * 2;
	array = reallocarray(array, *size, element);
	if (array == NULL)
		abort();
	return array;
}

/* Where the key is, or would be. */
static size_t
place_of(const struct table *table, uint64_t key)
{
	size_t at = table_mix(key) & (table->size - 1);

	while (table->value[at] != TABLE_NONE && table->key[at] != key)
		at = (at + 1) & (table->size - 1);
	return at;
}

uint32_t
table_get(const struct table *table, uint64_t key)
{
	return table->size == 0 ? TABLE_NONE : table->value[place_of(table, key)];
}

static void
grow(struct table *table)
{
	struct table larger = {.size = table->size == 0 ? 64 : table->size * 2};

	larger.key = table_alloc(larger.size, sizeof *larger.key);
	larger.value = table_alloc(larger.size, sizeof *larger.value);
	memset(larger.value, 0xff, larger.size * sizeof *larger.value);
	for (size_t i = 0; i < table->size; i++) {
		if (table->value[i] != TABLE_NONE)
			table_put(&larger, table->key[i], table->value[i]);
	}
	table_fini(table);
	*table = larger;
}

void
table_put(struct table *table, uint64_t key, uint32_t value)
{
	size_t at;

	if (table->used * 3 >= table->size * 2)
		grow(table);
	at = place_of(table, key);
	table->used += table->value[at] == TABLE_NONE;
	table->key[at] = key;
	table->value[at] = value;
}

void
table_fini(struct table *table)
{
	free(table->key);
	free(table->value);
	*table = (struct table){.size = 0};
}

void
bytes_add(struct bytes *bytes, const void *p, size_t n)
{
	while (bytes->size - bytes->n < n)
		bytes->p = table_room(bytes->p, bytes->size, &bytes->size, 1);
	if (n > 0)
		memcpy(bytes->p + bytes->n, p, n);
	bytes->n += n;
}

void
bytes_fini(struct bytes *bytes)
{
	free(bytes->p);
	*bytes = (struct bytes){.n = 0};
}
