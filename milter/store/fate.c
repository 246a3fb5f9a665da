/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fate: see fate.h
 *
 * A recipient's copies are found through the journal, the events of each by their ids: both are
 * unique indexes, so the cost is in how much mail one address got.
 *
 * Threads: any.
 * Fails:   ERR_LIMIT (a recipient over 4 KB, the arena), and db.c's.
 */
#include "store/fate.h"

#include "base/id.h"
#include "store/db.h"

#define KEY_MEMORY ((size_t)16 * 1024)
#define ID_BYTES   16

/* The index is of those that have an id. */
static const char known_sql[] =
    "SELECT 1 FROM event WHERE source_id = ?1 AND source = ?2 AND source_id <> ''";
static const char copies_sql[] = "SELECT message, time_ms FROM journal WHERE recipient_key = ?1 "
				 "AND time_ms >= ?2 ORDER BY time_ms DESC, id DESC";
/* Each kind goes its own way through event_contact_type. */
static const char people_sql[] =
    "SELECT coalesce(max(time_ms), 0) FROM event WHERE contact = ?1 AND machine = 0 "
    "AND type IN (SELECT id FROM event_type WHERE kind IN (?2, ?3))";
static const char copy_sql[] =
    "SELECT time_ms, message, campaign, recipient, contact_id, queue_id, message_id, "
    "sender_domain FROM journal "
    "WHERE recipient_key = ?1 AND message >= ?2 AND message < ?2 || 'g' "
    "AND (?3 = '' OR message_id = ?3) ORDER BY time_ms DESC LIMIT 1";

bool
store_fate_id(
    struct str message, struct str recipient, enum store_fate fate, char id[STORE_FATE_ID_SIZE])
{
	struct arena *arena = arena_new(KEY_MEMORY);
	struct str pieces[] = {message, store_recipient_key(recipient, arena)};
	struct id_digest digest = id_digest(pieces, 2);

	arena_free(&arena);
	id_hex(&digest, ID_BYTES, id);
	id[2 * (size_t)ID_BYTES] = (char)fate;
	id[2 * (size_t)ID_BYTES + 1] = '\0';
	return fate != STORE_FATE_NONE && message.n > 0 && recipient.n > 0;
}

/* 1, 0, -1 */
static int
known(struct store_db *db, struct str message, struct str recipient, enum store_fate fate,
    struct err *err)
{
	sqlite3_stmt *statement;
	char id[STORE_FATE_ID_SIZE];
	int rc;

	if (!store_fate_id(message, recipient, fate, id))
		return 0;
	statement = store_db_statement(db, known_sql, err);
	if (statement == NULL)
		return -1;
	store_db_bind_str(statement, 1, str_c(id));
	store_db_bind_str(statement, 2, STR(STORE_FATE_SOURCE));
	rc = store_db_step(db, statement, "read an event", err);
	if (rc == 1)
		sqlite3_reset(statement);
	return rc;
}

int
store_fate_known(struct store *store, struct str message, struct str recipient,
    enum store_fate fate, struct err *err)
{
	struct store_db *db = store_read_begin(store, err);
	int rc;

	if (db == NULL)
		return -1;
	rc = known(db, message, recipient, fate, err);
	store_read_end(store, db);
	return rc;
}

/* --- signs of life --- */

/* When the contact last opened or clicked something, a person as far as is known; 0: never. */
static int
last_seen(struct store_db *db, int64_t contact, int64_t *time_r, struct err *err)
{
	sqlite3_stmt *statement;

	*time_r = 0;
	if (contact == 0)
		return 0;
	statement = store_db_statement(db, people_sql, err);
	if (statement == NULL)
		return -1;
	store_db_bind_int(statement, 1, contact);
	store_db_bind_int(statement, 2, STORE_EVENT_OPENED);
	store_db_bind_int(statement, 3, STORE_EVENT_CLICKED);
	if (store_db_step(db, statement, "read events", err) != 1)
		return -1;
	*time_r = sqlite3_column_int64(statement, 0);
	sqlite3_reset(statement);
	return 0;
}

/* A report may come after the relay said that it was delivered: then that was not the end. */
static int
fate_of(struct store_db *db, struct str message, struct str key, enum store_fate *fate_r,
    struct err *err)
{
	static const enum store_fate order[] = {
	    STORE_FATE_DEAD, STORE_FATE_FAILED, STORE_FATE_TURNED, STORE_FATE_DELIVERED};
	int rc;

	*fate_r = STORE_FATE_NONE;
	for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
		rc = known(db, message, key, order[i], err);
		if (rc == 1)
			*fate_r = order[i];
		if (rc != 0)
			return rc < 0 ? -1 : 0;
	}
	return 0;
}

struct walk {
	struct str key;
	int64_t seen_ms;
	int max;
	int failed;
	bool alive;
};

/* Newest first, until a sign of life. */
static int
walk_copies(struct store_db *db, struct walk *walk, int64_t since_ms, struct err *err)
{
	sqlite3_stmt *statement = store_db_statement(db, copies_sql, err);
	enum store_fate fate;
	int rc;

	if (statement == NULL)
		return -1;
	store_db_bind_str(statement, 1, walk->key);
	store_db_bind_int(statement, 2, since_ms);
	while ((rc = store_db_step(db, statement, "read the journal", err)) == 1) {
		if (sqlite3_column_int64(statement, 1) <= walk->seen_ms)
			break;
		if (fate_of(db, store_db_str(statement, 0), walk->key, &fate, err) != 0) {
			sqlite3_reset(statement);
			return -1;
		}
		walk->alive = fate == STORE_FATE_DELIVERED;
		walk->failed += fate == STORE_FATE_DEAD || fate == STORE_FATE_FAILED;
		if (walk->alive || (walk->max > 0 && walk->failed >= walk->max))
			break;
	}
	if (rc == 1)
		sqlite3_reset(statement);
	return rc < 0 ? -1 : 0;
}

static int
look(struct store *store, struct str recipient, int64_t contact, int64_t since_ms,
    struct walk *walk, struct err *err)
{
	struct arena *arena = arena_new(KEY_MEMORY);
	struct store_db *db = NULL;
	int rc = -1;

	walk->key = store_recipient_key(recipient, arena);
	if (walk->key.p == NULL)
		err_set(err, ERR_LIMIT, "the recipient's address is too long");
	else
		db = store_read_begin(store, err);
	if (db != NULL) {
		rc = last_seen(db, contact, &walk->seen_ms, err);
		if (rc == 0)
			rc = walk_copies(db, walk, since_ms, err);
		store_read_end(store, db);
	}
	arena_free(&arena);
	return rc;
}

int
store_fate_failures(struct store *store, struct str recipient, int64_t contact, int64_t since_ms,
    int max, int *count_r, struct err *err)
{
	struct walk walk = {.max = max};
	int rc = look(store, recipient, contact, since_ms, &walk, err);

	*count_r = walk.failed;
	return rc;
}

int
store_fate_alive(
    struct store *store, struct str recipient, int64_t contact, int64_t after_ms, struct err *err)
{
	struct walk walk = {.max = 0};

	if (look(store, recipient, contact, after_ms + 1, &walk, err) != 0)
		return -1;
	return walk.alive || walk.seen_ms > after_ms;
}

/* --- whose it is --- */

int
store_fate_copy(struct store *store, struct str recipient, struct str prefix, struct str message_id,
    struct arena *arena, struct store_journal_row *row_r, struct err *err)
{
	struct str key = store_recipient_key(recipient, arena);
	struct store_db *db = key.p == NULL ? NULL : store_read_begin(store, err);
	sqlite3_stmt *statement;
	bool full = false;
	int rc = -1;

	if (key.p == NULL)
		return err_set(err, ERR_LIMIT, "the recipient's address is too long");
	if (db == NULL)
		return -1;
	statement = store_db_statement(db, copy_sql, err);
	if (statement != NULL) {
		store_db_bind_str(statement, 1, key);
		store_db_bind_str(statement, 2, prefix);
		store_db_bind_str(statement, 3, message_id);
		rc = store_db_step(db, statement, "read the journal", err);
	}
	if (rc == 1) {
		*row_r = (struct store_journal_row){
		    .time_ms = sqlite3_column_int64(statement, 0),
		    .message = store_db_copy(statement, 1, arena, &full),
		    .campaign = store_db_copy(statement, 2, arena, &full),
		    .recipient = store_db_copy(statement, 3, arena, &full),
		    .contact_id = sqlite3_column_int64(statement, 4),
		    .queue_id = store_db_copy(statement, 5, arena, &full),
		    .message_id = store_db_copy(statement, 6, arena, &full),
		    .sender_domain = store_db_copy(statement, 7, arena, &full),
		};
		sqlite3_reset(statement);
	}
	store_read_end(store, db);
	return full ? err_set(err, ERR_LIMIT, "journal: arena full") : rc;
}
