/* SPDX-License-Identifier: BSD-2-Clause
 *
 * align: do two domains belong together as DMARC wants (RFC 7489 section 3.1)?
 *
 * What an organization registers is told by the public suffix list: of news.shop.co.uk it
 * is shop.co.uk. The list is the machine's newest one (package publicsuffix), or the one that
 * libpsl was built with.
 *
 * Threads: any; touches only its arguments. The list is read for each call, so this has
 *          no place in a message's way.
 */
#ifndef DKIM_ALIGN_H
#define DKIM_ALIGN_H

#include "base/str.h"

#define DKIM_DOMAIN_MAX 255

enum dkim_alignment {
	DKIM_ALIGN_NONE,
	DKIM_ALIGN_RELAXED, /* the same organizational domain */
	DKIM_ALIGN_STRICT   /* the same domain */
};

/* "none", "relaxed", "strict" */
const char *dkim_alignment_name(enum dkim_alignment alignment);
/* How closely they align. Domains in any case, as A- or U-labels; what is no domain aligns with
 * nothing. */
enum dkim_alignment dkim_align(struct str domain, struct str from);
/* The organizational domain, lower case and in A-labels (RFC 7489 section 3.2); false if there
 * is none, since `domain` is a public suffix itself or no domain. */
bool dkim_align_organization(struct str domain, char organization[DKIM_DOMAIN_MAX + 1]);

#endif
