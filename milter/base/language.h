/* SPDX-License-Identifier: BSD-2-Clause
 *
 * language: tags of languages (BCP 47, RFC 5646)
 */
#ifndef BASE_LANGUAGE_H
#define BASE_LANGUAGE_H

#include "base/str.h"

#define LANGUAGE_TAG_MAX ((size_t)35) /* RFC 5646 section 4.4.1 */

/* Is it formed like one: de, pt-BR, zh-Hant-TW? What its subtags mean is not looked at. */
bool language_is_tag(struct str tag);
/* The next shorter tag that means more than this one (RFC 4647 section 3.4): zh-Hant of
 * zh-Hant-TW; empty after the last. */
struct str language_shorten(struct str tag);

#endif
