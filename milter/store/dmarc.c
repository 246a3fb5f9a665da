/* SPDX-License-Identifier: BSD-2-Clause
 *
 * dmarc: see dmarc.h
 *
 * Threads: any.
 * Fails:   db.c's.
 */
#include "store/dmarc.h"

#include "base/clock.h"
#include "store/db.h"

static const char report_sql[] =
    "INSERT INTO dmarc_report (sender, report, domain, organization, policy, begin_ms, end_ms, "
    "received_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (sender, report, domain) "
    "DO NOTHING RETURNING id";
static const char row_sql[] =
    "INSERT INTO dmarc_row (report, source, header_from, disposition, dkim, spf, messages) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) "
    "ON CONFLICT (report, source, header_from, disposition, dkim, spf) "
    "DO UPDATE SET messages = messages + excluded.messages";
static const char each_sql[] =
    "SELECT r.domain, w.source, w.header_from, w.disposition, w.dkim, w.spf, sum(w.messages), "
    "count(DISTINCT r.id), min(r.begin_ms), max(r.end_ms) "
    "FROM dmarc_report r JOIN dmarc_row w ON w.report = r.id "
    "WHERE r.end_ms > ?1 AND (?2 = '' OR r.domain = ?2) "
    "GROUP BY r.domain, w.source, w.header_from, w.disposition, w.dkim, w.spf "
    "ORDER BY sum(w.messages) DESC, r.domain, w.source, w.header_from, w.disposition, w.dkim, "
    "w.spf";

static int
put_report(
    struct store_db *db, const struct store_dmarc_report *report, int64_t *id_r, struct err *err)
{
	sqlite3_stmt *statement = store_db_statement(db, report_sql, err);
	int rc;

	if (statement == NULL)
		return -1;
	store_db_bind_str(statement, 1, report->sender);
	store_db_bind_str(statement, 2, report->id);
	store_db_bind_str(statement, 3, report->domain);
	store_db_bind_str(statement, 4, report->organization);
	store_db_bind_str(statement, 5, report->policy);
	store_db_bind_int(statement, 6, report->begin_ms);
	store_db_bind_int(statement, 7, report->end_ms);
	store_db_bind_int(statement, 8, clock_now());
	rc = store_db_step(db, statement, "write a DMARC report", err);
	if (rc == 1) {
		*id_r = sqlite3_column_int64(statement, 0);
		sqlite3_reset(statement);
	}
	return rc;
}

static int
put_row(struct store_db *db, int64_t report, const struct store_dmarc_row *row, struct err *err)
{
	sqlite3_stmt *statement = store_db_statement(db, row_sql, err);

	if (statement == NULL)
		return -1;
	store_db_bind_int(statement, 1, report);
	store_db_bind_str(statement, 2, row->source);
	store_db_bind_str(statement, 3, row->header_from);
	store_db_bind_str(statement, 4, row->disposition);
	store_db_bind_str(statement, 5, row->dkim);
	store_db_bind_str(statement, 6, row->spf);
	store_db_bind_int(statement, 7, row->messages);
	return store_db_run(db, statement, "write a DMARC report", err);
}

int
store_dmarc_put(struct store *store, const struct store_dmarc_report *report, struct err *err)
{
	struct store_db *db = store_write_begin(store, STORE_POWER_SAFE, err);
	int64_t id;
	int rc, added;

	if (db == NULL)
		return -1;
	rc = added = put_report(db, report, &id, err);
	for (size_t i = 0; added == 1 && rc >= 0 && i < report->count; i++)
		rc = put_row(db, id, &report->rows[i], err);
	return store_write_end(store, rc < 0 ? -1 : 0, err) != 0 ? -1 : added;
}

int
store_dmarc_each(struct store *store, const struct store_dmarc_filter *filter,
    bool (*each)(const struct store_dmarc_sum *sum, void *closure), void *closure, struct err *err)
{
	struct store_db *db = store_read_begin(store, err);
	sqlite3_stmt *statement;
	int rc = -1;

	if (db == NULL)
		return -1;
	statement = store_db_statement(db, each_sql, err);
	if (statement != NULL) {
		store_db_bind_int(statement, 1, filter->since_ms);
		store_db_bind_str(statement, 2, filter->domain);
		while ((rc = store_db_step(db, statement, "read DMARC reports", err)) == 1) {
			const struct store_dmarc_sum sum = {
			    .domain = store_db_str(statement, 0),
			    .row = {store_db_str(statement, 1), store_db_str(statement, 2),
				store_db_str(statement, 3), store_db_str(statement, 4),
				store_db_str(statement, 5), sqlite3_column_int64(statement, 6)},
			    .reports = sqlite3_column_int64(statement, 7),
			    .first_ms = sqlite3_column_int64(statement, 8),
			    .last_ms = sqlite3_column_int64(statement, 9),
			};

			if (!each(&sum, closure))
				break;
		}
		sqlite3_reset(statement);
	}
	store_read_end(store, db);
	return rc < 0 ? -1 : 0;
}
