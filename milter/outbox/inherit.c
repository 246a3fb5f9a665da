/* SPDX-License-Identifier: BSD-2-Clause
 *
 * outbox_inherit: rows that earlier processes left claimed
 *
 * Threads: the main thread.
 */
#include "base/clock.h"
#include "base/log.h"
#include "outbox/process.h"
#include "outbox/slot.h"

#define RETRY_US (10 * OUTBOX_SECOND_US)

bool
outbox_inherit(struct outbox_process *process, int slot, bool lock)
{
	struct arena *arena = arena_new(OUTBOX_BATCH_MEMORY);
	struct store_outbox_row *rows;
	struct err err = ERR_INIT;
	int fd, locked = 1, count;

	count = store_outbox_in_doubt(process->office.store, slot, arena, &rows, &err);
	if (count > 0 && lock) {
		/* Whoever held it may have finished some since. */
		locked = outbox_slot_lock(process->conf->database, slot, &fd, &err);
		if (locked > 0)
			count =
			    store_outbox_in_doubt(process->office.store, slot, arena, &rows, &err);
	}
	outbox_store_says(
	    "in doubt", count < 0 || locked < 0 ? -1 : 0, &err, &process->claim_failed);
	if (count > 0 && locked > 0) {
		log_warning("rows in doubt from an earlier process", LOG_NUM("slot", slot),
		    LOG_NUM("rows", count));
		outbox_settler_add(process->settler, rows, (size_t)count);
	}
	arena_free(&arena);
	return count >= 0 && locked > 0;
}

/* Slots beyond the present number belonged to a larger set of processes. The lock of each that
 * left something is kept until this process ends. */
void
outbox_inherit_foreign(struct outbox_process *process, int64_t now)
{
	bool done = true;

	process->foreign_us = now + RETRY_US;
	for (int slot = process->worker->slots; slot < WORKER_OUTBOX_MAX; slot++)
		done = outbox_inherit(process, slot, true) && done;
	process->foreign_done = done;
}
