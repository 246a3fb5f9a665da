/* SPDX-License-Identifier: BSD-2-Clause
 *
 * follow_test: what lines of the relay's log teach of copies
 *
 * Each case is a journal and a log. Every log is read twice, and in two ways: in one batch,
 * and line by line with the learner made anew before each, as if the process had died
 * there. All must come to the same.
 */
#include "follow/learn.h"

#include "base/clock.h"
#include "store/event.h"
#include "store/journal.h"
#include "store_fixture.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define ID	 "<0123456789abcdef0123456789abcdef@shop.example>"
#define OTHER_ID "<m@list.example>"
#define U	 "u@x.example"

/* The journal's row; times in seconds before now, as the log's. */
struct copy {
	const char *recipient, *queue_id, *message_id;
	int age_s;
};

struct line {
	int age_s;
	const char *text; /* "program[1]: ID: ..." */
};

#define LINES_MAX 16

struct follow_case {
	const char *name;
	struct copy copy;
	struct line lines[LINES_MAX];
	enum store_outcome outcome;
	int attempts;
	const char *status, *reason, *queue_id;
	bool hard;
	int delivered, deferred, bounced; /* events */
};

#define TO(id, delay, dsn, status)                                                            \
	"postfix/smtp[1]: " id ": to=<" U ">, relay=mx.x.example[192.0.2.1]:25, delay=" delay \
	", delays=0/0/0/0, dsn=" dsn ", status=" status
#define SENT(id, delay) TO(id, delay, "2.0.0", "sent (250 2.0.0 Ok)")
#define GREY(id, delay)        \
	TO(id, delay, "4.2.0", \
	    "deferred (host x said: 450 4.2.0 Greylisted (in reply to RCPT TO command))")
#define DEAD(id, delay)                           \
	TO(id, delay, "5.1.1",                    \
	    "bounced (host x said: 550 5.1.1 <" U \
	    ">: User unknown (in reply to RCPT TO command))")
#define NAME(id, mid) "postfix/cleanup[1]: " id ": message-id=" mid
#define CAME(id)      "postfix/smtpd[1]: " id ": client=localhost[127.0.0.1]"

static const struct follow_case cases[] = {
    {.name = "delivered",
	.copy = {U, "A1", ID, 100},
	.lines = {{101, CAME("A1")}, {101, NAME("A1", ID)}, {99, SENT("A1", "0.5")}},
	.outcome = STORE_OUTCOME_DELIVERED,
	.attempts = 1,
	.status = "2.0.0",
	.delivered = 1},
    {.name = "other recipients' results are not ours",
	.copy = {"v@x.example", "A1", ID, 100},
	.lines = {{101, CAME("A1")}, {101, NAME("A1", ID)}, {99, SENT("A1", "0.5")}},
	.outcome = STORE_OUTCOME_NONE},
    {.name = "greylisted, then delivered",
	.copy = {U, "A1", ID, 100},
	.lines = {{101, NAME("A1", ID)}, {99, GREY("A1", "0.5")}, {90, GREY("A1", "9")},
	    {80, SENT("A1", "20")}},
	.outcome = STORE_OUTCOME_DELIVERED,
	.attempts = 3,
	.status = "2.0.0",
	.delivered = 1,
	.deferred = 1},
    {.name = "two attempts within a second",
	.copy = {U, "A1", ID, 100},
	.lines = {{99, GREY("A1", "0.5")}, {99, SENT("A1", "1.1")}},
	.outcome = STORE_OUTCOME_DELIVERED,
	.attempts = 2,
	.status = "2.0.0",
	.delivered = 1,
	.deferred = 1},
    {.name = "delivered when the delay is still the same, rounded",
	.copy = {U, "A1", ID, 100},
	.lines = {{99, GREY("A1", "0.5")}, {77, GREY("A1", "22")}, {76, SENT("A1", "22")},
	    {76, SENT("A1", "22")}},
	.outcome = STORE_OUTCOME_DELIVERED,
	.attempts = 3,
	.status = "2.0.0",
	.delivered = 1,
	.deferred = 1},
    {.name = "dead",
	.copy = {U, "A1", ID, 100},
	.lines = {{101, NAME("A1", ID)}, {99, DEAD("A1", "0.5")},
	    {99, "postfix/bounce[1]: A1: sender non-delivery notification: B1"},
	    {99, "postfix/qmgr[1]: A1: removed"}},
	.outcome = STORE_OUTCOME_BOUNCED,
	.attempts = 1,
	.status = "5.1.1",
	.reason = "user unknown",
	.hard = true,
	.bounced = 1},
    {.name = "through a content filter",
	.copy = {U, "A1", ID, 100},
	.lines = {{101, NAME("A1", ID)}, {99, CAME("B1")}, {99, NAME("B1", ID)},
	    {99,
		TO("A1", "0.5", "2.0.0",
		    "sent (250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as "
		    "B1)")},
	    {98, DEAD("B1", "1")}},
	.outcome = STORE_OUTCOME_BOUNCED,
	.attempts = 1,
	.status = "5.1.1",
	.reason = "user unknown",
	.hard = true,
	.queue_id = "B1",
	.bounced = 1},
    {.name = "through a filter, and delivered before that is said",
	.copy = {U, "A1", ID, 100},
	.lines = {{101, NAME("A1", ID)}, {99, CAME("B1")}, {99, NAME("B1", ID)},
	    {98, SENT("B1", "0.7")}, {98, TO("A1", "0.5", "2.0.0", "sent (250 Ok: queued as B1)")}},
	.outcome = STORE_OUTCOME_DELIVERED,
	.attempts = 1,
	.status = "2.0.0",
	.queue_id = "B1",
	.delivered = 1},
    {.name = "through a filter that mails it again",
	.copy = {U, "A1", ID, 100},
	.lines = {{101, NAME("A1", ID)}, {99, "postfix/pickup[1]: B1: uid=0 from=<x>"},
	    {99, NAME("B1", ID)},
	    {99, TO("A1", "0.5", "2.0.0", "sent (delivered via filter service)")},
	    {98, GREY("B1", "1")}},
	.outcome = STORE_OUTCOME_DEFERRED,
	.attempts = 1,
	.status = "4.2.0",
	.reason = "rate limited",
	.queue_id = "B1",
	.deferred = 1},
    {.name = "a message of its own, through a filter",
	.copy = {U, "A1", OTHER_ID, 100},
	.lines = {{101, CAME("A1")}, {101, NAME("A1", OTHER_ID)}, {99, CAME("B1")},
	    {99, NAME("B1", OTHER_ID)},
	    {99, TO("A1", "0.5", "2.0.0", "sent (250 Ok: queued as B1)")}, {98, SENT("B1", "1")}},
	.outcome = STORE_OUTCOME_DELIVERED,
	.attempts = 1,
	.status = "2.0.0",
	.queue_id = "B1",
	.delivered = 1},
    {.name = "the next relay has a log of its own",
	.copy = {U, "A1", ID, 100},
	.lines = {{101, NAME("A1", ID)},
	    {99, TO("A1", "0.5", "2.0.0", "sent (250 Ok: queued as B1)")}},
	.outcome = STORE_OUTCOME_DELIVERED,
	.attempts = 1,
	.status = "2.0.0",
	.delivered = 1},
    {.name = "one Message-ID for many, as behind a splitting transport",
	.copy = {U, "A1", OTHER_ID, 100},
	.lines = {{101, CAME("A1")}, {101, NAME("A1", OTHER_ID)}, {101, CAME("B1")},
	    {101, NAME("B1", OTHER_ID)}, {99, SENT("A1", "0.5")}},
	.outcome = STORE_OUTCOME_DELIVERED,
	.attempts = 1,
	.status = "2.0.0",
	.delivered = 1},
    {.name = "put back by postsuper -r",
	.copy = {U, "A1", ID, 100},
	.lines = {{101, NAME("A1", ID)}, {99, GREY("A1", "0.5")},
	    {95, "postfix/postsuper[1]: A1: requeued"},
	    {94, "postfix/pickup[1]: B1: uid=0 from=<x>"}, {94, NAME("B1", ID)},
	    {94, "postfix/qmgr[1]: A1: removed"}, {93, SENT("B1", "7")}},
	.outcome = STORE_OUTCOME_DELIVERED,
	.attempts = 2,
	.status = "2.0.0",
	.queue_id = "B1",
	.delivered = 1,
	.deferred = 1},
    {.name = "an alias of the relay",
	.copy = {"all@x.example", "A1", ID, 100},
	.lines = {{101, NAME("A1", ID)},
	    {99,
		"postfix/smtp[1]: A1: to=<" U ">, orig_to=<all@x.example>, relay=mx[192.0.2.1]:25, "
		"delay=1, delays=0/0/0/0, dsn=5.1.1, status=bounced (550 5.1.1 User unknown (in "
		"reply "
		"to RCPT TO command))"}},
	.outcome = STORE_OUTCOME_BOUNCED,
	.attempts = 1,
	.status = "5.1.1",
	.reason = "user unknown",
	.hard = false,
	.bounced = 1},
    {.name = "a short queue id that was another's",
	.copy = {U, "A1", ID, 100},
	.lines = {{99999, NAME("A1", OTHER_ID)}, {99998, DEAD("A1", "0.5")}, {101, CAME("A1")},
	    {101, NAME("A1", ID)}, {99, SENT("A1", "0.5")}},
	.outcome = STORE_OUTCOME_DELIVERED,
	.attempts = 1,
	.status = "2.0.0",
	.delivered = 1},
    {.name = "a short queue id that becomes another's",
	.copy = {U, "A1", ID, 99999},
	.lines = {{99999, NAME("A1", ID)}, {99998, SENT("A1", "0.5")}, {101, CAME("A1")},
	    {101, NAME("A1", OTHER_ID)}, {99, DEAD("A1", "3")}},
	.outcome = STORE_OUTCOME_DELIVERED,
	.attempts = 1,
	.status = "2.0.0",
	.delivered = 1},
    {.name = "the Message-ID's line was lost",
	.copy = {U, "A1", ID, 100},
	.lines = {{99, SENT("A1", "0.5")}},
	.outcome = STORE_OUTCOME_DELIVERED,
	.attempts = 1,
	.status = "2.0.0",
	.delivered = 1},
    {.name = "a message without Message-ID, which got one on the way",
	.copy = {U, "A1", ID, 100},
	.lines = {{101, CAME("A1")}, {101, NAME("A1", "<>")}, {99, SENT("A1", "0.5")}},
	.outcome = STORE_OUTCOME_DELIVERED,
	.attempts = 1,
	.status = "2.0.0",
	.delivered = 1},
    {.name = "given up",
	.copy = {U, "A1", ID, 100},
	.lines = {{101, NAME("A1", ID)}, {99, GREY("A1", "0.5")},
	    {50, "postfix/qmgr[1]: A1: from=<a@shop.example>, status=expired, returned to sender"}},
	.outcome = STORE_OUTCOME_BOUNCED,
	.attempts = 1,
	.status = "4.2.0",
	.reason = "rate limited",
	.deferred = 1,
	.bounced = 1},
    {.name = "taken out of the queue",
	.copy = {U, "A1", ID, 100},
	.lines = {{101, NAME("A1", ID)}, {99, GREY("A1", "0.5")},
	    {50, "postfix/postsuper[1]: A1: removed"}},
	.outcome = STORE_OUTCOME_DELETED,
	.attempts = 1,
	.status = "4.2.0",
	.reason = "",
	.deferred = 1},
    {.name = "Sendmail",
	.copy = {U, "5ALKJF000123", ID, 100},
	.lines = {{101,
		      "sm-mta[7]: 5ALKJF000123: from=<a@shop.example>, size=1, class=0, nrcpts=1, "
		      "msgid=" ID ", proto=ESMTP, daemon=MTA, relay=localhost [127.0.0.1]"},
	    {99,
		"sm-mta[7]: 5ALKJF000123: to=<" U
		">, delay=00:00:01, xdelay=00:00:01, mailer=esmtp, "
		"pri=1, relay=mx. [192.0.2.1], dsn=4.0.0, stat=Deferred: Connection timed out"},
	    {60,
		"sm-mta[7]: 5ALKJF000123: to=<" U
		">, delay=00:00:40, xdelay=00:00:01, mailer=esmtp, "
		"pri=1, relay=mx. [192.0.2.1], dsn=2.0.0, stat=Sent (ok)"}},
	.outcome = STORE_OUTCOME_DELIVERED,
	.attempts = 2,
	.status = "2.0.0",
	.delivered = 1,
	.deferred = 1},
};

/* --- the stage --- */

static const struct conf conf = {.bounce_soft = 0};

static int64_t
ms_of(int age_s)
{
	return clock_now() / 1000 * 1000 - (int64_t)age_s * 1000;
}

static void
put_journal(struct fixture *f, const struct copy *copy)
{
	const struct store_journal_row row = {.time_ms = ms_of(copy->age_s),
	    .message = STR("0123456789abcdef"),
	    .campaign = STR("spring"),
	    .recipient = str_c(copy->recipient),
	    .sender_domain = STR("Shop.example"),
	    .queue_id = str_c(copy->queue_id),
	    .message_id = str_c(copy->message_id),
	    .verdict = STORE_SENT,
	    .reason = STR("")};

	assert_int_equal(store_journal_put(f->store, &row, &f->err), 0);
}

static struct follow_learner *
learner_of(struct fixture *f)
{
	struct follow_learner *learner;

	assert_int_equal(follow_learner_new(&learner, f->store, &conf, &f->err), 0);
	return learner;
}

static void
give(struct follow_learner *learner, const struct line *line,
    void (*to)(struct follow_learner *, const struct maillog_line *, int64_t))
{
	char text[1000];
	struct maillog_line parsed;

	snprintf(text, sizeof text, "Nov 22 20:19:15 relay %s", line->text);
	assert_true(maillog_line_parse(str_c(text), &parsed));
	to(learner, &parsed, ms_of(line->age_s));
}

static void
take(struct follow_learner *learner, const struct line *line)
{
	give(learner, line, follow_take);
}

static void
learn(struct fixture *f, struct follow_learner *learner)
{
	if (follow_learn(learner, NULL, 0, false, &f->err) != 0)
		fail_msg("%s", f->err.text);
}

/* `restless`: the process dies behind each line. */
static void
read_log(struct fixture *f, const struct line *lines, bool restless)
{
	struct follow_learner *learner = learner_of(f);

	for (size_t i = 0; i < LINES_MAX && lines[i].text != NULL; i++) {
		take(learner, &lines[i]);
		if (restless) {
			learn(f, learner);
			follow_learner_free(&learner);
			learner = learner_of(f);
			for (size_t k = 0; k <= i; k++)
				give(learner, &lines[k], follow_recall);
		}
	}
	learn(f, learner);
	follow_learner_free(&learner);
}

static bool
keep_row(const struct store_journal_row *row, void *closure)
{
	struct store_delivery *last = closure;

	*last = row->delivery;
	last->status = str_c(strndup(row->delivery.status.p, row->delivery.status.n));
	last->reason = str_c(strndup(row->delivery.reason.p, row->delivery.reason.n));
	last->queue_id = str_c(strndup(row->delivery.queue_id.p, row->delivery.queue_id.n));
	return true;
}

static bool
count_event(const struct store_event *event, void *closure)
{
	int *count = closure;
	bool told = str_has(event->properties, STR("\"sender_domain\":\"shop.example\""));

	count[event->kind]++;
	assert_int_equal(told, event->kind == STORE_EVENT_BOUNCED);
	return true;
}

static void
check_case(struct fixture *f, const struct follow_case *c, const char *how)
{
	const struct store_journal_filter filter = {.since_ms = 0};
	const struct store_event_filter all = {.contact = 0};
	struct store_delivery last = {.outcome = STORE_OUTCOME_NONE};
	int count[32] = {0};

	assert_int_equal(store_journal_each(f->store, &filter, keep_row, &last, &f->err), 0);
	assert_int_equal(store_event_each(f->store, &all, count_event, count, &f->err), 0);
	if (last.outcome != c->outcome || last.attempts != c->attempts ||
	    !str_is(last.status, c->status == NULL ? "" : c->status) || last.hard != c->hard ||
	    (c->reason != NULL && !str_is(last.reason, c->reason)) ||
	    (c->queue_id != NULL && !str_is(last.queue_id, c->queue_id)))
		fail_msg("%s, %s: %s, %lld attempts, status %.*s, reason %.*s, at %.*s", c->name,
		    how, store_outcome_name(last.outcome), (long long)last.attempts,
		    STR_F(last.status), STR_F(last.reason), STR_F(last.queue_id));
	if (count[STORE_EVENT_DELIVERED] != c->delivered ||
	    count[STORE_EVENT_DEFERRED] != c->deferred || count[STORE_EVENT_BOUNCED] != c->bounced)
		fail_msg("%s, %s: %d delivered, %d deferred, %d bounced", c->name, how,
		    count[STORE_EVENT_DELIVERED], count[STORE_EVENT_DEFERRED],
		    count[STORE_EVENT_BOUNCED]);
	free((void *)(uintptr_t)last.status.p);
	free((void *)(uintptr_t)last.reason.p);
	free((void *)(uintptr_t)last.queue_id.p);
}

static void
run_cases(bool restless)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		void *state;
		struct fixture *f;

		assert_int_equal(fixture_setup(&state), 0);
		f = state;
		put_journal(f, &cases[i].copy);
		read_log(f, cases[i].lines, restless);
		check_case(f, &cases[i], "read once");
		read_log(f, cases[i].lines, restless);
		check_case(f, &cases[i], "read twice");
		read_log(f, cases[i].lines, !restless);
		check_case(f, &cases[i], "read otherwise");
		fixture_teardown(&state);
	}
}

static void
logs_teach_what_became_of_copies(void **state)
{
	(void)state;
	run_cases(false);
}

static void
it_may_die_behind_any_line(void **state)
{
	(void)state;
	run_cases(true);
}

/* --- in no case --- */

static const struct follow_case early = {.name = "before the journal",
    .copy = {U, "A1", ID, 10},
    .lines = {{11, NAME("A1", ID)}, {10, GREY("A1", "0.5")}, {9, SENT("A1", "1.5")}},
    .outcome = STORE_OUTCOME_DELIVERED,
    .attempts = 2,
    .status = "2.0.0",
    .delivered = 1,
    .deferred = 1};

static void
results_wait_for_their_journal_row(void **state)
{
	struct fixture *f = *state;
	struct follow_learner *learner;

	read_log(f, early.lines, false);
	learner = learner_of(f);
	assert_true(follow_is_waiting(learner));
	learn(f, learner);
	assert_true(follow_is_waiting(learner));
	put_journal(f, &early.copy);
	learn(f, learner);
	assert_false(follow_is_waiting(learner));
	follow_learner_free(&learner);
	check_case(f, &early, "once");
	read_log(f, early.lines, true);
	check_case(f, &early, "again");
}

/* A result that is old has no row that might still come, and neither has other people's mail. */
static void
nobody_waits_for_others(void **state)
{
	static const struct line old[LINES_MAX] = {
	    {99999, NAME("A1", ID)}, {99998, SENT("A1", "0.5")}};
	static const struct line others[LINES_MAX] = {
	    {11, NAME("A1", OTHER_ID)}, {10, SENT("A1", "0.5")}, {9, SENT("B1", "0.5")}};
	struct fixture *f = *state;
	struct follow_learner *learner;

	read_log(f, old, false);
	read_log(f, others, false);
	learner = learner_of(f);
	assert_false(follow_is_waiting(learner));
	follow_learner_free(&learner);
}

static void
places_come_with_what_was_learned(void **state)
{
	const struct store_log_place put[] = {
	    {.device = 1, .inode = 2, .offset = 3, .head_n = 4, .head = "abc", .time_ms = 5},
	    {.device = 6, .inode = 7, .offset = 8, .head_n = 9, .head = "", .time_ms = 10}};
	struct store_log_place got[8];
	struct fixture *f = *state;
	struct follow_learner *learner = learner_of(f);
	size_t count;

	assert_int_equal(follow_learn(learner, put, 2, false, &f->err), 0);
	assert_int_equal(store_log_places(f->store, got, 8, &count, &f->err), 0);
	assert_int_equal(count, 0);
	assert_int_equal(follow_learn(learner, put, 2, true, &f->err), 0);
	assert_int_equal(store_log_places(f->store, got, 8, &count, &f->err), 0);
	assert_int_equal(count, 2);
	assert_int_equal(got[0].offset, 3);
	assert_string_equal(got[0].head, "abc");
	assert_int_equal(got[1].time_ms, 10);
	put_journal(f, &cases[0].copy);
	take(learner, &cases[0].lines[2]);
	assert_int_equal(follow_learn(learner, put + 1, 1, false, &f->err), 0);
	assert_int_equal(store_log_places(f->store, got, 8, &count, &f->err), 0);
	assert_int_equal(count, 1);
	assert_int_equal(got[0].inode, 7);
	follow_learner_free(&learner);
}

/* As many queue ids as the table holds, several times over. */
static void
forgotten_queue_ids_are_found_by_the_journal(void **state)
{
	struct fixture *f = *state;
	struct follow_learner *learner = learner_of(f);
	char text[200];

	put_journal(f, &cases[0].copy);
	take(learner, &cases[0].lines[1]);
	for (int i = 0; i < 200000; i++) {
		struct line line = {100, text};

		snprintf(text, sizeof text, NAME("F%d", "<%d@list.example>"), i, i);
		take(learner, &line);
		if (follow_is_full(learner))
			learn(f, learner);
	}
	take(learner, &cases[0].lines[2]);
	learn(f, learner);
	follow_learner_free(&learner);
	check_case(f, &cases[0], "after many others");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(logs_teach_what_became_of_copies),
	    cmocka_unit_test(it_may_die_behind_any_line),
	    STORE_TEST(results_wait_for_their_journal_row),
	    STORE_TEST(nobody_waits_for_others),
	    STORE_TEST(places_come_with_what_was_learned),
	    STORE_TEST(forgotten_queue_ids_are_found_by_the_journal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
