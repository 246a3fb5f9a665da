/* SPDX-License-Identifier: BSD-2-Clause
 *
 * liquid_hostile_test: templates and data that mean harm
 *
 * Each ceiling ends a render with an error that says where. Time is not looked at: work
 * is counted in steps, so these show that what takes time takes steps, and that twice
 * the input takes about twice the steps.
 */
#include "liquid_fixture.h"

#include <glib.h>
#include <string.h>

struct breach {
	const char *template;
	struct liquid_limits limits; /* what is 0 is roomy */
	size_t arena;		     /* 0: roomy */
	const char *text;
};

/* --- data: s, l and o of any size --- */

static struct str
filled(struct arena *arena, const char *unit, size_t size)
{
	size_t n = strlen(unit);
	char *p = arena_alloc(arena, size);

	assert_non_null(p);
	for (size_t i = 0; i < size; i++)
		p[i] = unit[i % n];
	return (struct str){p, size};
}

static struct liquid_value
list_of_objects(struct arena *arena, size_t count)
{
	struct liquid_value *at = arena_alloc(arena, count * sizeof *at);
	struct liquid_array *array = arena_alloc(arena, sizeof *array);

	assert_non_null(at);
	assert_non_null(array);
	for (size_t i = 0; i < count; i++) {
		struct liquid_object *object = liquid_object_new(arena, 1);

		liquid_object_set(object, arena, STR("k"), liquid_int((int64_t)i));
		at[i] = liquid_object_value(object);
	}
	*array = (struct liquid_array){at, count};
	return (struct liquid_value){.type = LIQUID_ARRAY, .array = array};
}

/* `s` is the unit over and over, `l` a list, `o` an object of numbered names. */
static struct liquid_value
sized(struct arena *arena, const char *unit, size_t size)
{
	struct liquid_object *globals = liquid_object_new(arena, 4);
	struct liquid_object *object = liquid_object_new(arena, size / 16);

	for (size_t i = 0; i < size / 16; i++)
		liquid_object_set(object, arena, arena_printf(arena, "k%zu", i), liquid_int(1));
	liquid_object_set(globals, arena, STR("s"), liquid_string(filled(arena, unit, size)));
	liquid_object_set(globals, arena, STR("l"), list_of_objects(arena, size / 16));
	liquid_object_set(globals, arena, STR("o"), liquid_object_value(object));
	return liquid_object_value(globals);
}

/* --- how many steps a render takes --- */

static bool
fits(const char *template, const char *unit, size_t size, int64_t steps)
{
	struct arena *arena = arena_new((size_t)1 << 27);
	struct liquid_options options = {.mode = LIQUID_HTML, .limits = roomy};
	struct liquid_render_options render_options = {.now_ms = NOW};
	struct liquid_value globals = sized(arena, unit, size);
	struct liquid_program *program;
	struct err err = ERR_INIT;
	struct str output;
	bool fit;

	options.limits.steps = steps;
	options.limits.output = (size_t)1 << 26;
	if (liquid_compile(&program, STR("t"), str_c(template), &options, &err) < 0)
		fail_msg("%s: %s", template, err.text);
	fit = liquid_render(program, &globals, &render_options, arena, &output, &err) == 0;
	if (!fit && (err.code != ERR_LIMIT || strstr(err.text, " steps") == NULL))
		fail_msg("%s: %s", template, err.text);
	liquid_free(&program);
	arena_free(&arena);
	return fit;
}

/* The fewest with which it comes to its end. */
static int64_t
steps_of(const char *template, const char *unit, size_t size)
{
	int64_t low = 0, high = 1;

	while (!fits(template, unit, size, high)) {
		low = high;
		high *= 2;
	}
	while (low + 1 < high) {
		int64_t middle = low + (high - low) / 2;

		if (fits(template, unit, size, middle))
			high = middle;
		else
			low = middle;
	}
	return high;
}

/* --- ceilings --- */

static void
ceilings(void **state)
{
	static const struct breach breaches[] = {
	    {"12345678901", {.source = 10}, 0, "t:1:1: template is longer than 10 bytes"},
	    {"{{ 1 }}{{ 2 }}{{ 3 }}", {.steps = 2}, 0,
		"t:1:15: the render takes more than 2 steps"},
	    {"{% for i in (1..1000000000) %}{% endfor %}", {.steps = 1000}, 0,
		"t:1:31: the render takes more than 1000 steps"},
	    {"{% tablerow i in (1..1000000000) cols: 1 %}{% endtablerow %}", {.output = 1000}, 0,
		"t:1:44: the output is longer than 1000 bytes"},
	    {"{% if a %}{% if a %}{% if a %}", {.depth = 2}, 0,
		"t:1:21: blocks are nested more than 2 deep"},
	    {"{% liquid\nif a\nif a\nif a\n%}", {.depth = 2}, 0,
		"t:4:1: blocks are nested more than 2 deep"},
	    {"{{ (1..1000000000) | join }}", {.steps = 1000}, 0,
		"t:1:22: the render takes more than 1000 steps"},
	    {"{{ (1..1000000000) | sort }}", {.steps = 1 << 30}, 1 << 20,
		"t:1:22: the render needs more memory than allowed"},
	    {"{{ (1..9223372036854775807) | reverse }}", {.steps = 1}, 0,
		"t:1:31: the render needs more memory than allowed"},
	    {"{% assign x = 'ab' %}{% for i in (1..99) %}{% assign x = x | append: x %}{% endfor "
	     "%}",
		{.source = 0}, 1 << 20, "t:1:62: the render needs more memory than allowed"},
	    {"{% assign x = '0123456789' %}{% for i in (1..99) %}"
	     "{% assign x = x | replace: '0', x %}{% endfor %}",
		{.source = 0}, 1 << 20, "t:1:70: the render needs more memory than allowed"},
	    {"{% capture x %}{% for i in (1..999) %}{{ i }}{% endfor %}{% endcapture %}",
		{.output = 500}, 0, "t:1:39: the output is longer than 500 bytes"},
	    {"{% for i in (1..99999) %}{% capture x %}0123456789{% endcapture %}{% endfor %}",
		{.source = 0}, 1 << 16, "t:1:51: the render needs more memory than allowed"},
	    {"{% assign x = '' %}{% for i in (1..999) %}"
	     "{% assign x = x | append: '%1024Y' %}{% endfor %}{{ 0 | date: x }}",
		{.source = 0}, 4 << 20, "t:1:99: the render needs more memory than allowed"},
	    {"{% for i in (1..99999) %}{% assign x = 'a,b,c,d,e,f' | split: ',' %}{% endfor %}",
		{.source = 0}, 1 << 18, "t:1:56: the render needs more memory than allowed"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(breaches); i++) {
		struct attempt attempt = attempt_in(LIQUID_HTML);
		const struct liquid_limits *limits = &breaches[i].limits;

		if (limits->source > 0)
			attempt.options.limits.source = limits->source;
		if (limits->steps > 0)
			attempt.options.limits.steps = limits->steps;
		if (limits->output > 0)
			attempt.options.limits.output = limits->output;
		if (limits->depth > 0)
			attempt.options.limits.depth = limits->depth;
		if (breaches[i].arena > 0)
			attempt.arena = breaches[i].arena;
		check_error(&attempt, breaches[i].template, ERR_LIMIT, breaches[i].text);
	}
}

static void
wide_conversions(void **state)
{
	struct attempt attempt = attempt_in(LIQUID_TEXT);
	struct arena *arena = arena_new(attempt.arena);
	struct err err = ERR_INIT;
	struct str output;

	(void)state;
	/* A width beyond 1024 is 1024: no conversion makes more of a few bytes. */
	assert_int_equal(
	    render_into(&attempt, "{{ 0 | date: '%1000000000Y%99999999999999999999d' }}", NULL,
		arena, &output, &err),
	    0);
	assert_int_equal(output.n, 2048);
	arena_free(&arena);
}

static void
deep_data(void **state)
{
	struct arena *arena = arena_new((size_t)1 << 20);
	json_t *json = json_array();
	struct liquid_value value;
	struct err err = ERR_INIT;

	(void)state;
	for (int i = 0; i < 101; i++) {
		json_t *outer = json_array();

		json_array_append_new(outer, json);
		json = outer;
	}
	assert_int_equal(liquid_from_json(json, arena, &value, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	assert_string_equal(err.text, "template data is nested more than 100 deep");
	json_decref(json);
	arena_free(&arena);
}

/* --- work is counted --- */

struct labour {
	const char *template; /* does the same 50 times */
	const char *unit;     /* what s is made of */
};

#define TIMES(what) "{% for i in (1..50) %}" what "{% endfor %}"

static const struct labour labours[] = {
    {TIMES("{% if s == blank %}{% endif %}"), " "},
    {TIMES("{% case s %}{% when blank %}{% endcase %}"), " "},
    {TIMES("{% if s contains 'aab' %}{% endif %}"), "a"},
    {TIMES("{% if s.size == 1 %}{% endif %}"), "\xc3\xa9"},
    {TIMES("{% if s.last == 1 %}{% endif %}"), "a"},
    {TIMES("{% if self[s] %}{% endif %}"), "a"},
    {TIMES("{% if o[s] %}{% endif %}"), "a"},
    {TIMES("{% assign x = s | plus: 1 %}"), "1"},
    {TIMES("{% assign x = l | find: 'k', -1 %}"), "a"},
    {TIMES("{% assign x = l | has: 'k', -1 %}"), "a"},
    {TIMES("{% assign x = l | sum: 'k' %}"), "a"},
    {TIMES("{% if l == l2 %}{% endif %}{% assign x = l | first %}"), "a"},
    {TIMES("{% assign x = s | date: '%Y' %}"), "1"},
    {TIMES("{% assign x = s | slice: 1, 2 %}"), "a"},
    {TIMES("{% assign x = s | truncate: 3 %}"), "a"},
    {TIMES("{% assign x = s | strip %}"), " "},
    {TIMES("{% assign x = s | sha256 %}"), "a"},
    {TIMES("{% ifchanged %}{{ s }}{% endifchanged %}"), "a"},
    {"{{ s | strip_html | size }}", "<a"},
    {"{{ s | strip_html | size }}", "><"},
    {"{{ s | split: 'b' | size }}", "ab"},
    {"{{ s | split: ' ' | size }}", "a "},
    {"{{ s | replace: 'a', 'b' | size }}", "a"},
    {"{{ s | replace_last: 'b', 'c' | size }}", "a"},
    {"{{ s | escape_once | size }}", "&lt; &"},
    {"{{ s | newline_to_br | size }}", "\n"},
    {"{{ s | truncatewords: 100000 | size }}", "a "},
    {"{{ s | squish | size }}", "a  "},
    {"{{ s | split: '' | uniq | size }}", "abcdefgh"},
    {"{{ s | split: '' | join: ' ' | size }}", "a"},
    {"{{ l | map: 'k' | uniq | size }}", "a"},
    {"{{ l | map: 'k' | reverse | sort | size }}", "a"},
    {"{{ l | where: 'k', 3 | size }}", "a"},
    {"{{ l | map: 'k' | concat: l | compact | size }}", "a"},
    {"{% for x in l %}{% cycle 'a': 1, 2 %}{% endfor %}", "a"},
    {"{% for p in o %}{{ p }}{% endfor %}", "a"},
};

/* 256 bytes that are looked at are a step. */
static void
work_counts(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(labours); i++) {
		const struct labour *labour = &labours[i];
		bool repeats = strstr(labour->template, "(1..50)") != NULL;
		int64_t large = steps_of(labour->template, labour->unit, (size_t)1 << 16);
		int64_t small = steps_of(labour->template, labour->unit, (size_t)1 << 14);

		if (large < (repeats ? 50 * 64 : 64))
			fail_msg("%s: %lld steps are too few", labour->template, (long long)large);
		if (large > 5 * small)
			fail_msg("%s: %lld steps, and %lld for four times the input",
			    labour->template, (long long)small, (long long)large);
	}
}

/* Walking many members, filters or arguments in one instruction is not one step. */
static void
long_instructions(void **state)
{
	static const struct {
		const char *begin;
		const char *unit;
		const char *end;
		int64_t least;
	} kinds[] = {
	    {"{% if self", ".self", " %}{% endif %}", 10000 / 16},
	    {"{% if o.k1 == 1", " or o.k1 == 1", " %}{% endif %}", 10000},
	    {"{% assign x = 1", " | abs", " %}", 10000 / 2},
	    {"{% assign x = nil", " | escape", " %}", 10000 / 2},
	    {"{% case 1 %}{% when 2", ", 2", " %}{% endcase %}", 10000 / 16},
	    {"{% case 1 %}{% when empty", ", empty", " %}{% endcase %}", 10000 / 16},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		GString *template = g_string_new(kinds[i].begin);
		int64_t steps;

		for (int n = 0; n < 10000; n++)
			g_string_append(template, kinds[i].unit);
		g_string_append(template, kinds[i].end);
		steps = steps_of(template->str, "a", 16);
		if (steps < kinds[i].least)
			fail_msg("10,000 times '%s' are %lld steps, which is too few",
			    kinds[i].unit, (long long)steps);
		g_string_free(template, TRUE);
	}
}

/* Names that are numbered fall into as many places as others: a list of pairs that look
 * each other up stays fast, or this takes minutes. */
static void
numbered_names(void **state)
{
	struct arena *arena = arena_new((size_t)1 << 28);
	struct liquid_object *object = liquid_object_new(arena, 4);
	const size_t count = 400000;

	(void)state;
	for (size_t i = 0; i < count; i++)
		assert_int_equal(liquid_object_set(object, arena, arena_printf(arena, "k%zu", i),
				     liquid_int((int64_t)i)),
		    0);
	for (size_t i = 0; i < count; i++) {
		const struct liquid_value *value =
		    liquid_object_get(object, arena_printf(arena, "k%zu", i));

		assert_non_null(value);
		assert_int_equal(value->integer, i);
	}
	arena_free(&arena);
}

/* --- what comes out --- */

#define HOSTILE "{\"x\":\"<i>&'\\\"\",\"c\":\"a\\r\\nb\\u0085c\\u2028d\",\"o\":{\"k\":\"\\u2028\"}}"

static void
markup_beside_markup(void **state)
{
	static const struct sample samples[] = {
	    {"{% capture y %}abcdef{% endcapture %}{{ y | truncate: 5, x }}", HOSTILE,
		"&lt;i&gt;&amp;&#39;&quot;"},
	    {"{% capture y %}a b c{% endcapture %}{{ y | truncatewords: 1, x }}", HOSTILE,
		"a&lt;i&gt;&amp;&#39;&quot;"},
	    {"{% capture y %}a{% endcapture %}{{ y | append: x }}{{ x | prepend: y }}", HOSTILE,
		"a&lt;i&gt;&amp;&#39;&quot;a&lt;i&gt;&amp;&#39;&quot;"},
	    {"{% capture y %}a,b{% endcapture %}{{ y | split: ',' | join }}", HOSTILE, "a b"},
	    {"{% capture y %}a,b{% endcapture %}{{ y | split: ',' | join: x }}", HOSTILE,
		"a&lt;i&gt;&amp;&#39;&quot;b"},
	    {"{% capture y %}a{% endcapture %}{{ y | replace: 'a', x }}", HOSTILE,
		"&lt;i&gt;&amp;&#39;&quot;"},
	};

	(void)state;
	check_all(LIQUID_HTML, samples, COUNT(samples));
}

static void
header_controls(void **state)
{
	static const struct sample samples[] = {
	    {"{{ c }}", HOSTILE, "a  b c d"},
	    {"{{ o }}", HOSTILE, "{\"k\"=>\" \"}"},
	    {"{% tablerow i in (1..2) cols: 1 %}x{% endtablerow %}", NULL,
		"<tr class=\"row1\"> <td class=\"col1\">x</td></tr> <tr class=\"row2\">"
		"<td class=\"col1\">x</td></tr> "},
	    {"{{ 'a%0Ab' | url_decode }}", NULL, "a b"},
	};

	(void)state;
	check_all(LIQUID_HEADER, samples, COUNT(samples));
}

/* Halves of a control character are no character each, wherever they came from. */
static void
header_halves(void **state)
{
	static const struct {
		const char *a;
		const char *b;
		const char *result;
	} halves[] = {
	    {"\xc2", "\x85", "??"}, {"\xe2\x80", "\xa8", "???"}, {"\xe0\x82\x85", "", "???"}};
	const struct attempt attempt = attempt_in(LIQUID_HEADER);
	struct arena *arena = arena_new(attempt.arena);
	struct liquid_program *program;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(
	    liquid_compile(&program, STR("t"), STR("{{ a }}{{ b }}"), &attempt.options, &err), 0);
	for (size_t i = 0; i < COUNT(halves); i++) {
		struct liquid_object *object = liquid_object_new(arena, 2);
		struct liquid_value globals = liquid_object_value(object);
		struct str output;

		liquid_object_set(object, arena, STR("a"), liquid_string(str_c(halves[i].a)));
		liquid_object_set(object, arena, STR("b"), liquid_string(str_c(halves[i].b)));
		assert_int_equal(
		    liquid_render(program, &globals, &attempt.render, arena, &output, &err), 0);
		assert_true(str_is(output, halves[i].result));
	}
	liquid_free(&program);
	arena_free(&arena);
}

/* What leaves is UTF-8, whatever a value decodes to. */
static void
decoded_text_is_utf8(void **state)
{
	struct attempt attempt = attempt_in(LIQUID_TEXT);

	(void)state;
	check_error(&attempt, "{{ '%F0ABC' | url_decode }}", ERR_TEMPLATE,
	    "t:1:15: what was decoded is no UTF-8");
	check_error(&attempt, "{{ '%C2' | url_decode | append: 'x' }}", ERR_TEMPLATE,
	    "t:1:12: what was decoded is no UTF-8");
	check_error(&attempt, "{{ '8EFC' | base64_decode }}", ERR_TEMPLATE,
	    "t:1:13: what was decoded is no UTF-8");
	check_error(&attempt, "{{ '8EFC' | base64_url_safe_decode }}", ERR_TEMPLATE,
	    "t:1:13: what was decoded is no UTF-8");
	check_error(&attempt, "{{ 'a%00b' | url_decode }}", ERR_TEMPLATE,
	    "t:1:14: what was decoded holds a NUL");
}

static void
values_are_data(void **state)
{
	static const char *const data = "{\"x\":\"{{ 7 | times: 7 }}{% assign y = 1 "
					"%}\",\"b\":\"{\",\"l\":[\"{{ 7 }}\",\"{%\"]}";
	const struct sample samples[] = {
	    {"{{ x }}{{ y }}", data, "{{ 7 | times: 7 }}{% assign y = 1 %}"},
	    {"{% capture z %}{{ x }}{% endcapture %}{{ z }}", data,
		"{{ 7 | times: 7 }}{% assign y = 1 %}"},
	    {"{{ l | join }}{{ l | first }}", data, "{{ 7 }} {%{{ 7 }}"},
	    {"{{ b }}{{ b }} x", data, "{{ x"},
	};

	(void)state;
	check_all(LIQUID_TEXT, samples, COUNT(samples));
	check_all(LIQUID_HTML, samples, COUNT(samples));
	check_all(LIQUID_HEADER, samples, COUNT(samples));
}

/* --- as Ruby --- */

static void
as_ruby(void **state)
{
	static const char *const data = "{\"f\":1.5,\"ps\":[{\"t\":[\"b\"]},{\"t\":[\"a\",\"c\"]},"
					"{\"t\":[\"a\"]}]}";
	const struct sample samples[] = {
	    {"{{ 2 | sort_natural: 'k' }}{{ 2 | sort: 'k' }}{{ 2 | uniq: 'k' }}", data, "222"},
	    {"{% increment f %} {% increment f %} {% decrement f %}", data, "1.5 2.5 2.5"},
	    {"{{ ps | sort: 't' | map: 't' | join: '-' }}", data, "a-a-c-b"},
	    {"{{ '2020-12-31 23:59:59 +0000' | date: '%H:%M %Z' }}", data, "23:59 UTC"},
	    {"{% for i in (1..2) %} {% break %}{% endfor %}.", data, " ."},
	    {"{{ 2.5 | divided_by: 0 }}", data, "Infinity"},
	    {"{{ big }} {{ bigger }}", "{\"big\":3133194227918790.5,\"bigger\":2758419160100267.0}",
		"3133194227918790.5 2.758419160100267e+15"},
	    {"{{ empty | concat: ps | size }}", data, "4"},
	};
	struct attempt attempt = attempt_in(LIQUID_TEXT);

	(void)state;
	check_all(LIQUID_TEXT, samples, COUNT(samples));
	check_error(&attempt, "{{ 2.5 | divided_by: 0 | floor }}", ERR_TEMPLATE,
	    "t:1:26: the number is infinite");
	check_error(&attempt, "{{ 2 | divided_by: 0 }}", ERR_TEMPLATE, "t:1:8: divided by 0");
}

/* A counter's name ends where white space or NUL begins, in lax mode as in strict. */
static void
nul_in_names(void **state)
{
	struct liquid_options options = {.mode = LIQUID_TEXT, .limits = roomy};
	struct liquid_render_options render_options = {.now_ms = NOW};
	struct str source = STR("{% increment a\0 %}{% increment a %}{% increment a\0\0%}");

	(void)state;
	for (int strict = 0; strict < 2; strict++) {
		struct arena *arena = arena_new((size_t)1 << 20);
		struct liquid_program *program;
		struct err err = ERR_INIT;
		struct str output;

		options.strict = strict;
		if (liquid_compile(&program, STR("t"), source, &options, &err) < 0 ||
		    liquid_render(program, NULL, &render_options, arena, &output, &err) < 0)
			fail_msg("%s", err.text);
		assert_string_equal(output.p, "012");
		liquid_free(&program);
		arena_free(&arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ceilings),
	    cmocka_unit_test(wide_conversions),
	    cmocka_unit_test(deep_data),
	    cmocka_unit_test(work_counts),
	    cmocka_unit_test(long_instructions),
	    cmocka_unit_test(numbered_names),
	    cmocka_unit_test(markup_beside_markup),
	    cmocka_unit_test(header_controls),
	    cmocka_unit_test(header_halves),
	    cmocka_unit_test(decoded_text_is_utf8),
	    cmocka_unit_test(values_are_data),
	    cmocka_unit_test(as_ruby),
	    cmocka_unit_test(nul_in_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
