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

#include <stdint.h>

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
/* As Unicode says, in the arena. -1 when it is full. */
int text_upcase(struct arena *arena, struct str s, struct str *result_r);
int text_downcase(struct arena *arena, struct str s, struct str *result_r);
/* The first character upper, the others lower. */
int text_capitalize(struct arena *arena, struct str s, struct str *result_r);

#endif
