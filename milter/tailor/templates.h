/* SPDX-License-Identifier: BSD-2-Clause
 *
 * templates: the templates folders that the configuration names
 *
 * Read once, with the texts in them (liquid/texts.h), and kept for as long as the configuration counts: a file that is being edited
 * changes no mail until the next reload, and all processes have the same ones.
 */
#ifndef TAILOR_TEMPLATES_H
#define TAILOR_TEMPLATES_H

#include "conf/conf.h"
#include "liquid/folder.h"
#include "liquid/texts.h"
#include "liquid/value.h"

struct tailor_templates;

struct tailor_shelf {
	const struct liquid_folder *folder; /* the campaign's own or the general one; NULL: none */
	/* Those that are built in, and over them those of the general folder and of the
	 * campaign's. */
	const struct liquid_texts *texts;
};

/* "file:line: templates: what was wrong", with the code of liquid_folder_read. */
int tailor_templates_load(
    struct tailor_templates **templates_r, const struct conf *conf, struct err *err);
struct tailor_templates *tailor_templates_ref(struct tailor_templates *templates);
void tailor_templates_unref(struct tailor_templates **templates);
/* What there is for a campaign, as long as the templates. `campaign` is one of the
 * configuration's, or NULL for what is general. */
struct tailor_shelf tailor_templates_of(
    const struct tailor_templates *templates, const struct conf_campaign *campaign);

/* Texts for who has no configured folders: `folder` may be NULL. ERR_INPUT, ERR_NOTFOUND. */
int tailor_texts_new(struct liquid_texts **texts_r, const struct conf *conf,
    const struct liquid_folder *folder, struct err *err);
/* The language of contact.language, else of data.language, else the default one. */
const struct liquid_language *tailor_language(
    const struct liquid_texts *texts, const struct liquid_value *globals);

#endif
