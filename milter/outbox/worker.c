/* SPDX-License-Identifier: BSD-2-Clause
 *
 * worker: an outbox process
 *
 * Begin and end of it: the slot's lock, store and engine, threads. The work in between is
 * loop.c's.
 *
 * Owns:    store, engine, queue, senders, settler of this process.
 * Threads: outbox_run is the main thread; it starts the others, and SIGTERM is its alone.
 * Fails:   an exit status of sysexits.h; rows are never lost by it, at worst in doubt.
 */
#include "base/clock.h"
#include "base/descriptor.h"
#include "base/log.h"
#include "outbox/process.h"
#include "outbox/slot.h"
#include "webhook/payload.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sysexits.h>
#include <unistd.h>

#define START_PER_SENDER 4

/* 1: ours, 0: told to leave, -1. */
static int
take_slot(struct outbox_process *process, struct err *err)
{
	struct pollfd fds[] = {{.fd = process->worker->control_fd, .events = POLLIN},
	    {.fd = process->signal_fd, .events = POLLIN}};
	bool told = false;
	int status;

	while ((status = outbox_slot_lock(
		    process->conf->database, process->worker->slot, &process->slot_fd, err)) == 0) {
		if (!told)
			log_info("waiting for the slot's last process to finish",
			    LOG_NUM("slot", process->worker->slot));
		told = true;
		if (poll(fds, 2, 100) > 0)
			return 0;
	}
	return status;
}

static int
open_parts(struct outbox_process *process, struct err *err)
{
	const struct worker *worker = process->worker;
	struct outbox_office *office = &process->office;

	office->worker = worker;
	office->queue = &process->queue;
	if (worker->hands != NULL)
		office->hands = &worker->hands[worker->slot];
	office->cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (office->cancel_fd < 0)
		return err_set(err, ERR_IO, "eventfd: %s", strerror(errno));
	if (store_open(&office->store, process->conf->database, STORE_READ, err) != 0)
		return -1;
	if (webhook_any_wants(process->conf, STORE_EVENT_SENT))
		store_tell_sent(office->store);
	if (tailor_new(&office->tailor, process->conf, worker->keys, worker->link_keys,
		worker->templates, office->store, err) != 0)
		return -1;
	descriptor_guard(office->cancel_fd);
	office->letters = outbox_letters_new(office->store, office->tailor);
	return outbox_settler_new(&process->settler, office, err);
}

static void
close_parts(struct outbox_process *process)
{
	if (process->office.cancel_fd >= 0)
		eventfd_write(process->office.cancel_fd, 1);
	outbox_settler_free(&process->settler);
	outbox_letters_free(&process->office.letters);
	tailor_free(&process->office.tailor);
	store_close(&process->office.store);
	if (process->office.cancel_fd >= 0)
		close(process->office.cancel_fd);
}

static int
start_senders(struct outbox_process *process, struct err *err)
{
	int wanted = (int)process->conf->outbox_connections;

	for (int i = 0; i < wanted && i < OUTBOX_SENDERS_MAX; i++) {
		int status =
		    pthread_create(&process->senders[i], NULL, outbox_sender_run, &process->office);

		if (status != 0)
			return err_set(err, ERR_IO, "thread: %s", strerror(status));
		process->sender_count++;
	}
	process->target = (size_t)process->sender_count * START_PER_SENDER;
	process->rate_us = clock_mono_us();
	return 0;
}

static void
join_senders(struct outbox_process *process)
{
	outbox_queue_close(&process->queue);
	for (int i = 0; i < process->sender_count; i++)
		pthread_join(process->senders[i], NULL);
}

static int
serve(struct outbox_process *process, struct err *err)
{
	int status = -1;

	if (open_parts(process, err) == 0 &&
	    outbox_queue_init(&process->queue, (int)process->conf->outbox_connections, err) == 0) {
		/* Before the first claim: what is claimed now is what others left. */
		if (!outbox_inherit(process))
			status = err_set(err, ERR_STORE, "rows in doubt can't be read");
		else
			status = start_senders(process, err);
		while (status == 0 && outbox_loop_turn(process))
			;
		join_senders(process);
		outbox_queue_fini(&process->queue);
	}
	close_parts(process);
	return status;
}

int
outbox_run(const struct worker *worker)
{
	struct outbox_process process = {.worker = worker,
	    .conf = worker->conf,
	    .office = {.cancel_fd = -1},
	    .signal_fd = -1,
	    .slot_fd = -1};
	struct err err = ERR_INIT;
	int status;

	process.signal_fd = worker_signal_fd(&err);
	descriptor_guard(process.signal_fd);
	status = process.signal_fd < 0 ? -1 : take_slot(&process, &err);
	if (status > 0)
		status = serve(&process, &err);
	if (process.slot_fd >= 0)
		close(process.slot_fd);
	if (process.signal_fd >= 0)
		close(process.signal_fd);
	if (status == 0)
		return EX_OK;
	log_error("outbox process can't go on", LOG_NUM("slot", worker->slot),
	    LOG_STR("reason", err.text));
	return err_exit_code(err.code);
}
