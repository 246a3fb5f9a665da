/* SPDX-License-Identifier: BSD-2-Clause
 *
 * link_fuzz: tokens, key files, addresses and texts that somebody made up
 *
 * The first byte chooses. What must hold: only a token that was made with the key is taken,
 * and it is made again of its facts; what an address carries comes back; the places in a
 * text are in order and read the same alone; utm parameters leave all other bytes.
 */
#include "base/buf.h"
#include "link/code.h"
#include "link/header.h"
#include "link/link.h"
#include "link/text.h"
#include "link/utm.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)           \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

static struct link_keys *
keys(void)
{
	static struct link_keys *made;
	struct link_keyfile *file;

	if (made != NULL)
		return made;
	file = calloc(1, sizeof *file);
	MUST(file != NULL);
	for (unsigned i = 0; i < 255; i++)
		file->keys[i].id = i + 1;
	file->count = 255;
	made = link_keys_new(file);
	link_keyfile_free(&file);
	return made;
}

/* Nobody guesses 128 bits: what is taken is a mistake. */
static void
check_hostile(struct str input, struct arena *arena)
{
	struct link_facts facts;
	struct err err;

	for (int kind = 0; kind <= LINK_UNSUBSCRIBE_MAIL + 1; kind++) {
		err = ERR_INIT;
		MUST(link_decode(keys(), (enum link_kind)kind, input, arena, &facts, &err) == -1);
		MUST(err.code == ERR_INPUT || err.code == ERR_LIMIT || err.code == ERR_NOTFOUND);
		MUST(link_mail_decode(keys(), (enum link_kind)kind, input, arena, &facts, &err) ==
		    -1);
	}
	MUST(link_path_decode(keys(), input, arena, &facts, &err) == -1);
}

/* A good token with one byte of the input put over it, anywhere. */
static void
check_changed(struct str input, struct arena *arena)
{
	struct link_facts facts = {LINK_CLICK, 1, 2, 3, 4000, 5, STR_NONE}, back;
	unsigned char bytes[LINK_TOKEN_MAX];
	struct str token, other;
	char *text;
	long n;

	if (input.n < 2)
		return;
	MUST(link_encode(keys(), &facts, arena, &token, NULL) == 0);
	n = link_code_read(LINK_BASE64URL, token, bytes, sizeof bytes);
	if (input.p[1] == 0)
		return;
	bytes[(unsigned char)input.p[0] % n] ^= (unsigned char)input.p[1];
	text = arena_alloc(arena, token.n);
	link_code_write(LINK_BASE64URL, bytes, (size_t)n, text);
	other = (struct str){text, token.n};
	MUST(link_decode(keys(), LINK_CLICK, other, arena, &back, NULL) == -1);
}

static void
check_address(struct str input, struct arena *arena)
{
	static const struct link_utm utm = {{"a", 1}, {"b c", 3}, {"d", 1}, {"e&", 2}};
	struct link_facts facts = {LINK_CLICK, 1, 2, 3, 4000, 5, STR_NONE}, back;
	struct str token, url, again, rest;
	bool ok = link_address_ok(input);

	facts.address = input;
	if (input.n > 0 && link_encode(keys(), &facts, arena, &token, NULL) == 0) {
		MUST(ok && token.n <= LINK_TOKEN_MAX);
		MUST(link_decode(keys(), LINK_CLICK, token, arena, &back, NULL) == 0);
		MUST(str_eq(back.address, input));
	} else {
		MUST(!ok);
	}
	if (link_add_utm(input, &utm, arena, &url, NULL) == 0) {
		size_t same = 0;

		MUST(url.n >= input.n);
		while (same < input.n && url.p[same] == input.p[same])
			same++;
		rest = (struct str){input.p + same, input.n - same};
		MUST(rest.n == 0 || memcmp(url.p + url.n - rest.n, rest.p, rest.n) == 0);
		MUST(link_add_utm(url, &utm, arena, &again, NULL) == 0 && str_eq(url, again));
	}
}

static bool
one_field(struct str value)
{
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] == '\0' || (value.p[i] == '\r' && value.p[i + 1] != '\n') ||
		    (value.p[i] == '\n' && (value.p[i - 1] != '\r' || value.p[i + 1] != ' ')))
			return false;
	}
	return value.p[0] == ' ';
}

static void
check_fields(struct str input, struct arena *arena)
{
	struct link_facts facts = {LINK_BOUNCE, 1, 2, 3, 0, 0, STR_NONE}, back;
	struct str a, value;

	if (!str_split(&input, '\0', &a) || input.p == NULL)
		return;
	if (link_list_unsubscribe(a, input, arena, &value, NULL) == 0)
		MUST(one_field(value));
	if (link_list_id(a, input, arena, &value, NULL) == 0)
		MUST(one_field(value));
	if (link_feedback_id(a, input, a, STR("shop1"), arena, &value, NULL) == 0)
		MUST(one_field(value) && value.n < 220);
	if (link_bounce_address(keys(), a, &facts, arena, &value, NULL) == 0) {
		MUST(link_mail_decode(keys(), LINK_BOUNCE, value, arena, &back, NULL) == 0);
		MUST(back.contact == 2);
	}
}

static void
check_keyfile(struct str input)
{
	struct link_keyfile *file;
	struct err err = ERR_INIT;

	if (link_keyfile_parse(&file, input, "k", &err) != 0) {
		MUST(file == NULL && err.code == ERR_KEY && err.text[0] == 'k');
		return;
	}
	MUST(file->count > 0 && file->count <= LINK_KEY_ID_MAX);
	for (size_t i = 0; i < file->count; i++)
		MUST(file->keys[i].id > 0 && file->keys[i].id <= LINK_KEY_ID_MAX);
	link_keyfile_free(&file);
}

static void
check_text(struct str input, bool template, struct arena *arena)
{
	struct link_place *places, *alone;
	size_t count, one, last = 0;

	if (link_text_scan(input, template, 1000, arena, &places, &count, NULL) != 0)
		return;
	for (size_t i = 0; i < count; i++) {
		struct str text = {input.p + places[i].begin, places[i].end - places[i].begin};

		MUST(places[i].begin >= last && text.n > 7 && places[i].end <= input.n);
		MUST(template || (places[i].dynamic == 0 && places[i].whole));
		last = places[i].end;
		if (places[i].dynamic != 0 || places[i].literal)
			continue;
		MUST(link_text_scan(text, false, 10, arena, &alone, &one, NULL) == 0);
		MUST(one == 1 && alone[0].begin == 0 && alone[0].end == text.n);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str input = {(const char *)data + 1, size - 1};
	struct arena *arena;

	if (size == 0 || size > 65536)
		return 0;
	arena = arena_new((size_t)16 << 20);
	switch (data[0] % 7) {
	case 0:
		check_hostile(input, arena);
		break;
	case 1:
		check_changed(input, arena);
		break;
	case 2:
		check_address(input, arena);
		break;
	case 3:
		check_fields(input, arena);
		break;
	case 4:
		check_keyfile(input);
		break;
	default:
		check_text(input, data[0] % 7 == 5, arena);
		break;
	}
	arena_free(&arena);
	return 0;
}
