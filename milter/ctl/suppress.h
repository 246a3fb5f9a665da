/* SPDX-License-Identifier: BSD-2-Clause
 *
 * suppress: what the files of `mailtailor suppress` share
 */
#ifndef CTL_SUPPRESS_H
#define CTL_SUPPRESS_H

#include "ctl/ctl.h"
#include "store/suppression.h"

/* Is it one that a message can have? Complains. */
bool suppress_scope_ok(const char *text);

json_t *suppress_json(const struct store_suppression *entry);

int suppress_import(struct ctl *ctl, int argc, char **argv);
int suppress_export(struct ctl *ctl, int argc, char **argv);
int suppress_explain(struct ctl *ctl, int argc, char **argv);

#endif
