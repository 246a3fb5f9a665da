/* SPDX-License-Identifier: BSD-2-Clause
 *
 * liquid_fixture: templates with data and what is to come of them
 */
#ifndef LIQUID_FIXTURE_H
#define LIQUID_FIXTURE_H

#include "liquid/liquid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
/* 2024-01-01T00:01:58Z */
#define NOW INT64_C(1704067318000)

struct sample {
	const char *template;
	const char *data; /* JSON; NULL: none */
	const char *result;
};

static const struct liquid_limits roomy = {
    .source = 1 << 20, .steps = 1000000, .output = 1 << 20, .depth = 50};

struct attempt {
	struct liquid_options options;
	struct liquid_render_options render;
	size_t arena;
};

static inline struct attempt
attempt_in(enum liquid_mode mode)
{
	return (struct attempt){.options = {.mode = mode, .limits = roomy},
	    .render = {.now_ms = NOW},
	    .arena = (size_t)1 << 24};
}

static inline int
render_into(const struct attempt *attempt, const char *template, const char *data,
    struct arena *arena, struct str *output_r, struct err *err)
{
	struct liquid_value globals;
	struct liquid_program *program;
	json_t *json = data == NULL ? NULL : json_loads(data, 0, NULL);
	int ret;

	if (data != NULL && json == NULL)
		fail_msg("bad JSON in the test: %s", data);
	assert_int_equal(liquid_from_json(json, arena, &globals, err), 0);
	json_decref(json);
	if (liquid_compile(&program, STR("t"), str_c(template), &attempt->options, err) < 0)
		return -1;
	ret = liquid_render(program, &globals, &attempt->render, arena, output_r, err);
	liquid_free(&program);
	return ret;
}

static inline void
check(const struct attempt *attempt, const struct sample *sample)
{
	struct arena *arena = arena_new(attempt->arena);
	struct str output = STR_NONE;
	struct err err = ERR_INIT;

	if (render_into(attempt, sample->template, sample->data, arena, &output, &err) < 0)
		fail_msg("%s: %s", sample->template, err.text);
	if (!str_is(output, sample->result))
		fail_msg("%s: expected \"%s\", got \"%.*s\"", sample->template, sample->result,
		    STR_F(output));
	arena_free(&arena);
}

static inline void
check_all(enum liquid_mode mode, const struct sample *samples, size_t count)
{
	struct attempt attempt = attempt_in(mode);

	for (size_t i = 0; i < count; i++)
		check(&attempt, &samples[i]);
}

static inline void
check_error(
    const struct attempt *attempt, const char *template, enum err_code code, const char *text)
{
	struct arena *arena = arena_new(attempt->arena);
	struct str output = STR_NONE;
	struct err err = ERR_INIT;

	if (render_into(attempt, template, NULL, arena, &output, &err) == 0)
		fail_msg("%s: expected an error, got \"%.*s\"", template, STR_F(output));
	assert_string_equal(err.text, text);
	assert_int_equal(err.code, code);
	assert_null(output.p);
	arena_free(&arena);
}

#define PEOPLE                                                                         \
	"{\"ps\":[{\"n\":\"b\",\"v\":2},{\"n\":\"a\",\"v\":1},{\"n\":\"c\",\"v\":2}]," \
	"\"ns\":[3,1,2],\"o\":{\"x\":1,\"y\":\"z\"},\"s\":\"h\\u00e9llo\",\"t\":true,\"e\":\"\"}"

#endif
