/* SPDX-License-Identifier: BSD-2-Clause
 *
 * asks: which variables a program may ask for
 *
 * Threads: any; touches only its arguments.
 */
#include "liquid/program.h"

/* Does this step lead to `key`, or to where nobody knows yet? */
static bool
may_lead(const struct step *step, struct str key)
{
	return step->kind == STEP_EXPR || (step->kind == STEP_KEY && str_eq(step->key.name, key));
}

/* The steps of a path that begins behind the outermost name `name`; NULL: it does not. */
static const struct step *
behind_name(const struct liquid_program *program, const struct expr *expr, struct str name,
    uint32_t *left_r)
{
	const struct step *step = program->step + expr->path.step;
	uint32_t slot = expr->path.slot, left = expr->path.steps;

	*left_r = left;
	if (slot != PROGRAM_NONE && str_eq(program->slots.key[slot].name, name))
		return step;
	/* self.links, and ['links'], which only plain Liquid allows */
	if ((slot != PROGRAM_NONE && slot != program->self_slot) || left == 0 ||
	    !may_lead(step, name))
		return NULL;
	*left_r = left - 1;
	return step + 1;
}

bool
liquid_asks_for(const struct liquid_program *program, struct str name, struct str key)
{
	for (size_t i = 0; i < program->exprs; i++) {
		const struct expr *expr = &program->expr[i];
		const struct step *step;
		uint32_t left;

		if (expr->kind != EXPR_PATH)
			continue;
		step = behind_name(program, expr, name, &left);
		if (step != NULL && (left == 0 || may_lead(step, key)))
			return true;
		/* self as a whole may be passed on. */
		if (expr->path.slot == program->self_slot && expr->path.steps == 0)
			return true;
	}
	return false;
}
