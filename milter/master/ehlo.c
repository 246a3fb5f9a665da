/* SPDX-License-Identifier: BSD-2-Clause
 *
 * ehlo: see ehlo.h
 *
 * Threads: any; touches only its arguments.
 */
#include "master/ehlo.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define MAC_BYTES   16
#define NONCE_BYTES 8
#define WINDOW_S    600
#define HEAD_SIZE   40
#define SUFFIX	    ".mailtailor.invalid"

static void
mac_hex(const struct id_digest *key, const char *head, char *hex)
{
	struct id_digest mac =
	    id_hmac((struct str){(const char *)key->byte, sizeof key->byte}, str_c(head));

	id_hex(&mac, MAC_BYTES, hex);
}

const char *
ehlo_make(const struct id_digest *key, int64_t now_ms, char name[EHLO_NAME_SIZE])
{
	struct id_digest nonce;
	char head[HEAD_SIZE], hex[ID_HEX_SIZE];

	id_random(nonce.byte, NONCE_BYTES);
	snprintf(head, sizeof head, "mt-%" PRIx64 "-%s", (uint64_t)(now_ms / 1000),
	    id_hex(&nonce, NONCE_BYTES, hex));
	mac_hex(key, head, hex);
	snprintf(name, EHLO_NAME_SIZE, "%s-%s" SUFFIX, head, hex);
	return name;
}

bool
ehlo_check(const struct id_digest *key, int64_t now_ms, struct str name)
{
	const size_t mac_chars = (size_t)2 * MAC_BYTES;
	char head[HEAD_SIZE], hex[ID_HEX_SIZE];
	struct id_digest given, wanted;
	struct str mac;
	long long age;

	if (!str_starts(name, STR("mt-")) || !str_ends_nocase(name, STR(SUFFIX)))
		return false;
	name.n -= sizeof SUFFIX - 1;
	if (name.n < mac_chars + 2 || name.n - mac_chars - 1 >= sizeof head ||
	    name.p[name.n - mac_chars - 1] != '-')
		return false;
	mac = (struct str){name.p + name.n - mac_chars, mac_chars};
	snprintf(head, sizeof head, "%.*s", (int)(name.n - mac_chars - 1), name.p);
	mac_hex(key, head, hex);
	/* Digests of both sides compare in the same time wherever they differ. */
	given = id_sha256(mac);
	wanted = id_sha256(str_c(hex));
	if (!id_digest_eq(&given, &wanted))
		return false;
	age = now_ms / 1000 - (long long)strtoull(head + 3, NULL, 16);
	return age <= WINDOW_S && age >= -WINDOW_S;
}
