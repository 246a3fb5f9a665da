/* SPDX-License-Identifier: BSD-2-Clause
 *
 * items: the objects of a JSON list, one at a time
 *
 * [{...}, {...}] or {"products": [{...}, {...}], ...}: the first list is taken, wherever in
 * the outer object it stands. Jansson reads each object alone, so that a list of any length
 * takes no more memory than its largest object.
 */
#ifndef CTL_ITEMS_H
#define CTL_ITEMS_H

#include "base/err.h"
#include "base/str.h"

#include <stdio.h>

#define CTL_ITEM_MAX ((size_t)1024 * 1024)

/* `item` gets the text of an object, not parsed yet, and the line it begins on; -1 stops. -1 with
 * err if the file is no such list or an object is longer than CTL_ITEM_MAX. */
int ctl_items_each(FILE *in, int (*item)(void *closure, size_t line, struct str text),
    void *closure, struct err *err);

#endif
