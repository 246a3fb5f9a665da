/* SPDX-License-Identifier: BSD-2-Clause
 *
 * parse: from bytes to header fields and text parts
 *
 * GMime walks the structure over a stream on the raw message. Its objects live only as
 * long as this walk; part.c says where each one stands.
 *
 * Owns:    the fields' table, the parts' tables, the decoded texts.
 * Threads: any.
 * Fails:   ERR_INPUT, ERR_LIMIT.
 */
#include "mime/encode.h"
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

/* Base64 takes 78 bytes for 57, and the arena something for each piece. */
#define AGAIN_EXTRA ((size_t)1 << 20)

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

/* --- parts --- */

static void
add_slot(struct mime_slot **slots, size_t *count, size_t *size, const struct mime_slot *slot)
{
	if (*count == *size) {
		*size = *size == 0 ? 4 : 2 * *size;
		*slots = g_renew(struct mime_slot, *slots, *size);
	}
	(*slots)[(*count)++] = *slot;
}

static void
add_text(struct walk *walk, GMimePart *part, const struct mime_slot *slot, bool whole)
{
	struct mime_message *message = walk->message;
	const char *kind, *how = mime_seal_of_text(slot->part.text, &kind);

	if (how == NULL) {
		add_slot(&message->slots, &message->slot_count, &message->slot_size, slot);
		return;
	}
	mime_seal_note(message, how, kind, whole);
	g_free((char *)(uintptr_t)slot->part.text.p);
	mime_fixed_add(message, part);
}

/* RFC 2046 section 5.2: what is a message knows no encoding. */
static bool
may_be_encoded(GMimePart *part, const struct mime_slot *slot)
{
	GMimeContentType *type = g_mime_object_get_content_type(GMIME_OBJECT(part));

	return !g_mime_content_type_is_type(type, "message", "*") &&
	    !g_mime_content_type_is_type(type, "multipart", "*") &&
	    slot->encoding != GMIME_CONTENT_ENCODING_UUENCODE;
}

/* Encoded once for all copies. */
static void
add_loose(struct mime_message *message, struct mime_slot *slot)
{
	enum mime_encoding encoding;
	struct str content;

	if (!mime_transfer_decode(slot->part.content, slot->encoding, &content))
		return;
	if (message->arena == NULL)
		message->arena = arena_new(2 * message->raw.n + AGAIN_EXTRA);
	slot->again = mime_encode(content, MIME_FORM_BYTES, message->arena, &encoding);
	g_free((char *)(uintptr_t)content.p);
	if (slot->again.p != NULL)
		add_slot(&message->loose, &message->loose_count, &message->loose_size, slot);
}

static void
visit_part(struct walk *walk, GMimeMultipart *multipart, GMimePart *part)
{
	struct mime_message *message = walk->message;
	const char *kind, *how = mime_seal_of(GMIME_OBJECT(part), &kind);
	struct mime_slot slot;
	bool located;

	if (how != NULL)
		mime_seal_note(message, how, kind, multipart == NULL);
	if (mime_data_is(GMIME_OBJECT(part))) {
		mime_data_add(message, multipart, part, walk->fixed);
		return;
	}
	located = how == NULL && !walk->fixed && mime_part_locate(message, multipart, part, &slot);
	if (located && mime_part_text(part, &slot)) {
		add_text(walk, part, &slot, multipart == NULL);
		return;
	}
	if (located && mime_survives(slot.part.content)) {
		if (mime_part_says_8bit(&slot))
			add_slot(
			    &message->loose, &message->loose_count, &message->loose_size, &slot);
	} else if (located && may_be_encoded(part, &slot)) {
		add_loose(message, &slot);
	}
	mime_fixed_add(message, part);
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
	const char *kind, *how;
	GMimeMultipart *multipart;
	struct mime_slot label;
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
	/* RFC 1847: what is signed or encrypted stays as it is, all the way down. */
	how = mime_seal_of(object, &kind);
	if (how != NULL)
		mime_seal_note(walk->message, how, kind, depth == 0);
	if (!fixed && how == NULL && mime_part_label(walk->message, parent, object, &label))
		add_slot(&walk->message->loose, &walk->message->loose_count,
		    &walk->message->loose_size, &label);
	if (!GMIME_IS_MULTIPART(object))
		return 0;
	walk->fixed = fixed || how != NULL;
	multipart = GMIME_MULTIPART(object);
	for (int i = 0; i < g_mime_multipart_get_count(multipart) && result == 0; i++)
		result = visit(walk, multipart, g_mime_multipart_get_part(multipart, i), depth + 1);
	walk->fixed = fixed;
	return result;
}

int
mime_with_tree(struct str raw, int (*use)(GMimeObject *root, void *closure), void *closure)
{
	/* GLib's array borrows the bytes: it is told to own them and robbed again. */
	GByteArray *bytes = g_byte_array_new_take((guint8 *)(uintptr_t)raw.p, raw.n);
	GMimeStream *stream = g_mime_stream_mem_new_with_byte_array(bytes);
	GMimeParser *parser = g_mime_parser_new_with_stream(stream);
	GMimeMessage *parsed = g_mime_parser_construct_message(parser, NULL);
	GMimeObject *root = parsed == NULL ? NULL : g_mime_message_get_mime_part(parsed);
	int result = 0;

	if (root != NULL)
		result = use(root, closure);
	g_clear_object(&parsed);
	g_object_unref(parser);
	g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(stream), FALSE);
	g_object_unref(stream);
	g_byte_array_steal(bytes, NULL);
	g_byte_array_unref(bytes);
	return result;
}

static int
by_place(const void *a, const void *b)
{
	const struct str *one = a, *two = b;

	return one->p < two->p ? -1 : one->p > two->p;
}

/* What is left of the body when all that a copy encodes anew, or leaves out, is gone. */
static bool
rest_survives(const struct mime_message *message)
{
	struct str *pieces = g_new(struct str, message->slot_count + message->loose_count + 2);
	const char *cursor = message->body.p;
	size_t count = 0, i;
	bool good = true;

	for (i = 0; i < message->slot_count; i++)
		pieces[count++] = message->slots[i].part.content;
	for (i = 0; i < message->loose_count; i++)
		pieces[count++] = message->loose[i].part.content;
	if (message->data.p != NULL)
		pieces[count++] = message->data_extent;
	qsort(pieces, count, sizeof *pieces, by_place);
	pieces[count] = (struct str){message->raw.p + message->raw.n, 0};
	for (i = 0; i <= count && good; i++) {
		if (pieces[i].p > cursor)
			good = mime_survives((struct str){cursor, (size_t)(pieces[i].p - cursor)});
		cursor = MAX(cursor, pieces[i].p + pieces[i].n);
	}
	g_free(pieces);
	return good;
}

static int
visit_root(GMimeObject *root, void *closure)
{
	return visit(closure, NULL, root, 0);
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
	    mime_guard(raw, message->body, limits, err) != 0 ||
	    mime_with_tree(raw, visit_root, &walk) != 0) {
		mime_free(&message);
		return -1;
	}
	mime_data_check_end(message);
	message->plain = rest_survives(message);
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
	g_free(gone->loose);
	arena_free(&gone->arena);
	g_free((char *)(uintptr_t)gone->data.p);
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
