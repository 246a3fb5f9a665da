/* SPDX-License-Identifier: BSD-2-Clause
 *
 * event: see event.h; this file: writing and erasing
 *
 * Threads: any.
 * Fails:   ERR_INPUT, ERR_LIMIT (an event that may not be written), and db.c's.
 */
#include "store/event.h"

#include "base/clock.h"
#include "base/tally.h"
#include "store/db.h"

/* After the year 9999 a time has no ISO 8601 text of the usual shape. */
#define TIME_MAX ((int64_t)253402300799999)

static const struct {
	enum store_event_kind kind;
	const char *name;
} kinds[] = {
    {STORE_EVENT_TRACK, "track"},
    {STORE_EVENT_PAGE, "page"},
    {STORE_EVENT_SCREEN, "screen"},
    {STORE_EVENT_IDENTIFY, "identify"},
    {STORE_EVENT_SENT, "sent"},
    {STORE_EVENT_DELIVERED, "delivered"},
    {STORE_EVENT_DEFERRED, "deferred"},
    {STORE_EVENT_BOUNCED, "bounced"},
    {STORE_EVENT_COMPLAINED, "complained"},
    {STORE_EVENT_OPENED, "opened"},
    {STORE_EVENT_CLICKED, "clicked"},
    {STORE_EVENT_SUBSCRIBED, "subscribed"},
    {STORE_EVENT_UNSUBSCRIBED, "unsubscribed"},
    {STORE_EVENT_AUTOREPLIED, "autoreplied"},
};

static const char type_find_sql[] = "SELECT id FROM event_type WHERE name = ?1 AND kind = ?2";
static const char type_add_sql[] = "INSERT INTO event_type (name, kind) VALUES (?1, ?2)";
static const char contact_sql[] = "SELECT id FROM contact WHERE id = ?1";
static const char put_sql[] =
    "INSERT INTO event (contact, type, time_ms, received_ms, campaign, link, machine, message, "
    "source, source_id, properties) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) "
    "ON CONFLICT (source_id, source) WHERE source_id <> '' DO NOTHING";
static const char judge_sql[] =
    "UPDATE event SET machine = 1, "
    "properties = json_set(properties, '$.machine', json_extract(?1, '$.machine')) "
    "WHERE contact = ?2 AND time_ms BETWEEN ?3 AND ?4 AND NOT machine AND campaign = ?5 "
    "AND message = ?6 AND source = ?7 AND type IN (SELECT id FROM event_type WHERE kind = ?8 "
    "OR (?10 AND kind = ?9)) AND (NOT ?10 OR ("
    "json_extract(properties, '$.agent') IS json_extract(?1, '$.agent') AND "
    "json_extract(properties, '$.address') IS json_extract(?1, '$.address')))";
static const char erase_told_sql[] =
    "DELETE FROM event WHERE contact = ?1 AND type IN (SELECT id FROM event_type WHERE kind < ?2)";
static const char erase_own_sql[] =
    "UPDATE event SET contact = 0, properties = '{}' WHERE contact = ?1";

/* --- kinds --- */

const char *
store_event_kind_name(enum store_event_kind kind)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (kinds[i].kind == kind)
			return kinds[i].name;
	}
	return NULL;
}

enum store_event_kind
store_event_kind_of(struct str name)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (str_is(name, kinds[i].name))
			return kinds[i].kind;
	}
	return STORE_EVENT_ANY;
}

static bool
is_own(const struct store_event *event)
{
	return event->kind >= STORE_EVENT_OWN;
}

/* --- what may be written --- */

static int
check_lengths(const struct store_event *event, struct err *err)
{
	const struct {
		const char *what;
		struct str text;
		size_t max;
	} texts[] = {
	    {"a name", event->type, STORE_EVENT_TYPE_MAX},
	    {"a source", event->source, STORE_EVENT_SOURCE_MAX},
	    {"an id", event->source_id, STORE_EVENT_SOURCE_ID_MAX},
	    {"a message key", event->message, STORE_EVENT_MESSAGE_MAX},
	    {"properties", event->properties, STORE_EVENT_PROPERTIES_MAX},
	};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		if (texts[i].text.n > texts[i].max)
			return err_set(err, ERR_LIMIT, "%s of %zu bytes: at most %zu are taken",
			    texts[i].what, texts[i].text.n, texts[i].max);
	}
	return 0;
}

int
store_event_check(const struct store_event *event, struct err *err)
{
	if (store_event_kind_name(event->kind) == NULL)
		return err_set(err, ERR_INPUT, "there is no kind of event %d", (int)event->kind);
	if (event->kind == STORE_EVENT_TRACK && event->type.n == 0)
		return err_set(err, ERR_INPUT, "an event without a name");
	if (is_own(event) && event->type.n > 0)
		return err_set(err, ERR_INPUT, "only what is told from outside has a name");
	if (event->time_ms <= 0 || event->time_ms > TIME_MAX)
		return err_set(err, ERR_INPUT, "a time before 1970 or after 9999");
	return check_lengths(event, err);
}

/* --- writing --- */

static int
type_id(struct store_db *db, enum store_event_kind kind, struct str name, int64_t *id_r,
    struct err *err)
{
	sqlite3_stmt *statement = store_db_statement(db, type_find_sql, err);
	int rc;

	if (statement == NULL)
		return -1;
	store_db_bind_str(statement, 1, name);
	store_db_bind_int(statement, 2, kind);
	rc = store_db_step(db, statement, "read event types", err);
	if (rc == 1) {
		*id_r = sqlite3_column_int64(statement, 0);
		sqlite3_reset(statement);
	}
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	statement = store_db_statement(db, type_add_sql, err);
	if (statement == NULL)
		return -1;
	store_db_bind_str(statement, 1, name);
	store_db_bind_int(statement, 2, kind);
	if (store_db_run(db, statement, "write event types", err) != 0)
		return -1;
	*id_r = sqlite3_last_insert_rowid(db->handle);
	return 0;
}

/* 1 the contact is there, 0 it is not, -1. */
static int
contact_exists(struct store_db *db, int64_t contact, struct err *err)
{
	sqlite3_stmt *statement;
	int rc;

	if (contact == 0)
		return 0;
	statement = store_db_statement(db, contact_sql, err);
	if (statement == NULL)
		return -1;
	store_db_bind_int(statement, 1, contact);
	rc = store_db_step(db, statement, "read a contact", err);
	if (rc == 1)
		sqlite3_reset(statement);
	return rc;
}

static int
insert(struct store_db *db, const struct store_event *event, int64_t type, struct err *err)
{
	sqlite3_stmt *put = store_db_statement(db, put_sql, err);

	if (put == NULL)
		return -1;
	store_db_bind_int(put, 1, event->contact);
	store_db_bind_int(put, 2, type);
	store_db_bind_int(put, 3, event->time_ms);
	store_db_bind_int(put, 4, event->received_ms != 0 ? event->received_ms : clock_now());
	store_db_bind_int(put, 5, event->campaign);
	store_db_bind_int(put, 6, event->link);
	store_db_bind_int(put, 7, event->machine);
	store_db_bind_str(put, 8, event->message);
	store_db_bind_str(put, 9, event->source);
	store_db_bind_str(put, 10, event->source_id);
	store_db_bind_str(put, 11, event->properties.n > 0 ? event->properties : STR("{}"));
	if (store_db_run(db, put, "write an event", err) != 0)
		return -1;
	return sqlite3_changes(db->handle) > 0;
}

/* What it says of those before it; the same again if it is written again. */
static int
judge(struct store_db *db, const struct store_event *event, struct err *err)
{
	sqlite3_stmt *statement;

	if (event->judge_ms == 0 || event->contact == 0)
		return 0;
	statement = store_db_statement(db, judge_sql, err);
	if (statement == NULL)
		return -1;
	store_db_bind_str(statement, 1, event->properties);
	store_db_bind_int(statement, 2, event->contact);
	store_db_bind_int(statement, 3, event->time_ms - event->judge_ms);
	store_db_bind_int(statement, 4, event->time_ms);
	store_db_bind_int(statement, 5, event->campaign);
	store_db_bind_str(statement, 6, event->message);
	store_db_bind_str(statement, 7, event->source);
	store_db_bind_int(statement, 8, STORE_EVENT_CLICKED);
	store_db_bind_int(statement, 9, STORE_EVENT_OPENED);
	store_db_bind_int(statement, 10, event->judge_client);
	return store_db_run(db, statement, "judge events", err);
}

/* 1 written, 0 there already or not to be kept, -1. A click on the link of somebody who was
 * erased meanwhile counts, without the contact. */
int
store_event_write(struct store_db *db, const struct store_event *event, struct err *err)
{
	struct store_event kept = *event;
	int64_t type = 0;
	int exists;

	if (store_event_check(event, err) != 0)
		return -1;
	exists = contact_exists(db, event->contact, err);
	if (exists < 0 || (exists == 0 && !is_own(event)))
		return exists;
	if (exists == 0 && kept.contact != 0) {
		kept.contact = 0;
		kept.properties = STR_NONE;
	}
	if (type_id(db, event->kind, event->type, &type, err) != 0 || judge(db, &kept, err) != 0)
		return -1;
	exists = insert(db, &kept, type, err);
	if (exists == 1)
		tally_event(kept.kind, kept.machine);
	return exists;
}

int
store_event_put(struct store *store, const struct store_event *events, size_t count,
    size_t *added_r, struct err *err)
{
	enum store_durable durable = STORE_PROCESS_SAFE;
	struct store_db *db;
	size_t added = 0;
	int rc = 0;

	for (size_t i = 0; i < count; i++) {
		if (!is_own(&events[i]))
			durable = STORE_POWER_SAFE;
	}
	db = store_write_begin(store, durable, err);
	if (db == NULL)
		return -1;
	for (size_t i = 0; i < count && rc >= 0; i++) {
		rc = store_event_write(db, &events[i], err);
		added += rc == 1;
	}
	rc = store_write_end(store, rc < 0 ? -1 : 0, err);
	if (added_r != NULL)
		*added_r = rc == 0 ? added : 0;
	return rc;
}

/* --- erasing --- */

int
store_event_erase(struct store_db *db, int64_t contact, struct err *err)
{
	sqlite3_stmt *statement = store_db_statement(db, erase_told_sql, err);

	if (statement == NULL)
		return -1;
	store_db_bind_int(statement, 1, contact);
	store_db_bind_int(statement, 2, STORE_EVENT_OWN);
	if (store_db_run(db, statement, "delete events", err) != 0)
		return -1;
	statement = store_db_statement(db, erase_own_sql, err);
	if (statement == NULL)
		return -1;
	store_db_bind_int(statement, 1, contact);
	return store_db_run(db, statement, "make events anonymous", err);
}
