/* SPDX-License-Identifier: BSD-2-Clause
 *
 * form_mail: the message that asks to confirm a sign-up
 *
 * It goes into the outbox as a campaign message with one recipient: a template, and a part of
 * data beside it. Nothing that somebody typed stands in the template or in a header field;
 * the outbox process fills it in, escapes it, and signs.
 *
 * Threads: any.
 */
#include "web/form.h"
#include "web/web.h"

#include "base/clock.h"
#include "liquid/folder.h"
#include "liquid/liquid.h"
#include "mime/mime.h"
#include "tailor/limits.h"

#include <glib.h>
#include <jansson.h>
#include <stdlib.h>

#define DAY_MS INT64_C(86400000)
/* Of base64, in one line (RFC 2045 section 6.8). */
#define LINE 76

#define BOUNDARY "=_mailtailor_confirm"
#define INNER	 "=_mailtailor_texts"

static const char text_template[] =
    "{{ data.title }}\r\n"
    "\r\n"
    "{{ 'confirm_mail.text' | t }}\r\n"
    "\r\n"
    "{{ data.confirm }}\r\n"
    "\r\n"
    "{{ 'confirm_mail.consent' | t: consent: data.consent }}\r\n"
    "\r\n"
    "{{ 'confirm_mail.else' | t: count: data.days }}\r\n"
    "{% if campaign.postal_address %}\r\n{{ campaign.postal_address }}{% endif %}\r\n";

static const char html_template[] =
    "<!DOCTYPE html>\r\n"
    "<html lang=\"{{ data.language }}\" dir=\"{{ 'direction' | t }}\"><head>"
    "<meta charset=\"utf-8\">"
    "<meta name=\"viewport\" content=\"width=device-width\">"
    "<title>{{ data.title }}</title></head>\r\n"
    "<body style=\"margin:0;padding:24px;font:16px/1.5 sans-serif;color:#1a1a1a\">\r\n"
    "<div style=\"max-width:560px;margin:0 auto\">\r\n"
    "<h1 style=\"font-size:22px\">{{ data.title }}</h1>\r\n"
    "<p>{{ 'confirm_mail.text' | t }}</p>\r\n"
    "<p><a data-track=\"off\" href=\"{{ data.confirm }}\" style=\"display:inline-block;"
    "padding:12px 24px;color:#ffffff;background:#14532d;border-radius:4px\">"
    "{{ 'confirm_mail.button' | t }}</a></p>\r\n"
    "<p>{{ 'confirm_mail.consent' | t: consent: data.consent }}</p>\r\n"
    "<p>{{ 'confirm_mail.else' | t: count: data.days }}</p>\r\n"
    "{% if campaign.postal_address %}<p style=\"font-size:13px\">{{ campaign.postal_address }}"
    "</p>{% endif %}\r\n"
    "</div></body></html>\r\n";

/* In the language of the page, which data.language names. */
#define OUR_SUBJECT "{{ 'confirm_mail.subject' | t: title: data.title }}"

static json_t *
data_of(const struct conf_form *form, const struct store_signup *signup, struct str url)
{
	return json_pack("{s:{s:s, s:s, s:s, s:s, s:s, s:s#, s:s#, s:I}}", "all", "form",
	    form->name, "title", form->title, "text", form->text, "consent", form->consent,
	    "subject", form->subject, "confirm", url.p, (int)url.n, "language",
	    signup->language.p == NULL ? "" : signup->language.p, (int)signup->language.n, "days",
	    (json_int_t)((signup->expires_ms - signup->created_ms + DAY_MS - 1) / DAY_MS));
}

static void
add_base64(struct buf *out, const char *text)
{
	char *base64 = g_base64_encode((const guchar *)text, strlen(text));

	for (const char *p = base64; *p != '\0';) {
		size_t n = strnlen(p, LINE);

		buf_printf(out, "%.*s\r\n", (int)n, p);
		p += n;
	}
	g_free(base64);
}

/* `name`: of the administrator's template, or empty: ours. */
static void
add_template(struct buf *out, const char *subtype, const char *name, const char *ours)
{
	buf_printf(out,
	    "--" INNER "\r\n"
	    "Content-Type: text/%s; charset=utf-8\r\n"
	    "\r\n",
	    subtype);
	if (name[0] != '\0')
		buf_printf(out, "{%% render \"%s\" %%}\r\n", name);
	else
		buf_add_c(out, ours);
}

int
form_mail(const struct conf_form *form, const struct store_signup *signup, struct str url,
    struct arena *arena, struct buf *out, struct err *err)
{
	char time[CLOCK_TEXT_SIZE], *data;
	struct str from;
	json_t *json;

	if (mime_mailbox_encode(
		"From", str_c(form->from_name), str_c(form->from), arena, &from, err) != 0)
		return -1;
	json = data_of(form, signup, url);
	data = json == NULL ? NULL : json_dumps(json, JSON_COMPACT);
	json_decref(json);
	if (data == NULL)
		return err_set(err, ERR_INPUT, "form \"%s\": expected texts in UTF-8", form->name);
	buf_printf(out,
	    "From:%.*s\r\n"
	    "To: undisclosed-recipients:;\r\n"
	    "Date: %s\r\n"
	    "Subject: %s\r\n"
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: multipart/mixed; boundary=\"" BOUNDARY "\"\r\n"
	    "\r\n"
	    "--" BOUNDARY "\r\n"
	    "Content-Type: multipart/alternative; boundary=\"" INNER "\"\r\n"
	    "\r\n",
	    STR_F(from), clock_rfc5322(clock_now(), time),
	    form->subject[0] != '\0' ? "{{ data.subject }}" : OUR_SUBJECT);
	add_template(out, "plain", form->template, text_template);
	add_template(out, "html", form->template, html_template);
	buf_printf(out,
	    "--" INNER "--\r\n"
	    "\r\n"
	    "--" BOUNDARY "\r\n"
	    "Content-Type: application/vnd.mailtailor+json\r\n"
	    "Content-Transfer-Encoding: base64\r\n"
	    "\r\n");
	add_base64(out, data);
	buf_add_c(out, "--" BOUNDARY "--\r\n");
	free(data);
	return out->full
	    ? err_set(err, ERR_LIMIT, "form \"%s\": the message is too long", form->name)
	    : 0;
}

static int
check_template(const struct conf *conf, const struct conf_form *form,
    const struct tailor_shelf *shelf, enum liquid_mode mode, struct err *err)
{
	const struct liquid_options options = {.mode = mode,
	    .limits = tailor_limits(conf, mode),
	    .partials = liquid_folder_partials(shelf->folder, mode),
	    .texts = shelf->texts};
	struct liquid_program *program = NULL;
	char source[300];

	snprintf(source, sizeof source, "{%% render \"%s\" %%}", form->template);
	if (liquid_compile(&program, str_c(form->template), str_c(source), &options, err) != 0)
		return err_prefix(err, "%s: template", form->place);
	liquid_free(&program);
	return 0;
}

int
form_mail_check(const struct conf *conf, const struct tailor_templates *templates, struct err *err)
{
	static const enum liquid_mode modes[] = {LIQUID_HTML, LIQUID_TEXT};

	for (size_t i = 0; i < conf->form_count; i++) {
		const struct conf_form *form = &conf->forms[i];
		const struct conf_campaign *campaign =
		    conf_campaign_find(conf, str_c(form->campaign));

		const struct tailor_shelf shelf = tailor_templates_of(templates, campaign);

		for (size_t j = 0; form->template[0] != '\0' && j < 2; j++) {
			if (check_template(conf, form, &shelf, modes[j], err) != 0)
				return -1;
		}
	}
	return 0;
}
