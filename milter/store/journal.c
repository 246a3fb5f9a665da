/* SPDX-License-Identifier: BSD-2-Clause
 *
 * journal: see journal.h
 *
 * Threads: any.
 * Fails:   ERR_LIMIT (a recipient over 4 KB), and db.c's.
 */
#include "store/journal.h"

#include "base/id.h"
#include "store/db.h"
#include "store/event.h"

#include "base/tally.h"

#include <stdlib.h>

#define KEY_MEMORY  ((size_t)16 * 1024)
#define PAGE	    64
#define PAGE_MEMORY ((size_t)64 * 1024 * 1024)

static const char put_sql[] =
    "INSERT INTO journal (message, recipient_key, recipient, campaign, contact_id, queue_id, "
    "message_id, verdict, reason, duration_ms, attempts, time_ms, sender_domain) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) "
    "ON CONFLICT (recipient_key, message) DO UPDATE SET campaign = excluded.campaign, "
    "contact_id = excluded.contact_id, queue_id = excluded.queue_id, "
    "message_id = excluded.message_id, verdict = excluded.verdict, reason = excluded.reason, "
    "duration_ms = excluded.duration_ms, attempts = attempts + excluded.attempts, "
    "time_ms = excluded.time_ms, sender_domain = excluded.sender_domain";

/* Rows come by pages (see store_contact_each), each after the last one's time and id. One
 * statement of a recipient and one of all, as each has its own index. */
#define COLUMNS                                                                                    \
	"SELECT j.time_ms, j.message, j.campaign, j.recipient, j.contact_id, j.queue_id, "         \
	"j.message_id, j.verdict, j.reason, j.duration_ms, j.attempts, j.id, "                     \
	"coalesce(d.outcome, 0), coalesce(d.queue_id, ''), coalesce(d.time_ms, 0), "               \
	"coalesce(d.delay_ms, 0), coalesce(d.attempts, 0), coalesce(d.relay, ''), "                \
	"coalesce(d.status, ''), coalesce(d.text, ''), coalesce(d.reason, ''), "                   \
	"coalesce(d.hard, 0), j.sender_domain FROM journal j LEFT JOIN delivery d ON d.journal = " \
	"j.id "
#define OF_CAMPAIGN  "(?1 = '' OR j.campaign = ?1) "
#define OF_RECIPIENT "j.recipient_key = ?2 AND "
#define AFTER	     "AND (j.time_ms, j.id) > (?3, ?4) ORDER BY j.time_ms, j.id LIMIT ?5"

static const char page_sql[] = COLUMNS "WHERE " OF_CAMPAIGN AFTER;
static const char page_of_recipient_sql[] = COLUMNS "WHERE " OF_RECIPIENT OF_CAMPAIGN AFTER;

/* Before the newest ?5: the row that they come after. */
#define BEFORE "ORDER BY j.time_ms DESC, j.id DESC LIMIT 1 OFFSET ?5"

static const char newest_sql[] = "SELECT j.time_ms, j.id FROM journal j WHERE " OF_CAMPAIGN BEFORE;
static const char newest_of_recipient_sql[] =
    "SELECT j.time_ms, j.id FROM journal j WHERE " OF_RECIPIENT OF_CAMPAIGN BEFORE;

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

#define SOURCE_BYTES 16

/* A copy is sent once: what is written again (an attempt that was in doubt) is no other event. */
static int
write_sent(
    struct store_db *db, const struct store_journal_row *row, struct str key, struct err *err)
{
	const struct str pieces[] = {row->message, key};
	struct id_digest digest = id_digest(pieces, 2);
	char hex[2 * SOURCE_BYTES + 1];
	struct store_event event = {.contact = row->contact_id,
	    .kind = STORE_EVENT_SENT,
	    .time_ms = row->time_ms,
	    .source = STR("journal"),
	    .source_id = {hex, 2 * SOURCE_BYTES},
	    .message = row->message};

	id_hex(&digest, SOURCE_BYTES, hex);
	if (store_campaign_write(db, row->campaign, &event.campaign, err) != 0)
		return -1;
	return store_event_write(db, &event, err) < 0 ? -1 : 0;
}

_Static_assert((int)STORE_SENT == (int)TALLY_SENT &&
	(int)STORE_SUPPRESSED == (int)TALLY_SUPPRESSED &&
	(int)STORE_DEFERRED == (int)TALLY_DEFERRED && (int)STORE_FAILED == (int)TALLY_FAILED,
    "verdicts are counted by their number");

int
store_journal_write(
    struct store_db *db, const struct store_journal_row *row, int count, struct err *err)
{
	sqlite3_stmt *statement = store_db_statement(db, put_sql, err);
	struct arena *arena;
	struct str key, sender;
	int rc;

	if (statement == NULL)
		return -1;
	arena = arena_new(KEY_MEMORY);
	key = store_recipient_key(row->recipient, arena);
	sender = store_domain_key(row->sender_domain, arena);
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
	store_db_bind_str(statement, 13, sender);
	rc = store_db_run(db, statement, "write the journal", err);
	if (rc == 0 && count > 0)
		tally_copy(row->campaign, (enum tally_verdict)row->verdict);
	if (rc == 0 && db->tell_sent && row->verdict == STORE_SENT)
		rc = write_sent(db, row, key, err);
	arena_free(&arena);
	return rc;
}

static int
write_attempt(struct store_db *db, const struct store_journal_row *row, struct err *err)
{
	if (row->view != NULL &&
	    store_view_write(db, row->message, row->recipient, row->view, err) != 0)
		return -1;
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

/* Where a walk through the journal is. */
struct walk {
	struct str campaign;
	struct str key; /* of the recipient; absent: all */
	int64_t time_ms;
	int64_t id;
	struct arena *arena; /* text of the page */
	struct store_journal_row page[PAGE];
};

static void
bind_filter(sqlite3_stmt *statement, const struct walk *walk)
{
	store_db_bind_str(statement, 1, walk->campaign);
	if (walk->key.p != NULL)
		store_db_bind_str(statement, 2, walk->key);
}

/* Begins behind the row before the newest `newest`, unless `since` is later. */
static int
seek_newest(struct store *store, struct walk *walk, size_t newest, struct err *err)
{
	struct store_db *db = store_read_begin(store, err);
	sqlite3_stmt *statement;
	int rc = -1;

	if (db == NULL)
		return -1;
	statement =
	    store_db_statement(db, walk->key.p != NULL ? newest_of_recipient_sql : newest_sql, err);
	if (statement != NULL) {
		bind_filter(statement, walk);
		store_db_bind_int(statement, 5, (int64_t)newest);
		rc = store_db_step(db, statement, "read the journal", err);
	}
	if (rc == 1) {
		if (sqlite3_column_int64(statement, 0) > walk->time_ms) {
			walk->time_ms = sqlite3_column_int64(statement, 0);
			walk->id = sqlite3_column_int64(statement, 1);
		}
		sqlite3_reset(statement);
	}
	store_read_end(store, db);
	return rc < 0 ? -1 : 0;
}

static struct store_journal_row
copy_row(sqlite3_stmt *statement, struct arena *arena, bool *full)
{
	return (struct store_journal_row){
	    .time_ms = sqlite3_column_int64(statement, 0),
	    .message = store_db_copy(statement, 1, arena, full),
	    .campaign = store_db_copy(statement, 2, arena, full),
	    .recipient = store_db_copy(statement, 3, arena, full),
	    .contact_id = sqlite3_column_int64(statement, 4),
	    .queue_id = store_db_copy(statement, 5, arena, full),
	    .message_id = store_db_copy(statement, 6, arena, full),
	    .verdict = (enum store_verdict)sqlite3_column_int(statement, 7),
	    .reason = store_db_copy(statement, 8, arena, full),
	    .duration_ms = sqlite3_column_int64(statement, 9),
	    .attempts = sqlite3_column_int64(statement, 10),
	    .delivery = store_delivery_copy_columns(statement, 12, arena, full),
	    .sender_domain = store_db_copy(statement, 22, arena, full),
	};
}

/* Reads the next page and moves on; how many rows, or -1. */
static int
read_page(struct store *store, struct walk *walk, struct err *err)
{
	struct store_db *db = store_read_begin(store, err);
	sqlite3_stmt *statement;
	bool full = false;
	int count = 0;
	int rc = -1;

	if (db == NULL)
		return -1;
	statement =
	    store_db_statement(db, walk->key.p != NULL ? page_of_recipient_sql : page_sql, err);
	if (statement != NULL) {
		bind_filter(statement, walk);
		store_db_bind_int(statement, 3, walk->time_ms);
		store_db_bind_int(statement, 4, walk->id);
		store_db_bind_int(statement, 5, PAGE);
		while ((rc = store_db_step(db, statement, "read the journal", err)) == 1) {
			walk->page[count] = copy_row(statement, walk->arena, &full);
			walk->time_ms = walk->page[count++].time_ms;
			walk->id = sqlite3_column_int64(statement, 11);
		}
	}
	store_read_end(store, db);
	if (full)
		return err_set(err, ERR_LIMIT, "journal: arena full");
	return rc < 0 ? -1 : count;
}

static int
walk_all(struct store *store, struct walk *walk,
    bool (*each)(const struct store_journal_row *row, void *closure), void *closure,
    struct err *err)
{
	int count;

	do {
		arena_reset(walk->arena);
		count = read_page(store, walk, err);
		for (int i = 0; i < count; i++) {
			if (!each(&walk->page[i], closure))
				return 0;
		}
	} while (count == PAGE);
	return count < 0 ? -1 : 0;
}

int
store_journal_each(struct store *store, const struct store_journal_filter *filter,
    bool (*each)(const struct store_journal_row *row, void *closure), void *closure,
    struct err *err)
{
	struct arena *keys = arena_new(KEY_MEMORY);
	struct walk *walk = calloc(1, sizeof *walk);
	int rc = 0;

	if (walk == NULL)
		abort();
	walk->arena = arena_new(PAGE_MEMORY);
	walk->campaign = filter->campaign;
	walk->time_ms = filter->since_ms - 1;
	walk->id = INT64_MAX;
	if (filter->recipient.p != NULL) {
		walk->key = store_recipient_key(filter->recipient, keys);
		if (walk->key.p == NULL)
			rc = err_set(err, ERR_LIMIT, "the recipient's address is too long");
	}
	if (rc == 0 && filter->newest > 0)
		rc = seek_newest(store, walk, filter->newest, err);
	if (rc == 0)
		rc = walk_all(store, walk, each, closure, err);
	arena_free(&walk->arena);
	arena_free(&keys);
	free(walk);
	return rc;
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
