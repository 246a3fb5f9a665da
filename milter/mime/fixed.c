/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fixed: inline text that can't be replaced
 *
 * It leaves as it came, so somebody has to look whether a template hides in it.
 *
 * Owns:    the decoded texts.
 * Threads: written by the parser alone; read by any.
 */
#include "mime/message.h"

#include <assert.h>
#include <stdint.h>

bool
mime_is_attachment(GMimeObject *object)
{
	const char *disposition = g_mime_object_get_disposition(object);

	/* RFC 2183 section 2.8: what is unknown is an attachment. */
	return disposition != NULL && g_ascii_strcasecmp(disposition, "inline") != 0;
}

struct str
mime_fixed_decode(GMimePart *part)
{
	GMimeDataWrapper *wrapper = g_mime_part_get_content(part);
	GMimeStream *source = wrapper == NULL ? NULL : g_mime_data_wrapper_get_stream(wrapper);
	GMimeStream *filtered;
	ssize_t size, n, used = 0;
	char *text;

	if (source == NULL)
		return STR_NONE;
	/* No transfer encoding is shorter than what it stands for. */
	size = source->bound_end - source->bound_start;
	if (source->bound_start < 0 || size <= 0)
		return STR_NONE;
	text = g_malloc((gsize)size);
	g_mime_stream_reset(source);
	filtered = g_mime_stream_filter_new(source);
	if (g_mime_part_get_content_encoding(part) != GMIME_CONTENT_ENCODING_DEFAULT) {
		GMimeFilter *filter =
		    g_mime_filter_basic_new(g_mime_part_get_content_encoding(part), FALSE);

		g_mime_stream_filter_add(GMIME_STREAM_FILTER(filtered), filter);
		g_object_unref(filter);
	}
	while (used < size &&
	    (n = g_mime_stream_read(filtered, text + used, (size_t)(size - used))) > 0)
		used += n;
	g_object_unref(filtered);
	g_mime_stream_reset(source);
	return (struct str){text, (size_t)used};
}

/* Others are programs' business and may hold braces. */
static bool
is_readable(GMimePart *part)
{
	GMimeContentType *type = g_mime_object_get_content_type(GMIME_OBJECT(part));

	return g_mime_content_type_is_type(type, "text", "plain") ||
	    g_mime_content_type_is_type(type, "text", "html") ||
	    g_mime_content_type_is_type(type, "text", "x-amp-html") ||
	    g_mime_content_type_is_type(type, "text", "calendar");
}

void
mime_fixed_add(struct mime_message *message, GMimePart *part)
{
	struct str text;

	if (!is_readable(part) || mime_is_attachment(GMIME_OBJECT(part)))
		return;
	text = mime_fixed_decode(part);
	if (text.p == NULL)
		return;
	message->fixed = g_renew(struct str, message->fixed, message->fixed_count + 1);
	message->fixed[message->fixed_count++] = text;
}

void
mime_fixed_free(struct mime_message *message)
{
	for (size_t i = 0; i < message->fixed_count; i++)
		g_free((char *)(uintptr_t)message->fixed[i].p);
	g_free(message->fixed);
}

size_t
mime_fixed_count(const struct mime_message *message)
{
	return message->fixed_count;
}

struct str
mime_fixed_at(const struct mime_message *message, size_t i)
{
	assert(i < message->fixed_count);
	return message->fixed[i];
}
