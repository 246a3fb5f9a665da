/* SPDX-License-Identifier: BSD-2-Clause
 *
 * marks: template marks and dummy text that were left in what a reader gets
 *
 * Threads: any; touches only its arguments.
 */
#ifndef LINT_MARKS_H
#define LINT_MARKS_H

#include "base/str.h"

/* The first {{ }}, {% %} or *| |* in `text`, as it stands there; {NULL,0} if there is none. */
struct str lint_leftover(struct str text);
/* The first dummy text after `*at`, which moves on behind it. */
struct str lint_placeholder(struct str text, size_t *at);

#endif
