/* SPDX-License-Identifier: BSD-2-Clause
 *
 * outbox_slot: see slot.h
 *
 * Threads: any.
 */
#include "outbox/slot.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

int
outbox_slot_lock(const char *database, int slot, int *fd_r, struct err *err)
{
	char path[PATH_MAX];
	int fd;

	if ((size_t)snprintf(path, sizeof path, "%s-outbox-%d.lock", database, slot) >= sizeof path)
		return err_set(err, ERR_IO, "%s: name too long", database);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
		*fd_r = fd;
		return 1;
	}
	if (errno == EWOULDBLOCK) {
		close(fd);
		return 0;
	}
	err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
	close(fd);
	return -1;
}
