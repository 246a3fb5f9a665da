/* SPDX-License-Identifier: BSD-2-Clause
 *
 * plugin: what plugins keep in the database
 *
 * Each plugin has, by its name, entries of a key-value store, a generation that counts up
 * when it says that its data changed, and a cursor for each of its listeners.
 */
#ifndef STORE_PLUGIN_H
#define STORE_PLUGIN_H

#include "store/store.h"

/* Ceilings, in bytes and entries. */
#define STORE_PLUGIN_KEY_MAX	 255
#define STORE_PLUGIN_VALUE_MAX	 ((size_t)64 * 1024)
#define STORE_PLUGIN_ENTRIES_MAX 1000000
#define STORE_PLUGIN_LIST_MAX	 1000

struct store_plugin_entry {
	struct str key;
	struct str value;
	int64_t expires_ms; /* 0: never */
};

/* The plugin's row. 1, 0 there is none (*id_r is 0), -1. */
int store_plugin_find(struct store *store, struct str name, int64_t *id_r, struct err *err);
/* The same; made if it is not there. */
int store_plugin_add(struct store *store, struct str name, int64_t *id_r, struct err *err);

/* An entry whose time has come (expires_ms <= now_ms) is not there for any of these. */

/* 1 found, text in the arena; 0 there is none; -1. */
int store_plugin_get(struct store *store, int64_t plugin, struct str key, int64_t now_ms,
    struct arena *arena, struct store_plugin_entry *entry_r, struct err *err);
/* ERR_LIMIT: key or value is too long, or there are too many entries. */
int store_plugin_put(struct store *store, int64_t plugin, const struct store_plugin_entry *entry,
    int64_t now_ms, struct err *err);
/* Puts if the present value is `expected` ({NULL,0}: if there is none). 1 put, 0 it is another,
 * -1. */
int store_plugin_swap(struct store *store, int64_t plugin, const struct store_plugin_entry *entry,
    struct str expected, int64_t now_ms, struct err *err);
/* 1 deleted, 0 there was none, -1. */
int store_plugin_delete(
    struct store *store, int64_t plugin, struct str key, int64_t now_ms, struct err *err);
/* Up to `max` whose keys begin with `prefix`, in order of key, behind `after` ({NULL,0}: from the
 * first). */
int store_plugin_list(struct store *store, int64_t plugin, struct str prefix, struct str after,
    size_t max, int64_t now_ms, struct arena *arena, struct store_plugin_entry **entries_r,
    size_t *count_r, struct err *err);
/* The entry `owner` if there is one; else the first whose key begins with `pool` becomes it, and
 * that survives a loss of power. 1, 0: the pool is empty, -1. */
int store_plugin_claim(struct store *store, int64_t plugin, struct str pool, struct str owner,
    int64_t now_ms, struct arena *arena, struct store_plugin_entry *entry_r, struct err *err);
/* Deletes up to `max` entries of all plugins whose time has come. */
int store_plugin_purge(struct store *store, int64_t now_ms, size_t max, struct err *err);

int store_plugin_generation(
    struct store *store, int64_t plugin, int64_t *generation_r, struct err *err);
int store_plugin_changed(struct store *store, int64_t plugin, struct err *err);

/* The id of the last event that a listener has heard of; 0 with 0 returned: it never ran. 1
 * found. */
int store_plugin_cursor(
    struct store *store, int64_t plugin, struct str listener, int64_t *event_r, struct err *err);
int store_plugin_set_cursor(
    struct store *store, int64_t plugin, struct str listener, int64_t event, struct err *err);

#endif
