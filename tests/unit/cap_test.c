/* SPDX-License-Identifier: BSD-2-Clause
 *
 * cap_test: limits, classes and quiet hours of the plugin cap
 */
#include "gate_fixture.h"

#include "base/clock.h"

#define HOUR ((int64_t)3600000)
#define DAY  (24 * HOUR)

static struct gate_world world;

static int64_t
at(const char *text)
{
	int64_t ms;

	assert_int_equal(clock_parse(text, &ms), 0);
	return ms;
}

static void
begin(const char *parameters)
{
	gate_prepare("cap_test", parameters);
	plugin_process_init();
	plugin_process.live = true;
	assert_int_equal(gate_open(&world, NULL, NULL), 0);
}

static int
end(void **state)
{
	(void)state;
	if (world.store != NULL)
		gate_close(&world);
	gate_clean();
	memset(&world, 0, sizeof world);
	return 0;
}

/* One copy to contact 1: 's'end, s'k'ip or 'l'ater; then `when_ms`. */
static void
expect(const char *campaign, const char *key, int64_t now_ms, char wanted, int64_t when_ms)
{
	const struct gate_copy copy = {
	    .campaign = campaign, .contact = 1, .key = key, .sent_ms = now_ms, .now_ms = now_ms};
	struct gate_answer answer = gate_ask(&world, &copy);

	if ("sklf"[answer.answer] != wanted || answer.when_ms != when_ms)
		fail_msg("%s %s at %lld: expected %c %lld, got %c %lld: %s", campaign, key,
		    (long long)now_ms, wanted, (long long)when_ms, "sklf"[answer.answer],
		    (long long)answer.when_ms, answer.reason);
}

/* 2100-01-01: entries live by the system's clock. */
#define T0 ((int64_t)4102444800000)

static void
limits_slide_and_all_hold(void **state)
{
	(void)state;
	begin("limits = {\"3 in 7d\", \"1 in 1d\"}");
	expect("a", "k1", T0, 's', 0);
	expect("b", "k2", T0 + HOUR, 'k', 0);
	expect("b", "k3", T0 + DAY, 's', 0);
	expect("a", "k4", T0 + 2 * DAY, 's', 0);
	expect("a", "k5", T0 + 3 * DAY, 'k', 0);
	expect("a", "k6", T0 + 7 * DAY - 1, 'k', 0);
	expect("a", "k7", T0 + 7 * DAY, 's', 0);
	expect("a", "k8", T0 + 8 * DAY, 's', 0);
	expect("a", "k9", T0 + 8 * DAY + HOUR, 'k', 0);
}

static void
message_counts_once_and_from_its_last_attempt(void **state)
{
	(void)state;
	begin("limits = {\"1 in 1d\"}");
	expect("a", "k1", T0, 's', 0);
	expect("a", "k1", T0, 's', 0);
	expect("a", "k1", T0 + 6 * HOUR, 's', 0);
	expect("a", "k2", T0 + 25 * HOUR, 'k', 0);
	expect("a", "k2", T0 + 30 * HOUR, 's', 0);
	/* Another has taken the place that was free meanwhile. */
	expect("a", "k1", T0 + 31 * HOUR, 'k', 0);
}

static void
class_keeps_places_for_others(void **state)
{
	(void)state;
	begin("classes = {\"low: digest survey-*\", \"high: cart\"}"
	      "limits = {\"3 in 7d\", \"2 in 7d for low normal\", \"1 in 7d for low\"}");
	expect("digest", "k1", T0, 's', 0);
	expect("survey-2", "k2", T0 + 1, 'k', 0);
	expect("surve", "k3", T0 + 2, 's', 0);
	expect("spring", "k4", T0 + 3, 'k', 0);
	expect("cart", "k5", T0 + 4, 's', 0);
	expect("cart", "k6", T0 + 5, 'k', 0);
}

static void
classes_wait_within_patience(void **state)
{
	struct gate_copy old = {.contact = 1, .key = "k9", .now_ms = T0 + 2 * HOUR};

	(void)state;
	begin("limits = {\"1 in 1d\", \"5 in 2d\"}  patience = 1d  waits = {\"normal\"}"
	      "classes = {\"low: digest\"}");
	expect("a", "k1", T0, 's', 0);
	expect("a", "k2", T0 + HOUR, 'l', T0 + DAY);
	expect("digest", "k3", T0 + HOUR, 'k', 0);
	expect("a", "k2", T0 + DAY, 's', 0);
	/* There will be a place, but too long after the message's Date. */
	old.sent_ms = T0 - DAY;
	old.now_ms = T0 + DAY + HOUR;
	assert_int_equal(gate_ask(&world, &old).answer, PLUGIN_SKIP);
	old.sent_ms = T0 + DAY;
	assert_int_equal(gate_ask(&world, &old).answer, PLUGIN_LATER);
}

static void
transactional_mail_is_free(void **state)
{
	struct gate_copy copy = {.contact = 1, .transactional = true, .now_ms = T0};

	(void)state;
	begin("limits = {\"1 in 1d\"}  quiet = {\"00:00-23:00\"}");
	for (int i = 0; i < 3; i++) {
		char key[20];

		snprintf(key, sizeof key, "receipt%d", i);
		copy.key = key;
		assert_int_equal(gate_ask(&world, &copy).answer, PLUGIN_SEND);
	}
	expect("a", "k1", T0 + 23 * HOUR, 's', 0);
	expect("a", "k2", T0 + 23 * HOUR, 'k', 0);
}

static void
addresses_without_a_contact_count_too(void **state)
{
	struct gate_copy copy = {.address = "Bob@Example.ORG", .key = "k1", .now_ms = T0};
	char longest[400];

	(void)state;
	begin("limits = {\"1 in 1d\"}");
	assert_int_equal(gate_ask(&world, &copy).answer, PLUGIN_SEND);
	copy.key = "k2";
	copy.address = "bob@example.org";
	assert_int_equal(gate_ask(&world, &copy).answer, PLUGIN_SKIP);
	copy.address = "eve@example.org";
	assert_int_equal(gate_ask(&world, &copy).answer, PLUGIN_SEND);
	memset(longest, 'x', sizeof longest);
	longest[sizeof longest - 1] = '\0';
	copy.address = longest;
	assert_int_equal(gate_ask(&world, &copy).answer, PLUGIN_SEND);
	copy.key = "k3";
	assert_int_equal(gate_ask(&world, &copy).answer, PLUGIN_SKIP);
}

static void
preview_takes_no_place(void **state)
{
	(void)state;
	begin("limits = {\"1 in 1d\"}");
	plugin_process.live = false;
	expect("a", "k1", T0, 's', 0);
	expect("a", "k2", T0, 's', 0);
	plugin_process.live = true;
	expect("a", "k3", T0, 's', 0);
	plugin_process.live = false;
	expect("a", "k1", T0, 'k', 0);
}

/* What stands in the database is not ours alone. */
static void
garbled_counts_are_passed_over(void **state)
{
	struct store_plugin_entry entry = {
	    STR("c1"), STR("\n\n12\nx y\n99999999999999999999 zz\n1 2 3\n\0\xff"), 0};
	struct err err = ERR_INIT;
	struct str many;
	char *text = malloc(60000), *to = text;

	(void)state;
	begin("limits = {\"1 in 1d\"}");
	assert_int_equal(
	    store_plugin_put(world.store, world.set->plugins[0].row, &entry, T0, &err), 0);
	expect("a", "k1", T0, 's', 0);
	expect("a", "k2", T0, 'k', 0);
	/* More than there is room for, newest first. */
	for (int i = 0; i < 1500; i++)
		to += sprintf(to, "%lld %016x\n", (long long)(T0 + 1500 - i), i);
	many = (struct str){text, (size_t)(to - text)};
	entry = (struct store_plugin_entry){STR("c1"), many, 0};
	assert_int_equal(
	    store_plugin_put(world.store, world.set->plugins[0].row, &entry, T0, &err), 0);
	expect("a", "k3", T0 + 2000, 'k', 0);
	expect("a", "k3", T0 + DAY + 1499, 'k', 0);
	expect("a", "k3", T0 + DAY + 1500, 's', 0);
	free(text);
}

/* --- quiet times --- */

static void
quiet_times_end_by_the_contacts_clock(void **state)
{
	static const struct {
		const char *zone, *now, *until; /* until NULL: mail may leave */
	} cases[] = {
	    /* Winter and summer, before and after midnight. */
	    {"Europe/Berlin", "2026-01-13T19:59:59Z", NULL},
	    {"Europe/Berlin", "2026-01-13T20:00:00Z", "2026-01-14T07:00:00Z"},
	    {"Europe/Berlin", "2026-01-14T06:59:59Z", "2026-01-14T07:00:00Z"},
	    {"Europe/Berlin", "2026-07-14T19:00:00Z", "2026-07-15T06:00:00Z"},
	    {"Europe/Berlin", "2026-07-15T06:00:00Z", NULL},
	    /* The night that is an hour short, and the one that is an hour long. */
	    {"Europe/Berlin", "2026-03-28T22:00:00Z", "2026-03-30T06:00:00Z"},
	    {"America/New_York", "2026-03-08T02:30:00Z", "2026-03-09T12:00:00Z"},
	    {"America/New_York", "2026-11-01T05:30:00Z", "2026-11-02T13:00:00Z"},
	    /* Half an hour of summer time; a zone without whole hours. */
	    {"Australia/Lord_Howe", "2026-04-04T12:00:00Z", "2026-04-05T21:30:00Z"},
	    {"Asia/Kathmandu", "2026-01-13T15:15:00Z", "2026-01-14T02:15:00Z"},
	    /* No zone, or none that there is: the default. */
	    {"", "2026-01-13T11:00:00Z", "2026-01-13T19:00:00Z"},
	    {"Moon/Crater", "2026-01-13T19:00:00Z", NULL},
	    /* Sundays are quiet, and what begins on Saturday goes into them. */
	    {"UTC", "2026-01-10T21:30:00Z", "2026-01-12T08:00:00Z"},
	    {"UTC", "2026-01-11T12:00:00Z", "2026-01-12T08:00:00Z"},
	    /* Holidays, with the nights around them. */
	    {"UTC", "2026-12-24T21:00:00Z", "2026-12-28T08:00:00Z"},
	    {"UTC", "2026-05-14T12:00:00Z", "2026-05-15T08:00:00Z"},
	    {"UTC", "2027-05-14T12:00:00Z", NULL},
	};

	(void)state;
	begin("quiet = {\"21:00-08:00\", \"Sun 00:00-24:00\"}  time_zone = \"Pacific/Auckland\""
	      "holidays = {\"12-25\", \"12-26\", \"2026-05-14\"}");
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct gate_copy copy = {
		    .contact = 7, .zone = cases[i].zone, .key = "k", .now_ms = at(cases[i].now)};
		struct gate_answer answer;
		char text[CLOCK_TEXT_SIZE];

		answer = gate_ask(&world, &copy);
		if (cases[i].until == NULL
			? answer.answer != PLUGIN_SEND
			: answer.answer != PLUGIN_LATER || answer.when_ms != at(cases[i].until))
			fail_msg("%s %s: expected %s, got %s %s", cases[i].zone, cases[i].now,
			    cases[i].until, clock_iso(answer.when_ms, text), answer.reason);
	}
}

static void
waiting_does_not_end_in_the_night(void **state)
{
	(void)state;
	begin("limits = {\"1 in 12h\"}  waits = {\"normal\"}  quiet = {\"21:00-08:00\"}");
	expect("a", "k1", T0 + 12 * HOUR, 's', 0);
	expect("a", "k2", T0 + 13 * HOUR, 'l', T0 + DAY + 8 * HOUR);
}

static void
reasons_say_what_and_until_when(void **state)
{
	struct gate_copy copy = {
	    .contact = 1, .zone = "Europe/Berlin", .key = "k1", .now_ms = T0 + 20 * HOUR};

	(void)state;
	begin("limits = {\"1 in 1d\"}  quiet = {\"21:00-08:00\"}");
	assert_string_equal(gate_ask(&world, &copy).reason,
	    "plugin cap: gate cap: quiet until 2100-01-02 08:00 Europe/Berlin");
	copy.now_ms = T0 + 12 * HOUR;
	assert_int_equal(gate_ask(&world, &copy).answer, PLUGIN_SEND);
	copy.key = "k2";
	assert_string_equal(
	    gate_ask(&world, &copy).reason, "plugin cap: gate cap: 1 in 1d is reached");
}

/* --- parameters --- */

static void
note(const char *text, void *closure)
{
	snprintf(closure, 600, "%s", text);
}

static void
bad_parameters_are_told(void **state)
{
	static const struct {
		const char *parameters, *wanted;
	} cases[] = {
	    {"limits = {\"3 per week\"}", "limits: expected \"NUMBER in TIME\""},
	    {"limits = {\"0 in 1d\"}", "got \"0 in 1d\""},
	    {"limits = {\"101 in 1d\"}", "got \"101 in 1d\""},
	    {"limits = {\"1 in 61d\"}", "got \"1 in 61d\""},
	    {"limits = {\"1 in 99999999999999999999d\"}", "got \"1 in 9999"},
	    {"limits = {\"1 in 1d for low\"}", "got \"1 in 1d for low\""},
	    {"limits = {\"1 in 1d for \"}", "got \"1 in 1d for \""},
	    {"limits = {\"1 in 1d, please\"}", "got \"1 in 1d, please\""},
	    {"classes = {\"low\"}", "classes: expected \"NAME: CAMPAIGN ...\""},
	    {"classes = {\"normal: a\"}", "got \"normal: a\""},
	    {"classes = {\"a: x\", \"a: y\"}", "got \"a: y\""},
	    {"classes = {\": y\"}", "got \": y\""},
	    {"waits = {\"high\"}", "waits: expected normal or a name of `classes`, got \"high\""},
	    {"quiet = {\"21-8\"}", "quiet: expected \"HH:MM-HH:MM\""},
	    {"quiet = {\"21:00-08:60\"}", "got \"21:00-08:60\""},
	    {"quiet = {\"24:00-08:00\"}", "got \"24:00-08:00\""},
	    {"quiet = {\"08:00-08:00\"}", "got \"08:00-08:00\""},
	    {"quiet = {\"08:00-24:01\"}", "got \"08:00-24:01\""},
	    {"quiet = {\"Day 08:00-09:00\"}", "got \"Day 08:00-09:00\""},
	    {"quiet = {\"Mon- 08:00-09:00\"}", "got \"Mon- 08:00-09:00\""},
	    {"quiet = {\"Mon-Fri 00:00-24:00\", \"Fri-Mon 00:00-24:00\"}",
		"expected some time of the week"},
	    {"holidays = {\"2026-02-30\"}", "holidays: expected YYYY-MM-DD"},
	    {"holidays = {\"13-01\"}", "got \"13-01\""},
	    {"holidays = {\"25.12.\"}", "got \"25.12.\""},
	    {"holidays = {\"\"}", "holidays: expected"},
	    {"time_zone = \"Moon/Crater\"", "time_zone: expected a name like Europe/Berlin"},
	};

	(void)state;
	plugin_process_init();
	plugin_process.live = false;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char problem[600] = "";

		gate_prepare("cap_test", cases[i].parameters);
		gate_open(&world, note, problem);
		if (strstr(problem, cases[i].wanted) == NULL ||
		    strstr(problem, "gate.conf:1: ") == NULL)
			fail_msg("%s: expected \"%s\", got \"%s\"", cases[i].parameters,
			    cases[i].wanted, problem);
		end(NULL);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(limits_slide_and_all_hold, end),
	    cmocka_unit_test_teardown(message_counts_once_and_from_its_last_attempt, end),
	    cmocka_unit_test_teardown(class_keeps_places_for_others, end),
	    cmocka_unit_test_teardown(classes_wait_within_patience, end),
	    cmocka_unit_test_teardown(transactional_mail_is_free, end),
	    cmocka_unit_test_teardown(addresses_without_a_contact_count_too, end),
	    cmocka_unit_test_teardown(preview_takes_no_place, end),
	    cmocka_unit_test_teardown(garbled_counts_are_passed_over, end),
	    cmocka_unit_test_teardown(quiet_times_end_by_the_contacts_clock, end),
	    cmocka_unit_test_teardown(waiting_does_not_end_in_the_night, end),
	    cmocka_unit_test_teardown(reasons_say_what_and_until_when, end),
	    cmocka_unit_test(bad_parameters_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
