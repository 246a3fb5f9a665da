/* SPDX-License-Identifier: BSD-2-Clause
 *
 * pidfile: the master's process id in a locked file
 *
 * The lock belongs to the open file, which all children inherit: a new master can't begin
 * while workers of a dead one are still at work on the same database.
 */
#ifndef MASTER_PIDFILE_H
#define MASTER_PIDFILE_H

#include "base/err.h"

/* Waits a few seconds for the lock. ERR_IO, or ERR_BUSY if another daemon, or what is left of one,
 * holds the lock. */
int pidfile_open(const char *path, int *fd_r, struct err *err);
/* Removes the file and gives up the lock. */
void pidfile_close(const char *path, int *fd);

#endif
