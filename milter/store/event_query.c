/* SPDX-License-Identifier: BSD-2-Clause
 *
 * event_query: a contact's newest events, by type and time
 *
 * These run while a message is tailored. Types are looked up first; then one walk along the
 * index (contact, type, time_ms) for each, newest first, or along (contact, time_ms) for all.
 *
 * Threads: any.
 * Fails:   ERR_LIMIT (arena, too many types), and db.c's.
 */
#include "store/event_row.h"

#include <stdlib.h>

#define LIMITS                                                        \
	" AND e.time_ms >= ?2 AND e.time_ms < ?3 AND (?4 = 0 OR NOT " \
	"e.machine) "
#define NEWEST "ORDER BY e.time_ms DESC, e.id DESC LIMIT ?5"

/* CROSS JOIN: SQLite must not begin with the types. */
static const char newest_sql[] =
    "SELECT " STORE_EVENT_COLUMNS " FROM event e CROSS JOIN event_type t ON t.id = e.type "
    "WHERE e.contact = ?1" LIMITS "AND (?6 = 0 OR t.kind = ?6) " NEWEST;
static const char newest_type_sql[] =
    "SELECT " STORE_EVENT_COLUMNS " FROM event e CROSS JOIN event_type t ON t.id = e.type "
    "WHERE e.contact = ?1 AND e.type = ?6" LIMITS NEWEST;
static const char count_sql[] =
    "SELECT count(*) FROM (SELECT 1 FROM event e CROSS JOIN event_type t ON t.id = e.type "
    "WHERE e.contact = ?1" LIMITS "AND (?6 = 0 OR t.kind = ?6) LIMIT ?5)";
static const char count_type_sql[] = "SELECT count(*) FROM (SELECT 1 FROM event e "
				     "WHERE e.contact = ?1 AND e.type = ?6" LIMITS "LIMIT ?5)";
static const char type_sql[] = "SELECT id FROM event_type WHERE name = ?1 AND kind = ?2";

/* --- which types --- */

/* A query taken apart: by type ids, or else by kind. */
struct plan {
	bool by_type;
	int64_t types[STORE_EVENT_TYPES_MAX];
	size_t count;
};

static int
plan_add(struct store_db *db, enum store_event_kind kind, struct str name, struct plan *plan,
    struct err *err)
{
	sqlite3_stmt *statement = store_db_statement(db, type_sql, err);
	int rc;

	if (statement == NULL)
		return -1;
	store_db_bind_str(statement, 1, name);
	store_db_bind_int(statement, 2, kind);
	rc = store_db_step(db, statement, "read event types", err);
	if (rc != 1)
		return rc;
	plan->types[plan->count++] = sqlite3_column_int64(statement, 0);
	sqlite3_reset(statement);
	/* Named twice is asked for once. */
	for (size_t i = 0; i + 1 < plan->count; i++) {
		if (plan->types[i] == plan->types[plan->count - 1]) {
			plan->count--;
			break;
		}
	}
	return 0;
}

static int
plan_make(
    struct store_db *db, const struct store_event_query *query, struct plan *plan, struct err *err)
{
	enum store_event_kind kind =
	    query->kind == STORE_EVENT_ANY ? STORE_EVENT_TRACK : query->kind;

	*plan = (struct plan){.count = 0};
	if (query->type_count > STORE_EVENT_TYPES_MAX)
		return err_set(err, ERR_LIMIT, "%zu types of events: at most %d can be asked for",
		    query->type_count, STORE_EVENT_TYPES_MAX);
	plan->by_type = query->type_count > 0 || query->kind >= STORE_EVENT_OWN;
	for (size_t i = 0; i < query->type_count; i++) {
		if (plan_add(db, kind, query->types[i], plan, err) != 0)
			return -1;
	}
	if (query->type_count == 0 && plan->by_type)
		return plan_add(db, kind, STR(""), plan, err);
	return 0;
}

static void
bind(sqlite3_stmt *statement, const struct store_event_query *query, int64_t max, int64_t selector)
{
	store_db_bind_int(statement, 1, query->contact);
	store_db_bind_int(statement, 2, query->since_ms);
	store_db_bind_int(statement, 3, query->before_ms != 0 ? query->before_ms : INT64_MAX);
	store_db_bind_int(statement, 4, query->people);
	store_db_bind_int(statement, 5, max);
	store_db_bind_int(statement, 6, selector);
}

/* --- newest --- */

static int
newer_first(const void *a, const void *b)
{
	const struct store_event *x = a, *y = b;

	if (x->time_ms != y->time_ms)
		return x->time_ms > y->time_ms ? -1 : 1;
	return x->id > y->id ? -1 : x->id < y->id;
}

/* Reads up to `max` into the list; how many, or -1. */
static int64_t
read_newest(struct store_db *db, sqlite3_stmt *statement, size_t max, struct arena *arena,
    struct store_event *list, struct err *err)
{
	bool full = false;
	size_t count = 0;
	int rc;

	while ((rc = store_db_step(db, statement, "read events", err)) == 1 && count < max)
		list[count++] = store_event_copy(statement, arena, &full);
	if (rc == 1)
		sqlite3_reset(statement);
	if (full)
		return err_set(err, ERR_LIMIT, "event: arena full");
	return rc < 0 ? -1 : (int64_t)count;
}

static int
newest(struct store_db *db, const struct store_event_query *query, const struct plan *plan,
    size_t max, struct arena *arena, struct store_event *list, size_t *count_r, struct err *err)
{
	size_t walks = plan->by_type ? plan->count : 1;
	size_t count = 0;

	for (size_t i = 0; i < walks; i++) {
		sqlite3_stmt *statement =
		    store_db_statement(db, plan->by_type ? newest_type_sql : newest_sql, err);
		int64_t found;

		if (statement == NULL)
			return -1;
		bind(statement, query, (int64_t)max, plan->by_type ? plan->types[i] : query->kind);
		found = read_newest(db, statement, max, arena, list + count, err);
		if (found < 0)
			return -1;
		count += (size_t)found;
	}
	if (walks > 1)
		qsort(list, count, sizeof *list, newer_first);
	*count_r = count < max ? count : max;
	return 0;
}

int
store_event_newest(struct store *store, const struct store_event_query *query, size_t max,
    struct arena *arena, struct store_event **events_r, size_t *count_r, struct err *err)
{
	struct store_db *db = store_read_begin(store, err);
	struct plan plan;
	int rc = -1;

	*events_r = NULL;
	*count_r = 0;
	if (db == NULL)
		return -1;
	if (plan_make(db, query, &plan, err) == 0) {
		*events_r = arena_alloc(
		    arena, max * (plan.count == 0 ? 1 : plan.count) * sizeof **events_r);
		rc = *events_r == NULL
		    ? err_set(err, ERR_LIMIT, "event: arena full")
		    : newest(db, query, &plan, max, arena, *events_r, count_r, err);
	}
	store_read_end(store, db);
	return rc;
}

/* --- recent --- */

/* `whole_r`: neither `scan` nor `max` ended it. */
static int
read_recent(struct store_db *db, sqlite3_stmt *statement, enum store_event_kind kind, size_t scan,
    size_t max, struct arena *arena, struct store_event *list, size_t *count_r, bool *whole_r,
    struct err *err)
{
	bool full = false;
	size_t seen = 0;
	int rc;

	while ((rc = store_db_step(db, statement, "read events", err)) == 1 && seen++ < scan &&
	    *count_r < max) {
		if (store_event_row_kind(statement) == kind && !store_event_row_machine(statement))
			list[(*count_r)++] = store_event_copy(statement, arena, &full);
	}
	*whole_r = rc == 0;
	if (rc == 1)
		sqlite3_reset(statement);
	if (full)
		return err_set(err, ERR_LIMIT, "event: arena full");
	return rc < 0 ? -1 : 0;
}

int
store_event_recent(struct store *store, int64_t contact, enum store_event_kind kind, size_t scan,
    size_t max, struct arena *arena, struct store_event **events_r, size_t *count_r, bool *whole_r,
    struct err *err)
{
	const struct store_event_query all = {.contact = contact};
	struct store_db *db = store_read_begin(store, err);
	sqlite3_stmt *statement;
	int rc = -1;

	*count_r = 0;
	*whole_r = false;
	if (db == NULL)
		return -1;
	*events_r = arena_alloc(arena, (max + 1) * sizeof **events_r);
	statement = store_db_statement(db, newest_sql, err);
	if (*events_r == NULL) {
		err_set(err, ERR_LIMIT, "event: arena full");
	} else if (statement != NULL) {
		/* One more says whether there are more. */
		bind(statement, &all, (int64_t)scan + 1, STORE_EVENT_ANY);
		rc = read_recent(
		    db, statement, kind, scan, max, arena, *events_r, count_r, whole_r, err);
	}
	store_read_end(store, db);
	return rc;
}

/* --- count --- */

static int
count(struct store_db *db, const struct store_event_query *query, const struct plan *plan,
    int64_t max, int64_t *count_r, struct err *err)
{
	size_t walks = plan->by_type ? plan->count : 1;

	*count_r = 0;
	for (size_t i = 0; i < walks && *count_r < max; i++) {
		sqlite3_stmt *statement =
		    store_db_statement(db, plan->by_type ? count_type_sql : count_sql, err);

		if (statement == NULL)
			return -1;
		bind(
		    statement, query, max - *count_r, plan->by_type ? plan->types[i] : query->kind);
		if (store_db_step(db, statement, "count events", err) != 1)
			return -1;
		*count_r += sqlite3_column_int64(statement, 0);
		sqlite3_reset(statement);
	}
	return 0;
}

int
store_event_count(struct store *store, const struct store_event_query *query, int64_t max,
    int64_t *count_r, struct err *err)
{
	struct store_db *db = store_read_begin(store, err);
	struct plan plan;
	int rc;

	if (db == NULL)
		return -1;
	rc = plan_make(db, query, &plan, err);
	if (rc == 0)
		rc = count(db, query, &plan, max == 0 ? INT64_MAX : max, count_r, err);
	store_read_end(store, db);
	return rc;
}
