/* SPDX-License-Identifier: BSD-2-Clause
 *
 * record: see record.h
 *
 * Owns:    nothing.
 * Threads: any; touches only its arguments.
 */
#include "dkim/record.h"

#include <glib.h>
#include <openssl/x509.h>
#include <stdio.h>

#define STRING_MAX     255
#define ED25519_PUBLIC 32

static const char *const names[DKIM_ALGORITHMS] = {"rsa", "ed25519"};

const char *
dkim_algorithm_name(enum dkim_algorithm algorithm)
{
	return names[algorithm];
}

bool
dkim_algorithm_of(const EVP_PKEY *key, enum dkim_algorithm *algorithm_r)
{
	switch (EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_RSA:
		*algorithm_r = DKIM_RSA;
		return true;
	case EVP_PKEY_ED25519:
		*algorithm_r = DKIM_ED25519;
		return true;
	default:
		return false;
	}
}

void
dkim_record_name(const char *selector, const char *domain, char name[DKIM_NAME_MAX])
{
	snprintf(name, DKIM_NAME_MAX, "%s._domainkey.%s", selector, domain);
}

/* RSA: SubjectPublicKeyInfo; Ed25519: the 32 bytes alone (RFC 8463 section 4.2). */
char *
dkim_record_public(const EVP_PKEY *key)
{
	unsigned char raw[ED25519_PUBLIC], *der = NULL;
	size_t size = sizeof raw;
	char *text;
	int n;

	if (EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519)
		return EVP_PKEY_get_raw_public_key(key, raw, &size) == 1
		    ? g_base64_encode(raw, size)
		    : NULL;
	n = i2d_PUBKEY(key, &der);
	if (n <= 0)
		return NULL;
	text = g_base64_encode(der, (gsize)n);
	OPENSSL_free(der);
	return text;
}

char *
dkim_record_text(const EVP_PKEY *key)
{
	enum dkim_algorithm algorithm;
	char *public_key, *text;

	if (!dkim_algorithm_of(key, &algorithm) || (public_key = dkim_record_public(key)) == NULL)
		return NULL;
	text = g_strdup_printf("v=DKIM1; k=%s; p=%s", names[algorithm], public_key);
	g_free(public_key);
	return text;
}

void
dkim_record_write_zone(const char *name, const char *text, struct buf *out)
{
	size_t len = strlen(text);

	buf_printf(out, "%s. IN TXT (", name);
	for (size_t at = 0; at < len; at += STRING_MAX)
		buf_printf(out, " \"%.*s\"", STRING_MAX, text + at);
	buf_add_c(out, " )");
}

bool
dkim_record_tag(const char *record, const char *name, char value[DKIM_RECORD_MAX])
{
	struct str rest = str_c(record), tag, tag_name;

	while (str_split(&rest, ';', &tag)) {
		size_t len = 0;

		if (!str_split(&tag, '=', &tag_name) || tag.p == NULL ||
		    !str_is(str_trim(tag_name), name))
			continue;
		for (size_t i = 0; i < tag.n && len + 1 < DKIM_RECORD_MAX; i++) {
			if (strchr(" \t\r\n", tag.p[i]) == NULL)
				value[len++] = tag.p[i];
		}
		value[len] = '\0';
		return true;
	}
	return false;
}

static bool
list_has(const char *list, const char *word)
{
	struct str rest = str_c(list), item;

	while (str_split(&rest, ':', &item)) {
		if (str_is(item, word))
			return true;
	}
	return false;
}

bool
dkim_record_flag(const char *record, const char *flag)
{
	char value[DKIM_RECORD_MAX];

	return dkim_record_tag(record, "t", value) && list_has(value, flag);
}

enum dkim_match
dkim_record_match(
    const char *record, enum dkim_algorithm algorithm, const char *public_key, const char **why_r)
{
	char value[DKIM_RECORD_MAX];

	*why_r = NULL;
	if (dkim_record_tag(record, "p", value) && value[0] == '\0') {
		*why_r = "the key is revoked (p= is empty)";
		return DKIM_MATCH_REVOKED;
	}
	if (dkim_record_tag(record, "v", value) && strcmp(value, "DKIM1") != 0)
		*why_r = "it is no DKIM record (v=)";
	else if (strcmp(dkim_record_tag(record, "k", value) ? value : names[DKIM_RSA],
		     names[algorithm]) != 0)
		*why_r = "it is for another kind of key (k=)";
	else if (dkim_record_tag(record, "h", value) && !list_has(value, "sha256"))
		*why_r = "it does not allow sha256 (h=)";
	else if (dkim_record_tag(record, "s", value) && !list_has(value, "email") &&
	    !list_has(value, "*"))
		*why_r = "it is not for mail (s=)";
	else if (!dkim_record_tag(record, "p", value))
		*why_r = "it holds no key (p=)";
	else if (strcmp(value, public_key) != 0)
		*why_r = "it holds another key (p=)";
	return *why_r == NULL ? DKIM_MATCH_OK : DKIM_MATCH_DIFFERENT;
}
