/* SPDX-License-Identifier: BSD-2-Clause
 *
 * merge_tags: see merge_tags.h
 *
 * Owns:    the translations, until they are compiled.
 * Threads: any; touches only its arguments.
 * Fails:   ERR_TEMPLATE, ERR_LIMIT.
 */
#include "tailor/merge_tags.h"

#include <glib.h>

/* A tag of a few bytes may become a loop. */
#define GROWTH 64

/* Partials hold merge tags, too. */
struct translator {
	const struct merge_options *merge;
	const struct liquid_partials *partials; /* as they are */
	size_t max;
	GPtrArray *texts; /* translated ones */
};

static int
get_partial(void *closure, struct str name, struct str *source_r, struct err *err)
{
	struct translator *translator = closure;
	const struct liquid_partials *partials = translator->partials;
	int found = partials->get(partials->closure, name, source_r, err);
	struct origin *origin;
	struct buf text;

	if (found != 1 || source_r->n > translator->max || !merge_has(*source_r))
		return found;
	buf_init(&text, translator->max * GROWTH);
	if (merge_translate(&text, &origin, name, *source_r, translator->merge, err) != 0) {
		buf_fini(&text);
		return -1;
	}
	origin_free(&origin);
	*source_r = text.len == 0 ? STR("") : buf_str(&text);
	if (text.data != NULL)
		g_ptr_array_add(translator->texts, text.data);
	return 1;
}

static bool
list_partials(void *closure, size_t i, struct str *name_r)
{
	const struct translator *translator = closure;

	return translator->partials->list(translator->partials->closure, i, name_r);
}

static int
compile_source(struct liquid_program **program_r, struct str name, struct str source,
    struct liquid_options *options, const struct merge_options *merge, struct err *err)
{
	struct origin *origin;
	struct buf text;
	int rc;

	buf_init(&text, options->limits.source * GROWTH);
	rc = merge_translate(&text, &origin, name, source, merge, err);
	if (rc == 0) {
		options->origin = origin;
		options->limits.source = text.max;
		rc = liquid_compile(
		    program_r, name, text.len == 0 ? STR("") : buf_str(&text), options, err);
		origin_free(&origin);
	}
	buf_fini(&text);
	return rc;
}

int
tailor_compile_template(struct liquid_program **program_r, struct str name, struct str source,
    const struct liquid_options *options, const struct merge_options *merge, struct err *err)
{
	struct liquid_options translated = *options;
	struct merge_options how;
	struct translator translator = {
	    .merge = &how, .partials = options->partials, .max = options->limits.source};
	struct liquid_partials partials = {.get = get_partial, .closure = &translator};
	int rc;

	if (merge == NULL || source.n > options->limits.source)
		return liquid_compile(program_r, name, source, options, err);
	how = *merge;
	how.html = options->mode == LIQUID_HTML;
	if (options->partials != NULL) {
		translator.texts = g_ptr_array_new_with_free_func(free);
		partials.list = options->partials->list == NULL ? NULL : list_partials;
		translated.partials = &partials;
	}
	if (merge_has(source))
		rc = compile_source(program_r, name, source, &translated, &how, err);
	else
		rc = liquid_compile(program_r, name, source, &translated, err);
	if (translator.texts != NULL)
		g_ptr_array_free(translator.texts, TRUE);
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
