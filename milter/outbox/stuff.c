/* SPDX-License-Identifier: BSD-2-Clause
 *
 * outbox_stuff: see stuff.h
 *
 * Threads: any; touches only its arguments.
 */
#include "outbox/stuff.h"

void
outbox_stuff_init(struct outbox_stuffer *stuffer, const struct str *spans, size_t span_count)
{
	*stuffer = (struct outbox_stuffer){spans, span_count, 0, 0, {'\r', '\n'}};
}

static void
remember(struct outbox_stuffer *stuffer, struct str piece)
{
	if (piece.n == 1)
		stuffer->last[0] = stuffer->last[1];
	else if (piece.n > 1)
		stuffer->last[0] = piece.p[piece.n - 2];
	if (piece.n > 0)
		stuffer->last[1] = piece.p[piece.n - 1];
}

bool
outbox_stuff_next(struct outbox_stuffer *stuffer, struct str *piece_r, bool *dot_r)
{
	struct str rest;
	const char *stop;

	while (
	    stuffer->span < stuffer->span_count && stuffer->at == stuffer->spans[stuffer->span].n) {
		stuffer->span++;
		stuffer->at = 0;
	}
	if (stuffer->span == stuffer->span_count)
		return false;
	rest = (struct str){stuffer->spans[stuffer->span].p + stuffer->at,
	    stuffer->spans[stuffer->span].n - stuffer->at};
	*dot_r = stuffer->last[1] == '\n' && rest.p[0] == '.';
	stop = memmem(rest.p, rest.n, "\n.", 2);
	*piece_r = stop == NULL ? rest : (struct str){rest.p, (size_t)(stop - rest.p) + 1};
	stuffer->at += piece_r->n;
	remember(stuffer, *piece_r);
	return true;
}

struct str
outbox_stuff_end(const struct outbox_stuffer *stuffer)
{
	return memcmp(stuffer->last, "\r\n", 2) == 0 ? STR(".\r\n") : STR("\r\n.\r\n");
}
