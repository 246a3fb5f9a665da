/* SPDX-License-Identifier: BSD-2-Clause
 *
 * plugin_answer: see plugin_answer.h
 *
 * Threads: any.
 * Fails:   ERR_LIMIT (arena), and db.c's.
 */
#include "store/plugin_answer.h"

#include "store/db.h"

/* A row's own size beside its texts, about. */
#define ROW_BYTES 512

static const char get_sql[] = "SELECT wanted_ms, status, time_ms, type, body FROM plugin_answer "
			      "WHERE plugin = ?1 AND request = ?2";
/* Before it is stale it is fetched again; but not what failed, before its time. */
static const char want_sql[] =
    "INSERT INTO plugin_answer (plugin, request, wanted_ms, next_ms, failures, fresh_ms, keep_ms, "
    "timeout_ms, status, time_ms, size, url, headers, type, body) "
    "VALUES (?1, ?2, ?3, ?3, 0, ?4, ?5, ?6, 0, 0, length(?7) + length(?8), ?7, ?8, '', '') "
    "ON CONFLICT (plugin, request) DO UPDATE SET wanted_ms = excluded.wanted_ms, "
    "fresh_ms = excluded.fresh_ms, keep_ms = excluded.keep_ms, "
    "timeout_ms = excluded.timeout_ms, next_ms = CASE WHEN failures > 0 THEN next_ms "
    "ELSE min(next_ms, time_ms + excluded.fresh_ms * 3 / 4) END";
static const char put_sql[] =
    "INSERT INTO plugin_answer (plugin, request, wanted_ms, next_ms, failures, fresh_ms, keep_ms, "
    "timeout_ms, status, time_ms, size, url, headers, type, body) "
    "VALUES (?1, ?2, ?9, ?9 + ?4 * 3 / 4, 0, ?4, ?5, ?6, ?10, ?9, "
    "length(?7) + length(?8) + length(?11) + length(?12), ?7, ?8, ?11, ?12) "
    "ON CONFLICT (plugin, request) DO UPDATE SET next_ms = excluded.next_ms, failures = 0, "
    "status = excluded.status, time_ms = excluded.time_ms, size = excluded.size, "
    "type = excluded.type, body = excluded.body";
static const char fail_sql[] = "UPDATE plugin_answer SET failures = failures + 1, next_ms = ?3 "
			       "WHERE plugin = ?1 AND request = ?2";
static const char due_sql[] =
    "SELECT plugin, request, url, headers, fresh_ms, keep_ms, timeout_ms, failures "
    "FROM plugin_answer WHERE plugin = ?3 AND next_ms <= ?1 AND wanted_ms >= time_ms "
    "ORDER BY next_ms LIMIT ?2";
static const char old_sql[] = "DELETE FROM plugin_answer "
			      "WHERE wanted_ms + keep_ms <= ?1 AND time_ms + keep_ms <= ?1";
static const char surplus_sql[] =
    "DELETE FROM plugin_answer WHERE id IN (SELECT id FROM (SELECT id, "
    "row_number() OVER latest AS place, sum(size + ?3) OVER latest AS total FROM plugin_answer "
    "WINDOW latest AS (PARTITION BY plugin ORDER BY wanted_ms DESC, id)) "
    "WHERE place > ?1 OR total > ?2)";

static struct str
digest_text(const struct id_digest *digest)
{
	return (struct str){(const char *)digest->byte, sizeof digest->byte};
}

static void
bind_key(sqlite3_stmt *statement, const struct store_request *request)
{
	store_db_bind_int(statement, 1, request->plugin);
	store_db_bind_blob(statement, 2, digest_text(&request->digest));
}

static void
bind_request(sqlite3_stmt *statement, const struct store_request *request)
{
	bind_key(statement, request);
	store_db_bind_int(statement, 4, request->fresh_ms);
	store_db_bind_int(statement, 5, request->keep_ms);
	store_db_bind_int(statement, 6, request->timeout_ms);
	store_db_bind_str(statement, 7, request->url);
	store_db_bind_str(statement, 8, request->headers);
}

/* --- reading --- */

static int
get(struct store_db *db, const struct store_request *request, int64_t now_ms, struct arena *arena,
    struct store_answer *answer_r, struct err *err)
{
	sqlite3_stmt *statement = store_db_statement(db, get_sql, err);
	bool full = false;
	int rc;

	if (statement == NULL)
		return -1;
	bind_key(statement, request);
	rc = store_db_step(db, statement, "read answers", err);
	if (rc != 1)
		return rc;
	*answer_r = (struct store_answer){
	    .wanted_ms = sqlite3_column_int64(statement, 0), .type = STR(""), .body = STR("")};
	if (sqlite3_column_int64(statement, 2) + request->keep_ms > now_ms) {
		answer_r->status = sqlite3_column_int(statement, 1);
		answer_r->time_ms = sqlite3_column_int64(statement, 2);
		answer_r->type = store_db_copy(statement, 3, arena, &full);
		answer_r->body = store_db_copy(statement, 4, arena, &full);
	}
	sqlite3_reset(statement);
	return full ? err_set(err, ERR_LIMIT, "answer: arena full") : 1;
}

int
store_answer_get(struct store *store, const struct store_request *request, int64_t now_ms,
    struct arena *arena, struct store_answer *answer_r, struct err *err)
{
	struct store_db *db = store_read_begin(store, err);
	int rc;

	if (db == NULL)
		return -1;
	rc = get(db, request, now_ms, arena, answer_r, err);
	store_read_end(store, db);
	return rc;
}

static struct store_due
due_of(sqlite3_stmt *statement, struct arena *arena, bool *full)
{
	struct store_due due = {.request = {.plugin = sqlite3_column_int64(statement, 0),
				    .url = store_db_copy(statement, 2, arena, full),
				    .headers = store_db_copy(statement, 3, arena, full),
				    .fresh_ms = sqlite3_column_int64(statement, 4),
				    .keep_ms = sqlite3_column_int64(statement, 5),
				    .timeout_ms = sqlite3_column_int64(statement, 6)},
	    .failures = sqlite3_column_int64(statement, 7)};
	struct str digest = store_db_str(statement, 1);

	if (digest.n == sizeof due.request.digest.byte)
		memcpy(due.request.digest.byte, digest.p, digest.n);
	return due;
}

int
store_answer_due(struct store *store, int64_t plugin, int64_t now_ms, size_t max,
    struct arena *arena, struct store_due **due_r, size_t *count_r, struct err *err)
{
	struct store_db *db = store_read_begin(store, err);
	sqlite3_stmt *statement = db == NULL ? NULL : store_db_statement(db, due_sql, err);
	bool full = false;
	int rc = -1;

	*count_r = 0;
	*due_r = arena_zalloc(arena, max, sizeof **due_r);
	if (statement != NULL && *due_r != NULL) {
		store_db_bind_int(statement, 1, now_ms);
		store_db_bind_int(statement, 2, (int64_t)max);
		store_db_bind_int(statement, 3, plugin);
		while ((rc = store_db_step(db, statement, "read answers", err)) == 1)
			(*due_r)[(*count_r)++] = due_of(statement, arena, &full);
	}
	if (db != NULL)
		store_read_end(store, db);
	return full || *due_r == NULL ? err_set(err, ERR_LIMIT, "answer: arena full") : rc;
}

/* --- writing --- */

static int
want(struct store_db *db, const struct store_request *request, int64_t now_ms, struct err *err)
{
	sqlite3_stmt *statement = store_db_statement(db, want_sql, err);

	if (statement == NULL)
		return -1;
	bind_request(statement, request);
	store_db_bind_int(statement, 3, now_ms);
	return store_db_run(db, statement, "write answers", err);
}

int
store_answer_want(struct store *store, const struct store_request *const *requests, size_t count,
    int64_t now_ms, struct err *err)
{
	struct store_db *db = store_write_begin(store, STORE_PROCESS_SAFE, err);
	int rc = 0;

	if (db == NULL)
		return -1;
	for (size_t i = 0; i < count && rc == 0; i++)
		rc = want(db, requests[i], now_ms, err);
	return store_write_end(store, rc, err);
}

int
store_answer_put(struct store *store, const struct store_request *request,
    const struct store_answer *answer, struct err *err)
{
	struct store_db *db = store_write_begin(store, STORE_PROCESS_SAFE, err);
	sqlite3_stmt *statement;
	int rc = -1;

	if (db == NULL)
		return -1;
	statement = store_db_statement(db, put_sql, err);
	if (statement != NULL) {
		bind_request(statement, request);
		store_db_bind_int(statement, 9, answer->time_ms);
		store_db_bind_int(statement, 10, answer->status);
		store_db_bind_str(statement, 11, answer->type);
		store_db_bind_blob(statement, 12, answer->body);
		rc = store_db_run(db, statement, "write answers", err);
	}
	return store_write_end(store, rc, err);
}

int
store_answer_fail(
    struct store *store, const struct store_request *request, int64_t next_ms, struct err *err)
{
	struct store_db *db = store_write_begin(store, STORE_PROCESS_SAFE, err);
	sqlite3_stmt *statement;
	int rc = -1;

	if (db == NULL)
		return -1;
	statement = store_db_statement(db, fail_sql, err);
	if (statement != NULL) {
		bind_key(statement, request);
		store_db_bind_int(statement, 3, next_ms);
		rc = store_db_run(db, statement, "write answers", err);
	}
	return store_write_end(store, rc, err);
}

static int
purge(struct store_db *db, int64_t now_ms, struct err *err)
{
	sqlite3_stmt *old = store_db_statement(db, old_sql, err);
	sqlite3_stmt *surplus = store_db_statement(db, surplus_sql, err);

	if (old == NULL || surplus == NULL)
		return -1;
	store_db_bind_int(old, 1, now_ms);
	store_db_bind_int(surplus, 1, STORE_ANSWERS_MAX);
	store_db_bind_int(surplus, 2, STORE_ANSWERS_BYTES_MAX);
	store_db_bind_int(surplus, 3, ROW_BYTES);
	return store_db_run(db, old, "delete answers", err) != 0
	    ? -1
	    : store_db_run(db, surplus, "delete answers", err);
}

int
store_answer_purge(struct store *store, int64_t now_ms, struct err *err)
{
	struct store_db *db = store_write_begin(store, STORE_PROCESS_SAFE, err);

	return db == NULL ? -1 : store_write_end(store, purge(db, now_ms, err), err);
}
