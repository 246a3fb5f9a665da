/* SPDX-License-Identifier: BSD-2-Clause
 *
 * db: see db.h; this file: the connection itself
 *
 * Owns:    the SQLite handle and its statements.
 * Threads: a struct store_db belongs to one thread at a time.
 * Fails:   ERR_BUSY, ERR_IO (disk), ERR_PERM, ERR_LIMIT (a value beyond SQLite's 1 GB), ERR_STORE.
 */
#include "store/db.h"

#include "base/clock.h"
#include "base/descriptor.h"

#include <assert.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* How long a call waits for another process's transaction. Those take a millisecond; the one
 * long kind is a message for very many recipients (1 s for 100,000). Postfix waits 30 s. */
#define BUSY_LIMIT_US	 ((int64_t)10 * 1000 * 1000)
#define BUSY_SLEEP_MAX	 2000
#define CACHE_KB	 "16000"
#define WAL_KEEP_BYTES	 "67108864"
#define CHECKPOINT_PAGES "4000"

/* SQLite's own handler sleeps up to 100 ms at a time, which with transactions of a millisecond
 * starves the patient one. Short sleeps of uneven length share the lock among processes. */
static int
on_busy(void *closure, int count)
{
	struct store_db *db = closure;
	int64_t now = clock_mono_us();
	struct timespec pause = {0, 0};
	int64_t us = 50 * ((int64_t)count + 1);

	if (count == 0)
		db->busy_since_us = now;
	if (now - db->busy_since_us > BUSY_LIMIT_US)
		return 0;
	if (us > BUSY_SLEEP_MAX)
		us = BUSY_SLEEP_MAX;
	us += (now ^ getpid()) % (us + 1);
	pause.tv_nsec = (long)us * 1000;
	nanosleep(&pause, NULL);
	return 1;
}

int
store_db_error(struct store_db *db, const char *what, struct err *err)
{
	int code = db->handle == NULL ? SQLITE_NOMEM : sqlite3_extended_errcode(db->handle);
	const char *text = db->handle == NULL ? "" : sqlite3_errmsg(db->handle);

	switch (code & 0xff) {
	case SQLITE_NOMEM:
		abort();
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return err_set(err, ERR_BUSY, "cannot %s: the database is locked", what);
	case SQLITE_FULL:
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
		return err_set(err, ERR_IO, "cannot %s: %s (SQLite %d)", what, text, code);
	case SQLITE_PERM:
	case SQLITE_AUTH:
	case SQLITE_READONLY:
		return err_set(err, ERR_PERM, "cannot %s: %s", what, text);
	case SQLITE_TOOBIG:
		return err_set(err, ERR_LIMIT, "cannot %s: %s", what, text);
	default:
		return err_set(err, ERR_STORE, "cannot %s: %s (SQLite %d)", what, text, code);
	}
}

int
store_db_exec(struct store_db *db, const char *sql, struct err *err)
{
	if (sqlite3_exec(db->handle, sql, NULL, NULL, NULL) != SQLITE_OK)
		return store_db_error(db, "use the database", err);
	return 0;
}

static pthread_once_t guarded = PTHREAD_ONCE_INIT;

static int
open_guarded(const char *path, int flags, int mode)
{
	int fd = open(path, flags, mode);

	descriptor_guard(fd);
	return fd;
}

/* SQLite closes its files in the middle of what plugins ask for: it needs no leave. */
static void
guard_files(void)
{
	sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);

	if (vfs == NULL || vfs->iVersion < 3)
		return;
	vfs->xSetSystemCall(vfs, "open", (sqlite3_syscall_ptr)open_guarded);
	vfs->xSetSystemCall(vfs, "close", (sqlite3_syscall_ptr)descriptor_close);
}

int
store_db_open(struct store_db *db, const char *path, struct err *err)
{
	static const char settings[] = "PRAGMA foreign_keys = ON;"
				       "PRAGMA trusted_schema = OFF;"
				       "PRAGMA temp_store = MEMORY;"
				       "PRAGMA synchronous = NORMAL;"
				       "PRAGMA cache_size = -" CACHE_KB ";"
				       "PRAGMA wal_autocheckpoint = " CHECKPOINT_PAGES ";"
				       "PRAGMA journal_size_limit = " WAL_KEEP_BYTES ";";

	pthread_once(&guarded, guard_files);
	*db = (struct store_db){.handle = NULL};
	if (sqlite3_open_v2(path, &db->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) !=
	    SQLITE_OK) {
		store_db_error(db, "open the database", err);
		err_prefix(err, "%s", path);
		store_db_close(db);
		return -1;
	}
	sqlite3_extended_result_codes(db->handle, 1);
	sqlite3_busy_handler(db->handle, on_busy, db);
	if (store_db_exec(db, settings, err) != 0) {
		err_prefix(err, "%s", path);
		store_db_close(db);
		return -1;
	}
	return 0;
}

void
store_db_close(struct store_db *db)
{
	for (size_t i = 0; i < STORE_DB_STATEMENTS; i++)
		sqlite3_finalize(db->cache[i].statement);
	sqlite3_close(db->handle);
	*db = (struct store_db){.handle = NULL};
}

sqlite3_stmt *
store_db_statement(struct store_db *db, const char *sql, struct err *err)
{
	size_t at = ((uintptr_t)sql >> 3) % STORE_DB_STATEMENTS;
	size_t tried = 0;

	for (; db->cache[at].sql != sql; at = (at + 1) % STORE_DB_STATEMENTS) {
		if (db->cache[at].sql == NULL)
			break;
		assert(++tried < STORE_DB_STATEMENTS);
	}
	if (db->cache[at].sql == NULL) {
		if (sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT,
			&db->cache[at].statement, NULL) != SQLITE_OK) {
			store_db_error(db, "prepare a statement", err);
			return NULL;
		}
		db->cache[at].sql = sql;
	}
	return db->cache[at].statement;
}

int
store_db_step(struct store_db *db, sqlite3_stmt *statement, const char *what, struct err *err)
{
	int code = sqlite3_step(statement);

	if (code == SQLITE_ROW)
		return 1;
	if (code != SQLITE_DONE)
		store_db_error(db, what, err);
	sqlite3_reset(statement);
	return code == SQLITE_DONE ? 0 : -1;
}

int
store_db_run(struct store_db *db, sqlite3_stmt *statement, const char *what, struct err *err)
{
	int rc = store_db_step(db, statement, what, err);

	if (rc > 0)
		sqlite3_reset(statement);
	return rc < 0 ? -1 : 0;
}

void
store_db_bind_str(sqlite3_stmt *statement, int index, struct str s)
{
	int code = sqlite3_bind_text64(
	    statement, index, s.p == NULL ? "" : s.p, s.n, SQLITE_STATIC, SQLITE_UTF8);

	/* Too big is the one thing that can be wrong; then NULL is bound, and the step fails. */
	assert(code == SQLITE_OK || code == SQLITE_TOOBIG);
	(void)code;
}

void
store_db_bind_blob(sqlite3_stmt *statement, int index, struct str s)
{
	int code =
	    sqlite3_bind_blob64(statement, index, s.p == NULL ? "" : s.p, s.n, SQLITE_STATIC);

	/* As above. */
	assert(code == SQLITE_OK || code == SQLITE_TOOBIG);
	(void)code;
}

void
store_db_bind_int(sqlite3_stmt *statement, int index, int64_t value)
{
	int code = sqlite3_bind_int64(statement, index, value);

	assert(code == SQLITE_OK);
	(void)code;
}

struct str
store_db_str(sqlite3_stmt *statement, int column)
{
	const void *p = sqlite3_column_blob(statement, column);

	return (struct str){p == NULL ? "" : p, (size_t)sqlite3_column_bytes(statement, column)};
}

struct str
store_db_copy(sqlite3_stmt *statement, int column, struct arena *arena, bool *full)
{
	struct str s = arena_str(arena, store_db_str(statement, column));

	if (s.p == NULL)
		*full = true;
	return s;
}
