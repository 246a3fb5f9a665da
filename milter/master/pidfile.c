/* SPDX-License-Identifier: BSD-2-Clause
 *
 * pidfile: see pidfile.h
 *
 * Threads: the master's only one.
 */
#include "master/pidfile.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define WAIT_US 5000000
#define TICK_MS 100

static int
held(const char *path, int fd, struct err *err)
{
	char text[32] = "";
	ssize_t got = pread(fd, text, sizeof text - 1, 0);

	if (got <= 0)
		return err_set(err, ERR_BUSY, "%s: another mailtailord is running", path);
	text[strcspn(text, "\n")] = '\0';
	return err_set(err, ERR_BUSY,
	    "%s: another mailtailord is running, or its workers are (master %s)", path, text);
}

/* Is the locked file still the one of that name? Its last owner may have removed it. */
static bool
is_current(const char *path, int fd)
{
	struct stat named, locked;

	return stat(path, &named) == 0 && fstat(fd, &locked) == 0 &&
	    named.st_dev == locked.st_dev && named.st_ino == locked.st_ino;
}

static int
lock(const char *path, struct err *err)
{
	int64_t end = clock_mono_us() + WAIT_US;
	int fd;

	for (;;) {
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
		if (fd < 0)
			return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
		if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
			if (is_current(path, fd))
				return fd;
		} else if (errno != EWOULDBLOCK && errno != EINTR) {
			err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
			break;
		} else if (clock_mono_us() > end) {
			held(path, fd, err);
			break;
		}
		close(fd);
		poll(NULL, 0, TICK_MS);
	}
	close(fd);
	return -1;
}

int
pidfile_open(const char *path, int *fd_r, struct err *err)
{
	*fd_r = lock(path, err);
	if (*fd_r < 0)
		return -1;
	if (ftruncate(*fd_r, 0) != 0 || dprintf(*fd_r, "%ld\n", (long)getpid()) < 0) {
		err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
		close(*fd_r);
		return -1;
	}
	return 0;
}

void
pidfile_close(const char *path, int *fd)
{
	unlink(path);
	close(*fd);
	*fd = -1;
}
