/* SPDX-License-Identifier: BSD-2-Clause
 *
 * names: see names.h
 */
#include "liquid/names.h"

#include <glib.h>

#define SIZE_FIRST 16

void
names_fini(struct names *names)
{
	g_free(names->key);
	g_free(names->index);
	*names = (struct names){.key = NULL};
}

static void
put_index(struct names *names, uint32_t number)
{
	uint32_t mask = names->size * 2 - 1;
	uint32_t at = names->key[number].hash & mask;

	while (names->index[at] != 0)
		at = (at + 1) & mask;
	names->index[at] = number + 1;
}

static void
grow(struct names *names)
{
	names->size = names->size == 0 ? SIZE_FIRST : names->size * 2;
	names->key = g_renew(struct key, names->key, names->size);
	g_free(names->index);
	names->index = g_new0(uint32_t, names->size * 2);
	for (uint32_t i = 0; i < names->count; i++)
		put_index(names, i);
}

uint32_t
names_find(const struct names *names, const struct key *key)
{
	uint32_t mask = names->size * 2 - 1;

	if (names->count == 0)
		return NAMES_NONE;
	for (uint32_t at = key->hash & mask; names->index[at] != 0; at = (at + 1) & mask) {
		const struct key *known = &names->key[names->index[at] - 1];

		if (known->head == key->head && value_same_key(known->name, key->name))
			return names->index[at] - 1;
	}
	return NAMES_NONE;
}

uint32_t
names_add(struct names *names, struct str name)
{
	struct key key = value_key(name);
	uint32_t number = names_find(names, &key);

	if (number != NAMES_NONE)
		return number;
	if (names->count == names->size)
		grow(names);
	names->key[names->count] = key;
	put_index(names, names->count);
	return names->count++;
}
