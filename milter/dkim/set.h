/* SPDX-License-Identifier: BSD-2-Clause
 *
 * set: what dkim.c and check.c share: the keys of one configuration
 */
#ifndef DKIM_SET_H
#define DKIM_SET_H

#include "dkim/dkim.h"
#include "dkim/key.h"

struct dkim_keys {
	atomic_int refs;
	GPtrArray *keys;       /* of struct dkim_key, in the order of the configuration; owned */
	GHashTable *by_domain; /* name -> GPtrArray of its keys, in that order */
	struct dkim_state *states; /* one a key */
	size_t state_count;
};

/* The key of this algorithm that signs; NULL if none may. `but`: not this one. */
const struct dkim_key *dkim_set_signer(
    const GPtrArray *keys, enum dkim_algorithm algorithm, const struct dkim_key *but);

#endif
