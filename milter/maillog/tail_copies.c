/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tail_copies: see tail.h; this file: files that were copied and truncated
 */
#include "maillog/tail_impl.h"

/* Where what the member had stood is now; NULL. */
static const struct maillog_candidate *
copy_of(GPtrArray *candidates, const struct maillog_file *self, size_t n,
    const struct id_digest *head, off_t offset)
{
	for (guint i = 0; n > 0 && i < candidates->len; i++) {
		const struct maillog_candidate *candidate = candidates->pdata[i];
		struct maillog_file *file;
		bool same;

		if (candidate->st.st_size < offset || tail_is_file(self, &candidate->st) ||
		    maillog_file_open(&file, candidate->path, NULL) != 0)
			continue;
		same = tail_begins_like(file, n, head);
		maillog_file_close(&file);
		if (same)
			return candidate;
	}
	return NULL;
}

static size_t
position_of(const struct maillog_tail *tail, const struct maillog_file *file)
{
	size_t at = 0;

	while (at < tail->count && tail->members[at].file != file)
		at++;
	return at;
}

/* If there is no room the last one goes: it is found anew when those before it are read. False: that
 * was `self`. */
static bool
insert_before(
    struct maillog_tail *tail, const struct maillog_file *self, const char *path, off_t offset)
{
	struct maillog_file *file;
	size_t at;

	if (maillog_file_open(&file, path, NULL) != 0) {
		tail->missed = true;
		return true;
	}
	if (!tail_make_room(tail))
		tail_drop(tail, tail->count - 1);
	at = position_of(tail, self);
	maillog_file_seek(file, offset);
	tail_put(tail, at, file);
	return at + 1 < tail->count;
}

/* A member that was truncated: what it was until then, and what it is now. */
struct truncated {
	const struct maillog_file *file;
	struct tail_member old;
	off_t offset;
	struct stat st;
};

/* Was it written before the file became what it is now? A copy, and the file that was truncated
 * then, may have the same time. */
static bool
is_before(const struct maillog_candidate *candidate, const struct truncated *self, bool self_newest)
{
	return !candidate->newest &&
	    (self_newest || !maillog_is_later(&candidate->st, &self->st.st_mtim));
}

static bool
is_newest(GPtrArray *candidates, const struct maillog_file *file)
{
	const struct maillog_candidate *last =
	    candidates->len == 0 ? NULL : candidates->pdata[candidates->len - 1];

	return last != NULL && last->newest && tail_is_file(file, &last->st);
}

/* The copy, and those that were made between that one and what the file is now. If there is no copy,
 * nothing was lost as long as all had been read; then, too, others may have been made since. False:
 * there was no room for the file itself any more. */
static bool
insert_copies(struct maillog_tail *tail, GPtrArray *candidates, const struct truncated *self)
{
	const struct maillog_candidate *copy = copy_of(candidates, self->file,
	    self->old.checked ? self->old.head_n : 0, &self->old.head, self->offset);
	const struct timespec *since = copy == NULL ? &self->old.looked : &copy->st.st_mtim;
	bool newest = is_newest(candidates, self->file), there = true;

	for (guint i = 0; i < candidates->len && there; i++) {
		const struct maillog_candidate *candidate = candidates->pdata[i];

		if (!tail_has_file(tail, &candidate->st) && is_before(candidate, self, newest) &&
		    (candidate == copy || maillog_is_later(&candidate->st, since)))
			there = insert_before(tail, self->file, candidate->path,
			    candidate == copy ? self->offset : 0);
	}
	return there;
}

void
tail_find_copies(struct maillog_tail *tail, size_t at, const struct stat *st)
{
	struct tail_member *member = &tail->members[at];
	const struct truncated self = {.file = member->file,
	    .old = *member,
	    .offset = maillog_file_at(member->file),
	    .st = *st};
	bool again = true, missed = tail->missed;

	maillog_file_seek(member->file, 0);
	member->checked = false;
	tail_look_at_head(member);
	tail->scan++;
	for (int i = 0; again && i < SCANS_MAX; i++) {
		GPtrArray *candidates = maillog_candidates(tail->paths);

		tail_drop_scan(tail);
		tail->missed = missed;
		again = insert_copies(tail, candidates, &self) &&
		    maillog_candidates_changed(candidates, tail->paths);
		g_ptr_array_free(candidates, TRUE);
	}
}

bool
tail_was_empty(const struct tail_member *member)
{
	return member->checked && member->head_n == 0 && maillog_file_at(member->file) == 0;
}
