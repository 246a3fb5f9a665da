/* SPDX-License-Identifier: BSD-2-Clause
 *
 * id: digests and the identifiers made from them
 *
 * Everything that must come out the same when a message is tried again (the
 * Message-ID of a copy, later variants and coupons) is a digest of what it stands
 * for. SHA-256 and HMAC come from OpenSSL.
 *
 * Threads: any.
 */
#ifndef BASE_ID_H
#define BASE_ID_H

#include "base/str.h"

#include <stdint.h>

#define ID_DIGEST_SIZE 32
#define ID_HEX_SIZE    (2 * ID_DIGEST_SIZE + 1)

struct id_digest {
	unsigned char byte[ID_DIGEST_SIZE];
};

/* SHA-256 over `count` pieces; each piece is preceded by its length (8 bytes,
 * big-endian), so that {"ab","c"} and {"a","bc"} differ. */
struct id_digest id_digest(const struct str *pieces, size_t count);
/* Plain SHA-256 of one text. */
struct id_digest id_sha256(struct str text);
/* HMAC-SHA-256. */
struct id_digest id_hmac(struct str key, struct str text);
/* Equal? Takes the same time wherever they differ. */
bool id_digest_eq(const struct id_digest *a, const struct id_digest *b);
/* The first `bytes` of the digest in lower-case hex; `hex` has 2*bytes+1 room. */
const char *id_hex(const struct id_digest *digest, size_t bytes, char *hex);
/* From the system's generator; stops the process if there is none. */
void id_random(void *data, size_t size);

#endif
