/* SPDX-License-Identifier: BSD-2-Clause
 *
 * secret: see secret.h
 */
#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

static bool
owner_ok(uid_t owner, const char *user)
{
	struct passwd entry, *found = NULL;
	char room[4096];

	if (owner == 0 || owner == geteuid() || (user == NULL && geteuid() == 0))
		return true;
	if (user == NULL || getpwnam_r(user, &entry, room, sizeof room, &found) != 0)
		return false;
	return found != NULL && found->pw_uid == owner;
}

static int
check(int fd, const char *path, size_t max, const char *user, struct stat *st, struct err *err)
{
	if (fstat(fd, st) != 0)
		return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st->st_mode) || st->st_size > (off_t)max)
		return err_set(err, ERR_KEY, "%s: expected a file of at most %zu bytes", path, max);
	if ((st->st_mode & 077) != 0)
		return err_set(err, ERR_PERM,
		    "%s has mode %04o: group and others must have no access (chmod 600)", path,
		    (unsigned)st->st_mode & 07777);
	if (!owner_ok(st->st_uid, user))
		return err_set(err, ERR_PERM,
		    "%s belongs to user %u: root or the daemon's user must own it", path,
		    (unsigned)st->st_uid);
	return 0;
}

int
secret_open(const char *path, size_t max, const char *user, struct stat *st_r, struct err *err)
{
	struct stat st;
	/* Not to wait for the other end of a FIFO. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
	if (check(fd, path, max, user, st_r == NULL ? &st : st_r, err) == 0)
		return fd;
	close(fd);
	return -1;
}

int
secret_read(int fd, const char *path, char *data, size_t max, size_t *n_r, struct err *err)
{
	ssize_t got = 0;

	*n_r = 0;
	while (*n_r < max && (got = read(fd, data + *n_r, max - *n_r)) > 0)
		*n_r += (size_t)got;
	return got < 0 ? err_set(err, ERR_IO, "%s: %s", path, strerror(errno)) : 0;
}
