/* SPDX-License-Identifier: BSD-2-Clause
 *
 * html_fuzz: any bytes as HTML with template tags
 *
 * What must hold: each value lies in its tag, and links are in order; with each link
 * replaced by itself the bytes are the same; each address put in is found again at the same
 * link; that undone, the bytes are the same; any bytes encoded and decoded are the same;
 * marks put in and taken out leave the source.
 */
#include "html/html.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)           \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

#define LINKS	   500
#define ROOM	   ((size_t)1 << 20)
#define TOKEN_SIZE 64

static const struct html_options options = {.limits = {ROOM, LINKS}};

static struct html_doc *
scan(struct str source)
{
	struct html_doc *doc = NULL;

	html_scan(&doc, source, &options, NULL);
	return doc;
}

static void
check_ranges(struct str source, const struct html_doc *doc)
{
	const struct html_places *places = html_places(doc);
	size_t begin = 0;

	for (size_t i = 0; i < html_link_count(doc); i++) {
		const struct html_link *link = html_link_at(doc, i);
		struct html_range value = link->value.range;

		MUST(link->tag.end <= source.n && source.p[link->tag.begin] == '<' &&
		    source.p[link->tag.end - 1] == '>');
		MUST(link->tag.begin < value.begin && value.begin <= value.end &&
		    value.end < link->tag.end);
		MUST(value.begin >= begin);
		begin = value.end;
		if (link->value.quote != HTML_QUOTE_NONE)
			MUST(source.p[value.end] == source.p[value.begin - 1]);
	}
	MUST(places->body_end <= source.n);
	MUST(places->head_begin == HTML_NOWHERE || places->head_begin <= source.n);
}

static void
token_of(size_t i, char address[TOKEN_SIZE])
{
	snprintf(address, TOKEN_SIZE, "https://t/%zu?a&b=\"'", i);
}

/* Bytes that a link without quotes has on either side once an address is put in. */
static size_t
added(const struct html_link *was)
{
	return was->value.quote == HTML_QUOTE_NONE;
}

static void
check_undo(struct str source, const struct html_doc *doc, struct str there)
{
	struct html_doc *edited = scan(there);
	struct html_edit edits[LINKS];
	size_t n = 0;
	struct buf back;

	MUST(edited != NULL && html_link_count(edited) == html_link_count(doc));
	for (size_t i = 0; i < html_link_count(doc); i++) {
		const struct html_link *was = html_link_at(doc, i), *is = html_link_at(edited, i);
		struct html_range from = was->value.range, to = is->value.range;
		char address[TOKEN_SIZE];

		if (!was->whole)
			continue;
		token_of(i, address);
		MUST(str_is(is->address, address));
		edits[n++] = (struct html_edit){{to.begin - added(was), to.end + added(was)},
		    {source.p + from.begin, from.end - from.begin}};
	}
	buf_init(&back, ROOM);
	MUST(html_splice(there, edits, n, &back, NULL) == 0 && str_eq(buf_str(&back), source));
	buf_fini(&back);
	html_free(&edited);
}

static void
check_edits(struct str source, const struct html_doc *doc)
{
	static char tokens[LINKS][2 * TOKEN_SIZE];
	struct html_edit edits[LINKS], same[LINKS];
	size_t n = 0;
	struct buf out;

	for (size_t i = 0; i < html_link_count(doc); i++) {
		const struct html_link *link = html_link_at(doc, i);
		struct html_range range = link->value.range;
		char address[TOKEN_SIZE];
		struct buf token;

		same[i] =
		    (struct html_edit){range, {source.p + range.begin, range.end - range.begin}};
		if (!link->whole)
			continue;
		token_of(i, address);
		buf_init(&token, sizeof tokens[i]);
		MUST(html_value_encode(str_c(address), link->value.quote, false, &token) == 0);
		memcpy(tokens[i], token.data, token.len);
		edits[n++] = (struct html_edit){range, {tokens[i], token.len}};
		buf_fini(&token);
	}
	buf_init(&out, ROOM);
	MUST(html_splice(source, same, html_link_count(doc), &out, NULL) == 0 &&
	    str_eq(buf_str(&out), source));
	buf_reset(&out);
	MUST(html_splice(source, edits, n, &out, NULL) == 0);
	if (!html_summary(doc)->broken)
		check_undo(source, doc, buf_str(&out));
	buf_fini(&out);
}

static int
keep(void *closure, size_t link, struct str address, struct str *address_r, struct err *err)
{
	(void)link, (void)address, (void)address_r, (void)err;
	++*(size_t *)closure;
	return 0;
}

static void
check_marks(struct str source, const struct html_doc *doc)
{
	static char text[2 * LINKS][HTML_MARK_MAX];
	struct html_marks marks = {"0123456789012345"};
	enum html_quote quotes[LINKS];
	struct html_edit edits[2 * LINKS];
	size_t n = 0, called = 0;
	struct html_unmarking unmarking = {
	    .links = html_link_count(doc), .rewrite = keep, .closure = &called};
	struct buf marked, out;

	for (size_t i = 0; i < html_link_count(doc); i++) {
		const struct html_link *link = html_link_at(doc, i);
		struct html_range range = link->value.range;

		quotes[i] = link->value.quote;
		if (!html_markable(link))
			continue;
		edits[n] = (struct html_edit){
		    {range.begin, range.begin}, html_mark(&marks, i, false, text[n])};
		edits[n + 1] = (struct html_edit){
		    {range.end, range.end}, html_mark(&marks, i, true, text[n + 1])};
		n += 2;
	}
	buf_init(&marked, ROOM);
	buf_init(&out, ROOM);
	MUST(html_splice(source, edits, n, &marked, NULL) == 0);
	if (memmem(source.p, source.n, "\0020123", 5) == NULL) {
		MUST(html_unmark(&marks, buf_str(&marked), quotes, &unmarking, &out, NULL) == 0);
		MUST(str_eq(buf_str(&out), source));
		MUST(called + unmarking.torn == n / 2);
	}
	buf_fini(&marked);
	buf_fini(&out);
}

/* Slots lie in the source, and with quotes around those that had none there are no more. */
static void
check_slots(struct str source, const struct html_doc *doc)
{
	size_t count = html_slot_count(doc), n = 0;
	struct html_edit *edits = calloc(2 * count + 1, sizeof *edits);
	struct buf out, read;

	buf_init(&out, ROOM);
	buf_init(&read, ROOM);
	for (size_t i = 0; i < count; i++) {
		const struct html_slot *slot = html_slot_at(doc, i);
		struct html_range range = slot->value.range;

		MUST(range.begin <= range.end && range.end <= source.n && slot->tag < range.begin);
		MUST(i == 0 || html_slot_at(doc, i - 1)->value.range.end <= range.begin);
		buf_reset(&read);
		html_address_read(
		    (struct str){source.p + range.begin, range.end - range.begin}, &read);
		for (int use = HTML_USE_OTHER; use <= HTML_USE_STYLE; use++)
			html_use_ok((enum html_use)use, buf_str(&read), slot->scheme);
		if (slot->value.quote != HTML_QUOTE_NONE || !slot->whole ||
		    slot->value.dynamic == HTML_STATIC)
			continue;
		edits[n++] = (struct html_edit){{range.begin, range.begin}, STR("\"")};
		edits[n++] = (struct html_edit){{range.end, range.end}, STR("\"")};
	}
	MUST(html_splice(source, edits, n, &out, NULL) == 0);
	if (n > 0 && !html_summary(doc)->broken) {
		struct html_doc *quoted = NULL;

		MUST(html_scan(&quoted, buf_str(&out), &options, NULL) == 0 ||
		    out.len > options.limits.source);
		if (quoted != NULL)
			MUST(html_slot_count(quoted) == count);
		html_free(&quoted);
	}
	buf_fini(&read);
	buf_fini(&out);
	free(edits);
}

static void
check_value(struct str text)
{
	struct buf encoded, decoded;

	buf_init(&encoded, ROOM);
	buf_init(&decoded, ROOM);
	for (int quote = HTML_QUOTE_NONE; quote <= HTML_QUOTE_DOUBLE; quote++) {
		struct str value;

		buf_reset(&encoded);
		buf_reset(&decoded);
		MUST(html_value_encode(text, (enum html_quote)quote, text.n % 2, &encoded) == 0);
		value = buf_str(&encoded);
		if (quote == HTML_QUOTE_NONE)
			value = (struct str){value.p + 1, value.n - 2};
		MUST(html_value_decode(value, &decoded) == 0 && str_eq(buf_str(&decoded), text));
	}
	buf_reset(&decoded);
	html_address_read(text, &decoded);
	html_address_scheme(buf_str(&decoded));
	buf_fini(&encoded);
	buf_fini(&decoded);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str source = {(const char *)data, size};
	struct html_doc *doc;
	struct buf text;

	if (size > 20000)
		return 0;
	check_value(source);
	doc = scan(source);
	if (doc != NULL) {
		check_ranges(source, doc);
		check_edits(source, doc);
		check_slots(source, doc);
		check_marks(source, doc);
		html_free(&doc);
	}
	buf_init(&text, 1000);
	html_text(source, &options, size % 2, &text, NULL);
	buf_fini(&text);
	return 0;
}
