/* SPDX-License-Identifier: BSD-2-Clause
 *
 * webhook: see webhook.h
 *
 * Threads: any.
 * Fails:   ERR_LIMIT (arena), and db.c's.
 */
#include "store/webhook.h"

#include "store/db.h"

#define COLUMNS                                                                         \
	"name, state, revision, cursor, batch_last, batch_id, batch_digest, failures, " \
	"failing_ms, "                                                                  \
	"tried_ms, next_ms, sent, answer"
#define ROW_MEMORY ((size_t)64 << 10)

static const char get_sql[] = "SELECT " COLUMNS " FROM webhook WHERE name = ?1";
static const char each_sql[] = "SELECT " COLUMNS " FROM webhook WHERE name > ?1 "
			       "ORDER BY name LIMIT 1";
static const char add_sql[] =
    "INSERT INTO webhook (" COLUMNS ") SELECT ?1, 0, 0, coalesce(max(id), 0), 0, '', x'', 0, 0, 0, "
    "0, 0, '' FROM event WHERE true ON CONFLICT (name) DO NOTHING";
static const char change_sql[] =
    "UPDATE webhook SET state = ?3, revision = revision + 1, cursor = ?4, batch_last = ?5, "
    "batch_id = ?6, batch_digest = ?7, failures = ?8, failing_ms = ?9, tried_ms = ?10, "
    "next_ms = ?11, sent = ?12, answer = ?13 WHERE name = ?1 AND revision = ?2";
static const char behind_sql[] =
    "SELECT t.kind, t.name, count(*) FROM (SELECT type FROM event WHERE id > ?1 ORDER BY id "
    "LIMIT ?2) e JOIN event_type t ON t.id = e.type GROUP BY t.id";
static const char before_sql[] =
    "SELECT coalesce((SELECT id - 1 FROM event WHERE received_ms >= ?1 ORDER BY id LIMIT 1), "
    "(SELECT max(id) FROM event), 0)";

const char *
store_webhook_state_name(enum store_webhook_state state)
{
	static const char *const names[] = {[STORE_WEBHOOK_ACTIVE] = "active",
	    [STORE_WEBHOOK_PAUSED] = "paused",
	    [STORE_WEBHOOK_GONE] = "gone"};

	return (size_t)state < sizeof names / sizeof names[0] ? names[state] : "unknown";
}

static struct store_webhook
copy_row(sqlite3_stmt *statement, struct arena *arena, bool *full)
{
	struct store_webhook hook = {
	    .name = store_db_copy(statement, 0, arena, full),
	    .state = (enum store_webhook_state)sqlite3_column_int(statement, 1),
	    .revision = sqlite3_column_int64(statement, 2),
	    .cursor = sqlite3_column_int64(statement, 3),
	    .batch_last = sqlite3_column_int64(statement, 4),
	    .batch_id = store_db_copy(statement, 5, arena, full),
	    .failures = sqlite3_column_int64(statement, 7),
	    .failing_ms = sqlite3_column_int64(statement, 8),
	    .tried_ms = sqlite3_column_int64(statement, 9),
	    .next_ms = sqlite3_column_int64(statement, 10),
	    .sent = sqlite3_column_int64(statement, 11),
	    .answer = store_db_copy(statement, 12, arena, full),
	};

	if (sqlite3_column_bytes(statement, 6) == (int)sizeof hook.batch_digest.byte)
		memcpy(hook.batch_digest.byte, sqlite3_column_blob(statement, 6),
		    sizeof hook.batch_digest.byte);
	return hook;
}

/* 1, 0, -1. */
static int
read_row(struct store_db *db, const char *sql, struct str name, struct arena *arena,
    struct store_webhook *hook_r, struct err *err)
{
	sqlite3_stmt *statement = store_db_statement(db, sql, err);
	bool full = false;
	int rc;

	if (statement == NULL)
		return -1;
	store_db_bind_str(statement, 1, name);
	rc = store_db_step(db, statement, "read webhooks", err);
	if (rc == 1) {
		*hook_r = copy_row(statement, arena, &full);
		sqlite3_reset(statement);
	}
	return full ? err_set(err, ERR_LIMIT, "webhook: arena full") : rc;
}

static int
read_one(struct store *store, const char *sql, struct str name, struct arena *arena,
    struct store_webhook *hook_r, struct err *err)
{
	struct store_db *db = store_read_begin(store, err);
	int rc;

	if (db == NULL)
		return -1;
	rc = read_row(db, sql, name, arena, hook_r, err);
	store_read_end(store, db);
	return rc;
}

int
store_webhook_get(struct store *store, struct str name, struct arena *arena,
    struct store_webhook *hook_r, struct err *err)
{
	return read_one(store, get_sql, name, arena, hook_r, err);
}

int
store_webhook_add(struct store *store, struct str name, struct arena *arena,
    struct store_webhook *hook_r, struct err *err)
{
	int rc = store_webhook_get(store, name, arena, hook_r, err);
	sqlite3_stmt *statement;
	struct store_db *db;

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	db = store_write_begin(store, STORE_POWER_SAFE, err);
	if (db == NULL)
		return -1;
	rc = -1;
	statement = store_db_statement(db, add_sql, err);
	if (statement != NULL) {
		store_db_bind_str(statement, 1, name);
		rc = store_db_run(db, statement, "write webhooks", err);
	}
	if (rc == 0 && read_row(db, get_sql, name, arena, hook_r, err) != 1)
		rc = -1;
	return store_write_end(store, rc, err);
}

int
store_webhook_change(struct store *store, struct store_webhook *hook, bool safe, struct err *err)
{
	struct store_db *db =
	    store_write_begin(store, safe ? STORE_POWER_SAFE : STORE_PROCESS_SAFE, err);
	sqlite3_stmt *statement;
	int rc = -1, changed = 0;

	if (db == NULL)
		return -1;
	statement = store_db_statement(db, change_sql, err);
	if (statement != NULL) {
		store_db_bind_str(statement, 1, hook->name);
		store_db_bind_int(statement, 2, hook->revision);
		store_db_bind_int(statement, 3, hook->state);
		store_db_bind_int(statement, 4, hook->cursor);
		store_db_bind_int(statement, 5, hook->batch_last);
		store_db_bind_str(statement, 6, hook->batch_id);
		store_db_bind_blob(statement, 7,
		    (struct str){
			(const char *)hook->batch_digest.byte, sizeof hook->batch_digest.byte});
		store_db_bind_int(statement, 8, hook->failures);
		store_db_bind_int(statement, 9, hook->failing_ms);
		store_db_bind_int(statement, 10, hook->tried_ms);
		store_db_bind_int(statement, 11, hook->next_ms);
		store_db_bind_int(statement, 12, hook->sent);
		store_db_bind_str(statement, 13, hook->answer);
		rc = store_db_run(db, statement, "write webhooks", err);
	}
	if (rc == 0)
		changed = sqlite3_changes(db->handle);
	if (store_write_end(store, rc, err) != 0)
		return -1;
	hook->revision += changed;
	return changed;
}

int
store_webhook_each(struct store *store,
    bool (*each)(const struct store_webhook *hook, void *closure), void *closure, struct err *err)
{
	struct arena *arenas[] = {arena_new(ROW_MEMORY), arena_new(ROW_MEMORY)};
	struct store_webhook hook = {.name = STR("")};
	size_t turn = 0;
	int rc;

	/* The last name has to live while the next row is read. */
	do {
		turn = 1 - turn;
		arena_reset(arenas[turn]);
		rc = read_one(store, each_sql, hook.name, arenas[turn], &hook, err);
	} while (rc == 1 && each(&hook, closure));
	arena_free(&arenas[0]);
	arena_free(&arenas[1]);
	return rc < 0 ? -1 : 0;
}

int
store_webhook_behind(struct store *store, int64_t cursor, int64_t max,
    void (*each)(enum store_event_kind kind, struct str type, int64_t count, void *closure),
    void *closure, struct err *err)
{
	struct store_db *db = store_read_begin(store, err);
	sqlite3_stmt *statement;
	int rc = -1;

	if (db == NULL)
		return -1;
	statement = store_db_statement(db, behind_sql, err);
	if (statement != NULL) {
		store_db_bind_int(statement, 1, cursor);
		store_db_bind_int(statement, 2, max);
		while ((rc = store_db_step(db, statement, "count events", err)) == 1)
			each((enum store_event_kind)sqlite3_column_int(statement, 0),
			    store_db_str(statement, 1), sqlite3_column_int64(statement, 2),
			    closure);
	}
	store_read_end(store, db);
	return rc;
}

int
store_webhook_before(struct store *store, int64_t received_ms, int64_t *id_r, struct err *err)
{
	struct store_db *db = store_read_begin(store, err);
	sqlite3_stmt *statement;
	int rc = -1;

	*id_r = 0;
	if (db == NULL)
		return -1;
	statement = store_db_statement(db, before_sql, err);
	if (statement != NULL) {
		store_db_bind_int(statement, 1, received_ms);
		rc = store_db_step(db, statement, "read events", err);
	}
	if (rc == 1) {
		*id_r = sqlite3_column_int64(statement, 0);
		sqlite3_reset(statement);
	}
	store_read_end(store, db);
	return rc == 1 ? 0 : -1;
}
