/* SPDX-License-Identifier: BSD-2-Clause
 *
 * signup: what a form that was sent, and a confirmation, change
 *
 * A sign-up and the message that asks to confirm it are one commit, and the reply comes after
 * it. The reply is the same whoever has signed up: what is known of an address shows in its
 * own mail alone.
 *
 * Who gets a message: nobody who has consented already, no address that is suppressed for
 * all, and no address more often than `mails` a day; one that has complained once in thirty
 * days. Who has left gets one, and is back with the confirmation, not before.
 *
 * Threads: signup_... the server's; write_... the recorder's.
 */
#include "base/clock.h"
#include "base/log.h"
#include "store/consent.h"
#include "store/contact.h"
#include "store/event.h"
#include "store/link.h"
#include "store/outbox.h"
#include "store/suppression.h"
#include "web/form.h"
#include "web/internal.h"

#include <glib.h>
#include <stdlib.h>

#define DAY_MS	     INT64_C(86400000)
#define COMPLAINT_MS (30 * DAY_MS)
#define JOB_MEMORY   ((size_t)2 << 20)
#define MAIL_MAX     ((size_t)256 << 10)

/* A form that was sent, or its result to be counted. */
struct wish {
	const struct conf_form *form;
	struct store_signup signup;
	bool ascii;	    /* the address is */
	const char *result; /* set: only counted */
	unsigned times;
};

/* The button of a confirmation's page was pressed. */
struct yes {
	int64_t id;
	struct str client;
};

/* What the store knows of an address. */
struct known {
	bool contact;
	struct store_contact row;
	bool suppressed; /* for all */
	bool left;	 /* no marketing */
	bool paused;	 /* none for a while */
	struct store_suppression leaving;
};

static int
look(struct store *store, struct str address, struct arena *arena, struct known *known_r,
    struct err *err)
{
	struct store_suppression entry;
	int found = store_contact_get(store, address, arena, &known_r->row, err);

	if (found < 0)
		return -1;
	known_r->contact = found == 1;
	found = store_suppression_find(store, address, STR(""), true, arena, &entry, err);
	if (found < 0)
		return -1;
	if (found == 0)
		return 0;
	/* The widest of them: behind "left" there may be a pause, too. */
	known_r->suppressed = str_is(entry.scope, STORE_SCOPE_ALL);
	known_r->left = str_is(entry.scope, STORE_SCOPE_MARKETING);
	known_r->paused = str_is(entry.scope, STORE_SCOPE_PAUSE);
	known_r->leaving = entry;
	return 0;
}

static bool
is_subscribed(const struct known *known)
{
	return known->contact && !known->left && !known->paused &&
	    known->row.consent.state == STORE_CONSENT_GRANTED;
}

/* May one more message go to it? 1, 0 or -1. */
static int
may_mail(struct store *store, const struct wish *wish, const struct known *known, struct err *err)
{
	int64_t now = wish->signup.created_ms;
	bool complained = known->left && str_is(known->leaving.reason, STORE_REASON_COMPLAINT);
	int mailed = store_signup_mailed(
	    store, wish->signup.address, now - (complained ? COMPLAINT_MS : DAY_MS), err);

	return mailed < 0 ? -1 : mailed < (complained ? 1 : wish->form->mails);
}

/* --- confirmed --- */

static json_t *
text_of(struct str text)
{
	return json_stringn(text.p == NULL ? "" : text.p, text.n);
}

static json_t *
time_of(int64_t ms)
{
	char text[CLOCK_TEXT_SIZE];

	return json_string(clock_iso(ms, text));
}

/* What shows that the person agreed, and to what: for the contact's row and the event. */
static json_t *
proof_of(const struct store_signup *signup, struct str client, int64_t now_ms)
{
	json_t *proof = json_pack("{s:o, s:o, s:o, s:o}", "form", text_of(signup->form),
	    "text_sha256", text_of(signup->consent), "signed_up", time_of(signup->created_ms),
	    "client", text_of(signup->client));

	if (signup->mailed) {
		json_object_set_new(proof, "confirmed", time_of(now_ms));
		json_object_set_new(proof, "confirmed_client", text_of(client));
	}
	return proof;
}

/* What was known before, since the row says it no more. */
static void
add_history(json_t *properties, const struct known *known)
{
	const struct store_consent *consent = &known->row.consent;

	if (known->left)
		json_object_set_new(properties, "lifted",
		    json_pack("{s:s, s:o, s:o}", "scope", STORE_SCOPE_MARKETING, "reason",
			text_of(known->leaving.reason), "since",
			time_of(known->leaving.created_ms)));
	if (known->contact && consent->state != STORE_CONSENT_NONE)
		json_object_set_new(properties, "before",
		    json_pack("{s:s, s:o, s:o, s:o}", "consent", store_consent_name(consent->state),
			"source", text_of(consent->source), "since", time_of(consent->time_ms),
			"proof", text_of(consent->proof)));
}

static int
write_profile(struct store *store, const struct store_signup *signup, const struct known *known,
    struct err *err)
{
	json_t *fields = json_loadb(signup->fields.p, signup->fields.n, 0, NULL);
	struct str language =
	    known->contact && known->row.language.n > 0 ? STR_NONE : signup->language;
	int rc;

	if (fields == NULL)
		fields = json_object();
	rc = store_contact_upsert(
	    store, signup->address, language.n == 0 ? STR_NONE : language, STR_NONE, fields, err);
	json_decref(fields);
	return rc < 0 ? -1 : 0;
}

static int
write_consent(struct store *store, const struct store_signup *signup, const json_t *proof,
    struct arena *arena, struct err *err)
{
	char *text = json_dumps(proof, JSON_COMPACT);
	const struct store_consent consent = {.state = STORE_CONSENT_GRANTED,
	    .source = arena_printf(arena, "form %.*s", STR_F(signup->form)),
	    .proof = str_c(text)};
	int rc = store_consent_set(store, signup->address, &consent, err);

	free(text);
	return rc < 0 ? -1 : 0;
}

/* The welcome: listeners and journeys begin with it. */
static int
write_event(struct store *store, const struct store_signup *signup, int64_t now_ms,
    const json_t *properties, struct arena *arena, struct err *err)
{
	char *text = json_dumps(properties, JSON_COMPACT);
	struct store_event event = {.kind = STORE_EVENT_SUBSCRIBED,
	    .time_ms = now_ms,
	    .source = STR("signup"),
	    .source_id = arena_printf(arena, "%lld", (long long)signup->id),
	    .properties = str_c(text)};
	struct str key;
	int rc = -1;

	if (store_address_key(signup->address, arena, &key, err) == 0 &&
	    store_contact_find(store, key, &event.contact, err) == 1)
		rc = store_event_put(store, &event, 1, NULL, err);
	free(text);
	return rc;
}

/* What stood against it goes: having left, a pause, and having left one of the form's lists. */
static int
lift(struct store *store, const struct conf *conf, const struct store_signup *signup,
    struct arena *arena, struct err *err)
{
	const struct conf_form *form = conf_form_find(conf, signup->form);
	struct str scope;

	if (store_suppression_remove(store, signup->address, STR(STORE_SCOPE_MARKETING), err) < 0 ||
	    store_suppression_remove(store, signup->address, STR(STORE_SCOPE_PAUSE), err) < 0)
		return -1;
	for (size_t i = 0; form != NULL && i < form->lists.count; i++) {
		scope = arena_printf(arena, STORE_SCOPE_LIST "%s", form->lists.at[i]);
		if (scope.p == NULL)
			return err_set(err, ERR_LIMIT, "sign-up: arena full");
		if (store_suppression_remove(store, signup->address, scope, err) < 0)
			return -1;
	}
	return 0;
}

/* The person is in: profile, consent, and nothing against it. */
static int
subscribe(struct store *store, const struct conf *conf, const struct store_signup *signup,
    const struct known *known, struct str client, struct arena *arena, struct err *err)
{
	int64_t now_ms = clock_now();
	json_t *proof = proof_of(signup, client, now_ms);
	int rc = -1;

	if (write_profile(store, signup, known, err) == 0 &&
	    write_consent(store, signup, proof, arena, err) == 0 &&
	    lift(store, conf, signup, arena, err) == 0 &&
	    store_signup_confirmed(store, signup, now_ms, err) == 0) {
		add_history(proof, known);
		rc = write_event(store, signup, now_ms, proof, arena, err);
	}
	json_decref(proof);
	return rc;
}

static int
write_confirm(struct web_job *job, struct store *store, struct err *err)
{
	struct web_request *request = web_request_of(job);
	const struct yes *yes = request->closure;
	struct arena *arena = arena_new(JOB_MEMORY);
	struct store_signup signup;
	struct known known = {.contact = false};
	int rc = store_signup_get(store, yes->id, arena, &signup, err);

	/* Somebody pressed the button twice, or it has just been deleted. */
	if (rc == 1 && signup.confirmed_ms > 0)
		rc = 0;
	if (rc == 1) {
		rc = look(store, signup.address, arena, &known, err);
		if (rc == 0)
			rc = subscribe(
			    store, request->web->conf, &signup, &known, yes->client, arena, err);
		if (rc == 0)
			rc = store_signup_count(
			    store, signup.form, STR("confirmed"), 1, clock_now(), err);
	}
	arena_free(&arena);
	return rc;
}

void
signup_confirm(struct web_request *request, const struct store_signup *signup)
{
	struct yes *yes = arena_alloc(request->arena, sizeof *yes);

	if (yes == NULL) {
		web_page(request, MHD_HTTP_SERVICE_UNAVAILABLE, "busy", NULL);
		return;
	}
	*yes = (struct yes){signup->id, web_client(request)};
	request->closure = yes;
	request->job.write = write_confirm;
}

/* --- a form was sent --- */

static int
put_mail(struct store *store, const struct wish *wish, struct str url, struct arena *arena,
    struct err *err)
{
	const struct conf_form *form = wish->form;
	const struct store_outbox_recipient recipient = {
	    .address = wish->signup.address, .rcpt_args = STR(""), .due_ms = clock_now()};
	struct store_outbox_message message = {.campaign = str_c(form->campaign),
	    .sender = str_c(form->from),
	    .sender_domain = str_c(strrchr(form->from, '@') + 1),
	    .mail_args = STR(""),
	    .smtputf8 = !wish->ascii,
	    .queue_id = STR("")};
	struct id_digest digest;
	char key[ID_HEX_SIZE];
	size_t accepted;
	struct buf text;
	int rc;

	buf_init(&text, MAIL_MAX);
	rc = form_mail(form, &wish->signup, url, arena, &text, err);
	digest = id_sha256(url);
	message.resubmit_key = str_c(id_hex(&digest, ID_DIGEST_SIZE, key));
	message.raw = buf_str(&text);
	if (rc == 0)
		rc = store_outbox_put(store, &message, &recipient, 1, &accepted, err);
	buf_fini(&text);
	return rc;
}

/* The link says which sign-up, and when that was. */
static int
ask(const struct web *web, struct store *store, const struct wish *wish, struct arena *arena,
    struct err *err)
{
	const struct conf *conf = web->conf;
	const struct conf_campaign *campaign =
	    conf_campaign_find(conf, str_c(wish->form->campaign));
	struct link_facts facts = {
	    .kind = LINK_SIGNUP, .contact = wish->signup.id, .sent_ms = wish->signup.created_ms};
	struct str url;

	if (campaign->paused &&
	    store_outbox_pause(store, str_c(wish->form->campaign), -1, err) != 0)
		return -1;
	if (store_campaign_id(store, str_c(wish->form->campaign), &facts.campaign, err) != 0 ||
	    link_signup_url(web->keys, link_base(conf, campaign), &facts, arena, &url, err) != 0)
		return -1;
	return put_mail(store, wish, url, arena, err);
}

static int
put_signup(struct store *store, struct wish *wish, bool mailed, struct err *err)
{
	char digest[ID_HEX_SIZE];
	int rc;

	if (store_consent_text_put(store, str_c(wish->form->consent), digest, err) != 0)
		return -1;
	wish->signup.consent = str_c(digest);
	wish->signup.mailed = mailed;
	rc = store_signup_put(store, &wish->signup, &wish->signup.id, err);
	/* `digest` is gone with this call. */
	wish->signup.consent = STR("");
	return rc;
}

/* What becomes of it; NULL: an error. */
static const char *
write_signup(struct web_request *request, struct store *store, struct wish *wish,
    struct arena *arena, struct err *err)
{
	struct known known = {.contact = false};
	struct store_signup signup;
	int may;

	if (look(store, wish->signup.address, arena, &known, err) != 0)
		return NULL;
	if (known.suppressed)
		return "suppressed";
	if (is_subscribed(&known))
		return "known";
	if (!wish->form->double_opt_in && !known.contact && !known.left) {
		if (put_signup(store, wish, false, err) != 0 ||
		    store_signup_get(store, wish->signup.id, arena, &signup, err) != 1 ||
		    subscribe(
			store, request->web->conf, &signup, &known, signup.client, arena, err) != 0)
			return NULL;
		return "subscribed";
	}
	may = may_mail(store, wish, &known, err);
	if (may <= 0)
		return may < 0 ? NULL : "mailed enough";
	if (put_signup(store, wish, true, err) != 0 ||
	    ask(request->web, store, wish, arena, err) != 0)
		return NULL;
	return "pending";
}

static int
write_wish(struct web_job *job, struct store *store, struct err *err)
{
	struct web_request *request = web_request_of(job);
	struct wish *wish = request->closure;
	struct arena *arena = arena_new(JOB_MEMORY);
	const char *result = wish->result;
	int rc = -1;

	if (result == NULL)
		result = write_signup(request, store, wish, arena, err);
	if (result != NULL)
		rc = store_signup_count(
		    store, str_c(wish->form->name), str_c(result), wish->times, clock_now(), err);
	arena_free(&arena);
	return rc;
}

static bool
is_ascii(struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		if ((unsigned char)text.p[i] > 126)
			return false;
	}
	return true;
}

static struct wish *
wish_new(struct web_request *request, const struct conf_form *form)
{
	struct wish *wish = arena_zalloc(request->arena, 1, sizeof *wish);

	if (wish == NULL) {
		web_page(request, MHD_HTTP_SERVICE_UNAVAILABLE, "busy", NULL);
		return NULL;
	}
	wish->form = form;
	wish->times = 1;
	request->closure = wish;
	request->job.write = write_wish;
	return wish;
}

void
signup_count(
    struct web_request *request, const struct conf_form *form, const char *result, unsigned times)
{
	struct wish *wish = wish_new(request, form);

	if (wish == NULL)
		return;
	wish->result = result;
	wish->times = times;
	log_info("sign-up refused", LOG_STR("form", form->name), LOG_STR("why", result),
	    LOG_NUM("times", times), LOG_TEXT("client", web_client(request)));
}

void
signup_post(
    struct web_request *request, const struct conf_form *form, const struct form_answers *answers)
{
	struct wish *wish = wish_new(request, form);
	int64_t now_ms = clock_now();

	if (wish == NULL)
		return;
	wish->signup = (struct store_signup){.address = answers->address,
	    .form = str_c(form->name),
	    .created_ms = now_ms,
	    .expires_ms = now_ms + form->confirm_within,
	    .client = web_client(request),
	    .language = liquid_language_tag(web_language(request)),
	    .fields = answers->profile};
	wish->ascii = is_ascii(answers->address);
	request->wakes = true;
}
