/* SPDX-License-Identifier: BSD-2-Clause
 *
 * delivery_log: see delivery.h; this file: what the follower of the log has in hand
 *
 * Threads: any.
 * Fails:   ERR_LIMIT (the arena), and db.c's.
 */
#include "store/delivery.h"

#include "store/db.h"

#include <stdio.h>

static const char name_put_sql[] =
    "INSERT INTO delivery_name (queue_id, message_id, time_ms) VALUES (?1, ?2, ?3) "
    "ON CONFLICT (queue_id) DO UPDATE SET message_id = excluded.message_id, "
    "time_ms = excluded.time_ms";
static const char name_drop_sql[] = "DELETE FROM delivery_name WHERE queue_id = ?1";
static const char name_purge_sql[] = "DELETE FROM delivery_name WHERE time_ms < ?1";
static const char name_each_sql[] =
    "SELECT queue_id, message_id, time_ms FROM (SELECT queue_id, message_id, time_ms "
    "FROM delivery_name ORDER BY time_ms DESC LIMIT ?1) ORDER BY time_ms";

static const char early_put_sql[] =
    "INSERT INTO delivery_early (queue_id, message_id, recipient, original, outcome, began_ms, "
    "time_ms, delay_ms, relay, status, text, next, since_ms) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) "
    "ON CONFLICT (queue_id, recipient, outcome, delay_ms) DO NOTHING";
static const char early_drop_sql[] = "DELETE FROM delivery_early WHERE id = ?1";
static const char early_sql[] =
    "SELECT id, queue_id, message_id, recipient, original, outcome, began_ms, time_ms, delay_ms, "
    "relay, status, text, next, since_ms FROM delivery_early WHERE id > ?1 ORDER BY id LIMIT ?2";
static const char early_count_sql[] = "SELECT count(*) FROM delivery_early";

static const char places_sql[] = "SELECT device, inode, place, head_n, head, time_ms "
				 "FROM mail_log_place ORDER BY number LIMIT ?1";
static const char places_clear_sql[] = "DELETE FROM mail_log_place";
static const char place_put_sql[] =
    "INSERT INTO mail_log_place (number, device, inode, place, head_n, head, time_ms) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

/* Runs a statement with up to one number and two texts; NULL text: not bound. */
static int
write_one(struct store *store, const char *sql, const struct str *texts, int text_count,
    int64_t number, bool numbered, struct err *err)
{
	struct store_db *db = store_write_begin(store, STORE_PROCESS_SAFE, err);
	sqlite3_stmt *statement = db == NULL ? NULL : store_db_statement(db, sql, err);
	int rc = -1;

	if (db == NULL)
		return -1;
	if (statement != NULL) {
		for (int i = 0; i < text_count; i++)
			store_db_bind_str(statement, i + 1, texts[i]);
		if (numbered)
			store_db_bind_int(statement, text_count + 1, number);
		rc = store_db_run(db, statement, "write deliveries", err);
	}
	return store_write_end(store, rc, err);
}

/* --- names --- */

int
store_delivery_name_put(struct store *store, struct str queue_id, struct str message_id,
    int64_t time_ms, struct err *err)
{
	const struct str texts[] = {queue_id, message_id};

	return write_one(store, name_put_sql, texts, 2, time_ms, true, err);
}

int
store_delivery_name_drop(struct store *store, struct str queue_id, struct err *err)
{
	return write_one(store, name_drop_sql, &queue_id, 1, 0, false, err);
}

int
store_delivery_name_purge(struct store *store, int64_t before_ms, struct err *err)
{
	return write_one(store, name_purge_sql, NULL, 0, before_ms, true, err);
}

int
store_delivery_name_each(struct store *store, size_t max,
    void (*each)(struct str queue_id, struct str message_id, int64_t time_ms, void *closure),
    void *closure, struct err *err)
{
	struct store_db *db = store_read_begin(store, err);
	sqlite3_stmt *statement = db == NULL ? NULL : store_db_statement(db, name_each_sql, err);
	int rc = -1;

	if (db == NULL)
		return -1;
	if (statement != NULL) {
		store_db_bind_int(statement, 1, (int64_t)max);
		while ((rc = store_db_step(db, statement, "read deliveries", err)) == 1)
			each(store_db_str(statement, 0), store_db_str(statement, 1),
			    sqlite3_column_int64(statement, 2), closure);
	}
	store_read_end(store, db);
	return rc;
}

/* --- early results --- */

static void
bind_word(sqlite3_stmt *statement, const struct store_delivery_word *word)
{
	store_db_bind_str(statement, 1, word->queue_id);
	store_db_bind_str(statement, 2, word->message_id);
	store_db_bind_str(statement, 3, word->recipient);
	store_db_bind_str(statement, 4, word->original);
	store_db_bind_int(statement, 5, word->outcome);
	store_db_bind_int(statement, 6, word->began_ms);
	store_db_bind_int(statement, 7, word->time_ms);
	store_db_bind_int(statement, 8, word->delay_ms);
	store_db_bind_str(statement, 9, word->relay);
	store_db_bind_str(statement, 10, word->status);
	store_db_bind_str(statement, 11, word->text);
	store_db_bind_str(statement, 12, word->next);
	store_db_bind_int(statement, 13, word->since_ms);
}

int
store_delivery_early_put(
    struct store *store, const struct store_delivery_word *word, struct err *err)
{
	struct store_db *db = store_write_begin(store, STORE_PROCESS_SAFE, err);
	sqlite3_stmt *statement = db == NULL ? NULL : store_db_statement(db, early_put_sql, err);
	int rc = -1;

	if (db == NULL)
		return -1;
	if (statement != NULL) {
		bind_word(statement, word);
		rc = store_db_run(db, statement, "write deliveries", err);
	}
	return store_write_end(store, rc, err);
}

int
store_delivery_early_drop(struct store *store, int64_t id, struct err *err)
{
	return write_one(store, early_drop_sql, NULL, 0, id, true, err);
}

static struct store_delivery_word
copy_word(sqlite3_stmt *statement, struct arena *arena, bool *full)
{
	return (struct store_delivery_word){
	    .id = sqlite3_column_int64(statement, 0),
	    .queue_id = store_db_copy(statement, 1, arena, full),
	    .message_id = store_db_copy(statement, 2, arena, full),
	    .recipient = store_db_copy(statement, 3, arena, full),
	    .original = store_db_copy(statement, 4, arena, full),
	    .outcome = (enum store_outcome)sqlite3_column_int(statement, 5),
	    .began_ms = sqlite3_column_int64(statement, 6),
	    .time_ms = sqlite3_column_int64(statement, 7),
	    .delay_ms = sqlite3_column_int64(statement, 8),
	    .relay = store_db_copy(statement, 9, arena, full),
	    .status = store_db_copy(statement, 10, arena, full),
	    .text = store_db_copy(statement, 11, arena, full),
	    .next = store_db_copy(statement, 12, arena, full),
	    .since_ms = sqlite3_column_int64(statement, 13),
	};
}

int
store_delivery_early(struct store *store, int64_t after, struct arena *arena,
    struct store_delivery_word *words_r, size_t max, struct err *err)
{
	struct store_db *db = store_read_begin(store, err);
	sqlite3_stmt *statement = db == NULL ? NULL : store_db_statement(db, early_sql, err);
	bool full = false;
	int rc = -1, count = 0;

	if (db == NULL)
		return -1;
	if (statement != NULL) {
		store_db_bind_int(statement, 1, after);
		store_db_bind_int(statement, 2, (int64_t)max);
		while ((rc = store_db_step(db, statement, "read deliveries", err)) == 1)
			words_r[count++] = copy_word(statement, arena, &full);
	}
	store_read_end(store, db);
	if (full)
		return err_set(err, ERR_LIMIT, "deliveries: arena full");
	return rc < 0 ? -1 : count;
}

int
store_delivery_early_count(struct store *store, int64_t *count_r, struct err *err)
{
	struct store_db *db = store_read_begin(store, err);
	sqlite3_stmt *statement = db == NULL ? NULL : store_db_statement(db, early_count_sql, err);
	int rc = -1;

	if (db == NULL)
		return -1;
	if (statement != NULL)
		rc = store_db_step(db, statement, "count deliveries", err);
	if (rc == 1) {
		*count_r = sqlite3_column_int64(statement, 0);
		sqlite3_reset(statement);
	}
	store_read_end(store, db);
	return rc == 1 ? 0 : -1;
}

/* --- places --- */

int
store_log_places(struct store *store, struct store_log_place *places_r, size_t max, size_t *count_r,
    struct err *err)
{
	struct store_db *db = store_read_begin(store, err);
	sqlite3_stmt *statement = db == NULL ? NULL : store_db_statement(db, places_sql, err);
	int rc = -1;

	*count_r = 0;
	if (db == NULL)
		return -1;
	if (statement != NULL) {
		store_db_bind_int(statement, 1, (int64_t)max);
		while ((rc = store_db_step(db, statement, "read the log's places", err)) == 1) {
			struct store_log_place *place = &places_r[(*count_r)++];
			struct str head = store_db_str(statement, 4);

			place->device = sqlite3_column_int64(statement, 0);
			place->inode = sqlite3_column_int64(statement, 1);
			place->offset = sqlite3_column_int64(statement, 2);
			place->head_n = sqlite3_column_int64(statement, 3);
			snprintf(place->head, sizeof place->head, "%.*s", STR_F(head));
			place->time_ms = sqlite3_column_int64(statement, 5);
		}
	}
	store_read_end(store, db);
	return rc;
}

static int
put_place(struct store_db *db, int64_t number, const struct store_log_place *place, struct err *err)
{
	sqlite3_stmt *statement = store_db_statement(db, place_put_sql, err);

	if (statement == NULL)
		return -1;
	store_db_bind_int(statement, 1, number);
	store_db_bind_int(statement, 2, place->device);
	store_db_bind_int(statement, 3, place->inode);
	store_db_bind_int(statement, 4, place->offset);
	store_db_bind_int(statement, 5, place->head_n);
	store_db_bind_str(statement, 6, str_c(place->head));
	store_db_bind_int(statement, 7, place->time_ms);
	return store_db_run(db, statement, "write the log's places", err);
}

int
store_log_places_put(
    struct store *store, const struct store_log_place *places, size_t count, struct err *err)
{
	struct store_db *db = store_write_begin(store, STORE_PROCESS_SAFE, err);
	sqlite3_stmt *statement;
	int rc = -1;

	if (db == NULL)
		return -1;
	statement = store_db_statement(db, places_clear_sql, err);
	if (statement != NULL)
		rc = store_db_run(db, statement, "write the log's places", err);
	for (size_t i = 0; i < count && rc == 0; i++)
		rc = put_place(db, (int64_t)i, &places[i], err);
	return store_write_end(store, rc, err);
}
