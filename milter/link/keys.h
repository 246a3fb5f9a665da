/* SPDX-License-Identifier: BSD-2-Clause
 *
 * keys: the keys that tokens are made with
 *
 * The newest one signs, all of them are read: a token names its key by id.
 *
 * Threads: any; nothing changes after link_keys_load but the count of references.
 */
#ifndef LINK_KEYS_H
#define LINK_KEYS_H

#include "conf/conf.h"
#include "link/keyfile.h"

struct link_keys; /* counted */

/* Reads the file that `token_keys` names; NULL in `keys_r` if it names none. They may be
 * used after fork. ERR_IO, ERR_PERM, ERR_KEY; the text begins with file:line. */
int link_keys_load(struct link_keys **keys_r, const struct conf *conf, struct err *err);
/* Of a file that was read already; the caller still owns (and wipes) it. It must hold a key. */
struct link_keys *link_keys_new(const struct link_keyfile *file);
/* NULL is allowed, and stays it. */
struct link_keys *link_keys_ref(struct link_keys *keys);
/* The last one wipes them. */
void link_keys_unref(struct link_keys **keys);

#endif
