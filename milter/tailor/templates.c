/* SPDX-License-Identifier: BSD-2-Clause
 *
 * templates: see templates.h
 *
 * Owns:    a reference of the configuration, the folders.
 * Threads: any; nothing changes after tailor_templates_load but the count.
 */
#include "tailor/templates.h"

#include "base/embed.h"
#include "tailor/locales.h"

#include <glib.h>
#include <stdatomic.h>

/* As struct tailor_shelf; NULL where a campaign has no folder of its own. */
struct shelf {
	struct liquid_folder *folder;
	struct liquid_texts *texts;
};

struct tailor_templates {
	atomic_uint references;
	const struct conf *conf;
	struct shelf general;
	struct shelf *own; /* one for each campaign, by its index */
};

static int
add_folder(struct liquid_texts *texts, const struct liquid_folder *folder, const char *place,
    struct err *err)
{
	if (liquid_texts_add_folder(texts, folder, err) != 0)
		return err_prefix(err, "%s: templates", place);
	return 0;
}

/* `own` may be NULL. */
static int
make_texts(struct liquid_texts **texts_r, const struct conf *conf,
    const struct liquid_folder *general, const struct liquid_folder *own, const char *place,
    struct err *err)
{
	struct liquid_texts *texts = liquid_texts_new();
	int rc = 0;

	*texts_r = texts;
	for (size_t i = 0; i < sizeof locales / sizeof locales[0] && rc == 0; i++)
		rc = liquid_texts_add(texts, str_c(locales[i].name), str_c(locales[i].name),
		    str_c(locales[i].text), err);
	if (rc == 0)
		rc = add_folder(texts, general, conf_place(conf, "templates"), err);
	if (rc == 0)
		rc = add_folder(texts, own, place, err);
	if (rc == 0 && liquid_texts_done(texts, str_c(conf->language), err) != 0)
		rc = err_prefix(err, "%s: language", conf_place(conf, "language"));
	return rc;
}

int
tailor_texts_new(struct liquid_texts **texts_r, const struct conf *conf,
    const struct liquid_folder *folder, struct err *err)
{
	return make_texts(texts_r, conf, folder, NULL, "", err);
}

/* Whatever somebody may choose, or a form is in, there have to be texts of. */
static int
check_tag(const struct liquid_texts *texts, const char *tag, const char *place, const char *what,
    struct err *err)
{
	if (tag[0] == '\0' || liquid_texts_language(texts, str_c(tag)) != NULL)
		return 0;
	return err_set(err, ERR_CONFIG,
	    "%s: %s: there are no texts in \"%s\": expected " LIQUID_TEXTS_FOLDER
	    "/%s.json in the templates folder",
	    place, what, tag, tag);
}

static int
check_tags(const struct liquid_texts *texts, const struct conf *conf, struct err *err)
{
	for (size_t i = 0; i < conf->languages.count; i++) {
		if (check_tag(texts, conf->languages.at[i], conf_place(conf, "languages"),
			"languages", err) != 0)
			return -1;
	}
	for (size_t i = 0; i < conf->form_count; i++) {
		if (check_tag(
			texts, conf->forms[i].language, conf->forms[i].place, "language", err) != 0)
			return -1;
	}
	return 0;
}

static int
read_folder(struct liquid_folder **folder_r, const char *path, const char *place, struct err *err)
{
	if (path[0] == '\0')
		return 0;
	if (liquid_folder_read(folder_r, path, err) != 0)
		return err_prefix(err, "%s: templates", place);
	return 0;
}

static int
load_own(struct tailor_templates *templates, size_t i, struct err *err)
{
	const struct conf_campaign *campaign = &templates->conf->campaigns[i];
	struct shelf *own = &templates->own[i];

	if (campaign->templates[0] == '\0')
		return 0;
	if (read_folder(&own->folder, campaign->templates, campaign->place, err) != 0)
		return -1;
	return make_texts(&own->texts, templates->conf, templates->general.folder, own->folder,
	    campaign->place, err);
}

int
tailor_templates_load(
    struct tailor_templates **templates_r, const struct conf *conf, struct err *err)
{
	struct tailor_templates *templates = g_new0(struct tailor_templates, 1);
	struct shelf *general = &templates->general;
	int rc;

	atomic_init(&templates->references, 1);
	templates->conf = conf_ref(conf);
	templates->own = g_new0(struct shelf, conf->campaign_count);
	rc = read_folder(&general->folder, conf->templates, conf_place(conf, "templates"), err);
	if (rc == 0)
		rc = make_texts(&general->texts, conf, general->folder, NULL, "", err);
	if (rc == 0)
		rc = check_tags(general->texts, conf, err);
	for (size_t i = 0; i < conf->campaign_count && rc == 0; i++)
		rc = load_own(templates, i, err);
	if (rc != 0)
		tailor_templates_unref(&templates);
	*templates_r = templates;
	return rc;
}

struct tailor_templates *
tailor_templates_ref(struct tailor_templates *templates)
{
	atomic_fetch_add_explicit(&templates->references, 1, memory_order_relaxed);
	return templates;
}

static void
free_shelf(struct shelf *shelf)
{
	liquid_texts_free(&shelf->texts);
	liquid_folder_free(&shelf->folder);
}

void
tailor_templates_unref(struct tailor_templates **templates)
{
	struct tailor_templates *t = *templates;

	*templates = NULL;
	if (t == NULL || atomic_fetch_sub_explicit(&t->references, 1, memory_order_acq_rel) > 1)
		return;
	free_shelf(&t->general);
	for (size_t i = 0; i < t->conf->campaign_count; i++)
		free_shelf(&t->own[i]);
	g_free(t->own);
	conf_unref(&t->conf);
	g_free(t);
}

struct tailor_shelf
tailor_templates_of(const struct tailor_templates *templates, const struct conf_campaign *campaign)
{
	const struct shelf *own =
	    campaign == NULL ? NULL : &templates->own[campaign - templates->conf->campaigns];
	const struct shelf *shelf = own != NULL && own->folder != NULL ? own : &templates->general;

	return (struct tailor_shelf){shelf->folder, shelf->texts};
}

/* A tag at globals.NAME.language that there are texts of, or NULL. */
static const struct liquid_language *
named_in(const struct liquid_texts *texts, const struct liquid_value *globals, struct str name)
{
	const struct str path[] = {name, STR("language")};
	const struct liquid_value *value = globals;

	for (size_t i = 0; i < 2 && value != NULL; i++)
		value =
		    value->type == LIQUID_OBJECT ? liquid_object_get(value->object, path[i]) : NULL;
	return value != NULL && value->type == LIQUID_STRING
	    ? liquid_texts_language(texts, value->string)
	    : NULL;
}

const struct liquid_language *
tailor_language(const struct liquid_texts *texts, const struct liquid_value *globals)
{
	const struct liquid_language *language = named_in(texts, globals, STR("contact"));

	if (language == NULL)
		language = named_in(texts, globals, STR("data"));
	return language != NULL ? language : liquid_texts_default(texts);
}
