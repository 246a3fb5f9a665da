/* SPDX-License-Identifier: BSD-2-Clause
 *
 * feedback: complaints, by RFC 5965 and by what large providers send instead
 *
 * Threads: any; touches only its arguments.
 */
#ifndef DELIVERY_FEEDBACK_H
#define DELIVERY_FEEDBACK_H

#include "delivery/content.h"
#include "delivery/found.h"

/* False: it is no feedback report. Else what it says: DELIVERY_COMPLAINT, or DELIVERY_NONE for
 * reports that complain of nothing; `detail_r` the type ("abuse", "opt-out", "auth-failure",
 * ...). The addresses that it names go into the list; providers that black them out leave
 * it empty. */
bool delivery_feedback_read(const struct delivery_content *content, struct delivery_list *list,
    enum delivery_kind *kind_r, const char **detail_r);

#endif
