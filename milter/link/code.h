/* SPDX-License-Identifier: BSD-2-Clause
 *
 * code: bytes as letters: base64url and base32 (RFC 4648 sections 5 and 6), unpadded
 *
 * Strict both ways, so that a text has one form only: no padding, no white space, and
 * the bits that the last letter has too many are zero.
 *
 * Threads: any; touches only its arguments.
 */
#ifndef LINK_CODE_H
#define LINK_CODE_H

#include "base/str.h"

enum link_code {
	LINK_BASE64URL,
	LINK_BASE32, /* written in lower case, read in any: mail systems change it */
};

/* Letters that `n` bytes take. */
size_t link_code_letters(enum link_code code, size_t n);
/* Writes exactly that many, and no NUL. */
void link_code_write(enum link_code code, const unsigned char *data, size_t n, char *text_r);
/* Bytes that these letters hold; writes at most `max` of them. -1: it is no such text, or
 * longer. */
long link_code_read(enum link_code code, struct str text, unsigned char *data_r, size_t max);

#endif
