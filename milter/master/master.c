/* SPDX-License-Identifier: BSD-2-Clause
 *
 * master: see master.h
 *
 * One thread, one loop: signals come through a descriptor, workers that are due are
 * started, those that died are noted. It never touches mail or database: what needs the
 * database (migration, checks) is done by a short-lived process of the daemon's user.
 *
 *     SIGTERM, SIGINT  clean stop
 *     SIGHUP           reload (reload.c)
 *     SIGUSR1          open the log again
 *
 * Owns:    struct master.
 * Threads: one.
 */
#include "master/master.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/tally.h"
#include "master/check.h"
#include "master/fence.h"
#include "master/pidfile.h"
#include "master/state.h"
#include "outbox/hands.h"
#include "session/listen.h"
#include "web/web.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

/* Restarts: 100 ms, doubling to 30 s, forgotten after a minute of life. */
#define BACKOFF_MIN_MS	100
#define BACKOFF_MAX_MS	30000
#define BACKOFF_LIFE_US ((int64_t)60 * 1000000)
/* What a clean stop waits for messages in hand. */
#define STOP_US ((int64_t)30 * 1000000)

void
master_complain(const struct master *master, const char *event, const char *text)
{
	log_error(event, LOG_STR("reason", text));
	/* The log may be the same place: once is enough. */
	if (master->conf == NULL || strcmp(master->conf->log, "stderr") != 0)
		fprintf(stderr, "mailtailord: %s\n", text);
}

int
master_open_log(const struct conf *conf, const struct identity *identity, struct err *err)
{
	if (log_open(conf->log, "mailtailord", (enum log_level)conf->log_level, err) != 0)
		return -1;
	if (identity->change && conf->log[0] == '/' &&
	    lchown(conf->log, identity->uid, identity->gid) != 0)
		return err_set(err, ERR_IO, "log %s: %s", conf->log, strerror(errno));
	return 0;
}

/* --- slots --- */

static int
wanted_slots(int64_t configured)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	if (configured == 0)
		configured = cores < 1 ? 1 : cores;
	return configured > SLOTS_MAX ? SLOTS_MAX : (int)configured;
}

int
master_set_slots(struct master *master, struct err *err)
{
	int outboxes = wanted_slots(master->conf->outbox_workers);

	master->slot_count[CHILD_SESSION] = wanted_slots(master->conf->sessions);
	while (master->wake_count < outboxes) {
		int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

		if (fd < 0)
			return err_set(err, ERR_IO, "eventfd: %s", strerror(errno));
		master->wake_fds[master->wake_count++] = fd;
	}
	master->slot_count[CHILD_OUTBOX] = outboxes;
	master->slot_count[CHILD_PLUGINS] = master->conf->plugin_count > 0 ? 1 : 0;
	master->slot_count[CHILD_WATCH] = dkim_keys_watched(master->keys) ? 1 : 0;
	master->slot_count[CHILD_FOLLOWER] =
	    master->conf->follow && master->conf->mail_log.count > 0 ? 1 : 0;
	master->slot_count[CHILD_WEB] = master->conf->web[0] != '\0' ? 1 : 0;
	master->slot_count[CHILD_WEBHOOK] = master->conf->webhook_count > 0 ? 1 : 0;
	return 0;
}

static int
listen_fd(const struct master *master, enum child_kind kind)
{
	if (kind == CHILD_SESSION)
		return master->listen_fd;
	return kind == CHILD_WEB ? master->web_fd : -1;
}

static const enum tally_counter started[] = {
    [CHILD_SESSION] = TALLY_START_SESSION,
    [CHILD_OUTBOX] = TALLY_START_OUTBOX,
    [CHILD_WATCH] = TALLY_START_WATCH,
    [CHILD_PLUGINS] = TALLY_START_PLUGINS,
    [CHILD_WEB] = TALLY_START_WEB,
    [CHILD_FOLLOWER] = TALLY_START_FOLLOWER,
    [CHILD_WEBHOOK] = TALLY_START_WEBHOOK,
};
_Static_assert(sizeof started / sizeof started[0] == CHILD_KINDS, "each kind is counted");

static void
start_worker(struct master *master, enum child_kind kind, int slot)
{
	/* Whoever else held the listening socket would keep it open without serving it. */
	const int master_fds[] = {master->signal_fd, master->ready_fd,
	    kind == CHILD_SESSION ? -1 : master->listen_fd,
	    kind == CHILD_WEB ? -1 : master->web_fd};
	struct worker worker = {
	    .conf = master->conf,
	    .keys = master->keys,
	    .link_keys = master->link_keys,
	    .templates = master->templates,
	    .slot = slot,
	    .slots = master->slot_count[kind],
	    .listen_fd = listen_fd(master, kind),
	    .wake_count = master->wake_count,
	    .ehlo_key = master->ehlo_key,
	    .hands = master->hands,
	    .board = master->board,
	    .line = child_kind_is_plain(kind) ? -1 : fence_line(master),
	};
	struct err err = ERR_INIT;

	memcpy(worker.wake_fds, master->wake_fds, sizeof worker.wake_fds);
	if (child_start(&master->children, kind, &worker, &master->identity, master_fds,
		sizeof master_fds / sizeof master_fds[0], &err) != 0) {
		log_error("worker can't start", LOG_STR("kind", child_kind_name(kind)),
		    LOG_NUM("slot", slot), LOG_STR("reason", err.text));
		master->slots[kind][slot].next_us = clock_mono_us() + BACKOFF_MAX_MS * 1000;
		return;
	}
	tally_count(started[kind]);
}

/* Starts what is due; returns how long poll may wait for the next, -1: for ever. */
static int
start_workers(struct master *master)
{
	int64_t wait_us = -1;

	for (int kind = 0; kind < CHILD_KINDS; kind++) {
		for (int slot = 0; slot < master->slot_count[kind]; slot++) {
			int64_t due_us = master->slots[kind][slot].next_us - clock_mono_us();

			if (child_by_slot(&master->children, (enum child_kind)kind, slot,
				child_kind_is_alone((enum child_kind)kind)) != NULL)
				continue;
			if (due_us <= 0)
				start_worker(master, (enum child_kind)kind, slot);
			else if (wait_us < 0 || due_us < wait_us)
				wait_us = due_us;
		}
	}
	return wait_us < 0 ? -1 : (int)(wait_us / 1000) + 1;
}

/* Says when the slot's next worker may start; returns the pause. Deaths that a plugin is to blame
 * for come to an end by themselves (fence.c), and others must not wait for that. */
static int64_t
back_off(struct slot *slot, int64_t lived_us, bool blamed)
{
	int64_t pause_ms;

	if (blamed) {
		slot->next_us = clock_mono_us() + BACKOFF_MIN_MS * 1000;
		return BACKOFF_MIN_MS;
	}
	if (lived_us >= BACKOFF_LIFE_US || slot->backoff_ms == 0)
		slot->backoff_ms = BACKOFF_MIN_MS;
	pause_ms = slot->backoff_ms;
	slot->next_us = clock_mono_us() + pause_ms * 1000;
	slot->backoff_ms = 2 * pause_ms > BACKOFF_MAX_MS ? BACKOFF_MAX_MS : 2 * pause_ms;
	return pause_ms;
}

static void
reap(struct master *master)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		struct child *child = child_by_pid(&master->children, pid);
		int64_t pause_ms = 0;
		bool blamed;

		if (child == NULL)
			continue;
		blamed = fence_blame(master, child, status);
		if (!child->draining)
			tally_count(TALLY_DIED);
		if (!child->draining)
			pause_ms = back_off(&master->slots[child->kind][child->slot],
			    clock_mono_us() - child->started_us, blamed);
		child_log_end(child, status, pause_ms);
		child_remove(&master->children, child);
	}
}

/* --- signals --- */

static int
open_signals(struct master *master, struct err *err)
{
	static const int numbers[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGCHLD};
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		sigaddset(&set, numbers[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	master->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (master->signal_fd < 0)
		return err_set(err, ERR_IO, "signalfd: %s", strerror(errno));
	return 0;
}

static void
handle_signals(struct master *master)
{
	struct signalfd_siginfo info;

	while (read(master->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
		switch (info.ssi_signo) {
		case SIGTERM:
		case SIGINT:
			master->stop = true;
			break;
		case SIGHUP:
			master_reload(master);
			break;
		case SIGUSR1:
			master_reopen_log(master);
			break;
		default:
			break;
		}
	}
	reap(master);
}

/* A signal, or a word of a worker that retires. */
static void
wait_for_news(struct master *master, int timeout_ms)
{
	size_t count = master->children.count;
	struct pollfd *fds = calloc(count + 1, sizeof *fds);

	if (fds == NULL)
		abort();
	fds[count] = (struct pollfd){.fd = master->signal_fd, .events = POLLIN};
	for (size_t i = 0; i < count; i++)
		fds[i] = (struct pollfd){.fd = master->children.at[i].control_fd, .events = POLLIN};
	(void)poll(fds, count + 1, timeout_ms);
	for (size_t i = 0; i < count; i++) {
		if (fds[i].revents != 0)
			child_listen(&master->children.at[i]);
	}
	free(fds);
	handle_signals(master);
}

/* --- start and end --- */

/* Tells the process that waits in front of the terminal how it went. */
static void
report_ready(struct master *master, int status)
{
	int null;

	if (master->ready_fd < 0)
		return;
	if (write(master->ready_fd, &status, sizeof status) < 0)
		log_warning("nobody waits for the start any more", LOG_NUM("status", status));
	close(master->ready_fd);
	master->ready_fd = -1;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (status != EX_OK || null < 0)
		return;
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	if (strcmp(master->conf->log, "stderr") != 0)
		dup2(null, STDERR_FILENO);
	close(null);
}

/* In the parent: waits for the daemon's word and exits. In the daemon: returns. */
static int
go_to_background(struct master *master, struct err *err)
{
	int fds[2], status = EX_SOFTWARE;
	pid_t pid;

	if (pipe(fds) != 0)
		return err_set(err, ERR_IO, "pipe: %s", strerror(errno));
	fflush(NULL);
	pid = fork();
	if (pid < 0)
		return err_set(err, ERR_IO, "fork: %s", strerror(errno));
	if (pid > 0) {
		close(fds[1]);
		if (read(fds[0], &status, sizeof status) != (ssize_t)sizeof status)
			fprintf(stderr, "mailtailord: died while it started\n");
		_exit(status);
	}
	close(fds[0]);
	fcntl(fds[1], F_SETFD, FD_CLOEXEC);
	master->ready_fd = fds[1];
	setsid();
	return chdir("/") == 0 ? 0 : err_set(err, ERR_IO, "/: %s", strerror(errno));
}

static int
prepare(struct master *master, struct err *err)
{
	tally_share();
	master->hands = outbox_hands_new(WORKER_OUTBOX_MAX);
	id_random(master->ehlo_key.byte, sizeof master->ehlo_key.byte);
	if (identity_find(master->conf->user, &master->identity, err) != 0 ||
	    (!master->foreground && go_to_background(master, err) != 0) ||
	    master_open_log(master->conf, &master->identity, err) != 0 ||
	    pidfile_open(master->conf->pid_file, &master->pid_fd, err) != 0 ||
	    open_signals(master, err) != 0 || master_set_slots(master, err) != 0)
		return -1;
	if (check_migrate(master->conf, &master->identity, err) != 0 ||
	    check_engine(master->conf, master->keys, master->link_keys, master->templates,
		&master->identity, err) != 0)
		return -1;
	if (fence_prepare(master, master->conf, err) != 0)
		return -1;
	/* So that the first message finds its selector; whatever fails is tried again. */
	if (dkim_keys_watched(master->keys) &&
	    check_dkim(master->conf, master->keys, &master->identity, err) != 0)
		log_warning("dkim", LOG_STR("reason", err->text));
	if (web_listen(master->conf, &master->web_fd, err) != 0)
		return -1;
	return session_listen(master->conf, &master->listen_fd, err);
}

static void
log_law(const char *text, void *closure)
{
	(void)closure;
	log_warning("law", LOG_STR("reason", text));
}

void
master_warn(const struct master *master)
{
	conf_law_warnings(master->conf, log_law, NULL);
}

static void
serve(struct master *master)
{
	int timeout_ms = start_workers(master);

	log_info("started", LOG_STR("socket", master->conf->socket),
	    LOG_NUM("sessions", master->slot_count[CHILD_SESSION]),
	    LOG_NUM("outboxes", master->slot_count[CHILD_OUTBOX]));
	master_warn(master);
	report_ready(master, EX_OK);
	while (!master->stop) {
		wait_for_news(master, fence_watch(master, timeout_ms));
		if (!master->stop)
			timeout_ms = start_workers(master);
	}
}

static void
stop(struct master *master)
{
	int64_t end = clock_mono_us() + STOP_US;

	log_info("stopping", LOG_NUM("workers", master->children.count));
	for (size_t i = 0; i < master->children.count; i++)
		child_leave(&master->children.at[i]);
	while (master->children.count > 0 && clock_mono_us() < end)
		wait_for_news(
		    master, fence_watch(master, (int)((end - clock_mono_us()) / 1000) + 1));
	for (size_t i = 0; i < master->children.count; i++) {
		log_warning("worker does not leave", LOG_NUM("pid", master->children.at[i].pid));
		kill(master->children.at[i].pid, SIGKILL);
	}
	while (master->children.count > 0)
		wait_for_news(master, -1);
	session_listen_remove(master->conf, master->listen_fd);
	fence_close(master);
	web_listen_remove(master->conf);
	log_info("stopped", LOG_STR("socket", master->conf->socket));
}

static void
fini(struct master *master)
{
	if (master->pid_fd >= 0)
		pidfile_close(master->conf->pid_file, &master->pid_fd);
	free(master->children.at);
	tailor_templates_unref(&master->templates);
	link_keys_unref(&master->link_keys);
	dkim_keys_unref(&master->keys);
	conf_unref(&master->conf);
}

static void
print_problem(const char *text, void *closure)
{
	(void)closure;
	fprintf(stderr, "%s\n", text);
}

int
master_run(const char *path, bool foreground)
{
	static struct master master = {
	    .pid_fd = -1, .signal_fd = -1, .listen_fd = -1, .web_fd = -1, .ready_fd = -1};
	struct err err = ERR_INIT;
	int status = EX_OK;
	char *whole_path;

	/* Independent of the working folder, which will be another at a reload. */
	whole_path = realpath(path, NULL);
	master.path = whole_path == NULL ? path : whole_path;
	master.foreground = foreground;
	if (check_load(master.path, &master.conf, &master.keys, &master.link_keys,
		&master.templates, print_problem, NULL, &err) != 0) {
		free(whole_path);
		return err_exit_code(err.code);
	}
	if (prepare(&master, &err) != 0) {
		master_complain(&master, "can't start", err.text);
		status = err_exit_code(err.code);
		report_ready(&master, status);
	} else {
		serve(&master);
		stop(&master);
	}
	fini(&master);
	free(whole_path);
	return status;
}
