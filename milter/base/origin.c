/* SPDX-License-Identifier: BSD-2-Clause
 *
 * origin: see origin.h
 *
 * Owns:    a copy of the source, and the steps.
 * Threads: one fills it; then any may read.
 */
#include "base/origin.h"

#include <glib.h>

struct step {
	size_t at;
	size_t from;
	bool fixed;
};

struct origin {
	char *source;
	size_t length;
	struct origin *before; /* of the translation before this one, which has the source */
	GArray *steps;	       /* by `at` */
};

struct origin *
origin_new(struct str source)
{
	struct origin *origin = g_new0(struct origin, 1);

	origin->source = g_strndup(source.p, source.n);
	origin->length = source.n;
	origin->steps = g_array_new(FALSE, FALSE, sizeof(struct step));
	return origin;
}

struct origin *
origin_new_after(const struct origin *before, size_t length)
{
	struct origin *origin = g_new0(struct origin, 1);

	origin->before = origin_dup(before);
	origin->length = length;
	origin->steps = g_array_new(FALSE, FALSE, sizeof(struct step));
	return origin;
}

struct origin *
origin_dup(const struct origin *origin)
{
	struct origin *copy = origin->before != NULL
	    ? origin_new_after(origin->before, origin->length)
	    : origin_new((struct str){origin->source, origin->length});

	g_array_append_vals(copy->steps, origin->steps->data, origin->steps->len);
	return copy;
}

void
origin_free(struct origin **origin)
{
	if (*origin == NULL)
		return;
	g_array_free((*origin)->steps, TRUE);
	origin_free(&(*origin)->before);
	g_free((*origin)->source);
	g_free(*origin);
	*origin = NULL;
}

void
origin_add(struct origin *origin, size_t at, size_t from, bool fixed)
{
	const struct step step = {at, from, fixed};

	g_array_append_val(origin->steps, step);
}

void
origin_prepend(struct origin *origin, size_t length)
{
	const struct step first = {0, 0, true};

	for (guint i = 0; i < origin->steps->len; i++)
		g_array_index(origin->steps, struct step, i).at += length;
	g_array_prepend_val(origin->steps, first);
}

size_t
origin_of(const struct origin *origin, size_t at)
{
	guint low = 0, high = origin->steps->len;
	const struct step *step;
	size_t from = 0;

	while (low < high) {
		guint middle = low + (high - low) / 2;

		if (g_array_index(origin->steps, struct step, middle).at <= at)
			low = middle + 1;
		else
			high = middle;
	}
	if (low > 0) {
		step = &g_array_index(origin->steps, struct step, low - 1);
		from = MIN(step->from + (step->fixed ? 0 : at - step->at), origin->length);
	}
	return origin->before == NULL ? from : origin_of(origin->before, from);
}

struct str
origin_source(const struct origin *origin)
{
	if (origin->before != NULL)
		return origin_source(origin->before);
	return (struct str){origin->source, origin->length};
}

void
origin_place(struct str source, size_t at, unsigned *line_r, unsigned *column_r)
{
	*line_r = 1;
	*column_r = 1;
	for (size_t i = 0; i < at && i < source.n; i++) {
		unsigned char c = (unsigned char)source.p[i];

		if (c == '\n') {
			(*line_r)++;
			*column_r = 1;
		} else if ((c & 0xc0) != 0x80) {
			(*column_r)++;
		}
	}
}
