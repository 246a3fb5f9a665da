/* SPDX-License-Identifier: BSD-2-Clause
 *
 * dkim: signatures by libopendkim with keys that are parsed once
 *
 * libopendkim parses the private key anew for every message, under a
 * process-wide lock, and that is most of the time it takes. dkim/pem.c
 * interposes PEM_read_bio_PrivateKey and hands out the key that the calling thread
 * is signing with; everything else goes to OpenSSL's function. A program that
 * links this must export the symbol (see Makefile.am).
 *
 * Threads: a struct dkim_keys may be used by any number of threads.
 */
#ifndef DKIM_DKIM_H
#define DKIM_DKIM_H

#include "base/arena.h"
#include "base/err.h"
#include "conf/conf.h"
#include "mime/mime.h"

struct dkim_keys; /* all domains' keys of one configuration; counted */

/* Reads every key that the configuration names and lets each sign and verify a
 * probe. Keys may be used after fork. ERR_IO if a file can't be read, ERR_PERM if it
 * can be read or written by group or others (or belongs to neither root nor the
 * daemon's user), ERR_KEY if it is no usable RSA key of 1024 to 4096 bits. The text
 * names file and reason, never the key. */
int dkim_keys_load(struct dkim_keys **keys_r, const struct conf *conf, struct err *err);
struct dkim_keys *dkim_keys_ref(struct dkim_keys *keys);
void dkim_keys_unref(struct dkim_keys **keys);

/* Is there a key for this domain? */
bool dkim_keys_has(const struct dkim_keys *keys, struct str domain);

/* Signs for `domain` (the From domain), relaxed/relaxed, rsa-sha256, over exactly
 * these fields (in order, values folded with CRLF) and body spans. The result is
 * the value of a DKIM-Signature field: leading space, folded with CRLF; put it
 * before the other fields. ERR_KEY if there is no key or libopendkim fails,
 * ERR_LIMIT if the arena is full. */
int dkim_keys_sign(struct dkim_keys *keys, struct str domain, const struct mime_header *headers,
    size_t header_count, const struct str *spans, size_t span_count, struct arena *arena,
    struct str *value_r, struct err *err);

#endif
