/* SPDX-License-Identifier: BSD-2-Clause
 *
 * refresh: see refresh.h
 *
 * Several requests are under way at a time, a few of each plugin: a server that hangs holds up
 * those who ask it, and no neighbour. What failed is tried again after a pause that doubles; the
 * last good answer serves meanwhile, until its time is over.
 *
 * Owns:    the thread, the transfers.
 * Threads: its own; refresh_free wakes it and waits.
 * Fails:   as lines in the log; what could not be written is due again.
 */
#include "plugin/refresh.h"

#include "plugin/internal.h"

#include "base/clock.h"
#include "base/log.h"
#include "fetch/fetch.h"
#include "store/plugin_answer.h"

#include <stdatomic.h>
#include <stdlib.h>

#define RUNNING_MAX 32
#define PLUGIN_MAX  4 /* under way of one plugin */
#define LOOK_MS	    500
#define PURGE_MS    60000
#define PAUSE_MIN   5000
#define PAUSE_MAX   600000
#define ARENA_MAX   ((size_t)1 << 20)

struct running {
	struct fetch *fetch; /* NULL: free */
	const struct plugin *plugin;
	struct store_request request; /* without texts, but for url and headers below */
	int64_t failures;
	char *url;
	char *headers;
};

struct refresh {
	const struct plugin_set *set;
	struct store *store;
	CURLM *multi;
	pthread_t thread;
	atomic_bool leaving;
	struct running running[RUNNING_MAX];
	int64_t purge_us;
};

/* --- one request --- */

static void
let_go(struct refresh *refresh, struct running *running)
{
	curl_multi_remove_handle(refresh->multi, fetch_handle(running->fetch));
	fetch_free(&running->fetch);
	free(running->url);
	free(running->headers);
	*running = (struct running){.fetch = NULL};
}

static void
tell_failure(struct refresh *refresh, const struct running *running, const char *why)
{
	int64_t pause_ms =
	    running->failures < 7 ? PAUSE_MIN << running->failures : (int64_t)PAUSE_MAX;
	struct err err = ERR_INIT;

	log_warning("plugin's fetch failed", LOG_STR("plugin", running->plugin->name),
	    LOG_STR("reason", why), LOG_NUM("again_s", pause_ms / 1000));
	if (running->plugin->board != NULL)
		board_count(running->plugin->board, STR("fetch.failed"), 1);
	if (store_answer_fail(refresh->store, &running->request, clock_now() + pause_ms, &err) != 0)
		log_warning("a failed fetch can't be written", LOG_STR("reason", err.text));
}

static void
keep_answer(struct refresh *refresh, const struct running *running)
{
	const struct store_answer answer = {.status = fetch_status(running->fetch),
	    .time_ms = clock_now(),
	    .type = fetch_type(running->fetch),
	    .body = fetch_body(running->fetch)};
	struct err err = ERR_INIT;
	char why[64];

	if (answer.status < 200 || answer.status > 299) {
		snprintf(why, sizeof why, "it answers %d", answer.status);
		tell_failure(refresh, running, why);
		return;
	}
	if (running->plugin->board != NULL)
		board_count(running->plugin->board, STR("fetch.done"), 1);
	if (store_answer_put(refresh->store, &running->request, &answer, &err) != 0)
		log_warning("an answer can't be kept", LOG_STR("plugin", running->plugin->name),
		    LOG_STR("reason", err.text));
}

static void
ended(struct refresh *refresh, struct running *running, CURLcode code)
{
	struct err err = ERR_INIT;
	int rc = fetch_ended(running->fetch, code, &err);

	if (rc == 1) {
		curl_multi_remove_handle(refresh->multi, fetch_handle(running->fetch));
		curl_multi_add_handle(refresh->multi, fetch_handle(running->fetch));
		return;
	}
	if (rc == 0)
		keep_answer(refresh, running);
	else
		tell_failure(refresh, running, err.text);
	let_go(refresh, running);
}

static void
begin(struct refresh *refresh, const struct plugin *plugin, const struct store_due *due,
    struct running *running)
{
	const struct store_request *request = &due->request;
	const struct fetch_rules rules = {
	    .from = &plugin->section->fetch_from, .parameter = "the plugin's fetch_from"};
	struct err err = ERR_INIT;

	*running =
	    (struct running){.plugin = plugin, .request = *request, .failures = due->failures};
	running->url = strndup(request->url.p, request->url.n);
	running->headers =
	    strndup(request->headers.n == 0 ? "" : request->headers.p, request->headers.n);
	if (running->url == NULL || running->headers == NULL)
		abort();
	running->request.url.p = running->url;
	running->request.headers.p = running->headers;
	if (fetch_new(&running->fetch, &rules, request->url, request->headers, STR_NONE,
		request->timeout_ms, &err) != 0) {
		tell_failure(refresh, running, err.text);
		free(running->url);
		free(running->headers);
		*running = (struct running){.fetch = NULL};
		return;
	}
	curl_easy_setopt(fetch_handle(running->fetch), CURLOPT_PRIVATE, running);
	curl_multi_add_handle(refresh->multi, fetch_handle(running->fetch));
}

/* --- what is due --- */

static size_t
count_running(const struct refresh *refresh, const struct plugin *plugin)
{
	size_t count = 0;

	for (size_t i = 0; i < RUNNING_MAX; i++)
		count += refresh->running[i].fetch != NULL && refresh->running[i].plugin == plugin;
	return count;
}

static bool
is_running(const struct refresh *refresh, const struct store_request *request)
{
	for (size_t i = 0; i < RUNNING_MAX; i++) {
		if (refresh->running[i].fetch != NULL &&
		    refresh->running[i].request.plugin == request->plugin &&
		    id_digest_eq(&refresh->running[i].request.digest, &request->digest))
			return true;
	}
	return false;
}

static struct running *
find_free(struct refresh *refresh)
{
	for (size_t i = 0; i < RUNNING_MAX; i++) {
		if (refresh->running[i].fetch == NULL)
			return &refresh->running[i];
	}
	return NULL;
}

static void
begin_due(struct refresh *refresh, const struct plugin *plugin, struct arena *arena)
{
	struct store_due *due;
	struct running *running;
	struct err err = ERR_INIT;
	size_t count;

	arena_reset(arena);
	if (store_answer_due(refresh->store, plugin->row, clock_now(), 2 * PLUGIN_MAX, arena, &due,
		&count, &err) != 0) {
		log_warning(
		    "what plugins want to fetch can't be read", LOG_STR("reason", err.text));
		return;
	}
	for (size_t i = 0; i < count && count_running(refresh, plugin) < PLUGIN_MAX; i++) {
		running = find_free(refresh);
		if (running != NULL && !is_running(refresh, &due[i].request))
			begin(refresh, plugin, &due[i], running);
	}
}

static void
look(struct refresh *refresh, struct arena *arena)
{
	struct err err = ERR_INIT;

	for (size_t i = 0; i < refresh->set->count; i++) {
		const struct plugin *plugin = &refresh->set->plugins[i];

		if (plugin->row != 0 && count_running(refresh, plugin) < PLUGIN_MAX)
			begin_due(refresh, plugin, arena);
	}
	if (clock_mono_us() < refresh->purge_us)
		return;
	refresh->purge_us = clock_mono_us() + (int64_t)PURGE_MS * 1000;
	if (store_answer_purge(refresh->store, clock_now(), &err) != 0)
		log_warning("old answers", LOG_STR("reason", err.text));
}

static void
take_ended(struct refresh *refresh)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(refresh->multi, &left)) != NULL) {
		struct running *running = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&running);
		ended(refresh, running, message->data.result);
	}
}

static void *
serve(void *closure)
{
	struct refresh *refresh = closure;
	struct arena *arena = arena_new(ARENA_MAX);
	int64_t look_us = 0;
	int active;

	while (!atomic_load(&refresh->leaving)) {
		if (clock_mono_us() >= look_us) {
			look(refresh, arena);
			look_us = clock_mono_us() + (int64_t)LOOK_MS * 1000;
		}
		curl_multi_perform(refresh->multi, &active);
		take_ended(refresh);
		curl_multi_poll(refresh->multi, NULL, 0, LOOK_MS, NULL);
	}
	for (size_t i = 0; i < RUNNING_MAX; i++) {
		if (refresh->running[i].fetch != NULL)
			let_go(refresh, &refresh->running[i]);
	}
	arena_free(&arena);
	return NULL;
}

struct refresh *
refresh_new(const struct plugin_set *set, struct store *store)
{
	struct refresh *refresh;

	if (set == NULL)
		return NULL;
	refresh = calloc(1, sizeof *refresh);
	if (refresh == NULL)
		abort();
	refresh->set = set;
	refresh->store = store;
	fetch_begin();
	refresh->multi = curl_multi_init();
	if (refresh->multi == NULL || pthread_create(&refresh->thread, NULL, serve, refresh) != 0)
		abort();
	return refresh;
}

void
refresh_free(struct refresh **r)
{
	struct refresh *refresh = *r;

	*r = NULL;
	if (refresh == NULL)
		return;
	atomic_store(&refresh->leaving, true);
	curl_multi_wakeup(refresh->multi);
	pthread_join(refresh->thread, NULL);
	curl_multi_cleanup(refresh->multi);
	free(refresh);
}
