/* SPDX-License-Identifier: BSD-2-Clause
 *
 * filter_array: lists
 *
 * Threads: see filter.h.
 */
#include "liquid/render.h"

static int
run_size(struct filter_call *call)
{
	call->result = render_command(call->render, &call->input, COMMAND_SIZE);
	if (call->result.type == LIQUID_NIL)
		call->result = liquid_int(0);
	return 0;
}

static int
run_first(struct filter_call *call)
{
	call->result = render_command(call->render, &call->input, COMMAND_FIRST);
	return 0;
}

static int
run_last(struct filter_call *call)
{
	call->result = render_command(call->render, &call->input, COMMAND_LAST);
	return 0;
}

const struct filter filter_array_table[] = {
    {"first", run_first, 0, 0, FILTER_OWN, false, false},
    {"last", run_last, 0, 0, FILTER_OWN, false, false},
    {"size", run_size, 0, 0, FILTER_PLAIN, false, false},
    {.name = NULL},
};
