/* SPDX-License-Identifier: BSD-2-Clause
 *
 * message_id: the Message-ID of one recipient's copy
 *
 * Derived from the message key and the recipient, so that every attempt at the same
 * copy carries the same one, and the relay's log can tell after a crash whether it
 * was handed over.
 */
#ifndef TAILOR_MESSAGE_ID_H
#define TAILOR_MESSAGE_ID_H

#include "base/str.h"

#define TAILOR_MESSAGE_ID_LOCAL 32 /* hex digits left of the @ */

/* `recipient` as the envelope gave it. */
void tailor_message_id_local(
    struct str key, struct str recipient, char hex[TAILOR_MESSAGE_ID_LOCAL + 1]);

#endif
