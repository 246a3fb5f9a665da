/* SPDX-License-Identifier: BSD-2-Clause
 *
 * worker: see worker.h
 *
 * Threads: the worker's first.
 */
#include "master/worker.h"

#include "base/log.h"
#include "base/resident.h"

#include <errno.h>
#include <sys/socket.h>

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
