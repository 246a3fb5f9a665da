/* SPDX-License-Identifier: BSD-2-Clause
 *
 * identity: see identity.h
 *
 * Threads: the master's only one; identity_assume before a process makes others.
 */
#include "master/identity.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

int
identity_find(const char *user, struct identity *identity_r, struct err *err)
{
	const struct passwd *entry;

	*identity_r = (struct identity){.uid = geteuid(), .gid = getegid()};
	if (geteuid() != 0)
		return 0;
	entry = getpwnam(user);
	if (entry == NULL || strlen(user) >= sizeof identity_r->name)
		return err_set(err, ERR_CONFIG, "user: there is no user %s", user);
	identity_r->change = true;
	strcpy(identity_r->name, user);
	identity_r->uid = entry->pw_uid;
	identity_r->gid = entry->pw_gid;
	return 0;
}

int
identity_assume(const struct identity *identity, struct err *err)
{
	if (!identity->change)
		return 0;
	if (initgroups(identity->name, identity->gid) != 0 || setgid(identity->gid) != 0 ||
	    setuid(identity->uid) != 0)
		return err_set(err, ERR_PERM, "user %s: %s", identity->name, strerror(errno));
	if (identity->uid != 0 && setuid(0) == 0)
		return err_set(err, ERR_PERM, "user %s: root can be had again", identity->name);
	return 0;
}

static void
run_task(const struct identity *identity, int (*task)(void *closure, struct err *err),
    void *closure, int result_fd)
{
	struct err err = ERR_INIT;
	sigset_t none;
	int status = EX_OK;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (identity_assume(identity, &err) != 0 || task(closure, &err) != 0) {
		/* Less than PIPE_BUF: all or nothing. */
		if (write(result_fd, &err, sizeof err) != (ssize_t)sizeof err)
			status = EX_IOERR;
		else
			status = EX_TEMPFAIL;
	}
	exit(status);
}

static int
task_result(pid_t pid, int result_fd, struct err *err)
{
	struct err told;
	ssize_t got;
	int status;

	do
		got = read(result_fd, &told, sizeof told);
	while (got < 0 && errno == EINTR);
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return err_set(err, ERR_IO, "waitpid: %s", strerror(errno));
	}
	if (got == (ssize_t)sizeof told) {
		*err = told;
		return -1;
	}
	if (WIFSIGNALED(status))
		return err_set(err, ERR_IO, "a check died by signal %d", WTERMSIG(status));
	if (WEXITSTATUS(status) != EX_OK)
		return err_set(err, ERR_IO, "a check ended with %d", WEXITSTATUS(status));
	return 0;
}

int
identity_run(const struct identity *identity, int (*task)(void *closure, struct err *err),
    void *closure, struct err *err)
{
	int fds[2], result;
	pid_t pid;

	fflush(NULL);
	if (pipe(fds) != 0)
		return err_set(err, ERR_IO, "pipe: %s", strerror(errno));
	pid = fork();
	if (pid == 0) {
		close(fds[0]);
		run_task(identity, task, closure, fds[1]);
	}
	close(fds[1]);
	result = pid < 0 ? err_set(err, ERR_IO, "fork: %s", strerror(errno))
			 : task_result(pid, fds[0], err);
	close(fds[0]);
	return result;
}
