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
 * A domain may have several keys. Of each algorithm one signs: the last one in the configuration
 * that has active = auto and whose record DNS has, else the one with active = yes. Which
 * records are there is known by dkim_keys_check, in memory that all processes share.
 *
 * Threads: a struct dkim_keys may be used by any number of threads.
 */
#ifndef DKIM_DKIM_H
#define DKIM_DKIM_H

#include "base/arena.h"
#include "base/err.h"
#include "conf/conf.h"
#include "mime/mime.h"

/* rsa-sha256 and ed25519-sha256. */
#define DKIM_SIGNATURES_MAX 2

struct dkim_keys; /* all domains' keys of one configuration; counted */

/* Reads every key that the configuration names and lets each sign and verify a
 * probe. Keys may be used after fork. ERR_IO if a file can't be read, ERR_PERM if it
 * can be read or written by group or others (or belongs to neither root nor the
 * daemon's user), ERR_KEY if it is no usable key (Ed25519, or RSA of 1024 to 4096 bits),
 * ERR_CONFIG if it isn't clear which key is to sign. The text names file and reason,
 * never the key. */
int dkim_keys_load(struct dkim_keys **keys_r, const struct conf *conf, struct err *err);
struct dkim_keys *dkim_keys_ref(struct dkim_keys *keys);
void dkim_keys_unref(struct dkim_keys **keys);

/* At a reload: what is known of the old keys' records holds for the same keys in `keys`; a key
 * that signed by active = yes and now says auto goes on. */
void dkim_keys_inherit(struct dkim_keys *keys, const struct dkim_keys *old);
/* Are there keys with active = auto? Only for them is DNS asked. */
bool dkim_keys_watched(const struct dkim_keys *keys);
/* Asks DNS for each of their records, which may take seconds, and logs what is news. `dns`: see
 * dkim/dns.h. Stops early when `stop` (may be NULL) says so. Returns how many records are not
 * there or are not the keys'. */
size_t dkim_keys_check(
    struct dkim_keys *keys, const char *dns, bool (*stop)(void *closure), void *closure);

/* Is there a key for this From domain: its own, or that of a domain above it which has
 * `subdomains`? */
bool dkim_keys_has(const struct dkim_keys *keys, struct str domain);
/* May as many keys sign for it as have to? ERR_KEY says which may not and why. */
int dkim_keys_ready(const struct dkim_keys *keys, struct str domain,
    enum conf_signatures signatures, struct err *err);

/* Signs for `domain` (the From domain), relaxed/relaxed, over exactly
 * these fields (in order, values folded with CRLF) and body spans. Each result is
 * the value of a DKIM-Signature field: leading space, folded with CRLF; put them
 * before the other fields, in this order (RSA first). ERR_KEY if no key may sign or libopendkim
 * fails, ERR_LIMIT if the arena is full; then there are no results. */
int dkim_keys_sign(struct dkim_keys *keys, struct str domain, enum conf_signatures signatures,
    const struct mime_header *headers, size_t header_count, const struct str *spans,
    size_t span_count, struct arena *arena, struct str values_r[DKIM_SIGNATURES_MAX],
    size_t *count_r, struct err *err);

#endif
