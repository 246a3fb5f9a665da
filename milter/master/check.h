/* SPDX-License-Identifier: BSD-2-Clause
 *
 * check: is a configuration fit to be served?
 *
 * The same checks stand before the start, before a reload and behind `mailtailord -n`.
 */
#ifndef MASTER_CHECK_H
#define MASTER_CHECK_H

#include "dkim/dkim.h"
#include "link/keys.h"
#include "master/identity.h"
#include "tailor/templates.h"

/* Configuration, keys of both kinds and templates as one; each problem is given to `each`. */
int check_load(const char *path, const struct conf **conf_r, struct dkim_keys **keys_r,
    struct link_keys **link_keys_r, struct tailor_templates **templates_r,
    void (*each)(const char *text, void *closure), void *closure, struct err *err);
/* Makes the database, or brings it up to date, as the daemon's user. */
int check_migrate(const struct conf *conf, const struct identity *identity, struct err *err);
/* First look for the DKIM records, as the daemon's user; a few seconds at most. */
int check_dkim(const struct conf *conf, struct dkim_keys *keys, const struct identity *identity,
    struct err *err);
/* Can a worker open the database and make its engine? */
int check_engine(const struct conf *conf, struct dkim_keys *keys, struct link_keys *link_keys,
    struct tailor_templates *templates, const struct identity *identity, struct err *err);

#endif
