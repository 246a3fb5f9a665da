/* SPDX-License-Identifier: BSD-2-Clause
 *
 * text: see text.h
 *
 * One walk from left to right. An address ends at what no address holds (white space,
 * brackets for tags, quotes, CJK punctuation); then what only a sentence ends with is
 * given back.
 *
 * Threads: any.
 */
#include "link/text.h"

#include "base/buf.h"
#include "link/internal.h"
#include "liquid/lex.h"

#include <ctype.h>
#include <glib.h>

/* How far the end of a block is looked for, from its {% else %} on. Each address may look. */
#define BLOCK_MAX 4096

struct walk {
	struct str source;
	bool template;	 /* false behind a tag that is never closed: all is text then */
	size_t raw_end;	 /* up to here {{ is text */
	size_t captures; /* {% capture %} around this place */
};

enum word { WORD_OTHER, WORD_BLOCK, WORD_CAPTURE, WORD_ELSE, WORD_END, WORD_VERBATIM };

/* A template tag in the source. */
struct tag {
	size_t end;
	bool output;
	bool bad; /* never closed: text */
	bool trim_before;
	bool trim_after;
	enum word word;
	struct str name;
};

static enum word
word_of(struct str name)
{
	static const struct {
		const char *name;
		enum word word;
	} words[] = {{"if", WORD_BLOCK}, {"unless", WORD_BLOCK}, {"case", WORD_BLOCK},
	    {"for", WORD_BLOCK}, {"tablerow", WORD_BLOCK}, {"capture", WORD_CAPTURE},
	    {"ifchanged", WORD_BLOCK}, {"else", WORD_ELSE}, {"elsif", WORD_ELSE},
	    {"when", WORD_ELSE}, {"raw", WORD_VERBATIM}, {"comment", WORD_VERBATIM},
	    {"doc", WORD_VERBATIM}};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (str_is(name, words[i].name))
			return words[i].word;
	}
	return str_starts(name, STR("end")) ? WORD_END : WORD_OTHER;
}

/* Does a template tag begin here? */
static bool
tag_at(const struct walk *walk, size_t at, struct tag *tag_r)
{
	struct lex lex = {.source = walk->source, .at = at};
	const char *p = walk->source.p + at;
	struct lex_piece piece;

	if (!walk->template || at < walk->raw_end || at + 1 >= walk->source.n || p[0] != '{' ||
	    (p[1] != '{' && p[1] != '%'))
		return false;
	piece = lex_next(&lex);
	*tag_r = (struct tag){.end = lex.at,
	    .output = p[1] == '{',
	    .bad = piece.kind != LEX_OUTPUT && piece.kind != LEX_TAG,
	    .trim_before = piece.trim_before,
	    .trim_after = piece.trim_after};
	if (tag_r->bad)
		tag_r->end = at + 2;
	else if (!tag_r->output)
		tag_r->name = lex_word(&piece);
	tag_r->word = word_of(tag_r->name);
	return true;
}

/* Behind the tag that ends a {% raw %}, {% comment %} or {% doc %}; `inner_r`: before it, of raw
 * only. The source's end if there is none: such a template does not compile. */
static size_t
verbatim_end(const struct walk *walk, const struct tag *tag, size_t *inner_r)
{
	struct lex lex = {.source = walk->source, .at = tag->end};
	struct lex_piece end = {.at = 0};
	bool found;

	if (str_is(tag->name, "comment"))
		found = lex_skip_comment(&lex);
	else if (str_is(tag->name, "doc"))
		found = lex_find_end(&lex, "enddoc", "doc", &end);
	else
		found = lex_find_end(&lex, "endraw", NULL, &end);
	*inner_r = found ? end.at : walk->source.n;
	return found ? lex.at : walk->source.n;
}

/* Behind a tag that no address holds; notes where {% raw %} ends, and captures. */
static size_t
pass_tag(struct walk *walk, const struct tag *tag)
{
	size_t inner, end;

	if (tag->word == WORD_CAPTURE)
		walk->captures++;
	else if (str_is(tag->name, "endcapture") && walk->captures > 0)
		walk->captures--;
	if (tag->word != WORD_VERBATIM)
		return tag->end;
	end = verbatim_end(walk, tag, &inner);
	if (!str_is(tag->name, "raw"))
		return end;
	walk->raw_end = inner;
	return tag->end;
}

/* --- characters --- */

static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Beyond ASCII: spaces, and the quotes, brackets and full stops of languages that write the
 * next word right behind them. */
static bool
ends_unicode(gunichar c)
{
	static const struct {
		gunichar first, last;
	} ranges[] = {{0x80, 0xa0}, {0xab, 0xab}, {0xbb, 0xbb}, {0x1680, 0x1680}, {0x2000, 0x200f},
	    {0x2018, 0x201f}, {0x2026, 0x202f}, {0x2039, 0x203a}, {0x205f, 0x2060},
	    {0x3000, 0x3002}, {0x3008, 0x3011}, {0x3014, 0x301f}, {0xfeff, 0xfeff},
	    {0xff01, 0xff02}, {0xff07, 0xff09}, {0xff0c, 0xff0c}, {0xff0e, 0xff0e},
	    {0xff1a, 0xff1b}, {0xff1e, 0xff1f}, {0xff3d, 0xff3d}, {0xff5d, 0xff5d},
	    {0xff60, 0xff65}};

	for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	}
	return false;
}

/* Bytes of the character here if an address may hold it, else 0. */
static size_t
address_char(struct str rest)
{
	unsigned char c = (unsigned char)rest.p[0];
	gunichar wide;

	if (c < 0x80)
		return c > ' ' && c < 0x7f && strchr("<>\"`{}\\", c) == NULL;
	wide = g_utf8_get_char_validated(rest.p, (gssize)(rest.n < 4 ? rest.n : 4));
	if (wide == (gunichar)-1 || wide == (gunichar)-2 || ends_unicode(wide))
		return 0;
	return (size_t)g_unichar_to_utf8(wide, NULL);
}

/* Does this go on an address when it stands right behind it? */
static bool
goes_on(struct str rest)
{
	unsigned char c = (unsigned char)rest.p[0];

	return address_char(rest) > 0 &&
	    (c >= 0x80 || isalnum(c) || strchr("/?&=#%-_~+@$", c) != NULL);
}

/* --- what is rendered right behind --- */

static size_t
skip_space(const struct walk *walk, size_t at)
{
	while (at < walk->source.n && is_space(walk->source.p[at]))
		at++;
	return at;
}

/* Behind the end of the block that the place *at is in; false if that is far away. */
static bool
pass_block(const struct walk *walk, size_t *at)
{
	struct walk near = *walk;
	size_t depth = 1;
	struct tag tag;
	size_t inner;

	if (near.source.n > *at + BLOCK_MAX)
		near.source.n = *at + BLOCK_MAX;
	while (*at < near.source.n && depth > 0) {
		if (!tag_at(&near, *at, &tag)) {
			++*at;
			continue;
		}
		*at = tag.word == WORD_VERBATIM ? verbatim_end(&near, &tag, &inner) : tag.end;
		depth += tag.word == WORD_BLOCK || tag.word == WORD_CAPTURE;
		depth -= tag.word == WORD_END;
	}
	return depth == 0;
}

/* May something be rendered behind `at` with no white space before it? `trim`: white space
 * here is cut away. */
static bool
glued(const struct walk *walk, size_t at, bool trim)
{
	size_t first = at;
	struct tag tag;

	for (;;) {
		size_t next = skip_space(walk, at);
		bool here;

		if (next == walk->source.n)
			return false;
		here = tag_at(walk, next, &tag) && !tag.bad;
		if (next > at && !trim && !(here && tag.trim_before))
			return false;
		if (!here)
			return (trim || at > first) &&
			    goes_on((struct str){walk->source.p + next, walk->source.n - next});
		if (tag.output)
			return true;
		at = tag.end;
		trim = tag.trim_after;
		if (tag.word == WORD_VERBATIM || tag.word == WORD_CAPTURE ||
		    (tag.word == WORD_ELSE && !pass_block(walk, &at)))
			return true;
	}
}

/* --- addresses --- */

struct reading {
	size_t at;
	size_t tag_end; /* of the last tag in the address */
	bool tag_trims; /* white space behind that */
	size_t depth;	/* blocks that are open */
	int round;	/* brackets opened but not closed */
	int square;
	struct link_place place;
};

/* Takes in a tag; false if the address ends before it. */
static bool
take_tag(struct reading *reading, const struct tag *tag)
{
	if (tag->bad || tag->word == WORD_VERBATIM || tag->word == WORD_CAPTURE ||
	    (reading->depth == 0 && (tag->word == WORD_ELSE || tag->word == WORD_END)))
		return false;
	reading->depth += tag->word == WORD_BLOCK;
	reading->depth -= tag->word == WORD_END;
	reading->place.dynamic |= tag->output ? LINK_DYNAMIC_OUTPUT : LINK_DYNAMIC_TAG;
	reading->at = reading->tag_end = tag->end;
	reading->tag_trims = tag->trim_after;
	return true;
}

static void
count_bracket(struct reading *reading, char c, int step)
{
	reading->round += c == '(' ? step : c == ')' ? -step : 0;
	reading->square += c == '[' ? step : c == ']' ? -step : 0;
}

/* Gives back what a sentence ends with. */
static void
give_back(const struct walk *walk, struct reading *reading)
{
	size_t *end = &reading->place.end;

	while (*end > reading->place.begin && *end > reading->tag_end) {
		char c = walk->source.p[*end - 1];

		if (strchr(".,:;!?'*([", c) == NULL && (c != ')' || reading->round >= 0) &&
		    (c != ']' || reading->square >= 0))
			break;
		count_bracket(reading, c, -1);
		--*end;
	}
}

static bool
begins(const struct walk *walk, size_t at)
{
	struct str rest = {walk->source.p + at, walk->source.n - at};
	size_t scheme;
	struct tag tag;

	if ((rest.p[0] | 0x20) != 'h' ||
	    (at > 0 && (isalnum((unsigned char)rest.p[-1]) || rest.p[-1] == '+')))
		return false;
	scheme = link_scheme(rest);
	if (scheme == 0 || scheme == rest.n)
		return false;
	return isalnum((unsigned char)rest.p[scheme]) || rest.p[scheme] == '[' ||
	    (unsigned char)rest.p[scheme] >= 0x80 ||
	    (tag_at(walk, at + scheme, &tag) && !tag.bad && tag.word != WORD_VERBATIM &&
		tag.word != WORD_CAPTURE && tag.word != WORD_ELSE && tag.word != WORD_END);
}

/* Some readers take such a character for a part of the address and others don't. */
static bool
is_disputed(const struct walk *walk, size_t at)
{
	struct tag tag;

	return at < walk->source.n && strchr("{}\\", walk->source.p[at]) != NULL &&
	    walk->source.p[at] != '\0' && !tag_at(walk, at, &tag);
}

/* False if nothing but the scheme is there. */
static bool
read_address(const struct walk *walk, size_t at, struct link_place *place_r)
{
	struct str rest = {walk->source.p + at, walk->source.n - at};
	size_t first = at + link_scheme(rest), n;
	struct reading reading = {.at = first, .place = {.begin = at}};
	struct tag tag;

	while (reading.at < walk->source.n) {
		if (tag_at(walk, reading.at, &tag)) {
			if (!take_tag(&reading, &tag))
				break;
			continue;
		}
		rest = (struct str){walk->source.p + reading.at, walk->source.n - reading.at};
		n = address_char(rest);
		if (n == 0)
			break;
		count_bracket(&reading, rest.p[0], 1);
		reading.at += n;
	}
	reading.place.end = reading.at;
	reading.place.literal = at < walk->raw_end;
	reading.place.captured = walk->captures > 0;
	reading.place.whole = reading.depth == 0 && !is_disputed(walk, reading.at) &&
	    (reading.place.literal ||
		!glued(walk, reading.at, reading.tag_end == reading.at && reading.tag_trims));
	give_back(walk, &reading);
	*place_r = reading.place;
	return reading.place.end > first;
}

int
link_text_scan(struct str source, bool template, size_t max, struct arena *arena,
    struct link_place **places_r, size_t *count_r, struct err *err)
{
	struct walk walk = {.source = source, .template = template};
	struct link_place place;
	struct buf found;
	struct tag tag;
	int rc = 0;

	*places_r = NULL;
	*count_r = 0;
	buf_init(&found, max * sizeof place);
	for (size_t at = 0; at < source.n && !found.full;) {
		if (tag_at(&walk, at, &tag)) {
			walk.template = !tag.bad;
			at = pass_tag(&walk, &tag);
		} else if (begins(&walk, at) && read_address(&walk, at, &place)) {
			buf_add(&found, &place, sizeof place);
			at = place.end;
		} else {
			at++;
		}
	}
	if (found.full)
		rc = err_set(err, ERR_LIMIT, "more than %zu addresses in a text", max);
	else if (found.len > 0 && (*places_r = arena_alloc(arena, found.len)) == NULL)
		rc = err_set(err, ERR_LIMIT, "addresses in a text: arena full");
	if (*places_r != NULL) {
		memcpy(*places_r, found.data, found.len);
		*count_r = found.len / sizeof place;
	}
	buf_fini(&found);
	return rc;
}
