/* SPDX-License-Identifier: BSD-2-Clause
 *
 * form: /f/NAME, where people sign up
 *
 *     /f/NAME        the form as a page; POST sends it
 *     /f/NAME.html   HTML to paste into other pages
 *     /f/NAME.js     a script that opens it as a dialog in other pages
 *
 * What is sent has to come from our own page or from a site that may have the form; from our
 * own page and script with a stamp that says when it was shown. Who is refused because no
 * person seems to be there is told nothing, and counted.
 *
 * Threads: the server's.
 */
#include "web/form.h"

#include "base/clock.h"
#include "base/log.h"
#include "web/internal.h"
#include "web/rates.h"

#include <stdlib.h>

#define SCRIPT_MAX ((size_t)64 << 10)

struct str
form_url(const struct conf *conf, const struct conf_form *form, struct arena *arena)
{
	struct str base = link_base(conf, conf_campaign_find(conf, str_c(form->campaign)));

	return arena_printf(arena, "%.*s/f/%s", STR_F(base), form->name);
}

const char *
form_site(const char *url, struct arena *arena)
{
	const char *host = strstr(url, "://");
	struct str site;

	if (host == NULL)
		return "";
	host += 3;
	site = arena_str(arena, (struct str){url, (size_t)(host - url) + strcspn(host, "/?#")});
	return site.p == NULL ? "" : site.p;
}

int
form_stamp_make(const struct link_keys *keys, const struct conf_form *form, int64_t now_ms,
    struct arena *arena, struct str *stamp_r, struct err *err)
{
	struct link_facts facts = {.kind = LINK_STAMP};

	facts.address = arena_printf(arena, "%s %lld", form->name, (long long)now_ms);
	return link_encode(keys, &facts, arena, stamp_r, err);
}

bool
form_stamp_good(const struct link_keys *keys, const struct conf_form *form, struct str stamp,
    int64_t now_ms, struct arena *arena)
{
	unsigned long long shown_ms;
	struct link_facts facts;
	struct str rest, name;
	int64_t age_ms;

	if (link_decode(keys, LINK_STAMP, stamp, arena, &facts, NULL) != 0)
		return false;
	rest = facts.address;
	if (!str_split(&rest, ' ', &name) || !str_is(name, form->name) ||
	    !str_to_u64(rest, INT64_MAX, &shown_ms))
		return false;
	age_ms = now_ms - (int64_t)shown_ms;
	return age_ms >= form->fill_min && age_ms <= form->fill_max;
}

/* --- who sends --- */

enum sender { SENDER_OURS, SENDER_SITE, SENDER_OTHER };

/* Is this Origin the site that was asked for? As the client says it, or as it is configured. */
static bool
is_own(const struct web_request *request, const struct conf_form *form, struct str origin)
{
	struct str host = web_header(request, "Host"), name = origin;
	const char *colon = memmem(origin.p, origin.n, "://", 3);
	struct str url = form_url(request->web->conf, form, request->arena);

	if (colon == NULL || url.p == NULL)
		return false;
	name = (struct str){colon + 3, (size_t)(origin.p + origin.n - colon) - 3};
	return (host.n > 0 && str_eq_nocase(name, host)) ||
	    str_eq_nocase(origin, str_c(form_site(url.p, request->arena)));
}

/* Browsers say it with each POST; "null" where a page hides it, as ours do. */
static enum sender
sender_of(const struct web_request *request, const struct conf_form *form)
{
	struct str origin = web_header(request, "Origin");
	struct str site = web_header(request, "Sec-Fetch-Site");

	if (origin.n == 0 || str_is(origin, "null"))
		return site.n == 0 || str_is(site, "same-origin") || str_is(site, "none")
		    ? SENDER_OURS
		    : SENDER_OTHER;
	for (size_t i = 0; i < form->origins.count; i++) {
		if (str_eq_nocase(origin, str_c(form->origins.at[i])))
			return SENDER_SITE;
	}
	return is_own(request, form, origin) ? SENDER_OURS : SENDER_OTHER;
}

/* --- what is sent --- */

static void
refuse_rate(struct web_request *request, const struct conf_form *form)
{
	unsigned refused = web_rates_refused(request->web->rates, clock_mono_us());

	form_say(request, MHD_HTTP_TOO_MANY_REQUESTS, "form_busy", form, NULL);
	if (refused > 0)
		signup_count(request, form, "rate", refused);
}

static void
lead_on(struct web_request *request, const struct conf_form *form)
{
	if (form->done_url[0] != '\0')
		request->reply = (struct web_reply){.status = MHD_HTTP_SEE_OTHER,
		    .type = "text/html; charset=utf-8",
		    .body = STR(""),
		    .location = form->done_url};
	else
		form_say(request, MHD_HTTP_OK, "form_done", form, NULL);
}

static void
post(struct web_request *request, const struct conf_form *form)
{
	enum sender sender = sender_of(request, form);
	struct form_answers *answers = arena_zalloc(request->arena, 1, sizeof *answers);

	if (answers == NULL || sender == SENDER_OTHER) {
		form_say(request, MHD_HTTP_FORBIDDEN, "form_elsewhere", form, NULL);
		signup_count(request, form, "origin", 1);
		return;
	}
	if (!web_rates_take(
		request->web->rates, form, web_client_network(request), clock_mono_us())) {
		refuse_rate(request, form);
		return;
	}
	form_read(request, form, answers);
	if (web_form(request, FORM_HONEYPOT).n > 0) {
		lead_on(request, form);
		signup_count(request, form, "honeypot", 1);
	} else if (sender == SENDER_OURS &&
	    !form_stamp_good(request->web->keys, form, web_form(request, "stamp"), clock_now(),
		request->arena)) {
		form_show(request, MHD_HTTP_OK, form, answers, true);
		signup_count(request, form, "stamp", 1);
	} else if (answers->wrong) {
		form_show(request, MHD_HTTP_UNPROCESSABLE_CONTENT, form, answers, false);
		signup_count(request, form, "invalid", 1);
	} else {
		lead_on(request, form);
		signup_post(request, form, answers);
	}
}

/* --- what is shown --- */

static void
reply_text(
    struct web_request *request, const char *type, struct buf *text, int rc, const struct err *err)
{
	struct str body = rc == 0 ? arena_str(request->arena, buf_str(text)) : STR_NONE;

	if (body.p != NULL) {
		request->reply =
		    (struct web_reply){.status = MHD_HTTP_OK, .type = type, .body = body};
		return;
	}
	log_error("web: a form can't be shown", LOG_STR("reason", err->text));
	web_page(request, MHD_HTTP_SERVICE_UNAVAILABLE, "busy", NULL);
}

static void
show_html(struct web_request *request, const struct conf_form *form)
{
	struct err err = ERR_INIT;
	struct buf text;
	int rc;

	buf_init(&text, SCRIPT_MAX);
	rc = form_write_html(
	    request->web->conf, form, web_language(request), request->arena, &text, &err);
	/* As text: it is there to be copied. */
	reply_text(request, "text/plain; charset=utf-8", &text, rc, &err);
	buf_fini(&text);
}

static void
show_script(struct web_request *request, const struct conf_form *form)
{
	struct err err = ERR_INIT;
	struct str stamp;
	struct buf text;
	int rc;

	buf_init(&text, SCRIPT_MAX);
	rc = form_stamp_make(request->web->keys, form, clock_now(), request->arena, &stamp, &err);
	if (rc == 0)
		rc = form_write_script(request->web->conf, form, web_language(request), stamp,
		    request->arena, &text, &err);
	reply_text(request, "text/javascript; charset=utf-8", &text, rc, &err);
	buf_fini(&text);
}

static void
show_page(struct web_request *request, const struct conf_form *form)
{
	form_show(request, MHD_HTTP_OK, form, NULL, false);
}

static const struct {
	const char *end;
	void (*show)(struct web_request *request, const struct conf_form *form);
} shows[] = {{".html", show_html}, {".js", show_script}, {"", show_page}};

void
web_form_route(struct web_request *request, struct str path)
{
	for (size_t i = 0; i < sizeof shows / sizeof shows[0]; i++) {
		struct str end = str_c(shows[i].end), name = {path.p, path.n - end.n};
		const struct conf_form *form;
		bool posted = end.n == 0;

		if (path.n <= end.n || !str_ends_nocase(path, end))
			continue;
		form = request->web->keys == NULL ? NULL : conf_form_find(request->web->conf, name);
		if (form == NULL)
			break;
		web_speak(request, str_c(form->language));
		if (request->method == WEB_POST && posted) {
			post(request, form);
		} else if (request->method == WEB_GET || request->method == WEB_HEAD) {
			shows[i].show(request, form);
		} else {
			web_page(request, MHD_HTTP_METHOD_NOT_ALLOWED, "method", NULL);
			request->reply.allow = posted ? "GET, HEAD, POST" : "GET, HEAD";
		}
		return;
	}
	web_page(request, MHD_HTTP_NOT_FOUND, "not_found", NULL);
}

/* --- the link in the confirmation message --- */

/* 1; 0 it is over; -1. */
static int
find(struct web_request *request, const struct link_facts *facts, struct store_signup *signup_r,
    struct err *err)
{
	int found =
	    store_signup_get(request->web->store, facts->contact, request->arena, signup_r, err);

	/* Ids are never given again; the time is that of the sign-up in any case. */
	if (found == 1 &&
	    (signup_r->created_ms / 1000 != facts->sent_ms / 1000 ||
		signup_r->expires_ms < clock_now()))
		return 0;
	return found;
}

static void
confirmed(
    struct web_request *request, const struct conf_form *form, const struct store_signup *signup)
{
	if (form != NULL && form->confirmed_url[0] != '\0')
		request->reply = (struct web_reply){.status = MHD_HTTP_SEE_OTHER,
		    .type = "text/html; charset=utf-8",
		    .body = STR(""),
		    .location = form->confirmed_url};
	else
		form_say(request, MHD_HTTP_OK, "form_confirmed", form, signup);
}

void
web_confirm(struct web_request *request, const struct link_facts *facts)
{
	struct store_signup *signup = arena_zalloc(request->arena, 1, sizeof *signup);
	const struct conf_form *form;
	struct err err = ERR_INIT;
	int found = signup == NULL ? -1 : find(request, facts, signup, &err);

	if (found < 0) {
		log_error("web: a sign-up can't be read", LOG_STR("reason", err.text));
		web_page(request, MHD_HTTP_SERVICE_UNAVAILABLE, "busy", NULL);
		return;
	}
	if (found == 0) {
		web_page(request, MHD_HTTP_NOT_FOUND, "form_over", NULL);
		return;
	}
	form = conf_form_find(request->web->conf, signup->form);
	web_speak(request, signup->language);
	if (request->method != WEB_POST && signup->confirmed_ms == 0) {
		form_say(request, MHD_HTTP_OK, "form_confirm", form, signup);
		return;
	}
	confirmed(request, form, signup);
	if (signup->confirmed_ms == 0)
		signup_confirm(request, signup);
}
