/* SPDX-License-Identifier: BSD-2-Clause
 *
 * delivery: see delivery.h; this file: copies
 *
 * A copy is found through its recipient, whose journal rows have an index already: another one, of
 * queue ids or Message-IDs, would cost each message that leaves more than it saves here.
 *
 * Threads: any.
 * Fails:   ERR_LIMIT (the arena), and db.c's.
 */
#include "store/delivery.h"

#include "store/db.h"

#define KEY_MEMORY ((size_t)16 * 1024)

#define COLUMNS                                                                                    \
	"SELECT j.id, j.time_ms, j.message, j.campaign, j.recipient, j.contact_id, j.queue_id, "   \
	"j.message_id, coalesce(d.outcome, 0), coalesce(d.queue_id, ''), coalesce(d.time_ms, 0), " \
	"coalesce(d.delay_ms, 0), coalesce(d.attempts, 0), coalesce(d.relay, ''), "                \
	"coalesce(d.status, ''), coalesce(d.text, ''), coalesce(d.reason, ''), "                   \
	"coalesce(d.hard, 0), j.sender_domain "

static const char find_sql[] =
    COLUMNS "FROM journal j LEFT JOIN delivery d ON d.journal = j.id WHERE j.recipient_key = ?1 "
	    "AND (j.queue_id = ?2 OR d.queue_id = ?2 OR (?3 <> '' AND j.message_id = ?3)) "
	    "ORDER BY j.time_ms DESC, j.id DESC LIMIT ?4";
static const char of_queue_sql[] =
    COLUMNS "FROM delivery d JOIN journal j ON j.id = d.journal WHERE d.queue_id = ?1 "
	    "AND d.outcome IN (1, 3) ORDER BY j.time_ms DESC, j.id DESC LIMIT ?2";
static const char put_sql[] =
    "INSERT INTO delivery (journal, outcome, queue_id, time_ms, delay_ms, attempts, relay, status, "
    "text, reason, hard) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) "
    "ON CONFLICT (journal) DO UPDATE SET outcome = excluded.outcome, queue_id = excluded.queue_id, "
    "time_ms = excluded.time_ms, delay_ms = excluded.delay_ms, attempts = excluded.attempts, "
    "relay = excluded.relay, status = excluded.status, text = excluded.text, "
    "reason = excluded.reason, hard = excluded.hard";

const char *
store_outcome_name(enum store_outcome outcome)
{
	static const char *const names[] = {
	    [STORE_OUTCOME_NONE] = "",
	    [STORE_OUTCOME_PASSED] = "passed",
	    [STORE_OUTCOME_DELIVERED] = "delivered",
	    [STORE_OUTCOME_DEFERRED] = "deferred",
	    [STORE_OUTCOME_BOUNCED] = "bounced",
	    [STORE_OUTCOME_DELETED] = "deleted",
	};

	return (size_t)outcome < sizeof names / sizeof names[0] ? names[outcome] : "";
}

struct store_delivery
store_delivery_copy_columns(sqlite3_stmt *statement, int from, struct arena *arena, bool *full)
{
	return (struct store_delivery){
	    .outcome = (enum store_outcome)sqlite3_column_int(statement, from),
	    .queue_id = store_db_copy(statement, from + 1, arena, full),
	    .time_ms = sqlite3_column_int64(statement, from + 2),
	    .delay_ms = sqlite3_column_int64(statement, from + 3),
	    .attempts = sqlite3_column_int64(statement, from + 4),
	    .relay = store_db_copy(statement, from + 5, arena, full),
	    .status = store_db_copy(statement, from + 6, arena, full),
	    .text = store_db_copy(statement, from + 7, arena, full),
	    .reason = store_db_copy(statement, from + 8, arena, full),
	    .hard = sqlite3_column_int(statement, from + 9) != 0,
	};
}

static struct store_delivery_copy
copy_row(sqlite3_stmt *statement, struct arena *arena, bool *full)
{
	return (struct store_delivery_copy){
	    .journal = sqlite3_column_int64(statement, 0),
	    .time_ms = sqlite3_column_int64(statement, 1),
	    .message = store_db_copy(statement, 2, arena, full),
	    .campaign = store_db_copy(statement, 3, arena, full),
	    .recipient = store_db_copy(statement, 4, arena, full),
	    .contact = sqlite3_column_int64(statement, 5),
	    .queue_id = store_db_copy(statement, 6, arena, full),
	    .message_id = store_db_copy(statement, 7, arena, full),
	    .last = store_delivery_copy_columns(statement, 8, arena, full),
	    .sender_domain = store_db_copy(statement, 18, arena, full),
	};
}

/* Steps through a bound statement. */
static int
read_rows(struct store_db *db, sqlite3_stmt *statement, struct arena *arena,
    struct store_delivery_copy *copies_r, struct err *err)
{
	bool full = false;
	int count = 0, rc;

	while ((rc = store_db_step(db, statement, "read the journal", err)) == 1)
		copies_r[count++] = copy_row(statement, arena, &full);
	if (full)
		return err_set(err, ERR_LIMIT, "deliveries: arena full");
	return rc < 0 ? -1 : count;
}

int
store_delivery_find(struct store *store, struct str recipient, struct str queue_id,
    struct str message_id, struct arena *arena,
    struct store_delivery_copy copies_r[STORE_DELIVERY_COPIES], struct err *err)
{
	struct store_db *db = store_read_begin(store, err);
	struct arena *keys;
	sqlite3_stmt *statement;
	struct str key;
	int rc = -1;

	if (db == NULL)
		return -1;
	keys = arena_new(KEY_MEMORY);
	statement = store_db_statement(db, find_sql, err);
	key = store_recipient_key(recipient, keys);
	if (statement != NULL && key.p != NULL) {
		store_db_bind_str(statement, 1, key);
		store_db_bind_str(statement, 2, queue_id);
		store_db_bind_str(statement, 3, message_id);
		store_db_bind_int(statement, 4, STORE_DELIVERY_COPIES);
		rc = read_rows(db, statement, arena, copies_r, err);
	} else if (statement != NULL) {
		rc = 0; /* longer than any recipient of ours */
	}
	arena_free(&keys);
	store_read_end(store, db);
	return rc;
}

int
store_delivery_of_queue(struct store *store, struct str queue_id, struct arena *arena,
    struct store_delivery_copy copies_r[STORE_DELIVERY_COPIES], struct err *err)
{
	struct store_db *db = store_read_begin(store, err);
	sqlite3_stmt *statement;
	int rc = -1;

	if (db == NULL)
		return -1;
	statement = store_db_statement(db, of_queue_sql, err);
	if (statement != NULL) {
		store_db_bind_str(statement, 1, queue_id);
		store_db_bind_int(statement, 2, STORE_DELIVERY_COPIES);
		rc = read_rows(db, statement, arena, copies_r, err);
	}
	store_read_end(store, db);
	return rc;
}

int
store_delivery_put(
    struct store *store, int64_t journal, const struct store_delivery *last, struct err *err)
{
	struct store_db *db = store_write_begin(store, STORE_PROCESS_SAFE, err);
	sqlite3_stmt *statement = db == NULL ? NULL : store_db_statement(db, put_sql, err);
	int rc = -1;

	if (db == NULL)
		return -1;
	if (statement != NULL) {
		store_db_bind_int(statement, 1, journal);
		store_db_bind_int(statement, 2, last->outcome);
		store_db_bind_str(statement, 3, last->queue_id);
		store_db_bind_int(statement, 4, last->time_ms);
		store_db_bind_int(statement, 5, last->delay_ms);
		store_db_bind_int(statement, 6, last->attempts);
		store_db_bind_str(statement, 7, last->relay);
		store_db_bind_str(statement, 8, last->status);
		store_db_bind_str(statement, 9, last->text);
		store_db_bind_str(statement, 10, last->reason);
		store_db_bind_int(statement, 11, last->hard);
		rc = store_db_run(db, statement, "write a delivery", err);
	}
	return store_write_end(store, rc, err);
}
