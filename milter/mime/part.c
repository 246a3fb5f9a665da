/* SPDX-License-Identifier: BSD-2-Clause
 *
 * part: where one leaf part stands in the message, and what it holds
 *
 * GMime says what the part is; a splice needs to know where its fields, its content and
 * the boundaries around it stand, byte for byte. A part whose fields do not stand exactly
 * there (no empty line after them, junk among them, two Content-Types) is not located, and
 * stays as it is.
 *
 * Owns:    the decoded texts, until they are the message's.
 * Threads: any; touches only its arguments.
 */
#include "mime/field.h"
#include "mime/layout.h"
#include "mime/message.h"
#include "mime/text.h"

#include <stdint.h>

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

/* Does the text begin with a boundary of `multipart`? What follows it in `rest_r`. */
static bool
at_boundary(struct str text, GMimeMultipart *multipart, struct str *rest_r)
{
	struct str boundary = str_c(g_mime_multipart_get_boundary(multipart));

	if (boundary.p == NULL || text.n < boundary.n + 2 || !str_starts(text, STR("--")) ||
	    memcmp(text.p + 2, boundary.p, boundary.n) != 0)
		return false;
	*rest_r = (struct str){text.p + boundary.n + 2, text.n - boundary.n - 2};
	return true;
}

/* The line before `start` if it is the boundary of `multipart`, or NULL. */
static const char *
boundary_before(struct str raw, size_t start, GMimeMultipart *multipart)
{
	struct str line, rest;
	const char *lf;

	if (start < 3 || raw.p[start - 1] != '\n')
		return NULL;
	lf = memrchr(raw.p, '\n', start - 1);
	if (lf == NULL)
		return NULL;
	line = (struct str){lf + 1, (size_t)(raw.p + start - lf - 1)};
	return at_boundary(line, multipart, &rest) && str_trim(rest).n == 0 ? line.p : NULL;
}

/* Reads the fields of an inner part again, to know where they and the empty line
 * stand. GMime gives the first field's place; without fields the empty line comes
 * right before the content. */
static bool
inner_fields(const struct mime_message *message, GMimeMultipart *multipart, GMimeObject *object,
    struct str content, struct part_fields *fields, struct mime_slot *slot)
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
	slot->begin = boundary_before(message->raw, start, multipart);
	if (message->raw.p + start > content.p || slot->begin == NULL)
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

/* To the very end: not everybody trims before comparing. */
static struct str
value_place(struct str value)
{
	struct str place = str_trim(value);

	place.n = (size_t)(value.p + value.n - place.p);
	return place;
}

static bool
transfer_encoding(struct part_fields *fields, GMimePart *part, GMimeContentEncoding *encoding_r)
{
	*encoding_r = g_mime_part_get_content_encoding(part);
	if (fields->cte.value.p == NULL)
		return *encoding_r == GMIME_CONTENT_ENCODING_DEFAULT;
	fields->cte.place = value_place(fields->cte.value);
	return *encoding_r != GMIME_CONTENT_ENCODING_DEFAULT;
}

bool
mime_part_says_8bit(const struct mime_slot *slot)
{
	struct str said = str_trim(slot->cte.value.p == NULL ? STR("") : slot->cte.place);

	return str_is_nocase(said, "8bit") || str_is_nocase(said, "binary");
}

/* The fields from the first one to the empty line. */
static bool
label_fields(const struct mime_message *message, GMimeMultipart *parent, GMimeObject *object,
    struct part_fields *fields)
{
	GMimeHeaderList *list = g_mime_object_get_header_list(object);
	struct mime_header header;
	struct str rest;
	gint64 start;
	int found;

	if (g_mime_header_list_get_count(list) == 0)
		return false;
	start = g_mime_header_get_offset(g_mime_header_list_get_header_at(list, 0));
	if (start < message->body.p - message->raw.p || (size_t)start >= message->raw.n ||
	    boundary_before(message->raw, (size_t)start, parent) == NULL)
		return false;
	rest = (struct str){message->raw.p + start, message->raw.n - (size_t)start};
	do {
		fields->end = rest.p;
		found = mime_field_next(&rest, &header);
		if (found > 0 && !note_field(fields, &header, NULL))
			return false;
	} while (found > 0);
	return found == 0;
}

bool
mime_part_label(const struct mime_message *message, GMimeMultipart *parent, GMimeObject *object,
    struct mime_slot *slot)
{
	struct part_fields fields = {.end = message->body.p};

	*slot = (struct mime_slot){.top = parent == NULL, .composite = true};
	if (!(slot->top ? top_fields(message, &fields)
			: label_fields(message, parent, object, &fields)) ||
	    fields.cte.value.p == NULL)
		return false;
	slot->cte = fields.cte;
	slot->cte.place = value_place(slot->cte.value);
	slot->header_end = fields.end;
	slot->part.content = (struct str){fields.end, 0};
	return mime_part_says_8bit(slot);
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

bool
mime_part_locate(const struct mime_message *message, GMimeMultipart *multipart, GMimePart *part,
    struct mime_slot *slot)
{
	struct part_fields fields = {.end = NULL};

	*slot = (struct mime_slot){.top = multipart == NULL};
	if (!content_place(message, part, slot) ||
	    !(slot->top ? top_fields(message, &fields)
			: inner_fields(message, multipart, GMIME_OBJECT(part), slot->part.content,
			      &fields, slot)) ||
	    !transfer_encoding(&fields, part, &slot->encoding))
		return false;
	slot->header_end = fields.end;
	slot->type = fields.type;
	slot->cte = fields.cte;
	return true;
}

bool
mime_part_extent(const struct mime_message *message, GMimeMultipart *multipart,
    const struct mime_slot *slot, struct str *extent_r)
{
	struct str rest = behind(message->raw, slot->part.content), after;

	if (str_starts(rest, STR("\r\n")))
		rest = (struct str){rest.p + 2, rest.n - 2};
	else if (str_starts(rest, STR("\n")))
		rest = (struct str){rest.p + 1, rest.n - 1};
	if (slot->top || !at_boundary(rest, multipart, &after))
		return false;
	*extent_r = (struct str){slot->begin, (size_t)(rest.p - slot->begin)};
	return true;
}

/* --- text --- */

static enum mime_flow
flow_of(GMimeObject *object)
{
	GMimeContentType *type = g_mime_object_get_content_type(object);
	const char *format = g_mime_content_type_get_parameter(type, "format");
	const char *delsp = g_mime_content_type_get_parameter(type, "delsp");

	if (format == NULL || g_ascii_strcasecmp(format, "flowed") != 0)
		return MIME_FLOW_NONE;
	return delsp != NULL && g_ascii_strcasecmp(delsp, "yes") == 0 ? MIME_FLOWED_DELSP
								      : MIME_FLOWED;
}

static bool
kind_of(struct str subtype, enum mime_text *kind_r)
{
	static const struct {
		const char *subtype;
		enum mime_text kind;
	} kinds[] = {{"plain", MIME_PLAIN}, {"html", MIME_HTML}, {"x-amp-html", MIME_AMP},
	    {"calendar", MIME_CALENDAR}};

	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
		if (str_is_nocase(subtype, kinds[i].subtype)) {
			*kind_r = kinds[i].kind;
			return true;
		}
	}
	return false;
}

/* The kind of text, its charset, and how the Content-Type is to change. */
static bool
text_type(struct mime_slot *slot)
{
	struct mime_charset charset;

	slot->part.kind = MIME_PLAIN;
	if (slot->type.value.p == NULL) {
		slot->type_text = " text/plain; charset=utf-8";
		return true;
	}
	if (!mime_charset_find(slot->type.value, &charset) ||
	    !str_is_nocase(charset.type, "text") || !kind_of(charset.subtype, &slot->part.kind))
		return false;
	slot->type.place = charset.place;
	slot->charset = charset.value;
	if (charset.value.p == NULL)
		slot->type_text = "; charset=utf-8";
	else if (charset.extended)
		slot->type_text = "charset=utf-8";
	else if (!str_is_nocase(charset.value, "utf-8"))
		slot->type_text = "utf-8";
	return true;
}

static void
lay_open(struct mime_part *part)
{
	if (part->flow == MIME_FLOW_NONE && part->kind != MIME_CALENDAR)
		return;
	if (part->kind == MIME_CALENDAR)
		part->text.n = mime_unfold((char *)(uintptr_t)part->text.p, part->text.n);
	else
		part->text = mime_unflow(part->text, part->flow);
	part->transfer = MIME_LAID_OUT;
}

bool
mime_part_text(GMimePart *part, struct mime_slot *slot)
{
	GMimeObject *object = GMIME_OBJECT(part);

	if (!GMIME_IS_TEXT_PART(part) || mime_is_attachment(object) || !text_type(slot) ||
	    !mime_text_decode(slot->part.content, slot->encoding, slot->charset, &slot->part.text))
		return false;
	if (slot->encoding == GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE)
		slot->part.transfer = MIME_IN_QP;
	else if (slot->encoding == GMIME_CONTENT_ENCODING_BASE64)
		slot->part.transfer = MIME_IN_BASE64;
	if (slot->part.kind == MIME_PLAIN)
		slot->part.flow = flow_of(object);
	lay_open(&slot->part);
	return true;
}
