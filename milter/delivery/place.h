/* SPDX-License-Identifier: BSD-2-Clause
 *
 * place: where addresses stand in a text for people
 *
 * The shapes of form_words.c weigh each place: an address alone in its line is a recipient, one
 * in the middle of a sentence mostly is not.
 *
 * Threads: any; touches only its arguments.
 */
#ifndef DELIVERY_PLACE_H
#define DELIVERY_PLACE_H

#include "delivery/form.h"

struct delivery_place {
	struct str address;
	struct str behind; /* the rest of its line */
	const char *line;
	enum delivery_weight weight;
	bool reply; /* "550 <...>... User unknown" */
};

struct delivery_places {
	struct delivery_place *items; /* in the arena */
	size_t count;
	enum delivery_weight best; /* those of less weight are no recipients */
	const struct str *mine;
	size_t mine_count;
};

/* In order. Addresses of `mine` are left out, unless one of them stands where only
 * recipients do, and no other is there. */
void delivery_places_find(struct delivery_places *places, struct str text, const struct str *mine,
    size_t mine_count, struct arena *arena);

#endif
