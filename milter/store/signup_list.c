/* SPDX-License-Identifier: BSD-2-Clause
 *
 * signup_list: sign-ups for commands and upkeep
 *
 * Threads: any.
 * Fails:   ERR_INPUT (address), and db.c's.
 */
#include "store/signup_row.h"

#define KEY_MEMORY ((size_t)8 * 1024)
#define DAY_MS	   INT64_C(86400000)
#define COUNT_DAYS 400

static const char of_sql[] =
    "SELECT " SIGNUP_COLUMNS " FROM signup WHERE address_key = ?1 ORDER BY created_ms, id";
static const char all_sql[] = "SELECT " SIGNUP_COLUMNS " FROM signup ORDER BY id";
static const char counts_sql[] = "SELECT form, result, sum(count) FROM signup_count "
				 "WHERE day >= ?1 GROUP BY form, result ORDER BY form, result";
static const char purge_sql[] =
    "DELETE FROM signup WHERE id IN (SELECT id FROM signup WHERE expires_ms < ?1 LIMIT ?2)";
static const char purge_counts_sql[] = "DELETE FROM signup_count WHERE day < ?1";

int
store_signup_each(struct store *store, struct str address,
    bool (*each)(const struct store_signup *signup, void *closure), void *closure, struct err *err)
{
	struct arena *arena = arena_new(KEY_MEMORY);
	struct store_signup signup;
	sqlite3_stmt *statement = NULL;
	struct store_db *db = NULL;
	struct str key = STR_NONE;
	int rc = -1;

	if (address.p == NULL || store_address_key(address, arena, &key, err) == 0)
		db = store_read_begin(store, err);
	if (db != NULL)
		statement = store_db_statement(db, key.p == NULL ? all_sql : of_sql, err);
	if (statement != NULL) {
		if (key.p != NULL)
			store_db_bind_str(statement, 1, key);
		while ((rc = store_db_step(db, statement, "read sign-ups", err)) == 1) {
			signup_borrow(statement, &signup);
			if (!each(&signup, closure))
				break;
		}
		sqlite3_reset(statement);
	}
	if (db != NULL)
		store_read_end(store, db);
	arena_free(&arena);
	return rc < 0 ? -1 : 0;
}

int
store_signup_counts(struct store *store, int64_t since_ms,
    bool (*each)(const struct store_signup_count *count, void *closure), void *closure,
    struct err *err)
{
	struct store_db *db = store_read_begin(store, err);
	struct store_signup_count count;
	sqlite3_stmt *statement;
	int rc = -1;

	if (db == NULL)
		return -1;
	statement = store_db_statement(db, counts_sql, err);
	if (statement != NULL) {
		store_db_bind_int(statement, 1, since_ms / DAY_MS);
		while ((rc = store_db_step(db, statement, "read counts of sign-ups", err)) == 1) {
			count = (struct store_signup_count){store_db_str(statement, 0),
			    store_db_str(statement, 1), sqlite3_column_int64(statement, 2)};
			if (!each(&count, closure))
				break;
		}
		sqlite3_reset(statement);
	}
	store_read_end(store, db);
	return rc < 0 ? -1 : 0;
}

static int
purge(struct store_db *db, int64_t now_ms, size_t max, struct err *err)
{
	sqlite3_stmt *rows = store_db_statement(db, purge_sql, err);
	sqlite3_stmt *counts = store_db_statement(db, purge_counts_sql, err);

	if (rows == NULL || counts == NULL)
		return -1;
	store_db_bind_int(rows, 1, now_ms);
	store_db_bind_int(rows, 2, (int64_t)max);
	if (store_db_run(db, rows, "delete old sign-ups", err) != 0)
		return -1;
	store_db_bind_int(counts, 1, now_ms / DAY_MS - COUNT_DAYS);
	return store_db_run(db, counts, "delete old counts of sign-ups", err);
}

int
store_signup_purge(struct store *store, int64_t now_ms, size_t max, struct err *err)
{
	struct store_db *db = store_write_begin(store, STORE_PROCESS_SAFE, err);

	return db == NULL ? -1 : store_write_end(store, purge(db, now_ms, max, err), err);
}
