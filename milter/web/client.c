/* SPDX-License-Identifier: BSD-2-Clause
 *
 * client: the address of who asks
 *
 * X-Forwarded-For counts as far as web_proxies vouch for it: from its end, each address is
 * believed because the one behind it is trusted.
 *
 * Threads: any; touches only its arguments.
 */
#include "web/internal.h"

#include "base/id.h"
#include "conf/net.h"

#include <arpa/inet.h>
#include <netinet/in.h>

/* A longer list of proxies than this is somebody's invention. */
#define HOPS_MAX 16

static bool
is_trusted(const struct conf *conf, const struct net *address)
{
	for (size_t i = 0; i < conf->web_proxies.count; i++) {
		struct net net;

		if (net_parse(conf->web_proxies.at[i], &net) && net_holds(&net, address))
			return true;
	}
	return false;
}

/* False for a unix socket, where the other end is a proxy of this machine. */
static bool
peer(const struct web_request *request, struct net *net_r)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *address = info == NULL ? NULL : info->client_addr;
	char text[INET6_ADDRSTRLEN] = "";

	if (address == NULL)
		return false;
	if (address->sa_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)address)->sin_addr,
		    text, sizeof text);
	else if (address->sa_family == AF_INET6)
		inet_ntop(AF_INET6,
		    &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, text,
		    sizeof text);
	return net_parse_address(text, net_r);
}

/* The last element, which is cut off. */
static struct str
take_last(struct str *list)
{
	const char *comma = list->n == 0 ? NULL : memrchr(list->p, ',', list->n);
	struct str last = *list;

	if (comma == NULL) {
		*list = STR_NONE;
		return str_trim(last);
	}
	last = (struct str){comma + 1, (size_t)(list->p + list->n - comma - 1)};
	list->n = (size_t)(comma - list->p);
	return str_trim(last);
}

static bool
parse_hop(struct str hop, struct net *net_r)
{
	char text[INET6_ADDRSTRLEN + 8];

	if (hop.n == 0 || hop.n >= sizeof text)
		return false;
	memcpy(text, hop.p, hop.n);
	text[hop.n] = '\0';
	return net_parse_address(text, net_r);
}

static bool
find_client(const struct web_request *request, struct net *client_r)
{
	struct str list = web_header(request, "X-Forwarded-For");
	bool known = peer(request, client_r);

	for (int i = 0; i < HOPS_MAX && list.n > 0; i++) {
		struct net hop;

		if (known && !is_trusted(request->web->conf, client_r))
			break;
		if (!parse_hop(take_last(&list), &hop))
			break;
		*client_r = hop;
		known = true;
	}
	return known;
}

static bool
is_ipv4(const struct net *net)
{
	static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

	return memcmp(net->address, mapped, sizeof mapped) == 0;
}

/* The network that usually is one household or one company. */
static void
shorten(struct net *net)
{
	size_t keep = is_ipv4(net) ? 15 : 6;

	memset(net->address + keep, 0, sizeof net->address - keep);
}

static struct str
print(const struct net *net, struct arena *arena)
{
	char text[INET6_ADDRSTRLEN];

	if (is_ipv4(net))
		inet_ntop(AF_INET, net->address + 12, text, sizeof text);
	else
		inet_ntop(AF_INET6, net->address, text, sizeof text);
	return arena_str(arena, str_c(text));
}

struct str
web_client(struct web_request *request)
{
	struct net net;

	if (request->web->conf->web_client == CONF_WEB_CLIENT_NONE || !find_client(request, &net))
		return STR("");
	if (request->web->conf->web_client == CONF_WEB_CLIENT_SHORT)
		shorten(&net);
	return print(&net, request->arena);
}
