/* SPDX-License-Identifier: BSD-2-Clause
 *
 * outbox_stuff: a message cut into pieces between which dots go (RFC 5321 section 4.5.2)
 *
 * A line is taken to begin after every LF, with or without CR: then no reader, strict or
 * lenient, finds an end of data inside the message.
 */
#ifndef OUTBOX_STUFF_H
#define OUTBOX_STUFF_H

#include "base/str.h"

/* Where we are in the message. */
struct outbox_stuffer {
	const struct str *spans;
	size_t span_count, span, at;
	char last[2]; /* the two bytes before, to know line starts across spans */
};

void outbox_stuff_init(struct outbox_stuffer *stuffer, const struct str *spans, size_t span_count);
/* The next piece; `dot_r`: a dot must be put in front of it. False at the end. */
bool outbox_stuff_next(struct outbox_stuffer *stuffer, struct str *piece_r, bool *dot_r);
/* What ends the data, once all pieces were taken: the final dot, after a line end if the message
 * has none. */
struct str outbox_stuff_end(const struct outbox_stuffer *stuffer);

#endif
