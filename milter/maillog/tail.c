/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tail: see tail.h
 *
 * A log daemon may write to the old file for some time after it was renamed, so that stays
 * open until it was silent for LINGER_US.
 *
 * Owns:    descriptors of up to MAILLOG_PLACES files.
 */
#include "maillog/tail_impl.h"

#include "base/clock.h"

#define LINGER_US ((int64_t)10 * 1000000)

struct maillog_tail *
maillog_tail_new(const struct conf_list *paths, const struct store_log_place *places, size_t count)
{
	struct maillog_tail *tail = g_new0(struct maillog_tail, 1);

	tail->paths = paths;
	if (count > 0 && paths->count > 0)
		tail_resume(tail, places, count);
	return tail;
}

void
maillog_tail_free(struct maillog_tail **tail)
{
	if (*tail == NULL)
		return;
	while ((*tail)->count > 0)
		tail_drop(*tail, 0);
	g_free(*tail);
	*tail = NULL;
}

void
maillog_tail_before(struct maillog_tail *tail, off_t bytes, maillog_take *take, void *closure)
{
	for (size_t i = 0; i < tail->count; i++) {
		struct maillog_file *file = tail->members[i].file;
		off_t end = maillog_file_at(file);

		maillog_file_seek(file, end > bytes ? end - bytes : 0);
		while (
		    maillog_file_at(file) < end && maillog_file_read(file, take, closure, NULL) > 0)
			;
		maillog_file_seek(file, end);
	}
}

bool
maillog_tail_missed(struct maillog_tail *tail)
{
	bool missed = tail->missed;

	tail->missed = false;
	return missed;
}

int64_t
maillog_tail_time(const struct maillog_tail *tail)
{
	return tail->written_ms;
}

/* --- reading --- */

/* What was written after that time, as a whole, the oldest first, and the newest file in any case.
 * What there is no room for comes when these are read. True if there was any. */
static bool
add_later(struct maillog_tail *tail, GPtrArray *candidates, const struct timespec *since)
{
	bool added = false;

	for (guint i = 0; i < candidates->len && tail_make_room(tail); i++) {
		const struct maillog_candidate *candidate = candidates->pdata[i];

		if (!tail_has_file(tail, &candidate->st) &&
		    (candidate->newest || maillog_is_later(&candidate->st, since)))
			added |= tail_add_file(tail, candidate->path, 0, NULL) == 0;
	}
	return added;
}

/* 1 something was read, 0 there is nothing, AGAIN: others are to be read before; -1. */
#define AGAIN 2

static int
read_member(
    struct maillog_tail *tail, size_t at, maillog_take *take, void *closure, struct err *err)
{
	struct tail_member *member = &tail->members[at];
	struct stat st;
	ssize_t got;

	if (fstat(member->file->fd, &st) != 0 ||
	    (st.st_size == member->file->offset && !maillog_is_later(&st, &member->looked)))
		return 0;
	if (tail_was_truncated(member) || tail_was_empty(member)) {
		tail_find_copies(tail, at, &st);
		return AGAIN;
	}
	tail->written_ms =
	    (int64_t)st.st_mtim.tv_sec * 1000 + (int64_t)st.st_mtim.tv_nsec / 1000000;
	got = maillog_file_read(member->file, take, closure, err);
	if (got > 0) {
		member->grown_us = clock_mono_us();
		tail_look_at_head(member);
	}
	return got > 0 ? 1 : (int)got;
}

/* Is there a new file of that name, and perhaps others that were so for a while? 1, 0, -1. */
static int
find_new(struct maillog_tail *tail, struct err *err)
{
	const char *path = tail->paths->at[0];
	struct timespec since;
	struct stat st;
	bool added = false, again = true;

	tail->scan++;
	if (tail->count == 0)
		return tail_add_file(tail, path, 0, err) != 0 ? -1 : 1;
	if (stat(path, &st) != 0 || tail_has_file(tail, &st))
		return 0;
	since = tail->members[tail->count - 1].looked;
	for (int i = 0; again && i < SCANS_MAX; i++) {
		GPtrArray *candidates = maillog_candidates(tail->paths);

		tail_drop_scan(tail);
		added = add_later(tail, candidates, &since);
		again = maillog_candidates_changed(candidates, tail->paths);
		g_ptr_array_free(candidates, TRUE);
	}
	return added;
}

static void
drop_silent(struct maillog_tail *tail)
{
	for (size_t i = 0; i + 1 < tail->count;) {
		if (clock_mono_us() - tail->members[i].grown_us > LINGER_US)
			tail_drop(tail, i);
		else
			i++;
	}
}

/* Of the first member that has something new. */
static int
read_any(struct maillog_tail *tail, maillog_take *take, void *closure, struct err *err)
{
	int rc;

	do {
		rc = 0;
		for (size_t i = 0; i < tail->count && rc == 0; i++)
			rc = read_member(tail, i, take, closure, err);
	} while (rc == AGAIN);
	return rc;
}

int
maillog_tail_read(struct maillog_tail *tail, maillog_take *take, void *closure, struct err *err)
{
	int rc;

	if (tail->paths->count == 0)
		return err_set(err, ERR_IO, "mail_log names no file");
	while ((rc = read_any(tail, take, closure, err)) == 0) {
		rc = find_new(tail, err);
		if (rc != 1)
			break;
	}
	if (rc == 0)
		drop_silent(tail);
	return rc;
}
