/* SPDX-License-Identifier: BSD-2-Clause
 *
 * compile: the templates of a message, compiled once
 *
 * Every text part and every header field for people is a template. The key of the result is
 * the text itself, not the message's bytes: a tool that gives each submission its own
 * boundary, Date or Message-ID still finds its templates compiled.
 *
 * Owns:    struct tailor_compiled with all its programs.
 * Threads: any; touches only its arguments.
 * Fails:   ERR_TEMPLATE, ERR_LIMIT.
 */
#include "tailor/internal.h"

#include "tailor/limits.h"
#include "tailor/template.h"

#include <glib.h>

/* Fields that programs read; tags have no meaning there. */
static const char *const structural[] = {"Received", "Return-Path", "Date", "Message-ID",
    "MIME-Version", "Content-Type", "Content-Transfer-Encoding", "Content-Disposition",
    "Content-ID", "Content-Location", "DKIM-Signature", "Authentication-Results", "Sender",
    "In-Reply-To", "References"};

static const char *const kind_names[] = {
    [MIME_PLAIN] = "text", [MIME_HTML] = "HTML", [MIME_AMP] = "AMP", [MIME_CALENDAR] = "calendar"};

static bool
may_hold_tags(struct str name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(structural); i++) {
		if (str_is_nocase(name, structural[i]))
			return false;
	}
	return !str_starts(name, STR("ARC-"));
}

bool
tailor_has_tags(struct str text, const struct conf_campaign *campaign)
{
	return str_has(text, STR("{{")) || str_has(text, STR("{%")) ||
	    (campaign->merge_tags == CONF_MERGE_TAGS_MAILCHIMP && merge_has(text));
}

bool
tailor_field_is_template(
    const struct mime_header *header, const struct conf_campaign *campaign, struct arena *arena)
{
	/* Tags may hide in encoded-words or across a fold. */
	if (!tailor_has_tags(header->value, campaign) && !str_has(header->value, STR("=?")) &&
	    !str_has(header->value, STR("\n")))
		return false;
	return !str_is_nocase(header->name, "Received") &&
	    tailor_has_tags(mime_header_decode(header->value, arena), campaign);
}

static bool
is_mailbox_field(struct str name)
{
	return str_is_nocase(name, "From") || str_is_nocase(name, "Reply-To") ||
	    str_is_nocase(name, "To") || str_is_nocase(name, "Cc");
}

struct id_digest
tailor_compiled_key(const struct mime_message *mime, const struct conf_campaign *campaign,
    struct str name, const int *field_of)
{
	const struct mime_header *subject = mime_header_find(mime, "Subject");
	size_t headers = mime_header_count(mime), parts = mime_part_count(mime), n = 0;
	struct str *pieces = g_new(struct str, 2 * headers + 2 * parts + 3);
	struct id_digest key;

	pieces[n++] = name;
	/* Its parameters count, and the words of its plugins. */
	pieces[n++] = str_c(campaign->name);
	/* A part may ask for it. */
	if (campaign->merge_tags == CONF_MERGE_TAGS_MAILCHIMP && subject != NULL)
		pieces[n++] = subject->value;
	for (size_t i = 0; i < headers; i++) {
		const struct mime_header *header = mime_header_at(mime, i);

		if (field_of[i] < 0)
			continue;
		pieces[n++] = header->name;
		pieces[n++] = header->value;
	}
	for (size_t i = 0; i < parts; i++) {
		const struct mime_part *part = mime_part_at(mime, i);

		pieces[n++] = str_c(kind_names[part->kind]);
		pieces[n++] = part->text;
	}
	key = id_digest(pieces, n);
	g_free(pieces);
	return key;
}

/* Names that are the same for all recipients, as merge tags ask for them. */
static bool
has_value(void *closure, struct str path)
{
	const struct tailor_work *work = closure;
	struct str campaign = STR("campaign.");

	if (str_is(path, "links.unsubscribe"))
		return conf_can_unsubscribe(work->conf, work->campaign);
	if (str_is(path, "links.preferences") || str_is(path, "links.view"))
		return tailor_track_configured(work->conf, work->campaign);
	if (str_is(path, "campaign.postal_address") &&
	    conf_postal_address(work->conf, work->campaign)[0] != '\0')
		return true;
	if (!str_starts(path, campaign))
		return false;
	path = (struct str){path.p + campaign.n, path.n - campaign.n};
	return str_is(path, "name") || tailor_has_value(work->data, path);
}

static struct liquid_options
options_for(const struct tailor_work *work, enum liquid_mode mode)
{
	/* Strict in text parts, too: what plain Liquid passes over is a mistake in a message. */
	return (struct liquid_options){.mode = mode,
	    .strict = true,
	    .limits = tailor_limits(work->conf, mode),
	    .partials = liquid_folder_partials(work->shelf.folder, mode),
	    .texts = work->shelf.texts,
	    .extensions = work->extensions};
}

void
tailor_split_mailbox(struct str text, struct str *display_r, struct str *address_r)
{
	const char *open = text.n > 0 ? memrchr(text.p, '<', text.n) : NULL;

	text = str_trim(text);
	if (open == NULL || text.p[text.n - 1] != '>') {
		*display_r = STR("");
		*address_r = text;
		return;
	}
	*display_r = str_trim((struct str){text.p, (size_t)(open - text.p)});
	*address_r = str_trim((struct str){open + 1, (size_t)(text.p + text.n - 1 - (open + 1))});
}

/* A quoted-string's content (RFC 5322 section 3.2.4); other text as it is. */
static struct str
unquote(struct str text, struct arena *arena)
{
	char *out;
	size_t n = 0;

	if (text.n < 2 || text.p[0] != '"' || text.p[text.n - 1] != '"')
		return text;
	out = arena_alloc(arena, text.n);
	if (out == NULL)
		return STR_NONE;
	for (size_t i = 1; i + 1 < text.n; i++) {
		if (text.p[i] == '\\' && i + 2 < text.n)
			i++;
		out[n++] = text.p[i];
	}
	return (struct str){out, n};
}

static int
compile_mailbox(struct tailor_field *field, const struct tailor_work *work, struct str name,
    struct str text, const struct liquid_options *options, struct arena *arena, struct err *err)
{
	struct str display, address;

	tailor_split_mailbox(text, &display, &address);
	display = unquote(display, arena);
	if (display.p == NULL)
		return err_set(err, ERR_LIMIT, "%.*s: too long", STR_F(name));
	if (str_is_nocase(name, "From") && tailor_has_tags(address, work->campaign))
		return err_set(err, ERR_TEMPLATE,
		    "From: the address holds template tags: its domain signs, so it must stand as "
		    "it is; tags may stand in the display name");
	field->mailbox = true;
	if (tailor_compile_template(&field->text, name, display, options, &work->stages, err) != 0)
		return -1;
	return tailor_compile_template(&field->address, name, address, options, &work->stages, err);
}

int
tailor_compile_field(struct tailor_field *field, const struct tailor_work *work,
    const struct mime_header *header, struct arena *arena, struct err *err)
{
	const struct liquid_options options = options_for(work, LIQUID_HEADER);
	struct str text = mime_header_decode(header->value, arena);

	field->name = g_strndup(header->name.p, header->name.n);
	if (!may_hold_tags(header->name))
		return err_set(
		    err, ERR_TEMPLATE, "%s: template tags can't stand here", field->name);
	if (text.p == NULL)
		return err_set(err, ERR_LIMIT, "%s: too long", field->name);
	if (is_mailbox_field(header->name))
		return compile_mailbox(field, work, header->name, text, &options, arena, err);
	return tailor_compile_template(
	    &field->text, header->name, text, &options, &work->stages, err);
}

static int
compile_fields(struct tailor_compiled *compiled, const struct tailor_work *work, struct err *err)
{
	size_t count = mime_header_count(work->mime);
	struct arena *arena = arena_new((size_t)4 << 20);
	int rc = 0;

	compiled->fields = g_new0(struct tailor_field, count);
	for (size_t i = 0; i < count && rc == 0; i++) {
		const struct mime_header *header = mime_header_at(work->mime, i);

		if (tailor_field_is_template(header, work->campaign, arena))
			rc = tailor_compile_field(
			    &compiled->fields[compiled->field_count++], work, header, arena, err);
		arena_reset(arena);
	}
	arena_free(&arena);
	return rc;
}

static const enum liquid_mode part_modes[] = {[MIME_PLAIN] = LIQUID_TEXT,
    [MIME_HTML] = LIQUID_HTML,
    [MIME_AMP] = LIQUID_HTML,
    [MIME_CALENDAR] = LIQUID_CALENDAR};

int
tailor_part_lacks(
    const struct tailor_work *work, size_t number, const struct mime_part *part, struct err *err)
{
	const struct liquid_options options = options_for(work, part_modes[part->kind]);
	struct tailor_stages stages = work->stages;
	char name[TAILOR_PART_NAME_SIZE];

	if (!tailor_law_covers(work->law, part))
		return 0;
	stages.law = work->law;
	return tailor_template_lacks(
	    tailor_part_name(part, number, name), part->text, &options, &stages, err);
}

static int
check_footer(
    const struct tailor_work *work, enum liquid_mode mode, const char *kind, struct err *err)
{
	const struct liquid_options options = options_for(work, mode);
	struct tailor_stages with_law = work->stages;
	struct liquid_program *program = NULL;
	char source[300];
	int lacks;

	snprintf(source, sizeof source, "{%% render \"%s\" %%}", work->campaign->footer);
	if (tailor_compile_template(&program, str_c(work->campaign->footer), str_c(source),
		&options, &work->stages, err) != 0)
		return err_prefix(err, "%s: footer: in %s", work->campaign->place, kind);
	liquid_free(&program);
	with_law.law = work->law;
	lacks = tailor_template_lacks(STR("footer"), str_c(source), &options, &with_law, err);
	if (lacks > 0)
		err_set(err, ERR_CONFIG, "%s: footer: %s in %s has %s", work->campaign->place,
		    work->campaign->footer, kind, tailor_law_words((unsigned)lacks));
	return lacks == 0 ? 0 : -1;
}

int
tailor_check_footer(const struct tailor_work *work, struct err *err)
{
	if (work->law == NULL || work->campaign->footer[0] == '\0')
		return 0;
	return check_footer(work, LIQUID_HTML, "HTML", err) == 0 &&
		check_footer(work, LIQUID_TEXT, "text", err) == 0
	    ? 0
	    : -1;
}

int
tailor_compile_part(struct liquid_program **program_r, const struct tailor_work *work,
    size_t number, const struct mime_part *part, struct err *err)
{
	const struct liquid_options options = options_for(work, part_modes[part->kind]);
	struct tailor_stages stages = work->stages;
	char name[TAILOR_PART_NAME_SIZE];

	stages.amp = part->kind == MIME_AMP;
	if (tailor_law_covers(work->law, part))
		stages.law = work->law;
	return tailor_compile_template(
	    program_r, tailor_part_name(part, number, name), part->text, &options, &stages, err);
}

struct str
tailor_part_name(const struct mime_part *part, size_t number, char name[TAILOR_PART_NAME_SIZE])
{
	g_snprintf(name, TAILOR_PART_NAME_SIZE, "%s part %zu", kind_names[part->kind], number);
	return str_c(name);
}

static int
compile_parts(struct tailor_compiled *compiled, const struct tailor_work *work, struct err *err)
{
	size_t count = mime_part_count(work->mime);

	compiled->parts = g_new0(struct liquid_program *, count);
	compiled->part_count = count;
	for (size_t i = 0; i < count; i++) {
		const struct mime_part *part = mime_part_at(work->mime, i);

		if ((tailor_has_tags(part->text, work->campaign) ||
			tailor_law_covers(work->law, part) ||
			tailor_track_rewrites(work->stages.track, part)) &&
		    tailor_compile_part(&compiled->parts[i], work, i + 1, part, err) != 0)
			return -1;
	}
	return 0;
}

/* A template that can't be rendered must not leave as it is. */
int
tailor_check_fixed(
    const struct mime_message *mime, const struct conf_campaign *campaign, struct err *err)
{
	for (size_t i = 0; i < mime_fixed_count(mime); i++) {
		if (tailor_has_tags(mime_fixed_at(mime, i), campaign))
			return err_set(err, ERR_TEMPLATE,
			    "a text part holds template tags but can't be rewritten: it is signed "
			    "or "
			    "encrypted, malformed, or its charset is unknown or not kept to");
	}
	return 0;
}

void
tailor_work_init(struct tailor_work *work, struct arena *arena)
{
	const struct mime_header *subject =
	    work->mime == NULL ? NULL : mime_header_find(work->mime, "Subject");

	work->options = (struct merge_options){.has = has_value, .closure = work};
	work->stages.merge = NULL;
	if (work->campaign->merge_tags != CONF_MERGE_TAGS_MAILCHIMP)
		return;
	work->options.subject =
	    subject == NULL ? STR_NONE : mime_header_decode(subject->value, arena);
	work->stages.merge = &work->options;
}

static bool
program_asks_view(const struct liquid_program *program)
{
	return program != NULL && liquid_asks_for(program, STR("links"), STR("view"));
}

static bool
asks_view(const struct tailor_compiled *compiled)
{
	for (size_t i = 0; i < compiled->field_count; i++) {
		if (program_asks_view(compiled->fields[i].text) ||
		    program_asks_view(compiled->fields[i].address))
			return true;
	}
	for (size_t i = 0; i < compiled->part_count; i++) {
		if (program_asks_view(compiled->parts[i]))
			return true;
	}
	return false;
}

int
tailor_compile(struct tailor_compiled **compiled_r, const struct conf *conf,
    const struct conf_campaign *campaign, struct str name, const struct liquid_value *data,
    struct tailor_shelf shelf, const struct liquid_extensions *extensions,
    const struct mime_message *mime, struct err *err)
{
	struct tailor_compiled *compiled = g_new0(struct tailor_compiled, 1);
	struct arena *arena = arena_new((size_t)4 << 20);
	struct tailor_law *law = tailor_law_new(conf, campaign, data);
	struct tailor_work work = {.conf = conf,
	    .shelf = shelf,
	    .campaign = campaign,
	    .data = data,
	    .mime = mime,
	    .extensions = extensions,
	    .law = law};
	int rc;

	tailor_work_init(&work, arena);
	compiled->track = tailor_track_new(conf, campaign, name);
	work.stages.track = compiled->track;
	rc = compile_fields(compiled, &work, err);
	if (rc == 0)
		rc = compile_parts(compiled, &work, err);
	if (rc == 0)
		compiled->asks_view = asks_view(compiled);
	arena_free(&arena);
	tailor_law_free(&law);
	if (rc != 0)
		tailor_compiled_free(&compiled);
	else
		*compiled_r = compiled;
	return rc;
}

void
tailor_compiled_free(struct tailor_compiled **compiled)
{
	if (*compiled == NULL)
		return;
	for (size_t i = 0; i < (*compiled)->field_count; i++) {
		g_free((*compiled)->fields[i].name);
		liquid_free(&(*compiled)->fields[i].text);
		liquid_free(&(*compiled)->fields[i].address);
	}
	for (size_t i = 0; i < (*compiled)->part_count; i++)
		liquid_free(&(*compiled)->parts[i]);
	tailor_track_free(&(*compiled)->track);
	g_free((*compiled)->fields);
	g_free((*compiled)->parts);
	g_free(*compiled);
	*compiled = NULL;
}
