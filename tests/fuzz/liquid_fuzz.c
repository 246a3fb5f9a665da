/* SPDX-License-Identifier: BSD-2-Clause
 *
 * liquid_fuzz: compiles what it gets and renders it over fixed data
 *
 * The first byte chooses mode and strictness. Ceilings are low, so that a template
 * which gets past them shows as a slow or large run.
 */
#include "liquid/liquid.h"

#include <stdlib.h>

#define DATA                                                                                      \
	"{\"a\":\"text "                                                                          \
	"<b>&'\",\"b\":[1,2.5,\"x\",null,[true,[]],{\"k\":\"v\"}],\"c\":{\"d\":{\"e\":-7},"       \
	"\"f\":\"2024-02-29T12:00:00+02:00\"},\"n\":9223372036854775807,\"m\":-1.5e300,"          \
	"\"u\":\"\\u00df\\u03a3\\ud83d\\ude00\",\"p\":[{\"t\":\"b\",\"v\":1},{\"t\":\"a\",\"v\":" \
	"2}]}"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
note(void *closure, struct str path)
{
	*(size_t *)closure += path.n;
}

/* "me" is the input itself. */
static int
get_partial(void *closure, struct str name, struct str *source_r, struct err *err)
{
	(void)err;
	if (str_is(name, "me"))
		*source_r = *(const struct str *)closure;
	else if (str_is(name, "p"))
		*source_r =
		    STR("{{ p }}{% for x in b %}{{ x }}{% continue %}{% endfor %}{% break %}");
	else
		return 0;
	return 1;
}

static bool
list_partials(void *closure, size_t i, struct str *name_r)
{
	(void)closure;
	*name_r = i == 0 ? STR("me") : STR("p");
	return i < 2;
}

static struct liquid_value
globals(void)
{
	static struct liquid_value value;
	static struct arena *arena;

	if (arena == NULL) {
		json_t *json = json_loads(DATA, 0, NULL);

		arena = arena_new(1 << 20);
		if (json == NULL || liquid_from_json(json, arena, &value, NULL) < 0)
			abort();
		json_decref(json);
	}
	return value;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct arena *arena;
	size_t missed = 0;
	struct liquid_options options = {
	    .limits = {.source = 1 << 16, .steps = 20000, .output = 1 << 18, .depth = 20}};
	struct liquid_render_options render_options = {
	    .now_ms = INT64_C(1704067318000), .missing = note, .closure = &missed};
	struct liquid_value values = globals();
	struct str source = {(const char *)data + 1, size - 1};
	struct liquid_partials partials = {get_partial, list_partials, &source};
	struct liquid_program *program;
	struct err err;
	struct str output;

	if (size == 0)
		return 0;
	if (arena == NULL)
		arena = arena_new(1 << 22);
	options.mode = (enum liquid_mode)(data[0] % 3);
	options.strict = (data[0] & 0x10) != 0;
	render_options.time_zone = (data[0] & 0x20) != 0 ? "America/New_York" : NULL;
	options.partials = &partials;
	if (liquid_compile(&program, STR("fuzz"), source, &options, &err) < 0)
		return 0;
	if (liquid_render(program, &values, &render_options, arena, &output, &err) == 0 &&
	    (output.n > options.limits.output || output.p[output.n] != '\0'))
		abort();
	liquid_free(&program);
	arena_reset(arena);
	return 0;
}
