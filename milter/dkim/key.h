/* SPDX-License-Identifier: BSD-2-Clause
 *
 * key: one domain's key and the library handle that signs with it
 *
 * Threads: written while it is loaded; then read by any.
 */
#ifndef DKIM_KEY_H
#define DKIM_KEY_H

#include "base/err.h"
#include "conf/conf.h"
#include "dkim/pem.h"

#include <glib.h>

struct dkim_key {
	char *domain;
	char *selector;
	struct dkim_pem pem;
	struct dkim_lib *lib;	  /* libopendkim's */
	GHashTable *signed_names; /* lower case */
};

/* Reads the key file of `section`. `user` is the daemon's, who may own it. */
int dkim_key_load(
    struct dkim_key **key_r, const struct conf_dkim *section, const char *user, struct err *err);
void dkim_key_free(struct dkim_key *key);

#endif
