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
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
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
	pem->kept = false;
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

/* --- does libopendkim give the key back? --- */

static _Thread_local bool trial_freed;

static void
note_freed(void *parent, void *mark, CRYPTO_EX_DATA *data, int index, long argument, void *closure)
{
	(void)parent;
	(void)data;
	(void)index;
	(void)argument;
	(void)closure;
	if (mark != NULL)
		trial_freed = true;
}

static int
mark_index(void)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static int index = -1;
	int found;

	pthread_mutex_lock(&lock);
	if (index < 0)
		index = CRYPTO_get_ex_new_index(
		    CRYPTO_EX_INDEX_EVP_PKEY, 0, NULL, NULL, NULL, note_freed);
	found = index;
	pthread_mutex_unlock(&lock);
	return found;
}

EVP_PKEY *
dkim_pem_trial(const EVP_PKEY *key)
{
	static char mark;
	EVP_PKEY *trial = EVP_PKEY_dup((EVP_PKEY *)(uintptr_t)key);

	if (trial != NULL && EVP_PKEY_set_ex_data(trial, mark_index(), &mark) != 1) {
		EVP_PKEY_free(trial);
		trial = NULL;
	}
	return trial;
}

bool
dkim_pem_trial_kept(EVP_PKEY *trial)
{
	trial_freed = false;
	EVP_PKEY_free(trial);
	if (trial_freed)
		return false;
	/* The reference that was kept is ours to give back. */
	EVP_PKEY_free(trial);
	return true;
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
	if (!offered->kept && EVP_PKEY_up_ref(offered->key) != 1)
		return NULL;
	atomic_fetch_add(&hits, 1);
	if (key != NULL) {
		EVP_PKEY_free(*key);
		*key = offered->key;
	}
	return offered->key;
}
