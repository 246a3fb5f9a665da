/* SPDX-License-Identifier: BSD-2-Clause
 *
 * traits: HTML elements and what kind they are
 */
#ifndef LINT_TRAITS_H
#define LINT_TRAITS_H

#include "base/str.h"

/* LINT_INLINE and so on; 0 for elements that are nothing special. `name` is lower case. */
unsigned lint_traits(struct str name);

#endif
