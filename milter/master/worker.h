/* SPDX-License-Identifier: BSD-2-Clause
 *
 * worker: what the master hands to each process that it forks
 *
 * A worker gets one configuration for its whole life: a reload replaces workers.
 * It leaves cleanly (nothing new is begun, what is in hand is finished, exit 0)
 * when `control_fd` becomes readable: one byte says "drain", end of file says that
 * the master is gone. SIGTERM means the same as end of file.
 *
 * One that is worn (tailor_is_worn) says so with one byte the other way, then drains
 * unasked: a session's successor starts at once, an outbox's when it has left.
 */
#ifndef MASTER_WORKER_H
#define MASTER_WORKER_H

#include "base/id.h"
#include "conf/conf.h"
#include "dkim/dkim.h"
#include "link/keys.h"
#include "tailor/templates.h"

struct board;
struct outbox_hands;
struct webhook_secrets;

#define WORKER_OUTBOX_MAX 64
#define WORKER_RETIRES	  'r'

struct worker {
	const struct conf *conf;
	struct dkim_keys *keys;
	struct link_keys *link_keys; /* NULL: nothing is tracked */
	struct tailor_templates *templates;
	int slot;	     /* 0.. within its kind; a restarted worker has the same */
	int slots;	     /* how many of its kind there are */
	struct board *board; /* of plugins; or NULL */
	int line;
	struct outbox_hands *hands;		 /* of all outbox slots; or NULL */
	struct webhook_secrets *webhook_secrets; /* webhook: of each section; else NULL */
	int control_fd;
	int listen_fd; /* sessions: the milter socket; web: its own; else -1 */
	/* One eventfd for each outbox slot: a session adds 1 to all of them after it has
	 * committed new rows; an outbox process waits on its own. Survive restarts. */
	int wake_fds[WORKER_OUTBOX_MAX];
	int wake_count;
	/* Key of the HMAC in the EHLO name by which sessions know our own hand-back
	 * (see master/ehlo.h); made at the master's start, never written down. */
	struct id_digest ehlo_key;
};

/* Each runs until it is told to leave and returns the exit status (0, or sysexits.h). */
int session_run(const struct worker *worker);
int outbox_run(const struct worker *worker);
/* Asks DNS for the records of DKIM keys; see master/watch.c. */
int watch_run(const struct worker *worker);

/* Tasks of plugins; see plugin/background.c. */
int plugin_run(const struct worker *worker);

/* New rows of the outbox are committed: each outbox process looks for them. */
void worker_wake_outbox(const struct worker *worker);

/* Follows the relay's log; see follow/run.c. */
int follow_run(const struct worker *worker);

/* Sends events to webhooks; see webhook/run.c. */
int webhook_run(const struct worker *worker);

/* A descriptor that can be read when SIGTERM came, which is blocked from now on, in this thread and
 * those that it starts. -1: ERR_IO. */
int worker_signal_fd(struct err *err);

/* "I am worn and leave": the master starts another. Logs it. */
void worker_retire(const struct worker *worker);

#endif
