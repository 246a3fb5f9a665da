/* SPDX-License-Identifier: BSD-2-Clause
 *
 * status: reports in the form of RFC 3464
 *
 * Threads: any; touches only its arguments.
 */
#ifndef DELIVERY_STATUS_H
#define DELIVERY_STATUS_H

#include "delivery/content.h"
#include "delivery/found.h"

/* The fields of one block: of a message/delivery-status, or of a text that holds such fields
 * among others. Lines that are no fields are passed over. `message_id_r` is set if it is
 * empty and the block names one. */
void delivery_status_read(struct str block, struct delivery_list *list, struct str *message_id_r);

/* Takes a field off `rest`: 1; 0 an empty line was taken; -1 the end. The value is unfolded,
 * in the arena. */
int delivery_field_next(
    struct str *rest, struct arena *arena, struct str *name_r, struct str *value_r);

#endif
