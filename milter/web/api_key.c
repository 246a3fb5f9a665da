/* SPDX-License-Identifier: BSD-2-Clause
 *
 * api_key: see api.h; this file: whose key it is, and how often it may be used
 *
 * The database is asked each time: a new key works at once, and a revoked one no more. How often a
 * key was used is known in memory alone.
 *
 * Owns:    a bucket for each key that was used.
 * Threads: the server's; a touch's write and end are the recorder's.
 */
#include "web/api.h"

#include "base/clock.h"
#include "base/log.h"

#include <glib.h>
#include <stdlib.h>

/* What may come at once after a rest. */
#define BURST_SECONDS 10
/* How exactly the last use is kept. */
#define USED_MS ((int64_t)60 * 1000)

struct web_api {
	GHashTable *buckets; /* by the key's id */
};

struct web_api *
web_api_new(void)
{
	struct web_api *api = calloc(1, sizeof *api);

	if (api == NULL)
		abort();
	api->buckets = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
	return api;
}

void
web_api_free(struct web_api **api)
{
	if (*api == NULL)
		return;
	g_hash_table_destroy((*api)->buckets);
	free(*api);
	*api = NULL;
}

/* --- how often --- */

int64_t
web_api_bucket_take(struct web_api_bucket *bucket, int64_t rate, int64_t now_us)
{
	double most = (double)rate * BURST_SECONDS;

	if (bucket->since_us == 0)
		bucket->level = most;
	else
		bucket->level += (double)(now_us - bucket->since_us) / 1e6 * (double)rate;
	if (bucket->level > most)
		bucket->level = most;
	bucket->since_us = now_us;
	if (bucket->level < 1)
		return 1 + (int64_t)((1 - bucket->level) / (double)rate);
	bucket->level -= 1;
	return 0;
}

static struct web_api_bucket *
bucket_of(struct web_api *api, int64_t key)
{
	struct web_api_bucket *bucket = g_hash_table_lookup(api->buckets, &key);

	if (bucket == NULL) {
		bucket = g_new0(struct web_api_bucket, 1);
		g_hash_table_insert(api->buckets, g_memdup2(&key, sizeof key), bucket);
	}
	return bucket;
}

/* --- when it was used --- */

/* No request waits for this. */
struct touch {
	struct web_job job;
	int64_t key, time_ms;
};

static int
write_touch(struct web_job *job, struct store *store, struct err *err)
{
	const struct touch *touch = (const struct touch *)(const void *)job;

	return store_apikey_used(store, touch->key, touch->time_ms, err);
}

static void
end_touch(struct web_job *job, int rc)
{
	(void)rc;
	free(job);
}

static void
note_use(struct web *web, struct web_api_bucket *bucket, int64_t key)
{
	int64_t now_ms = clock_now();
	struct touch *touch;

	if (now_ms - bucket->used_ms < USED_MS)
		return;
	bucket->used_ms = now_ms;
	touch = calloc(1, sizeof *touch);
	if (touch == NULL)
		abort();
	*touch = (struct touch){
	    .job = {.write = write_touch, .done = end_touch}, .key = key, .time_ms = now_ms};
	if (!web_recorder_post(web->recorder, &touch->job))
		free(touch);
}

/* --- whose --- */

static bool
refuse_rate(struct web_request *request, int64_t seconds)
{
	struct str text = arena_printf(request->arena, "%lld", (long long)seconds);

	web_api_error(request, MHD_HTTP_TOO_MANY_REQUESTS,
	    "this key was used too often; please wait for %lld s", (long long)seconds);
	web_reply_field(request, "Retry-After", text.p == NULL ? "1" : text.p);
	return false;
}

bool
web_api_admit(struct web_request *request, struct web_api_call *call, struct str text)
{
	struct web_api_bucket *bucket;
	struct store_apikey key;
	struct err err = ERR_INIT;
	int64_t rate, wait;
	int found = 0;

	if (text.n > 0)
		found = store_apikey_find(request->web->store, text, request->arena, &key, &err);
	if (found < 0) {
		web_api_fail(request, &err);
		return false;
	}
	if (found == 0) {
		web_api_error(request, MHD_HTTP_UNAUTHORIZED,
		    "a key was expected: as the user name of basic authentication%s",
		    call->events ? ", or as writeKey" : "");
		return false;
	}
	if ((call->route->scopes & WEB_API_SCOPE(key.scope)) == 0) {
		web_api_error(request, MHD_HTTP_FORBIDDEN, "a key of scope %s is not for this",
		    store_apikey_scope_name(key.scope));
		return false;
	}
	bucket = bucket_of(request->web->api, key.id);
	rate = key.rate != 0 ? key.rate : request->web->conf->api_rate;
	wait = web_api_bucket_take(bucket, rate, clock_mono_us());
	if (wait > 0)
		return refuse_rate(request, wait);
	call->key = key;
	note_use(request->web, bucket, key.id);
	return true;
}
