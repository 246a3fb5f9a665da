/* SPDX-License-Identifier: BSD-2-Clause
 *
 * event_list: events by cursor, by page, by id; what is too old
 *
 * Threads: any.
 * Fails:   ERR_LIMIT (arena), and db.c's.
 */
#include "store/event_row.h"

#define PAGE	    128
#define PAGE_MEMORY (PAGE * (STORE_EVENT_PROPERTIES_MAX + (size_t)4 * 1024))

#define FROM "FROM event e CROSS JOIN event_type t ON t.id = e.type "
/* ?1 time and ?2 id of the last one, ?3 contact, ?4 kind, ?5 type, ?6 any type, ?7 how many. */
#define AFTER                                                                               \
	"(e.time_ms, e.id) > (?1, ?2) AND (?4 = 0 OR t.kind = ?4) AND (?6 OR t.name = ?5) " \
	"AND (?3 = 0 OR e.contact = ?3) ORDER BY e.time_ms, e.id LIMIT ?7"
#define BEGIN                                                                                     \
	"e.time_ms >= ?1 AND ?2 IS NOT NULL AND (?4 = 0 OR t.kind = ?4) AND (?6 OR t.name = ?5) " \
	"AND (?3 = 0 OR e.contact = ?3) ORDER BY e.time_ms DESC, e.id DESC LIMIT 1 OFFSET ?7"

static const char get_sql[] = "SELECT " STORE_EVENT_COLUMNS " " FROM "WHERE e.id = ?1";
static const char after_sql[] =
    "SELECT " STORE_EVENT_COLUMNS " " FROM "WHERE e.id > ?1 ORDER BY e.id LIMIT ?2";
static const char last_sql[] = "SELECT coalesce(max(id), 0) FROM event";
static const char page_sql[] = "SELECT " STORE_EVENT_COLUMNS " " FROM "WHERE " AFTER;
static const char page_contact_sql[] =
    "SELECT " STORE_EVENT_COLUMNS " " FROM "WHERE e.contact = ?3 AND " AFTER;
static const char begin_sql[] = "SELECT e.time_ms, e.id " FROM "WHERE " BEGIN;
static const char begin_contact_sql[] =
    "SELECT e.time_ms, e.id " FROM "WHERE e.contact = ?3 AND " BEGIN;
static const char purge_sql[] = "DELETE FROM event WHERE id IN (SELECT id FROM event WHERE "
				"time_ms < ?1 ORDER BY time_ms LIMIT ?2)";

enum store_event_kind
store_event_row_kind(sqlite3_stmt *statement)
{
	return (enum store_event_kind)sqlite3_column_int(statement, 2);
}

bool
store_event_row_machine(sqlite3_stmt *statement)
{
	return sqlite3_column_int(statement, 11) != 0;
}

struct store_event
store_event_copy(sqlite3_stmt *statement, struct arena *arena, bool *full)
{
	return (struct store_event){
	    .id = sqlite3_column_int64(statement, 0),
	    .contact = sqlite3_column_int64(statement, 1),
	    .kind = store_event_row_kind(statement),
	    .type = store_db_copy(statement, 3, arena, full),
	    .time_ms = sqlite3_column_int64(statement, 4),
	    .received_ms = sqlite3_column_int64(statement, 5),
	    .source = store_db_copy(statement, 6, arena, full),
	    .source_id = store_db_copy(statement, 7, arena, full),
	    .campaign = sqlite3_column_int64(statement, 8),
	    .message = store_db_copy(statement, 9, arena, full),
	    .link = sqlite3_column_int64(statement, 10),
	    .machine = store_event_row_machine(statement),
	    .properties = store_db_copy(statement, 12, arena, full),
	};
}

/* Reads all rows, at most `max`, into the list; how many, or -1. */
static int64_t
read_rows(struct store_db *db, sqlite3_stmt *statement, struct arena *arena,
    struct store_event *list, size_t max, struct err *err)
{
	bool full = false;
	size_t count = 0;
	int rc = 0;

	while (count < max && (rc = store_db_step(db, statement, "read events", err)) == 1)
		list[count++] = store_event_copy(statement, arena, &full);
	sqlite3_reset(statement);
	if (full)
		return err_set(err, ERR_LIMIT, "event: arena full");
	return rc < 0 ? -1 : (int64_t)count;
}

int
store_event_get(struct store *store, int64_t id, struct arena *arena, struct store_event *event_r,
    struct err *err)
{
	struct store_db *db = store_read_begin(store, err);
	sqlite3_stmt *statement;
	int64_t count = -1;

	if (db == NULL)
		return -1;
	statement = store_db_statement(db, get_sql, err);
	if (statement != NULL) {
		store_db_bind_int(statement, 1, id);
		count = read_rows(db, statement, arena, event_r, 1, err);
	}
	store_read_end(store, db);
	return (int)count;
}

int
store_event_after(struct store *store, int64_t after, size_t max, struct arena *arena,
    struct store_event **events_r, size_t *count_r, struct err *err)
{
	struct store_db *db;
	sqlite3_stmt *statement;
	int64_t count = -1;

	*events_r = arena_zalloc(arena, max, sizeof **events_r);
	*count_r = 0;
	if (*events_r == NULL)
		return err_set(err, ERR_LIMIT, "event: arena full");
	db = store_read_begin(store, err);
	if (db == NULL)
		return -1;
	statement = store_db_statement(db, after_sql, err);
	if (statement != NULL) {
		store_db_bind_int(statement, 1, after);
		store_db_bind_int(statement, 2, (int64_t)max);
		count = read_rows(db, statement, arena, *events_r, max, err);
	}
	store_read_end(store, db);
	if (count < 0)
		return -1;
	*count_r = (size_t)count;
	return 0;
}

int
store_event_last(struct store *store, int64_t *id_r, struct err *err)
{
	struct store_db *db = store_read_begin(store, err);
	sqlite3_stmt *statement;
	int rc = -1;

	if (db == NULL)
		return -1;
	statement = store_db_statement(db, last_sql, err);
	if (statement != NULL)
		rc = store_db_step(db, statement, "read events", err);
	if (rc == 1) {
		*id_r = sqlite3_column_int64(statement, 0);
		sqlite3_reset(statement);
	}
	store_read_end(store, db);
	return rc == 1 ? 0 : -1;
}

/* --- page by page --- */

struct place {
	int64_t time_ms, id;
};

static sqlite3_stmt *
prepare(struct store_db *db, const char *sql, const struct store_event_filter *filter,
    const struct place *place, int64_t number, struct err *err)
{
	sqlite3_stmt *statement = store_db_statement(db, sql, err);

	if (statement == NULL)
		return NULL;
	store_db_bind_int(statement, 1, place->time_ms);
	store_db_bind_int(statement, 2, place->id);
	store_db_bind_int(statement, 3, filter->contact);
	store_db_bind_int(statement, 4, filter->kind);
	store_db_bind_str(statement, 5, filter->type);
	store_db_bind_int(statement, 6, filter->type.p == NULL);
	store_db_bind_int(statement, 7, number);
	return statement;
}

/* Where the newest so many begin: just before the first of them. */
static int
find_begin(struct store *store, const struct store_event_filter *filter, struct place *place,
    struct err *err)
{
	struct store_db *db = store_read_begin(store, err);
	sqlite3_stmt *statement;
	int rc = -1;

	if (db == NULL)
		return -1;
	statement = prepare(db, filter->contact != 0 ? begin_contact_sql : begin_sql, filter, place,
	    (int64_t)filter->newest - 1, err);
	if (statement != NULL)
		rc = store_db_step(db, statement, "read events", err);
	if (rc == 1) {
		place->time_ms = sqlite3_column_int64(statement, 0);
		place->id = sqlite3_column_int64(statement, 1) - 1;
		sqlite3_reset(statement);
	}
	store_read_end(store, db);
	return rc < 0 ? -1 : 0;
}

static int64_t
read_page(struct store *store, const struct store_event_filter *filter, const struct place *place,
    struct arena *arena, struct store_event *page, struct err *err)
{
	struct store_db *db = store_read_begin(store, err);
	sqlite3_stmt *statement;
	int64_t count = -1;

	if (db == NULL)
		return -1;
	statement = prepare(
	    db, filter->contact != 0 ? page_contact_sql : page_sql, filter, place, PAGE, err);
	if (statement != NULL)
		count = read_rows(db, statement, arena, page, PAGE, err);
	store_read_end(store, db);
	return count;
}

int
store_event_each(struct store *store, const struct store_event_filter *filter,
    bool (*each)(const struct store_event *event, void *closure), void *closure, struct err *err)
{
	struct arena *arena = arena_new(PAGE_MEMORY);
	struct place place = {filter->since_ms, 0};
	struct store_event page[PAGE];
	int64_t count = PAGE;

	if (filter->newest > 0 && find_begin(store, filter, &place, err) != 0)
		count = -1;
	while (count == PAGE) {
		arena_reset(arena);
		count = read_page(store, filter, &place, arena, page, err);
		for (int64_t i = 0; i < count; i++) {
			place = (struct place){page[i].time_ms, page[i].id};
			if (!each(&page[i], closure)) {
				count = 0;
				break;
			}
		}
	}
	arena_free(&arena);
	return count < 0 ? -1 : 0;
}

/* --- upkeep --- */

int
store_event_purge(
    struct store *store, int64_t before_ms, size_t max, size_t *deleted_r, struct err *err)
{
	struct store_db *db = store_write_begin(store, STORE_PROCESS_SAFE, err);
	sqlite3_stmt *statement;
	int rc = -1;

	*deleted_r = 0;
	if (db == NULL)
		return -1;
	statement = store_db_statement(db, purge_sql, err);
	if (statement != NULL) {
		store_db_bind_int(statement, 1, before_ms);
		store_db_bind_int(statement, 2, (int64_t)max);
		rc = store_db_run(db, statement, "delete old events", err);
	}
	if (rc == 0)
		*deleted_r = (size_t)sqlite3_changes(db->handle);
	return store_write_end(store, rc, err);
}
