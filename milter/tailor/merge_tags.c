/* SPDX-License-Identifier: BSD-2-Clause
 *
 * merge_tags: see merge_tags.h
 *
 * Threads: any; touches only its arguments.
 * Fails:   ERR_TEMPLATE, ERR_LIMIT.
 */
#include "tailor/merge_tags.h"

/* A tag of a few bytes may become a loop. */
#define GROWTH 64

int
tailor_compile_template(struct liquid_program **program_r, struct str name, struct str source,
    const struct liquid_options *options, const struct merge_options *merge, struct err *err)
{
	struct liquid_options translated = *options;
	struct merge_options how;
	struct origin *origin;
	struct buf text;
	int rc;

	if (merge == NULL || source.n > options->limits.source || !merge_has(source))
		return liquid_compile(program_r, name, source, options, err);
	how = *merge;
	how.html = options->mode == LIQUID_HTML;
	buf_init(&text, options->limits.source * GROWTH);
	rc = merge_translate(&text, &origin, name, source, &how, err);
	if (rc == 0) {
		translated.origin = origin;
		translated.limits.source = text.max;
		rc = liquid_compile(program_r, name, text.len == 0 ? STR("") : buf_str(&text),
		    &translated, err);
		origin_free(&origin);
	}
	buf_fini(&text);
	return rc;
}

bool
tailor_has_value(const struct liquid_value *object, struct str path)
{
	struct str key;

	while (object != NULL && str_split(&path, '.', &key)) {
		if (object->type != LIQUID_OBJECT)
			return false;
		object = liquid_object_get(object->object, key);
	}
	return object != NULL && object->type != LIQUID_NIL;
}
