/* SPDX-License-Identifier: BSD-2-Clause
 *
 * apikey: see apikey.h
 *
 * Threads: any.
 * Fails:   ERR_INPUT, ERR_LIMIT (arena), and db.c's.
 */
#include "store/apikey.h"

#include "base/clock.h"
#include "store/db.h"

#include <openssl/crypto.h>
#include <stdio.h>

#define COLUMNS "id, name, scope, rate, created_ms, used_ms, revoked_ms"

static const char add_sql[] =
    "INSERT INTO api_key (hash, name, scope, rate, created_ms, used_ms, revoked_ms) "
    "VALUES (?1, ?2, ?3, ?4, ?5, 0, 0)";
static const char find_sql[] = "SELECT " COLUMNS " FROM api_key WHERE hash = ?1 AND revoked_ms = 0";
static const char revoke_sql[] =
    "UPDATE api_key SET revoked_ms = ?2 WHERE id = ?1 AND revoked_ms = 0";
static const char used_sql[] = "UPDATE api_key SET used_ms = ?2 WHERE id = ?1 AND used_ms < ?2";
static const char each_sql[] = "SELECT " COLUMNS " FROM api_key ORDER BY id";

static const char *const scopes[] = {
    [STORE_APIKEY_WRITE] = "write", [STORE_APIKEY_PAGE] = "page", [STORE_APIKEY_ADMIN] = "admin"};

#define SCOPES (sizeof scopes / sizeof scopes[0])

const char *
store_apikey_scope_name(enum store_apikey_scope scope)
{
	return (size_t)scope < SCOPES ? scopes[scope] : NULL;
}

enum store_apikey_scope
store_apikey_scope_of(struct str name)
{
	for (size_t i = STORE_APIKEY_WRITE; i < SCOPES; i++) {
		if (str_is(name, scopes[i]))
			return (enum store_apikey_scope)i;
	}
	return STORE_APIKEY_NONE;
}

static int
check(const struct store_apikey *key, struct err *err)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._-";

	if (key->name.n == 0 || key->name.n > STORE_APIKEY_NAME_MAX)
		return err_set(err, ERR_INPUT, "a name of 1 to %d characters was expected",
		    STORE_APIKEY_NAME_MAX);
	for (size_t i = 0; i < key->name.n; i++) {
		if (memchr(letters, key->name.p[i], sizeof letters - 1) == NULL)
			return err_set(err, ERR_INPUT,
			    "\"%.*s\": a name of letters, digits, dots, dashes and underscores was "
			    "expected",
			    STR_F(key->name));
	}
	if (store_apikey_scope_name(key->scope) == NULL)
		return err_set(err, ERR_INPUT, "write, page or admin was expected");
	if (key->rate < 0 || key->rate > STORE_APIKEY_RATE_MAX)
		return err_set(err, ERR_INPUT, "a rate of 0 to %d requests a second was expected",
		    STORE_APIKEY_RATE_MAX);
	return 0;
}

/* The word is for people, and for programs that look for secrets where there should be none. */
static void
make(enum store_apikey_scope scope, char text[STORE_APIKEY_SIZE])
{
	char hex[ID_HEX_SIZE];
	struct id_digest noise;

	id_random(noise.byte, sizeof noise.byte);
	snprintf(text, STORE_APIKEY_SIZE, "mt_%s_%s", store_apikey_scope_name(scope),
	    id_hex(&noise, sizeof noise.byte, hex));
	OPENSSL_cleanse(&noise, sizeof noise);
	OPENSSL_cleanse(hex, sizeof hex);
}

static void
bind_hash(sqlite3_stmt *statement, const struct id_digest *hash)
{
	sqlite3_bind_blob(statement, 1, hash->byte, sizeof hash->byte, SQLITE_TRANSIENT);
}

int
store_apikey_add(struct store *store, const struct store_apikey *key, char text[STORE_APIKEY_SIZE],
    int64_t *id_r, struct err *err)
{
	struct id_digest hash;
	sqlite3_stmt *statement;
	struct store_db *db;
	int rc = -1;

	if (check(key, err) != 0)
		return -1;
	make(key->scope, text);
	hash = id_sha256(str_c(text));
	db = store_write_begin(store, STORE_POWER_SAFE, err);
	if (db == NULL)
		return -1;
	statement = store_db_statement(db, add_sql, err);
	if (statement != NULL) {
		bind_hash(statement, &hash);
		store_db_bind_str(statement, 2, key->name);
		store_db_bind_int(statement, 3, key->scope);
		store_db_bind_int(statement, 4, key->rate);
		store_db_bind_int(statement, 5, clock_now());
		rc = store_db_run(db, statement, "write a key", err);
		*id_r = sqlite3_last_insert_rowid(db->handle);
	}
	return store_write_end(store, rc, err);
}

static struct store_apikey
borrow_row(sqlite3_stmt *statement)
{
	return (struct store_apikey){
	    .id = sqlite3_column_int64(statement, 0),
	    .name = store_db_str(statement, 1),
	    .scope = (enum store_apikey_scope)sqlite3_column_int(statement, 2),
	    .rate = sqlite3_column_int64(statement, 3),
	    .created_ms = sqlite3_column_int64(statement, 4),
	    .used_ms = sqlite3_column_int64(statement, 5),
	    .revoked_ms = sqlite3_column_int64(statement, 6),
	};
}

int
store_apikey_find(struct store *store, struct str text, struct arena *arena,
    struct store_apikey *key_r, struct err *err)
{
	struct id_digest hash = id_sha256(text);
	struct store_db *db = store_read_begin(store, err);
	sqlite3_stmt *statement;
	bool full = false;
	int rc = -1;

	if (db == NULL)
		return -1;
	statement = store_db_statement(db, find_sql, err);
	if (statement != NULL) {
		bind_hash(statement, &hash);
		rc = store_db_step(db, statement, "read keys", err);
	}
	if (rc == 1) {
		*key_r = borrow_row(statement);
		key_r->name = store_db_copy(statement, 1, arena, &full);
		sqlite3_reset(statement);
	}
	store_read_end(store, db);
	return full ? err_set(err, ERR_LIMIT, "key: arena full") : rc;
}

/* How many rows changed, or -1. */
static int
set_time(struct store *store, const char *sql, enum store_durable durable, int64_t id,
    int64_t time_ms, struct err *err)
{
	struct store_db *db = store_write_begin(store, durable, err);
	sqlite3_stmt *statement;
	int rc = -1, changed = 0;

	if (db == NULL)
		return -1;
	statement = store_db_statement(db, sql, err);
	if (statement != NULL) {
		store_db_bind_int(statement, 1, id);
		store_db_bind_int(statement, 2, time_ms);
		rc = store_db_run(db, statement, "write a key", err);
		changed = sqlite3_changes(db->handle);
	}
	return store_write_end(store, rc, err) == 0 ? changed : -1;
}

int
store_apikey_revoke(struct store *store, int64_t id, struct err *err)
{
	return set_time(store, revoke_sql, STORE_POWER_SAFE, id, clock_now(), err);
}

int
store_apikey_used(struct store *store, int64_t id, int64_t time_ms, struct err *err)
{
	return set_time(store, used_sql, STORE_PROCESS_SAFE, id, time_ms, err) < 0 ? -1 : 0;
}

int
store_apikey_each(struct store *store, bool (*each)(const struct store_apikey *key, void *closure),
    void *closure, struct err *err)
{
	struct store_db *db = store_read_begin(store, err);
	struct store_apikey key;
	sqlite3_stmt *statement;
	int rc = -1;

	if (db == NULL)
		return -1;
	statement = store_db_statement(db, each_sql, err);
	if (statement != NULL) {
		while ((rc = store_db_step(db, statement, "read keys", err)) == 1) {
			key = borrow_row(statement);
			if (!each(&key, closure))
				break;
		}
		sqlite3_reset(statement);
	}
	store_read_end(store, db);
	return rc < 0 ? -1 : 0;
}
