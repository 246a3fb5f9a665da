/* SPDX-License-Identifier: BSD-2-Clause
 *
 * signup: see signup.h
 *
 * Threads: any.
 * Fails:   ERR_INPUT (address), ERR_LIMIT (arena), and db.c's.
 */
#include "store/signup.h"

#include "base/clock.h"
#include "store/signup_row.h"

#define KEY_MEMORY ((size_t)8 * 1024)
#define DAY_MS	   INT64_C(86400000)

static const char put_sql[] =
    "INSERT INTO signup (address_key, address, form, created_ms, expires_ms, confirmed_ms, mailed, "
    "client, consent, language, fields) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, "
    "?11)";
static const char get_sql[] = "SELECT " SIGNUP_COLUMNS " FROM signup WHERE id = ?1";
static const char confirm_sql[] =
    "UPDATE signup SET confirmed_ms = ?2, fields = '{}' WHERE id = ?1";
static const char others_sql[] = "DELETE FROM signup WHERE address_key = ?1 AND form = ?2 AND "
				 "id <> ?3 AND confirmed_ms = 0";
static const char mailed_sql[] =
    "SELECT count(*) FROM signup WHERE address_key = ?1 AND created_ms >= ?2 AND mailed = 1";
static const char forget_sql[] = "DELETE FROM signup WHERE address_key = ?1";
static const char put_text_sql[] = "INSERT INTO consent_text (digest, text, created_ms) VALUES "
				   "(?1, ?2, ?3) ON CONFLICT (digest) DO NOTHING";
static const char get_text_sql[] = "SELECT text FROM consent_text WHERE digest = ?1";
static const char count_sql[] =
    "INSERT INTO signup_count (form, day, result, count) VALUES (?1, ?2, ?3, ?4) "
    "ON CONFLICT (form, day, result) DO UPDATE SET count = count + ?4";

static int
put(struct store_db *db, struct str key, const struct store_signup *signup, int64_t *id_r,
    struct err *err)
{
	sqlite3_stmt *statement = store_db_statement(db, put_sql, err);

	if (statement == NULL)
		return -1;
	store_db_bind_str(statement, 1, key);
	store_db_bind_str(statement, 2, signup->address);
	store_db_bind_str(statement, 3, signup->form);
	store_db_bind_int(statement, 4, signup->created_ms);
	store_db_bind_int(statement, 5, signup->expires_ms);
	store_db_bind_int(statement, 6, signup->confirmed_ms);
	store_db_bind_int(statement, 7, signup->mailed);
	store_db_bind_str(statement, 8, signup->client);
	store_db_bind_str(statement, 9, signup->consent);
	store_db_bind_str(statement, 10, signup->language);
	store_db_bind_str(statement, 11, signup->fields);
	if (store_db_run(db, statement, "store a sign-up", err) != 0)
		return -1;
	*id_r = sqlite3_last_insert_rowid(db->handle);
	return 0;
}

int
store_signup_put(
    struct store *store, const struct store_signup *signup, int64_t *id_r, struct err *err)
{
	struct arena *arena = arena_new(KEY_MEMORY);
	struct store_db *db = NULL;
	struct str key;
	int rc = -1;

	if (store_address_key(signup->address, arena, &key, err) == 0)
		db = store_write_begin(store, STORE_POWER_SAFE, err);
	if (db != NULL)
		rc = store_write_end(store, put(db, key, signup, id_r, err), err);
	arena_free(&arena);
	return rc;
}

int
store_signup_get(struct store *store, int64_t id, struct arena *arena,
    struct store_signup *signup_r, struct err *err)
{
	struct store_db *db = store_read_begin(store, err);
	sqlite3_stmt *statement;
	bool full = false;
	int rc = -1;

	if (db == NULL)
		return -1;
	statement = store_db_statement(db, get_sql, err);
	if (statement != NULL) {
		store_db_bind_int(statement, 1, id);
		rc = store_db_step(db, statement, "read a sign-up", err);
	}
	if (rc == 1) {
		signup_borrow(statement, signup_r);
		struct str *texts[] = {&signup_r->address, &signup_r->form, &signup_r->client,
		    &signup_r->consent, &signup_r->language, &signup_r->fields};

		for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
			*texts[i] = texts[i]->n == 0 ? STR("") : arena_str(arena, *texts[i]);
			full |= texts[i]->p == NULL;
		}
		sqlite3_reset(statement);
	}
	store_read_end(store, db);
	return full ? err_set(err, ERR_LIMIT, "sign-up: arena full") : rc;
}

static int
confirm(struct store_db *db, struct str key, const struct store_signup *signup, int64_t now_ms,
    struct err *err)
{
	sqlite3_stmt *one = store_db_statement(db, confirm_sql, err);
	sqlite3_stmt *others = store_db_statement(db, others_sql, err);

	if (one == NULL || others == NULL)
		return -1;
	store_db_bind_int(one, 1, signup->id);
	store_db_bind_int(one, 2, now_ms);
	if (store_db_run(db, one, "confirm a sign-up", err) != 0)
		return -1;
	store_db_bind_str(others, 1, key);
	store_db_bind_str(others, 2, signup->form);
	store_db_bind_int(others, 3, signup->id);
	return store_db_run(db, others, "delete sign-ups", err);
}

int
store_signup_confirmed(
    struct store *store, const struct store_signup *signup, int64_t now_ms, struct err *err)
{
	struct arena *arena = arena_new(KEY_MEMORY);
	struct store_db *db = NULL;
	struct str key;
	int rc = -1;

	if (store_address_key(signup->address, arena, &key, err) == 0)
		db = store_write_begin(store, STORE_POWER_SAFE, err);
	if (db != NULL)
		rc = store_write_end(store, confirm(db, key, signup, now_ms, err), err);
	arena_free(&arena);
	return rc;
}

int
store_signup_mailed(struct store *store, struct str address, int64_t since_ms, struct err *err)
{
	struct arena *arena = arena_new(KEY_MEMORY);
	sqlite3_stmt *statement = NULL;
	struct store_db *db = NULL;
	struct str key;
	int count = -1;

	if (store_address_key(address, arena, &key, err) == 0)
		db = store_read_begin(store, err);
	if (db != NULL)
		statement = store_db_statement(db, mailed_sql, err);
	if (statement != NULL) {
		store_db_bind_str(statement, 1, key);
		store_db_bind_int(statement, 2, since_ms);
		if (store_db_step(db, statement, "count sign-ups", err) == 1) {
			count = sqlite3_column_int(statement, 0);
			sqlite3_reset(statement);
		}
	}
	if (db != NULL)
		store_read_end(store, db);
	arena_free(&arena);
	return count;
}

int
store_signup_forget(struct store_db *db, struct str key, struct err *err)
{
	sqlite3_stmt *statement = store_db_statement(db, forget_sql, err);

	if (statement == NULL)
		return -1;
	store_db_bind_str(statement, 1, key);
	if (store_db_run(db, statement, "delete sign-ups", err) != 0)
		return -1;
	return sqlite3_changes(db->handle) > 0;
}

int
store_consent_text_put(
    struct store *store, struct str text, char digest_r[ID_HEX_SIZE], struct err *err)
{
	struct id_digest digest = id_sha256(text);
	struct store_db *db = store_write_begin(store, STORE_POWER_SAFE, err);
	sqlite3_stmt *statement;
	int rc = -1;

	id_hex(&digest, ID_DIGEST_SIZE, digest_r);
	if (db == NULL)
		return -1;
	statement = store_db_statement(db, put_text_sql, err);
	if (statement != NULL) {
		store_db_bind_str(statement, 1, str_c(digest_r));
		store_db_bind_str(statement, 2, text);
		store_db_bind_int(statement, 3, clock_now());
		rc = store_db_run(db, statement, "keep a text of consent", err);
	}
	return store_write_end(store, rc, err);
}

int
store_consent_text_get(struct store *store, struct str digest, struct arena *arena,
    struct str *text_r, struct err *err)
{
	struct store_db *db = store_read_begin(store, err);
	sqlite3_stmt *statement;
	bool full = false;
	int rc = -1;

	if (db == NULL)
		return -1;
	statement = store_db_statement(db, get_text_sql, err);
	if (statement != NULL) {
		store_db_bind_str(statement, 1, digest);
		rc = store_db_step(db, statement, "read a text of consent", err);
	}
	if (rc == 1) {
		*text_r = store_db_copy(statement, 0, arena, &full);
		sqlite3_reset(statement);
	}
	store_read_end(store, db);
	return full ? err_set(err, ERR_LIMIT, "text of consent: arena full") : rc;
}

int
store_signup_count(struct store *store, struct str form, struct str result, unsigned times,
    int64_t now_ms, struct err *err)
{
	struct store_db *db = store_write_begin(store, STORE_PROCESS_SAFE, err);
	sqlite3_stmt *statement;
	int rc = -1;

	if (db == NULL)
		return -1;
	statement = store_db_statement(db, count_sql, err);
	if (statement != NULL) {
		store_db_bind_str(statement, 1, form);
		store_db_bind_int(statement, 2, now_ms / DAY_MS);
		store_db_bind_str(statement, 3, result);
		store_db_bind_int(statement, 4, times);
		rc = store_db_run(db, statement, "count a sign-up", err);
	}
	return store_write_end(store, rc, err);
}
