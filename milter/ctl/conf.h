/* SPDX-License-Identifier: BSD-2-Clause
 *
 * conf: `mailtailor conf sample|manual|check`
 */
#ifndef CTL_CONF_H
#define CTL_CONF_H

#include <stdio.h>

/* With the configuration file `path`, which only `check` reads. Exit code: 0, EX_USAGE,
 * EX_IOERR if `out` can't be written, EX_CONFIG or EX_NOINPUT if there is something
 * wrong, one line of it each on `errors`. */
int conf_command(const char *path, int argc, char **argv, FILE *out, FILE *errors);

#endif
