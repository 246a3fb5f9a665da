/* SPDX-License-Identifier: BSD-2-Clause
 *
 * file: see file.h
 *
 * Owns:    the descriptor.
 */
#include "maillog/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD_MAX ((size_t)4096)

int
maillog_file_open(struct maillog_file **file_r, const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct maillog_file *file;
	struct stat st;

	if (fd < 0)
		return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return err_set(err, ERR_IO, "%s: not a regular file", path);
	}
	file = calloc(1, sizeof *file);
	if (file == NULL)
		abort();
	file->fd = fd;
	file->device = st.st_dev;
	file->inode = st.st_ino;
	*file_r = file;
	return 0;
}

void
maillog_file_close(struct maillog_file **file)
{
	if (*file != NULL)
		close((*file)->fd);
	free(*file);
	*file = NULL;
}

void
maillog_file_seek(struct maillog_file *file, off_t offset)
{
	file->offset = offset;
	file->kept = 0;
	file->skipping = false;
}

off_t
maillog_file_at(const struct maillog_file *file)
{
	return file->offset - (off_t)file->kept;
}

bool
maillog_file_shrunk(const struct maillog_file *file)
{
	struct stat st;

	return fstat(file->fd, &st) == 0 && st.st_size < file->offset;
}

/* Gives the whole lines in the buffer away and keeps the rest. */
static void
take_lines(struct maillog_file *file, size_t filled, maillog_take *take, void *closure)
{
	char *at = file->buffer, *end = file->buffer + filled, *lf;

	while ((lf = memchr(at, '\n', (size_t)(end - at))) != NULL) {
		if (!file->skipping)
			take((struct str){at, (size_t)(lf - at)}, closure);
		file->skipping = false;
		at = lf + 1;
	}
	file->kept = (size_t)(end - at);
	if (file->kept >= MAILLOG_LINE_TOP) {
		file->skipping = true;
		file->kept = 0;
	}
	memmove(file->buffer, at, file->kept);
}

ssize_t
maillog_file_read(struct maillog_file *file, maillog_take *take, void *closure, struct err *err)
{
	ssize_t got = pread(file->fd, file->buffer + file->kept, MAILLOG_CHUNK, file->offset);

	if (got < 0)
		return err_set(err, ERR_IO, "mail log: %s", strerror(errno));
	file->offset += got;
	if (got > 0)
		take_lines(file, file->kept + (size_t)got, take, closure);
	return got;
}

bool
maillog_file_head(const struct maillog_file *file, size_t n, struct id_digest *digest_r)
{
	char bytes[HEAD_MAX];

	if (n > sizeof bytes || pread(file->fd, bytes, n, 0) != (ssize_t)n)
		return false;
	*digest_r = id_sha256((struct str){bytes, n});
	return true;
}
