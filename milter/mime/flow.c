/* SPDX-License-Identifier: BSD-2-Clause
 *
 * flow: format=flowed, see layout.h
 *
 * Section numbers are those of RFC 3676.
 *
 * Threads: any; touches only its arguments.
 */
#include "base/buf.h"
#include "mime/layout.h"

#include <glib.h>
#include <stdint.h>

#define LINE_CHARS 72
#define LINE_LEAST 20
/* What is quoted deeper stays in one line. */
#define DEPTH_MAX 50
/* A quote prefix and a line end for every few bytes. */
#define GROWTH 8
#define EXTRA  1024

struct line {
	size_t depth;
	struct str content; /* without quote marks and the space that stuffs it */
};

static struct line
read_line(struct str text, bool stuffed)
{
	struct line line = {.depth = 0};

	while (line.depth < text.n && text.p[line.depth] == '>')
		line.depth++;
	line.content = (struct str){text.p + line.depth, text.n - line.depth};
	if ((stuffed || line.depth > 0) && str_starts(line.content, STR(" ")))
		line.content = (struct str){line.content.p + 1, line.content.n - 1};
	return line;
}

/* Section 4.3: neither flowed nor part of a paragraph. */
static bool
is_signature_mark(struct str content)
{
	return str_is(content, "-- ");
}

static void
put_quotes(GString *out, const struct line *line)
{
	for (size_t i = 0; i < line->depth; i++)
		g_string_append_c(out, '>');
	if ((line->depth > 0 && line->content.n > 0) || str_starts(line->content, STR(">")))
		g_string_append_c(out, ' ');
}

struct str
mime_unflow(struct str text, enum mime_flow flow)
{
	GString *out = g_string_sized_new(text.n + 1);
	struct str rest = text;
	size_t depth = 0, size;
	bool open = false;

	while (rest.n > 0) {
		const char *lf = memchr(rest.p, '\n', rest.n);
		size_t n = lf == NULL ? rest.n : (size_t)(lf - rest.p);
		struct line line = read_line((struct str){rest.p, n}, true);
		bool mark = is_signature_mark(line.content);
		bool flowed = !mark && str_ends_nocase(line.content, STR(" "));

		/* Section 4.5: a paragraph ends where the depth of the quote changes. */
		if (open && (mark || line.depth != depth)) {
			g_string_append_c(out, '\n');
			open = false;
		}
		if (!open)
			put_quotes(out, &line);
		g_string_append_len(out, line.content.p,
		    (gssize)(line.content.n - (flowed && flow == MIME_FLOWED_DELSP)));
		open = flowed;
		depth = line.depth;
		n += lf != NULL;
		if (lf != NULL && !flowed)
			g_string_append_c(out, '\n');
		rest = (struct str){rest.p + n, rest.n - n};
	}
	/* The last line end is no break within a paragraph. */
	if (open && text.p[text.n - 1] == '\n')
		g_string_append_c(out, '\n');
	g_free((char *)(uintptr_t)text.p);
	size = out->len;
	return (struct str){g_string_free(out, FALSE), size};
}

/* --- and back --- */

/* How much of `content` becomes the next line; all of it is the paragraph's end. */
static size_t
take_line(struct str content, size_t width)
{
	size_t chars = 0, at = 0;

	for (size_t i = 0; i < content.n; i++) {
		chars += ((unsigned char)content.p[i] & 0xc0) != 0x80;
		if (chars > width && at > 0)
			return at;
		if (content.p[i] == ' ' && i + 1 < content.n && content.p[i + 1] != ' ' &&
		    !is_signature_mark((struct str){content.p, i + 1}))
			at = i + 1;
	}
	return chars > width && at > 0 ? at : content.n;
}

/* Section 4.4. A first line of " >" is stuffed already. */
static bool
needs_stuffing(const struct line *line, struct str piece)
{
	if (line->depth > 0)
		return piece.n > 0;
	if (piece.p == line->content.p && str_starts(piece, STR(" >")))
		return false;
	return str_starts(piece, STR(" ")) || str_starts(piece, STR(">")) ||
	    str_starts(piece, STR("From "));
}

static void
put_piece(struct buf *out, const struct line *line, struct str piece)
{
	for (size_t i = 0; i < line->depth; i++)
		buf_add_char(out, '>');
	if (needs_stuffing(line, piece))
		buf_add_char(out, ' ');
	buf_add_str(out, piece);
}

static void
put_paragraph(struct buf *out, struct line line, enum mime_flow flow)
{
	size_t width = LINE_CHARS - 1 - MIN(line.depth, (size_t)DEPTH_MAX);
	struct str rest;

	/* A space at its end would make it flow into the next one. */
	while (!is_signature_mark(line.content) && str_ends_nocase(line.content, STR(" ")))
		line.content.n--;
	rest = line.content;
	while (line.depth <= DEPTH_MAX) {
		size_t n = take_line(rest, MAX(width, (size_t)LINE_LEAST));

		if (n == rest.n)
			break;
		put_piece(out, &line, (struct str){rest.p, n});
		buf_add_c(out, flow == MIME_FLOWED_DELSP ? " \n" : "\n");
		rest = (struct str){rest.p + n, rest.n - n};
	}
	put_piece(out, &line, rest);
}

struct str
mime_flow(struct str text, enum mime_flow flow, struct arena *arena)
{
	struct str rest = text, result = STR_NONE;
	struct buf out;

	buf_init(&out, GROWTH * text.n + EXTRA);
	while (rest.n > 0) {
		const char *lf = memchr(rest.p, '\n', rest.n);
		size_t n = lf == NULL ? rest.n : (size_t)(lf - rest.p);

		put_paragraph(&out, read_line((struct str){rest.p, n}, false), flow);
		n += lf != NULL;
		if (lf != NULL)
			buf_add_char(&out, '\n');
		rest = (struct str){rest.p + n, rest.n - n};
	}
	if (!out.full)
		result = out.len == 0 ? STR("") : arena_str(arena, buf_str(&out));
	buf_fini(&out);
	return result;
}
