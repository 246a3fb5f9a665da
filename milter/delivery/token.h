/* SPDX-License-Identifier: BSD-2-Clause
 *
 * token: our own token in a message that came back
 *
 * The envelope sender of each copy holds one, so do List-Unsubscribe and every tracked link.
 * One of them mostly survives, whatever a provider blacks out.
 *
 * Threads: any; touches only its arguments.
 */
#ifndef DELIVERY_TOKEN_H
#define DELIVERY_TOKEN_H

#include "delivery/content.h"
#include "delivery/report.h"

/* The first one that opens with one of the keys. envelope_r: it is of the address that the message
 * was sent to. */
bool delivery_token_find(const struct delivery_input *input, const struct delivery_content *content,
    struct arena *arena, struct link_facts *facts_r, bool *envelope_r);

#endif
