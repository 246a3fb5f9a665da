/* SPDX-License-Identifier: BSD-2-Clause
 *
 * filter_texts: `t`, a text in the language of the render (texts.h)
 *
 * A text that is asked for by a literal key is checked when the template is compiled: that it is
 * there, and that each {{ name }} in it, in whatever language, is an argument. A key that is
 * computed is an error of the render, and a name that is no argument then is empty.
 *
 * Threads: see filter.h.
 */
#include "liquid/compile.h"
#include "liquid/plural.h"
#include "liquid/render.h"
#include "liquid/texts.h"

#define COUNT "count"

/* --- rendering --- */

static const struct filter_arg *
find_argument(const struct filter_call *call, struct str name)
{
	for (size_t i = 0; i < call->nameds; i++) {
		if (str_eq(call->named[i].name, name))
			return &call->named[i];
	}
	return NULL;
}

/* key.one, key.few, ..., by the rules of the language that has forms of it. */
static struct str
find_form(const struct liquid_language *language, struct str key, const struct liquid_value *count,
    struct arena *arena)
{
	const struct liquid_language *from;
	struct str other = arena_printf(arena, "%.*s.%s", STR_F(key), plural_names[PLURAL_OTHER]);
	struct str text, form;

	if (other.p == NULL)
		return STR_NONE;
	text = liquid_language_text(language, other, &from);
	if (text.p == NULL)
		return STR_NONE;
	form = arena_printf(arena, "%.*s.%s", STR_F(key),
	    plural_names[plural_of(number_of(count), liquid_language_tag(from))]);
	form = form.p == NULL ? STR_NONE : liquid_language_text(from, form, NULL);
	return form.p == NULL ? text : form;
}

static int
fill(struct filter_call *call, struct str text)
{
	struct str before, name, value;
	struct build build;

	if (build_init(&build, call->render, text.n + 64) < 0)
		return -1;
	while (liquid_texts_cut(&text, &before, &name)) {
		const struct filter_arg *argument = find_argument(call, name);

		if (build_add(&build, before) < 0)
			return -1;
		if (argument != NULL &&
		    (render_text(call->render, &argument->value, &value) < 0 ||
			build_add(&build, value) < 0))
			return -1;
	}
	if (build_add(&build, before) < 0)
		return -1;
	return filter_result(call, build_str(&build));
}

int
filter_run_t(struct filter_call *call)
{
	const struct liquid_language *language = call->render->options->language;
	const struct filter_arg *count = find_argument(call, STR(COUNT));
	struct str key, text;

	if (language == NULL)
		return filter_err(call, ERR_TEMPLATE, "there are no texts for 't' here");
	if (render_text(call->render, call->input, &key) < 0)
		return -1;
	text = liquid_language_text(language, key, NULL);
	if (text.p == NULL && count != NULL && liquid_texts_is_key(key))
		text = find_form(language, key, &count->value, call->render->arena);
	if (text.p == NULL)
		return filter_err(call, ERR_TEMPLATE, "there is no text '%.*s'",
		    (int)(key.n < 100 ? key.n : 100), key.p);
	if (render_charge(call->render, text.n) < 0)
		return -1;
	return fill(call, text);
}

const struct filter filter_texts_table[] = {
    {"t", filter_run_t, 0, 0, FILTER_PLAIN, true, false},
    {.name = NULL},
};

/* --- compiling --- */

static bool
has_argument(const struct compiler *compiler, const struct filter_use *use, struct str name)
{
	for (uint32_t i = 0; i < use->nameds; i++) {
		if (str_eq(g_array_index(compiler->named, struct named_arg, use->named + i).name,
			name))
			return true;
	}
	return false;
}

static int
check_names(struct compiler *compiler, const struct filter_use *use, struct str key,
    const struct liquid_language *language, struct str text)
{
	struct str before, name;

	while (liquid_texts_cut(&text, &before, &name)) {
		if (!has_argument(compiler, use, name))
			return compile_err(compiler, use->at,
			    "text '%.*s' (%.*s) has {{ %.*s }}, and 't' is given no such argument",
			    STR_F(key), STR_F(liquid_language_tag(language)), STR_F(name));
	}
	return 0;
}

/* In all languages; 1 if the default one or its fallback has it. */
static int
check_key(struct compiler *compiler, const struct filter_use *use, struct str key)
{
	const struct liquid_language *language;

	for (size_t i = 0; (language = liquid_texts_at(compiler->texts, i)) != NULL; i++) {
		struct str text = liquid_language_text(language, key, NULL);

		if (text.p != NULL && check_names(compiler, use, key, language, text) != 0)
			return -1;
	}
	return liquid_language_text(liquid_texts_default(compiler->texts), key, NULL).p != NULL;
}

static int
check_forms(struct compiler *compiler, const struct filter_use *use, struct str key)
{
	bool found = false;

	if (!has_argument(compiler, use, STR(COUNT)))
		return 0;
	for (size_t i = 0; i < PLURAL_COUNT; i++) {
		char *form = g_strdup_printf("%.*s.%s", STR_F(key), plural_names[i]);
		int has = check_key(compiler, use, str_c(form));

		g_free(form);
		if (has < 0)
			return -1;
		/* The one that all fall back to. */
		found |= i == PLURAL_OTHER && has == 1;
	}
	return found;
}

int
filter_texts_check(struct compiler *compiler, const struct filter_use *use, struct str key)
{
	struct str tag;
	int has;

	if (compiler->texts == NULL)
		return 0;
	has = check_key(compiler, use, key);
	if (has == 0)
		has = check_forms(compiler, use, key);
	if (has != 0)
		return has < 0 ? -1 : 0;
	tag = liquid_language_tag(liquid_texts_default(compiler->texts));
	return compile_err(
	    compiler, use->at, "there is no text '%.*s' (%.*s)", STR_F(key), STR_F(tag));
}
