/* SPDX-License-Identifier: BSD-2-Clause
 *
 * outbox_maillog_test: what Postfix's log proves; the lines are from a real Postfix 3.7 whose
 * client was killed at each stage
 */
#include "outbox/mailqueue.h"
#include "outbox/maillog.h"

#include "base/clock.h"
#include "maillog/line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define LOCAL	 "0123456789abcdef0123456789abcdef"
#define ID	 "<" LOCAL "@shop.example>"
#define T	 "Nov 22 20:19:15 relay postfix/"
#define SM	 "Nov 22 20:19:15 relay sm-mta[1]: 5ALK000: "
#define SM_FROM	 SM "from=<a@shop.example>, size=1, class=0, nrcpts=1, msgid=" ID ", proto=ESMTP\n"

static void
lines_are_taken_apart_in_every_format(void **state)
{
	static const struct {
		const char *name, *line;
		const char *program, *queue_id, *rest; /* NULL: no line about a message */
	} cases[] = {
	    {"RFC 3164", T "cleanup[1088]: A6FDBA724E1: message-id=" ID, "cleanup", "A6FDBA724E1",
		"message-id=" ID},
	    {"one-digit day", "Nov  2 20:19:15 relay postfix/qmgr[1]: A6FDBA724E1: removed", "qmgr",
		"A6FDBA724E1", "removed"},
	    {"with priority", "<22>Nov 22 20:19:15 relay postfix/qmgr[1]: A6FDBA724E1: removed",
		"qmgr", "A6FDBA724E1", "removed"},
	    {"ISO time stamp",
		"2026-11-22T20:19:15.123456+00:00 relay postfix/qmgr[10]: 4fXk2C1zPqz9: removed",
		"qmgr", "4fXk2C1zPqz9", "removed"},
	    {"RFC 5424", "1 2026-11-22T20:19:15Z relay postfix/qmgr 10 - - A6FDBA724E1: removed",
		"qmgr", "A6FDBA724E1", "removed"},
	    {"RFC 5424 with structured data and mark",
		"<22>1 2026-11-22T20:19:15Z relay postfix/qmgr 10 - [a@1 b=\"c d\"] "
		"\xef\xbb\xbf"
		"A6FDBA724E1: removed",
		"qmgr", "A6FDBA724E1", "removed"},
	    {"instance and service in the name",
		"Nov 22 20:19:15 relay postfix-out/submission/smtpd[7]: ABCDEF1: client=x", "smtpd",
		"ABCDEF1", "client=x"},
	    {"no queue id", T "smtpd[1]: connect from unknown[127.0.0.1]", NULL, NULL, NULL},
	    {"another daemon", "Nov 22 20:19:15 relay sshd[1]: Accepted key for x", NULL, NULL,
		NULL},
	    {"no process id", "Nov 22 20:19:15 relay kernel: A6FDBA724E1: removed", NULL, NULL,
		NULL},
	    {"queue id with a slash", T "qmgr[1]: ../A6FDBA724E1: removed", NULL, NULL, NULL},
	    {"nothing after the queue id", T "qmgr[1]: A6FDBA724E1:", NULL, NULL, NULL},
	    {"only a time", "Nov 22 20:19:15", NULL, NULL, NULL},
	    {"empty", "", NULL, NULL, NULL},
	    {"one character", "<", NULL, NULL, NULL},
	    {"open structured data", "1 2026-11-22T20:19:15Z relay x 10 - [a", NULL, NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct maillog_line line;
		bool parsed = maillog_line_parse(str_c(cases[i].line), &line);

		if (parsed != (cases[i].program != NULL) ||
		    (parsed &&
			(!str_is(line.program, cases[i].program) ||
			    !str_is(line.queue_id, cases[i].queue_id) ||
			    !str_is(line.rest, cases[i].rest))))
			fail_msg("%s: %d", cases[i].name, parsed);
	}
}

/* --- clues --- */

struct fixture {
	char folder[64], newest[96], older[96];
	const char *paths[2];
	struct conf_list list;
};

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	snprintf(f->folder, sizeof f->folder, "/tmp/maillog_test.XXXXXX");
	if (mkdtemp(f->folder) == NULL)
		return -1;
	snprintf(f->newest, sizeof f->newest, "%s/mail.log", f->folder);
	snprintf(f->older, sizeof f->older, "%s/mail.log.1", f->folder);
	f->paths[0] = f->newest;
	f->paths[1] = f->older;
	f->list = (struct conf_list){f->paths, 2};
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	unlink(f->newest);
	unlink(f->older);
	rmdir(f->folder);
	free(f);
	return 0;
}

static void
put(const char *path, const char *mode, const char *text)
{
	FILE *file = fopen(path, mode);

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static const struct {
	const char *name, *log;
	bool accepted;
	const char *queue_id;
} acceptances[] = {
    {"nothing", "", false, ""},
    {"the client died within the body",
	T "smtpd[1065]: A5340A724A7: client=unknown[127.0.0.1]\n" T
	  "cleanup[1073]: A5340A724A7: message-id=" ID "\n" T
	  "smtpd[1065]: lost connection after DATA (5697 bytes) from unknown[127.0.0.1]\n",
	false, "A5340A724A7"},
    {"the client died after the final dot",
	T "smtpd[1076]: A6FDBA724E1: client=unknown[127.0.0.1]\n" T
	  "cleanup[1088]: A6FDBA724E1: message-id=" ID "\n" T
	  "smtpd[1076]: disconnect from unknown[127.0.0.1] data=1\n" T
	  "qmgr[1052]: A6FDBA724E1: from=<a@shop.example>, size=5895, nrcpt=1 (queue "
	  "active)\n",
	true, "A6FDBA724E1"},
    {"only the delivery is there",
	T "cleanup[1088]: A6FDBA724E1: message-id=" ID "\n" T
	  "smtp[1074]: A6FDBA724E1: to=<u@example.org>, relay=none, status=deferred (x)\n",
	true, "A6FDBA724E1"},
    {"only the removal is there",
	T "cleanup[1088]: A6FDBA724E1: message-id=" ID "\n" T "qmgr[1]: A6FDBA724E1: removed\n",
	true, "A6FDBA724E1"},
    {"long queue ids",
	T "cleanup[1088]: 4fXk2C1zPqz9: message-id=" ID "\n" T
	  "qmgr[1052]: 4fXk2C1zPqz9: from=<a@shop.example>, nrcpt=1 (queue active)\n",
	true, "4fXk2C1zPqz9"},
    {"refused at the end of the message",
	T "cleanup[1088]: A6FDBA724E1: message-id=" ID "\n" T
	  "cleanup[1088]: A6FDBA724E1: milter-reject: END-OF-MESSAGE from x: 4.7.1 later; "
	  "to=<u@example.org>\n",
	false, "A6FDBA724E1"},
    {"what smtpd says of a recipient is no delivery",
	T "cleanup[1088]: A6FDBA724E1: message-id=" ID "\n" T
	  "smtpd[1088]: A6FDBA724E1: to=<u@example.org>\n",
	false, "A6FDBA724E1"},
    {"on hold: the queue has to be asked",
	T "cleanup[1088]: A6FDBA724E1: message-id=" ID "\n" T
	  "cleanup[1088]: A6FDBA724E1: hold: header Subject: x from y\n",
	false, "A6FDBA724E1"},
    {"the queue id is used again by another message",
	T "cleanup[1088]: A6FDBA724E1: message-id=" ID "\n" T
	  "cleanup[1090]: A6FDBA724E1: message-id=<other@example.org>\n" T
	  "qmgr[1052]: A6FDBA724E1: from=<b@example.org>, nrcpt=1 (queue active)\n",
	false, "A6FDBA724E1"},
    {"a first attempt was refused, the second accepted",
	T "cleanup[1088]: A6FDBA724E1: message-id=" ID "\n" T
	  "cleanup[1088]: B6FDBA724E1: message-id=" ID "\n" T
	  "qmgr[1052]: B6FDBA724E1: from=<a@shop.example>, nrcpt=1 (queue active)\n",
	true, "B6FDBA724E1"},
    {"the proof belongs to another queue id",
	T "cleanup[1088]: A6FDBA724E1: message-id=" ID "\n" T
	  "qmgr[1052]: B6FDBA724E1: from=<a@shop.example>, nrcpt=1 (queue active)\n",
	false, "A6FDBA724E1"},
    {"somebody writes our Message-ID into a line that is not cleanup's",
	T "smtpd[1088]: A6FDBA724E1: message-id=" ID "\n" T
	  "qmgr[1052]: A6FDBA724E1: from=<a@shop.example>, nrcpt=1 (queue active)\n",
	false, ""},
    {"or into a subject that is logged",
	T "cleanup[1088]: A6FDBA724E1: warning: header Subject: x: message-id=" ID "\n" T
	  "qmgr[1052]: A6FDBA724E1: from=<a@shop.example>, nrcpt=1 (queue active)\n",
	false, ""},
    {"a longer local part is another Message-ID",
	T "cleanup[1088]: A6FDBA724E1: message-id=<0" LOCAL "@shop.example>\n" T
	  "qmgr[1052]: A6FDBA724E1: from=<a@shop.example>, nrcpt=1 (queue active)\n",
	false, ""},
    {"the line with the Message-ID was lost",
	T "smtpd[1]: A6FDBA724E1: client=unknown[127.0.0.1]\n" T
	  "qmgr[2]: A6FDBA724E1: from=<a@shop.example>, size=1, nrcpt=1 (queue active)\n" T
	  "smtp[3]: A6FDBA724E1: to=<u@example.org>, relay=none, status=deferred (x)\n",
	true, "A6FDBA724E1"},
    {"the same, rewritten on the way",
	T "smtpd[1]: A6FDBA724E1: client=unknown[127.0.0.1]\n" T
	  "qmgr[2]: A6FDBA724E1: from=<a@shop.example>, size=1, nrcpt=1 (queue active)\n" T
	  "smtp[3]: A6FDBA724E1: to=<v@x.org>, orig_to=<u@example.org>, relay=none\n",
	true, "A6FDBA724E1"},
    {"it was not lost, and is another's",
	T "smtpd[1]: A6FDBA724E1: client=unknown[127.0.0.1]\n" T
	  "cleanup[4]: A6FDBA724E1: message-id=<other@shop.example>\n" T
	  "qmgr[2]: A6FDBA724E1: from=<a@shop.example>, size=1, nrcpt=1 (queue active)\n" T
	  "smtp[3]: A6FDBA724E1: to=<u@example.org>, relay=none, status=deferred (x)\n",
	false, ""},
    {"lost, but another sender",
	T "smtpd[1]: A6FDBA724E1: client=unknown[127.0.0.1]\n" T
	  "qmgr[2]: A6FDBA724E1: from=<b@shop.example>, size=1, nrcpt=1 (queue active)\n" T
	  "smtp[3]: A6FDBA724E1: to=<u@example.org>, relay=none, status=deferred (x)\n",
	false, ""},
    {"lost, but another recipient",
	T "smtpd[1]: A6FDBA724E1: client=unknown[127.0.0.1]\n" T
	  "qmgr[2]: A6FDBA724E1: from=<a@shop.example>, size=1, nrcpt=1 (queue active)\n" T
	  "smtp[3]: A6FDBA724E1: to=<w@example.org>, relay=none, status=deferred (x)\n",
	false, ""},
    {"lost, and the sender carries a token",
	T "smtpd[1]: A6FDBA724E1: client=unknown[127.0.0.1]\n" T
	  "qmgr[2]: A6FDBA724E1: from=<bo+abc234@shop.example>, size=1, nrcpt=1 (q)\n" T
	  "smtp[3]: A6FDBA724E1: to=<u@example.org>, relay=none, status=deferred (x)\n",
	true, "A6FDBA724E1"},
    {"lost, and the sender has no token, since the recipient is no contact",
	T "smtpd[1]: A6FDBA724E1: client=unknown[127.0.0.1]\n" T
	  "qmgr[2]: A6FDBA724E1: from=<bo@shop.example>, size=1, nrcpt=1 (q)\n" T
	  "smtp[3]: A6FDBA724E1: to=<u@example.org>, relay=none, status=deferred (x)\n",
	true, "A6FDBA724E1"},
    {"lost, and a token stands in another's sender",
	T "smtpd[1]: A6FDBA724E1: client=unknown[127.0.0.1]\n" T
	  "qmgr[2]: A6FDBA724E1: from=<boo+abc234@shop.example>, size=1, nrcpt=1 (q)\n" T
	  "smtp[3]: A6FDBA724E1: to=<u@example.org>, relay=none, status=deferred (x)\n",
	false, ""},
    {"lost, and a token in another domain",
	T "smtpd[1]: A6FDBA724E1: client=unknown[127.0.0.1]\n" T
	  "qmgr[2]: A6FDBA724E1: from=<bo+abc234@x.shop.example>, size=1, nrcpt=1 (q)\n" T
	  "smtp[3]: A6FDBA724E1: to=<u@example.org>, relay=none, status=deferred (x)\n",
	false, ""},
    {"lost, and only the deferred queue's run is seen",
	T "qmgr[2]: A6FDBA724E1: from=<a@shop.example>, size=1, nrcpt=1 (queue active)\n" T
	  "smtp[3]: A6FDBA724E1: to=<u@example.org>, relay=none, status=deferred (x)\n",
	false, ""},
    {"lost, but long before the row was claimed",
	"2001-01-01T00:00:00.5+00:00 relay postfix/smtpd[1]: A6FDBA724E1: client=x\n" T
	"qmgr[2]: A6FDBA724E1: from=<a@shop.example>, size=1, nrcpt=1 (queue active)\n" T
	"smtp[3]: A6FDBA724E1: to=<u@example.org>, relay=none, status=deferred (x)\n",
	false, ""},
    {"Sendmail: a milter may still refuse it", SM_FROM, false, "5ALK000"},
    {"Sendmail: a milter refused it",
	SM_FROM SM "Milter: data, reject=451 no\n" SM
		   "to=<u@example.org>, delay=00:00:01, pri=1, stat=no\n",
	false, "5ALK000"},
    {"Sendmail: tried",
	SM_FROM SM "to=<u@example.org>, delay=00:00:01, mailer=esmtp, pri=1, relay=mx.example., "
		   "dsn=4.0.0, stat=Deferred\n",
	true, "5ALK000"},
    {"Sendmail: in its queue",
	SM_FROM SM "to=<u@example.org>, delay=00:00:01, mailer=esmtp, pri=1, stat=queued\n", true,
	"5ALK000"},
    {"Sendmail: another's Message-ID",
	SM "from=<a@shop.example>, size=1, msgid=<other@shop.example>, proto=ESMTP\n" SM
	   "to=<u@example.org>, delay=00:00:01, mailer=esmtp, pri=1, stat=queued\n",
	false, ""},
    {"the last line has no end yet",
	T "cleanup[1088]: A6FDBA724E1: message-id=" ID "\n" T "qmgr[1]: A6FDBA724E1: removed",
	false, "A6FDBA724E1"},
};

static void
only_later_lines_prove_acceptance(void **state)
{
	struct fixture *f = *state;
	/* The lines' time stamps have no year: they are never more than one old. */
	int64_t claimed_ms = clock_now() - (int64_t)366 * 86400 * 1000;

	for (size_t i = 0; i < COUNT(acceptances); i++) {
		struct outbox_clue clue = {.local = LOCAL,
		    .sender = STR("a@shop.example"),
		    .bounce = STR("bo@shop.example"),
		    .recipient = STR("u@example.org"),
		    .claimed_ms = claimed_ms};
		struct outbox_maillog *log;
		struct err err = ERR_INIT;

		put(f->newest, "w", acceptances[i].log);
		log = outbox_maillog_new(&f->list, 0);
		outbox_maillog_watch(log, &clue);
		assert_int_equal(outbox_maillog_read(log, &err), 0);
		if (clue.accepted != acceptances[i].accepted ||
		    strcmp(clue.queue_id, acceptances[i].queue_id) != 0)
			fail_msg("%s: %d '%s'", acceptances[i].name, clue.accepted, clue.queue_id);
		if (clue.accepted && strstr(acceptances[i].log, ID) != NULL)
			assert_string_equal(clue.message_id, ID);
		outbox_maillog_free(&log);
	}
}

static void
a_growing_log_is_followed_line_by_line(void **state)
{
	static const char text[] = T "cleanup[1088]: A6FDBA724E1: message-id=" ID "\n" T
				     "qmgr[1052]: A6FDBA724E1: from=<a@b> (queue active)\n";
	struct fixture *f = *state;
	struct outbox_clue clue = {.local = LOCAL};
	struct outbox_maillog *log = outbox_maillog_new(&f->list, 0);
	struct err err = ERR_INIT;

	outbox_maillog_watch(log, &clue);
	assert_int_equal(outbox_maillog_read(log, &err), -1);
	assert_int_equal(err.code, ERR_IO);
	for (size_t i = 0; i < sizeof text - 1; i++) {
		char byte[2] = {text[i], '\0'};

		put(f->newest, "a", byte);
		assert_false(clue.accepted);
		assert_int_equal(outbox_maillog_read(log, &err), 0);
		assert_int_equal(outbox_maillog_bytes(log), i + 1);
	}
	assert_true(clue.accepted);
	outbox_maillog_free(&log);
}

static void
a_rotation_on_the_way_loses_nothing(void **state)
{
	struct fixture *f = *state;
	struct outbox_clue clue = {.local = LOCAL};
	struct outbox_maillog *log;
	struct err err = ERR_INIT;

	put(f->newest, "w", T "cleanup[1088]: A6FDBA724E1: message-id=" ID "\n");
	log = outbox_maillog_new(&f->list, 0);
	outbox_maillog_watch(log, &clue);
	assert_int_equal(outbox_maillog_read(log, &err), 0);
	/* Renamed; the logger still writes to the old file, then to the new one. */
	assert_int_equal(rename(f->newest, f->older), 0);
	put(f->older, "a", T "smtp[1]: nothing of interest\n");
	put(f->newest, "w", T "qmgr[1052]: A6FDBA724E1: from=<a@b> (queue active)\n");
	assert_int_equal(outbox_maillog_read(log, &err), 0);
	assert_true(clue.accepted);
	outbox_maillog_free(&log);
}

static void
older_files_are_read_first_and_only_if_recent(void **state)
{
	struct fixture *f = *state;
	struct outbox_clue clue = {.local = LOCAL};
	struct outbox_maillog *log;
	struct err err = ERR_INIT;

	put(f->older, "w", T "cleanup[1088]: A6FDBA724E1: message-id=" ID "\n");
	put(f->newest, "w", T "qmgr[1052]: A6FDBA724E1: from=<a@b> (queue active)\n");
	/* All that is of interest was written after the row was claimed. */
	log = outbox_maillog_new(&f->list, clock_now() + 10000);
	outbox_maillog_watch(log, &clue);
	assert_int_equal(outbox_maillog_read(log, &err), 0);
	assert_string_equal(clue.queue_id, "");
	outbox_maillog_free(&log);
	log = outbox_maillog_new(&f->list, clock_now() - 10000);
	outbox_maillog_watch(log, &clue);
	assert_int_equal(outbox_maillog_read(log, &err), 0);
	assert_true(clue.accepted);
	outbox_maillog_free(&log);
}

static void
what_is_long_past_is_not_read(void **state)
{
	static const struct {
		const char *name, *old_line, *new_line;
	} cases[] = {
	    {"ISO", "2020-01-01T00:00:00.5+00:00 relay postfix/smtpd[1]: connect from x[1.2.3.4]\n",
		"2026-01-01T00:00:00.5+00:00 relay postfix/"},
	    {"unreadable", "somebody's log without any time in it, which is read as a whole\n",
		"2026-01-01T00:00:00.5+00:00 relay postfix/"},
	};
	const int lines = 60000;
	struct fixture *f = *state;
	int64_t since_ms;

	assert_int_equal(clock_parse("2025-12-31T23:59:00Z", &since_ms), 0);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct outbox_clue clue = {.local = LOCAL};
		struct outbox_maillog *log;
		struct err err = ERR_INIT;
		FILE *file = fopen(f->newest, "w");
		uint64_t size;

		for (int k = 0; k < lines; k++)
			fputs(cases[i].old_line, file);
		fprintf(
		    file, "%scleanup[1088]: A6FDBA724E1: message-id=" ID "\n", cases[i].new_line);
		fprintf(file, "%sqmgr[1]: A6FDBA724E1: removed\n", cases[i].new_line);
		size = (uint64_t)ftell(file);
		fclose(file);
		log = outbox_maillog_new(&f->list, since_ms);
		outbox_maillog_watch(log, &clue);
		assert_int_equal(outbox_maillog_read(log, &err), 0);
		assert_true(clue.accepted);
		if (i == 0)
			assert_in_range(outbox_maillog_bytes(log), 1, 1 << 20);
		else
			assert_int_equal(outbox_maillog_bytes(log), size);
		outbox_maillog_free(&log);
	}
}

static void
endless_lines_and_truncation_do_no_harm(void **state)
{
	struct fixture *f = *state;
	struct outbox_clue clue = {.local = LOCAL};
	struct outbox_maillog *log;
	struct err err = ERR_INIT;
	char *junk = malloc(700001);

	memset(junk, 'x', 700000);
	junk[700000] = '\0';
	put(f->newest, "w", junk);
	log = outbox_maillog_new(&f->list, 0);
	outbox_maillog_watch(log, &clue);
	assert_int_equal(outbox_maillog_read(log, &err), 0);
	put(f->newest, "a", "\n" T "cleanup[1088]: A6FDBA724E1: message-id=" ID "\n");
	assert_int_equal(outbox_maillog_read(log, &err), 0);
	assert_string_equal(clue.queue_id, "A6FDBA724E1");
	/* Rotated by copying and truncating. */
	put(f->newest, "w", T "qmgr[1052]: A6FDBA724E1: removed\n");
	assert_int_equal(outbox_maillog_read(log, &err), 0);
	assert_true(clue.accepted);
	outbox_maillog_free(&log);
	free(junk);
}

static void
never(const char *queue_id, void *closure)
{
	(void)queue_id;
	*(bool *)closure = true;
}

static void
a_queue_that_cannot_be_listed_is_an_error(void **state)
{
	bool called = false;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(outbox_mailqueue_each("/nonexistent", never, &called, &err), -1);
	assert_int_equal(err.code, ERR_IO);
	assert_false(called);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lines_are_taken_apart_in_every_format),
	    cmocka_unit_test_setup_teardown(only_later_lines_prove_acceptance, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		a_growing_log_is_followed_line_by_line, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_rotation_on_the_way_loses_nothing, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		older_files_are_read_first_and_only_if_recent, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(what_is_long_past_is_not_read, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		endless_lines_and_truncation_do_no_harm, set_up, tear_down),
	    cmocka_unit_test(a_queue_that_cannot_be_listed_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
