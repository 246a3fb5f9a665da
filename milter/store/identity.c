/* SPDX-License-Identifier: BSD-2-Clause
 *
 * identity: see identity.h
 *
 * Threads: any.
 * Fails:   ERR_LIMIT, and db.c's.
 */
#include "store/identity.h"

#include "store/db.h"

static const char find_sql[] = "SELECT contact FROM identity WHERE name = ?1 AND kind = ?2";
static const char set_sql[] = "INSERT INTO identity (name, kind, contact) VALUES (?1, ?2, ?3) "
			      "ON CONFLICT (name, kind) DO UPDATE SET contact = excluded.contact";
static const char each_sql[] =
    "SELECT kind, name FROM identity WHERE contact = ?1 ORDER BY kind, name";

int
store_identity_find(struct store *store, enum store_identity_kind kind, struct str name,
    int64_t *contact_r, struct err *err)
{
	struct store_db *db = store_read_begin(store, err);
	sqlite3_stmt *statement;
	int rc = -1;

	if (db == NULL)
		return -1;
	statement = store_db_statement(db, find_sql, err);
	if (statement != NULL) {
		store_db_bind_str(statement, 1, name);
		store_db_bind_int(statement, 2, kind);
		rc = store_db_step(db, statement, "read identities", err);
	}
	if (rc == 1) {
		*contact_r = sqlite3_column_int64(statement, 0);
		sqlite3_reset(statement);
	}
	store_read_end(store, db);
	return rc;
}

int
store_identity_set(struct store *store, enum store_identity_kind kind, struct str name,
    int64_t contact, struct err *err)
{
	struct store_db *db;
	sqlite3_stmt *statement;
	int rc = -1;

	if (name.n == 0 || name.n > STORE_IDENTITY_MAX)
		return err_set(err, ERR_LIMIT, "an id of %zu bytes: 1 to %d were expected", name.n,
		    STORE_IDENTITY_MAX);
	db = store_write_begin(store, STORE_POWER_SAFE, err);
	if (db == NULL)
		return -1;
	statement = store_db_statement(db, set_sql, err);
	if (statement != NULL) {
		store_db_bind_str(statement, 1, name);
		store_db_bind_int(statement, 2, kind);
		store_db_bind_int(statement, 3, contact);
		rc = store_db_run(db, statement, "write an identity", err);
	}
	return store_write_end(store, rc, err);
}

int
store_identity_each(struct store *store, int64_t contact,
    bool (*each)(enum store_identity_kind kind, struct str name, void *closure), void *closure,
    struct err *err)
{
	struct store_db *db = store_read_begin(store, err);
	sqlite3_stmt *statement;
	int rc = -1;

	if (db == NULL)
		return -1;
	statement = store_db_statement(db, each_sql, err);
	if (statement != NULL) {
		store_db_bind_int(statement, 1, contact);
		while ((rc = store_db_step(db, statement, "read identities", err)) == 1) {
			if (!each((enum store_identity_kind)sqlite3_column_int(statement, 0),
				store_db_str(statement, 1), closure))
				break;
		}
		sqlite3_reset(statement);
	}
	store_read_end(store, db);
	return rc < 0 ? -1 : 0;
}
