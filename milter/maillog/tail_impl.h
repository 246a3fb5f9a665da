/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tail_impl: what the files of tail share; nobody else includes it
 *
 * A scan looks for files and opens what it found by its names. It counts only if nothing was
 * rotated meanwhile; else it is taken back (tail_drop_scan), and done again.
 */
#ifndef MAILLOG_TAIL_IMPL_H
#define MAILLOG_TAIL_IMPL_H

#include "maillog/candidates.h"
#include "maillog/tail.h"

/* So often the folder is looked at anew where it changes all the time. */
#define SCANS_MAX 100

struct tail_member {
	struct maillog_file *file;
	unsigned scan;	  /* by which it was found */
	int64_t grown_us; /* when something was last read from it */
	bool checked;	  /* its beginning is known; then: */
	size_t head_n;
	struct id_digest head;
	struct timespec looked; /* as it was last written to when its beginning was read */
};

struct maillog_tail {
	const struct conf_list *paths;
	struct tail_member members[MAILLOG_PLACES]; /* oldest first */
	size_t count;
	unsigned scan; /* counts them */
	int64_t written_ms;
	bool missed;
};

/* --- tail_members.c --- */

bool tail_is_file(const struct maillog_file *file, const struct stat *st);
bool tail_has_file(const struct maillog_tail *tail, const struct stat *st);
void tail_drop(struct maillog_tail *tail, size_t at);
/* What this scan has found. */
void tail_drop_scan(struct maillog_tail *tail);
/* Is there room for another? If need be the oldest goes that is read to its end. */
bool tail_make_room(struct maillog_tail *tail);
/* Does the file begin as this one did? */
bool tail_begins_like(const struct maillog_file *file, size_t n, const struct id_digest *head);
/* Is it not what it was when its beginning was read? */
bool tail_was_truncated(const struct tail_member *member);
/* Notes how the file begins, also what was not read so far: it may be copied and truncated before.
 * If it was already, that is for tail_was_truncated to see. */
void tail_look_at_head(struct tail_member *member);
/* Takes the file over; there is room. */
void tail_put(struct maillog_tail *tail, size_t at, struct maillog_file *file);
/* At the end, if there is room. ERR_IO. */
int tail_add_file(struct maillog_tail *tail, const char *path, off_t offset, struct err *err);

/* --- tail_resume.c --- */

/* From where somebody left off. */
void tail_resume(struct maillog_tail *tail, const struct store_log_place *places, size_t count);

/* --- tail_copies.c --- */

/* Truncated, after it was copied: what was not read yet is in the copy, which is put before it.
 * What comes after this file is found later. `st`: as it is now. */
void tail_find_copies(struct maillog_tail *tail, size_t at, const struct stat *st);
/* What was empty may have been written to, copied and truncated since. */
bool tail_was_empty(const struct tail_member *member);

#endif
