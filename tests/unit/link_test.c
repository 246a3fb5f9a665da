/* SPDX-License-Identifier: BSD-2-Clause
 *
 * link_test: tokens, and the addresses and header fields that carry them
 *
 * Addresses come from the corpora url-wpt and attack-* in $MAILTAILOR_CORPORA, by default
 * ../shared/data; their cases are skipped without them.
 */
#include "link/header.h"
#include "link/link.h"
#include "link/utm.h"

#include "base/clock.h"

#include "link_fixture.h"

#include <ctype.h>
#include <ftw.h>
#include <jansson.h>
#include <pthread.h>
#include <sys/stat.h>

#define BASE	   "https://t.shop.example"
#define SENT_MS	   INT64_C(1769847309000)
#define TOKEN_RATE 100000

static const struct link_facts click = {.kind = LINK_CLICK,
    .campaign = 7,
    .contact = 123456,
    .message = 0xdeadbeef,
    .sent_ms = SENT_MS,
    .link = 42};

static struct link_keys *keys;

/* Keys with these ids, the last one signs; each id always has the same secret, which `salt`
 * changes. */
static struct link_keys *
keys_with(const char *ids, unsigned char salt)
{
	char text[4000] = "mailtailor-keys 1\n";
	struct str rest = str_c(ids), id;
	unsigned long long number;
	struct link_keyfile *file;
	struct link_keys *made;
	struct err err = ERR_INIT;
	char line[200];

	while (str_split(&rest, ' ', &id)) {
		assert_true(str_to_u64(id, 255, &number));
		key_line(line, (unsigned)number, (unsigned char)(number + salt));
		snprintf(text + strlen(text), sizeof text - strlen(text), "%s", line);
	}
	if (link_keyfile_parse(&file, str_c(text), "test", &err) != 0)
		fail_msg("%s", err.text);
	made = link_keys_new(file);
	link_keyfile_free(&file);
	return made;
}

static int
setup(void **state)
{
	keys = keys_with("1", 0);
	return arena_setup(state);
}

static int
teardown(void **state)
{
	link_keys_unref(&keys);
	return arena_teardown(state);
}

static struct str
encode(const struct link_facts *facts)
{
	struct err err = ERR_INIT;
	struct str token;

	if (link_encode(keys, facts, arena, &token, &err) != 0)
		fail_msg("%s", err.text);
	return token;
}

static void
assert_same(const struct link_facts *a, const struct link_facts *b)
{
	int64_t unit = a->kind >= LINK_BOUNCE ? 86400000 : 1000;

	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->campaign, b->campaign);
	assert_int_equal(a->contact, b->contact);
	assert_int_equal(a->message, b->message);
	assert_int_equal(a->sent_ms / unit, b->sent_ms / unit);
	assert_int_equal(a->link, b->link);
	assert_true(str_eq(a->address, b->address));
}

/* --- AES-SIV --- */

static size_t
from_hex(const char *hex, unsigned char *out)
{
	size_t n = 0;
	unsigned byte;

	for (; hex[0] != '\0'; hex += 2) {
		assert_int_equal(sscanf(hex, "%2x", &byte), 1);
		out[n++] = (unsigned char)byte;
	}
	return n;
}

/* RFC 5297 appendix A: the key is K1 and K2, a nonce is the last piece of associated data. */
static void
rfc5297_vectors(void **state)
{
	static const struct {
		const char *name, *key, *associated[3], *plain, *sealed;
	} cases[] = {
	    {"A.1 deterministic",
		"fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
		{"101112131415161718191a1b1c1d1e1f2021222324252627"},
		"112233445566778899aabbccddee",
		"85632d07c6e8f37f950acd320a2ecc9340c02b9690c4dc04daef7f6afe5c"},
	    {"A.2 nonce-based", "7f7e7d7c7b7a79787776757473727170404142434445464748494a4b4c4d4e4f",
		{"00112233445566778899aabbccddeeffdeaddadadeaddadaffeeddccbbaa99887766554433221100",
		    "102030405060708090a0", "09f911029d74e35bd84156c5635688c0"},
		"7468697320697320736f6d6520706c61696e7465787420746f20656e6372797074207573696e67205"
		"349562d414553",
		"7bdb6e3b432667eb06f4d14bff2fbd0fcb900f2fddbe404326601965c889bf17dba77ceb094fa663b"
		"7a3f748ba8af829ea64ad544a272e9c485b62a3fd5c0d"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		unsigned char key[64], plain[100], expected[100], sealed[100], back[100],
		    room[3][100];
		struct str associated[3];
		struct link_siv siv;
		size_t key_size = from_hex(cases[i].key, key), count = 0;
		size_t n = from_hex(cases[i].plain, plain);
		size_t sealed_n = from_hex(cases[i].sealed, expected);

		for (; count < 3 && cases[i].associated[count] != NULL; count++) {
			associated[count].n = from_hex(cases[i].associated[count], room[count]);
			associated[count].p = (const char *)room[count];
		}
		link_siv_init(&siv, key, key_size);
		/* Twice: a context must not remember. */
		for (int round = 0; round < 2; round++) {
			link_siv_seal(&siv, associated, count, plain, n, sealed);
			assert_int_equal(sealed_n, n + LINK_SIV_TAG);
			if (memcmp(sealed, expected, sealed_n) != 0)
				fail_msg("%s", cases[i].name);
			assert_true(link_siv_open(&siv, associated, count, sealed, sealed_n, back));
			assert_memory_equal(back, plain, n);
		}
		assert_false(link_siv_open(&siv, associated, count - 1, sealed, sealed_n, back));
		sealed[sealed_n - 1] ^= 1;
		assert_false(link_siv_open(&siv, associated, count, sealed, sealed_n, back));
		link_siv_fini(&siv);
	}
}

/* --- letters --- */

static void
letters_are_strict(void **state)
{
	static const struct {
		const char *name;
		enum link_code code;
		const char *text;
		const char *bytes; /* NULL: refused */
	} cases[] = {
	    {"empty", LINK_BASE64URL, "", ""},
	    {"RFC 4648 section 10: f", LINK_BASE64URL, "Zg", "f"},
	    {"fo", LINK_BASE64URL, "Zm8", "fo"},
	    {"foobar", LINK_BASE64URL, "Zm9vYmFy", "foobar"},
	    {"- and _", LINK_BASE64URL, "--__", "\xfb\xef\xff"},
	    {"base64's own letters", LINK_BASE64URL, "++//", NULL},
	    {"padding", LINK_BASE64URL, "Zg==", NULL},
	    {"spare bits", LINK_BASE64URL, "Zh", NULL},
	    {"spare bits of two", LINK_BASE64URL, "Zm9", NULL},
	    {"one letter", LINK_BASE64URL, "Z", NULL},
	    {"one letter of zeros", LINK_BASE64URL,
		"ZgAA"
		"A",
		NULL},
	    {"white space", LINK_BASE64URL, "Zm 8", NULL},
	    {"8 bits", LINK_BASE64URL, "Zm\xc3\xa4", NULL},
	    {"f", LINK_BASE32, "my", "f"},
	    {"foobar, upper case", LINK_BASE32, "MZXW6YTBOI", "foobar"},
	    {"foobar, mixed case", LINK_BASE32, "mzxW6ytboi", "foobar"},
	    {"spare bits", LINK_BASE32, "mz", NULL},
	    {"three letters", LINK_BASE32, "mzx", NULL},
	    {"1 is none", LINK_BASE32, "m1", NULL},
	    {"8 is none", LINK_BASE32, "m8", NULL},
	};
	unsigned char bytes[20];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		long n = link_code_read(cases[i].code, str_c(cases[i].text), bytes, sizeof bytes);
		char back[30] = "";

		if (cases[i].bytes == NULL ? n != -1
					   : n != (long)strlen(cases[i].bytes) ||
			    memcmp(bytes, cases[i].bytes, (size_t)n) != 0)
			fail_msg("%s: %ld", cases[i].name, n);
		if (cases[i].bytes == NULL)
			continue;
		link_code_write(cases[i].code, bytes, (size_t)n, back);
		assert_int_equal(strlen(back), link_code_letters(cases[i].code, (size_t)n));
		if (strcasecmp(back, cases[i].text) != 0)
			fail_msg("%s: %s", cases[i].name, back);
	}
	assert_int_equal(link_code_read(LINK_BASE64URL, STR("Zm9vYmFy"), bytes, 5), -1);
	assert_int_equal(link_code_read(LINK_BASE64URL, STR_NONE, bytes, 5), 0);
}

/* --- tokens --- */

static void
facts_come_back(void **state)
{
	static const struct {
		const char *name;
		struct link_facts facts;
		size_t letters;
	} cases[] = {
	    {"click", {LINK_CLICK, 7, 123456, 0xdeadbeef, SENT_MS, 42, {NULL, 0}, 0}, 52},
	    {"smallest", {LINK_CLICK, 1, 0, 0, 0, 1, {NULL, 0}, 0}, 52},
	    {"largest",
		{LINK_CLICK, LINK_CAMPAIGN_MAX, LINK_CONTACT_MAX, 0xffffffff,
		    INT64_C(0xffffffff) * 1000, LINK_ID_MAX, {NULL, 0}, 0},
		52},
	    {"click with a target",
		{LINK_CLICK, 7, 1, 2, SENT_MS, 42, {"https://a.example/?n=Ada", 24}, 0}, 84},
	    {"target without a row",
		{LINK_CLICK, 7, 0, 2, SENT_MS, 0, {"https://a.example/?n=Ada", 24}, 0}, 84},
	    {"open", {LINK_OPEN, 7, 1, 2, SENT_MS, 0, {NULL, 0}, 0}, 47},
	    {"unsubscribe", {LINK_UNSUBSCRIBE, 7, 1, 2, SENT_MS, 0, {NULL, 0}, 0}, 47},
	    {"unsubscribe without a contact",
		{LINK_UNSUBSCRIBE, 7, 0, 2, SENT_MS, 0, {"ada@example.org", 15}, 0}, 67},
	    {"preferences", {LINK_PREFERENCES, 7, 1, 2, SENT_MS, 0, {NULL, 0}, 0}, 47},
	    {"view", {LINK_VIEW, 7, 1, 2, SENT_MS, 0, {NULL, 0}, 0}, 47},
	    {"image", {LINK_IMAGE, 0, 0, 0, 0, 0, {"countdown to=1", 14}, 0}, 43},
	    {"sign-up", {LINK_SIGNUP, 7, 1, 0, SENT_MS, 0, {NULL, 0}, 0}, 47},
	    {"stamp", {LINK_STAMP, 0, 0, 0, 0, 0, {"news 1", 6}, 0}, 32},
	    {"bounce", {LINK_BOUNCE, 7, 1, 2, SENT_MS, 0, {NULL, 0}, 0}, LINK_MAIL_LETTERS},
	    {"largest bounce",
		{LINK_BOUNCE, LINK_CAMPAIGN_MAX, LINK_CONTACT_MAX, 0xffffffff,
		    INT64_C(0xffff) * 86400000, 0, {NULL, 0}, 0},
		LINK_MAIL_LETTERS},
	    {"unsubscribe by mail", {LINK_UNSUBSCRIBE_MAIL, 7, 1, 2, SENT_MS, 0, {NULL, 0}, 0},
		LINK_MAIL_LETTERS},
	};
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct link_facts *facts = &cases[i].facts;
		struct str token = encode(facts), again = encode(facts);
		struct link_facts back;

		if (token.n != cases[i].letters)
			fail_msg("%s: %zu letters", cases[i].name, token.n);
		assert_true(str_eq(token, again));
		if (link_decode(keys, facts->kind, token, arena, &back, &err) != 0)
			fail_msg("%s: %s", cases[i].name, err.text);
		assert_same(&back, facts);
	}
}

/* Each fact alone changes the token, and nearly all letters of it. */
static void
each_fact_counts(void **state)
{
	struct link_facts others[] = {click, click, click, click, click, click, click};
	struct str token = encode(&click);

	(void)state;
	others[0].campaign++;
	others[1].contact++;
	others[2].message++;
	others[3].sent_ms += 1000;
	others[4].link++;
	others[5].address = STR("https://a.example/");
	others[6].kind = LINK_OPEN;
	others[6].link = 0;
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		struct str other = encode(&others[i]);
		size_t same = 0;

		for (size_t j = 3; j < token.n && j < other.n; j++)
			same += token.p[j] == other.p[j];
		assert_true(same < 12);
	}
	/* Below a second: the same. */
	others[0] = click;
	others[0].sent_ms += 999;
	assert_true(str_eq(token, encode(&others[0])));
}

static void
facts_that_do_not_fit(void **state)
{
	static char long_address[LINK_ADDRESS_MAX + 2];
	static const struct {
		const char *name;
		struct link_facts facts;
		enum err_code code;
	} cases[] = {
	    {"no campaign", {LINK_CLICK, 0, 1, 2, 3, 4, {NULL, 0}, 0}, ERR_LIMIT},
	    {"campaign too large", {LINK_CLICK, LINK_CAMPAIGN_MAX + 1, 1, 2, 3, 4, {NULL, 0}, 0},
		ERR_LIMIT},
	    {"contact below 0", {LINK_CLICK, 1, -1, 2, 3, 4, {NULL, 0}, 0}, ERR_LIMIT},
	    {"contact too large", {LINK_CLICK, 1, LINK_CONTACT_MAX + 1, 2, 3, 4, {NULL, 0}, 0},
		ERR_LIMIT},
	    {"link too large", {LINK_CLICK, 1, 1, 2, 3, LINK_ID_MAX + 1, {NULL, 0}, 0}, ERR_LIMIT},
	    {"before 1970", {LINK_CLICK, 1, 1, 2, -1, 4, {NULL, 0}, 0}, ERR_LIMIT},
	    {"after 2106", {LINK_CLICK, 1, 1, 2, INT64_C(0x100000000) * 1000, 4, {NULL, 0}, 0},
		ERR_LIMIT},
	    {"bounce after 2149",
		{LINK_BOUNCE, 1, 1, 2, INT64_C(0x10000) * 86400000, 0, {NULL, 0}, 0}, ERR_LIMIT},
	    {"click on nothing", {LINK_CLICK, 1, 1, 2, 3, 0, {NULL, 0}, 0}, ERR_INPUT},
	    {"open of a link", {LINK_OPEN, 1, 1, 2, 3, 4, {NULL, 0}, 0}, ERR_INPUT},
	    {"address of a contact", {LINK_OPEN, 1, 1, 2, 3, 0, {"a@x.example", 11}, 0}, ERR_INPUT},
	    {"address in a bounce", {LINK_BOUNCE, 1, 0, 2, 3, 0, {"a@x.example", 11}, 0},
		ERR_INPUT},
	    {"script as target", {LINK_CLICK, 1, 1, 2, 3, 4, {"javascript:x", 12}, 0}, ERR_INPUT},
	    {"line end in a target", {LINK_CLICK, 1, 1, 2, 3, 4, {"http://x/\r\n", 11}, 0},
		ERR_INPUT},
	    {"target too long",
		{LINK_CLICK, 1, 1, 2, 3, 4, {long_address, LINK_ADDRESS_MAX + 1}, 0}, ERR_LIMIT},
	    {"recipient too long",
		{LINK_OPEN, 1, 0, 2, 3, 0, {long_address, LINK_RECIPIENT_MAX + 1}, 0}, ERR_LIMIT},
	    {"image of nothing", {LINK_IMAGE, 0, 0, 0, 0, 0, {NULL, 0}, 0}, ERR_LIMIT},
	    {"image too long", {LINK_IMAGE, 0, 0, 0, 0, 0, {long_address, LINK_IMAGE_MAX + 1}, 0},
		ERR_LIMIT},
	    {"image of a contact", {LINK_IMAGE, 0, 1, 0, 0, 0, {"x", 1}, 0}, ERR_INPUT},
	    {"sign-up with an address", {LINK_SIGNUP, 1, 0, 2, 3, 0, {"a@x.example", 11}, 0},
		ERR_INPUT},
	    {"stamp too long", {LINK_STAMP, 0, 0, 0, 0, 0, {long_address, LINK_STAMP_MAX + 1}, 0},
		ERR_LIMIT},
	    {"no such kind", {(enum link_kind)99, 1, 1, 2, 3, 4, {NULL, 0}, 0}, ERR_INPUT},
	    {"kind 0", {(enum link_kind)0, 1, 1, 2, 3, 4, {NULL, 0}, 0}, ERR_INPUT},
	};
	struct link_facts longest = click, back;
	struct arena *small = arena_new(40);
	struct err err;
	struct str token;

	(void)state;
	snprintf(
	    long_address, sizeof long_address, "https://x.example/%0*d", LINK_ADDRESS_MAX - 17, 0);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		err = ERR_INIT;
		if (link_encode(keys, &cases[i].facts, arena, &token, &err) != -1 ||
		    err.code != cases[i].code)
			fail_msg("%s: %d, %s", cases[i].name, (int)err.code, err.text);
	}
	longest.address = (struct str){long_address, LINK_ADDRESS_MAX};
	token = encode(&longest);
	assert_int_equal(token.n, LINK_TOKEN_MAX);
	assert_int_equal(link_decode(keys, LINK_CLICK, token, arena, &back, NULL), 0);
	assert_same(&back, &longest);
	assert_int_equal(link_encode(keys, &click, small, &token, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	arena_free(&small);
}

static void
assert_refused(enum link_kind kind, struct str token, enum err_code code, const char *name)
{
	struct link_facts back = {.kind = (enum link_kind)99};
	struct err err = ERR_INIT;

	if (link_decode(keys, kind, token, arena, &back, &err) != -1 ||
	    back.kind != (enum link_kind)99)
		fail_msg("%s: taken", name);
	if (code != ERR_NONE && err.code != code)
		fail_msg("%s: %s: %s", name, err_code_name(err.code), err.text);
	assert_true(err.code == ERR_INPUT || err.code == ERR_NOTFOUND || err.code == ERR_LIMIT);
	assert_true(err.text[0] != '\0');
}

static void
every_flipped_bit_is_refused(void **state)
{
	static const enum link_kind kinds[] = {
	    LINK_CLICK, LINK_CLICK, LINK_OPEN, LINK_VIEW, LINK_BOUNCE, LINK_UNSUBSCRIBE_MAIL};

	(void)state;
	for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
		struct link_facts facts = click;
		char copy[200], name[100];
		struct str token;

		facts.kind = kinds[k];
		facts.link = facts.kind == LINK_CLICK ? 42 : 0;
		if (k == 1)
			facts.address = STR("https://shop.example/ada");
		token = encode(&facts);
		for (size_t bit = 0; bit < 8 * token.n; bit++) {
			memcpy(copy, token.p, token.n);
			copy[bit / 8] = (char)(copy[bit / 8] ^ 1 << bit % 8);
			/* Base32 is the same in upper case. */
			if (kinds[k] >= LINK_BOUNCE && bit % 8 == 5 &&
			    isalpha((unsigned char)copy[bit / 8]))
				continue;
			snprintf(name, sizeof name, "kind %d, bit %zu", (int)kinds[k], bit);
			assert_refused(kinds[k], (struct str){copy, token.n}, ERR_NONE, name);
		}
	}
}

/* Also the bits behind the letters: each byte of the token itself. */
static void
every_flipped_byte_bit_is_refused(void **state)
{
	unsigned char bytes[60], changed[60];
	struct str token = encode(&click);
	long n = link_code_read(LINK_BASE64URL, token, bytes, sizeof bytes);
	char text[100], name[100];

	(void)state;
	assert_int_equal(n, 39);
	for (size_t bit = 0; bit < 8 * (size_t)n; bit++) {
		memcpy(changed, bytes, (size_t)n);
		changed[bit / 8] ^= (unsigned char)(1 << bit % 8);
		link_code_write(LINK_BASE64URL, changed, (size_t)n, text);
		snprintf(name, sizeof name, "bit %zu", bit);
		assert_refused(LINK_CLICK, (struct str){text, token.n},
		    bit / 8 == 1 ? ERR_NOTFOUND : ERR_INPUT, name);
	}
}

static void
cut_and_longer_ones_are_refused(void **state)
{
	struct link_facts with_target = click;
	struct str tokens[2];
	char text[LINK_TOKEN_MAX + 10], name[100];

	(void)state;
	with_target.address = STR("https://shop.example/ada");
	tokens[0] = encode(&click);
	tokens[1] = encode(&with_target);
	for (size_t t = 0; t < 2; t++) {
		for (size_t n = 0; n < tokens[t].n; n++) {
			snprintf(name, sizeof name, "%zu letters", n);
			assert_refused(LINK_CLICK, (struct str){tokens[t].p, n}, ERR_INPUT, name);
			assert_refused(LINK_CLICK,
			    (struct str){tokens[t].p + n + 1, tokens[t].n - n - 1}, ERR_NONE, name);
		}
		for (const char *c = "A=- \n_z."; *c != '\0'; c++) {
			snprintf(text, sizeof text, "%.*s%c", STR_F(tokens[t]), *c);
			assert_refused(LINK_CLICK, str_c(text), ERR_INPUT, text);
			snprintf(text, sizeof text, "%c%.*s", *c, STR_F(tokens[t]));
			assert_refused(LINK_CLICK, str_c(text), ERR_INPUT, text);
		}
	}
	memset(text, 'E', sizeof text);
	assert_refused(LINK_CLICK, (struct str){text, LINK_TOKEN_MAX + 1}, ERR_LIMIT, "too long");
	assert_refused(
	    LINK_CLICK, (struct str){text, LINK_TOKEN_MAX}, ERR_INPUT, "as long as can be");
	assert_refused(LINK_CLICK, STR_NONE, ERR_INPUT, "absent");
	assert_refused(LINK_CLICK, (struct str){"\0\0\0\0", 4}, ERR_INPUT, "NUL");
	assert_refused((enum link_kind)77, tokens[0], ERR_INPUT, "no such kind");
}

static void
kinds_do_not_mix(void **state)
{
	(void)state;
	for (int made = LINK_CLICK; made <= LINK_UNSUBSCRIBE_MAIL; made++) {
		struct link_facts facts = click, back;
		struct str token;

		facts.kind = (enum link_kind)made;
		facts.link = made == LINK_CLICK ? 42 : 0;
		token = encode(&facts);
		for (int read = LINK_CLICK; read <= LINK_UNSUBSCRIBE_MAIL; read++) {
			if (read != made)
				assert_refused(
				    (enum link_kind)read, token, ERR_INPUT, "another kind");
			else
				assert_int_equal(
				    link_decode(keys, facts.kind, token, arena, &back, NULL), 0);
		}
	}
}

static void
versions_of_the_future_are_refused(void **state)
{
	struct str token = encode(&click);
	unsigned char bytes[60];
	char text[100];

	(void)state;
	for (unsigned version = 0; version < 16; version++) {
		struct err err = ERR_INIT;
		struct link_facts back;

		link_code_read(LINK_BASE64URL, token, bytes, sizeof bytes);
		bytes[0] = (unsigned char)(version << 4 | (bytes[0] & 15));
		link_code_write(LINK_BASE64URL, bytes, 39, text);
		if (version == 1) {
			assert_true(str_eq(token, (struct str){text, token.n}));
			continue;
		}
		assert_int_equal(
		    link_decode(keys, LINK_CLICK, (struct str){text, token.n}, arena, &back, &err),
		    -1);
		assert_int_equal(err.code, ERR_INPUT);
		assert_non_null(strstr(err.text, "version"));
	}
}

static void
keys_rotate(void **state)
{
	struct link_keys *both = keys_with("1 2", 0), *second = keys_with("2", 0);
	struct link_keys *foreign = keys_with("1", 50), *wrapped = keys_with("255 1", 0);
	struct str old = encode(&click), fresh, third;
	struct link_facts back;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(link_decode(both, LINK_CLICK, old, arena, &back, &err), 0);
	assert_same(&back, &click);
	assert_int_equal(link_encode(both, &click, arena, &fresh, &err), 0);
	assert_false(str_eq(old, fresh));
	assert_int_equal(link_decode(second, LINK_CLICK, fresh, arena, &back, &err), 0);
	assert_same(&back, &click);
	assert_refused(LINK_CLICK, fresh, ERR_NOTFOUND, "newer key");
	assert_int_equal(link_decode(second, LINK_CLICK, old, arena, &back, &err), -1);
	assert_int_equal(err.code, ERR_NOTFOUND);
	assert_int_equal(link_decode(foreign, LINK_CLICK, old, arena, &back, &err), -1);
	assert_int_equal(err.code, ERR_INPUT);
	/* The last in the file signs, whatever its number. */
	assert_int_equal(link_encode(wrapped, &click, arena, &third, &err), 0);
	assert_true(str_eq(third, old));
	link_keys_unref(&both);
	link_keys_unref(&second);
	link_keys_unref(&foreign);
	link_keys_unref(&wrapped);
}

static void
messages_have_marks(void **state)
{
	char text[LINK_MARK_SIZE];
	uint32_t mark = link_message_mark(STR("0123456789abcdef0123"));

	(void)state;
	assert_int_equal(mark, 0x01234567);
	assert_string_equal(link_message_prefix(mark, text), "01234567");
	assert_string_equal(
	    link_message_prefix(link_message_mark(STR("0000000f00")), text), "0000000f");
	assert_int_equal(link_message_mark(STR("no key")), link_message_mark(STR("no key")));
	assert_int_not_equal(link_message_mark(STR("no key")), link_message_mark(STR("nokey")));
	assert_int_not_equal(link_message_mark(STR("")), 0);
	assert_int_not_equal(link_message_mark(STR("0123456")), 0x0123456);
}

/* --- addresses --- */

static void
targets(void **state)
{
	static const struct {
		const char *address;
		bool ok;
	} cases[] = {{"http://x", true}, {"https://x", true}, {"HTTPS://X.example/A?b#c", true},
	    {"https://x/a b", true}, {"https://x/\xc3\xa4\xff", true}, {"https://[::1]/", true},
	    {"https://x/{{ a }}", true}, {"", false}, {"https://", false}, {"https:///x", false},
	    {"https://?", false}, {"https://#", false}, {"http:\\\\x", false},
	    {"https://\\x", false}, {"//x", false}, {"/x", false}, {"ftp://x", false},
	    {"javascript:alert(1)//http://x", false}, {"data:text/html,x", false},
	    {" https://x", false}, {"https://x ", false}, {"https://x\r\nLocation: y", false},
	    {"https://x\ty", false}, {"https://x\x7f", false}, {"mailto:a@x.example", false},
	    {"https:x", false}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		if (link_address_ok(str_c(cases[i].address)) != cases[i].ok)
			fail_msg("%s", cases[i].address);
	}
	assert_false(link_address_ok((struct str){"https://x\0y", 11}));
	assert_false(link_address_ok(STR_NONE));
}

static struct str
url_of(enum link_kind kind, struct str base)
{
	int (*const make[])(const struct link_keys *, struct str, const struct link_facts *,
	    struct arena *, struct str *, struct err *) = {[LINK_CLICK] = link_click_url,
	    [LINK_OPEN] = link_open_url,
	    [LINK_UNSUBSCRIBE] = link_unsubscribe_url,
	    [LINK_PREFERENCES] = link_preferences_url,
	    [LINK_VIEW] = link_view_url};
	struct link_facts facts = click;
	struct err err = ERR_INIT;
	struct str url;

	facts.link = kind == LINK_CLICK ? 42 : 0;
	if (make[kind](keys, base, &facts, arena, &url, &err) != 0)
		fail_msg("%s", err.text);
	return url;
}

static void
tracked_addresses(void **state)
{
	static const char letters[] = " coupv";

	(void)state;
	for (int kind = LINK_CLICK; kind <= LINK_VIEW; kind++) {
		struct str url = url_of((enum link_kind)kind, STR(BASE)), path;
		struct link_facts back;
		struct err err = ERR_INIT;
		char begin[100];

		snprintf(begin, sizeof begin, BASE "/%c/", letters[kind]);
		assert_true(str_starts(url, str_c(begin)));
		path = (struct str){url.p + sizeof BASE - 1, url.n - (sizeof BASE - 1)};
		assert_int_equal(link_path_decode(keys, path, arena, &back, &err), 0);
		assert_int_equal(back.kind, kind);
		assert_int_equal(back.contact, click.contact);
		/* As if for another page. */
		memcpy(begin, path.p, path.n);
		begin[1] = letters[kind == LINK_VIEW ? LINK_CLICK : kind + 1];
		assert_int_equal(
		    link_path_decode(keys, (struct str){begin, path.n}, arena, &back, &err), -1);
		assert_int_equal(err.code, ERR_INPUT);
	}
}

/* What is drawn is all that it says, and the file's name belongs to it. */
static void
addresses_of_pictures(void **state)
{
	struct err err = ERR_INIT;
	struct link_facts back;
	struct str url, path;

	(void)state;
	assert_int_equal(
	    link_image_url(keys, STR(BASE), STR("countdown to=1"), arena, &url, &err), 0);
	assert_true(str_starts(url, STR(BASE "/t/")));
	path = (struct str){url.p + sizeof BASE - 1, url.n - (sizeof BASE - 1)};
	assert_int_equal(link_path_decode(keys, path, arena, &back, &err), 0);
	assert_int_equal(back.kind, LINK_IMAGE);
	assert_true(str_is(back.address, "countdown to=1"));
	assert_int_equal(back.contact, 0);
	path.n -= 4;
	assert_int_equal(link_path_decode(keys, path, arena, &back, &err), -1);
	assert_int_equal(link_path_decode(keys, STR("/t/.gif"), arena, &back, &err), -1);
}

static void
bad_paths(void **state)
{
	static const char *const paths[] = {"", "/", "/c", "/c/", "c/x", "//c/x", "/x/", "/c//",
	    "/c/../u/x", "/c/https://evil.example/", "/c/?url=https://evil.example",
	    "/c/https%3A%2F%2Fevil.example", "/C/x", "/cc/x", "/c/x/y"};
	struct str url = url_of(LINK_CLICK, STR(BASE));
	struct link_facts back;
	struct err err = ERR_INIT;
	char path[200];

	(void)state;
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		if (link_path_decode(keys, str_c(paths[i]), arena, &back, &err) != -1 ||
		    err.code != ERR_INPUT)
			fail_msg("%s", paths[i]);
	}
	snprintf(path, sizeof path, "%.*s?to=https://evil.example", STR_F(url));
	assert_int_equal(
	    link_path_decode(keys, str_c(path + sizeof BASE - 1), arena, &back, &err), -1);
	assert_int_equal(link_path_decode(keys, STR_NONE, arena, &back, &err), -1);
	assert_int_equal(link_click_url(keys, STR(""), &click, arena, &url, &err), -1);
	assert_int_equal(err.code, ERR_INPUT);
}

static void
mail_addresses(void **state)
{
	static const struct {
		const char *address;
		enum err_code code;
	} cases[] = {{"bounce@shop.example", ERR_NONE}, {"b@x", ERR_NONE},
	    {"a.bounces@shop.example", ERR_NONE}, {"newsletters@shop.example", ERR_LIMIT},
	    {"bounce", ERR_INPUT}, {"@x", ERR_INPUT}, {"bounce@", ERR_INPUT}, {"", ERR_INPUT},
	    {"a b@x", ERR_INPUT}, {"\"a\"@x", ERR_INPUT}, {"a@b@x", ERR_INPUT},
	    {"a@x\r\nTo: y", ERR_INPUT}, {"a.@x", ERR_INPUT}, {".a@x", ERR_INPUT}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct link_facts facts = click, back;
		struct err err = ERR_INIT;
		struct str address;
		char upper[400];
		size_t local;

		facts.link = 0;
		link_bounce_address(keys, str_c(cases[i].address), &facts, arena, &address, &err);
		if (err.code != cases[i].code)
			fail_msg("%s: %s", cases[i].address, err.text);
		if (err.code != ERR_NONE)
			continue;
		local = strcspn(address.p, "@");
		assert_true(local <= 64);
		assert_string_equal(address.p + local, strchr(cases[i].address, '@'));
		/* Some mail systems change case. */
		for (size_t j = 0; j <= address.n; j++)
			upper[j] = (char)toupper((unsigned char)address.p[j]);
		assert_int_equal(
		    link_mail_decode(keys, LINK_BOUNCE, str_c(upper), arena, &back, &err), 0);
		facts.kind = LINK_BOUNCE;
		assert_same(&back, &facts);
		assert_int_equal(link_mail_decode(keys, LINK_BOUNCE, (struct str){address.p, local},
				     arena, &back, &err),
		    0);
		assert_int_equal(
		    link_mail_decode(keys, LINK_UNSUBSCRIBE_MAIL, address, arena, &back, &err), -1);
		assert_int_equal(
		    link_mail_decode(keys, LINK_CLICK, address, arena, &back, &err), -1);
	}
}

static void
bad_mail_addresses(void **state)
{
	static const char *const addresses[] = {"", "@", "bounce", "bounce@x", "bounce+@x", "+",
	    "+@", "bounce+a@x", "bounce+aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@x"};
	struct link_facts back;

	(void)state;
	for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
		struct err err = ERR_INIT;

		if (link_mail_decode(keys, LINK_BOUNCE, str_c(addresses[i]), arena, &back, &err) !=
			-1 ||
		    err.code == ERR_NONE)
			fail_msg("%s", addresses[i]);
	}
}

static void
campaigns_may_have_a_base(void **state)
{
	struct conf_campaign own = {.tracking_url = "https://own.example"},
			     none = {.tracking_url = ""};
	struct conf conf = {.tracking_url = BASE};

	(void)state;
	assert_true(str_is(link_base(&conf, &own), "https://own.example"));
	assert_true(str_is(link_base(&conf, &none), BASE));
	assert_true(str_is(link_base(&conf, NULL), BASE));
}

/* --- corpora --- */

/* 1: it was taken and came back; 0: it is no target; the test fails on all else. */
static int
round_trip(struct str address)
{
	struct link_facts facts = click, back;
	struct err err = ERR_INIT;
	struct str url, path;
	bool ok = link_address_ok(address);

	facts.address = address;
	/* None would be the click on the link's row. */
	if (address.n == 0)
		return 0;
	if (link_click_url(keys, STR(BASE), &facts, arena, &url, &err) != 0) {
		assert_false(ok);
		assert_true(err.code == ERR_INPUT || err.code == ERR_LIMIT);
		return 0;
	}
	assert_true(ok);
	/* Nothing of it shows. */
	for (size_t i = 0; i < url.n; i++)
		assert_true(url.p[i] > ' ' && url.p[i] < 0x7f);
	path = (struct str){url.p + sizeof BASE - 1, url.n - (sizeof BASE - 1)};
	if (link_path_decode(keys, path, arena, &back, &err) != 0)
		fail_msg("%s", err.text);
	assert_same(&back, &facts);
	arena_reset(arena);
	return 1;
}

static const char *
corpora(void)
{
	const char *folder = getenv("MAILTAILOR_CORPORA");

	return folder == NULL ? SOURCE_ROOT "/../shared/data" : folder;
}

static void
wpt_addresses(void **state)
{
	static const char *const files[] = {
	    "urltestdata.dev.json", "urltestdata-javascript-only.json"};
	static const char *const members[] = {"input", "href"};
	char path[4096];
	int taken = 0, refused = 0;

	(void)state;
	for (size_t f = 0; f < 2; f++) {
		json_t *cases, *entry;
		size_t i;

		snprintf(path, sizeof path, "%s/url-wpt/%s", corpora(), files[f]);
		cases = json_load_file(path, JSON_ALLOW_NUL, NULL);
		if (cases == NULL && f == 0)
			skip();
		json_array_foreach(cases, i, entry)
		{
			for (size_t m = 0; m < 2; m++) {
				json_t *text = json_object_get(entry, members[m]);
				int done;

				if (!json_is_string(text))
					continue;
				done = round_trip((struct str){
				    json_string_value(text), json_string_length(text)});
				taken += done;
				refused += !done;
			}
		}
		json_decref(cases);
	}
	printf("url-wpt: %d addresses came back, %d are no targets\n", taken, refused);
	assert_true(taken > 250 && refused > 100);
}

static int attack_lines, attack_taken;

/* Each line as an address and as what a person's data puts into one. */
static int
attack_file(const char *path, const struct stat *st, int type, struct FTW *place)
{
	char *line = NULL, address[LINK_ADDRESS_MAX + 4];
	size_t size = 0;
	ssize_t n;
	FILE *file;

	(void)st;
	(void)place;
	file = type == FTW_F ? fopen(path, "rb") : NULL;
	if (file == NULL)
		return 0;
	while ((n = getline(&line, &size, file)) > 0) {
		static const char *const before[] = {"", "https://", "https://shop.example/?q="};

		n -= line[n - 1] == '\n';
		attack_lines++;
		for (size_t i = 0; i < 3; i++) {
			size_t begin = strlen(before[i]);

			if (begin + (size_t)n > sizeof address)
				continue;
			memcpy(address, before[i], begin);
			memcpy(address + begin, line, (size_t)n);
			attack_taken += round_trip((struct str){address, begin + (size_t)n});
		}
	}
	free(line);
	fclose(file);
	return 0;
}

static void
attacks(void **state)
{
	static const char *const folders[] = {"attack-blns", "attack-fuzzdb"};
	char path[4096];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof path, "%s/%s", corpora(), folders[i]);
		nftw(path, attack_file, 16, FTW_PHYS);
	}
	if (attack_lines == 0)
		skip();
	printf("attack-*: %d lines, %d addresses came back\n", attack_lines, attack_taken);
	assert_true(attack_taken > attack_lines);
}

/* --- utm --- */

static void
utm_parameters(void **state)
{
	static const struct link_utm all = {{"news", 4}, {"email", 5}, {"spring", 6}, {"a b&c", 5}},
				     two = {{"news", 4}, {"email", 5}, {NULL, 0}, {"", 0}},
				     none = {{NULL, 0}, {NULL, 0}, {NULL, 0}, {NULL, 0}},
				     wide = {{"\xc3\xa4", 2}, {"a/b#c", 5}, {"x\0y", 3}, {NULL, 0}};
	static const struct {
		const char *name, *url;
		const struct link_utm *utm;
		const char *expected;
	} cases[] = {
	    {"bare", "https://x.example", &two,
		"https://x.example?utm_source=news&utm_medium=email"},
	    {"path", "https://x.example/a", &all,
		"https://x.example/"
		"a?utm_source=news&utm_medium=email&utm_campaign=spring&utm_content=a%20b%26c"},
	    {"query", "https://x.example/?a=1", &two,
		"https://x.example/?a=1&utm_source=news&utm_medium=email"},
	    {"empty query", "https://x.example/?", &two,
		"https://x.example/?utm_source=news&utm_medium=email"},
	    {"query ends with &", "https://x.example/?a&", &two,
		"https://x.example/?a&utm_source=news&utm_medium=email"},
	    {"query ends with ?", "https://x.example/?a?", &two,
		"https://x.example/?a?&utm_source=news&utm_medium=email"},
	    {"fragment", "https://x.example/#top", &two,
		"https://x.example/?utm_source=news&utm_medium=email#top"},
	    {"question mark in the fragment", "https://x.example/#/a?b=1", &two,
		"https://x.example/?utm_source=news&utm_medium=email#/a?b=1"},
	    {"empty fragment", "https://x.example/?a#", &two,
		"https://x.example/?a&utm_source=news&utm_medium=email#"},
	    {"one is there", "https://x.example/?utm_source=own", &two,
		"https://x.example/?utm_source=own&utm_medium=email"},
	    {"empty, but there", "https://x.example/?utm_source=&b", &two,
		"https://x.example/?utm_source=&b&utm_medium=email"},
	    {"in upper case", "https://x.example/?UTM_Medium", &two,
		"https://x.example/?UTM_Medium&utm_source=news"},
	    {"all are there", "https://x.example/?utm_medium=a&utm_source=b#c", &two,
		"https://x.example/?utm_medium=a&utm_source=b#c"},
	    {"alike", "https://x.example/?xutm_source=1&utm_sourcex=2", &two,
		"https://x.example/?xutm_source=1&utm_sourcex=2&utm_source=news&utm_medium=email"},
	    {"in the path", "https://x.example/utm_source=1", &two,
		"https://x.example/utm_source=1?utm_source=news&utm_medium=email"},
	    {"other bytes stay", "HTTP://x.example/%7e%zz/ \xff;a='\"?q=a+b&&c=[1]", &two,
		"HTTP://x.example/%7e%zz/ "
		"\xff;a='\"?q=a+b&&c=[1]&utm_source=news&utm_medium=email"},
	    {"values are encoded", "https://x.example", &wide,
		"https://x.example?utm_source=%C3%A4&utm_medium=a%2Fb%23c&utm_campaign=x%00y"},
	    {"nothing to add", "https://x.example/?#", &none, "https://x.example/?#"},
	    {"mailto", "mailto:a@x.example?subject=b", &two, "mailto:a@x.example?subject=b"},
	    {"fragment alone", "#top", &two, "#top"},
	    {"relative", "/a", &two, "/a"},
	    {"empty", "", &two, ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct err err = ERR_INIT;
		struct str url, again;

		if (link_add_utm(str_c(cases[i].url), cases[i].utm, arena, &url, &err) != 0)
			fail_msg("%s: %s", cases[i].name, err.text);
		if (!str_is(url, cases[i].expected))
			fail_msg("%s: %.*s", cases[i].name, STR_F(url));
		/* Once they are there, they stay. */
		assert_int_equal(link_add_utm(url, cases[i].utm, arena, &again, &err), 0);
		assert_true(str_eq(url, again));
	}
}

static void
utm_has_ceilings(void **state)
{
	static const struct link_utm utm = {{"news", 4}, {NULL, 0}, {NULL, 0}, {NULL, 0}};
	static char url[LINK_ADDRESS_MAX + 2];
	struct err err = ERR_INIT;
	struct str out;

	(void)state;
	memset(url, 'a', sizeof url);
	memcpy(url, "https://", 8);
	assert_int_equal(
	    link_add_utm((struct str){url, LINK_ADDRESS_MAX + 1}, &utm, arena, &out, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	assert_int_equal(
	    link_add_utm((struct str){url, LINK_ADDRESS_MAX - 3}, &utm, arena, &out, &err), -1);
	assert_int_equal(
	    link_add_utm((struct str){url, LINK_ADDRESS_MAX - 16}, &utm, arena, &out, &err), 0);
	assert_int_equal(out.n, LINK_ADDRESS_MAX);
}

static void
utm_of_a_campaign(void **state)
{
	struct conf_campaign campaign = {
	    .utm_source = "news", .utm_medium = "", .utm_campaign = "", .utm_content = ""};
	struct link_utm utm = link_utm_of(&campaign, STR("spring"));

	(void)state;
	assert_true(str_is(utm.source, "news"));
	assert_true(str_is(utm.campaign, "spring"));
	campaign.utm_campaign = "own";
	assert_true(str_is(link_utm_of(&campaign, STR("spring")).campaign, "own"));
	campaign.utm_source = campaign.utm_campaign = "";
	assert_int_equal(link_utm_of(&campaign, STR("spring")).campaign.n, 0);
}

/* --- header fields --- */

static void
list_unsubscribe(void **state)
{
	static const struct {
		const char *url, *address, *expected; /* NULL: refused */
	} cases[] = {
	    {BASE "/u/T", "unsub+t@shop.example",
		" <" BASE "/u/T>,\r\n <mailto:unsub+t@shop.example?subject=unsubscribe>"},
	    {BASE "/u/T", "", " <" BASE "/u/T>"},
	    {"", "unsub+t@shop.example", " <mailto:unsub+t@shop.example?subject=unsubscribe>"},
	    {"", "a?b&c%d@shop.example",
		" <mailto:a%3Fb%26c%25d@shop.example?subject=unsubscribe>"},
	    {"", "", NULL},
	    {BASE "/u/T>\r\nBcc: x", "", NULL},
	    {BASE "/u/T\n", "", NULL},
	    {BASE "/u/T>, <http://evil.example", "", NULL},
	    {BASE "/u/\xc3\xa4", "", NULL},
	    {"javascript:x", "", NULL},
	    {"", "no address", NULL},
	    {"", "a@x\r\nBcc: y", NULL},
	    {"", "a@x>", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct err err = ERR_INIT;
		struct str value = STR_NONE;
		int rc = link_list_unsubscribe(
		    str_c(cases[i].url), str_c(cases[i].address), arena, &value, &err);

		if (cases[i].expected == NULL ? rc != -1 || err.code != ERR_INPUT
					      : rc != 0 || !str_is(value, cases[i].expected))
			fail_msg("%s %s: %.*s", cases[i].url, cases[i].address, STR_F(value));
	}
	assert_true(str_is(link_list_unsubscribe_post(STR(BASE)), " List-Unsubscribe=One-Click"));
	assert_null(link_list_unsubscribe_post(STR("http://t.shop.example/u/T")).p);
	assert_null(link_list_unsubscribe_post(STR_NONE).p);
}

static void
feedback_id(void **state)
{
	static const struct {
		const char *campaign, *customer, *type, *sender, *expected;
	} cases[] = {
	    {"spring", "42", "news", "shopexample", " spring:42:news:shopexample"},
	    {"", "", "", "shop1", " :::shop1"},
	    {"a:b c\r\nBcc: x", "\xc3\xa4", "", "shop1", " a_b_c__Bcc__x:__::shop1"},
	    {"a", "b", "c", "shop", NULL},
	    {"a", "b", "c", "sixteen-letters-", NULL},
	    {"a", "b", "c", "shop:1", NULL},
	    {"a", "b", "c", "shop\n", NULL},
	    {"a", "b", "c", "", NULL},
	};
	char longer[200];
	struct str value;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct err err = ERR_INIT;
		int rc;

		value = STR_NONE;
		rc = link_feedback_id(str_c(cases[i].campaign), str_c(cases[i].customer),
		    str_c(cases[i].type), str_c(cases[i].sender), arena, &value, &err);
		if (cases[i].expected == NULL ? rc != -1 || err.code != ERR_INPUT
					      : rc != 0 || !str_is(value, cases[i].expected))
			fail_msg("%s: %.*s", cases[i].sender, STR_F(value));
	}
	memset(longer, 'a', sizeof longer);
	assert_int_equal(link_feedback_id((struct str){longer, sizeof longer}, STR_NONE, STR_NONE,
			     STR("shop1"), arena, &value, NULL),
	    0);
	assert_int_equal(value.n, 1 + 64 + 3 + 5);
}

static void
list_id(void **state)
{
	static const struct {
		const char *name, *id, *expected;
	} cases[] = {
	    {"", "news.shop.example", " <news.shop.example>"},
	    {"Shop news", "news.shop.example", " \"Shop news\"\r\n <news.shop.example>"},
	    {"A \"B\" \\ <c>", "news.shop.example",
		" \"A \\\"B\\\" \\\\ <c>\"\r\n <news.shop.example>"},
	    {"B\xc3\xbc"
	     "cher",
		"news.shop.example", " =?UTF-8?B?QsO8Y2hlcg==?=\r\n <news.shop.example>"},
	    {"=?x?=", "news.shop.example", " =?UTF-8?B?PT94Pz0=?=\r\n <news.shop.example>"},
	    {"A\r\nBcc: x", "news.shop.example", NULL},
	    {"\xff", "news.shop.example", NULL},
	    {"", "news", NULL},
	    {"", "", NULL},
	    {"", "news..example", NULL},
	    {"", "news.shop.example>\r\nBcc: x", NULL},
	    {"", "news shop.example", NULL},
	};
	char name[400] = "";
	struct str value, rest, line;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct err err = ERR_INIT;
		int rc;

		value = STR_NONE;
		rc = link_list_id(str_c(cases[i].name), str_c(cases[i].id), arena, &value, &err);
		if (cases[i].expected == NULL ? rc != -1 || err.code != ERR_INPUT
					      : rc != 0 || !str_is(value, cases[i].expected))
			fail_msg("%s: %.*s", cases[i].name, STR_F(value));
	}
	/* Words of at most 75 characters that cut no character in two. */
	for (int i = 0; i < 100; i++)
		snprintf(name + strlen(name), sizeof name - strlen(name), "\xe2\x82\xac");
	assert_int_equal(link_list_id(str_c(name), STR("a.b"), arena, &value, NULL), 0);
	for (rest = value; str_split(&rest, '\n', &line);)
		assert_true(str_trim(line).n <= 75);
}

/* --- threads --- */

static void *
make_and_read(void *closure)
{
	struct arena *mine = arena_new(1 << 20);
	struct link_facts facts = click, back;
	int *good = closure;
	struct str token;

	for (int i = 0; i < 500; i++) {
		facts.contact = i;
		if (link_encode(keys, &facts, mine, &token, NULL) == 0 &&
		    link_decode(keys, LINK_CLICK, token, mine, &back, NULL) == 0 &&
		    back.contact == i)
			++*good;
	}
	arena_free(&mine);
	return NULL;
}

static void
threads_share_keys(void **state)
{
	pthread_t threads[4];
	int good[4] = {0};

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, make_and_read, &good[i]), 0);
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(good[i], 500);
	}
}

/* --- speed --- */

static void
tokens_are_fast(void **state)
{
	struct link_facts facts = click, back;
	int64_t begin = clock_mono_us(), middle;
	const int count = 50000;
	struct str token;
	double made, read;

	(void)state;
	for (int i = 0; i < count; i++) {
		facts.contact = i + 1;
		assert_int_equal(link_encode(keys, &facts, arena, &token, NULL), 0);
		if (i % 1000 == 0)
			arena_reset(arena);
	}
	middle = clock_mono_us();
	token = encode(&facts);
	for (int i = 0; i < count; i++)
		assert_int_equal(link_decode(keys, LINK_CLICK, token, arena, &back, NULL), 0);
	made = count * 1e6 / (double)(middle - begin);
	read = count * 1e6 / (double)(clock_mono_us() - middle);
	printf("tokens a second: %.0f made, %.0f read\n", made, read);
	/* A sanitizer or a busy machine may take ten times as long. */
	assert_true(made > TOKEN_RATE / 10.0 && read > TOKEN_RATE / 10.0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rfc5297_vectors),
	    cmocka_unit_test(letters_are_strict),
	    cmocka_unit_test(facts_come_back),
	    cmocka_unit_test(each_fact_counts),
	    cmocka_unit_test(facts_that_do_not_fit),
	    cmocka_unit_test(every_flipped_bit_is_refused),
	    cmocka_unit_test(every_flipped_byte_bit_is_refused),
	    cmocka_unit_test(cut_and_longer_ones_are_refused),
	    cmocka_unit_test(kinds_do_not_mix),
	    cmocka_unit_test(versions_of_the_future_are_refused),
	    cmocka_unit_test(keys_rotate),
	    cmocka_unit_test(messages_have_marks),
	    cmocka_unit_test(targets),
	    cmocka_unit_test(tracked_addresses),
	    cmocka_unit_test(addresses_of_pictures),
	    cmocka_unit_test(bad_paths),
	    cmocka_unit_test(mail_addresses),
	    cmocka_unit_test(bad_mail_addresses),
	    cmocka_unit_test(campaigns_may_have_a_base),
	    cmocka_unit_test(wpt_addresses),
	    cmocka_unit_test(attacks),
	    cmocka_unit_test(utm_parameters),
	    cmocka_unit_test(utm_has_ceilings),
	    cmocka_unit_test(utm_of_a_campaign),
	    cmocka_unit_test(list_unsubscribe),
	    cmocka_unit_test(feedback_id),
	    cmocka_unit_test(list_id),
	    cmocka_unit_test(threads_share_keys),
	    cmocka_unit_test(tokens_are_fast),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
