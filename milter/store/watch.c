/* SPDX-License-Identifier: BSD-2-Clause
 *
 * watch: see watch.h
 *
 * What is bad is read from events through the index of campaign, type and time, so it costs as
 * much as there is of it. Copies are counted through the journal's index of times, which costs as
 * much as was sent: only for groups that may be too bad.
 *
 * Threads: any.
 * Fails:   ERR_LIMIT (the arena), and db.c's.
 */
#include "store/watch.h"

#include "store/db.h"
#include "store/event.h"

/* CROSS JOIN: in this order, so that each campaign's few events are found by the index. */
#define OF_CAMPAIGN                                                                               \
	"FROM campaign c CROSS JOIN event_type t LEFT JOIN outbox_campaign o ON o.name = c.name " \
	"CROSS JOIN event e "
#define THESE                                                                                   \
	"WHERE t.kind IN (?4, ?5) AND e.campaign = c.id AND e.type = t.id AND e.campaign <> 0 " \
	"AND e.time_ms >= max(?1, coalesce(o.resumed_ms, 0)) AND coalesce(o.paused, 0) = 0 "
#define COUNTS                                                                       \
	"max(?1, coalesce(o.resumed_ms, 0)) AS since, sum(t.kind = ?4) AS bounced, " \
	"sum(t.kind = ?5) AS complained "
#define ENOUGH "HAVING max(sum(t.kind = ?4), sum(t.kind = ?5)) >= ?2 "

static const char bad_sql[] =
    "SELECT c.name, '' AS provider, " COUNTS OF_CAMPAIGN THESE "GROUP BY c.id " ENOUGH
    "UNION ALL SELECT c.name, substr(k.key, instr(k.key, '@') + 1) AS provider, " COUNTS OF_CAMPAIGN
    "CROSS JOIN contact k " THESE "AND k.id = e.contact GROUP BY c.id, 2 " ENOUGH
    "ORDER BY 4 DESC, 5 DESC, 1, 2 LIMIT ?3";
static const char copies_sql[] =
    "SELECT count(*) FROM journal WHERE time_ms >= ?1 AND campaign = ?2 AND verdict = 0 "
    "AND (?3 = '' OR substr(recipient_key, instr(recipient_key, '@') + 1) = ?3)";
static const char pause_sql[] =
    "INSERT INTO outbox_campaign (name, paused, next_ns, pause_reason) VALUES (?1, 1, 0, ?2) "
    "ON CONFLICT (name) DO UPDATE SET paused = 1, pause_reason = excluded.pause_reason "
    "WHERE paused = 0";

int
store_watch_bad(struct store *store, int64_t since_ms, int64_t least, size_t max,
    struct arena *arena, struct store_watch_group **groups_r, size_t *count_r, struct err *err)
{
	struct store_db *db = store_read_begin(store, err);
	struct store_watch_group *groups = arena_zalloc(arena, max, sizeof *groups);
	sqlite3_stmt *statement = NULL;
	bool full = groups == NULL;
	int rc = -1;

	*count_r = 0;
	*groups_r = groups;
	if (db == NULL)
		return -1;
	if (!full)
		statement = store_db_statement(db, bad_sql, err);
	if (statement != NULL) {
		store_db_bind_int(statement, 1, since_ms);
		store_db_bind_int(statement, 2, least);
		store_db_bind_int(statement, 3, (int64_t)max);
		store_db_bind_int(statement, 4, STORE_EVENT_BOUNCED);
		store_db_bind_int(statement, 5, STORE_EVENT_COMPLAINED);
		while ((rc = store_db_step(db, statement, "count bounces", err)) == 1)
			groups[(*count_r)++] = (struct store_watch_group){
			    .campaign = store_db_copy(statement, 0, arena, &full),
			    .provider = store_db_copy(statement, 1, arena, &full),
			    .since_ms = sqlite3_column_int64(statement, 2),
			    .bounced = sqlite3_column_int64(statement, 3),
			    .complained = sqlite3_column_int64(statement, 4),
			};
	}
	store_read_end(store, db);
	return full ? err_set(err, ERR_LIMIT, "watch: arena full") : rc;
}

int
store_watch_copies(
    struct store *store, const struct store_watch_group *group, int64_t *copies_r, struct err *err)
{
	struct store_db *db = store_read_begin(store, err);
	sqlite3_stmt *statement;
	int rc = -1;

	if (db == NULL)
		return -1;
	statement = store_db_statement(db, copies_sql, err);
	if (statement != NULL) {
		store_db_bind_int(statement, 1, group->since_ms);
		store_db_bind_str(statement, 2, group->campaign);
		store_db_bind_str(statement, 3, group->provider);
		rc = store_db_step(db, statement, "count copies", err);
	}
	if (rc == 1) {
		*copies_r = sqlite3_column_int64(statement, 0);
		sqlite3_reset(statement);
	}
	store_read_end(store, db);
	return rc == 1 ? 0 : -1;
}

int
store_watch_pause(struct store *store, struct str campaign, struct str reason, struct err *err)
{
	struct store_db *db = store_write_begin(store, STORE_POWER_SAFE, err);
	sqlite3_stmt *statement;
	int rc = -1;

	if (db == NULL)
		return -1;
	statement = store_db_statement(db, pause_sql, err);
	if (statement != NULL) {
		store_db_bind_str(statement, 1, campaign);
		store_db_bind_str(statement, 2, reason);
		rc = store_db_run(db, statement, "pause a campaign", err);
	}
	if (rc == 0)
		rc = sqlite3_changes(db->handle) > 0;
	return store_write_end(store, rc < 0 ? -1 : 0, err) != 0 ? -1 : rc;
}
