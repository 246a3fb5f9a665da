/* SPDX-License-Identifier: BSD-2-Clause
 *
 * code: codes that are computed, and can be checked by whoever has the key
 *
 *	PREFIX-CCCCDDDMMMMMMMMK
 *
 * C is the contact's number (four digits or more), D the last day, M eight digits of
 * HMAC-SHA-256, K a check digit; all in base 31, with digits that nobody mixes up. Without a
 * prefix there is no hyphen either. 31 is a prime, so that the check digit, a weighted sum, finds
 * each wrong digit and each two that were swapped.
 */
#include "offer.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BASE 31

static const char digits[BASE + 1] = "23456789ABCDEFGHJKMNPQRSTUVWXYZ";

/* At least `least` digits; how many. */
static size_t
put_number(char *to, uint64_t number, size_t least)
{
	char back[16];
	size_t n = 0;

	while (n < least || number > 0) {
		back[n++] = digits[number % BASE];
		number /= BASE;
	}
	for (size_t i = 0; i < n; i++)
		to[i] = back[n - 1 - i];
	return n;
}

static uint64_t
mac_of(const struct offer *offer, int64_t contact, int64_t day)
{
	unsigned char mac[EVP_MAX_MD_SIZE];
	char text[OFFER_NAME_MAX + 60];
	unsigned size = 0;
	uint64_t number = 0;
	int n = snprintf(text, sizeof text, "offer:%s:%lld:%lld", offer->name, (long long)contact,
	    (long long)day);

	if (HMAC(EVP_sha256(), offer->key, (int)offer->key_n, (const unsigned char *)text,
		(size_t)n, mac, &size) == NULL)
		abort();
	for (int i = 0; i < 8; i++)
		number = number << 8 | mac[i];
	return number % 852891037441; /* 31 to the power of 8 */
}

static char
check_digit(const char *body, size_t n)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (i % (BASE - 1) + 1) * (uint64_t)(strchr(digits, body[i]) - digits);
	return digits[sum % BASE];
}

size_t
offer_code(const struct offer *offer, int64_t contact, int64_t day, char code[OFFER_COMPUTED_MAX])
{
	size_t n = 0, body;

	if (offer->prefix[0] != '\0')
		n = (size_t)sprintf(code, "%s-", offer->prefix);
	body = n;
	n += put_number(code + n, (uint64_t)contact, 4);
	n += put_number(code + n, (uint64_t)day, 3);
	n += put_number(code + n, mac_of(offer, contact, day), 8);
	code[n] = check_digit(code + body, n - body);
	code[n + 1] = '\0';
	return n + 1;
}

void
offer_digest(const struct mt_str *texts, size_t count, char hex[33])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool ok = context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1;

	for (size_t i = 0; ok && i < count; i++)
		ok =
		    EVP_DigestUpdate(context, texts[i].n == 0 ? "" : texts[i].p, texts[i].n) == 1 &&
		    EVP_DigestUpdate(context, "", 1) == 1;
	if (!ok || EVP_DigestFinal_ex(context, digest, NULL) != 1)
		abort();
	EVP_MD_CTX_free(context);
	for (int i = 0; i < 16; i++)
		sprintf(hex + 2 * i, "%02x", digest[i]);
}
