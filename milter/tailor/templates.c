/* SPDX-License-Identifier: BSD-2-Clause
 *
 * templates: see templates.h
 *
 * Owns:    a reference of the configuration, the folders.
 * Threads: any; nothing changes after tailor_templates_load but the count.
 */
#include "tailor/templates.h"

#include <glib.h>
#include <stdatomic.h>

struct tailor_templates {
	atomic_uint references;
	const struct conf *conf;
	struct liquid_folder *general;
	struct liquid_folder **own; /* one for each campaign, by its index; or NULL */
};

static int
read_folder(struct liquid_folder **folder_r, const char *path, const char *place, struct err *err)
{
	if (path[0] == '\0')
		return 0;
	if (liquid_folder_read(folder_r, path, err) != 0)
		return err_prefix(err, "%s: templates", place);
	return 0;
}

int
tailor_templates_load(
    struct tailor_templates **templates_r, const struct conf *conf, struct err *err)
{
	struct tailor_templates *templates = g_new0(struct tailor_templates, 1);
	int rc;

	atomic_init(&templates->references, 1);
	templates->conf = conf_ref(conf);
	templates->own = g_new0(struct liquid_folder *, conf->campaign_count);
	rc = read_folder(&templates->general, conf->templates, conf_place(conf, "templates"), err);
	for (size_t i = 0; i < conf->campaign_count && rc == 0; i++) {
		const struct conf_campaign *campaign = &conf->campaigns[i];

		rc = read_folder(&templates->own[i], campaign->templates, campaign->place, err);
	}
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

void
tailor_templates_unref(struct tailor_templates **templates)
{
	struct tailor_templates *t = *templates;

	*templates = NULL;
	if (t == NULL || atomic_fetch_sub_explicit(&t->references, 1, memory_order_acq_rel) > 1)
		return;
	liquid_folder_free(&t->general);
	for (size_t i = 0; i < t->conf->campaign_count; i++)
		liquid_folder_free(&t->own[i]);
	g_free(t->own);
	conf_unref(&t->conf);
	g_free(t);
}

const struct liquid_folder *
tailor_templates_of(const struct tailor_templates *templates, const struct conf_campaign *campaign)
{
	const struct liquid_folder *own =
	    campaign == NULL ? NULL : templates->own[campaign - templates->conf->campaigns];

	return own != NULL ? own : templates->general;
}
