/* SPDX-License-Identifier: BSD-2-Clause
 *
 * worker: see worker.h
 *
 * Threads: any may wake the outbox; else the worker's first.
 */
#include "master/worker.h"

#include "base/log.h"
#include "base/resident.h"

#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

int
worker_signal_fd(struct err *err)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? err_set(err, ERR_IO, "signalfd: %s", strerror(errno)) : fd;
}

void
worker_retire(const struct worker *worker)
{
	const char byte = WORKER_RETIRES;

	log_info("worker retires", LOG_NUM("slot", worker->slot),
	    LOG_NUM("messages", worker->conf->worker_messages),
	    LOG_NUM("megabytes", resident_bytes(0) >> 20));
	if (send(worker->control_fd, &byte, 1, MSG_NOSIGNAL) != 1)
		log_warning("the master does not listen", LOG_STR("reason", strerror(errno)));
}

void
worker_wake_outbox(const struct worker *worker)
{
	const uint64_t one = 1;

	/* EAGAIN says that the counter is at its top: then it is awake anyway. */
	for (int i = 0; i < worker->wake_count; i++) {
		if (write(worker->wake_fds[i], &one, sizeof one) < 0 && errno != EAGAIN)
			log_warning("eventfd", LOG_STR("reason", strerror(errno)));
	}
}
