/* SPDX-License-Identifier: BSD-2-Clause
 *
 * outbox_hands_test: what is known of rows after the process that had them is gone
 */
#include "outbox/hands.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

static struct outbox_hands *hands;

static int
fresh(void **state)
{
	(void)state;
	hands = outbox_hands_new(1);
	assert_non_null(hands);
	return 0;
}

static void
nothing_is_known_before_somebody_says_so(void **state)
{
	(void)state;
	assert_false(outbox_hands_known(NULL));
	assert_false(outbox_hands_has(NULL, 1));
	assert_int_equal(outbox_hands_begin(NULL, 1), 0);
	assert_false(outbox_hands_known(hands));
	outbox_hands_reset(hands, NULL, 0);
	assert_true(outbox_hands_known(hands));
}

static void
what_was_begun_outlives_its_process(void **state)
{
	pid_t pid;
	int status;

	(void)state;
	outbox_hands_reset(hands, (int64_t[]){7}, 1);
	pid = fork();
	if (pid == 0) {
		int hand = outbox_hands_begin(hands, 8);

		outbox_hands_begin(hands, 9);
		outbox_hands_end(hands, hand);
		abort();
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_true(outbox_hands_known(hands));
	assert_true(outbox_hands_has(hands, 7));
	assert_false(outbox_hands_has(hands, 8));
	assert_true(outbox_hands_has(hands, 9));
}

/* It was settled, put back and begun again, before the settler came to forget it. */
static void
forgetting_forgets_one_beginning(void **state)
{
	(void)state;
	outbox_hands_reset(hands, (int64_t[]){7}, 1);
	outbox_hands_begin(hands, 7);
	outbox_hands_forget(hands, 7);
	assert_true(outbox_hands_has(hands, 7));
	outbox_hands_forget(hands, 7);
	assert_false(outbox_hands_has(hands, 7));
	outbox_hands_forget(hands, 7);
}

static void
without_room_nothing_is_known(void **state)
{
	(void)state;
	outbox_hands_reset(hands, NULL, 0);
	for (int i = 1; i <= OUTBOX_HANDS_ROWS; i++)
		assert_int_not_equal(outbox_hands_begin(hands, i), 0);
	assert_true(outbox_hands_known(hands));
	assert_int_equal(outbox_hands_begin(hands, OUTBOX_HANDS_ROWS + 1), 0);
	assert_false(outbox_hands_known(hands));
	/* Room alone does not help: the one before is not noted. */
	outbox_hands_forget(hands, 1);
	assert_int_not_equal(outbox_hands_begin(hands, OUTBOX_HANDS_ROWS + 2), 0);
	assert_false(outbox_hands_known(hands));
}

static void
the_culprit_is_named_until_somebody_has_read_it(void **state)
{
	(void)state;
	outbox_hands_accuse(NULL, 5, "why");
	outbox_hands_accuse(hands, 5, "it crashed");
	assert_int_equal(atomic_load(&hands->culprit), 5);
	assert_string_equal(hands->why, "it crashed");
	outbox_hands_reset(hands, NULL, 0);
	assert_int_equal(atomic_load(&hands->culprit), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(nothing_is_known_before_somebody_says_so, fresh),
	    cmocka_unit_test_setup(what_was_begun_outlives_its_process, fresh),
	    cmocka_unit_test_setup(forgetting_forgets_one_beginning, fresh),
	    cmocka_unit_test_setup(without_room_nothing_is_known, fresh),
	    cmocka_unit_test_setup(the_culprit_is_named_until_somebody_has_read_it, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
