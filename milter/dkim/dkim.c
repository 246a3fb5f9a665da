/* SPDX-License-Identifier: BSD-2-Clause
 *
 * dkim: see dkim.h
 *
 * Owns:    the keys, by domain.
 * Threads: any; nothing changes after dkim_keys_load but the count of references.
 * Fails:   ERR_IO, ERR_PERM, ERR_KEY, ERR_LIMIT.
 */
#include "dkim/dkim.h"

#include "dkim/key.h"
#include "dkim/sign.h"

#include <idn2.h>
#include <stdatomic.h>

#define DOMAIN_MAX 255

struct dkim_keys {
	atomic_int refs;
	GHashTable *by_domain;
};

static void
free_key(void *key)
{
	dkim_key_free(key);
}

static int
load_one(struct dkim_keys *keys, const struct conf_dkim *section, const char *user, struct err *err)
{
	struct dkim_key *key;

	if (dkim_key_load(&key, section, user, err) != 0)
		return err_prefix(err, "dkim \"%s\"", section->domain);
	if (dkim_key_probe(key, err) != 0) {
		dkim_key_free(key);
		return err_prefix(err, "dkim \"%s\": key %s", section->domain, section->key);
	}
	g_hash_table_replace(keys->by_domain, key->domain, key);
	return 0;
}

int
dkim_keys_load(struct dkim_keys **keys_r, const struct conf *conf, struct err *err)
{
	struct dkim_keys *keys = g_new0(struct dkim_keys, 1);

	atomic_init(&keys->refs, 1);
	keys->by_domain = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_key);
	for (size_t i = 0; i < conf->dkim_count; i++) {
		if (load_one(keys, &conf->dkims[i], conf->user, err) != 0) {
			dkim_keys_unref(&keys);
			return -1;
		}
	}
	*keys_r = keys;
	return 0;
}

struct dkim_keys *
dkim_keys_ref(struct dkim_keys *keys)
{
	atomic_fetch_add(&keys->refs, 1);
	return keys;
}

void
dkim_keys_unref(struct dkim_keys **keys)
{
	struct dkim_keys *gone = *keys;

	*keys = NULL;
	if (gone == NULL || atomic_fetch_sub(&gone->refs, 1) > 1)
		return;
	g_hash_table_unref(gone->by_domain);
	g_free(gone);
}

/* Domains are known by their A-labels (RFC 5890), as they stand in d= and in DNS. */
static const struct dkim_key *
find(const struct dkim_keys *keys, struct str domain)
{
	const struct dkim_key *key = NULL;
	char text[DOMAIN_MAX + 1], *ascii = NULL;

	if (domain.n == 0 || domain.n > DOMAIN_MAX || memchr(domain.p, '\0', domain.n) != NULL)
		return NULL;
	memcpy(text, domain.p, domain.n);
	text[domain.n] = '\0';
	str_lower_ascii(text, domain.n);
	key = g_hash_table_lookup(keys->by_domain, text);
	if (key == NULL && !g_str_is_ascii(text) &&
	    idn2_to_ascii_8z(text, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) == IDN2_OK)
		key = g_hash_table_lookup(keys->by_domain, ascii);
	idn2_free(ascii);
	return key;
}

bool
dkim_keys_has(const struct dkim_keys *keys, struct str domain)
{
	return find(keys, domain) != NULL;
}

int
dkim_keys_sign(struct dkim_keys *keys, struct str domain, const struct mime_header *headers,
    size_t header_count, const struct str *spans, size_t span_count, struct arena *arena,
    struct str *value_r, struct err *err)
{
	const struct dkim_key *key = find(keys, domain);

	if (key == NULL)
		return err_set(err, ERR_KEY, "no DKIM key for the domain %.*s", STR_F(domain));
	return dkim_key_sign(key, headers, header_count, spans, span_count, arena, value_r, err);
}
