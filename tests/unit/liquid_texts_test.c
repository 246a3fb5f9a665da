/* SPDX-License-Identifier: BSD-2-Clause
 *
 * liquid_texts_test: texts in several languages, the filter t, and tags of languages
 */
#include "base/language.h"
#include "liquid/texts.h"
#include "liquid_fixture.h"

static const char english[] =
    "{\"hello\": \"Hello {{ name }}\", \"plain\": \"Leave & go\", \"only\": {\"here\": \"in "
    "English\"},"
    " \"items\": {\"one\": \"{{ count }} item\", \"other\": \"{{count}} items\"},"
    " \"two\": \"{{ a }}{{ b }}{{ a }}\"}";
static const char german[] = "{\"hello\": \"Hallo {{ name }}\", \"plain\": \"Gehen\"}";
static const char swiss[] = "{\"plain\": \"Go!\"}";
static const char polish[] = "{\"hello\": \"Witaj {{ name }}\", \"items\": {\"one\": \"{{ count }} "
			     "rzecz\", \"few\": \"{{ count }} rzeczy\", \"many\": \"{{ count }} "
			     "rzeczy (wiele)\", \"other\": \"{{ count }} rzeczy (inne)\"}}";

static int
setup(void **state)
{
	struct liquid_texts *texts = liquid_texts_new();
	struct err err = ERR_INIT;

	*state = texts;
	return liquid_texts_add(texts, STR("pl"), STR("pl.json"), str_c(polish), &err) |
	    liquid_texts_add(texts, STR("de-CH"), STR("de-CH.json"), str_c(swiss), &err) |
	    liquid_texts_add(texts, STR("de"), STR("de.json"), str_c(german), &err) |
	    liquid_texts_add(texts, STR("en"), STR("en.json"), str_c(english), &err) |
	    liquid_texts_done(texts, STR("de"), &err);
}

static int
teardown(void **state)
{
	struct liquid_texts *texts = *state;

	liquid_texts_free(&texts);
	return 0;
}

static void
tags(void **state)
{
	static const char *const good[] = {
	    "de", "pt-BR", "zh-Hant-TW", "gsw", "es-419", "x-klingon"};
	static const char *const bad[] = {"", "-", "de-", "-de", "de--AT", "de_AT", "d3", "419",
	    "abcdefghi", "de-abcdefghi", "d\xc3\xa9", "aa-aaaaaaaa-aaaaaaaa-aaaaaaaa-aaaaaaaa",
	    "de AT", "../de"};
	static const struct {
		const char *tag, *shorter;
	} shorter[] = {{"zh-Hant-TW", "zh-Hant"}, {"de", ""}, {"en-a-bbb", "en"}, {"", ""},
	    {"en-a-bbb-cc", "en-a-bbb"}};

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		if (!language_is_tag(str_c(good[i])))
			fail_msg("%s is refused", good[i]);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		if (language_is_tag(str_c(bad[i])))
			fail_msg("%s is taken", bad[i]);
	}
	for (size_t i = 0; i < COUNT(shorter); i++)
		assert_true(str_is(language_shorten(str_c(shorter[i].tag)), shorter[i].shorter));
}

static void
languages(void **state)
{
	static const struct {
		const char *tag, *found;
	} cases[] = {{"de", "de"}, {"DE-ch", "de-CH"}, {"de-AT", "de"}, {"de-CH-1996", "de-CH"},
	    {"fr", NULL}, {"", NULL}, {"d", NULL}, {"pl-PL", "pl"}};
	struct liquid_texts *texts = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct liquid_language *language =
		    liquid_texts_language(texts, str_c(cases[i].tag));

		if ((language == NULL) != (cases[i].found == NULL))
			fail_msg("%s: %s", cases[i].tag, language == NULL ? "none" : "one");
		if (language != NULL)
			assert_true(str_is(liquid_language_tag(language), cases[i].found));
	}
	assert_true(str_is(liquid_language_tag(liquid_texts_default(texts)), "de"));
	assert_true(str_is(liquid_language_tag(liquid_texts_at(texts, 0)), "de"));
	assert_true(str_is(liquid_language_tag(liquid_texts_at(texts, 3)), "pl"));
	assert_null(liquid_texts_at(texts, 4));
}

static void
renders(void **state)
{
	static const struct {
		const char *tag;
		enum liquid_mode mode;
		const char *template, *result;
	} cases[] = {
	    {"de", LIQUID_TEXT, "{{ 'hello' | t: name: name }}", "Hallo <b>{{ x }}"},
	    {"de", LIQUID_HTML, "{{ 'hello' | t: name: name }}", "Hallo &lt;b&gt;{{ x }}"},
	    {"en", LIQUID_HTML, "{{ 'plain' | t }}", "Leave &amp; go"},
	    {"en", LIQUID_HTML, "{{ 'plain' | t | raw }}", "Leave & go"},
	    /* What a language lacks: its root, the default language, English. */
	    {"de-CH", LIQUID_TEXT, "{{ 'plain' | t }} {{ 'hello' | t: name: 'A' }}", "Go! Hallo A"},
	    {"pl", LIQUID_TEXT, "{{ 'plain' | t }}", "Gehen"},
	    {"pl", LIQUID_TEXT, "{{ 'only.here' | t }}", "in English"},
	    {"en", LIQUID_TEXT, "{{ 'plain' | t }}", "Leave & go"},
	    /* Forms by the language that has them, also where another one asks. */
	    {"pl", LIQUID_TEXT, "{{ 'items' | t: count: 1 }}", "1 rzecz"},
	    {"pl", LIQUID_TEXT, "{{ 'items' | t: count: 3 }}", "3 rzeczy"},
	    {"pl", LIQUID_TEXT, "{{ 'items' | t: count: 5 }}", "5 rzeczy (wiele)"},
	    {"pl", LIQUID_TEXT, "{{ 'items' | t: count: 1.5 }}", "1.5 rzeczy (inne)"},
	    {"de", LIQUID_TEXT, "{{ 'items' | t: count: 1 }}, {{ 'items' | t: count: 5 }}",
		"1 item, 5 items"},
	    {"en", LIQUID_TEXT, "{{ 'items' | t: count: nothing }}", " items"},
	    {"en", LIQUID_TEXT, "{% assign k = 'only' %}{{ k | append: '.here' | t }}",
		"in English"},
	    {"en", LIQUID_TEXT, "{{ 'two' | t: a: 1, b: 2, c: 3 }}", "121"},
	    /* A name that is no argument, where the key is computed. */
	    {"en", LIQUID_TEXT, "{% assign k = 'two' %}{{ k | t: a: 1 }}", "11"},
	    {"en", LIQUID_HEADER, "{{ 'hello' | t: name: lines }}", "Hello a  b"},
	};
	struct liquid_texts *texts = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct attempt attempt = attempt_in(cases[i].mode);
		struct arena *arena = arena_new((size_t)1 << 20);
		struct err err = ERR_INIT;
		struct str output;

		attempt.options.texts = texts;
		attempt.render.language = liquid_texts_language(texts, str_c(cases[i].tag));
		if (render_into(&attempt, cases[i].template,
			"{\"name\": \"<b>{{ x }}\", \"lines\": \"a\\r\\nb\"}", arena, &output,
			&err) != 0)
			fail_msg("%s: %s", cases[i].template, err.text);
		if (!str_is(output, cases[i].result))
			fail_msg(
			    "%s in %s: \"%.*s\"", cases[i].template, cases[i].tag, STR_F(output));
		arena_free(&arena);
	}
}

static void
mistakes(void **state)
{
	static const struct {
		const char *template, *error;
	} cases[] = {
	    {"a\n {{ 'nowhere' | t }}", "t:2:17: there is no text 'nowhere' (de)"},
	    {"{{ 'hello' | t }}",
		"t:1:14: text 'hello' (de) has {{ name }}, and 't' is given no such argument"},
	    {"{{ 'items' | t }}", "t:1:14: there is no text 'items' (de)"},
	    {"{{ 'two' | t: a: 1 }}",
		"t:1:12: text 'two' (de) has {{ b }}, and 't' is given no such argument"},
	    {"{{ 'hello' | t: 'x' }}", "t:1:14: filter 't' takes 0 argument(s), found 1"},
	    {"{% assign k = 'no' %}{{ k | t }}", "t:1:29: there is no text 'no'"},
	    {"{{ nothing | t }}", "t:1:14: there is no text ''"},
	};
	struct liquid_texts *texts = *state;
	struct attempt attempt = attempt_in(LIQUID_HTML);
	struct arena *arena = arena_new((size_t)1 << 20);
	struct err unspoken = ERR_INIT;
	struct str output;

	attempt.options.texts = texts;
	attempt.render.language = liquid_texts_default(texts);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct err err = ERR_INIT;

		if (render_into(&attempt, cases[i].template, NULL, arena, &output, &err) == 0)
			fail_msg("%s gives \"%.*s\"", cases[i].template, STR_F(output));
		assert_string_equal(err.text, cases[i].error);
	}
	attempt = attempt_in(LIQUID_HTML);
	assert_int_equal(
	    render_into(&attempt, "{{ 'plain' | t }}", NULL, arena, &output, &unspoken), -1);
	arena_free(&arena);
}

static void
files(void **state)
{
	static const struct {
		const char *tag, *json, *error;
	} cases[] = {
	    {"de", "{\"a\": 1}", "f.json: a: expected a text, or an object of texts"},
	    {"de", "{\"a\": {\"b\": [\"x\"]}}",
		"f.json: a.b: expected a text, or an object of texts"},
	    {"de", "[]", "f.json: expected an object of texts"},
	    {"d/e", "{}", "f.json: expected a language tag like de or pt-BR as its name"},
	    {"de", "{\"a.b\": \"x\"}",
		"f.json: expected names of letters, digits, - and _, and keys of up to 200 "
		"characters"},
	    {"de", "{\"\": \"x\"}",
		"f.json: expected names of letters, digits, - and _, and keys of up to 200 "
		"characters"},
	    {"de", "{\"a\": \"x {{ y\"}",
		"f.json: a: expected {{ name }}, which a named argument of the filter fills"},
	    {"de", "{\"a\": \"x }} {{ y }}\"}",
		"f.json: a: expected {{ name }}, which a named argument of the filter fills"},
	    {"de", "{\"a\": \"{{ y | upcase }}\"}",
		"f.json: a: expected {{ name }}, which a named argument of the filter fills"},
	    {"de", "{\"a\": \"{{}}\"}",
		"f.json: a: expected {{ name }}, which a named argument of the filter fills"},
	    {"de", "{\"a\": \"x\\u0007\"}", "f.json: a: a control character"},
	    {"de",
		"{\"a\": {\"b\": {\"c\": {\"d\": {\"e\": {\"f\": {\"g\": {\"h\": {\"i\": "
		"\"x\"}}}}}}}}}",
		"f.json: a.b.c.d.e.f.g.h: objects are nested more than 8 deep"},
	    {"de", "{\"a\": \"x\",\n \"a\": \"y\"}", NULL},
	    {"de", "{\"a\": \"x\",\n \"b\": }", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct liquid_texts *texts = liquid_texts_new();
		struct err err = ERR_INIT;

		if (liquid_texts_add(texts, str_c(cases[i].tag), STR("f.json"),
			str_c(cases[i].json), &err) != -1)
			fail_msg("taken: %s", cases[i].json);
		if (cases[i].error != NULL)
			assert_string_equal(err.text, cases[i].error);
		else if (!str_starts(str_c(err.text), STR("f.json:2:")))
			fail_msg("no place in \"%s\"", err.text);
		liquid_texts_free(&texts);
	}
}

/* What comes later replaces; nothing is too much below the ceilings, and nothing goes beyond. */
static void
ceilings(void **state)
{
	struct liquid_texts *texts = liquid_texts_new();
	char *text = malloc(LIQUID_TEXTS_LONGEST + 20), *many;
	struct err err = ERR_INIT;
	size_t n = 1;

	(void)state;
	assert_int_equal(
	    liquid_texts_add(texts, STR("de"), STR("a"), STR("{\"a\": \"1\"}"), &err), 0);
	assert_int_equal(
	    liquid_texts_add(texts, STR("DE"), STR("b"), STR("{\"a\": \"2\"}"), &err), 0);
	assert_int_equal(liquid_texts_done(texts, STR("fr"), &err), -1);
	assert_string_equal(err.text, "there are no texts in \"fr\": expected locales/fr.json");
	assert_int_equal(liquid_texts_done(texts, STR("de"), &err), 0);
	assert_null(liquid_texts_at(texts, 1));
	assert_true(str_is(liquid_language_text(liquid_texts_default(texts), STR("a"), NULL), "2"));
	memset(text, 'x', LIQUID_TEXTS_LONGEST + 20);
	memcpy(text, "{\"a\": \"", 7);
	memcpy(text + 7 + LIQUID_TEXTS_LONGEST, "\"}", 3);
	assert_int_equal(liquid_texts_add(texts, STR("de"), STR("c"), str_c(text), &err), 0);
	memcpy(text + 7 + LIQUID_TEXTS_LONGEST, "x\"}", 4);
	assert_int_equal(liquid_texts_add(texts, STR("de"), STR("c"), str_c(text), &err), -1);
	assert_string_equal(err.text, "c: a: longer than 8000 bytes");
	free(text);
	many = malloc(LIQUID_TEXTS_COUNT * 20);
	many[0] = '{';
	for (size_t i = 0; i <= LIQUID_TEXTS_COUNT; i++)
		n += (size_t)sprintf(many + n, "%s\"k%zu\":\"\"", i == 0 ? "" : ",", i);
	memcpy(many + n, "}", 2);
	assert_int_equal(liquid_texts_add(texts, STR("de"), STR("d"), str_c(many), &err), -1);
	assert_true(str_has(str_c(err.text), STR(": more than 5000 texts")));
	free(many);
	liquid_texts_free(&texts);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(tags),
	    cmocka_unit_test_setup_teardown(languages, setup, teardown),
	    cmocka_unit_test_setup_teardown(renders, setup, teardown),
	    cmocka_unit_test_setup_teardown(mistakes, setup, teardown),
	    cmocka_unit_test(files),
	    cmocka_unit_test(ceilings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
