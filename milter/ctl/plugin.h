/* SPDX-License-Identifier: BSD-2-Clause
 *
 * plugin: what the actions of mailtailor plugin share
 */
#ifndef CTL_PLUGIN_H
#define CTL_PLUGIN_H

#include "ctl/ctl.h"

/* The rows of `plugin` that have a file of their own. */
int ctl_plugin_describe(struct ctl *ctl, int argc, char **argv);
int ctl_plugin_new(struct ctl *ctl, int argc, char **argv);
int ctl_plugin_test(struct ctl *ctl, int argc, char **argv);

/* The plugin's file: `name` itself if it holds a slash or ends in .so; else what the
 * configuration says (it is loaded then). To be freed. NULL after an error message: EX_CONFIG. */
char *ctl_plugin_file(struct ctl *ctl, const char *name);

#endif
