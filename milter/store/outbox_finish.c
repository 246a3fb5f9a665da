/* SPDX-License-Identifier: BSD-2-Clause
 *
 * outbox_finish: what became of claimed rows, and their bodies
 *
 * Threads: any.
 * Fails:   ERR_NOTFOUND (body), ERR_LIMIT, and db.c's.
 */
#include "store/outbox.h"

#include "base/clock.h"
#include "store/db.h"

#include <stdlib.h>

/* A final result counts even for a row that was put back to waiting meanwhile: better than to
 * serve it twice. A row that was cancelled while it was claimed does not go back to waiting.
 * ?2 state, ?3 due, ?4 attempts, ?5 now, ?6 has a journal row, ?10 postponed. */
static const char finish_sql[] =
    "UPDATE outbox_row SET "
    "state = CASE WHEN ?2 = 0 AND cancelled THEN 5 ELSE ?2 END, "
    "finished_ms = CASE WHEN ?2 = 0 AND NOT cancelled THEN 0 ELSE ?5 END, "
    "due_ms = CASE WHEN ?2 = 0 THEN ?3 ELSE due_ms END, "
    "first_due_ms = CASE WHEN ?2 = 0 AND ?10 THEN ?3 ELSE first_due_ms END, "
    "attempts = attempts + ?4, "
    "queue_id = CASE WHEN ?6 THEN ?7 ELSE queue_id END, "
    "message_id = CASE WHEN ?6 THEN ?8 ELSE message_id END, "
    "reason = CASE WHEN ?6 THEN ?9 ELSE reason END "
    "WHERE id = ?1 AND (state = 1 OR (state = 0 AND ?2 > 1)) RETURNING state";
static const char body_sql[] = "SELECT raw FROM outbox_body WHERE digest = ?1";

/* The state that the row has now, in state_r; unchanged if it was not claimed. */
static int
set_state(struct store_db *db, const struct store_outbox_result *result, int64_t now,
    enum store_outbox_state *state_r, struct err *err)
{
	sqlite3_stmt *statement = store_db_statement(db, finish_sql, err);
	int rc;

	if (statement == NULL)
		return -1;
	store_db_bind_int(statement, 1, result->id);
	store_db_bind_int(statement, 2, result->state);
	store_db_bind_int(statement, 3, result->due_ms);
	store_db_bind_int(statement, 4, result->attempted && !result->postponed);
	store_db_bind_int(statement, 5, now);
	store_db_bind_int(statement, 6, result->journal.time_ms != 0);
	store_db_bind_str(statement, 7, result->journal.queue_id);
	store_db_bind_str(statement, 8, result->journal.message_id);
	store_db_bind_str(statement, 9, result->journal.reason);
	store_db_bind_int(statement, 10, result->postponed);
	rc = store_db_step(db, statement, "finish a row", err);
	if (rc == 1) {
		*state_r = (enum store_outbox_state)sqlite3_column_int(statement, 0);
		sqlite3_reset(statement);
	}
	return rc < 0 ? -1 : 0;
}

static int
finish_one(
    struct store_db *db, const struct store_outbox_result *result, int64_t now, struct err *err)
{
	struct store_journal_row journal = result->journal;
	enum store_outbox_state state = result->state;

	if (set_state(db, result, now, &state, err) != 0)
		return -1;
	if (journal.time_ms == 0)
		return 0;
	if (state == STORE_OUTBOX_CANCELLED && result->state == STORE_OUTBOX_WAITING) {
		journal.verdict = STORE_FAILED;
		journal.reason = STR("cancelled");
	}
	return store_journal_write(db, &journal, result->attempted, err);
}

int
store_outbox_finish(
    struct store *store, const struct store_outbox_result *results, size_t count, struct err *err)
{
	struct store_db *db = store_write_begin(store, STORE_PROCESS_SAFE, err);
	int64_t now = clock_now();
	int rc = 0;

	if (db == NULL)
		return -1;
	for (size_t i = 0; i < count && rc == 0; i++)
		rc = finish_one(db, &results[i], now, err);
	return store_write_end(store, rc, err);
}

int
store_outbox_body(struct store *store, const struct id_digest *digest, char **raw_r, size_t *size_r,
    struct err *err)
{
	struct store_db *db = store_read_begin(store, err);
	sqlite3_stmt *statement;
	struct str raw;
	int rc = -1;

	if (db == NULL)
		return -1;
	statement = store_db_statement(db, body_sql, err);
	if (statement != NULL) {
		sqlite3_bind_blob(
		    statement, 1, digest->byte, sizeof digest->byte, SQLITE_TRANSIENT);
		rc = store_db_step(db, statement, "read a body", err);
	}
	if (rc == 1) {
		raw = store_db_str(statement, 0);
		*raw_r = malloc(raw.n + 1);
		if (*raw_r == NULL)
			abort();
		memcpy(*raw_r, raw.p, raw.n);
		(*raw_r)[raw.n] = '\0';
		*size_r = raw.n;
		sqlite3_reset(statement);
	} else if (rc == 0) {
		rc = err_set(err, ERR_NOTFOUND, "the outbox has no such body");
	}
	store_read_end(store, db);
	return rc < 0 ? -1 : 0;
}
