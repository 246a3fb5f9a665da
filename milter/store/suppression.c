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

#define KEY_MEMORY ((size_t)8 * 1024)

#define COLUMNS "address, hash, scope, reason, created_ms"

/* "all" comes first: it is the reason that counts. */
static const char find_sql[] = "SELECT " COLUMNS " FROM suppression WHERE hash = ?1 "
			       "AND scope IN ('all', ?2, ?3) "
			       "ORDER BY scope = 'all' DESC, scope = ?3 DESC LIMIT 1";
static const char add_sql[] = "INSERT INTO suppression (hash, scope, address, reason, created_ms) "
			      "VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (hash, scope) DO NOTHING";
static const char remove_sql[] = "DELETE FROM suppression WHERE hash = ?1 AND scope = ?2";
static const char each_sql[] =
    "SELECT " COLUMNS " FROM suppression ORDER BY created_ms, hash, scope";
static const char each_of_sql[] =
    "SELECT " COLUMNS " FROM suppression WHERE hash = ?1 ORDER BY created_ms, scope";
static const char forget_sql[] = "UPDATE suppression SET address = '' WHERE hash = ?1";

static int
hash_of(struct str address, struct arena *arena, char hex[ID_HEX_SIZE], struct err *err)
{
	struct id_digest digest;
	struct str key;

	if (store_address_key(address, arena, &key, err) != 0)
		return -1;
	digest = id_sha256(key);
	id_hex(&digest, ID_DIGEST_SIZE, hex);
	return 0;
}

static struct store_suppression
borrow_row(sqlite3_stmt *statement)
{
	return (struct store_suppression){
	    .address = store_db_str(statement, 0),
	    .hash = store_db_str(statement, 1),
	    .scope = store_db_str(statement, 2),
	    .reason = store_db_str(statement, 3),
	    .created_ms = sqlite3_column_int64(statement, 4),
	};
}

int
store_suppression_find(struct store *store, struct str address, struct str campaign, bool marketing,
    struct arena *arena, struct store_suppression *entry_r, struct err *err)
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
		store_db_bind_str(statement, 2, campaign);
		store_db_bind_str(
		    statement, 3, marketing ? STR(STORE_SCOPE_MARKETING) : STR("all"));
		rc = store_db_step(db, statement, "read suppressions", err);
	}
	if (rc == 1) {
		entry_r->address = store_db_copy(statement, 0, arena, &full);
		entry_r->hash = store_db_copy(statement, 1, arena, &full);
		entry_r->scope = store_db_copy(statement, 2, arena, &full);
		entry_r->reason = store_db_copy(statement, 3, arena, &full);
		entry_r->created_ms = sqlite3_column_int64(statement, 4);
		sqlite3_reset(statement);
	}
	store_read_end(store, db);
	return full ? err_set(err, ERR_LIMIT, "suppression: arena full") : rc;
}

/* Runs a statement of hash and scope, and what else is bound; how many rows changed, or -1. */
static int
change(struct store *store, const char *sql, struct str address, struct str scope,
    struct str reason, struct err *err)
{
	struct arena *arena = arena_new(KEY_MEMORY);
	struct store_db *db = NULL;
	sqlite3_stmt *statement;
	char hex[ID_HEX_SIZE];
	int rc = -1;

	if (hash_of(address, arena, hex, err) == 0)
		db = store_write_begin(store, STORE_POWER_SAFE, err);
	if (db != NULL) {
		statement = store_db_statement(db, sql, err);
		if (statement != NULL) {
			store_db_bind_str(statement, 1, str_c(hex));
			store_db_bind_str(statement, 2, scope);
			if (sql == add_sql) {
				store_db_bind_str(statement, 3, address);
				store_db_bind_str(statement, 4, reason);
				store_db_bind_int(statement, 5, clock_now());
			}
			rc = store_db_run(db, statement, "write suppressions", err);
		}
		if (rc == 0)
			rc = sqlite3_changes(db->handle) > 0;
		if (store_write_end(store, rc < 0 ? -1 : 0, err) != 0)
			rc = -1;
	}
	arena_free(&arena);
	return rc;
}

int
store_suppression_add(
    struct store *store, struct str address, struct str scope, struct str reason, struct err *err)
{
	return change(store, add_sql, address, scope, reason, err);
}

int
store_suppression_remove(struct store *store, struct str address, struct str scope, struct err *err)
{
	return change(store, remove_sql, address, scope, STR_NONE, err);
}

static int
each_row(struct store *store, const char *sql, const char *hash,
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
		if (hash != NULL)
			store_db_bind_str(statement, 1, str_c(hash));
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
	return each_row(store, each_sql, NULL, each, closure, err);
}

int
store_suppression_each_of(struct store *store, struct str address,
    bool (*each)(const struct store_suppression *entry, void *closure), void *closure,
    struct err *err)
{
	struct arena *arena = arena_new(KEY_MEMORY);
	char hex[ID_HEX_SIZE];
	int rc = hash_of(address, arena, hex, err);

	arena_free(&arena);
	return rc != 0 ? -1 : each_row(store, each_of_sql, hex, each, closure, err);
}

int
store_suppression_forget(struct store_db *db, struct str key, struct err *err)
{
	sqlite3_stmt *statement = store_db_statement(db, forget_sql, err);
	struct id_digest digest = id_sha256(key);
	char hex[ID_HEX_SIZE];

	if (statement == NULL)
		return -1;
	store_db_bind_str(statement, 1, str_c(id_hex(&digest, ID_DIGEST_SIZE, hex)));
	return store_db_run(db, statement, "forget an address", err);
}
