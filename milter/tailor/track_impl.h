/* SPDX-License-Identifier: BSD-2-Clause
 *
 * track_impl: what track.c finds in a message's sources, and links.c makes into links
 *
 * For these two only.
 */
#ifndef TAILOR_TRACK_IMPL_H
#define TAILOR_TRACK_IMPL_H

#include "tailor/track.h"

#include <glib.h>

/* Ceilings of one part: no newsletter comes near. */
#define TRACK_LINKS_MAX 5000

struct tailor_target {
	char *address; /* where it leads, utm parameters added; NULL: known after rendering */
	char *written; /* the value as the author wrote it */
	enum html_quote quote;
	enum html_use use;
	enum html_scheme own; /* of what the author wrote in front */
	bool untracked;	      /* only its scheme counts */
	int64_t id;
};

struct tailor_track {
	char *campaign;
	int64_t campaign_id;
	struct str base;
	struct link_utm utm;
	bool clicks;
	bool opens;
	bool hidden; /* a link that no person sees */
	bool text;   /* links in text parts, too */
	bool mail;   /* tokens stand in mail addresses of this campaign */
	struct html_marks marks;
	GArray *targets; /* struct tailor_target */
	GArray *quotes;	 /* enum html_quote of each */
	size_t dynamic;
	bool unmarked;	/* there are addresses that template tags make and that have no mark */
	GPtrArray *odd; /* what html_use_ok does not like, but the author wrote: char * */
};

/* Links that are worth a click: to the web, and not to the tracking host itself. */
bool tailor_track_wants(const struct tailor_track *track, struct str address);

#endif
