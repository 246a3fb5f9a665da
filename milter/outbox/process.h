/* SPDX-License-Identifier: BSD-2-Clause
 *
 * outbox_process: what the main thread of an outbox process works with
 *
 * worker.c begins and ends it, loop.c is its daily work, inherit.c looks after what processes
 * before it have left.
 */
#ifndef OUTBOX_PROCESS_H
#define OUTBOX_PROCESS_H

#include "outbox/sender.h"
#include "outbox/settle.h"

#define OUTBOX_SECOND_US ((int64_t)1000000)
/* Ceiling for the rows of one claim, and of those in doubt. */
#define OUTBOX_BATCH_MEMORY ((size_t)256 << 20)
#define OUTBOX_SENDERS_MAX  100

struct outbox_process {
	const struct worker *worker;
	const struct conf *conf;
	struct outbox_office office;
	struct outbox_queue queue;
	struct outbox_settler *settler;
	pthread_t senders[OUTBOX_SENDERS_MAX];
	int sender_count;
	int signal_fd, slot_fd;
	bool foreign_done;		/* rows of slots that exist no more are taken over */
	struct outbox_job_list results; /* to be committed */
	size_t target;			/* rows to have in hand */
	size_t finished;		/* since rate_us */
	int64_t rate_us;
	int64_t claim_us, commit_us, foreign_us, purge_us, watch_us; /* not before */
	bool claim_failed, commit_failed; /* the store said no last time */
	bool leaving;
	int64_t leave_us;
};

/* One turn of the main thread's loop. False when we were told to leave and all is done. */
bool outbox_loop_turn(struct outbox_process *process);
/* Rows that this slot's last process left claimed wait again, or go to the settler. False: the
 * store does not say. Before the first claim. */
bool outbox_inherit(struct outbox_process *process);
/* The same for all slots beyond the present number: all that is found there is in doubt. */
void outbox_inherit_foreign(struct outbox_process *process, int64_t now_us);
/* Tells the log when the store begins to say no and when it is well again. */
void outbox_store_says(const char *what, int status, const struct err *err, bool *failed);

#endif
