/* SPDX-License-Identifier: BSD-2-Clause
 *
 * internal: what the files of link/ share; nobody else includes it
 */
#ifndef LINK_INTERNAL_H
#define LINK_INTERNAL_H

#include "link/keys.h"
#include "link/link.h"
#include "link/siv.h"

unsigned link_keys_newest(const struct link_keys *keys);
/* NULL: there is no such key. */
const struct link_siv *link_keys_find(const struct link_keys *keys, unsigned id);

/* The address begins with http:// or https:// in any case; the length of that, else 0. */
size_t link_scheme(struct str address);

#endif
