/* SPDX-License-Identifier: BSD-2-Clause
 *
 * param: the parameters of a plugin's section, checked against the plugin's own table
 *
 * The same checks as for the daemon's parameters (conf/value.h).
 *
 * Owns:    a struct plugin_params, in an arena of its own.
 * Threads: made by one; constant then.
 */
#ifndef PLUGIN_PARAM_H
#define PLUGIN_PARAM_H

#include "conf/conf.h"
#include "conf/value.h"
#include "plugins/plugin.h"

struct plugin_param {
	const char *name;
	uint32_t type;
	struct conf_value value; /* all but lists */
	struct conf_list list;
};

struct plugin_params {
	struct arena *arena;
	struct plugin_param *at;
	size_t count;
};

/* Each problem is given to `each` (may be NULL), the first one is in `err`: ERR_CONFIG, with
 * file:line where it is the configuration's and the plugin's name where it is the plugin's. */
int plugin_params_new(struct plugin_params *params_r, const struct conf_plugin *section,
    const struct mt_definition *definition, void (*each)(const char *text, void *closure),
    void *closure, struct err *err);
void plugin_params_fini(struct plugin_params *params);
/* NULL: there is none of that name. */
const struct plugin_param *plugin_param_find(const struct plugin_params *params, const char *name);

#endif
