/* SPDX-License-Identifier: BSD-2-Clause
 *
 * address: mail addresses as reports write them
 *
 * Threads: any; touches only its arguments.
 */
#ifndef DELIVERY_ADDRESS_H
#define DELIVERY_ADDRESS_H

#include "base/arena.h"
#include "base/str.h"

/* An address begins right here: local@domain, or the same in <>, which may then hold any
 * UTF-8 (RFC 6531). `address_r` without <>. */
bool delivery_address_at(struct str text, struct str *address_r);
/* The first one in the text; without <> only ASCII counts: words of other scripts
 * may stand right beside it. */
bool delivery_address_find(struct str text, struct str *address_r);
/* Is `c`, behind `before`, the middle of something that could be a local part? */
bool delivery_address_inside(char before, char c);
/* "rfc822; ada@example.org", "utf-8;\x{44}@example.org" (RFC 3464 section 2.3.1, RFC 6533
 * section 3): the address, in the arena. What is none, comes back trimmed; empty if there
 * is nothing. `xtext`: RFC 3461 section 4 may not have been undone. */
struct str delivery_address_field(struct str value, bool xtext, struct arena *arena);
/* Does it have a local part and a domain? */
bool delivery_address_ok(struct str address);

#endif
