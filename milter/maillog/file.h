/* SPDX-License-Identifier: BSD-2-Clause
 *
 * file: one log file that grows, line by line
 *
 * Threads: one at a time.
 */
#ifndef MAILLOG_FILE_H
#define MAILLOG_FILE_H

#include "base/err.h"
#include "base/id.h"

#include <stdint.h>
#include <sys/types.h>

/* Longer lines are none of a mail system's, and passed over. */
#define MAILLOG_LINE_TOP ((size_t)16 * 1024)
#define MAILLOG_CHUNK	 ((size_t)256 * 1024)

struct maillog_file {
	int fd;
	dev_t device;
	ino_t inode;
	off_t offset; /* of what is read next */
	size_t kept;  /* bytes before it that are in `buffer`: a line without an end so far */
	bool skipping;
	char buffer[MAILLOG_CHUNK + MAILLOG_LINE_TOP];
};

typedef void maillog_take(struct str line, void *closure);

/* ERR_IO: it can't be opened, or is no regular file. */
int maillog_file_open(struct maillog_file **file_r, const char *path, struct err *err);
void maillog_file_close(struct maillog_file **file);
/* The next line begins at `offset`. */
void maillog_file_seek(struct maillog_file *file, off_t offset);
/* Where the first line begins that was not given to anybody. */
off_t maillog_file_at(const struct maillog_file *file);
/* Is there less than was read? Somebody has truncated it, then. */
bool maillog_file_shrunk(const struct maillog_file *file);
/* Reads a chunk and gives its whole lines to `take`, without their ends: the bytes read, 0 at the
 * end, -1 (ERR_IO). */
ssize_t maillog_file_read(
    struct maillog_file *file, maillog_take *take, void *closure, struct err *err);
/* A digest of the first `n` bytes; false if there are fewer. */
bool maillog_file_head(const struct maillog_file *file, size_t n, struct id_digest *digest_r);

#endif
