/* SPDX-License-Identifier: BSD-2-Clause
 *
 * place: from an offset in a decoded part to a line of the message
 *
 * A part that is not encoded has the message's own lines. In quoted-printable a line of
 * the part begins where the hard line break before it ends. For base64 only the line of
 * the decoded part means anything.
 *
 * Threads: one.
 */
#include "lint/work.h"

size_t
lint_line_of(struct str raw, const char *p)
{
	size_t line = 1;

	if (p == NULL || p < raw.p || p > raw.p + raw.n)
		return 1;
	for (const char *at = raw.p; at < p && (at = memchr(at, '\n', (size_t)(p - at))) != NULL;
	     at++)
		line++;
	return line;
}

static GArray *
line_starts(struct str text)
{
	GArray *starts = g_array_new(FALSE, FALSE, sizeof(size_t));
	size_t at = 0;

	do {
		const char *lf = at < text.n ? memchr(text.p + at, '\n', text.n - at) : NULL;

		g_array_append_val(starts, at);
		at = lf == NULL ? text.n : (size_t)(lf - text.p) + 1;
	} while (at < text.n);
	return starts;
}

static bool
is_coded_break(const char *p, const char *end)
{
	return end - p >= 3 && p[0] == '=' && p[1] == '0' && (p[2] == 'A' || p[2] == 'a');
}

/* RFC 2045 section 6.7: a '=' at the end of a line (rule 5) makes it go on. */
static GArray *
quoted_printable_rows(struct str content, size_t row)
{
	GArray *rows = g_array_new(FALSE, FALSE, sizeof(size_t));
	const char *end = content.p + content.n;

	g_array_append_val(rows, row);
	for (const char *p = content.p; p < end; p++) {
		bool soft = false;

		if (is_coded_break(p, end)) {
			g_array_append_val(rows, row);
		} else if (*p == '\n') {
			const char *last = p;

			row++;
			while (last > content.p && g_ascii_isspace(last[-1]) && last[-1] != '\n')
				last--;
			soft = last > content.p && last[-1] == '=';
			if (!soft)
				g_array_append_val(rows, row);
		}
	}
	return rows;
}

void
lint_piece_init(struct lint *lint, struct lint_piece *piece, const struct tailor_piece *of)
{
	struct str raw = lint->request->raw;

	*piece = (struct lint_piece){.piece = of};
	lint_mask_init(&piece->mask, of->source);
	piece->starts = line_starts(of->source);
	piece->addresses = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	lint_html_init(&piece->html);
	if (of->header != NULL) {
		piece->row = lint_line_of(raw, of->header->name.p);
		return;
	}
	piece->row = lint_line_of(raw, of->part->content.p);
	piece->is_html = of->part->kind == MIME_HTML;
	if (of->part->transfer == MIME_IN_QP)
		piece->rows = quoted_printable_rows(of->part->content, piece->row);
}

void
lint_piece_fini(struct lint_piece *piece)
{
	lint_mask_fini(&piece->mask);
	lint_html_fini(&piece->html);
	if (piece->starts != NULL)
		g_array_free(piece->starts, TRUE);
	if (piece->rows != NULL)
		g_array_free(piece->rows, TRUE);
	if (piece->addresses != NULL)
		g_hash_table_destroy(piece->addresses);
}

struct str
lint_piece_bare(const struct lint_piece *piece)
{
	return (struct str){piece->mask.text, piece->piece->source.n};
}

bool
lint_piece_varies(const struct lint_piece *piece)
{
	return piece->piece->is_template && piece->piece->err.code == ERR_NONE;
}

/* Which line of the source holds the offset, from 0. */
static size_t
line_index(const struct lint_piece *piece, size_t at)
{
	size_t low = 0, high = piece->starts->len;

	while (high - low > 1) {
		size_t middle = (low + high) / 2;

		if (g_array_index(piece->starts, size_t, middle) <= at)
			low = middle;
		else
			high = middle;
	}
	return low;
}

struct lint_place
lint_place_of(const struct lint_piece *piece)
{
	struct lint_place place = {.line = piece->row};

	if (piece->piece->header != NULL)
		place.header = piece->piece->header->name;
	else
		place.part = piece->piece->number;
	return place;
}

struct lint_place
lint_place_at(const struct lint_piece *piece, size_t at)
{
	struct lint_place place = lint_place_of(piece);
	size_t index = line_index(piece, at);

	if (piece->piece->header != NULL)
		return place;
	place.part_line = index + 1;
	if (piece->rows != NULL)
		place.line =
		    g_array_index(piece->rows, size_t, MIN(index, (size_t)piece->rows->len - 1));
	else if (piece->piece->part->transfer == MIME_AS_IS)
		place.line += index;
	else
		place.decoded = true;
	return place;
}

struct lint_place
lint_place_find(const struct lint_piece *piece, struct str text)
{
	struct str source = piece->piece->source;
	const char *found =
	    text.n == 0 || source.n == 0 ? NULL : memmem(source.p, source.n, text.p, text.n);

	return found == NULL ? lint_place_of(piece)
			     : lint_place_at(piece, (size_t)(found - source.p));
}

struct lint_place
lint_place_message(void)
{
	return (struct lint_place){.line = 1};
}
