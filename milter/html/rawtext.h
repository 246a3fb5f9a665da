/* SPDX-License-Identifier: BSD-2-Clause
 *
 * rawtext: where the content of script, style, title, ... ends
 */
#ifndef HTML_RAWTEXT_H
#define HTML_RAWTEXT_H

#include "base/str.h"

/* The offset of the </name that ends it, or `end`. */
size_t html_rawtext_end(const char *bytes, size_t at, size_t end, struct str name);

#endif
