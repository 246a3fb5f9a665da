/* SPDX-License-Identifier: BSD-2-Clause
 *
 * balance: are elements closed where they are opened, whatever conditions say?
 *
 * Each branch of a condition opens and closes elements on balance. Where all branches do
 * the same it does not matter; where they differ, what is left open must be closed under
 * the same condition. End tags that HTML lets people omit are not asked for.
 *
 * Threads: any; touches only its arguments.
 */
#ifndef LINT_BALANCE_H
#define LINT_BALANCE_H

#include "lint/check.h"
#include "lint/html.h"
#include "lint/mask.h"

/* `tags`: of struct lint_tag, or NULL for rendered HTML. `found` gets LINT_HTML_BRANCH,
 * _LOOP, _UNCLOSED or _STRAY_END with the place in the text and a sentence. */
void lint_balance(const struct lint_html *html, const GArray *tags,
    void (*found)(void *closure, enum lint_check check, size_t at, const char *sentence),
    void *closure);

#endif
