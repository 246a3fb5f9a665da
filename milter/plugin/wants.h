/* SPDX-License-Identifier: BSD-2-Clause
 *
 * wants: what hooks would like to have fetched, told to the database beside them
 */
#ifndef PLUGIN_WANTS_H
#define PLUGIN_WANTS_H

#include "store/plugin_answer.h"

struct wants;

struct wants *wants_new(struct store *store);
/* What was noted is told before it returns. NULL is allowed. */
void wants_free(struct wants **wants);
/* Never waits for the database. What comes too fast is dropped: it will be wanted again. */
void wants_note(struct wants *wants, const struct store_request *request);

#endif
