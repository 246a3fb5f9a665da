/* SPDX-License-Identifier: BSD-2-Clause
 *
 * outbox_hands: see hands.h
 */
#include "outbox/hands.h"

#include <stdio.h>
#include <sys/mman.h>

struct outbox_hands *
outbox_hands_new(size_t slots)
{
	void *memory = mmap(NULL, slots * sizeof(struct outbox_hands), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

int
outbox_hands_begin(struct outbox_hands *hands, int64_t row)
{
	for (int i = 0; hands != NULL && i < OUTBOX_HANDS_ROWS; i++) {
		unsigned at = atomic_fetch_add(&hands->next, 1) % OUTBOX_HANDS_ROWS;
		long long none = 0;

		if (atomic_compare_exchange_strong(&hands->row[at], &none, row))
			return (int)at + 1;
	}
	/* It can't be noted: then nothing is known of any other, either. */
	if (hands != NULL)
		atomic_store(&hands->known, 0);
	return 0;
}

void
outbox_hands_end(struct outbox_hands *hands, int hand)
{
	if (hands != NULL && hand > 0)
		atomic_store(&hands->row[hand - 1], 0);
}

void
outbox_hands_forget(struct outbox_hands *hands, int64_t row)
{
	for (int i = 0; hands != NULL && i < OUTBOX_HANDS_ROWS; i++) {
		long long its = row;

		/* One note only: the row may have been begun again meanwhile. */
		if (atomic_load(&hands->row[i]) == row &&
		    atomic_compare_exchange_strong(&hands->row[i], &its, 0))
			return;
	}
}

bool
outbox_hands_has(const struct outbox_hands *hands, int64_t row)
{
	for (int i = 0; hands != NULL && i < OUTBOX_HANDS_ROWS; i++) {
		if (atomic_load(&hands->row[i]) == row)
			return true;
	}
	return false;
}

bool
outbox_hands_known(const struct outbox_hands *hands)
{
	return hands != NULL && atomic_load(&hands->known) != 0;
}

void
outbox_hands_reset(struct outbox_hands *hands, const int64_t *rows, size_t count)
{
	bool full = false;

	if (hands == NULL)
		return;
	/* Should this process die in the middle of it, nothing is known. */
	atomic_store(&hands->known, 0);
	for (int i = 0; i < OUTBOX_HANDS_ROWS; i++)
		atomic_store(&hands->row[i], 0);
	for (size_t i = 0; i < count; i++)
		full = outbox_hands_begin(hands, rows[i]) == 0 || full;
	atomic_store(&hands->culprit, 0);
	atomic_store(&hands->known, full ? 0 : 1);
}

void
outbox_hands_accuse(struct outbox_hands *hands, int64_t row, const char *why)
{
	if (hands == NULL)
		return;
	snprintf(hands->why, sizeof hands->why, "%s", why);
	atomic_store(&hands->culprit, row);
}
