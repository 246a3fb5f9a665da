/* SPDX-License-Identifier: BSD-2-Clause
 *
 * wants: see wants.h
 *
 * A thread, begun by the first note, writes all that came meanwhile in one transaction. A table
 * by digest keeps thousands of copies that want the same from noting it more than once a while.
 *
 * Owns:    what is noted and not yet written.
 * Threads: any note; one writes.
 * Fails:   a write that fails is logged and dropped: what serves will be wanted again.
 */
#include "plugin/wants.h"

#include "base/clock.h"
#include "base/log.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PENDING	 256
#define SLOTS	 4096
#define AGAIN_MS 1000
#define BATCH_NS 50000000L

struct wants {
	struct store *store;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pthread_t thread;
	bool running, leaving;
	struct store_request *pending[PENDING];
	size_t count;
	struct {
		struct id_digest digest;
		int64_t plugin;
		int64_t noted_ms; /* monotonic */
	} slot[SLOTS];
};

/* One piece of memory with its texts. */
static struct store_request *
copy_of(const struct store_request *request)
{
	struct store_request *copy = malloc(sizeof *copy + request->url.n + request->headers.n);
	char *text;

	if (copy == NULL)
		abort();
	*copy = *request;
	text = (char *)(copy + 1);
	memcpy(text, request->url.p, request->url.n);
	copy->url.p = text;
	text += request->url.n;
	if (request->headers.n > 0)
		memcpy(text, request->headers.p, request->headers.n);
	copy->headers.p = text;
	return copy;
}

static void
write_all(struct wants *wants, struct store_request **requests, size_t count)
{
	struct err err = ERR_INIT;

	if (store_answer_want(wants->store, (const struct store_request *const *)requests, count,
		clock_now(), &err) != 0)
		log_warning(
		    "what plugins want to fetch can't be written", LOG_STR("reason", err.text));
	for (size_t i = 0; i < count; i++)
		free(requests[i]);
}

static void *
serve(void *closure)
{
	struct wants *wants = closure;
	struct store_request *requests[PENDING];
	size_t count;

	pthread_mutex_lock(&wants->lock);
	while (!wants->leaving || wants->count > 0) {
		if (wants->count == 0) {
			pthread_cond_wait(&wants->changed, &wants->lock);
			continue;
		}
		count = wants->count;
		memcpy(requests, wants->pending, count * sizeof requests[0]);
		wants->count = 0;
		pthread_mutex_unlock(&wants->lock);
		write_all(wants, requests, count);
		/* More come meanwhile, for one transaction. */
		nanosleep(&(struct timespec){.tv_nsec = BATCH_NS}, NULL);
		pthread_mutex_lock(&wants->lock);
	}
	pthread_mutex_unlock(&wants->lock);
	return NULL;
}

struct wants *
wants_new(struct store *store)
{
	struct wants *wants = calloc(1, sizeof *wants);

	if (wants == NULL)
		abort();
	wants->store = store;
	pthread_mutex_init(&wants->lock, NULL);
	pthread_cond_init(&wants->changed, NULL);
	return wants;
}

void
wants_free(struct wants **w)
{
	struct wants *wants = *w;
	bool running;

	*w = NULL;
	if (wants == NULL)
		return;
	pthread_mutex_lock(&wants->lock);
	wants->leaving = true;
	running = wants->running;
	pthread_cond_signal(&wants->changed);
	pthread_mutex_unlock(&wants->lock);
	if (running)
		pthread_join(wants->thread, NULL);
	pthread_cond_destroy(&wants->changed);
	pthread_mutex_destroy(&wants->lock);
	free(wants);
}

/* The lock is held. */
static bool
is_noted(struct wants *wants, const struct store_request *request)
{
	int64_t now_ms = clock_mono_us() / 1000;
	uint64_t number;
	size_t at;

	memcpy(&number, request->digest.byte, sizeof number);
	at = (number ^ (uint64_t)request->plugin) % SLOTS;
	if (wants->slot[at].noted_ms != 0 && now_ms - wants->slot[at].noted_ms < AGAIN_MS &&
	    wants->slot[at].plugin == request->plugin &&
	    id_digest_eq(&wants->slot[at].digest, &request->digest))
		return true;
	wants->slot[at].digest = request->digest;
	wants->slot[at].plugin = request->plugin;
	wants->slot[at].noted_ms = now_ms;
	return false;
}

void
wants_note(struct wants *wants, const struct store_request *request)
{
	pthread_mutex_lock(&wants->lock);
	if (wants->count < PENDING && !wants->leaving && !is_noted(wants, request)) {
		wants->pending[wants->count++] = copy_of(request);
		if (!wants->running)
			wants->running = pthread_create(&wants->thread, NULL, serve, wants) == 0;
		pthread_cond_signal(&wants->changed);
	}
	pthread_mutex_unlock(&wants->lock);
}
