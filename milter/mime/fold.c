/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fold: the content lines of a calendar, see layout.h
 *
 * Threads: any; touches only its arguments.
 */
#include "mime/layout.h"

#include <string.h>

#define LINE_BYTES 75

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

/* At most `room` bytes, up to the beginning of a character. */
static size_t
whole_characters(struct str line, size_t room)
{
	size_t n = room;

	if (line.n <= room)
		return line.n;
	while (n > 0 && ((unsigned char)line.p[n] & 0xc0) == 0x80)
		n--;
	return n > 0 ? n : room;
}

struct str
mime_fold(struct str text, struct arena *arena)
{
	size_t size = text.n + text.n / (LINE_BYTES - 4) * 2 + 1, n = 0;
	char *out = arena_alloc(arena, size);
	bool more = text.n > 0;

	if (out == NULL)
		return STR_NONE;
	while (more) {
		const char *lf = memchr(text.p, '\n', text.n);
		struct str line = {text.p, lf == NULL ? text.n : (size_t)(lf - text.p)};
		size_t take = whole_characters(line, LINE_BYTES);

		memcpy(out + n, line.p, take);
		n += take;
		for (line = (struct str){line.p + take, line.n - take}; line.n > 0;
		     line = (struct str){line.p + take, line.n - take}) {
			take = whole_characters(line, LINE_BYTES - 1);
			memcpy(out + n, "\n ", 2);
			memcpy(out + n + 2, line.p, take);
			n += 2 + take;
		}
		if (lf != NULL) {
			out[n++] = '\n';
			text = (struct str){lf + 1, (size_t)(text.p + text.n - lf - 1)};
		}
		more = lf != NULL && text.n > 0;
	}
	return (struct str){out, n};
}
