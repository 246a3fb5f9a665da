/* SPDX-License-Identifier: BSD-2-Clause
 *
 * track: see track.h
 */
#include "tailor/track.h"

#include "link/text.h"
#include "store/link.h"

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>

/* Ceilings of one part: no newsletter comes near. */
#define LINKS_MAX 5000
#define GROWTH	  4

struct target {
	char *address; /* where it leads, utm parameters added; NULL: known after rendering */
	char *written; /* the value as the author wrote it */
	enum html_quote quote;
	int64_t id;
};

struct tailor_track {
	char *campaign;
	int64_t campaign_id;
	struct str base;
	struct link_utm utm;
	bool clicks;
	bool opens;
	bool text; /* links in text parts, too */
	bool mail; /* tokens stand in mail addresses of this campaign */
	struct html_marks marks;
	GArray *targets; /* struct target */
	GArray *quotes;	 /* enum html_quote of each */
	size_t dynamic;
};

static void
clear_target(void *p)
{
	struct target *target = p;

	g_free(target->address);
	g_free(target->written);
}

bool
tailor_track_configured(const struct conf *conf, const struct conf_campaign *campaign)
{
	return conf->token_keys[0] != '\0' && link_base(conf, campaign).n > 0;
}

int64_t
tailor_track_campaign(const struct tailor_track *track)
{
	return track->campaign_id;
}

bool
tailor_track_takes(const struct tailor_track *track, enum liquid_mode mode)
{
	return mode == LIQUID_HTML || (mode == LIQUID_TEXT && track->text);
}

bool
tailor_track_rewrites(const struct tailor_track *track, const struct mime_part *part)
{
	if (part->kind == MIME_HTML)
		return track->clicks || track->opens;
	return part->kind == MIME_PLAIN && track->text && str_has(part->text, STR("://"));
}

struct tailor_track *
tailor_track_new(const struct conf *conf, const struct conf_campaign *campaign, struct str name)
{
	struct tailor_track *track = g_new0(struct tailor_track, 1);
	bool configured = tailor_track_configured(conf, campaign);

	track->campaign = g_strndup(name.p, name.n);
	track->base = configured ? link_base(conf, campaign) : STR("");
	track->utm = link_utm_of(campaign, str_c(track->campaign));
	track->clicks = configured && campaign->track_clicks;
	track->opens = configured && campaign->track_opens;
	track->text = track->clicks && campaign->track_text;
	track->mail = conf->token_keys[0] != '\0' && campaign->bounce_address[0] != '\0';
	html_marks_init(&track->marks);
	track->targets = g_array_new(FALSE, FALSE, sizeof(struct target));
	g_array_set_clear_func(track->targets, clear_target);
	track->quotes = g_array_new(FALSE, FALSE, sizeof(enum html_quote));
	return track;
}

void
tailor_track_free(struct tailor_track **track)
{
	if (*track == NULL)
		return;
	g_array_free((*track)->targets, TRUE);
	g_array_free((*track)->quotes, TRUE);
	g_free((*track)->campaign);
	g_free(*track);
	*track = NULL;
}

/* --- compiling --- */

/* Links that are worth a click: to the web, and not to the tracking host itself. */
static bool
is_trackable(const struct tailor_track *track, struct str address)
{
	return link_address_ok(address) &&
	    !(str_starts(address, track->base) &&
		(address.n == track->base.n || address.p[track->base.n] == '/'));
}

/* A link of a source, in HTML or in text. */
struct place {
	struct html_range range;
	struct str address; /* of one that is the same for all; else absent */
	enum html_quote quote;
	bool literal; /* in {% raw %} */
};

static int
add_target(struct tailor_track *track, const struct place *place, struct str source,
    struct arena *arena, size_t *number_r, struct err *err)
{
	struct target target = {.quote = place->quote};
	struct str address;

	if (track->targets->len >= LINKS_MAX)
		return err_set(err, ERR_LIMIT, "message: more than %d links", LINKS_MAX);
	if (place->address.p != NULL) {
		if (link_add_utm(place->address, &track->utm, arena, &address, err) != 0)
			return -1;
		target.address = g_strndup(address.p, address.n);
		target.written =
		    g_strndup(source.p + place->range.begin, place->range.end - place->range.begin);
	} else {
		track->dynamic++;
	}
	*number_r = track->targets->len;
	g_array_append_val(track->targets, target);
	g_array_append_val(track->quotes, target.quote);
	return 0;
}

/* The edits of one source. */
struct editing {
	struct tailor_track *track;
	struct str source;
	struct arena *arena;
	GArray *edits;
};

static void
add_edit(struct editing *editing, size_t begin, size_t end, struct str text)
{
	struct html_edit edit = {{begin, end}, text};

	g_array_append_val(editing->edits, edit);
}

static int
edit_static(struct editing *editing, const struct place *place, struct err *err)
{
	struct str text;
	size_t number;

	if (add_target(editing->track, place, editing->source, editing->arena, &number, err) != 0)
		return -1;
	text = arena_printf(editing->arena,
	    place->literal ? "{%% endraw %%}{{ links.c%zu }}{%% raw %%}" : "{{ links.c%zu }}",
	    number);
	if (text.p == NULL)
		return err_set(err, ERR_LIMIT, "message: too many links");
	add_edit(editing, place->range.begin, place->range.end, text);
	return 0;
}

static int
edit_dynamic(struct editing *editing, const struct place *place, struct err *err)
{
	char before[HTML_MARK_MAX], behind[HTML_MARK_MAX];
	struct str first, last;
	size_t number;

	if (add_target(editing->track, place, editing->source, editing->arena, &number, err) != 0)
		return -1;
	first = html_mark(&editing->track->marks, number, false, before);
	last = html_mark(&editing->track->marks, number, true, behind);
	first = arena_str(editing->arena, first);
	last = arena_str(editing->arena, last);
	if (first.p == NULL || last.p == NULL)
		return err_set(err, ERR_LIMIT, "message: too many links");
	add_edit(editing, place->range.begin, place->range.begin, first);
	add_edit(editing, place->range.end, place->range.end, last);
	return 0;
}

static int
edit_links(struct editing *editing, const struct html_doc *doc, struct err *err)
{
	for (size_t i = 0; i < html_link_count(doc); i++) {
		const struct html_link *link = html_link_at(doc, i);
		struct place place = {.range = link->value.range,
		    .quote = link->value.quote,
		    .literal = link->literal};
		int rc = 0;

		if (link->off || !link->whole)
			continue;
		if (link->value.dynamic == HTML_STATIC) {
			place.address = link->address;
			if (editing->track->clicks && is_trackable(editing->track, link->address))
				rc = edit_static(editing, &place, err);
		} else if (html_markable(link)) {
			rc = edit_dynamic(editing, &place, err);
		}
		if (rc != 0)
			return -1;
	}
	return 0;
}

static int
edit_text_links(struct editing *editing, struct err *err)
{
	struct link_place *places;
	size_t count;

	if (link_text_scan(
		editing->source, true, LINKS_MAX, editing->arena, &places, &count, err) != 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		const struct link_place *found = &places[i];
		struct place place = {.range = {found->begin, found->end},
		    .quote = HTML_QUOTE_TEXT,
		    .literal = found->literal};
		int rc = 0;

		if (!found->whole)
			continue;
		if (found->dynamic == LINK_STATIC) {
			place.address = (struct str){
			    editing->source.p + found->begin, found->end - found->begin};
			if (is_trackable(editing->track, place.address))
				rc = edit_static(editing, &place, err);
		} else if (!found->literal && !found->captured) {
			rc = edit_dynamic(editing, &place, err);
		}
		if (rc != 0)
			return -1;
	}
	return 0;
}

/* In the part itself the pixel stands in any case; in a partial, which may be a layout, only
 * where </body> is. links.pixel prints it once. */
static void
edit_pixel(struct editing *editing, const struct html_places *places, bool main)
{
	if (!editing->track->opens || places->end_literal || (!main && !places->has_body))
		return;
	add_edit(editing, places->body_end, places->body_end, STR("{{ links.pixel }}"));
}

/* Where the bytes of the result come from. The edits are in order. */
static struct origin *
trace(const struct editing *editing, const struct origin *before)
{
	struct origin *origin = before == NULL ? origin_new(editing->source)
					       : origin_new_after(before, editing->source.n);
	size_t at = 0, from = 0;

	for (guint i = 0; i < editing->edits->len; i++) {
		const struct html_edit *edit = &g_array_index(editing->edits, struct html_edit, i);

		origin_add(origin, at, from, false);
		at += edit->range.begin - from;
		origin_add(origin, at, edit->range.begin, true);
		at += edit->text.n;
		from = edit->range.end;
	}
	origin_add(origin, at, from, false);
	return origin;
}

static int
edit_html(struct editing *editing, bool main, struct err *err)
{
	const struct html_options options = {
	    .limits = {.source = editing->source.n, .links = LINKS_MAX}};
	struct html_doc *doc;
	int rc;

	if (html_scan(&doc, editing->source, &options, err) != 0)
		return -1;
	rc = edit_links(editing, doc, err);
	if (rc == 0)
		edit_pixel(editing, html_places(doc), main);
	html_free(&doc);
	return rc;
}

int
tailor_track_source(struct tailor_track *track, enum liquid_mode mode, struct str source,
    const struct origin *origin, bool main, struct buf *out, struct origin **origin_r,
    struct err *err)
{
	struct editing editing = {
	    .track = track, .source = source, .arena = arena_new((size_t)16 << 20)};
	int rc;

	*origin_r = NULL;
	editing.edits = g_array_sized_new(FALSE, FALSE, sizeof(struct html_edit), 16);
	rc = mode == LIQUID_HTML ? edit_html(&editing, main, err) : edit_text_links(&editing, err);
	if (rc == 0)
		rc = html_splice(source, (struct html_edit *)(void *)editing.edits->data,
		    editing.edits->len, out, err);
	if (rc == 0)
		*origin_r = trace(&editing, origin);
	g_array_free(editing.edits, TRUE);
	arena_free(&editing.arena);
	return rc;
}

int
tailor_track_settle(struct tailor_track *track, struct store *store, struct err *err)
{
	guint count = track->targets->len;
	struct str *addresses;
	int64_t *ids;
	size_t known = 0;
	int rc;

	if (track->base.n == 0 && !track->mail)
		return 0;
	addresses = g_new0(struct str, count + 1);
	ids = g_new0(int64_t, count + 1);
	for (guint i = 0; i < count; i++) {
		const struct target *target = &g_array_index(track->targets, struct target, i);

		if (target->address != NULL)
			addresses[known++] = str_c(target->address);
	}
	rc = store_campaign_id(store, str_c(track->campaign), &track->campaign_id, err);
	if (rc == 0 && known > 0)
		rc = store_link_ids(store, track->campaign_id, addresses, known, ids, err);
	known = 0;
	for (guint i = 0; rc == 0 && i < count; i++) {
		struct target *target = &g_array_index(track->targets, struct target, i);

		if (target->address != NULL)
			target->id = ids[known++];
	}
	g_free(addresses);
	g_free(ids);
	return rc;
}

/* --- rendering --- */

static int
make_click(
    struct tailor_links *links, int64_t id, struct str address, struct str *url_r, struct err *err)
{
	struct link_facts facts = links->facts;

	facts.link = id;
	facts.address = id == 0 ? address : STR_NONE;
	return link_click_url(links->keys, links->base, &facts, links->arena, url_r, err);
}

static int
get_click(struct tailor_links *links, size_t number, struct str *text_r, struct err *err)
{
	const struct target *target;
	struct str url;

	if (links->track == NULL || number >= links->track->targets->len)
		return 0;
	target = &g_array_index(links->track->targets, struct target, number);
	if (target->address == NULL)
		return 0;
	*text_r = str_c(target->written);
	if (links->off)
		return 1;
	if (make_click(links, target->id, str_c(target->address), &url, err) != 0)
		return -1;
	*text_r = url;
	if (target->quote == HTML_QUOTE_NONE)
		*text_r = arena_printf(links->arena, "\"%.*s\"", STR_F(url));
	return text_r->p == NULL ? err_set(err, ERR_LIMIT, "message: too large") : 1;
}

static int
get_pixel(struct tailor_links *links, struct str *text_r, struct err *err)
{
	struct link_facts facts = links->facts;
	struct str url;

	*text_r = STR("");
	if (links->off || links->pixel_done || links->track == NULL || !links->track->opens)
		return 1;
	if (facts.contact == 0)
		facts.address = links->recipient;
	if (link_open_url(links->keys, links->base, &facts, links->arena, &url, err) != 0)
		return -1;
	links->pixel_done = true;
	*text_r = arena_printf(links->arena,
	    "<img src=\"%.*s\" width=\"1\" height=\"1\" alt=\"\" border=\"0\">", STR_F(url));
	return text_r->p == NULL ? err_set(err, ERR_LIMIT, "message: too large") : 1;
}

/* An address of ours that a template or a header field asks for. */
static int
get_address(struct tailor_links *links, struct str key, struct str *text_r, struct err *err)
{
	static const struct {
		const char *name;
		int (*make)(const struct link_keys *keys, struct str base,
		    const struct link_facts *facts, struct arena *arena, struct str *url_r,
		    struct err *err);
	} addresses[] = {
	    {"unsubscribe", link_unsubscribe_url},
	    {"preferences", link_preferences_url},
	    {"view", link_view_url},
	};

	struct link_facts facts = links->facts;

	if (facts.contact == 0)
		facts.address = links->recipient;
	for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
		if (!str_is(key, addresses[i].name))
			continue;
		if (links->keys == NULL) {
			*text_r = arena_printf(
			    links->arena, "%.*s/%s", STR_F(links->base), addresses[i].name);
			return text_r->p == NULL ? err_set(err, ERR_LIMIT, "too large") : 1;
		}
		return addresses[i].make(
			   links->keys, links->base, &facts, links->arena, text_r, err) == 0
		    ? 1
		    : -1;
	}
	return 0;
}

static int
get_member(void *closure, struct str key, struct arena *arena, struct liquid_value *value_r,
    struct err *err)
{
	struct tailor_links *links = closure;
	unsigned long long number;
	struct str digits = {key.p + 1, key.n - 1}, text;
	int found;

	(void)arena;
	if (links->base.n == 0 || key.n == 0)
		return 0;
	if (links->keys != NULL && key.p[0] == 'c' && str_to_u64(digits, LINKS_MAX, &number))
		found = get_click(links, (size_t)number, &text, err);
	else if (str_is(key, "pixel"))
		found = get_pixel(links, &text, err);
	else
		found = get_address(links, key, &text, err);
	if (found <= 0)
		return found;
	*value_r = liquid_string(text);
	value_r->safe = true; /* base64url and our own base, or the author's bytes */
	return 1;
}

struct liquid_value
tailor_links_value(struct tailor_links *links)
{
	links->lazy = (struct liquid_lazy){.get = get_member, .closure = links};
	return (struct liquid_value){.type = LIQUID_LAZY, .lazy = &links->lazy};
}

/* What stands between two marks: only the web, mail and telephones may be led to. */
static int
rewrite(void *closure, size_t number, struct str address, struct str *address_r, struct err *err)
{
	struct tailor_links *links = closure;
	enum html_quote quote = g_array_index(links->track->quotes, enum html_quote, number);

	switch (html_address_scheme(address)) {
	case HTML_SCHEME_MAILTO:
	case HTML_SCHEME_TEL:
	case HTML_SCHEME_SMS:
	case HTML_SCHEME_FRAGMENT:
	case HTML_SCHEME_EMPTY:
		return 0;
	case HTML_SCHEME_HTTP:
		break;
	default:
		/* No reader follows it there. */
		if (quote == HTML_QUOTE_TEXT)
			return 0;
		return err_set(err, ERR_TEMPLATE,
		    "a link leads to \"%.100s\": expected http, https, mailto, tel or sms",
		    address.n > 0 ? arena_str(links->arena, address).p : "");
	}
	if (links->off || !links->track->clicks || !is_trackable(links->track, address))
		return 0;
	if (link_add_utm(address, &links->track->utm, links->arena, &address, err) != 0 ||
	    make_click(links, 0, address, address_r, err) != 0)
		return -1;
	return 1;
}

int
tailor_links_finish(
    struct tailor_links *links, struct str rendered, struct str *text_r, struct err *err)
{
	const struct tailor_track *track = links->track;
	struct html_unmarking unmarking = {.rewrite = rewrite, .closure = links};
	struct buf out;
	int rc;

	*text_r = rendered;
	if (track == NULL || track->dynamic == 0)
		return 0;
	unmarking.links = track->targets->len;
	buf_init(&out, rendered.n * GROWTH + LINK_TOKEN_MAX * (track->targets->len + 1));
	rc = html_unmark(&track->marks, rendered,
	    (const enum html_quote *)(const void *)track->quotes->data, &unmarking, &out, err);
	if (rc == 0) {
		*text_r = arena_str(links->arena, buf_str(&out));
		if (text_r->p == NULL)
			rc = err_set(err, ERR_LIMIT, "message: too large");
	}
	buf_fini(&out);
	return rc;
}
