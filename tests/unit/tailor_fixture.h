/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tailor_fixture: a folder with a signing key and files of a test's own, and contacts
 */
#ifndef TAILOR_FIXTURE_H
#define TAILOR_FIXTURE_H

#include "store/contact.h"
#include "store/store.h"

#include <jansson.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

static char fixture_folder[64];

static inline void
fixture_make_folder(const char *test)
{
	snprintf(fixture_folder, sizeof fixture_folder, "/tmp/%s.XXXXXX", test);
	assert_non_null(mkdtemp(fixture_folder));
}

static inline void
path_of(const char *name, char path[128])
{
	snprintf(path, 128, "%s/%s", fixture_folder, name);
}

static inline void
write_file(const char *name, const char *text)
{
	char path[128];
	FILE *file;

	path_of(name, path);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static inline void
write_key(void)
{
	EVP_PKEY *key = EVP_RSA_gen(2048);
	char path[128];
	FILE *file;

	path_of("key.pem", path);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
	fclose(file);
	assert_int_equal(chmod(path, 0600), 0);
	EVP_PKEY_free(key);
}

static inline void
add_contact(struct store *store, const char *address, const char *attributes)
{
	json_t *json = json_loads(attributes, 0, NULL);
	struct err err = ERR_INIT;

	assert_non_null(json);
	assert_int_equal(
	    store_contact_upsert(store, str_c(address), STR("de"), STR(""), json, &err), 1);
	json_decref(json);
}

#endif
