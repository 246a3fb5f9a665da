/* SPDX-License-Identifier: BSD-2-Clause
 *
 * text: UTF-8 by code points
 *
 * Broken bytes count as one character each and pass through.
 *
 * Threads: any; touches only its arguments.
 */
#ifndef LIQUID_TEXT_H
#define LIQUID_TEXT_H

#include "base/arena.h"

#include <endian.h>
#include <stdint.h>

/* A text of less than eight bytes, the first in the lowest byte. No loop: its end would be
 * guessed wrong too often. */
static inline uint64_t
text_short_word(struct str s)
{
	uint32_t first, last;

	if (s.n >= sizeof first) {
		memcpy(&first, s.p, sizeof first);
		memcpy(&last, s.p + s.n - sizeof last, sizeof last);
		return (uint64_t)le32toh(last) << 8 * (s.n - sizeof last) | le32toh(first);
	}
	if (s.n == 0)
		return 0;
	return (uint64_t)(unsigned char)s.p[s.n - 1] << 8 * (s.n - 1) |
	    (uint64_t)(unsigned char)s.p[s.n / 2] << 8 * (s.n / 2) | (unsigned char)s.p[0];
}

/* Up to eight bytes from `at` on, the first in the lowest byte; 0 beyond the end. */
static inline uint64_t
text_word(struct str s, size_t at)
{
	size_t n = s.n - at;
	size_t skip = n < sizeof(uint64_t) ? sizeof(uint64_t) - n : 0;
	uint64_t word;

	if (s.n < sizeof word)
		return text_short_word((struct str){s.p + at, n});
	memcpy(&word, s.p + at - skip, sizeof word);
	return le64toh(word) >> 8 * skip;
}

/* All eight of them. */
static inline void
text_put_word(char *to, uint64_t word)
{
	word = htole64(word);
	memcpy(to, &word, sizeof word);
}

/* Bytes of the character at p (n > 0 bytes left): 1 to 4. */
size_t text_step(const char *p, size_t n);
/* The character; broken bytes give UINT32_MAX. */
uint32_t text_char(const char *p, size_t n);
/* A letter, a digit or a mark on one. */
bool text_is_letter(uint32_t c);
size_t text_length(struct str s);
/* Bytes that the first `count` characters take. */
size_t text_offset(struct str s, size_t count);
bool text_is_ascii(struct str s);
/* Is all of it UTF-8? */
bool text_is_valid(struct str s);
/* As Unicode says, in the arena. -1 when it is full. */
int text_upcase(struct arena *arena, struct str s, struct str *result_r);
int text_downcase(struct arena *arena, struct str s, struct str *result_r);
/* The first character upper, the others lower. */
int text_capitalize(struct arena *arena, struct str s, struct str *result_r);

#endif
