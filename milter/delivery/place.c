/* SPDX-License-Identifier: BSD-2-Clause
 *
 * place: see place.h
 *
 * Threads: any; touches only its arguments.
 */
#include "delivery/place.h"

#include "delivery/address.h"
#include "delivery/form.h"
#include "delivery/words.h"

#include <glib.h>

#define LINES_MAX  4000
#define LINE_BYTES 1000
/* Addresses of one line that are looked at. */
#define EACH_MAX 20

/* "550 5.1.1 " or "<<< 550 ": a reply code, with an enhanced status perhaps. */
static bool
is_reply(struct str before)
{
	if (str_starts(before, STR("<<< ")))
		before = (struct str){before.p + 4, before.n - 4};
	return before.n >= 3 && before.n <= 20 && g_ascii_isdigit(before.p[0]) &&
	    memchr(before.p, '@', before.n) == NULL;
}

static bool
before_fits(const char *pattern, struct str before)
{
	const char *last = strrchr(pattern, '*');

	if (strcmp(pattern, "*") == 0)
		return true;
	if (strcmp(pattern, "#") == 0)
		return is_reply(before);
	if (pattern[0] == '\0' || before.n == 0)
		return before.n == 0 && pattern[0] == '\0';
	last = last == NULL ? pattern : last + 1;
	return delivery_phrase_in(before, pattern) && str_ends_nocase(before, str_c(last));
}

static bool
behind_fits(const char *pattern, struct str behind)
{
	if (strcmp(pattern, "*") == 0)
		return true;
	if (pattern[0] == '\0')
		return behind.n == 0 || str_is(behind, ".");
	return delivery_phrase_at(behind, pattern) == 0;
}

static struct str
trim_end(struct str text)
{
	while (text.n > 0 && (unsigned char)text.p[text.n - 1] <= ' ')
		text.n--;
	return text;
}

static bool
is_bullet(struct str text)
{
	static const char *const bullets[] = {"*", "-", "+", "o", "\xe2\x80\xa2", "\xc2\xb7"};

	for (size_t i = 0; i < sizeof bullets / sizeof bullets[0]; i++) {
		if (str_is(text, bullets[i]))
			return true;
	}
	return false;
}

/* What stands before and behind, without <>, quotes and "rfc822;". */
static bool
weigh(struct str line, struct str address, struct arena *arena, enum delivery_weight *weight_r)
{
	struct str before = {line.p, (size_t)(address.p - line.p)};
	struct str behind = {
	    address.p + address.n, (size_t)(line.p + line.n - address.p) - address.n};
	bool found = false;

	before = str_trim(before);
	while (before.n > 0 && strchr("<'\"(", before.p[before.n - 1]) != NULL)
		before.n--;
	while (behind.n > 0 && strchr(">'\"", behind.p[0]) != NULL)
		behind = (struct str){behind.p + 1, behind.n - 1};
	if (is_bullet(str_trim(before)))
		before.n = 0;
	before = trim_end(delivery_fold(before, arena));
	behind = trim_end(delivery_fold(behind, arena));
	for (const struct delivery_shape *shape = delivery_shapes; shape->before != NULL; shape++) {
		if (!behind_fits(shape->behind, behind) || !before_fits(shape->before, before))
			continue;
		if (!found || shape->weight > *weight_r)
			*weight_r = shape->weight;
		found = true;
	}
	return found;
}

static bool
is_mine(const struct delivery_places *places, struct str address)
{
	for (size_t i = 0; i < places->mine_count; i++) {
		if (places->mine[i].n > 0 && str_eq_nocase(address, places->mine[i]))
			return true;
	}
	return false;
}

/* "For further assistance, please contact <...>" */
static bool
is_contact(struct str line, struct arena *arena)
{
	static const char *const words[] = {"contact", "assistance", "help", "support@", "kontakt",
	    "mail from:", "envelope-from", "from:", "sender:", "reply-to", "message-id",
	    "http:", "subject:", "from address", "return-path", NULL};

	return delivery_any_in(delivery_fold(line, arena), words);
}

/* Notes the address unless it is somebody else's; true if it is a recipient in a place where
 * what follows in its line is said of it. */
static bool
note(struct delivery_places *places, struct str line, const char *line_end, struct str address,
    struct arena *arena)
{
	struct delivery_place *place = &places->items[places->count];
	const char *end = address.p + address.n;

	if (is_mine(places, address) || !weigh(str_trim(line), address, arena, &place->weight))
		return false;
	if (place->weight != DELIVERY_STRONG && is_contact(line, arena))
		return false;
	place->address = address;
	place->behind = (struct str){end, (size_t)(line_end - end)};
	place->line = line.p;
	place->reply = place->weight == DELIVERY_FAIR && g_ascii_isdigit(str_trim(line).p[0]) &&
	    str_has(place->behind, STR("..."));
	places->count++;
	if (place->weight > places->best)
		places->best = place->weight;
	return place->weight == DELIVERY_STRONG;
}

static void
look_at_line(struct delivery_places *places, struct str line, struct arena *arena)
{
	const char *line_end = line.p + line.n, *end;
	struct str rest, address;

	if (line.n > LINE_BYTES)
		line.n = LINE_BYTES;
	rest = line;
	for (size_t i = 0; i < EACH_MAX && places->count < DELIVERY_RECIPIENTS_MAX; i++) {
		if (!delivery_address_find(rest, &address))
			break;
		end = address.p + address.n;
		rest = (struct str){end, (size_t)(rest.p + rest.n - end)};
		if (note(places, line, line_end, address, arena) && rest.n > 0 &&
		    strchr(",;", rest.p[0]) == NULL)
			break;
	}
}

static void
look(struct delivery_places *places, struct str text, struct arena *arena)
{
	struct str line;

	for (size_t i = 0; i < LINES_MAX && delivery_line(&text, &line); i++) {
		if (line.n > 0 && memchr(line.p, '@', line.n) != NULL)
			look_at_line(places, line, arena);
	}
}

void
delivery_places_find(struct delivery_places *places, struct str text, const struct str *mine,
    size_t mine_count, struct arena *arena)
{
	memset(places, 0, sizeof *places);
	places->best = DELIVERY_WEAK;
	places->mine = mine;
	places->mine_count = mine_count;
	places->items = arena_zalloc(arena, DELIVERY_RECIPIENTS_MAX + 1, sizeof *places->items);
	if (places->items == NULL)
		return;
	look(places, text, arena);
	if (places->count > 0)
		return;
	/* Somebody may have written to himself. */
	places->mine_count = 0;
	look(places, text, arena);
	if (places->best != DELIVERY_STRONG)
		places->count = 0;
}
