/* SPDX-License-Identifier: BSD-2-Clause
 *
 * exec_notes: see exec.h
 *
 * The host's log is for hooks only, so what helpers and their keepers say waits here for the
 * next one. A helper that talks without end is not written down without end: 20 lines at once,
 * then one in three seconds.
 *
 * Threads: any.
 */
#include "exec.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define BUDGET	20
#define EACH_US ((int64_t)3000000)

void
exec_notes_init(struct exec_notes *notes)
{
	memset(notes, 0, sizeof *notes);
	pthread_mutex_init(&notes->lock, NULL);
	notes->budget = BUDGET;
	notes->filled_us = exec_now_us();
}

void
exec_notes_fini(struct exec_notes *notes)
{
	pthread_mutex_destroy(&notes->lock);
}

static bool
may_say(struct exec_notes *notes)
{
	int64_t more = (exec_now_us() - notes->filled_us) / EACH_US;

	if (more > 0) {
		notes->budget = notes->budget + more > BUDGET ? BUDGET : notes->budget + more;
		notes->filled_us += more * EACH_US;
	}
	if (notes->count == EXEC_NOTES || notes->budget == 0)
		return false;
	notes->budget--;
	return true;
}

void
exec_note(struct exec_notes *notes, const char *format, ...)
{
	va_list args;

	pthread_mutex_lock(&notes->lock);
	if (may_say(notes)) {
		va_start(args, format);
		vsnprintf(notes->text[notes->count++], EXEC_NOTE, format, args);
		va_end(args);
	} else {
		notes->dropped++;
	}
	pthread_mutex_unlock(&notes->lock);
}

static void
flush_counter(struct mt_call *call, atomic_llong *counter, const char *name)
{
	long long seen = atomic_exchange(counter, 0);

	if (seen > 0)
		call->host->count(call, mt_str_c(name), seen);
}

void
exec_notes_flush(struct mt_call *call, struct exec_notes *notes)
{
	char text[EXEC_NOTES][EXEC_NOTE];
	size_t count, dropped;

	pthread_mutex_lock(&notes->lock);
	count = notes->count;
	dropped = count > 0 ? notes->dropped : 0;
	memcpy(text, notes->text, count * sizeof text[0]);
	notes->count = 0;
	notes->dropped -= dropped;
	pthread_mutex_unlock(&notes->lock);
	for (size_t i = 0; i < count; i++)
		call->host->log(call, MT_LOG_WARNING, mt_str_c(text[i]));
	if (dropped > 0) {
		snprintf(text[0], EXEC_NOTE, "%zu more lines of helpers were left out", dropped);
		call->host->log(call, MT_LOG_WARNING, mt_str_c(text[0]));
	}
	flush_counter(call, &notes->restarts, "restarts");
	flush_counter(call, &notes->late, "late");
}
