/* SPDX-License-Identifier: BSD-2-Clause
 *
 * run: a session process from start to end
 *
 * libmilter has no graceful end, and two of its habits need care:
 *
 *   - It stops at SIGHUP, SIGTERM and SIGINT by sigwait() in a thread of its own, and drops
 *     all connections. The kernel prefers a process's first thread for a signal that this
 *     thread does not block; so the first thread runs the control loop with these signals
 *     open, and smfi_main runs in another.
 *   - When its listener ends it removes the socket file, which belongs to all processes.
 *     So the listener never ends: the process exits under it.
 *
 * To drain, a descriptor that never becomes readable takes the number of the listening
 * socket: new connections go to the other processes, which share that socket. Open
 * connections are served until their clients leave; how many there are is counted in the
 * process's table of descriptors, since libmilter tells of a connection only at its first
 * command.
 *
 * A process that has made `worker_messages` copies drains in the same way, on its own account,
 * once it has told the master to start another.
 *
 * Owns:    struct session_process with store and engine.
 * Threads: session_run is called by the first thread; see also callbacks.c.
 */
#include "session/session.h"
#include "webhook/payload.h"

#include "base/clock.h"
#include "base/log.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#define TICK_MS 100
/* At a reload: how long clients that hold their connection keep an old process alive. After
 * five minutes of silence Postfix's smtpd hangs up by itself (smtpd_timeout). */
#define DRAIN_MS 600000
/* When worn there is no hurry: a client that never leaves costs one process, no message. */
#define RETIRE_MS ((int64_t)7 * 86400 * 1000)
/* At the end: how long messages in hand may take. The master kills after 30 s. */
#define LEAVE_MS 28000
/* So many ticks in a row without a connection: the last accept() is over. */
#define QUIET_TICKS 10
/* libmilter sends the reply after our callback has returned. */
#define REPLY_TICKS 2

enum order { ORDER_NONE, ORDER_DRAIN, ORDER_RETIRE, ORDER_LEAVE, ORDER_ENDED };

static struct session_process process = {.lock = PTHREAD_MUTEX_INITIALIZER};
static int wake_fd = -1;
static volatile sig_atomic_t told_to_leave;
static atomic_bool milter_ended;
static atomic_bool worn; /* cleared by who acts on it */
static atomic_bool retiring;

struct address {
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_un un;
		struct sockaddr_storage storage;
	};
	socklen_t size;
};

static void
wake(void)
{
	const uint64_t one = 1;
	ssize_t ignored = write(wake_fd, &one, sizeof one);

	(void)ignored;
}

void
session_run_retire(void)
{
	if (atomic_exchange(&retiring, true))
		return;
	atomic_store(&worn, true);
	wake();
}

static void
on_signal(int number)
{
	int saved = errno;

	if (number == SIGTERM)
		told_to_leave = 1;
	wake();
	errno = saved;
}

/* SIGHUP and SIGINT are the master's: a terminal or `killall` sends them to everybody. */
static void
catch_signals(void)
{
	static const int numbers[] = {SIGTERM, SIGHUP, SIGINT};
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
	sigset_t open;

	sigemptyset(&open);
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		sigaction(numbers[i], &action, NULL);
		sigaddset(&open, numbers[i]);
	}
	pthread_sigmask(SIG_UNBLOCK, &open, NULL);
}

static void *
run_milter(void *closure)
{
	(void)closure;
	(void)smfi_main();
	atomic_store(&milter_ended, true);
	wake();
	return NULL;
}

static int
start_milter(struct err *err)
{
	pthread_attr_t attributes;
	pthread_t thread;
	sigset_t all, old;
	int status;

	wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (wake_fd < 0)
		return err_set(err, ERR_IO, "eventfd: %s", strerror(errno));
	catch_signals();
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	status = pthread_create(&thread, &attributes, run_milter, NULL);
	pthread_attr_destroy(&attributes);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (status != 0)
		return err_set(err, ERR_IO, "thread: %s", strerror(status));
	return 0;
}

/* Waits up to `timeout_ms` (-1: for ever). A pipe that was closed stays readable: after
 * that only signals count. */
static enum order
wait_for_order(int *control_fd, int timeout_ms)
{
	struct pollfd fds[2] = {
	    {.fd = *control_fd, .events = POLLIN}, {.fd = wake_fd, .events = POLLIN}};
	uint64_t count;
	char byte;
	ssize_t got;

	if (poll(fds, 2, timeout_ms) < 0 && errno != EINTR)
		return ORDER_LEAVE;
	got = read(wake_fd, &count, sizeof count);
	if (told_to_leave)
		return ORDER_LEAVE;
	if (atomic_load(&milter_ended))
		return ORDER_ENDED;
	if (atomic_exchange(&worn, false))
		return ORDER_RETIRE;
	if (fds[0].revents == 0)
		return ORDER_NONE;
	got = read(*control_fd, &byte, 1);
	if (got == 1)
		return ORDER_DRAIN;
	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return ORDER_NONE;
	*control_fd = -1;
	return ORDER_LEAVE;
}

/* --- draining --- */

static bool
same_socket(const struct address *a, const struct address *b)
{
	if (a->any.sa_family != b->any.sa_family)
		return false;
	switch (a->any.sa_family) {
	case AF_INET: /* an accepted socket has the address that was reached */
		return a->in.sin_port == b->in.sin_port;
	case AF_INET6:
		return a->in6.sin6_port == b->in6.sin6_port;
	default:
		return a->size == b->size && memcmp(&a->any, &b->any, a->size) == 0;
	}
}

static int
socket_address(int fd, struct address *address_r)
{
	*address_r = (struct address){.size = sizeof address_r->storage};
	return getsockname(fd, &address_r->any, &address_r->size);
}

/* Sockets of this process that were accepted from the milter socket; -1 if that can't be
 * seen. */
static int
count_connections(const struct address *milter)
{
	DIR *folder = opendir("/proc/self/fd");
	struct address address;
	struct dirent *entry;
	int count = 0;

	if (folder == NULL)
		return -1;
	while ((entry = readdir(folder)) != NULL) {
		if (entry->d_name[0] != '.' && socket_address(atoi(entry->d_name), &address) == 0 &&
		    same_socket(&address, milter))
			count++;
	}
	closedir(folder);
	return count;
}

/* No more connections for this process. libmilter may have been between poll() and
 * accept(): then it sees ENOTSOCK once, says so and goes on. */
static void
stop_accepting(int listen_fd)
{
	int never = eventfd(0, EFD_CLOEXEC);

	if (never < 0 || dup2(never, listen_fd) < 0)
		log_error("drain", LOG_STR("reason", strerror(errno)));
	if (never >= 0)
		close(never);
}

/* Connections that our own outbox holds were accepted whole: nothing comes on them, and
 * to Postfix their loss means nothing. */
static bool
is_quiet(const struct address *milter)
{
	int count = count_connections(milter);

	return count < 0 ? session_message_in_hand(&process) == 0
			 : count <= atomic_load(&process.handback);
}

/* `patience_ms`: how long clients may hold their connections. A reload cuts it short. */
static void
drain(int *control_fd, const struct address *milter, int64_t patience_ms)
{
	int64_t end = clock_mono_us() + patience_ms * 1000;
	int quiet = 0;

	while (quiet < QUIET_TICKS && clock_mono_us() < end) {
		enum order order = wait_for_order(control_fd, TICK_MS);

		if (order == ORDER_LEAVE || order == ORDER_ENDED)
			return;
		if (order == ORDER_DRAIN && end > clock_mono_us() + (int64_t)DRAIN_MS * 1000)
			end = clock_mono_us() + (int64_t)DRAIN_MS * 1000;
		quiet = is_quiet(milter) ? quiet + 1 : 0;
	}
}

/* true: no message is left, and none will begin that touches engine or store. */
static bool
finish_messages(void)
{
	int64_t end = clock_mono_us() + (int64_t)LEAVE_MS * 1000;
	int quiet = 0;

	session_message_refuse(&process);
	while (quiet < REPLY_TICKS && clock_mono_us() < end) {
		poll(NULL, 0, TICK_MS / 2);
		quiet = session_message_in_hand(&process) == 0 ? quiet + 1 : 0;
	}
	return quiet >= REPLY_TICKS;
}

/* --- start and end --- */

static int
open_process(const struct worker *worker, struct err *err)
{
	process.worker = worker;
	process.conf = worker->conf;
	process.noreply = session_listen_path(worker->conf) != NULL;
	if (store_open(&process.store, worker->conf->database, STORE_READ, err) != 0)
		return -1;
	if (webhook_any_wants(worker->conf, STORE_EVENT_SENT))
		store_tell_sent(process.store);
	if (tailor_new(&process.tailor, worker->conf, worker->keys, worker->link_keys,
		worker->templates, process.store, err) != 0)
		return -1;
	session_callbacks_use(&process);
	return start_milter(err);
}

static void
close_process(void)
{
	session_message_pool_free(&process);
	tailor_free(&process.tailor);
	store_close(&process.store);
}

int
session_run(const struct worker *worker)
{
	int control_fd = worker->control_fd, status = EX_OK;
	struct address milter;
	struct err err = ERR_INIT;
	enum order order;

	if (socket_address(worker->listen_fd, &milter) != 0)
		err_set(&err, ERR_IO, "milter socket: %s", strerror(errno));
	if (err.code != ERR_NONE || open_process(worker, &err) != 0) {
		log_error("session can't start", LOG_STR("reason", err.text));
		close_process();
		return err_exit_code(err.code);
	}
	while ((order = wait_for_order(&control_fd, -1)) == ORDER_NONE)
		;
	/* First the successor: with one session process nobody else accepts. */
	if (order == ORDER_RETIRE)
		worker_retire(worker);
	stop_accepting(worker->listen_fd);
	if (order == ORDER_DRAIN || order == ORDER_RETIRE)
		drain(&control_fd, &milter, order == ORDER_DRAIN ? DRAIN_MS : RETIRE_MS);
	if (order == ORDER_ENDED) {
		log_error("libmilter ended", LOG_NUM("slot", worker->slot));
		status = EX_SOFTWARE;
	}
	/* With a message still in hand its thread may be anywhere: leave all to exit. */
	if (finish_messages())
		close_process();
	else
		log_warning("leaving with messages in hand",
		    LOG_NUM("messages", session_message_in_hand(&process)));
	return status;
}
