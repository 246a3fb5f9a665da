/* SPDX-License-Identifier: BSD-2-Clause
 *
 * form: the forms that people sign up with
 *
 * Threads: one.
 */
#include "web/form.h"

#include "base/clock.h"
#include "ctl/ctl.h"
#include "ctl/form.h"
#include "intake/contact.h"
#include "web/web.h"

#include <errno.h>
#include <stdlib.h>
#include <sysexits.h>

#define MEMORY	 ((size_t)4 << 20)
#define HTML_MAX ((size_t)1 << 20)
#define DAYS	 30
#define DAY_MS	 INT64_C(86400000)

/* --- list --- */

struct counts {
	const struct conf_form *form;
	json_t *results;
};

static bool
add_count(const struct store_signup_count *count, void *closure)
{
	struct counts *counts = closure;

	if (str_is(count->form, counts->form->name))
		json_object_setn_new(
		    counts->results, count->result.p, count->result.n, json_integer(count->count));
	return true;
}

static void
print_one(const struct conf_form *form, struct str url, json_t *results)
{
	const char *result, *comma = "";
	json_t *count;

	printf("%s\t", form->name);
	ctl_put(stdout, url);
	putchar('\t');
	ctl_put(stdout, str_c(form->title));
	putchar('\t');
	json_object_foreach(results, result, count)
	{
		printf("%s%s %" JSON_INTEGER_FORMAT, comma, result, json_integer_value(count));
		comma = ", ";
	}
	putchar('\n');
}

static int
list_one(struct ctl *ctl, const struct conf_form *form, bool json, struct err *err)
{
	struct counts counts = {form, json_object()};
	struct arena *arena = arena_new(MEMORY);
	struct str url = form_url(ctl->conf, form, arena);
	int rc =
	    store_signup_counts(ctl->store, clock_now() - DAYS * DAY_MS, add_count, &counts, err);

	if (rc == 0 && json)
		ctl_put_json(json_pack("{s:s, s:o, s:o, s:b, s:s, s:O}", "name", form->name, "url",
		    ctl_json_str(url), "title", ctl_json_str(str_c(form->title)), "double_opt_in",
		    form->double_opt_in, "campaign", form->campaign, "last_30_days",
		    counts.results));
	else if (rc == 0)
		print_one(form, url, counts.results);
	json_decref(counts.results);
	arena_free(&arena);
	return rc;
}

static int
run_list(struct ctl *ctl, int argc, char **argv)
{
	struct err err = ERR_INIT;
	bool json;
	int status = ctl_json_option(argc, argv, "form", &json);

	if (status != EX_OK)
		return status;
	if (optind != argc)
		return ctl_usage("form");
	status = ctl_store(ctl, STORE_READ);
	for (size_t i = 0; status == EX_OK && i < ctl->conf->form_count; i++) {
		if (list_one(ctl, &ctl->conf->forms[i], json, &err) != 0)
			status = ctl_fail(&err);
	}
	return status;
}

/* --- show --- */

static const struct liquid_language *
language_of(const struct conf_form *form, const struct tailor_templates *templates)
{
	const struct liquid_texts *texts = tailor_templates_of(templates, NULL).texts;
	const struct liquid_language *language =
	    liquid_texts_language(texts, str_c(form->language));

	return language != NULL ? language : liquid_texts_default(texts);
}

static int
show(const struct conf *conf, const struct conf_form *form, struct err *err)
{
	struct arena *arena = arena_new(MEMORY);
	struct str url = form_url(conf, form, arena);
	struct tailor_templates *templates = NULL;
	struct buf html;
	int rc = tailor_templates_load(&templates, conf, err);

	buf_init(&html, HTML_MAX);
	if (rc == 0)
		rc = form_write_html(conf, form, language_of(form, templates), arena, &html, err);
	if (rc == 0) {
		printf("<!-- As a page: %.*s -->\n<!-- As a dialog: <script src=\"%.*s.js\" "
		       "async></script> -->\n",
		    STR_F(url), STR_F(url));
		if (form->origins.count == 0)
			printf("<!-- Set origins in form \"%s\": other sites may not send it yet. "
			       "-->\n",
			    form->name);
		fwrite(html.data, 1, html.len, stdout);
		if (fflush(stdout) != 0)
			rc = err_set(err, ERR_IO, "standard output: %s", strerror(errno));
	}
	buf_fini(&html);
	tailor_templates_unref(&templates);
	arena_free(&arena);
	return rc;
}

static int
run_show(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {{NULL, 0, NULL, 0}};
	const struct conf_form *form;
	const struct conf *conf;
	struct err err = ERR_INIT;

	if (ctl_option(argc, argv, options) != -1 || optind + 1 != argc)
		return ctl_usage("form");
	conf = ctl_configuration(ctl);
	if (conf == NULL)
		return EX_CONFIG;
	form = conf_form_find(conf, str_c(argv[optind]));
	if (form == NULL)
		err_set(
		    &err, ERR_NOTFOUND, "%s: there is no form \"%s\"", conf->path, argv[optind]);
	return form != NULL && show(conf, form, &err) == 0 ? EX_OK : ctl_fail(&err);
}

/* --- check --- */

static bool
warn(const struct conf *conf, const struct conf_form *form)
{
	const char *domain = strrchr(form->from, '@') + 1;
	bool good = true;

	if (conf_dkim_signer(conf, str_c(domain)) == NULL) {
		ctl_error("%s: from: expected a dkim section for %s: without one no confirmation "
			  "message leaves",
		    form->place, domain);
		good = false;
	}
	if (form->origins.count == 0)
		printf("%s: form \"%s\": only our own page may send it (origins is empty)\n",
		    form->place, form->name);
	return good;
}

static int
run_check(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {{NULL, 0, NULL, 0}};
	struct tailor_templates *templates = NULL;
	const struct conf *conf;
	struct err err = ERR_INIT;
	bool good = true;
	int rc;

	if (ctl_option(argc, argv, options) != -1 || optind != argc)
		return ctl_usage("form");
	conf = ctl_configuration(ctl);
	if (conf == NULL)
		return EX_CONFIG;
	rc = tailor_templates_load(&templates, conf, &err);
	if (rc == 0)
		rc = web_pages_check(conf, templates, &err);
	tailor_templates_unref(&templates);
	if (rc != 0)
		return ctl_fail(&err);
	for (size_t i = 0; i < conf->form_count; i++)
		good &= warn(conf, &conf->forms[i]);
	if (good)
		printf("%zu form%s: good\n", conf->form_count, conf->form_count == 1 ? "" : "s");
	return good ? EX_OK : EX_CONFIG;
}

/* --- text --- */

/* What people saw who agreed, as it was then. */
static int
run_text(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {{NULL, 0, NULL, 0}};
	struct err err = ERR_INIT;
	struct arena *arena;
	struct str text;
	int status, rc;

	if (ctl_option(argc, argv, options) != -1 || optind + 1 != argc)
		return ctl_usage("form");
	status = ctl_store(ctl, STORE_READ);
	if (status != EX_OK)
		return status;
	arena = arena_new(MEMORY);
	rc = store_consent_text_get(ctl->store, str_c(argv[optind]), arena, &text, &err);
	if (rc == 0)
		err_set(&err, ERR_NOTFOUND, "no text with the SHA-256 %s was shown", argv[optind]);
	if (rc == 1) {
		ctl_put(stdout, text);
		putchar('\n');
	}
	arena_free(&arena);
	return rc == 1 ? EX_OK : ctl_fail(&err);
}

int
ctl_form(struct ctl *ctl, int argc, char **argv)
{
	static const struct ctl_action actions[] = {
	    {"list", run_list},
	    {"show", run_show},
	    {"check", run_check},
	    {"text", run_text},
	    {NULL, NULL},
	};

	return ctl_act(ctl, argc, argv, actions);
}

/* --- for contacts show --- */

struct listed {
	bool json;
	json_t *list;
	size_t count;
};

static bool
add_signup(const struct store_signup *signup, void *closure)
{
	struct listed *listed = closure;
	char signed_up[CLOCK_TEXT_SIZE], time[CLOCK_TEXT_SIZE];

	listed->count++;
	if (listed->json) {
		json_array_append_new(listed->list, intake_signup_json(signup));
		return true;
	}
	printf("sign-up: ");
	ctl_put(stdout, signup->form);
	if (signup->confirmed_ms > 0)
		printf(", %s, confirmed %s\n", clock_iso(signup->created_ms, signed_up),
		    clock_iso(signup->confirmed_ms, time));
	else
		printf(", %s, pending until %s\n", clock_iso(signup->created_ms, signed_up),
		    clock_iso(signup->expires_ms, time));
	return true;
}

int
ctl_form_signups(
    struct store *store, struct str address, json_t **list_r, size_t *count_r, struct err *err)
{
	struct listed listed = {.json = list_r != NULL, .list = json_array()};
	int rc = store_signup_each(store, address, add_signup, &listed, err);

	*count_r = listed.count;
	if (list_r != NULL)
		*list_r = listed.list;
	else
		json_decref(listed.list);
	return rc;
}
