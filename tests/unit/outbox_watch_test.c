/* SPDX-License-Identifier: BSD-2-Clause
 *
 * outbox_watch_test: which campaigns are paused because too much comes back
 */
#include "store_fixture.h"

#include "base/clock.h"
#include "outbox/watch.h"
#include "store/contact.h"
#include "store/event.h"
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
	int hours; /* ago */
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

static void
put_event(
    struct fixture *f, const struct sending *sending, int64_t contact, enum store_event_kind kind)
{
	struct store_event event = {
	    .kind = kind, .contact = contact, .time_ms = clock_now() - sending->hours * HOUR};

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
		    .verdict = STORE_SENT};
		int64_t contact;

		snprintf(address, sizeof address, "c%d@%s", i, sending.domain);
		snprintf(key, sizeof key, "%08x", serial++);
		row.recipient = str_c(address);
		row.message = str_c(key);
		contact = contact_of(f, address);
		assert_int_equal(store_journal_put(f->store, &row, &f->err), 0);
		if (i < sending.bounced)
			put_event(f, &sending, contact, STORE_EVENT_BOUNCED);
		else if (i < sending.bounced + sending.complained)
			put_event(f, &sending, contact, STORE_EVENT_COMPLAINED);
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

static char reason[500];

static bool
take_reason(const struct store_outbox_summary *summary, void *closure)
{
	if (str_is(summary->campaign, closure))
		snprintf(reason, sizeof reason, "%.*s", STR_F(summary->pause_reason));
	return true;
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
	    {"quiet", {{"a", "x.example", 150, 5, 0, 1}}, false, ""},
	    {"bounces", {{"b", "x.example", 150, 20, 0, 1}}, true, "20 of 150 copies came back"},
	    {"complaints", {{"c", "x.example", 150, 0, 6, 1}}, true,
		"6 of 150 copies were complained of"},
	    {"too few copies", {{"d", "x.example", 20, 10, 0, 1}}, false, ""},
	    {"too few complaints", {{"e", "x.example", 110, 0, 4, 1}}, false, ""},
	    {"long ago", {{"f", "x.example", 150, 50, 0, 30}}, false, ""},
	    {"one provider", {{"g", "x.example", 900, 1, 0, 1}, {"g", "y.example", 110, 30, 0, 1}},
		true, "30 of 110 copies to y.example came back"},
	    {"others' copies do not count",
		{{"h", "x.example", 900, 0, 0, 1}, {"i", "x.example", 150, 20, 0, 1}}, false, ""},
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
		reason[0] = '\0';
		assert_int_equal(store_outbox_summaries(f->store, take_reason, name, &f->err), 0);
		if (is_paused(f, name) != cases[i].paused || strcmp(reason, cases[i].reason) != 0)
			fail_msg("%s: %d, %s", cases[i].title, is_paused(f, name), reason);
	}
	/* Once. */
	assert_int_equal(outbox_watch(f->store, &conf, &f->err), 0);
}

/* The administrator knows better; and what comes back afterwards counts anew. */
static void
resumed_is_resumed(void **state)
{
	struct fixture *f = *state;

	put(f, (struct sending){"a", "x.example", 150, 40, 0, 1});
	assert_int_equal(outbox_watch(f->store, &conf, &f->err), 1);
	assert_int_equal(store_outbox_pause(f->store, STR("a"), 0, &f->err), 0);
	assert_int_equal(outbox_watch(f->store, &conf, &f->err), 0);
	assert_false(is_paused(f, "a"));
	usleep(2000);
	put(f, (struct sending){"a", "x.example", 150, 40, 0, 0});
	assert_int_equal(outbox_watch(f->store, &conf, &f->err), 1);
}

static void
off_is_off(void **state)
{
	struct conf off = conf;
	struct fixture *f = *state;

	off.watch_bounces = off.watch_complaints = 0;
	put(f, (struct sending){"a", "x.example", 150, 40, 40, 1});
	assert_int_equal(outbox_watch(f->store, &off, &f->err), 0);
	off.watch_complaints = 30;
	assert_int_equal(outbox_watch(f->store, &off, &f->err), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STORE_TEST(looks_at_rates),
	    STORE_TEST(resumed_is_resumed),
	    STORE_TEST(off_is_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
