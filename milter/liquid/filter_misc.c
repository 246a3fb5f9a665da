/* SPDX-License-Identifier: BSD-2-Clause
 *
 * filter_misc: default
 *
 * Threads: see filter.h.
 */
#include "liquid/compare.h"
#include "liquid/render.h"

static int
run_default(struct filter_call *call)
{
	const struct liquid_value *input = &call->input;
	bool allow_false = false;
	bool lacks;

	for (size_t i = 0; i < call->nameds; i++) {
		if (str_is(call->named[i].name, "allow_false"))
			allow_false = value_truthy(call->named[i].value);
	}
	lacks = input->type == LIQUID_NIL || input->type == LIQUID_EMPTY ||
	    input->type == LIQUID_BLANK || compare_is_empty(input) ||
	    (input->type == LIQUID_BOOL && !input->boolean && !allow_false);
	call->result = *input;
	if (lacks && call->args > 0)
		call->result = call->arg[0];
	else if (lacks)
		call->result = liquid_string(STR(""));
	return 0;
}

const struct filter filter_misc_table[] = {
    {"default", run_default, 0, 1, FILTER_OWN, true, true},
    {.name = NULL},
};
