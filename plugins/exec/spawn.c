/* SPDX-License-Identifier: BSD-2-Clause
 *
 * exec_spawn: see exec.h
 *
 * Between fork and exec only system calls: another thread may have held any lock. The program
 * gets nothing of ours but its three descriptors: no other file, no signal that we ignore or
 * block, no variable. It can't gain rights (no_new_privs), leads a session and group of its own,
 * and is killed when the thread that started it ends.
 *
 * Threads: the keeper of the helper.
 */
#include "exec.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define DESCRIPTORS 1024

static void
reset_signals(void)
{
	struct sigaction action = {.sa_handler = SIG_DFL};
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		sigaction(number, &action, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void
set_limits(const struct exec_settings *settings)
{
	const struct rlimit core = {0, 0}, files = {DESCRIPTORS, DESCRIPTORS},
			    memory = {(rlim_t)settings->memory, (rlim_t)settings->memory};

	setrlimit(RLIMIT_CORE, &core);
	setrlimit(RLIMIT_NOFILE, &files);
	setrlimit(RLIMIT_DATA, &memory);
}

static void
say(const char *text)
{
	ssize_t ignored = write(STDERR_FILENO, text, strlen(text));

	(void)ignored;
}

static _Noreturn void
become(const struct exec_settings *settings, int fd, int error_fd, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	setsid();
	reset_signals();
	if (dup2(fd, STDIN_FILENO) < 0 || dup2(fd, STDOUT_FILENO) < 0 ||
	    dup2(error_fd, STDERR_FILENO) < 0 || close_range(3, ~0U, 0) != 0)
		_exit(127);
	umask(077);
	if (chdir("/") != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
		say("it can't be confined\n");
		_exit(127);
	}
	set_limits(settings);
	execve(settings->argv[0], settings->argv, settings->environment);
	say("it can't be run: ");
	say(strerrordesc_np(errno));
	say("\n");
	_exit(127);
}

/* Above the three that the program gets. */
static int
lift(int *fd)
{
	int high = *fd > STDERR_FILENO ? *fd : fcntl(*fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);

	if (high != *fd)
		close(*fd);
	*fd = high;
	return high < 0 ? -1 : 0;
}

static void
close_pair(int fds[2])
{
	for (int i = 0; i < 2; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
		fds[i] = -1;
	}
}

static int
open_pairs(int data[2], int error[2])
{
	data[0] = data[1] = error[0] = error[1] = -1;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, data) != 0 ||
	    pipe2(error, O_CLOEXEC) != 0)
		return -1;
	for (int i = 0; i < 2; i++) {
		if (lift(&data[i]) != 0 || lift(&error[i]) != 0)
			return -1;
	}
	/* Ours do not wait; the program's own do, as it expects. */
	return fcntl(data[0], F_SETFL, O_NONBLOCK) != 0 ? -1 : fcntl(error[0], F_SETFL, O_NONBLOCK);
}

int
exec_spawn(struct exec_process *process, const struct exec_settings *settings)
{
	pid_t parent = getpid(), pid = -1;
	int data[2], error[2], saved;

	if (open_pairs(data, error) == 0) {
		/* No handlers of other libraries run, which might want locks. */
		pid = _Fork();
		if (pid == 0)
			become(settings, data[1], error[1], parent);
	}
	saved = errno;
	if (pid < 0) {
		close_pair(data);
		close_pair(error);
		errno = saved;
		return -1;
	}
	close(data[1]);
	close(error[1]);
	*process = (struct exec_process){pid, data[0], error[0]};
	return 0;
}

void
exec_kill(struct exec_process *process, int *status_r)
{
	*status_r = 0;
	if (process->pid == 0)
		return;
	/* Until it has called setsid there is no such group. */
	kill(-process->pid, SIGKILL);
	kill(process->pid, SIGKILL);
	while (waitpid(process->pid, status_r, 0) < 0 && errno == EINTR)
		;
	close(process->fd);
	close(process->error_fd);
	*process = (struct exec_process){0, -1, -1};
}
