/* SPDX-License-Identifier: BSD-2-Clause
 *
 * diff: how two texts differ, line by line, as diff -u says it
 */
#ifndef CTL_DIFF_H
#define CTL_DIFF_H

#include "base/str.h"

#include <stdio.h>

/* Without headings; nothing if they are the same. Texts that differ in very many lines are shown as
 * if all lines between the first and the last difference did. */
void ctl_diff(FILE *out, struct str from, struct str to);

#endif
