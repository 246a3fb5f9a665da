/* SPDX-License-Identifier: BSD-2-Clause
 *
 * consent: see consent.h
 *
 * Threads: any.
 * Fails:   ERR_INPUT, ERR_LIMIT (text of more than 2,000 bytes), ERR_NOTFOUND, and db.c's.
 */
#include "store/consent.h"

#include "base/clock.h"
#include "store/contact.h"
#include "store/db.h"

#include <glib.h>

#define KEY_MEMORY ((size_t)8 * 1024)
#define TEXT_MAX   ((size_t)2000)

static const char *const names[] = {
    [STORE_CONSENT_NONE] = "none",
    [STORE_CONSENT_PENDING] = "pending",
    [STORE_CONSENT_GRANTED] = "granted",
    [STORE_CONSENT_WITHDRAWN] = "withdrawn",
};

static const char get_sql[] = "SELECT consent, consent_ms FROM contact WHERE key = ?1";
static const char set_sql[] =
    "UPDATE contact SET consent = ?2, consent_source = ?3, consent_ms = ?4, consent_proof = ?5, "
    "updated_ms = ?6 WHERE key = ?1";

const char *
store_consent_name(enum store_consent_state state)
{
	return (size_t)state < G_N_ELEMENTS(names) ? names[state] : "none";
}

bool
store_consent_find(struct str name, enum store_consent_state *state_r)
{
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		if (str_is_nocase(str_trim(name), names[i])) {
			*state_r = (enum store_consent_state)i;
			return true;
		}
	}
	return false;
}

static int
check_text(const char *name, struct str text, struct err *err)
{
	if (text.n > TEXT_MAX)
		return err_set(
		    err, ERR_LIMIT, "%s of %zu bytes: at most %zu", name, text.n, TEXT_MAX);
	if (text.n > 0 && (!g_utf8_validate(text.p, (gssize)text.n, NULL)))
		return err_set(err, ERR_INPUT, "%s: expected UTF-8", name);
	return 0;
}

/* 1 read, 0 no such contact, -1. */
static int
read_stored(struct store_db *db, struct str key, struct store_consent *stored_r, struct err *err)
{
	sqlite3_stmt *statement = store_db_statement(db, get_sql, err);
	int rc;

	if (statement == NULL)
		return -1;
	store_db_bind_str(statement, 1, key);
	rc = store_db_step(db, statement, "read a consent", err);
	if (rc != 1)
		return rc;
	*stored_r = (struct store_consent){
	    .state = (enum store_consent_state)sqlite3_column_int(statement, 0),
	    .time_ms = sqlite3_column_int64(statement, 1),
	};
	sqlite3_reset(statement);
	return 1;
}

static int
write_row(struct store_db *db, struct str key, const struct store_consent *consent, int64_t time_ms,
    struct err *err)
{
	sqlite3_stmt *statement = store_db_statement(db, set_sql, err);

	if (statement == NULL)
		return -1;
	store_db_bind_str(statement, 1, key);
	store_db_bind_int(statement, 2, consent->state);
	store_db_bind_str(statement, 3, consent->source);
	store_db_bind_int(statement, 4, time_ms);
	store_db_bind_str(statement, 5, consent->proof);
	store_db_bind_int(statement, 6, clock_now());
	return store_db_run(db, statement, "write a consent", err);
}

/* Does what is stored count for more than what somebody brings along? */
static bool
is_newer(const struct store_consent *stored, const struct store_consent *brought)
{
	if (stored->state == STORE_CONSENT_WITHDRAWN && brought->state != STORE_CONSENT_WITHDRAWN)
		return brought->time_ms <= stored->time_ms;
	return brought->time_ms > 0 && stored->time_ms > brought->time_ms;
}

/* 1 written, 0 not, -1; `merge`: as store_consent_merge. */
static int
put(struct store_db *db, struct str key, const struct store_consent *consent, bool merge,
    struct err *err)
{
	struct store_consent stored;
	int64_t time_ms = consent->time_ms;
	int found = read_stored(db, key, &stored, err);

	if (found != 1)
		return found < 0 ? -1
		    : merge	 ? err_set(err, ERR_NOTFOUND, "there is no such contact")
				 : 0;
	if (merge && is_newer(&stored, consent))
		return 0;
	/* The same once more says nothing about when. */
	if (time_ms == 0 && merge && stored.state == consent->state)
		time_ms = stored.time_ms;
	if (time_ms == 0 && consent->state != STORE_CONSENT_NONE)
		time_ms = clock_now();
	return write_row(db, key, consent, time_ms, err) == 0 ? 1 : -1;
}

static int
change(struct store *store, struct str address, const struct store_consent *consent, bool merge,
    struct err *err)
{
	struct arena *arena = arena_new(KEY_MEMORY);
	struct store_db *db = NULL;
	struct str key;
	int rc = -1;

	if (check_text("consent_source", consent->source, err) == 0 &&
	    check_text("consent_proof", consent->proof, err) == 0 &&
	    store_address_key(address, arena, &key, err) == 0)
		db = store_write_begin(store, STORE_POWER_SAFE, err);
	if (db != NULL) {
		rc = put(db, key, consent, merge, err);
		if (store_write_end(store, rc < 0 ? -1 : 0, err) != 0)
			rc = -1;
	}
	arena_free(&arena);
	return rc;
}

int
store_consent_set(
    struct store *store, struct str address, const struct store_consent *consent, struct err *err)
{
	return change(store, address, consent, false, err);
}

int
store_consent_merge(
    struct store *store, struct str address, const struct store_consent *consent, struct err *err)
{
	return change(store, address, consent, true, err);
}
