/* SPDX-License-Identifier: BSD-2-Clause
 *
 * key: what makes two submissions the same message
 *
 * Threads: any; touches only its arguments.
 */
#include "tailor/tailor.h"

#include <glib.h>

static const struct mime_header *
find(const struct mime_header *headers, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (str_is_nocase(headers[i].name, name))
			return &headers[i];
	}
	return NULL;
}

static void
of_id(struct str campaign, struct str sender, struct str id, char key_r[ID_HEX_SIZE])
{
	const struct str pieces[] = {campaign, sender, id};
	struct id_digest digest = id_digest(pieces, G_N_ELEMENTS(pieces));

	id_hex(&digest, ID_DIGEST_SIZE, key_r);
}

/* Date and Message-ID aside: they are the relay's if it had to make the Message-ID. */
static void
of_content(struct str campaign, struct str sender, const struct mime_header *headers, size_t count,
    struct str body, char key_r[ID_HEX_SIZE])
{
	struct str *pieces = g_new(struct str, 2 * count + 3);
	struct id_digest digest;
	size_t n = 0;

	pieces[n++] = campaign;
	pieces[n++] = sender;
	for (size_t i = 0; i < count; i++) {
		if (str_is_nocase(headers[i].name, "Date") ||
		    str_is_nocase(headers[i].name, "Message-ID"))
			continue;
		pieces[n++] = headers[i].name;
		pieces[n++] = headers[i].value;
	}
	pieces[n++] = body;
	digest = id_digest(pieces, n);
	g_free(pieces);
	id_hex(&digest, ID_DIGEST_SIZE, key_r);
}

/* Postfix gives local clients' messages <TIME.QUEUEID@HOST>, anew for each attempt. */
static bool
made_by_relay(struct str id, struct str queue_id)
{
	const char *dot = id.n == 0 ? NULL : memchr(id.p, '.', id.n);
	struct str rest;

	if (dot == NULL || queue_id.n == 0)
		return false;
	rest = (struct str){dot + 1, (size_t)(id.p + id.n - (dot + 1))};
	return rest.n > queue_id.n && str_starts(rest, queue_id) && rest.p[queue_id.n] == '@';
}

bool
tailor_resubmit_key(struct str campaign, struct str sender, const struct mime_header *headers,
    size_t count, struct str body, struct str queue_id, char key_r[ID_HEX_SIZE])
{
	const struct mime_header *field = find(headers, count, "Message-ID");
	struct str id = field == NULL ? STR_NONE : str_trim(field->value);

	if (id.n == 0 || made_by_relay(id, queue_id)) {
		of_content(campaign, sender, headers, count, body, key_r);
		return false;
	}
	of_id(campaign, sender, id, key_r);
	return true;
}
