/* SPDX-License-Identifier: BSD-2-Clause
 *
 * lint: see lint.h
 *
 * First what the message says by itself, then a copy for each contact. Only pieces that
 * compile are rendered, so one mistake does not hide the others.
 *
 * Threads: one.
 */
#include "lint/lint.h"

#include "base/clock.h"
#include "lint/work.h"
#include "liquid/value_impl.h"
#include "store/contact.h"

#define NESTING_MAX    100
#define ATTRIBUTES_MAX 2000
#define MISSING_MAX    2000
/* Of one contact: what the engine may use, and room for its attributes. */
#define COPY_OVERHEAD ((size_t)16 << 20)

/* --- the message --- */

static int
find_campaign(struct lint *lint, struct err *err)
{
	const struct lint_request *request = lint->request;
	const struct conf *conf = request->conf;
	size_t count = mime_header_count(lint->mime);

	if (request->campaign.p != NULL) {
		lint->name = request->campaign;
		lint->campaign = conf_campaign_find(conf, request->campaign);
		return lint->campaign != NULL
		    ? 0
		    : err_set(err, ERR_NOTFOUND, "the configuration has no campaign \"%.*s\"",
			  STR_F(request->campaign));
	}
	lint->name = STR("");
	if (count == 0)
		return 0;
	return tailor_campaign_of(conf, mime_header_at(lint->mime, 0), count, request->sender,
		   &lint->campaign, &lint->name, err) < 0
	    ? -1
	    : 0;
}

static int
open_message(struct lint *lint, struct err *err)
{
	const struct conf *conf = lint->request->conf;
	const struct mime_limits limits = {
	    (size_t)conf->max_headers, (size_t)conf->max_parts, NESTING_MAX};

	if (mime_parse(&lint->mime, lint->request->raw, &limits, err) != 0 ||
	    tailor_templates_load(&lint->templates, conf, err) != 0 ||
	    tailor_new(&lint->tailor, conf, NULL, NULL, lint->templates, NULL, err) != 0 ||
	    find_campaign(lint, err) != 0)
		return -1;
	lint->inspect = tailor_inspect_new(lint->tailor, lint->campaign, lint->name, lint->mime);
	lint->count = tailor_inspect_count(lint->inspect);
	lint->pieces = g_new0(struct lint_piece, lint->count);
	for (size_t i = 0; i < lint->count; i++) {
		const struct tailor_piece *piece = tailor_inspect_at(lint->inspect, i);

		lint_piece_init(lint, &lint->pieces[i], piece);
		lint->is_template |= piece->is_template;
	}
	return 0;
}

static void
close_message(struct lint *lint)
{
	for (size_t i = 0; i < lint->count; i++)
		lint_piece_fini(&lint->pieces[i]);
	g_free(lint->pieces);
	tailor_inspect_free(&lint->inspect);
	tailor_free(&lint->tailor);
	tailor_templates_unref(&lint->templates);
	mime_free(&lint->mime);
	arena_free(&lint->arena);
	lint_html_fini(&lint->html);
	lint_words_fini(&lint->words);
	g_hash_table_destroy(lint->attributes);
	g_hash_table_destroy(lint->missing);
	g_hash_table_destroy(lint->told);
}

/* Where a part that the engine leaves alone stands, if its first line can be found. */
static struct lint_place
place_of_fixed(const struct lint *lint, struct str text)
{
	struct str raw = lint->request->raw, line = str_trim(text);
	const char *end = line.n == 0 ? NULL : memchr(line.p, '\n', line.n), *found;

	if (end != NULL)
		line.n = (size_t)(end - line.p);
	line = str_trim(line);
	found = line.n < 8 ? NULL : memmem(raw.p, raw.n, line.p, line.n);
	return (struct lint_place){.line = found == NULL ? 1 : lint_line_of(raw, found)};
}

static void
check_fixed(struct lint *lint)
{
	for (size_t i = 0; i < mime_fixed_count(lint->mime); i++) {
		struct str text = mime_fixed_at(lint->mime, i);
		struct lint_place place = place_of_fixed(lint, text);

		if (lint_has_tags(text))
			lint_report_add(lint->report, LINT_FIXED_TEMPLATE, &place,
			    "template tags in a part that can't be rewritten: it is signed or "
			    "encrypted, malformed, or its charset is unknown or not kept to");
		else
			lint_report_add(lint->report, LINT_FIXED_PART, &place,
			    "a text part that can't be rewritten; UTF-8, neither signed nor "
			    "encrypted, was expected");
	}
}

static void
check_data(struct lint *lint)
{
	const struct err *wrong = tailor_inspect_data(lint->inspect);
	struct lint_place place = lint_place_message();

	if (wrong != NULL)
		lint_report_add(lint->report, LINT_DATA, &place, "%s", wrong->text);
}

static void
check_parts(struct lint *lint)
{
	struct lint_place place = lint_place_message();
	bool html = false, text = false;

	for (size_t i = 0; i < lint->count; i++) {
		struct lint_piece *piece = &lint->pieces[i];

		lint_syntax(lint, i);
		if (piece->is_html) {
			place = html ? place : lint_place_of(piece);
			html = true;
			lint_markup(lint, piece);
		} else if (piece->piece->part != NULL) {
			text = true;
		}
	}
	if (!text && mime_fixed_count(lint->mime) == 0)
		lint_report_add(lint->report, LINT_TEXT_MISSING, &place,
		    html ? "a text/plain part was expected beside the HTML part"
			 : "a text part was expected");
}

/* --- one contact --- */

struct missing {
	struct lint *lint;
	const struct liquid_value *globals;
	size_t piece;
};

/* What it does to the message. Of nobody nothing is known, so that says little. */
static enum lint_severity
gravity(const struct lint *lint, const char **effect_r)
{
	enum conf_missing rule = CONF_MISSING_EMPTY;

	if (lint->campaign != NULL)
		rule = (enum conf_missing)lint->campaign->missing;
	*effect_r = rule == CONF_MISSING_FAIL ? "the message would fail"
	    : rule == CONF_MISSING_DEFER      ? "the message would be deferred"
					      : "nothing would stand there";
	if (lint->report->contact == 0)
		return LINT_IS_INFO;
	return rule == CONF_MISSING_EMPTY ? LINT_IS_WARNING : LINT_IS_ERROR;
}

/* A variable is one finding, however many pieces name it. */
static const struct lint_piece *
first_place(struct lint *lint, size_t piece, struct str path)
{
	char *key = g_strndup(path.p, path.n);
	gpointer known = g_hash_table_lookup(lint->missing, key);

	if (known != NULL || g_hash_table_size(lint->missing) >= MISSING_MAX) {
		g_free(key);
		return &lint->pieces[known == NULL ? piece : GPOINTER_TO_SIZE(known) - 1];
	}
	g_hash_table_insert(lint->missing, key, GSIZE_TO_POINTER(piece + 1));
	return &lint->pieces[piece];
}

static void
on_missing(void *closure, struct str path)
{
	const struct missing *missing = closure;
	const struct lint_piece *piece;
	struct lint_place place;
	struct str root = path;
	const char *effect;
	enum lint_severity severity = gravity(missing->lint, &effect);

	for (size_t i = 0; i < path.n; i++) {
		if (strchr(".[ ", path.p[i]) != NULL)
			root.n = MIN(root.n, i);
	}
	/* If it is written so, it was said that nothing is called that; a merge tag may mean it. */
	piece = &missing->lint->pieces[missing->piece];
	if (liquid_object_get(missing->globals->object, root) == NULL &&
	    str_has(piece->piece->source, path))
		return;
	/* Plugins are not asked here: what they would say is not missing. */
	if (tailor_inspect_is_plugins(missing->lint->inspect, root))
		return;
	piece = first_place(missing->lint, missing->piece, path);
	place = lint_place_find(piece, path);
	lint_report_add_as(missing->lint->report, LINT_MISSING_VALUE, severity, &place,
	    "%.*s has no value and no default; %s", STR_F(path), effect);
}

static void
note_attributes(struct lint *lint, const struct liquid_value *globals, struct str name)
{
	const struct liquid_value *contact = liquid_object_get(globals->object, name);

	for (size_t i = 0; i < contact->object->count; i++) {
		struct str attribute = contact->object->member[i].key;

		if (g_hash_table_size(lint->attributes) < ATTRIBUTES_MAX)
			g_hash_table_add(lint->attributes, g_strndup(attribute.p, attribute.n));
	}
}

static void
report_failure(struct lint *lint, const struct lint_piece *piece, const struct err *err)
{
	struct lint_place place = lint_place_of(piece);

	if (err->code == ERR_ABORT)
		lint_report_add(lint->report, LINT_ABORT, &place, "abort: %s", err->text);
	else
		lint_report_add(
		    lint->report, LINT_RENDER, &place, "can't be rendered: %s", err->text);
}

/* False if a piece can't be rendered, so that there is no copy to look at. Of one that does
 * not compile, what stands between the tags is looked at. */
static bool
render(struct lint *lint, const struct liquid_value *globals, const char *zone, struct str *texts)
{
	struct missing missing = {.lint = lint, .globals = globals};
	const struct liquid_render_options options = {
	    .now_ms = clock_now(), .time_zone = zone, .missing = on_missing, .closure = &missing};
	bool whole = true;

	for (size_t i = 0; i < lint->count; i++) {
		struct err err = ERR_INIT;

		missing.piece = i;
		texts[i] = STR("");
		if (lint->pieces[i].piece->err.code != ERR_NONE) {
			texts[i] = lint_piece_bare(&lint->pieces[i]);
			continue;
		}
		if (tailor_inspect_render(
			lint->inspect, i, globals, &options, lint->arena, &texts[i], &err) == 0)
			continue;
		report_failure(lint, &lint->pieces[i], &err);
		whole = false;
		if (err.code == ERR_ABORT)
			break;
	}
	return whole;
}

/* `contact` NULL: one of whom nothing is known. */
static void
look_at(struct lint *lint, const struct store_contact *contact, struct str address)
{
	struct lint_copy copy = {.html = NULL};
	struct liquid_value globals;
	struct err err = ERR_INIT;
	const char *zone =
	    contact != NULL && contact->time_zone.n > 0 ? contact->time_zone.p : NULL;

	arena_reset(lint->arena);
	copy.texts = arena_zalloc(lint->arena, lint->count + 1, sizeof *copy.texts);
	if (copy.texts == NULL ||
	    tailor_inspect_scope(lint->inspect, contact, address, lint->arena, &globals, &err) !=
		0) {
		struct lint_place place = lint_place_message();

		lint_report_add(lint->report, LINT_RENDER, &place, "%s", err.text);
		return;
	}
	if (contact != NULL)
		note_attributes(lint, &globals, STR("contact"));
	if (render(lint, &globals, zone, copy.texts))
		lint_copy(lint, &copy);
}

static uint64_t
scatter(uint64_t x)
{
	x = (x ^ (x >> 33)) * UINT64_C(0xff51afd7ed558ccd);
	x = (x ^ (x >> 33)) * UINT64_C(0xc4ceb9fe1a85ec53);
	return x ^ (x >> 33);
}

/* One out of each of `wanted` stretches of equal length. Which one has no rhythm, as lists
 * may have, but is the same in each run. */
static bool
is_chosen(uint64_t i, uint64_t wanted, uint64_t total)
{
	uint64_t stretch = i * wanted / total;
	uint64_t begin = (stretch * total + wanted - 1) / wanted;
	uint64_t end = ((stretch + 1) * total + wanted - 1) / wanted;

	return wanted >= total || i - begin == scatter(stretch) % (end - begin);
}

static bool
on_contact(const struct store_contact *contact, void *closure)
{
	struct lint *lint = closure;
	struct lint_report *report = lint->report;

	if (!is_chosen(lint->seen++, lint->request->contacts, report->total))
		return true;
	if (report->rendered >= lint->request->contacts)
		return false;
	report->contact = ++report->rendered;
	report->address = contact->address;
	look_at(lint, contact, contact->address);
	return true;
}

/* --- all of them --- */

static void
look_at_nobody(struct lint *lint)
{
	struct lint_place place = lint_place_message();

	if (lint->is_template)
		lint_report_add(lint->report, LINT_NO_CONTACTS, &place,
		    "no contacts: it was rendered for one of whom nothing but the address is "
		    "known");
	look_at(lint, NULL, STR("nobody@example.com"));
}

static int
look_at_contacts(struct lint *lint, struct err *err)
{
	const struct lint_request *request = lint->request;
	int64_t total = 0;

	if (request->store != NULL && store_contact_count(request->store, &total, err) != 0)
		return -1;
	lint->report->total = (size_t)total;
	/* Without templates all copies are the same. */
	if (total == 0 || request->contacts == 0 || !lint->is_template) {
		look_at_nobody(lint);
		return 0;
	}
	if (store_contact_each(request->store, on_contact, lint, err) != 0)
		return -1;
	lint->report->contact = 0;
	return 0;
}

static int
check_names(struct lint *lint, bool attributes, struct err *err)
{
	struct liquid_value globals;

	arena_reset(lint->arena);
	if (tailor_inspect_scope(
		lint->inspect, NULL, STR("nobody@example.com"), lint->arena, &globals, err) != 0)
		return -1;
	for (size_t i = 0; i < lint->count; i++) {
		if (attributes)
			lint_attributes(lint, i, &globals);
		else
			lint_names(lint, i, &globals);
	}
	return 0;
}

int
lint_run(const struct lint_request *request, struct lint_report *report, struct err *err)
{
	struct lint lint = {.request = request, .report = report};
	int rc;

	lint.arena = arena_new((size_t)request->conf->render_memory + COPY_OVERHEAD);
	lint.attributes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	lint.missing = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	lint.told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	lint_html_init(&lint.html);
	lint_words_init(&lint.words);
	rc = open_message(&lint, err);
	if (rc == 0) {
		lint_header(&lint);
		check_fixed(&lint);
		check_data(&lint);
		check_parts(&lint);
		lint_law(&lint);
		rc = check_names(&lint, false, err);
	}
	if (rc == 0)
		rc = look_at_contacts(&lint, err);
	if (rc == 0)
		rc = check_names(&lint, true, err);
	lint_report_sort(report);
	close_message(&lint);
	return rc;
}
