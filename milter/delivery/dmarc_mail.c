/* SPDX-License-Identifier: BSD-2-Clause
 *
 * dmarc_mail: the part of a message that holds a DMARC report
 *
 * Some senders make the archive the whole message, some attach it to a text, and their types
 * and file names differ: what it is, its first bytes say.
 *
 * Threads: any; touches only its arguments.
 */
#include "delivery/dmarc.h"

#include "mime/guard.h"
#include "mime/start.h"

#define PARTS_MAX   50
#define DEPTH_MAX   10
#define HEADERS_MAX 1000

struct search {
	size_t parts;
	char *found;
	size_t size;
};

/* As a document that begins, not as one that mentions it. */
static bool
looks_right(const unsigned char *bytes, size_t n)
{
	static const char *const begins[] = {
	    "\x1f\x8b", "PK\x03\x04", "<?xml", "<feedback", "\xef\xbb\xbf<?xml"};

	for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++) {
		if (n >= strlen(begins[i]) && memcmp(bytes, begins[i], strlen(begins[i])) == 0)
			return true;
	}
	return false;
}

/* Beginning only: a type by its beginning, and then all of it. */
static void
try_part(struct search *search, GMimePart *part)
{
	GMimeDataWrapper *wrapper = g_mime_part_get_content(part);
	GMimeStream *stream;
	GByteArray *bytes;

	if (wrapper == NULL)
		return;
	stream = g_mime_stream_mem_new();
	g_mime_data_wrapper_write_to_stream(wrapper, stream);
	bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream));
	if (bytes->len <= DELIVERY_DMARC_PACKED_MAX && looks_right(bytes->data, bytes->len)) {
		search->found = g_memdup2(bytes->data, bytes->len);
		search->size = bytes->len;
	}
	g_object_unref(stream);
}

static void
visit(struct search *search, GMimeObject *object, size_t depth)
{
	if (++search->parts > PARTS_MAX || depth > DEPTH_MAX || search->found != NULL)
		return;
	if (GMIME_IS_MULTIPART(object)) {
		GMimeMultipart *multipart = GMIME_MULTIPART(object);

		for (int i = 0; i < g_mime_multipart_get_count(multipart); i++)
			visit(search, g_mime_multipart_get_part(multipart, i), depth + 1);
	} else if (GMIME_IS_PART(object)) {
		try_part(search, GMIME_PART(object));
	}
}

static struct str
body_of(struct str raw)
{
	struct str line, rest = raw;

	while (str_split(&rest, '\n', &line) && str_trim(line).n > 0)
		continue;
	return rest.p == NULL ? (struct str){raw.p + raw.n, 0} : rest;
}

char *
delivery_dmarc_find(struct str raw, size_t *size_r)
{
	static const struct mime_limits limits = {HEADERS_MAX, PARTS_MAX, DEPTH_MAX};
	GMimeParserOptions *options = mime_start();
	struct search search = {0};
	GMimeStream *stream;
	GMimeParser *parser;
	GMimeMessage *message;
	struct str line;

	if (str_starts(raw, STR("From ")))
		str_split(&raw, '\n', &line);
	if (raw.n == 0 || mime_guard(raw, body_of(raw), &limits, NULL) != 0)
		return NULL;
	stream = g_mime_stream_mem_new_with_buffer(raw.p, raw.n);
	parser = g_mime_parser_new_with_stream(stream);
	message = g_mime_parser_construct_message(parser, options);
	if (message != NULL && g_mime_message_get_mime_part(message) != NULL)
		visit(&search, g_mime_message_get_mime_part(message), 0);
	if (message != NULL)
		g_object_unref(message);
	g_object_unref(parser);
	g_object_unref(stream);
	*size_r = search.size;
	return search.found;
}
