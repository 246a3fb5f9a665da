/* SPDX-License-Identifier: BSD-2-Clause
 *
 * store: the connections of one process, and the order in which threads use them
 *
 * What survives what. Every commit is in the WAL file before the call returns, so
 * the death of any process, by SIGKILL too, loses nothing. Against a loss of power
 * the WAL is synced at commit (synchronous=FULL) for
 *   - outbox_put, whose message the relay's client has no copy of any more;
 *   - claims: a lost claim would be a row that is sent again without being in doubt;
 *   - whatever a command does, suppressions above all.
 * Finished rows and the journal are not synced by themselves (STORE_PROCESS_SAFE):
 * commits are lost from the end only, so if a finish is lost, its claim is not, and
 * the row is in doubt and settled by the relay's log. Most are on the disk soon, as
 * the next claim syncs the whole WAL.
 *
 * Owns:    one connection that writes, up to READERS that read, the queue of
 *          journal rows that wait for the next commit.
 * Threads: any. One mutex guards the struct and is never held while SQLite works.
 * Fails:   see db.c.
 */
#include "store/db.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define READERS 8
/* The others are left for reads without a snapshot, which are short. */
#define SNAPSHOTS 6

/* A thread's connection from store_snapshot_begin to store_snapshot_end. Thread and connection
 * are the store's, under its lock; the rest is that thread's. */
struct snapshot {
	struct store_db *db; /* NULL: free */
	pthread_t thread;
	bool begun;
	bool stale; /* this thread wrote: what it reads next has to show that */
};

struct store {
	char *path;
	pthread_mutex_t lock;

	pthread_cond_t reader_free;
	struct store_db *idle[READERS];
	int idle_count;
	int reader_count;
	struct snapshot snapshots[SNAPSHOTS];

	pthread_cond_t writer_free;
	struct store_db write;
	bool writing; /* somebody has it: */
	pthread_t writer;
	bool spanning; /* by store_begin, over several calls */

	pthread_cond_t group_done;
	struct store_group_entry *group_first, **group_last;
	bool group_led;
};

/* SQLite would make it readable by everybody. Root makes it for the user that the daemon runs
 * as, to whom the folder belongs; the WAL file follows the database's owner and mode. */
static int
create_file(const char *path, struct err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	struct stat folder;
	char *copy;

	if (fd < 0) {
		if (errno == EEXIST)
			return 0;
		return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
	}
	copy = strdup(path);
	if (copy == NULL)
		abort();
	if (geteuid() == 0 && stat(dirname(copy), &folder) == 0 &&
	    fchown(fd, folder.st_uid, folder.st_gid) != 0) {
		err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
		free(copy);
		close(fd);
		return -1;
	}
	free(copy);
	close(fd);
	return 0;
}

int
store_open(struct store **store_r, const char *path, enum store_open_mode mode, struct err *err)
{
	struct store *store;

	if (mode == STORE_CREATE && create_file(path, err) != 0)
		return -1;
	/* SQLite would say no more than that it can't. */
	if (access(path, R_OK | W_OK) != 0)
		return err_set(
		    err, errno == EACCES ? ERR_PERM : ERR_IO, "%s: %s", path, strerror(errno));
	store = calloc(1, sizeof *store);
	if (store == NULL || (store->path = strdup(path)) == NULL)
		abort();
	if (store_db_open(&store->write, path, err) != 0) {
		free(store->path);
		free(store);
		return -1;
	}
	pthread_mutex_init(&store->lock, NULL);
	pthread_cond_init(&store->reader_free, NULL);
	pthread_cond_init(&store->writer_free, NULL);
	pthread_cond_init(&store->group_done, NULL);
	store->group_last = &store->group_first;
	if (store_migrate(&store->write, mode, err) != 0) {
		err_prefix(err, "%s", path);
		store_close(&store);
		return -1;
	}
	*store_r = store;
	return 0;
}

void
store_tell_sent(struct store *store)
{
	store->write.tell_sent = true;
}

void
store_close(struct store **store_r)
{
	struct store *store = *store_r;

	if (store == NULL)
		return;
	assert(!store->writing && store->idle_count == store->reader_count);
	for (int i = 0; i < store->idle_count; i++) {
		store_db_close(store->idle[i]);
		free(store->idle[i]);
	}
	store_db_close(&store->write);
	pthread_cond_destroy(&store->group_done);
	pthread_cond_destroy(&store->writer_free);
	pthread_cond_destroy(&store->reader_free);
	pthread_mutex_destroy(&store->lock);
	free(store->path);
	free(store);
	*store_r = NULL;
}

/* --- readers --- */

/* The lock is held. */
static bool
is_spanning(const struct store *store)
{
	return store->writing && store->spanning && pthread_equal(store->writer, pthread_self());
}

/* The lock is held. NULL: this thread has none. */
static struct snapshot *
snapshot_of(struct store *store)
{
	for (int i = 0; i < SNAPSHOTS; i++) {
		struct snapshot *snapshot = &store->snapshots[i];

		if (snapshot->db != NULL && pthread_equal(snapshot->thread, pthread_self()))
			return snapshot;
	}
	return NULL;
}

static void
snapshot_finish(struct snapshot *snapshot)
{
	struct err err = ERR_INIT;

	/* It only read: there is nothing that could fail to be kept. */
	if (snapshot->begun)
		store_db_run(snapshot->db, store_db_statement(snapshot->db, "COMMIT", &err),
		    "end a read transaction", &err);
	snapshot->begun = false;
	snapshot->stale = false;
}

static struct store_db *
snapshot_use(struct snapshot *snapshot, struct err *err)
{
	sqlite3_stmt *begin;

	if (snapshot->stale)
		snapshot_finish(snapshot);
	if (snapshot->begun)
		return snapshot->db;
	begin = store_db_statement(snapshot->db, "BEGIN", err);
	if (begin == NULL || store_db_run(snapshot->db, begin, "begin to read", err) != 0)
		return NULL;
	snapshot->begun = true;
	return snapshot->db;
}

/* The lock is held. NULL: one has to be opened, and is counted already. */
static struct store_db *
take_reader(struct store *store)
{
	if (store->idle_count > 0)
		return store->idle[--store->idle_count];
	store->reader_count++;
	return NULL;
}

static struct store_db *
open_reader(struct store *store, struct err *err)
{
	struct store_db *db = malloc(sizeof *db);

	if (db == NULL)
		abort();
	if (store_db_open(db, store->path, err) == 0)
		return db;
	free(db);
	pthread_mutex_lock(&store->lock);
	store->reader_count--;
	pthread_cond_signal(&store->reader_free);
	pthread_mutex_unlock(&store->lock);
	return NULL;
}

struct store_db *
store_read_begin(struct store *store, struct err *err)
{
	struct snapshot *snapshot;
	struct store_db *db;

	pthread_mutex_lock(&store->lock);
	if (is_spanning(store)) {
		pthread_mutex_unlock(&store->lock);
		return &store->write;
	}
	snapshot = snapshot_of(store);
	if (snapshot != NULL) {
		pthread_mutex_unlock(&store->lock);
		return snapshot_use(snapshot, err);
	}
	while (store->idle_count == 0 && store->reader_count == READERS)
		pthread_cond_wait(&store->reader_free, &store->lock);
	db = take_reader(store);
	pthread_mutex_unlock(&store->lock);
	return db != NULL ? db : open_reader(store, err);
}

/* The lock is held. */
static void
give_reader(struct store *store, struct store_db *db)
{
	store->idle[store->idle_count++] = db;
	pthread_cond_signal(&store->reader_free);
}

void
store_read_end(struct store *store, struct store_db *db)
{
	const struct snapshot *snapshot;

	if (db == &store->write)
		return;
	pthread_mutex_lock(&store->lock);
	snapshot = snapshot_of(store);
	if (snapshot == NULL || snapshot->db != db)
		give_reader(store, db);
	pthread_mutex_unlock(&store->lock);
}

void
store_snapshot_begin(struct store *store)
{
	struct snapshot *free = NULL;
	struct store_db *db = NULL;

	pthread_mutex_lock(&store->lock);
	assert(snapshot_of(store) == NULL);
	for (int i = 0; i < SNAPSHOTS && free == NULL; i++) {
		if (store->snapshots[i].db == NULL)
			free = &store->snapshots[i];
	}
	if (free != NULL && store->idle_count > 0)
		db = take_reader(store);
	if (db != NULL)
		*free = (struct snapshot){.db = db, .thread = pthread_self()};
	pthread_mutex_unlock(&store->lock);
}

void
store_snapshot_end(struct store *store)
{
	struct snapshot *snapshot;

	pthread_mutex_lock(&store->lock);
	snapshot = snapshot_of(store);
	pthread_mutex_unlock(&store->lock);
	if (snapshot == NULL)
		return;
	snapshot_finish(snapshot);
	pthread_mutex_lock(&store->lock);
	give_reader(store, snapshot->db);
	snapshot->db = NULL;
	pthread_mutex_unlock(&store->lock);
}

/* --- the writer --- */

bool
store_in_transaction(struct store *store)
{
	bool mine;

	pthread_mutex_lock(&store->lock);
	mine = is_spanning(store);
	pthread_mutex_unlock(&store->lock);
	return mine;
}

static void
writer_take(struct store *store, bool spanning)
{
	pthread_mutex_lock(&store->lock);
	while (store->writing)
		pthread_cond_wait(&store->writer_free, &store->lock);
	store->writing = true;
	store->writer = pthread_self();
	store->spanning = spanning;
	pthread_mutex_unlock(&store->lock);
}

static void
writer_give(struct store *store)
{
	struct snapshot *snapshot;

	pthread_mutex_lock(&store->lock);
	snapshot = snapshot_of(store);
	if (snapshot != NULL)
		snapshot->stale = true;
	store->writing = false;
	store->spanning = false;
	pthread_cond_signal(&store->writer_free);
	pthread_mutex_unlock(&store->lock);
}

static int
transaction_begin(struct store_db *db, enum store_durable durable, struct err *err)
{
	bool full = durable == STORE_POWER_SAFE;

	if (db->durable != full) {
		if (store_db_exec(db,
			full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL",
			err) != 0)
			return -1;
		db->durable = full;
	}
	/* IMMEDIATE: a transaction that reads first and then wants to write could not wait for
	 * another writer, as its snapshot would be stale. */
	return store_db_run(
	    db, store_db_statement(db, "BEGIN IMMEDIATE", err), "begin a transaction", err);
}

static int
transaction_end(struct store_db *db, int rc, struct err *err)
{
	/* A full disk makes SQLite roll back by itself. */
	if (sqlite3_get_autocommit(db->handle)) {
		if (rc == 0)
			return err_set(err, ERR_STORE, "the transaction was rolled back");
		return -1;
	}
	if (rc == 0)
		rc = store_db_run(db, store_db_statement(db, "COMMIT", err), "commit", err);
	if (rc != 0)
		sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
	return rc;
}

struct store_db *
store_write_begin(struct store *store, enum store_durable durable, struct err *err)
{
	if (store_in_transaction(store)) {
		if (!sqlite3_get_autocommit(store->write.handle))
			return &store->write;
		err_set(err, ERR_STORE, "the transaction was rolled back");
		return NULL;
	}
	writer_take(store, false);
	if (transaction_begin(&store->write, durable, err) == 0)
		return &store->write;
	writer_give(store);
	return NULL;
}

int
store_write_end(struct store *store, int rc, struct err *err)
{
	if (store_in_transaction(store))
		return rc;
	rc = transaction_end(&store->write, rc, err);
	writer_give(store);
	return rc;
}

int
store_begin(struct store *store, struct err *err)
{
	assert(!store_in_transaction(store));
	writer_take(store, true);
	if (transaction_begin(&store->write, STORE_POWER_SAFE, err) == 0)
		return 0;
	writer_give(store);
	return -1;
}

int
store_commit(struct store *store, struct err *err)
{
	int rc;

	assert(store_in_transaction(store));
	rc = transaction_end(&store->write, 0, err);
	writer_give(store);
	return rc;
}

void
store_rollback(struct store *store)
{
	assert(store_in_transaction(store));
	transaction_end(&store->write, -1, NULL);
	writer_give(store);
}

int
store_part_begin(struct store *store, struct err *err)
{
	assert(store_in_transaction(store));
	return store_db_exec(&store->write, "SAVEPOINT part", err);
}

int
store_part_end(struct store *store, bool keep, struct err *err)
{
	assert(store_in_transaction(store));
	return store_db_exec(
	    &store->write, keep ? "RELEASE part" : "ROLLBACK TO part; RELEASE part", err);
}

/* --- group commit --- */

/* Writes the entries in one transaction. One that fails leaves the others alone, unless SQLite
 * gave the transaction up (the disk is full): that is everybody's failure, as is a commit that
 * fails; -1 then. */
static int
group_write_all(struct store *store, struct store_group_entry *group,
    int (*write)(struct store_db *db, const struct store_journal_row *row, struct err *err),
    struct err *err)
{
	struct store_db *db = store_write_begin(store, STORE_PROCESS_SAFE, err);

	if (db == NULL)
		return -1;
	for (struct store_group_entry *entry = group; entry != NULL; entry = entry->next) {
		struct err own = ERR_INIT;

		entry->rc = write(db, entry->row, &own);
		if (entry->rc != 0 && sqlite3_get_autocommit(db->handle)) {
			*err = own;
			return store_write_end(store, -1, NULL);
		}
		if (entry->rc != 0 && entry->err != NULL)
			*entry->err = own;
	}
	return store_write_end(store, 0, err);
}

static void
group_write(struct store *store, struct store_group_entry *group,
    int (*write)(struct store_db *db, const struct store_journal_row *row, struct err *err))
{
	struct err err = ERR_INIT;

	if (group_write_all(store, group, write, &err) == 0)
		return;
	for (struct store_group_entry *entry = group; entry != NULL; entry = entry->next) {
		entry->rc = -1;
		if (entry->err != NULL)
			*entry->err = err;
	}
}

/* The first who comes while nobody leads becomes the leader. While it waits for the writing
 * connection and for the disk others queue up, and the next leader takes all of them. */
void
store_group_commit(struct store *store, struct store_group_entry *entry,
    int (*write)(struct store_db *db, const struct store_journal_row *row, struct err *err))
{
	struct store_group_entry *group, *next;

	entry->done = false;
	entry->next = NULL;
	pthread_mutex_lock(&store->lock);
	*store->group_last = entry;
	store->group_last = &entry->next;
	while (store->group_led && !entry->done)
		pthread_cond_wait(&store->group_done, &store->lock);
	if (entry->done) {
		pthread_mutex_unlock(&store->lock);
		return;
	}
	store->group_led = true;
	group = store->group_first;
	store->group_first = NULL;
	store->group_last = &store->group_first;
	pthread_mutex_unlock(&store->lock);

	group_write(store, group, write);

	pthread_mutex_lock(&store->lock);
	/* An entry is its thread's stack: once `done` is seen there it may be gone. */
	for (; group != NULL; group = next) {
		next = group->next;
		group->done = true;
	}
	store->group_led = false;
	pthread_cond_broadcast(&store->group_done);
	pthread_mutex_unlock(&store->lock);
}
