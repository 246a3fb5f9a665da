/* SPDX-License-Identifier: BSD-2-Clause
 *
 * message: see message.h
 *
 * Threads: one.
 */
#include "ctl/message.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int
ctl_read_message(const char *path, struct buf *raw, struct err *err)
{
	int fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	char piece[65536], last = '\0';
	ssize_t n;

	if (fd < 0)
		return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
	while ((n = read(fd, piece, sizeof piece)) > 0) {
		for (ssize_t i = 0; i < n; i++) {
			if (piece[i] == '\n' && last != '\r')
				buf_add_char(raw, '\r');
			last = piece[i];
			buf_add_char(raw, last);
		}
	}
	if (n < 0)
		err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
	if (fd != STDIN_FILENO)
		close(fd);
	if (n < 0)
		return -1;
	return raw->full ? err_set(err, ERR_LIMIT, "%s: larger than max_message", path) : 0;
}
