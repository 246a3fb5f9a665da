/* SPDX-License-Identifier: BSD-2-Clause
 *
 * found: see found.h
 *
 * Owns:    the table of addresses; the items are the arena's.
 * Threads: one at a time.
 */
#include "delivery/found.h"

void
delivery_list_init(struct delivery_list *list, struct arena *arena)
{
	memset(list, 0, sizeof *list);
	list->arena = arena;
	list->seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

void
delivery_list_fini(struct delivery_list *list)
{
	g_hash_table_destroy(list->seen);
}

/* Two addresses that differ by case alone are one mailbox in every report there is. */
static char *
key_of(struct str address)
{
	char *valid = g_utf8_make_valid(address.p == NULL ? "" : address.p, (gssize)address.n);
	char *key = g_utf8_strdown(valid, -1);

	g_free(valid);
	return key;
}

struct delivery_found *
delivery_list_get(const struct delivery_list *list, struct str address)
{
	char *key = key_of(address);
	gpointer index = g_hash_table_lookup(list->seen, key);

	g_free(key);
	return index == NULL ? NULL : &list->items[GPOINTER_TO_SIZE(index) - 1];
}

static bool
grow(struct delivery_list *list)
{
	size_t size = list->size == 0 ? 16 : 2 * list->size;
	struct delivery_found *items = arena_zalloc(list->arena, size, sizeof *items);

	if (items == NULL)
		return false;
	if (list->count > 0)
		memcpy(items, list->items, list->count * sizeof *items);
	list->items = items;
	list->size = size;
	return true;
}

static void
complete(struct str *text, struct str other)
{
	if (text->n == 0)
		*text = other;
}

static void
merge(struct delivery_found *there, const struct delivery_found *found)
{
	complete(&there->original, found->original);
	complete(&there->status, found->status);
	complete(&there->said, found->said);
	complete(&there->around, found->around);
	if (there->action == DELIVERY_ACTION_NONE)
		there->action = found->action;
}

void
delivery_list_add(struct delivery_list *list, const struct delivery_found *found)
{
	struct delivery_found *there = delivery_list_get(list, found->address);

	if (there != NULL) {
		merge(there, found);
		return;
	}
	if (list->count == DELIVERY_RECIPIENTS_MAX || (list->count == list->size && !grow(list))) {
		list->truncated = true;
		return;
	}
	list->items[list->count++] = *found;
	g_hash_table_insert(list->seen, key_of(found->address), GSIZE_TO_POINTER(list->count));
}
