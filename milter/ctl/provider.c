/* SPDX-License-Identifier: BSD-2-Clause
 *
 * provider: see provider.h
 */
#include "ctl/provider.h"

#include <libpsl.h>
#include <stdio.h>

/* "mx.example.org[192.0.2.1]:25", "mx.example.org. [192.0.2.1]": the name. */
static struct str
host_of(struct str relay)
{
	size_t n = 0;

	while (n < relay.n && relay.p[n] != '[' && relay.p[n] != ' ')
		n++;
	while (n > 0 && relay.p[n - 1] == '.')
		n--;
	return (struct str){relay.p, n < relay.n ? n : 0};
}

static bool
has_letter(struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
			return true;
	}
	return false;
}

/* Without a dot, or an address, it is no name that says whose it is. */
static bool
organization(struct str host, char provider[CTL_PROVIDER_SIZE])
{
	char name[CTL_PROVIDER_SIZE];
	const char *found;

	if (host.n == 0 || host.n >= sizeof name || memchr(host.p, '.', host.n) == NULL ||
	    memchr(host.p, '\0', host.n) != NULL || !has_letter(host))
		return false;
	memcpy(name, host.p, host.n);
	name[host.n] = '\0';
	str_lower_ascii(name, host.n);
	found = psl_registrable_domain(psl_builtin(), name);
	snprintf(provider, CTL_PROVIDER_SIZE, "%s", found != NULL ? found : name);
	return true;
}

void
ctl_provider_of(struct str relay, struct str address, char provider[CTL_PROVIDER_SIZE])
{
	const char *at = address.n == 0 ? NULL : memrchr(address.p, '@', address.n);
	struct str domain = STR("");

	if (at != NULL)
		domain = (struct str){at + 1, address.n - (size_t)(at + 1 - address.p)};
	if (organization(host_of(relay), provider) || organization(domain, provider))
		return;
	snprintf(provider, CTL_PROVIDER_SIZE, "%.*s",
	    (int)(domain.n < CTL_PROVIDER_SIZE ? domain.n : CTL_PROVIDER_SIZE - 1), domain.p);
}
