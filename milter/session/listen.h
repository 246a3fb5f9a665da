/* SPDX-License-Identifier: BSD-2-Clause
 *
 * listen: the milter socket, opened by the master before it forks sessions
 *
 * Threads: the master's only one.
 */
#ifndef SESSION_LISTEN_H
#define SESSION_LISTEN_H

#include "base/err.h"
#include "conf/conf.h"

#include <sys/types.h>

/* Opens conf->socket by libmilter, which keeps it for the smfi_main of processes forked
 * later: once per process. Mode and group are set. A unix socket that nobody listens on
 * any more is replaced. The descriptor does not block, so that of several processes
 * that wake up for one connection none hangs in accept(). ERR_IO, ERR_PERM (somebody
 * listens there), ERR_CONFIG (no such group, no such address). */
int session_listen(const struct conf *conf, int *fd_r, struct err *err);
/* Applies socket_mode and socket_group again, at a reload. */
int session_listen_mode(const struct conf *conf, struct err *err);
/* Removes the file of a unix socket if it is the one of `fd`. */
void session_listen_remove(const struct conf *conf, int fd);
/* The path if the address is a unix socket's, else NULL. */
const char *session_listen_path(const struct conf *conf);
/* Does a TCP address exist? ERR_CONFIG. (The folder of a unix socket is looked at by
 * conf_check_machine.) */
int session_listen_check(const struct conf *conf, struct err *err);

#endif
