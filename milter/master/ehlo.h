/* SPDX-License-Identifier: BSD-2-Clause
 *
 * ehlo: the name by which a session knows our own hand-back connection
 *
 * mt-TIME-NONCE-MAC.mailtailor.invalid: TIME in hex seconds, NONCE 8 random bytes and MAC the
 * first 16 bytes of HMAC-SHA-256 over both, in hex. Valid for ten minutes around TIME: the
 * name stands in Received fields, and somebody who reads it there gains nothing later.
 */
#ifndef MASTER_EHLO_H
#define MASTER_EHLO_H

#include "base/id.h"

#define EHLO_NAME_SIZE 160

const char *ehlo_make(const struct id_digest *key, int64_t now_ms, char name[EHLO_NAME_SIZE]);
bool ehlo_check(const struct id_digest *key, int64_t now_ms, struct str name);

#endif
