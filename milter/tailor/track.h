/* SPDX-License-Identifier: BSD-2-Clause
 *
 * track: the links of a message, found once, and made each recipient's own
 *
 * When a message is compiled, html/ says which bytes are links, in text parts link/ does,
 * where the campaign wants that. The address of one that
 * is the same for all gives way to {{ links.cN }}; one that template tags make is marked,
 * and changed after rendering. No other byte of the source changes. links.pixel goes
 * before </body>. Other values of attributes that template tags make get quotes where the
 * author wrote none, and may lead only where a link may.
 *
 * Owns:    a struct tailor_track is the compiled message's; a struct tailor_links one render's.
 * Threads: a track is filled by one thread and immutable then.
 * Fails:   ERR_LIMIT, ERR_STORE, ERR_TEMPLATE (a mark was torn).
 */
#ifndef TAILOR_TRACK_H
#define TAILOR_TRACK_H

#include "base/buf.h"
#include "base/origin.h"
#include "html/html.h"
#include "link/link.h"
#include "link/utm.h"
#include "liquid/liquid.h"
#include "mime/mime.h"
#include "store/store.h"

struct tailor_track;

/* Has the configuration what tracked links need, for this campaign? */
bool tailor_track_configured(const struct conf *conf, const struct conf_campaign *campaign);
/* `name`: the campaign's. Where nothing is tracked, addresses that template tags make are
 * looked at all the same: only the web, mail and telephones may be led to. */
struct tailor_track *tailor_track_new(
    const struct conf *conf, const struct conf_campaign *campaign, struct str name);
void tailor_track_free(struct tailor_track **track);

/* Are there links to be made ready in templates of this mode? */
bool tailor_track_takes(const struct tailor_track *track, enum liquid_mode mode);
/* What a template is. */
struct tailor_track_kind {
	enum liquid_mode mode;
	bool main; /* the part itself, no partial */
	bool amp;  /* AMP's readers follow rules of their own: no link is tracked, no image added */
};

/* Such a template with its links made ready, to `out`. `name`: of the template, for messages.
 * `origin` of `source` may be NULL; *origin_r is the caller's. */
int tailor_track_source(struct tailor_track *track, struct tailor_track_kind kind, struct str name,
    struct str source, const struct origin *origin, struct buf *out, struct origin **origin_r,
    struct err *err);
/* Gives the links their rows, when all sources are done. `store` NULL or read-only: links
 * carry their address in the token. */
int tailor_track_settle(struct tailor_track *track, struct store *store, struct err *err);

/* The same for a message that was sent before, whose campaign has this number: nothing is
 * written, and a link without a row carries its address in the token. */
int tailor_track_recall(
    struct tailor_track *track, struct store *store, int64_t campaign, struct err *err);

/* The campaign's number in the store; 0: no token is made for it. */
int64_t tailor_track_campaign(const struct tailor_track *track);
/* Does this part change, even without template tags? */
bool tailor_track_rewrites(const struct tailor_track *track, const struct mime_part *part);

struct tailor_links;

/* unsubscribe_address with a token for this recipient, where there can be one. */
int tailor_links_leave(struct tailor_links *links, struct str *address_r, struct err *err);

/* What one render needs to make links. Fill in the first members. */
struct tailor_links {
	const struct tailor_track *track; /* NULL: no links are known */
	const struct link_keys *keys;	  /* NULL: addresses of ours are examples, without token */
	struct str base;
	struct str leave; /* unsubscribe_address, or empty: the way out where there is no base */
	struct link_facts facts; /* kind, link and address are set for each link */
	struct arena *arena;
	struct str recipient;
	bool off;     /* this contact is not tracked: links stay as they were written */
	bool text;    /* the part that is finished next is plain text, no HTML */
	bool no_view; /* messages are not kept: links.view is empty */
	/* The rest is for track.c. */
	bool pixel_done;
	struct liquid_lazy lazy;
};

/* The value of `links` in templates: unsubscribe, preferences, view, pixel, and one for
 * each link. `links` must stay where it is. */
struct liquid_value tailor_links_value(struct tailor_links *links);
/* A rendered part with the marks taken out and what stood between them tracked. */
int tailor_links_finish(
    struct tailor_links *links, struct str rendered, struct str *text_r, struct err *err);
/* What a link to `address` becomes: an address of ours, or itself. ERR_TEMPLATE: mail may not
 * lead there. */
int tailor_links_address(
    struct tailor_links *links, struct str address, struct str *address_r, struct err *err);
/* Where the web process draws a picture (picture/picture.h). ERR_INPUT: it can't; ERR_CONFIG:
 * there is no tracking_url. */
int tailor_links_image(struct tailor_links *links, struct str kind, struct str parameters,
    struct str *address_r, struct err *err);

#endif
