/* SPDX-License-Identifier: BSD-2-Clause
 *
 * siv: see siv.h
 *
 * Owns:    two keyed contexts, of which each call uses a copy.
 * Threads: any.
 * Fails:   only where OpenSSL itself does, which stops the process.
 */
#include "link/siv.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <stdlib.h>

static EVP_CIPHER_CTX *
keyed(const EVP_CIPHER *cipher, const unsigned char *key, int seal)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();

	if (context == NULL || EVP_CipherInit_ex2(context, cipher, key, NULL, seal, NULL) != 1)
		abort();
	return context;
}

void
link_siv_init(struct link_siv *siv, const unsigned char *key, size_t size)
{
	EVP_CIPHER *cipher =
	    EVP_CIPHER_fetch(NULL, size == LINK_SIV_KEY ? "AES-256-SIV" : "AES-128-SIV", NULL);

	assert(size == LINK_SIV_KEY || size == LINK_SIV_KEY / 2);
	if (cipher == NULL)
		abort();
	siv->seal = keyed(cipher, key, 1);
	siv->open = keyed(cipher, key, 0);
	EVP_CIPHER_free(cipher);
}

void
link_siv_fini(struct link_siv *siv)
{
	EVP_CIPHER_CTX_free(siv->seal);
	EVP_CIPHER_CTX_free(siv->open);
	*siv = (struct link_siv){NULL, NULL};
}

/* A context serves once: OpenSSL's SIV refuses a second text without a new key. */
static EVP_CIPHER_CTX *
copy_of(const EVP_CIPHER_CTX *keyed_context, const struct str *associated, size_t count)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	int n;

	if (context == NULL || EVP_CIPHER_CTX_copy(context, keyed_context) != 1)
		abort();
	for (size_t i = 0; i < count; i++) {
		if (EVP_CipherUpdate(context, NULL, &n, (const unsigned char *)associated[i].p,
			(int)associated[i].n) != 1)
			abort();
	}
	return context;
}

void
link_siv_seal(const struct link_siv *siv, const struct str *associated, size_t count,
    const unsigned char *plain, size_t n, unsigned char *sealed_r)
{
	EVP_CIPHER_CTX *context = copy_of(siv->seal, associated, count);
	unsigned char *text = sealed_r + LINK_SIV_TAG;
	int written = 0, rest = 0;

	if (EVP_EncryptUpdate(context, text, &written, plain, (int)n) != 1 ||
	    EVP_EncryptFinal_ex(context, text + written, &rest) != 1 ||
	    EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, LINK_SIV_TAG, sealed_r) != 1)
		abort();
	assert(written + rest == (int)n);
	EVP_CIPHER_CTX_free(context);
}

bool
link_siv_open(const struct link_siv *siv, const struct str *associated, size_t count,
    const unsigned char *sealed, size_t n, unsigned char *plain_r)
{
	EVP_CIPHER_CTX *context;
	unsigned char tag[LINK_SIV_TAG];
	int written = 0;
	bool good;

	if (n <= LINK_SIV_TAG)
		return false;
	n -= LINK_SIV_TAG;
	memcpy(tag, sealed, LINK_SIV_TAG);
	context = copy_of(siv->open, associated, count);
	if (EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, LINK_SIV_TAG, tag) != 1)
		abort();
	good = EVP_DecryptUpdate(context, plain_r, &written, sealed + LINK_SIV_TAG, (int)n) == 1 &&
	    written == (int)n;
	EVP_CIPHER_CTX_free(context);
	if (!good) {
		OPENSSL_cleanse(plain_r, n);
		ERR_clear_error();
	}
	return good;
}
