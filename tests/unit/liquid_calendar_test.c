/* SPDX-License-Identifier: BSD-2-Clause
 *
 * liquid_calendar_test: values in iCalendar
 */
#include "liquid/liquid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

static const struct calendar_case {
	const char *source;
	const char *value;
	const char *want;
} cases[] = {
    {"SUMMARY:{{ v }}", "a,b;c\\d:e\"f", "SUMMARY:a\\,b\\;c\\\\d:e\"f"},
    {"SUMMARY:{{ v }}", "a\nb\r\nc\rd", "SUMMARY:a\\nb\\nc\\nd"},
    {"SUMMARY:{{ v }}", "a\tb\x01", "SUMMARY:a\tb "},
    {"SUMMARY;X=\"a:b\":{{ v }}", "a,b", "SUMMARY;X=\"a:b\":a\\,b"},
    {"ATTENDEE;CN=\"{{ v }}\":x", "a,b;c:\"d\"\ne", "ATTENDEE;CN=\"a,b;c:'d' e\":x"},
    {"ATTENDEE;CN={{ v }}:x", "a,b;c:\"d\"\ne", "ATTENDEE;CN=a b c 'd' e:x"},
    {"A:b\n{{ v }}:c", "D:e\nf", "A:b\nD e f:c"},
    /* An author who wants no escapes gets no lines either. */
    {"URL:{{ v | raw }}", "https://x.example/?a,b;c\nATTENDEE:x",
	"URL:https://x.example/?a,b;c ATTENDEE:x"},
    {"{% capture x %}{{ v }}{% endcapture %}SUMMARY:{{ x }}", "a;b", "SUMMARY:a b"},
    {"SUMMARY:{% capture x %}{{ v }}{% endcapture %}{{ x }}", "a;b", "SUMMARY:a\\;b"},
    {"DTSTART:{{ '2026-12-01T10:00:00Z' | date: '%Y%m%dT%H%M%SZ' }}", "",
	"DTSTART:20261201T100000Z"},
    {"SUMMARY:{{ v | upcase }}{{ v | escape }}", "<;", "SUMMARY:<\\;&lt;;"},
};

static void
values_stay_in_their_line(void **state)
{
	const struct liquid_options options = {.mode = LIQUID_CALENDAR,
	    .limits = {.source = 10000, .steps = 10000, .output = 10000, .depth = 10}};
	const struct liquid_render_options render = {.now_ms = 0};
	struct arena *arena = arena_new(1 << 20);

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct calendar_case *c = &cases[i];
		struct liquid_object *globals = liquid_object_new(arena, 1);
		struct liquid_program *program;
		struct liquid_value all;
		struct err err = ERR_INIT;
		struct str text = STR("");

		liquid_object_set(globals, arena, STR("v"), liquid_string(str_c(c->value)));
		all = liquid_object_value(globals);
		if (liquid_compile(&program, STR("t"), str_c(c->source), &options, &err) != 0 ||
		    liquid_render(program, &all, &render, arena, &text, &err) != 0)
			fail_msg("%s: %s", c->source, err.text);
		if (!str_is(text, c->want))
			fail_msg("%s: \"%.*s\"", c->source, STR_F(text));
		liquid_free(&program);
		arena_reset(arena);
	}
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(values_stay_in_their_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
