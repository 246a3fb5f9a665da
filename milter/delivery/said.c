/* SPDX-License-Identifier: BSD-2-Clause
 *
 * said: what a text for people says of each recipient
 *
 * Part of form.h: from the places of addresses to recipients with what stands around them.
 *
 * Threads: any; touches only its arguments.
 */
#include "delivery/address.h"
#include "delivery/place.h"
#include "delivery/reason.h"
#include "delivery/words.h"

#include <glib.h>

#define SAID_MAX       ((size_t)4096)
#define AROUND_MAX     ((size_t)8192)
#define PARAGRAPHS_MAX 6

/* "--9B095B5ADSN=_01C9", where parts lost their structure */
static bool
is_boundary(struct str line)
{
	return line.n > 12 && str_starts(line, STR("--")) && line.p[2] != '-' &&
	    memchr(line.p, ' ', line.n) == NULL;
}

/* The lines up to an empty one; {NULL,0} at the end. */
static struct str
next_paragraph(struct str *rest)
{
	const char *begin = NULL, *stop = NULL;
	struct str line, text;

	while (delivery_line(rest, &line)) {
		text = str_trim(line);
		if (is_boundary(text)) {
			rest->n = 0;
			break;
		}
		if (text.n == 0 && begin != NULL)
			break;
		if (text.n == 0)
			continue;
		if (begin == NULL)
			begin = text.p;
		stop = text.p + text.n;
	}
	return begin == NULL ? STR_NONE : (struct str){begin, (size_t)(stop - begin)};
}

/* The rest of its line and what follows; if there is nothing, the next paragraph. One that
 * holds a reply code is better: "Technical details: ... The error was:", and then "550 ..." */
static struct str
said_behind(const struct delivery_place *place, const char *end)
{
	struct str rest = {place->behind.p, (size_t)(end - place->behind.p)}, first, paragraph;

	while (rest.n > 0 && strchr(">:;,.'\"", rest.p[0]) != NULL)
		rest = (struct str){rest.p + 1, rest.n - 1};
	first = paragraph = next_paragraph(&rest);
	for (int i = 0; i < PARAGRAPHS_MAX && paragraph.p != NULL; i++) {
		if (delivery_from_code(paragraph).n > 0) {
			first = paragraph;
			break;
		}
		paragraph = next_paragraph(&rest);
	}
	if (first.n > SAID_MAX)
		first.n = SAID_MAX;
	return first.p == NULL ? STR("") : first;
}

/* The reply in a line of a session: "<<< 550 5.1.1 ..."; some have the arrows the other way. */
static struct str
session_reply(struct str line)
{
	size_t max = line.n < 40 ? line.n : 40;
	const char *arrows = memmem(line.p, max, "<<< ", 4);
	struct str reply;

	if (arrows == NULL)
		arrows = memmem(line.p, max, ">>> ", 4);
	if (arrows == NULL)
		return STR("");
	reply = (struct str){arrows + 4, (size_t)(line.p + line.n - arrows) - 4};
	if (reply.n < 3 || strchr("45", reply.p[0]) == NULL || !g_ascii_isdigit(reply.p[1]) ||
	    !g_ascii_isdigit(reply.p[2]))
		return STR("");
	return reply;
}

/* What the server said, not what became of it. Replies that name others are passed over.
 * `last`: the last one, else the first. {NULL,0}: there is none. */
static struct str
said_in_session(struct str text, struct str address, bool last, struct arena *arena)
{
	struct str line, reply, other, said = STR_NONE;
	bool open = false;

	while (delivery_line(&text, &line)) {
		reply = session_reply(line);
		if (reply.n > 0 && open && said.n < SAID_MAX)
			said = arena_printf(arena, "%.*s %.*s", STR_F(said), STR_F(reply));
		else if (reply.n > 0 && (said.p == NULL || last) &&
		    (!delivery_address_find(reply, &other) || str_eq_nocase(other, address)))
			said = reply;
		open = reply.n > 0 && said.p != NULL;
		if (!open && said.p != NULL && !last)
			break;
	}
	return said.n > SAID_MAX ? (struct str){said.p, SAID_MAX} : said;
}

static struct str
between(const char *begin, const char *end)
{
	size_t n = (size_t)(end - begin);

	/* The end is nearer to what the server said than the greeting. */
	return n > AROUND_MAX ? (struct str){end - AROUND_MAX, AROUND_MAX} : (struct str){begin, n};
}

static bool
same(const struct delivery_place *a, const struct delivery_place *b)
{
	return str_eq_nocase(a->address, b->address);
}

/* From the last line about another recipient to the next one. */
/* What belongs to a place. None lies before the address's own line ends, if one line names several. */
struct range {
	const char *begin; /* behind the last line about another recipient */
	const char *next;  /* the next line with a recipient, this one or another */
	const char *end;   /* the next line about another recipient */
};

static struct range
range_of(const struct delivery_places *places, size_t i, struct str text)
{
	const struct delivery_place *place = &places->items[i];
	const char *least = place->behind.p, *end = text.p + text.n;
	struct range range = {text.p, end, end};

	for (size_t j = 0; j < places->count; j++) {
		const struct delivery_place *other = &places->items[j];
		const char *line = other->line < least ? least : other->line;

		if (other->weight != places->best || j == i)
			continue;
		if (j < i && !same(other, place))
			range.begin = other->behind.p;
		if (j > i && range.next == end)
			range.next = line;
		if (j > i && !same(other, place)) {
			range.end = line;
			break;
		}
	}
	return range;
}

/* ">>> RCPT To:<...>" stands above the line that sums it up: "550 <...>... User unknown" */
static bool
is_summed_up(const struct delivery_places *places, size_t i)
{
	const struct delivery_place *place = &places->items[i];

	for (size_t j = i + 1; j < places->count && !place->reply; j++) {
		if (places->items[j].reply && places->items[j].weight == places->best &&
		    same(&places->items[j], place))
			return true;
	}
	return false;
}

static void
add_place(const struct delivery_places *places, size_t i, const struct delivery_form *form,
    struct delivery_list *list)
{
	const struct delivery_place *place = &places->items[i];
	struct range range = range_of(places, i, form->text);
	struct delivery_found found = {.address = place->address};

	if (is_summed_up(places, i))
		return;
	if (place->reply) {
		const char *lf =
		    memchr(place->behind.p, '\n', (size_t)(range.end - place->behind.p));

		/* That line is the end of what is about the address. */
		range.next = range.end = lf == NULL ? range.end : lf;
	}
	found.around = between(range.begin, range.end);
	found.said = said_in_session(found.around, place->address, place->reply, list->arena);
	if (found.said.p == NULL)
		found.said = said_behind(place, range.next);
	delivery_list_add(list, &found);
}

void
delivery_form_recipients(const struct delivery_form *form, const struct str *mine,
    size_t mine_count, struct delivery_list *list)
{
	struct delivery_places places;

	delivery_places_find(&places, form->text, mine, mine_count, list->arena);
	for (size_t i = 0; i < places.count; i++) {
		if (places.items[i].weight == places.best)
			add_place(&places, i, form, list);
	}
}
