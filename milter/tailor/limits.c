/* SPDX-License-Identifier: BSD-2-Clause
 *
 * limits: see limits.h
 *
 * Threads: any; touches only its arguments.
 */
#include "tailor/limits.h"

struct liquid_limits
tailor_limits(const struct conf *conf, enum liquid_mode mode)
{
	int64_t output = mode == LIQUID_HEADER ? conf->render_header : conf->render_output;

	return (struct liquid_limits){.source = (size_t)conf->render_source,
	    .steps = conf->render_steps,
	    .output = (size_t)output,
	    .depth = (int)conf->render_depth,
	    .turns = conf->render_loops,
	    .partials = (int)conf->render_partials};
}
