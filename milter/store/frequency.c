/* SPDX-License-Identifier: BSD-2-Clause
 *
 * frequency: see frequency.h
 */
#include "store/frequency.h"

#include "store/db.h"

#define HOUR_MS INT64_C(3600000)

static const char get_sql[] = "SELECT message, time_ms FROM frequency WHERE contact = ?1";
static const char put_sql[] =
    "INSERT INTO frequency (contact, message, time_ms) VALUES (?1, ?2, ?3) "
    "ON CONFLICT (contact) DO UPDATE SET message = excluded.message, time_ms = excluded.time_ms";
static const char release_sql[] = "DELETE FROM frequency WHERE contact = ?1 AND message = ?2";
static const char forget_sql[] = "DELETE FROM frequency WHERE contact = ?1";

static const struct {
	const char *name;
	int64_t period_ms;
} frequencies[] = {
    [STORE_FREQUENCY_ALL] = {"all", 0},
    [STORE_DAILY] = {"daily", 20 * HOUR_MS},
    [STORE_WEEKLY] = {"weekly", (6 * 24 + 12) * HOUR_MS},
    [STORE_MONTHLY] = {"monthly", 28 * 24 * HOUR_MS},
};

const char *
store_frequency_name(enum store_frequency frequency)
{
	return frequencies[frequency].name;
}

bool
store_frequency_find(struct str name, enum store_frequency *frequency_r)
{
	for (size_t i = 0; i < sizeof frequencies / sizeof frequencies[0]; i++) {
		if (str_is_nocase(name, frequencies[i].name)) {
			*frequency_r = (enum store_frequency)i;
			return true;
		}
	}
	return false;
}

enum store_frequency
store_contact_frequency(const json_t *attributes)
{
	const char *word = json_string_value(json_object_get(attributes, "mail_frequency"));
	enum store_frequency frequency = STORE_FREQUENCY_ALL;

	if (word != NULL)
		store_frequency_find(str_trim(str_c(word)), &frequency);
	return frequency;
}

/* 1: it has no place, or its own; then *own_r says which. 0, -1 as store_frequency_ask. */
static int
ask(struct store_db *db, const struct store_frequency_place *place, bool *own_r,
    int64_t *until_ms_r, struct err *err)
{
	sqlite3_stmt *statement = store_db_statement(db, get_sql, err);
	int found;

	*own_r = false;
	*until_ms_r = 0;
	if (statement == NULL)
		return -1;
	store_db_bind_int(statement, 1, place->contact);
	found = store_db_step(db, statement, "read when mail went", err);
	if (found == 1) {
		*own_r = str_eq(store_db_str(statement, 0), place->message);
		*until_ms_r =
		    sqlite3_column_int64(statement, 1) + frequencies[place->frequency].period_ms;
		sqlite3_reset(statement);
	}
	if (found < 0)
		return -1;
	return found == 0 || *own_r || *until_ms_r <= place->now_ms;
}

int
store_frequency_ask(struct store *store, const struct store_frequency_place *place,
    int64_t *until_ms_r, struct err *err)
{
	struct store_db *db = store_read_begin(store, err);
	bool own;
	int rc;

	if (db == NULL)
		return -1;
	rc = ask(db, place, &own, until_ms_r, err);
	store_read_end(store, db);
	return rc;
}

static int
put(struct store_db *db, const struct store_frequency_place *place, struct err *err)
{
	sqlite3_stmt *statement = store_db_statement(db, put_sql, err);

	if (statement == NULL)
		return -1;
	store_db_bind_int(statement, 1, place->contact);
	store_db_bind_str(statement, 2, place->message);
	store_db_bind_int(statement, 3, place->now_ms);
	return store_db_run(db, statement, "note when mail went", err);
}

int
store_frequency_take(struct store *store, const struct store_frequency_place *place,
    int64_t *until_ms_r, struct err *err)
{
	struct store_db *db = store_write_begin(store, STORE_PROCESS_SAFE, err);
	bool own;
	int rc;

	if (db == NULL)
		return -1;
	rc = ask(db, place, &own, until_ms_r, err);
	if (rc == 1 && !own && put(db, place, err) != 0)
		rc = -1;
	return store_write_end(store, rc < 0 ? -1 : 0, err) != 0 ? -1 : rc;
}

int
store_frequency_release(struct store *store, int64_t contact, struct str message, struct err *err)
{
	struct store_db *db = store_write_begin(store, STORE_PROCESS_SAFE, err);
	sqlite3_stmt *statement;
	int rc = -1;

	if (db == NULL)
		return -1;
	statement = store_db_statement(db, release_sql, err);
	if (statement != NULL) {
		store_db_bind_int(statement, 1, contact);
		store_db_bind_str(statement, 2, message);
		rc = store_db_run(db, statement, "forget when mail went", err);
	}
	return store_write_end(store, rc, err);
}

int
store_frequency_forget(struct store_db *db, int64_t contact, struct err *err)
{
	sqlite3_stmt *statement = store_db_statement(db, forget_sql, err);

	if (statement == NULL)
		return -1;
	store_db_bind_int(statement, 1, contact);
	return store_db_run(db, statement, "forget when mail went", err);
}
