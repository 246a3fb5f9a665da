/* SPDX-License-Identifier: BSD-2-Clause
 *
 * names: texts numbered in the order they come, and found by hash
 *
 * Variables, loops and partials are known by such numbers. However many there are,
 * adding and finding one takes the same time.
 *
 * Owns:    its table; the texts are borrowed.
 * Threads: any may find while nobody adds.
 */
#ifndef LIQUID_NAMES_H
#define LIQUID_NAMES_H

#include "liquid/value_impl.h"

#define NAMES_NONE UINT32_MAX

struct names {
	struct key *key;
	uint32_t count;
	uint32_t size;	 /* a power of two; half as wide as the index */
	uint32_t *index; /* number + 1 by hash */
};

void names_fini(struct names *names);
/* The number of a name, which is added if it is new. */
uint32_t names_add(struct names *names, struct str name);
/* NAMES_NONE if it isn't there. */
uint32_t names_find(const struct names *names, const struct key *key);

#endif
