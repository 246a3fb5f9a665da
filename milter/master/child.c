/* SPDX-License-Identifier: BSD-2-Clause
 *
 * child: see child.h
 *
 * In the child: privileges are dropped, SIGINT and SIGHUP ignored (a terminal and
 * `killall` send them to everybody, but they are the master's), SIGUSR1 served by a small
 * thread that opens the log again, so that no kind of worker has to care.
 *
 * Owns:    the list and the master's ends of the control sockets.
 * Threads: the master's only one; in the child, before it makes others.
 */
#include "master/child.h"

#include "base/clock.h"
#include "base/log.h"
#include "plugin/guard.h"
#include "web/web.h"
#include "webhook/run.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

/* Each connection of the MTA is a descriptor. */
#define DESCRIPTORS_MAX 65536

static const struct {
	const char *name;
	const char *process; /* as ps shows it */
	int (*run)(const struct worker *worker);
	bool plain; /* it never runs a plugin */
	bool alone; /* one that drains must have ended before the next begins */
	/* Before privileges are dropped; may be NULL. */
	int (*prepare)(struct worker *worker, struct err *err);
} kinds[CHILD_KINDS] = {
    [CHILD_SESSION] = {.name = "session", .process = "mt-session", .run = session_run},
    /* Two on one slot would take each other's rows. */
    [CHILD_OUTBOX] = {.name = "outbox", .process = "mt-outbox", .run = outbox_run, .alone = true},
    [CHILD_WATCH] = {.name = "watch", .process = "mt-watch", .run = watch_run, .plain = true},
    /* Tasks run one at a time. */
    [CHILD_PLUGINS] = {.name = "plugins",
	.process = "mt-plugins",
	.run = plugin_run,
	.alone = true},
    [CHILD_WEB] = {.name = "web", .process = "mt-web", .run = web_run, .plain = true},
    /* Two would read twice, */
    [CHILD_FOLLOWER] = {.name = "follower",
	.process = "mt-follower",
	.run = follow_run,
	.plain = true,
	.alone = true},
    /* and send twice. */
    [CHILD_WEBHOOK] = {.name = "webhook",
	.process = "mt-webhook",
	.run = webhook_run,
	.plain = true,
	.alone = true,
	.prepare = webhook_prepare},
};

const char *
child_kind_name(enum child_kind kind)
{
	return kinds[kind].name;
}

bool
child_kind_is_plain(enum child_kind kind)
{
	return kinds[kind].plain;
}

bool
child_kind_is_alone(enum child_kind kind)
{
	return kinds[kind].alone;
}

/* --- in the child --- */

static void *
reopen_log(void *closure)
{
	const struct conf *conf = closure;
	struct err err = ERR_INIT;
	sigset_t set;
	int number;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	for (;;) {
		if (sigwait(&set, &number) == 0 &&
		    log_open(conf->log, "mailtailord", (enum log_level)conf->log_level, &err) != 0)
			log_error("log", LOG_STR("reason", err.text));
	}
	return NULL;
}

static void
start_log_thread(const struct conf *conf)
{
	pthread_t thread;
	sigset_t all, old;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	/* The thread only reads. */
	if (pthread_create(&thread, NULL, reopen_log, (void *)(uintptr_t)conf) == 0)
		pthread_detach(thread);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

static void
set_signals(void)
{
	sigset_t blocked;

	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTERM, SIG_DFL);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	sigprocmask(SIG_SETMASK, &blocked, NULL);
}

static void
raise_limits(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	if (limit.rlim_cur < DESCRIPTORS_MAX) {
		limit.rlim_cur =
		    limit.rlim_max < DESCRIPTORS_MAX ? limit.rlim_max : DESCRIPTORS_MAX;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static void
run_child(
    enum child_kind kind, struct worker *worker, const struct identity *identity, pid_t master)
{
	struct err err = ERR_INIT;

	set_signals();
	raise_limits();
	prctl(PR_SET_NAME, kinds[kind].process);
	if ((kinds[kind].prepare != NULL && kinds[kind].prepare(worker, &err) != 0) ||
	    identity_assume(identity, &err) != 0) {
		log_error("worker can't start", LOG_STR("reason", err.text));
		exit(EX_NOPERM);
	}
	/* A second line behind end of file on control_fd. A change of user clears it, so it
	 * comes after that; the master may be gone by now. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != master)
		exit(EX_OK);
	if (!kinds[kind].plain)
		plugin_guard_install(worker->board, worker->line);
	start_log_thread(worker->conf);
	exit(kinds[kind].run(worker));
}

/* --- in the master --- */

static struct child *
list_add(struct child_list *list)
{
	if (list->count == list->size) {
		list->size = list->size == 0 ? 16 : 2 * list->size;
		list->at = realloc(list->at, list->size * sizeof *list->at);
		if (list->at == NULL)
			abort();
	}
	return &list->at[list->count++];
}

static void
close_masters(const struct child_list *list, const int *master_fds, size_t master_fd_count)
{
	for (size_t i = 0; i < list->count; i++) {
		if (list->at[i].control_fd >= 0)
			close(list->at[i].control_fd);
	}
	for (size_t i = 0; i < master_fd_count; i++) {
		if (master_fds[i] >= 0)
			close(master_fds[i]);
	}
}

int
child_start(struct child_list *list, enum child_kind kind, const struct worker *worker,
    const struct identity *identity, const int *master_fds, size_t master_fd_count, struct err *err)
{
	struct worker own = *worker;
	pid_t pid, master = getpid();
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
		return err_set(err, ERR_IO, "socketpair: %s", strerror(errno));
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		close(fds[0]);
		close_masters(list, master_fds, master_fd_count);
		own.control_fd = fds[1];
		run_child(kind, &own, identity, master);
	}
	close(fds[1]);
	if (pid < 0) {
		close(fds[0]);
		return err_set(err, ERR_IO, "fork: %s", strerror(errno));
	}
	*list_add(list) = (struct child){
	    .pid = pid,
	    .kind = kind,
	    .slot = worker->slot,
	    .line = worker->line,
	    .memory = worker->conf->worker_memory,
	    .control_fd = fds[0],
	    .started_us = clock_mono_us(),
	};
	return 0;
}

void
child_drain(struct child *child)
{
	child->draining = true;
	if (child->control_fd >= 0 && send(child->control_fd, "d", 1, MSG_NOSIGNAL) != 1)
		child_leave(child);
}

void
child_listen(struct child *child)
{
	char byte;
	ssize_t got = recv(child->control_fd, &byte, 1, MSG_DONTWAIT);

	if (got == 1 && byte == WORKER_RETIRES)
		child->draining = true;
	/* Its end was closed: it has died, and SIGCHLD says the rest. */
	if (got == 0) {
		close(child->control_fd);
		child->control_fd = -1;
	}
}

void
child_leave(struct child *child)
{
	child->draining = true;
	if (child->control_fd >= 0)
		close(child->control_fd);
	child->control_fd = -1;
}

struct child *
child_by_pid(struct child_list *list, pid_t pid)
{
	for (size_t i = 0; i < list->count; i++) {
		if (list->at[i].pid == pid)
			return &list->at[i];
	}
	return NULL;
}

struct child *
child_by_slot(struct child_list *list, enum child_kind kind, int slot, bool any)
{
	for (size_t i = 0; i < list->count; i++) {
		struct child *child = &list->at[i];

		if (child->kind == kind && child->slot == slot && (any || !child->draining))
			return child;
	}
	return NULL;
}

void
child_remove(struct child_list *list, struct child *child)
{
	if (child->control_fd >= 0)
		close(child->control_fd);
	*child = list->at[--list->count];
}

void
child_log_end(const struct child *child, int wait_status, int64_t restart_ms)
{
	const char *name = kinds[child->kind].name;

	if (WIFSIGNALED(wait_status))
		log_error("worker died", LOG_STR("kind", name), LOG_NUM("slot", child->slot),
		    LOG_NUM("pid", child->pid),
		    LOG_STR("signal", sigabbrev_np(WTERMSIG(wait_status))),
		    LOG_NUM("restart_ms", restart_ms));
	else if (WEXITSTATUS(wait_status) != EX_OK || !child->draining)
		log_error("worker ended", LOG_STR("kind", name), LOG_NUM("slot", child->slot),
		    LOG_NUM("pid", child->pid), LOG_NUM("status", WEXITSTATUS(wait_status)),
		    LOG_NUM("restart_ms", restart_ms));
	else
		log_debug("worker left", LOG_STR("kind", name), LOG_NUM("slot", child->slot),
		    LOG_NUM("pid", child->pid));
}
