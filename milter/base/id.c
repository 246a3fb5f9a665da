/* SPDX-License-Identifier: BSD-2-Clause
 *
 * id: see id.h
 */
#include "base/id.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <stdlib.h>

struct id_digest
id_digest(const struct str *pieces, size_t count)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	struct id_digest digest;
	bool ok = context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1;

	for (size_t i = 0; i < count && ok; i++) {
		unsigned char length[8];

		for (int k = 0; k < 8; k++)
			length[k] = (unsigned char)((uint64_t)pieces[i].n >> (56 - 8 * k));
		ok = EVP_DigestUpdate(context, length, sizeof length) == 1 &&
		    EVP_DigestUpdate(context, pieces[i].p, pieces[i].n) == 1;
	}
	ok = ok && EVP_DigestFinal_ex(context, digest.byte, NULL) == 1;
	EVP_MD_CTX_free(context);
	if (!ok)
		abort();
	return digest;
}

/* OpenSSL would look for it anew with each digest, which costs more than a short text's. */
static struct {
	pthread_once_t once;
	EVP_MD *kind;
} sha256 = {.once = PTHREAD_ONCE_INIT};

static void
fetch_sha256(void)
{
	sha256.kind = EVP_MD_fetch(NULL, "SHA256", NULL);
}

struct id_digest
id_sha256(struct str text)
{
	struct id_digest digest;

	pthread_once(&sha256.once, fetch_sha256);
	if (EVP_Digest(text.p, text.n, digest.byte, NULL, sha256.kind, NULL) != 1)
		abort();
	return digest;
}

struct id_digest
id_hmac(struct str key, struct str text)
{
	struct id_digest digest;
	unsigned length = sizeof digest.byte;

	if (HMAC(EVP_sha256(), key.p, (int)key.n, (const unsigned char *)text.p, text.n,
		digest.byte, &length) == NULL)
		abort();
	return digest;
}

bool
id_digest_eq(const struct id_digest *a, const struct id_digest *b)
{
	return CRYPTO_memcmp(a->byte, b->byte, sizeof a->byte) == 0;
}

const char *
id_hex(const struct id_digest *digest, size_t bytes, char *hex)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < bytes; i++) {
		hex[2 * i] = digits[digest->byte[i] >> 4];
		hex[2 * i + 1] = digits[digest->byte[i] & 15];
	}
	hex[2 * bytes] = '\0';
	return hex;
}

void
id_random(void *data, size_t size)
{
	if (RAND_bytes(data, (int)size) != 1)
		abort();
}
