/* SPDX-License-Identifier: BSD-2-Clause
 *
 * content: see content.h
 *
 * Threads: any; touches only its arguments.
 */
#include "delivery/content.h"

#include "base/buf.h"
#include "delivery/report.h"
#include "delivery/words.h"
#include "html/html.h"
#include "mime/field.h"
#include "mime/guard.h"
#include "mime/start.h"

#include <stdint.h>

#define HEADERS_MAX  1000
#define PARTS_MAX    200
#define DEPTH_MAX    20
#define RETURNED_MAX ((size_t)64 << 10)
#define FOLDED_MAX   ((size_t)64 << 10)
/* What is tried instead of a message that is too much for GMime: a report comes first. */
#define SHORTER ((size_t)256 << 10)

struct walk {
	struct delivery_content *content;
	struct arena *arena;
	struct buf text;
	struct buf returned;
	struct str html; /* arena */
	size_t parts;
};

/* --- bytes --- */

static struct str
with_line_ends(struct str raw, struct arena *arena)
{
	char *copy = arena_alloc(arena, raw.n + 1);
	/* Files of old Macintoshes. */
	bool bare = raw.n > 0 && memchr(raw.p, '\n', raw.n) == NULL;
	size_t n = 0;

	if (copy == NULL)
		return STR("");
	for (size_t i = 0; i < raw.n; i++) {
		char c = raw.p[i];

		if (c == '\r' && bare)
			copy[n++] = '\n';
		else if (c == '\0')
			copy[n++] = ' ';
		else if (c != '\r' || i + 1 == raw.n || raw.p[i + 1] != '\n')
			copy[n++] = c;
	}
	copy[n] = '\0';
	return (struct str){copy, n};
}

static struct str
without_from_line(struct str raw)
{
	const char *lf = raw.n == 0 ? NULL : memchr(raw.p, '\n', raw.n);

	while (lf != NULL && (str_starts(raw, STR("From ")) || lf == raw.p)) {
		raw = (struct str){lf + 1, (size_t)(raw.p + raw.n - lf) - 1};
		lf = raw.n == 0 ? NULL : memchr(raw.p, '\n', raw.n);
	}
	return raw;
}

/* Lines that are no fields are passed over; the body. */
static struct str
read_headers(struct delivery_content *content, struct arena *arena)
{
	struct str rest = content->raw, line;
	struct mime_header field;
	int found;

	content->headers = arena_zalloc(arena, HEADERS_MAX, sizeof *content->headers);
	if (content->headers == NULL)
		return rest;
	while ((found = mime_field_next(&rest, &field)) != 0) {
		if (found < 0 && !delivery_line(&rest, &line))
			break;
		if (found > 0 && content->header_count < HEADERS_MAX)
			content->headers[content->header_count++] = field;
	}
	return rest;
}

bool
delivery_has_header(const struct delivery_content *content, const char *name)
{
	for (size_t i = 0; i < content->header_count; i++) {
		if (str_is_nocase(content->headers[i].name, name))
			return true;
	}
	return false;
}

struct str
delivery_header(const struct delivery_content *content, const char *name, struct arena *arena)
{
	for (size_t i = 0; i < content->header_count; i++) {
		struct str value = content->headers[i].value;

		if (!str_is_nocase(content->headers[i].name, name))
			continue;
		if (value.n > 4096)
			value.n = 4096;
		value = mime_header_decode(value, arena);
		return value.p == NULL ? STR("") : value;
	}
	return STR("");
}

/* --- parts --- */

static struct str
into_arena(char *text, size_t n, size_t max, struct arena *arena)
{
	struct str kept = arena_str(arena, (struct str){text, n < max ? n : max});

	g_free(text);
	return kept.p == NULL ? STR("") : kept;
}

/* Transfer encoding undone, nothing else. */
static struct str
part_bytes(GMimePart *part, size_t max, struct arena *arena)
{
	GMimeDataWrapper *wrapper = g_mime_part_get_content(part);
	GMimeStream *stream;
	GByteArray *bytes;
	struct str kept;

	if (wrapper == NULL)
		return STR("");
	stream = g_mime_stream_mem_new();
	g_mime_data_wrapper_write_to_stream(wrapper, stream);
	bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream));
	for (guint i = 0; i < bytes->len; i++)
		bytes->data[i] = bytes->data[i] == '\0' ? ' ' : bytes->data[i];
	kept = arena_str(
	    arena, (struct str){(const char *)bytes->data, bytes->len < max ? bytes->len : max});
	g_object_unref(stream);
	return kept.p == NULL ? STR("") : kept;
}

static struct str
part_text(GMimePart *part, struct arena *arena)
{
	char *text, *valid;

	if (!GMIME_IS_TEXT_PART(part))
		return part_bytes(part, DELIVERY_TEXT_MAX, arena);
	text = g_mime_text_part_get_text(GMIME_TEXT_PART(part));
	if (text == NULL)
		return STR("");
	valid = g_utf8_make_valid(text, -1);
	g_free(text);
	return into_arena(valid, strlen(valid), DELIVERY_TEXT_MAX, arena);
}

static struct str
html_to_text(struct str html, struct arena *arena)
{
	const struct html_options options = {.plain = true, .limits = {DELIVERY_TEXT_MAX, 10000}};
	struct buf text;
	struct str kept;

	buf_init(&text, DELIVERY_TEXT_MAX);
	html_text(html, &options, false, &text, NULL);
	kept = arena_str(arena, buf_str(&text));
	buf_fini(&text);
	return kept.p == NULL ? STR("") : kept;
}

static bool
is_type(GMimeObject *object, const char *type, const char *subtype)
{
	GMimeContentType *content = g_mime_object_get_content_type(object);

	return content != NULL && g_mime_content_type_is_type(content, type, subtype);
}

/* Names that never came to be as well: AOL and older Exchange write these. */
static bool
is_header_part(GMimeObject *object)
{
	return is_type(object, "text", "rfc822-headers") ||
	    is_type(object, "text", "rfc822-header") ||
	    is_type(object, "message", "rfc822-headers") ||
	    is_type(object, "message", "global-headers");
}

static bool
is_returned(GMimeObject *object)
{
	return is_header_part(object) || is_type(object, "message", "rfc822") ||
	    is_type(object, "message", "global") || is_type(object, "text", "rfc822") ||
	    is_type(object, "message", "partial");
}

static void
take_returned(struct walk *walk, struct str header)
{
	if (walk->content->whole)
		return;
	if (header.n > RETURNED_MAX)
		header.n = RETURNED_MAX;
	header = arena_str(walk->arena, header);
	walk->content->returned = header.p == NULL ? STR("") : header;
	walk->content->whole = true;
}

static void
take_status(struct walk *walk, struct str block)
{
	struct delivery_content *content = walk->content;

	if (content->status_count < DELIVERY_BLOCKS_MAX)
		content->status[content->status_count++] = block;
}

static void
take_text(struct walk *walk, GMimePart *part, bool returned)
{
	struct buf *out = returned ? &walk->returned : &walk->text;

	if (is_type(GMIME_OBJECT(part), "text", "html")) {
		struct str html = part_text(part, walk->arena);

		if (returned)
			buf_add_str(out, html);
		else if (walk->html.p == NULL)
			walk->html = html;
		return;
	}
	buf_add_str(out, part_text(part, walk->arena));
	buf_add_char(out, '\n');
}

static void
visit_part(struct walk *walk, GMimePart *part, bool returned)
{
	GMimeObject *object = GMIME_OBJECT(part);
	struct delivery_content *content = walk->content;

	if (returned) {
		if (is_type(object, "text", "*"))
			take_text(walk, part, true);
	} else if (is_type(object, "message", "delivery-status") ||
	    is_type(object, "message", "global-delivery-status") ||
	    is_type(object, "text", "delivery-status")) {
		take_status(walk, part_bytes(part, DELIVERY_RAW_MAX, walk->arena));
	} else if (is_type(object, "message", "feedback-report")) {
		if (content->feedback.p == NULL)
			content->feedback = part_bytes(part, DELIVERY_TEXT_MAX, walk->arena);
	} else if (is_type(object, "message", "disposition-notification") ||
	    is_type(object, "message", "global-disposition-notification")) {
		if (content->disposition.p == NULL)
			content->disposition = part_bytes(part, DELIVERY_TEXT_MAX, walk->arena);
	} else if (is_returned(object)) {
		take_returned(walk, part_bytes(part, RETURNED_MAX, walk->arena));
	} else if (is_type(object, "text", "*") && !content->whole) {
		take_text(walk, part, false);
	}
}

static void visit(struct walk *walk, GMimeObject *object, size_t depth, bool returned);

/* A report within: of a list manager that passes on what it got, or a notice to the
 * postmaster. It counts if the outer one says nothing itself. */
static bool
is_report_within(const struct walk *walk, GMimeObject *inside)
{
	const struct delivery_content *content = walk->content;

	return content->status_count == 0 && content->feedback.p == NULL &&
	    is_type(inside, "multipart", "report");
}

static void
visit_message(struct walk *walk, GMimeMessage *message, size_t depth, bool returned)
{
	GMimeObject *inside = message == NULL ? NULL : g_mime_message_get_mime_part(message);
	char *header;

	if (message == NULL)
		return;
	if (!returned && inside != NULL && is_report_within(walk, inside)) {
		walk->content->within = true;
		visit(walk, inside, depth + 1, false);
		return;
	}
	if (!returned) {
		header = g_mime_object_get_headers(GMIME_OBJECT(message), NULL);
		take_returned(walk, str_c(header == NULL ? "" : header));
		g_free(header);
	}
	if (inside != NULL)
		visit(walk, inside, depth + 1, true);
}

static void
visit(struct walk *walk, GMimeObject *object, size_t depth, bool returned)
{
	if (++walk->parts > PARTS_MAX || depth > DEPTH_MAX) {
		walk->content->truncated = true;
		return;
	}
	if (GMIME_IS_MESSAGE_PART(object)) {
		visit_message(walk, g_mime_message_part_get_message(GMIME_MESSAGE_PART(object)),
		    depth, returned);
	} else if (GMIME_IS_MULTIPART(object)) {
		GMimeMultipart *multipart = GMIME_MULTIPART(object);

		for (int i = 0; i < g_mime_multipart_get_count(multipart); i++)
			visit(walk, g_mime_multipart_get_part(multipart, i), depth + 1, returned);
	} else if (GMIME_IS_PART(object)) {
		visit_part(walk, GMIME_PART(object), returned);
	}
}

/* --- the message --- */

static GMimeMessage *
parse(struct str raw)
{
	GMimeParserOptions *options = mime_start();
	GMimeStream *stream = g_mime_stream_mem_new_with_buffer(raw.p, raw.n);
	GMimeParser *parser = g_mime_parser_new_with_stream(stream);
	GMimeMessage *message = g_mime_parser_construct_message(parser, options);

	g_object_unref(parser);
	g_object_unref(stream);
	return message;
}

/* As much of it as GMime may be given; 0: nothing. */
static size_t
bearable(struct str raw, struct str body)
{
	static const struct mime_limits limits = {HEADERS_MAX, PARTS_MAX, DEPTH_MAX};
	size_t header = raw.n - body.n;

	for (size_t n = raw.n; n >= header; n = SHORTER) {
		struct str piece = {raw.p, n}, rest = {body.p, n - header};

		if (mime_guard(piece, rest, &limits, NULL) == 0)
			return n;
		if (n <= SHORTER)
			break;
	}
	return 0;
}

static void
read_parts(struct walk *walk, struct str body)
{
	struct delivery_content *content = walk->content;
	size_t n = bearable(content->raw, body);
	GMimeMessage *message = NULL;

	content->truncated = content->truncated || n < content->raw.n;
	if (n > 0)
		message = parse((struct str){content->raw.p, n});
	if (message != NULL && g_mime_message_get_mime_part(message) != NULL)
		visit(walk, g_mime_message_get_mime_part(message), 0, false);
	if (message != NULL)
		g_object_unref(message);
}

static void
take_texts(struct walk *walk, struct str body)
{
	struct delivery_content *content = walk->content;
	struct str text = buf_str(&walk->text);

	if (str_trim(text).n == 0 && walk->html.p != NULL)
		text = html_to_text(walk->html, walk->arena);
	/* Nothing was found in it: its bytes are the text, boundaries and all. */
	if (str_trim(text).n == 0 && content->status_count == 0 && content->feedback.p == NULL) {
		char *valid = g_utf8_make_valid(
		    body.p, (gssize)(body.n < DELIVERY_TEXT_MAX ? body.n : DELIVERY_TEXT_MAX));

		content->text = into_arena(valid, strlen(valid), DELIVERY_TEXT_MAX, walk->arena);
	} else {
		content->text = arena_str(walk->arena, text);
	}
	if (content->text.p == NULL)
		content->text = STR("");
	content->returned_text = arena_str(walk->arena, buf_str(&walk->returned));
}

void
delivery_content_read(struct str raw, struct arena *arena, struct delivery_content *content_r)
{
	struct walk walk = {.content = content_r, .arena = arena};
	struct str body, folded;

	memset(content_r, 0, sizeof *content_r);
	content_r->truncated = raw.n > DELIVERY_RAW_MAX;
	if (content_r->truncated)
		raw.n = DELIVERY_RAW_MAX;
	content_r->raw = without_from_line(with_line_ends(raw, arena));
	content_r->returned = STR("");
	body = read_headers(content_r, arena);
	buf_init(&walk.text, DELIVERY_TEXT_MAX);
	buf_init(&walk.returned, DELIVERY_TEXT_MAX);
	read_parts(&walk, body);
	take_texts(&walk, body);
	folded = content_r->text;
	if (folded.n > FOLDED_MAX)
		folded.n = FOLDED_MAX;
	content_r->folded = delivery_fold(folded, arena);
	buf_fini(&walk.text);
	buf_fini(&walk.returned);
}
