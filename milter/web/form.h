/* SPDX-License-Identifier: BSD-2-Clause
 *
 * form: what the files about sign-up forms share
 *
 * form.c answers /f/..., form_read.c checks what was sent, form_page.c shows it,
 * form_embed.c makes what other sites have in their pages, form_mail.c the message that asks
 * for a confirmation, signup.c writes.
 */
#ifndef WEB_FORM_H
#define WEB_FORM_H

#include "base/buf.h"
#include "conf/form.h"
#include "link/link.h"
#include "liquid/texts.h"
#include "store/signup.h"
#include "tailor/templates.h"

#include <jansson.h>

#define FORM_EMAIL_MAX 254
#define FORM_HONEYPOT  "homepage" /* a field that no person sees */

/* Where the form is: BASE/f/NAME. */
struct str form_url(const struct conf *conf, const struct conf_form *form, struct arena *arena);
/* https://HOST[:PORT] of an address that was checked; empty of an empty one. */
const char *form_site(const char *url, struct arena *arena);
/* What a page shows along: which form, and when. */
int form_stamp_make(const struct link_keys *keys, const struct conf_form *form, int64_t now_ms,
    struct arena *arena, struct str *stamp_r, struct err *err);
/* Was it shown by us, neither a moment nor an age ago? */
bool form_stamp_good(const struct link_keys *keys, const struct conf_form *form, struct str stamp,
    int64_t now_ms, struct arena *arena);

/* --- form_read.c --- */

/* Of one field: as it was sent, and what is wrong with it: NULL, "missing", "long", "number",
 * "range", "choice", "text", "address", "agree". */
struct form_answer {
	struct str sent;
	const char *wrong;
};

struct form_answers {
	struct str address; /* as mail goes to it; absent if it is wrong */
	struct form_answer email, agree;
	struct form_answer fields[CONF_FIELDS_MAX];
	bool wrong;	    /* any of them */
	struct str profile; /* a JSON object of what the fields said */
};

struct web_request;
void form_read(
    struct web_request *request, const struct conf_form *form, struct form_answers *answers_r);
/* The checks without a request. */
const char *form_check_field(const struct conf_field *field, struct str sent, json_t *profile);
const char *form_check_address(struct str sent, struct arena *arena, struct str *address_r);

/* --- form_page.c --- */

/* `answers` NULL: an empty form. `again`: it came too quickly, too late, or from nowhere. */
void form_show(struct web_request *request, unsigned status, const struct conf_form *form,
    const struct form_answers *answers, bool again);
/* A page about this form. `signup` may be NULL. */
void form_say(struct web_request *request, unsigned status, const char *page,
    const struct conf_form *form, const struct store_signup *signup);

/* --- form_embed.c --- */

/* HTML to paste, and the script that opens a dialog. ERR_LIMIT. */
int form_write_html(const struct conf *conf, const struct conf_form *form,
    const struct liquid_language *language, struct arena *arena, struct buf *out, struct err *err);
int form_write_script(const struct conf *conf, const struct conf_form *form,
    const struct liquid_language *language, struct str stamp, struct arena *arena, struct buf *out,
    struct err *err);

/* --- form_mail.c --- */

/* The message with CRLF that asks to confirm; `url`: where. ERR_LIMIT, ERR_INPUT. */
int form_mail(const struct conf_form *form, const struct store_signup *signup, struct str url,
    struct arena *arena, struct buf *out, struct err *err);
/* Do the templates of the forms compile? */
int form_mail_check(
    const struct conf *conf, const struct tailor_templates *templates, struct err *err);

/* --- signup.c --- */

/* Makes the request's job. */
void signup_post(
    struct web_request *request, const struct conf_form *form, const struct form_answers *answers);
/* Only counts what became of it. */
void signup_count(
    struct web_request *request, const struct conf_form *form, const char *result, unsigned times);
void signup_confirm(struct web_request *request, const struct store_signup *signup);

#endif
