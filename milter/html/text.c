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
	struct mask mask;
	struct words words;
	struct buf scratch;
	struct region hidden;
	bool images;
};

/* Anything else ends a head that has no end tag. */
static bool
belongs_to_head(struct str name)
{
	static const char *const names[] = {
	    "head", "base", "link", "meta", "noscript", "script", "style", "template", "title"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (str_is_nocase(name, names[i]))
			return true;
	}
	return false;
}

static void
start_tag(struct reader *reader, const struct html_token *token)
{
	const char *bytes = reader->mask.bytes;
	struct html_attribute alt;
	bool hidden = str_is_nocase(token->name, "head") || element_is_hidden(bytes, token);

	if (str_is_nocase(reader->hidden.name, "head") && !belongs_to_head(token->name))
		reader->hidden.depth = 0;
	region_start(&reader->hidden, token, hidden);
	if (hidden || reader->hidden.depth > 0)
		return;
	if (element_is_block(token->name))
		words_line(&reader->words);
	if (reader->images && str_is_nocase(token->name, "img") &&
	    element_attribute(bytes, token, "alt", &alt)) {
		words_space(&reader->words);
		words_add(
		    &reader->words, reader->source, &reader->mask, alt.value, &reader->scratch);
		words_space(&reader->words);
	}
}

static void
take_token(struct reader *reader, const struct html_token *token)
{
	bool hidden = reader->hidden.depth > 0;

	switch (token->kind) {
	case TOKEN_TEXT:
		if (!hidden)
			words_add(&reader->words, reader->source, &reader->mask, token->range,
			    &reader->scratch);
		break;
	case TOKEN_START:
		start_tag(reader, token);
		break;
	case TOKEN_STOP:
		region_stop(&reader->hidden, token->name);
		if (!hidden && element_is_block(token->name))
			words_line(&reader->words);
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
	struct tokenizer tokenizer;
	struct html_token token;
	bool cut;

	if (source.n > options->limits.source)
		return err_set(err, ERR_LIMIT, "HTML of %zu bytes", source.n);
	if (source.p == NULL)
		reader.source = STR("");
	mask_init(&reader.mask, reader.source, options->plain);
	buf_init(&reader.scratch, 4 * source.n + 16);
	words_init(&reader.words, text_r, text_r->max - text_r->len);
	tokenizer_init(&tokenizer, reader.mask.bytes, (struct html_range){0, source.n});
	while ((token = tokenizer_next(&tokenizer)).kind != TOKEN_EOF && !reader.words.cut)
		take_token(&reader, &token);
	cut = reader.words.cut;
	buf_fini(&reader.scratch);
	mask_fini(&reader.mask);
	if (cut)
		return err_set(err, ERR_LIMIT, "text of more than %zu bytes", text_r->max);
	return 0;
}
