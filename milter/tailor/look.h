/* SPDX-License-Identifier: BSD-2-Clause
 *
 * look: does each copy of a template show a link to unsubscribe, and the postal address?
 *
 * Asked before anything is rendered, and answered so that yes means yes for every recipient.
 *
 * The link, in HTML: an a, an area or an element of VML whose href begins with
 * {{ links.unsubscribe }} or {{ links.preferences }}, which is not marked hidden (see
 * html/visible.h), and in which a text, an output or an image of more than one pixel can be
 * seen. In text: one of these outputs.
 *
 * The address: {{ campaign.postal_address }} printed where it can be seen, or the
 * configured address in the text that can be seen. Upper and lower case, white space, line
 * breaks and the signs , ; | · • between words make no difference; entities are decoded.
 *
 * Not looked at: comments, also those for Outlook; {% raw %}, {% capture %}, {% liquid %}; the
 * values of variables. What stands in a branch counts if it stands in all of them, the one of
 * else included; what stands in a loop doesn't. A partial that is named in quotes counts where
 * it is taken in.
 *
 * Threads: any; touches only its arguments.
 */
#ifndef TAILOR_LOOK_H
#define TAILOR_LOOK_H

#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>

enum { TAILOR_LOOK_UNSUBSCRIBE = 1, TAILOR_LOOK_POSTAL = 2 };

#define TAILOR_LOOK_NOWHERE SIZE_MAX

struct tailor_look_partials {
	/* What a partial holds, in Liquid; it lasts as long as the look. 1, 0 there is none, -1 */
	int (*get)(void *closure, struct str name, struct str *source_r, struct err *err);
	void *closure;
};

struct tailor_look_query {
	bool html;
	const char *postal; /* as tailor_look_fold gave it; NULL: any output of it will do */
	const struct tailor_look_partials *partials; /* NULL: there are none */
};

struct tailor_look_found {
	unsigned has; /* TAILOR_LOOK_UNSUBSCRIBE, TAILOR_LOOK_POSTAL */
	/* Where a footer may be put: outside of all the template's blocks. In HTML before the last
	 * </body>, without one before the last </html>; in text before a line "-- " with which a
	 * signature begins; else at the end. */
	size_t place;
	bool before; /* something comes behind it */
};

/* Text as addresses are compared; for g_free. */
char *tailor_look_fold(struct str text);
/* `source`: Liquid, merge tags translated. What a partial's translation says; nothing else
 * fails: a template that is broken will not compile. */
int tailor_look(const struct tailor_look_query *query, struct str source,
    struct tailor_look_found *found_r, struct err *err);

#endif
