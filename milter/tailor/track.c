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
	enum html_use use;
	enum html_scheme own; /* of what the author wrote in front */
	bool untracked;	      /* only its scheme counts */
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
	bool unmarked;	/* there are addresses that template tags make and that have no mark */
	GPtrArray *odd; /* what html_use_ok does not like, but the author wrote: char * */
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
	track->mail = conf->token_keys[0] != '\0' &&
	    (campaign->bounce_address[0] != '\0' || campaign->unsubscribe_address[0] != '\0');
	html_marks_init(&track->marks);
	track->targets = g_array_new(FALSE, FALSE, sizeof(struct target));
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
	enum html_use use;
	enum html_scheme own;
	bool untracked;
};

static int
add_target(struct tailor_track *track, const struct place *place, struct str source,
    struct arena *arena, size_t *number_r, struct err *err)
{
	struct target target = {.quote = place->quote,
	    .use = place->use,
	    .own = place->own,
	    .untracked = place->untracked};
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
		    is_trackable(editing->track, link->address) &&
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
edit_pixel(struct editing *editing, const struct html_places *places)
{
	if (!editing->track->opens || editing->kind.amp ||
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
	    .limits = {.source = editing->source.n, .links = LINKS_MAX}};
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
		const struct target *target = &g_array_index(track->targets, struct target, i);

		if (target->address != NULL)
			addresses[known++] = str_c(target->address);
	}
	if (known > 0)
		rc = find(store, track->campaign_id, addresses, known, ids, err);
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

/* Out of the flow and of the reach of the author's styles: no line opens for it, and a rule such as
 * img { width: 100% !important } does not blow it up. Where a reader drops `position`, it is a
 * block as high as its one pixel. */
#define PIXEL_STYLE                                                                \
	"display:block!important;position:absolute!important;width:1px!important;" \
	"height:1px!important;min-width:0!important;min-height:0!important;"       \
	"margin:-1px 0 0!important;padding:0!important;border:0!important;"        \
	"background:none!important"

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
	    "<img src=\"%.*s\" width=\"1\" height=\"1\" alt=\"\" border=\"0\" "
	    "style=\"" PIXEL_STYLE "\">",
	    STR_F(url));
	return text_r->p == NULL ? err_set(err, ERR_LIMIT, "message: too large") : 1;
}

/* A mail token can't carry the address of one who is not in the store. */
int
tailor_links_leave(struct tailor_links *links, struct str *address_r, struct err *err)
{
	*address_r = links->leave;
	if (links->keys == NULL || links->facts.contact == 0 || links->leave.n == 0)
		return 0;
	return link_unsubscribe_address(
	    links->keys, links->leave, &links->facts, links->arena, address_r, err);
}

/* Without a page on the web one leaves by mail. */
static int
get_mailto(struct tailor_links *links, struct str key, struct str *text_r, struct err *err)
{
	struct str address;

	if (links->leave.n == 0 || !str_is(key, "unsubscribe"))
		return 0;
	if (tailor_links_leave(links, &address, err) != 0)
		return -1;
	*text_r = arena_printf(links->arena, "mailto:%.*s?subject=unsubscribe", STR_F(address));
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
		if (links->no_view && addresses[i].make == link_view_url) {
			*text_r = STR("");
			return 1;
		}
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
	if (key.n == 0)
		return 0;
	if (links->base.n == 0)
		found = get_mailto(links, key, &text, err);
	else if (links->keys != NULL && key.p[0] == 'c' && str_to_u64(digits, LINKS_MAX, &number))
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

static int
refuse_address(struct tailor_links *links, enum html_use use, struct str address, struct err *err)
{
	struct str shown = arena_str(links->arena, address);

	return err_set(err, ERR_TEMPLATE,
	    "%s leads to \"%.100s\": expected http, https, mailto, tel or sms",
	    use == HTML_USE_LINK ? "a link" : "an attribute", shown.p == NULL ? "" : shown.p);
}

/* 1 with an address of ours; 0: this one stays as it is. */
static int
track_address(
    struct tailor_links *links, struct str address, struct str *address_r, struct err *err)
{
	if (links->off || !links->track->clicks || !is_trackable(links->track, address))
		return 0;
	if (link_add_utm(address, &links->track->utm, links->arena, &address, err) != 0 ||
	    make_click(links, 0, address, address_r, err) != 0)
		return -1;
	return 1;
}

/* What stands between two marks: only the web, mail and telephones may be led to. */
static int
rewrite(void *closure, size_t number, struct str address, struct str *address_r, struct err *err)
{
	struct tailor_links *links = closure;
	const struct target *target = &g_array_index(links->track->targets, struct target, number);

	if (!html_use_ok(target->use, address, target->own))
		return refuse_address(links, target->use, address, err);
	return target->untracked ? 0 : track_address(links, address, address_r, err);
}

static bool
is_odd(const struct tailor_track *track, struct str value)
{
	for (guint i = 0; i < track->odd->len; i++) {
		if (str_is(value, g_ptr_array_index(track->odd, i)))
			return true;
	}
	return false;
}

/* Values without a mark, as in a capture, which may be printed anywhere: the whole text is
 * read for what leads elsewhere and the author has not written. */
static int
check_rendered(struct tailor_links *links, struct str text, struct err *err)
{
	const struct html_options options = {
	    .plain = true, .limits = {.source = text.n, .links = LINKS_MAX}};
	struct html_doc *doc;
	int rc = 0;

	if (html_scan(&doc, text, &options, err) != 0)
		return -1;
	for (size_t i = 0; i < html_slot_count(doc) && rc == 0; i++) {
		const struct html_slot *slot = html_slot_at(doc, i);
		struct html_range range = slot->value.range;
		struct buf read;

		buf_init(&read, 4 * (range.end - range.begin) + 16);
		html_address_read(
		    (struct str){text.p + range.begin, range.end - range.begin}, &read);
		if (!is_odd(links->track, buf_str(&read)))
			rc = refuse_address(links, slot->use, buf_str(&read), err);
		buf_fini(&read);
	}
	html_free(&doc);
	return rc;
}

int
tailor_links_address(
    struct tailor_links *links, struct str address, struct str *address_r, struct err *err)
{
	int rc;

	*address_r = address;
	if (links->track == NULL)
		return 0;
	if (!html_use_ok(HTML_USE_LINK, address, HTML_SCHEME_HTTP))
		return refuse_address(links, HTML_USE_LINK, address, err);
	rc = track_address(links, address, address_r, err);
	if (rc == 0)
		*address_r = address;
	return rc < 0 ? -1 : 0;
}

static int
unmark(struct tailor_links *links, struct str rendered, struct str *text_r, struct err *err)
{
	const struct tailor_track *track = links->track;
	struct html_unmarking unmarking = {
	    .links = track->targets->len, .rewrite = rewrite, .closure = links};
	struct buf out;
	int rc;

	buf_init(&out, rendered.n * GROWTH + LINK_TOKEN_MAX * (track->targets->len + 1));
	rc = html_unmark(&track->marks, rendered,
	    (const enum html_quote *)(const void *)track->quotes->data, &unmarking, &out, err);
	if (rc == 0) {
		*text_r = arena_str(links->arena, buf_str(&out));
		if (text_r->p == NULL)
			rc = err_set(err, ERR_LIMIT, "message: too large");
	}
	buf_fini(&out);
	/* Torn by what the filter raw let through, or by blocks of the template. */
	return rc == 0 && unmarking.torn > 0 && !links->text ? check_rendered(links, *text_r, err)
							     : rc;
}

int
tailor_links_finish(
    struct tailor_links *links, struct str rendered, struct str *text_r, struct err *err)
{
	const struct tailor_track *track = links->track;
	int rc = 0;

	*text_r = rendered;
	if (track == NULL)
		return 0;
	if (track->dynamic > 0)
		rc = unmark(links, rendered, text_r, err);
	return rc == 0 && track->unmarked && !links->text ? check_rendered(links, *text_r, err)
							  : rc;
}
