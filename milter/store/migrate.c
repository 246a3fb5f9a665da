/* SPDX-License-Identifier: BSD-2-Clause
 *
 * migrate: bring the database to the version that this program speaks
 *
 * The steps come from schema.sql. All that are missing run in one transaction: a
 * crash in between leaves the old version. application_id marks the file as ours.
 *
 * Threads: any; touches only its arguments.
 * Fails:   ERR_CONFIG (made by a newer version, no mailtailor database), ERR_STORE.
 */
#include "store/db.h"

#include "store/schema.h"

#include <stdio.h>

#define SCHEMA_VERSION ((int64_t)(sizeof schema_steps / sizeof schema_steps[0]))
#define APPLICATION_ID 0x4d546c72

static int
read_number(struct store_db *db, const char *sql, int64_t *number_r, struct err *err)
{
	sqlite3_stmt *statement = store_db_statement(db, sql, err);

	if (statement == NULL || store_db_step(db, statement, "read the version", err) < 0)
		return -1;
	*number_r = sqlite3_column_int64(statement, 0);
	sqlite3_reset(statement);
	return 0;
}

static int
look(struct store_db *db, int64_t *version_r, struct err *err)
{
	int64_t tables, application;

	if (read_number(db, "PRAGMA user_version", version_r, err) != 0 ||
	    read_number(db, "PRAGMA application_id", &application, err) != 0 ||
	    read_number(db, "SELECT count(*) FROM sqlite_master", &tables, err) != 0)
		return -1;
	if (*version_r > SCHEMA_VERSION)
		return err_set(err, ERR_CONFIG,
		    "the database has version %lld, this program knows up to %lld: it was written "
		    "by a newer mailtailor",
		    (long long)*version_r, (long long)SCHEMA_VERSION);
	if (tables > 0 && application != APPLICATION_ID)
		return err_set(err, ERR_CONFIG, "this is no database of mailtailor");
	return 0;
}

static int
run_steps(struct store_db *db, struct err *err)
{
	char text[128];
	int64_t version;

	if (look(db, &version, err) != 0)
		return -1;
	for (; version < SCHEMA_VERSION; version++) {
		if (store_db_exec(db, schema_steps[version], err) != 0)
			return err_prefix(err, "schema version %lld", (long long)version + 1);
	}
	snprintf(text, sizeof text, "PRAGMA user_version = %lld; PRAGMA application_id = %d",
	    (long long)SCHEMA_VERSION, APPLICATION_ID);
	return store_db_exec(db, text, err);
}

int
store_migrate(struct store_db *db, enum store_open_mode mode, struct err *err)
{
	int64_t version;

	if (look(db, &version, err) != 0)
		return -1;
	if (version == SCHEMA_VERSION)
		return 0;
	if (mode != STORE_CREATE)
		return err_set(err, ERR_CONFIG,
		    "the database has version %lld, this program needs %lld: start mailtailord "
		    "once to bring it up to date",
		    (long long)version, (long long)SCHEMA_VERSION);
	/* The journal mode can't change inside a transaction; it stays with the file. */
	if (store_db_exec(db, "PRAGMA journal_mode = WAL", err) != 0 ||
	    store_db_exec(db, "BEGIN IMMEDIATE", err) != 0)
		return -1;
	/* Another process may have been first: run_steps looks again inside the lock. */
	if (run_steps(db, err) != 0 || store_db_exec(db, "COMMIT", err) != 0) {
		sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
		return -1;
	}
	return 0;
}
