/* SPDX-License-Identifier: BSD-2-Clause
 *
 * net: networks and addresses, IPv4 and IPv6 alike
 *
 * IPv4 is kept as IPv4-mapped IPv6 (RFC 4291 section 2.5.5.2), so that one
 * comparison serves both and a client seen as ::ffff:10.0.0.1 is 10.0.0.1.
 *
 * Threads: any.
 */
#ifndef CONF_NET_H
#define CONF_NET_H

#include "base/str.h"

struct net {
	unsigned char address[16];
	unsigned prefix; /* bits, 0..128 */
};

/* "10.0.0.0/8", "2001:db8::/32", or an address alone. Bits behind the prefix must be
 * zero: they show a slip of the pen. False if it is no network. */
bool net_parse(const char *text, struct net *net_r);
/* A numeric address, also with "IPv6:" before and in brackets; the prefix is 128. */
bool net_parse_address(const char *text, struct net *net_r);
bool net_holds(const struct net *net, const struct net *address);

#endif
