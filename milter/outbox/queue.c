/* SPDX-License-Identifier: BSD-2-Clause
 *
 * outbox_queue: see queue.h
 */
#include "outbox/queue.h"

#include "base/clock.h"
#include "base/descriptor.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

void
outbox_job_add(struct outbox_job_list *list, struct outbox_job *job)
{
	job->next = NULL;
	if (list->first == NULL)
		list->first = job;
	else
		list->last->next = job;
	list->last = job;
	list->count++;
}

int
outbox_queue_init(struct outbox_queue *queue, int senders, struct err *err)
{
	pthread_condattr_t attributes;

	*queue = (struct outbox_queue){.main_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
	if (queue->main_fd < 0)
		return err_set(err, ERR_IO, "eventfd: %s", strerror(errno));
	descriptor_guard(queue->main_fd);
	pthread_mutex_init(&queue->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&queue->wake, &attributes);
	pthread_condattr_destroy(&attributes);
	outbox_pace_init(&queue->pace, senders);
	return 0;
}

void
outbox_queue_fini(struct outbox_queue *queue)
{
	pthread_cond_destroy(&queue->wake);
	pthread_mutex_destroy(&queue->lock);
	close(queue->main_fd);
}

static void
tell_main(const struct outbox_queue *queue)
{
	const uint64_t one = 1;
	ssize_t ignored = write(queue->main_fd, &one, sizeof one);

	(void)ignored;
}

/* --- main thread --- */

void
outbox_queue_push(struct outbox_queue *queue, const struct outbox_job_list *jobs)
{
	if (jobs->count == 0)
		return;
	pthread_mutex_lock(&queue->lock);
	if (queue->waiting.first == NULL) {
		queue->waiting = *jobs;
	} else {
		queue->waiting.last->next = jobs->first;
		queue->waiting.last = jobs->last;
		queue->waiting.count += jobs->count;
	}
	queue->low = queue->waiting.count / 2;
	pthread_cond_broadcast(&queue->wake);
	pthread_mutex_unlock(&queue->lock);
}

static struct outbox_job_list
take_all(struct outbox_queue *queue, struct outbox_job_list *from)
{
	struct outbox_job_list list;

	pthread_mutex_lock(&queue->lock);
	list = *from;
	*from = (struct outbox_job_list){0};
	pthread_mutex_unlock(&queue->lock);
	return list;
}

struct outbox_job_list
outbox_queue_collect(struct outbox_queue *queue)
{
	return take_all(queue, &queue->ended);
}

struct outbox_job_list
outbox_queue_flush(struct outbox_queue *queue)
{
	return take_all(queue, &queue->waiting);
}

struct outbox_queue_state
outbox_queue_look(struct outbox_queue *queue)
{
	struct outbox_queue_state state;

	pthread_mutex_lock(&queue->lock);
	state =
	    (struct outbox_queue_state){queue->waiting.count, queue->active, queue->pace.until_us};
	pthread_mutex_unlock(&queue->lock);
	return state;
}

void
outbox_queue_close(struct outbox_queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	queue->closing = true;
	pthread_cond_broadcast(&queue->wake);
	pthread_mutex_unlock(&queue->lock);
}

/* --- senders --- */

/* Until `until_us` or a wake. */
static void
wait_until(struct outbox_queue *queue, int64_t until_us)
{
	struct timespec until = {
	    .tv_sec = until_us / 1000000, .tv_nsec = until_us % 1000000 * 1000};

	pthread_cond_timedwait(&queue->wake, &queue->lock, &until);
}

enum outbox_take
outbox_queue_take(struct outbox_queue *queue, int64_t idle_ms, struct outbox_job **job_r)
{
	int64_t now = clock_mono_us(), idle_until = now + idle_ms * 1000;
	enum outbox_take taken = OUTBOX_TAKE_IDLE;

	pthread_mutex_lock(&queue->lock);
	for (; now < idle_until; now = clock_mono_us()) {
		bool paused = now < queue->pace.until_us;

		if (queue->closing)
			break;
		if (!paused && queue->waiting.first != NULL &&
		    queue->active < (size_t)queue->pace.allowed) {
			*job_r = queue->waiting.first;
			queue->waiting.first = (*job_r)->next;
			queue->active++;
			taken = OUTBOX_TAKE_JOB;
			if (--queue->waiting.count == queue->low)
				tell_main(queue);
			break;
		}
		wait_until(queue,
		    paused && queue->pace.until_us < idle_until ? queue->pace.until_us
								: idle_until);
	}
	if (queue->closing && taken != OUTBOX_TAKE_JOB)
		taken = OUTBOX_TAKE_CLOSING;
	pthread_mutex_unlock(&queue->lock);
	return taken;
}

void
outbox_queue_return(struct outbox_queue *queue, struct outbox_job *job)
{
	pthread_mutex_lock(&queue->lock);
	outbox_job_add(&queue->ended, job);
	queue->active--;
	if (queue->ended.count == 1 || queue->ended.count == OUTBOX_QUEUE_GROUP ||
	    (queue->active == 0 && queue->waiting.count == 0))
		tell_main(queue);
	/* Another one may go on in its place while fewer than all are allowed. */
	if (queue->pace.allowed < queue->pace.limit)
		pthread_cond_signal(&queue->wake);
	pthread_mutex_unlock(&queue->lock);
}

bool
outbox_queue_news(struct outbox_queue *queue, enum outbox_relay_news news, int64_t begun_us)
{
	int64_t now = clock_mono_us();
	bool tell;
	int allowed;

	pthread_mutex_lock(&queue->lock);
	allowed = queue->pace.allowed;
	if (news == OUTBOX_RELAY_GOOD)
		tell = outbox_pace_good(&queue->pace, now);
	else if (news == OUTBOX_RELAY_REFUSED)
		tell = outbox_pace_refused(&queue->pace, begun_us, now);
	else
		tell = outbox_pace_trouble(&queue->pace, begun_us, now);
	if (queue->pace.allowed > allowed)
		pthread_cond_broadcast(&queue->wake);
	if (news != OUTBOX_RELAY_GOOD)
		tell_main(queue);
	pthread_mutex_unlock(&queue->lock);
	return tell;
}
