/* SPDX-License-Identifier: BSD-2-Clause
 *
 * track: see track.h
 */
#include "tailor/track_impl.h"

#include "link/text.h"
#include "store/link.h"

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>

static void
clear_target(void *p)
{
	struct tailor_target *target = p;

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
	track->hidden = track->clicks && campaign->honeypot;
	track->text = track->clicks && campaign->track_text;
	track->mail = conf->token_keys[0] != '\0' &&
	    (campaign->bounce_address[0] != '\0' || campaign->unsubscribe_address[0] != '\0');
	html_marks_init(&track->marks);
	track->targets = g_array_new(FALSE, FALSE, sizeof(struct tailor_target));
	g_array_set_clear_func(track->targets, clear_target);
	track->quotes = g_array_new(FALSE, FALSE, sizeof(enum html_quote));
	track->odd = g_ptr_array_new_with_free_func(g_free);
	return track;
}

void
tailor_track_free(struct tailor_track **track)
{
	if (*track == NULL)
		return;
	g_array_free((*track)->targets, TRUE);
	g_array_free((*track)->quotes, TRUE);
	g_ptr_array_free((*track)->odd, TRUE);
	g_free((*track)->campaign);
	g_free(*track);
	*track = NULL;
}

bool
tailor_track_wants(const struct tailor_track *track, struct str address)
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
	enum html_use use;
	enum html_scheme own;
	bool untracked;
};

static int
add_target(struct tailor_track *track, const struct place *place, struct str source,
    struct arena *arena, size_t *number_r, struct err *err)
{
	struct tailor_target target = {.quote = place->quote,
	    .use = place->use,
	    .own = place->own,
	    .untracked = place->untracked};
	struct str address;

	if (track->targets->len >= TRACK_LINKS_MAX)
		return err_set(err, ERR_LIMIT, "message: more than %d links", TRACK_LINKS_MAX);
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
	struct tailor_track_kind kind;
	struct str name;
	struct str source;
	const struct origin *origin; /* of the source, or NULL */
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
	if (!editing->track->clicks || editing->kind.amp)
		return 0;
	for (size_t i = 0; i < html_link_count(doc); i++) {
		const struct html_link *link = html_link_at(doc, i);
		const struct place place = {.range = link->value.range,
		    .address = link->address,
		    .quote = link->value.quote,
		    .literal = link->literal,
		    .use = HTML_USE_LINK};

		if (!link->off && link->value.dynamic == HTML_STATIC &&
		    tailor_track_wants(editing->track, link->address) &&
		    edit_static(editing, &place, err) != 0)
			return -1;
	}
	return 0;
}

/* The link whose value this is, if it may be tracked; they stand in the same order. */
static const struct html_link *
link_of(const struct html_doc *doc, const struct html_slot *slot, size_t *next)
{
	size_t begin = slot->value.range.begin;

	while (*next < html_link_count(doc) && html_link_at(doc, *next)->value.range.begin < begin)
		(*next)++;
	if (*next == html_link_count(doc) || html_link_at(doc, *next)->value.range.begin != begin ||
	    html_link_at(doc, *next)->off)
		return NULL;
	return html_link_at(doc, *next);
}

static void
note_odd(struct editing *editing, const struct html_slot *slot)
{
	struct html_range range = slot->value.range;
	struct buf read;

	buf_init(&read, 4 * (range.end - range.begin) + 16);
	html_address_read(
	    (struct str){editing->source.p + range.begin, range.end - range.begin}, &read);
	g_ptr_array_add(editing->track->odd, g_strndup(buf_str(&read).p, read.len));
	buf_fini(&read);
}

static int
refuse_loose(const struct editing *editing, const struct html_slot *slot, struct err *err)
{
	const struct origin *origin = editing->origin;
	unsigned line, column;

	if (origin == NULL)
		origin_place(editing->source, slot->value.range.begin, &line, &column);
	else
		origin_place(origin_source(origin), origin_of(origin, slot->value.range.begin),
		    &line, &column);
	return err_set_at(err, ERR_TEMPLATE, editing->name, line, column,
	    "the attribute's value has no quotes and holds an output in a part of a block: put "
	    "quotes around the value");
}

/* A value that template tags make. Without quotes it could begin another attribute: it gets
 * some. Where data may say which address it is, the rendered value is looked at. */
static int
edit_slot(struct editing *editing, const struct html_slot *slot, const struct html_link *link,
    struct err *err)
{
	struct html_range range = slot->value.range;
	bool bare = slot->value.quote == HTML_QUOTE_NONE && slot->whole && !slot->literal;
	const struct place place = {.range = range,
	    .quote = bare ? HTML_QUOTE_DOUBLE : slot->value.quote,
	    .use = slot->use,
	    .own = slot->scheme,
	    .untracked = link == NULL || editing->kind.amp};
	int rc = 0;

	if (slot->loose)
		return refuse_loose(editing, slot, err);
	if (bare)
		add_edit(editing, range.begin, range.begin, STR("\""));
	if (slot->use != HTML_USE_OTHER && html_slot_markable(slot))
		rc = edit_dynamic(editing, &place, err);
	else if (slot->use != HTML_USE_OTHER && !slot->literal)
		editing->track->unmarked = true;
	if (bare)
		add_edit(editing, range.end, range.end, STR("\""));
	return rc;
}

static int
edit_slots(struct editing *editing, const struct html_doc *doc, struct err *err)
{
	size_t next = 0;

	for (size_t i = 0; i < html_slot_count(doc); i++) {
		const struct html_slot *slot = html_slot_at(doc, i);

		if (slot->value.dynamic == HTML_STATIC)
			note_odd(editing, slot);
		else if (edit_slot(editing, slot, link_of(doc, slot, &next), err) != 0)
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
		editing->source, true, TRACK_LINKS_MAX, editing->arena, &places, &count, err) != 0)
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
			if (tailor_track_wants(editing->track, place.address))
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
edit_pixel(struct editing *editing, const struct html_places *places)
{
	if (!(editing->track->opens || editing->track->hidden) || editing->kind.amp ||
	    (!editing->kind.main && !places->has_body))
		return;
	add_edit(editing, places->body_end, places->body_end,
	    places->end_literal ? STR("{% endraw %}{{ links.pixel }}{% raw %}")
				: STR("{{ links.pixel }}"));
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
edit_html(struct editing *editing, struct err *err)
{
	const struct html_options options = {
	    .limits = {.source = editing->source.n, .links = TRACK_LINKS_MAX}};
	struct html_doc *doc;
	int rc;

	if (html_scan(&doc, editing->source, &options, err) != 0)
		return -1;
	rc = edit_links(editing, doc, err);
	if (rc == 0)
		rc = edit_slots(editing, doc, err);
	if (rc == 0)
		edit_pixel(editing, html_places(doc));
	html_free(&doc);
	return rc;
}

int
tailor_track_source(struct tailor_track *track, struct tailor_track_kind kind, struct str name,
    struct str source, const struct origin *origin, struct buf *out, struct origin **origin_r,
    struct err *err)
{
	struct editing editing = {.track = track,
	    .kind = kind,
	    .name = name,
	    .source = source,
	    .origin = origin,
	    .arena = arena_new((size_t)16 << 20)};
	int rc;

	*origin_r = NULL;
	editing.edits = g_array_sized_new(FALSE, FALSE, sizeof(struct html_edit), 16);
	rc = kind.mode == LIQUID_HTML ? edit_html(&editing, err) : edit_text_links(&editing, err);
	if (rc == 0)
		rc = html_splice(source, (struct html_edit *)(void *)editing.edits->data,
		    editing.edits->len, out, err);
	if (rc == 0)
		*origin_r = trace(&editing, origin);
	g_array_free(editing.edits, TRUE);
	arena_free(&editing.arena);
	return rc;
}

/* As store_link_ids. */
typedef int find_ids(struct store *store, int64_t campaign, const struct str *addresses,
    size_t count, int64_t *ids_r, struct err *err);

static int
give_ids(struct tailor_track *track, struct store *store, find_ids *find, struct err *err)
{
	guint count = track->targets->len;
	struct str *addresses;
	int64_t *ids;
	size_t known = 0;
	int rc = 0;

	addresses = g_new0(struct str, count + 1);
	ids = g_new0(int64_t, count + 1);
	for (guint i = 0; i < count; i++) {
		const struct tailor_target *target =
		    &g_array_index(track->targets, struct tailor_target, i);

		if (target->address != NULL)
			addresses[known++] = str_c(target->address);
	}
	if (known > 0)
		rc = find(store, track->campaign_id, addresses, known, ids, err);
	known = 0;
	for (guint i = 0; rc == 0 && i < count; i++) {
		struct tailor_target *target =
		    &g_array_index(track->targets, struct tailor_target, i);

		if (target->address != NULL)
			target->id = ids[known++];
	}
	g_free(addresses);
	g_free(ids);
	return rc;
}

int
tailor_track_settle(struct tailor_track *track, struct store *store, struct err *err)
{
	if (track->base.n == 0 && !track->mail)
		return 0;
	if (store_campaign_id(store, str_c(track->campaign), &track->campaign_id, err) != 0)
		return -1;
	return give_ids(track, store, store_link_ids, err);
}

int
tailor_track_recall(
    struct tailor_track *track, struct store *store, int64_t campaign, struct err *err)
{
	track->campaign_id = campaign;
	return give_ids(track, store, store_link_known, err);
}
