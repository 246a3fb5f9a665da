/* SPDX-License-Identifier: BSD-2-Clause
 *
 * outbox_list: what `mailtailor outbox list` and `campaigns list` show
 *
 * Both pass over the whole table: they serve people, not the hot path.
 *
 * Threads: any.
 * Fails:   see db.c.
 */
#include "store/outbox.h"

#include "store/db.h"

#define PAGE	    64
#define PAGE_MEMORY ((size_t)64 * 1024 * 1024)

static const char summaries_sql[] =
    "SELECT c.name, c.paused, "
    "coalesce((SELECT due_ms FROM outbox_row w WHERE w.state = 0 AND w.campaign = c.id "
    "ORDER BY due_ms LIMIT 1), 0), n.s0, n.s1, n.s2, n.s3, n.s4, n.s5, c.pause_reason "
    "FROM outbox_campaign c LEFT JOIN (SELECT campaign, sum(state = 0) AS s0, "
    "sum(state = 1) AS s1, sum(state = 2) AS s2, sum(state = 3) AS s3, sum(state = 4) AS s4, "
    "sum(state = 5) AS s5 FROM outbox_row GROUP BY campaign) n ON n.campaign = c.id "
    "ORDER BY c.name";
static const char page_sql[] =
    "SELECT r.id, c.name, r.address, r.state, r.due_ms, r.attempts, r.queue_id, r.reason "
    "FROM outbox_row r JOIN outbox_campaign c ON c.id = r.campaign "
    "WHERE (?1 = '' OR c.name = ?1) AND (?2 OR r.state < 2) AND r.id > ?3 ORDER BY r.id LIMIT ?4";

const char *
store_outbox_state_name(enum store_outbox_state state)
{
	static const char *const names[] = {
	    [STORE_OUTBOX_WAITING] = "waiting",
	    [STORE_OUTBOX_CLAIMED] = "claimed",
	    [STORE_OUTBOX_DONE] = "done",
	    [STORE_OUTBOX_SUPPRESSED] = "suppressed",
	    [STORE_OUTBOX_FAILED] = "failed",
	    [STORE_OUTBOX_CANCELLED] = "cancelled",
	};

	return (size_t)state < sizeof names / sizeof names[0] ? names[state] : "unknown";
}

int
store_outbox_summaries(struct store *store,
    bool (*each)(const struct store_outbox_summary *summary, void *closure), void *closure,
    struct err *err)
{
	struct store_db *db = store_read_begin(store, err);
	struct store_outbox_summary summary;
	sqlite3_stmt *statement;
	int rc = -1;

	if (db == NULL)
		return -1;
	statement = store_db_statement(db, summaries_sql, err);
	if (statement != NULL) {
		while ((rc = store_db_step(db, statement, "read the outbox", err)) == 1) {
			summary.campaign = store_db_str(statement, 0);
			summary.paused = sqlite3_column_int(statement, 1) != 0;
			summary.next_due_ms = sqlite3_column_int64(statement, 2);
			for (int i = 0; i <= STORE_OUTBOX_CANCELLED; i++)
				summary.count[i] = sqlite3_column_int64(statement, 3 + i);
			summary.pause_reason = store_db_str(statement, 9);
			if (!each(&summary, closure))
				break;
		}
		sqlite3_reset(statement);
	}
	store_read_end(store, db);
	return rc < 0 ? -1 : 0;
}

struct walk {
	struct str campaign;
	bool finished;
	int64_t after;
	struct arena *arena; /* text of the page */
	struct store_outbox_item page[PAGE];
};

static struct store_outbox_item
copy_item(sqlite3_stmt *statement, struct arena *arena, bool *full)
{
	return (struct store_outbox_item){
	    .id = sqlite3_column_int64(statement, 0),
	    .campaign = store_db_copy(statement, 1, arena, full),
	    .address = store_db_copy(statement, 2, arena, full),
	    .state = (enum store_outbox_state)sqlite3_column_int(statement, 3),
	    .due_ms = sqlite3_column_int64(statement, 4),
	    .attempts = sqlite3_column_int64(statement, 5),
	    .queue_id = store_db_copy(statement, 6, arena, full),
	    .reason = store_db_copy(statement, 7, arena, full),
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
	statement = store_db_statement(db, page_sql, err);
	if (statement != NULL) {
		store_db_bind_str(statement, 1, walk->campaign);
		store_db_bind_int(statement, 2, walk->finished);
		store_db_bind_int(statement, 3, walk->after);
		store_db_bind_int(statement, 4, PAGE);
		while ((rc = store_db_step(db, statement, "read the outbox", err)) == 1) {
			walk->page[count] = copy_item(statement, walk->arena, &full);
			walk->after = walk->page[count++].id;
		}
	}
	store_read_end(store, db);
	if (full)
		return err_set(err, ERR_LIMIT, "outbox: arena full");
	return rc < 0 ? -1 : count;
}

/* By pages, as store_contact_each. */
int
store_outbox_each(struct store *store, struct str campaign, bool finished,
    bool (*each)(const struct store_outbox_item *item, void *closure), void *closure,
    struct err *err)
{
	struct walk walk = {
	    .campaign = campaign, .finished = finished, .arena = arena_new(PAGE_MEMORY)};
	bool more = true;
	int count = 0;

	while (more) {
		arena_reset(walk.arena);
		count = read_page(store, &walk, err);
		more = count == PAGE;
		for (int i = 0; i < count; i++) {
			if (!each(&walk.page[i], closure)) {
				more = false;
				break;
			}
		}
	}
	arena_free(&walk.arena);
	return count < 0 ? -1 : 0;
}
