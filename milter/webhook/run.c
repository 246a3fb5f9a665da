/* SPDX-License-Identifier: BSD-2-Clause
 *
 * run: the process that sends events to webhooks
 *
 * All requests are under way side by side in one thread, so that one that hangs holds up no other.
 * It loads no plugin, and lets go of the DKIM keys that it has from the master.
 *
 * When it is told to leave, requests that are under way may end for a moment; the next process
 * sends again what was given up.
 *
 * Owns:    store, secrets, transfers of this process.
 * Threads: the process's first; the log's, and libcurl's for names, beside it.
 * Fails:   see webhook.h.
 */
#include "webhook/run.h"

#include "base/clock.h"
#include "base/log.h"
#include "webhook/webhook.h"

#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#define LEAVE_US   ((int64_t)1000000)
#define LONGEST_US ((int64_t)1000000)

struct process {
	const struct worker *worker;
	struct store *store;
	CURLM *multi;
	struct webhook *hooks;
	size_t count;
	int signal_fd;
};

int
webhook_prepare(struct worker *worker, struct err *err)
{
	const struct conf *conf = worker->conf;

	worker->webhook_secrets = calloc(conf->webhook_count + 1, sizeof *worker->webhook_secrets);
	if (worker->webhook_secrets == NULL)
		abort();
	for (size_t i = 0; i < conf->webhook_count; i++) {
		if (webhook_secrets_read(
			&worker->webhook_secrets[i], &conf->webhooks[i], conf->user, err) != 0)
			return -1;
	}
	return 0;
}

static int
open_parts(struct process *process, struct err *err)
{
	const struct worker *worker = process->worker;
	const struct conf *conf = worker->conf;
	struct dkim_keys *keys = worker->keys;

	dkim_keys_unref(&keys);
	process->signal_fd = worker_signal_fd(err);
	if (process->signal_fd < 0 ||
	    store_open(&process->store, conf->database, STORE_READ, err) != 0)
		return -1;
	srandom((unsigned)(clock_mono_us() ^ getpid()));
	fetch_begin();
	process->multi = curl_multi_init();
	process->hooks = calloc(conf->webhook_count + 1, sizeof *process->hooks);
	if (process->multi == NULL || process->hooks == NULL)
		abort();
	for (size_t i = 0; i < conf->webhook_count; i++)
		process->hooks[process->count++] = (struct webhook){
		    .section = &conf->webhooks[i], .secrets = &worker->webhook_secrets[i]};
	return 0;
}

/* Begins what is due. How long nothing else will be; with nothing under way, too. */
static int
look(struct process *process)
{
	int64_t now_us = clock_mono_us(), next_us = now_us + LONGEST_US;

	for (size_t i = 0; i < process->count; i++) {
		struct webhook *hook = &process->hooks[i];

		if (hook->fetch != NULL)
			continue;
		if (hook->look_us <= now_us)
			webhook_look(hook, process->store);
		if (hook->fetch != NULL) {
			curl_easy_setopt(fetch_handle(hook->fetch), CURLOPT_PRIVATE, hook);
			curl_multi_add_handle(process->multi, fetch_handle(hook->fetch));
			/* It has to be set going. */
			next_us = now_us;
		} else if (hook->look_us < next_us) {
			next_us = hook->look_us;
		}
	}
	return next_us <= now_us ? 0 : (int)((next_us - now_us) / 1000) + 1;
}

/* How many are under way still. */
static int
move_on(struct process *process)
{
	CURLMsg *message;
	int active = 0, left;

	curl_multi_perform(process->multi, &active);
	while ((message = curl_multi_info_read(process->multi, &left)) != NULL) {
		CURLcode code = message->data.result;
		struct webhook *hook = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&hook);
		curl_multi_remove_handle(process->multi, fetch_handle(hook->fetch));
		webhook_ended(hook, process->store, code);
	}
	return active;
}

/* True when it is time to leave. */
static bool
rest(struct process *process, int ms)
{
	struct curl_waitfd fds[] = {{.fd = process->worker->control_fd, .events = CURL_WAIT_POLLIN},
	    {.fd = process->signal_fd, .events = CURL_WAIT_POLLIN}};

	curl_multi_poll(process->multi, fds, 2, ms, NULL);
	return fds[0].revents != 0 || fds[1].revents != 0;
}

static void
serve(struct process *process)
{
	int wait_ms;

	do {
		/* In this order: what has just been taken has a next batch. */
		move_on(process);
		wait_ms = look(process);
	} while (!rest(process, wait_ms));
}

static void
leave(struct process *process)
{
	int64_t end_us = clock_mono_us() + LEAVE_US;

	while (move_on(process) > 0 && clock_mono_us() < end_us)
		curl_multi_poll(process->multi, NULL, 0, 100, NULL);
	for (size_t i = 0; i < process->count; i++) {
		struct webhook *hook = &process->hooks[i];

		if (hook->fetch != NULL)
			curl_multi_remove_handle(process->multi, fetch_handle(hook->fetch));
		fetch_free(&hook->fetch);
	}
}

int
webhook_run(const struct worker *worker)
{
	struct process process = {.worker = worker, .signal_fd = -1};
	struct err err = ERR_INIT;
	int status = EX_OK;

	if (open_parts(&process, &err) == 0) {
		serve(&process);
		leave(&process);
	} else {
		log_error("webhooks can't start", LOG_STR("reason", err.text));
		status = err_exit_code(err.code);
	}
	curl_multi_cleanup(process.multi);
	for (size_t i = 0; i < worker->conf->webhook_count; i++)
		webhook_secrets_wipe(&worker->webhook_secrets[i]);
	free(worker->webhook_secrets);
	free(process.hooks);
	store_close(&process.store);
	if (process.signal_fd >= 0)
		close(process.signal_fd);
	return status;
}
