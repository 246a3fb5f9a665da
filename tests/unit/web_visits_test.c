/* SPDX-License-Identifier: BSD-2-Clause
 *
 * web_visits_test: what is too fast for a person, and what that says of earlier clicks
 */
#include "store/contact.h"
#include "store/event.h"
#include "web/visits.h"

#include "store_fixture.h"

#include <string.h>

#define SENT ((int64_t)1760000000000)
#define LATE (SENT + 3600000)

struct step {
	enum web_visit_kind kind;
	int64_t at_ms; /* after `start` of the case */
	uint64_t link, client;
	const char *reason; /* that is expected */
	int64_t back_ms;
};

static const struct {
	const char *name;
	int64_t start;
	struct step steps[8];
} cases[] = {
    {"one click", LATE, {{WEB_VISIT_CLICK, 0, 1, 1, NULL, 0}}},
    {"before it can be read", SENT,
	{{WEB_VISIT_OPEN, 900, 0, 1, WEB_REASON_SOON, 0},
	    {WEB_VISIT_CLICK, 1999, 1, 1, WEB_REASON_SOON, 0},
	    {WEB_VISIT_CLICK, 2600, 1, 1, NULL, 0}}},
    {"two at once", LATE,
	{{WEB_VISIT_CLICK, 0, 1, 1, NULL, 0}, {WEB_VISIT_CLICK, 333, 2, 2, WEB_REASON_BURST, 334}}},
    {"two in half a second", LATE,
	{{WEB_VISIT_CLICK, 0, 1, 1, NULL, 0}, {WEB_VISIT_CLICK, 500, 2, 1, NULL, 0}}},
    {"the same one twice", LATE,
	{{WEB_VISIT_CLICK, 0, 1, 1, NULL, 0}, {WEB_VISIT_CLICK, 100, 1, 1, NULL, 0},
	    {WEB_VISIT_CLICK, 200, 1, 1, NULL, 0}}},
    {"three within two seconds", LATE,
	{{WEB_VISIT_CLICK, 0, 1, 1, NULL, 0}, {WEB_VISIT_CLICK, 1000, 2, 1, NULL, 0},
	    {WEB_VISIT_CLICK, 2000, 3, 1, WEB_REASON_BURST, 2001},
	    {WEB_VISIT_CLICK, 9000, 4, 1, NULL, 0}}},
    {"four within ten seconds, an hour later", LATE,
	{{WEB_VISIT_CLICK, 0, 1, 1, NULL, 0}, {WEB_VISIT_CLICK, 3000, 2, 1, NULL, 0},
	    {WEB_VISIT_CLICK, 6000, 3, 1, NULL, 0}, {WEB_VISIT_CLICK, 9000, 4, 1, NULL, 0}}},
    {"four within ten seconds, at once", SENT + 5000,
	{{WEB_VISIT_CLICK, 0, 1, 1, NULL, 0}, {WEB_VISIT_CLICK, 3000, 2, 1, NULL, 0},
	    {WEB_VISIT_CLICK, 6000, 3, 1, NULL, 0},
	    {WEB_VISIT_CLICK, 9000, 4, 1, WEB_REASON_BURST, 9001}}},
    {"who opens the hidden link", LATE,
	{{WEB_VISIT_CLICK, 0, 1, 1, NULL, 0},
	    {WEB_VISIT_HIDDEN, 60000, 0, 1, WEB_REASON_HIDDEN, 604800000},
	    {WEB_VISIT_CLICK, 90000, 2, 1, WEB_REASON_HIDDEN, 0},
	    {WEB_VISIT_CLICK, 900000, 2, 2, NULL, 0},
	    {WEB_VISIT_OPEN, 900000, 0, 1, WEB_REASON_HIDDEN, 0}}},
};

static bool
same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void
test_steps(void **state)
{
	struct web_visits *visits = web_visits_new(2000, 2000);

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		for (const struct step *step = cases[i].steps;
		     step < cases[i].steps + 8 && step->client != 0; step++) {
			const struct web_visit visit = {step->kind, (int64_t)i + 1, 7, 5,
			    step->link, step->client, SENT, cases[i].start + step->at_ms};
			struct web_visit_verdict verdict = web_visits_judge(visits, &visit);

			if (!same(verdict.reason, step->reason) || verdict.back_ms != step->back_ms)
				fail_msg("%s: step %zu: %s, %lld", cases[i].name,
				    (size_t)(step - cases[i].steps), verdict.reason,
				    (long long)verdict.back_ms);
		}
	}
	web_visits_free(&visits);
}

/* Who is not known is not taken for one person. */
static void
test_unknown(void **state)
{
	struct web_visits *visits = web_visits_new(2000, 2000);

	(void)state;
	for (uint64_t i = 1; i < 50; i++) {
		const struct web_visit visit = {
		    WEB_VISIT_CLICK, 0, 7, 5, i, i, SENT, LATE + (int64_t)i};

		assert_null(web_visits_judge(visits, &visit).reason);
	}
	web_visits_free(&visits);
}

/* Others come between the clicks of a burst; the table forgets the oldest. */
static void
test_crowd(void **state)
{
	struct web_visits *visits = web_visits_new(2000, 2000);

	(void)state;
	for (int64_t contact = 1; contact <= 200000; contact++) {
		const struct web_visit visit = {
		    WEB_VISIT_CLICK, contact, 7, 5, 1, 1, SENT, LATE + contact / 100};

		assert_null(web_visits_judge(visits, &visit).reason);
	}
	for (int64_t contact = 199000; contact <= 200000; contact++) {
		const struct web_visit visit = {
		    WEB_VISIT_CLICK, contact, 7, 5, 2, 1, SENT, LATE + contact / 100 + 300};

		assert_non_null(web_visits_judge(visits, &visit).reason);
	}
	web_visits_free(&visits);
}

static void
test_off(void **state)
{
	struct web_visits *visits = web_visits_new(0, 0);

	(void)state;
	for (uint64_t i = 1; i < 6; i++) {
		const struct web_visit visit = {WEB_VISIT_CLICK, 1, 7, 5, i, 1, SENT, SENT};

		assert_null(web_visits_judge(visits, &visit).reason);
	}
	web_visits_free(&visits);
}

/* --- what the store makes of it --- */

static void
put(struct fixture *f, const char *id, enum store_event_kind kind, int64_t time_ms,
    const char *message, const char *agent, int64_t judge_ms, bool client)
{
	struct store_event event = {.contact = 1,
	    .kind = kind,
	    .time_ms = time_ms,
	    .source = STR("web"),
	    .source_id = str_c(id),
	    .campaign = 7,
	    .message = str_c(message),
	    .machine = judge_ms != 0,
	    .judge_ms = judge_ms,
	    .judge_client = client};

	event.properties = judge_ms == 0
	    ? arena_printf(f->arena, "{\"agent\":\"%s\"}", agent)
	    : arena_printf(f->arena, "{\"agent\":\"%s\",\"machine\":\"why\"}", agent);
	if (store_event_put(f->store, &event, 1, NULL, &f->err) != 0)
		fail_msg("%s", f->err.text);
}

static bool
note(const struct store_event *event, void *closure)
{
	char *found = closure;
	bool said = str_has(event->properties, STR("\"machine\":\"why\""));

	assert_true(event->machine == said);
	found[event->source_id.p[0] - 'a'] = event->machine ? 'm' : 'p';
	return true;
}

static void
expect(struct fixture *f, const char *wanted)
{
	const struct store_event_filter all = {.contact = 1};
	char found[16] = "";

	assert_int_equal(store_event_each(f->store, &all, note, found, &f->err), 0);
	assert_string_equal(found, wanted);
}

static void
test_judged_again(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(
	    store_contact_upsert(f->store, STR("a@b.example"), STR_NONE, STR_NONE, NULL, &f->err),
	    1);
	put(f, "a", STORE_EVENT_CLICKED, LATE, "m1", "x", 0, false);
	put(f, "b", STORE_EVENT_CLICKED, LATE + 1000, "m1", "x", 0, false);
	put(f, "c", STORE_EVENT_CLICKED, LATE + 1100, "m2", "x", 0, false);
	put(f, "d", STORE_EVENT_OPENED, LATE + 1200, "m1", "x", 0, false);
	put(f, "e", STORE_EVENT_CLICKED, LATE + 1300, "m1", "y", 0, false);
	put(f, "f", STORE_EVENT_CLICKED, LATE + 1500, "m1", "x", 501, false);
	/* Not the one before, nor another message's, nor the open. */
	expect(f, "pmppmm");
	put(f, "g", STORE_EVENT_CLICKED, LATE + 2000, "m1", "x", 86400000, true);
	expect(f, "mmpmmmm");
	/* From the spool a second time, after a crash: the same. */
	put(f, "f", STORE_EVENT_CLICKED, LATE + 1500, "m1", "x", 501, false);
	expect(f, "mmpmmmm");
}

static void
test_same_client(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(
	    store_contact_upsert(f->store, STR("a@b.example"), STR_NONE, STR_NONE, NULL, &f->err),
	    1);
	put(f, "a", STORE_EVENT_CLICKED, LATE, "m1", "x", 0, false);
	put(f, "b", STORE_EVENT_CLICKED, LATE + 10, "m1", "y", 0, false);
	put(f, "c", STORE_EVENT_OPENED, LATE + 20, "m1", "x", 0, false);
	put(f, "d", STORE_EVENT_BOUNCED, LATE + 30, "m1", "x", 0, false);
	put(f, "e", STORE_EVENT_CLICKED, LATE + 40, "m1", "x", 1000, true);
	expect(f, "mpmpm");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_steps),
	    cmocka_unit_test(test_unknown),
	    cmocka_unit_test(test_crowd),
	    cmocka_unit_test(test_off),
	    cmocka_unit_test_setup_teardown(test_judged_again, fixture_setup, fixture_teardown),
	    cmocka_unit_test_setup_teardown(test_same_client, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
