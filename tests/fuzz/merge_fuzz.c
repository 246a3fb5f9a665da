/* SPDX-License-Identifier: BSD-2-Clause
 *
 * merge_fuzz: translates what it gets, compiles the result and renders it
 *
 * The first byte chooses HTML and whether names are known; up to a zero byte the rest is the
 * Subject. merge_each and the translation must agree on whether there is a fault, and a
 * source without tags has to stay as it is.
 */
#include "liquid/liquid.h"
#include "merge/merge.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
has(void *closure, struct str path)
{
	return (path.n & 1) == *(const size_t *)closure;
}

static void
look(void *closure, const struct merge_tag *tag)
{
	const struct str *source = closure;

	if (tag->at >= source->n || tag->line == 0 || tag->column == 0 ||
	    tag->text.n > MERGE_TAG_MAX)
		abort();
}

static void
render(struct str text, const struct origin *origin, bool html)
{
	static struct arena *arena;
	struct liquid_options options = {.mode = html ? LIQUID_HTML : LIQUID_HEADER,
	    .limits = {.source = 1 << 22, .steps = 20000, .output = 1 << 18, .depth = 40},
	    .origin = origin};
	struct liquid_render_options now = {.now_ms = INT64_C(1704067318000)};
	struct liquid_program *program;
	struct liquid_value none;
	struct err err = ERR_INIT;
	struct str output;

	if (arena == NULL)
		arena = arena_new(1 << 22);
	none = liquid_object_value(liquid_object_new(arena, 1));
	if (liquid_compile(&program, STR("fuzz"), text, &options, &err) == 0) {
		liquid_render(program, &none, &now, arena, &output, &err);
		liquid_free(&program);
	} else if (err.code == ERR_TEMPLATE && (err.place.line == 0 || err.place.column == 0)) {
		abort();
	}
	arena_reset(arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t odd = size > 0 && (data[0] & 2) != 0, faults;
	const uint8_t *end = size < 2 ? NULL : memchr(data + 1, '\0', size - 1);
	struct merge_options options = {.has = has, .closure = &odd};
	struct str source;
	struct origin *origin;
	struct err err = ERR_INIT;
	struct buf text;
	int rc;

	if (end == NULL)
		return 0;
	options.html = (data[0] & 1) != 0;
	options.subject = (struct str){(const char *)data + 1, (size_t)(end - data - 1)};
	source = (struct str){(const char *)end + 1, (size_t)(data + size - end - 1)};
	buf_init(&text, 1 << 22);
	faults = merge_each(source, &options, look, &source);
	rc = merge_translate(&text, &origin, STR("fuzz"), source, &options, &err);
	if ((rc == 0) != (origin != NULL) || (rc == 0 && faults > 0))
		abort();
	if (rc == 0) {
		if (!merge_has(source) && text.len != source.n)
			abort();
		render(text.len == 0 ? STR("") : buf_str(&text), origin, options.html);
	}
	origin_free(&origin);
	buf_fini(&text);
	return 0;
}
