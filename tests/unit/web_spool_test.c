/* SPDX-License-Identifier: BSD-2-Clause
 *
 * web_spool_test: events that wait for the database, over the death of who wrote them
 */
#include "store/event.h"
#include "web/spool.h"

#include "store_fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

static struct web_spool *
open_spool(struct fixture *f)
{
	struct web_spool *spool;

	if (web_spool_new(&spool, f->path, &f->err) != 0)
		fail_msg("%s", f->err.text);
	return spool;
}

static struct store_event
click(const char *id)
{
	return (struct store_event){.kind = STORE_EVENT_CLICKED,
	    .time_ms = 1760000000000,
	    .campaign = 7,
	    .link = 9,
	    .message = STR("abc"),
	    .source = STR(WEB_SPOOL_SOURCE),
	    .source_id = str_c(id),
	    .machine = true,
	    .properties = STR("{\"agent\":\"x\"}")};
}

static void
add(struct fixture *f, struct web_spool *spool, const char *id)
{
	struct store_event event = click(id);

	if (web_spool_add(spool, &event, &f->err) != 0)
		fail_msg("%s", f->err.text);
}

static int
move_all(struct fixture *f, struct web_spool *spool)
{
	int moved, all = 0;

	while ((moved = web_spool_move(spool, f->store, 2, &f->err)) > 0)
		all += moved;
	if (moved < 0)
		fail_msg("%s", f->err.text);
	return all;
}

static bool
count_one(const struct store_event *event, void *closure)
{
	assert_int_equal(event->campaign, 7);
	assert_int_equal(event->link, 9);
	assert_true(event->machine);
	assert_true(str_is(event->message, "abc"));
	assert_true(str_is(event->properties, "{\"agent\":\"x\"}"));
	assert_int_equal(event->received_ms, 1760000000000);
	++*(int *)closure;
	return true;
}

static int
stored(struct fixture *f)
{
	const struct store_event_filter all = {.kind = STORE_EVENT_CLICKED};
	int count = 0;

	assert_int_equal(store_event_each(f->store, &all, count_one, &count, &f->err), 0);
	return count;
}

/* The name of a file in the spool's folder that ends so, or NULL; removes all with `clean`. */
static const char *
file_of(struct fixture *f, const char *end, bool clean)
{
	static char path[900];
	char folder[400];
	const char *found = NULL;
	struct dirent *entry;
	DIR *dir;

	snprintf(folder, sizeof folder, "%s-web", f->path);
	dir = opendir(folder);
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		size_t n = strlen(entry->d_name), m = strlen(end);

		if (entry->d_name[0] == '.' || n < m || strcmp(entry->d_name + n - m, end) != 0)
			continue;
		snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
		found = path;
		if (clean)
			unlink(path);
	}
	if (dir != NULL)
		closedir(dir);
	if (clean)
		rmdir(folder);
	return found;
}

static void
events_are_moved_once_and_files_go(void **state)
{
	struct fixture *f = *state;
	struct web_spool *spool = open_spool(f);

	assert_int_equal(move_all(f, spool), 0);
	add(f, spool, "a");
	add(f, spool, "b");
	add(f, spool, "a");
	assert_int_equal(stored(f), 0);
	assert_int_equal(move_all(f, spool), 3);
	assert_int_equal(move_all(f, spool), 0);
	assert_int_equal(stored(f), 2);
	add(f, spool, "c");
	assert_int_equal(move_all(f, spool), 1);
	assert_int_equal(stored(f), 3);
	web_spool_free(&spool);
	assert_null(file_of(f, "", false));
	file_of(f, "", true);
}

/* A process that dies with its file open, after it wrote `count` events. */
static void
die_with(struct fixture *f, int count)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		struct web_spool *spool;
		char id[20];

		if (web_spool_new(&spool, f->path, &f->err) != 0)
			_exit(1);
		for (int i = 0; i < count; i++) {
			struct store_event event;

			snprintf(id, sizeof id, "child-%d", i);
			event = click(id);
			if (web_spool_add(spool, &event, &f->err) != 0)
				_exit(1);
		}
		_exit(0);
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void
what_the_dead_left_is_taken_over(void **state)
{
	struct fixture *f = *state;
	struct web_spool *spool, *living = open_spool(f);

	die_with(f, 5);
	add(f, living, "mine");
	spool = open_spool(f);
	/* Its own file, which is open and empty of work, stands before the others. (Names hold the
	 * process and the time.) */
	usleep(2000);
	add(f, spool, "own");
	assert_int_equal(move_all(f, spool), 1);
	assert_int_equal(web_spool_adopt(spool, &f->err), 0);
	/* What is another's, who lives, stays his. */
	assert_int_equal(move_all(f, spool), 5);
	assert_int_equal(web_spool_adopt(spool, &f->err), 0);
	assert_int_equal(move_all(f, spool), 0);
	assert_int_equal(stored(f), 6);
	web_spool_free(&spool);
	/* He leaves with work undone: it stays for the next one. */
	web_spool_free(&living);
	spool = open_spool(f);
	assert_int_equal(web_spool_adopt(spool, &f->err), 0);
	assert_int_equal(move_all(f, spool), 1);
	assert_int_equal(stored(f), 7);
	web_spool_free(&spool);
	assert_null(file_of(f, "", false));
	file_of(f, "", true);
}

static void
half_moved_file_comes_again_without_doubles(void **state)
{
	struct fixture *f = *state;
	struct web_spool *spool = open_spool(f);

	die_with(f, 6);
	assert_int_equal(web_spool_adopt(spool, &f->err), 0);
	assert_int_equal(web_spool_move(spool, f->store, 4, &f->err), 4);
	web_spool_free(&spool);
	spool = open_spool(f);
	assert_int_equal(web_spool_adopt(spool, &f->err), 0);
	assert_int_equal(move_all(f, spool), 6);
	assert_int_equal(stored(f), 6);
	web_spool_free(&spool);
	file_of(f, "", true);
}

/* Where the zeros at its end begin. */
static off_t
used_of(const char *path)
{
	off_t used = 0, at = 0;
	char piece[4096];
	ssize_t n;
	int fd = open(path, O_RDONLY);

	assert_true(fd >= 0);
	while ((n = read(fd, piece, sizeof piece)) > 0) {
		for (ssize_t i = 0; i < n; i++, at++)
			used = piece[i] == '\0' ? used : at + 1;
	}
	close(fd);
	return used;
}

/* Of five records the last is cut, or one is changed or lost: those before it are moved, the file is
 * kept. */
static void
torn_file_is_put_aside(void **state)
{
	static const struct {
		int part; /* of 100: where the file is changed, or ends */
		enum { CUT, CHANGED, LOST } how;
		int left;
	} cases[] = {{99, CUT, 4}, {1, CUT, 0}, {50, CHANGED, 2}, {90, CHANGED, 4}, {0, CHANGED, 0},
	    {0, LOST, 0}, {20, LOST, 1}};
	struct fixture *f = *state;
	int all = 0;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		static const char zeros[20];
		struct web_spool *spool;
		const char *path;
		off_t at;
		int fd;

		assert_int_equal(
		    store_event_purge(f->store, INT64_MAX, 1000, &(size_t){0}, &f->err), 0);
		die_with(f, 5);
		path = file_of(f, ".events", false);
		assert_non_null(path);
		at = used_of(path) * cases[i].part / 100;
		if (cases[i].how == CUT) {
			assert_int_equal(truncate(path, at), 0);
		} else {
			fd = open(path, O_WRONLY);
			if (cases[i].how == LOST)
				assert_int_equal(pwrite(fd, zeros, sizeof zeros, at), sizeof zeros);
			else
				assert_int_equal(
				    pwrite(fd, "\xff\xff\xff\xff\xff\xff\xff\xff", 8, at), 8);
			close(fd);
		}
		spool = open_spool(f);
		assert_int_equal(web_spool_adopt(spool, &f->err), 0);
		all = move_all(f, spool);
		assert_int_equal(all, cases[i].left);
		assert_int_equal(stored(f), cases[i].left);
		/* Others go on behind it. */
		add(f, spool, "after");
		assert_int_equal(move_all(f, spool), 1);
		web_spool_free(&spool);
		assert_null(file_of(f, ".events", false));
		assert_non_null(file_of(f, ".bad", false));
		file_of(f, "", true);
	}
}

/* A whole file is prepared: where there is no room for it, nothing is acknowledged. */
static void
full_disk_shows_at_once(void **state)
{
	const struct rlimit little = {1 << 20, RLIM_INFINITY};
	struct fixture *f = *state;
	struct web_spool *spool = open_spool(f);
	struct store_event event = click("a");
	struct rlimit before;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
	assert_int_equal(web_spool_add(spool, &event, &f->err), -1);
	assert_int_equal(f->err.code, ERR_IO);
	assert_null(file_of(f, "", false));
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	add(f, spool, "a");
	assert_int_equal(move_all(f, spool), 1);
	web_spool_free(&spool);
	assert_null(file_of(f, "", false));
	file_of(f, "", true);
}

static void
busy_database_keeps_nobody_waiting(void **state)
{
	struct fixture *f = *state;
	struct web_spool *spool = open_spool(f);
	struct store_event bad = click("x");
	sqlite3 *other;

	assert_int_equal(sqlite3_open(f->path, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	add(f, spool, "a");
	assert_int_equal(web_spool_move(spool, f->store, SIZE_MAX, &f->err), -1);
	assert_int_equal(f->err.code, ERR_BUSY);
	add(f, spool, "b");
	assert_int_equal(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(other), SQLITE_OK);
	assert_int_equal(move_all(f, spool), 2);
	assert_int_equal(stored(f), 2);
	/* What the database would never take is not acknowledged. */
	bad.time_ms = 0;
	assert_int_equal(web_spool_add(spool, &bad, &f->err), -1);
	assert_int_equal(f->err.code, ERR_INPUT);
	assert_int_equal(move_all(f, spool), 0);
	web_spool_free(&spool);
	file_of(f, "", true);
}

static void
many_make_files_that_follow_each_other(void **state)
{
	enum { MANY = 120000 };
	struct fixture *f = *state;
	struct web_spool *spool = open_spool(f);
	int moved = 0, all = 0;
	char id[20];

	for (int i = 0; i < MANY; i++) {
		snprintf(id, sizeof id, "many-%d", i);
		add(f, spool, id);
	}
	while ((moved = web_spool_move(spool, f->store, SIZE_MAX, &f->err)) > 0)
		all += moved;
	assert_int_equal(moved, 0);
	assert_int_equal(all, MANY);
	assert_int_equal(stored(f), MANY);
	web_spool_free(&spool);
	assert_null(file_of(f, "", false));
	file_of(f, "", true);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STORE_TEST(events_are_moved_once_and_files_go),
	    STORE_TEST(what_the_dead_left_is_taken_over),
	    STORE_TEST(half_moved_file_comes_again_without_doubles),
	    STORE_TEST(torn_file_is_put_aside),
	    STORE_TEST(full_disk_shows_at_once),
	    STORE_TEST(busy_database_keeps_nobody_waiting),
	    STORE_TEST(many_make_files_that_follow_each_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
