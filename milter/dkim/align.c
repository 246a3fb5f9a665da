/* SPDX-License-Identifier: BSD-2-Clause
 *
 * align: see align.h
 *
 * Owns:    nothing.
 * Threads: any.
 */
#include "dkim/align.h"

#include <idn2.h>
#include <libpsl.h>
#include <stdio.h>
#include <stdlib.h>

/* Lower case and A-labels, without the root's dot. */
static bool
read_domain(struct str domain, char text[DKIM_DOMAIN_MAX + 1])
{
	char *ascii = NULL;
	size_t n;

	if (domain.n > 1 && domain.p[domain.n - 1] == '.')
		domain.n--;
	if (domain.n == 0 || domain.n > DKIM_DOMAIN_MAX || memchr(domain.p, '\0', domain.n) != NULL)
		return false;
	memcpy(text, domain.p, domain.n);
	text[domain.n] = '\0';
	str_lower_ascii(text, domain.n);
	if (text[0] == '.' || strstr(text, "..") != NULL ||
	    idn2_to_ascii_8z(text, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK)
		return false;
	n = strlen(ascii);
	if (n <= DKIM_DOMAIN_MAX)
		memcpy(text, ascii, n + 1);
	idn2_free(ascii);
	return n > 0 && n <= DKIM_DOMAIN_MAX;
}

static bool
find_organization(const char *domain, char organization[DKIM_DOMAIN_MAX + 1])
{
	psl_ctx_t *list = psl_latest(NULL);
	const char *found = psl_registrable_domain(list, domain);

	if (found != NULL)
		memcpy(organization, found, strlen(found) + 1);
	psl_free(list);
	return found != NULL;
}

bool
dkim_align_organization(struct str domain, char organization[DKIM_DOMAIN_MAX + 1])
{
	char text[DKIM_DOMAIN_MAX + 1];

	return read_domain(domain, text) && find_organization(text, organization);
}

enum dkim_alignment
dkim_align(struct str domain, struct str from)
{
	char a[DKIM_DOMAIN_MAX + 1], b[DKIM_DOMAIN_MAX + 1];
	char above_a[DKIM_DOMAIN_MAX + 1], above_b[DKIM_DOMAIN_MAX + 1];

	if (!read_domain(domain, a) || !read_domain(from, b))
		return DKIM_ALIGN_NONE;
	if (strcmp(a, b) == 0)
		return DKIM_ALIGN_STRICT;
	return find_organization(a, above_a) && find_organization(b, above_b) &&
		strcmp(above_a, above_b) == 0
	    ? DKIM_ALIGN_RELAXED
	    : DKIM_ALIGN_NONE;
}

const char *
dkim_alignment_name(enum dkim_alignment alignment)
{
	static const char *const names[] = {
	    [DKIM_ALIGN_NONE] = "none",
	    [DKIM_ALIGN_RELAXED] = "relaxed",
	    [DKIM_ALIGN_STRICT] = "strict",
	};

	return names[alignment];
}
