/* SPDX-License-Identifier: BSD-2-Clause
 *
 * view: a message that was sent, made again for a browser
 *
 * links.view says which message to whom (link/link.h). What is kept of it (store/view.h) is
 * its template; the copy is made again from that, the contact, and the time of sending. So
 * it is what was sent, but for
 *   - what changed since: the contact's attributes, the campaign's data, partials;
 *   - the open pixel, which is left out;
 *   - images named by cid:, which become part of the page.
 * Nothing is written: a store that can only be read will do, and neither DKIM keys are needed.
 *
 * Threads: any; one arena, one thread.
 */
#ifndef TAILOR_VIEW_H
#define TAILOR_VIEW_H

#include "base/buf.h"
#include "link/link.h"
#include "tailor/tailor.h"

/* Has this message to be kept for viewing? */
bool tailor_view_wanted(const struct tailor_message *message);
/* What is kept is at most so many times as long as the message: one byte of an old charset may
 * be three in UTF-8. */
#define TAILOR_VIEW_GROWTH 4

/* What has to be kept of a message that nobody else stores, to `out`: a small message of its
 * own, without the header fields, boundaries and attachments that make each submission differ.
 * ERR_LIMIT. */
int tailor_view_source(const struct tailor_message *message, struct buf *out, struct err *err);

/* `facts`: of a token of kind LINK_VIEW. The first HTML part, or the first text part in a page
 * of its own; UTF-8, in the arena. ERR_NOTFOUND, whose text may be shown to people: not kept
 * any more, or the contact is gone. ERR_INPUT (another kind), ERR_TEMPLATE, ERR_LIMIT,
 * ERR_STORE. */
int tailor_view(struct tailor *tailor, const struct link_facts *facts, struct arena *arena,
    struct str *html_r, struct err *err);

#endif
