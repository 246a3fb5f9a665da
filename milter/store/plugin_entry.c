/* SPDX-License-Identifier: BSD-2-Clause
 *
 * plugin_entry: the key-value store of plugins; see plugin.h
 *
 * Keys and values are bytes: they are stored as blobs, which SQLite compares by memcmp. How many
 * entries a plugin has is counted in its row, so that the ceiling costs no walk.
 *
 * Threads: any.
 * Fails:   ERR_LIMIT, and db.c's.
 */
#include "store/db.h"
#include "store/plugin.h"

#include <stdlib.h>

#define LIVE "(expires_ms = 0 OR expires_ms > ?3)"

static const char get_sql[] = "SELECT key, value, expires_ms FROM plugin_entry "
			      "WHERE plugin = ?1 AND key = ?2 AND " LIVE;
static const char put_sql[] =
    "INSERT INTO plugin_entry (plugin, key, value, expires_ms) VALUES (?1, ?2, ?3, ?4) "
    "ON CONFLICT (plugin, key) DO UPDATE SET value = excluded.value, "
    "expires_ms = excluded.expires_ms";
static const char has_sql[] = "SELECT expires_ms FROM plugin_entry WHERE plugin = ?1 AND key = ?2";
static const char delete_sql[] = "DELETE FROM plugin_entry WHERE plugin = ?1 AND key = ?2";
static const char entries_sql[] = "SELECT entries FROM plugin WHERE id = ?1";
static const char count_sql[] = "UPDATE plugin SET entries = entries + ?2 WHERE id = ?1";
/* ?2 <= key < ?5, which is the first text behind all that begin with the prefix. */
static const char list_sql[] = "SELECT key, value, expires_ms FROM plugin_entry "
			       "WHERE plugin = ?1 AND key >= ?2 AND key > ?4 AND (?5 IS NULL OR "
			       "key < ?5) AND " LIVE " ORDER BY key LIMIT ?6";
static const char expired_sql[] = "SELECT plugin, key FROM plugin_entry "
				  "WHERE expires_ms > 0 AND expires_ms <= ?1 LIMIT ?2";

static struct str
blob(sqlite3_stmt *statement, int column, struct arena *arena, bool *full)
{
	struct str s = {sqlite3_column_blob(statement, column),
	    (size_t)sqlite3_column_bytes(statement, column)};
	struct str copy = arena_str(arena, s.p == NULL ? STR("") : s);

	if (copy.p == NULL)
		*full = true;
	return copy;
}

static struct store_plugin_entry
copy_entry(sqlite3_stmt *statement, struct arena *arena, bool *full)
{
	return (struct store_plugin_entry){.key = blob(statement, 0, arena, full),
	    .value = blob(statement, 1, arena, full),
	    .expires_ms = sqlite3_column_int64(statement, 2)};
}

/* 1, 0, -1. */
static int
get(struct store_db *db, int64_t plugin, struct str key, int64_t now_ms, struct arena *arena,
    struct store_plugin_entry *entry_r, struct err *err)
{
	sqlite3_stmt *statement = store_db_statement(db, get_sql, err);
	bool full = false;
	int rc;

	if (statement == NULL)
		return -1;
	store_db_bind_int(statement, 1, plugin);
	store_db_bind_blob(statement, 2, key);
	store_db_bind_int(statement, 3, now_ms);
	rc = store_db_step(db, statement, "read entries of plugins", err);
	if (rc == 1) {
		*entry_r = copy_entry(statement, arena, &full);
		sqlite3_reset(statement);
	}
	return full ? err_set(err, ERR_LIMIT, "entry: arena full") : rc;
}

int
store_plugin_get(struct store *store, int64_t plugin, struct str key, int64_t now_ms,
    struct arena *arena, struct store_plugin_entry *entry_r, struct err *err)
{
	struct store_db *db = store_read_begin(store, err);
	int rc;

	if (db == NULL)
		return -1;
	rc = get(db, plugin, key, now_ms, arena, entry_r, err);
	store_read_end(store, db);
	return rc;
}

static int
check_size(struct str key, struct str value, struct err *err)
{
	if (key.n == 0 || key.n > STORE_PLUGIN_KEY_MAX)
		return err_set(err, ERR_LIMIT, "expected a key of 1 to %d bytes, got %zu",
		    STORE_PLUGIN_KEY_MAX, key.n);
	if (value.n > STORE_PLUGIN_VALUE_MAX)
		return err_set(err, ERR_LIMIT, "expected a value of at most %zu bytes, got %zu",
		    STORE_PLUGIN_VALUE_MAX, value.n);
	return 0;
}

/* The first column of one row. 1, 0, -1. */
static int
read_one(struct store_db *db, const char *sql, int64_t plugin, struct str key, int64_t *number_r,
    struct err *err)
{
	sqlite3_stmt *statement = store_db_statement(db, sql, err);
	int rc;

	if (statement == NULL)
		return -1;
	store_db_bind_int(statement, 1, plugin);
	if (key.p != NULL)
		store_db_bind_blob(statement, 2, key);
	rc = store_db_step(db, statement, "read entries of plugins", err);
	if (rc == 1) {
		*number_r = sqlite3_column_int64(statement, 0);
		sqlite3_reset(statement);
	}
	return rc;
}

static int
count_entries(struct store_db *db, int64_t plugin, int64_t more, struct err *err)
{
	sqlite3_stmt *statement = store_db_statement(db, count_sql, err);

	if (statement == NULL)
		return -1;
	store_db_bind_int(statement, 1, plugin);
	store_db_bind_int(statement, 2, more);
	return store_db_run(db, statement, "write plugins", err);
}

static int
make_room(struct store_db *db, int64_t plugin, struct err *err)
{
	int64_t entries = 0;

	if (read_one(db, entries_sql, plugin, STR_NONE, &entries, err) < 0)
		return -1;
	if (entries >= STORE_PLUGIN_ENTRIES_MAX)
		return err_set(err, ERR_LIMIT, "a plugin may keep %d entries, and has them",
		    STORE_PLUGIN_ENTRIES_MAX);
	return count_entries(db, plugin, 1, err);
}

static int
put(struct store_db *db, int64_t plugin, const struct store_plugin_entry *entry, struct err *err)
{
	sqlite3_stmt *statement;
	int64_t expires;
	int there = read_one(db, has_sql, plugin, entry->key, &expires, err);

	if (there < 0 || (there == 0 && make_room(db, plugin, err) != 0))
		return -1;
	statement = store_db_statement(db, put_sql, err);
	if (statement == NULL)
		return -1;
	store_db_bind_int(statement, 1, plugin);
	store_db_bind_blob(statement, 2, entry->key);
	store_db_bind_blob(statement, 3, entry->value);
	store_db_bind_int(statement, 4, entry->expires_ms);
	return store_db_run(db, statement, "write entries of plugins", err);
}

int
store_plugin_put(struct store *store, int64_t plugin, const struct store_plugin_entry *entry,
    int64_t now_ms, struct err *err)
{
	struct store_db *db;

	(void)now_ms;
	if (check_size(entry->key, entry->value, err) != 0)
		return -1;
	db = store_write_begin(store, STORE_PROCESS_SAFE, err);
	if (db == NULL)
		return -1;
	return store_write_end(store, put(db, plugin, entry, err), err);
}

int
store_plugin_swap(struct store *store, int64_t plugin, const struct store_plugin_entry *entry,
    struct str expected, int64_t now_ms, struct err *err)
{
	struct store_plugin_entry present = {.value = STR_NONE};
	struct arena *arena;
	struct store_db *db;
	int rc;

	if (check_size(entry->key, entry->value, err) != 0)
		return -1;
	db = store_write_begin(store, STORE_PROCESS_SAFE, err);
	if (db == NULL)
		return -1;
	arena = arena_new(2 * STORE_PLUGIN_VALUE_MAX);
	rc = get(db, plugin, entry->key, now_ms, arena, &present, err);
	if (rc >= 0) {
		bool same = rc == 0 ? expected.p == NULL
				    : expected.p != NULL && str_eq(present.value, expected);

		rc = same ? (put(db, plugin, entry, err) == 0 ? 1 : -1) : 0;
	}
	arena_free(&arena);
	return store_write_end(store, rc < 0 ? -1 : 0, err) != 0 ? -1 : rc;
}

/* How many rows went, or -1. */
static int
delete_row(struct store_db *db, int64_t plugin, struct str key, struct err *err)
{
	sqlite3_stmt *statement = store_db_statement(db, delete_sql, err);

	if (statement == NULL)
		return -1;
	store_db_bind_int(statement, 1, plugin);
	store_db_bind_blob(statement, 2, key);
	if (store_db_run(db, statement, "delete entries of plugins", err) != 0)
		return -1;
	if (sqlite3_changes(db->handle) == 0)
		return 0;
	return count_entries(db, plugin, -1, err) == 0 ? 1 : -1;
}

int
store_plugin_delete(
    struct store *store, int64_t plugin, struct str key, int64_t now_ms, struct err *err)
{
	struct store_db *db = store_write_begin(store, STORE_PROCESS_SAFE, err);
	int64_t expires = 0;
	int rc;

	if (db == NULL)
		return -1;
	rc = read_one(db, has_sql, plugin, key, &expires, err);
	if (rc == 1 && (rc = delete_row(db, plugin, key, err)) == 1)
		rc = expires == 0 || expires > now_ms;
	return store_write_end(store, rc < 0 ? -1 : 0, err) != 0 ? -1 : rc;
}

/* The first text behind all that begin with `prefix`, in `end`; {NULL,0} if there is no end. */
static struct str
end_of(struct str prefix, char end[STORE_PLUGIN_KEY_MAX])
{
	memcpy(end, prefix.n == 0 ? "" : prefix.p, prefix.n);
	for (; prefix.n > 0; prefix.n--) {
		unsigned char last = (unsigned char)end[prefix.n - 1];

		if (last < 0xff) {
			end[prefix.n - 1] = (char)(last + 1);
			return (struct str){end, prefix.n};
		}
	}
	return STR_NONE;
}

static int
list(struct store_db *db, int64_t plugin, struct str prefix, struct str after, size_t max,
    int64_t now_ms, struct arena *arena, struct store_plugin_entry *entries, size_t *count_r,
    struct err *err)
{
	sqlite3_stmt *statement = store_db_statement(db, list_sql, err);
	char end[STORE_PLUGIN_KEY_MAX];
	struct str behind = end_of(prefix, end);
	bool full = false;
	int rc;

	*count_r = 0;
	if (statement == NULL)
		return -1;
	store_db_bind_int(statement, 1, plugin);
	store_db_bind_blob(statement, 2, prefix);
	store_db_bind_int(statement, 3, now_ms);
	store_db_bind_blob(statement, 4, after);
	if (behind.p == NULL)
		sqlite3_bind_null(statement, 5);
	else
		store_db_bind_blob(statement, 5, behind);
	store_db_bind_int(statement, 6, (int64_t)max);
	while ((rc = store_db_step(db, statement, "read entries of plugins", err)) == 1 && !full)
		entries[(*count_r)++] = copy_entry(statement, arena, &full);
	sqlite3_reset(statement);
	return full ? err_set(err, ERR_LIMIT, "entries: arena full") : rc;
}

int
store_plugin_list(struct store *store, int64_t plugin, struct str prefix, struct str after,
    size_t max, int64_t now_ms, struct arena *arena, struct store_plugin_entry **entries_r,
    size_t *count_r, struct err *err)
{
	struct store_db *db;
	int rc;

	if (prefix.n > STORE_PLUGIN_KEY_MAX || max > STORE_PLUGIN_LIST_MAX)
		return err_set(err, ERR_LIMIT,
		    "expected a prefix of at most %d bytes and at most %d entries",
		    STORE_PLUGIN_KEY_MAX, STORE_PLUGIN_LIST_MAX);
	*entries_r = arena_zalloc(arena, max + 1, sizeof **entries_r);
	if (*entries_r == NULL)
		return err_set(err, ERR_LIMIT, "entries: arena full");
	db = store_read_begin(store, err);
	if (db == NULL)
		return -1;
	rc = list(db, plugin, prefix, after, max, now_ms, arena, *entries_r, count_r, err);
	store_read_end(store, db);
	return rc;
}

/* 1, 0, -1. */
static int
take(struct store_db *db, int64_t plugin, struct str pool, struct str owner, int64_t now_ms,
    struct arena *arena, struct store_plugin_entry *entry_r, struct err *err)
{
	size_t count;
	int rc = get(db, plugin, owner, now_ms, arena, entry_r, err);

	if (rc != 0)
		return rc;
	if (list(db, plugin, pool, STR_NONE, 1, now_ms, arena, entry_r, &count, err) != 0)
		return -1;
	if (count == 0)
		return 0;
	if (delete_row(db, plugin, entry_r->key, err) < 0)
		return -1;
	entry_r->key = owner;
	return put(db, plugin, entry_r, err) == 0 ? 1 : -1;
}

int
store_plugin_claim(struct store *store, int64_t plugin, struct str pool, struct str owner,
    int64_t now_ms, struct arena *arena, struct store_plugin_entry *entry_r, struct err *err)
{
	struct store_db *db;
	int rc = store_plugin_get(store, plugin, owner, now_ms, arena, entry_r, err);

	/* A retry writes nothing. */
	if (rc != 0)
		return rc;
	if (check_size(owner, STR(""), err) != 0 || check_size(pool, STR(""), err) != 0)
		return -1;
	if (str_starts(owner, pool))
		return err_set(err, ERR_INPUT, "the owner's key lies in the pool");
	db = store_write_begin(store, STORE_POWER_SAFE, err);
	if (db == NULL)
		return -1;
	rc = take(db, plugin, pool, owner, now_ms, arena, entry_r, err);
	return store_write_end(store, rc < 0 ? -1 : 0, err) != 0 ? -1 : rc;
}

int
store_plugin_purge(struct store *store, int64_t now_ms, size_t max, struct err *err)
{
	struct arena *arena = arena_new((size_t)1 << 20);
	struct store_db *db = store_write_begin(store, STORE_PROCESS_SAFE, err);
	int rc = db == NULL ? -1 : 1;

	for (size_t i = 0; i < max && rc == 1; i++) {
		sqlite3_stmt *statement = store_db_statement(db, expired_sql, err);
		struct str key = STR_NONE;
		int64_t plugin = 0;
		bool full = false;

		rc = -1;
		if (statement == NULL)
			break;
		store_db_bind_int(statement, 1, now_ms);
		store_db_bind_int(statement, 2, 1);
		rc = store_db_step(db, statement, "read entries of plugins", err);
		if (rc == 1) {
			plugin = sqlite3_column_int64(statement, 0);
			key = blob(statement, 1, arena, &full);
			sqlite3_reset(statement);
			rc = delete_row(db, plugin, key, err);
		}
		arena_reset(arena);
	}
	arena_free(&arena);
	return db == NULL ? -1 : store_write_end(store, rc < 0 ? -1 : 0, err);
}
