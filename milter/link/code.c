/* SPDX-License-Identifier: BSD-2-Clause
 *
 * code: see code.h
 */
#include "link/code.h"

static const struct alphabet {
	const char *letters;
	unsigned bits; /* in one letter */
} alphabets[] = {
    [LINK_BASE64URL] = {"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", 6},
    [LINK_BASE32] = {"abcdefghijklmnopqrstuvwxyz234567", 5},
};

size_t
link_code_letters(enum link_code code, size_t n)
{
	return (8 * n + alphabets[code].bits - 1) / alphabets[code].bits;
}

void
link_code_write(enum link_code code, const unsigned char *data, size_t n, char *text_r)
{
	const struct alphabet *alphabet = &alphabets[code];
	unsigned mask = (1u << alphabet->bits) - 1, held = 0, bits = 0;

	for (size_t i = 0; i < n; i++) {
		held = (held << 8 | data[i]) & 0xffff;
		for (bits += 8; bits >= alphabet->bits; bits -= alphabet->bits)
			*text_r++ = alphabet->letters[held >> (bits - alphabet->bits) & mask];
	}
	if (bits > 0)
		*text_r = alphabet->letters[held << (alphabet->bits - bits) & mask];
}

/* -1: no letter of it. */
static int
value_of(enum link_code code, unsigned char c)
{
	bool lower = c >= 'a' && c <= 'z', upper = c >= 'A' && c <= 'Z';

	if (code == LINK_BASE32)
		return lower ? c - 'a' : upper ? c - 'A' : c >= '2' && c <= '7' ? c - '2' + 26 : -1;
	if (upper)
		return c - 'A';
	if (lower)
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '-' ? 62 : c == '_' ? 63 : -1;
}

long
link_code_read(enum link_code code, struct str text, unsigned char *data_r, size_t max)
{
	unsigned width = alphabets[code].bits, held = 0, bits = 0;
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++) {
		int value = value_of(code, (unsigned char)text.p[i]);

		if (value < 0)
			return -1;
		held = (held << width | (unsigned)value) & 0xffff;
		bits += width;
		if (bits < 8)
			continue;
		bits -= 8;
		if (n == max)
			return -1;
		data_r[n++] = (unsigned char)(held >> bits);
	}
	/* A whole letter too many, or bits that no byte has. */
	if (bits >= width || (held & ((1u << bits) - 1)) != 0)
		return -1;
	return (long)n;
}
