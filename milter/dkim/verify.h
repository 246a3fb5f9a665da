/* SPDX-License-Identifier: BSD-2-Clause
 *
 * verify: what libopendkim says of each signature of a message
 *
 * Threads: any. Asks DNS, so it has no place in a message's way.
 */
#ifndef DKIM_VERIFY_H
#define DKIM_VERIFY_H

#include "base/arena.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct dkim_verify_options {
	const char *dns;    /* see dkim/dns.h */
	const char *record; /* for every signature, instead of asking; NULL: ask */
	bool old;	    /* rsa-sha1 and RSA keys under 1024 bits may pass (RFC 8301 says no) */
};

/* Text is the arena's; what the signature does not say is empty. */
struct dkim_verdict {
	bool pass;
	struct str why; /* it does not pass, or what is doubtful although it does; may be empty */
	struct str domain, selector, algorithm, canonicalization;
	struct str signed_names; /* h= without white space */
	int64_t unsigned_bytes;	 /* of the body, beyond l= */
	unsigned bits;		 /* of the key; 0: not known */
};

/* `raw`: the message with CRLF. One verdict for each DKIM-Signature that libopendkim takes
 * for one, from the top. ERR_INPUT if that is no message, ERR_LIMIT. */
int dkim_verify_message(struct str raw, const struct dkim_verify_options *options,
    struct arena *arena, struct dkim_verdict **verdicts_r, size_t *count_r, struct err *err);

/* Is `name` among the names of h=? */
bool dkim_verdict_covers(const struct dkim_verdict *verdict, struct str name);

#endif
