/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mask: see mask.h
 *
 * Where tags, comments and raw texts end, liquid/lex.h knows. A template with a tag that is
 * not closed does not compile; here it is text from there on.
 *
 * Owns:    bytes and ranges.
 * Threads: one at a time; not written to once it is made.
 */
#include "html/mask.h"

#include "liquid/lex.h"

#include <glib.h>

static void
fill(struct html_mask *mask, size_t begin, size_t end, char filler)
{
	memset(mask->bytes + begin, filler, end - begin);
}

static void
add_range(GArray *ranges, size_t begin, size_t end)
{
	struct html_range range = {begin, end};

	g_array_append_val(ranges, range);
}

struct captures {
	GArray *ranges;
	size_t begin;
	size_t depth;
};

static void
note_capture(struct captures *captures, struct str word, size_t begin, size_t end)
{
	if (str_is(word, "capture")) {
		if (captures->depth++ == 0)
			captures->begin = end;
	} else if (str_is(word, "endcapture") && captures->depth > 0 && --captures->depth == 0) {
		add_range(captures->ranges, captures->begin, begin);
	}
}

/* A tag that was just read; moves on over what belongs to it. */
static void
mask_tag(struct html_mask *mask, struct lex *lex, const struct lex_piece *piece, GArray *raws)
{
	struct str word = lex_word(piece);
	struct lex_piece end;
	size_t behind = lex->at;

	fill(mask, piece->at, lex->at, HTML_MASK_TAG);
	if (str_is(word, "raw")) {
		if (lex_find_end(lex, "endraw", NULL, &end)) {
			add_range(raws, behind, end.at);
			fill(mask, end.at, lex->at, HTML_MASK_TAG);
			return;
		}
	} else if (str_is(word, "comment")
		? lex_skip_comment(lex)
		: str_is(word, "doc") && lex_find_end(lex, "enddoc", "doc", &end)) {
		fill(mask, behind, lex->at, HTML_MASK_TAG);
		return;
	} else if (!str_is(word, "comment") && !str_is(word, "doc")) {
		return;
	}
	mask->broken = true;
	lex->at = lex->source.n;
}

static void
mask_template(struct html_mask *mask, struct str source)
{
	struct lex lex = {.source = source};
	GArray *raws = g_array_new(FALSE, FALSE, sizeof(struct html_range));
	struct captures captures = {.ranges = g_array_new(FALSE, FALSE, sizeof(struct html_range))};
	struct lex_piece piece;

	while ((piece = lex_next(&lex)).kind != LEX_END) {
		switch (piece.kind) {
		case LEX_OUTPUT:
			fill(mask, piece.at, lex.at, HTML_MASK_OUTPUT);
			break;
		case LEX_TAG:
			note_capture(&captures, lex_word(&piece), piece.at, lex.at);
			mask_tag(mask, &lex, &piece, raws);
			break;
		case LEX_BAD_OUTPUT:
		case LEX_BAD_TAG:
			mask->broken = true;
			lex.at = source.n;
			break;
		default:
			break;
		}
	}
	if (captures.depth > 0)
		add_range(captures.ranges, captures.begin, source.n);
	mask->raws = raws->len;
	mask->raw = (struct html_range *)(void *)g_array_free(raws, FALSE);
	mask->captures = captures.ranges->len;
	mask->capture = (struct html_range *)(void *)g_array_free(captures.ranges, FALSE);
}

void
html_mask_init(struct html_mask *mask, struct str source, bool plain)
{
	*mask = (struct html_mask){.bytes = g_malloc(source.n + 1), .size = source.n};
	for (size_t i = 0; i < source.n; i++) {
		char c = source.p[i];

		mask->bytes[i] = c == HTML_MASK_TAG || c == HTML_MASK_OUTPUT ? '\x03' : c;
	}
	mask->bytes[source.n] = '\0';
	if (!plain)
		mask_template(mask, source);
}

void
html_mask_fini(struct html_mask *mask)
{
	g_free(mask->bytes);
	g_free(mask->raw);
	g_free(mask->capture);
	*mask = (struct html_mask){.size = 0};
}

bool
html_mask_within(const struct html_range *ranges, size_t count, size_t at)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (at < ranges[middle].begin)
			high = middle;
		else if (at > ranges[middle].end)
			low = middle + 1;
		else
			return true;
	}
	return false;
}

unsigned
html_mask_dynamic(const struct html_mask *mask, struct html_range range)
{
	const char *p = mask->bytes + range.begin;
	size_t n = range.end - range.begin;
	unsigned dynamic = HTML_STATIC;

	if (memchr(p, HTML_MASK_OUTPUT, n) != NULL)
		dynamic |= HTML_DYNAMIC_OUTPUT;
	if (memchr(p, HTML_MASK_TAG, n) != NULL)
		dynamic |= HTML_DYNAMIC_TAG;
	return dynamic;
}

/* +1 begins a block, -1 ends one. */
static int
block_step(struct str word)
{
	static const char *const begin[] = {
	    "if", "unless", "case", "for", "tablerow", "capture", "ifchanged"};

	if (word.n > 3 && memcmp(word.p, "end", 3) == 0)
		return -1;
	for (size_t i = 0; i < sizeof begin / sizeof begin[0]; i++) {
		if (str_is(word, begin[i]))
			return 1;
	}
	return 0;
}

/* A branch belongs to the block around it. */
static bool
is_branch(struct str word)
{
	return str_is(word, "else") || str_is(word, "elsif") || str_is(word, "elseif") ||
	    str_is(word, "when");
}

bool
html_mask_balanced(struct str source, struct html_range range)
{
	struct lex lex = {.source = {source.p + range.begin, range.end - range.begin}};
	struct lex_piece piece;
	int depth = 0;

	while ((piece = lex_next(&lex)).kind != LEX_END) {
		struct str word = lex_word(&piece);

		if (piece.kind == LEX_BAD_OUTPUT || piece.kind == LEX_BAD_TAG)
			return false;
		if (word.p == NULL)
			continue;
		if (str_is(word, "raw") || str_is(word, "comment") || str_is(word, "doc") ||
		    str_is(word, "endraw"))
			return false;
		depth += block_step(word);
		if (depth < 0 || (depth == 0 && is_branch(word)))
			return false;
	}
	return depth == 0;
}
