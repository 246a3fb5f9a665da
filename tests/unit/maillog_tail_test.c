/* SPDX-License-Identifier: BSD-2-Clause
 *
 * maillog_tail_test: files of mail logs, followed over rotations and restarts
 */
#include "maillog/tail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

struct fixture {
	char folder[256], log[300];
	const char *paths[1];
	struct conf_list list;
	struct maillog_tail *tail;
	char seen[4000];
	struct err err;
};

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	const char *base = getenv("TMPDIR");

	snprintf(f->folder, sizeof f->folder, "%s/maillog.XXXXXX", base == NULL ? "/tmp" : base);
	if (mkdtemp(f->folder) == NULL)
		return -1;
	snprintf(f->log, sizeof f->log, "%s/mail.log", f->folder);
	f->paths[0] = f->log;
	f->list = (struct conf_list){.count = 1, .at = f->paths};
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	static const char *const ends[] = {"", ".1", ".2", ".3", ".1.gz", "-20260131"};
	struct fixture *f = *state;
	char path[400];

	maillog_tail_free(&f->tail);
	for (size_t i = 0; i < COUNT(ends); i++) {
		snprintf(path, sizeof path, "%s%s", f->log, ends[i]);
		unlink(path);
	}
	rmdir(f->folder);
	free(f);
	return 0;
}

static void
see(struct str line, void *closure)
{
	struct fixture *f = closure;
	size_t used = strlen(f->seen);

	snprintf(f->seen + used, sizeof f->seen - used, "%.*s ", STR_F(line));
}

/* Reads to the end; what was there since the last time. */
static const char *
seen(struct fixture *f)
{
	int rc;

	f->seen[0] = '\0';
	while ((rc = maillog_tail_read(f->tail, see, f, &f->err)) == 1)
		;
	return rc == 0 ? f->seen : f->err.text;
}

static void
put(const struct fixture *f, const char *end, const char *mode, const char *text)
{
	char path[400];
	FILE *file;

	snprintf(path, sizeof path, "%s%s", f->log, end);
	file = fopen(path, mode);
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void
move(const struct fixture *f, const char *from, const char *to)
{
	char old[400], new[400];

	snprintf(old, sizeof old, "%s%s", f->log, from);
	snprintf(new, sizeof new, "%s%s", f->log, to);
	assert_int_equal(rename(old, new), 0);
}

static void
remove_end(const struct fixture *f, const char *end)
{
	char path[400];

	snprintf(path, sizeof path, "%s%s", f->log, end);
	unlink(path);
}

/* As after a restart: from the kept places. */
static void
again(struct fixture *f)
{
	struct store_log_place places[MAILLOG_PLACES];
	size_t count = maillog_tail_places(f->tail, places);

	maillog_tail_free(&f->tail);
	f->tail = maillog_tail_new(&f->list, places, count);
}

static void
a_log_is_followed_from_its_beginning(void **state)
{
	struct fixture *f = *state;

	f->tail = maillog_tail_new(&f->list, NULL, 0);
	assert_non_null(strstr(seen(f), "No such file"));
	put(f, "", "w", "a\nb\nc");
	assert_string_equal(seen(f), "a b ");
	put(f, "", "a", "d\n");
	assert_string_equal(seen(f), "cd ");
	assert_string_equal(seen(f), "");
}

static void
renaming_loses_nothing(void **state)
{
	struct fixture *f = *state;

	put(f, "", "w", "a\nb\n");
	f->tail = maillog_tail_new(&f->list, NULL, 0);
	assert_string_equal(seen(f), "a b ");
	move(f, "", ".1");
	assert_string_equal(seen(f), "");
	/* The log daemon has not yet noticed. */
	put(f, ".1", "a", "c\n");
	put(f, "", "w", "d\n");
	assert_string_equal(seen(f), "c d ");
	put(f, ".1", "a", "e\n");
	put(f, "", "a", "f\n");
	assert_string_equal(seen(f), "e f ");
	/* Twice within one look. */
	move(f, ".1", ".2");
	move(f, "", ".1");
	put(f, "", "w", "g\n");
	move(f, ".2", ".3");
	move(f, ".1", ".2");
	move(f, "", ".1");
	put(f, "", "w", "h\n");
	assert_string_equal(seen(f), "g h ");
}

static void
copying_and_truncating_loses_nothing(void **state)
{
	struct fixture *f = *state;

	put(f, "", "w", "a\nb\n");
	f->tail = maillog_tail_new(&f->list, NULL, 0);
	assert_string_equal(seen(f), "a b ");
	put(f, ".1", "w", "a\nb\nc\n");
	put(f, "", "w", "d\n");
	assert_string_equal(seen(f), "c d ");
	/* It has grown beyond its old end since. */
	move(f, ".1", ".2");
	put(f, ".1", "w", "d\ne\n");
	put(f, "", "w", "f\ng\nh\ni\n");
	assert_string_equal(seen(f), "e f g h i ");
}

static void
restarts_go_on_where_it_was(void **state)
{
	struct fixture *f = *state;

	put(f, "", "w", "a\nb\nc");
	f->tail = maillog_tail_new(&f->list, NULL, 0);
	assert_string_equal(seen(f), "a b ");
	again(f);
	assert_string_equal(seen(f), "");
	put(f, "", "a", "d\ne\n");
	again(f);
	assert_string_equal(seen(f), "cd e ");
	/* Renamed meanwhile, with a date, and an older file beside it. */
	put(f, "", "a", "f\n");
	move(f, "", "-20260131");
	put(f, "", "w", "g\n");
	again(f);
	assert_string_equal(seen(f), "f g ");
	assert_false(maillog_tail_missed(f->tail));
	/* Copied and truncated meanwhile: the same inode, another beginning. */
	put(f, ".1", "w", "g\nh\n");
	put(f, "", "w", "i\nj\n");
	again(f);
	assert_string_equal(seen(f), "h i j ");
	assert_false(maillog_tail_missed(f->tail));
}

static void
a_file_that_is_gone_is_missed(void **state)
{
	struct fixture *f = *state;

	put(f, "", "w", "a\n");
	f->tail = maillog_tail_new(&f->list, NULL, 0);
	assert_string_equal(seen(f), "a ");
	put(f, "", "a", "b\n");
	move(f, "", ".1.gz");
	put(f, "", "w", "c\n");
	again(f);
	assert_true(maillog_tail_missed(f->tail));
	assert_false(maillog_tail_missed(f->tail));
	assert_string_equal(seen(f), "c ");
}

static void
an_empty_file_is_a_place_too(void **state)
{
	struct fixture *f = *state;

	put(f, "", "w", "");
	f->tail = maillog_tail_new(&f->list, NULL, 0);
	assert_string_equal(seen(f), "");
	again(f);
	put(f, "", "a", "a\n");
	assert_string_equal(seen(f), "a ");
	assert_false(maillog_tail_missed(f->tail));
}

static void
many_rotations_do_no_harm(void **state)
{
	struct fixture *f = *state;
	char line[32];

	put(f, "", "w", "0\n");
	f->tail = maillog_tail_new(&f->list, NULL, 0);
	assert_string_equal(seen(f), "0 ");
	for (int i = 1; i < 40; i++) {
		snprintf(line, sizeof line, "%d\n", i);
		move(f, "", ".1");
		put(f, "", "w", line);
		snprintf(line, sizeof line, "%d ", i);
		assert_string_equal(seen(f), line);
		if (i % 7 == 0)
			again(f);
	}
}

/* So many files that were never read; what stands in them. */
static void
put_many(const struct fixture *f, int count, char *wanted, size_t size)
{
	char line[32], end[32];

	wanted[0] = '\0';
	for (int i = 0; i < count; i++) {
		snprintf(end, sizeof end, ".%d", 100 - i);
		move(f, "", end);
		snprintf(line, sizeof line, "%d\n", i);
		put(f, "", "w", line);
		snprintf(wanted + strlen(wanted), size - strlen(wanted), "%d ", i);
		/* Time stamps of files are not finer than the kernel's clock tick. */
		usleep(10000);
	}
}

static void
remove_many(const struct fixture *f, int count)
{
	char end[32];

	for (int i = 0; i < count; i++) {
		snprintf(end, sizeof end, ".%d", 100 - i);
		remove_end(f, end);
	}
}

/* More files than are open at a time: read at once, after a restart, with restarts in between. */
static void
after_a_long_time_all_files_are_read(void **state)
{
	struct fixture *f = *state;
	char wanted[400], got[4000];

	for (int round = 0; round < 3; round++) {
		put(f, "", "w", "first\n");
		f->tail = maillog_tail_new(&f->list, NULL, 0);
		assert_string_equal(seen(f), "first ");
		put_many(f, 30, wanted, sizeof wanted);
		if (round > 0)
			again(f);
		got[0] = f->seen[0] = '\0';
		for (int i = 0; i < 60 && round == 2; i++) {
			(void)maillog_tail_read(f->tail, see, f, &f->err);
			if (i % 3 == 0)
				again(f);
		}
		snprintf(got, sizeof got, "%s", f->seen);
		assert_string_equal(round == 2 ? got : seen(f), wanted);
		assert_string_equal(seen(f), "");
		assert_false(maillog_tail_missed(f->tail));
		maillog_tail_free(&f->tail);
		remove_many(f, 30);
	}
}

static void
copied_twice_before_it_is_seen(void **state)
{
	struct fixture *f = *state;

	put(f, "", "w", "a\nb\n");
	f->tail = maillog_tail_new(&f->list, NULL, 0);
	assert_string_equal(seen(f), "a b ");
	put(f, ".2", "w", "a\nb\nc\n");
	usleep(10000);
	put(f, ".1", "w", "d\n");
	put(f, "", "w", "e\n");
	assert_string_equal(seen(f), "c d e ");
}

/* The place is an empty file, whose lines were copied elsewhere before others came. */
static void
copies_come_before_what_follows(void **state)
{
	struct fixture *f = *state;
	struct store_log_place places[MAILLOG_PLACES];
	size_t count;

	put(f, "", "w", "");
	f->tail = maillog_tail_new(&f->list, NULL, 0);
	assert_string_equal(seen(f), "");
	count = maillog_tail_places(f->tail, places);
	maillog_tail_free(&f->tail);
	put(f, ".1", "w", "a\nb\n");
	usleep(10000);
	put(f, "", "w", "c\n");
	f->tail = maillog_tail_new(&f->list, places, count);
	assert_string_equal(seen(f), "a b c ");
}

/* Copied and truncated while older files were still being read. */
static void
what_was_opened_but_not_read_is_found_in_its_copy(void **state)
{
	struct fixture *f = *state;
	struct store_log_place places[MAILLOG_PLACES];
	size_t count;

	for (int round = 0; round < 2; round++) {
		put(f, "", "w", "a\n");
		f->tail = maillog_tail_new(&f->list, NULL, 0);
		assert_string_equal(seen(f), "a ");
		count = maillog_tail_places(f->tail, places);
		maillog_tail_free(&f->tail);
		put(f, "", "a", "b\n");
		move(f, "", ".3");
		usleep(10000);
		put(f, "", "w", "c\n");
		/* Both are open; nothing, or only the older one, is read. */
		f->tail = maillog_tail_new(&f->list, places, count);
		f->seen[0] = '\0';
		if (round == 1)
			assert_int_equal(maillog_tail_read(f->tail, see, f, &f->err), 1);
		put(f, ".2", "w", "c\nd\n");
		put(f, "", "w", "e\n");
		if (round == 1)
			again(f);
		assert_string_equal(seen(f), round == 0 ? "b c d e " : "c d e ");
		maillog_tail_free(&f->tail);
		/* The next round's files begin alike. */
		remove_end(f, ".2");
		remove_end(f, ".3");
	}
}

#define FILE_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    FILE_TEST(a_log_is_followed_from_its_beginning),
	    FILE_TEST(renaming_loses_nothing),
	    FILE_TEST(copying_and_truncating_loses_nothing),
	    FILE_TEST(restarts_go_on_where_it_was),
	    FILE_TEST(a_file_that_is_gone_is_missed),
	    FILE_TEST(an_empty_file_is_a_place_too),
	    FILE_TEST(many_rotations_do_no_harm),
	    FILE_TEST(after_a_long_time_all_files_are_read),
	    FILE_TEST(copied_twice_before_it_is_seen),
	    FILE_TEST(copies_come_before_what_follows),
	    FILE_TEST(what_was_opened_but_not_read_is_found_in_its_copy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
