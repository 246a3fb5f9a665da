/* SPDX-License-Identifier: BSD-2-Clause
 *
 * sign: one signature, and the probe that verifies one
 *
 * Threads: any.
 */
#ifndef DKIM_SIGN_H
#define DKIM_SIGN_H

#include "base/arena.h"
#include "dkim/key.h"
#include "mime/mime.h"

/* See dkim_keys_sign. */
int dkim_key_sign(const struct dkim_key *key, const struct mime_header *headers,
    size_t header_count, const struct str *spans, size_t span_count, struct arena *arena,
    struct str *value_r, struct err *err);
/* Signs a small message and lets libopendkim verify it with the public half. */
int dkim_key_probe(struct dkim_key *key, struct err *err);

#endif
