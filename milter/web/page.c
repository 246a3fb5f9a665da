/* SPDX-License-Identifier: BSD-2-Clause
 *
 * page: what people see: an administrator's template, or ours
 *
 * A page is a Liquid template. web/NAME.html.liquid of the general templates folder goes
 * before the one that is built in, and so does web/layout, which all of them stand in.
 * Whatever is shown comes in as a value and is escaped. What it says comes from the texts of the
 * language that the request is answered in (language.c), by the filter t.
 *
 * Owns:    the programs, which are compiled when the process begins.
 * Threads: the server's.
 * Fails:   web_pages_new: ERR_TEMPLATE with the template's line.
 */
#include "web/internal.h"

#include "base/clock.h"
#include "base/embed.h"
#include "base/log.h"
#include "liquid/liquid.h"
#include "tailor/limits.h"
#include "web/form.h"
#include "web/pages.h"

#include <stdlib.h>

#define PAGES (sizeof page_sources / sizeof page_sources[0])

struct web_pages {
	struct liquid_program *programs[PAGES];
};

/* Where partials of pages are found: first the folder, then here. */
struct lookup {
	const struct liquid_partials *folder; /* or NULL */
};

static const struct embedded *
built_in(struct str name)
{
	for (size_t i = 0; i < PAGES; i++) {
		if (str_is(name, page_sources[i].name))
			return &page_sources[i];
	}
	return NULL;
}

static int
get(void *closure, struct str name, struct str *source_r, struct err *err)
{
	const struct lookup *lookup = closure;
	const struct embedded *source;
	int found = 0;

	if (lookup->folder != NULL)
		found = lookup->folder->get(lookup->folder->closure, name, source_r, err);
	if (found != 0)
		return found;
	source = built_in(name);
	if (source != NULL)
		*source_r = str_c(source->text);
	return source != NULL;
}

static int
compile(struct liquid_program **program_r, const struct lookup *lookup, struct str name,
    const struct liquid_options *options, struct err *err)
{
	struct str source;

	/* get() can't but find it: it is built in. */
	if (get((void *)(uintptr_t)lookup, name, &source, err) < 0)
		return -1;
	return liquid_compile(program_r, name, source, options, err);
}

int
web_pages_new(struct web_pages **pages_r, const struct conf *conf,
    const struct tailor_templates *templates, struct err *err)
{
	const struct tailor_shelf shelf = tailor_templates_of(templates, NULL);
	struct lookup lookup = {liquid_folder_partials(shelf.folder, LIQUID_HTML)};
	const struct liquid_partials partials = {.get = get, .closure = &lookup};
	const struct liquid_options options = {.mode = LIQUID_HTML,
	    .limits = tailor_limits(conf, LIQUID_HTML),
	    .partials = &partials,
	    .texts = shelf.texts};
	struct web_pages *pages = calloc(1, sizeof *pages);

	if (pages == NULL)
		abort();
	for (size_t i = 0; i < PAGES; i++) {
		if (compile(&pages->programs[i], &lookup, str_c(page_sources[i].name), &options,
			err) != 0) {
			web_pages_free(&pages);
			return -1;
		}
	}
	*pages_r = pages;
	return 0;
}

int
web_pages_check(const struct conf *conf, const struct tailor_templates *templates, struct err *err)
{
	struct web_pages *pages;

	if (conf->web[0] == '\0')
		return 0;
	if (web_pages_new(&pages, conf, templates, err) != 0)
		return err_prefix(err, "web: a page");
	web_pages_free(&pages);
	return form_mail_check(conf, templates, err);
}

void
web_pages_free(struct web_pages **pages)
{
	if (*pages == NULL)
		return;
	for (size_t i = 0; i < PAGES; i++)
		liquid_free(&(*pages)->programs[i]);
	free(*pages);
	*pages = NULL;
}

static const struct liquid_program *
find(const struct web_pages *pages, const char *name)
{
	for (size_t i = 0; i < PAGES; i++) {
		if (strcmp(page_sources[i].name + sizeof "web/" - 1, name) == 0)
			return pages->programs[i];
	}
	abort();
}

static int
render(struct web_request *request, const struct liquid_program *program,
    struct liquid_object *values, struct str *text_r, struct err *err)
{
	struct liquid_object *globals = liquid_object_new(request->arena, 1);
	struct liquid_value value;
	const struct liquid_render_options options = {
	    .now_ms = clock_now(), .language = web_language(request)};

	if (values == NULL)
		values = liquid_object_new(request->arena, 1);
	if (globals == NULL || values == NULL ||
	    liquid_object_set(values, request->arena, STR("language"),
		liquid_string(liquid_language_tag(options.language))) != 0 ||
	    liquid_object_set(globals, request->arena, STR("page"), liquid_object_value(values)) !=
		0)
		return err_set(err, ERR_LIMIT, "page: too large");
	value = liquid_object_value(globals);
	return liquid_render(program, &value, &options, request->arena, text_r, err);
}

void
web_page(
    struct web_request *request, unsigned status, const char *name, struct liquid_object *values)
{
	struct err err = ERR_INIT;
	struct str text;

	if (render(request, find(request->web->pages, name), values, &text, &err) != 0) {
		log_error("web: a page can't be made", LOG_STR("page", name),
		    LOG_STR("reason", err.text));
		status = MHD_HTTP_INTERNAL_SERVER_ERROR;
		text = STR("<!DOCTYPE html><title>Error</title><p>Something went wrong. Please try "
			   "again later.</p>");
	}
	request->reply =
	    (struct web_reply){.status = status, .body = text, .type = "text/html; charset=utf-8"};
	web_reply_field(request, "Content-Language", liquid_language_tag(web_language(request)).p);
}
