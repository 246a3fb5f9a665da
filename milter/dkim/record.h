/* SPDX-License-Identifier: BSD-2-Clause
 *
 * record: a key's DNS record (RFC 6376 section 3.6.1, RFC 8463 section 4)
 *
 * Threads: any; touches only its arguments.
 */
#ifndef DKIM_RECORD_H
#define DKIM_RECORD_H

#include "base/buf.h"

#include <openssl/evp.h>
#include <stdbool.h>

/* A 4096-bit key takes some 750 bytes; what is longer is no record of ours. */
#define DKIM_RECORD_MAX 8192
/* SELECTOR._domainkey.DOMAIN with its NUL; longer than any name in DNS. */
#define DKIM_NAME_MAX 600

enum dkim_algorithm { DKIM_RSA, DKIM_ED25519 };

#define DKIM_ALGORITHMS 2

/* "rsa", "ed25519": the value of k=. */
const char *dkim_algorithm_name(enum dkim_algorithm algorithm);
/* false: neither. */
bool dkim_algorithm_of(const EVP_PKEY *key, enum dkim_algorithm *algorithm_r);

void dkim_record_name(const char *selector, const char *domain, char name[DKIM_NAME_MAX]);
/* The public half in base64, for p=; to be freed with g_free. */
char *dkim_record_public(const EVP_PKEY *key);
/* The whole text: "v=DKIM1; k=rsa; p=..."; to be freed with g_free. */
char *dkim_record_text(const EVP_PKEY *key);
/* As a line of a zone file, in character-strings of at most 255 bytes (RFC 1035 section 3.3). */
void dkim_record_write_zone(const char *name, const char *text, struct buf *out);

/* The value of one tag without white space; false if it is not there. */
bool dkim_record_tag(const char *record, const char *name, char value[DKIM_RECORD_MAX]);
/* Is there a colon-separated flag in t=? */
bool dkim_record_flag(const char *record, const char *flag);

enum dkim_match { DKIM_MATCH_OK, DKIM_MATCH_REVOKED, DKIM_MATCH_DIFFERENT };

/* Does the record that DNS has belong to this key? `why_r`: what is wrong, a constant; NULL if
 * nothing is. */
enum dkim_match dkim_record_match(
    const char *record, enum dkim_algorithm algorithm, const char *public_key, const char **why_r);

#endif
