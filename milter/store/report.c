/* SPDX-License-Identifier: BSD-2-Clause
 *
 * report: see report.h
 *
 * Threads: any.
 * Fails:   db.c's.
 */
#include "store/report.h"

#include "store/db.h"

#define COLUMNS                                                                                  \
	"SELECT t.kind, e.contact, e.time_ms, e.link, e.machine, e.message, e.source_id, "       \
	"CASE t.kind WHEN 19 THEN coalesce(json_extract(e.properties, '$.reason'), '') ELSE '' " \
	"END, CASE WHEN t.kind IN (19, 20) "                                                     \
	"THEN coalesce(json_extract(e.properties, '$.sender_domain'), '') ELSE '' END "

static const char events_sql[] =
    COLUMNS "FROM event e JOIN event_type t ON t.id = e.type "
	    "WHERE e.campaign = ?2 AND e.campaign <> 0 AND e.time_ms >= ?1 AND t.kind >= 16";
/* CROSS JOIN: in this order, so that each campaign's few events are found by the index. */
static const char complaints_sql[] =
    COLUMNS "FROM campaign c CROSS JOIN event_type t CROSS JOIN event e WHERE t.kind = 20 "
	    "AND e.campaign = c.id AND e.campaign <> 0 AND e.type = t.id AND e.time_ms >= ?1";
static const char campaign_sql[] = "SELECT id FROM campaign WHERE name = ?1";

/* `campaign` 0: all of them. */
static int
read_events(struct store *store, const char *sql, int64_t campaign, int64_t since_ms,
    void (*each)(const struct store_report_event *event, void *closure), void *closure,
    struct err *err)
{
	struct store_db *db = store_read_begin(store, err);
	sqlite3_stmt *statement = db == NULL ? NULL : store_db_statement(db, sql, err);
	int rc = -1;

	if (db == NULL)
		return -1;
	if (statement != NULL) {
		store_db_bind_int(statement, 1, since_ms);
		if (campaign != 0)
			store_db_bind_int(statement, 2, campaign);
		while ((rc = store_db_step(db, statement, "read events", err)) == 1) {
			const struct store_report_event event = {
			    .kind = (enum store_event_kind)sqlite3_column_int(statement, 0),
			    .contact = sqlite3_column_int64(statement, 1),
			    .time_ms = sqlite3_column_int64(statement, 2),
			    .link = sqlite3_column_int64(statement, 3),
			    .machine = sqlite3_column_int(statement, 4) != 0,
			    .message = store_db_str(statement, 5),
			    .source_id = store_db_str(statement, 6),
			    .reason = store_db_str(statement, 7),
			    .sender_domain = store_db_str(statement, 8)};

			each(&event, closure);
		}
	}
	store_read_end(store, db);
	return rc;
}

int
store_report_events(struct store *store, int64_t campaign, int64_t since_ms,
    void (*each)(const struct store_report_event *event, void *closure), void *closure,
    struct err *err)
{
	return read_events(store, events_sql, campaign, since_ms, each, closure, err);
}

int
store_report_complaints(struct store *store, int64_t since_ms,
    void (*each)(const struct store_report_event *event, void *closure), void *closure,
    struct err *err)
{
	return read_events(store, complaints_sql, 0, since_ms, each, closure, err);
}

int
store_report_campaign(struct store *store, struct str name, int64_t *id_r, struct err *err)
{
	struct store_db *db = store_read_begin(store, err);
	sqlite3_stmt *statement = db == NULL ? NULL : store_db_statement(db, campaign_sql, err);
	int rc = -1;

	if (db == NULL)
		return -1;
	if (statement != NULL) {
		store_db_bind_str(statement, 1, name);
		rc = store_db_step(db, statement, "read campaigns", err);
	}
	if (rc == 1) {
		*id_r = sqlite3_column_int64(statement, 0);
		sqlite3_reset(statement);
	}
	store_read_end(store, db);
	return rc;
}
