/* SPDX-License-Identifier: BSD-2-Clause
 *
 * outbox_watch_test: which campaigns are paused because too much comes back
 */
#include "store_fixture.h"

#include "base/clock.h"
#include "outbox/watch.h"
#include "store/contact.h"
#include "store/event.h"
#include "store/fate.h"
#include "store/journal.h"
#include "store/link.h"
#include "store/outbox.h"

#include <string.h>

#define HOUR ((int64_t)3600000)

static const struct conf conf = {
    .watch_bounces = 100, .watch_complaints = 30, .watch_minimum = 100, .watch_window = 24 * HOUR};

struct sending {
	const char *campaign;
	const char *domain;
	int copies;
	int bounced;
	int complained;
	int hours;	  /* ago */
	const char *from; /* domain; NULL: not known */
};

static int serial;

static int64_t
contact_of(struct fixture *f, const char *address)
{
	struct store_contact contact;
	json_t *none = json_object();

	assert_true(
	    store_contact_upsert(f->store, str_c(address), STR_NONE, STR_NONE, none, &f->err) >= 0);
	json_decref(none);
	assert_int_equal(
	    store_contact_get(f->store, str_c(address), f->arena, &contact, &f->err), 1);
	return contact.id;
}

/* The domain is told as the journal has it. */
static void
put_event(struct fixture *f, const struct sending *sending, int64_t contact,
    const struct store_journal_row *copy, enum store_event_kind kind)
{
	struct store_event event = {
	    .kind = kind, .contact = contact, .time_ms = copy->time_ms, .message = copy->message};
	struct store_journal_row row;

	assert_int_equal(store_fate_copy(f->store, copy->recipient, copy->message, STR_NONE,
			     f->arena, &row, &f->err),
	    1);
	event.properties =
	    arena_printf(f->arena, "{\"sender_domain\":\"%.*s\"}", STR_F(row.sender_domain));
	assert_int_equal(
	    store_campaign_id(f->store, str_c(sending->campaign), &event.campaign, &f->err), 0);
	assert_int_equal(store_event_put(f->store, &event, 1, NULL, &f->err), 0);
}

static void
put(struct fixture *f, struct sending sending)
{
	char address[100], key[100];

	assert_int_equal(store_begin(f->store, &f->err), 0);
	for (int i = 0; i < sending.copies; i++) {
		struct store_journal_row row = {.time_ms = clock_now() - sending.hours * HOUR,
		    .campaign = str_c(sending.campaign),
		    .sender_domain = sending.from == NULL ? STR("") : str_c(sending.from),
		    .verdict = STORE_SENT};
		int64_t contact;

		snprintf(address, sizeof address, "c%d@%s", i, sending.domain);
		snprintf(key, sizeof key, "%08x", serial++);
		row.recipient = str_c(address);
		row.message = str_c(key);
		contact = contact_of(f, address);
		assert_int_equal(store_journal_put(f->store, &row, &f->err), 0);
		if (i < sending.bounced)
			put_event(f, &sending, contact, &row, STORE_EVENT_BOUNCED);
		else if (i < sending.bounced + sending.complained)
			put_event(f, &sending, contact, &row, STORE_EVENT_COMPLAINED);
	}
	assert_int_equal(store_commit(f->store, &f->err), 0);
}

static bool
is_paused(struct fixture *f, const char *campaign)
{
	int rc = store_outbox_is_paused(f->store, str_c(campaign), &f->err);

	assert_true(rc >= 0);
	return rc == 1;
}

static char reason[700];

static bool
take_reason(const struct store_outbox_summary *summary, void *closure)
{
	if (str_is(summary->campaign, closure))
		snprintf(reason, sizeof reason, "%.*s", STR_F(summary->pause_reason));
	return true;
}

static const char *
reason_of(struct fixture *f, char *campaign)
{
	reason[0] = '\0';
	assert_int_equal(store_outbox_summaries(f->store, take_reason, campaign, &f->err), 0);
	return reason;
}

static void
looks_at_rates(void **state)
{
	static const struct {
		const char *title;
		struct sending sendings[3];
		bool paused;
		const char *reason;
	} cases[] = {
	    {"quiet", {{"a", "x.example", 150, 5, 0, 1, NULL}}, false, ""},
	    {"bounces", {{"b", "x.example", 150, 20, 0, 1, NULL}}, true,
		"20 of 150 copies came back"},
	    {"complaints", {{"c", "x.example", 150, 0, 6, 1, NULL}}, true,
		"6 of 150 copies were complained of"},
	    {"too few copies", {{"d", "x.example", 20, 10, 0, 1, NULL}}, false, ""},
	    {"too few complaints", {{"e", "x.example", 110, 0, 4, 1, NULL}}, false, ""},
	    {"long ago", {{"f", "x.example", 150, 50, 0, 30, NULL}}, false, ""},
	    {"one provider",
		{{"g", "x.example", 900, 1, 0, 1, NULL}, {"g", "y.example", 110, 30, 0, 1, NULL}},
		true, "30 of 110 copies to y.example came back"},
	    {"others' copies do not count",
		{{"h", "x.example", 900, 0, 0, 1, NULL}, {"i", "x.example", 150, 20, 0, 1, NULL}},
		false, ""},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		for (int k = 0; k < 3 && cases[i].sendings[k].campaign != NULL; k++)
			put(f, cases[i].sendings[k]);
	}
	assert_int_equal(outbox_watch(f->store, &conf, &f->err), 4);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char name[10];

		snprintf(name, sizeof name, "%s", cases[i].sendings[0].campaign);
		if (is_paused(f, name) != cases[i].paused ||
		    strcmp(reason_of(f, name), cases[i].reason) != 0)
			fail_msg("%s: %d, %s", cases[i].title, is_paused(f, name), reason);
	}
	/* Once. */
	assert_int_equal(outbox_watch(f->store, &conf, &f->err), 0);
}

static void
looks_at_domains_of_from(void **state)
{
	static const struct {
		const char *title;
		struct sending sendings[4];
		const char *paused; /* digits of those */
		const char *reason;
	} cases[] = {
	    {"together",
		{{"a1", "x.example", 60, 8, 0, 1, "a.example"},
		    {"a2", "x.example", 60, 8, 0, 1, "a.example"}},
		"12", "16 of 120 copies from a.example came back"},
	    {"complaints",
		{{"b1", "x.example", 60, 0, 3, 1, "b.example"},
		    {"b2", "x.example", 60, 0, 2, 1, "b.example"}},
		"12", "5 of 120 copies from b.example were complained of"},
	    {"two domains",
		{{"c1", "x.example", 60, 8, 0, 1, "c.example"},
		    {"c2", "x.example", 60, 8, 0, 1, "news.c.example"}},
		"", ""},
	    {"not known",
		{{"d1", "x.example", 60, 8, 0, 1, NULL}, {"d2", "x.example", 60, 8, 0, 1, NULL}},
		"", ""},
	    {"who is known to be good goes on",
		{{"e1", "x.example", 60, 12, 0, 1, "e.example"},
		    {"e2", "x.example", 150, 5, 0, 1, "e.example"},
		    {"e3", "x.example", 60, 12, 0, 1, "e.example"}},
		"13", "29 of 270 copies from e.example came back"},
	    {"who brought nothing bad, but too little to be judged, waits",
		{{"f1", "x.example", 90, 12, 0, 1, "f.example"},
		    {"f2", "x.example", 30, 0, 0, 1, "f.example"}},
		"12", "12 of 120 copies from f.example came back"},
	    {"one name, written in two ways",
		{{"g1", "x.example", 60, 8, 0, 1,
		     "B\xc3\x9c"
		     "cher.example"},
		    {"g2", "x.example", 60, 8, 0, 1, "xn--bcher-kva.EXAMPLE"}},
		"12", "16 of 120 copies from xn--bcher-kva.example came back"},
	    {"who is bad alone is paused alone",
		{{"h1", "x.example", 150, 40, 0, 1, "h.example"},
		    {"h2", "x.example", 60, 1, 0, 1, "h.example"},
		    {"h3", "x.example", 60, 1, 0, 1, "h.example"}},
		"1", "40 of 150 copies came back"},
	    {"one provider",
		{{"i1", "x.example", 300, 0, 0, 1, "i.example"},
		    {"i1", "y.example", 60, 10, 0, 1, "i.example"},
		    {"i2", "y.example", 60, 10, 0, 1, "i.example"},
		    {"i3", "x.example", 60, 0, 0, 1, "i.example"}},
		"12", "20 of 120 copies from i.example to y.example came back"},
	    {"long ago",
		{{"j1", "x.example", 60, 8, 0, 30, "j.example"},
		    {"j2", "x.example", 60, 8, 0, 1, "j.example"}},
		"", ""},
	};
	struct fixture *f = *state;
	int expected = 0;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		for (int k = 0; k < 4 && cases[i].sendings[k].campaign != NULL; k++)
			put(f, cases[i].sendings[k]);
		expected += (int)strlen(cases[i].paused);
	}
	assert_int_equal(outbox_watch(f->store, &conf, &f->err), expected);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		for (int k = 0; k < 4 && cases[i].sendings[k].campaign != NULL; k++) {
			char name[10];
			bool paused;

			snprintf(name, sizeof name, "%s", cases[i].sendings[k].campaign);
			paused = strchr(cases[i].paused, name[1]) != NULL;
			if (is_paused(f, name) != paused ||
			    strcmp(reason_of(f, name), paused ? cases[i].reason : "") != 0)
				fail_msg("%s: %s: %d, %s", cases[i].title, name, !paused, reason);
		}
	}
	/* What is left is below the limit. */
	assert_int_equal(outbox_watch(f->store, &conf, &f->err), 0);
}

/* What came back before a campaign was resumed does not count for its domain, either. */
static void
resumed_counts_anew_for_its_domain(void **state)
{
	const struct sending a = {"a", "x.example", 60, 8, 0, 1, "shop.example"};
	const struct sending b = {"b", "x.example", 60, 8, 0, 1, "shop.example"};
	struct sending a_now = a, b_now = b;
	struct fixture *f = *state;

	a_now.hours = b_now.hours = 0;
	put(f, a);
	put(f, b);
	assert_int_equal(outbox_watch(f->store, &conf, &f->err), 2);
	assert_int_equal(store_outbox_pause(f->store, STR("a"), 0, &f->err), 0);
	assert_int_equal(outbox_watch(f->store, &conf, &f->err), 0);
	assert_false(is_paused(f, "a"));
	usleep(2000);
	/* b's are not counted as long as it is paused. */
	put(f, a_now);
	assert_int_equal(outbox_watch(f->store, &conf, &f->err), 0);
	assert_int_equal(store_outbox_pause(f->store, STR("b"), 0, &f->err), 0);
	assert_int_equal(outbox_watch(f->store, &conf, &f->err), 0);
	usleep(2000);
	put(f, b_now);
	assert_int_equal(outbox_watch(f->store, &conf, &f->err), 2);
	assert_true(is_paused(f, "a") && is_paused(f, "b"));
}

/* What stands still is no part of the domain. */
static void
paused_is_no_part(void **state)
{
	struct fixture *f = *state;

	put(f, (struct sending){"a", "x.example", 60, 8, 0, 1, "shop.example"});
	put(f, (struct sending){"b", "x.example", 60, 8, 0, 1, "shop.example"});
	assert_int_equal(store_outbox_pause(f->store, STR("b"), 1, &f->err), 0);
	assert_int_equal(outbox_watch(f->store, &conf, &f->err), 0);
	assert_false(is_paused(f, "a"));
}

/* The administrator knows better; and what comes back afterwards counts anew. */
static void
resumed_is_resumed(void **state)
{
	struct fixture *f = *state;

	put(f, (struct sending){"a", "x.example", 150, 40, 0, 1, NULL});
	assert_int_equal(outbox_watch(f->store, &conf, &f->err), 1);
	assert_int_equal(store_outbox_pause(f->store, STR("a"), 0, &f->err), 0);
	assert_int_equal(outbox_watch(f->store, &conf, &f->err), 0);
	assert_false(is_paused(f, "a"));
	usleep(2000);
	put(f, (struct sending){"a", "x.example", 150, 40, 0, 0, NULL});
	assert_int_equal(outbox_watch(f->store, &conf, &f->err), 1);
}

static void
off_is_off(void **state)
{
	struct conf off = conf;
	struct fixture *f = *state;

	off.watch_bounces = off.watch_complaints = 0;
	put(f, (struct sending){"a", "x.example", 150, 40, 40, 1, NULL});
	assert_int_equal(outbox_watch(f->store, &off, &f->err), 0);
	off.watch_complaints = 30;
	assert_int_equal(outbox_watch(f->store, &off, &f->err), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STORE_TEST(looks_at_rates),
	    STORE_TEST(looks_at_domains_of_from),
	    STORE_TEST(resumed_counts_anew_for_its_domain),
	    STORE_TEST(paused_is_no_part),
	    STORE_TEST(resumed_is_resumed),
	    STORE_TEST(off_is_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
