/* SPDX-License-Identifier: BSD-2-Clause
 *
 * machine: does this machine have what the configuration names?
 *
 * Threads: before any are started: it forks, to look with the daemon's rights.
 */
#ifndef CONF_MACHINE_H
#define CONF_MACHINE_H

#include "conf/conf.h"

/* What `mailtailord -n` checks beyond the text: that user and group exist; that the
 * folders of socket, pid file, database and log exist and may be written; that mail
 * logs and data files may be read, and that the latter hold a JSON object. Keys are
 * dkim_keys_load's and link_keys_load's, the database store_open's. Each problem is one sentence that
 * begins with the parameter's place; the first one is in `err`, ERR_CONFIG or ERR_IO. */
int conf_check_machine(const struct conf *conf,
    void (*each_problem)(const char *text, void *closure), void *closure, struct err *err);

/* May `user` do that? `mode` as for access(2). 0 or the error number. If this process
 * is not root's, it asks for itself, since it could not become another anyway; the
 * same for an empty name. ESRCH: no such user. */
int machine_access(const char *user, const char *path, int mode);

#endif
