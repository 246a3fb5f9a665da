/* SPDX-License-Identifier: BSD-2-Clause
 *
 * store_crowd_test: several threads and processes at once, and processes that are killed
 */
#include "store/contact.h"
#include "store/outbox.h"
#include "store/suppression.h"

#include "base/clock.h"

#include "store_fixture.h"

#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#define THREADS	      8
#define ROWS_A_THREAD 200

static int64_t
count_of(struct fixture *f, const char *sql)
{
	sqlite3_stmt *statement;
	sqlite3 *handle;
	int64_t count;

	assert_int_equal(sqlite3_open(f->path, &handle), SQLITE_OK);
	sqlite3_busy_timeout(handle, 10000);
	assert_int_equal(sqlite3_prepare_v2(handle, sql, -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	count = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	sqlite3_close(handle);
	return count;
}

static void
assert_intact(struct fixture *f)
{
	sqlite3_stmt *statement;
	sqlite3 *handle;

	assert_int_equal(sqlite3_open(f->path, &handle), SQLITE_OK);
	assert_int_equal(
	    sqlite3_prepare_v2(handle, "PRAGMA integrity_check", -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	assert_string_equal(sqlite3_column_text(statement, 0), "ok");
	sqlite3_finalize(statement);
	assert_int_equal(
	    sqlite3_prepare_v2(handle, "PRAGMA foreign_key_check", -1, &statement, NULL),
	    SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_DONE);
	sqlite3_finalize(statement);
	sqlite3_close(handle);
}

static int64_t
no_rate(void *closure, struct str campaign)
{
	(void)closure;
	(void)campaign;
	return 0;
}

/* A test process says by its exit status how many calls failed. */
static int
put_journal(struct store *store, int writer, int from, int count)
{
	struct store_journal_row row = {
	    .message = STR("m"), .campaign = STR("spring"), .verdict = STORE_SENT};
	char recipient[64];
	int failed = 0;

	for (int i = from; i < from + count; i++) {
		snprintf(recipient, sizeof recipient, "w%d-%d@x.example", writer, i);
		row.recipient = str_c(recipient);
		row.time_ms = clock_now();
		if (store_journal_put(store, &row, NULL) != 0)
			failed++;
	}
	return failed;
}

struct thread {
	pthread_t id;
	struct store *store;
	int number;
	int failed;
};

static void *
mixed_thread(void *argument)
{
	struct thread *thread = argument;
	struct arena *arena = arena_new(1 << 20);
	struct store_contact contact;
	char address[64];

	for (int i = 0; i < ROWS_A_THREAD; i++) {
		thread->failed += put_journal(thread->store, thread->number, i, 1);
		snprintf(address, sizeof address, "c%d@x.example", i);
		if (i % 10 == thread->number &&
		    store_contact_upsert(
			thread->store, str_c(address), STR("en"), STR_NONE, NULL, NULL) < 0)
			thread->failed++;
		arena_reset(arena);
		if (store_contact_get(thread->store, str_c(address), arena, &contact, NULL) < 0)
			thread->failed++;
		if (i % 50 == 0) {
			if (store_begin(thread->store, NULL) != 0) {
				thread->failed++;
				continue;
			}
			thread->failed += put_journal(thread->store, thread->number + 100, i, 1);
			if (store_commit(thread->store, NULL) != 0)
				thread->failed++;
		}
	}
	arena_free(&arena);
	return NULL;
}

static void
threads_share_commits(void **state)
{
	struct fixture *f = *state;
	struct thread threads[THREADS];

	for (int i = 0; i < THREADS; i++) {
		threads[i] = (struct thread){.store = f->store, .number = i};
		pthread_create(&threads[i].id, NULL, mixed_thread, &threads[i]);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i].id, NULL);
		assert_int_equal(threads[i].failed, 0);
	}
	assert_int_equal(count_of(f, "SELECT count(*) FROM journal"),
	    THREADS * (ROWS_A_THREAD + ROWS_A_THREAD / 50));
	assert_intact(f);
}

/* One thread's bad row is that thread's alone. */
static void *
bad_row_thread(void *argument)
{
	static char huge[20000];
	struct thread *thread = argument;
	struct store_journal_row row = {
	    .message = STR("m"), .campaign = STR("spring"), .recipient = {huge, sizeof huge}};
	struct err err;

	for (int i = 0; i < ROWS_A_THREAD; i++) {
		if (thread->number % 2 == 0) {
			thread->failed += put_journal(thread->store, thread->number, i, 1);
			continue;
		}
		if (store_journal_put(thread->store, &row, &err) != -1 || err.code != ERR_LIMIT)
			thread->failed++;
	}
	return NULL;
}

static void
each_gets_its_own_result(void **state)
{
	struct fixture *f = *state;
	struct thread threads[4];

	for (int i = 0; i < 4; i++) {
		threads[i] = (struct thread){.store = f->store, .number = i};
		pthread_create(&threads[i].id, NULL, bad_row_thread, &threads[i]);
	}
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i].id, NULL);
		assert_int_equal(threads[i].failed, 0);
	}
	assert_int_equal(count_of(f, "SELECT count(*) FROM journal"), 2 * ROWS_A_THREAD);
}

/* --- processes --- */

static int
put_messages(struct store *store, int writer, int count)
{
	struct store_outbox_recipient list[20];
	struct store_outbox_message message = {.campaign = STR("spring"),
	    .sender = STR("news@x.example"),
	    .raw = STR("Subject: x\r\n\r\n"),
	    .resubmit_ms = 60000};
	char key[32], text[20][64];
	size_t accepted;

	for (int i = 0; i < count; i++) {
		snprintf(key, sizeof key, "m%d-%d", writer, i);
		message.resubmit_key = str_c(key);
		for (int k = 0; k < 20; k++) {
			snprintf(text[k], sizeof text[k], "r%d@x.example", k);
			list[k] = (struct store_outbox_recipient){str_c(text[k]), STR_NONE, 1};
		}
		if (store_outbox_put(store, &message, list, 20, &accepted, NULL) != 0)
			return 1;
	}
	return 0;
}

/* Claims and finishes until `total` journal rows of the outbox are there. */
static int
serve(struct store *store, int slot, int64_t until_ms)
{
	struct arena *arena = arena_new(1 << 22);
	struct store_outbox_result results[50];
	struct store_outbox_row *rows;
	int64_t next;
	int count = 0;

	while (count >= 0 && clock_now() < until_ms) {
		arena_reset(arena);
		count =
		    store_outbox_claim(store, slot, 50, no_rate, NULL, arena, &rows, &next, NULL);
		for (int i = 0; i < count; i++)
			results[i] = (struct store_outbox_result){.id = rows[i].id,
			    .state = STORE_OUTBOX_DONE,
			    .attempted = true,
			    .journal = {.time_ms = clock_now(),
				.message = rows[i].key,
				.campaign = rows[i].campaign,
				.recipient = rows[i].address}};
		if (count > 0 && store_outbox_finish(store, results, (size_t)count, NULL) != 0)
			count = -1;
		if (count == 0)
			nanosleep(&(struct timespec){0, 2000000}, NULL);
	}
	arena_free(&arena);
	return count < 0;
}

static pid_t
start(struct fixture *f, int role, int64_t until_ms)
{
	pid_t pid = fork();
	struct store *store;
	int rc;

	if (pid != 0)
		return pid;
	if (store_open(&store, f->path, STORE_READ, NULL) != 0)
		_exit(100);
	switch (role) {
	case 0:
	case 1:
		rc = put_messages(store, role, 100);
		break;
	case 2:
	case 3:
		rc = serve(store, role, until_ms);
		break;
	default:
		rc = put_journal(store, role, 0, 300);
	}
	store_close(&store);
	_exit(rc);
}

static void
processes_write_side_by_side(void **state)
{
	struct fixture *f = *state;
	int64_t until_ms = clock_now() + 3000;
	pid_t pids[6];
	int status;

	store_close(&f->store);
	for (int i = 0; i < 6; i++)
		pids[i] = start(f, i, until_ms);
	for (int i = 0; i < 6; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
	}
	assert_int_equal(count_of(f, "SELECT count(*) FROM outbox_row"), 4000);
	assert_int_equal(count_of(f, "SELECT count(*) FROM outbox_row WHERE state = 2"),
	    count_of(f, "SELECT count(*) FROM journal WHERE message != 'm'"));
	assert_true(count_of(f, "SELECT count(*) FROM outbox_row WHERE state = 2") > 0);
	/* Nobody was served twice. */
	assert_int_equal(count_of(f, "SELECT count(*) FROM journal WHERE attempts != 1"), 0);
	assert_int_equal(count_of(f, "SELECT count(*) FROM journal WHERE message = 'm'"), 600);
	assert_intact(f);
}

/* What was said to be committed is there after SIGKILL; the rest is there or not, as a whole. */
static void
killed_writer_loses_nothing(void **state)
{
	struct fixture *f = *state;
	int64_t told = 0;
	int64_t number;
	int pipes[2];
	pid_t pid;

	store_close(&f->store);
	for (int round = 0; round < 10; round++) {
		assert_int_equal(pipe(pipes), 0);
		pid = fork();
		if (pid == 0) {
			if (store_open(&f->store, f->path, STORE_READ, NULL) != 0)
				_exit(1);
			for (int64_t i = 0;; i++) {
				number = 1;
				if (put_journal(f->store, round, (int)i, 1) != 0 ||
				    put_messages(f->store, round * 100000 + (int)i, 1) != 0 ||
				    write(pipes[1], &number, sizeof number) < 0)
					_exit(1);
			}
		}
		close(pipes[1]);
		nanosleep(&(struct timespec){0, 20000000 + round * 3000000}, NULL);
		kill(pid, SIGKILL);
		while (read(pipes[0], &number, sizeof number) == sizeof number)
			told++;
		close(pipes[0]);
		waitpid(pid, NULL, 0);
	}
	assert_true(told > 0);
	assert_in_range(count_of(f, "SELECT count(*) FROM journal"), told, told + 10);
	assert_in_range(count_of(f, "SELECT count(*) FROM outbox_message"), told, told + 10);
	assert_int_equal(count_of(f, "SELECT count(*) FROM outbox_row"),
	    20 * count_of(f, "SELECT count(*) FROM outbox_message"));
	assert_intact(f);
	assert_int_equal(store_open(&f->store, f->path, STORE_READ, &f->err), 0);
}

static void
locked_database_is_busy(void **state)
{
	struct fixture *f = *state;
	int64_t started = clock_mono_us();
	sqlite3 *handle;

	assert_int_equal(sqlite3_open(f->path, &handle), SQLITE_OK);
	assert_int_equal(sqlite3_exec(handle, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(
	    store_suppression_add(f->store, STR("a@x.example"), STR("all"), STR_NONE, &f->err), -1);
	assert_int_equal(f->err.code, ERR_BUSY);
	assert_in_range(clock_mono_us() - started, 9000000, 20000000);
	sqlite3_close(handle);
	assert_int_equal(
	    store_suppression_add(f->store, STR("a@x.example"), STR("all"), STR_NONE, &f->err), 1);
}

/* A limit on the size of files stands for a full disk. */
static void
full_disk_is_an_error_and_passes(void **state)
{
	struct fixture *f = *state;
	struct rlimit old, tight;
	struct store_journal_row row = {.message = STR("m"), .campaign = STR("c")};
	int64_t before;
	int failed, rc = 0;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(put_journal(f->store, 0, 0, 10), 0);
	getrlimit(RLIMIT_FSIZE, &old);
	tight = old;
	tight.rlim_cur = 256 * 1024;
	setrlimit(RLIMIT_FSIZE, &tight);
	failed = put_messages(f->store, 1, 200);
	row.recipient = STR("z@x.example");
	/* A small row may still fit in behind a large one that does not. */
	for (int i = 0; i < 100 && rc == 0; i++)
		rc = store_journal_put(f->store, &row, &f->err);
	assert_int_equal(rc, -1);
	assert_int_equal(f->err.code, ERR_IO);
	before = count_of(f, "SELECT count(*) FROM journal");
	assert_int_equal(store_begin(f->store, &f->err), 0);
	/* It goes well in memory until the commit, or not even so far. */
	put_messages(f->store, 2, 200);
	assert_int_equal(store_commit(f->store, &f->err), -1);
	setrlimit(RLIMIT_FSIZE, &old);
	assert_int_equal(failed, 1);
	assert_int_equal(put_journal(f->store, 0, 10, 5), 0);
	assert_int_equal(count_of(f, "SELECT count(*) FROM journal"), before + 5);
	assert_int_equal(count_of(f, "SELECT count(*) FROM outbox_row"),
	    20 * count_of(f, "SELECT count(*) FROM outbox_message"));
	assert_int_equal(
	    count_of(f, "SELECT count(*) FROM outbox_message WHERE key LIKE 'm2-%'"), 0);
	assert_intact(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STORE_TEST(threads_share_commits),
	    STORE_TEST(each_gets_its_own_result),
	    STORE_TEST(processes_write_side_by_side),
	    STORE_TEST(killed_writer_loses_nothing),
	    STORE_TEST(locked_database_is_busy),
	    STORE_TEST(full_disk_is_an_error_and_passes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
