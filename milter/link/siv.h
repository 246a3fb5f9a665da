/* SPDX-License-Identifier: BSD-2-Clause
 *
 * siv: AES-SIV (RFC 5297), by OpenSSL
 *
 * Deterministic and authentic: the same input gives the same output, and what was
 * changed does not open. The initialised contexts are kept and copied for each use:
 * setting up a key costs more than twice what the rest does.
 *
 * Threads: any may seal and open at once; nothing changes after link_siv_init.
 */
#ifndef LINK_SIV_H
#define LINK_SIV_H

#include "base/str.h"

#include <openssl/evp.h>

/* The key of AES-256-SIV: one half for the digest, one for the cipher. */
#define LINK_SIV_KEY 64
/* The synthetic initialisation vector, which stands in front of what is sealed. */
#define LINK_SIV_TAG 16

struct link_siv {
	EVP_CIPHER_CTX *seal;
	EVP_CIPHER_CTX *open;
};

/* `size` of the key: LINK_SIV_KEY, or 32 for AES-128-SIV. Stops the process if OpenSSL
 * has no such cipher. */
void link_siv_init(struct link_siv *siv, const unsigned char *key, size_t size);
/* Wipes the key. */
void link_siv_fini(struct link_siv *siv);
/* Writes LINK_SIV_TAG + n bytes; n > 0. No piece of associated data may be empty. */
void link_siv_seal(const struct link_siv *siv, const struct str *associated, size_t count,
    const unsigned char *plain, size_t n, unsigned char *sealed_r);
/* `n` counts the tag; writes n - LINK_SIV_TAG bytes. False, with nothing in `plain_r`, if it
 * was not sealed with this key and associated data. The comparison takes the same time
 * wherever it differs. */
bool link_siv_open(const struct link_siv *siv, const struct str *associated, size_t count,
    const unsigned char *sealed, size_t n, unsigned char *plain_r);

#endif
