/* SPDX-License-Identifier: BSD-2-Clause
 *
 * plugin: rows and generations of plugins, cursors; see plugin.h
 *
 * Threads: any.
 * Fails:   db.c's.
 */
#include "store/plugin.h"

#include "store/db.h"

static const char find_sql[] = "SELECT id FROM plugin WHERE name = ?1";
static const char add_sql[] = "INSERT INTO plugin (name, generation, entries) VALUES (?1, 0, 0) "
			      "ON CONFLICT (name) DO NOTHING";
static const char generation_sql[] = "SELECT generation FROM plugin WHERE id = ?1";
static const char changed_sql[] = "UPDATE plugin SET generation = generation + 1 WHERE id = ?1";
static const char cursor_sql[] =
    "SELECT event FROM plugin_cursor WHERE plugin = ?1 AND listener = ?2";
static const char set_cursor_sql[] =
    "INSERT INTO plugin_cursor (plugin, listener, event) VALUES (?1, ?2, ?3) "
    "ON CONFLICT (plugin, listener) DO UPDATE SET event = excluded.event";

/* One number of one row. 1, 0: no row, -1. */
static int
read_number(struct store *store, const char *sql, int64_t id, struct str name, int64_t *number_r,
    struct err *err)
{
	struct store_db *db = store_read_begin(store, err);
	sqlite3_stmt *statement;
	int rc = -1;

	if (db == NULL)
		return -1;
	statement = store_db_statement(db, sql, err);
	if (statement != NULL) {
		if (sql != find_sql)
			store_db_bind_int(statement, 1, id);
		if (sql != generation_sql)
			store_db_bind_str(statement, sql == find_sql ? 1 : 2, name);
		rc = store_db_step(db, statement, "read plugins", err);
		if (rc == 1) {
			*number_r = sqlite3_column_int64(statement, 0);
			sqlite3_reset(statement);
		}
	}
	store_read_end(store, db);
	return rc;
}

int
store_plugin_find(struct store *store, struct str name, int64_t *id_r, struct err *err)
{
	*id_r = 0;
	return read_number(store, find_sql, 0, name, id_r, err);
}

int
store_plugin_add(struct store *store, struct str name, int64_t *id_r, struct err *err)
{
	int rc = store_plugin_find(store, name, id_r, err);
	sqlite3_stmt *statement;
	struct store_db *db;

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	db = store_write_begin(store, STORE_PROCESS_SAFE, err);
	if (db == NULL)
		return -1;
	rc = -1;
	statement = store_db_statement(db, add_sql, err);
	if (statement != NULL) {
		store_db_bind_str(statement, 1, name);
		rc = store_db_run(db, statement, "write plugins", err);
	}
	if (store_write_end(store, rc, err) != 0)
		return -1;
	rc = read_number(store, find_sql, 0, name, id_r, err);
	return rc == 1 ? 0 : rc < 0 ? -1 : err_set(err, ERR_STORE, "the plugin's row is gone");
}

int
store_plugin_generation(struct store *store, int64_t plugin, int64_t *generation_r, struct err *err)
{
	*generation_r = 0;
	return read_number(store, generation_sql, plugin, STR_NONE, generation_r, err) < 0 ? -1 : 0;
}

static int
write_numbers(struct store *store, const char *sql, int64_t plugin, struct str listener,
    int64_t event, struct err *err)
{
	struct store_db *db = store_write_begin(store, STORE_PROCESS_SAFE, err);
	sqlite3_stmt *statement;
	int rc = -1;

	if (db == NULL)
		return -1;
	statement = store_db_statement(db, sql, err);
	if (statement != NULL) {
		store_db_bind_int(statement, 1, plugin);
		if (sql == set_cursor_sql) {
			store_db_bind_str(statement, 2, listener);
			store_db_bind_int(statement, 3, event);
		}
		rc = store_db_run(db, statement, "write plugins", err);
	}
	return store_write_end(store, rc, err);
}

int
store_plugin_changed(struct store *store, int64_t plugin, struct err *err)
{
	return write_numbers(store, changed_sql, plugin, STR_NONE, 0, err);
}

int
store_plugin_cursor(
    struct store *store, int64_t plugin, struct str listener, int64_t *event_r, struct err *err)
{
	*event_r = 0;
	return read_number(store, cursor_sql, plugin, listener, event_r, err);
}

int
store_plugin_set_cursor(
    struct store *store, int64_t plugin, struct str listener, int64_t event, struct err *err)
{
	return write_numbers(store, set_cursor_sql, plugin, listener, event, err);
}
