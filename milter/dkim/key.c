/* SPDX-License-Identifier: BSD-2-Clause
 *
 * key: see key.h
 *
 * Owns:    the parsed key, its library handle, the names of the fields it signs.
 * Threads: any; touches only its arguments.
 * Fails:   ERR_IO, ERR_PERM, ERR_KEY.
 */
#include "dkim/key.h"

#include "base/log.h"
#include "base/secret.h"
#include "dkim/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>
#include <unistd.h>

/* libopendkim's, whose names begin with dkim_ as well. */
#include <dkim.h>

#define FILE_MAX 65536

/* RFC 8301 section 3.2: 1024 bits at least, 2048 should be; verifiers must cope with
 * 4096 and need not with more. */
#define BITS_MIN  1024
#define BITS_GOOD 2048
#define BITS_MAX  4096

/* RFC 6376 section 5.4.1, and what RFC 8058 section 4 and the big receivers want covered.
 * Trace fields, Return-Path and earlier signatures are not signed. */
static const char *const signed_names[] = {"from", "sender", "reply-to", "subject", "date",
    "message-id", "to", "cc", "mime-version", "content-type", "content-transfer-encoding",
    "content-id", "content-description", "in-reply-to", "references", "list-id", "list-help",
    "list-unsubscribe", "list-unsubscribe-post", "list-subscribe", "list-post", "list-owner",
    "list-archive", "feedback-id", "auto-submitted", "resent-date", "resent-from", "resent-sender",
    "resent-to", "resent-cc", "resent-message-id", NULL};
/* What later hops add, change or take away. */
static const char *const never_signed[] = {"received", "return-path", "dkim-signature",
    "authentication-results", "received-spf", "delivered-to", "arc-seal", "arc-message-signature",
    "arc-authentication-results", "bcc", "resent-bcc", NULL};

/* Named once more than they occur, so that nobody can add another: From by RFC 6376
 * section 8.15, the others since an unsubscribe link or a feedback id that somebody else puts
 * in must not appear covered (section 5.4: fields that are not there may be signed). */
static const char *oversigned[] = {
    "From", "List-Unsubscribe", "List-Unsubscribe-Post", "Feedback-ID", NULL};

static int
no_password(char *text, int size, int writing, void *closure)
{
	(void)text;
	(void)size;
	(void)writing;
	(void)closure;
	return -1;
}

static int
check_key(const char *path, const EVP_PKEY *key, struct err *err)
{
	enum dkim_algorithm algorithm;
	int bits = EVP_PKEY_get_bits(key);

	if (!dkim_algorithm_of(key, &algorithm))
		return err_set(
		    err, ERR_KEY, "%s holds a key that is neither RSA nor Ed25519", path);
	if (algorithm == DKIM_RSA && (bits < BITS_MIN || bits > BITS_MAX))
		return err_set(err, ERR_KEY, "%s holds a key of %d bits: it must have %d to %d",
		    path, bits, BITS_MIN, BITS_MAX);
	return 0;
}

static int
parse_key(const char *path, const char *data, size_t n, EVP_PKEY **key_r, struct err *err)
{
	BIO *bio = BIO_new_mem_buf(data, (int)n);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);

	BIO_free(bio);
	ERR_clear_error();
	if (key == NULL)
		return err_set(
		    err, ERR_KEY, "%s holds no private key in PEM without a password", path);
	if (check_key(path, key, err) != 0) {
		EVP_PKEY_free(key);
		return -1;
	}
	*key_r = key;
	return 0;
}

/* Opened once; what is checked is what is read. Without `check`, whose it is does not matter. */
/* Closes the file. */
static int
read_key(int fd, const char *path, EVP_PKEY **key_r, struct err *err)
{
	char data[FILE_MAX];
	size_t n;
	int result = -1;

	if (fd < 0)
		return -1;
	if (secret_read(fd, path, data, sizeof data, &n, err) == 0)
		result = parse_key(path, data, n, key_r, err);
	close(fd);
	OPENSSL_cleanse(data, sizeof data);
	return result;
}

int
dkim_key_read(const char *path, EVP_PKEY **key_r, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
	return read_key(fd, path, key_r, err);
}

static void
warn_short(const char *path, const EVP_PKEY *key)
{
	int bits = EVP_PKEY_get_bits(key);

	if (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA && bits < BITS_GOOD)
		log_warning("dkim_key_short", LOG_STR("file", path), LOG_NUM("bits", bits));
}

static bool
open_library(struct dkim_key *key)
{
	key->lib = dkim_init(dkim_memory_take, dkim_memory_give);
	return key->lib != NULL &&
	    dkim_options(key->lib, DKIM_OP_SETOPT, DKIM_OPTS_OVERSIGNHDRS, oversigned,
		sizeof(char **)) == DKIM_STAT_OK;
}

static void
list_names(struct dkim_key *key, const struct conf_list *more)
{
	key->signed_names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	for (size_t i = 0; signed_names[i] != NULL; i++)
		g_hash_table_add(key->signed_names, g_strdup(signed_names[i]));
	for (size_t i = 0; i < more->count; i++)
		g_hash_table_add(key->signed_names, g_ascii_strdown(more->at[i], -1));
	for (size_t i = 0; never_signed[i] != NULL; i++)
		g_hash_table_remove(key->signed_names, never_signed[i]);
}

int
dkim_key_load(
    struct dkim_key **key_r, const struct conf_dkim *section, const char *user, struct err *err)
{
	EVP_PKEY *parsed;
	struct dkim_key *key;

	if (read_key(secret_open(section->key, FILE_MAX, user, NULL, err), section->key, &parsed,
		err) != 0)
		return -1;
	warn_short(section->key, parsed);
	key = g_new0(struct dkim_key, 1);
	key->domain = g_ascii_strdown(section->domain, -1);
	key->selector = g_strdup(section->selector);
	key->place = section->place;
	key->active = (enum conf_active)section->active;
	key->subdomains = section->subdomains;
	(void)dkim_algorithm_of(parsed, &key->algorithm);
	key->public_key = dkim_record_public(parsed);
	dkim_pem_init(&key->pem, parsed);
	list_names(key, &section->headers);
	if (key->public_key == NULL || !open_library(key)) {
		dkim_key_free(key);
		return err_set(err, ERR_KEY, "libopendkim does not start");
	}
	*key_r = key;
	return 0;
}

void
dkim_key_free(struct dkim_key *key)
{
	if (key->lib != NULL)
		dkim_close(key->lib);
	dkim_pem_fini(&key->pem);
	g_hash_table_unref(key->signed_names);
	g_free(key->public_key);
	g_free(key->selector);
	g_free(key->domain);
	g_free(key);
}
