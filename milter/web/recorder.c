/* SPDX-License-Identifier: BSD-2-Clause
 *
 * recorder: one thread that writes for all requests
 *
 * Whatever was posted while the last transaction was written goes into the next one, so a
 * commit costs the same for one job and for a thousand. A job that fails takes nobody
 * with it: then each is written by itself. Between jobs, which somebody waits for, it moves
 * what stands in the spool, which nobody waits for.
 *
 * Owns:    its thread; jobs are the caller's, from web_recorder_post to `done`.
 * Threads: any may post.
 */
#include "base/clock.h"
#include "base/log.h"
#include "web/internal.h"
#include "web/spool.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define GROUP_MAX 2000
/* What comes within this time is moved at once. */
#define GATHER_MS 20
/* The database did not take it. */
#define AGAIN_MS 200
#define ADOPT_MS 10000

struct web_recorder {
	struct store *store;
	struct web_spool *spool;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct web_job *first, **last;
	atomic_bool spooled; /* something was added to the spool */
	bool stop;
};

/* With the lock: until there are jobs, it is time to go, or the time is over. */
static void
wait_jobs(struct web_recorder *recorder, int64_t ms, bool spool_wakes)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += ms % 1000 * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	while (recorder->first == NULL && !recorder->stop &&
	    !(spool_wakes && atomic_load(&recorder->spooled))) {
		if (pthread_cond_timedwait(&recorder->wake, &recorder->lock, &until) != 0)
			break;
	}
}

/* Up to GROUP_MAX jobs from the front; NULL: there are none. */
static struct web_job *
take(struct web_recorder *recorder)
{
	struct web_job *group = recorder->first, **end;
	size_t count = 0;

	for (end = &recorder->first; *end != NULL && count < GROUP_MAX; count++)
		end = &(*end)->next;
	if (group != NULL) {
		recorder->first = *end;
		if (recorder->first == NULL)
			recorder->last = &recorder->first;
		*end = NULL;
	}
	return group;
}

/* All of them, or none. */
static int
write_group(struct web_recorder *recorder, struct web_job *group, struct err *err)
{
	if (store_begin(recorder->store, err) != 0)
		return -1;
	for (struct web_job *job = group; job != NULL; job = job->next) {
		if (job->write(job, recorder->store, err) != 0) {
			store_rollback(recorder->store);
			return -1;
		}
	}
	return store_commit(recorder->store, err);
}

static void
write_alone(struct web_recorder *recorder, struct web_job *job)
{
	struct err err = ERR_INIT;
	int rc;

	job->next = NULL;
	rc = write_group(recorder, job, &err);
	if (rc != 0)
		log_error("web: not recorded", LOG_STR("reason", err.text));
	job->done(job, rc);
}

static void
write_jobs(struct web_recorder *recorder, struct web_job *group)
{
	struct err err = ERR_INIT;
	struct web_job *next;
	int rc = write_group(recorder, group, &err);

	if (rc != 0)
		log_error("web: a group was not recorded", LOG_STR("reason", err.text));
	for (; group != NULL; group = next) {
		next = group->next;
		/* Busy: one by one they would wait as long again. */
		if (rc == 0 || err.code == ERR_BUSY)
			group->done(group, rc);
		else
			write_alone(recorder, group);
	}
}

/* Milliseconds to rest. */
static int64_t
move_spool(struct web_recorder *recorder)
{
	struct err err = ERR_INIT;
	int moved;

	atomic_store(&recorder->spooled, false);
	moved = web_spool_move(recorder->spool, recorder->store, GROUP_MAX, &err);
	if (moved == 0)
		return ADOPT_MS;
	atomic_store(&recorder->spooled, true);
	if (moved > 0)
		return moved == GROUP_MAX ? 0 : GATHER_MS;
	log_error("web: what was recorded has to wait", LOG_STR("reason", err.text));
	return AGAIN_MS;
}

static void
adopt(struct web_recorder *recorder)
{
	struct err err = ERR_INIT;

	if (web_spool_adopt(recorder->spool, &err) != 0)
		log_error("web: spool", LOG_STR("reason", err.text));
}

static void *
run(void *closure)
{
	struct web_recorder *recorder = closure;
	int64_t rest_ms = 0, adopt_us = 0;
	bool stop = false;

	while (!stop) {
		struct web_job *group;

		pthread_mutex_lock(&recorder->lock);
		wait_jobs(recorder, rest_ms, rest_ms == ADOPT_MS);
		group = take(recorder);
		stop = recorder->stop && group == NULL;
		pthread_mutex_unlock(&recorder->lock);
		if (group != NULL) {
			write_jobs(recorder, group);
			rest_ms = 0;
			continue;
		}
		if (rest_ms == ADOPT_MS && atomic_load(&recorder->spooled)) {
			/* The first of many, perhaps. */
			rest_ms = GATHER_MS;
			continue;
		}
		if (clock_mono_us() >= adopt_us) {
			adopt(recorder);
			adopt_us = clock_mono_us() + ADOPT_MS * 1000;
		}
		rest_ms = move_spool(recorder);
	}
	return NULL;
}

int
web_recorder_new(
    struct web_recorder **recorder_r, struct store *store, struct web_spool *spool, struct err *err)
{
	struct web_recorder *recorder = calloc(1, sizeof *recorder);
	pthread_condattr_t monotonic;
	int status;

	if (recorder == NULL)
		abort();
	recorder->store = store;
	recorder->spool = spool;
	recorder->last = &recorder->first;
	pthread_mutex_init(&recorder->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&recorder->wake, &monotonic);
	pthread_condattr_destroy(&monotonic);
	status = pthread_create(&recorder->thread, NULL, run, recorder);
	if (status != 0) {
		free(recorder);
		return err_set(err, ERR_IO, "thread: %s", strerror(status));
	}
	*recorder_r = recorder;
	return 0;
}

void
web_recorder_stop(struct web_recorder *recorder)
{
	if (recorder == NULL || recorder->stop)
		return;
	pthread_mutex_lock(&recorder->lock);
	recorder->stop = true;
	pthread_cond_signal(&recorder->wake);
	pthread_mutex_unlock(&recorder->lock);
	pthread_join(recorder->thread, NULL);
}

void
web_recorder_free(struct web_recorder **recorder)
{
	struct web_recorder *gone = *recorder;

	*recorder = NULL;
	if (gone == NULL)
		return;
	web_recorder_stop(gone);
	pthread_cond_destroy(&gone->wake);
	pthread_mutex_destroy(&gone->lock);
	free(gone);
}

bool
web_recorder_post(struct web_recorder *recorder, struct web_job *job)
{
	bool taken;

	job->next = NULL;
	pthread_mutex_lock(&recorder->lock);
	taken = !recorder->stop;
	if (taken) {
		*recorder->last = job;
		recorder->last = &job->next;
		pthread_cond_signal(&recorder->wake);
	}
	pthread_mutex_unlock(&recorder->lock);
	return taken;
}

int
web_recorder_add(struct web_recorder *recorder, const struct store_event *event, struct err *err)
{
	if (web_spool_add(recorder->spool, event, err) != 0)
		return -1;
	if (!atomic_exchange(&recorder->spooled, true)) {
		pthread_mutex_lock(&recorder->lock);
		pthread_cond_signal(&recorder->wake);
		pthread_mutex_unlock(&recorder->lock);
	}
	return 0;
}
