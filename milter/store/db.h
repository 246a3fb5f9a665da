/* SPDX-License-Identifier: BSD-2-Clause
 *
 * db: one SQLite connection, its prepared statements, and how the process shares them
 *
 * For the files of this folder only; nobody else includes it or knows of SQLite.
 *
 * A statement is known by the address of its SQL text, which must be a constant:
 * it is prepared on first use and kept as long as the connection. Every statement
 * is reset as soon as its last row was read: one that is not keeps its snapshot
 * and lets the WAL file grow.
 *
 * Threads: a struct store_db belongs to one thread at a time.
 */
#ifndef STORE_DB_H
#define STORE_DB_H

#include "store/journal.h"
#include "store/outcome.h"
#include "store/store.h"
#include "store/view.h"

#include <sqlite3.h>

/* More than there are SQL texts in this folder. */
#define STORE_DB_STATEMENTS 256

struct store_db {
	sqlite3 *handle;
	int64_t busy_since_us;
	bool durable;	/* synchronous=FULL is set */
	bool tell_sent; /* the journal writes events, too */
	struct {
		const char *sql;
		sqlite3_stmt *statement;
	} cache[STORE_DB_STATEMENTS];
};

/* --- one connection --- */

int store_db_open(struct store_db *db, const char *path, struct err *err);
void store_db_close(struct store_db *db);
/* Runs SQL without result. */
int store_db_exec(struct store_db *db, const char *sql, struct err *err);
/* Fills err from the connection's last error; `what` is a verb phrase: "read contacts". */
int store_db_error(struct store_db *db, const char *what, struct err *err);
/* Ready for binding, or NULL. */
sqlite3_stmt *store_db_statement(struct store_db *db, const char *sql, struct err *err);
/* 1 a row, 0 the end, -1 error; reset unless there is a row. */
int store_db_step(struct store_db *db, sqlite3_stmt *statement, const char *what, struct err *err);
/* For statements without rows: step and reset. 0 or -1. */
int store_db_run(struct store_db *db, sqlite3_stmt *statement, const char *what, struct err *err);

/* The text must stay until the statement is reset. Absent text is bound as empty. */
void store_db_bind_str(sqlite3_stmt *statement, int index, struct str s);
/* The same for bytes that are no text. */
void store_db_bind_blob(sqlite3_stmt *statement, int index, struct str s);
void store_db_bind_int(sqlite3_stmt *statement, int index, int64_t value);
/* Valid until the next step or reset. */
struct str store_db_str(sqlite3_stmt *statement, int column);
/* A copy; `full` is set when the arena is. */
struct str store_db_copy(sqlite3_stmt *statement, int column, struct arena *arena, bool *full);

/* --- shared by the process --- */

/* A connection to read with, to be given back soon; inside this thread's store_begin it is the
 * writing one. NULL on error. */
struct store_db *store_read_begin(struct store *store, struct err *err);
void store_read_end(struct store *store, struct store_db *db);

enum store_durable {
	STORE_PROCESS_SAFE, /* survives the death of any process */
	STORE_POWER_SAFE,   /* and, once committed, a loss of power */
};

/* The writing connection with a transaction begun; inside this thread's store_begin that one
 * goes on. NULL on error (ERR_BUSY: another process wrote for too long). */
struct store_db *store_write_begin(
    struct store *store, enum store_durable durable, struct err *err);
/* Commits if rc is 0, rolls back otherwise; gives the connection back. Inside store_begin it
 * only passes rc on: the owner of that transaction decides. */
int store_write_end(struct store *store, int rc, struct err *err);
/* Is this thread between store_begin and store_commit? */
bool store_in_transaction(struct store *store);

/* --- group commit (journal.c) --- */

struct store_group_entry {
	const struct store_journal_row *row;
	struct err *err;
	int rc;
	bool done;
	struct store_group_entry *next;
};

/* Returns when the entry was written and committed, by this thread or another. */
void store_group_commit(struct store *store, struct store_group_entry *entry,
    int (*write)(struct store_db *db, const struct store_journal_row *row, struct err *err));

/* --- helpers that several files need --- */

/* What an erased contact leaves of its events (event.h). */
int store_event_erase(struct store_db *db, int64_t contact, struct err *err);
int store_migrate(struct store_db *db, enum store_open_mode mode, struct err *err);
/* store_address_key, or the bytes in lower case where that says no: an envelope may hold what
 * no contact has. */
struct str store_recipient_key(struct str address, struct arena *arena);
/* Lower case and A-labels; empty if it is no domain (RFC 1035 section 2.3.4 has its length). */
struct str store_domain_key(struct str domain, struct arena *arena);
/* Inserts or updates the row; `count` 0: this was no attempt (a cancellation). */
int store_journal_write(
    struct store_db *db, const struct store_journal_row *row, int count, struct err *err);
/* The address goes from its suppressions; their hash stays. */
int store_suppression_forget(struct store_db *db, struct str key, struct err *err);
struct store_event;
/* In the transaction. 1 written, 0 it is there already or not to be kept, -1. */
int store_event_write(struct store_db *db, const struct store_event *event, struct err *err);
/* What the columns from this one on say: outcome, queue_id, time_ms, delay_ms, attempts, relay,
 * status, text, reason, hard; text in the arena, `full` is set when that is. */
struct store_delivery store_delivery_copy_columns(
    sqlite3_stmt *statement, int from, struct arena *arena, bool *full);
/* As store_campaign_id, in the transaction. */
int store_campaign_write(struct store_db *db, struct str name, int64_t *id_r, struct err *err);
/* The id of the body with this digest, which is stored if it is not there. ERR_LIMIT. */
int store_body_put(struct store_db *db, struct str raw, const struct id_digest *digest,
    int64_t *id_r, struct err *err);
/* Deletes the body unless somebody needs it. */
int store_body_drop(struct store_db *db, int64_t id, struct err *err);
/* The body is kept for this recipient of the message. */
int store_view_write(struct store_db *db, struct str message, struct str recipient,
    const struct store_view_body *body, struct err *err);
/* When mail went to this contact. */
int store_frequency_forget(struct store_db *db, int64_t contact, struct err *err);
/* Sign-ups of this address are gone: 1 there were some, 0 none, -1. */
int store_signup_forget(struct store_db *db, struct str key, struct err *err);
/* Nothing is kept any more of messages that this recipient alone got. */
int store_view_forget(struct store_db *db, struct str recipient_key, struct err *err);

#endif
