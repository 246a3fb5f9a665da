/* SPDX-License-Identifier: BSD-2-Clause
 *
 * texts: see texts.h
 */
#include "liquid/texts.h"

#include "base/arena.h"
#include "base/language.h"
#include "liquid/json.h"
#include "liquid/plural.h"

#include <glib.h>

#define MEMORY	 ((size_t)64 << 20)
#define DEPTH	 8
#define KEY_MAX	 200
#define TEMPLATE ".json"

struct text {
	struct str key;
	struct str text;
};

struct liquid_language {
	const struct liquid_texts *texts;
	struct str tag;
	const struct liquid_language *parent; /* pt of pt-BR, if there is one */
	GHashTable *text;		      /* struct text, as a set */
};

struct liquid_texts {
	struct arena *arena;
	GPtrArray *languages; /* sorted, once all are there */
	const struct liquid_language *normal;
	const struct liquid_language *base;
};

/* One file that is being read. */
struct reading {
	struct liquid_language *language;
	struct arena *arena;
	struct str name;
	struct err *err;
};

/* --- the set --- */

static guint
hash_text(gconstpointer p)
{
	const struct text *text = p;
	guint hash = 5381;

	for (size_t i = 0; i < text->key.n; i++)
		hash = hash * 33 + (unsigned char)text->key.p[i];
	return hash;
}

static gboolean
same_text(gconstpointer a, gconstpointer b)
{
	return str_eq(((const struct text *)a)->key, ((const struct text *)b)->key);
}

static gint
by_tag(gconstpointer a, gconstpointer b)
{
	const struct liquid_language *const *one = a, *const *other = b;

	return g_ascii_strcasecmp((*one)->tag.p, (*other)->tag.p);
}

static struct liquid_language *
find_exactly(const struct liquid_texts *texts, struct str tag)
{
	for (guint i = 0; i < texts->languages->len; i++) {
		struct liquid_language *language = g_ptr_array_index(texts->languages, i);

		if (str_eq_nocase(language->tag, tag))
			return language;
	}
	return NULL;
}

const struct liquid_language *
liquid_texts_language(const struct liquid_texts *texts, struct str tag)
{
	const struct liquid_language *language = NULL;

	for (; tag.n > 0 && language == NULL; tag = language_shorten(tag))
		language = find_exactly(texts, tag);
	return language;
}

const struct liquid_language *
liquid_texts_default(const struct liquid_texts *texts)
{
	return texts->normal;
}

const struct liquid_language *
liquid_texts_at(const struct liquid_texts *texts, size_t i)
{
	return i < texts->languages->len ? g_ptr_array_index(texts->languages, i) : NULL;
}

struct str
liquid_language_tag(const struct liquid_language *language)
{
	return language->tag;
}

struct str
liquid_language_text(
    const struct liquid_language *language, struct str key, const struct liquid_language **from_r)
{
	const struct liquid_language *chain[] = {
	    language, language->texts->normal, language->texts->base};
	const struct text wanted = {.key = key};

	for (size_t i = 0; i < sizeof chain / sizeof chain[0]; i++) {
		for (const struct liquid_language *l = chain[i]; l != NULL; l = l->parent) {
			const struct text *found = g_hash_table_lookup(l->text, &wanted);

			if (found == NULL)
				continue;
			if (from_r != NULL)
				*from_r = l;
			return found->text;
		}
	}
	return STR_NONE;
}

/* --- what a text may be --- */

static bool
is_word(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (!g_ascii_isalnum(s.p[i]) && s.p[i] != '_' && s.p[i] != '-')
			return false;
	}
	return s.n > 0;
}

bool
liquid_texts_is_key(struct str key)
{
	struct str word;

	if (key.n == 0 || key.n > KEY_MAX || key.p[key.n - 1] == '.')
		return false;
	while (key.n > 0) {
		if (!str_split(&key, '.', &word) || !is_word(word))
			return false;
	}
	return true;
}

bool
liquid_texts_cut(struct str *rest, struct str *before_r, struct str *name_r)
{
	const char *open = rest->n < 4 ? NULL : memmem(rest->p, rest->n, "{{", 2), *close;
	size_t before = open == NULL ? rest->n : (size_t)(open - rest->p);

	*before_r = (struct str){rest->p, before};
	close = open == NULL ? NULL : memmem(open + 2, rest->n - before - 2, "}}", 2);
	if (close == NULL) {
		*before_r = *rest;
		*rest = (struct str){rest->p + rest->n, 0};
		return false;
	}
	*name_r = str_trim((struct str){open + 2, (size_t)(close - open) - 2});
	*rest = (struct str){close + 2, rest->n - (size_t)(close + 2 - rest->p)};
	return true;
}

static int __attribute__((format(printf, 4, 5)))
refuse(const struct reading *reading, const char *key, enum err_code code, const char *format, ...)
{
	char text[ERR_TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	return err_set(reading->err, code, "%.*s: %s%s%s", STR_F(reading->name), key,
	    key[0] == '\0' ? "" : ": ", text);
}

static int
check_text(const struct reading *reading, const char *key, struct str text)
{
	struct str rest = text, before, name;
	bool good = true;

	if (text.n > LIQUID_TEXTS_LONGEST)
		return refuse(
		    reading, key, ERR_LIMIT, "longer than %zu bytes", LIQUID_TEXTS_LONGEST);
	for (size_t i = 0; i < text.n; i++) {
		if (((unsigned char)text.p[i] < ' ' && text.p[i] != '\n') || text.p[i] == 0x7f)
			return refuse(reading, key, ERR_INPUT, "a control character");
	}
	while (good && liquid_texts_cut(&rest, &before, &name))
		good = !str_has(before, STR("}}")) && is_word(name);
	if (!good || str_has(before, STR("{{")) || str_has(before, STR("}}")))
		return refuse(reading, key, ERR_INPUT,
		    "expected {{ name }}, which a named argument of the filter fills");
	return 0;
}

/* --- reading --- */

static int
add_text(const struct reading *reading, const char *key, const json_t *value)
{
	struct str text = {json_string_value(value), json_string_length(value)};
	struct text *entry = arena_zalloc(reading->arena, 1, sizeof *entry);

	if (check_text(reading, key, text) != 0)
		return -1;
	if (entry != NULL) {
		entry->key = arena_str(reading->arena, str_c(key));
		entry->text = arena_str(reading->arena, text);
	}
	if (entry == NULL || entry->key.p == NULL || entry->text.p == NULL)
		return refuse(reading, key, ERR_LIMIT, "too much text");
	g_hash_table_add(reading->language->text, entry);
	if (g_hash_table_size(reading->language->text) > LIQUID_TEXTS_COUNT)
		return refuse(reading, key, ERR_LIMIT, "more than %zu texts", LIQUID_TEXTS_COUNT);
	return 0;
}

static int
add_object(const struct reading *reading, const char *before, json_t *object, int depth)
{
	char key[KEY_MAX + 1];
	const char *name;
	json_t *value;

	if (depth > DEPTH)
		return refuse(
		    reading, before, ERR_LIMIT, "objects are nested more than %d deep", DEPTH);
	json_object_foreach(object, name, value)
	{
		int n =
		    snprintf(key, sizeof key, "%s%s%s", before, before[0] == '\0' ? "" : ".", name);
		int rc;

		if (!is_word(str_c(name)) || n < 0 || (size_t)n >= sizeof key)
			return refuse(reading, before, ERR_INPUT,
			    "expected names of letters, digits, - and _, and keys of up to %d "
			    "characters",
			    KEY_MAX);
		if (json_is_string(value))
			rc = add_text(reading, key, value);
		else if (json_is_object(value))
			rc = add_object(reading, key, value, depth + 1);
		else
			rc = refuse(
			    reading, key, ERR_INPUT, "expected a text, or an object of texts");
		if (rc != 0)
			return rc;
	}
	return 0;
}

static struct liquid_language *
take_language(struct liquid_texts *texts, struct str tag)
{
	struct liquid_language *language = find_exactly(texts, tag);

	if (language != NULL || texts->languages->len == LIQUID_TEXTS_LANGUAGES)
		return language;
	language = g_new0(struct liquid_language, 1);
	language->texts = texts;
	language->tag = arena_str(texts->arena, tag);
	language->text = g_hash_table_new(hash_text, same_text);
	g_ptr_array_add(texts->languages, language);
	return language;
}

int
liquid_texts_add(
    struct liquid_texts *texts, struct str tag, struct str name, struct str json, struct err *err)
{
	struct reading reading = {.arena = texts->arena, .name = name, .err = err};
	json_t *object;
	int rc;

	if (!language_is_tag(tag))
		return refuse(&reading, "", ERR_INPUT,
		    "expected a language tag like de or pt-BR as its name");
	object = liquid_json_load(name, json, JSON_REJECT_DUPLICATES, err);
	if (object == NULL)
		return -1;
	reading.language = take_language(texts, tag);
	if (!json_is_object(object))
		rc = refuse(&reading, "", ERR_INPUT, "expected an object of texts");
	else if (reading.language == NULL)
		rc = refuse(
		    &reading, "", ERR_LIMIT, "more than %zu languages", LIQUID_TEXTS_LANGUAGES);
	else
		rc = add_object(&reading, "", object, 1);
	json_decref(object);
	return rc;
}

int
liquid_texts_add_folder(
    struct liquid_texts *texts, const struct liquid_folder *folder, struct err *err)
{
	const struct liquid_partials *files = liquid_folder_partials(folder, LIQUID_TEXT);
	const size_t head = sizeof LIQUID_TEXTS_FOLDER; /* and a slash */
	struct str name, json;

	for (size_t i = 0; files != NULL && files->list(files->closure, i, &name); i++) {
		struct str tag = {name.p + head, name.n - head - strlen(TEMPLATE)};

		if (!str_starts(name, STR(LIQUID_TEXTS_FOLDER "/")) ||
		    name.n < head + strlen(TEMPLATE) || !str_ends_nocase(name, STR(TEMPLATE)))
			continue;
		if (files->get(files->closure, name, &json, err) < 0 ||
		    liquid_texts_add(texts, tag, name, json, err) != 0)
			return -1;
	}
	return 0;
}

struct liquid_texts *
liquid_texts_new(void)
{
	struct liquid_texts *texts = g_new0(struct liquid_texts, 1);

	texts->arena = arena_new(MEMORY);
	texts->languages = g_ptr_array_new();
	return texts;
}

int
liquid_texts_done(struct liquid_texts *texts, struct str tag, struct err *err)
{
	g_ptr_array_sort(texts->languages, by_tag);
	for (guint i = 0; i < texts->languages->len; i++) {
		struct liquid_language *language = g_ptr_array_index(texts->languages, i);

		language->parent = liquid_texts_language(texts, language_shorten(language->tag));
	}
	texts->base = find_exactly(texts, STR(LIQUID_TEXTS_BASE));
	texts->normal = liquid_texts_language(texts, tag);
	if (texts->normal == NULL)
		return err_set(err, ERR_NOTFOUND,
		    "there are no texts in \"%.*s\": expected " LIQUID_TEXTS_FOLDER "/%.*s.json",
		    STR_F(tag), STR_F(tag));
	return 0;
}

void
liquid_texts_free(struct liquid_texts **texts)
{
	if (*texts == NULL)
		return;
	for (guint i = 0; i < (*texts)->languages->len; i++) {
		struct liquid_language *language = g_ptr_array_index((*texts)->languages, i);

		g_hash_table_destroy(language->text);
		g_free(language);
	}
	g_ptr_array_free((*texts)->languages, TRUE);
	arena_free(&(*texts)->arena);
	g_free(*texts);
	*texts = NULL;
}
