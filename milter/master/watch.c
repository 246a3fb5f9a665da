/* SPDX-License-Identifier: BSD-2-Clause
 *
 * watch: the process that asks DNS for the records of DKIM keys
 *
 * It is there when a key has active = auto. Resolvers may take seconds to say nothing, so
 * nobody who has a message in hand asks them: this process does, and all others see
 * the result in shared memory.
 *
 * Threads: the process's first; the log's beside it.
 */
#include "master/worker.h"

#include <poll.h>
#include <sysexits.h>

/* While DNS is silent or a record is not there yet, somebody waits for it. */
#define EAGER_MS 30000

/* True when the master wants this process to leave. */
static bool
is_told(const struct worker *worker, int64_t wait_ms)
{
	struct pollfd fd = {.fd = worker->control_fd, .events = POLLIN};

	return poll(&fd, 1, (int)wait_ms) > 0;
}

static bool
stop(void *closure)
{
	return is_told(closure, 0);
}

int
watch_run(const struct worker *worker)
{
	const struct conf *conf = worker->conf;
	struct worker own = *worker;
	int64_t wait_ms;

	do {
		size_t waiting = dkim_keys_check(worker->keys, conf->dkim_dns, stop, &own);

		wait_ms = waiting > 0 && conf->dkim_check > EAGER_MS ? EAGER_MS : conf->dkim_check;
	} while (!is_told(worker, wait_ms));
	return EX_OK;
}
