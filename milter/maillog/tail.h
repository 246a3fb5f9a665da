/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tail: follows a log through rotations, from where somebody left off
 *
 * Places say where: one for each file that is not read to its end, the oldest first. A file is
 * known again by the digest of its first bytes, and by device and inode as long as it is empty.
 * So it does not matter whether it was renamed, or copied and truncated, and under
 * which of the names NAME.1, NAME-20260131 and so on it is now. Compressed files are not read.
 *
 * Nothing is missed as long as the files are there. Where it is in doubt whether something was
 * read it is read again.
 *
 * Threads: one at a time.
 */
#ifndef MAILLOG_TAIL_H
#define MAILLOG_TAIL_H

#include "conf/conf.h"
#include "maillog/file.h"
#include "store/delivery.h"

#define MAILLOG_PLACES 8

struct maillog_tail;

/* `paths`: the newest first; borrowed. Without places it begins with the newest file. */
struct maillog_tail *maillog_tail_new(
    const struct conf_list *paths, const struct store_log_place *places, size_t count);
void maillog_tail_free(struct maillog_tail **tail);
/* What stands in up to `bytes` before the places, perhaps a little more, and torn at its beginning;
 * nothing is read by that. */
void maillog_tail_before(struct maillog_tail *tail, off_t bytes, maillog_take *take, void *closure);
/* Reads some lines: 1; 0 there are none for now; -1 the newest file can't be read (ERR_IO),
 * which may be better later. */
int maillog_tail_read(
    struct maillog_tail *tail, maillog_take *take, void *closure, struct err *err);
/* When the file that was read last was last written to. */
int64_t maillog_tail_time(const struct maillog_tail *tail);
/* Where it is now; how many. */
size_t maillog_tail_places(
    const struct maillog_tail *tail, struct store_log_place places_r[MAILLOG_PLACES]);
/* Is a file gone that was not read to its end? Once true for each. */
bool maillog_tail_missed(struct maillog_tail *tail);

#endif
