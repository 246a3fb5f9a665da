/* SPDX-License-Identifier: BSD-2-Clause
 *
 * list: what the array filters share
 *
 * Owns:    lists lie in the render's arena.
 * Threads: one at a time per render.
 * Fails:   ERR_TEMPLATE, ERR_LIMIT.
 */
#ifndef LIQUID_LIST_H
#define LIQUID_LIST_H

#include "liquid/render.h"

struct list {
	const struct liquid_value *at;
	size_t count;
};

/* A value, or the input of a filter, as a flat list. */
int list_from(struct render *render, const struct liquid_value *value, struct list *list_r);
int list_of(struct filter_call *call, struct list *list_r);
/* The result is this list. */
int list_result(struct filter_call *call, const struct liquid_value *at, size_t count);
/* A member of an element by the name that was given to the filter. */
int list_property(struct render *render, const struct liquid_value *item,
    const struct liquid_value *name, struct liquid_value *value_r);
/* Whether Ruby's item[name] means anything. */
bool list_has_properties(const struct liquid_value *item);

#endif
