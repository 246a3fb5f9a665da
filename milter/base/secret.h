/* SPDX-License-Identifier: BSD-2-Clause
 *
 * secret: files that hold keys, read with care
 *
 * Opened once: what is checked is what is read. Who reads one into memory wipes it.
 *
 * Threads: any.
 * Fails:   ERR_IO, ERR_PERM, ERR_KEY; the text begins with the path.
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include "base/err.h"

#include <stddef.h>
#include <sys/stat.h>

/* A descriptor, or -1: a file of at most `max` bytes that group and others have no access to,
 * and that belongs to root, to this process's user or to `user`. NULL: commands don't know
 * under which user the daemon runs; root's then take any. `st_r` may be NULL. */
int secret_open(const char *path, size_t max, const char *user, struct stat *st_r, struct err *err);
/* All of it into `data`, which has room for `max` bytes. 0 or -1. */
int secret_read(int fd, const char *path, char *data, size_t max, size_t *n_r, struct err *err);

#endif
