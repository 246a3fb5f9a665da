/* SPDX-License-Identifier: BSD-2-Clause
 *
 * words: what stands in pictures, by language
 */
#ifndef PICTURE_WORDS_H
#define PICTURE_WORDS_H

#include "base/str.h"

#include <stdint.h>

struct words {
	char language[3];
	const char *label[4]; /* under days, hours, minutes, seconds */
	const char *over;
};

#define WORDS_COUNT 7

extern const struct words words_all[WORDS_COUNT];

/* The index of the language of a BCP 47 tag; English if there is none. */
int32_t words_find(struct str tag);

#endif
