/* SPDX-License-Identifier: BSD-2-Clause
 *
 * template: see template.h
 *
 * Owns:    what the stages make of sources, until it is compiled.
 * Threads: any; touches only its arguments.
 * Fails:   ERR_TEMPLATE, ERR_LIMIT.
 */
#include "tailor/template.h"

#include <glib.h>

/* A merge tag of a few bytes may become a loop. */
#define GROWTH 64

struct work {
	const struct tailor_stages *stages;
	struct merge_options merge;
	const struct liquid_partials *partials; /* as they are */
	enum liquid_mode mode;
	size_t max;
	GPtrArray *texts;      /* what partials have become */
	struct origin *origin; /* of the last of them */
};

/* A source on its way. */
struct draft {
	struct str text;
	char *made; /* the memory of `text`, if a stage made it */
	struct origin *origin;
};

static void
draft_fini(struct draft *draft)
{
	free(draft->made);
	origin_free(&draft->origin);
}

/* The next stage's result takes the place of the last one's. */
static void
advance(struct draft *draft, struct buf *text, struct origin *origin)
{
	draft_fini(draft);
	*draft = (struct draft){.made = text->data, .origin = origin};
	draft->text = text->len == 0 ? STR("") : buf_str(text);
}

static int
translate(const struct work *work, struct str name, struct draft *draft, struct err *err)
{
	struct origin *origin;
	struct buf text;

	if (work->stages->merge == NULL || !merge_has(draft->text))
		return 0;
	buf_init(&text, work->max * GROWTH);
	if (merge_translate(&text, &origin, name, draft->text, &work->merge, err) != 0) {
		buf_fini(&text);
		return -1;
	}
	advance(draft, &text, origin);
	return 0;
}

static int
track(const struct work *work, bool main, struct draft *draft, struct err *err)
{
	struct origin *origin;
	struct buf text;

	if (work->stages->track == NULL || !tailor_track_takes(work->stages->track, work->mode))
		return 0;
	buf_init(&text, work->max * GROWTH);
	if (tailor_track_source(work->stages->track, work->mode, draft->text, draft->origin, main,
		&text, &origin, err) != 0) {
		buf_fini(&text);
		return -1;
	}
	advance(draft, &text, origin);
	return 0;
}

static int
prepare(const struct work *work, struct str name, bool main, struct draft *draft, struct err *err)
{
	if (translate(work, name, draft, err) == 0 && track(work, main, draft, err) == 0)
		return 0;
	draft_fini(draft);
	return -1;
}

static int
get_partial(void *closure, struct str name, struct str *source_r, struct err *err)
{
	struct work *work = closure;
	struct draft draft = {.made = NULL};
	int found = work->partials->get(work->partials->closure, name, &draft.text, err);

	origin_free(&work->origin);
	*source_r = draft.text;
	if (found != 1 || draft.text.n > work->max)
		return found;
	if (prepare(work, name, false, &draft, err) != 0)
		return -1;
	*source_r = draft.text;
	work->origin = draft.origin;
	if (draft.made != NULL)
		g_ptr_array_add(work->texts, draft.made);
	return 1;
}

static const struct origin *
origin_of_partial(void *closure)
{
	const struct work *work = closure;

	return work->origin;
}

static bool
list_partials(void *closure, size_t i, struct str *name_r)
{
	const struct work *work = closure;

	return work->partials->list(work->partials->closure, i, name_r);
}

static int
compile(struct liquid_program **program_r, struct str name, const struct draft *draft,
    const struct liquid_options *options, struct err *err)
{
	struct liquid_options now = *options;

	if (draft->made != NULL) {
		now.origin = draft->origin;
		now.limits.source *= GROWTH;
	}
	return liquid_compile(program_r, name, draft->text, &now, err);
}

int
tailor_compile_template(struct liquid_program **program_r, struct str name, struct str source,
    const struct liquid_options *options, const struct tailor_stages *stages, struct err *err)
{
	struct work work = {.stages = stages,
	    .partials = options->partials,
	    .mode = options->mode,
	    .max = options->limits.source};
	struct liquid_partials partials = {
	    .get = get_partial, .origin = origin_of_partial, .closure = &work};
	struct liquid_options prepared = *options;
	struct draft draft = {.text = source};
	int rc;

	if (source.n > options->limits.source)
		return liquid_compile(program_r, name, source, options, err);
	if (stages->merge != NULL) {
		work.merge = *stages->merge;
		work.merge.html = work.mode == LIQUID_HTML;
	}
	if (options->partials != NULL) {
		partials.list = options->partials->list == NULL ? NULL : list_partials;
		prepared.partials = &partials;
	}
	if (prepare(&work, name, true, &draft, err) != 0)
		return -1;
	work.texts = g_ptr_array_new_with_free_func(free);
	rc = compile(program_r, name, &draft, &prepared, err);
	g_ptr_array_free(work.texts, TRUE);
	origin_free(&work.origin);
	draft_fini(&draft);
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
