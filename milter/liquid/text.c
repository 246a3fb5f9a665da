/* SPDX-License-Identifier: BSD-2-Clause
 *
 * text: see text.h
 */
#include "liquid/text.h"

#include <glib.h>

#include <stdint.h>

#define WORD	  sizeof(uint64_t)
#define HIGH_BITS UINT64_C(0x8080808080808080)

/* Nearly all text is ASCII for long stretches: a word at a time. */
static bool
word_is_ascii(const char *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof word);
	return (word & HIGH_BITS) == 0;
}

static size_t
claimed(unsigned char c)
{
	if (c < 0x80)
		return 1;
	if (c >= 0xc2 && c < 0xe0)
		return 2;
	if (c >= 0xe0 && c < 0xf0)
		return 3;
	return c >= 0xf0 && c < 0xf5 ? 4 : 1;
}

size_t
text_step(const char *p, size_t n)
{
	size_t length = claimed((unsigned char)p[0]);

	if (length > n)
		return 1;
	for (size_t i = 1; i < length; i++) {
		if (((unsigned char)p[i] & 0xc0) != 0x80)
			return 1;
	}
	return length;
}

uint32_t
text_char(const char *p, size_t n)
{
	static const unsigned char mask[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t length = text_step(p, n);
	uint32_t c = (unsigned char)p[0] & mask[length];

	if (length == 1)
		return (unsigned char)p[0] < 0x80 ? c : UINT32_MAX;
	for (size_t i = 1; i < length; i++)
		c = c << 6 | ((unsigned char)p[i] & 0x3f);
	if (c < least[length] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return UINT32_MAX;
	return c;
}

bool
text_is_ascii(struct str s)
{
	unsigned char all = 0;
	size_t at = 0;

	for (; at + WORD <= s.n; at += WORD) {
		if (!word_is_ascii(s.p + at))
			return false;
	}
	for (; at < s.n; at++)
		all |= (unsigned char)s.p[at];
	return all < 0x80;
}

size_t
text_length(struct str s)
{
	size_t count = 0;
	size_t at = 0;

	while (at < s.n) {
		if (at + WORD <= s.n && word_is_ascii(s.p + at)) {
			at += WORD;
			count += WORD;
		} else {
			at += text_step(s.p + at, s.n - at);
			count++;
		}
	}
	return count;
}

size_t
text_offset(struct str s, size_t count)
{
	size_t at = 0;

	while (count > 0 && at < s.n) {
		if (count >= WORD && at + WORD <= s.n && word_is_ascii(s.p + at)) {
			at += WORD;
			count -= WORD;
		} else {
			at += (unsigned char)s.p[at] < 0x80 ? 1 : text_step(s.p + at, s.n - at);
			count--;
		}
	}
	return at;
}

bool
text_is_letter(uint32_t c)
{
	return c != UINT32_MAX && (g_unichar_isalnum(c) || g_unichar_ismark(c));
}

bool
text_is_valid(struct str s)
{
	size_t at = 0;

	while (at < s.n) {
		if (at + WORD <= s.n && word_is_ascii(s.p + at)) {
			at += WORD;
		} else if ((unsigned char)s.p[at] < 0x80) {
			at++;
		} else {
			if (text_char(s.p + at, s.n - at) == UINT32_MAX)
				return false;
			at += text_step(s.p + at, s.n - at);
		}
	}
	return true;
}
