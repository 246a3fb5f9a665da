/* SPDX-License-Identifier: BSD-2-Clause
 *
 * pem: a private key for libopendkim that is parsed already
 *
 * libopendkim wants a key as PEM text, copies it, and reads it for every message
 * with PEM_read_bio_PrivateKey. It is given a handle instead, a text that only
 * begins like PEM; our own PEM_read_bio_PrivateKey knows it. Where interposition
 * does not work, the handle is no key and signing fails: the probe finds out.
 *
 * Threads: any; an offer counts for the thread that made it.
 */
#ifndef DKIM_PEM_H
#define DKIM_PEM_H

#include <openssl/evp.h>
#include <stdbool.h>

#define DKIM_HANDLE_SIZE 64

struct dkim_pem {
	EVP_PKEY *key;
	bool kept; /* libopendkim never gives its reference back, so it gets none */
	char handle[DKIM_HANDLE_SIZE];
};

/* Takes the reference to `key` and makes up a handle that nobody can guess. */
void dkim_pem_init(struct dkim_pem *pem, EVP_PKEY *key);
void dkim_pem_fini(struct dkim_pem *pem);
/* Until the next offer (NULL: none), reading this handle in this thread gives a
 * new reference to the key. */
void dkim_pem_offer(const struct dkim_pem *pem);
/* A copy of the key for one try of libopendkim; NULL if it can't be copied. */
EVP_PKEY *dkim_pem_trial(const EVP_PKEY *key);
/* Ends the trial: did libopendkim keep its reference? (It does with Ed25519 keys.) */
bool dkim_pem_trial_kept(EVP_PKEY *trial);
/* How often an offer was taken up, in all threads. */
unsigned long dkim_pem_hits(void);

#endif
