/* SPDX-License-Identifier: BSD-2-Clause
 *
 * watch: see watch.h
 *
 * What is bad is read from events through the index of campaign, type and time, so it costs as
 * much as there is of it; of which domain From was stands in their properties. Copies are counted
 * through the journal's index of times, or of sender domains and times, only for groups that may be
 * too bad, and only until there are too many for that.
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
#define OF_CONTACT "CROSS JOIN contact k "
#define THESE                                                                                   \
	"WHERE t.kind IN (?4, ?5) AND e.campaign = c.id AND e.type = t.id AND e.campaign <> 0 " \
	"AND e.time_ms >= max(?1, coalesce(o.resumed_ms, 0)) AND coalesce(o.paused, 0) = 0 "
#define BAD    "sum(t.kind = ?4) AS bounced, sum(t.kind = ?5) AS complained "
#define SINCE  "max(?1, coalesce(o.resumed_ms, 0)) AS since, "
#define ENOUGH "HAVING max(sum(t.kind = ?4), sum(t.kind = ?5)) >= ?2 "
#define WORST  "ORDER BY 5 DESC, 6 DESC, 1, 2, 3 LIMIT ?3"

#define DOMAIN_OF(key) "substr(" key ", instr(" key ", '@') + 1)"
#define SENDER	       "json_extract(e.properties, '$.sender_domain')"

static const char campaigns_sql[] =
    "SELECT c.name, '', '' AS provider, " SINCE BAD OF_CAMPAIGN THESE "GROUP BY c.id " ENOUGH
    "UNION ALL SELECT c.name, '', " DOMAIN_OF(
	"k.key") " AS provider, " SINCE BAD OF_CAMPAIGN OF_CONTACT THESE
		 "AND k.id = e.contact GROUP BY c.id, 3 " ENOUGH WORST;
static const char senders_sql[] =
    "SELECT '', " SENDER ", '' AS provider, ?1, " BAD OF_CAMPAIGN THESE "AND " SENDER " <> '' "
    "GROUP BY 2 " ENOUGH "UNION ALL SELECT '', " SENDER
    ", " DOMAIN_OF("k.key") ", ?1, " BAD OF_CAMPAIGN OF_CONTACT THESE "AND " SENDER
			    " <> '' AND k.id = e.contact GROUP BY 2, 3 " ENOUGH WORST;

#define TO_PROVIDER "(?3 = '' OR " DOMAIN_OF("j.recipient_key") " = ?3) "

static const char copies_sql[] =
    "SELECT count(*) FROM (SELECT 1 FROM journal j WHERE j.time_ms >= ?1 AND j.campaign = ?2 "
    "AND j.verdict = 0 AND " TO_PROVIDER "LIMIT ?4)";

/* That the domain is not empty lets the index, which leaves those out, be used. */
#define OF_SENDER                                                                                 \
	"FROM journal j LEFT JOIN outbox_campaign o ON o.name = j.campaign "                      \
	"WHERE j.sender_domain = ?2 AND j.sender_domain <> '' AND j.time_ms >= ?1 "               \
	"AND j.verdict = 0 AND j.time_ms >= coalesce(o.resumed_ms, 0) AND coalesce(o.paused, 0) " \
	"= 0 "                                                                                    \
	"AND " TO_PROVIDER

static const char sender_copies_sql[] = "SELECT count(*) FROM (SELECT 1 " OF_SENDER "LIMIT ?4)";
static const char members_sql[] =
    "SELECT s.campaign, s.copies, coalesce(b.bounced, 0), coalesce(b.complained, 0) "
    "FROM (SELECT j.campaign AS campaign, count(*) AS copies " OF_SENDER "GROUP BY j.campaign) s "
    "LEFT JOIN (SELECT c.name AS name, " BAD OF_CAMPAIGN
    "LEFT JOIN contact k ON k.id = e.contact " THESE "AND " SENDER
    " = ?2 AND (?3 = '' OR " DOMAIN_OF(
	"k.key") " = ?3) GROUP BY c.id) b "
		 "ON b.name = s.campaign ORDER BY s.copies DESC, s.campaign LIMIT ?6";
static const char pause_sql[] =
    "INSERT INTO outbox_campaign (name, paused, next_ns, pause_reason) VALUES (?1, 1, 0, ?2) "
    "ON CONFLICT (name) DO UPDATE SET paused = 1, pause_reason = excluded.pause_reason "
    "WHERE paused = 0";

static int
read_groups(struct store *store, const char *sql, int64_t since_ms, int64_t least, size_t max,
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
		statement = store_db_statement(db, sql, err);
	if (statement != NULL) {
		store_db_bind_int(statement, 1, since_ms);
		store_db_bind_int(statement, 2, least);
		store_db_bind_int(statement, 3, (int64_t)max);
		store_db_bind_int(statement, 4, STORE_EVENT_BOUNCED);
		store_db_bind_int(statement, 5, STORE_EVENT_COMPLAINED);
		while ((rc = store_db_step(db, statement, "count bounces", err)) == 1)
			groups[(*count_r)++] = (struct store_watch_group){
			    .campaign = store_db_copy(statement, 0, arena, &full),
			    .sender_domain = store_db_copy(statement, 1, arena, &full),
			    .provider = store_db_copy(statement, 2, arena, &full),
			    .since_ms = sqlite3_column_int64(statement, 3),
			    .bounced = sqlite3_column_int64(statement, 4),
			    .complained = sqlite3_column_int64(statement, 5),
			};
	}
	store_read_end(store, db);
	return full ? err_set(err, ERR_LIMIT, "watch: arena full") : rc;
}

int
store_watch_campaigns(struct store *store, int64_t since_ms, int64_t least, size_t max,
    struct arena *arena, struct store_watch_group **groups_r, size_t *count_r, struct err *err)
{
	return read_groups(
	    store, campaigns_sql, since_ms, least, max, arena, groups_r, count_r, err);
}

int
store_watch_senders(struct store *store, int64_t since_ms, int64_t least, size_t max,
    struct arena *arena, struct store_watch_group **groups_r, size_t *count_r, struct err *err)
{
	return read_groups(store, senders_sql, since_ms, least, max, arena, groups_r, count_r, err);
}

int
store_watch_copies(struct store *store, const struct store_watch_group *group, int64_t enough,
    int64_t *copies_r, struct err *err)
{
	struct store_db *db = store_read_begin(store, err);
	bool of_sender = group->campaign.n == 0;
	sqlite3_stmt *statement;
	int rc = -1;

	if (db == NULL)
		return -1;
	statement = store_db_statement(db, of_sender ? sender_copies_sql : copies_sql, err);
	if (statement != NULL) {
		store_db_bind_int(statement, 1, group->since_ms);
		store_db_bind_str(statement, 2, of_sender ? group->sender_domain : group->campaign);
		store_db_bind_str(statement, 3, group->provider);
		store_db_bind_int(statement, 4, enough);
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
store_watch_members(struct store *store, const struct store_watch_group *group, size_t max,
    struct arena *arena, struct store_watch_member **members_r, size_t *count_r, struct err *err)
{
	struct store_db *db = store_read_begin(store, err);
	struct store_watch_member *members = arena_zalloc(arena, max, sizeof *members);
	sqlite3_stmt *statement = NULL;
	bool full = members == NULL;
	int rc = -1;

	*count_r = 0;
	*members_r = members;
	if (db == NULL)
		return -1;
	if (!full)
		statement = store_db_statement(db, members_sql, err);
	if (statement != NULL) {
		store_db_bind_int(statement, 1, group->since_ms);
		store_db_bind_str(statement, 2, group->sender_domain);
		store_db_bind_str(statement, 3, group->provider);
		store_db_bind_int(statement, 4, STORE_EVENT_BOUNCED);
		store_db_bind_int(statement, 5, STORE_EVENT_COMPLAINED);
		store_db_bind_int(statement, 6, (int64_t)max);
		while ((rc = store_db_step(db, statement, "count campaigns", err)) == 1)
			members[(*count_r)++] = (struct store_watch_member){
			    .campaign = store_db_copy(statement, 0, arena, &full),
			    .copies = sqlite3_column_int64(statement, 1),
			    .bounced = sqlite3_column_int64(statement, 2),
			    .complained = sqlite3_column_int64(statement, 3),
			};
	}
	store_read_end(store, db);
	return full ? err_set(err, ERR_LIMIT, "watch: arena full") : rc;
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
