/* SPDX-License-Identifier: BSD-2-Clause
 *
 * autoreply: mail that nobody wrote: out of office, challenges, other automatic answers
 *
 * RFC 3834 says how these mark themselves. Many don't, so the fields of older programs and
 * what subjects say in many languages count as well. It does no harm to be wrong: nothing
 * follows from an automatic reply.
 *
 * Threads: any; touches only its arguments.
 */
#ifndef DELIVERY_AUTOREPLY_H
#define DELIVERY_AUTOREPLY_H

#include "delivery/content.h"

/* `detail_r`: "out-of-office", "challenge" or "". */
bool delivery_autoreply_is(
    const struct delivery_content *content, struct arena *arena, const char **detail_r);

#endif
