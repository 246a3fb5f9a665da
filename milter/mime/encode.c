/* SPDX-License-Identifier: BSD-2-Clause
 *
 * encode: see encode.h
 *
 * Threads: any; touches only its arguments.
 */
#include "mime/encode.h"

#include "mime/mime.h"

#include <assert.h>
#include <openssl/evp.h>

/* RFC 2045 sections 6.7 and 6.8: lines of at most 76, soft break included. */
#define LINE_MAX_CHARS	76
#define BASE64_IN	57
#define UTF8_MAX_CHARS	12
#define LINE_LONGEST	999 /* RFC 5322 section 2.1.1: 998 and the CR */
#define SOFT_LINE_CHARS (LINE_MAX_CHARS - UTF8_MAX_CHARS)

/* 1: leaves as it is, where it is not last in its line. */
static const unsigned char plain[256] = {
    ['\t'] = 1,
    [' ' ... '<'] = 1,
    ['>' ... '~'] = 1,
};

struct writer {
	char *p;
	size_t n;
	size_t size;
	size_t column;
	bool utf8;
};

struct tally {
	size_t coded; /* bytes that need =XX wherever they stand */
	size_t lines; /* LF */
};

static struct tally
count(struct str text)
{
	struct tally tally = {0, 0};

	for (size_t i = 0; i < text.n; i++) {
		tally.coded += !plain[(unsigned char)text.p[i]];
		tally.lines += text.p[i] == '\n';
	}
	tally.coded -= tally.lines;
	return tally;
}

static void
put(struct writer *w, const char *p, size_t n)
{
	assert(n <= w->size - w->n);
	memcpy(w->p + w->n, p, n);
	w->n += n;
	w->column += n;
}

static void
break_if_over(struct writer *w, size_t coming, bool last)
{
	if (w->column + coming > LINE_MAX_CHARS - (last ? 0 : 1)) {
		put(w, "=\r\n", 3);
		w->column = 0;
	}
}

static void
put_coded(struct writer *w, unsigned char c)
{
	static const char digits[] = "0123456789ABCDEF";
	char code[3] = {'=', digits[c >> 4], digits[c & 15]};

	put(w, code, 3);
}

/* A run of plain characters of one line; `last`: it ends the line. */
static void
put_run(struct writer *w, const char *p, size_t n, bool last)
{
	while (n > 0) {
		size_t room, take;

		break_if_over(w, 1, last && n == 1);
		room = LINE_MAX_CHARS - 1 - w->column;
		take = n <= room || (last && n == room + 1) ? n : room;
		put(w, p, take);
		p += take;
		n -= take;
	}
}

static size_t
utf8_length(const char *p, const char *end)
{
	unsigned char c = (unsigned char)*p;
	size_t most = c < 0xc0 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	size_t n = 1;

	/* Where it is no UTF-8, what follows need not belong to it. */
	while (n < most && p + n < end && ((unsigned char)p[n] & 0xc0) == 0x80)
		n++;
	return n;
}

/* What a relay, a mailbox file or a MIME parser could take for something else at
 * the start of a line: a dot, "From ", a boundary. */
static bool
risky_start(const char *p, const char *end)
{
	struct str line = {p, (size_t)(end - p)};

	return *p == '.' || str_starts(line, STR("From ")) || str_starts(line, STR("--"));
}

static void
put_line(struct writer *w, const char *p, const char *end)
{
	const char *run;
	size_t n;

	w->column = 0;
	if (p < end && risky_start(p, end))
		put_coded(w, (unsigned char)*p++);
	while (p < end) {
		for (run = p; p < end && plain[(unsigned char)*p]; p++)
			;
		/* White space must not end a line: section 6.7, rule 3. */
		if (p == end && (p[-1] == ' ' || p[-1] == '\t'))
			p--;
		put_run(w, run, (size_t)(p - run), p == end);
		if (p == end)
			break;
		n = w->utf8 ? utf8_length(p, end) : 1;
		break_if_over(w, 3 * n, p + n == end);
		for (; n > 0; n--)
			put_coded(w, (unsigned char)*p++);
	}
}

static struct str
encode_qp(struct str text, struct tally tally, bool utf8, struct arena *arena)
{
	const char *p = text.p, *end = text.p + text.n, *lf;
	struct writer w = {.utf8 = utf8};

	/* A line's first and last character may need a code as well, and each soft
	 * break costs three. */
	w.size = text.n + 2 * tally.coded + 5 * (tally.lines + 1);
	w.size += 3 * (w.size / SOFT_LINE_CHARS + 1);
	w.p = arena_alloc(arena, w.size);
	if (w.p == NULL)
		return STR_NONE;
	for (; (lf = memchr(p, '\n', (size_t)(end - p))) != NULL; p = lf + 1) {
		put_line(&w, p, lf > p && lf[-1] == '\r' ? lf - 1 : lf);
		put(&w, "\r\n", 2);
	}
	put_line(&w, p, end);
	return (struct str){w.p, w.n};
}

/* Up to `max` bytes of the text with CRLF line ends. `half`: the LF of a line end
 * is still to come. */
static size_t
take_crlf(struct str *text, bool *half, unsigned char *out, size_t max)
{
	size_t n = 0;

	while (n < max && text->n > 0) {
		if (*text->p == '\n' && !*half) {
			out[n++] = '\r';
			*half = true;
			continue;
		}
		if (*text->p != '\r' || text->n == 1 || text->p[1] != '\n')
			out[n++] = (unsigned char)*text->p;
		*half = false;
		text->p++;
		text->n--;
	}
	return n;
}

static size_t
base64_size(struct str text, struct tally tally)
{
	size_t lines = (text.n + tally.lines) / BASE64_IN + 1;

	return lines * (LINE_MAX_CHARS + 2);
}

static size_t
take_bytes(struct str *bytes, unsigned char *out, size_t max)
{
	size_t n = bytes->n < max ? bytes->n : max;

	if (n > 0)
		memcpy(out, bytes->p, n);
	*bytes = (struct str){bytes->p + n, bytes->n - n};
	return n;
}

static struct str
encode_base64(struct str text, struct tally tally, bool exact, struct arena *arena)
{
	unsigned char chunk[BASE64_IN];
	bool half = false;
	/* EVP_EncodeBlock writes a NUL. */
	char *out = arena_alloc(arena, base64_size(text, tally) + 1);
	size_t n, len = 0;

	if (out == NULL)
		return STR_NONE;
	while ((n = exact ? take_bytes(&text, chunk, sizeof chunk)
			  : take_crlf(&text, &half, chunk, sizeof chunk)) > 0) {
		if (len > 0) {
			memcpy(out + len, "\r\n", 2);
			len += 2;
		}
		len += (size_t)EVP_EncodeBlock((unsigned char *)out + len, chunk, (int)n);
	}
	return (struct str){out, len};
}

struct str
mime_encode(
    struct str text, enum mime_form form, struct arena *arena, enum mime_encoding *encoding_r)
{
	struct tally tally = count(text);
	size_t qp = text.n + 2 * tally.coded + tally.lines;

	qp += qp / (LINE_MAX_CHARS - 1) * 3;
	*encoding_r = form != MIME_FORM_BYTES && qp <= base64_size(text, tally) / 5 * 6
	    ? MIME_QP
	    : MIME_BASE64;
	if (*encoding_r == MIME_QP)
		return encode_qp(text, tally, form == MIME_FORM_UTF8, arena);
	return encode_base64(text, tally, form == MIME_FORM_BYTES, arena);
}

bool
mime_survives(struct str content)
{
	size_t line = 0;

	for (size_t i = 0; i < content.n; i++) {
		unsigned char c = (unsigned char)content.p[i];

		if (c == '\n') {
			line = 0;
			continue;
		}
		if (c >= 0x80 || c == '\0' || ++line > LINE_LONGEST ||
		    (c == '\r' && (i + 1 == content.n || content.p[i + 1] != '\n')))
			return false;
	}
	return true;
}
