/* SPDX-License-Identifier: BSD-2-Clause
 *
 * liquid_ceiling_test: ceilings, hostile shapes, many renders of one program at once
 */
#include "liquid_fixture.h"

#include <pthread.h>
#include <unistd.h>

static void
ceilings(void **state)
{
	struct attempt attempt = attempt_in(LIQUID_TEXT);

	(void)state;
	attempt.options.limits.source = 10;
	check_error(&attempt, "01234567890", ERR_LIMIT, "t:1:1: template is longer than 10 bytes");
	check(&attempt, &(struct sample){"0123456789", NULL, "0123456789"});
	attempt = attempt_in(LIQUID_TEXT);
	attempt.options.limits.steps = 100;
	check_error(&attempt, "{% for i in (1..1000000000000) %}{% endfor %}", ERR_LIMIT,
	    "t:1:34: the render takes more than 100 steps");
	attempt = attempt_in(LIQUID_TEXT);
	attempt.options.limits.output = 10;
	check_error(&attempt, "{% for i in (1..99) %}xx{% endfor %}", ERR_LIMIT,
	    "t:1:25: the output is longer than 10 bytes");
	check(
	    &attempt, &(struct sample){"{% for i in (1..5) %}xx{% endfor %}", NULL, "xxxxxxxxxx"});
	attempt = attempt_in(LIQUID_TEXT);
	attempt.options.limits.depth = 2;
	check_error(&attempt, "{% if a %}{% if a %}{% if a %}", ERR_LIMIT,
	    "t:1:21: blocks are nested more than 2 deep");
	attempt = attempt_in(LIQUID_TEXT);
	attempt.arena = 20000;
	check_error(&attempt,
	    "{% assign s = 'xxxxxxxxxxxxxxxx' %}{% for i in (1..20) %}"
	    "{% assign s = s | append: s %}{% endfor %}",
	    ERR_LIMIT, "t:1:76: the render needs more memory than allowed");
	check_error(&attempt, "{{ (1..9000000000) | join }}", ERR_LIMIT,
	    "t:1:22: the render takes more than 1000000 steps");
}

/* Nesting that the parser follows by recursion, and shapes that ask for much work. */
static void
hostile(void **state)
{
	struct attempt attempt = attempt_in(LIQUID_TEXT);
	static char deep[300000];
	size_t n = 0;

	(void)state;
	n += (size_t)sprintf(deep, "{{ a");
	for (int i = 0; i < 100000; i++)
		n += (size_t)sprintf(deep + n, "[a");
	check_error(&attempt, deep, ERR_TEMPLATE, "t:1:1: '{{' is not closed with '}}'");
	strcpy(deep + n, "}}");
	check_error(
	    &attempt, deep, ERR_LIMIT, "t:1:204: expressions are nested more than 100 deep");
	n = (size_t)sprintf(deep, "{%% liquid");
	for (int i = 0; i < 10000; i++)
		n += (size_t)sprintf(deep + n, " liquid");
	strcpy(deep + n, "%}");
	check_error(&attempt, deep, ERR_LIMIT, "t:1:354: blocks are nested more than 50 deep");
	n = 0;
	for (int i = 0; i < 1000; i++)
		n += (size_t)sprintf(deep + n, "{%% if a %%}");
	check_error(&attempt, deep, ERR_LIMIT, "t:1:501: blocks are nested more than 50 deep");
	check(&attempt,
	    &(struct sample){
		"{{ 9999999999999999999999 | times: 9999999999999999999999 }}"
		"{% assign x = -9223372036854775808 %}{{ x | abs }}{{ x | divided_by: -1 }}"
		"{{ x | modulo: -1 }}{{ (9223372036854775807..9223372036854775807) | size }}",
		NULL, "1.0e+449.223372036854776e+189.223372036854776e+1801"});
}

/* `head`, `middle` repeated (with a number where it holds %d), `tail`. */
static char *
repeat(const char *head, const char *middle, int count, const char *tail)
{
	static char text[1 << 20];
	size_t n = (size_t)snprintf(text, sizeof text, "%s", head);
	const char *number = strstr(middle, "%d");

	for (int i = 0; i < count && n + 100 < sizeof text; i++) {
		if (number == NULL)
			n += (size_t)sprintf(text + n, "%s", middle);
		else
			n += (size_t)sprintf(
			    text + n, "%.*s%d%s", (int)(number - middle), middle, i, number + 2);
	}
	snprintf(text + n, sizeof text - n, "%s", tail);
	return text;
}

/* Each of these took time that grew with the square of its size, or steps that cost
 * more than they counted; ended by the alarm if it does so again. */
static void
slow_shapes(void **state)
{
	struct attempt attempt = attempt_in(LIQUID_TEXT);

	(void)state;
	alarm(60);
	check_error(&attempt, repeat("{% comment %}", "{{", 400000, ""), ERR_TEMPLATE,
	    "t:1:1: 'comment' is not closed with 'endcomment'");
	check(&attempt, &(struct sample){repeat("", "{{v%d}}", 90000, ""), NULL, ""});
	check(&attempt,
	    &(struct sample){repeat("", "{%for a in v%d%}{%endfor%}", 30000, ""), NULL, ""});
	check(&attempt, &(struct sample){repeat("{% cycle 1", ",%d", 100000, "%}"), NULL, "1"});
	check(&attempt,
	    &(struct sample){repeat("{% assign f = '", "a", 200000,
				 "b' %}{{ f | append: f | replace_last: f, '' | size }}"),
		NULL, "200001"});
	check_error(&attempt,
	    repeat("{% assign s = '", "a", 200000,
		"' | split: '-' %}{% for i in (1..14) %}{% assign s = s | concat: s %}{% endfor %}"
		"{{ s | sort | size }}"),
	    ERR_LIMIT, "t:1:200104: the render takes more than 1000000 steps");
	check_error(&attempt,
	    repeat("{% for i in (1..100000) %}{% ifchanged %}", "a", 200000,
		"{% endifchanged %}{% endfor %}"),
	    ERR_LIMIT, "t:1:200042: the render takes more than 1000000 steps");
	check_error(&attempt,
	    repeat("{% assign s = '", "a", 200000,
		"' %}{% for i in (1..100000) %}{% if s.size == s %}{% endif %}{% endfor %}"),
	    ERR_LIMIT, "t:1:200077: the render takes more than 1000000 steps");
	alarm(0);
}

static void
deep_data(void **state)
{
	struct arena *arena = arena_new(1 << 20);
	struct liquid_value value;
	struct err err = ERR_INIT;
	json_t *json = json_array();

	(void)state;
	for (int i = 0; i < 101; i++) {
		json_t *outer = json_array();

		json_array_append_new(outer, json);
		json = outer;
	}
	assert_int_equal(liquid_from_json(json, arena, &value, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	json_decref(json);
	arena_free(&arena);
}

#define NEWSLETTER                                                                         \
	"<h1>Hi {{ contact.first_name | default: 'you' | capitalize }}</h1>"               \
	"{% if contact.points > 100 %}<p>{{ contact.points | times: 1.5 | round: 1 }}"     \
	"{% else %}few{% endif %}{% for p in products limit: 3 %}<li>{{ forloop.index }} " \
	"{{ p.name | upcase }} {{ p.price | money: 'EUR' }}</li>{% endfor %}"              \
	"{{ 'now' | date: '%d.%m.%Y' }}{% capture x %}{{ contact.city }}{% endcapture %}{{ x }}"

struct job {
	const struct liquid_program *program;
	int number;
	bool failed;
};

/* One program, a thread and an arena each; a warm arena asks for no more. */
static void *
render_often(void *closure)
{
	struct job *job = closure;
	struct liquid_render_options options = {.now_ms = NOW, .time_zone = "Europe/Vienna"};
	struct arena *arena = arena_new(1 << 20);
	unsigned long warm = 0;

	for (int i = 0; i < 500; i++) {
		char expected[400];
		char data[300];
		struct liquid_value globals;
		struct err err;
		struct str output;
		json_t *json;

		snprintf(data, sizeof data,
		    "{\"contact\":{\"first_name\":\"n%d-%d\",\"points\":%d,\"city\":\"A&B\"},"
		    "\"products\":[{\"name\":\"é\",\"price\":%d.5},{\"name\":\"b\",\"price\":1}]}",
		    job->number, i, i, i);
		snprintf(expected, sizeof expected,
		    "<h1>Hi N%d-%d</h1>%s%.*f<li>1 É %d.50 EUR</li><li>2 B 1.00 EUR</li>"
		    "01.01.2024A&amp;B",
		    job->number, i, i > 100 ? "<p>" : "few", 1, i * 1.5, i);
		if (i <= 100)
			snprintf(expected, sizeof expected,
			    "<h1>Hi N%d-%d</h1>few<li>1 É %d.50 EUR</li><li>2 B 1.00 EUR</li>"
			    "01.01.2024A&amp;B",
			    job->number, i, i);
		arena_reset(arena);
		json = json_loads(data, 0, NULL);
		if (liquid_from_json(json, arena, &globals, &err) < 0 ||
		    liquid_render(job->program, &globals, &options, arena, &output, &err) < 0 ||
		    !str_is(output, expected))
			job->failed = true;
		json_decref(json);
		if (i == 0)
			warm = arena_heap_calls(arena);
	}
	if (arena_heap_calls(arena) != warm)
		job->failed = true;
	arena_free(&arena);
	return NULL;
}

static void
threads(void **state)
{
	struct liquid_options options = {.mode = LIQUID_HTML, .limits = roomy};
	struct liquid_program *program;
	struct job jobs[4];
	pthread_t thread[4];

	(void)state;
	assert_int_equal(liquid_compile(&program, STR("t"), STR(NEWSLETTER), &options, NULL), 0);
	for (int i = 0; i < 4; i++) {
		jobs[i] = (struct job){.program = program, .number = i};
		assert_int_equal(pthread_create(&thread[i], NULL, render_often, &jobs[i]), 0);
	}
	for (int i = 0; i < 4; i++) {
		pthread_join(thread[i], NULL);
		assert_false(jobs[i].failed);
	}
	liquid_free(&program);
}

/* Turns of all loops count together, also those of partials that walk. */
static int
get_row(void *closure, struct str name, struct str *source_r, struct err *err)
{
	(void)closure;
	(void)err;
	*source_r = str_is(name, "deep") ? STR("{% render 'deep' %}") : STR("x");
	return 1;
}

static void
turns(void **state)
{
	const struct liquid_partials partials = {.get = get_row};
	struct attempt attempt = attempt_in(LIQUID_TEXT);

	(void)state;
	attempt.options.partials = &partials;
	attempt.options.limits.turns = 6;
	attempt.options.limits.partials = 3;
	check(&attempt,
	    &(struct sample){"{% for i in (1..2) %}{% for j in (1..2) %}x{% endfor %}{% endfor %}",
		NULL, "xxxx"});
	check_error(&attempt, "{% for i in (1..7) %}x{% endfor %}", ERR_LIMIT,
	    "t:1:23: the loops take more than 6 turns");
	check_error(&attempt, "{% tablerow i in (1..7) %}x{% endtablerow %}", ERR_LIMIT,
	    "t:1:28: the loops take more than 6 turns");
	check_error(&attempt, "{% for i in (1..3) %}{% for j in (1..2) %}x{% endfor %}{% endfor %}",
	    ERR_LIMIT, "t:1:56: the loops take more than 6 turns");
	check(&attempt, &(struct sample){"{% render 'row' for (1..6) %}", NULL, "xxxxxx"});
	check_error(&attempt, "{% render 'row' for (1..7) %}", ERR_LIMIT,
	    "t:1:1: the loops take more than 6 turns");
	check_error(&attempt, "{% render 'deep' %}", ERR_LIMIT,
	    "deep:1:1: partials are nested more than 3 deep");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ceilings),
	    cmocka_unit_test(hostile),
	    cmocka_unit_test(slow_shapes),
	    cmocka_unit_test(deep_data),
	    cmocka_unit_test(threads),
	    cmocka_unit_test(turns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
