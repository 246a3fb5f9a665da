/* SPDX-License-Identifier: BSD-2-Clause
 *
 * child: one worker process, from fork to the words of the log about its end
 */
#ifndef MASTER_CHILD_H
#define MASTER_CHILD_H

#include "master/identity.h"
#include "master/worker.h"

#include <stdbool.h>
#include <sys/types.h>

enum child_kind {
	CHILD_SESSION,
	CHILD_OUTBOX,
	CHILD_WATCH,
	CHILD_PLUGINS,
	CHILD_WEB,
	CHILD_FOLLOWER,
	CHILD_WEBHOOK
};

#define CHILD_KINDS 7

struct child {
	pid_t pid;
	enum child_kind kind;
	int slot;
	int line;	/* of the board; or -1 */
	int64_t memory; /* worker_memory, as it was when it began */
	int control_fd; /* the master's end; -1 once closed */
	bool draining;	/* was told to leave */
	int64_t started_us;
};

/* All children that live, in no order. */
struct child_list {
	struct child *at;
	size_t count, size;
};

const char *child_kind_name(enum child_kind kind);
/* It never runs a plugin. */
bool child_kind_is_plain(enum child_kind kind);
/* One that drains must have ended before the next of its slot begins. */
bool child_kind_is_alone(enum child_kind kind);

/* Forks a worker. `worker` is complete but for control_fd; `master_fds` (-1: none)
 * are closed in the child, as are the control descriptors of its siblings: else they would outlive the
 * master. */
int child_start(struct child_list *list, enum child_kind kind, const struct worker *worker,
    const struct identity *identity, const int *master_fds, size_t master_fd_count,
    struct err *err);
/* "Finish in your own time." */
void child_drain(struct child *child);
/* Reads what it says on its control descriptor: it may be leaving on its own account. */
void child_listen(struct child *child);
/* "Finish what is in hand and go": end of file on its control descriptor. */
void child_leave(struct child *child);
struct child *child_by_pid(struct child_list *list, pid_t pid);
/* NULL if none of that kind and slot lives; with `any`, one that drains counts, too. */
struct child *child_by_slot(struct child_list *list, enum child_kind kind, int slot, bool any);
void child_remove(struct child_list *list, struct child *child);
void child_log_end(const struct child *child, int wait_status, int64_t restart_ms);

#endif
