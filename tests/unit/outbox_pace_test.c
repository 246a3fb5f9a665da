/* SPDX-License-Identifier: BSD-2-Clause
 *
 * outbox_pace_test: how hard the relay is worked, how long a recipient waits, and the queue
 * between main thread and senders
 */
#include "outbox/outcome.h"
#include "outbox/pace.h"
#include "outbox/queue.h"
#include "outbox/slot.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

#define SECOND ((int64_t)1000000)

static void
trouble_pauses_longer_and_longer(void **state)
{
	static const int64_t pauses_ms[] = {500, 1000, 2000, 4000, 8000, 16000, 30000, 30000};
	struct outbox_pace pace;
	int64_t now = SECOND;

	(void)state;
	outbox_pace_init(&pace, 8);
	for (size_t i = 0; i < sizeof pauses_ms / sizeof pauses_ms[0]; i++) {
		assert_int_equal(outbox_pace_trouble(&pace, now, now + 10), i == 0);
		assert_int_equal(pace.until_us, now + 10 + pauses_ms[i] * 1000);
		assert_int_equal(pace.allowed, 1);
		/* The other connections fail of the same cause. */
		assert_false(outbox_pace_trouble(&pace, now - 5, now + 20));
		assert_int_equal(pace.until_us, now + 10 + pauses_ms[i] * 1000);
		now = pace.until_us;
	}
}

static void
success_lets_more_connections_work(void **state)
{
	struct outbox_pace pace;
	int64_t now = SECOND;
	int messages = 0;

	(void)state;
	outbox_pace_init(&pace, 8);
	assert_false(outbox_pace_good(&pace, now));
	outbox_pace_trouble(&pace, now, now);
	/* What was on its way says nothing yet. */
	assert_false(outbox_pace_good(&pace, now + 1));
	assert_int_equal(pace.allowed, 1);
	now = pace.until_us;
	while (!outbox_pace_good(&pace, now))
		messages++;
	assert_int_equal(messages + 1, 1 + 2 + 4);
	assert_int_equal(pace.allowed, 8);
	assert_true(outbox_pace_trouble(&pace, now, now));
	assert_int_equal(pace.pause_us, SECOND / 2);
}

static void
many_refusals_in_a_row_are_trouble(void **state)
{
	struct outbox_pace pace;

	(void)state;
	outbox_pace_init(&pace, 8);
	for (int i = 0; i < 19; i++)
		assert_false(outbox_pace_refused(&pace, SECOND, SECOND));
	outbox_pace_good(&pace, SECOND);
	for (int i = 0; i < 19; i++)
		assert_false(outbox_pace_refused(&pace, SECOND, SECOND));
	assert_int_equal(pace.pause_us, 0);
	assert_true(outbox_pace_refused(&pace, SECOND, SECOND));
	assert_int_equal(pace.allowed, 1);
}

static void
back_off_doubles_up_to_its_ceiling(void **state)
{
	const struct conf conf = {.outbox_retry_min = 60000, .outbox_retry_max = 3600000};
	static const struct {
		int64_t attempts, low_s, high_s;
	} cases[] = {
	    {0, 56, 64}, {1, 112, 128}, {5, 1800, 2048}, {6, 3375, 3825}, {1000000000, 3375, 3825}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int64_t low = outbox_backoff_ms(&conf, cases[i].attempts, 0);
		int64_t high = outbox_backoff_ms(&conf, cases[i].attempts, 255);

		assert_in_range(low, cases[i].low_s * 1000, cases[i].high_s * 1000);
		assert_in_range(high, low + 1, cases[i].high_s * 1000);
	}
}

/* --- what an attempt means for the row --- */

static void
each_outcome_becomes_one_state(void **state)
{
	const struct conf conf = {
	    .outbox_retry_min = 60000, .outbox_retry_max = 3600000, .outbox_lifetime = 1000000};
	static const struct {
		const char *name;
		enum outbox_result result;
		enum outbox_stage stage;
		int64_t attempts, age_ms;
		enum outbox_job_end end;
		enum store_outbox_state state;
		enum store_verdict verdict;
		bool attempted, journalled;
		int64_t wait_low_ms, wait_high_ms;
		const char *reason;
	} cases[] = {
	    {"accepted", OUTBOX_ACCEPTED, OUTBOX_AT_DOT, 0, 0, OUTBOX_JOB_DONE, STORE_OUTBOX_DONE,
		STORE_SENT, true, true, 0, 0, ""},
	    {"refused for good", OUTBOX_PERMANENT, OUTBOX_AT_RCPT, 0, 0, OUTBOX_JOB_DONE,
		STORE_OUTBOX_FAILED, STORE_FAILED, true, true, 0, 0, "said so"},
	    {"refused for now", OUTBOX_TEMPORARY, OUTBOX_AT_RCPT, 0, 0, OUTBOX_JOB_DONE,
		STORE_OUTBOX_WAITING, STORE_DEFERRED, true, true, 55000, 65000, "said so"},
	    {"refused for now, again", OUTBOX_TEMPORARY, OUTBOX_AT_DOT, 3, 0, OUTBOX_JOB_DONE,
		STORE_OUTBOX_WAITING, STORE_DEFERRED, true, true, 440000, 520000, "said so"},
	    {"refused for now, too old", OUTBOX_TEMPORARY, OUTBOX_AT_RCPT, 3, 1001000,
		OUTBOX_JOB_DONE, STORE_OUTBOX_FAILED, STORE_FAILED, true, true, 0, 0,
		"expired: said so"},
	    {"relay not there", OUTBOX_NOT_SENT, OUTBOX_AT_CONNECT, 0, 2000000, OUTBOX_JOB_BACK,
		STORE_OUTBOX_WAITING, STORE_SENT, false, false, 0, 1000, ""},
	    {"relay closing", OUTBOX_NOT_SENT, OUTBOX_AT_MAIL, 5, 0, OUTBOX_JOB_BACK,
		STORE_OUTBOX_WAITING, STORE_SENT, false, false, 0, 1000, ""},
	    {"lost on the way", OUTBOX_NOT_SENT, OUTBOX_AT_DATA, 0, 0, OUTBOX_JOB_DONE,
		STORE_OUTBOX_WAITING, STORE_DEFERRED, true, true, 900, 2000, "said so"},
	    {"lost on the way each time", OUTBOX_NOT_SENT, OUTBOX_AT_DATA, 1, 0, OUTBOX_JOB_DONE,
		STORE_OUTBOX_WAITING, STORE_DEFERRED, true, true, 110000, 130000, "said so"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int64_t now = clock_now(), wait;
		const struct store_outbox_row row = {.id = 7,
		    .key = STR("key"),
		    .address = STR("a@b"),
		    .attempts = cases[i].attempts,
		    .due_ms = now - cases[i].age_ms};
		struct outbox_job job = {.row = &row};
		struct outbox_outcome outcome = {
		    .result = cases[i].result, .stage = cases[i].stage, .reason = "said so"};
		const struct store_outbox_result *result = &job.result;

		outbox_outcome_begin(&job);
		outbox_outcome_relay(&job, &conf, &outcome, clock_mono_us());
		wait = result->due_ms == 0 ? 0 : result->due_ms - now;
		if (job.end != cases[i].end || result->state != cases[i].state || result->id != 7 ||
		    result->attempted != cases[i].attempted ||
		    (result->journal.time_ms != 0) != cases[i].journalled ||
		    result->journal.verdict != cases[i].verdict || wait < cases[i].wait_low_ms ||
		    wait > cases[i].wait_high_ms ||
		    (cases[i].journalled && !str_is(result->journal.reason, cases[i].reason)))
			fail_msg("%s: end %d state %d verdict %d wait %lld reason %.*s",
			    cases[i].name, job.end, result->state, result->journal.verdict,
			    (long long)wait, STR_F(result->journal.reason));
	}
}

static void
long_reasons_are_cut_between_characters(void **state)
{
	const struct conf conf = {
	    .outbox_retry_min = 1, .outbox_retry_max = 1, .outbox_lifetime = 1000000};
	const struct store_outbox_row row = {.due_ms = clock_now()};
	struct outbox_job job = {.row = &row};
	char reason[1002] = "x";

	(void)state;
	for (size_t i = 1; i + 2 < sizeof reason; i += 2)
		memcpy(reason + i, "\xc3\xa9", 3);
	outbox_outcome_begin(&job);
	outbox_outcome_verdict(&job, &conf, STORE_FAILED, str_c(reason), 0);
	assert_int_equal(job.result.journal.reason.n, ERR_TEXT_MAX - 1);
	outbox_outcome_verdict(&job, &conf, STORE_FAILED, str_c(reason + 1), 0);
	assert_int_equal(job.result.journal.reason.n, ERR_TEXT_MAX - 2);
}

/* --- the queue --- */

static struct outbox_job_list
jobs_of(struct outbox_job *jobs, size_t count)
{
	struct outbox_job_list list = {0};

	for (size_t i = 0; i < count; i++)
		outbox_job_add(&list, &jobs[i]);
	return list;
}

static void
only_as_many_senders_work_as_are_allowed(void **state)
{
	struct outbox_job jobs[3] = {0}, *first, *second;
	struct outbox_job_list list = jobs_of(jobs, 3);
	struct outbox_queue queue;
	int64_t begun = clock_mono_us();

	(void)state;
	assert_int_equal(outbox_queue_init(&queue, 2, NULL), 0);
	outbox_queue_push(&queue, &list);
	assert_int_equal(outbox_queue_take(&queue, 10, &first), OUTBOX_TAKE_JOB);
	assert_int_equal(outbox_queue_take(&queue, 10, &second), OUTBOX_TAKE_JOB);
	assert_ptr_equal(first, &jobs[0]);
	assert_ptr_equal(second, &jobs[1]);
	assert_int_equal(outbox_queue_take(&queue, 10, &first), OUTBOX_TAKE_IDLE);
	outbox_queue_return(&queue, &jobs[0]);
	assert_true(outbox_queue_news(&queue, OUTBOX_RELAY_TROUBLE, begun));
	/* Paused: not even one. */
	outbox_queue_return(&queue, &jobs[1]);
	assert_int_equal(outbox_queue_take(&queue, 10, &first), OUTBOX_TAKE_IDLE);
	assert_true(outbox_queue_look(&queue).pause_until_us > clock_mono_us());
	assert_int_equal(outbox_queue_take(&queue, 2000, &first), OUTBOX_TAKE_JOB);
	assert_ptr_equal(first, &jobs[2]);
	assert_int_equal(outbox_queue_collect(&queue).count, 2);
	assert_int_equal(outbox_queue_collect(&queue).count, 0);
	outbox_queue_fini(&queue);
}

static void
closing_ends_the_waiting(void **state)
{
	struct outbox_job jobs[2] = {0}, *job;
	struct outbox_job_list list = jobs_of(jobs, 2);
	struct outbox_queue queue;

	(void)state;
	assert_int_equal(outbox_queue_init(&queue, 2, NULL), 0);
	outbox_queue_push(&queue, &list);
	outbox_queue_close(&queue);
	assert_int_equal(outbox_queue_take(&queue, 60000, &job), OUTBOX_TAKE_CLOSING);
	assert_int_equal(outbox_queue_flush(&queue).count, 2);
	outbox_queue_fini(&queue);
}

static void
a_slot_has_one_holder(void **state)
{
	char folder[] = "/tmp/slot_test.XXXXXX", database[64], path[96];
	struct err err = ERR_INIT;
	int one, two;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(database, sizeof database, "%s/db", folder);
	assert_int_equal(outbox_slot_lock(database, 3, &one, &err), 1);
	assert_int_equal(outbox_slot_lock(database, 3, &two, &err), 0);
	assert_int_equal(outbox_slot_lock(database, 4, &two, &err), 1);
	close(two);
	close(one);
	assert_int_equal(outbox_slot_lock(database, 3, &one, &err), 1);
	close(one);
	for (int slot = 3; slot <= 4; slot++) {
		snprintf(path, sizeof path, "%s-outbox-%d.lock", database, slot);
		assert_int_equal(unlink(path), 0);
	}
	rmdir(folder);
	assert_int_equal(outbox_slot_lock(database, 3, &one, &err), -1);
	assert_int_equal(err.code, ERR_IO);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(trouble_pauses_longer_and_longer),
	    cmocka_unit_test(success_lets_more_connections_work),
	    cmocka_unit_test(many_refusals_in_a_row_are_trouble),
	    cmocka_unit_test(back_off_doubles_up_to_its_ceiling),
	    cmocka_unit_test(each_outcome_becomes_one_state),
	    cmocka_unit_test(long_reasons_are_cut_between_characters),
	    cmocka_unit_test(only_as_many_senders_work_as_are_allowed),
	    cmocka_unit_test(closing_ends_the_waiting),
	    cmocka_unit_test(a_slot_has_one_holder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
