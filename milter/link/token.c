/* SPDX-License-Identifier: BSD-2-Clause
 *
 * token: facts <-> token; link.h has the layout
 *
 * Owns:    nothing; results live in the caller's arena.
 * Threads: any.
 * Fails:   ERR_INPUT, ERR_LIMIT, ERR_NOTFOUND.
 */
#include "link/internal.h"

#include "base/id.h"
#include "link/code.h"

#include <stdio.h>

#define TOKEN_VERSION 1
#define HEAD	      2 /* bytes that are authenticated but not hidden */
#define FIXED_MAX     21
#define TAIL_MAX      LINK_ADDRESS_MAX
#define SEALED_MAX    (LINK_SIV_TAG + FIXED_MAX + TAIL_MAX)
#define DAY_MS	      INT64_C(86400000)

_Static_assert(((HEAD + SEALED_MAX) * 8 + 5) / 6 == LINK_TOKEN_MAX, "the longest token");

/* Kinds as they stand in a token. They are never given another meaning. */
enum wire {
	WIRE_CLICK = 1,
	WIRE_CLICK_TO, /* a click with its target */
	WIRE_OPEN,
	WIRE_UNSUBSCRIBE,
	WIRE_PREFERENCES,
	WIRE_VIEW,
	WIRE_BOUNCE,
	WIRE_UNSUBSCRIBE_MAIL,
	WIRE_IMAGE,
	WIRE_HIDDEN,
	WIRE_SIGNUP,
	WIRE_STAMP,
	WIRE_KINDS,
};

static const struct form {
	enum link_kind kind;
	enum link_code code;
	size_t fixed;	 /* bytes of the numbers; 0: it has none */
	size_t tail_min; /* bytes of the address */
	size_t tail_max;
	bool link;
	bool days;
} forms[WIRE_KINDS] = {
    [WIRE_CLICK] = {LINK_CLICK, LINK_BASE64URL, 21, 0, 0, true, false},
    [WIRE_CLICK_TO] = {LINK_CLICK, LINK_BASE64URL, 21, 1, TAIL_MAX, true, false},
    [WIRE_OPEN] = {LINK_OPEN, LINK_BASE64URL, 17, 0, LINK_RECIPIENT_MAX, false, false},
    [WIRE_UNSUBSCRIBE] = {LINK_UNSUBSCRIBE, LINK_BASE64URL, 17, 0, LINK_RECIPIENT_MAX, false,
	false},
    [WIRE_PREFERENCES] = {LINK_PREFERENCES, LINK_BASE64URL, 17, 0, LINK_RECIPIENT_MAX, false,
	false},
    [WIRE_VIEW] = {LINK_VIEW, LINK_BASE64URL, 17, 0, LINK_RECIPIENT_MAX, false, false},
    [WIRE_BOUNCE] = {LINK_BOUNCE, LINK_BASE32, 15, 0, 0, false, true},
    [WIRE_UNSUBSCRIBE_MAIL] = {LINK_UNSUBSCRIBE_MAIL, LINK_BASE32, 15, 0, 0, false, true},
    [WIRE_IMAGE] = {LINK_IMAGE, LINK_BASE64URL, 0, 1, LINK_IMAGE_MAX, false, false},
    [WIRE_HIDDEN] = {LINK_HIDDEN, LINK_BASE64URL, 17, 0, LINK_RECIPIENT_MAX, false, false},
    [WIRE_SIGNUP] = {LINK_SIGNUP, LINK_BASE64URL, 17, 0, 0, false, false},
    [WIRE_STAMP] = {LINK_STAMP, LINK_BASE64URL, 0, 1, LINK_STAMP_MAX, false, false},
};

static enum wire
wire_of(enum link_kind kind, bool target)
{
	for (enum wire wire = target ? WIRE_CLICK_TO : WIRE_CLICK; wire < WIRE_KINDS; wire++) {
		if (forms[wire].kind == kind)
			return wire;
	}
	return (enum wire)0;
}

static unsigned char *
put(unsigned char *to, uint64_t value, unsigned bytes)
{
	while (bytes-- > 0)
		*to++ = (unsigned char)(value >> 8 * bytes);
	return to;
}

static uint64_t
get(const unsigned char **from, unsigned bytes)
{
	uint64_t value = 0;

	while (bytes-- > 0)
		value = value << 8 | *(*from)++;
	return value;
}

static int
check_bare(const struct link_facts *facts, const struct form *form, struct err *err)
{
	if (facts->address.n < form->tail_min || facts->address.n > form->tail_max)
		return err_set(err, ERR_LIMIT, "token: expected %zu to %zu bytes of text, got %zu",
		    form->tail_min, form->tail_max, facts->address.n);
	if (facts->campaign != 0 || facts->contact != 0 || facts->message != 0 ||
	    facts->sent_ms != 0 || facts->link != 0)
		return err_set(err, ERR_INPUT, "token: this kind carries a text alone");
	return 0;
}

static int
check_facts(const struct link_facts *facts, enum wire wire, struct err *err)
{
	const struct form *form = &forms[wire];
	int64_t time_max = form->days ? 0xffff * DAY_MS : LINK_SENT_MAX;

	if (wire == 0)
		return err_set(err, ERR_INPUT, "token: there is no kind %d", (int)facts->kind);
	if (form->fixed == 0)
		return check_bare(facts, form, err);
	if (facts->campaign < 1 || facts->campaign > LINK_CAMPAIGN_MAX || facts->contact < 0 ||
	    facts->contact > LINK_CONTACT_MAX || facts->link < 0 || facts->link > LINK_ID_MAX ||
	    facts->sent_ms < 0 || facts->sent_ms > time_max)
		return err_set(err, ERR_LIMIT, "token: an id or time is out of its range");
	if (!form->link && facts->link != 0)
		return err_set(err, ERR_INPUT, "token: only clicks have a link");
	if (facts->address.n > form->tail_max)
		return form->tail_max == 0
		    ? err_set(err, ERR_INPUT, "token: this kind carries no address")
		    : err_set(err, ERR_LIMIT, "token: an address of %zu bytes, at most %zu fit",
			  facts->address.n, form->tail_max);
	if (wire == WIRE_CLICK && facts->link == 0)
		return err_set(err, ERR_INPUT, "token: a click needs a link or a target");
	if (wire == WIRE_CLICK_TO && !link_address_ok(facts->address))
		return err_set(err, ERR_INPUT,
		    "token: expected an http or https address as target of a click");
	if (wire != WIRE_CLICK_TO && facts->address.n > 0 && facts->contact != 0)
		return err_set(err, ERR_INPUT, "token: a contact has its address in the store");
	return 0;
}

static unsigned char *
write_numbers(const struct link_facts *facts, const struct form *form, unsigned char *to)
{
	to = put(to, (uint64_t)facts->campaign, 4);
	to = put(to, (uint64_t)facts->contact, 5);
	to = put(to, facts->message, 4);
	to = form->days ? put(to, (uint64_t)(facts->sent_ms / DAY_MS), 2)
			: put(to, (uint64_t)(facts->sent_ms / 1000), 4);
	return form->link ? put(to, (uint64_t)facts->link, 4) : to;
}

static size_t
write_plain(const struct link_facts *facts, const struct form *form, unsigned char *plain)
{
	unsigned char *to = form->fixed == 0 ? plain : write_numbers(facts, form, plain);

	if (facts->address.n > 0)
		memcpy(to, facts->address.p, facts->address.n);
	return form->fixed + facts->address.n;
}

int
link_encode(const struct link_keys *keys, const struct link_facts *facts, struct arena *arena,
    struct str *token_r, struct err *err)
{
	enum wire wire = wire_of(facts->kind, facts->address.n > 0 && facts->kind == LINK_CLICK);
	unsigned char token[HEAD + SEALED_MAX], plain[FIXED_MAX + TAIL_MAX];
	unsigned id = link_keys_newest(keys);
	struct str head = {(const char *)token, HEAD};
	size_t n, letters;
	char *text;

	if (check_facts(facts, wire, err) != 0)
		return -1;
	token[0] = (unsigned char)(TOKEN_VERSION << 4 | wire);
	token[1] = (unsigned char)id;
	n = write_plain(facts, &forms[wire], plain);
	link_siv_seal(link_keys_find(keys, id), &head, 1, plain, n, token + HEAD);
	n += HEAD + LINK_SIV_TAG;
	letters = link_code_letters(forms[wire].code, n);
	text = arena_alloc(arena, letters + 1);
	if (text == NULL)
		return err_set(err, ERR_LIMIT, "token: arena full");
	link_code_write(forms[wire].code, token, n, text);
	text[letters] = '\0';
	*token_r = (struct str){text, letters};
	return 0;
}

static int
malformed(struct err *err)
{
	return err_set(err, ERR_INPUT, "token: malformed");
}

/* The numbers; what follows them is the address. */
static void
read_plain(const unsigned char *plain, const struct form *form, struct link_facts *facts_r)
{
	*facts_r = (struct link_facts){.kind = form->kind};
	if (form->fixed == 0)
		return;
	facts_r->campaign = (int64_t)get(&plain, 4);
	facts_r->contact = (int64_t)get(&plain, 5);
	facts_r->message = (uint32_t)get(&plain, 4);
	facts_r->sent_ms =
	    form->days ? (int64_t)get(&plain, 2) * DAY_MS : (int64_t)get(&plain, 4) * 1000;
	facts_r->link = form->link ? (int64_t)get(&plain, 4) : 0;
}

/* Spells the letters out and checks what needs no key. `n_r`: bytes. */
static int
read_letters(
    enum link_kind kind, struct str text, unsigned char *token, size_t *n_r, struct err *err)
{
	enum wire first = wire_of(kind, false);
	long n;

	if (first == 0)
		return malformed(err);
	if (text.n > link_code_letters(forms[first].code, HEAD + SEALED_MAX))
		return err_set(err, ERR_LIMIT, "token: too long");
	n = link_code_read(forms[first].code, text, token, HEAD + SEALED_MAX);
	if (n <= HEAD + LINK_SIV_TAG)
		return malformed(err);
	if (token[0] >> 4 != TOKEN_VERSION)
		return err_set(err, ERR_INPUT, "token: of version %d, this program reads %d",
		    token[0] >> 4, TOKEN_VERSION);
	if ((token[0] & 15) >= WIRE_KINDS || forms[token[0] & 15].kind != kind)
		return err_set(err, ERR_INPUT, "token: of another kind");
	*n_r = (size_t)n;
	return 0;
}

int
link_decode(const struct link_keys *keys, enum link_kind kind, struct str text, struct arena *arena,
    struct link_facts *facts_r, struct err *err)
{
	unsigned char token[HEAD + SEALED_MAX], plain[FIXED_MAX + TAIL_MAX];
	struct str head = {(const char *)token, HEAD}, address = STR_NONE;
	const struct form *form;
	const struct link_siv *siv;
	size_t n = 0;

	if (read_letters(kind, text, token, &n, err) != 0)
		return -1;
	form = &forms[token[0] & 15];
	n -= HEAD + LINK_SIV_TAG;
	if (n < form->fixed + form->tail_min || n > form->fixed + form->tail_max)
		return malformed(err);
	siv = link_keys_find(keys, token[1]);
	if (siv == NULL)
		return err_set(err, ERR_NOTFOUND, "token: there is no key %d", token[1]);
	if (!link_siv_open(siv, &head, 1, token + HEAD, n + LINK_SIV_TAG, plain))
		return err_set(err, ERR_INPUT, "token: not made with our key, or changed since");
	if (n > form->fixed) {
		address = arena_str(
		    arena, (struct str){(const char *)plain + form->fixed, n - form->fixed});
		if (address.p == NULL)
			return err_set(err, ERR_LIMIT, "token: arena full");
	}
	read_plain(plain, form, facts_r);
	facts_r->address = address;
	facts_r->key = token[1];
	return 0;
}

uint32_t
link_message_mark(struct str key)
{
	uint32_t mark = 0;
	struct id_digest digest;

	for (size_t i = 0; i < 8 && i < key.n; i++) {
		const char *digits = "0123456789abcdef", *digit = strchr(digits, key.p[i]);

		if (digit == NULL || *digit == '\0')
			break;
		mark = mark << 4 | (uint32_t)(digit - digits);
		if (i == 7)
			return mark;
	}
	/* No key of ours; still the same number each time. */
	digest = id_sha256(key);
	return (uint32_t)digest.byte[0] << 24 | (uint32_t)digest.byte[1] << 16 |
	    (uint32_t)digest.byte[2] << 8 | digest.byte[3];
}

const char *
link_message_prefix(uint32_t mark, char text[LINK_MARK_SIZE])
{
	snprintf(text, LINK_MARK_SIZE, "%08x", mark);
	return text;
}
