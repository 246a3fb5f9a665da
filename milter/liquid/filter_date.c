/* SPDX-License-Identifier: BSD-2-Clause
 *
 * filter_date: {{ value | date: "%d.%m.%Y" }}
 *
 * Threads: see filter.h.
 */
#include "liquid/date.h"
#include "liquid/number.h"
#include "liquid/render.h"

/* Years beyond this are not dates but mistakes. */
#define SECONDS_MAX INT64_C(100000000000000)

static bool
all_digits(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	}
	return s.n > 0;
}

bool
filter_date(struct filter_call *call, struct date *date_r)
{
	const struct liquid_render_options *options = call->render->options;
	int64_t seconds = options->now_ms / 1000 - (options->now_ms % 1000 < 0);
	int32_t nanos = (int32_t)(options->now_ms - seconds * 1000) * 1000000;
	struct date now = date_at(seconds, nanos, options->time_zone);
	struct str text;

	if (call->input->type == LIQUID_STRING) {
		text = call->input->string;
		if (text.n <= 5 && (str_is_nocase(text, "now") || str_is_nocase(text, "today"))) {
			*date_r = now;
			return true;
		}
		if (!all_digits(text))
			return date_read(text, &now, options->time_zone, date_r);
		seconds = number_to_i(text);
	} else if (call->input->type == LIQUID_INT) {
		seconds = call->input->integer;
	} else {
		return false;
	}
	if (seconds > SECONDS_MAX || seconds < -SECONDS_MAX)
		return false;
	*date_r = date_at(seconds, 0, options->time_zone);
	return true;
}

static int
run_date(struct filter_call *call)
{
	struct build build;
	struct str format;
	struct date date;

	call->result = *call->input;
	if (filter_text(call, 0, &format) < 0)
		return -1;
	if (format.n == 0 || !filter_date(call, &date))
		return 0;
	if (build_init(&build, call->render, 32) < 0 || date_print(&build, &date, format) < 0)
		return -1;
	return filter_result(call, build_str(&build));
}

const struct filter filter_date_table[] = {
    {"date", run_date, 1, 1, FILTER_PLAIN, false, false},
    {.name = NULL},
};
