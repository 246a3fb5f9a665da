/* SPDX-License-Identifier: BSD-2-Clause
 *
 * liquid_test: tags, filters, errors with their places, ceilings
 */
#include "liquid/liquid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct sample {
	const char *name;
	const char *template;
	const char *data; /* JSON; NULL: none */
	const char *result;
};

static const struct liquid_limits roomy = {
    .source = 1 << 20, .steps = 1000000, .output = 1 << 20, .depth = 50};

static int
render(enum liquid_mode mode, const char *template, const char *data, struct arena *arena,
    struct str *output_r, struct err *err)
{
	struct liquid_options options = {.mode = mode, .limits = roomy};
	struct liquid_render_options render_options = {.now_ms = 1704067318000};
	struct liquid_value globals = LIQUID_NIL_VALUE;
	struct liquid_program *program;
	json_t *json = data == NULL ? NULL : json_loads(data, 0, NULL);
	int ret;

	assert_true(data == NULL || json != NULL);
	assert_int_equal(liquid_from_json(json, arena, &globals, err), 0);
	json_decref(json);
	if (liquid_compile(&program, STR("t"), str_c(template), &options, err) < 0)
		return -1;
	ret = liquid_render(program, &globals, &render_options, arena, output_r, err);
	liquid_free(&program);
	return ret;
}

static void
check(enum liquid_mode mode, const struct sample *sample)
{
	struct arena *arena = arena_new(1 << 24);
	struct str output = STR_NONE;
	struct err err = ERR_INIT;

	if (render(mode, sample->template, sample->data, arena, &output, &err) < 0)
		fail_msg("%s: %s", sample->name, err.text);
	if (!str_is(output, sample->result))
		fail_msg("%s: expected \"%s\", got \"%.*s\"", sample->name, sample->result,
		    STR_F(output));
	arena_free(&arena);
}

static void
tags(void **state)
{
	static const struct sample samples[] = {
	    {"text alone", "Hello", NULL, "Hello"},
	    {"output", "Hello {{ contact.first_name }}!", "{\"contact\":{\"first_name\":\"Ada\"}}",
		"Hello Ada!"},
	    {"if true", "{% if a == 1 %}one{% elsif a == 2 %}two{% else %}more{% endif %}",
		"{\"a\":1}", "one"},
	    {"if elsif", "{% if a == 1 %}one{% elsif a == 2 %}two{% else %}more{% endif %}",
		"{\"a\":2}", "two"},
	    {"if else", "{% if a == 1 %}one{% elsif a == 2 %}two{% else %}more{% endif %}",
		"{\"a\":3}", "more"},
	    {"for with limit",
		"{% for p in ps limit: 2 %}{{ forloop.index }}{{ p.n | upcase }} {% endfor %}",
		"{\"ps\":[{\"n\":\"a\"},{\"n\":\"b\"},{\"n\":\"c\"}]}", "1A 2B "},
	    {"assign", "{% assign x = 'a' | append: 'b' %}{{ x }}", NULL, "ab"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++)
		check(LIQUID_TEXT, &samples[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(tags),
	};

	return cmocka_run_group_tests_name("liquid", tests, NULL, NULL);
}
