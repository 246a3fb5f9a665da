/* SPDX-License-Identifier: BSD-2-Clause
 *
 * text: what a reader sees of a document
 *
 * Threads: any; touches only its arguments.
 * Fails:   ERR_LIMIT.
 */
#include "html/element.h"
#include "html/words.h"

struct reader {
	struct str source;
	struct html_mask mask;
	struct html_words words;
	struct buf scratch;
	struct html_region hidden;
	bool images;
};

/* Anything else ends a head that has no end tag. */
static bool
belongs_to_head(struct str name)
{
	static const char *const names[] = {
	    "head", "base", "link", "meta", "noscript", "script", "style", "template", "title"};

	return HTML_TOKEN_NAME_IN(name, names);
}

static void
start_tag(struct reader *reader, const struct html_token *token)
{
	const char *bytes = reader->mask.bytes;
	struct html_attribute alt;
	bool hidden = str_is_nocase(token->name, "head") || html_element_is_hidden(bytes, token);

	if (str_is_nocase(reader->hidden.name, "head") && !belongs_to_head(token->name))
		reader->hidden.depth = 0;
	html_region_start(&reader->hidden, token, hidden);
	if (hidden || reader->hidden.depth > 0)
		return;
	if (html_element_is_block(token->name))
		html_words_line(&reader->words);
	if (reader->images && str_is_nocase(token->name, "img") &&
	    html_element_attribute(bytes, token, "alt", &alt)) {
		html_words_space(&reader->words);
		html_words_add(
		    &reader->words, reader->source, &reader->mask, alt.value, &reader->scratch);
		html_words_space(&reader->words);
	}
}

static void
take_token(struct reader *reader, const struct html_token *token)
{
	bool hidden = reader->hidden.depth > 0;

	switch (token->kind) {
	case HTML_TOKEN_TEXT:
		if (!hidden)
			html_words_add(&reader->words, reader->source, &reader->mask, token->range,
			    &reader->scratch);
		break;
	case HTML_TOKEN_START:
		start_tag(reader, token);
		break;
	case HTML_TOKEN_STOP:
		html_region_stop(&reader->hidden, token->name);
		if (!hidden && html_element_is_block(token->name))
			html_words_line(&reader->words);
		break;
	default: /* the content of title and textarea is no text of the letter */
		break;
	}
}

int
html_text(struct str source, const struct html_options *options, bool images, struct buf *text_r,
    struct err *err)
{
	struct reader reader = {.source = source, .images = images};
	struct html_tokenizer tokenizer;
	struct html_token token;
	bool cut;

	if (source.n > options->limits.source)
		return err_set(err, ERR_LIMIT, "HTML of %zu bytes", source.n);
	if (source.p == NULL)
		reader.source = STR("");
	html_mask_init(&reader.mask, reader.source, options->plain);
	buf_init(&reader.scratch, 4 * source.n + 16);
	html_words_init(&reader.words, text_r, text_r->max - text_r->len);
	html_tokenizer_init(&tokenizer, reader.mask.bytes, (struct html_range){0, source.n});
	while (
	    (token = html_tokenizer_next(&tokenizer)).kind != HTML_TOKEN_EOF && !reader.words.cut)
		take_token(&reader, &token);
	cut = reader.words.cut;
	buf_fini(&reader.scratch);
	html_mask_fini(&reader.mask);
	if (cut)
		return err_set(err, ERR_LIMIT, "text of more than %zu bytes", text_r->max);
	return 0;
}
