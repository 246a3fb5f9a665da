/* SPDX-License-Identifier: BSD-2-Clause
 *
 * delivery_reason_test: what servers say, and what it means
 */
#include "delivery/reason.h"

#include "delivery/address.h"
#include "delivery/words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

static struct arena *arena;

static int
arena_setup(void **state)
{
	(void)state;
	arena = arena_new((size_t)64 << 20);
	return 0;
}

static int
arena_teardown(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

static const struct {
	const char *field, *said, *around, *status, *reason;
	bool hard;
} cases[] = {
    /* The status alone. */
    {"5.1.1", "", "", "5.1.1", "user unknown", true},
    {"5.1.2", "", "", "5.1.2", "host unknown", true},
    {"5.1.6", "", "", "5.1.6", "moved", true},
    {"5.1.10", "", "", "5.1.10", "host unknown", true},
    {"", "556 Domain x.example does not accept mail", "", "5.1.10", "host unknown", true},
    {"5.0.0", "556 nothing here", "", "5.1.10", "host unknown", true},
    {"5.1.0", "Domain x.example does not accept mail (nullMX)", "", "5.1.0", "host unknown", true},
    {"5.4.4",
	"Host or domain name not found. Name service error for name=x.example type=AAAA: Host "
	"not found",
	"", "5.4.4", "host unknown", true},
    {"4.4.3",
	"Host or domain name not found. Name service error for name=x.example type=MX: Host not "
	"found, try again",
	"", "4.4.3", "host unknown", false},
    /* Yahoo, which says so behind DATA. */
    {"5.0.0",
	"host mta5.am0.yahoodns.net[192.0.2.1] said: 554 delivery error: dd Not a valid recipient "
	"- "
	"mta1.mail.bf1.yahoo.com (in reply to end of DATA command)",
	"", "5.0.0", "user unknown", true},
    {"", "554 delivery error: dd Not a valid recipient", "", "5.0.0", "user unknown", true},
    {"5.7.27", "550 5.7.27 <a@b.example>: Sender address rejected: Domain b.example nullMX", "",
	"5.7.27", "policy", false},
    {"5.7.27", "550 5.7.27 Sender address has null MX", "", "5.7.27", "policy", false},
    {"5.1.8", "550 5.1.8 <news@shop.example>: Sender address rejected: Domain not found", "",
	"5.1.8", "policy", false},
    {"5.1.8", "553 5.1.8 Domain of sender address news@shop.example does not exist", "", "5.1.8",
	"policy", false},
    {"5.2.1", "", "", "5.2.1", "suspended", false},
    {"5.2.2", "", "", "5.2.2", "mailbox full", false},
    {"5.2.3", "", "", "5.2.3", "too big", false},
    {"5.3.4", "", "", "5.3.4", "too big", false},
    {"4.4.1", "", "", "4.4.1", "network", false},
    {"5.4.4", "", "", "5.4.4", "host unknown", true},
    {"4.4.7", "", "", "4.4.7", "expired", false},
    {"5.4.6", "", "", "5.4.6", "network", false},
    {"5.6.0", "", "", "5.6.0", "content", false},
    {"5.7.1", "", "", "5.7.1", "policy", false},
    {"5.7.13", "", "", "5.7.13", "suspended", false},
    {"5.7.26", "", "", "5.7.26", "policy", false},
    {"5.0.0", "", "", "5.0.0", "other", false},
    {"", "", "", "5.0.0", "other", false},
    /* What was said counts more than the field. */
    {"5.0.0", "550 5.1.1 sorry", "", "5.1.1", "user unknown", true},
    {"5.1.1", "550 5.2.2 mailbox full", "", "5.2.2", "mailbox full", false},
    {"5.0.0", "sorry, no mailbox here by that name. (#5.1.1)", "", "5.1.1", "user unknown", true},
    {"5.0.0", "5.1.0 - Unknown address error 550-'5.7.1 Access denied'", "", "5.7.1", "policy",
	false},
    {"5.0.0", "host mx[192.0.2.1] said: 550 full of 5.1.1.7", "", "5.0.0", "policy", false},
    /* Words against codes. */
    {"5.7.1", "550 5.7.1 Requested mailbox is full", "", "5.7.1", "mailbox full", false},
    {"5.1.1", "550 5.1.1 has sent to too many recipients this hour", "", "5.1.1", "rate limited",
	false},
    {"5.1.1", "550 5.1.1 inactive email address", "", "5.1.1", "user unknown", true},
    {"5.2.1", "550 5.2.1 account is disabled", "", "5.2.1", "suspended", false},
    {"", "552 5.3.4 message size exceeds limit", "", "5.3.4", "too big", false},
    {"", "550 blocked using zen.spamhaus.org", "", "5.0.0", "policy", false},
    {"", "550 this looks like spam", "", "5.0.0", "spam", false},
    {"", "550 5.7.26 DMARC, to protect our users from spam", "", "5.7.26", "policy", false},
    {"", "554 5.7.1 virus found", "", "5.7.1", "content", false},
    {"", "connect to x.example[192.0.2.1]:25: Connection refused", "", "5.0.0", "network", false},
    {"", "Host or domain name not found. Name service error for name=x type=MX", "", "5.0.0",
	"host unknown", true},
    {"4.4.3", "Host or domain name not found, try again", "", "4.4.3", "host unknown", false},
    {"", "421 4.7.0 Try again later, connection rate limit exceeded", "", "4.7.0", "rate limited",
	false},
    {"", "retry timeout exceeded", "", "5.0.0", "expired", false},
    {"", "mailbox is full: retry timeout exceeded", "", "5.0.0", "mailbox full", false},
    /* A code alone says little; what else is said around an address. */
    {"", "550 go away, no reason given (in reply to RCPT TO command)", "", "5.0.0", "user unknown",
	false},
    {"", "550 5.1.1 go away, no reason given (in reply to RCPT TO command)", "", "5.1.1",
	"user unknown", true},
    {"", "550 your letter: mailbox is currently suspended (in reply to RCPT TO command)", "",
	"5.0.0", "suspended", false},
    {"", "550 ada is temporarily locked (in reply to RCPT TO command)", "", "5.0.0", "suspended",
	false},
    {"", "550 Recipient rejected: temporarily inactive (in reply to RCPT TO command)", "", "5.0.0",
	"suspended", false},
    {"", "552 ada does not have enough space for this (in reply to RCPT TO command)", "", "5.0.0",
	"mailbox full", false},
    {"", "550 Ada has too many messages on the server (in reply to RCPT TO command)", "", "5.0.0",
	"mailbox full", false},
    {"", "550 all space is used up (in reply to RCPT TO command)", "", "5.0.0", "mailbox full",
	false},
    {"", "550 ada: not present in our directory (in reply to RCPT TO command)", "", "5.0.0",
	"user unknown", true},
    {"", "550 not a local address here (in reply to RCPT TO command)", "", "5.0.0", "user unknown",
	true},
    {"", "553 sorry, badrcptto (in reply to RCPT TO command)", "", "5.0.0", "user unknown", true},
    {"", "550 nessun utente con questo nome (in reply to RCPT TO command)", "", "5.0.0",
	"user unknown", true},
    {"", "550 nonexistent user (in reply to RCPT TO command)", "", "5.0.0", "user unknown", true},
    {"", "550 unknown e-mail account (in reply to RCPT TO command)", "", "5.0.0", "user unknown",
	true},
    {"", "550 5.1.1 RESOLVER.ADR.RecipNotFound; not found", "", "5.1.1", "user unknown", true},
    {"", "550 Recipient domain must exist (in reply to RCPT TO command)", "", "5.0.0",
	"host unknown", true},
    {"", "550 <a@b.example> not found",
	"host mx.b.example[192.0.2.1] said: 550 <a@b.example> not found"
	" (in reply to RCPT TO command)",
	"5.0.0", "user unknown", true},
    /* The way, and machines' own troubles. */
    {"", "550 too many errors from your host (in reply to RCPT TO command)", "", "5.0.0",
	"rate limited", false},
    {"", "554 trop de connexions (in reply to RCPT TO command)", "", "5.0.0", "rate limited",
	false},
    {"", "554 malformed name server reply for b.example", "", "5.0.0", "network", false},
    {"", "550 could not find a gateway for b.example", "", "5.0.0", "network", false},
    {"", "giving up on 192.0.2.1", "", "5.0.0", "expired", false},
    {"", "554 internal server error (in reply to end of DATA command)", "", "5.0.0", "other",
	false},
    {"", "554 queue file write error (in reply to end of DATA command)", "", "5.0.0", "other",
	false},
    {"", "554 this host is misconfigured (in reply to end of DATA command)", "", "5.0.0", "other",
	false},
    {"", "550 header size exceeds what we take (in reply to end of DATA command)", "", "5.0.0",
	"content", false},
    /* Hard only where an address is judged. */
    {"", "550 user unknown", "", "5.0.0", "user unknown", false},
    {"", "550 user unknown (in reply to RCPT TO command)", "", "5.0.0", "user unknown", true},
    {"", "550 unknown user ada@x.example (in reply to end of DATA command)", "", "5.0.0", "policy",
	false},
    {"", "550 5.1.1 unknown user (in reply to end of DATA command)", "", "5.1.1", "user unknown",
	true},
    {"", "550 5.7.1 user unknown (in reply to RCPT TO command)", "", "5.7.1", "user unknown",
	false},
    {"", "450 4.1.1 user unknown, greylisted", "", "4.1.1", "rate limited", false},
    {"", "450 4.1.1 mailbox unavailable", "", "4.1.1", "user unknown", false},
    /* Before RCPT it is about us. */
    {"", "550 No such domain (in reply to MAIL FROM command)", "", "5.0.0", "policy", false},
    {"", "553 5.1.8 Domain of sender address does not exist", "", "5.1.8", "policy", false},
    {"", "host mx refused to talk to me: 554 go away", "", "5.0.0", "policy", false},
    /* A session says where. */
    {"", "550 user unknown", ">>> RCPT To:<ada@x.example>\n<<< 550 user unknown\n", "5.0.0",
	"user unknown", true},
    {"", "550 user unknown", ">>> DATA\n<<< 550 user unknown\n", "5.0.0", "policy", false},
    /* Only the rest of the text says why. */
    {"5.0.0", "", "mail.local: unknown user: ada", "5.0.0", "user unknown", true},
    {"5.0.0", "550 user unknown (in reply to RCPT TO command)", "The user(s) account is disabled.",
	"5.0.0", "suspended", false},
    /* Addresses of the web and of mail are no words. */
    {"", "550 rejected, see https://x.example/mailbox-full", "", "5.0.0", "policy", false},
    {"", "550 <mailbox.full@x.example> rejected", "", "5.0.0", "policy", false},
    /* Other languages. */
    {"", "550 Utilisateur inconnu (in reply to RCPT TO command)", "", "5.0.0", "user unknown",
	true},
    {"", "552 Postfach ist voll", "", "5.0.0", "mailbox full", false},
    {"", "550 почтовый ящик переполнен", "", "5.0.0", "mailbox full", false},
    {"", "550 5.1.1 用户不存在", "", "5.1.1", "user unknown", true},
};

static void
reasons(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct delivery_found found = {.address = STR("ada@x.example"),
		    .status = str_c(cases[i].field),
		    .said = str_c(cases[i].said),
		    .around = str_c(cases[i].around),
		    .action = DELIVERY_ACTION_FAILED};
		struct delivery_recipient got;

		delivery_judge(&found, arena, &got);
		if (!str_is(got.status, cases[i].status) || got.hard != cases[i].hard ||
		    strcmp(delivery_reason_name(got.reason), cases[i].reason) != 0)
			fail_msg(
			    "\"%s\" \"%s\" \"%s\": got %.*s %s hard=%d, expected %s %s hard=%d",
			    cases[i].field, cases[i].said, cases[i].around, STR_F(got.status),
			    delivery_reason_name(got.reason), got.hard, cases[i].status,
			    cases[i].reason, cases[i].hard);
	}
}

/* What is delayed or delivered is never hard. */
static void
not_failed(void **state)
{
	static const enum delivery_action actions[] = {DELIVERY_ACTION_DELAYED,
	    DELIVERY_ACTION_DELIVERED, DELIVERY_ACTION_RELAYED, DELIVERY_ACTION_NONE};

	(void)state;
	for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
		struct delivery_found found = {.address = STR("ada@x.example"),
		    .status = STR("5.1.1"),
		    .said = STR("550 5.1.1 no such user"),
		    .around = STR(""),
		    .action = actions[i]};
		struct delivery_recipient got;

		delivery_judge(&found, arena, &got);
		assert_false(got.hard);
	}
}

/* Every phrase is in the form that texts are folded to: else it can never be found. */
static void
phrases_are_folded(void **state)
{
	(void)state;
	for (const struct delivery_words *row = delivery_reason_words; row->phrase != NULL; row++) {
		struct str folded = delivery_fold(str_c(row->phrase), arena);
		bool spaces = row->phrase[0] == ' ' || row->phrase[strlen(row->phrase) - 1] == ' ';

		if (!spaces && !str_is(folded, row->phrase))
			fail_msg("\"%s\" folds to \"%.*s\"", row->phrase, STR_F(folded));
	}
	for (const struct delivery_stage_words *row = delivery_stage_words; row->phrase != NULL;
	     row++)
		assert_true(str_is(delivery_fold(str_c(row->phrase), arena), row->phrase));
}

/* A row that an earlier one always finds first says nothing; it may stand there only if both
 * say the same. */
static void
no_row_in_the_shadow(void **state)
{
	(void)state;
	for (const struct delivery_words *row = delivery_reason_words; row->phrase != NULL; row++) {
		char *text = strdup(row->phrase);
		const struct delivery_words *first = delivery_reason_words;

		for (char *p = text; *p != '\0'; p++)
			*p = *p == '*' ? ' ' : *p;
		while (!delivery_phrase_in(str_c(text), first->phrase))
			first++;
		if (first != row &&
		    (first->reason != row->reason || first->certain != row->certain ||
			strcmp(first->phrase, row->phrase) == 0))
			fail_msg(
			    "\"%s\" stands in the shadow of \"%s\"", row->phrase, first->phrase);
		free(text);
	}
}

static const struct {
	const char *text, *phrase;
	long at;
} phrases[] = {
    {"user unknown", "user unknown", 0},
    {"User\r\n\tUNKNOWN", "user unknown", 0},
    {"a user ada@x.example is unknown", "user*unknown", 2},
    {"user <ada@x.example> unknown", "user @ unknown", 0},
    {"user", "user*unknown", -1},
    {"see http://x.example/full now", "full", -1},
    {"user 1234567890123456789012345678901234567890123456789012345678901234567890 unknown",
	"user*unknown", -1},
    {"user and a user unknown", "user unknown", 11},
    {"", "x", -1},
};

static void
matching(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof phrases / sizeof phrases[0]; i++) {
		struct str folded = delivery_fold(str_c(phrases[i].text), arena);
		long at = delivery_phrase_at(folded, phrases[i].phrase);

		if (at != phrases[i].at)
			fail_msg(
			    "\"%s\" in \"%.*s\": at %ld", phrases[i].phrase, STR_F(folded), at);
	}
}

static const struct {
	const char *text, *address;
} addresses[] = {
    {"ada@x.example", "ada@x.example"},
    {"<ada@x.example>: no", "ada@x.example"},
    {"to 'ada@x.example'.", "ada@x.example"},
    {"\"ada lovelace\"@x.example", "\"ada lovelace\"@x.example"},
    {"<j\xc3\xbcrgen@x.example>", "j\xc3\xbcrgen@x.example"},
    {"宛先ada@x.exampleへ", "ada@x.example"},
    {"<@relay.example:ada@x.example>", "ada@x.example"},
    {"ada@[192.0.2.1]", "ada@[192.0.2.1]"},
    {"mailto:ada@x.example?subject=x", "ada@x.example"},
    {"@x.example", NULL},
    {"ada@", NULL},
    {"", NULL},
};

static void
finding_addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
		struct str address = STR("");
		bool found = delivery_address_find(str_c(addresses[i].text), &address);

		if (found != (addresses[i].address != NULL) ||
		    (found && !str_is(address, addresses[i].address)))
			fail_msg("\"%s\": got \"%.*s\"", addresses[i].text, STR_F(address));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(reasons, arena_setup, arena_teardown),
	    cmocka_unit_test_setup_teardown(not_failed, arena_setup, arena_teardown),
	    cmocka_unit_test_setup_teardown(phrases_are_folded, arena_setup, arena_teardown),
	    cmocka_unit_test(no_row_in_the_shadow),
	    cmocka_unit_test_setup_teardown(matching, arena_setup, arena_teardown),
	    cmocka_unit_test(finding_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
