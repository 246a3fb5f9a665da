/* SPDX-License-Identifier: BSD-2-Clause
 *
 * exec_helper: see exec.h
 *
 * A thread keeps one program running: it starts it, sends what hooks ask, reads its answers, and
 * gives each to the hook that waits for that id. Ids are never used twice, so an answer that
 * comes when nobody waits for it any more is dropped. What is against the protocol, and silence
 * for too long, end the program; it is started again after a pause that doubles.
 *
 * Owns:    the program and its thread.
 * Threads: hooks call ask; all else is the keeper's, or alone in start and stop.
 */
#include "exec.h"

#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WAITING_MAX  256
#define OUT_LINES    4 /* so many of the longest may wait to be sent */
#define PAUSE_MIN_US ((int64_t)200000)
#define PAUSE_MAX_US ((int64_t)60000000)
#define STEADY_US    ((int64_t)60000000)
#define LEAVE_US     ((int64_t)1000000)
#define LOOK_MS	     500

int64_t
exec_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* --- the hooks' side --- */

static void
wake(const struct exec_helper *helper)
{
	uint64_t one = 1;
	ssize_t ignored = write(helper->wake_fd, &one, sizeof one);

	(void)ignored;
}

static int __attribute__((format(printf, 2, 3)))
refuse(struct exec_request *request, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(request->why, sizeof request->why, format, args);
	va_end(args);
	return -1;
}

static void
take_out(struct exec_helper *helper, const struct exec_request *request)
{
	struct exec_request **at = &helper->waiting;

	while (*at != NULL && *at != request)
		at = &(*at)->next;
	if (*at == NULL)
		return;
	*at = request->next;
	helper->waiting_count--;
}

static int
enqueue(struct exec_helper *helper, struct exec_request *request, const char *line, size_t size)
{
	size_t room = OUT_LINES * helper->settings->line_max;

	if (size > helper->settings->line_max)
		return refuse(request, "the question has %zu bytes, line_max allows %zu", size,
		    helper->settings->line_max);
	if (helper->down || helper->closing)
		return refuse(request, "the helper is not running; it is started again in %lld ms",
		    (long long)((helper->again_us - exec_now_us()) / 1000));
	if (helper->waiting_count == WAITING_MAX || room - helper->out_used < size)
		return refuse(request, "the helper has too many questions before it already");
	memcpy(helper->out + helper->out_used, line, size);
	helper->out_used += size;
	if (helper->unanswered++ == 0)
		helper->since_us = exec_now_us();
	if (request->id > helper->last_id)
		helper->last_id = request->id;
	request->next = helper->waiting;
	helper->waiting = request;
	helper->waiting_count++;
	return 0;
}

int
exec_helper_ask(struct exec_helper *helper, struct exec_request *request, const char *line,
    size_t size, int64_t until_us)
{
	const struct timespec until = {until_us / 1000000, until_us % 1000000 * 1000};
	pthread_condattr_t monotonic;
	int rc;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&request->ready, &monotonic);
	pthread_condattr_destroy(&monotonic);
	request->done = false;
	request->reply = NULL;
	pthread_mutex_lock(&helper->lock);
	rc = enqueue(helper, request, line, size);
	if (rc == 0) {
		wake(helper);
		while (!request->done &&
		    pthread_cond_timedwait(&request->ready, &helper->lock, &until) == 0)
			;
		take_out(helper, request);
		if (!request->done)
			refuse(request, "the helper did not answer in time");
		rc = request->reply == NULL ? -1 : 0;
	}
	pthread_mutex_unlock(&helper->lock);
	pthread_cond_destroy(&request->ready);
	return rc;
}

size_t
exec_helper_load(struct exec_helper *helper)
{
	size_t load;

	pthread_mutex_lock(&helper->lock);
	load = helper->down ? WAITING_MAX + 1 : helper->waiting_count;
	pthread_mutex_unlock(&helper->lock);
	return load;
}

/* --- the program comes and goes --- */

/* Nobody waits for a program that is gone. */
static void
fail_all(struct exec_helper *helper, const char *why)
{
	struct exec_request *request = helper->waiting;

	for (; request != NULL; request = request->next) {
		snprintf(request->why, sizeof request->why, "%s", why);
		request->done = true;
		pthread_cond_signal(&request->ready);
	}
	helper->waiting = NULL;
	helper->waiting_count = 0;
	helper->out_used = 0;
	helper->unanswered = 0;
}

static int64_t
pause_us(struct exec_helper *helper)
{
	int64_t pause = PAUSE_MIN_US;

	if (helper->started_us != 0 && exec_now_us() - helper->started_us > STEADY_US)
		helper->failures = 0;
	for (unsigned i = 0; i < helper->failures && pause < PAUSE_MAX_US; i++)
		pause *= 2;
	helper->failures++;
	return pause > PAUSE_MAX_US ? PAUSE_MAX_US : pause;
}

static void
tell_end(const struct exec_helper *helper, const char *why, int status, int64_t pause)
{
	if (WIFSIGNALED(status))
		exec_note(helper->notes,
		    "helper %s: %s (signal %d); it is started again in %lld ms",
		    helper->settings->argv[0], why, WTERMSIG(status), (long long)(pause / 1000));
	else
		exec_note(helper->notes,
		    "helper %s: %s (status %d); it is started again in %lld ms",
		    helper->settings->argv[0], why, WEXITSTATUS(status), (long long)(pause / 1000));
}

static void
say_error(struct exec_helper *helper)
{
	if (helper->error_used == 0)
		return;
	exec_note(helper->notes, "helper says: %.*s", (int)helper->error_used, helper->error);
	helper->error_used = 0;
}

/* Its last words on standard error may tell more than its status. */
static void
read_error(struct exec_helper *helper)
{
	char bytes[4096];
	ssize_t got;

	while ((got = read(helper->process.error_fd, bytes, sizeof bytes)) > 0) {
		for (ssize_t i = 0; i < got; i++) {
			char c = bytes[i];

			if (c == '\n') {
				say_error(helper);
				continue;
			}
			if (helper->error_used < sizeof helper->error - 40)
				helper->error[helper->error_used++] =
				    c >= ' ' && c <= '~' ? c : '?';
		}
		/* One who talks without end gets his turn again. */
		if (got < (ssize_t)sizeof bytes)
			break;
	}
	if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
		say_error(helper);
		close(helper->process.error_fd);
		helper->process.error_fd = -1;
	}
}

static void
end(struct exec_helper *helper, const char *why)
{
	int64_t pause = pause_us(helper);
	int status;

	if (helper->process.error_fd >= 0)
		read_error(helper);
	exec_kill(&helper->process, &status);
	say_error(helper);
	tell_end(helper, why, status, pause);
	atomic_fetch_add(&helper->notes->restarts, 1);
	helper->in_used = 0;
	pthread_mutex_lock(&helper->lock);
	helper->down = true;
	helper->again_us = exec_now_us() + pause;
	fail_all(helper, why);
	pthread_mutex_unlock(&helper->lock);
}

static void
begin(struct exec_helper *helper)
{
	if (exec_spawn(&helper->process, helper->settings) != 0) {
		exec_note(helper->notes, "helper %s can't be started: %s",
		    helper->settings->argv[0], strerrordesc_np(errno));
		pthread_mutex_lock(&helper->lock);
		helper->down = true;
		helper->again_us = exec_now_us() + pause_us(helper);
		fail_all(helper, "the helper can't be started");
		pthread_mutex_unlock(&helper->lock);
		return;
	}
	helper->started_us = exec_now_us();
	pthread_mutex_lock(&helper->lock);
	helper->down = false;
	/* Its start takes its time, and is no silence. */
	helper->since_us = helper->started_us;
	pthread_mutex_unlock(&helper->lock);
}

/* --- lines --- */

/* The id of an answer; 0: it is none. */
static uint64_t
id_of(const char *line, size_t size)
{
	json_t *json = json_loadb(line, size, 0, NULL);
	const json_t *id = json_object_get(json, "id");
	json_int_t number = json_is_integer(id) ? json_integer_value(id) : 0;

	json_decref(json);
	return number > 0 ? (uint64_t)number : 0;
}

static void
give(struct exec_helper *helper, uint64_t id, const char *line, size_t size)
{
	struct exec_request *request = helper->waiting;

	while (request != NULL && request->id != id)
		request = request->next;
	helper->since_us = exec_now_us();
	if (helper->unanswered > 0)
		helper->unanswered--;
	if (request == NULL || request->done) {
		atomic_fetch_add(&helper->notes->late, 1);
		return;
	}
	request->reply = malloc(size + 1);
	if (request->reply == NULL)
		abort();
	memcpy(request->reply, line, size);
	request->reply_size = size;
	request->done = true;
	pthread_cond_signal(&request->ready);
}

/* NULL, or what is wrong with it. */
static const char *
take_line(struct exec_helper *helper, const char *line, size_t size)
{
	uint64_t id = id_of(line, size);
	bool asked;

	if (id == 0)
		return "the helper wrote a line that is no JSON object with the id of a question";
	pthread_mutex_lock(&helper->lock);
	asked = id <= helper->last_id;
	if (asked)
		give(helper, id, line, size);
	pthread_mutex_unlock(&helper->lock);
	return asked ? NULL : "the helper answered a question that it was never asked";
}

static const char *
take_lines(struct exec_helper *helper)
{
	size_t begin = 0;
	const char *wrong = NULL, *newline;

	while (wrong == NULL &&
	    (newline = memchr(helper->in + begin, '\n', helper->in_used - begin)) != NULL) {
		size_t size = (size_t)(newline - helper->in) - begin;

		wrong = take_line(helper, helper->in + begin, size);
		begin += size + 1;
	}
	memmove(helper->in, helper->in + begin, helper->in_used - begin);
	helper->in_used -= begin;
	if (wrong == NULL && helper->in_used == helper->settings->line_max)
		wrong = "the helper wrote a line that is longer than line_max";
	return wrong;
}

static const char *
receive(struct exec_helper *helper)
{
	ssize_t got = recv(helper->process.fd, helper->in + helper->in_used,
	    helper->settings->line_max - helper->in_used, 0);

	if (got < 0)
		return errno == EAGAIN || errno == EINTR ? NULL
							 : "the helper has closed its output";
	if (got == 0)
		return "the helper has ended";
	helper->in_used += (size_t)got;
	return take_lines(helper);
}

static const char *
transmit(struct exec_helper *helper)
{
	ssize_t put;
	int error;

	pthread_mutex_lock(&helper->lock);
	put = send(helper->process.fd, helper->out, helper->out_used, MSG_NOSIGNAL);
	error = errno;
	if (put > 0) {
		helper->out_used -= (size_t)put;
		memmove(helper->out, helper->out + put, helper->out_used);
	}
	pthread_mutex_unlock(&helper->lock);
	return put >= 0 || error == EAGAIN || error == EINTR ? NULL : "the helper has ended";
}

/* --- the keeper --- */

struct look {
	bool closing, down, out, hangs;
	int64_t again_us;
};

static struct look
look_at(struct exec_helper *helper)
{
	struct look look;

	pthread_mutex_lock(&helper->lock);
	look = (struct look){.closing = helper->closing,
	    .down = helper->process.pid == 0,
	    .out = helper->out_used > 0,
	    .again_us = helper->again_us,
	    .hangs = helper->unanswered > 0 &&
		exec_now_us() - helper->since_us > helper->settings->patience_ms * 1000};
	pthread_mutex_unlock(&helper->lock);
	return look;
}

static void
drain_wake(const struct exec_helper *helper)
{
	uint64_t many;
	ssize_t ignored = read(helper->wake_fd, &many, sizeof many);

	(void)ignored;
}

static void
serve(struct exec_helper *helper, const struct look *look)
{
	struct pollfd fds[3] = {{.fd = helper->wake_fd, .events = POLLIN},
	    {.fd = helper->process.fd, .events = look->out ? POLLIN | POLLOUT : POLLIN},
	    {.fd = helper->process.error_fd, .events = POLLIN}};
	const char *wrong =
	    look->hangs ? "the helper did not answer for longer than `patience`" : NULL;

	if (wrong == NULL && poll(fds, 3, LOOK_MS) > 0) {
		if (fds[0].revents != 0)
			drain_wake(helper);
		if (fds[2].revents != 0)
			read_error(helper);
		if ((fds[1].revents & POLLOUT) != 0)
			wrong = transmit(helper);
		if (wrong == NULL && (fds[1].revents & (POLLIN | POLLHUP | POLLERR)) != 0)
			wrong = receive(helper);
	}
	if (wrong != NULL)
		end(helper, wrong);
}

static void
rest(const struct exec_helper *helper, int64_t until_us)
{
	struct pollfd fd = {.fd = helper->wake_fd, .events = POLLIN};
	int64_t left_us = until_us - exec_now_us();

	if (left_us > 0 && poll(&fd, 1, (int)(left_us / 1000) + 1) > 0)
		drain_wake(helper);
}

/* End of file tells it to leave; it has a second. */
static void
leave(struct exec_helper *helper)
{
	int64_t until_us = exec_now_us() + LEAVE_US;
	siginfo_t info = {0};
	int status;

	if (helper->process.pid != 0) {
		shutdown(helper->process.fd, SHUT_WR);
		while (exec_now_us() < until_us && info.si_pid == 0 &&
		    waitid(P_PID, (id_t)helper->process.pid, &info, WEXITED | WNOHANG | WNOWAIT) ==
			0)
			nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
	}
	exec_kill(&helper->process, &status);
}

static void *
keep(void *closure)
{
	struct exec_helper *helper = closure;
	struct look look;

	while (look = look_at(helper), !look.closing) {
		if (!look.down)
			serve(helper, &look);
		else if (exec_now_us() >= look.again_us)
			begin(helper);
		else
			rest(helper, look.again_us);
	}
	leave(helper);
	return NULL;
}

/* --- alone --- */

int
exec_helper_init(
    struct exec_helper *helper, const struct exec_settings *settings, struct exec_notes *notes)
{
	memset(helper, 0, sizeof *helper);
	helper->settings = settings;
	helper->notes = notes;
	helper->process = (struct exec_process){0, -1, -1};
	pthread_mutex_init(&helper->lock, NULL);
	helper->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	helper->in = malloc(settings->line_max);
	helper->out = malloc(OUT_LINES * settings->line_max);
	return helper->wake_fd < 0 || helper->in == NULL || helper->out == NULL ? -1 : 0;
}

int
exec_helper_start(struct exec_helper *helper)
{
	sigset_t all, old;
	int rc = 0;

	pthread_mutex_lock(&helper->lock);
	if (!helper->threaded) {
		/* The process's signals are not for this thread. */
		sigfillset(&all);
		pthread_sigmask(SIG_BLOCK, &all, &old);
		rc = pthread_create(&helper->thread, NULL, keep, helper) == 0 ? 0 : -1;
		pthread_sigmask(SIG_SETMASK, &old, NULL);
		helper->threaded = rc == 0;
	}
	pthread_mutex_unlock(&helper->lock);
	return rc;
}

void
exec_helper_fini(struct exec_helper *helper)
{
	if (helper->threaded) {
		pthread_mutex_lock(&helper->lock);
		helper->closing = true;
		pthread_mutex_unlock(&helper->lock);
		wake(helper);
		pthread_join(helper->thread, NULL);
	}
	if (helper->wake_fd >= 0)
		close(helper->wake_fd);
	free(helper->in);
	free(helper->out);
	pthread_mutex_destroy(&helper->lock);
}
