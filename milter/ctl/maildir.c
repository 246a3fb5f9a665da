/* SPDX-License-Identifier: BSD-2-Clause
 *
 * maildir: see maildir.h
 *
 * Threads: one.
 * Fails:   ERR_IO.
 */
#include "ctl/maildir.h"

#include "base/clock.h"
#include "base/id.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE	     ((size_t)64 << 10)
#define RANDOM_BYTES 8

static int
fail(const char *path, struct err *err)
{
	return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
}

/* For the user that the parent belongs to, who has to be able to write there, too. */
static int
make_folder(const char *path, struct err *err)
{
	char parent[PATH_MAX];
	struct stat owner;
	char *slash;

	if (mkdir(path, 0700) != 0)
		return errno == EEXIST ? 0 : fail(path, err);
	if (geteuid() != 0)
		return 0;
	snprintf(parent, sizeof parent, "%s", path);
	slash = strrchr(parent, '/');
	if (slash != NULL)
		slash[slash == parent] = '\0';
	if (stat(slash != NULL ? parent : ".", &owner) != 0 ||
	    chown(path, owner.st_uid, owner.st_gid) != 0)
		return fail(path, err);
	return 0;
}

static int
make_all(const char *folder, struct err *err)
{
	static const char *const parts[] = {"", "/tmp", "/new", "/cur"};
	char path[PATH_MAX];

	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		if ((size_t)snprintf(path, sizeof path, "%s%s", folder, parts[i]) >= sizeof path)
			return err_set(err, ERR_IO, "%s: the path is too long", folder);
		if (make_folder(path, err) != 0)
			return -1;
	}
	return 0;
}

static int
write_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t wrote = write(fd, p, n);

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote < 0)
			return -1;
		p += wrote;
		n -= (size_t)wrote;
	}
	return 0;
}

static int
write_rest(int fd, FILE *rest)
{
	char piece[PIECE];
	size_t n;

	while ((n = fread(piece, 1, sizeof piece, rest)) > 0) {
		if (write_all(fd, piece, n) != 0)
			return -1;
	}
	return ferror(rest) ? -1 : 0;
}

static int
write_file(const char *path, const char *folder, struct str raw, FILE *rest, struct err *err)
{
	struct stat owner;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	int rc;

	if (fd < 0)
		return fail(path, err);
	rc = write_all(fd, raw.p, raw.n);
	if (rc == 0 && rest != NULL)
		rc = write_rest(fd, rest);
	if (rc == 0 && geteuid() == 0)
		rc = stat(folder, &owner) != 0 || fchown(fd, owner.st_uid, owner.st_gid) != 0 ? -1
											      : 0;
	if (rc == 0)
		rc = fsync(fd);
	if (rc != 0)
		fail(path, err);
	close(fd);
	return rc;
}

static int
sync_folder(const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = fd < 0 ? -1 : fsync(fd);

	if (rc != 0)
		fail(path, err);
	if (fd >= 0)
		close(fd);
	return rc;
}

int
ctl_maildir_put(const char *folder, struct str raw, FILE *rest, struct err *err)
{
	char name[64], temporary[PATH_MAX], final[PATH_MAX], hex[2 * RANDOM_BYTES + 1];
	struct id_digest digest;
	int rc;

	if (make_all(folder, err) != 0)
		return -1;
	id_random(digest.byte, sizeof digest.byte);
	snprintf(name, sizeof name, "%" PRId64 ".%s.mailtailor", clock_now() / 1000,
	    id_hex(&digest, RANDOM_BYTES, hex));
	if ((size_t)snprintf(temporary, sizeof temporary, "%s/tmp/%s", folder, name) >=
	    sizeof temporary)
		return err_set(err, ERR_IO, "%s: the path is too long", folder);
	snprintf(final, sizeof final, "%s/new/%s", folder, name);
	rc = write_file(temporary, folder, raw, rest, err);
	if (rc == 0 && rename(temporary, final) != 0)
		rc = fail(final, err);
	if (rc != 0) {
		unlink(temporary);
		return -1;
	}
	snprintf(final, sizeof final, "%s/new", folder);
	return sync_folder(final, err);
}
