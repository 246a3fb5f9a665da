/* SPDX-License-Identifier: BSD-2-Clause
 *
 * module: the file of one plugin, loaded, with what it says of itself
 *
 * The definition is a copy in our own version of the structs: what an older plugin does not
 * know is zero, what a newer one has more is left out.
 *
 * Owns:    the handle; the copies of the tables.
 * Threads: opened and closed by one thread; constant in between.
 */
#ifndef PLUGIN_MODULE_H
#define PLUGIN_MODULE_H

#include "base/err.h"
#include "plugins/plugin.h"

struct plugin_module {
	void *handle;
	struct mt_definition definition;
	const char *lacking; /* why `extend` failed: its hooks are not all known; or NULL */
};

/* `name`: what the plugin has to call itself; NULL: anything. ERR_PERM: somebody else could change the file;
 * ERR_CONFIG: it is no plugin, or none for this version; ERR_NOTFOUND, ERR_IO. The text begins
 * with the path. */
int plugin_module_open(
    struct plugin_module **module_r, const char *path, const char *name, struct err *err);
/* Takes the tables of hooks from what `extend` said. ERR_CONFIG: the old ones stay. */
int plugin_module_extend(
    struct plugin_module *module, const struct mt_definition *said, struct err *err);
void plugin_module_close(struct plugin_module **module);

/* path.c: may only root, or who started the program, change this file? */
int plugin_path_check(const char *path, struct err *err);

#endif
