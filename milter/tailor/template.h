/* SPDX-License-Identifier: BSD-2-Clause
 *
 * template: what happens to a template before it is compiled
 *
 * Merge tags become Liquid, then links are made ready to be tracked; partials go the
 * same way. Errors name the author's line and column all the same.
 */
#ifndef TAILOR_TEMPLATE_H
#define TAILOR_TEMPLATE_H

#include "liquid/liquid.h"
#include "merge/merge.h"
#include "tailor/track.h"

struct tailor_stages {
	/* What merge tags are translated with (its `html` goes by the options' mode); NULL:
	 * merge tags are text like any other. */
	const struct merge_options *merge;
	struct tailor_track *track; /* NULL: links stay as they are */
};

/* As liquid_compile. */
int tailor_compile_template(struct liquid_program **program_r, struct str name, struct str source,
    const struct liquid_options *options, const struct tailor_stages *stages, struct err *err);
/* Has an object something at this path, such as list.company? */
bool tailor_has_value(const struct liquid_value *object, struct str path);

#endif
