/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fold: the content lines of a calendar, see layout.h
 *
 * Threads: any; touches only its arguments.
 */
#include "mime/layout.h"

#include <string.h>

#define LINE_BYTES	75
#define CHARACTER_BYTES 4

size_t
mime_unfold(char *p, size_t n)
{
	char *lf = n == 0 ? NULL : memchr(p, '\n', n);
	size_t in, out;

	if (lf == NULL)
		return n;
	for (in = out = (size_t)(lf - p); in < n; in++) {
		if (p[in] == '\n' && in + 1 < n && (p[in + 1] == ' ' || p[in + 1] == '\t'))
			in++;
		else
			p[out++] = p[in];
	}
	return out;
}

/* At most `room` bytes, up to the beginning of a character; what is no UTF-8 has none. */
static size_t
whole_characters(struct str line, size_t room)
{
	size_t n = room;

	if (line.n <= room)
		return line.n;
	while (n > room - CHARACTER_BYTES && ((unsigned char)line.p[n] & 0xc0) == 0x80)
		n--;
	return n > room - CHARACTER_BYTES ? n : room;
}

static struct str
after(struct str s, size_t n)
{
	return (struct str){s.p + n, s.n - n};
}

/* Behind what is there; the new length. */
static size_t
put_line(char *out, size_t n, struct str line)
{
	size_t take = whole_characters(line, LINE_BYTES);

	memcpy(out + n, line.p, take);
	n += take;
	for (line = after(line, take); line.n > 0; line = after(line, take)) {
		take = whole_characters(line, LINE_BYTES - 1);
		memcpy(out + n, "\n ", 2);
		memcpy(out + n + 2, line.p, take);
		n += 2 + take;
	}
	return n;
}

struct str
mime_fold(struct str text, struct arena *arena)
{
	char *out =
	    arena_alloc(arena, text.n + text.n / (LINE_BYTES - 1 - CHARACTER_BYTES) * 2 + 1);
	size_t n = 0;

	if (out == NULL)
		return STR_NONE;
	while (text.n > 0) {
		const char *lf = memchr(text.p, '\n', text.n);
		struct str line = {text.p, lf == NULL ? text.n : (size_t)(lf - text.p)};

		text = after(text, line.n + (lf != NULL));
		while (line.n > 0 && (line.p[0] == ' ' || line.p[0] == '\t'))
			line = after(line, 1);
		if (line.n == 0)
			continue;
		n = put_line(out, n, line);
		if (lf != NULL)
			out[n++] = '\n';
	}
	return (struct str){out, n};
}
