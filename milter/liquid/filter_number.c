/* SPDX-License-Identifier: BSD-2-Clause
 *
 * filter_number: arithmetic
 *
 * Threads: see filter.h.
 */
#include "liquid/number.h"
#include "liquid/render.h"

#include <math.h>

static int
run_plus(struct filter_call *call)
{
	call->result = number_value(number_add(number_of(call->input), number_of(&call->arg[0])));
	return 0;
}

static int
run_minus(struct filter_call *call)
{
	call->result = number_value(number_sub(number_of(call->input), number_of(&call->arg[0])));
	return 0;
}

static int
run_times(struct filter_call *call)
{
	call->result = number_value(number_mul(number_of(call->input), number_of(&call->arg[0])));
	return 0;
}

static int
run_divided_by(struct filter_call *call)
{
	struct number result;

	if (number_div(number_of(call->input), number_of(&call->arg[0]), &result) < 0)
		return render_err(call->render, ERR_TEMPLATE, "divided by 0");
	call->result = number_value(result);
	return 0;
}

static int
run_modulo(struct filter_call *call)
{
	struct number result;

	if (number_mod(number_of(call->input), number_of(&call->arg[0]), &result) < 0)
		return render_err(call->render, ERR_TEMPLATE, "divided by 0");
	call->result = number_value(result);
	return 0;
}

static int
run_abs(struct filter_call *call)
{
	call->result = number_value(number_abs(number_of(call->input)));
	return 0;
}

/* The result is a whole number; there is none for what has no end. */
static int
result_whole(struct filter_call *call, struct number number)
{
	if (number.inexact && !isfinite(number.real))
		return render_err(call->render, ERR_TEMPLATE, "the number is infinite");
	call->result = number_value(number);
	return 0;
}

static int
run_floor(struct filter_call *call)
{
	return result_whole(call, number_floor(number_of(call->input)));
}

static int
run_ceil(struct filter_call *call)
{
	return result_whole(call, number_ceil(number_of(call->input)));
}

static int
run_round(struct filter_call *call)
{
	struct number number = number_of(call->input);
	struct number places = number_from_int(0);
	int64_t n;

	if (call->args > 0)
		places = number_of(&call->arg[0]);
	places = number_floor(places);
	n = places.inexact || places.digits > 100 || places.digits < -100
	    ? (number_real(places) < 0 ? -100 : 100)
	    : (int64_t)places.digits;
	number = number_round(number, n);
	if (n <= 0)
		return result_whole(call, number_floor(number));
	call->result = number_value(number);
	return 0;
}

static int
run_at_least(struct filter_call *call)
{
	struct number a = number_of(call->input);
	struct number b = number_of(&call->arg[0]);

	call->result = number_value(number_cmp(b, a) > 0 ? b : a);
	return 0;
}

static int
run_at_most(struct filter_call *call)
{
	struct number a = number_of(call->input);
	struct number b = number_of(&call->arg[0]);

	call->result = number_value(number_cmp(b, a) < 0 ? b : a);
	return 0;
}

const struct filter filter_number_table[] = {
    {"abs", run_abs, 0, 0, FILTER_PLAIN, false, false},
    {"at_least", run_at_least, 1, 1, FILTER_PLAIN, false, false},
    {"at_most", run_at_most, 1, 1, FILTER_PLAIN, false, false},
    {"ceil", run_ceil, 0, 0, FILTER_PLAIN, false, false},
    {"divided_by", run_divided_by, 1, 1, FILTER_PLAIN, false, false},
    {"floor", run_floor, 0, 0, FILTER_PLAIN, false, false},
    {"minus", run_minus, 1, 1, FILTER_PLAIN, false, false},
    {"modulo", run_modulo, 1, 1, FILTER_PLAIN, false, false},
    {"plus", run_plus, 1, 1, FILTER_PLAIN, false, false},
    {"round", run_round, 0, 1, FILTER_PLAIN, false, false},
    {"times", run_times, 1, 1, FILTER_PLAIN, false, false},
    {.name = NULL},
};
