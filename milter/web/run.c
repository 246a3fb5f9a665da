/* SPDX-License-Identifier: BSD-2-Clause
 *
 * run: the web process, from fork to the last reply
 *
 * When it is told to leave it takes no new connection (its successor does, on the same
 * socket), answers what it has, and goes.
 *
 * Owns:    store, spool, recorder, pages, server.
 * Threads: the process's first; libmicrohttpd's and the recorder's beside it.
 */
#include "base/clock.h"
#include "base/log.h"
#include "master/worker.h"
#include "web/rates.h"
#include "web/server.h"
#include "web/spool.h"
#include "web/visits.h"

#include <poll.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#define TURN_MS 1000
/* A request has so many times web_timeout for its whole. */
#define PATIENCE 4
/* Where three of four connections are taken, one without a request may be silent for so long. */
#define CROWDED_US ((int64_t)2 * 1000000)
/* What a reload waits for replies that are on their way. */
#define DRAIN_US ((int64_t)10 * 1000000)

struct process {
	const struct worker *worker;
	struct web web;
	struct web_server server;
	struct MHD_Daemon *daemon;
	int signal_fd;
};

static int
open_parts(struct process *process, struct err *err)
{
	const struct worker *worker = process->worker;
	struct web *web = &process->web;

	web->conf = worker->conf;
	web->keys = worker->link_keys;
	web->worker = worker;
	web->texts = tailor_templates_of(worker->templates, NULL).texts;
	web->rates = web_rates_new(worker->conf);
	web->pixel = web_pixel_new();
	web->api = web_api_new();
	web->visits = web_visits_new(worker->conf->machine_soon, worker->conf->machine_burst);
	web->studio = picture_studio_new(worker->conf->picture_font);
	process->server = (struct web_server){web, web_connections_new()};
	process->signal_fd = worker_signal_fd(err);
	if (process->signal_fd < 0 ||
	    store_open(&web->store, worker->conf->database, STORE_READ, err) != 0 ||
	    (worker->conf->plugin_count == 0 && worker->link_keys != NULL &&
		tailor_new(&web->tailor, worker->conf, NULL, worker->link_keys, worker->templates,
		    web->store, err) != 0) ||
	    web_pages_new(&web->pages, worker->conf, worker->templates, err) != 0 ||
	    web_spool_new(&web->spool, worker->conf->database, err) != 0 ||
	    web_recorder_new(&web->recorder, web->store, web->spool, err) != 0)
		return -1;
	web->aside = web_aside_new();
	web->board = worker->board;
	web->targets = web_targets_new(web->store);
	process->daemon = web_server_start(&process->server, worker->listen_fd);
	return process->daemon != NULL ? 0 : err_set(err, ERR_IO, "the web server does not start");
}

/* What the last requests left; if that takes too long, the next process does it. */
static void
empty_spool(struct web *web)
{
	int64_t end_us = clock_mono_us() + DRAIN_US;
	struct err err = ERR_INIT;
	int moved = 1;

	while (web->spool != NULL && moved > 0 && clock_mono_us() < end_us)
		moved = web_spool_move(web->spool, web->store, SIZE_MAX, &err);
	if (moved < 0)
		log_warning("web: what was recorded waits for the next process",
		    LOG_STR("reason", err.text));
	web_spool_free(&web->spool);
}

static void
close_parts(struct process *process)
{
	/* Nothing may be suspended when the server stops. */
	web_recorder_stop(process->web.recorder);
	web_aside_stop(process->web.aside);
	if (process->daemon != NULL)
		MHD_stop_daemon(process->daemon);
	web_server_clean(&process->web);
	web_recorder_free(&process->web.recorder);
	web_aside_free(&process->web.aside);
	empty_spool(&process->web);
	web_connections_free(&process->server.connections);
	web_pages_free(&process->web.pages);
	MHD_destroy_response(process->web.pixel);
	picture_studio_free(&process->web.studio);
	web_api_free(&process->web.api);
	web_targets_free(&process->web.targets);
	web_visits_free(&process->web.visits);
	web_rates_free(&process->web.rates);
	tailor_free(&process->web.tailor);
	store_close(&process->web.store);
	if (process->signal_fd >= 0)
		close(process->signal_fd);
}

static void
serve(struct process *process)
{
	struct pollfd fds[] = {{.fd = process->worker->control_fd, .events = POLLIN},
	    {.fd = process->signal_fd, .events = POLLIN}};
	size_t crowded = (size_t)process->worker->conf->web_connections * 3 / 4;
	int64_t patience_us = PATIENCE * process->worker->conf->web_timeout * 1000;

	while (poll(fds, 2, TURN_MS) <= 0) {
		size_t open = web_connections_end(process->server.connections, patience_us, false);

		/* Before nobody else gets in: who has nothing in hand, and is not new. */
		if (open > crowded)
			web_connections_end(process->server.connections, CROWDED_US, true);
	}
}

static void
drain(struct process *process)
{
	int64_t end_us = clock_mono_us() + DRAIN_US;

	atomic_store(&process->web.leaving, true);
	MHD_quiesce_daemon(process->daemon);
	/* Connections that only wait for another request are ended; a proxy opens new ones. */
	while (web_connections_end(process->server.connections, 0, true) > 0 &&
	    clock_mono_us() < end_us)
		poll(NULL, 0, 50);
}

int
web_run(const struct worker *worker)
{
	struct process process = {.worker = worker, .signal_fd = -1};
	struct err err = ERR_INIT;
	int status = open_parts(&process, &err);

	if (status == 0) {
		serve(&process);
		drain(&process);
	} else {
		log_error("the web process can't go on", LOG_STR("reason", err.text));
	}
	close_parts(&process);
	return status == 0 ? EX_OK : err_exit_code(err.code);
}
