/* SPDX-License-Identifier: BSD-2-Clause
 *
 * content: the pieces of a message that may report something
 *
 * GMime takes the message apart. What it can't (or must not) take apart is one text: damaged
 * reports are read from there. A report inside a report is read as if it stood in its place.
 *
 * Threads: any; touches only its arguments.
 */
#ifndef DELIVERY_CONTENT_H
#define DELIVERY_CONTENT_H

#include "base/arena.h"
#include "mime/mime.h"

#define DELIVERY_BLOCKS_MAX 16

struct delivery_content {
	struct str raw;		     /* line ends are LF, no NUL */
	struct mime_header *headers; /* of the message itself */
	size_t header_count;
	struct str text;			/* for people: UTF-8, LF */
	struct str folded;			/* the same, by delivery_fold; its beginning */
	struct str status[DELIVERY_BLOCKS_MAX]; /* message/delivery-status */
	size_t status_count;
	struct str feedback;	  /* message/feedback-report; {NULL,0}: none */
	struct str disposition;	  /* message/disposition-notification */
	struct str returned;	  /* the header of the message that came back, as it came */
	struct str returned_text; /* its decoded texts, where there are some */
	bool whole;		  /* `returned` was a part: a message/rfc822 or the like */
	bool within;		  /* the report was found in a message/rfc822 */
	bool truncated;
};

/* All memory is in the arena. */
void delivery_content_read(struct str raw, struct arena *arena, struct delivery_content *content_r);

/* The first field of that name, unfolded and decoded; empty if there is none. */
struct str delivery_header(
    const struct delivery_content *content, const char *name, struct arena *arena);
bool delivery_has_header(const struct delivery_content *content, const char *name);

#endif
