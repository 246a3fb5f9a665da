/* SPDX-License-Identifier: BSD-2-Clause
 *
 * delivery_hostile_test: messages made to cost memory or time
 *
 * None may be read as something that it is not, all have to come to an end, and the arena's
 * ceiling holds. (The whole program's memory is looked at by bounce_test.py.)
 */
#include "delivery_fixture.h"

#define DAEMON                             \
	"Return-Path: <>\n"                \
	"From: MAILER-DAEMON@mx.example\n" \
	"To: news@shop.example\n"          \
	"Subject: failure notice\n"
#define REPORT DAEMON "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"

static struct buf message;

static int
setup(void **state)
{
	buf_init(&message, (size_t)64 << 20);
	return arena_setup(state);
}

static int
teardown(void **state)
{
	buf_fini(&message);
	return arena_teardown(state);
}

static struct delivery_report
read_it(void)
{
	assert_false(message.full);
	return read_message(buf_str(&message), STR(""), NULL);
}

static void
repeat(const char *text, size_t bytes)
{
	for (size_t n = strlen(text), i = 0; i < bytes; i += n)
		buf_add(&message, text, n);
}

static void
million_recipients(void **state)
{
	struct delivery_report report;

	(void)state;
	buf_add_c(&message,
	    REPORT "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\n");
	for (unsigned i = 0; i < 1000000; i++)
		buf_printf(&message, "Final-Recipient: rfc822;%u@x.example\nStatus: 5.1.1\n\n", i);
	report = read_it();
	assert_int_equal(report.kind, DELIVERY_BOUNCE);
	assert_int_equal(report.count, DELIVERY_RECIPIENTS_MAX);
	assert_true(report.truncated);
}

static void
million_lines(void **state)
{
	struct delivery_report report;

	(void)state;
	buf_add_c(&message, DAEMON "\nunable to deliver\n\n");
	for (unsigned i = 0; i < 1000000; i++)
		buf_printf(&message, "<%u@x.example>:\n550 5.1.1 no\n", i);
	report = read_it();
	assert_int_equal(report.kind, DELIVERY_BOUNCE);
	assert_true(report.count > 0 && report.count <= DELIVERY_RECIPIENTS_MAX);
}

/* The report stands first; what came back is large. */
static void
ten_megabytes(void **state)
{
	struct delivery_report report;

	(void)state;
	buf_add_c(&message,
	    REPORT "--b\n\nSorry\n--b\nContent-Type: message/delivery-status\n\n"
		   "Final-Recipient: rfc822; ada@x.example\nAction: failed\nStatus: 5.1.1\n\n"
		   "--b\nContent-Type: message/rfc822\n\nMessage-ID: <id@shop.example>\n\n");
	repeat("TWFpbHRhaWxvcg: -- <a href=\"https://x.example/c/abc\"> +aaaaaaa@x.example\n",
	    10 << 20);
	report = read_it();
	assert_string_equal(
	    describe(&report), "bounce ada@x.example 5.1.1 user unknown, hard | id@shop.example");
}

/* More than is looked at. */
static void
forty_megabytes(void **state)
{
	struct delivery_report report;

	(void)state;
	buf_add_c(&message, DAEMON "\nunable to deliver\n\n<ada@x.example>:\n552 5.2.2 full\n\n");
	repeat("x", 40 << 20);
	report = read_it();
	assert_int_equal(report.kind, DELIVERY_BOUNCE);
	assert_true(report.truncated);
}

static void
nested(void **state)
{
	static const char *const bombs[] = {
	    "Content-Type: message/rfc822\n\n",
	    "Content-Type: multipart/report; boundary=b\n\n--b\n",
	    "--b\nContent-Type: multipart/mixed; boundary=b\n\n",
	    "--b\nContent-Type: message/rfc822\n\nContent-Type: multipart/report; boundary=b\n\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof bombs / sizeof bombs[0]; i++) {
		buf_reset(&message);
		buf_add_c(&message, REPORT);
		repeat(bombs[i], 4 << 20);
		read_it();
	}
}

static void
long_things(void **state)
{
	static const char *const pieces[] = {"@", "<", "<a@", "a@b,", "+", "/c/", "\"",
	    "=?utf-8?q?", "5.1.", "550 ", "((((", "\\x{41}", "ada@x.example: ", ":", "\n\n", " \n",
	    "\t", "--b\n", ">>> ", "<<< 550 x\n", "Received: x\n", "Final-Recipient: ", "<b>",
	    "&amp;", "{\"a\":", "user unknown ", "mailbox", "\xf0\x9f", "\xe3\x83\xa1"};
	static const char *const heads[] = {DAEMON "\n", REPORT,
	    DAEMON "X-Failed-Recipients: ", DAEMON "Content-Type: text/html\n\n<p>",
	    "From: fbl@x.example\nContent-Type: multipart/report; report-type=feedback-report; "
	    "boundary=b\n\n"
	    "--b\nContent-Type: message/feedback-report\n\nFeedback-Type: "
	    "abuse\nOriginal-Rcpt-To: "};

	(void)state;
	for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
		for (size_t j = 0; j < sizeof heads / sizeof heads[0]; j++) {
			buf_reset(&message);
			buf_add_c(&message, heads[j]);
			repeat(pieces[i], 300000);
			read_it();
		}
	}
}

static void
zeros(void **state)
{
	static const char body[] =
	    "\nunable to deliver\n\n<a\0da@x.example>:\0\n552 5.2.2 f\0ull\n\0";
	struct delivery_report report;

	(void)state;
	buf_add_c(&message, DAEMON);
	buf_add(&message, body, sizeof body);
	report = read_it();
	assert_true(report.kind == DELIVERY_BOUNCE || report.kind == DELIVERY_NONE);
	buf_reset(&message);
	for (size_t i = 0; i < 1 << 20; i++)
		buf_add_char(&message, '\0');
	report = read_it();
	assert_int_equal(report.kind, DELIVERY_NONE);
}

/* Wherever a report is cut off, it is read without harm. */
static void
cut_anywhere(void **state)
{
	static const char whole[] = REPORT
	    "--b\n\n<ada@x.example>: 550 5.1.1 no\n--b\nContent-Type: message/delivery-status\n\n"
	    "Final-Recipient: utf-8; \\x{41}da@x.example\nAction: failed\nStatus: 5.1.1\n\n"
	    "--b\nContent-Type: message/rfc822\n\nMessage-ID: <id@shop.example>\n\nx\n--b--\n";

	(void)state;
	for (size_t n = 0; n < sizeof whole; n++) {
		char *copy = malloc(n + 1);

		memcpy(copy, whole, n);
		read_message((struct str){copy, n}, STR(""), NULL);
		free(copy);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(million_recipients, setup, teardown),
	    cmocka_unit_test_setup_teardown(million_lines, setup, teardown),
	    cmocka_unit_test_setup_teardown(ten_megabytes, setup, teardown),
	    cmocka_unit_test_setup_teardown(forty_megabytes, setup, teardown),
	    cmocka_unit_test_setup_teardown(nested, setup, teardown),
	    cmocka_unit_test_setup_teardown(long_things, setup, teardown),
	    cmocka_unit_test_setup_teardown(zeros, setup, teardown),
	    cmocka_unit_test_setup_teardown(cut_anywhere, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
