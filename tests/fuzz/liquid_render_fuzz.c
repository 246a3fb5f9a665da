/* SPDX-License-Identifier: BSD-2-Clause
 *
 * liquid_render_fuzz: template and data from outside, in each mode, with low ceilings
 *
 * Held against what comes out: no ceiling is passed; the same again gives the same;
 * markup and control characters of a value are never seen unless the template asks
 * for it; a value is never read as a template; an error says where.
 */
#include "liquid_input.h"

#include <stdlib.h>

#define ARENA_MAX  ((size_t)1 << 22)
#define OUTPUT_MAX ((size_t)1 << 17)

/* Stands in front of a template (of every second one: a layout has to be first), and has
 * to come out as it is. */
#define PROBE	  "{{ 7 | times: 7 }}{% assign a = 1 %}"
#define PROBE_OUT "{{ mt_probe }}|"

#define DATA                                                                                    \
	"{\"a\":\"text <b>&'\\\"\\u0001\\u0085\\u2028\",\"b\":[1,2.5,\"x\",null,[true,[]],"     \
	"{\"k\":\"<v>\"}],\"c\":{\"d\":{\"e\":-7},\"f\":\"2024-02-29T12:00:00+02:00\"},"        \
	"\"n\":9223372036854775807,\"m\":-1.5e300,\"u\":\"\\u00df\\u03a3\\ud83d\\ude00\","      \
	"\"p\":[{\"t\":\"b\",\"v\":1},{\"t\":\"a\",\"v\":2}],\"x\":\"<script>\\\"'&\\r\\nBcc: " \
	"x\",\"y\":\"{{ 7 | times: 7 }}\"}"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct result {
	int ret;
	struct err err;
	struct str output;
	size_t missed;
};

static void
count_missing(void *closure, struct str path)
{
	(void)path;
	++*(size_t *)closure;
}

static json_t *
data_of(const struct liquid_input *input)
{
	json_t *json = NULL;

	if (input->data.p != NULL)
		json = json_loadb(input->data.p, input->data.n, JSON_ALLOW_NUL, NULL);
	if (!json_is_object(json)) {
		json_decref(json);
		json = json_loads(DATA, 0, NULL);
	}
	if (json == NULL || json_object_set_new(json, "mt_probe", json_string(PROBE)) < 0)
		abort();
	return json;
}

static void
render(const struct liquid_program *program, const struct liquid_input *input, json_t *json,
    struct arena *arena, struct result *result)
{
	struct liquid_render_options options = {.now_ms = INT64_C(1704067318000),
	    .time_zone = (input->flags & 1) != 0 ? "America/New_York" : NULL,
	    .missing = count_missing,
	    .closure = &result->missed};
	struct liquid_value globals;

	arena_reset(arena);
	*result = (struct result){.err = ERR_INIT};
	if (liquid_from_json(json, arena, &globals, &result->err) < 0) {
		result->ret = 1; /* the data is beyond the ceilings */
		return;
	}
	result->ret =
	    liquid_render(program, &globals, &options, arena, &result->output, &result->err);
	if (arena_used(arena) > ARENA_MAX)
		liquid_input_fail("arena", "is used beyond its ceiling");
}

static bool
forbidden_html(const struct liquid_input *input, const bool *texts, unsigned char c)
{
	bool marks = liquid_input_has(input, "tablerow");

	if (texts[c] || liquid_input_has(input, "raw"))
		return false;
	if (c == '<' || c == '>')
		return !marks && !liquid_input_has(input, "newline_to_br");
	return c == '\'' || (c == '"' && !marks);
}

static bool
forbidden_header(const bool *texts, unsigned char c)
{
	return !texts[c] && (c < ' ' || c == 0x7f);
}

/* C1 and the separators of lines and paragraphs, where no text of the template can be a
 * part of them. */
static bool
has_wide_control(const bool *texts, struct str s)
{
	for (int c = 0x80; c < 0x100; c++) {
		if (texts[c])
			return false;
	}
	for (size_t i = 0; i + 1 < s.n; i++) {
		const unsigned char *p = (const unsigned char *)s.p + i;

		if (p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0)
			return true;
		if (i + 2 < s.n && p[0] == 0xe2 && p[1] == 0x80 && (p[2] & 0xfe) == 0xa8)
			return true;
	}
	return false;
}

static bool
is_entity(struct str s)
{
	static const char *const entities[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};

	for (size_t i = 0; i < 5; i++) {
		if (str_starts(s, str_c(entities[i])))
			return true;
	}
	return false;
}

/* Where no filter and no capture makes markup that others may cut, each & begins an
 * entity. */
static void
check_entities(const struct liquid_input *input, const bool *texts, struct str s)
{
	if (texts['&'] || liquid_input_has(input, "|") || liquid_input_has(input, "capture"))
		return;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '&' && !is_entity((struct str){s.p + i, s.n - i}))
			liquid_input_fail("html", "an & came out as it was");
	}
}

static bool
has_probe(const struct liquid_input *input)
{
	return (input->flags & 2) == 0;
}

static void
check_output(
    const struct liquid_way *way, const struct liquid_input *input, struct str s, const bool *texts)
{
	if (s.n > OUTPUT_MAX || s.p[s.n] != '\0')
		liquid_input_fail(way->name, "the output is longer than its ceiling");
	if (has_probe(input)) {
		if (!str_starts(s, STR(PROBE)))
			liquid_input_fail(way->name, "a value was read as a template");
		s = (struct str){s.p + sizeof PROBE, s.n - sizeof PROBE};
	}
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (way->mode == LIQUID_HTML && forbidden_html(input, texts, c))
			liquid_input_fail(way->name, "markup of a value came out as it was");
		if (way->mode == LIQUID_HEADER && forbidden_header(texts, c))
			liquid_input_fail(way->name, "a control character came out");
	}
	if (way->mode == LIQUID_HTML)
		check_entities(input, texts, s);
	if (way->mode == LIQUID_HEADER && has_wide_control(texts, s))
		liquid_input_fail(way->name, "a control character came out");
}

static bool
same(const struct result *a, const struct result *b)
{
	if (a->ret != b->ret || a->missed != b->missed)
		return false;
	if (a->ret != 0)
		return a->err.code == b->err.code && strcmp(a->err.text, b->err.text) == 0;
	return str_eq(a->output, b->output);
}

/* False if it doesn't compile. */
static bool
run(const struct liquid_way *way, const struct liquid_input *input, struct str template,
    json_t *json, struct arena *arena, struct result *result)
{
	static struct arena *again_arena;
	struct liquid_options options = {.mode = way->mode,
	    .strict = way->strict,
	    .limits = {.source = 1 << 14, .steps = 20000, .output = OUTPUT_MAX, .depth = 20},
	    .partials = &input->partials};
	struct liquid_program *program;
	struct result again;
	struct err err = ERR_INIT;

	if (again_arena == NULL)
		again_arena = arena_new(ARENA_MAX);
	if (liquid_compile(&program, STR(INPUT_NAME), template, &options, &err) < 0)
		return false;
	render(program, input, json, arena, result);
	render(program, input, json, again_arena, &again);
	liquid_free(&program);
	if (!same(result, &again))
		liquid_input_fail(way->name, "the same template and data gave something else");
	if (result->ret < 0)
		liquid_input_check_err(&result->err);
	return true;
}

/* The template, with the probe in front of it. To be freed. */
static char *
probed(const struct liquid_input *input, struct str *template_r)
{
	size_t n = has_probe(input) ? sizeof PROBE_OUT - 1 : 0;
	char *p = malloc(n + input->template.n + 1);

	if (p == NULL)
		abort();
	memcpy(p, PROBE_OUT, n);
	memcpy(p + n, input->template.p, input->template.n);
	*template_r = (struct str){p, n + input->template.n};
	return p;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct arena *arena[LIQUID_WAYS];
	bool texts[256] = {false};
	bool compiled[LIQUID_WAYS];
	struct result result[LIQUID_WAYS];
	struct liquid_input input;
	struct str template;
	json_t *json;
	char *p;

	if (size == 0)
		return 0;
	liquid_input_cut(&input, data, size, true);
	liquid_input_texts(&input, texts);
	json = data_of(&input);
	p = probed(&input, &template);
	for (size_t i = 0; i < LIQUID_WAYS; i++) {
		if (arena[i] == NULL)
			arena[i] = arena_new(ARENA_MAX);
		compiled[i] = run(&liquid_way[i], &input, template, json, arena[i], &result[i]);
		if (compiled[i] && result[i].ret == 0)
			check_output(&liquid_way[i], &input, result[i].output, texts);
	}
	if (compiled[0] && result[0].ret == 0 && (!compiled[1] || !same(&result[0], &result[1])))
		liquid_input_fail("text", "strict and lax differ in what both understand");
	free(p);
	json_decref(json);
	return 0;
}
