/* SPDX-License-Identifier: BSD-2-Clause
 *
 * text: how long it is, in words
 *
 * Plural forms are those of the Unicode CLDR for whole numbers.
 *
 * Threads: any; everything touches only its arguments.
 */
#ifndef COUNTDOWN_TEXT_H
#define COUNTDOWN_TEXT_H

#include <stddef.h>
#include <stdint.h>

#define TEXT_SIZE 200

enum text_unit { TEXT_DAY, TEXT_HOUR, TEXT_MINUTE, TEXT_SECOND, TEXT_UNITS };

/* The language of a BCP 47 tag, or English. */
int text_language(const char *tag, size_t n);
/* "de" */
const char *text_language_tag(int language);
/* `seconds` > 0, down: at most `units` (1..4) of the units from the largest that is there, and none
 * smaller than `smallest`; less than one of that is "less than a minute". */
void text_left(
    int language, int64_t seconds, int units, enum text_unit smallest, char text[TEXT_SIZE]);
const char *text_over(int language);

#endif
