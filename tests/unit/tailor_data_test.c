/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tailor_data_test: what came with the message, for all and for each
 */
#include "liquid/liquid.h"
#include "tailor/data.h"

#include <glib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

static const struct conf conf = {.max_data = 4096, .max_recipients = 3};
static const struct mime_limits limits = {100, 100, 20};

/* As tailor_data_new says. */
static int
load(struct str json, struct tailor_data **data_r, struct err *err)
{
	char *raw =
	    g_strdup_printf("MIME-Version: 1.0\r\n"
			    "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n"
			    "--b\r\nContent-Type: " MIME_DATA_TYPE "\r\n\r\n%.*s\r\n--b--\r\n",
		STR_F(json));
	struct mime_message *message;
	int rc;

	assert_int_equal(mime_parse(&message, str_c(raw), &limits, err), 0);
	rc = tailor_data_new(data_r, &conf, message, err);
	mime_free(&message);
	g_free(raw);
	return rc;
}

/* What the template makes of the data for this recipient. */
static void
check(const struct tailor_data *data, const char *recipient, const char *want)
{
	static const char source[] =
	    "{{ data.a }},{{ data.b }},{{ data.c.d }},{{ data.list | join: '+' }}";
	const struct liquid_options options = {.mode = LIQUID_TEXT,
	    .strict = true,
	    .limits = {.source = 1000, .steps = 1000, .output = 10000, .depth = 10}};
	const struct liquid_render_options render = {.now_ms = 0};
	struct arena *arena = arena_new(1 << 20);
	struct liquid_object *globals = liquid_object_new(arena, 1);
	struct liquid_program *program;
	struct liquid_value value, all;
	struct err err = ERR_INIT;
	struct str text;

	assert_int_equal(liquid_compile(&program, STR("t"), str_c(source), &options, &err), 0);
	if (tailor_data_of(data, str_c(recipient), arena, &value, &err) != 0)
		fail_msg("%s: %s", recipient, err.text);
	assert_int_equal(liquid_object_set(globals, arena, STR("data"), value), 0);
	all = liquid_object_value(globals);
	assert_int_equal(liquid_render(program, &all, &render, arena, &text, &err), 0);
	if (!str_is(text, want))
		fail_msg("%s: \"%.*s\", expected \"%s\"", recipient, STR_F(text), want);
	liquid_free(&program);
	arena_free(&arena);
}

static void
each_sees_all_and_own(void **state)
{
	static const char json[] =
	    "\xef\xbb\xbf{\"all\": {\"a\": 1, \"b\": \"B\", \"c\": {\"d\": 2, \"e\": 3}},"
	    " \"Ada@Example.ORG\": {\"a\": 7, \"list\": [1, 2]},"
	    " \"bob@b\xc3\xbc"
	    "cher.example\": {\"c\": {\"e\": 4}}}";
	struct tailor_data *data;
	struct err err = ERR_INIT;

	(void)state;
	if (load(STR(json), &data, &err) != 1)
		fail_msg("%s", err.text);
	check(data, "ada@example.org", "7,B,2,1+2");
	check(data, "ADA@example.org", "7,B,2,1+2");
	/* A member replaces the whole member. */
	check(data, "bob@xn--bcher-kva.example", "1,B,,");
	check(data, "eve@example.org", "1,B,2,");
	check(data, "ada@example.org", "7,B,2,1+2");
	tailor_data_free(&data);
	check(NULL, "eve@example.org", ",,,");
}

static const struct refused_case {
	const char *json;
	enum err_code code;
	const char *why;
} refused_cases[] = {
    {"", ERR_INPUT, "data part:1:1: "},
    {"{\"all\": {\"a\":\r\n\r\n  1, }}", ERR_INPUT, "data part:3:6: "},
    {"{\"all\": {\"a\": \"\xff\"}}", ERR_INPUT, "data part:1:"},
    {"{} x", ERR_INPUT, "data part:1:4: "},
    {"{\"all\": {}, \"all\": {}}", ERR_INPUT, "data part:1:"},
    {"[]", ERR_INPUT, "expected one object"},
    {"{\"all\": 1}", ERR_INPUT, "\"all\": expected an object"},
    {"{\"a@x.example\": []}", ERR_INPUT, "\"a@x.example\": expected an object"},
    {"{\"everybody\": {}}", ERR_INPUT, "\"everybody\": expected \"all\" or"},
    {"{\"a@x.example\": {}, \"A@X.example\": {}}", ERR_INPUT, "stands there twice"},
    {"{\"a@x.example\": {}, \"b@x.example\": {}, \"c@x.example\": {}, \"d@x.example\": {}}",
	ERR_LIMIT, "max_recipients allows (3)"},
};

static void
what_is_wrong_is_said(void **state)
{
	struct tailor_data *data;

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(refused_cases); i++) {
		const struct refused_case *c = &refused_cases[i];
		struct err err = ERR_INIT;

		if (load(str_c(c->json), &data, &err) != -1)
			fail_msg("%s: taken", c->json);
		assert_null(data);
		if (err.code != c->code || strstr(err.text, c->why) == NULL)
			fail_msg("%s: %s", c->json, err.text);
	}
}

static void
there_are_ceilings(void **state)
{
	GString *json = g_string_new("{\"all\": {\"a\": ");
	struct tailor_data *data;
	struct err err = ERR_INIT;

	(void)state;
	for (int i = 0; i < 150; i++)
		g_string_append_c(json, '[');
	for (int i = 0; i < 150; i++)
		g_string_append_c(json, ']');
	g_string_append(json, "}}");
	assert_int_equal(load((struct str){json->str, json->len}, &data, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	assert_non_null(strstr(err.text, "\"all\""));

	g_string_assign(json, "{}");
	while (json->len <= 4096)
		g_string_append_c(json, ' ');
	assert_int_equal(load((struct str){json->str, json->len}, &data, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	assert_non_null(strstr(err.text, "max_data allows 4096"));
	g_string_free(json, TRUE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_sees_all_and_own),
	    cmocka_unit_test(what_is_wrong_is_said),
	    cmocka_unit_test(there_are_ceilings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
