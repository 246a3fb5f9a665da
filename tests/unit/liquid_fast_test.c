/* SPDX-License-Identifier: BSD-2-Clause
 *
 * liquid_fast_test: short cuts of the renderer lead where the long way does
 */
#include "liquid/filter.h"
#include "liquid_fixture.h"

static void
compile_for(struct liquid_program **program_r, const char *template, struct liquid_options options)
{
	struct err err = ERR_INIT;

	if (liquid_compile(program_r, STR("t"), str_c(template), &options, &err) < 0)
		fail_msg("%s: %s", template, err.text);
}

/* One program meets objects that are made differently: it must not find members where only
 * the last one had them. */
static void
members_move(void **state)
{
	static const char *const template =
	    "{{ c.a }},{{ c.first_name }},{{ c.first_nams }},{{ c.first_na }},{{ c.m.name }}";
	static const struct {
		const char *data;
		const char *result;
	} contacts[] = {
	    {"{\"c\":{\"a\":1,\"first_name\":2,\"first_nams\":3,\"first_na\":4,\"m\":{\"name\":5}}"
	     "}",
		"1,2,3,4,5"},
	    {"{\"c\":{\"m\":{\"x\":0,\"name\":5},\"first_na\":4,\"first_nams\":3,\"first_name\":2,"
	     "\"a\":1}}",
		"1,2,3,4,5"},
	    {"{\"c\":{\"b\":1,\"first_nam\":2,\"first_namx\":3,\"first_n\":4,\"m\":{\"nam\":5}}}",
		",,,,"},
	    {"{\"c\":{\"g\":0,\"h\":0,\"i\":0,\"j\":0,\"first_nams\":3,\"k\":0,\"l\":0,\"first_"
	     "name\":2,"
	     "\"n\":0,\"m\":7,\"a\":1,\"first_na\":4}}",
		"1,2,3,4,"},
	    {"{\"c\":{}}", ",,,,"},
	    {"{\"c\":\"text\"}", ",,,,"},
	};
	struct attempt attempt = attempt_in(LIQUID_TEXT);
	struct arena *arena = arena_new(attempt.arena);
	struct liquid_program *program;

	(void)state;
	compile_for(&program, template, attempt.options);
	for (size_t i = 0; i < 10 * COUNT(contacts); i++) {
		/* Each comes several times in a row, then follows each other one. */
		size_t which = (i < 5 * COUNT(contacts) ? i / 5 : i * 5 + i / 6) % COUNT(contacts);
		json_t *json = json_loads(contacts[which].data, 0, NULL);
		struct liquid_value globals;
		struct err err = ERR_INIT;
		struct str output;

		assert_non_null(json);
		assert_int_equal(liquid_from_json(json, arena, &globals, &err), 0);
		json_decref(json);
		assert_int_equal(
		    liquid_render(program, &globals, &attempt.render, arena, &output, &err), 0);
		if (!str_is(output, contacts[which].result))
			fail_msg("render %zu of %s: expected \"%s\", got \"%.*s\"", i,
			    contacts[which].data, contacts[which].result, STR_F(output));
		arena_reset(arena);
	}
	liquid_free(&program);
	arena_free(&arena);
}

static const char *
entity(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

static size_t
escape_slowly(const char *text, char *to)
{
	size_t n = 0;

	for (; *text != '\0'; text++) {
		const char *known = entity(*text);

		if (known == NULL)
			to[n++] = *text;
		else
			n += (size_t)sprintf(to + n, "%s", known);
	}
	to[n] = '\0';
	return n;
}

/* With just enough room for the output, and with one byte less. */
static void
check_escape(const char *text, struct arena *arena)
{
	struct attempt attempt = attempt_in(LIQUID_HTML);
	struct liquid_value value = liquid_string(str_c(text));
	struct liquid_object *object = liquid_object_new(arena, 1);
	struct liquid_value globals = liquid_object_value(object);
	char expected[512];
	size_t n = escape_slowly(text, expected);

	assert_int_equal(liquid_object_set(object, arena, STR("text"), value), 0);
	for (size_t limit = n - (n > 0); limit <= n + 600; limit += limit < n + 9 ? 1 : 590) {
		struct liquid_program *program;
		struct err err = ERR_INIT;
		struct str output;
		int ret;

		attempt.options.limits.output = limit;
		compile_for(&program, "{{ text }}", attempt.options);
		ret = liquid_render(program, &globals, &attempt.render, arena, &output, &err);
		if ((ret < 0) != (limit < n) || (ret < 0 && err.code != ERR_LIMIT))
			fail_msg(
			    "%s with room for %zu: returns %d, %s", text, limit, ret, err.text);
		if (ret == 0 && !str_is(output, expected))
			fail_msg("%s with room for %zu: expected \"%s\", got \"%.*s\"", text, limit,
			    expected, STR_F(output));
		liquid_free(&program);
	}
}

static void
escapes_anywhere(void **state)
{
	struct arena *arena = arena_new((size_t)1 << 24);

	(void)state;
	for (size_t length = 0; length <= 35; length++) {
		for (size_t at = 0; at <= length; at++) {
			char text[64];

			/* Neighbours of the five, and bytes beyond ASCII. */
			for (size_t i = 0; i < length; i++)
				text[i] = "a%$(#=?;:!/.\xc3\xa6\xbe\xa2"[(i + length) % 16];
			text[length] = '\0';
			if (at < length)
				text[at] = "&<>\"'"[(at + length) % 5];
			if (at + 3 < length && at % 2 == 0)
				text[at + 3] = '&';
			check_escape(text, arena);
			arena_reset(arena);
		}
	}
	arena_free(&arena);
}

/* Filters that nobody knows are passed over, wherever they stand. */
static void
unknown_filters(void **state)
{
	static const struct sample samples[] = {
	    {"{{ 'a' | upcase | nope | append: 'b' | nope | append: 'c' }}", NULL, "Abc"},
	    {"{{ 'a' | nope | upcase | nope | nope | prepend: '<' | escape }}", NULL, "&lt;A"},
	    {"{{ 'a<' | upcase | escape | nope }}", NULL, "A&lt;"},
	    {"{{ ls | join: '&' | nope | escape }}", "{\"ls\":[1,2]}", "1&amp;2"},
	    {"{{ ls | escape }}", "{\"ls\":[1,2]}", "[1, 2]"},
	};

	(void)state;
	check_all(LIQUID_TEXT, samples, COUNT(samples));
}

static int
run_swap(struct filter_call *call)
{
	filter_assign(call, STR("v"), liquid_string(STR("new")));
	call->result = *call->input;
	return 0;
}

/* A filter may assign the variable that it reads. */
static void
input_stays(void **state)
{
	static const struct liquid_filter filters[] = {{.row = {.name = "swap", .run = run_swap}}};
	static const struct liquid_extensions extensions = {.filter = filters, .filters = 1};
	static const struct sample sample = {
	    "{% assign v = 'old' %}{{ v | swap }} {{ v }}", NULL, "old new"};
	struct attempt attempt = attempt_in(LIQUID_TEXT);

	(void)state;
	attempt.options.extensions = &extensions;
	check(&attempt, &sample);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(members_move),
	    cmocka_unit_test(escapes_anywhere),
	    cmocka_unit_test(unknown_filters),
	    cmocka_unit_test(input_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
