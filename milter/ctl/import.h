/* SPDX-License-Identifier: BSD-2-Clause
 *
 * import: contacts from files, batch by batch
 *
 * A reader (import_csv.c, import_jsonl.c) takes the file apart and hands each line
 * over as a contact, or refuses it. Contacts are collected and written in one
 * transaction a batch: it is not held open while the file is read, as that may be
 * a slow pipe and the daemon wants to write, too.
 *
 * Threads: one.
 */
#ifndef CTL_IMPORT_H
#define CTL_IMPORT_H

#include "ctl/column.h"
#include "ctl/lines.h"

#include "base/arena.h"
#include "base/str.h"

#include <jansson.h>

struct import;

/* One contact, its texts by role; what is absent stays as it is. Takes the reference of
 * `attributes`. 0, or -1 when the import must stop (a store error). */
int import_contact(
    struct import *import, size_t line, const struct str texts[CTL_ROLES], json_t *attributes);
/* The line was no contact. 0, or -1 when the import must stop. */
int import_refuse(struct import *import, size_t line, const struct err *err);

/* Read all lines; -1 with err if the file as a whole is unusable or the store failed. */
int import_csv(struct import *import, struct ctl_lines *lines, struct err *err);
int import_jsonl(struct import *import, struct ctl_lines *lines, struct err *err);

#endif
