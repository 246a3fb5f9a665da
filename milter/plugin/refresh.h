/* SPDX-License-Identifier: BSD-2-Clause
 *
 * refresh: a thread that fetches what plugins want before it is stale
 */
#ifndef PLUGIN_REFRESH_H
#define PLUGIN_REFRESH_H

#include "plugin/plugin.h"

struct refresh;

/* Begins. `set` and store must outlive it. NULL: there is nothing to do (`set` is NULL). */
struct refresh *refresh_new(const struct plugin_set *set, struct store *store);
/* Ends what is under way. NULL is allowed. */
void refresh_free(struct refresh **refresh);

#endif
