/* SPDX-License-Identifier: BSD-2-Clause
 *
 * trust: who may say that somebody complained
 *
 * A complaint has no server's word behind it. It counts if the network that it came from is
 * one of report_networks, or if a DKIM signature verifies that covers From, belongs to From's
 * domain, and that domain is one of report_senders (or lies below it).
 *
 * Threads: any. Asks DNS, so it has no place in a message's way.
 */
#ifndef DELIVERY_TRUST_H
#define DELIVERY_TRUST_H

#include "base/arena.h"
#include "conf/conf.h"

/* `client`: the address that the message came from, as the relay says; may be empty. `anybody`:
 * any domain will do that signed its own From. `raw`: the message as it came, with any line ends.
 * why_r: "network", the domain that signed, or what is missing; in the arena or constant. */
bool delivery_trusted(const struct conf *conf, struct str raw, const char *client, bool anybody,
    struct arena *arena, struct str *why_r);

#endif
