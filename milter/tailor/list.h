/* SPDX-License-Identifier: BSD-2-Clause
 *
 * list: the header fields by which mailboxes know a mailing, made for each recipient
 *
 * Threads: any; touches only its arguments.
 */
#ifndef TAILOR_LIST_H
#define TAILOR_LIST_H

#include "mime/mime.h"
#include "tailor/track.h"

#define TAILOR_LIST_FIELDS 5

/* List-Unsubscribe and List-Unsubscribe-Post (RFC 2369, RFC 8058), Feedback-ID, List-Id: those
 * that the campaign asks for. Precedence (RFC 2076 section 3.9) or Auto-Submitted (RFC 3834
 * section 5) where the original has none. Marketing is written by people, so it is not
 * Auto-Submitted, but answering programs know it by its Precedence. That is not signed, since
 * lists write it anew. `name`: the campaign's. Values in the links' arena. ERR_LIMIT,
 * ERR_INPUT. */
int tailor_list_fields(const struct conf_campaign *campaign, struct str name,
    const struct mime_message *mime, struct tailor_links *links,
    struct mime_header fields[TAILOR_LIST_FIELDS], size_t *count_r, struct err *err);

#endif
