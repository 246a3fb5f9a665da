/* SPDX-License-Identifier: BSD-2-Clause
 *
 * maillog_rotate_test: a mail log that is renamed, copied and truncated at random, while its
 * reader is slow, restarts, or dies: each line is seen, and in the order in which it was written
 *
 * Lines are numbers. One that was seen may come again; one that comes before all older ones were
 * seen is a fault. ROTATE_SEED repeats a run, but for the time that things take.
 */
#include "maillog/tail.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

#define ROUNDS	      60
#define STEPS	      60
#define BESIDE_ROUNDS 8
#define BESIDE_STEPS  120
#define BESIDE_READS  1500
/* Longer than what is read of a file at a time. */
#define LONG_LINE  4000
#define LONG_LINES 150

struct world {
	GRand *dice;
	char *folder, *log;
	const char *paths[1];
	struct conf_list list;
	struct maillog_tail *tail;
	int written;   /* lines so far: the last one's number */
	int seen;      /* all up to this one */
	int early;     /* this one came before one that is older; 0: none */
	int rotations; /* the number of the last old file */
	/* As committed last: */
	struct store_log_place places[MAILLOG_PLACES];
	size_t count;
	int kept;
	GString *story;
};

static void
see(struct str line, void *closure)
{
	struct world *w = closure;
	int number = atoi(line.p);

	if (number == w->seen + 1)
		w->seen = number;
	else if (number > w->seen && w->early == 0)
		w->early = number;
}

static void
write_lines(struct world *w)
{
	bool large = g_rand_int_range(w->dice, 0, 12) == 0;
	int count = large ? LONG_LINES : g_rand_int_range(w->dice, 1, 5);
	FILE *file = fopen(w->log, "a");

	assert_non_null(file);
	for (int i = 0; i < count; i++)
		fprintf(file, "%d %*s\n", ++w->written, large ? LONG_LINE : 1, "x");
	fclose(file);
	g_string_append_printf(w->story, "write to %d\n", w->written);
}

/* Time stamps of files are not finer than the kernel's clock tick. */
static void
tick(void)
{
	usleep(5000);
}

static char *
old_name(struct world *w)
{
	return g_strdup_printf("%s.%d", w->log, ++w->rotations);
}

static void
begin_log(const struct world *w)
{
	FILE *file = fopen(w->log, "a");

	assert_non_null(file);
	fclose(file);
}

static void
rename_log(struct world *w)
{
	char *old = old_name(w);

	tick();
	assert_int_equal(g_rename(w->log, old), 0);
	begin_log(w);
	tick();
	g_string_append_printf(w->story, "rename to %d\n", w->rotations);
	g_free(old);
}

static void
copy_log(struct world *w)
{
	char *old = old_name(w), *text;
	size_t n;
	FILE *file;

	tick();
	assert_true(g_file_get_contents(w->log, &text, &n, NULL));
	file = fopen(old, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, n, file), n);
	fclose(file);
	assert_int_equal(truncate(w->log, 0), 0);
	tick();
	g_string_append_printf(w->story, "copy to %d\n", w->rotations);
	g_free(text);
	g_free(old);
}

static int
read_some(struct world *w)
{
	struct err err = ERR_INIT;
	int rc = maillog_tail_read(w->tail, see, w, &err);

	g_string_append_printf(w->story, "read: %d, seen %d\n", rc, w->seen);
	return rc;
}

static void
commit(struct world *w)
{
	w->count = maillog_tail_places(w->tail, w->places);
	w->kept = w->seen;
	g_string_append_printf(w->story, "commit %d\n", w->kept);
}

/* What was seen since the last commit was in memory alone. */
static void
restart(struct world *w)
{
	maillog_tail_free(&w->tail);
	w->tail = maillog_tail_new(&w->list, w->places, w->count);
	w->seen = w->kept;
	g_string_append_printf(w->story, "restart at %d\n", w->kept);
}

static void
step(struct world *w)
{
	int what = g_rand_int_range(w->dice, 0, 100);

	if (what < 35)
		write_lines(w);
	else if (what < 45)
		rename_log(w);
	else if (what < 57)
		copy_log(w);
	else if (what < 85)
		(void)read_some(w);
	else if (what < 95)
		commit(w);
	else
		restart(w);
}

/* What happened last; cmocka prints no more. */
static const char *
story(const struct world *w)
{
	return w->story->str + (w->story->len > 600 ? w->story->len - 600 : 0);
}

static void
check(const struct world *w, guint32 seed)
{
	if (maillog_tail_missed(w->tail))
		fail_msg("ROTATE_SEED=%u: a file was missed\n%s", seed, story(w));
	if (w->early != 0)
		fail_msg("ROTATE_SEED=%u: line %d came before all older ones\n%s", seed, w->early,
		    story(w));
}

static void
clean_up(struct world *w)
{
	maillog_tail_free(&w->tail);
	for (int i = 1; i <= w->rotations; i++) {
		char *old = g_strdup_printf("%s.%d", w->log, i);

		g_unlink(old);
		g_free(old);
	}
	g_unlink(w->log);
	assert_int_equal(g_rmdir(w->folder), 0);
	g_string_free(w->story, TRUE);
	g_rand_free(w->dice);
	g_free(w->log);
	g_free(w->folder);
}

static void
begin(struct world *w, guint32 seed)
{
	*w = (struct world){.dice = g_rand_new_with_seed(seed), .story = g_string_new("")};
	w->folder = g_dir_make_tmp("maillog.XXXXXX", NULL);
	assert_non_null(w->folder);
	w->log = g_build_filename(w->folder, "mail.log", NULL);
	w->paths[0] = w->log;
	w->list = (struct conf_list){.count = 1, .at = w->paths};
	w->tail = maillog_tail_new(&w->list, NULL, 0);
	begin_log(w);
	(void)read_some(w);
	commit(w);
}

static void
end(struct world *w, guint32 seed)
{
	int rc;

	while ((rc = read_some(w)) == 1)
		;
	check(w, seed);
	if (rc != 0 || w->seen != w->written)
		fail_msg("ROTATE_SEED=%u: %d lines of %d\n%s", seed, w->seen, w->written, story(w));
	clean_up(w);
}

static void
run(guint32 seed)
{
	struct world w;

	begin(&w, seed);
	for (int i = 0; i < STEPS; i++) {
		step(&w);
		check(&w, seed);
	}
	end(&w, seed);
}

/* The same with a writer that waits for nobody. */
static gpointer
write_beside(gpointer closure)
{
	struct world *w = closure;

	for (int i = 0; i < BESIDE_STEPS; i++) {
		int what = g_rand_int_range(w->dice, 0, 10);

		if (what == 0)
			rename_log(w);
		else if (what == 1)
			copy_log(w);
		else
			write_lines(w);
	}
	return NULL;
}

static void
read_beside(struct world *w)
{
	int what = g_rand_int_range(w->dice, 0, 100);

	if (what < 10)
		restart(w);
	else if (what < 30)
		commit(w);
	else if (what < 40)
		usleep((useconds_t)g_rand_int_range(w->dice, 0, 20000));
	else
		(void)read_some(w);
}

static void
run_beside(guint32 seed)
{
	struct world writer, reader;
	GThread *thread;

	begin(&writer, seed);
	/* Each has dice and a story of its own. */
	reader = writer;
	reader.dice = g_rand_new_with_seed(seed + 1);
	reader.story = g_string_new("");
	thread = g_thread_new("writer", write_beside, &writer);
	for (int i = 0; i < BESIDE_READS; i++) {
		read_beside(&reader);
		check(&reader, seed);
	}
	g_thread_join(thread);
	reader.written = writer.written;
	reader.rotations = writer.rotations;
	g_string_free(writer.story, TRUE);
	g_rand_free(writer.dice);
	end(&reader, seed);
}

static guint32
first_seed(void)
{
	const char *wanted = getenv("ROTATE_SEED");

	return wanted == NULL ? g_random_int() : (guint32)strtoul(wanted, NULL, 10);
}

static void
each_line_is_seen_in_its_order(void **state)
{
	guint32 seed = first_seed();

	(void)state;
	for (int i = 0; i < ROUNDS; i++)
		run(seed + (guint32)i);
}

static void
beside_a_writer_too(void **state)
{
	guint32 seed = first_seed();

	(void)state;
	for (int i = 0; i < BESIDE_ROUNDS; i++)
		run_beside(seed + (guint32)i);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(each_line_is_seen_in_its_order),
	    cmocka_unit_test(beside_a_writer_too)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
