/* SPDX-License-Identifier: BSD-2-Clause
 *
 * delivery_test: reports of every form, each as what is told of it
 */
#include "delivery_fixture.h"

#define DAEMON                                                    \
	"Return-Path: <>\n"                                       \
	"From: Mail Delivery System <MAILER-DAEMON@mx.example>\n" \
	"To: news@shop.example\n"
#define REPORT(text, status)                                                                     \
	DAEMON "Subject: Undelivered Mail Returned to Sender\n"                                  \
	       "MIME-Version: 1.0\n"                                                             \
	       "Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\n\n" \
	       "--b\n\n" text "\n--b\nContent-Type: message/delivery-status\n\n"                 \
	       "Reporting-MTA: dns; mx.example\n\n" status "\n"
#define RETURNED                                                                        \
	"--b\nContent-Type: message/rfc822\n\n"                                         \
	"From: news@shop.example\nTo: ada@x.example\nMessage-ID: <id@shop.example>\n\n" \
	"Hello\n--b--\n"
#define ADA_UNKNOWN                                                               \
	"Final-Recipient: rfc822; ada@x.example\nAction: failed\nStatus: 5.1.1\n" \
	"Diagnostic-Code: smtp; 550 5.1.1 <ada@x.example>: User unknown\n"
#define FEEDBACK(fields)                                                               \
	"From: fbl@provider.example\nTo: fbl@shop.example\nSubject: FW: Spring sale\n" \
	"Content-Type: multipart/report; report-type=feedback-report; boundary=b\n\n"  \
	"--b\n\nThis is an email abuse report.\n"                                      \
	"--b\nContent-Type: message/feedback-report\n\n" fields "\n" RETURNED

struct test_case {
	const char *name, *message, *expected;
};

static const struct test_case status_cases[] = {
    {"plain", REPORT("Sorry", ADA_UNKNOWN) RETURNED,
	"bounce ada@x.example 5.1.1 user unknown, hard | id@shop.example"},
    {"headers only",
	REPORT("Sorry",
	    ADA_UNKNOWN) "--b\nContent-Type: text/rfc822-headers\n\n"
			 "From: news@shop.example\nMessage-ID: <two@shop.example>\n--b--\n",
	"bounce ada@x.example 5.1.1 user unknown, hard | two@shop.example"},
    {"nothing came back", REPORT("Sorry", ADA_UNKNOWN) "--b--\n",
	"bounce ada@x.example 5.1.1 user unknown, hard"},
    {"two recipients",
	REPORT("Sorry",
	    ADA_UNKNOWN "\nFinal-Recipient: rfc822;bob@x.example\nAction: failed\n"
			"Status: 5.2.2\nDiagnostic-Code: smtp; 552 5.2.2 Mailbox full\n"),
	"bounce ada@x.example 5.1.1 user unknown, hard; bob@x.example 5.2.2 mailbox full"},
    {"groups without a gap",
	REPORT("Sorry",
	    ADA_UNKNOWN "Final-Recipient: rfc822;bob@x.example\nAction: delayed\nStatus: 4.4.1\n"),
	"bounce ada@x.example 5.1.1 user unknown, hard; bob@x.example delayed 4.4.1 network"},
    {"the same twice", REPORT("Sorry", ADA_UNKNOWN "\n" ADA_UNKNOWN),
	"bounce ada@x.example 5.1.1 user unknown, hard"},
    {"delayed",
	REPORT("Still trying",
	    "Final-Recipient: rfc822; ada@x.example\nAction: delayed\nStatus: 4.4.1\n"
	    "Diagnostic-Code: smtp; connect to x.example: Connection timed out\n"),
	"delayed ada@x.example delayed 4.4.1 network"},
    {"delivered",
	REPORT(
	    "Done", "Final-Recipient: rfc822; ada@x.example\nAction: delivered\nStatus: 2.1.5\n"),
	"delivered ada@x.example delivered 2.1.5 other"},
    {"relayed",
	REPORT("Done", "Final-Recipient: rfc822; ada@x.example\nAction: relayed\nStatus: 2.1.9\n"),
	"delivered ada@x.example relayed 2.1.9 other"},
    {"another address",
	REPORT("Sorry", "Original-Recipient: rfc822;ada+2Bshop@x.example\n" ADA_UNKNOWN),
	"bounce ada@x.example 5.1.1 user unknown, hard for ada+shop@x.example"},
    {"plus address that looks like xtext",
	REPORT("Sorry", "Original-Recipient: rfc822;ada+ab@x.example\n" ADA_UNKNOWN),
	"bounce ada@x.example 5.1.1 user unknown, hard for ada+ab@x.example"},
    {"UTF-8 address (RFC 6533)",
	REPORT("Sorry",
	    "Final-Recipient: utf-8; \\x{4A}\\x{fc}rgen@x.example\nAction: failed\nStatus: "
	    "5.1.1\n"),
	"bounce J\xc3\xbcrgen@x.example 5.1.1 user unknown, hard"},
    {"a route",
	REPORT("Sorry",
	    "Final-Recipient: rfc822; @relay.example:ada@x.example\nAction: failed\nStatus: "
	    "5.1.1\n"),
	"bounce ada@x.example 5.1.1 user unknown, hard"},
    {"angle brackets",
	REPORT("Sorry",
	    "Final-Recipient: RFC822; <ada@x.example>\nAction: failed (5.1.1)\nStatus: 5.1.1\n"),
	"bounce ada@x.example 5.1.1 user unknown, hard"},
    {"no action", REPORT("Sorry", "Final-Recipient: rfc822; ada@x.example\nStatus: 4.2.2\n"),
	"delayed ada@x.example delayed 4.2.2 mailbox full"},
    {"reason in the status's comment",
	REPORT("Sorry",
	    "Final-Recipient: rfc822; ada@x.example\nAction: failed\n"
	    "Status: 5.0.0 (permanent failure: no such user)\n"),
	"bounce ada@x.example 5.0.0 user unknown"},
    {"reason in the text",
	REPORT("<ada@x.example>: 552 5.2.2 Over quota",
	    "Final-Recipient: rfc822; ada@x.example\nAction: failed\nStatus: 5.0.0\n"),
	"bounce ada@x.example 5.2.2 mailbox full"},
    {"folded diagnostic",
	REPORT("Sorry",
	    "Final-Recipient: rfc822; ada@x.example\nAction: failed\nStatus: 5.7.1\n"
	    "Diagnostic-Code: smtp; 550 5.7.1 Message rejected\n as spam\n"),
	"bounce ada@x.example 5.7.1 spam"},
    {"no boundary",
	DAEMON
	"Subject: Returned mail\nContent-Type: multipart/report;\n"
	" report-type=delivery-status; boundary=zzz\n\nSorry\n\n" ADA_UNKNOWN "\n"
	"Received: from a\nFrom: news@shop.example\nMessage-ID: <id@shop.example>\n\nHello\n",
	"bounce ada@x.example 5.1.1 user unknown, hard | id@shop.example"},
    {"fields in a text part",
	DAEMON "Subject: Delivery Status Notification (Failure)\nContent-Type: text/plain\n\n"
	       "Technical report:\n\n" ADA_UNKNOWN,
	"bounce ada@x.example 5.1.1 user unknown, hard"},
    {"report in a report",
	DAEMON "Subject: Postmaster notify\nContent-Type: multipart/mixed; boundary=o\n\n"
	       "--o\n\nSee below\n--o\nContent-Type: message/rfc822\n\n" REPORT(
		   "Sorry", ADA_UNKNOWN) RETURNED "--o--\n",
	"bounce ada@x.example 5.1.1 user unknown, hard | id@shop.example"},
    {"a person forwards a report",
	"From: Bob <bob@x.example>\nTo: news@shop.example\nSubject: what is this?\n"
	"Content-Type: multipart/mixed; boundary=o\n\n--o\n\nLook!\n"
	"--o\nContent-Type: message/rfc822\n\n" REPORT("Sorry", ADA_UNKNOWN) RETURNED "--o--\n",
	"none"},
};

static const struct test_case form_cases[] = {
    {"qmail",
	DAEMON
	"Subject: failure notice\n\nHi. This is the qmail-send program at mx.example.\n"
	"I'm afraid I wasn't able to deliver your message to the following addresses.\n\n"
	"<ada@x.example>:\n192.0.2.1 does not like recipient.\n"
	"Remote host said: 550 no such user here\nGiving up on 192.0.2.1.\n\n"
	"<bob@y.example>:\n192.0.2.2 failed after I sent the message.\n"
	"Remote host said: 552 5.2.2 mailbox full\n\n"
	"--- Below this line is a copy of the message.\n\n"
	"Return-Path: <news@shop.example>\nReceived: x\nMessage-ID: <id@shop.example>\n\nHello\n",
	"bounce ada@x.example 5.0.0 user unknown, hard; bob@y.example 5.2.2 mailbox full | "
	"id@shop.example"},
    {"Exim",
	DAEMON
	"Subject: Mail delivery failed: returning message to sender\n"
	"X-Failed-Recipients: ada@x.example\nAuto-Submitted: auto-replied\n\n"
	"A message that you sent could not be delivered to one or more of its\n"
	"recipients. This is a permanent error. The following address(es) failed:\n\n"
	"  ada@x.example\n    SMTP error from remote mail server after RCPT TO:<ada@x.example>:\n"
	"    host mx.x.example [192.0.2.1]: 550 mailbox unavailable\n\n"
	"------ This is a copy of the message, including all the headers. ------\n\n"
	"Return-path: <news@shop.example>\nMessage-Id: <id@shop.example>\n\nHello\n",
	"bounce ada@x.example 5.0.0 user unknown, hard | id@shop.example"},
    {"Exim, delayed",
	DAEMON "Subject: Warning: message 1Gd delayed 48 hours\n\n"
	       "A message that you sent has not yet been delivered to one or more of its\n"
	       "recipients after more than 48 hours on the queue on mx.example.\n\n"
	       "The address to which the message has not yet been delivered is:\n\n"
	       "  ada@x.example\n    host mx.x.example [192.0.2.1]: Connection timed out\n",
	"delayed ada@x.example delayed 4.0.0 network"},
    {"Postfix in one text",
	DAEMON
	"Subject: Undelivered Mail Returned to Sender\n\n"
	"I'm sorry to have to inform you that your message could not\n"
	"be delivered to one or more recipients. For help, contact <help@mx.example>.\n\n"
	"<ada@x.example> (expanded from <ada@old.example>): host mx.x.example said: 550 5.1.1\n"
	"    User unknown (in reply to RCPT TO command)\n",
	"bounce ada@x.example 5.1.1 user unknown, hard"},
    {"Sendmail 5",
	DAEMON
	"Subject: Returned mail: User unknown\n\n"
	"   ----- Transcript of session follows -----\nWhile talking to x.example:\n"
	">>> DATA\n<<< 554 Message is spam\n554 <ada@x.example>... Service unavailable\n"
	"While talking to y.example:\n>>> RCPT To:<bob@y.example>\n<<< 550 No such user\n"
	"550 <bob@y.example>... User unknown\n\n"
	"   ----- Unsent message follows -----\nReceived: by x\nFrom: news@shop.example\n\nHi\n",
	"bounce ada@x.example 5.0.0 spam; bob@y.example 5.0.0 user unknown, hard"},
    {"Exchange 5.5",
	"From: System Administrator <postmaster@x.example>\nTo: news@shop.example\n"
	"Subject: Undeliverable: Spring sale\n\nYour message\n\n  To:      ada@x.example\n"
	"  Subject: Spring sale\n\ndid not reach the following recipient(s):\n\n"
	"ada@x.example on Thu, 29 Apr 2010 00:00:00 -0000\n"
	"    The recipient name is not recognized\n    MSEXCH:IMS:X:Y:Z 0 (000C05A6) Unknown "
	"Recipient\n",
	"bounce ada@x.example 5.0.0 user unknown, hard"},
    {"Exchange Online, HTML",
	"From: Microsoft Outlook <postmaster@x.example>\nTo: news@shop.example\n"
	"Subject: Unzustellbar: Angebote\nContent-Type: text/html; charset=utf-8\n\n"
	"<html><body><p>Ihre Nachricht konnte nicht zugestellt werden an:</p>"
	"<p>ada@x.example</p><p>Remote Server returned '550 5.1.1 RESOLVER.ADR.RecipNotFound;"
	" not found'</p></body></html>\n",
	"bounce ada@x.example 5.1.1 user unknown, hard"},
    {"Domino",
	"From: Postmaster@x.example\nTo: news@shop.example\n"
	"Subject: DELIVERY FAILURE: User ada not listed in Domino Directory\n\nYour message\n\n"
	"  Subject: Spring sale\n\nwas not delivered to:\n\n  ada@x.example\n\nbecause:\n\n"
	"  User ada (ada@x.example) not listed in Domino Directory\n",
	"bounce ada@x.example 5.0.0 user unknown, hard"},
    {"OpenSMTPD",
	DAEMON "Subject: Delivery status notification: error\n\n"
	       "    An error has occurred while attempting to deliver a message for\n"
	       "    the following list of recipients:\n\n"
	       "ada@x.example: 550 5.1.1 no\nbob@x.example: 552 5.2.2 Mailbox full\n\n"
	       "    Below is a copy of the original message:\n\nReceived: x\nSubject: y\n\n",
	"bounce ada@x.example 5.1.1 user unknown, hard; bob@x.example 5.2.2 mailbox full"},
    {"DragonFly",
	"From: MAILER-DAEMON <>\nTo: news@shop.example\nSubject: Mail delivery failed\n\n"
	"There was an error delivering your mail to <ada@x.example>.\n\n"
	"mx.x.example [192.0.2.1] did not like our RCPT TO:\n550 5.1.1 unknown\n\n"
	"Message headers follow.\n\nReceived: x\nSubject: y\n",
	"bounce ada@x.example 5.1.1 user unknown, hard"},
    {"Gmail's old form",
	DAEMON
	"Subject: Delivery Status Notification (Failure)\nX-Failed-Recipients: ada@x.example\n\n"
	"Delivery to the following recipient failed permanently:\n\n     ada@x.example\n\n"
	"Technical details of permanent failure: \nGoogle tried to deliver your message, but it\n"
	"was rejected. The error that the other server returned was:\n"
	"550 5.7.1 Our policy forbids this (state 18).\n\n----- Original message -----\n",
	"bounce ada@x.example 5.7.1 policy"},
    {"Yahoo",
	DAEMON
	"Subject: Failure Notice\n\nSorry, we were unable to deliver your message to the "
	"following address.\n\n<ada@x.example>:\nRemote host said:\n552 1 Requested mail action "
	"aborted, mailbox not found\n [RCPT_TO]\n\n--- Below this line is a copy of the message.\n",
	"bounce ada@x.example 5.0.0 user unknown, hard"},
    {"au",
	"Return-Path: <>\nFrom: Postmaster@ezweb.ne.jp\nTo: news@shop.example\n"
	"Subject: Mail System Error - Returned Mail\n\nEach of the following recipients was "
	"rejected by a\n"
	"remote mail server.\n\n    Recipient: <ada@ezweb.ne.jp>\n    >>> RCPT "
	"TO:<ada@ezweb.ne.jp>\n"
	"    <<< 550 <ada@ezweb.ne.jp>: User unknown\n",
	"bounce ada@ezweb.ne.jp 5.0.0 user unknown, hard"},
    {"KDDI",
	"Return-Path: <>\nFrom: no-reply@x.dion.ne.jp\nTo: news@shop.example\nSubject: Mail\n\n"
	"Your mail sent on: Thu, 29 Apr 2013 00:00:00 +0900\n"
	"     Could not be delivered to: <ada@x.dion.ne.jp>\n     As their mailbox is full.\n",
	"bounce ada@x.dion.ne.jp 5.0.0 mailbox full"},
    {"Russian",
	"From: mailer-daemon@corp.mail.ru\nTo: news@shop.example\nContent-Type: text/plain; "
	"charset=utf-8\n"
	"Subject: Ваше сообщение не доставлено\n\nК сожалению, Ваше письмо не может быть "
	"доставлено:\n\n"
	"  ada@x.example\n    ящик переполнен\n",
	"bounce ada@x.example 5.0.0 mailbox full"},
    {"Spanish and Portuguese",
	"From: MAILER-DAEMON@x.example\nTo: news@shop.example\nSubject: failure notice\n\n"
	"Su mensaje no pudo ser entregado.\n\n<ada@x.example>:\nEsta casilla ha expirado por falta "
	"de uso.\n\n"
	"--- Mensaje original adjunto.\n",
	"bounce ada@x.example 5.0.0 suspended"},
    {"Japanese in its own charset",
	"From: POSTMASTER <postmaster@x.example>\nTo: news@shop.example\nSubject: failure notice\n"
	"Content-Type: text/plain; charset=\"UTF-8\"\n\nこのメールは送信できませんでした。\n\n"
	"ada@x.example\n\n-------server message\n550 unknown user <ada@x.example>\n\n"
	"-------SMTP command\nDATA\n\n-------original message\n",
	"bounce ada@x.example 5.0.0 policy"},
    {"nobody is named but in what came back",
	DAEMON "Subject: Undeliverable mail\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\n"
	       "Your message could not be delivered: mailbox full\n" RETURNED,
	"bounce ada@x.example 5.0.0 mailbox full | id@shop.example"},
    {"SES through SNS",
	"From: no-reply@sns.amazonaws.com\nTo: news@shop.example\nSubject: AWS Notification "
	"Message\n\n"
	"{\"notificationType\":\"Bounce\",\"bounce\":{\"bounceType\":\"Permanent\","
	"\"bouncedRecipients\":"
	"[{\"emailAddress\":\"ada@x.example\",\"action\":\"failed\",\"status\":\"5.1.1\",\n"
	"\"diagnosticCode\":\"smtp; 550 5.1.1 user unk\nnown\"}]},\"mail\":{\"commonHeaders\":"
	"{\"messageId\":\"<id@shop.example>\"}}}\n--\nIf you wish to stop\n",
	"bounce ada@x.example 5.1.1 user unknown, hard | id@shop.example"},
    {"line ends of a Macintosh",
	"From: MAILER-DAEMON@x.example\rTo: news@shop.example\rSubject: failure notice\r\r"
	"unable to deliver\r\r<ada@x.example>:\r552 5.2.2 full\r",
	"bounce ada@x.example 5.2.2 mailbox full"},
};

static const struct test_case feedback_cases[] = {
    {"abuse",
	FEEDBACK("Feedback-Type: abuse\nUser-Agent: X/1\nVersion: 1\n"
		 "Original-Rcpt-To: <ada@x.example>\n"),
	"complaint (abuse) ada@x.example | id@shop.example"},
    {"two addresses",
	FEEDBACK("Feedback-Type: abuse\nVersion: 1\nOriginal-Rcpt-To: ada@x.example\n"
		 "Original-Rcpt-To: bob@x.example\n"),
	"complaint (abuse) ada@x.example; bob@x.example | id@shop.example"},
    {"no address: To of what came back", FEEDBACK("Feedback-Type: fraud\nVersion: 1\n"),
	"complaint (fraud) ada@x.example | id@shop.example"},
    {"opt-out",
	FEEDBACK("Feedback-Type: opt-out\nVersion: 0.1\nRemoval-Recipient: ada@x.example\n"),
	"complaint (opt-out) ada@x.example | id@shop.example"},
    {"unknown type", FEEDBACK("Feedback-Type: x-new\nVersion: 1\n"),
	"complaint (other) ada@x.example | id@shop.example"},
    {"not spam", FEEDBACK("Feedback-Type: not-spam\nVersion: 1\n"),
	"none (not-spam) ada@x.example | id@shop.example"},
    {"authentication failure", FEEDBACK("Feedback-Type: auth-failure\nAuth-Failure: dmarc\n"),
	"none (auth-failure) ada@x.example | id@shop.example"},
    {"JMRP",
	"From: <staff@hotmail.com>\nTo: fbl@shop.example\nSubject: complaint about message from "
	"192.0.2.1\n"
	"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\n"
	"X-HmXmrOriginalRecipient: ada@hotmail.example\nTo: somebody@x.example\n"
	"Message-ID: <id@shop.example>\n\nHello\n--b--\n",
	"complaint (abuse) ada@hotmail.example | id@shop.example"},
    {"a person speaks of a complaint",
	"From: Ada <ada@x.example>\nSubject: complaint about message from the shop\n\nIt is too "
	"long.\n",
	"none"},
};

static const struct test_case reply_cases[] = {
    {"RFC 3834",
	"From: Ada <ada@x.example>\nSubject: Re: Spring sale\nAuto-Submitted: auto-replied "
	"(vacation)\n"
	"In-Reply-To: <id@shop.example>\n\nI am away\n",
	"autoreply ada@x.example | id@shop.example"},
    {"Exchange's subject",
	"From: ada@x.example\nSubject: Automatic reply: Spring sale\n\nI am away\n",
	"autoreply (out-of-office) ada@x.example"},
    {"German", "From: ada@x.example\nSubject: Abwesenheitsnotiz: Angebote\n\nIch bin im Urlaub\n",
	"autoreply (out-of-office) ada@x.example"},
    {"Japanese", "From: ada@x.example\nSubject: =?UTF-8?B?6Ieq5YuV6L+U5L+h?=: x\n\nx\n",
	"autoreply (out-of-office) ada@x.example"},
    {"Precedence", "From: ada@x.example\nSubject: x\nPrecedence: auto_reply\n\nx\n",
	"autoreply ada@x.example"},
    {"challenge",
	"From: bob@x.example\nSubject: Please confirm your message to bob@x.example\n\nClick "
	"here\n",
	"autoreply (challenge) bob@x.example"},
    {"speaks of undeliverable mail while away",
	"From: Ada <ada@x.example>\nSubject: Out of office\nAuto-Submitted: auto-replied\n\n"
	"My old address could not be delivered to:\n\nold@x.example\n\n550 user unknown\n",
	"autoreply (out-of-office) ada@x.example"},
    {"read receipt",
	"From: ada@x.example\nSubject: Read: Spring sale\n"
	"Content-Type: multipart/report; report-type=disposition-notification; "
	"boundary=b\n\n--b\n\n"
	"Your message was read\n--b\nContent-Type: message/disposition-notification\n\n"
	"Final-Recipient: rfc822; ada@x.example\nOriginal-Message-ID: <id@shop.example>\n"
	"Disposition: manual-action/MDN-sent-manually; displayed\n\n--b--\n",
	"none (read-receipt) | id@shop.example"},
    {"a person",
	"From: Ada <ada@x.example>\nSubject: Hello\n\nHow are you? bob@x.example says hi\n",
	"none"},
    {"a newsletter of a postmaster",
	"From: Postmaster <postmaster@x.example>\nSubject: News\n\nWrite to us: info@x.example\n",
	"none"},
    {"empty", "", "none"},
    {"no header", "\n\n", "none"},
};

static void
run(const struct test_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct delivery_report report =
		    read_message(str_c(cases[i].message), STR(""), NULL);
		const char *got = describe(&report);

		if (strcmp(got, cases[i].expected) != 0)
			fail_msg("%s:\n  got      %s\n  expected %s", cases[i].name, got,
			    cases[i].expected);
	}
}

#define RUN(name)                                                                \
	static void name(void **state)                                           \
	{                                                                        \
		(void)state;                                                     \
		run(name##_cases, sizeof name##_cases / sizeof name##_cases[0]); \
	}
RUN(status)
RUN(form)
RUN(feedback)
RUN(reply)
#undef RUN

/* Each line end, and a "From " line before it, make no difference. */
static void
line_ends(void **state)
{
	const char *message = REPORT("Sorry", ADA_UNKNOWN) RETURNED;
	char *crlf = calloc(1, 2 * strlen(message) + 100);
	struct delivery_report report;
	size_t n = 0;

	(void)state;
	n = (size_t)sprintf(crlf, "From MAILER-DAEMON Thu Apr 29 23:34:45 2010\r\n");
	for (const char *p = message; *p != '\0'; p++) {
		if (*p == '\n')
			crlf[n++] = '\r';
		crlf[n++] = *p;
	}
	report = read_message((struct str){crlf, n}, STR(""), NULL);
	assert_string_equal(
	    describe(&report), "bounce ada@x.example 5.1.1 user unknown, hard | id@shop.example");
	free(crlf);
}

/* --- tokens --- */

static struct link_keys *
some_keys(unsigned char fill)
{
	struct link_keyfile *file = calloc(1, sizeof *file);
	struct link_keys *keys;

	file->keys[0].id = 1;
	memset(file->keys[0].secret, fill, sizeof file->keys[0].secret);
	file->count = 1;
	keys = link_keys_new(file);
	link_keyfile_free(&file);
	return keys;
}

static const struct link_facts facts = {
    .kind = LINK_BOUNCE, .campaign = 7, .contact = 42, .message = 3, .sent_ms = 86400000};

static void
expect_token(const char *name, const char *message, const char *recipient, bool expected)
{
	struct link_keys *keys = some_keys(1);
	struct delivery_report report = read_message(str_c(message), str_c(recipient), keys);

	if (report.has_token != expected)
		fail_msg("%s: a token %s", name, expected ? "was expected" : "was found");
	if (expected) {
		assert_int_equal(report.token.campaign, 7);
		assert_int_equal(report.token.contact, 42);
	}
	link_keys_unref(&keys);
}

static void
tokens(void **state)
{
	static const char *const places[] = {
	    "To: %s\nSubject: x\n\nx\n",
	    "Delivered-To: %s\nFrom: a@b.example\n\nx\n",
	    "From: a@b.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\n"
	    "Content-Type: message/rfc822\n\nReturn-Path: <%s>\n\nx\n--b--\n",
	    "From: a@b.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\n"
	    "Content-Type: text/rfc822-headers\n\nList-Unsubscribe: <mailto:%s>\n--b--\n",
	    "From: a@b.example\n\nYou wrote from %s, did you?\n",
	};
	struct arena *own = arena_new(1 << 20);
	struct link_keys *keys = some_keys(1), *others = some_keys(2);
	struct str address, foreign;
	char message[4000];

	(void)state;
	assert_int_equal(
	    link_bounce_address(keys, STR("news@shop.example"), &facts, own, &address, NULL), 0);
	assert_int_equal(
	    link_bounce_address(others, STR("news@shop.example"), &facts, own, &foreign, NULL), 0);
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(message, sizeof message, places[i], address.p);
		expect_token(places[i], message, "", true);
		snprintf(message, sizeof message, places[i], foreign.p);
		expect_token("another's key", message, "", false);
#pragma GCC diagnostic pop
	}
	expect_token("envelope", "Subject: x\n\nx\n", address.p, true);
	expect_token("another's envelope", "Subject: x\n\nx\n", foreign.p, false);
	link_keys_unref(&keys);
	link_keys_unref(&others);
	arena_free(&own);
}

/* In a link of what came back, torn by quoted-printable, or in base64. */
static void
token_in_links(void **state)
{
	struct arena *own = arena_new(1 << 20);
	struct link_keys *keys = some_keys(1);
	struct link_facts click = facts;
	struct str url;
	char message[4000], *base64;

	(void)state;
	click.link = 5;
	assert_int_equal(
	    link_click_url(keys, STR("https://t.shop.example"), &click, own, &url, NULL), 0);
	snprintf(message, sizeof message, "From: fbl@x.example\n\n<a href=3D\"%.40s=\n%s\">x</a>\n",
	    url.p, url.p + 40);
	expect_token("soft line end", message, "", true);
	base64 = g_base64_encode((const guchar *)url.p, url.n);
	snprintf(message, sizeof message,
	    "From: fbl@x.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\n"
	    "Content-Type: message/rfc822\n\nContent-Type: text/plain\n"
	    "Content-Transfer-Encoding: base64\n\n%s\n--b--\n",
	    base64);
	expect_token("base64", message, "", true);
	g_free(base64);
	link_keys_unref(&keys);
	arena_free(&own);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(status, arena_setup, arena_teardown),
	    cmocka_unit_test_setup_teardown(form, arena_setup, arena_teardown),
	    cmocka_unit_test_setup_teardown(feedback, arena_setup, arena_teardown),
	    cmocka_unit_test_setup_teardown(reply, arena_setup, arena_teardown),
	    cmocka_unit_test_setup_teardown(line_ends, arena_setup, arena_teardown),
	    cmocka_unit_test_setup_teardown(tokens, arena_setup, arena_teardown),
	    cmocka_unit_test_setup_teardown(token_in_links, arena_setup, arena_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
