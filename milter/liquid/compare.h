/* SPDX-License-Identifier: BSD-2-Clause
 *
 * compare: equal, before, empty, contains, in Shopify's sense
 *
 * Threads: any; touches only its arguments.
 */
#ifndef LIQUID_COMPARE_H
#define LIQUID_COMPARE_H

#include "liquid/program.h"

/* What they look at, in bytes, is added to *work. */
bool compare_equal(const struct liquid_value *a, const struct liquid_value *b, size_t *work);
bool compare_is_empty(const struct liquid_value *value);
bool compare_is_blank(const struct liquid_value *value);
bool compare_contains(const struct liquid_value *in, struct str text_of_item,
    const struct liquid_value *item, size_t *work);
/* -1, 0, 1 in *order_r; false if the two have no order. */
bool compare_order(
    const struct liquid_value *a, const struct liquid_value *b, int *order_r, size_t *work);
/* Equal values have equal hashes. */
uint32_t compare_hash(const struct liquid_value *value);
/* Numbers and text. */
bool compare_has_order(const struct liquid_value *value);
/* For messages: "Integer", "String", ... */
const char *compare_type_name(const struct liquid_value *value);

#endif
