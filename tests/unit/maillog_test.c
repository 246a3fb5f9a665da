/* SPDX-License-Identifier: BSD-2-Clause
 *
 * maillog_test: lines of mail logs, and their time stamps
 *
 * Lines are as Postfix 3.7 and Sendmail 8.17 write them.
 */
#include "maillog/entry.h"
#include "maillog/feed.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define P	 "Nov 22 20:19:15 relay postfix/"
#define S	 "Nov 22 20:19:15 relay sm-mta[7]: 5ALKJFxx000123: "

/* --- what lines say --- */

struct entry_case {
	const char *name, *line;
	enum maillog_kind kind;
	const char *message_id, *to, *orig_to, *relay, *status, *text, *next;
	enum maillog_outcome outcome;
	int64_t delay_ms;
};

static const struct entry_case entries[] = {
    {.name = "message-id",
	.line = P "cleanup[1]: A6FDBA724E1: message-id=<a@b.example>",
	.kind = MAILLOG_MESSAGE_ID,
	.message_id = "<a@b.example>"},
    {.name = "resent-message-id is another",
	.line = P "cleanup[1]: A6FDBA724E1: resent-message-id=<a@b.example>",
	.kind = MAILLOG_OTHER},
    {.name = "client",
	.line = P "smtpd[1]: A6FDBA724E1: client=x[192.0.2.1]",
	.kind = MAILLOG_CAME},
    {.name = "pickup", .line = P "pickup[1]: A6FDBA724E1: uid=0 from=<root>", .kind = MAILLOG_CAME},
    {.name = "removed", .line = P "qmgr[1]: A6FDBA724E1: removed", .kind = MAILLOG_DONE},
    {.name = "deleted", .line = P "postsuper[1]: A6FDBA724E1: removed", .kind = MAILLOG_DELETED},
    {.name = "requeued", .line = P "postsuper[1]: A6FDBA724E1: requeued", .kind = MAILLOG_OTHER},
    {.name = "expired",
	.line = P "qmgr[1]: A6FDBA724E1: from=<a@b.example>, status=expired, returned to sender",
	.kind = MAILLOG_EXPIRED},
    {.name = "a sender that looks expired",
	.line =
	    P "qmgr[1]: A6FDBA724E1: from=<\", status=expired, returned to sender\"@b.example>, "
	      "size=1, nrcpt=1 (queue active)",
	.kind = MAILLOG_OTHER},
    {.name = "a report",
	.line = P "bounce[1]: A6FDBA724E1: sender non-delivery notification: B1",
	.kind = MAILLOG_OTHER},
    {.name = "what the host said first",
	.line =
	    P "smtp[1]: A6FDBA724E1: host mx.example[192.0.2.1] said: 450 4.2.0 no (in reply to "
	      "RCPT TO command)",
	.kind = MAILLOG_OTHER},
    {.name = "sent",
	.line =
	    P "smtp[1]: A6FDBA724E1: to=<u@x.example>, relay=mx.example[192.0.2.1]:25, delay=1.1, "
	      "delays=0.1/0/0.5/0.5, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 4fXk2C1zPq)",
	.kind = MAILLOG_RESULT,
	.to = "u@x.example",
	.relay = "mx.example[192.0.2.1]:25",
	.status = "2.0.0",
	.text = "250 2.0.0 Ok: queued as 4fXk2C1zPq",
	.next = "4fXk2C1zPq",
	.outcome = MAILLOG_SENT,
	.delay_ms = 1100},
    {.name = "an alias, a connection used again",
	.line = P
	"smtp[1]: A6FDBA724E1: to=<u@x.example>, orig_to=<all@b.example>, "
	"relay=mx.example[192.0.2.1]:25, conn_use=12, delay=4512, delays=4511/0/0.5/0.5, "
	"dsn=5.1.1, status=bounced (host mx.example[192.0.2.1] said: 550 5.1.1 <u@x.example>: "
	"unknown, status=sent (250 ok) (in reply to RCPT TO command))",
	.kind = MAILLOG_RESULT,
	.to = "u@x.example",
	.orig_to = "all@b.example",
	.relay = "mx.example[192.0.2.1]:25",
	.status = "5.1.1",
	.text =
	    "host mx.example[192.0.2.1] said: 550 5.1.1 <u@x.example>: unknown, status=sent (250 "
	    "ok) (in reply to RCPT TO command)",
	.outcome = MAILLOG_BOUNCED,
	.delay_ms = 4512000},
    {.name = "no connection",
	.line = P "smtp[1]: A6FDBA724E1: to=<u@x.example>, relay=none, delay=0.05, delays=0/0/0/0, "
		  "dsn=4.4.1, status=deferred (connect to x[192.0.2.1]:25: Connection refused)",
	.kind = MAILLOG_RESULT,
	.to = "u@x.example",
	.relay = "none",
	.status = "4.4.1",
	.text = "connect to x[192.0.2.1]:25: Connection refused",
	.outcome = MAILLOG_DEFERRED,
	.delay_ms = 50},
    {.name = "local, forwarded",
	.line =
	    P "local[1]: A6FDBA724E1: to=<u@x.example>, relay=local, delay=0.1, delays=0/0/0/0, "
	      "dsn=2.0.0, status=sent (forwarded as B123)",
	.kind = MAILLOG_RESULT,
	.to = "u@x.example",
	.relay = "local",
	.status = "2.0.0",
	.text = "forwarded as B123",
	.next = "B123",
	.outcome = MAILLOG_SENT,
	.delay_ms = 100},
    {.name = "a recipient with a comma",
	.line = P "virtual[1]: A6FDBA724E1: to=<\"a,b\"@x.example>, relay=virtual, delay=0.1, "
		  "delays=0/0/0/0, dsn=2.0.0, status=sent (delivered to maildir)",
	.kind = MAILLOG_RESULT,
	.to = "\"a,b\"@x.example",
	.relay = "virtual",
	.status = "2.0.0",
	.text = "delivered to maildir",
	.outcome = MAILLOG_SENT,
	.delay_ms = 100},
    {.name = "cut off",
	.line = P "smtp[1]: A6FDBA724E1: to=<u@x.example>, relay=mx, delay=1",
	.kind = MAILLOG_OTHER,
	.to = "u@x.example",
	.relay = "mx",
	.delay_ms = 1000},
    {.name = "undeliverable is a probe",
	.line = P "smtp[1]: A6FDBA724E1: to=<u@x.example>, relay=mx, delay=1, delays=1/0/0/0, "
		  "dsn=5.1.1, status=undeliverable (550 no)",
	.kind = MAILLOG_OTHER,
	.to = "u@x.example",
	.relay = "mx",
	.status = "5.1.1",
	.delay_ms = 1000},
    {.name = "Sendmail: from",
	.line =
	    S "from=<a@b.example>, size=1, class=0, nrcpts=1, msgid=<m@b.example>, proto=ESMTP, "
	      "daemon=MTA, relay=localhost [127.0.0.1]",
	.kind = MAILLOG_MESSAGE_ID,
	.message_id = "<m@b.example>"},
    {.name = "Sendmail: sent",
	.line =
	    S "to=<u@x.example>, delay=00:01:02, xdelay=00:00:01, mailer=esmtp, pri=120316, "
	      "relay=mx.example. [192.0.2.1], dsn=2.0.0, stat=Sent (5ALK000 Message accepted for "
	      "delivery)",
	.kind = MAILLOG_RESULT,
	.to = "<u@x.example>",
	.relay = "mx.example. [192.0.2.1]",
	.status = "2.0.0",
	.text = "5ALK000 Message accepted for delivery",
	.next = "5ALK000",
	.outcome = MAILLOG_SENT,
	.delay_ms = 62000},
    {.name = "Sendmail: user unknown",
	.line =
	    S "to=<u@x.example>, ctladdr=<a@b.example> (0/0), delay=1+00:00:02, xdelay=00:00:01, "
	      "mailer=esmtp, pri=1, relay=mx.example. [192.0.2.1], dsn=5.1.1, stat=User unknown",
	.kind = MAILLOG_RESULT,
	.to = "<u@x.example>",
	.relay = "mx.example. [192.0.2.1]",
	.status = "5.1.1",
	.text = "User unknown",
	.outcome = MAILLOG_BOUNCED,
	.delay_ms = 86402000},
    {.name = "Sendmail: deferred",
	.line = S "to=<u@x.example>, delay=00:00:02, xdelay=00:00:01, mailer=esmtp, pri=1, "
		  "relay=mx.example., dsn=4.0.0, stat=Deferred: Connection refused by mx.example.",
	.kind = MAILLOG_RESULT,
	.to = "<u@x.example>",
	.relay = "mx.example.",
	.status = "4.0.0",
	.text = "Deferred: Connection refused by mx.example.",
	.outcome = MAILLOG_DEFERRED,
	.delay_ms = 2000},
    {.name = "Sendmail: the server's reply says more than its own words",
	.line =
	    S "to=<u@x.example>, delay=00:00:01, xdelay=00:00:01, mailer=esmtp, pri=30236, "
	      "relay=mx.example. [192.0.2.1], dsn=5.7.1, reply=550 5.7.1 Blocked, sorry, stat=User "
	      "unknown",
	.kind = MAILLOG_RESULT,
	.to = "<u@x.example>",
	.relay = "mx.example. [192.0.2.1]",
	.status = "5.7.1",
	.text = "550 5.7.1 Blocked, sorry",
	.outcome = MAILLOG_BOUNCED,
	.delay_ms = 1000},
    {.name = "Sendmail: a reply that looks like the log",
	.line = S "to=<u@x.example>, delay=00:00:01, mailer=esmtp, relay=mx.example., dsn=5.7.1, "
		  "reply=550 5.7.1 "
		  "No, stat=Sent (ok), dsn=2.0.0, stat=Service unavailable",
	.kind = MAILLOG_RESULT,
	.to = "<u@x.example>",
	.relay = "mx.example.",
	.status = "5.7.1",
	.text = "550 5.7.1 No, stat=Sent (ok), dsn=2.0.0",
	.outcome = MAILLOG_BOUNCED,
	.delay_ms = 1000},
    {.name = "Sendmail: deferred, with the reply",
	.line = S "to=<u@x.example>, delay=00:00:01, mailer=esmtp, relay=mx.example., dsn=4.2.0, "
		  "reply=450 4.2.0 "
		  "Greylisted, wait, stat=Deferred: 450 4.2.0 Greylisted, wait",
	.kind = MAILLOG_RESULT,
	.to = "<u@x.example>",
	.relay = "mx.example.",
	.status = "4.2.0",
	.text = "450 4.2.0 Greylisted, wait",
	.outcome = MAILLOG_DEFERRED,
	.delay_ms = 1000},
    {.name = "Sendmail: a reply that is none",
	.line = S "to=<u@x.example>, delay=00:00:01, mailer=esmtp, relay=mx.example., dsn=4.4.2, "
		  "reply=read error "
		  "from mx.example., stat=Deferred: Connection timed out",
	.kind = MAILLOG_RESULT,
	.to = "<u@x.example>",
	.relay = "mx.example.",
	.status = "4.4.2",
	.text = "Deferred: Connection timed out",
	.outcome = MAILLOG_DEFERRED,
	.delay_ms = 1000},
    {.name = "Sendmail: refused by a milter, and never in the queue",
	.line = S "to=<u@x.example>, delay=00:00:01, pri=30245, stat=Subject:1:7: expected a value",
	.kind = MAILLOG_OTHER,
	.to = "<u@x.example>",
	.delay_ms = 1000},
    {.name = "Sendmail: only queued",
	.line = S "to=<u@x.example>, delay=00:00:02, mailer=esmtp, pri=1, stat=queued",
	.kind = MAILLOG_OTHER,
	.to = "<u@x.example>",
	.text = "queued",
	.delay_ms = 2000},
    {.name = "Sendmail: given up",
	.line = S "5ALKJFxx000124: DSN: Cannot send message for 5 days",
	.kind = MAILLOG_EXPIRED},
};

static void
same(const char *name, const char *what, struct str found, const char *wanted)
{
	if (!str_is(found, wanted == NULL ? "" : wanted))
		fail_msg("%s: %s is '%.*s'", name, what, STR_F(found));
}

static void
lines_say_what_they_say(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(entries); i++) {
		const struct entry_case *c = &entries[i];
		struct maillog_line line;
		struct maillog_entry entry;

		assert_true(maillog_line_parse(str_c(c->line), &line));
		maillog_entry_read(&line, &entry);
		if (entry.kind != c->kind)
			fail_msg("%s: kind %d", c->name, entry.kind);
		same(c->name, "message_id", entry.message_id, c->message_id);
		same(c->name, "to", entry.to, c->to);
		same(c->name, "orig_to", entry.orig_to, c->orig_to);
		same(c->name, "relay", entry.relay, c->relay);
		same(c->name, "status", entry.status, c->status);
		same(c->name, "text", entry.text, c->text);
		same(c->name, "next", entry.next, c->next);
		if (entry.kind == MAILLOG_RESULT && entry.outcome != c->outcome)
			fail_msg("%s: outcome %d", c->name, entry.outcome);
		if (entry.delay_ms != (c->delay_ms == 0 ? -1 : c->delay_ms))
			fail_msg("%s: delay %lld", c->name, (long long)entry.delay_ms);
	}
}

static void
only_sendmail_lists_recipients(void **state)
{
	static const struct {
		const char *to;
		bool several;
		const char *wanted[3];
	} cases[] = {
	    {"<a@x.example>,<b@x.example>", true, {"a@x.example", "b@x.example"}},
	    {"a@x.example, <b@x.example>", true, {"a@x.example", "b@x.example"}},
	    {"<a@x.example>", true, {"a@x.example"}},
	    {",,", true, {NULL}},
	    {"<a@x.example", true, {"<a@x.example"}},
	    {"\"a,b\"@x.example", false, {"\"a,b\"@x.example"}},
	    {"", false, {NULL}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct maillog_entry entry = {
		    .to = str_c(cases[i].to), .several = cases[i].several};
		struct str rest = entry.to, address;
		size_t n = 0;

		for (; maillog_entry_address(&entry, &rest, &address); n++)
			same(cases[i].to, "address", address, cases[i].wanted[n]);
		assert_true(n < 3 && cases[i].wanted[n] == NULL);
	}
}

/* --- time stamps --- */

static int64_t
ms_of(const char *text)
{
	int64_t ms = 0;

	assert_int_equal(clock_parse(text, &ms), 0);
	return ms;
}

static void
time_stamps_are_read(void **state)
{
	static const struct {
		const char *zone, *reference, *text, *wanted; /* NULL: no time stamp */
	} cases[] = {
	    {"UTC", "2026-11-22", "2026-11-22T20:19:15.123456+00:00 relay x",
		"2026-11-22T20:19:15.123Z"},
	    {"UTC", "2026-11-22", "2026-11-22T20:19:15+02:00 relay x", "2026-11-22T18:19:15Z"},
	    {"UTC", "2026-11-22", "2026-11-22T20:19:15-0330 relay x", "2026-11-22T23:49:15Z"},
	    {"UTC", "2026-11-22", "2026-11-22T20:19:15Z relay x", "2026-11-22T20:19:15Z"},
	    {"UTC", "2026-11-22", "2024-02-29T23:59:60Z relay x", "2024-03-01T00:00:00Z"},
	    {"UTC", "2026-11-22", "2026-13-22T20:19:15Z relay x", NULL},
	    {"UTC", "2026-11-22T21:00:00Z", "Nov 22 20:19:15 relay", "2026-11-22T20:19:15Z"},
	    {"UTC", "2026-11-22T21:00:00Z", "Nov  2 20:19:15 relay", "2026-11-02T20:19:15Z"},
	    {"UTC", "2026-11-22T21:00:00Z", "Nov 22 20:19:15.250 relay",
		"2026-11-22T20:19:15.250Z"},
	    {"UTC", "2026-11-22T21:00:00Z", "Nov 23 01:00:00 relay", "2026-11-23T01:00:00Z"},
	    {"UTC", "2026-11-22T21:00:00Z", "Nov 25 01:00:00 relay", "2025-11-25T01:00:00Z"},
	    {"UTC", "2027-01-01T00:00:10Z", "Dec 31 23:59:59 relay", "2026-12-31T23:59:59Z"},
	    {"UTC", "2026-12-31T23:59:50Z", "Jan  1 00:00:05 relay", "2027-01-01T00:00:05Z"},
	    {"UTC", "2026-12-31T12:00:00Z", "Jan  3 00:00:05 relay", "2026-01-03T00:00:05Z"},
	    {"UTC", "2025-03-01T00:00:00Z", "Feb 29 10:00:00 relay", "2025-03-01T10:00:00Z"},
	    {"America/New_York", "2026-11-22T21:00:00Z", "Nov 22 15:00:00 relay",
		"2026-11-22T20:00:00Z"},
	    {"America/New_York", "2026-07-22T21:00:00Z", "Jul 22 15:00:00 relay",
		"2026-07-22T19:00:00Z"},
	    {"UTC", "2026-11-22", "Nox 22 20:19:15 relay", NULL},
	    {"UTC", "2026-11-22", "ovD 22 20:19:15 relay", NULL},
	    {"UTC", "2026-11-22", "Nov 22 20:60:15 relay", NULL},
	    {"UTC", "2026-11-22", "Nov 32 20:19:15 relay", NULL},
	    {"UTC", "2026-11-22", "somebody's own text here", NULL},
	    {"UTC", "2026-11-22", "Nov 22", NULL},
	};
	const char *zone = getenv("TZ");
	char *kept = zone == NULL ? NULL : strdup(zone);

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct maillog_stamp stamp;
		int64_t ms, wanted = cases[i].wanted == NULL ? 0 : ms_of(cases[i].wanted);

		setenv("TZ", cases[i].zone, 1);
		tzset();
		maillog_stamp_init(&stamp, ms_of(cases[i].reference), 0);
		ms = maillog_stamp_read(&stamp, str_c(cases[i].text));
		/* And once more, out of the same hour. */
		if (ms != wanted || maillog_stamp_read(&stamp, str_c(cases[i].text)) != wanted)
			fail_msg("%s: %lld", cases[i].text, (long long)ms);
	}
	if (kept == NULL)
		unsetenv("TZ");
	else
		setenv("TZ", kept, 1);
	tzset();
	free(kept);
}

static void
a_given_year_counts_up(void **state)
{
	struct maillog_stamp stamp;
	static const struct {
		const char *text, *wanted;
	} cases[] = {
	    {"Nov 30 10:00:00 relay", "2019-11-30T10:00:00Z"},
	    {"Dec 31 23:59:59 relay", "2019-12-31T23:59:59Z"},
	    {"Jan  1 00:00:00 relay", "2020-01-01T00:00:00Z"},
	    {"Feb 29 00:00:00 relay", "2020-02-29T00:00:00Z"},
	};
	char *kept = getenv("TZ") == NULL ? NULL : strdup(getenv("TZ"));

	(void)state;
	setenv("TZ", "UTC", 1);
	tzset();
	maillog_stamp_init(&stamp, ms_of("2026-11-22"), 2019);
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(
		    maillog_stamp_read(&stamp, str_c(cases[i].text)), ms_of(cases[i].wanted));
	if (kept == NULL)
		unsetenv("TZ");
	else
		setenv("TZ", kept, 1);
	tzset();
	free(kept);
}

/* --- streams --- */

struct heard {
	int count;
	int64_t time_ms;
	char queue_ids[1000];
};

static void
hear(const struct maillog_line *line, int64_t time_ms, void *closure)
{
	struct heard *heard = closure;
	size_t used = strlen(heard->queue_ids);

	heard->count++;
	heard->time_ms = time_ms;
	snprintf(heard->queue_ids + used, sizeof heard->queue_ids - used, "%.*s ",
	    STR_F(line->queue_id));
}

#define EXPORT                                                                                   \
	"__CURSOR=s=1\n__REALTIME_TIMESTAMP=1795378755000000\nPRIORITY=6\n"                      \
	"SYSLOG_IDENTIFIER=postfix/qmgr\n_SOURCE_REALTIME_TIMESTAMP=1795378754000000\n"          \
	"MESSAGE=AAA: removed\n\n__CURSOR=s=2\n__REALTIME_TIMESTAMP=1795378756000000\nMESSAGE\n" \
	"\x0c\0\0\0\0\0\0\0BBB: removed\nSYSLOG_IDENTIFIER=postfix/qmgr\n\n"                     \
	"__REALTIME_TIMESTAMP=1\nSYSLOG_IDENTIFIER=sshd\nMESSAGE=nothing of ours\n\n"

#define JSON                                                                                      \
	"{\"__REALTIME_TIMESTAMP\":\"1795378755000000\",\"SYSLOG_IDENTIFIER\":\"postfix/qmgr\","  \
	"\"MESSAGE\":\"AAA: removed\"}\n{\"MESSAGE\":[66,66,66,58,32,255],"                       \
	"\"SYSLOG_IDENTIFIER\":\"postfix/qmgr\",\"__REALTIME_TIMESTAMP\":\"1795378756000000\"}\n" \
	"not json\n{}\n"

static void
streams_of_each_form_are_read(void **state)
{
	static const struct {
		const char *name;
		struct str bytes;
		const char *queue_ids;
		int64_t time_ms;
	} cases[] = {
	    {"lines", STR(P "qmgr[1]: AAA: removed\nnothing\n" P "qmgr[1]: BBB: removed"),
		"AAA BBB ", 0},
	    {"export", STR(EXPORT), "AAA BBB ", 1795378756000},
	    {"JSON", STR(JSON), "AAA BBB ", 1795378756000},
	    {"nothing", STR(""), "", 0},
	    {"a line end", STR("\n"), "", 0},
	};

	(void)state;
	/* However the bytes come. */
	for (size_t i = 0; i < COUNT(cases); i++) {
		for (size_t piece = 1; piece <= cases[i].bytes.n + 1; piece++) {
			struct heard heard = {.queue_ids = ""};
			struct maillog_feed feed;

			maillog_feed_init(&feed, clock_now(), 0, hear, &heard);
			for (size_t at = 0; at < cases[i].bytes.n; at += piece) {
				size_t left = cases[i].bytes.n - at;

				maillog_feed_put(
				    &feed, cases[i].bytes.p + at, left < piece ? left : piece);
			}
			maillog_feed_end(&feed);
			maillog_feed_fini(&feed);
			if (strcmp(heard.queue_ids, cases[i].queue_ids) != 0)
				fail_msg("%s in pieces of %zu: %s", cases[i].name, piece,
				    heard.queue_ids);
			if (cases[i].time_ms != 0)
				assert_int_equal(heard.time_ms, cases[i].time_ms);
		}
	}
}

static void
what_is_too_long_is_passed_over(void **state)
{
	static const char before[] = "__CURSOR=1\nSYSLOG_IDENTIFIER=postfix/qmgr\nMESSAGE\n";
	const size_t n = 300000;
	char *junk = malloc(n);
	char length[8] = {(char)(n & 0xff), (char)(n >> 8 & 0xff), (char)(n >> 16 & 0xff)};
	struct heard heard = {.queue_ids = ""};
	struct maillog_feed feed;

	(void)state;
	memset(junk, 'x', n);
	maillog_feed_init(&feed, clock_now(), 0, hear, &heard);
	maillog_feed_put(&feed, junk, n);
	maillog_feed_put(
	    &feed, "\n" P "qmgr[1]: AAA: removed\n", sizeof "\n" P "qmgr[1]: AAA: removed\n" - 1);
	maillog_feed_end(&feed);
	maillog_feed_fini(&feed);
	maillog_feed_init(&feed, clock_now(), 0, hear, &heard);
	maillog_feed_put(&feed, before, sizeof before - 1);
	maillog_feed_put(&feed, length, sizeof length);
	maillog_feed_put(&feed, junk, n);
	maillog_feed_put(&feed, "\n\n" EXPORT, sizeof "\n\n" EXPORT - 1);
	maillog_feed_end(&feed);
	maillog_feed_fini(&feed);
	assert_string_equal(heard.queue_ids, "AAA AAA BBB ");
	free(junk);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lines_say_what_they_say),
	    cmocka_unit_test(only_sendmail_lists_recipients),
	    cmocka_unit_test(time_stamps_are_read),
	    cmocka_unit_test(a_given_year_counts_up),
	    cmocka_unit_test(streams_of_each_form_are_read),
	    cmocka_unit_test(what_is_too_long_is_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
