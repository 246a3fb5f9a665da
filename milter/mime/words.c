/* SPDX-License-Identifier: BSD-2-Clause
 *
 * words: see words.h
 *
 * Owns:    nothing.
 * Threads: any; touches only its arguments.
 */
#include "mime/words.h"

#include <glib.h>
#include <openssl/evp.h>

#define FOLD_AT	  78  /* RFC 5322 section 2.1.1 */
#define LINE_MOST 998 /* the same */

/* RFC 2047 section 2: an encoded-word has at most 75 characters and its line 76. */
#define WORD_MAX      75
#define WORD_LINE_MAX 76
#define WORD_OVERHEAD        \
	(sizeof("=?utf-8?Q?" \
		"?=") -      \
	    1)
#define PAYLOAD_MAX (WORD_MAX - WORD_OVERHEAD)

char *
mime_words_clean(struct str text)
{
	char *p = g_utf8_make_valid(text.p == NULL ? "" : text.p, (gssize)text.n);
	struct str trimmed;

	for (char *c = p; *c != '\0'; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = ' ';
	}
	trimmed = str_trim(str_c(p));
	memmove(p, trimmed.p, trimmed.n);
	p[trimmed.n] = '\0';
	return p;
}

bool
mime_words_plain(struct str text, size_t column)
{
	size_t word = 0;

	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < ' ' || text.p[i] > '~')
			return false;
		word = text.p[i] == ' ' ? 0 : word + 1;
		if (column + 1 + word > LINE_MOST)
			return false;
	}
	return !str_has(text, STR("=?"));
}

static void
put(struct mime_words *words, const char *p, size_t n)
{
	buf_add(words->out, p, n);
	words->column += n;
}

static void
fold(struct mime_words *words)
{
	buf_add(words->out, "\r\n", 2);
	words->column = 0;
}

void
mime_words_put(struct mime_words *words, struct str text)
{
	const char *p = text.p, *end = text.p + text.n, *start;
	bool first = true;

	put(words, " ", 1);
	while (p < end) {
		for (start = p; p < end && *p == ' '; p++)
			;
		for (; p < end && *p != ' '; p++)
			;
		if (!first && words->column + (size_t)(p - start) > FOLD_AT)
			fold(words);
		put(words, start, (size_t)(p - start));
		first = false;
	}
}

/* RFC 2047 section 5, rule 3: what may stand in an encoded-word of a phrase. */
static bool
q_plain(unsigned char c)
{
	return g_ascii_isalnum(c) || (c != '\0' && strchr("!*+-/", c) != NULL);
}

static size_t
q_size(const char *p, size_t n)
{
	size_t size = 0;

	for (size_t i = 0; i < n; i++)
		size += q_plain((unsigned char)p[i]) || p[i] == ' ' ? 1 : 3;
	return size;
}

static size_t
b_size(size_t n)
{
	return (n + 2) / 3 * 4;
}

/* The longest start of `text` that ends with a character and needs at most
 * `room`; one character at least. */
static size_t
take(struct str text, bool q, size_t room)
{
	size_t n = 0, used = 0, next;

	while (n < text.n) {
		next = (size_t)g_utf8_skip[(unsigned char)text.p[n]];
		used = q ? used + q_size(text.p + n, next) : b_size(n + next);
		if (used > room && n > 0)
			break;
		n += next;
	}
	return n;
}

static void
put_q(struct mime_words *words, const char *p, size_t n)
{
	char code[4];

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)p[i];

		if (q_plain(c)) {
			put(words, p + i, 1);
		} else if (c == ' ') {
			put(words, "_", 1);
		} else {
			g_snprintf(code, sizeof code, "=%02X", c);
			put(words, code, 3);
		}
	}
}

static void
put_b(struct mime_words *words, const char *p, size_t n)
{
	unsigned char code[WORD_MAX + 1];
	int len = EVP_EncodeBlock(code, (const unsigned char *)p, (int)n);

	put(words, (const char *)code, (size_t)len);
}

void
mime_words_encode(struct mime_words *words, struct str text)
{
	bool q = q_size(text.p, text.n) <= b_size(text.n);
	size_t room, n;

	while (text.n > 0) {
		room = words->column + 1 + WORD_OVERHEAD;
		room = room < WORD_LINE_MAX ? WORD_LINE_MAX - room : 0;
		n = take(text, q, room < PAYLOAD_MAX ? room : PAYLOAD_MAX);
		put(words, q ? " =?utf-8?Q?" : " =?utf-8?B?", WORD_OVERHEAD - 1);
		if (q)
			put_q(words, text.p, n);
		else
			put_b(words, text.p, n);
		put(words, "?=", 2);
		text.p += n;
		text.n -= n;
		if (text.n > 0)
			fold(words);
	}
}

/* The payload of the B word at `p`; {NULL,0} if there is none. RFC 2047 section 2:
 * =?charset?B?payload?= without spaces. */
static struct str
b_payload(const char *p)
{
	const char *end = p + 2 + strcspn(p + 2, "? \t");
	size_t n;

	if (end[0] != '?' || (end[1] != 'B' && end[1] != 'b') || end[2] != '?')
		return STR_NONE;
	end += 3;
	n = strcspn(end, "? \t");
	if (end[n] != '?' || end[n + 1] != '=')
		return STR_NONE;
	return (struct str){end, n};
}

static void
append_q(GString *out, struct str payload)
{
	char *text = g_strndup(payload.p, payload.n);
	gsize n = 0;

	if (payload.n > 0)
		g_base64_decode_inplace(text, &n);
	g_string_append(out, "Q?");
	for (gsize i = 0; i < n; i++)
		g_string_append_printf(out, "=%02X", (unsigned char)text[i]);
	g_string_append(out, "?=");
	g_free(text);
}

static char *
b_to_q(const char *value)
{
	GString *out = g_string_new(NULL);
	const char *p = value, *next;
	struct str payload;

	for (; (next = strstr(p, "=?")) != NULL; p = next) {
		payload = b_payload(next);
		if (payload.p == NULL) {
			next += 2;
			g_string_append_len(out, p, next - p);
			continue;
		}
		g_string_append_len(out, p, payload.p - 2 - p);
		append_q(out, payload);
		next = payload.p + payload.n + 2;
	}
	g_string_append(out, p);
	return g_string_free(out, FALSE);
}

/* Without its line ends, folding white space is white space. */
static void
unfold(char *text)
{
	char *out = text;

	for (; *text != '\0'; text++) {
		if (*text != '\r' && *text != '\n')
			*out++ = *text;
	}
	*out = '\0';
}

char *
mime_words_read(struct str value)
{
	char *valid = g_utf8_make_valid(value.p == NULL ? "" : value.p, (gssize)value.n);
	char *result;

	unfold(valid);
	result = b_to_q(valid);
	g_free(valid);
	return result;
}
