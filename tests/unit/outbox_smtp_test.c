/* SPDX-License-Identifier: BSD-2-Clause
 *
 * outbox_smtp_test: the client against a server that follows a script
 */
#include "outbox/smtp.h"

#include "base/clock.h"
#include "outbox_peer.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

#define TIMEOUT_MS 400	 /* where the peer is to be waited for in vain */
#define PATIENT_MS 20000 /* elsewhere, on a busy machine */
#define STEPS	   12
#define COUNT(a)   (sizeof(a) / sizeof(a)[0])

#define GREET                                           \
	{                                               \
		NULL, "220 relay ESMTP\r\n", PEER_GO_ON \
	}
#define EHLO                                                                        \
	{                                                                           \
		"EHLO mt-test.invalid\r\n",                                         \
		    "250-relay\r\n250-PIPELINING\r\n250-SIZE 100000\r\n250-DSN\r\n" \
		    "250-8BITMIME\r\n250 SMTPUTF8\r\n",                             \
		    PEER_GO_ON                                                      \
	}
#define MAIL                                                                 \
	{                                                                    \
		"MAIL FROM:<a@shop.example>", "250 2.1.0 Ok\r\n", PEER_GO_ON \
	}
#define RCPT                                                                \
	{                                                                   \
		"RCPT TO:<ada@example.org>", "250 2.1.5 Ok\r\n", PEER_GO_ON \
	}
#define DATA                                                                      \
	{                                                                         \
		"DATA\r\n", "354 End data with <CR><LF>.<CR><LF>\r\n", PEER_GO_ON \
	}
#define QUIT                                          \
	{                                             \
		"QUIT\r\n", "221 Bye\r\n", PEER_CLOSE \
	}

struct script {
	const char *name;
	struct peer_step steps[STEPS];
	enum outbox_result result;
	enum outbox_stage stage;
	int code;
	const char *reason; /* is part of the reason */
	const char *queue_id;
	bool usable; /* afterwards */
};

#define TEN(x)	  x x x x x x x x x x
#define LINE_1000 TEN(TEN("0123456789"))

static const struct script scripts[] = {
    {"accepted",
	{GREET, EHLO, MAIL, RCPT, DATA, {".", "250 2.0.0 Ok: queued as 4fXk2C1z\r\n", 0}, QUIT},
	OUTBOX_ACCEPTED, OUTBOX_AT_DOT, 250, "queued as", "4fXk2C1z", true},
    {"accepted, split into single bytes",
	{{NULL, "220-relay\r\n220 ESMTP\r\n", PEER_DRIP},
	    {"EHLO", "250-relay\r\n250 PIPELINING\r\n", PEER_DRIP},
	    {"MAIL", "250 2.1.0 Ok\r\n", PEER_DRIP}, {"RCPT", "250 2.1.5 Ok\r\n", PEER_DRIP},
	    {"DATA", "354 go\r\n", PEER_DRIP},
	    {".", "250-2.0.0 thanks\r\n250 2.0.0 Ok: queued as A-1\r\n", PEER_DRIP}, QUIT},
	OUTBOX_ACCEPTED, OUTBOX_AT_DOT, 250, "thanks 2.0.0 Ok", "A-1", true},
    {"accepted by Sendmail",
	{GREET, EHLO, MAIL, RCPT, DATA,
	    {".", "250 2.0.0 3AMJGk0x012345 Message accepted for delivery\r\n", 0}, QUIT},
	OUTBOX_ACCEPTED, OUTBOX_AT_DOT, 250, "accepted for delivery", "3AMJGk0x012345", true},
    {"accepted by Exim",
	{GREET, EHLO, MAIL, RCPT, DATA, {".", "250 OK id=1nZq1k-0001ab-Cd\r\n", 0}, QUIT},
	OUTBOX_ACCEPTED, OUTBOX_AT_DOT, 250, "OK id", "1nZq1k-0001ab-Cd", true},
    {"accepted without a word", {GREET, EHLO, MAIL, RCPT, DATA, {".", "250\r\n", 0}, QUIT},
	OUTBOX_ACCEPTED, OUTBOX_AT_DOT, 250, "250", "", true},
    {"a queue id that is none",
	{GREET, EHLO, MAIL, RCPT, DATA, {".", "250 queued as " TEN("0123456789") "\r\n", 0}, QUIT},
	OUTBOX_ACCEPTED, OUTBOX_AT_DOT, 250, "queued as", "", true},
    {"without pipelining",
	{GREET, {"EHLO", "250 relay\r\n", 0}, MAIL, RCPT, DATA, {".", "250 queued as X\r\n", 0},
	    QUIT},
	OUTBOX_ACCEPTED, OUTBOX_AT_DOT, 250, "", "X", true},
    {"251 and 252 are yes",
	{GREET, EHLO, MAIL, {"RCPT", "252 perhaps\r\n", 0}, DATA, {".", "250 queued as X\r\n", 0},
	    QUIT},
	OUTBOX_ACCEPTED, OUTBOX_AT_DOT, 250, "", "X", true},

    {"greeting 554", {{NULL, "554 5.3.2 go away\r\n", PEER_CLOSE}}, OUTBOX_NOT_SENT,
	OUTBOX_AT_GREETING, 554, "go away", "", false},
    {"greeting 421", {{NULL, "421 4.3.2 busy\r\n", PEER_CLOSE}}, OUTBOX_NOT_SENT,
	OUTBOX_AT_GREETING, 421, "busy", "", false},
    {"greeting never comes", {{NULL, NULL, PEER_STALL}}, OUTBOX_NOT_SENT, OUTBOX_AT_GREETING, 0,
	"too long", "", false},
    {"greeting drips past the deadline",
	{{NULL, TEN(TEN("220-slow slow slow\r\n")) TEN(TEN("220-slow slow slow\r\n")), PEER_DRIP}},
	OUTBOX_NOT_SENT, OUTBOX_AT_GREETING, 0, "too long", "", false},
    {"lost before the greeting", {{NULL, NULL, PEER_CLOSE}}, OUTBOX_NOT_SENT, OUTBOX_AT_GREETING, 0,
	"closed", "", false},
    {"EHLO refused", {GREET, {"EHLO", "502 5.5.1 what\r\n", 0}}, OUTBOX_NOT_SENT, OUTBOX_AT_EHLO,
	502, "what", "", false},
    {"lost after EHLO", {GREET, {"EHLO", NULL, PEER_CLOSE}}, OUTBOX_NOT_SENT, OUTBOX_AT_EHLO, 0,
	"closed", "", false},

    {"MAIL 452",
	{GREET, EHLO, {"MAIL", "452 4.3.1 no space\r\n", 0}, {"RCPT", "503 5.5.1 x\r\n", 0},
	    {"DATA", "503 5.5.1 y\r\n", 0}, QUIT},
	OUTBOX_TEMPORARY, OUTBOX_AT_MAIL, 452, "452 4.3.1 no space", "", true},
    {"MAIL 550",
	{GREET, EHLO, {"MAIL", "550 5.7.1 not you\r\n", 0}, {"RCPT", "503 5.5.1 x\r\n", 0},
	    {"DATA", "503 5.5.1 y\r\n", 0}, QUIT},
	OUTBOX_PERMANENT, OUTBOX_AT_MAIL, 550, "not you", "", true},
    {"MAIL 550, without pipelining",
	{GREET, {"EHLO", "250 relay\r\n", 0}, {"MAIL", "550 5.7.1 not you\r\n", 0}, QUIT},
	OUTBOX_PERMANENT, OUTBOX_AT_MAIL, 550, "not you", "", true},
    {"MAIL 421", {GREET, EHLO, {"MAIL", "421 4.3.2 closing\r\n", PEER_CLOSE}}, OUTBOX_NOT_SENT,
	OUTBOX_AT_MAIL, 421, "closing", "", false},
    {"lost at MAIL", {GREET, EHLO, {"MAIL", NULL, PEER_CLOSE}}, OUTBOX_NOT_SENT, OUTBOX_AT_MAIL, 0,
	"", "", false},
    {"nothing after MAIL", {GREET, EHLO, {"MAIL", NULL, PEER_STALL}}, OUTBOX_NOT_SENT,
	OUTBOX_AT_MAIL, 0, "too long", "", false},
    {"MAIL answered 354", {GREET, EHLO, {"MAIL", "354 what\r\n", 0}}, OUTBOX_NOT_SENT,
	OUTBOX_AT_MAIL, 0, "does not fit", "", false},

    {"RCPT 550, DATA 554",
	{GREET, EHLO, MAIL, {"RCPT", "550 5.1.1 <ada@example.org>: unknown\r\n", 0},
	    {"DATA", "554 5.5.1 no valid recipients\r\n", 0}, QUIT},
	OUTBOX_PERMANENT, OUTBOX_AT_RCPT, 550, "550 5.1.1 <ada@example.org>: unknown", "", true},
    {"RCPT 550, DATA 354", {GREET, EHLO, MAIL, {"RCPT", "550 5.1.1 unknown\r\n", 0}, DATA},
	OUTBOX_PERMANENT, OUTBOX_AT_RCPT, 550, "unknown", "", false},
    {"RCPT 450",
	{GREET, EHLO, MAIL, {"RCPT", "450-4.2.0 try\r\n450 4.2.0 later\r\n", 0},
	    {"DATA", "503 5.5.1 x\r\n", 0}, QUIT},
	OUTBOX_TEMPORARY, OUTBOX_AT_RCPT, 450, "450 4.2.0 try 4.2.0 later", "", true},
    {"RCPT 421", {GREET, EHLO, MAIL, {"RCPT", "421 4.7.0 too many errors\r\n", PEER_CLOSE}},
	OUTBOX_NOT_SENT, OUTBOX_AT_RCPT, 421, "too many errors", "", false},
    {"lost at RCPT", {GREET, EHLO, MAIL, {"RCPT", NULL, PEER_CLOSE}}, OUTBOX_NOT_SENT,
	OUTBOX_AT_RCPT, 0, "", "", false},
    {"RCPT 550, then lost", {GREET, EHLO, MAIL, {"RCPT", "550 5.1.1 unknown\r\n", PEER_CLOSE}},
	OUTBOX_PERMANENT, OUTBOX_AT_RCPT, 550, "unknown", "", false},

    {"DATA 451", {GREET, EHLO, MAIL, RCPT, {"DATA", "451 4.3.0 later\r\n", 0}, QUIT},
	OUTBOX_TEMPORARY, OUTBOX_AT_DATA, 451, "later", "", true},
    {"DATA 250", {GREET, EHLO, MAIL, RCPT, {"DATA", "250 what\r\n", 0}}, OUTBOX_NOT_SENT,
	OUTBOX_AT_DATA, 0, "does not fit", "", false},
    {"lost at DATA", {GREET, EHLO, MAIL, RCPT, {"DATA", NULL, PEER_CLOSE}}, OUTBOX_NOT_SENT,
	OUTBOX_AT_DATA, 0, "closed", "", false},

    {"final dot 451", {GREET, EHLO, MAIL, RCPT, DATA, {".", "451 4.3.0 queue\r\n", 0}, QUIT},
	OUTBOX_TEMPORARY, OUTBOX_AT_DOT, 451, "queue", "", true},
    {"final dot 552", {GREET, EHLO, MAIL, RCPT, DATA, {".", "552 5.3.4 big\r\n", 0}, QUIT},
	OUTBOX_PERMANENT, OUTBOX_AT_DOT, 552, "big", "", true},
    {"final dot 421", {GREET, EHLO, MAIL, RCPT, DATA, {".", "421 4.3.0 bye\r\n", PEER_CLOSE}},
	OUTBOX_NOT_SENT, OUTBOX_AT_DOT, 421, "bye", "", false},
    {"lost after the final dot", {GREET, EHLO, MAIL, RCPT, DATA, {".", NULL, PEER_CLOSE}},
	OUTBOX_IN_DOUBT, OUTBOX_AT_DOT, 0, "closed", "", false},
    {"reset after the final dot", {GREET, EHLO, MAIL, RCPT, DATA, {".", NULL, PEER_ABORT}},
	OUTBOX_IN_DOUBT, OUTBOX_AT_DOT, 0, "", "", false},
    {"half a reply to the final dot", {GREET, EHLO, MAIL, RCPT, DATA, {".", "250 2.0", PEER_CLOSE}},
	OUTBOX_IN_DOUBT, OUTBOX_AT_DOT, 0, "closed", "", false},
    {"silence after the final dot", {GREET, EHLO, MAIL, RCPT, DATA, {".", NULL, PEER_STALL}},
	OUTBOX_IN_DOUBT, OUTBOX_AT_DOT, 0, "too long", "", false},
    {"354 to the final dot", {GREET, EHLO, MAIL, RCPT, DATA, {".", "354 more\r\n", 0}},
	OUTBOX_IN_DOUBT, OUTBOX_AT_DOT, 0, "does not fit", "", false},
    {"junk after the final dot", {GREET, EHLO, MAIL, RCPT, DATA, {".", "hello\r\n", 0}},
	OUTBOX_IN_DOUBT, OUTBOX_AT_DOT, 0, "no SMTP reply", "", false},

    {"a line over 512 bytes",
	{GREET, EHLO, MAIL, RCPT, DATA, {".", "250 " LINE_1000 LINE_1000 "\r\n", 0}, QUIT},
	OUTBOX_ACCEPTED, OUTBOX_AT_DOT, 250, "", "", true},
    {"a line over 2048 bytes",
	{GREET, EHLO, {"MAIL", "250 " LINE_1000 LINE_1000 LINE_1000 "\r\n", 0}}, OUTBOX_NOT_SENT,
	OUTBOX_AT_MAIL, 0, "over 2048 bytes", "", false},
    {"a line without an end",
	{GREET, EHLO, {"MAIL", LINE_1000 LINE_1000 LINE_1000 LINE_1000 LINE_1000, 0}},
	OUTBOX_NOT_SENT, OUTBOX_AT_MAIL, 0, "over 2048 bytes", "", false},
    {"more than 100 lines", {GREET, EHLO, {"MAIL", TEN(TEN("250-x\r\n")) "250-x\r\n", 0}},
	OUTBOX_NOT_SENT, OUTBOX_AT_MAIL, 0, "more than 100 lines", "", false},
    {"code changes within a reply", {GREET, EHLO, {"MAIL", "250-a\r\n550 b\r\n", 0}},
	OUTBOX_NOT_SENT, OUTBOX_AT_MAIL, 0, "no SMTP reply", "", false},
    {"bare line feed", {GREET, EHLO, {"MAIL", "250 ok\n", 0}}, OUTBOX_NOT_SENT, OUTBOX_AT_MAIL, 0,
	"CRLF", "", false},
    {"unasked 421 behind the reply",
	{GREET, EHLO, MAIL, RCPT, DATA, {".", "250 queued as X\r\n421 bye\r\n", PEER_CLOSE}},
	OUTBOX_ACCEPTED, OUTBOX_AT_DOT, 250, "", "X", false},
    {"controls in a reply are masked",
	{GREET, EHLO, {"MAIL", "550 5.7.1 a\tb\x01 \xff\r\n", 0}, {"RCPT", "503 x\r\n", 0},
	    {"DATA", "503 y\r\n", 0}, QUIT},
	OUTBOX_PERMANENT, OUTBOX_AT_MAIL, 550, "5.7.1 a?b? ?", "", true},
};

static const struct str letter[] = {
    {"Subject: x\r\n", 12}, {"\r\n", 2}, {"Hello\r\n", 7}, {".", 1}, {"dot\r\n.\r\n", 8}};

static struct outbox_message
message_of(const struct str *spans, size_t count)
{
	return (struct outbox_message){.sender = STR("a@shop.example"),
	    .recipient = STR("ada@example.org"),
	    .spans = spans,
	    .span_count = count};
}

static size_t
step_count(const struct peer_step *steps)
{
	size_t n = 0;

	while (n < STEPS && (steps[n].expect != NULL || steps[n].send != NULL || steps[n].end != 0))
		n++;
	return n;
}

/* Opens and sends one message, as the script wants it. */
static void
run_script(const struct script *script, const struct outbox_message *message,
    struct outbox_outcome *outcome, bool *usable, struct peer *peer)
{
	struct outbox_smtp *smtp = NULL;
	bool in_vain = script->reason != NULL && strcmp(script->reason, "too long") == 0;
	struct outbox_relay relay = {
	    peer->hostport, "mt-test.invalid", in_vain ? TIMEOUT_MS : PATIENT_MS, -1};

	peer_start(peer, script->steps, step_count(script->steps));
	if (outbox_smtp_open(&smtp, &relay, outcome) == 0) {
		outbox_smtp_send(smtp, message, outcome);
		usleep(script->usable ? 0 : 20000);
	}
	*usable = smtp != NULL && outbox_smtp_usable(smtp);
	outbox_smtp_close(&smtp);
	peer_join(peer);
}

static void
each_dialogue_has_one_outcome(void **state)
{
	const struct outbox_message message = message_of(letter, COUNT(letter));

	(void)state;
	for (size_t i = 0; i < COUNT(scripts); i++) {
		const struct script *script = &scripts[i];
		struct outbox_outcome outcome;
		struct peer peer;
		bool usable;

		run_script(script, &message, &outcome, &usable, &peer);
		if (outcome.result != script->result || outcome.stage != script->stage ||
		    outcome.reply.code != script->code || usable != script->usable ||
		    strstr(outcome.reason, script->reason) == NULL || peer.wrong[0] != '\0' ||
		    strcmp(outcome.queue_id, script->queue_id) != 0)
			fail_msg(
			    "%s: result %d stage %d code %d usable %d queue id '%s' reason '%s' %s",
			    script->name, outcome.result, outcome.stage, outcome.reply.code, usable,
			    outcome.queue_id, outcome.reason, peer.wrong);
		peer_free(&peer);
	}
}

/* --- bytes on the wire --- */

static void
lines_that_begin_with_a_dot_are_stuffed(void **state)
{
	static const struct {
		const char *name;
		struct str spans[6];
		const char *wire;
	} cases[] = {
	    {"dots within spans", {STR("A: b\r\n\r\n..\r\n.\r\nx.\r\n.y\r\n")},
		"A: b\r\n\r\n...\r\n..\r\nx.\r\n..y\r\n.\r\n"},
	    {"a dot at the very beginning", {STR(".A: b\r\n")}, "..A: b\r\n.\r\n"},
	    {"line end and dot in different spans",
		{STR("a\r\n"), STR("."), STR("\r\n"), STR(".\r\n")}, "a\r\n..\r\n..\r\n.\r\n"},
	    {"CR and LF in different spans",
		{STR("a\r"), STR("\n"), STR("."), STR("b\r"), STR("\n")}, "a\r\n..b\r\n.\r\n"},
	    {"a dot after a bare LF", {STR("a\n.\n.\r\nb\r\n")}, "a\n..\n..\r\nb\r\n.\r\n"},
	    {"no line end at the end", {STR("a\r\nb")}, "a\r\nb\r\n.\r\n"},
	    {"CR at the end", {STR("a\r")}, "a\r\r\n.\r\n"},
	    {"LF at the end", {STR("a\n")}, "a\n\r\n.\r\n"},
	    {"empty spans between", {STR("a\r\n"), {NULL, 0}, STR(""), STR(".b\r\n")},
		"a\r\n..b\r\n.\r\n"},
	    {"nothing at all", {STR("")}, ".\r\n"},
	};
	static const struct peer_step steps[] = {
	    GREET, EHLO, MAIL, RCPT, DATA, {".", "250 queued as X\r\n", 0}, QUIT};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct outbox_message message = message_of(cases[i].spans, 6);
		struct script script = {.usable = true};
		struct outbox_outcome outcome;
		struct peer peer;
		bool usable;

		memcpy(script.steps, steps, sizeof steps);
		run_script(&script, &message, &outcome, &usable, &peer);
		if (outcome.result != OUTBOX_ACCEPTED || peer.data_len != strlen(cases[i].wire) ||
		    memcmp(peer.data, cases[i].wire, peer.data_len) != 0)
			fail_msg("%s: %s: '%.*s'", cases[i].name, outcome.reason,
			    (int)peer.data_len, peer.data);
		peer_free(&peer);
	}
}

static void
a_message_of_many_short_lines_arrives_whole(void **state)
{
	static const struct peer_step steps[] = {
	    GREET, EHLO, MAIL, RCPT, DATA, {".", "250 queued as X\r\n", 0}, QUIT};
	const size_t lines = 30000; /* of ".\r\n": each is a piece of its own */
	struct script script = {.usable = true};
	char *text = malloc(3 * lines);
	struct str span = {text, 3 * lines};
	struct outbox_message message = message_of(&span, 1);
	struct outbox_outcome outcome;
	struct peer peer;
	bool usable;

	(void)state;
	for (size_t i = 0; i < lines; i++)
		memcpy(text + 3 * i, ".\r\n", 3);
	memcpy(script.steps, steps, sizeof steps);
	run_script(&script, &message, &outcome, &usable, &peer);
	assert_int_equal(outcome.result, OUTBOX_ACCEPTED);
	assert_int_equal(peer.data_len, 4 * lines + 3);
	for (size_t i = 0; i < lines; i++)
		assert_memory_equal(peer.data + 4 * i, "..\r\n", 4);
	peer_free(&peer);
	free(text);
}

#define ALL 0xff

static const struct str body_of_11 = {"12345678901", sizeof "12345678901" - 1};
static const struct str body_of_13 = {"\xc3\xa9 6789012345", sizeof "\xc3\xa9 6789012345" - 1};
static const struct str body_of_9 = {"1234567\xc3\xa9", sizeof "1234567\xc3\xa9" - 1};
static void
envelopes_carry_what_was_asked_and_offered(void **state)
{
	static const struct {
		const char *name;
		struct outbox_message message;
		unsigned extensions;
		unsigned long long size_max;
		const char *mail; /* NULL: refused */
		const char *rcpt;
	} cases[] = {
	    {"plain", {.sender = STR("a@b"), .recipient = STR("c@d")}, 0, 0, "MAIL FROM:<a@b>\r\n",
		"RCPT TO:<c@d>\r\n"},
	    {"null sender", {.sender = STR(""), .recipient = STR("c@d")}, 0, 0, "MAIL FROM:<>\r\n",
		"RCPT TO:<c@d>\r\n"},
	    {"DSN offered",
		{.sender = STR("a@b"),
		    .recipient = STR("c@d"),
		    .mail_args = STR("RET=HDRS ENVID=q+2B1"),
		    .rcpt_args = STR("NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;c@d")},
		OUTBOX_EXT_DSN, 0, "MAIL FROM:<a@b> RET=HDRS ENVID=q+2B1\r\n",
		"RCPT TO:<c@d> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;c@d\r\n"},
	    {"DSN not offered",
		{.sender = STR("a@b"),
		    .recipient = STR("c@d"),
		    .mail_args = STR("RET=HDRS"),
		    .rcpt_args = STR("NOTIFY=NEVER")},
		0, 0, "MAIL FROM:<a@b>\r\n", "RCPT TO:<c@d>\r\n"},
	    {"parameters of that hop are not passed on",
		{.sender = STR("a@b"),
		    .recipient = STR("c@d"),
		    .mail_args = STR("SIZE=1 BODY=8BITMIME ret=full AUTH=<> SMTPUTF8"),
		    .rcpt_args = STR("notify=never X=y")},
		OUTBOX_EXT_DSN, 0, "MAIL FROM:<a@b> ret=full\r\n",
		"RCPT TO:<c@d> notify=never\r\n"},
	    {"a line end in a parameter",
		{.sender = STR("a@b"),
		    .recipient = STR("c@d"),
		    .mail_args = STR("ENVID=a\r\nQUIT")},
		OUTBOX_EXT_DSN, 0, NULL, NULL},
	    {"8-bit parameter without SMTPUTF8",
		{.sender = STR("a@b"),
		    .recipient = STR("c@d"),
		    .rcpt_args = STR("ORCPT=utf-8;\xc3\xa9@d")},
		OUTBOX_EXT_DSN, 0, NULL, NULL},
	    {"8-bit body",
		{.sender = STR("a@b"),
		    .recipient = STR("c@d"),
		    .spans = &body_of_9,
		    .span_count = 1},
		OUTBOX_EXT_8BITMIME | OUTBOX_EXT_SIZE, 10,
		"MAIL FROM:<a@b> SIZE=9 BODY=8BITMIME\r\n", "RCPT TO:<c@d>\r\n"},
	    {"8-bit body, not offered",
		{.sender = STR("a@b"),
		    .recipient = STR("c@d"),
		    .spans = &body_of_13,
		    .span_count = 1},
		0, 0, "MAIL FROM:<a@b>\r\n", "RCPT TO:<c@d>\r\n"},
	    {"bigger than the relay takes",
		{.sender = STR("a@b"),
		    .recipient = STR("c@d"),
		    .spans = &body_of_11,
		    .span_count = 1},
		OUTBOX_EXT_SIZE, 10, NULL, NULL},
	    {"SMTPUTF8", {.sender = STR("a@b"), .recipient = STR("j\xc3\xb6rg@d")}, ALL, 0,
		"MAIL FROM:<a@b> SIZE=0 SMTPUTF8\r\n", "RCPT TO:<j\xc3\xb6rg@d>\r\n"},
	    {"SMTPUTF8 asked for",
		{.sender = STR("a@b"), .recipient = STR("c@d"), .smtputf8 = true},
		OUTBOX_EXT_SMTPUTF8, 0, "MAIL FROM:<a@b> SMTPUTF8\r\n", "RCPT TO:<c@d>\r\n"},
	    {"SMTPUTF8 not offered", {.sender = STR("\xc3\xa9@b"), .recipient = STR("c@d")},
		ALL & ~OUTBOX_EXT_SMTPUTF8, 0, NULL, NULL},
	    {"CR LF in the recipient",
		{.sender = STR("a@b"), .recipient = STR("c@d>\r\nRCPT TO:<e@f")}, ALL, 0, NULL,
		NULL},
	    {"LF in the sender", {.sender = STR("a\n@b"), .recipient = STR("c@d")}, ALL, 0, NULL,
		NULL},
	    {"NUL in the recipient", {.sender = STR("a@b"), .recipient = STR("c\0@d")}, ALL, 0,
		NULL, NULL},
	    {"bracket in the recipient", {.sender = STR("a@b"), .recipient = STR("c@d> X=y")}, ALL,
		0, NULL, NULL},
	    {"opening bracket in the sender", {.sender = STR("<a@b"), .recipient = STR("c@d")}, ALL,
		0, NULL, NULL},
	    {"no recipient", {.sender = STR("a@b"), .recipient = STR("")}, ALL, 0, NULL, NULL},
	    {"endless recipient", {.sender = STR("a@b"), .recipient = STR("c@" LINE_1000)}, ALL, 0,
		NULL, NULL},
	    {"quoted local part with a space",
		{.sender = STR("a@b"), .recipient = STR("\"c d\"@e")}, 0, 0, "MAIL FROM:<a@b>\r\n",
		"RCPT TO:<\"c d\"@e>\r\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf mail, rcpt;
		struct err err = ERR_INIT;
		int status;

		buf_init(&mail, 8192);
		buf_init(&rcpt, 8192);
		status = outbox_envelope_commands(
		    &cases[i].message, cases[i].extensions, cases[i].size_max, &mail, &rcpt, &err);
		if ((status == 0) != (cases[i].mail != NULL) ||
		    (status == 0 &&
			(!str_is(buf_str(&mail), cases[i].mail) ||
			    !str_is(buf_str(&rcpt), cases[i].rcpt))))
			fail_msg("%s: %d %s %.*s %.*s", cases[i].name, status, err.text,
			    STR_F(buf_str(&mail)), STR_F(buf_str(&rcpt)));
		buf_fini(&mail);
		buf_fini(&rcpt);
	}
}

static void
an_unsendable_message_leaves_the_connection_alone(void **state)
{
	static const struct peer_step steps[] = {
	    GREET, EHLO, MAIL, RCPT, DATA, {".", "250 queued as X\r\n", 0}, QUIT};
	struct outbox_message good = message_of(letter, COUNT(letter)), bad = good;
	struct outbox_smtp *smtp = NULL;
	struct outbox_outcome outcome;
	struct peer peer;

	(void)state;
	bad.recipient = STR("x@y>\r\nDATA");
	peer_start(&peer, steps, COUNT(steps));
	assert_int_equal(
	    outbox_smtp_open(&smtp,
		&(struct outbox_relay){peer.hostport, "mt-test.invalid", PATIENT_MS, -1}, &outcome),
	    0);
	outbox_smtp_send(smtp, &bad, &outcome);
	assert_int_equal(outcome.result, OUTBOX_PERMANENT);
	assert_int_equal(outcome.reply.code, 0);
	outbox_smtp_send(smtp, &good, &outcome);
	assert_int_equal(outcome.result, OUTBOX_ACCEPTED);
	outbox_smtp_close(&smtp);
	peer_join(&peer);
	assert_string_equal(peer.wrong, "");
	peer_free(&peer);
}

/* --- more than one message --- */

static void
a_refused_transaction_is_reset_before_the_next(void **state)
{
	static const struct peer_step steps[] = {GREET, EHLO, MAIL, {"RCPT", "550 5.1.1 no\r\n", 0},
	    {"DATA", "554 5.5.1 x\r\n", 0}, {"RSET", "250 2.0.0 Ok\r\n", 0}, MAIL, RCPT, DATA,
	    {".", "250 queued as X\r\n", 0}, MAIL, RCPT, DATA, {".", "554 5.7.1 not this\r\n", 0},
	    {"RSET", "250 2.0.0 Ok\r\n", 0}, MAIL, RCPT, DATA, {".", "250 queued as Y\r\n", 0},
	    QUIT};
	const struct outbox_message message = message_of(letter, COUNT(letter));
	static const char *const ids[] = {"", "X", "", "Y"};
	struct outbox_smtp *smtp = NULL;
	struct outbox_outcome outcome;
	struct peer peer;

	(void)state;
	peer_start(&peer, steps, COUNT(steps));
	assert_int_equal(
	    outbox_smtp_open(&smtp,
		&(struct outbox_relay){peer.hostport, "mt-test.invalid", PATIENT_MS, -1}, &outcome),
	    0);
	for (size_t i = 0; i < COUNT(ids); i++) {
		outbox_smtp_send(smtp, &message, &outcome);
		assert_string_equal(outcome.queue_id, ids[i]);
		assert_int_equal(
		    outcome.result, ids[i][0] == '\0' ? OUTBOX_PERMANENT : OUTBOX_ACCEPTED);
		assert_true(outbox_smtp_usable(smtp));
	}
	outbox_smtp_close(&smtp);
	peer_join(&peer);
	assert_string_equal(peer.wrong, "");
	peer_free(&peer);
}

static void
many_refusals_ask_for_a_new_connection(void **state)
{
	enum { MESSAGES = 4, PER_MESSAGE = 4 };
	struct peer_step steps[2 + MESSAGES * PER_MESSAGE] = {GREET, EHLO};
	static const struct peer_step each[PER_MESSAGE] = {{"RSET", "250 2.0.0 Ok\r\n", 0}, MAIL,
	    {"RCPT", "550 5.1.1 no\r\n", 0}, {"DATA", "554 5.5.1 x\r\n", 0}};
	const struct outbox_message message = message_of(letter, COUNT(letter));
	struct outbox_smtp *smtp = NULL;
	struct outbox_outcome outcome;
	struct peer peer;

	(void)state;
	for (int i = 0; i < MESSAGES; i++)
		memcpy(steps + 2 + i * PER_MESSAGE, each, sizeof each);
	/* The first message needs no RSET. */
	memmove(steps + 2, steps + 3, sizeof steps - 3 * sizeof steps[0]);
	peer_start(&peer, steps, COUNT(steps) - 1);
	assert_int_equal(
	    outbox_smtp_open(&smtp,
		&(struct outbox_relay){peer.hostport, "mt-test.invalid", PATIENT_MS, -1}, &outcome),
	    0);
	for (int i = 0; i < MESSAGES; i++) {
		assert_true(outbox_smtp_usable(smtp));
		outbox_smtp_send(smtp, &message, &outcome);
		assert_int_equal(outcome.result, OUTBOX_PERMANENT);
	}
	assert_false(outbox_smtp_usable(smtp));
	outbox_smtp_close(&smtp);
	peer_join(&peer);
	assert_string_equal(peer.wrong, "");
	peer_free(&peer);
}

/* --- waiting, giving up --- */

static void
a_peer_gone_within_a_big_message_leaves_no_doubt(void **state)
{
	static const struct {
		const char *name;
		struct peer_step step;
		const char *reason;
	} cases[] = {
	    {"reset", {"", NULL, PEER_ABORT}, "connection lost"},
	    {"stops reading", {NULL, NULL, PEER_STALL}, "too long to take data"},
	    {"says why", {NULL, "421 4.3.2 going down\r\n", PEER_STALL}, "421 4.3.2 going down"},
	};
	const size_t size = (size_t)32 << 20;
	char *text = calloc(1, size);
	struct str span = {text, size};
	struct outbox_message message = message_of(&span, 1);

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct peer_step steps[] = {
		    GREET, {"EHLO", "250 PIPELINING\r\n", 0}, MAIL, RCPT, DATA, cases[i].step};
		struct outbox_smtp *smtp = NULL;
		struct outbox_outcome outcome;
		struct peer peer;

		peer_start(&peer, steps, COUNT(steps));
		assert_int_equal(
		    outbox_smtp_open(&smtp,
			&(struct outbox_relay){peer.hostport, "mt-test.invalid", TIMEOUT_MS, -1},
			&outcome),
		    0);
		outbox_smtp_send(smtp, &message, &outcome);
		if (outcome.result != OUTBOX_NOT_SENT || outcome.stage != OUTBOX_AT_DATA ||
		    strstr(outcome.reason, cases[i].reason) == NULL)
			fail_msg("%s: %d %d %s", cases[i].name, outcome.result, outcome.stage,
			    outcome.reason);
		assert_false(outbox_smtp_usable(smtp));
		outbox_smtp_close(&smtp);
		peer_join(&peer);
		peer_free(&peer);
	}
	free(text);
}

struct canceller {
	const struct peer *peer;
	int fd;
};

/* A moment after the peer stopped, when the client waits for it. */
static void *
cancel_soon(void *closure)
{
	const struct canceller *canceller = closure;
	struct pollfd stalled = {.fd = canceller->peer->stalled, .events = POLLIN};

	assert_int_equal(poll(&stalled, 1, PATIENT_MS), 1);
	usleep(50000);
	assert_int_equal(eventfd_write(canceller->fd, 1), 0);
	return NULL;
}

/* Cancelled while waiting where nothing is lost; not while the final dot is unanswered. */
static void
cancelling_never_makes_doubt(void **state)
{
	static const struct {
		const char *name;
		struct peer_step steps[STEPS];
		enum outbox_result result;
		const char *reason;
		int timeout_ms;
	} cases[] = {
	    {"greeting", {{NULL, NULL, PEER_STALL}}, OUTBOX_NOT_SENT, "cancelled", PATIENT_MS},
	    {"MAIL", {GREET, EHLO, {"MAIL", NULL, PEER_STALL}}, OUTBOX_NOT_SENT, "cancelled",
		PATIENT_MS},
	    {"final dot", {GREET, EHLO, MAIL, RCPT, DATA, {".", NULL, PEER_STALL}}, OUTBOX_IN_DOUBT,
		"too long", 2000},
	};
	const struct outbox_message message = message_of(letter, COUNT(letter));

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int cancel = eventfd(0, EFD_CLOEXEC);
		struct outbox_smtp *smtp = NULL;
		struct outbox_outcome outcome;
		struct peer peer;
		struct canceller canceller = {&peer, cancel};
		pthread_t thread;

		peer_start(&peer, cases[i].steps, step_count(cases[i].steps));
		pthread_create(&thread, NULL, cancel_soon, &canceller);
		if (outbox_smtp_open(&smtp,
			&(struct outbox_relay){
			    peer.hostport, "mt-test.invalid", cases[i].timeout_ms, cancel},
			&outcome) == 0)
			outbox_smtp_send(smtp, &message, &outcome);
		pthread_join(thread, NULL);
		if (outcome.result != cases[i].result ||
		    strstr(outcome.reason, cases[i].reason) == NULL)
			fail_msg("%s: %d %s", cases[i].name, outcome.result, outcome.reason);
		outbox_smtp_close(&smtp);
		peer_join(&peer);
		peer_free(&peer);
		close(cancel);
	}
}

static void
a_closed_idle_connection_is_noticed(void **state)
{
	static const struct peer_step steps[] = {
	    GREET, EHLO, {NULL, "421 4.4.2 idle\r\n", PEER_CLOSE}};
	struct outbox_smtp *smtp = NULL;
	struct outbox_outcome outcome;
	struct peer peer;

	(void)state;
	peer_start(&peer, steps, COUNT(steps));
	assert_int_equal(
	    outbox_smtp_open(&smtp,
		&(struct outbox_relay){peer.hostport, "mt-test.invalid", PATIENT_MS, -1}, &outcome),
	    0);
	/* The peer waits for our end of the connection, so it is joined last. */
	for (int i = 0; i < 250 && outbox_smtp_usable(smtp); i++)
		usleep(20000);
	assert_false(outbox_smtp_usable(smtp));
	outbox_smtp_close(&smtp);
	assert_null(smtp);
	peer_join(&peer);
	peer_free(&peer);
}

static void
relays_that_cannot_be_reached_say_why(void **state)
{
	static const struct {
		const char *hostport, *reason;
	} cases[] = {
	    {"127.0.0.1:1", "refused"},
	    {"[::1]:1", "connect"},
	    {"no-such-host.invalid:25", "relay no-such-host.invalid:25"},
	    {"127.0.0.1", "HOST:PORT"},
	    {"127.0.0.1:", "HOST:PORT"},
	    {"127.0.0.1:0", "HOST:PORT"},
	    {"127.0.0.1:65536", "HOST:PORT"},
	    {":25", "HOST:PORT"},
	    {"[::1:25", "]"},
	    {"[]:25", "HOST:PORT"},
	    {"", "HOST:PORT"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct outbox_smtp *smtp = NULL;
		struct outbox_outcome outcome;

		assert_int_equal(outbox_smtp_open(&smtp,
				     &(struct outbox_relay){
					 cases[i].hostport, "mt-test.invalid", TIMEOUT_MS, -1},
				     &outcome),
		    -1);
		assert_null(smtp);
		assert_int_equal(outcome.result, OUTBOX_NOT_SENT);
		assert_int_equal(outcome.stage, OUTBOX_AT_CONNECT);
		if (strstr(outcome.reason, cases[i].reason) == NULL)
			fail_msg("%s: %s", cases[i].hostport, outcome.reason);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_dialogue_has_one_outcome),
	    cmocka_unit_test(lines_that_begin_with_a_dot_are_stuffed),
	    cmocka_unit_test(a_message_of_many_short_lines_arrives_whole),
	    cmocka_unit_test(envelopes_carry_what_was_asked_and_offered),
	    cmocka_unit_test(an_unsendable_message_leaves_the_connection_alone),
	    cmocka_unit_test(a_refused_transaction_is_reset_before_the_next),
	    cmocka_unit_test(many_refusals_ask_for_a_new_connection),
	    cmocka_unit_test(a_peer_gone_within_a_big_message_leaves_no_doubt),
	    cmocka_unit_test(cancelling_never_makes_doubt),
	    cmocka_unit_test(a_closed_idle_connection_is_noticed),
	    cmocka_unit_test(relays_that_cannot_be_reached_say_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
