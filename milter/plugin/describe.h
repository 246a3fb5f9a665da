/* SPDX-License-Identifier: BSD-2-Clause
 *
 * describe: what a plugin says of itself, in one shape for all kinds of hooks
 *
 * Reads the definition alone: nothing is started.
 *
 * Owns:    nothing; all texts are the plugin's.
 * Threads: any.
 */
#ifndef PLUGIN_DESCRIBE_H
#define PLUGIN_DESCRIBE_H

#include "conf/row.h"
#include "plugin/module.h"

struct plugin_hook {
	int kind; /* enum board_kind */
	const char *name;
	const char *document; /* may be empty */
	bool takes;	      /* filters and tags: arguments */
	bool named;
	bool body; /* of a tag */
	uint32_t least, most;
	uint64_t every_ms; /* of a task; else 0 */
};

/* Hook `i`, in the order in which a copy meets them; false behind the last. */
bool plugin_hook_at(const struct mt_definition *definition, size_t i, struct plugin_hook *hook_r);

/* A parameter of the plugin's table as one of the configuration's, for who parses or documents it.
 * ERR_CONFIG: a bug of the plugin. */
int plugin_parameter_row(
    const struct mt_parameter *parameter, struct conf_row *row_r, struct err *err);
/* "text", "int", "list", ... */
const char *plugin_type_name(uint32_t type);

#endif
