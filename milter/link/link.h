/* SPDX-License-Identifier: BSD-2-Clause
 *
 * link: tokens, and the addresses that carry them
 *
 * A token says which contact, campaign, message and link it was made for. It shows none
 * of that, can't be made or changed without the key, and comes out the same each time it
 * is made of the same facts (RFC 5297). What it leads to is looked up by the link's id,
 * or travels inside: nobody else can make it lead elsewhere.
 *
 * A token is, before it is spelt as letters:
 *
 *     1 byte    version (high half, 1) and kind (low half)
 *     1 byte    id of the key
 *     16 bytes  synthetic initialisation vector: authenticates all else
 *     encrypted, numbers big-endian:
 *       4 bytes   campaign
 *       5 bytes   contact
 *       4 bytes   message
 *       4 bytes   time of sending: seconds since 1970; in mail addresses 2 bytes: days
 *       4 bytes   link; clicks only
 *       the rest  the target of a click, or a recipient without a contact
 *
 * A picture's token has no numbers, only what is to be drawn: it says nothing of who looks.
 * A form's stamp has none either.
 *
 * In addresses of the web it is base64url: 52 letters for a click on a static link, 47 for
 * the other kinds. In mail addresses, whose case may be changed on the way, it is base32
 * in 53 letters: of the 64 that a local part may have (RFC 5321 section 4.5.3.1.1) ten
 * are left, and the plus.
 *
 * Threads: any; everything touches only its arguments.
 */
#ifndef LINK_LINK_H
#define LINK_LINK_H

#include "base/arena.h"
#include "base/err.h"
#include "conf/conf.h"
#include "link/keys.h"

#include <stdint.h>

enum link_kind {
	LINK_CLICK = 1,
	LINK_OPEN,
	LINK_UNSUBSCRIBE,
	LINK_PREFERENCES,
	LINK_VIEW,
	LINK_BOUNCE, /* the envelope sender: variable envelope return path */
	LINK_UNSUBSCRIBE_MAIL,
	LINK_IMAGE,
	LINK_HIDDEN, /* stands where no person sees it; carries what an open does */
	LINK_SIGNUP, /* confirms a sign-up: `contact` is its id in the store */
	LINK_STAMP,  /* in a form: which one, and when it was shown; in no address */
};

/* Ceilings; beyond them ERR_LIMIT. */
#define LINK_ADDRESS_MAX   2000 /* bytes of a target */
#define LINK_RECIPIENT_MAX 320
#define LINK_IMAGE_MAX	   200 /* bytes that say what a picture shows */
#define LINK_STAMP_MAX	   80
#define LINK_TOKEN_MAX	   2719 /* letters */
#define LINK_MAIL_LETTERS  53
#define LINK_CAMPAIGN_MAX  INT64_C(0xffffffff)
#define LINK_CONTACT_MAX   INT64_C(0xffffffffff)
#define LINK_ID_MAX	   INT64_C(0xffffffff)
#define LINK_SENT_MAX	   (INT64_C(0xffffffff) * 1000) /* milliseconds; in the year 2106 */

/* What a token is made of. Not every kind has everything. */
struct link_facts {
	enum link_kind kind;
	int64_t campaign; /* store_campaign_id */
	int64_t contact;  /* 0: not in the store */
	uint32_t message; /* link_message_mark */
	/* When the message was due, not when a copy was made: a second attempt has to give the
	 * same tokens. Comes back in whole seconds, of mail kinds in whole days. */
	int64_t sent_ms;
	/* Clicks: which link, for reports (store_link_ids); 0 if there is no row. Else 0. */
	int64_t link;
	/* Clicks: where it leads, if that has per-person parts; absent if the link's row has
	 * it. Other kinds of the web: the recipient's address where `contact` is 0; may be
	 * absent. Mail kinds: absent. Pictures: what is drawn; stamps: of what and when; all numbers are 0. */
	struct str address;
	unsigned key; /* of a token that was read: the id of its key */
};

/* The first 32 bits of a message's key, which is in hex: enough to find a contact's journal
 * row by a range of keys. */
uint32_t link_message_mark(struct str key);
/* The hex digits of the mark, with which that key begins. */
#define LINK_MARK_SIZE 9
const char *link_message_prefix(uint32_t mark, char text[LINK_MARK_SIZE]);

/* Can this address be the target of a click? http or https, with a host, no control
 * characters or white space at its ends, at most LINK_ADDRESS_MAX bytes. */
bool link_address_ok(struct str address);

/* --- tokens --- */

/* Text in the arena. ERR_LIMIT (an id or address beyond its ceiling, the arena is full),
 * ERR_INPUT (facts that the kind can't carry; an address that link_address_ok refuses). */
int link_encode(const struct link_keys *keys, const struct link_facts *facts, struct arena *arena,
    struct str *token_r, struct err *err);
/* Whatever `token` holds: a token of this kind and one of these keys, or an error and nothing
 * in `facts_r`. ERR_LIMIT (too long), ERR_NOTFOUND (its key is not there any more, or never
 * was), ERR_INPUT (all else). */
int link_decode(const struct link_keys *keys, enum link_kind kind, struct str token,
    struct arena *arena, struct link_facts *facts_r, struct err *err);

/* --- addresses of the web --- */

/* The campaign's tracking_url, else the general one; empty if neither is set. */
struct str link_base(const struct conf *conf, const struct conf_campaign *campaign);

/* `base` as link_base gives it; the kind of `facts` does not count. As link_encode. */
int link_click_url(const struct link_keys *keys, struct str base, const struct link_facts *facts,
    struct arena *arena, struct str *url_r, struct err *err); /* BASE/c/TOKEN */
int link_open_url(const struct link_keys *keys, struct str base, const struct link_facts *facts,
    struct arena *arena, struct str *url_r, struct err *err); /* BASE/o/TOKEN */
int link_unsubscribe_url(const struct link_keys *keys, struct str base,
    const struct link_facts *facts, struct arena *arena, struct str *url_r,
    struct err *err); /* BASE/u/TOKEN */
int link_preferences_url(const struct link_keys *keys, struct str base,
    const struct link_facts *facts, struct arena *arena, struct str *url_r,
    struct err *err); /* BASE/p/TOKEN */
int link_view_url(const struct link_keys *keys, struct str base, const struct link_facts *facts,
    struct arena *arena, struct str *url_r, struct err *err); /* BASE/v/TOKEN */

int link_hidden_url(const struct link_keys *keys, struct str base, const struct link_facts *facts,
    struct arena *arena, struct str *url_r, struct err *err); /* BASE/h/TOKEN */

/* `text`: what is drawn, see picture/picture.h. */
int link_image_url(const struct link_keys *keys, struct str base, struct str text,
    struct arena *arena, struct str *url_r, struct err *err); /* BASE/t/TOKEN.gif */

int link_signup_url(const struct link_keys *keys, struct str base, const struct link_facts *facts,
    struct arena *arena, struct str *url_r, struct err *err); /* BASE/s/TOKEN */

/* The reverse, from what a web server is asked for: "/c/TOKEN", with nothing before or behind.
 * As link_decode; ERR_INPUT also for another path. */
int link_path_decode(const struct link_keys *keys, struct str path, struct arena *arena,
    struct link_facts *facts_r, struct err *err);

/* --- mail addresses --- */

/* `address` with "+TOKEN" before its @. ERR_LIMIT if the local part would have more than 64
 * octets, ERR_INPUT if it is no address. As link_encode. */
int link_bounce_address(const struct link_keys *keys, struct str address,
    const struct link_facts *facts, struct arena *arena, struct str *address_r, struct err *err);
int link_unsubscribe_address(const struct link_keys *keys, struct str address,
    const struct link_facts *facts, struct arena *arena, struct str *address_r, struct err *err);
/* The reverse: an address, or its local part; what stands behind the last + is the token, in
 * any case. Which domain it has does not count. */
int link_mail_decode(const struct link_keys *keys, enum link_kind kind, struct str address,
    struct arena *arena, struct link_facts *facts_r, struct err *err);

#endif
