/* SPDX-License-Identifier: BSD-2-Clause
 *
 * outbox_mailqueue: see mailqueue.h
 *
 * Postfix lists a file of its incoming queue only when it is complete, which is what we want
 * to know.
 *
 * Owns:    the child process while it runs.
 * Threads: any.
 * Fails:   ERR_IO.
 */
#include "outbox/mailqueue.h"

#include "base/buf.h"
#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_US ((int64_t)30 * 1000000)
#define OUTPUT_MAX  ((size_t)512 << 20)
#define LINE_TOP    ((size_t)1 << 20)
#define CHUNK	    ((size_t)64 * 1024)

extern char **environ;

static int
spawn(const char *config, int out, pid_t *pid_r, struct err *err)
{
	char program[] = "postqueue", c[] = "-c", j[] = "-j", folder[4096];
	char *plain[] = {program, j, NULL}, *other[] = {program, c, folder, j, NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, pipes;
	int status;

	if (strlen(config) >= sizeof folder)
		return err_set(err, ERR_IO, "postfix_config: name too long");
	memcpy(folder, config, strlen(config) + 1);
	sigemptyset(&none);
	sigemptyset(&pipes);
	sigaddset(&pipes, SIGPIPE);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &pipes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	status = posix_spawn(pid_r, "/usr/sbin/postqueue", &actions, &attributes,
	    config[0] == '\0' ? plain : other, environ);
	if (status == ENOENT)
		status = posix_spawnp(pid_r, program, &actions, &attributes,
		    config[0] == '\0' ? plain : other, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return status == 0 ? 0 : err_set(err, ERR_IO, "postqueue: %s", strerror(status));
}

/* One JSON object a line. */
static int
take_line(struct str line, void (*each)(const char *queue_id, void *closure), void *closure)
{
	json_t *object = json_loadb(line.p, line.n, 0, NULL);
	const char *id = json_string_value(json_object_get(object, "queue_id"));

	if (id != NULL)
		each(id, closure);
	json_decref(object);
	return id == NULL ? -1 : 0;
}

static int
take_lines(struct buf *buf, void (*each)(const char *queue_id, void *closure), void *closure)
{
	char *lf;

	while ((lf = memchr(buf->data, '\n', buf->len)) != NULL) {
		size_t length = (size_t)(lf - buf->data);

		if (take_line((struct str){buf->data, length}, each, closure) != 0)
			return -1;
		buf_drop(buf, length + 1);
	}
	return 0;
}

/* Until end of file. */
static int
read_all(int in, void (*each)(const char *queue_id, void *closure), void *closure, struct err *err)
{
	int64_t until = clock_mono_us() + PATIENCE_US;
	size_t total = 0;
	struct buf buf;
	ssize_t got = 1;
	int status = 0;

	buf_init(&buf, LINE_TOP + CHUNK);
	while (got > 0 && status == 0) {
		struct pollfd fd = {.fd = in, .events = POLLIN};
		int64_t left = (until - clock_mono_us()) / 1000;
		char *room = buf_reserve(&buf, CHUNK);

		if (room == NULL || total > OUTPUT_MAX)
			status = err_set(err, ERR_IO, "postqueue: too much output");
		else if (left <= 0 || poll(&fd, 1, (int)left) <= 0)
			status = err_set(err, ERR_IO, "postqueue: took too long");
		else if ((got = read(in, room, CHUNK)) < 0)
			status = err_set(err, ERR_IO, "postqueue: %s", strerror(errno));
		if (status != 0 || got == 0)
			break;
		buf.len += (size_t)got;
		total += (size_t)got;
		if (take_lines(&buf, each, closure) != 0)
			status =
			    err_set(err, ERR_IO, "postqueue: output is not what -j should give");
	}
	buf_fini(&buf);
	return status;
}

int
outbox_mailqueue_each(const char *config, void (*each)(const char *queue_id, void *closure),
    void *closure, struct err *err)
{
	int fds[2], status, exit_status = 0;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) != 0)
		return err_set(err, ERR_IO, "pipe: %s", strerror(errno));
	status = spawn(config, fds[1], &pid, err);
	close(fds[1]);
	if (status == 0) {
		status = read_all(fds[0], each, closure, err);
		if (status != 0)
			kill(pid, SIGKILL);
		while (waitpid(pid, &exit_status, 0) < 0 && errno == EINTR)
			;
		if (status == 0 && exit_status != 0)
			status = err_set(err, ERR_IO, "postqueue: failed");
	}
	close(fds[0]);
	return status;
}
