/* SPDX-License-Identifier: BSD-2-Clause
 *
 * found: the recipients of a report while it is read
 *
 * Threads: one at a time.
 */
#ifndef DELIVERY_FOUND_H
#define DELIVERY_FOUND_H

#include "delivery/report.h"

#include <glib.h>

/* What a report says of one recipient; the texts are kept as they are. */
struct delivery_found {
	struct str address;
	struct str original;
	struct str status; /* RFC 3464's Status; may be empty */
	struct str said;   /* the diagnostic, any lines */
	struct str around; /* more that may tell the reason: its paragraph, the session */
	enum delivery_action action;
};

struct delivery_list {
	struct arena *arena;
	struct delivery_found *items; /* in the arena */
	size_t count;
	size_t size;
	GHashTable *seen; /* folded addresses */
	bool truncated;
};

void delivery_list_init(struct delivery_list *list, struct arena *arena);
void delivery_list_fini(struct delivery_list *list);
/* The one with that address, or NULL. */
struct delivery_found *delivery_list_get(const struct delivery_list *list, struct str address);
/* Texts must be the arena's. One that is there already only gets what it lacks. */
void delivery_list_add(struct delivery_list *list, const struct delivery_found *found);

#endif
