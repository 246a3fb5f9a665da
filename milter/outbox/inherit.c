/* SPDX-License-Identifier: BSD-2-Clause
 *
 * outbox_inherit: rows that earlier processes left claimed
 *
 * Those of our own slot that the note in memory knows not to have been handed over (hands.h) wait
 * again, so that the campaigns they belong to go on at once. The others are in doubt.
 *
 * Threads: the main thread.
 */
#include "base/clock.h"
#include "base/log.h"
#include "outbox/outcome.h"
#include "outbox/process.h"
#include "outbox/slot.h"

#include <stdlib.h>

#define RETRY_US (10 * OUTBOX_SECOND_US)

/* --- what the relay can't have --- */

/* Waits again: at once, or as after any attempt that failed, if a plugin brought the process
 * down over it. `culprit` is room for that one. */
static struct store_outbox_result
release(const struct outbox_process *process, const struct store_outbox_row *row,
    struct outbox_job *culprit)
{
	const struct outbox_hands *hands = process->office.hands;

	if (atomic_load(&hands->culprit) != row->id)
		return (struct store_outbox_result){
		    .id = row->id, .state = STORE_OUTBOX_WAITING, .due_ms = clock_now()};
	*culprit = (struct outbox_job){.row = row};
	outbox_outcome_begin(culprit);
	outbox_outcome_verdict(
	    culprit, process->conf, STORE_DEFERRED, str_c(hands->why), clock_mono_us());
	log_info(store_verdict_name(culprit->result.journal.verdict), LOG_STR("queue", ""),
	    LOG_TEXT("campaign", row->campaign), LOG_TEXT("recipient", row->address),
	    LOG_TEXT("reason", culprit->result.journal.reason));
	return culprit->result;
}

/* Rows that were not handed over go back; what stays in `rows` is in doubt. 0, -1. */
static int
sort_out(struct outbox_process *process, struct store_outbox_row *rows, size_t *count)
{
	const struct outbox_hands *hands = process->office.hands;
	struct store_outbox_result *results = calloc(*count + 1, sizeof *results);
	struct outbox_job culprit;
	struct err err = ERR_INIT;
	size_t released = 0, left = 0;
	int status = 0;

	if (results == NULL)
		abort();
	for (size_t i = 0; i < *count; i++) {
		if (outbox_hands_known(hands) && !outbox_hands_has(hands, rows[i].id))
			results[released++] = release(process, &rows[i], &culprit);
		else
			rows[left++] = rows[i];
	}
	if (released > 0)
		status = store_outbox_finish(process->office.store, results, released, &err);
	outbox_store_says("release", status, &err, &process->claim_failed);
	if (released > 0 && status == 0)
		log_info("rows go on that an earlier process had not handed over",
		    LOG_NUM("slot", process->worker->slot), LOG_NUM("rows", released));
	free(results);
	*count = left;
	return status;
}

/* From now on it is known what this process has handed over. */
static void
take_note(struct outbox_process *process, const struct store_outbox_row *rows, size_t count)
{
	int64_t *ids = calloc(count + 1, sizeof *ids);

	if (ids == NULL)
		abort();
	for (size_t i = 0; i < count; i++)
		ids[i] = rows[i].id;
	outbox_hands_reset(process->office.hands, ids, count);
	free(ids);
}

/* --- what it may have --- */

static void
settle(struct outbox_process *process, int slot, const struct store_outbox_row *rows, size_t count)
{
	if (count == 0)
		return;
	log_warning(
	    "rows in doubt from an earlier process", LOG_NUM("slot", slot), LOG_NUM("rows", count));
	outbox_settler_add(process->settler, rows, count);
}

bool
outbox_inherit(struct outbox_process *process)
{
	struct arena *arena = arena_new(OUTBOX_BATCH_MEMORY);
	struct store_outbox_row *rows;
	struct err err = ERR_INIT;
	int slot = process->worker->slot,
	    found = store_outbox_in_doubt(process->office.store, slot, arena, &rows, &err);
	size_t count = found < 0 ? 0 : (size_t)found;
	bool good = found >= 0;

	outbox_store_says("in doubt", found < 0 ? -1 : 0, &err, &process->claim_failed);
	good = good && sort_out(process, rows, &count) == 0;
	if (good) {
		take_note(process, rows, count);
		settle(process, slot, rows, count);
	}
	arena_free(&arena);
	return good;
}

/* Rows of a slot that is not ours. Its lock has to be had first; it is kept until this process
 * ends. True: nothing (more) to take over. */
static bool
inherit_foreign(struct outbox_process *process, int slot)
{
	struct arena *arena = arena_new(OUTBOX_BATCH_MEMORY);
	struct store_outbox_row *rows;
	struct err err = ERR_INIT;
	int fd, locked = 1, count;

	count = store_outbox_in_doubt(process->office.store, slot, arena, &rows, &err);
	if (count > 0) {
		/* Whoever held it may have finished some since. */
		locked = outbox_slot_lock(process->conf->database, slot, &fd, &err);
		if (locked > 0)
			count =
			    store_outbox_in_doubt(process->office.store, slot, arena, &rows, &err);
	}
	outbox_store_says(
	    "in doubt", count < 0 || locked < 0 ? -1 : 0, &err, &process->claim_failed);
	if (count > 0 && locked > 0)
		settle(process, slot, rows, (size_t)count);
	arena_free(&arena);
	return count >= 0 && locked > 0;
}

/* Slots beyond the present number belonged to a larger set of processes. */
void
outbox_inherit_foreign(struct outbox_process *process, int64_t now)
{
	bool done = true;

	process->foreign_us = now + RETRY_US;
	for (int slot = process->worker->slots; slot < WORKER_OUTBOX_MAX; slot++)
		done = inherit_foreign(process, slot) && done;
	process->foreign_done = done;
}
