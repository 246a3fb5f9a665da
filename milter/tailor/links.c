/* SPDX-License-Identifier: BSD-2-Clause
 *
 * links: the links of one recipient's copy, see track.h
 *
 * Owns:    nothing; texts lie in the render's arena.
 * Threads: one a render; the track is only read.
 * Fails:   ERR_LIMIT, ERR_TEMPLATE (an address that mail may not lead to, a torn mark), and
 *          link_encode's.
 */
#include "tailor/track_impl.h"

#include "picture/picture.h"

#include <stdio.h>

#define GROWTH 4

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
	const struct tailor_target *target;
	struct str url;

	if (links->track == NULL || number >= links->track->targets->len)
		return 0;
	target = &g_array_index(links->track->targets, struct tailor_target, number);
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
make_pixel(
    struct tailor_links *links, const struct link_facts *facts, struct str *text_r, struct err *err)
{
	struct str url;

	*text_r = STR("");
	if (!links->track->opens)
		return 0;
	if (link_open_url(links->keys, links->base, facts, links->arena, &url, err) != 0)
		return -1;
	*text_r = arena_printf(links->arena,
	    "<img src=\"%.*s\" width=\"1\" height=\"1\" alt=\"\" border=\"0\" "
	    "style=\"" PIXEL_STYLE "\">",
	    STR_F(url));
	return 0;
}

/* A link without a text: where a reader does not know `display`, there is still nothing to see, to
 * press or to be read out, and nothing that a filter could call a hidden text. */
static int
make_hidden(
    struct tailor_links *links, const struct link_facts *facts, struct str *text_r, struct err *err)
{
	struct str url;

	*text_r = STR("");
	if (!links->track->hidden)
		return 0;
	if (link_hidden_url(links->keys, links->base, facts, links->arena, &url, err) != 0)
		return -1;
	*text_r = arena_printf(links->arena,
	    "<a href=\"%.*s\" rel=\"nofollow\" aria-hidden=\"true\" tabindex=\"-1\" "
	    "style=\"display:none!important\"></a>",
	    STR_F(url));
	return 0;
}

/* What is seen by programs alone. */
static int
get_pixel(struct tailor_links *links, struct str *text_r, struct err *err)
{
	struct link_facts facts = links->facts;
	struct str pixel, hidden;

	*text_r = STR("");
	if (links->off || links->pixel_done || links->track == NULL)
		return 1;
	if (facts.contact == 0)
		facts.address = links->recipient;
	if (make_hidden(links, &facts, &hidden, err) != 0 ||
	    make_pixel(links, &facts, &pixel, err) != 0)
		return -1;
	links->pixel_done = true;
	if (hidden.p != NULL && pixel.p != NULL)
		*text_r = arena_printf(links->arena, "%.*s%.*s", STR_F(hidden), STR_F(pixel));
	if (hidden.p == NULL || pixel.p == NULL || text_r->p == NULL)
		return err_set(err, ERR_LIMIT, "message: too large");
	return 1;
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
	else if (links->keys != NULL && key.p[0] == 'c' &&
	    str_to_u64(digits, TRACK_LINKS_MAX, &number))
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
	if (links->off || !links->track->clicks || !tailor_track_wants(links->track, address))
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
	const struct tailor_target *target =
	    &g_array_index(links->track->targets, struct tailor_target, number);

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
	    .plain = true, .limits = {.source = text.n, .links = TRACK_LINKS_MAX}};
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

int
tailor_links_image(struct tailor_links *links, struct str kind, struct str parameters,
    struct str *address_r, struct err *err)
{
	struct picture picture;
	struct str text = arena_printf(links->arena, "%.*s %.*s", STR_F(kind), STR_F(parameters));

	if (text.p == NULL)
		return err_set(err, ERR_LIMIT, "message: too large");
	if (picture_read(text, &picture, err) != 0)
		return -1;
	if (links->base.n == 0)
		return err_set(err, ERR_CONFIG, "picture: tracking_url is not set");
	if (links->keys != NULL)
		return link_image_url(links->keys, links->base, text, links->arena, address_r, err);
	*address_r = arena_printf(links->arena, "%.*s/picture.gif", STR_F(links->base));
	return address_r->p == NULL ? err_set(err, ERR_LIMIT, "message: too large") : 0;
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
