/* SPDX-License-Identifier: BSD-2-Clause
 *
 * journal: see journal.h
 *
 * Threads: any.
 * Fails:   ERR_LIMIT (a recipient over 4 KB), and db.c's.
 */
#include "store/journal.h"

#include "store/db.h"

#define KEY_MEMORY ((size_t)16 * 1024)

static const char put_sql[] =
    "INSERT INTO journal (message, recipient_key, recipient, campaign, contact_id, queue_id, "
    "message_id, verdict, reason, duration_ms, attempts, time_ms) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) "
    "ON CONFLICT (recipient_key, message) DO UPDATE SET campaign = excluded.campaign, "
    "contact_id = excluded.contact_id, queue_id = excluded.queue_id, "
    "message_id = excluded.message_id, verdict = excluded.verdict, reason = excluded.reason, "
    "duration_ms = excluded.duration_ms, attempts = attempts + excluded.attempts, "
    "time_ms = excluded.time_ms";

#define COLUMNS                                                                            \
	"SELECT time_ms, message, campaign, recipient, contact_id, queue_id, message_id, " \
	"verdict, reason, duration_ms, attempts, id FROM journal "
#define SINCE_AND_CAMPAIGN "time_ms >= ?1 AND (?2 = '' OR campaign = ?2) "

/* One of a recipient and one of all, as each has its own index; and both with a limit, which
 * takes the newest. */
#define ALL	 COLUMNS "WHERE " SINCE_AND_CAMPAIGN
#define ONE	 COLUMNS "WHERE recipient_key = ?3 AND " SINCE_AND_CAMPAIGN
#define IN_ORDER "ORDER BY time_ms, id"
#define NEWEST	 "ORDER BY time_ms DESC, id DESC LIMIT ?4"

static const char each_sql[] = ALL IN_ORDER;
static const char each_of_recipient_sql[] = ONE IN_ORDER;
static const char newest_sql[] = "SELECT * FROM (" ALL NEWEST ") " IN_ORDER;
static const char newest_of_recipient_sql[] = "SELECT * FROM (" ONE NEWEST ") " IN_ORDER;

static const char counts_sql[] =
    "SELECT campaign, sum(verdict = 0), sum(verdict = 1), sum(verdict = 2), sum(verdict = 3) "
    "FROM journal GROUP BY campaign ORDER BY campaign";

const char *
store_verdict_name(enum store_verdict verdict)
{
	static const char *const names[] = {
	    [STORE_SENT] = "sent",
	    [STORE_SUPPRESSED] = "suppressed",
	    [STORE_DEFERRED] = "deferred",
	    [STORE_FAILED] = "failed",
	};

	return (size_t)verdict < sizeof names / sizeof names[0] ? names[verdict] : "unknown";
}

int
store_journal_write(
    struct store_db *db, const struct store_journal_row *row, int count, struct err *err)
{
	sqlite3_stmt *statement = store_db_statement(db, put_sql, err);
	struct arena *arena;
	struct str key;
	int rc;

	if (statement == NULL)
		return -1;
	arena = arena_new(KEY_MEMORY);
	key = store_recipient_key(row->recipient, arena);
	if (key.p == NULL) {
		arena_free(&arena);
		return err_set(err, ERR_LIMIT, "journal: the recipient's address is too long");
	}
	store_db_bind_str(statement, 1, row->message);
	store_db_bind_str(statement, 2, key);
	store_db_bind_str(statement, 3, row->recipient);
	store_db_bind_str(statement, 4, row->campaign);
	store_db_bind_int(statement, 5, row->contact_id);
	store_db_bind_str(statement, 6, row->queue_id);
	store_db_bind_str(statement, 7, row->message_id);
	store_db_bind_int(statement, 8, row->verdict);
	store_db_bind_str(statement, 9, row->reason);
	store_db_bind_int(statement, 10, row->duration_ms);
	store_db_bind_int(statement, 11, count);
	store_db_bind_int(statement, 12, row->time_ms);
	rc = store_db_run(db, statement, "write the journal", err);
	arena_free(&arena);
	return rc;
}

static int
write_attempt(struct store_db *db, const struct store_journal_row *row, struct err *err)
{
	return store_journal_write(db, row, 1, err);
}

int
store_journal_put(struct store *store, const struct store_journal_row *row, struct err *err)
{
	struct store_group_entry entry = {.row = row, .err = err};
	struct store_db *db;

	if (store_in_transaction(store)) {
		db = store_write_begin(store, STORE_PROCESS_SAFE, err);
		return db == NULL ? -1 : write_attempt(db, row, err);
	}
	store_group_commit(store, &entry, write_attempt);
	return entry.rc;
}

static struct store_journal_row
borrow_row(sqlite3_stmt *statement)
{
	return (struct store_journal_row){
	    .time_ms = sqlite3_column_int64(statement, 0),
	    .message = store_db_str(statement, 1),
	    .campaign = store_db_str(statement, 2),
	    .recipient = store_db_str(statement, 3),
	    .contact_id = sqlite3_column_int64(statement, 4),
	    .queue_id = store_db_str(statement, 5),
	    .message_id = store_db_str(statement, 6),
	    .verdict = (enum store_verdict)sqlite3_column_int(statement, 7),
	    .reason = store_db_str(statement, 8),
	    .duration_ms = sqlite3_column_int64(statement, 9),
	    .attempts = sqlite3_column_int64(statement, 10),
	};
}

/* The statement for this filter, bound. `arena` holds the recipient's key. */
static sqlite3_stmt *
filtered(struct store_db *db, const struct store_journal_filter *filter, struct arena *arena,
    struct err *err)
{
	static const char *const sql[2][2] = {
	    {each_sql, newest_sql}, {each_of_recipient_sql, newest_of_recipient_sql}};
	bool one = filter->recipient.p != NULL;
	sqlite3_stmt *statement = store_db_statement(db, sql[one][filter->newest > 0], err);
	struct str key = STR_NONE;

	if (statement == NULL)
		return NULL;
	store_db_bind_int(statement, 1, filter->since_ms);
	store_db_bind_str(statement, 2, filter->campaign);
	if (one) {
		key = store_recipient_key(filter->recipient, arena);
		if (key.p == NULL) {
			err_set(err, ERR_LIMIT, "the recipient's address is too long");
			return NULL;
		}
		store_db_bind_str(statement, 3, key);
	}
	if (filter->newest > 0)
		store_db_bind_int(statement, 4, (int64_t)filter->newest);
	return statement;
}

int
store_journal_each(struct store *store, const struct store_journal_filter *filter,
    bool (*each)(const struct store_journal_row *row, void *closure), void *closure,
    struct err *err)
{
	struct store_db *db = store_read_begin(store, err);
	struct arena *arena;
	struct store_journal_row row;
	sqlite3_stmt *statement;
	int rc = -1;

	if (db == NULL)
		return -1;
	arena = arena_new(KEY_MEMORY);
	statement = filtered(db, filter, arena, err);
	if (statement != NULL) {
		while ((rc = store_db_step(db, statement, "read the journal", err)) == 1) {
			row = borrow_row(statement);
			if (!each(&row, closure))
				break;
		}
		sqlite3_reset(statement);
	}
	arena_free(&arena);
	store_read_end(store, db);
	return rc < 0 ? -1 : 0;
}

int
store_journal_counts(struct store *store,
    bool (*each)(const struct store_journal_count *count, void *closure), void *closure,
    struct err *err)
{
	struct store_db *db = store_read_begin(store, err);
	struct store_journal_count count;
	sqlite3_stmt *statement;
	int rc = -1;

	if (db == NULL)
		return -1;
	statement = store_db_statement(db, counts_sql, err);
	if (statement != NULL) {
		while ((rc = store_db_step(db, statement, "count the journal", err)) == 1) {
			count.campaign = store_db_str(statement, 0);
			for (int i = 0; i <= STORE_FAILED; i++)
				count.count[i] = sqlite3_column_int64(statement, i + 1);
			if (!each(&count, closure))
				break;
		}
		sqlite3_reset(statement);
	}
	store_read_end(store, db);
	return rc < 0 ? -1 : 0;
}
