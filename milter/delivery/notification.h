/* SPDX-License-Identifier: BSD-2-Clause
 *
 * notification: bounces and complaints that a relay service mails as JSON
 *
 * Amazon SES publishes them through SNS, which sends them by mail to who subscribed so.
 *
 * Threads: any; touches only its arguments.
 */
#ifndef DELIVERY_NOTIFICATION_H
#define DELIVERY_NOTIFICATION_H

#include "delivery/found.h"

/* False: the text is no such notification. */
bool delivery_notification_read(struct str text, struct delivery_list *list,
    enum delivery_kind *kind_r, struct str *message_id_r);

#endif
