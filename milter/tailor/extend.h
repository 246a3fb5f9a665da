/* SPDX-License-Identifier: BSD-2-Clause
 *
 * extend: what the engine shows plugins of a copy, and lets them do to it
 */
#ifndef TAILOR_EXTEND_H
#define TAILOR_EXTEND_H

#include "plugin/plugin.h"
#include "tailor/internal.h"

/* So many fields may plugins add to one copy. */
#define TAILOR_EXTEND_HEADERS 50

struct tailor_extend {
	struct plugin_copy plugins;
	struct arena *arena;
	struct tailor_links *links;
	struct tailor_copy *copy;
	size_t header_room;	    /* how many fields copy->headers may hold */
	struct tailor_header *mark; /* as they were before a hook */
	size_t mark_count;
};

/* Fills in what plugins see. `links` and `copy` must outlive it. Without plugins nothing is
 * called later. */
int tailor_extend_init(struct tailor_extend *extend, const struct tailor_message *message,
    const struct tailor_contact *contact, struct str recipient, struct arena *arena,
    struct tailor_links *links, struct tailor_copy *copy, int64_t now_ms, struct err *err);
/* May the copy leave? 1: no, verdict, reason and later_ms are set. */
int tailor_extend_gates(struct tailor_extend *extend, struct err *err);
/* Text of a part after its template: 1 it was changed, 0, -1. */
int tailor_extend_part(struct tailor_extend *extend, const struct mime_part *part, size_t number,
    struct str *text_r, struct err *err);
/* When all fields of the copy are there but the signatures. */
int tailor_extend_headers(struct tailor_extend *extend, size_t room, struct err *err);

#endif
