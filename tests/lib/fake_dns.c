/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fake_dns: TXT records from a file, for verifiers that ask the resolver
 *
 * Preloaded (LD_PRELOAD) into opendkim-testmsg, which has no other way to learn of a
 * public key that is in no DNS. The file that MT_FAKE_DNS names holds a line for each
 * record: NAME, a space, the text. resolv_wrapper can't do it: its TXT records end at
 * 255 bytes, and a 2048-bit key is longer.
 *
 * Threads: any; keeps nothing.
 */
#include <arpa/nameser.h>
#include <netdb.h>
#include <resolv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LINE_SIZE   8192
#define STRING_SIZE 255 /* RFC 1035 section 3.3: longest character-string */

/* The text of `name` in `line`, or 0 where there is none. */
static int
find_text(const char *name, char line[LINE_SIZE])
{
	const char *path = getenv("MT_FAKE_DNS");
	FILE *file = path ? fopen(path, "re") : NULL;
	int found = 0;

	while (file && !found && fgets(line, LINE_SIZE, file)) {
		char *text = strchr(line, ' ');

		if (!text)
			continue;
		*text++ = '\0';
		text[strcspn(text, "\n")] = '\0';
		found = strcasecmp(line, name) == 0;
		if (found)
			memmove(line, text, strlen(text) + 1);
	}
	if (file)
		fclose(file);
	return found;
}

int
res_nquery(res_state state, const char *name, int class, int type, unsigned char *answer, int size)
{
	char line[LINE_SIZE];
	unsigned char *at;
	size_t left, data;
	int used;

	if (type != ns_t_txt || !find_text(name, line)) {
		state->res_h_errno = HOST_NOT_FOUND;
		return -1;
	}
	used = res_nmkquery(state, ns_o_query, name, class, type, NULL, 0, NULL, answer, size);
	left = strlen(line);
	data = left + (left + STRING_SIZE - 1) / STRING_SIZE;
	if (used < 0 || (size_t)used + 12 + data > (size_t)size) {
		state->res_h_errno = NO_RECOVERY;
		return -1;
	}
	((HEADER *)answer)->qr = 1;
	((HEADER *)answer)->ancount = htons(1);
	at = answer + used;
	NS_PUT16(0xc000 | NS_HFIXEDSZ, at); /* the name in the question */
	NS_PUT16(ns_t_txt, at);
	NS_PUT16(class, at);
	NS_PUT32(60, at);
	NS_PUT16(data, at);
	for (const char *text = line; left > 0;) {
		size_t n = left > STRING_SIZE ? STRING_SIZE : left;

		*at++ = (unsigned char)n;
		memcpy(at, text, n);
		at += n;
		text += n;
		left -= n;
	}
	return (int)(at - answer);
}
