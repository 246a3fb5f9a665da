/* SPDX-License-Identifier: BSD-2-Clause
 *
 * outbox_control: pause, cancel, retry, purge
 *
 * What may concern a million rows is done some thousand at a time, each in its own
 * transaction, so that sessions and outbox processes get their turn in between.
 *
 * Threads: any.
 * Fails:   ERR_LIMIT (address), and db.c's.
 */
#include "store/outbox.h"

#include "base/clock.h"
#include "store/db.h"

#define BATCH	   5000
#define KEY_MEMORY ((size_t)16 * 1024)

static const char pause_sql[] =
    "INSERT INTO outbox_campaign (name, paused, next_ns) VALUES (?1, ?2, 0) "
    "ON CONFLICT (name) DO UPDATE SET paused = excluded.paused, pause_reason = '', "
    "resumed_ms = CASE excluded.paused WHEN 0 THEN ?3 ELSE resumed_ms END";
static const char is_paused_sql[] = "SELECT paused FROM outbox_campaign WHERE name = ?1";
static const char pause_new_sql[] = "INSERT INTO outbox_campaign (name, paused, next_ns) "
				    "VALUES (?1, ?2, 0) ON CONFLICT (name) DO NOTHING";
static const char campaign_sql[] = "SELECT id FROM outbox_campaign WHERE name = ?1";

/* ?1 campaign, ?2 address key or empty, ?3 rows after this id, ?4 now; the cursor is for failed
 * rows, which no index knows: all batches together pass over the table once. */
#define OF_ADDRESS "AND (?2 = '' OR address_key = ?2) "
static const char waiting_sql[] =
    "SELECT id FROM outbox_row WHERE state = 0 AND campaign = ?1 " OF_ADDRESS "LIMIT ?5";
static const char later_sql[] =
    "SELECT id FROM outbox_row WHERE state = 0 AND campaign = ?1 " OF_ADDRESS
    "AND due_ms > ?4 LIMIT ?5";
static const char failed_sql[] = "SELECT id FROM outbox_row WHERE id > ?3 AND state = 4 "
				 "AND campaign = ?1 " OF_ADDRESS "ORDER BY id LIMIT ?5";

static const char cancel_sql[] =
    "UPDATE outbox_row SET state = 5, finished_ms = ?2, reason = 'cancelled' WHERE id = ?1";
static const char cancel_claimed_sql[] =
    "UPDATE outbox_row SET cancelled = 1 WHERE state = 1 AND campaign = ?1 " OF_ADDRESS;
static const char cancel_journal_sql[] =
    "INSERT INTO journal (message, recipient_key, recipient, campaign, contact_id, queue_id, "
    "message_id, verdict, reason, duration_ms, attempts, time_ms, sender_domain) "
    "SELECT m.key, r.address_key, r.address, c.name, 0, '', '', 3, 'cancelled', 0, 0, ?2, "
    "m.sender_domain "
    "FROM outbox_row r JOIN outbox_message m ON m.id = r.message "
    "JOIN outbox_campaign c ON c.id = r.campaign WHERE r.id = ?1 "
    "ON CONFLICT (recipient_key, message) DO UPDATE SET verdict = excluded.verdict, "
    "reason = excluded.reason, time_ms = excluded.time_ms";
static const char hurry_sql[] =
    "UPDATE outbox_row SET due_ms = ?2, first_due_ms = min(first_due_ms, ?2) WHERE id = ?1";
static const char again_sql[] =
    "UPDATE outbox_row SET state = 0, cancelled = 0, due_ms = ?2, first_due_ms = ?2, "
    "finished_ms = 0, attempts = 0 WHERE id = ?1";

static const char old_messages_sql[] =
    "SELECT id, body FROM outbox_message WHERE id > ?1 AND created_ms < ?2 "
    "AND known_until_ms < ?3 ORDER BY id LIMIT 1";
static const char purge_rows_sql[] =
    "DELETE FROM outbox_row WHERE id IN (SELECT id FROM outbox_row WHERE message = ?1 "
    "AND finished_ms BETWEEN 1 AND ?2 LIMIT ?3)";
static const char purge_message_sql[] =
    "DELETE FROM outbox_message WHERE id = ?1 "
    "AND NOT EXISTS (SELECT 1 FROM outbox_row WHERE message = ?1)";
static const char drop_body_sql[] = "DELETE FROM outbox_body WHERE id = ?1 "
				    "AND NOT EXISTS (SELECT 1 FROM outbox_message WHERE body = ?1) "
				    "AND NOT EXISTS (SELECT 1 FROM view_body WHERE body = ?1)";
/* The message may go: from its last recipient on, who was served before ?2, its body is kept
 * for viewing. */
static const char keep_view_sql[] =
    "UPDATE view_body SET kept_ms = ?2 WHERE recipient_key = '' AND kept_ms < ?2 "
    "AND message = (SELECT key FROM outbox_message WHERE id = ?1)";

int
store_outbox_pause(struct store *store, struct str campaign, int paused, struct err *err)
{
	struct store_db *db = store_write_begin(store, STORE_POWER_SAFE, err);
	sqlite3_stmt *statement;
	int rc = -1;

	if (db == NULL)
		return -1;
	statement = store_db_statement(db, paused < 0 ? pause_new_sql : pause_sql, err);
	if (statement != NULL) {
		store_db_bind_str(statement, 1, campaign);
		store_db_bind_int(statement, 2, paused != 0);
		if (paused >= 0)
			store_db_bind_int(statement, 3, clock_now());
		rc = store_db_run(db, statement, "pause a campaign", err);
	}
	return store_write_end(store, rc, err);
}

int
store_outbox_is_paused(struct store *store, struct str campaign, struct err *err)
{
	struct store_db *db = store_read_begin(store, err);
	sqlite3_stmt *statement;
	int rc = -1;

	if (db == NULL)
		return -1;
	statement = store_db_statement(db, is_paused_sql, err);
	if (statement != NULL) {
		store_db_bind_str(statement, 1, campaign);
		rc = store_db_step(db, statement, "read the outbox", err);
	}
	if (rc == 1) {
		rc = sqlite3_column_int(statement, 0) != 0;
		sqlite3_reset(statement);
	}
	store_read_end(store, db);
	return rc;
}

/* --- cancel and retry --- */

struct control {
	struct store_db *db;
	int64_t campaign;
	struct str key; /* of the address; empty: all */
	int64_t now;
	int64_t after; /* id of the last row looked at */
	int64_t ids[BATCH];
	size_t count;
};

/* 1 found, 0 the outbox never heard of it, -1. */
static int
find_campaign(struct store *store, struct str name, int64_t *id_r, struct err *err)
{
	struct store_db *db = store_read_begin(store, err);
	sqlite3_stmt *statement;
	int rc = -1;

	if (db == NULL)
		return -1;
	statement = store_db_statement(db, campaign_sql, err);
	if (statement != NULL) {
		store_db_bind_str(statement, 1, name);
		rc = store_db_step(db, statement, "find a campaign", err);
	}
	if (rc == 1) {
		*id_r = sqlite3_column_int64(statement, 0);
		sqlite3_reset(statement);
	}
	store_read_end(store, db);
	return rc;
}

static int
read_ids(struct control *control, const char *sql, struct err *err)
{
	sqlite3_stmt *statement = store_db_statement(control->db, sql, err);
	int rc;

	control->count = 0;
	if (statement == NULL)
		return -1;
	store_db_bind_int(statement, 1, control->campaign);
	store_db_bind_str(statement, 2, control->key);
	store_db_bind_int(statement, 3, control->after);
	store_db_bind_int(statement, 4, control->now);
	store_db_bind_int(statement, 5, BATCH);
	while ((rc = store_db_step(control->db, statement, "read rows", err)) == 1)
		control->ids[control->count++] = sqlite3_column_int64(statement, 0);
	return rc;
}

/* Runs `sql` with (id, now) for each row of the batch. */
static int
change_each(struct control *control, const char *sql, struct err *err)
{
	sqlite3_stmt *statement = store_db_statement(control->db, sql, err);

	if (statement == NULL)
		return -1;
	for (size_t i = 0; i < control->count; i++) {
		store_db_bind_int(statement, 1, control->ids[i]);
		store_db_bind_int(statement, 2, control->now);
		if (store_db_run(control->db, statement, "change a row", err) != 0)
			return -1;
	}
	return 0;
}

static int
cancel_claimed(struct control *control, struct err *err)
{
	sqlite3_stmt *statement = store_db_statement(control->db, cancel_claimed_sql, err);

	if (statement == NULL)
		return -1;
	store_db_bind_int(statement, 1, control->campaign);
	store_db_bind_str(statement, 2, control->key);
	return store_db_run(control->db, statement, "cancel claimed rows", err);
}

/* What a command does with the rows that one statement finds. */
struct operation {
	const char *find;
	const char *first; /* run for each */
	const char *then;  /* too, or NULL */
	bool claimed;	   /* claimed rows are marked as cancelled */
};

static int
run_batch(struct control *control, const struct operation *operation, struct err *err)
{
	if (read_ids(control, operation->find, err) != 0 ||
	    change_each(control, operation->first, err) != 0)
		return -1;
	if (operation->then != NULL && change_each(control, operation->then, err) != 0)
		return -1;
	/* With each batch: a row may have been claimed between two of them. */
	return operation->claimed ? cancel_claimed(control, err) : 0;
}

static int
run(struct store *store, const struct operation *operation, struct str campaign, struct str address,
    int64_t *changed_r, struct err *err)
{
	struct arena *arena = arena_new(KEY_MEMORY);
	struct control control = {.now = clock_now()};
	int rc = find_campaign(store, campaign, &control.campaign, err);
	bool more = rc == 1;

	if (more && address.n > 0) {
		control.key = store_recipient_key(address, arena);
		if (control.key.p == NULL) {
			rc = err_set(err, ERR_LIMIT, "the address is too long");
			more = false;
		}
	}
	while (more) {
		control.db = store_write_begin(store, STORE_POWER_SAFE, err);
		rc = control.db == NULL ? -1 : run_batch(&control, operation, err);
		if (control.db != NULL)
			rc = store_write_end(store, rc, err);
		more = rc == 0 && control.count == BATCH;
		if (rc == 0)
			*changed_r += (int64_t)control.count;
		if (more)
			control.after = control.ids[control.count - 1];
	}
	arena_free(&arena);
	return rc < 0 ? -1 : 0;
}

int
store_outbox_cancel(struct store *store, struct str campaign, struct str address,
    int64_t *changed_r, struct err *err)
{
	static const struct operation cancel = {waiting_sql, cancel_journal_sql, cancel_sql, true};

	*changed_r = 0;
	return run(store, &cancel, campaign, address, changed_r, err);
}

int
store_outbox_retry(struct store *store, struct str campaign, struct str address, bool failed,
    int64_t *changed_r, struct err *err)
{
	static const struct operation hurry = {later_sql, hurry_sql, NULL, false};
	static const struct operation again = {failed_sql, again_sql, NULL, false};

	*changed_r = 0;
	if (run(store, &hurry, campaign, address, changed_r, err) != 0)
		return -1;
	return failed ? run(store, &again, campaign, address, changed_r, err) : 0;
}

/* --- purge --- */

static int
purge_one(struct store_db *db, const char *sql, int64_t id, int64_t before_ms, struct err *err)
{
	sqlite3_stmt *statement = store_db_statement(db, sql, err);

	if (statement == NULL)
		return -1;
	store_db_bind_int(statement, 1, id);
	if (sql != purge_message_sql)
		store_db_bind_int(statement, 2, before_ms);
	if (sql == purge_rows_sql)
		store_db_bind_int(statement, 3, BATCH);
	return store_db_run(db, statement, "purge the outbox", err);
}

int
store_body_drop(struct store_db *db, int64_t id, struct err *err)
{
	sqlite3_stmt *statement = store_db_statement(db, drop_body_sql, err);

	if (statement == NULL)
		return -1;
	store_db_bind_int(statement, 1, id);
	return store_db_run(db, statement, "delete a body", err);
}

/* The next message after *after that may have rows to purge: 1, 0, -1. */
static int
next_old(struct store_db *db, int64_t before_ms, int64_t *after, int64_t *body_r, struct err *err)
{
	sqlite3_stmt *statement = store_db_statement(db, old_messages_sql, err);
	int rc;

	if (statement == NULL)
		return -1;
	store_db_bind_int(statement, 1, *after);
	store_db_bind_int(statement, 2, before_ms);
	store_db_bind_int(statement, 3, clock_now());
	rc = store_db_step(db, statement, "look for old messages", err);
	if (rc == 1) {
		*after = sqlite3_column_int64(statement, 0);
		*body_r = sqlite3_column_int64(statement, 1);
		sqlite3_reset(statement);
	}
	return rc;
}

/* Some messages, or a part of a large one. 1: there is more, 0, -1. */
static int
purge_some(struct store_db *db, int64_t before_ms, int64_t *after, struct err *err)
{
	int64_t deleted = 0, body, previous;
	int rc;

	for (int messages = 0; messages < BATCH / 50 && deleted < BATCH; messages++) {
		previous = *after;
		rc = next_old(db, before_ms, after, &body, err);
		if (rc != 1)
			return rc;
		if (purge_one(db, purge_rows_sql, *after, before_ms, err) != 0)
			return -1;
		deleted += sqlite3_changes(db->handle);
		if (sqlite3_changes(db->handle) == BATCH) {
			*after = previous; /* it may have more: once again */
			continue;
		}
		if (purge_one(db, keep_view_sql, *after, before_ms, err) != 0 ||
		    purge_one(db, purge_message_sql, *after, 0, err) != 0 ||
		    store_body_drop(db, body, err) != 0)
			return -1;
	}
	return 1;
}

int
store_outbox_purge(struct store *store, int64_t before_ms, struct err *err)
{
	struct store_db *db;
	int64_t after = 0;
	int more = 1;

	while (more == 1) {
		db = store_write_begin(store, STORE_PROCESS_SAFE, err);
		if (db == NULL)
			return -1;
		more = purge_some(db, before_ms, &after, err);
		if (store_write_end(store, more < 0 ? -1 : 0, err) != 0)
			return -1;
	}
	return 0;
}
