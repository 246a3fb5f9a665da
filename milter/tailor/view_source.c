/* SPDX-License-Identifier: BSD-2-Clause
 *
 * view_source: what is kept of a message that was tailored in place
 *
 * Programs that send one message to each recipient give every one a boundary, Date and
 * Message-ID of its own. Kept as they came, a hundred thousand copies of one newsletter would be
 * a hundred thousand bodies; so a message is made that holds what the page is made of and
 * nothing else. The same templates give the same bytes.
 *
 * Owns:    nothing.
 * Threads: any; touches only its arguments.
 * Fails:   ERR_LIMIT, ERR_INPUT (data part).
 */
#include "tailor/internal.h"
#include "tailor/view_impl.h"

#include <glib.h>

#define IMAGES_MEMORY (TAILOR_VIEW_IMAGES_MAX + ((size_t)1 << 20))

/* A line ends in CRLF outside, in LF within. */
static void
add_text(struct buf *out, struct str text)
{
	struct str rest = text, line;

	while (str_split(&rest, '\n', &line)) {
		buf_add_str(out, line);
		if (rest.p != NULL)
			buf_add_c(out, "\r\n");
	}
}

static void
add_base64(struct buf *out, struct str bytes)
{
	char *text = g_base64_encode((const guchar *)bytes.p, bytes.n);

	buf_add_c(out, "Content-Transfer-Encoding: base64\r\n\r\n");
	buf_add_c(out, text);
	g_free(text);
}

/* Of what stands between the boundaries, so that it can't stand there. */
static void
make_boundary(struct str text, struct str data, const struct mime_image *images, size_t count,
    char hex[ID_HEX_SIZE])
{
	struct str *pieces = g_new(struct str, count + 2);
	struct id_digest digest;

	pieces[0] = text;
	pieces[1] = data;
	for (size_t i = 0; i < count; i++)
		pieces[i + 2] = images[i].content;
	digest = id_digest(pieces, count + 2);
	g_free(pieces);
	id_hex(&digest, ID_DIGEST_SIZE, hex);
}

static int
write_source(const struct mime_message *mime, const struct mime_part *part, bool subject_too,
    struct str data, struct arena *arena, struct buf *out, struct err *err)
{
	const struct mime_header *subject = mime_header_find(mime, "Subject");
	struct mime_image *images;
	char boundary[ID_HEX_SIZE];
	size_t count;

	if (mime_images(mime, TAILOR_VIEW_IMAGES_MAX, arena, &images, &count, err) != 0)
		return -1;
	make_boundary(part->text, data, images, count, boundary);
	if (subject != NULL && subject_too)
		buf_printf(out, "Subject:%.*s\r\n", STR_F(subject->value));
	buf_printf(out,
	    "MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=\"%s\"\r\n\r\n"
	    "--%s\r\nContent-Type: text/%s; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: 8bit\r\n\r\n",
	    boundary, boundary, part->kind == MIME_HTML ? "html" : "plain");
	add_text(out, part->text);
	for (size_t i = 0; i < count; i++) {
		buf_printf(out, "\r\n--%s\r\nContent-Type: %.*s\r\nContent-ID: <%.*s>\r\n",
		    boundary, STR_F(images[i].type), STR_F(images[i].id));
		add_base64(out, images[i].content);
	}
	if (data.p != NULL) {
		buf_printf(out, "\r\n--%s\r\nContent-Type: " MIME_DATA_TYPE "\r\n", boundary);
		add_base64(out, data);
	}
	buf_printf(out, "\r\n--%s--\r\n", boundary);
	return out->full ? err_set(err, ERR_LIMIT, "message: too large to be kept for viewing") : 0;
}

bool
tailor_view_wanted(const struct tailor_message *message)
{
	const struct conf *conf = message->tailor->conf;

	return message->compiled->asks_view && conf->view_keep > 0 &&
	    tailor_track_configured(conf, message->campaign);
}

/* The first HTML part, else the first text part, else an empty one. */
static const struct mime_part *
find_part(const struct mime_message *mime)
{
	static const struct mime_part none = {.kind = MIME_PLAIN, .text = {"", 0}};
	const struct mime_part *plain = &none;

	for (size_t i = 0; i < mime_part_count(mime); i++) {
		const struct mime_part *part = mime_part_at(mime, i);

		if (part->kind == MIME_HTML)
			return part;
		if (part->kind == MIME_PLAIN && plain == &none)
			plain = part;
	}
	return plain;
}

int
tailor_view_reduce(const struct mime_message *mime, const struct conf_campaign *campaign,
    struct buf *out, struct err *err)
{
	struct arena *arena;
	struct str data = STR_NONE;
	int rc;

	if (mime_data(mime, &data, err) < 0)
		return -1;
	arena = arena_new(IMAGES_MEMORY);
	/* Merge tags may ask for the subject. */
	rc = write_source(mime, find_part(mime), campaign->merge_tags == CONF_MERGE_TAGS_MAILCHIMP,
	    data, arena, out, err);
	arena_free(&arena);
	return rc;
}

int
tailor_view_source(const struct tailor_message *message, struct buf *out, struct err *err)
{
	return tailor_view_reduce(message->mime, message->campaign, out, err);
}
