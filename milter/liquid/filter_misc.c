/* SPDX-License-Identifier: BSD-2-Clause
 *
 * filter_misc: default and json
 *
 * Threads: see filter.h.
 */
#include "liquid/compare.h"
#include "liquid/render.h"

#include <stdio.h>

#define DEPTH_MAX 128

static int
run_default(struct filter_call *call)
{
	const struct liquid_value *input = call->input;
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
	if (lacks)
		call->result = call->args > 0 ? call->arg[0] : liquid_string(STR(""));
	return 0;
}

static int put_value(struct build *build, const struct liquid_value *value, int depth);

/* How a character is written that does not stand for itself; "" if it does. Markup is
 * not, since the result may stand in a script. */
static struct str
json_char(unsigned char c, char code[8])
{
	int n = 0;

	if (c == '"' || c == '\\')
		n = snprintf(code, 8, "\\%c", c);
	else if (c == '\n')
		n = snprintf(code, 8, "\\n");
	else if (c == '\r')
		n = snprintf(code, 8, "\\r");
	else if (c == '\t')
		n = snprintf(code, 8, "\\t");
	else if (c < ' ' || c == '<' || c == '>' || c == '&')
		n = snprintf(code, 8, "\\u%04x", c);
	return (struct str){code, (size_t)n};
}

static int
put_string(struct build *build, struct str s)
{
	char code[8];

	if (build_char(build, '"') < 0)
		return -1;
	while (s.n > 0) {
		struct str special = {NULL, 0};
		size_t n = 0;

		while (n < s.n && special.n == 0) {
			special = json_char((unsigned char)s.p[n], code);
			n += special.n == 0;
		}
		if (build_add(build, (struct str){s.p, n}) < 0 || build_add(build, special) < 0)
			return -1;
		n += special.n > 0;
		s.p += n;
		s.n -= n;
	}
	return build_char(build, '"');
}

static int
put_list(struct build *build, const struct liquid_array *array, int depth)
{
	if (build_char(build, '[') < 0)
		return -1;
	for (size_t i = 0; i < array->count; i++) {
		if ((i > 0 && build_char(build, ',') < 0) ||
		    put_value(build, &array->at[i], depth + 1) < 0)
			return -1;
	}
	return build_char(build, ']');
}

static int
put_object(struct build *build, const struct liquid_object *object, int depth)
{
	if (build_char(build, '{') < 0)
		return -1;
	for (size_t i = 0; i < object->count; i++) {
		if ((i > 0 && build_char(build, ',') < 0) ||
		    put_string(build, object->member[i].key) < 0 || build_char(build, ':') < 0 ||
		    put_value(build, &object->member[i].value, depth + 1) < 0)
			return -1;
	}
	return build_char(build, '}');
}

static int
put_value(struct build *build, const struct liquid_value *value, int depth)
{
	struct str text;

	if (depth > DEPTH_MAX)
		return render_err(build->render, ERR_LIMIT, "values are nested too deep");
	switch (value->type) {
	case LIQUID_NIL:
	case LIQUID_LAZY:
		return build_add(build, STR("null"));
	case LIQUID_ARRAY:
		return put_list(build, value->array, depth);
	case LIQUID_OBJECT:
		return put_object(build, value->object, depth);
	case LIQUID_BOOL:
	case LIQUID_INT:
	case LIQUID_FLOAT:
		if (render_text(build->render, value, &text) < 0)
			return -1;
		return build_add(build, text);
	default:
		if (render_text(build->render, value, &text) < 0)
			return -1;
		return put_string(build, text);
	}
}

static int
run_json(struct filter_call *call)
{
	struct build build;

	if (build_init(&build, call->render, 64) < 0 || put_value(&build, call->input, 0) < 0)
		return -1;
	return filter_result(call, build_str(&build));
}

const struct filter filter_misc_table[] = {
    {"default", run_default, 0, 1, FILTER_OWN, true, true},
    {"json", run_json, 0, 0, FILTER_PLAIN, false, false},
    {.name = NULL},
};
