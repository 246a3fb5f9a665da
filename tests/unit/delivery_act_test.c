/* SPDX-License-Identifier: BSD-2-Clause
 *
 * delivery_act_test: what news of copies do to contacts and suppressions
 */
#include "store_fixture.h"

#include "base/clock.h"
#include "delivery/act.h"
#include "store/contact.h"
#include "store/event.h"
#include "store/journal.h"
#include "store/suppression.h"

#define DAY ((int64_t)86400000)

static const struct delivery_rules rules = {.soft_count = 3, .soft_ms = 30 * DAY};

static const char *const keys[] = {
    "00000001aa", "00000002aa", "00000003aa", "00000004aa", "00000005aa", "00000006aa"};

static int64_t
contact_of(struct fixture *f, const char *address)
{
	struct store_contact contact;

	return store_contact_get(f->store, str_c(address), f->arena, &contact, NULL) == 1
	    ? contact.id
	    : 0;
}

/* A copy that left so many days ago. */
static void
sent(struct fixture *f, const char *address, int number, int days)
{
	const struct store_journal_row row = {.time_ms = clock_now() - days * DAY,
	    .message = str_c(keys[number]),
	    .campaign = STR("spring"),
	    .recipient = str_c(address),
	    .contact_id = contact_of(f, address),
	    .verdict = STORE_SENT};

	assert_int_equal(store_journal_put(f->store, &row, &f->err), 0);
}

static void
add_contact(struct fixture *f, const char *address)
{
	json_t *none = json_object();

	assert_true(
	    store_contact_upsert(f->store, str_c(address), STR_NONE, STR_NONE, none, &f->err) >= 0);
	json_decref(none);
}

static struct delivery_news
bounce(const char *address, int number, enum delivery_reason reason, bool hard)
{
	return (struct delivery_news){.kind = DELIVERY_NEWS_BOUNCED,
	    .recipient = str_c(address),
	    .message = str_c(keys[number]),
	    .status = STR("5.0.0"),
	    .diagnostic = STR("550 <ada@x.example> no"),
	    .reason = reason,
	    .hard = hard,
	    .time_ms = clock_now(),
	    .source = STR("log")};
}

static enum delivery_outcome_kind
tell(struct fixture *f, struct delivery_news news)
{
	struct delivery_outcome outcome;

	assert_int_equal(delivery_act(f->store, &rules, &news, &outcome, &f->err), 0);
	return outcome.kind;
}

static const char *
scope_of(struct fixture *f, const char *address)
{
	struct store_suppression entry;

	return store_suppression_find(
		   f->store, str_c(address), STR("spring"), true, f->arena, &entry, &f->err) == 1
	    ? entry.scope.p
	    : "";
}

static int64_t
events_of(struct fixture *f, const char *address, enum store_event_kind kind)
{
	const struct store_event_query query = {.contact = contact_of(f, address), .kind = kind};
	int64_t count;

	assert_int_equal(store_event_count(f->store, &query, 0, &count, &f->err), 0);
	return count;
}

static void
each_reason_has_its_weight(void **state)
{
	static const struct {
		enum delivery_reason reason;
		bool hard;
		const char *status;
		enum delivery_weighing weighing;
	} cases[] = {
	    {DELIVERY_USER_UNKNOWN, true, "5.1.1", DELIVERY_STOPS},
	    {DELIVERY_USER_UNKNOWN, false, "5.1.1", DELIVERY_COUNTS},
	    {DELIVERY_MOVED, true, "5.1.6", DELIVERY_STOPS},
	    {DELIVERY_MOVED, false, "4.1.6", DELIVERY_COUNTS},
	    {DELIVERY_HOST_UNKNOWN, true, "5.1.10", DELIVERY_STOPS},
	    {DELIVERY_HOST_UNKNOWN, true, "5.1.2", DELIVERY_STOPS_STRANGERS},
	    {DELIVERY_HOST_UNKNOWN, true, "5.1.0", DELIVERY_STOPS_STRANGERS},
	    {DELIVERY_HOST_UNKNOWN, true, "5.4.4", DELIVERY_STOPS_STRANGERS},
	    {DELIVERY_HOST_UNKNOWN, true, "5.1.8", DELIVERY_COUNTS},
	    {DELIVERY_HOST_UNKNOWN, true, "5.7.27", DELIVERY_COUNTS},
	    {DELIVERY_HOST_UNKNOWN, true, "5.3.2", DELIVERY_COUNTS},
	    {DELIVERY_HOST_UNKNOWN, true, "5.0.0", DELIVERY_COUNTS},
	    {DELIVERY_HOST_UNKNOWN, false, "4.4.3", DELIVERY_COUNTS},
	    {DELIVERY_HOST_UNKNOWN, false, "4.1.10", DELIVERY_COUNTS},
	    {DELIVERY_MAILBOX_FULL, false, "4.2.2", DELIVERY_COUNTS},
	    {DELIVERY_SUSPENDED, false, "5.2.1", DELIVERY_COUNTS},
	    {DELIVERY_OTHER, false, "5.0.0", DELIVERY_COUNTS},
	    {DELIVERY_OTHER, false, "4.0.0", DELIVERY_WEIGHS_NOTHING},
	    {DELIVERY_OTHER, false, "", DELIVERY_WEIGHS_NOTHING},
	    {DELIVERY_POLICY, true, "5.7.1", DELIVERY_WEIGHS_NOTHING},
	    {DELIVERY_SPAM, true, "5.7.1", DELIVERY_WEIGHS_NOTHING},
	    {DELIVERY_TOO_BIG, true, "5.3.4", DELIVERY_WEIGHS_NOTHING},
	    {DELIVERY_CONTENT, true, "5.6.0", DELIVERY_WEIGHS_NOTHING},
	    {DELIVERY_NETWORK, true, "5.4.6", DELIVERY_WEIGHS_NOTHING},
	    {DELIVERY_RATE_LIMITED, true, "5.7.0", DELIVERY_WEIGHS_NOTHING},
	    {DELIVERY_EXPIRED, true, "5.4.7", DELIVERY_WEIGHS_NOTHING},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_int_equal(
		    delivery_weigh(cases[i].reason, cases[i].hard, str_c(cases[i].status)),
		    cases[i].weighing);
}

static void
a_hard_bounce_stops_everything_at_once(void **state)
{
	struct fixture *f = *state;
	struct delivery_news news = bounce("ada@x.example", 0, DELIVERY_USER_UNKNOWN, true);
	struct store_suppression entry;

	add_contact(f, "ada@x.example");
	sent(f, "ada@x.example", 0, 1);
	assert_int_equal(tell(f, news), DELIVERY_OUTCOME_SUPPRESSED);
	assert_string_equal(scope_of(f, "ADA@x.example"), "all");
	assert_int_equal(store_suppression_find(f->store, STR("ada@x.example"), STR("receipts"),
			     false, f->arena, &entry, &f->err),
	    1);
	assert_string_equal(entry.reason.p, "hard bounce: user unknown");
	assert_string_equal(entry.source.p, "log");
	assert_string_equal(entry.detail.p, "550 <ada@x.example> no");
}

/* The relay's log says it, then the report that the relay sends; then the log is read again. */
static void
the_same_news_change_nothing(void **state)
{
	struct fixture *f = *state;
	struct delivery_news news = bounce("ada@x.example", 0, DELIVERY_USER_UNKNOWN, true);

	add_contact(f, "ada@x.example");
	sent(f, "ada@x.example", 0, 1);
	tell(f, news);
	assert_int_equal(
	    store_suppression_remove(f->store, STR("ada@x.example"), STR("all"), &f->err), 1);
	assert_int_equal(tell(f, news), DELIVERY_OUTCOME_KNOWN);
	news.source = STR("report");
	news.source_id = STR("17");
	assert_int_equal(tell(f, news), DELIVERY_OUTCOME_KNOWN);
	news.hard = false;
	assert_int_equal(tell(f, news), DELIVERY_OUTCOME_KNOWN);
	assert_string_equal(scope_of(f, "ada@x.example"), "");
	assert_int_equal(events_of(f, "ada@x.example", STORE_EVENT_BOUNCED), 1);
}

static void
a_report_may_tell_more_than_the_log(void **state)
{
	struct fixture *f = *state;

	sent(f, "ada@x.example", 0, 1);
	assert_int_equal(
	    tell(f, bounce("ada@x.example", 0, DELIVERY_NETWORK, false)), DELIVERY_OUTCOME_NOTED);
	assert_int_equal(tell(f, bounce("ada@x.example", 0, DELIVERY_USER_UNKNOWN, true)),
	    DELIVERY_OUTCOME_SUPPRESSED);
	assert_string_equal(scope_of(f, "ada@x.example"), "all");
}

static void
soft_bounces_add_up(void **state)
{
	struct fixture *f = *state;

	add_contact(f, "ben@x.example");
	for (int i = 0; i < 3; i++)
		sent(f, "ben@x.example", i, 10 - i);
	assert_int_equal(tell(f, bounce("ben@x.example", 0, DELIVERY_MAILBOX_FULL, false)),
	    DELIVERY_OUTCOME_NOTED);
	assert_int_equal(tell(f, bounce("ben@x.example", 0, DELIVERY_MAILBOX_FULL, false)),
	    DELIVERY_OUTCOME_KNOWN);
	assert_int_equal(tell(f, bounce("ben@x.example", 1, DELIVERY_HOST_UNKNOWN, true)),
	    DELIVERY_OUTCOME_NOTED);
	assert_string_equal(scope_of(f, "ben@x.example"), "");
	assert_int_equal(tell(f, bounce("ben@x.example", 2, DELIVERY_MAILBOX_FULL, false)),
	    DELIVERY_OUTCOME_SUPPRESSED);
	assert_string_equal(scope_of(f, "ben@x.example"), "marketing");
}

/* A misspelt domain was never reached; one that was has only lost its registration for a day. */
static void
a_domain_that_is_not_found_stops_strangers(void **state)
{
	struct delivery_news delivered = {.kind = DELIVERY_NEWS_DELIVERED,
	    .recipient = STR("ben@x.example"),
	    .message = str_c(keys[0]),
	    .time_ms = clock_now() - 9 * DAY,
	    .source = STR("log")};
	struct store_event click = {
	    .kind = STORE_EVENT_CLICKED, .time_ms = clock_now() - 400 * DAY, .machine = false};
	struct delivery_news lost = bounce("ada@x.example", 0, DELIVERY_HOST_UNKNOWN, true);
	struct fixture *f = *state;

	lost.status = STR("5.4.4");
	sent(f, "ada@x.example", 0, 1);
	assert_int_equal(tell(f, lost), DELIVERY_OUTCOME_SUPPRESSED);
	assert_string_equal(scope_of(f, "ada@x.example"), "all");
	for (int i = 0; i < 5; i++)
		sent(f, "ben@x.example", i, 9 - i);
	tell(f, delivered);
	lost.recipient = STR("ben@x.example");
	for (int i = 1; i < 4; i++) {
		assert_string_equal(scope_of(f, "ben@x.example"), "");
		lost.message = str_c(keys[i]);
		assert_int_equal(
		    tell(f, lost), i < 3 ? DELIVERY_OUTCOME_NOTED : DELIVERY_OUTCOME_SUPPRESSED);
	}
	assert_string_equal(scope_of(f, "ben@x.example"), "marketing");
	add_contact(f, "cid@x.example");
	click.contact = contact_of(f, "cid@x.example");
	assert_int_equal(store_event_put(f->store, &click, 1, NULL, &f->err), 0);
	lost.recipient = STR("cid@x.example");
	lost.message = str_c(keys[0]);
	sent(f, "cid@x.example", 0, 1);
	assert_int_equal(tell(f, lost), DELIVERY_OUTCOME_NOTED);
	/* But that a domain takes no mail is its own word. */
	lost.status = STR("5.1.10");
	lost.message = str_c(keys[1]);
	sent(f, "cid@x.example", 1, 1);
	assert_int_equal(tell(f, lost), DELIVERY_OUTCOME_SUPPRESSED);
	assert_string_equal(scope_of(f, "cid@x.example"), "all");
}

/* Nothing was found for days, and the relay gave it up: that says nothing for good. */
static void
an_outage_of_dns_stops_nobody_at_once(void **state)
{
	struct delivery_news lost = bounce("ada@x.example", 0, DELIVERY_HOST_UNKNOWN, false);
	struct fixture *f = *state;

	lost.status = STR("4.4.3");
	for (int i = 0; i < 3; i++) {
		assert_string_equal(scope_of(f, "ada@x.example"), "");
		sent(f, "ada@x.example", i, 9 - i);
		lost.message = str_c(keys[i]);
		tell(f, lost);
	}
	assert_string_equal(scope_of(f, "ada@x.example"), "marketing");
}

static void
what_is_about_us_never_adds_up(void **state)
{
	static const enum delivery_reason about_us[] = {DELIVERY_POLICY, DELIVERY_SPAM,
	    DELIVERY_CONTENT, DELIVERY_NETWORK, DELIVERY_RATE_LIMITED};
	struct fixture *f = *state;

	add_contact(f, "ben@x.example");
	for (int i = 0; i < 6; i++)
		sent(f, "ben@x.example", i, 10 - i);
	for (int i = 0; i < 5; i++)
		assert_int_equal(
		    tell(f, bounce("ben@x.example", i, about_us[i], true)), DELIVERY_OUTCOME_NOTED);
	assert_int_equal(tell(f, bounce("ben@x.example", 5, DELIVERY_MAILBOX_FULL, false)),
	    DELIVERY_OUTCOME_NOTED);
	assert_string_equal(scope_of(f, "ben@x.example"), "");
}

/* Delivered in between: by the log, and what came back later does not count as delivered. */
static void
a_delivery_between_begins_anew(void **state)
{
	struct fixture *f = *state;
	struct delivery_news delivered = {.kind = DELIVERY_NEWS_DELIVERED,
	    .recipient = STR("ben@x.example"),
	    .message = str_c(keys[2]),
	    .time_ms = clock_now(),
	    .source = STR("log")};

	for (int i = 0; i < 5; i++)
		sent(f, "ben@x.example", i, 10 - i);
	tell(f, bounce("ben@x.example", 0, DELIVERY_MAILBOX_FULL, false));
	tell(f, bounce("ben@x.example", 1, DELIVERY_MAILBOX_FULL, false));
	tell(f, delivered);
	tell(f, bounce("ben@x.example", 3, DELIVERY_MAILBOX_FULL, false));
	assert_int_equal(tell(f, bounce("ben@x.example", 4, DELIVERY_MAILBOX_FULL, false)),
	    DELIVERY_OUTCOME_NOTED);
	assert_int_equal(tell(f, bounce("ben@x.example", 2, DELIVERY_MAILBOX_FULL, false)),
	    DELIVERY_OUTCOME_SUPPRESSED);
}

static void
who_clicks_is_there(void **state)
{
	struct fixture *f = *state;
	struct store_event click = {
	    .kind = STORE_EVENT_CLICKED, .time_ms = clock_now() - 2 * DAY, .machine = true};

	add_contact(f, "cid@x.example");
	click.contact = contact_of(f, "cid@x.example");
	assert_int_equal(store_event_put(f->store, &click, 1, NULL, &f->err), 0);
	for (int i = 0; i < 6; i++)
		sent(f, "cid@x.example", i, 9 - i);
	tell(f, bounce("cid@x.example", 0, DELIVERY_MAILBOX_FULL, false));
	tell(f, bounce("cid@x.example", 1, DELIVERY_MAILBOX_FULL, false));
	click.machine = false;
	assert_int_equal(store_event_put(f->store, &click, 1, NULL, &f->err), 0);
	assert_int_equal(tell(f, bounce("cid@x.example", 2, DELIVERY_MAILBOX_FULL, false)),
	    DELIVERY_OUTCOME_NOTED);
	/* And a hard one that is older than the click. */
	struct delivery_news old = bounce("cid@x.example", 3, DELIVERY_USER_UNKNOWN, true);
	old.time_ms = clock_now() - 3 * DAY;
	assert_int_equal(tell(f, old), DELIVERY_OUTCOME_NOTED);
	assert_string_equal(scope_of(f, "cid@x.example"), "");
}

static void
old_bounces_do_not_count(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 3; i++)
		sent(f, "ben@x.example", i, 60 - i);
	for (int i = 0; i < 3; i++)
		assert_int_equal(tell(f, bounce("ben@x.example", i, DELIVERY_MAILBOX_FULL, false)),
		    DELIVERY_OUTCOME_NOTED);
}

static void
complaint_and_leaving_stop_marketing(void **state)
{
	struct fixture *f = *state;
	struct delivery_news news = {.kind = DELIVERY_NEWS_COMPLAINED,
	    .recipient = STR("dora@x.example"),
	    .message = str_c(keys[0]),
	    .time_ms = clock_now(),
	    .source = STR("report"),
	    .source_id = STR("1")};
	struct store_contact contact;

	add_contact(f, "dora@x.example");
	add_contact(f, "eve@x.example");
	assert_int_equal(tell(f, news), DELIVERY_OUTCOME_SUPPRESSED);
	assert_string_equal(scope_of(f, "dora@x.example"), "marketing");
	assert_int_equal(
	    store_contact_get(f->store, STR("dora@x.example"), f->arena, &contact, NULL), 1);
	assert_int_equal(contact.consent.state, STORE_CONSENT_WITHDRAWN);
	news.kind = DELIVERY_NEWS_UNSUBSCRIBED;
	news.recipient = STR("eve@x.example");
	news.scope = STR("list:news.x.example");
	assert_int_equal(tell(f, news), DELIVERY_OUTCOME_SUPPRESSED);
	assert_string_equal(scope_of(f, "eve@x.example"), "");
	news.scope = STR_NONE;
	news.source_id = STR("2");
	assert_int_equal(tell(f, news), DELIVERY_OUTCOME_SUPPRESSED);
	assert_string_equal(scope_of(f, "eve@x.example"), "marketing");
}

static void
a_list_stops_its_campaigns(void **state)
{
	struct fixture *f = *state;
	struct store_suppression_query query = {.address = STR("eve@x.example"),
	    .campaign = STR("spring"),
	    .list = STR("news.x.example"),
	    .marketing = true};
	struct store_suppression entry;

	assert_int_equal(store_suppression_add(f->store, query.address, STR("list:news.x.example"),
			     STR("asked"), &f->err),
	    1);
	assert_int_equal(store_suppression_ask(f->store, &query, f->arena, &entry, &f->err), 1);
	query.list = STR("offers.x.example");
	assert_int_equal(store_suppression_ask(f->store, &query, f->arena, &entry, &f->err), 0);
	query.list = STR("");
	assert_int_equal(store_suppression_ask(f->store, &query, f->arena, &entry, &f->err), 0);
}

static void
other_news_stop_nothing(void **state)
{
	static const enum delivery_news_kind kinds[] = {
	    DELIVERY_NEWS_DELIVERED, DELIVERY_NEWS_DEFERRED, DELIVERY_NEWS_AUTOREPLIED};
	struct fixture *f = *state;
	struct delivery_news news = bounce("fay@x.example", 0, DELIVERY_USER_UNKNOWN, true);

	add_contact(f, "fay@x.example");
	news.source_id = STR("q1");
	for (size_t i = 0; i < 3; i++) {
		news.kind = kinds[i];
		news.source_id = i == 0 ? STR("q1") : i == 1 ? STR("q2") : STR("q3");
		assert_int_equal(tell(f, news), DELIVERY_OUTCOME_NOTED);
		assert_int_equal(tell(f, news), DELIVERY_OUTCOME_KNOWN);
	}
	assert_string_equal(scope_of(f, "fay@x.example"), "");
	assert_int_equal(events_of(f, "fay@x.example", STORE_EVENT_AUTOREPLIED), 1);
}

/* Who was erased is suppressed by hash; the address does not come back. */
static void
the_erased_stay_erased(void **state)
{
	struct fixture *f = *state;
	struct delivery_news news = bounce("gil@x.example", 0, DELIVERY_USER_UNKNOWN, true);
	struct store_suppression entry;

	add_contact(f, "gil@x.example");
	news.contact = contact_of(f, "gil@x.example");
	store_suppression_add(f->store, STR("gil@x.example"), STR("autumn"), STR("asked"), &f->err);
	assert_int_equal(store_contact_delete(f->store, STR("gil@x.example"), &f->err), 1);
	assert_int_equal(tell(f, news), DELIVERY_OUTCOME_SUPPRESSED);
	assert_int_equal(store_suppression_find(f->store, STR("gil@x.example"), STR("spring"), true,
			     f->arena, &entry, &f->err),
	    1);
	assert_int_equal(entry.address.n + entry.detail.n, 0);
	assert_int_equal(store_suppression_find(f->store, STR("gil@x.example"), STR("autumn"),
			     false, f->arena, &entry, &f->err),
	    1);
	assert_int_equal(entry.address.n, 0);
}

static void
news_without_a_copy_are_known_by_their_id(void **state)
{
	struct fixture *f = *state;
	struct delivery_news news = bounce("odd", 0, DELIVERY_USER_UNKNOWN, true);

	news.message = STR_NONE;
	news.source_id = STR("r1");
	assert_int_equal(tell(f, news), DELIVERY_OUTCOME_NOTED);
	assert_int_equal(tell(f, news), DELIVERY_OUTCOME_KNOWN);
	news.recipient = STR_NONE;
	assert_int_equal(delivery_act(f->store, &rules, &news, NULL, &f->err), -1);
	assert_int_equal(f->err.code, ERR_INPUT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_reason_has_its_weight),
	    STORE_TEST(a_hard_bounce_stops_everything_at_once),
	    STORE_TEST(a_domain_that_is_not_found_stops_strangers),
	    STORE_TEST(an_outage_of_dns_stops_nobody_at_once),
	    STORE_TEST(the_same_news_change_nothing),
	    STORE_TEST(a_report_may_tell_more_than_the_log),
	    STORE_TEST(soft_bounces_add_up),
	    STORE_TEST(what_is_about_us_never_adds_up),
	    STORE_TEST(a_delivery_between_begins_anew),
	    STORE_TEST(who_clicks_is_there),
	    STORE_TEST(old_bounces_do_not_count),
	    STORE_TEST(complaint_and_leaving_stop_marketing),
	    STORE_TEST(a_list_stops_its_campaigns),
	    STORE_TEST(other_news_stop_nothing),
	    STORE_TEST(the_erased_stay_erased),
	    STORE_TEST(news_without_a_copy_are_known_by_their_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
