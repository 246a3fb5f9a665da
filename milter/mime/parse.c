/* SPDX-License-Identifier: BSD-2-Clause
 *
 * parse: from bytes to header fields and text parts
 *
 * GMime walks the structure over a stream on the raw message and tells where each
 * part's fields and content stand. Its objects live only as long as this walk. A
 * part whose fields do not stand exactly where a splice would need them (no empty
 * line after them, junk among them, two Content-Types) is no text part.
 *
 * Owns:    the fields' table, the parts' table, the decoded texts.
 * Threads: any.
 * Fails:   ERR_INPUT, ERR_LIMIT.
 */
#include "mime/field.h"
#include "mime/guard.h"
#include "mime/message.h"
#include "mime/start.h"
#include "mime/text.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

/* No relay lets that much through. */
#define FIELD_MAX ((size_t)1 << 20)

struct walk {
	struct mime_message *message;
	const struct mime_limits *limits;
	size_t parts;
	bool fixed; /* below something signed or encrypted */
	struct err *err;
};

/* The line that a mailbox file puts before a message. */
static bool
skip_from_line(struct str *rest)
{
	const char *lf = memchr(rest->p, '\n', rest->n);

	if (lf == NULL || !str_starts(*rest, STR("From ")))
		return false;
	*rest = (struct str){lf + 1, (size_t)(rest->p + rest->n - lf - 1)};
	return true;
}

static int
read_fields(struct mime_message *message, const struct mime_limits *limits, struct err *err)
{
	struct str rest = message->raw;
	struct mime_header field;
	size_t size = 0;
	int found = mime_field_next(&rest, &field);

	if (found < 0 && skip_from_line(&rest))
		found = mime_field_next(&rest, &field);
	for (; found > 0; found = mime_field_next(&rest, &field)) {
		if (message->header_count == limits->headers)
			return err_set(
			    err, ERR_LIMIT, "more than %zu header fields", limits->headers);
		if (field.value.n > FIELD_MAX)
			return err_set(err, ERR_LIMIT, "header field %zu has over %zu bytes",
			    message->header_count + 1, FIELD_MAX);
		if (message->header_count == size) {
			size = size == 0 ? 32 : 2 * size;
			message->headers = g_renew(struct mime_header, message->headers, size);
		}
		message->headers[message->header_count++] = field;
	}
	if (found < 0)
		return err_set(err, ERR_INPUT, "line %zu of the header is no header field",
		    message->header_count + 1);
	message->body = rest;
	return 0;
}

/* --- one part --- */

struct part_fields {
	struct mime_splice type;
	struct mime_splice cte;
	const char *end; /* of the fields: the empty line */
};

static bool
note_field(
    struct part_fields *fields, const struct mime_header *header, const struct mime_header *top)
{
	struct mime_splice *splice;

	if (str_is_nocase(header->name, "Content-Type"))
		splice = &fields->type;
	else if (str_is_nocase(header->name, "Content-Transfer-Encoding"))
		splice = &fields->cte;
	else
		return true;
	if (splice->value.p != NULL)
		return false;
	splice->value = header->value;
	splice->header = top;
	return true;
}

static bool
top_fields(const struct mime_message *message, struct part_fields *fields)
{
	for (size_t i = 0; i < message->header_count; i++) {
		if (!note_field(fields, &message->headers[i], &message->headers[i]))
			return false;
	}
	return true;
}

/* Is the line before `start` the boundary of `multipart`? */
static bool
follows_boundary(struct str raw, size_t start, GMimeMultipart *multipart)
{
	struct str boundary = str_c(g_mime_multipart_get_boundary(multipart)), line;
	const char *lf;

	if (boundary.p == NULL || start < boundary.n + 3 || raw.p[start - 1] != '\n')
		return false;
	lf = memrchr(raw.p, '\n', start - 1);
	if (lf == NULL)
		return false;
	line = (struct str){lf + 1, (size_t)(raw.p + start - lf - 1)};
	if (line.n < boundary.n + 2 || !str_starts(line, STR("--")) ||
	    memcmp(line.p + 2, boundary.p, boundary.n) != 0)
		return false;
	line.p += boundary.n + 2;
	line.n -= boundary.n + 2;
	return str_trim(line).n == 0;
}

/* Reads the fields of an inner part again, to know where they and the empty line
 * stand. GMime gives the first field's place; without fields the empty line comes
 * right before the content. */
static bool
inner_fields(const struct mime_message *message, GMimeMultipart *multipart, GMimeObject *object,
    struct str content, struct part_fields *fields)
{
	GMimeHeaderList *list = g_mime_object_get_header_list(object);
	size_t start = (size_t)(content.p - message->raw.p);
	struct mime_header header;
	struct str rest;
	int found;

	if (g_mime_header_list_get_count(list) > 0) {
		start = (size_t)g_mime_header_get_offset(g_mime_header_list_get_header_at(list, 0));
	} else {
		start -= start > 0 && message->raw.p[start - 1] == '\n';
		start -= start > 0 && message->raw.p[start - 1] == '\r';
	}
	if (message->raw.p + start > content.p || !follows_boundary(message->raw, start, multipart))
		return false;
	rest = (struct str){message->raw.p + start, (size_t)(content.p - message->raw.p) - start};
	do {
		fields->end = rest.p;
		found = mime_field_next(&rest, &header);
		if (found > 0 && !note_field(fields, &header, NULL))
			return false;
	} while (found > 0);
	/* An empty line was taken, and nothing is left before the content. */
	return found == 0 && rest.n == 0 && fields->end < content.p;
}

static bool
transfer_encoding(struct part_fields *fields, GMimePart *part, GMimeContentEncoding *encoding_r)
{
	*encoding_r = g_mime_part_get_content_encoding(part);
	if (fields->cte.value.p == NULL)
		return *encoding_r == GMIME_CONTENT_ENCODING_DEFAULT;
	/* To the very end: not everybody trims before comparing. */
	fields->cte.place = str_trim(fields->cte.value);
	fields->cte.place.n =
	    (size_t)(fields->cte.value.p + fields->cte.value.n - fields->cte.place.p);
	return *encoding_r != GMIME_CONTENT_ENCODING_DEFAULT;
}

/* The kind of text, its charset, and how the Content-Type is to change. */
static bool
text_type(struct part_fields *fields, struct mime_slot *slot, struct str *charset_r)
{
	struct mime_charset charset;

	*charset_r = STR_NONE;
	slot->part.kind = MIME_PLAIN;
	if (fields->type.value.p == NULL) {
		slot->type_text = " text/plain; charset=utf-8";
		return true;
	}
	if (!mime_charset_find(fields->type.value, &charset) ||
	    !str_is_nocase(charset.type, "text"))
		return false;
	if (str_is_nocase(charset.subtype, "html"))
		slot->part.kind = MIME_HTML;
	else if (!str_is_nocase(charset.subtype, "plain"))
		return false;
	fields->type.place = charset.place;
	*charset_r = charset.value;
	if (charset.value.p == NULL)
		slot->type_text = "; charset=utf-8";
	else if (charset.extended)
		slot->type_text = "charset=utf-8";
	else if (!str_is_nocase(charset.value, "utf-8"))
		slot->type_text = "utf-8";
	return true;
}

static struct str
behind(struct str raw, struct str content)
{
	const char *end = content.p + content.n;

	return (struct str){end, (size_t)(raw.p + raw.n - end)};
}

/* An inner part ends before the line end of a boundary's line. GMime 3.2 counts the
 * CR of a CRLF to the content where the message ends with the boundary itself.
 * False if no boundary follows. */
static bool
end_at_boundary(struct str raw, struct str *content, bool *crlf_needed_r)
{
	struct str rest = behind(raw, *content);

	if (rest.n > 0 && rest.p[0] == '\n' && content->n > 0 && rest.p[-1] == '\r') {
		content->n--;
		rest = behind(raw, *content);
	}
	*crlf_needed_r = false;
	if (rest.n == 0)
		return true;
	if (str_starts(rest, STR("\r\n--")) || str_starts(rest, STR("\n--")))
		return true;
	*crlf_needed_r = true;
	return content->n == 0 && str_starts(rest, STR("--"));
}

static bool
content_place(const struct mime_message *message, GMimePart *part, struct mime_slot *slot)
{
	GMimeDataWrapper *wrapper = g_mime_part_get_content(part);
	GMimeStream *stream = wrapper == NULL ? NULL : g_mime_data_wrapper_get_stream(wrapper);
	struct str *content = &slot->part.content;

	if (stream == NULL || stream->bound_start < 0 || stream->bound_end < stream->bound_start ||
	    (size_t)stream->bound_end > message->raw.n)
		return false;
	*content = (struct str){message->raw.p + stream->bound_start,
	    (size_t)(stream->bound_end - stream->bound_start)};
	if (slot->top)
		return content->p == message->body.p && content->n == message->body.n;
	return content->p >= message->body.p &&
	    end_at_boundary(message->raw, content, &slot->crlf_needed);
}

static void
add_slot(struct mime_message *message, const struct mime_slot *slot)
{
	if (message->slot_count == message->slot_size) {
		message->slot_size = message->slot_size == 0 ? 4 : 2 * message->slot_size;
		message->slots = g_renew(struct mime_slot, message->slots, message->slot_size);
	}
	message->slots[message->slot_count++] = *slot;
}

static void
visit_part(struct walk *walk, GMimeMultipart *multipart, GMimePart *part)
{
	struct mime_message *message = walk->message;
	GMimeObject *object = GMIME_OBJECT(part);
	struct mime_slot slot = {.top = multipart == NULL};
	struct part_fields fields = {.end = NULL};
	GMimeContentEncoding encoding;
	struct str charset, *content = &slot.part.content;

	if (walk->fixed || !GMIME_IS_TEXT_PART(part) || mime_is_attachment(object) ||
	    !content_place(message, part, &slot) ||
	    !(slot.top ? top_fields(message, &fields)
		       : inner_fields(message, multipart, object, *content, &fields)) ||
	    !transfer_encoding(&fields, part, &encoding) || !text_type(&fields, &slot, &charset) ||
	    !mime_text_decode(*content, encoding, charset, &slot.part.text)) {
		mime_fixed_add(message, part);
		return;
	}
	if (encoding == GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE)
		slot.part.transfer = MIME_IN_QP;
	else if (encoding == GMIME_CONTENT_ENCODING_BASE64)
		slot.part.transfer = MIME_IN_BASE64;
	slot.header_end = fields.end;
	slot.type = fields.type;
	slot.cte = fields.cte;
	add_slot(message, &slot);
}

/* --- the tree --- */

static void
note_image(struct mime_message *message, GMimePart *part)
{
	GMimeContentType *type = g_mime_object_get_content_type(GMIME_OBJECT(part));
	GMimeDataWrapper *wrapper = g_mime_part_get_content(part);
	GMimeStream *stream = wrapper == NULL ? NULL : g_mime_data_wrapper_get_stream(wrapper);

	if (stream != NULL && stream->bound_end > stream->bound_start &&
	    g_mime_content_type_is_type(type, "image", "*"))
		message->image_bytes += (size_t)(stream->bound_end - stream->bound_start);
}

static int
visit(struct walk *walk, GMimeMultipart *parent, GMimeObject *object, size_t depth)
{
	GMimeMultipart *multipart;
	bool fixed = walk->fixed;
	int result = 0;

	if (++walk->parts > walk->limits->parts)
		return err_set(
		    walk->err, ERR_LIMIT, "more than %zu MIME parts", walk->limits->parts);
	if (depth > walk->limits->depth)
		return err_set(
		    walk->err, ERR_LIMIT, "MIME parts nest deeper than %zu", walk->limits->depth);
	if (GMIME_IS_PART(object)) {
		visit_part(walk, parent, GMIME_PART(object));
		note_image(walk->message, GMIME_PART(object));
		return 0;
	}
	if (!GMIME_IS_MULTIPART(object))
		return 0;
	/* RFC 1847: what is signed or encrypted stays as it is, all the way down. */
	walk->fixed =
	    fixed || GMIME_IS_MULTIPART_SIGNED(object) || GMIME_IS_MULTIPART_ENCRYPTED(object);
	multipart = GMIME_MULTIPART(object);
	for (int i = 0; i < g_mime_multipart_get_count(multipart) && result == 0; i++)
		result = visit(walk, multipart, g_mime_multipart_get_part(multipart, i), depth + 1);
	walk->fixed = fixed;
	return result;
}

static int
walk_message(struct walk *walk)
{
	struct str raw = walk->message->raw;
	/* GLib's array borrows the bytes: it is told to own them and robbed again. */
	GByteArray *bytes = g_byte_array_new_take((guint8 *)(uintptr_t)raw.p, raw.n);
	GMimeStream *stream = g_mime_stream_mem_new_with_byte_array(bytes);
	GMimeParser *parser = g_mime_parser_new_with_stream(stream);
	GMimeMessage *parsed = g_mime_parser_construct_message(parser, NULL);
	GMimeObject *root = parsed == NULL ? NULL : g_mime_message_get_mime_part(parsed);
	int result = 0;

	if (root != NULL)
		result = visit(walk, NULL, root, 0);
	g_clear_object(&parsed);
	g_object_unref(parser);
	g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(stream), FALSE);
	g_object_unref(stream);
	g_byte_array_steal(bytes, NULL);
	g_byte_array_unref(bytes);
	return result;
}

int
mime_parse(struct mime_message **message_r, struct str raw, const struct mime_limits *limits,
    struct err *err)
{
	struct mime_message *message = g_new0(struct mime_message, 1);
	struct walk walk = {.message = message, .limits = limits, .err = err};

	mime_start();
	message->raw = raw;
	if (raw.n == 0) {
		mime_free(&message);
		return err_set(err, ERR_INPUT, "empty message");
	}
	if (read_fields(message, limits, err) != 0 ||
	    mime_guard(raw, message->body, limits, err) != 0 || walk_message(&walk) != 0) {
		mime_free(&message);
		return -1;
	}
	*message_r = message;
	return 0;
}

void
mime_free(struct mime_message **message)
{
	struct mime_message *gone = *message;

	if (gone == NULL)
		return;
	*message = NULL;
	for (size_t i = 0; i < gone->slot_count; i++)
		g_free((char *)(uintptr_t)gone->slots[i].part.text.p);
	g_free(gone->slots);
	mime_fixed_free(gone);
	g_free(gone->headers);
	g_free(gone);
}

size_t
mime_header_count(const struct mime_message *message)
{
	return message->header_count;
}

const struct mime_header *
mime_header_at(const struct mime_message *message, size_t i)
{
	assert(i < message->header_count);
	return &message->headers[i];
}

const struct mime_header *
mime_header_find(const struct mime_message *message, const char *name)
{
	return mime_header_find_str(message, str_c(name));
}

const struct mime_header *
mime_header_find_str(const struct mime_message *message, struct str name)
{
	for (size_t i = 0; i < message->header_count; i++) {
		if (str_eq_nocase(message->headers[i].name, name))
			return &message->headers[i];
	}
	return NULL;
}

size_t
mime_part_count(const struct mime_message *message)
{
	return message->slot_count;
}

const struct mime_part *
mime_part_at(const struct mime_message *message, size_t i)
{
	assert(i < message->slot_count);
	return &message->slots[i].part;
}

size_t
mime_image_bytes(const struct mime_message *message)
{
	return message->image_bytes;
}

struct str
mime_body(const struct mime_message *message)
{
	return message->body;
}
