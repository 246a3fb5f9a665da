/* SPDX-License-Identifier: BSD-2-Clause
 *
 * filter: finds a filter by its name, once, when a template is compiled; names them all
 */
#include "liquid/render.h"
#include "liquid/text.h"

#include <stdarg.h>
#include <stdio.h>

static const struct filter *const tables[] = {
    filter_ago_table,
    filter_array_table,
    filter_date_table,
    filter_digest_table,
    filter_html_table,
    filter_misc_table,
    filter_money_table,
    filter_number_table,
    filter_phone_table,
    filter_plural_table,
    filter_sort_table,
    filter_string_table,
    filter_texts_table,
};

const struct filter *
filter_find(const struct liquid_extensions *extensions, struct str name, void **closure_r)
{
	*closure_r = NULL;
	for (size_t i = 0; extensions != NULL && i < extensions->filters; i++) {
		if (str_is(name, extensions->filter[i].row.name)) {
			*closure_r = extensions->filter[i].closure;
			return &extensions->filter[i].row;
		}
	}
	for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
		for (const struct filter *filter = tables[i]; filter->name != NULL; filter++) {
			if (str_is(name, filter->name))
				return filter;
		}
	}
	return NULL;
}

const char *
liquid_filter_name(size_t number)
{
	for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
		for (const struct filter *filter = tables[i]; filter->name != NULL; filter++) {
			if (number-- == 0)
				return filter->name;
		}
	}
	return NULL;
}

int
filter_input(struct filter_call *call, struct str *text_r)
{
	return render_text(call->render, call->input, text_r);
}

int
filter_text(struct filter_call *call, size_t i, struct str *text_r)
{
	return render_text(call->render, &call->arg[i], text_r);
}

int
filter_result(struct filter_call *call, struct str text)
{
	/* Not copied from elsewhere: what was just written in small pieces is slow to read as
	 * a large one. */
	call->result.type = LIQUID_STRING;
	call->result.safe = false;
	call->result.string = text;
	return 0;
}

int
filter_result_decoded(struct filter_call *call, struct str text)
{
	if (!text_is_valid(text))
		return render_err(call->render, ERR_TEMPLATE, "what was decoded is no UTF-8");
	/* Nor is NUL a character of mail (RFC 5322 section 2.2). */
	if (text.n > 0 && memchr(text.p, '\0', text.n) != NULL)
		return render_err(call->render, ERR_TEMPLATE, "what was decoded holds a NUL");
	return filter_result(call, text);
}

int
filter_err(struct filter_call *call, enum err_code code, const char *format, ...)
{
	char text[ERR_TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	return render_err(call->render, code, "%s", text);
}

struct arena *
filter_arena(struct filter_call *call)
{
	return call->render->arena;
}

int
filter_charge(struct filter_call *call, size_t bytes)
{
	return render_charge(call->render, bytes);
}

int64_t
filter_now(const struct filter_call *call, const char **zone_r)
{
	*zone_r = call->render->options->time_zone;
	return call->render->options->now_ms;
}

void *
filter_context(const struct filter_call *call)
{
	return call->render->options->context;
}

bool
filter_assign(struct filter_call *call, struct str name, struct liquid_value value)
{
	const struct names *slots = &call->render->program->slots;
	struct key key = value_key(name);
	uint32_t number = names_find(slots, &key);

	if (number == NAMES_NONE)
		return false;
	render_assign(call->render, number, value);
	return true;
}

int
build_init(struct build *build, struct render *render, size_t hint)
{
	*build = (struct build){.render = render, .size = hint < 32 ? 32 : hint};
	build->p = render_alloc(render, build->size);
	return build->p == NULL ? -1 : 0;
}

int
build_make_room(struct build *build, size_t more)
{
	size_t size = build->size * 2;
	char *p;

	if (size < build->n + more)
		size = build->n + more;
	p = render_alloc(build->render, size);
	if (p == NULL)
		return -1;
	memcpy(p, build->p, build->n);
	build->p = p;
	build->size = size;
	return 0;
}

struct str
build_str(const struct build *build)
{
	return (struct str){build->p, build->n};
}
