/* SPDX-License-Identifier: BSD-2-Clause
 *
 * outbox_mailqueue: which messages are in Postfix's queue, by `postqueue -j`
 */
#ifndef OUTBOX_MAILQUEUE_H
#define OUTBOX_MAILQUEUE_H

#include "base/err.h"

/* Calls `each` with every queue id. `config`: Postfix's configuration folder, empty for the
 * default. With -1 nothing may be concluded from an id that was not named. ERR_IO. */
int outbox_mailqueue_each(const char *config, void (*each)(const char *queue_id, void *closure),
    void *closure, struct err *err);

#endif
