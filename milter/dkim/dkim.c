/* SPDX-License-Identifier: BSD-2-Clause
 *
 * dkim: see dkim.h; what DNS says about the keys is check.c's
 *
 * Owns:    the keys, their shared state.
 * Threads: any; nothing changes after dkim_keys_load but the count of references and the state.
 * Fails:   ERR_IO, ERR_PERM, ERR_KEY, ERR_LIMIT, ERR_CONFIG.
 */
#include "dkim/set.h"
#include "dkim/sign.h"

#include <idn2.h>

#define DOMAIN_MAX 255

static void
free_key(void *key)
{
	dkim_key_free(key);
}

static void
free_list(void *list)
{
	g_ptr_array_unref(list);
}

/* Two keys of one kind that both sign at once: which one is meant? */
static int
check_clear(const GPtrArray *keys, const struct dkim_key *added, struct err *err)
{
	for (guint i = 0; added->active == CONF_ACTIVE_YES && i < keys->len; i++) {
		const struct dkim_key *key = keys->pdata[i];

		if (key->algorithm == added->algorithm && key->active == CONF_ACTIVE_YES)
			return err_set(err, ERR_CONFIG,
			    "%s: the selectors %s and %s of %s both have %s keys with active = "
			    "yes: expected active = auto for the new one, or no",
			    added->place, key->selector, added->selector, added->domain,
			    dkim_algorithm_name(key->algorithm));
	}
	return 0;
}

static int
load_one(struct dkim_keys *keys, const struct conf_dkim *section, const char *user, struct err *err)
{
	struct dkim_key *key;
	GPtrArray *list;

	if (dkim_key_load(&key, section, user, err) != 0)
		return err_prefix(err, "dkim \"%s\"", section->domain);
	key->state = &keys->states[keys->keys->len];
	g_ptr_array_add(keys->keys, key);
	if (dkim_key_probe(key, err) != 0)
		return err_prefix(err, "dkim \"%s\": key %s", section->domain, section->key);
	list = g_hash_table_lookup(keys->by_domain, key->domain);
	if (list == NULL) {
		list = g_ptr_array_new();
		g_hash_table_insert(keys->by_domain, key->domain, list);
	}
	if (check_clear(list, key, err) != 0)
		return -1;
	g_ptr_array_add(list, key);
	return 0;
}

int
dkim_keys_load(struct dkim_keys **keys_r, const struct conf *conf, struct err *err)
{
	struct dkim_keys *keys = g_new0(struct dkim_keys, 1);

	atomic_init(&keys->refs, 1);
	keys->keys = g_ptr_array_new_with_free_func(free_key);
	keys->by_domain = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_list);
	keys->state_count = conf->dkim_count;
	keys->states = dkim_state_map(keys->state_count);
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
	g_ptr_array_unref(gone->keys);
	dkim_state_unmap(gone->states, gone->state_count);
	g_free(gone);
}

/* --- which keys --- */

/* Of a domain in A-labels (RFC 5890), as they stand in d= and in DNS; else of the nearest
 * domain above that signs for its subdomains. */
static const GPtrArray *
find_ascii(const struct dkim_keys *keys, const char *domain)
{
	const GPtrArray *list = g_hash_table_lookup(keys->by_domain, domain);
	const char *dot = domain;

	while (list == NULL && (dot = strchr(dot, '.')) != NULL) {
		const GPtrArray *parent = g_hash_table_lookup(keys->by_domain, ++dot);

		for (guint i = 0; parent != NULL && i < parent->len; i++) {
			if (((const struct dkim_key *)parent->pdata[i])->subdomains)
				list = parent;
		}
	}
	return list;
}

static const GPtrArray *
find(const struct dkim_keys *keys, struct str domain)
{
	const GPtrArray *list = NULL;
	char text[DOMAIN_MAX + 1], *ascii = NULL;

	if (domain.n == 0 || domain.n > DOMAIN_MAX || memchr(domain.p, '\0', domain.n) != NULL)
		return NULL;
	memcpy(text, domain.p, domain.n);
	text[domain.n] = '\0';
	str_lower_ascii(text, domain.n);
	if (g_str_is_ascii(text))
		return find_ascii(keys, text);
	if (idn2_to_ascii_8z(text, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) == IDN2_OK)
		list = find_ascii(keys, ascii);
	idn2_free(ascii);
	return list;
}

bool
dkim_keys_has(const struct dkim_keys *keys, struct str domain)
{
	return find(keys, domain) != NULL;
}

const struct dkim_key *
dkim_set_signer(const GPtrArray *keys, enum dkim_algorithm algorithm, const struct dkim_key *but)
{
	const struct dkim_key *at_once = NULL, *published = NULL;

	for (guint i = 0; i < keys->len; i++) {
		const struct dkim_key *key = keys->pdata[i];

		if (key->algorithm != algorithm || key == but)
			continue;
		if (key->active == CONF_ACTIVE_YES)
			at_once = key;
		else if (key->active == CONF_ACTIVE_AUTO && atomic_load(&key->state->active) != 0)
			published = key;
	}
	return published != NULL ? published : at_once;
}

/* The newest key of this algorithm that is meant to sign one day; NULL if there is none. */
static const struct dkim_key *
expected(const GPtrArray *keys, enum dkim_algorithm algorithm)
{
	const struct dkim_key *found = NULL;

	for (guint i = 0; i < keys->len; i++) {
		const struct dkim_key *key = keys->pdata[i];

		if (key->algorithm == algorithm && key->active != CONF_ACTIVE_NO)
			found = key;
	}
	return found;
}

static const char *
seen_text(const struct dkim_key *key)
{
	switch ((enum dkim_seen)atomic_load(&key->state->seen)) {
	case DKIM_SEEN_NEVER:
		return "DNS has not been asked yet for";
	case DKIM_SEEN_SILENT:
		return "DNS does not answer for";
	case DKIM_SEEN_NONE:
		return "DNS has no record";
	case DKIM_SEEN_REVOKED:
		return "DNS has a revoked key at";
	case DKIM_SEEN_DIFFERENT:
	case DKIM_SEEN_OK:
		break;
	}
	return "DNS has another key at";
}

static int
none_may(const GPtrArray *keys, enum dkim_algorithm algorithm, struct err *err)
{
	const struct dkim_key *wanted = expected(keys, algorithm), *any = keys->pdata[0];
	const char *name = dkim_algorithm_name(algorithm);

	if (wanted == NULL)
		return err_set(err, ERR_KEY,
		    "no %s key of %s may sign (active = no, or there is none)", name, any->domain);
	return err_set(err, ERR_KEY, "no %s key of %s may sign yet: %s %s._domainkey.%s", name,
	    any->domain, seen_text(wanted), wanted->selector, wanted->domain);
}

/* One for each algorithm that has to be there. Ed25519 does not stand in for an RSA key that is
 * configured and may not sign: too many receivers would see no signature at all. */
static int
choose(const struct dkim_keys *keys, struct str domain, enum conf_signatures signatures,
    const struct dkim_key *chosen[DKIM_SIGNATURES_MAX], size_t *count_r, struct err *err)
{
	const GPtrArray *list = find(keys, domain);
	const struct dkim_key *rsa, *edwards;

	*count_r = 0;
	if (list == NULL)
		return err_set(err, ERR_KEY, "no DKIM key for the domain %.*s", STR_F(domain));
	rsa = signatures == CONF_SIGNATURES_ED25519 ? NULL : dkim_set_signer(list, DKIM_RSA, NULL);
	edwards =
	    signatures == CONF_SIGNATURES_RSA ? NULL : dkim_set_signer(list, DKIM_ED25519, NULL);
	if (rsa == NULL &&
	    (signatures == CONF_SIGNATURES_RSA ||
		(signatures == CONF_SIGNATURES_ALL && expected(list, DKIM_RSA) != NULL)))
		return none_may(list, DKIM_RSA, err);
	if (rsa == NULL && edwards == NULL)
		return none_may(list, DKIM_ED25519, err);
	if (rsa != NULL)
		chosen[(*count_r)++] = rsa;
	if (edwards != NULL)
		chosen[(*count_r)++] = edwards;
	return 0;
}

int
dkim_keys_ready(const struct dkim_keys *keys, struct str domain, enum conf_signatures signatures,
    struct err *err)
{
	const struct dkim_key *chosen[DKIM_SIGNATURES_MAX];
	size_t count;

	return choose(keys, domain, signatures, chosen, &count, err);
}

int
dkim_keys_sign(struct dkim_keys *keys, struct str domain, enum conf_signatures signatures,
    const struct mime_header *headers, size_t header_count, const struct str *spans,
    size_t span_count, struct arena *arena, struct str values_r[DKIM_SIGNATURES_MAX],
    size_t *count_r, struct err *err)
{
	const struct dkim_key *chosen[DKIM_SIGNATURES_MAX];
	size_t count;

	*count_r = 0;
	if (choose(keys, domain, signatures, chosen, &count, err) != 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (dkim_key_sign(chosen[i], headers, header_count, spans, span_count, arena,
			&values_r[i], err) != 0)
			return -1;
	}
	*count_r = count;
	return 0;
}
