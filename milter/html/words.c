/* SPDX-License-Identifier: BSD-2-Clause
 *
 * words: see words.h
 *
 * Threads: one at a time.
 */
#include "html/words.h"

#include "html/token.h"

void
html_words_init(struct html_words *words, struct buf *out, size_t max)
{
	*words = (struct html_words){.out = out, .begin = out->len, .max = max};
}

struct str
html_words_str(const struct html_words *words)
{
	struct str all = buf_str(words->out);

	return (struct str){all.p + words->begin, all.n - words->begin};
}

void
html_words_space(struct html_words *words)
{
	if (words->gap == '\0' && words->out->len > words->begin)
		words->gap = ' ';
}

void
html_words_line(struct html_words *words)
{
	if (words->out->len > words->begin)
		words->gap = '\n';
}

static bool
is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* One character; cut where it does not fit as a whole. */
static void
add_character(struct html_words *words, const char *p, size_t n)
{
	size_t used = words->out->len - words->begin;

	if (words->cut)
		return;
	if (n + (words->gap != '\0') > words->max - used) {
		words->cut = true;
		return;
	}
	if (words->gap != '\0')
		buf_add_char(words->out, words->gap);
	words->gap = '\0';
	if (buf_add(words->out, p, n) < 0)
		words->cut = true;
}

static size_t
character_size(struct str text)
{
	size_t n = 1;

	while (n < text.n && n < 4 && is_continuation(text.p[n]))
		n++;
	return (unsigned char)text.p[0] < 0x80 ? 1 : n;
}

static void
add_text(struct html_words *words, struct str text)
{
	while (text.n > 0 && !words->cut) {
		size_t n = character_size(text);

		/* A no-break space, too. */
		if (html_token_is_space(text.p[0]) ||
		    (n == 2 && memcmp(text.p, "\302\240", 2) == 0))
			html_words_space(words);
		else
			add_character(words, text.p, n);
		text.p += n;
		text.n -= n;
	}
}

static size_t
run_end(const struct html_mask *mask, size_t at, size_t end)
{
	char c = mask->bytes[at];
	bool filler = c == HTML_MASK_TAG || c == HTML_MASK_OUTPUT;

	while (++at < end) {
		char d = mask->bytes[at];

		if (filler ? d != c : d == HTML_MASK_TAG || d == HTML_MASK_OUTPUT)
			break;
	}
	return at;
}

void
html_words_add(struct html_words *words, struct str source, const struct html_mask *mask,
    struct html_range range, struct buf *scratch)
{
	size_t at = range.begin, next;

	for (; at < range.end && !words->cut; at = next) {
		struct str run = {source.p + at, 0};

		next = run_end(mask, at, range.end);
		run.n = next - at;
		if (mask->bytes[at] == HTML_MASK_TAG)
			continue;
		if (mask->bytes[at] != HTML_MASK_OUTPUT) {
			buf_reset(scratch);
			html_text_decode(run, scratch);
			run = buf_str(scratch);
		}
		add_text(words, run);
	}
}
