/* SPDX-License-Identifier: BSD-2-Clause
 *
 * recorder: one thread that writes for all requests
 *
 * Whatever was posted while the last transaction was written goes into the next one, so a
 * commit costs the same for one click and for a thousand. A job that fails takes nobody
 * with it: then each is written by itself.
 *
 * Owns:    its thread; jobs are the caller's, from web_recorder_post to `done`.
 * Threads: any may post.
 */
#include "base/log.h"
#include "web/internal.h"

#include <pthread.h>
#include <stdlib.h>

#define GROUP_MAX 2000

struct web_recorder {
	struct store *store;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct web_job *first, **last;
	bool stop;
};

/* Up to GROUP_MAX jobs from the front; NULL when it is time to go. */
static struct web_job *
take(struct web_recorder *recorder)
{
	struct web_job *group, **end;
	size_t count = 0;

	pthread_mutex_lock(&recorder->lock);
	while (recorder->first == NULL && !recorder->stop)
		pthread_cond_wait(&recorder->wake, &recorder->lock);
	group = recorder->first;
	for (end = &recorder->first; *end != NULL && count < GROUP_MAX; count++)
		end = &(*end)->next;
	if (group != NULL) {
		recorder->first = *end;
		if (recorder->first == NULL)
			recorder->last = &recorder->first;
		*end = NULL;
	}
	pthread_mutex_unlock(&recorder->lock);
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

static void *
run(void *closure)
{
	struct web_recorder *recorder = closure;
	struct web_job *group, *next;
	struct err err = ERR_INIT;

	while ((group = take(recorder)) != NULL) {
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
	return NULL;
}

int
web_recorder_new(struct web_recorder **recorder_r, struct store *store, struct err *err)
{
	struct web_recorder *recorder = calloc(1, sizeof *recorder);
	int status;

	if (recorder == NULL)
		abort();
	recorder->store = store;
	recorder->last = &recorder->first;
	pthread_mutex_init(&recorder->lock, NULL);
	pthread_cond_init(&recorder->wake, NULL);
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
