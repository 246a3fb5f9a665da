/* SPDX-License-Identifier: BSD-2-Clause
 *
 * net: see net.h
 *
 * Fails:   never beyond saying that a text is no address; asks no resolver.
 */
#include "conf/net.h"

#include <arpa/inet.h>

#define V4_OFFSET 96

/* Digits without needless zeros in front, up to `max`. */
static bool
parse_prefix(struct str text, unsigned max, unsigned *prefix_r)
{
	unsigned long long value;

	if ((text.n > 1 && text.p[0] == '0') || !str_to_u64(text, max, &value))
		return false;
	*prefix_r = (unsigned)value;
	return true;
}

static bool
parse_plain(struct str text, struct net *net_r, bool *v4_r)
{
	static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
	char copy[INET6_ADDRSTRLEN + 1];

	if (text.n == 0 || text.n >= sizeof copy)
		return false;
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	net_r->prefix = 128;
	*v4_r = inet_pton(AF_INET, copy, net_r->address + sizeof mapped) == 1;
	if (*v4_r)
		memcpy(net_r->address, mapped, sizeof mapped);
	return *v4_r || inet_pton(AF_INET6, copy, net_r->address) == 1;
}

static bool
rest_is_zero(const struct net *net)
{
	for (unsigned bit = net->prefix; bit < 128; bit++) {
		if ((net->address[bit / 8] & (0x80 >> bit % 8)) != 0)
			return false;
	}
	return true;
}

bool
net_parse(const char *text, struct net *net_r)
{
	struct str rest = str_c(text), address;
	unsigned prefix;
	bool v4;

	if (!str_split(&rest, '/', &address) || !parse_plain(address, net_r, &v4))
		return false;
	if (rest.p == NULL)
		return true;
	if (!parse_prefix(rest, v4 ? 32 : 128, &prefix))
		return false;
	net_r->prefix = v4 ? V4_OFFSET + prefix : prefix;
	return rest_is_zero(net_r);
}

bool
net_parse_address(const char *text, struct net *net_r)
{
	struct str address = str_c(text);
	bool v4;

	if (address.n > 5 && str_is_nocase((struct str){address.p, 5}, "IPv6:"))
		address = (struct str){address.p + 5, address.n - 5};
	else if (address.n > 2 && address.p[0] == '[' && address.p[address.n - 1] == ']')
		return address.n > 7 && str_is_nocase((struct str){address.p + 1, 5}, "IPv6:")
		    ? parse_plain((struct str){address.p + 6, address.n - 7}, net_r, &v4)
		    : parse_plain((struct str){address.p + 1, address.n - 2}, net_r, &v4);
	return address.p != NULL && parse_plain(address, net_r, &v4);
}

bool
net_holds(const struct net *net, const struct net *address)
{
	unsigned whole = net->prefix / 8, left = net->prefix % 8;
	unsigned mask = left == 0 ? 0 : 0xffU << (8 - left) & 0xffU;

	return memcmp(net->address, address->address, whole) == 0 &&
	    (left == 0 || ((net->address[whole] ^ address->address[whole]) & mask) == 0);
}
