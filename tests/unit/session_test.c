/* SPDX-License-Identifier: BSD-2-Clause
 *
 * session_test: verdicts, envelope, header and edits, with a libmilter that only records
 */
#include "session/session.h"
#include "session/verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

/* --- a libmilter that writes down what it is told --- */

static struct buf told;
static int fail_after; /* so many calls succeed; -1: all */

static int tell(const char *format, ...) __attribute__((format(printf, 1, 2)));

static int
tell(const char *format, ...)
{
	char line[1024];
	va_list args;

	if (fail_after == 0)
		return MI_FAILURE;
	fail_after--;
	va_start(args, format);
	vsnprintf(line, sizeof line, format, args);
	va_end(args);
	buf_add_c(&told, line);
	return MI_SUCCESS;
}

int
smfi_chgheader(SMFICTX *ctx, char *name, int index, char *value)
{
	(void)ctx;
	return tell("change %s %d [%s]\n", name, index, value);
}

int
smfi_insheader(SMFICTX *ctx, int index, char *name, char *value)
{
	(void)ctx;
	return tell("insert %d %s [%s]\n", index, name, value);
}

int
smfi_addheader(SMFICTX *ctx, char *name, char *value)
{
	(void)ctx;
	return tell("add %s [%s]\n", name, value);
}

int
smfi_replacebody(SMFICTX *ctx, unsigned char *body, int size)
{
	(void)ctx;
	return size < 100 ? tell("body [%.*s]\n", size, (const char *)body)
			  : tell("body %d\n", size);
}

int
smfi_chgfrom(SMFICTX *ctx, char *sender, char *args)
{
	(void)ctx;
	return tell("sender %s [%s]\n", sender, args == NULL ? "none" : args);
}

int
smfi_setreply(SMFICTX *ctx, char *code, char *xcode, char *text)
{
	(void)ctx;
	return tell("reply %s %s [%s]\n", code, xcode, text);
}

/* --- a process without engine --- */

static struct conf conf = {.max_message = 64 << 10, .max_recipients = 3, .render_memory = 1 << 20};
static struct session_process process = {.conf = &conf, .lock = PTHREAD_MUTEX_INITIALIZER};

static struct session_message *
begin(void)
{
	buf_reset(&told);
	fail_after = -1;
	return session_message_begin(&process);
}

static void
end(struct session_message *message)
{
	session_message_end(&process, &message);
}

/* --- verdicts --- */

static void
errors_become_4xx(void **state)
{
	static const struct {
		enum err_code code;
		const char *text, *reply;
	} cases[] = {
	    {ERR_TEMPLATE, "line 3: no tag 'x'", "reply 451 4.6.0 [line 3: no tag 'x']\n"},
	    {ERR_BUSY, "locked", "reply 451 4.3.2 [locked]\n"},
	    {ERR_KEY, "no key", "reply 451 4.3.5 [no key]\n"},
	    {ERR_LIMIT, "100% of it", "reply 451 4.3.4 [100%% of it]\n"},
	    {ERR_STORE, "\xc3\xbc\t\"", "reply 451 4.3.0 [???\"]\n"},
	    {ERR_NONE, "", "reply 451 4.7.1 []\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct session_verdict verdict;
		struct err err = {.code = cases[i].code};

		buf_reset(&told);
		fail_after = -1;
		strcpy(err.text, cases[i].text);
		session_verdict_error(&err, &verdict);
		assert_int_equal(session_verdict_reply(NULL, &verdict), SMFIS_TEMPFAIL);
		assert_string_equal(told.data, cases[i].reply);
	}
}

static void
verdicts_become_replies(void **state)
{
	static const struct {
		enum store_verdict verdict;
		enum err_code code;
		sfsistat status;
		const char *reply;
	} cases[] = {
	    {STORE_SENT, ERR_NONE, SMFIS_ACCEPT, ""},
	    {STORE_SUPPRESSED, ERR_NONE, SMFIS_DISCARD, ""},
	    {STORE_DEFERRED, ERR_MISSING, SMFIS_TEMPFAIL, "reply 451 4.7.1 [why]\n"},
	    {STORE_DEFERRED, ERR_STORE, SMFIS_TEMPFAIL, "reply 451 4.3.0 [why]\n"},
	    {STORE_FAILED, ERR_ABORT, SMFIS_REJECT, "reply 550 5.7.1 [why]\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct tailor_copy copy = {
		    .verdict = cases[i].verdict, .code = cases[i].code, .reason = STR("why")};
		struct session_verdict verdict;

		buf_reset(&told);
		fail_after = -1;
		session_verdict_copy(&copy, &verdict);
		assert_int_equal(session_verdict_reply(NULL, &verdict), cases[i].status);
		assert_string_equal(buf_str(&told).p, cases[i].reply);
	}
}

static void
reply_text_stays_short(void **state)
{
	struct tailor_copy copy = {.verdict = STORE_FAILED};
	struct session_verdict verdict;
	char reason[2000];

	(void)state;
	memset(reason, '%', sizeof reason);
	copy.reason = (struct str){reason, sizeof reason};
	session_verdict_copy(&copy, &verdict);
	assert_in_range(strlen(verdict.text), 890, 900);
	assert_int_equal(strlen(verdict.text) % 2, 0);
	session_verdict_too_long(&verdict);
	assert_int_equal(verdict.status, SMFIS_REJECT);
	assert_string_equal(verdict.code, "552");
}

/* --- envelope --- */

static void
envelope_keeps_what_was_asked_for(void **state)
{
	const char *const mail[] = {"<news@shop.example>", "SIZE=1000", "BODY=8BITMIME", "ret=HDRS",
	    "ENVID=a+2Bb", "SMTPUTF8", "RETRY=1", "ENVID", NULL};
	const char *const rcpt[] = {"<ada@example.org>", "NOTIFY=SUCCESS,FAILURE",
	    "ORCPT=rfc822;ada@example.org", "NOTIFY=x y", "X=1", NULL};
	const char *const bare[] = {"bob@example.org", NULL};
	struct session_message *message = begin();

	(void)state;
	session_envelope_sender(message, mail);
	session_envelope_recipient(message, &conf, rcpt);
	session_envelope_recipient(message, &conf, bare);
	assert_true(str_is(message->sender, "news@shop.example"));
	assert_true(str_is(message->mail_args, "ret=HDRS ENVID=a+2Bb"));
	assert_true(message->smtputf8);
	assert_int_equal(message->recipient_count, 2);
	assert_true(str_is(message->recipients[0].address, "ada@example.org"));
	assert_true(str_is(message->recipients[0].rcpt_args,
	    "NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;ada@example.org"));
	assert_true(str_is(message->recipients[1].address, "bob@example.org"));
	assert_true(str_is(message->recipients[1].rcpt_args, ""));
	assert_false(message->too_many);
	end(message);
}

static void
envelope_of_a_bounce(void **state)
{
	const char *const mail[] = {"<>", NULL};
	struct session_message *message = begin();

	(void)state;
	session_envelope_sender(message, mail);
	assert_non_null(message->sender.p);
	assert_int_equal(message->sender.n, 0);
	assert_false(message->smtputf8);
	end(message);
}

static void
envelope_has_a_ceiling(void **state)
{
	const char *const rcpt[] = {"<ada@example.org>", NULL};
	struct session_message *message = begin();

	(void)state;
	for (int i = 0; i < 3; i++)
		session_envelope_recipient(message, &conf, rcpt);
	assert_false(message->too_many);
	session_envelope_recipient(message, &conf, rcpt);
	assert_true(message->too_many);
	assert_int_equal(message->recipient_count, 3);
	end(message);
}

static void
envelope_names_each_once(void **state)
{
	const char *const first[] = {"<Ada@Example.org>", "NOTIFY=NEVER", NULL};
	const char *const again[] = {"<ada@EXAMPLE.ORG>", NULL};
	const char *const other[] = {"<not an address>", NULL};
	struct session_message *message = begin();

	(void)state;
	session_envelope_recipient(message, &conf, first);
	session_envelope_recipient(message, &conf, again);
	session_envelope_recipient(message, &conf, other);
	session_envelope_unique(message);
	assert_int_equal(message->recipient_count, 2);
	assert_true(str_is(message->recipients[0].address, "Ada@Example.org"));
	assert_true(str_is(message->recipients[0].rcpt_args, "NOTIFY=NEVER"));
	assert_true(str_is(message->recipients[1].address, "not an address"));
	end(message);
}

/* --- header --- */

static void
header_becomes_raw_text(void **state)
{
	static const struct {
		const char *name, *value, *raw;
	} cases[] = {
	    {"Subject", " plain", "Subject: plain\r\n"},
	    {"Subject", "tight", "Subject:tight\r\n"},
	    {"Subject", "", "Subject:\r\n"},
	    {"To", " a,\n\tb,\n c", "To: a,\r\n\tb,\r\n c\r\n"},
	    {"To", " a,\r\n b", "To: a,\r\n b\r\n"},
	    {"X-Odd", " a\rb", "X-Odd: a\rb\r\n"},
	    {"X-Raw", " \xff\xfe", "X-Raw: \xff\xfe\r\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct session_message *message = begin();
		const struct mime_header *list;

		session_header_add(message, "From", " a@b");
		session_header_add(message, cases[i].name, cases[i].value);
		assert_string_equal(message->raw.data + strlen("From: a@b\r\n"), cases[i].raw);
		list = session_header_list(message);
		assert_non_null(list);
		assert_int_equal(message->field_count, 2);
		assert_true(str_is(list[0].name, "From") && str_is(list[0].value, " a@b"));
		assert_true(str_is(list[1].name, cases[i].name));
		assert_int_equal(list[1].value.n, strlen(cases[i].raw) - strlen(cases[i].name) - 3);
		end(message);
	}
}

static void
header_has_a_ceiling(void **state)
{
	struct session_message *message = begin();
	char value[1000];

	(void)state;
	memset(value, 'x', sizeof value - 1);
	value[sizeof value - 1] = '\0';
	for (int i = 0; i < 100; i++)
		session_header_add(message, "X", value);
	assert_true(message->too_long);
	assert_true(message->raw.len <= (size_t)conf.max_message);
	end(message);
}

/* --- edits --- */

static void
original(struct session_message *message, const char *const *fields, const char *body)
{
	for (; fields[0] != NULL; fields += 2)
		session_header_add(message, fields[0], fields[1]);
	buf_add_c(&message->raw, "\r\n");
	message->body_at = message->raw.len;
	buf_add_c(&message->raw, body);
}

static const char *const received[] = {"Received", " one", "From", " f", "X-Campaign", " c",
    "received", " two", "Subject", " s", "X-Campaign", " c2", NULL};

#define FIELD(n, v, c, o)                         \
	{                                         \
		{STR(n), STR(v)}, TAILOR_##c, (o) \
	}

static void
edits_in_their_order(void **state)
{
	struct tailor_header headers[] = {FIELD("DKIM-Signature", " v=1;\r\n b=x", ADDED, 0),
	    FIELD("X-Top", " t", ADDED, 0), FIELD("Received", " one", KEPT, 0),
	    FIELD("From", " f2", CHANGED, 1), FIELD("X-Campaign", " c", REMOVED, 2),
	    FIELD("Received", " 2nd", CHANGED, 3), FIELD("Date", " d", ADDED, 0),
	    FIELD("Subject", " a\r\n b", CHANGED, 4), FIELD("X-Campaign", " c2", REMOVED, 5),
	    FIELD("Message-ID", " m", ADDED, 0)};
	struct str spans[] = {STR("new "), STR(""), STR("body\r\n")};
	struct tailor_copy copy = {.headers = headers,
	    .header_count = sizeof headers / sizeof headers[0],
	    .spans = spans,
	    .span_count = 3};
	struct session_message *message = begin();
	struct err err = ERR_INIT;

	(void)state;
	original(message, received, "old body\r\n");
	assert_int_equal(session_edit(NULL, message, &copy, message->work, &err), 0);
	assert_string_equal(told.data,
	    "change X-Campaign 2 []\n"
	    "change Subject 1 [ a\n b]\n"
	    "change received 2 [ 2nd]\n"
	    "change X-Campaign 1 []\n"
	    "change From 1 [ f2]\n"
	    "insert 0 X-Top [ t]\n"
	    "insert 0 DKIM-Signature [ v=1;\n b=x]\n"
	    "add Date [ d]\n"
	    "add Message-ID [ m]\n"
	    "body [new body\r\n]\n");
	end(message);
}

static void
body_that_is_kept_is_not_sent(void **state)
{
	static const char *const fields[] = {"From", " f", NULL};
	struct tailor_header headers[] = {FIELD("From", " f", KEPT, 0)};
	struct session_message *message = begin();
	struct err err = ERR_INIT;
	struct str whole, spans[3];
	struct tailor_copy copy = {
	    .headers = headers, .header_count = 1, .spans = spans, .span_count = 3};

	(void)state;
	original(message, fields, "the body\r\n");
	whole = (struct str){message->raw.data + message->body_at, 10};
	spans[0] = (struct str){whole.p, 4};
	spans[1] = STR("");
	spans[2] = (struct str){whole.p + 4, 6};
	assert_int_equal(session_edit(NULL, message, &copy, message->work, &err), 0);
	assert_int_equal(told.len, 0);
	/* One byte less is another body, and so is one that is empty. */
	spans[2].n--;
	assert_int_equal(session_edit(NULL, message, &copy, message->work, &err), 0);
	assert_string_equal(told.data, "body [the body\r]\n");
	buf_reset(&told);
	copy.span_count = 0;
	assert_int_equal(session_edit(NULL, message, &copy, message->work, &err), 0);
	assert_string_equal(told.data, "body []\n");
	end(message);
}

static void
sender_keeps_its_parameters(void **state)
{
	static const char *const fields[] = {"From", " f", NULL};
	struct tailor_header headers[] = {FIELD("From", " f", KEPT, 0)};
	struct session_message *message = begin();
	struct str body;
	struct tailor_copy copy = {.headers = headers,
	    .header_count = 1,
	    .spans = &body,
	    .span_count = 1,
	    .sender = STR("bounces+abc@shop.example"),
	    .sender_changed = true};
	struct err err = ERR_INIT;

	(void)state;
	original(message, fields, "x\r\n");
	body = (struct str){message->raw.data + message->body_at, 3};
	assert_int_equal(session_edit(NULL, message, &copy, message->work, &err), 0);
	message->mail_args = STR("RET=HDRS ENVID=job-1");
	assert_int_equal(session_edit(NULL, message, &copy, message->work, &err), 0);
	assert_string_equal(told.data,
	    "sender <bounces+abc@shop.example> [none]\n"
	    "sender <bounces+abc@shop.example> [RET=HDRS ENVID=job-1]\n");
	/* It is not said where it would be the same. */
	buf_reset(&told);
	copy.sender_changed = false;
	assert_int_equal(session_edit(NULL, message, &copy, message->work, &err), 0);
	assert_int_equal(told.len, 0);
	end(message);
}

static void
large_body_goes_in_chunks(void **state)
{
	static const char *const fields[] = {"From", " f", NULL};
	struct tailor_header headers[] = {FIELD("From", " f", KEPT, 0)};
	struct session_message *message = begin();
	size_t size = 150000;
	char *text = calloc(1, size);
	struct str spans[] = {STR("head"), {text, size}};
	struct tailor_copy copy = {
	    .headers = headers, .header_count = 1, .spans = spans, .span_count = 2};
	struct err err = ERR_INIT;

	(void)state;
	original(message, fields, "x\r\n");
	assert_int_equal(session_edit(NULL, message, &copy, message->work, &err), 0);
	assert_string_equal(told.data, "body 65535\nbody 65535\nbody 18934\n");
	free(text);
	end(message);
}

static void
orders_that_edits_cannot_make(void **state)
{
	static const char *const fields[] = {"From", " f", "To", " t", NULL};
	struct tailor_header above[] = {FIELD("From", " f", KEPT, 0), FIELD("To", " new", ADDED, 0),
	    FIELD("To", " t", KEPT, 1)};
	struct tailor_header swapped[] = {FIELD("To", " t", KEPT, 1), FIELD("From", " f", KEPT, 0)};
	struct tailor_header missing[] = {FIELD("From", " f", KEPT, 0)};
	struct tailor_header empty[] = {FIELD("From", " f", KEPT, 0), FIELD("To", "", CHANGED, 1)};
	const struct tailor_copy copies[] = {
	    {.headers = above, .header_count = 3},
	    {.headers = swapped, .header_count = 2},
	    {.headers = missing, .header_count = 1},
	    {.headers = empty, .header_count = 2},
	};

	(void)state;
	for (size_t i = 0; i < sizeof copies / sizeof copies[0]; i++) {
		struct session_message *message = begin();
		struct err err = ERR_INIT;

		original(message, fields, "x\r\n");
		assert_int_equal(session_edit(NULL, message, &copies[i], message->work, &err), -1);
		assert_int_equal(err.code, ERR_INPUT);
		end(message);
	}
}

static void
every_call_that_fails_is_noticed(void **state)
{
	static const char *const fields[] = {"From", " f", "X-Campaign", " c", NULL};
	struct tailor_header headers[] = {FIELD("DKIM-Signature", " d", ADDED, 0),
	    FIELD("From", " f2", CHANGED, 0), FIELD("X-Campaign", "", REMOVED, 1),
	    FIELD("Date", " d", ADDED, 0)};
	struct str spans[] = {STR("new\r\n")};
	struct tailor_copy copy = {
	    .headers = headers, .header_count = 4, .spans = spans, .span_count = 1};

	(void)state;
	for (int calls = 0; calls <= 5; calls++) {
		struct session_message *message = begin();
		struct err err = ERR_INIT;

		fail_after = calls;
		original(message, fields, "old\r\n");
		assert_int_equal(
		    session_edit(NULL, message, &copy, message->work, &err), calls == 5 ? 0 : -1);
		assert_int_equal(err.code, calls == 5 ? ERR_NONE : ERR_IO);
		end(message);
	}
}

/* --- messages --- */

static void
messages_are_counted_and_reused(void **state)
{
	struct session_message *one = begin(), *two = begin(), *again;

	(void)state;
	assert_int_equal(session_message_in_hand(&process), 2);
	session_header_add(one, "From", " a@b");
	one->trusted = true;
	again = one;
	end(one);
	one = begin();
	assert_ptr_equal(one, again);
	assert_int_equal(one->field_count, 0);
	assert_int_equal(one->raw.len, 0);
	assert_false(one->trusted);
	end(one);
	end(two);
	assert_int_equal(session_message_in_hand(&process), 0);
	session_message_end(&process, &(struct session_message *){NULL});
	assert_int_equal(session_message_in_hand(&process), 0);
}

static void
messages_that_come_late_are_refused(void **state)
{
	struct session_message *early = begin(), *late;

	(void)state;
	session_message_refuse(&process);
	late = begin();
	assert_false(early->refused);
	assert_true(late->refused);
	end(early);
	end(late);
	process.leaving = false;
}

static int
teardown(void **state)
{
	(void)state;
	session_message_pool_free(&process);
	buf_fini(&told);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(errors_become_4xx),
	    cmocka_unit_test(verdicts_become_replies),
	    cmocka_unit_test(reply_text_stays_short),
	    cmocka_unit_test(envelope_keeps_what_was_asked_for),
	    cmocka_unit_test(envelope_of_a_bounce),
	    cmocka_unit_test(envelope_has_a_ceiling),
	    cmocka_unit_test(envelope_names_each_once),
	    cmocka_unit_test(header_becomes_raw_text),
	    cmocka_unit_test(header_has_a_ceiling),
	    cmocka_unit_test(edits_in_their_order),
	    cmocka_unit_test(body_that_is_kept_is_not_sent),
	    cmocka_unit_test(large_body_goes_in_chunks),
	    cmocka_unit_test(sender_keeps_its_parameters),
	    cmocka_unit_test(orders_that_edits_cannot_make),
	    cmocka_unit_test(every_call_that_fails_is_noticed),
	    cmocka_unit_test(messages_are_counted_and_reused),
	    cmocka_unit_test(messages_that_come_late_are_refused),
	};

	buf_init(&told, 1 << 20);
	return cmocka_run_group_tests_name("session", tests, NULL, teardown);
}
