/* SPDX-License-Identifier: BSD-2-Clause
 *
 * view: see view.h
 *
 * Threads: any.
 * Fails:   ERR_NOTFOUND, ERR_LIMIT (address, arena), and db.c's.
 */
#include "store/view.h"

#include "base/clock.h"
#include "store/db.h"

#include <stdlib.h>

/* Rows of one transaction of a purge: each may be the last one of a body of megabytes. */
#define BATCH	   50
#define KEY_MEMORY ((size_t)16 * 1024)

static const char body_id_sql[] = "SELECT id FROM outbox_body WHERE digest = ?1";
static const char put_sql[] =
    "INSERT INTO view_body (message, recipient_key, body, kept_ms) VALUES (?1, ?2, ?3, ?4) "
    "ON CONFLICT (message, recipient_key, body) DO UPDATE SET kept_ms = excluded.kept_ms";

/* Hex digits end before g. */
static const char find_sql[] =
    "SELECT j.message, j.recipient, j.contact_id, j.time_ms - j.duration_ms, v.body "
    "FROM journal j "
    "JOIN view_body v ON v.message = j.message AND v.recipient_key IN ('', ?1) "
    "WHERE j.recipient_key = ?1 AND j.message >= ?2 AND j.message < ?2 || 'g' "
    "AND j.campaign = ?3 ORDER BY j.time_ms DESC, v.kept_ms DESC LIMIT 1";
static const char raw_sql[] = "SELECT raw FROM outbox_body WHERE id = ?1";

static const char old_sql[] =
    "SELECT message, recipient_key, body FROM view_body WHERE kept_ms < ?1 "
    "AND (recipient_key <> '' OR NOT EXISTS "
    "(SELECT 1 FROM outbox_message m WHERE m.key = view_body.message)) LIMIT ?2";
static const char of_recipient_sql[] =
    "SELECT v.message, v.body FROM journal j JOIN view_body v ON v.message = j.message "
    "AND v.recipient_key = j.recipient_key WHERE j.recipient_key = ?1 LIMIT ?2";
static const char delete_sql[] =
    "DELETE FROM view_body WHERE message = ?1 AND recipient_key = ?2 AND body = ?3";

static int
put_row(struct store_db *db, struct str message, struct str recipient_key, int64_t body,
    struct err *err)
{
	sqlite3_stmt *statement = store_db_statement(db, put_sql, err);

	if (statement == NULL)
		return -1;
	store_db_bind_str(statement, 1, message);
	store_db_bind_str(statement, 2, recipient_key);
	store_db_bind_int(statement, 3, body);
	store_db_bind_int(statement, 4, clock_now());
	return store_db_run(db, statement, "keep a body", err);
}

int
store_view_write(struct store_db *db, struct str message, struct str recipient,
    const struct store_view_body *body, struct err *err)
{
	struct arena *arena = arena_new(KEY_MEMORY);
	struct str key = store_recipient_key(recipient, arena);
	int64_t id = 0;
	int rc;

	if (key.p == NULL)
		rc = err_set(err, ERR_LIMIT, "the recipient's address is too long");
	else
		rc = store_body_put(db, body->raw, &body->digest, &id, err);
	if (rc == 0)
		rc = put_row(db, message, key, id, err);
	arena_free(&arena);
	return rc;
}

static int
find_body(struct store_db *db, const struct id_digest *digest, int64_t *id_r, struct err *err)
{
	sqlite3_stmt *statement = store_db_statement(db, body_id_sql, err);
	int rc;

	if (statement == NULL)
		return -1;
	sqlite3_bind_blob(statement, 1, digest->byte, sizeof digest->byte, SQLITE_TRANSIENT);
	rc = store_db_step(db, statement, "find a body", err);
	if (rc == 0)
		return err_set(err, ERR_NOTFOUND, "the outbox has no such body");
	if (rc < 0)
		return -1;
	*id_r = sqlite3_column_int64(statement, 0);
	sqlite3_reset(statement);
	return 0;
}

int
store_view_keep(
    struct store *store, struct str message, const struct id_digest *digest, struct err *err)
{
	struct store_db *db = store_write_begin(store, STORE_PROCESS_SAFE, err);
	int64_t id = 0;
	int rc;

	if (db == NULL)
		return -1;
	rc = find_body(db, digest, &id, err);
	if (rc == 0)
		rc = put_row(db, message, STR(""), id, err);
	return store_write_end(store, rc, err);
}

/* --- finding --- */

/* 1 with the row and its body's id, 0, -1. */
static int
find_row(struct store_db *db, struct str key, struct str prefix, struct str campaign,
    struct arena *arena, struct store_view *view_r, int64_t *body_r, struct err *err)
{
	sqlite3_stmt *statement = store_db_statement(db, find_sql, err);
	bool full = false;
	int rc;

	if (statement == NULL)
		return -1;
	store_db_bind_str(statement, 1, key);
	store_db_bind_str(statement, 2, prefix);
	store_db_bind_str(statement, 3, campaign);
	rc = store_db_step(db, statement, "look for a message", err);
	if (rc != 1)
		return rc;
	view_r->message = store_db_copy(statement, 0, arena, &full);
	view_r->recipient = store_db_copy(statement, 1, arena, &full);
	view_r->contact_id = sqlite3_column_int64(statement, 2);
	view_r->time_ms = sqlite3_column_int64(statement, 3);
	*body_r = sqlite3_column_int64(statement, 4);
	sqlite3_reset(statement);
	return full ? err_set(err, ERR_LIMIT, "message: arena full") : 1;
}

static int
read_raw(struct store_db *db, int64_t body, struct store_view *view_r, struct err *err)
{
	sqlite3_stmt *statement = store_db_statement(db, raw_sql, err);
	struct str raw;
	int rc;

	if (statement == NULL)
		return -1;
	store_db_bind_int(statement, 1, body);
	rc = store_db_step(db, statement, "read a body", err);
	if (rc != 1)
		return rc;
	raw = store_db_str(statement, 0);
	view_r->raw = malloc(raw.n + 1);
	if (view_r->raw == NULL)
		abort();
	if (raw.n > 0)
		memcpy(view_r->raw, raw.p, raw.n);
	view_r->raw[raw.n] = '\0';
	view_r->size = raw.n;
	sqlite3_reset(statement);
	return 1;
}

int
store_view_find(struct store *store, struct str campaign, struct str recipient, struct str prefix,
    struct arena *arena, struct store_view *view_r, struct err *err)
{
	struct str key = store_recipient_key(recipient, arena);
	struct store_db *db;
	int64_t body = 0;
	int rc;

	if (key.p == NULL)
		return err_set(err, ERR_LIMIT, "the recipient's address is too long");
	db = store_read_begin(store, err);
	if (db == NULL)
		return -1;
	rc = find_row(db, key, prefix, campaign, arena, view_r, &body, err);
	if (rc == 1)
		rc = read_raw(db, body, view_r, err);
	store_read_end(store, db);
	return rc;
}

/* --- purging --- */

struct kept_row {
	struct str message;
	struct str key;
	int64_t body;
};

/* How many of them there are, up to BATCH; -1. */
static int
read_old(struct store_db *db, int64_t before_ms, struct arena *arena, struct kept_row *rows,
    struct err *err)
{
	sqlite3_stmt *statement = store_db_statement(db, old_sql, err);
	bool full = false;
	int count = 0, rc;

	if (statement == NULL)
		return -1;
	store_db_bind_int(statement, 1, before_ms);
	store_db_bind_int(statement, 2, BATCH);
	while ((rc = store_db_step(db, statement, "look for old bodies", err)) == 1)
		rows[count++] = (struct kept_row){store_db_copy(statement, 0, arena, &full),
		    store_db_copy(statement, 1, arena, &full), sqlite3_column_int64(statement, 2)};
	if (full)
		return err_set(err, ERR_LIMIT, "old bodies: arena full");
	return rc < 0 ? -1 : count;
}

static int
delete_row(struct store_db *db, const struct kept_row *row, struct err *err)
{
	sqlite3_stmt *statement = store_db_statement(db, delete_sql, err);

	if (statement == NULL)
		return -1;
	store_db_bind_str(statement, 1, row->message);
	store_db_bind_str(statement, 2, row->key);
	store_db_bind_int(statement, 3, row->body);
	if (store_db_run(db, statement, "let go of a body", err) != 0)
		return -1;
	return store_body_drop(db, row->body, err);
}

/* How many of the recipient's there are, up to BATCH; -1. */
static int
read_own(struct store_db *db, struct str key, struct arena *arena, struct kept_row *rows,
    struct err *err)
{
	sqlite3_stmt *statement = store_db_statement(db, of_recipient_sql, err);
	bool full = false;
	int count = 0, rc;

	if (statement == NULL)
		return -1;
	store_db_bind_str(statement, 1, key);
	store_db_bind_int(statement, 2, BATCH);
	while ((rc = store_db_step(db, statement, "look for kept bodies", err)) == 1)
		rows[count++] = (struct kept_row){store_db_copy(statement, 0, arena, &full), key,
		    sqlite3_column_int64(statement, 1)};
	if (full)
		return err_set(err, ERR_LIMIT, "kept bodies: arena full");
	return rc < 0 ? -1 : count;
}

int
store_view_forget(struct store_db *db, struct str recipient_key, struct err *err)
{
	struct arena *arena = arena_new((size_t)BATCH * KEY_MEMORY);
	struct kept_row rows[BATCH];
	int count, rc;

	do {
		arena_reset(arena);
		count = read_own(db, recipient_key, arena, rows, err);
		rc = count < 0 ? -1 : 0;
		for (int i = 0; i < count && rc == 0; i++)
			rc = delete_row(db, &rows[i], err);
	} while (rc == 0 && count == BATCH);
	arena_free(&arena);
	return rc;
}

int
store_view_purge(struct store *store, int64_t before_ms, struct err *err)
{
	struct arena *arena = arena_new((size_t)BATCH * KEY_MEMORY);
	struct kept_row rows[BATCH];
	struct store_db *db;
	int count = BATCH, rc = 0;

	while (rc == 0 && count == BATCH) {
		arena_reset(arena);
		db = store_write_begin(store, STORE_PROCESS_SAFE, err);
		if (db == NULL) {
			rc = -1;
			break;
		}
		count = read_old(db, before_ms, arena, rows, err);
		rc = count < 0 ? -1 : 0;
		for (int i = 0; i < count && rc == 0; i++)
			rc = delete_row(db, &rows[i], err);
		rc = store_write_end(store, rc, err);
	}
	arena_free(&arena);
	return rc;
}
