/* SPDX-License-Identifier: BSD-2-Clause
 *
 * templates: the templates folders that the configuration names
 *
 * Read once and kept for as long as the configuration counts: a file that is being edited
 * changes no mail until the next reload, and all processes have the same ones.
 */
#ifndef TAILOR_TEMPLATES_H
#define TAILOR_TEMPLATES_H

#include "conf/conf.h"
#include "liquid/folder.h"

struct tailor_templates;

/* "file:line: templates: what was wrong", with the code of liquid_folder_read. */
int tailor_templates_load(
    struct tailor_templates **templates_r, const struct conf *conf, struct err *err);
struct tailor_templates *tailor_templates_ref(struct tailor_templates *templates);
void tailor_templates_unref(struct tailor_templates **templates);
/* The campaign's own folder or the general one; NULL if there is none. `campaign` is one of
 * the configuration's, or NULL for the general one. */
const struct liquid_folder *tailor_templates_of(
    const struct tailor_templates *templates, const struct conf_campaign *campaign);

#endif
