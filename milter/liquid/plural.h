/* SPDX-License-Identifier: BSD-2-Clause
 *
 * plural: which form of a word a number takes in a language
 *
 * The cardinal rules are those of Unicode CLDR, for integers and for decimals. Where a
 * rule looks at visible digits, they are those that {{ number }} shows: 1.0 is not 1.
 *
 * Owns:    nothing.
 * Threads: any; touches only its arguments.
 */
#ifndef LIQUID_PLURAL_H
#define LIQUID_PLURAL_H

#include "liquid/number.h"

enum plural {
	PLURAL_ZERO,
	PLURAL_ONE,
	PLURAL_TWO,
	PLURAL_FEW,
	PLURAL_MANY,
	PLURAL_OTHER,
};
#define PLURAL_COUNT (PLURAL_OTHER + 1)

/* By what CLDR calls them: "zero", "one", ... */
extern const char *const plural_names[PLURAL_COUNT];

/* Is this locale that language, or one of its regions? "de_AT.UTF-8" is "de" and
 * "de-at". */
bool plural_speaks(struct str locale, const char *language);
/* A language that is not known counts as English does. */
enum plural plural_of(struct number number, struct str locale);

#endif
