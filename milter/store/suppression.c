/* SPDX-License-Identifier: BSD-2-Clause
 *
 * suppression: see suppression.h
 *
 * Threads: any.
 * Fails:   ERR_INPUT (address), ERR_LIMIT (arena), and db.c's.
 */
#include "store/suppression.h"

#include "base/clock.h"
#include "base/id.h"
#include "store/db.h"

#include <stdio.h>

#define KEY_MEMORY ((size_t)8 * 1024)

#define COLUMNS "address, hash, scope, reason, created_ms, source, detail, note, until_ms"

/* The widest comes first: it is the reason that counts. */
static const char find_sql[] = "SELECT " COLUMNS " FROM suppression WHERE hash = ?1 "
			       "AND scope IN ('all', ?2, ?3, ?4, ?5) "
			       "AND (until_ms = 0 OR until_ms > ?6) "
			       "ORDER BY scope = 'all' DESC, scope = ?2 DESC, scope = ?3 DESC "
			       "LIMIT 1";
static const char add_sql[] =
    "INSERT INTO suppression (hash, scope, address, reason, created_ms, source, detail, note, "
    "until_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (hash, scope) DO UPDATE SET "
    "reason = excluded.reason, created_ms = excluded.created_ms, source = excluded.source, "
    "detail = excluded.detail, note = excluded.note, until_ms = excluded.until_ms "
    "WHERE suppression.until_ms > 0";
static const char remove_sql[] = "DELETE FROM suppression WHERE hash = ?1 AND scope = ?2";
static const char each_sql[] =
    "SELECT " COLUMNS " FROM suppression ORDER BY created_ms, hash, scope";
static const char of_sql[] = "SELECT " COLUMNS " FROM suppression WHERE hash = ?1 "
			     "ORDER BY created_ms, scope";
static const char purge_sql[] = "DELETE FROM suppression WHERE until_ms > 0 AND until_ms <= ?1";
static const char forget_sql[] = "UPDATE suppression SET address = '', detail = '' WHERE hash = ?1";

static void
hash_of_key(struct str key, char hex[ID_HEX_SIZE])
{
	struct id_digest digest = id_sha256(key);

	id_hex(&digest, ID_DIGEST_SIZE, hex);
}

static int
hash_of(struct str address, struct arena *arena, char hex[ID_HEX_SIZE], struct err *err)
{
	struct str key;

	if (store_address_key(address, arena, &key, err) != 0)
		return -1;
	hash_of_key(key, hex);
	return 0;
}

/* --- reading --- */

static struct store_suppression
borrow_row(sqlite3_stmt *statement)
{
	return (struct store_suppression){
	    .address = store_db_str(statement, 0),
	    .hash = store_db_str(statement, 1),
	    .scope = store_db_str(statement, 2),
	    .reason = store_db_str(statement, 3),
	    .created_ms = sqlite3_column_int64(statement, 4),
	    .source = store_db_str(statement, 5),
	    .detail = store_db_str(statement, 6),
	    .note = store_db_str(statement, 7),
	    .until_ms = sqlite3_column_int64(statement, 8),
	};
}

static struct store_suppression
copy_row(sqlite3_stmt *statement, struct arena *arena, bool *full)
{
	return (struct store_suppression){
	    .address = store_db_copy(statement, 0, arena, full),
	    .hash = store_db_copy(statement, 1, arena, full),
	    .scope = store_db_copy(statement, 2, arena, full),
	    .reason = store_db_copy(statement, 3, arena, full),
	    .created_ms = sqlite3_column_int64(statement, 4),
	    .source = store_db_copy(statement, 5, arena, full),
	    .detail = store_db_copy(statement, 6, arena, full),
	    .note = store_db_copy(statement, 7, arena, full),
	    .until_ms = sqlite3_column_int64(statement, 8),
	};
}

/* The scopes are looked for in this order, after "all". */
static int
find(struct store *store, struct str address, const struct str scopes[4], struct arena *arena,
    struct store_suppression *entry_r, struct err *err)
{
	sqlite3_stmt *statement;
	struct store_db *db;
	char hex[ID_HEX_SIZE];
	bool full = false;
	int rc = -1;

	if (hash_of(address, arena, hex, err) != 0)
		return -1;
	db = store_read_begin(store, err);
	if (db == NULL)
		return -1;
	statement = store_db_statement(db, find_sql, err);
	if (statement != NULL) {
		store_db_bind_str(statement, 1, str_c(hex));
		for (int i = 0; i < 4; i++)
			store_db_bind_str(statement, i + 2, scopes[i]);
		store_db_bind_int(statement, 6, clock_now());
		rc = store_db_step(db, statement, "read suppressions", err);
	}
	if (rc == 1) {
		*entry_r = copy_row(statement, arena, &full);
		sqlite3_reset(statement);
	}
	store_read_end(store, db);
	return full ? err_set(err, ERR_LIMIT, "suppression: arena full") : rc;
}

int
store_suppression_ask(struct store *store, const struct store_suppression_query *query,
    struct arena *arena, struct store_suppression *entry_r, struct err *err)
{
	struct str scopes[4] = {
	    query->marketing ? STR(STORE_SCOPE_MARKETING) : STR(STORE_SCOPE_ALL),
	    STR(STORE_SCOPE_ALL), query->campaign,
	    query->marketing ? STR(STORE_SCOPE_PAUSE) : STR(STORE_SCOPE_ALL)};

	if (query->list.n > 0) {
		scopes[1] = arena_printf(arena, STORE_SCOPE_LIST "%.*s", STR_F(query->list));
		if (scopes[1].p == NULL)
			return err_set(err, ERR_LIMIT, "suppression: arena full");
	}
	return find(store, query->address, scopes, arena, entry_r, err);
}

int
store_suppression_find(struct store *store, struct str address, struct str campaign, bool marketing,
    struct arena *arena, struct store_suppression *entry_r, struct err *err)
{
	const struct store_suppression_query query = {
	    .address = address, .campaign = campaign, .marketing = marketing};

	return store_suppression_ask(store, &query, arena, entry_r, err);
}

/* --- writing --- */

static struct str
head(struct str text, size_t max)
{
	if (text.n <= max)
		return text;
	while (max > 0 && ((unsigned char)text.p[max] & 0xc0) == 0x80)
		max--;
	return (struct str){text.p, max};
}

/* Runs a statement of hash and scope, and what else is bound; how many rows changed, or -1. */
static int
change(struct store *store, const char *sql, const char *hex, const struct store_suppression *entry,
    struct err *err)
{
	struct store_db *db = store_write_begin(store, STORE_POWER_SAFE, err);
	sqlite3_stmt *statement;
	int rc = -1;

	if (db == NULL)
		return -1;
	statement = store_db_statement(db, sql, err);
	if (statement != NULL) {
		store_db_bind_str(statement, 1, str_c(hex));
		store_db_bind_str(statement, 2, entry->scope);
		if (sql == add_sql) {
			store_db_bind_str(statement, 3, entry->address);
			store_db_bind_str(
			    statement, 4, head(entry->reason, STORE_SUPPRESSION_REASON_MAX));
			store_db_bind_int(
			    statement, 5, entry->created_ms != 0 ? entry->created_ms : clock_now());
			store_db_bind_str(statement, 6, entry->source);
			store_db_bind_str(
			    statement, 7, head(entry->detail, STORE_SUPPRESSION_DETAIL_MAX));
			store_db_bind_str(
			    statement, 8, head(entry->note, STORE_SUPPRESSION_DETAIL_MAX));
			store_db_bind_int(statement, 9, entry->until_ms);
		}
		rc = store_db_run(db, statement, "write suppressions", err);
	}
	if (rc == 0)
		rc = sqlite3_changes(db->handle) > 0;
	return store_write_end(store, rc < 0 ? -1 : 0, err) != 0 ? -1 : rc;
}

static int
check(const struct store_suppression *entry, struct err *err)
{
	if (entry->scope.n == 0 || entry->scope.n > STORE_SCOPE_MAX)
		return err_set(
		    err, ERR_INPUT, "expected a scope of 1 to %d bytes", STORE_SCOPE_MAX);
	if (entry->address.n > 0)
		return 0;
	if (entry->hash.n != ID_HEX_SIZE - 1)
		return err_set(err, ERR_INPUT, "expected an address, or its hash of %d hex digits",
		    ID_HEX_SIZE - 1);
	for (size_t i = 0; i < entry->hash.n; i++) {
		if (strchr("0123456789abcdef", entry->hash.p[i]) == NULL)
			return err_set(err, ERR_INPUT, "expected a hash in lower-case hex digits");
	}
	return 0;
}

static int
put(struct store *store, const struct store_suppression *entry, bool hashed, struct err *err)
{
	struct arena *arena = arena_new(KEY_MEMORY);
	struct store_suppression kept = *entry;
	char hex[ID_HEX_SIZE] = "";
	int rc = check(entry, err);

	if (rc == 0 && entry->address.n > 0)
		rc = hash_of(entry->address, arena, hex, err);
	else if (rc == 0)
		memcpy(hex, entry->hash.p, ID_HEX_SIZE - 1);
	if (hashed)
		kept.address = kept.detail = STR("");
	if (rc == 0)
		rc = change(store, add_sql, hex, &kept, err);
	arena_free(&arena);
	return rc;
}

int
store_suppression_put(struct store *store, const struct store_suppression *entry, struct err *err)
{
	return put(store, entry, false, err);
}

int
store_suppression_put_hashed(
    struct store *store, const struct store_suppression *entry, struct err *err)
{
	return put(store, entry, true, err);
}

int
store_suppression_add(
    struct store *store, struct str address, struct str scope, struct str reason, struct err *err)
{
	const struct store_suppression entry = {
	    .address = address, .scope = scope, .reason = reason};

	if (address.n == 0)
		return err_set(err, ERR_INPUT, "expected a mail address");
	return put(store, &entry, false, err);
}

int
store_suppression_remove(struct store *store, struct str address, struct str scope, struct err *err)
{
	const struct store_suppression entry = {.scope = scope};
	struct arena *arena = arena_new(KEY_MEMORY);
	char hex[ID_HEX_SIZE];
	int rc = hash_of(address, arena, hex, err);

	if (rc == 0)
		rc = change(store, remove_sql, hex, &entry, err);
	arena_free(&arena);
	return rc;
}

int
store_suppression_remove_hashed(
    struct store *store, struct str hash, struct str scope, struct err *err)
{
	const struct store_suppression entry = {.scope = scope};
	char hex[ID_HEX_SIZE];

	snprintf(hex, sizeof hex, "%.*s", STR_F(hash));
	return change(store, remove_sql, hex, &entry, err);
}

int
store_suppression_forget(struct store_db *db, struct str key, struct err *err)
{
	sqlite3_stmt *statement = store_db_statement(db, forget_sql, err);
	char hex[ID_HEX_SIZE];

	if (statement == NULL)
		return -1;
	hash_of_key(key, hex);
	store_db_bind_str(statement, 1, str_c(hex));
	return store_db_run(db, statement, "forget an address", err);
}

int
store_suppression_purge(struct store *store, int64_t now_ms, struct err *err)
{
	struct store_db *db = store_write_begin(store, STORE_PROCESS_SAFE, err);
	sqlite3_stmt *statement;
	int rc = -1;

	if (db == NULL)
		return -1;
	statement = store_db_statement(db, purge_sql, err);
	if (statement != NULL) {
		store_db_bind_int(statement, 1, now_ms);
		rc = store_db_run(db, statement, "delete suppressions", err);
	}
	return store_write_end(store, rc, err);
}

/* --- all --- */

static int
walk(struct store *store, const char *sql, const char *hex,
    bool (*each)(const struct store_suppression *entry, void *closure), void *closure,
    struct err *err)
{
	struct store_db *db = store_read_begin(store, err);
	struct store_suppression entry;
	sqlite3_stmt *statement;
	int rc = -1;

	if (db == NULL)
		return -1;
	statement = store_db_statement(db, sql, err);
	if (statement != NULL) {
		if (hex != NULL)
			store_db_bind_str(statement, 1, str_c(hex));
		while ((rc = store_db_step(db, statement, "read suppressions", err)) == 1) {
			entry = borrow_row(statement);
			if (!each(&entry, closure))
				break;
		}
		sqlite3_reset(statement);
	}
	store_read_end(store, db);
	return rc < 0 ? -1 : 0;
}

int
store_suppression_each(struct store *store,
    bool (*each)(const struct store_suppression *entry, void *closure), void *closure,
    struct err *err)
{
	return walk(store, each_sql, NULL, each, closure, err);
}

int
store_suppression_of(struct store *store, struct str address,
    bool (*each)(const struct store_suppression *entry, void *closure), void *closure,
    struct err *err)
{
	struct arena *arena = arena_new(KEY_MEMORY);
	char hex[ID_HEX_SIZE];
	int rc = hash_of(address, arena, hex, err);

	if (rc == 0)
		rc = walk(store, of_sql, hex, each, closure, err);
	arena_free(&arena);
	return rc;
}
