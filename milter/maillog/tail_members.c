/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tail_members: see tail.h; this file: the open files
 */
#include "maillog/tail_impl.h"

#include "base/clock.h"

#define HEAD_BYTES 1024

bool
tail_is_file(const struct maillog_file *file, const struct stat *st)
{
	return file->device == st->st_dev && file->inode == st->st_ino;
}

bool
tail_has_file(const struct maillog_tail *tail, const struct stat *st)
{
	for (size_t i = 0; i < tail->count; i++) {
		if (tail_is_file(tail->members[i].file, st))
			return true;
	}
	return false;
}

void
tail_drop(struct maillog_tail *tail, size_t at)
{
	maillog_file_close(&tail->members[at].file);
	tail->count--;
	memmove(&tail->members[at], &tail->members[at + 1],
	    (tail->count - at) * sizeof tail->members[0]);
}

void
tail_drop_scan(struct maillog_tail *tail)
{
	for (size_t i = tail->count; i-- > 0;) {
		if (tail->members[i].scan == tail->scan)
			tail_drop(tail, i);
	}
}

static bool
is_read(const struct tail_member *member)
{
	struct stat st;

	return fstat(member->file->fd, &st) != 0 || st.st_size <= member->file->offset;
}

bool
tail_make_room(struct maillog_tail *tail)
{
	for (size_t i = 0; i < tail->count && tail->count == MAILLOG_PLACES; i++) {
		if (is_read(&tail->members[i]))
			tail_drop(tail, i);
	}
	return tail->count < MAILLOG_PLACES;
}

bool
tail_begins_like(const struct maillog_file *file, size_t n, const struct id_digest *head)
{
	struct id_digest digest;

	return n > 0 && maillog_file_head(file, n, &digest) && id_digest_eq(&digest, head);
}

bool
tail_was_truncated(const struct tail_member *member)
{
	if (maillog_file_shrunk(member->file))
		return true;
	/* It may have grown beyond the old end since. */
	return member->checked && member->head_n > 0 &&
	    !tail_begins_like(member->file, member->head_n, &member->head);
}

void
tail_look_at_head(struct tail_member *member)
{
	struct id_digest head;
	struct stat st;
	size_t n;
	bool known = false;

	/* It may become shorter while it is looked at. */
	for (int i = 0; !known && i < SCANS_MAX; i++) {
		if (fstat(member->file->fd, &st) != 0)
			return;
		n = st.st_size > HEAD_BYTES ? HEAD_BYTES : (size_t)st.st_size;
		known = maillog_file_head(member->file, n, &head);
	}
	/* In this order: what was read above is of the same file as what was known. */
	if (!known || tail_was_truncated(member))
		return;
	member->looked = st.st_mtim;
	member->checked = true;
	member->head_n = n;
	member->head = head;
}

void
tail_put(struct maillog_tail *tail, size_t at, struct maillog_file *file)
{
	memmove(&tail->members[at + 1], &tail->members[at],
	    (tail->count - at) * sizeof tail->members[0]);
	tail->members[at] =
	    (struct tail_member){.file = file, .scan = tail->scan, .grown_us = clock_mono_us()};
	tail_look_at_head(&tail->members[at]);
	tail->count++;
}

int
tail_add_file(struct maillog_tail *tail, const char *path, off_t offset, struct err *err)
{
	struct maillog_file *file;

	if (!tail_make_room(tail))
		return 0;
	if (maillog_file_open(&file, path, err) != 0)
		return -1;
	maillog_file_seek(file, offset);
	tail_put(tail, tail->count, file);
	return 0;
}
