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

#include "conf/net.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

/* A longer list of proxies than this is somebody's invention. */
#define HOPS_MAX     16
#define ADDRESS_SIZE (INET6_ADDRSTRLEN + 10)

/* Empty for a unix socket, where the other end is a proxy of this machine. */
static void
peer(const struct web_request *request, char text[ADDRESS_SIZE])
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *address = info == NULL ? NULL : info->client_addr;

	text[0] = '\0';
	if (address == NULL)
		return;
	if (address->sa_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)address)->sin_addr,
		    text, ADDRESS_SIZE);
	else if (address->sa_family == AF_INET6)
		inet_ntop(AF_INET6,
		    &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, text,
		    ADDRESS_SIZE);
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

/* Some proxies add the port: 192.0.2.1:443, [2001:db8::1]:443. */
static void
cut_port(char *text)
{
	char *colon = strrchr(text, ':');

	if (colon == NULL || colon == text || colon[1] == '\0' ||
	    strspn(colon + 1, "0123456789") != strlen(colon + 1))
		return;
	if (colon[-1] == ']' || strchr(text, ':') == colon)
		*colon = '\0';
}

/* The address that is the client's, as far as it can be believed; empty: there is none. */
static void
find_client(const struct web_request *request, char text[ADDRESS_SIZE])
{
	struct str list = web_header(request, "X-Forwarded-For"), hop;
	struct net net;

	peer(request, text);
	for (int i = 0; i < HOPS_MAX && list.n > 0; i++) {
		char next[ADDRESS_SIZE];

		if (text[0] != '\0' && !conf_web_proxy(request->web->conf, text))
			break;
		hop = take_last(&list);
		if (hop.n >= sizeof next)
			break;
		snprintf(next, sizeof next, "%.*s", STR_F(hop));
		cut_port(next);
		if (!net_parse_address(next, &net))
			break;
		strcpy(text, next);
	}
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

uint64_t
web_client_digest(struct web_request *request)
{
	struct str agent = web_header(request, "User-Agent");
	uint64_t digest = UINT64_C(0xcbf29ce484222325);
	char text[ADDRESS_SIZE];

	find_client(request, text);
	for (const char *p = text; *p != '\0'; p++)
		digest = (digest ^ (unsigned char)*p) * UINT64_C(0x100000001b3);
	for (size_t i = 0; i < agent.n && i < WEB_AGENT_MAX; i++)
		digest = (digest ^ (unsigned char)agent.p[i]) * UINT64_C(0x100000001b3);
	return digest;
}

bool
web_client_may(
    const struct web_request *request, bool (*allows)(const struct conf *conf, const char *address))
{
	char text[ADDRESS_SIZE];

	find_client(request, text);
	return text[0] != '\0' && allows(request->web->conf, text);
}

struct str
web_client_network(struct web_request *request)
{
	char text[ADDRESS_SIZE];
	struct net net;

	find_client(request, text);
	if (!net_parse_address(text, &net))
		return STR("");
	shorten(&net);
	return print(&net, request->arena);
}

struct str
web_client(struct web_request *request)
{
	char text[ADDRESS_SIZE];
	struct net net;

	find_client(request, text);
	if (request->web->conf->web_client == CONF_WEB_CLIENT_NONE ||
	    !net_parse_address(text, &net))
		return STR("");
	if (request->web->conf->web_client == CONF_WEB_CLIENT_SHORT)
		shorten(&net);
	return print(&net, request->arena);
}
