/* SPDX-License-Identifier: BSD-2-Clause
 *
 * outbox_put: take a message and its recipients over from the relay
 *
 * One transaction, synced: after it the relay's client is told 250 and forgets. A
 * recipient that stands twice in one message, or was in the same message before, is
 * one row: the unique index decides, by the address's key.
 *
 * Threads: any.
 * Fails:   ERR_LIMIT (a message beyond 1 GB, an address beyond 4 KB), and db.c's.
 */
#include "store/outbox.h"

#include "base/clock.h"
#include "store/db.h"

#define KEY_MEMORY ((size_t)16 * 1024)

static const char known_sql[] = "SELECT id, campaign FROM outbox_message WHERE resubmit_key = ?1 "
				"AND created_ms > ?2 ORDER BY created_ms DESC LIMIT 1";
static const char add_campaign_sql[] = "INSERT INTO outbox_campaign (name, paused, next_ns) "
				       "VALUES (?1, 0, 0) ON CONFLICT (name) DO NOTHING";
static const char find_campaign_sql[] = "SELECT id FROM outbox_campaign WHERE name = ?1";
static const char find_body_sql[] = "SELECT id FROM outbox_body WHERE digest = ?1";
static const char add_body_sql[] = "INSERT INTO outbox_body (digest, raw) VALUES (?1, ?2)";
static const char add_message_sql[] =
    "INSERT INTO outbox_message (resubmit_key, campaign, body, sender, mail_args, smtputf8, "
    "queue_id, created_ms, known_until_ms, key, sender_domain) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
static const char add_row_sql[] =
    "INSERT INTO outbox_row (message, campaign, address_key, address, rcpt_args, state, "
    "cancelled, due_ms, first_due_ms, slot, claimed_ms, finished_ms, attempts, message_id, "
    "queue_id, reason) VALUES (?1, ?2, ?3, ?4, ?5, 0, 0, ?6, ?6, 0, 0, 0, 0, '', '', '') "
    "ON CONFLICT (message, address_key) DO NOTHING";

/* 1 known (ids set), 0 new, -1. */
static int
find_known(struct store_db *db, const struct store_outbox_message *message, int64_t now,
    int64_t *id_r, int64_t *campaign_r, struct err *err)
{
	sqlite3_stmt *statement;
	int rc;

	if (message->resubmit_ms <= 0)
		return 0;
	statement = store_db_statement(db, known_sql, err);
	if (statement == NULL)
		return -1;
	store_db_bind_str(statement, 1, message->resubmit_key);
	store_db_bind_int(statement, 2, now - message->resubmit_ms);
	rc = store_db_step(db, statement, "look for the message", err);
	if (rc == 1) {
		*id_r = sqlite3_column_int64(statement, 0);
		*campaign_r = sqlite3_column_int64(statement, 1);
		sqlite3_reset(statement);
	}
	return rc;
}

static int
put_campaign(struct store_db *db, struct str name, int64_t *id_r, struct err *err)
{
	sqlite3_stmt *add = store_db_statement(db, add_campaign_sql, err);
	sqlite3_stmt *find = store_db_statement(db, find_campaign_sql, err);

	if (add == NULL || find == NULL)
		return -1;
	store_db_bind_str(add, 1, name);
	if (store_db_run(db, add, "add a campaign", err) != 0)
		return -1;
	store_db_bind_str(find, 1, name);
	if (store_db_step(db, find, "find a campaign", err) != 1)
		return -1;
	*id_r = sqlite3_column_int64(find, 0);
	sqlite3_reset(find);
	return 0;
}

int
store_body_put(struct store_db *db, struct str raw, const struct id_digest *digest, int64_t *id_r,
    struct err *err)
{
	sqlite3_stmt *find = store_db_statement(db, find_body_sql, err);
	sqlite3_stmt *add = store_db_statement(db, add_body_sql, err);
	int rc;

	if (find == NULL || add == NULL)
		return -1;
	sqlite3_bind_blob(find, 1, digest->byte, sizeof digest->byte, SQLITE_STATIC);
	rc = store_db_step(db, find, "find a body", err);
	if (rc == 1) {
		*id_r = sqlite3_column_int64(find, 0);
		sqlite3_reset(find);
		return 0;
	}
	if (rc < 0)
		return -1;
	sqlite3_bind_blob(add, 1, digest->byte, sizeof digest->byte, SQLITE_STATIC);
	if (sqlite3_bind_blob64(add, 2, raw.n == 0 ? "" : raw.p, raw.n, SQLITE_STATIC) != SQLITE_OK)
		return err_set(err, ERR_LIMIT, "a message of %zu bytes: at most 1 GB", raw.n);
	rc = store_db_run(db, add, "store a body", err);
	/* The raw message is the caller's; a long-lived statement must not point at it. */
	sqlite3_clear_bindings(add);
	*id_r = sqlite3_last_insert_rowid(db->handle);
	return rc;
}

/* Whoever sends the same again later wants it sent again: a new key, so that neither journal nor
 * relay's log take the second for the first. */
static struct str
make_key(struct str resubmit_key, char hex[ID_HEX_SIZE])
{
	struct id_digest nonce, digest;
	struct str pieces[] = {resubmit_key, {(const char *)nonce.byte, sizeof nonce.byte}};

	id_random(nonce.byte, sizeof nonce.byte);
	digest = id_digest(pieces, 2);
	return str_c(id_hex(&digest, ID_DIGEST_SIZE, hex));
}

static int
put_message(struct store_db *db, const struct store_outbox_message *message,
    const struct id_digest *digest, int64_t now, int64_t *id_r, int64_t *campaign_r,
    struct err *err)
{
	sqlite3_stmt *add = store_db_statement(db, add_message_sql, err);
	char key[ID_HEX_SIZE];
	struct arena *arena;
	int64_t body = 0;
	int rc;

	if (add == NULL || put_campaign(db, message->campaign, campaign_r, err) != 0 ||
	    store_body_put(db, message->raw, digest, &body, err) != 0)
		return -1;
	store_db_bind_str(add, 1, message->resubmit_key);
	store_db_bind_int(add, 2, *campaign_r);
	store_db_bind_int(add, 3, body);
	store_db_bind_str(add, 4, message->sender);
	store_db_bind_str(add, 5, message->mail_args);
	store_db_bind_int(add, 6, message->smtputf8);
	store_db_bind_str(add, 7, message->queue_id);
	store_db_bind_int(add, 8, now);
	store_db_bind_int(add, 9, now + message->resubmit_ms);
	store_db_bind_str(add, 10, make_key(message->resubmit_key, key));
	arena = arena_new(KEY_MEMORY);
	store_db_bind_str(add, 11, store_domain_key(message->sender_domain, arena));
	rc = store_db_run(db, add, "store a message", err);
	arena_free(&arena);
	if (rc != 0)
		return -1;
	*id_r = sqlite3_last_insert_rowid(db->handle);
	return 0;
}

static int
put_rows(struct store_db *db, int64_t message, int64_t campaign,
    const struct store_outbox_recipient *recipients, size_t count, size_t *accepted_r,
    struct err *err)
{
	sqlite3_stmt *add = store_db_statement(db, add_row_sql, err);
	struct arena *arena;
	struct str key;
	int rc = 0;

	if (add == NULL)
		return -1;
	arena = arena_new(KEY_MEMORY);
	store_db_bind_int(add, 1, message);
	store_db_bind_int(add, 2, campaign);
	for (size_t i = 0; i < count && rc == 0; i++) {
		arena_reset(arena);
		key = store_recipient_key(recipients[i].address, arena);
		if (key.p == NULL) {
			rc = err_set(err, ERR_LIMIT, "a recipient's address is too long");
			break;
		}
		store_db_bind_str(add, 3, key);
		store_db_bind_str(add, 4, recipients[i].address);
		store_db_bind_str(add, 5, recipients[i].rcpt_args);
		store_db_bind_int(add, 6, recipients[i].due_ms);
		rc = store_db_run(db, add, "store a recipient", err);
		if (rc == 0)
			*accepted_r += (size_t)sqlite3_changes(db->handle);
	}
	arena_free(&arena);
	return rc;
}

int
store_outbox_put(struct store *store, const struct store_outbox_message *message,
    const struct store_outbox_recipient *recipients, size_t count, size_t *accepted_r,
    struct err *err)
{
	/* Outside the transaction: others wait for that. */
	struct id_digest digest = id_sha256(message->raw);
	int64_t now = clock_now();
	int64_t id = 0, campaign = 0;
	size_t accepted = 0;
	struct store_db *db;
	int rc;

	db = store_write_begin(store, STORE_POWER_SAFE, err);
	if (db == NULL)
		return -1;
	rc = find_known(db, message, now, &id, &campaign, err);
	if (rc == 0)
		rc = put_message(db, message, &digest, now, &id, &campaign, err);
	if (rc >= 0)
		rc = put_rows(db, id, campaign, recipients, count, &accepted, err);
	if (store_write_end(store, rc, err) != 0)
		return -1;
	*accepted_r = accepted;
	return 0;
}
