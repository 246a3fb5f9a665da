/* SPDX-License-Identifier: BSD-2-Clause
 *
 * merge_tags: templates that may hold merge tags beside Liquid
 */
#ifndef TAILOR_MERGE_TAGS_H
#define TAILOR_MERGE_TAGS_H

#include "liquid/liquid.h"
#include "merge/merge.h"

/* As liquid_compile; `merge`: what tags are to be translated with (its `html` goes by the
 * options' mode), NULL: merge tags are text like any other. */
int tailor_compile_template(struct liquid_program **program_r, struct str name, struct str source,
    const struct liquid_options *options, const struct merge_options *merge, struct err *err);
/* Has an object something at this path, such as list.company? */
bool tailor_has_value(const struct liquid_value *object, struct str path);

#endif
