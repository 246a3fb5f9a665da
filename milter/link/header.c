/* SPDX-License-Identifier: BSD-2-Clause
 *
 * header: see header.h
 */
#include "link/header.h"

#include "base/buf.h"
#include "link/internal.h"

#include <ctype.h>
#include <glib.h>

#define FIELD_MAX 64
/* RFC 2919 section 2: at most 255 octets; names for people have no limit there. */
#define LIST_ID_MAX   255
#define LIST_NAME_MAX 500
/* RFC 2047 section 2: an encoded word has at most 75 characters, "=?UTF-8?B?" and "?=" among
 * them; 45 bytes are 60 letters. */
#define WORD_BYTES 45

static int
finish(struct buf *out, struct arena *arena, struct str *value_r, struct err *err)
{
	int rc = 0;

	*value_r = out->full ? STR_NONE : arena_str(arena, buf_str(out));
	if (value_r->p == NULL)
		rc = err_set(err, ERR_LIMIT, "header field: too long");
	buf_fini(out);
	return rc;
}

/* An address that stands between < and >. */
static bool
uri_ok(struct str uri, size_t max)
{
	for (size_t i = 0; i < uri.n; i++) {
		if (uri.p[i] <= ' ' || uri.p[i] > '~' || strchr("<>\"", uri.p[i]) != NULL)
			return false;
	}
	return uri.n <= max;
}

/* RFC 6068 section 2: what a local part may have that an address of the web may not. */
static void
add_mailto(struct buf *out, struct str address)
{
	buf_add_c(out, "<mailto:");
	for (size_t i = 0; i < address.n; i++) {
		if (strchr("%&?#/^`{|}=", address.p[i]) != NULL)
			buf_printf(out, "%%%02X", (unsigned char)address.p[i]);
		else
			buf_add_char(out, address.p[i]);
	}
	buf_add_c(out, "?subject=unsubscribe>");
}

int
link_list_unsubscribe(
    struct str url, struct str address, struct arena *arena, struct str *value_r, struct err *err)
{
	struct buf out;

	if ((url.n == 0 && address.n == 0) || (url.n > 0 && link_scheme(url) == 0) ||
	    !uri_ok(url, 900) || !uri_ok(address, 320) ||
	    (address.n > 0 && memchr(address.p, '@', address.n) == NULL))
		return err_set(
		    err, ERR_INPUT, "List-Unsubscribe: expected an address of the web or of mail");
	buf_init(&out, 4000);
	buf_add_c(&out, " ");
	if (url.n > 0)
		buf_printf(&out, "<%.*s>", STR_F(url));
	if (url.n > 0 && address.n > 0)
		buf_add_c(&out, ",\r\n ");
	if (address.n > 0)
		add_mailto(&out, address);
	return finish(&out, arena, value_r, err);
}

struct str
link_list_unsubscribe_post(struct str url)
{
	return link_scheme(url) == sizeof "https://" - 1 ? STR(" List-Unsubscribe=One-Click")
							 : STR_NONE;
}

static bool
id_char(unsigned char c)
{
	return c < 0x80 && (isalnum(c) || c == '.' || c == '_' || c == '-');
}

static void
add_field(struct buf *out, struct str field)
{
	for (size_t i = 0; i < field.n && i < FIELD_MAX; i++)
		buf_add_char(out, id_char((unsigned char)field.p[i]) ? field.p[i] : '_');
	buf_add_char(out, ':');
}

int
link_feedback_id(struct str campaign, struct str customer, struct str type, struct str sender,
    struct arena *arena, struct str *value_r, struct err *err)
{
	struct buf out;

	for (size_t i = 0; i < sender.n || i < 5; i++) {
		if (i >= sender.n || i >= 15 || !id_char((unsigned char)sender.p[i]))
			return err_set(err, ERR_INPUT,
			    "Feedback-ID: expected a sender of 5 to 15 letters, digits, \".\", "
			    "\"_\" and \"-\"");
	}
	buf_init(&out, 400);
	buf_add_char(&out, ' ');
	add_field(&out, campaign);
	add_field(&out, customer);
	add_field(&out, type);
	buf_add_str(&out, sender);
	return finish(&out, arena, value_r, err);
}

/* Labels of letters, digits, "_" and "-", two of them at least. */
static bool
list_id_ok(struct str id)
{
	struct str rest = id, label;
	size_t labels = 0;

	if (id.n == 0 || id.n > LIST_ID_MAX)
		return false;
	for (; str_split(&rest, '.', &label); labels++) {
		if (label.n == 0)
			return false;
		for (size_t i = 0; i < label.n; i++) {
			if (!id_char((unsigned char)label.p[i]))
				return false;
		}
	}
	return labels > 1;
}

/* RFC 2047 section 2, words of whole characters. */
static void
add_words(struct buf *out, struct str text)
{
	while (text.n > 0) {
		size_t n = text.n < WORD_BYTES ? text.n : WORD_BYTES;
		char *letters;

		while (n < text.n && ((unsigned char)text.p[n] & 0xc0) == 0x80)
			n--;
		letters = g_base64_encode((const guchar *)text.p, n);
		buf_printf(out, "=?UTF-8?B?%s?=", letters);
		g_free(letters);
		text = (struct str){text.p + n, text.n - n};
		if (text.n > 0)
			buf_add_c(out, "\r\n ");
	}
}

static void
add_quoted(struct buf *out, struct str text)
{
	buf_add_char(out, '"');
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '"' || text.p[i] == '\\')
			buf_add_char(out, '\\');
		buf_add_char(out, text.p[i]);
	}
	buf_add_char(out, '"');
}

/* A name with "=?" in it would be read as an encoded word. */
static bool
plain(struct str name)
{
	for (size_t i = 0; i < name.n; i++) {
		if ((unsigned char)name.p[i] >= 0x80)
			return false;
	}
	return name.n <= 60 && !str_has(name, STR("=?"));
}

static bool
name_ok(struct str name)
{
	for (size_t i = 0; i < name.n; i++) {
		if ((unsigned char)name.p[i] < ' ' || name.p[i] == 0x7f)
			return false;
	}
	return name.n <= LIST_NAME_MAX &&
	    (name.n == 0 || g_utf8_validate(name.p, (gssize)name.n, NULL));
}

int
link_list_id(
    struct str name, struct str id, struct arena *arena, struct str *value_r, struct err *err)
{
	struct buf out;

	if (!list_id_ok(id))
		return err_set(err, ERR_INPUT,
		    "List-Id: expected an id like a host name, as in news.shop.example");
	if (!name_ok(name))
		return err_set(err, ERR_INPUT,
		    "List-Id: expected a name in UTF-8 without control characters, at most %d "
		    "bytes",
		    LIST_NAME_MAX);
	buf_init(&out, 4000);
	buf_add_char(&out, ' ');
	if (name.n > 0 && plain(name))
		add_quoted(&out, name);
	else
		add_words(&out, name);
	if (name.n > 0)
		buf_add_c(&out, "\r\n ");
	buf_printf(&out, "<%.*s>", STR_F(id));
	return finish(&out, arena, value_r, err);
}
