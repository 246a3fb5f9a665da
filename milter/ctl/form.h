/* SPDX-License-Identifier: BSD-2-Clause
 *
 * form: sign-ups of one address, for contacts show
 *
 * Threads: one.
 */
#ifndef CTL_FORM_H
#define CTL_FORM_H

#include "store/signup.h"

#include <jansson.h>

/* A line for each on stdout, or with `list_r` a JSON array of them. */
int ctl_form_signups(
    struct store *store, struct str address, json_t **list_r, size_t *count_r, struct err *err);

#endif
