/* SPDX-License-Identifier: BSD-2-Clause
 *
 * data: the part that holds data for the templates
 *
 * It is for us alone: where it can't be read or taken out to the last byte, the message
 * must not leave. What the data mean is for others to say.
 *
 * Owns:    the decoded text.
 * Threads: written by the parser alone; read by any.
 * Fails:   ERR_INPUT.
 */
#include "mime/field.h"
#include "mime/message.h"
#include "mime/text.h"

static bool
names_data(const char *value, struct mime_charset *charset_r)
{
	return value != NULL && mime_charset_find(str_c(value), charset_r) &&
	    str_is_nocase(charset_r->type, "application") &&
	    str_is_nocase(charset_r->subtype, "vnd.mailtailor+json");
}

/* A part with two Content-Types is one if either says so: who reads it may go by either. */
bool
mime_data_is(GMimeObject *object)
{
	GMimeHeaderList *list = g_mime_object_get_header_list(object);
	struct mime_charset charset;

	for (int i = 0; i < g_mime_header_list_get_count(list); i++) {
		GMimeHeader *header = g_mime_header_list_get_header_at(list, i);

		if (g_ascii_strcasecmp(g_mime_header_get_name(header), "Content-Type") == 0 &&
		    names_data(g_mime_header_get_raw_value(header), &charset))
			return true;
	}
	return g_mime_content_type_is_type(
	    g_mime_object_get_content_type(object), "application", "vnd.mailtailor+json");
}

/* RFC 8259 section 8.1: UTF-8, and nothing else. */
static bool
charset_ok(struct str value)
{
	struct mime_charset charset;

	return mime_charset_find(value, &charset) &&
	    (charset.value.p == NULL || str_is_nocase(charset.value, "utf-8") ||
		str_is_nocase(charset.value, "us-ascii"));
}

static void
read_data(struct mime_message *message, GMimeMultipart *multipart, GMimePart *part, bool sealed)
{
	struct err *err = &message->data_err;
	struct mime_slot slot;

	if (message->data.p != NULL)
		err_set(err, ERR_INPUT, "there are two; one was expected");
	else if (multipart == NULL)
		err_set(err, ERR_INPUT,
		    "the message is nothing else; a part of a multipart was expected");
	else if (sealed)
		err_set(err, ERR_INPUT,
		    "it stands in something signed or encrypted, so it can't be taken out");
	else if (g_mime_multipart_get_count(multipart) < 2)
		err_set(err, ERR_INPUT,
		    "it is alone in its multipart; another part beside it was expected");
	else if (!mime_part_locate(message, multipart, part, &slot) ||
	    !mime_part_extent(message, multipart, &slot, &message->data_extent))
		err_set(err, ERR_INPUT,
		    "its header fields or boundaries are not in order, so it can't be taken out");
	else if (!charset_ok(slot.type.value))
		err_set(err, ERR_INPUT, "its charset has to be utf-8");
	else if (!mime_transfer_decode(slot.part.content, slot.encoding, &message->data))
		err_set(
		    err, ERR_INPUT, "its content is not in the transfer encoding that it names");
}

void
mime_data_add(struct mime_message *message, GMimeMultipart *multipart, GMimePart *part, bool sealed)
{
	if (message->data_err.code == ERR_NONE)
		read_data(message, multipart, part, sealed);
}

static bool
has_name(struct str text)
{
	static const char name[] = "vnd.mailtailor+json";

	for (size_t i = 0; i + sizeof name - 1 <= text.n; i++) {
		if (g_ascii_strncasecmp(text.p + i, name, sizeof name - 1) == 0)
			return true;
	}
	return false;
}

/* The last boundary's part may be cut off within its header, where no reader agrees with the
 * next on what it is. */
void
mime_data_check_end(struct mime_message *message)
{
	struct str rest = STR_NONE;
	const char *p = message->body.p, *end = p + message->body.n;

	while (p < end && (p = memmem(p, (size_t)(end - p), "\n--", 3)) != NULL) {
		rest = (struct str){p, (size_t)(end - p)};
		p += 3;
	}
	if (rest.p != NULL && message->data_err.code == ERR_NONE && !str_has(rest, STR("\n\n")) &&
	    !str_has(rest, STR("\n\r\n")) && has_name(rest))
		err_set(&message->data_err, ERR_INPUT,
		    "its header has no end, so it can't be taken out");
}

int
mime_data(const struct mime_message *message, struct str *text_r, struct err *err)
{
	if (message->data_err.code != ERR_NONE)
		return err_set(
		    err, message->data_err.code, "%s: %s", MIME_DATA_TYPE, message->data_err.text);
	*text_r = message->data;
	return message->data.p != NULL;
}
