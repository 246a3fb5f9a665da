/* SPDX-License-Identifier: BSD-2-Clause
 *
 * seal: what is signed or encrypted, by OpenPGP or S/MIME
 *
 * Any other byte in it, and nobody can verify or read it any more: so nothing is changed.
 *
 * Threads: written by the parser alone; read by any.
 */
#include "mime/message.h"

/* RFC 8551 section 3.2. Compressed data and lists of certificates protect nothing, but no text
 * can be read in them either. */
static const char *
of_pkcs7(GMimeContentType *type, const char **kind_r)
{
	const char *smime = g_mime_content_type_get_parameter(type, "smime-type");

	*kind_r =
	    smime != NULL && g_ascii_strcasecmp(smime, "signed-data") == 0 ? "signed" : "encrypted";
	return smime != NULL &&
		(g_ascii_strcasecmp(smime, "certs-only") == 0 ||
		    g_ascii_strcasecmp(smime, "compressed-data") == 0)
	    ? NULL
	    : "application/pkcs7-mime";
}

const char *
mime_seal_of(GMimeObject *object, const char **kind_r)
{
	GMimeContentType *type = g_mime_object_get_content_type(object);

	*kind_r = "signed";
	if (GMIME_IS_MULTIPART_SIGNED(object))
		return "multipart/signed";
	if (GMIME_IS_MULTIPART_ENCRYPTED(object)) {
		*kind_r = "encrypted";
		return "multipart/encrypted";
	}
	if (g_mime_content_type_is_type(type, "application", "pkcs7-mime") ||
	    g_mime_content_type_is_type(type, "application", "x-pkcs7-mime"))
		return of_pkcs7(type, kind_r);
	return NULL;
}

static bool
has_line(struct str text, struct str line)
{
	const char *p = text.p, *end = text.p + text.n;

	while ((p = memmem(p, (size_t)(end - p), line.p, line.n)) != NULL) {
		if (p == text.p || p[-1] == '\n')
			return true;
		p += line.n;
	}
	return false;
}

/* RFC 9580 sections 6.2 and 7: a text part may hold OpenPGP as text. */
const char *
mime_seal_of_text(struct str text, const char **kind_r)
{
	if (text.n == 0)
		return NULL;
	*kind_r = "signed";
	if (has_line(text, STR("-----BEGIN PGP SIGNED MESSAGE-----")))
		return "OpenPGP in a text part";
	*kind_r = "encrypted";
	return has_line(text, STR("-----BEGIN PGP MESSAGE-----")) ? "OpenPGP in a text part" : NULL;
}

void
mime_seal_note(struct mime_message *message, const char *how, const char *kind, bool whole)
{
	if (message->seal.how == NULL)
		message->seal = (struct mime_seal){.kind = kind, .how = how, .whole = whole};
}

const struct mime_seal *
mime_seal(const struct mime_message *message)
{
	return message->seal.how == NULL ? NULL : &message->seal;
}
