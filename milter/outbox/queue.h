/* SPDX-License-Identifier: BSD-2-Clause
 *
 * outbox_queue: claimed rows on their way from the main thread to the senders and back
 *
 * Threads: the main thread pushes, collects and flushes; senders take and return. The lock in
 * here is the only one that both sides share; nothing is called under it but pace.c.
 */
#ifndef OUTBOX_QUEUE_H
#define OUTBOX_QUEUE_H

#include "base/arena.h"
#include "base/err.h"
#include "outbox/pace.h"
#include "outbox/reply.h"
#include "store/outbox.h"

#include <pthread.h>

/* Rows of one claim share an arena; only the main thread counts. */
struct outbox_batch {
	struct arena *arena;
	size_t open; /* jobs that are not finished */
};

enum outbox_job_end {
	OUTBOX_JOB_DONE,     /* `result` goes into the store */
	OUTBOX_JOB_BACK,     /* not attempted: waits again */
	OUTBOX_JOB_IN_DOUBT, /* for the settler */
};

struct outbox_job {
	struct outbox_job *next;
	struct outbox_batch *batch;
	const struct store_outbox_row *row;
	enum outbox_job_end end;
	struct store_outbox_result result; /* its text is the row's or one of these: */
	char queue_id[OUTBOX_QUEUE_ID_SIZE];
	char message_id[256];
	char reason[ERR_TEXT_MAX];
	int hand;	 /* of outbox_hands_begin; 0: the relay can't have it */
	struct str note; /* of the copy: what was not tailored; while it is being sent */
};

struct outbox_job_list {
	struct outbox_job *first, *last;
	size_t count;
};

struct outbox_queue {
	pthread_mutex_t lock;
	pthread_cond_t wake; /* senders wait on it; CLOCK_MONOTONIC */
	struct outbox_job_list waiting;
	struct outbox_job_list ended;
	size_t active; /* taken and not returned */
	bool closing;
	struct outbox_pace pace;
	int main_fd; /* eventfd: something for the main thread */
	size_t low;  /* tell the main thread when fewer than this are waiting */
};

/* How many ended jobs wake the main thread at once. */
#define OUTBOX_QUEUE_GROUP 50

void outbox_job_add(struct outbox_job_list *list, struct outbox_job *job);

int outbox_queue_init(struct outbox_queue *queue, int senders, struct err *err);
void outbox_queue_fini(struct outbox_queue *queue);

/* --- main thread --- */

void outbox_queue_push(struct outbox_queue *queue, const struct outbox_job_list *jobs);
/* What has ended since the last call. */
struct outbox_job_list outbox_queue_collect(struct outbox_queue *queue);
/* Takes back what no sender has begun. */
struct outbox_job_list outbox_queue_flush(struct outbox_queue *queue);

struct outbox_queue_state {
	size_t waiting, active;
	int64_t pause_until_us; /* in the past: no pause */
};

struct outbox_queue_state outbox_queue_look(struct outbox_queue *queue);
/* From now on senders get nothing any more. */
void outbox_queue_close(struct outbox_queue *queue);

/* --- senders --- */

enum outbox_take { OUTBOX_TAKE_JOB, OUTBOX_TAKE_IDLE, OUTBOX_TAKE_CLOSING };

/* Waits for a job, at most `idle_ms`. */
enum outbox_take outbox_queue_take(
    struct outbox_queue *queue, int64_t idle_ms, struct outbox_job **job_r);
void outbox_queue_return(struct outbox_queue *queue, struct outbox_job *job);

enum outbox_relay_news { OUTBOX_RELAY_GOOD, OUTBOX_RELAY_REFUSED, OUTBOX_RELAY_TROUBLE };

/* What an attempt that began at `begun_us` says about the relay. True if it is time to tell the
 * log: trouble has begun, or ended. */
bool outbox_queue_news(struct outbox_queue *queue, enum outbox_relay_news news, int64_t begun_us);

#endif
