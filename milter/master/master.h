/* SPDX-License-Identifier: BSD-2-Clause
 *
 * master: the process that starts, watches and replaces all others
 */
#ifndef MASTER_MASTER_H
#define MASTER_MASTER_H

#include <stdbool.h>

/* Serves until SIGTERM. Without `foreground` it goes to the background once all is
 * open and the first workers are started. Returns the exit status (sysexits.h); errors have
 * been printed and logged. */
int master_run(const char *path, bool foreground);

/* Checks everything that can be checked without serving; prints each problem, or
 * "PATH: ok". Returns the exit status. */
int master_check(const char *path);

#endif
