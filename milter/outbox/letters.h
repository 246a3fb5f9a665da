/* SPDX-License-Identifier: BSD-2-Clause
 *
 * outbox_letters: the messages that are being tailored, loaded and compiled once
 *
 * Threads: any. Two that want the same message at the same time load it once.
 */
#ifndef OUTBOX_LETTERS_H
#define OUTBOX_LETTERS_H

#include "store/outbox.h"
#include "tailor/tailor.h"

struct outbox_letters;

struct outbox_letter {
	int64_t message;		 /* row id */
	struct tailor_message *tailored; /* NULL: `err` says why */
	struct err err;

	/* The rest is letters.c's. */
	char *raw;
	size_t size;
	unsigned users;
	bool loading;
	int64_t used_us;
};

/* Both are borrowed. */
struct outbox_letters *outbox_letters_new(struct store *store, struct tailor *tailor);
/* All letters must have been put back. */
void outbox_letters_free(struct outbox_letters **letters);
/* Never NULL; to be put back. */
struct outbox_letter *outbox_letters_get(struct outbox_letters *letters,
    const struct store_outbox_row *row, const struct conf_campaign *campaign);
void outbox_letters_put(struct outbox_letters *letters, struct outbox_letter **letter);

#endif
