/* SPDX-License-Identifier: BSD-2-Clause
 *
 * web: what the internet reaches: tracked links, opens, unsubscribing
 *
 * The master opens the listening socket, one process serves it. That process has the keys
 * of tokens and the store, but no DKIM keys and no plugins.
 */
#ifndef WEB_WEB_H
#define WEB_WEB_H

#include "base/err.h"
#include "conf/conf.h"
#include "tailor/templates.h"

struct worker;

/* Opens conf->web; -1 in fd_r if it is empty. ERR_IO, ERR_CONFIG (no such address). The
 * descriptor does not block. */
int web_listen(const struct conf *conf, int *fd_r, struct err *err);
/* Removes the file of a unix socket. */
void web_listen_remove(const struct conf *conf);
/* Does the address exist? ERR_CONFIG. */
int web_listen_check(const struct conf *conf, struct err *err);

/* Do the administrator's pages compile? ERR_TEMPLATE. */
int web_pages_check(
    const struct conf *conf, const struct tailor_templates *templates, struct err *err);

/* The process; see master/worker.h. */
int web_run(const struct worker *worker);

#endif
