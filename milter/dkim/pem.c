/* SPDX-License-Identifier: BSD-2-Clause
 *
 * pem: see pem.h
 *
 * Owns:    one reference to each key.
 * Threads: any.
 */
#include "dkim/pem.h"

#include "base/id.h"

#include <assert.h>
#include <dlfcn.h>
#include <openssl/pem.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define RANDOM_BYTES 16

typedef EVP_PKEY *pem_read_fn(BIO *bio, EVP_PKEY **key, pem_password_cb *callback, void *closure);

static _Thread_local const struct dkim_pem *offered;
static atomic_ulong hits;

void
dkim_pem_init(struct dkim_pem *pem, EVP_PKEY *key)
{
	struct id_digest random;
	char hex[ID_HEX_SIZE];

	id_random(random.byte, RANDOM_BYTES);
	pem->key = key;
	/* libopendkim takes for PEM what begins with five dashes. */
	snprintf(pem->handle, sizeof pem->handle, "-----mailtailor %s",
	    id_hex(&random, RANDOM_BYTES, hex));
}

void
dkim_pem_fini(struct dkim_pem *pem)
{
	EVP_PKEY_free(pem->key);
	pem->key = NULL;
}

void
dkim_pem_offer(const struct dkim_pem *pem)
{
	offered = pem;
}

unsigned long
dkim_pem_hits(void)
{
	return atomic_load(&hits);
}

static bool
is_offered(BIO *bio)
{
	char *data;
	long n;

	if (offered == NULL || BIO_method_type(bio) != BIO_TYPE_MEM)
		return false;
	n = BIO_get_mem_data(bio, &data);
	return n > 0 && str_is((struct str){data, (size_t)n}, offered->handle);
}

static pem_read_fn *
real_function(void)
{
	static _Atomic(pem_read_fn *) known;
	pem_read_fn *function = atomic_load(&known);

	if (function == NULL) {
		*(void **)&function = dlsym(RTLD_NEXT, "PEM_read_bio_PrivateKey");
		assert(function != NULL);
		atomic_store(&known, function);
	}
	return function;
}

/* In place of OpenSSL's: its name, its contract. */
EVP_PKEY *
PEM_read_bio_PrivateKey(BIO *bio, EVP_PKEY **key, pem_password_cb *callback, void *closure)
{
	if (!is_offered(bio))
		return real_function()(bio, key, callback, closure);
	if (EVP_PKEY_up_ref(offered->key) != 1)
		return NULL;
	atomic_fetch_add(&hits, 1);
	if (key != NULL) {
		EVP_PKEY_free(*key);
		*key = offered->key;
	}
	return offered->key;
}
