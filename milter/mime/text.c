/* SPDX-License-Identifier: BSD-2-Clause
 *
 * text: see text.h
 *
 * Owns:    nothing; results are GLib memory.
 * Threads: any.
 */
#include "mime/text.h"

#define CHARSET_MAX 64

/* Nothing but the alphabet and white space, and no lone last character, which
 * decoders disagree about. */
static bool
is_base64(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (g_ascii_isalnum(s.p[i]) || s.p[i] == '+' || s.p[i] == '/')
			n++;
		else if (s.p[i] == '\0' || strchr("= \t\r\n", s.p[i]) == NULL)
			return false;
	}
	return n % 4 != 1;
}

static bool
decode_transfer(struct str content, GMimeContentEncoding encoding, char **data_r, size_t *n_r)
{
	GMimeEncoding state;

	switch (encoding) {
	case GMIME_CONTENT_ENCODING_BASE64:
		if (!is_base64(content))
			return false;
		break;
	case GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE:
		break;
	case GMIME_CONTENT_ENCODING_DEFAULT:
	case GMIME_CONTENT_ENCODING_7BIT:
	case GMIME_CONTENT_ENCODING_8BIT:
	case GMIME_CONTENT_ENCODING_BINARY:
		*data_r = g_malloc(content.n + 1);
		memcpy(*data_r, content.p, content.n);
		*n_r = content.n;
		return true;
	default:
		return false;
	}
	g_mime_encoding_init_decode(&state, encoding);
	*data_r = g_malloc(g_mime_encoding_outlen(&state, content.n) + 1);
	*n_r = g_mime_encoding_flush(&state, content.p, content.n, *data_r);
	return true;
}

/* A name that iconv may be given: GNU iconv takes //TRANSLIT and the like after
 * a slash. */
static bool
charset_name(struct str charset, char name[CHARSET_MAX])
{
	if (charset.n == 0 || charset.n >= CHARSET_MAX)
		return false;
	for (size_t i = 0; i < charset.n; i++) {
		if (!g_ascii_isalnum(charset.p[i]) && strchr("-_.:+", charset.p[i]) == NULL)
			return false;
		name[i] = charset.p[i];
	}
	name[charset.n] = '\0';
	return memchr(charset.p, '\0', charset.n) == NULL;
}

static bool
is_ascii(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)p[i] >= 0x80)
			return false;
	}
	return true;
}

static bool
has_c1(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (((unsigned char)p[i] & 0xe0) == 0x80)
			return true;
	}
	return false;
}

/* Replaces `*data` by its UTF-8 form. */
static bool
convert(const char *charset, char **data, size_t *n)
{
	char *utf8;
	gsize written;

	/* What calls itself ISO 8859-1 and uses the C1 range is windows-1252, and
	 * every mail reader shows it so. */
	if (g_ascii_strcasecmp(charset, "iso-8859-1") == 0 && has_c1(*data, *n))
		charset = "windows-1252";
	utf8 = g_convert(
	    *data, (gssize)*n, "UTF-8", g_mime_charset_iconv_name(charset), NULL, &written, NULL);
	if (utf8 == NULL)
		return false;
	g_free(*data);
	*data = utf8;
	*n = written;
	return true;
}

static bool
to_utf8(struct str charset, char **data, size_t *n)
{
	char name[CHARSET_MAX];

	if (charset.p == NULL)
		return true;
	if (!charset_name(charset, name))
		return false;
	if (g_ascii_strcasecmp(name, "utf-8") == 0 || g_ascii_strcasecmp(name, "utf8") == 0)
		return true;
	if (g_ascii_strcasecmp(name, "us-ascii") == 0 || g_ascii_strcasecmp(name, "ascii") == 0)
		return is_ascii(*data, *n);
	return convert(name, data, n);
}

static size_t
crlf_to_lf(char *p, size_t n)
{
	char *cr = memchr(p, '\r', n);
	size_t in, out;

	if (cr == NULL)
		return n;
	for (in = out = (size_t)(cr - p); in < n; in++) {
		if (p[in] != '\r' || in + 1 == n || p[in + 1] != '\n')
			p[out++] = p[in];
	}
	return out;
}

bool
mime_transfer_decode(struct str content, GMimeContentEncoding encoding, struct str *data_r)
{
	char *data;
	size_t n;

	if (!decode_transfer(content, encoding, &data, &n))
		return false;
	*data_r = (struct str){data, n};
	return true;
}

/* Does ASCII stand for itself? In UTF-16 it doesn't. */
static bool
holds_ascii(const char *name)
{
	static const char sample[] = "Az09 .=-\r\n";
	gsize n;
	char *there = g_convert(sample, -1, name, "UTF-8", NULL, &n, NULL);
	bool same = there != NULL && n == strlen(sample) && memcmp(there, sample, n) == 0;

	g_free(there);
	return same;
}

bool
mime_text_fit(struct str charset, struct str text, struct str *data_r)
{
	char name[CHARSET_MAX];
	const char *iconv_name;
	gsize n;
	char *data;

	if (is_ascii(text.p, text.n) && charset.p == NULL) {
		*data_r = (struct str){g_strndup(text.p, text.n), text.n};
		return true;
	}
	if (charset.p == NULL || !charset_name(charset, name))
		return false;
	iconv_name = g_mime_charset_iconv_name(name);
	if (!holds_ascii(iconv_name))
		return false;
	data = g_convert(text.p, (gssize)text.n, iconv_name, "UTF-8", NULL, &n, NULL);
	if (data == NULL)
		return false;
	*data_r = (struct str){data, n};
	return true;
}

bool
mime_text_decode(
    struct str content, GMimeContentEncoding encoding, struct str charset, struct str *text_r)
{
	char *data;
	size_t n;

	if (!decode_transfer(content, encoding, &data, &n))
		return false;
	if (!to_utf8(charset, &data, &n) || memchr(data, '\0', n) != NULL ||
	    !g_utf8_validate_len(data, n, NULL)) {
		g_free(data);
		return false;
	}
	*text_r = (struct str){data, crlf_to_lf(data, n)};
	return true;
}
