/* SPDX-License-Identifier: BSD-2-Clause
 *
 * link: see link.h
 *
 * Every process that compiles a campaign asks for the same ids, so they are looked for
 * without a transaction first, and again inside of it.
 *
 * Threads: any.
 * Fails:   ERR_LIMIT (arena), and db.c's.
 */
#include "store/link.h"

#include "base/clock.h"
#include "base/id.h"
#include "store/db.h"

static const char campaign_find_sql[] = "SELECT id FROM campaign WHERE name = ?1";
static const char campaign_add_sql[] = "INSERT INTO campaign (name, created_ms) VALUES (?1, ?2)";
static const char campaign_name_sql[] = "SELECT name FROM campaign WHERE id = ?1";
static const char link_find_sql[] = "SELECT id FROM link WHERE campaign = ?1 AND digest = ?2";
static const char link_add_sql[] = "INSERT INTO link (campaign, digest, address, created_ms) "
				   "VALUES (?1, ?2, ?3, ?4)";
static const char link_get_sql[] =
    "SELECT id, campaign, address, created_ms FROM link WHERE id = ?1";
static const char link_each_sql[] =
    "SELECT id, campaign, address, created_ms FROM link WHERE campaign = ?1 ORDER BY id";

/* Runs a bound query of one number: 1 found, 0 none, -1. */
static int
find_id(
    struct store_db *db, sqlite3_stmt *statement, const char *what, int64_t *id_r, struct err *err)
{
	int rc = store_db_step(db, statement, what, err);

	if (rc == 1) {
		*id_r = sqlite3_column_int64(statement, 0);
		sqlite3_reset(statement);
	}
	return rc;
}

/* --- campaigns --- */

static int
campaign_find(struct store_db *db, struct str name, int64_t *id_r, struct err *err)
{
	sqlite3_stmt *statement = store_db_statement(db, campaign_find_sql, err);

	if (statement == NULL)
		return -1;
	store_db_bind_str(statement, 1, name);
	return find_id(db, statement, "read campaigns", id_r, err);
}

static int
campaign_add(struct store_db *db, struct str name, int64_t *id_r, struct err *err)
{
	sqlite3_stmt *statement = store_db_statement(db, campaign_add_sql, err);

	if (statement == NULL)
		return -1;
	store_db_bind_str(statement, 1, name);
	store_db_bind_int(statement, 2, clock_now());
	if (store_db_run(db, statement, "write campaigns", err) != 0)
		return -1;
	*id_r = sqlite3_last_insert_rowid(db->handle);
	return 0;
}

int
store_campaign_write(struct store_db *db, struct str name, int64_t *id_r, struct err *err)
{
	int rc = campaign_find(db, name, id_r, err);

	if (rc == 0)
		rc = campaign_add(db, name, id_r, err);
	return rc < 0 ? -1 : 0;
}

int
store_campaign_id(struct store *store, struct str name, int64_t *id_r, struct err *err)
{
	struct store_db *db = store_read_begin(store, err);
	int rc;

	if (db == NULL)
		return -1;
	rc = campaign_find(db, name, id_r, err);
	store_read_end(store, db);
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	db = store_write_begin(store, STORE_POWER_SAFE, err);
	if (db == NULL)
		return -1;
	return store_write_end(store, store_campaign_write(db, name, id_r, err), err);
}

int
store_campaign_name(
    struct store *store, int64_t id, struct arena *arena, struct str *name_r, struct err *err)
{
	struct store_db *db = store_read_begin(store, err);
	sqlite3_stmt *statement;
	bool full = false;
	int rc = -1;

	if (db == NULL)
		return -1;
	statement = store_db_statement(db, campaign_name_sql, err);
	if (statement != NULL) {
		store_db_bind_int(statement, 1, id);
		rc = store_db_step(db, statement, "read campaigns", err);
	}
	if (rc == 1) {
		*name_r = store_db_copy(statement, 0, arena, &full);
		sqlite3_reset(statement);
	}
	store_read_end(store, db);
	return full ? err_set(err, ERR_LIMIT, "campaign: arena full") : rc;
}

/* --- links --- */

static int
link_find(struct store_db *db, int64_t campaign, struct str address, int64_t *id_r, struct err *err)
{
	sqlite3_stmt *statement = store_db_statement(db, link_find_sql, err);
	struct id_digest digest = id_sha256(address);

	if (statement == NULL)
		return -1;
	store_db_bind_int(statement, 1, campaign);
	sqlite3_bind_blob(statement, 2, digest.byte, sizeof digest.byte, SQLITE_TRANSIENT);
	return find_id(db, statement, "read links", id_r, err);
}

static int
link_add(struct store_db *db, int64_t campaign, struct str address, int64_t *id_r, struct err *err)
{
	sqlite3_stmt *statement = store_db_statement(db, link_add_sql, err);
	struct id_digest digest = id_sha256(address);

	if (statement == NULL)
		return -1;
	store_db_bind_int(statement, 1, campaign);
	sqlite3_bind_blob(statement, 2, digest.byte, sizeof digest.byte, SQLITE_TRANSIENT);
	store_db_bind_str(statement, 3, address);
	store_db_bind_int(statement, 4, clock_now());
	if (store_db_run(db, statement, "write links", err) != 0)
		return -1;
	*id_r = sqlite3_last_insert_rowid(db->handle);
	return 0;
}

/* Fills in ids up to the first that is not known, whose index it returns, or `count`. -1
 * error. */
static int64_t
link_find_all(struct store_db *db, int64_t campaign, const struct str *addresses, size_t count,
    int64_t *ids_r, struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		int rc = link_find(db, campaign, addresses[i], &ids_r[i], err);

		if (rc != 1)
			return rc < 0 ? -1 : (int64_t)i;
	}
	return (int64_t)count;
}

static int
link_make_all(struct store_db *db, int64_t campaign, const struct str *addresses, size_t first,
    size_t count, int64_t *ids_r, struct err *err)
{
	for (size_t i = first; i < count; i++) {
		int rc = link_find(db, campaign, addresses[i], &ids_r[i], err);

		if (rc == 0)
			rc = link_add(db, campaign, addresses[i], &ids_r[i], err);
		if (rc < 0)
			return -1;
	}
	return 0;
}

int
store_link_ids(struct store *store, int64_t campaign, const struct str *addresses, size_t count,
    int64_t *ids_r, struct err *err)
{
	struct store_db *db = store_read_begin(store, err);
	int64_t known;
	int rc;

	if (db == NULL)
		return -1;
	known = link_find_all(db, campaign, addresses, count, ids_r, err);
	store_read_end(store, db);
	if (known < 0 || known == (int64_t)count)
		return known < 0 ? -1 : 0;
	db = store_write_begin(store, STORE_POWER_SAFE, err);
	if (db == NULL)
		return -1;
	rc = link_make_all(db, campaign, addresses, (size_t)known, count, ids_r, err);
	return store_write_end(store, rc, err);
}

int
store_link_known(struct store *store, int64_t campaign, const struct str *addresses, size_t count,
    int64_t *ids_r, struct err *err)
{
	struct store_db *db = store_read_begin(store, err);
	int rc = 0;

	if (db == NULL)
		return -1;
	for (size_t i = 0; i < count && rc >= 0; i++) {
		ids_r[i] = 0;
		rc = link_find(db, campaign, addresses[i], &ids_r[i], err);
	}
	store_read_end(store, db);
	return rc < 0 ? -1 : 0;
}

int
store_link_get(struct store *store, int64_t id, struct arena *arena, struct store_link *link_r,
    struct err *err)
{
	struct store_db *db = store_read_begin(store, err);
	sqlite3_stmt *statement;
	bool full = false;
	int rc = -1;

	if (db == NULL)
		return -1;
	statement = store_db_statement(db, link_get_sql, err);
	if (statement != NULL) {
		store_db_bind_int(statement, 1, id);
		rc = store_db_step(db, statement, "read links", err);
	}
	if (rc == 1) {
		link_r->id = sqlite3_column_int64(statement, 0);
		link_r->campaign = sqlite3_column_int64(statement, 1);
		link_r->address = store_db_copy(statement, 2, arena, &full);
		link_r->created_ms = sqlite3_column_int64(statement, 3);
		sqlite3_reset(statement);
	}
	store_read_end(store, db);
	return full ? err_set(err, ERR_LIMIT, "link: arena full") : rc;
}

int
store_link_each(struct store *store, int64_t campaign,
    bool (*each)(const struct store_link *link, void *closure), void *closure, struct err *err)
{
	struct store_db *db = store_read_begin(store, err);
	sqlite3_stmt *statement;
	int rc = -1;

	if (db == NULL)
		return -1;
	statement = store_db_statement(db, link_each_sql, err);
	if (statement != NULL) {
		store_db_bind_int(statement, 1, campaign);
		while ((rc = store_db_step(db, statement, "read links", err)) == 1) {
			struct store_link link = {
			    .id = sqlite3_column_int64(statement, 0),
			    .campaign = sqlite3_column_int64(statement, 1),
			    .address = store_db_str(statement, 2),
			    .created_ms = sqlite3_column_int64(statement, 3),
			};

			if (!each(&link, closure))
				break;
		}
		sqlite3_reset(statement);
	}
	store_read_end(store, db);
	return rc < 0 ? -1 : 0;
}
