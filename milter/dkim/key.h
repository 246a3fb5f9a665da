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
#include "dkim/record.h"
#include "dkim/state.h"

#include <glib.h>

struct dkim_key {
	char *domain;
	char *selector;
	const char *place; /* of its section; NULL outside of dkim_keys_load */
	enum dkim_algorithm algorithm;
	enum conf_active active;
	bool subdomains;
	char *public_key; /* base64, as in the record */
	struct dkim_state *state;
	struct dkim_pem pem;
	struct dkim_lib *lib;	  /* libopendkim's */
	GHashTable *signed_names; /* lower case */
};

/* Reads the key file of `section`. `user` is the daemon's, who may own it. The state is the
 * caller's. */
int dkim_key_load(
    struct dkim_key **key_r, const struct conf_dkim *section, const char *user, struct err *err);
/* The private key in a PEM file, whoever may read it, to be freed with EVP_PKEY_free. ERR_IO, or
 * ERR_KEY if it is none that can sign. */
int dkim_key_read(const char *path, EVP_PKEY **key_r, struct err *err);
void dkim_key_free(struct dkim_key *key);

#endif
