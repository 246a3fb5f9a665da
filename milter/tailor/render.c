/* SPDX-License-Identifier: BSD-2-Clause
 *
 * render: one recipient's copy of a compiled message
 *
 * The order is the engine's law: contact and suppression, templates, header fields, and the
 * signature last, over exactly what leaves. Whatever goes wrong becomes a verdict.
 *
 * Owns:    nothing; the copy lies in the caller's arena and in the message.
 * Threads: any; one arena, one thread.
 */
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/tally.h"
#include "plugin/process.h"
#include "store/suppression.h"
#include "tailor/extend.h"
#include "tailor/frequency.h"
#include "tailor/list.h"
#include "tailor/message_id.h"

/* What one render works on. */
struct work {
	struct tailor *tailor;
	const struct tailor_message *message;
	struct str recipient;
	struct arena *arena;
	struct tailor_contact contact;
	struct liquid_value globals;
	struct liquid_render_options options;
	struct str missing; /* the first variable without a value */
	struct tailor_links links;
	struct tailor_extend extend;
	struct mime_header own[TAILOR_LIST_FIELDS]; /* fields that are ours alone */
	size_t own_count;
	struct mime_copy body;
	struct tailor_copy *copy;
	bool placed; /* too_often took a place, if one is wanted */
};

/* Fields that never leave: they say something about the original that isn't true of the copy,
 * or name other people. */
static const char *const dropped[] = {"Bcc", "Resent-Bcc", "Return-Path", "DKIM-Signature",
    "ARC-Seal", "ARC-Message-Signature", "ARC-Authentication-Results", "Content-Length"};

static void
note_missing(void *closure, struct str path)
{
	struct work *work = closure;

	if (work->missing.p == NULL)
		work->missing = path;
}

static void
prepare_options(struct work *work)
{
	struct str zone = work->contact.row.time_zone;

	work->options.now_ms = clock_now();
	work->options.time_zone = zone.n > 0 ? zone.p : NULL;
	work->options.missing = note_missing;
	work->options.closure = work;
	work->options.language = tailor_language(
	    tailor_templates_of(work->tailor->templates, work->message->campaign).texts,
	    &work->globals);
	work->options.context = &work->extend.plugins;
}

void
tailor_links_prepare(struct tailor_links *links, const struct tailor *tailor,
    const struct conf_campaign *campaign, const struct tailor_track *track)
{
	links->track = track;
	links->keys = tailor->link_keys;
	links->base = link_base(tailor->conf, campaign);
	links->leave = str_c(campaign->unsubscribe_address);
	links->no_view = tailor->conf->view_keep == 0;
}

static void
prepare_links(struct work *work)
{
	struct tailor_links *links = &work->links;

	tailor_links_prepare(
	    links, work->tailor, work->message->campaign, work->message->compiled->track);
	links->arena = work->arena;
	links->off = work->contact.untracked;
	links->recipient = work->recipient;
	links->facts = (struct link_facts){.campaign = tailor_track_campaign(links->track),
	    .contact = work->contact.row.id,
	    .message = link_message_mark(str_c(work->message->key)),
	    .sent_ms = work->message->sent_ms};
}

static int
render_text(
    struct work *work, const struct liquid_program *program, struct str *text_r, struct err *err)
{
	return liquid_render(program, &work->globals, &work->options, work->arena, text_r, err);
}

/* Each HTML part has a pixel of its own: a reader sees one of them. */
static int
render_part(struct work *work, const struct mime_part *part, const struct liquid_program *program,
    struct str *text_r, struct err *err)
{
	work->links.pixel_done = false;
	work->links.text = part->kind == MIME_PLAIN;
	if (render_text(work, program, text_r, err) != 0)
		return -1;
	return part->kind == MIME_CALENDAR
	    ? 0
	    : tailor_links_finish(&work->links, *text_r, text_r, err);
}

/* A part without a template has to be rewritten only if a plugin changes it. */
static int
make_part(struct work *work, size_t i, struct str *text_r, struct err *err)
{
	const struct mime_part *part = mime_part_at(work->message->mime, i);
	const struct liquid_program *program = work->message->compiled->parts[i];
	struct str text = part->text;
	int changed;

	if (program != NULL && render_part(work, part, program, &text, err) != 0)
		return -1;
	changed = tailor_extend_part(&work->extend, part, i + 1, &text, err);
	if (changed < 0)
		return -1;
	if (changed == 1 || program != NULL)
		*text_r = text;
	return 0;
}

static int
render_body(struct work *work, struct err *err)
{
	const struct mime_message *mime = work->message->mime;
	size_t count = mime_part_count(mime);
	struct str *texts = arena_zalloc(work->arena, count, sizeof *texts);
	/* A later hop must not have to encode anew what was signed. */
	const struct mime_out how = {
	    .keep_charset = work->message->campaign->charset == CONF_CHARSET_KEEP, .survive = true};

	if (texts == NULL && count > 0)
		return err_set(err, ERR_LIMIT, "message: too many parts");
	for (size_t i = 0; i < count; i++) {
		if (make_part(work, i, &texts[i], err) != 0)
			return -1;
	}
	return mime_compose_as(mime, texts, &how, work->arena, &work->body, err);
}

static int
add_header(struct work *work, struct str name, struct str value, enum tailor_change change,
    size_t original)
{
	work->copy->headers[work->copy->header_count++] =
	    (struct tailor_header){.header = {name, value}, .change = change, .original = original};
	return 0;
}

static int
to_value(struct work *work, struct str *value_r, struct err *err)
{
	return mime_mailbox_encode(
	    "To", work->contact.display, work->recipient, work->arena, value_r, err);
}

static int
field_value(
    struct work *work, const struct tailor_field *field, struct str *value_r, struct err *err)
{
	struct str text, address;

	if (render_text(work, field->text, &text, err) != 0)
		return -1;
	if (!field->mailbox) {
		*value_r = mime_header_encode(field->name, text, work->arena);
		return value_r->p != NULL ? 0
					  : err_set(err, ERR_LIMIT, "%s: too long", field->name);
	}
	if (render_text(work, field->address, &address, err) != 0)
		return -1;
	if (mime_mailbox_encode(
		field->name, str_trim(text), str_trim(address), work->arena, value_r, err) != 0)
		return err_prefix(err, "%s", field->name);
	return 0;
}

static bool
is_dropped(const struct work *work, struct str name)
{
	for (size_t i = 0; i < sizeof dropped / sizeof dropped[0]; i++) {
		if (str_is_nocase(name, dropped[i]))
			return true;
	}
	for (size_t i = 0; i < work->own_count; i++) {
		if (str_eq_nocase(name, work->own[i].name))
			return true;
	}
	return str_is_nocase(name, work->tailor->conf->campaign_header) ||
	    (work->message->campaign->to == CONF_TO_RECIPIENT && str_is_nocase(name, "Cc"));
}

static const struct mime_header *
replaced_by_mime(const struct work *work, struct str name)
{
	for (size_t i = 0; i < work->body.replaced_count; i++) {
		if (str_eq_nocase(work->body.replaced[i].name, name))
			return &work->body.replaced[i];
	}
	return NULL;
}

/* One field of the original: kept, changed or left out. `to_seen`: To stands once. */
static int
carry_header(struct work *work, size_t i, bool *to_seen, struct err *err)
{
	const struct mime_header *header = mime_header_at(work->message->mime, i);
	const struct mime_header *replaced = replaced_by_mime(work, header->name);
	int field = work->message->field_of[i];
	struct str value = header->value;

	if (is_dropped(work, header->name))
		return add_header(work, header->name, value, TAILOR_REMOVED, i);
	if (work->message->campaign->to == CONF_TO_RECIPIENT && str_is_nocase(header->name, "To")) {
		if (*to_seen)
			return add_header(work, header->name, value, TAILOR_REMOVED, i);
		*to_seen = true;
		if (to_value(work, &value, err) != 0)
			return -1;
		return add_header(work, header->name, value, TAILOR_CHANGED, i);
	}
	if (str_is_nocase(header->name, "Message-ID") && !work->message->single)
		return add_header(work, header->name, value, TAILOR_REMOVED, i);
	if (replaced != NULL)
		return add_header(work, header->name, replaced->value, TAILOR_CHANGED, i);
	if (field < 0)
		return add_header(work, header->name, value, TAILOR_KEPT, i);
	if (field_value(work, &work->message->compiled->fields[field], &value, err) != 0)
		return -1;
	return add_header(work, header->name, value, TAILOR_CHANGED, i);
}

static int
add_message_id(struct work *work, struct err *err)
{
	const struct mime_header *own = mime_header_find(work->message->mime, "Message-ID");
	const char *host = work->tailor->conf->hostname;
	char local[TAILOR_MESSAGE_ID_LOCAL + 1];
	struct str value;

	if (work->message->single && work->message->has_id) {
		work->copy->message_id = str_trim(mime_header_decode(own->value, work->arena));
		return 0;
	}
	tailor_message_id_local(str_c(work->message->key), work->recipient, local);
	value = arena_printf(
	    work->arena, " <%s@%s>", local, host[0] != '\0' ? host : work->message->domain);
	if (value.p == NULL)
		return err_set(err, ERR_LIMIT, "message: too large");
	work->copy->message_id = (struct str){value.p + 1, value.n - 1};
	return add_header(work, STR("Message-ID"), value, TAILOR_ADDED, 0);
}

static int
add_date(struct work *work, struct err *err)
{
	char text[CLOCK_TEXT_SIZE];
	struct str value;

	if (mime_header_find(work->message->mime, "Date") != NULL)
		return 0;
	value = arena_printf(work->arena, " %s", clock_rfc5322(work->options.now_ms, text));
	if (value.p == NULL)
		return err_set(err, ERR_LIMIT, "message: too large");
	return add_header(work, STR("Date"), value, TAILOR_ADDED, 0);
}

/* What must be there and isn't. */
static int
add_missing(struct work *work, bool to_seen, struct err *err)
{
	struct str value;

	if (add_date(work, err) != 0 || add_message_id(work, err) != 0)
		return -1;
	if (work->message->campaign->to == CONF_TO_RECIPIENT && !to_seen) {
		if (to_value(work, &value, err) != 0)
			return -1;
		add_header(work, STR("To"), value, TAILOR_ADDED, 0);
	}
	for (size_t i = 0; i < work->own_count; i++)
		add_header(work, work->own[i].name, work->own[i].value, TAILOR_ADDED, 0);
	for (size_t i = 0; i < work->body.replaced_count; i++) {
		const struct mime_header *replaced = &work->body.replaced[i];

		if (mime_header_find_str(work->message->mime, replaced->name) == NULL)
			add_header(work, replaced->name, replaced->value, TAILOR_ADDED, 0);
	}
	return 0;
}

static int
make_headers(struct work *work, struct err *err)
{
	size_t count = mime_header_count(work->message->mime), room;
	bool to_seen = false;

	if (tailor_list_fields(work->message->campaign, str_c(work->message->name),
		work->message->mime, &work->links, work->own, &work->own_count, err) != 0)
		return -1;
	/* The first places are the signatures'; Date, Message-ID, To may join, and what plugins
	 * add. */
	room = count + work->body.replaced_count + work->own_count + DKIM_SIGNATURES_MAX + 3 +
	    TAILOR_EXTEND_HEADERS;
	work->copy->headers = arena_zalloc(work->arena, room, sizeof *work->copy->headers);
	if (work->copy->headers == NULL)
		return err_set(err, ERR_LIMIT, "message: too many header fields");
	for (int i = 0; i < DKIM_SIGNATURES_MAX; i++)
		add_header(work, STR("DKIM-Signature"), STR_NONE, TAILOR_ADDED, 0);
	for (size_t i = 0; i < count; i++) {
		if (carry_header(work, i, &to_seen, err) != 0)
			return -1;
	}
	if (add_missing(work, to_seen, err) != 0)
		return -1;
	return tailor_extend_headers(&work->extend, room, err);
}

static int
sign(struct work *work, struct err *err)
{
	struct tailor_copy *copy = work->copy;
	struct mime_header *leaving =
	    arena_zalloc(work->arena, copy->header_count, sizeof *leaving);
	struct str values[DKIM_SIGNATURES_MAX];
	size_t count = 0, signatures, unused;

	if (leaving == NULL)
		return err_set(err, ERR_LIMIT, "message: too many header fields");
	for (size_t i = DKIM_SIGNATURES_MAX; i < copy->header_count; i++) {
		if (copy->headers[i].change != TAILOR_REMOVED)
			leaving[count++] = copy->headers[i].header;
	}
	copy->spans = work->body.spans;
	copy->span_count = work->body.span_count;
	if (dkim_keys_sign(work->tailor->keys, str_c(work->message->domain),
		(enum conf_signatures)work->message->campaign->signatures, leaving, count,
		copy->spans, copy->span_count, work->arena, values, &signatures, err) != 0)
		return -1;
	unused = DKIM_SIGNATURES_MAX - signatures;
	copy->headers += unused;
	copy->header_count -= unused;
	for (size_t i = 0; i < signatures; i++)
		copy->headers[i].header.value = values[i];
	return 0;
}

/* 1: this address gets nothing, verdict and reason are set. */
static int
suppressed(struct work *work, struct err *err)
{
	const struct conf_campaign *campaign = work->message->campaign;
	const struct store_suppression_query query = {.address = work->recipient,
	    .campaign = str_c(work->message->name),
	    .list = str_c(campaign->list_id),
	    .marketing = campaign->kind == CONF_KIND_MARKETING};
	struct store_suppression entry;
	int found = store_suppression_ask(work->tailor->store, &query, work->arena, &entry, err);

	if (found != 1)
		return found;
	work->copy->verdict = STORE_SUPPRESSED;
	work->copy->reason = arena_printf(work->arena, "suppressed for %.*s%s%.*s",
	    STR_F(entry.scope), entry.reason.n > 0 ? ": " : "", STR_F(entry.reason));
	return 1;
}

static int
check_missing(const struct work *work, struct err *err)
{
	if (work->missing.p == NULL || work->message->campaign->missing == CONF_MISSING_EMPTY)
		return 0;
	return err_set(err, ERR_MISSING, "%.*s has no value and no default", STR_F(work->missing));
}

/* Who bounces go to. The null sender stays: nobody wants to hear of its bounces. */
static int
set_sender(struct work *work, struct err *err)
{
	struct str address = str_c(work->message->campaign->bounce_address);
	struct str own = str_c(work->message->sender);

	work->copy->sender = own;
	if (address.n == 0 || own.n == 0)
		return 0;
	work->copy->sender = address;
	work->copy->sender_changed = true;
	if (work->links.facts.contact == 0)
		return 0;
	if (work->tailor->link_keys == NULL)
		return err_set(err, ERR_KEY, "bounce_address: there are no token keys");
	return link_bounce_address(work->tailor->link_keys, address, &work->links.facts,
	    work->arena, &work->copy->sender, err);
}

/* Nothing is deferred for want of consent: asking again does not make it. */
static int
no_consent(struct work *work)
{
	work->copy->verdict = STORE_SUPPRESSED;
	work->copy->reason = str_c(work->contact.refused);
	return 1;
}

static struct store_frequency_place
place_of(const struct work *work)
{
	return (struct store_frequency_place){.contact = work->contact.row.id,
	    .message = str_c(work->message->key),
	    .frequency = work->contact.frequency,
	    .now_ms = work->options.now_ms};
}

/* 1: it had some lately, verdict and reason are set. `take`: what it gets next is this one. */
static int
too_often(struct work *work, bool take, struct err *err)
{
	const struct store_frequency_place place = place_of(work);
	int rc = tailor_frequency(work->tailor->store, work->message->campaign, &place, take,
	    work->arena, &work->copy->reason, err);

	work->placed = take && rc == 1;
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	work->copy->verdict = STORE_SUPPRESSED;
	return 1;
}

/* Another message may go instead of one that never will. */
static void
give_back(const struct work *work)
{
	const struct store_frequency_place place = place_of(work);
	struct err err = ERR_INIT;

	if (!work->placed || place.frequency == STORE_FREQUENCY_ALL ||
	    work->copy->verdict != STORE_FAILED || !plugin_process.live)
		return;
	if (store_frequency_release(work->tailor->store, place.contact, place.message, &err) != 0)
		log_warning("a place can't be given back", LOG_STR("reason", err.text));
}

/* Never an unsigned message: the signature is the last step and its failure a verdict. 1: it has
 * a verdict already. */
static int
render(struct work *work, struct err *err)
{
	int rc = tailor_scope(work->tailor, work->message, work->recipient, work->arena,
	    &work->links, &work->contact, &work->globals, err);

	work->copy->contact_id = work->contact.row.id;
	if (rc != 0)
		return rc < 0 ? -1 : no_consent(work);
	prepare_links(work);
	prepare_options(work);
	if (tailor_extend_init(&work->extend, work->message, &work->contact, work->recipient,
		work->arena, &work->links, work->copy, work->options.now_ms, err) != 0)
		return -1;
	plugin_copy_globals(&work->extend.plugins, &work->globals);
	rc = too_often(work, false, err);
	if (rc == 0)
		rc = tailor_extend_gates(&work->extend, err);
	if (rc == 0)
		rc = too_often(work, true, err);
	if (rc != 0)
		return rc;
	if (render_body(work, err) != 0 || make_headers(work, err) != 0 ||
	    check_missing(work, err) != 0 || set_sender(work, err) != 0)
		return -1;
	/* Nothing is looked up any more. */
	store_snapshot_end(work->tailor->store);
	return sign(work, err);
}

/* Temporary unless the campaign or the template decided that it is final. */
static enum store_verdict
verdict_of(const struct work *work, const struct err *err)
{
	const struct conf_campaign *campaign = work->message->campaign;

	if (err->code == ERR_ABORT)
		return STORE_FAILED;
	if (err->code == ERR_MISSING && work->missing.p == NULL)
		return campaign->unknown == CONF_UNKNOWN_REFUSE ? STORE_FAILED : STORE_DEFERRED;
	if (err->code == ERR_MISSING)
		return campaign->missing == CONF_MISSING_FAIL ? STORE_FAILED : STORE_DEFERRED;
	/* An address that can't be written into a header field will not become better. */
	return err->code == ERR_INPUT ? STORE_FAILED : STORE_DEFERRED;
}

void
tailor_render(struct tailor *tailor, struct tailor_message *message, struct str recipient,
    struct arena *arena, struct tailor_copy *copy_r)
{
	struct work work = {.tailor = tailor,
	    .message = message,
	    .recipient = recipient,
	    .arena = arena,
	    .copy = copy_r};
	struct err err = ERR_INIT;
	int64_t begun_us = clock_mono_us();
	int rc;

	*copy_r = (struct tailor_copy){.verdict = STORE_SENT, .reason = STR("")};
	atomic_fetch_add(&tailor->copies, 1);
	store_snapshot_begin(tailor->store);
	rc = suppressed(&work, &err);
	if (rc == 0)
		rc = render(&work, &err);
	store_snapshot_end(tailor->store);
	tally_took(TALLY_TAILOR, clock_mono_us() - begun_us);
	if (rc == 1)
		return;
	if (rc == 0 && message->note != NULL)
		copy_r->reason = str_c(message->note);
	if (rc >= 0)
		return;
	copy_r->verdict = verdict_of(&work, &err);
	copy_r->code = err.code;
	copy_r->reason = arena_str(arena, str_c(err.text));
	if (copy_r->reason.p == NULL)
		copy_r->reason = STR("out of memory for this message");
	copy_r->header_count = 0;
	copy_r->span_count = 0;
	give_back(&work);
}

int
tailor_copy_write(const struct tailor_copy *copy, struct buf *out)
{
	for (size_t i = 0; i < copy->header_count; i++) {
		const struct tailor_header *header = &copy->headers[i];

		if (header->change == TAILOR_REMOVED)
			continue;
		buf_add_str(out, header->header.name);
		buf_add_char(out, ':');
		buf_add_str(out, header->header.value);
		buf_add_c(out, "\r\n");
	}
	buf_add_c(out, "\r\n");
	for (size_t i = 0; i < copy->span_count; i++)
		buf_add_str(out, copy->spans[i]);
	return out->full ? -1 : 0;
}
