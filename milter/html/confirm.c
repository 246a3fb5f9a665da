/* SPDX-License-Identifier: BSD-2-Clause
 *
 * confirm: see confirm.h
 *
 * libxml2's HTML reader is older than the standard: in title and textarea it sees tags, it
 * takes <!--> for the begin of a comment, and loses what follows "</ ". So it is shown just
 * what is not in doubt by the standard, text and start tags, and says where each start tag
 * ends. End tags are left out as well: looking for their beginning takes it a time that
 * grows with the square of the input, and so do attributes, whose number is limited.
 *
 * It reads ASCII only (other bytes are replaced), since it may change its mind about the
 * encoding midway.
 *
 * Owns:    bytes.
 * Threads: one at a time for a struct html_confirm.
 */
#include "html/confirm.h"

#include "html/mask.h"

#include <glib.h>
#include <libxml/HTMLparser.h>
#include <pthread.h>

#define ATTRIBUTES_MAX 200
#define NAME_MAX_BYTES 64

void
html_confirm_init(struct html_confirm *confirm, size_t size)
{
	*confirm = (struct html_confirm){.bytes = g_malloc(size + 1), .size = size};
	memset(confirm->bytes, ' ', size);
	confirm->bytes[size] = '\0';
}

void
html_confirm_fini(struct html_confirm *confirm)
{
	g_free(confirm->bytes);
	confirm->bytes = NULL;
}

static void
copy(struct html_confirm *confirm, const char *mask, struct html_range range, char filler)
{
	for (size_t i = range.begin; i < range.end; i++) {
		char c = mask[i];

		if (c == HTML_MASK_TAG || c == HTML_MASK_OUTPUT)
			c = filler;
		else if ((unsigned char)c >= 0x7f ||
		    ((unsigned char)c < ' ' && !html_token_is_space(c)))
			c = '~';
		confirm->bytes[i] = c;
	}
}

void
html_confirm_text(struct html_confirm *confirm, const char *mask, struct html_range range)
{
	copy(confirm, mask, range, ' ');
}

void
html_confirm_tag(struct html_confirm *confirm, const char *mask, const struct html_token *token)
{
	size_t at = token->attributes, count = 0;
	struct html_attribute attribute;

	if (token->name.n > NAME_MAX_BYTES)
		return;
	copy(confirm, mask, token->range, ' ');
	while (
	    html_attribute_next(mask, token->range.end, &at, &attribute) == HTML_ATTRIBUTE_FOUND) {
		copy(confirm, mask, attribute.value, 'x');
		if (++count > ATTRIBUTES_MAX) {
			memset(confirm->bytes + token->range.begin, ' ',
			    token->range.end - token->range.begin);
			return;
		}
	}
}

/* Where the tag that libxml2 just read has its >. Its place is on it, or on the / before
 * it, or behind it, as the version has it. */
static size_t
tag_end(const struct html_confirm *confirm, size_t at)
{
	if (at < confirm->size && confirm->bytes[at] == '>')
		return at;
	if (at + 1 < confirm->size && confirm->bytes[at] == '/' && confirm->bytes[at + 1] == '>')
		return at + 1;
	if (at > 0 && at <= confirm->size && confirm->bytes[at - 1] == '>')
		return at - 1;
	return HTML_NOWHERE;
}

static void
start_element(void *closure, const xmlChar *name, const xmlChar **attributes)
{
	struct html_confirm *confirm = closure;
	long place = xmlByteConsumed(confirm->parser);
	size_t end;

	(void)attributes;
	if (place < 0)
		return;
	end = tag_end(confirm, (size_t)place);
	if (end == HTML_NOWHERE)
		return;
	while (confirm->next < confirm->count && confirm->candidate[confirm->next].end < end)
		confirm->next++;
	for (size_t i = confirm->next; i < confirm->count; i++) {
		struct html_candidate *candidate = &confirm->candidate[i];

		if (candidate->end != end)
			break;
		if (str_is_nocase(candidate->name, (const char *)name))
			candidate->confirmed = true;
	}
}

void
html_confirm_run(struct html_confirm *confirm)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	htmlSAXHandler sax = {.startElement = start_element};
	htmlParserCtxtPtr parser;

	if (confirm->count == 0)
		return;
	pthread_once(&once, xmlInitParser);
	parser = htmlCreatePushParserCtxt(&sax, confirm, NULL, 0, NULL, XML_CHAR_ENCODING_UTF8);
	if (parser == NULL)
		abort();
	htmlCtxtUseOptions(parser,
	    HTML_PARSE_IGNORE_ENC | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET |
		HTML_PARSE_RECOVER);
	confirm->parser = parser;
	htmlParseChunk(parser, confirm->bytes, (int)confirm->size, 1);
	htmlFreeParserCtxt(parser);
}
