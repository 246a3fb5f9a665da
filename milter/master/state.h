/* SPDX-License-Identifier: BSD-2-Clause
 *
 * state: what master.c and reload.c share
 */
#ifndef MASTER_STATE_H
#define MASTER_STATE_H

#include "master/child.h"
#include "plugin/board.h"

#define SLOTS_MAX 64

/* Where a worker is meant to be. */
struct slot {
	int64_t next_us;    /* not before */
	int64_t backoff_ms; /* pause before the next restart; 0: the shortest */
};

struct master {
	const char *path;
	bool foreground;
	const struct conf *conf; /* the present snapshot; older ones live in draining workers */
	struct dkim_keys *keys;
	struct link_keys *link_keys; /* or NULL */
	struct tailor_templates *templates;
	struct identity identity;
	int pid_fd;
	int signal_fd;
	int listen_fd;
	int web_fd;   /* -1: there is no web process */
	int ready_fd; /* to the process that waits while we go to the background; or -1 */
	int wake_fds[WORKER_OUTBOX_MAX];
	int wake_count;
	struct outbox_hands *hands; /* of all outbox slots; or NULL */
	struct board *board;	    /* NULL: no plugin was ever configured */
	struct id_digest ehlo_key;
	struct child_list children;
	struct slot slots[CHILD_KINDS][SLOTS_MAX];
	int slot_count[CHILD_KINDS];
	bool stop;
};

/* Logs, and prints where nobody would see the log. */
void master_complain(const struct master *master, const char *event, const char *text);
/* Opens the log of this configuration; root gives the file to the daemon's user, whose
 * workers open it again at SIGUSR1. */
int master_open_log(const struct conf *conf, const struct identity *identity, struct err *err);
/* Logs what the configuration lacks for marketing by the law. */
void master_warn(const struct master *master);
/* Numbers of slots and eventfds as the present configuration wants them. */
int master_set_slots(struct master *master, struct err *err);

/* SIGHUP: a new configuration with new workers, or the old one with a log line why. */
void master_reload(struct master *master);
/* SIGUSR1: the log is opened again, everywhere. */
void master_reopen_log(struct master *master);

#endif
