/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tail_resume: see tail.h; this file: places, from files and back
 */
#include "maillog/tail_impl.h"

/* Does it begin as the place's file did? */
static bool
begins_as(const struct maillog_file *file, const struct store_log_place *place)
{
	struct id_digest digest;
	char hex[STORE_LOG_HEAD_SIZE];

	return maillog_file_head(file, (size_t)place->head_n, &digest) &&
	    strcmp(id_hex(&digest, (STORE_LOG_HEAD_SIZE - 1) / 2, hex), place->head) == 0;
}

static bool
is_place(const struct maillog_candidate *candidate, const struct store_log_place *place)
{
	struct maillog_file *file;
	bool same;

	if (candidate->st.st_size < place->offset)
		return false;
	if (place->head_n == 0)
		return (int64_t)candidate->st.st_dev == place->device &&
		    (int64_t)candidate->st.st_ino == place->inode;
	if (place->head_n < 0 || maillog_file_open(&file, candidate->path, NULL) != 0)
		return false;
	same = begins_as(file, place);
	maillog_file_close(&file);
	return same;
}

/* A copy has the same beginning: the one with the same inode is it, else the first one. Its index,
 * or -1. */
static int
find_place(GPtrArray *candidates, const struct store_log_place *place)
{
	int found = -1;

	for (guint i = 0; i < candidates->len; i++) {
		const struct maillog_candidate *candidate = candidates->pdata[i];

		if (!is_place(candidate, place))
			continue;
		if (found < 0 ||
		    ((int64_t)candidate->st.st_dev == place->device &&
			(int64_t)candidate->st.st_ino == place->inode))
			found = (int)i;
	}
	return found;
}

/* In the order in which they were written, whatever place is whose: a file that was empty is known by
 * its inode, and what stood in it later may be in a copy. */
static void
add_resumed(struct maillog_tail *tail, GPtrArray *candidates, const int64_t *offsets,
    const struct timespec *since)
{
	for (guint i = 0; i < candidates->len && tail_make_room(tail); i++) {
		const struct maillog_candidate *candidate = candidates->pdata[i];

		if (offsets[i] >= 0)
			(void)tail_add_file(tail, candidate->path, (off_t)offsets[i], NULL);
		else if (candidate->newest || maillog_is_later(&candidate->st, since))
			(void)tail_add_file(tail, candidate->path, 0, NULL);
	}
}

/* Is what was opened for the place what it was when it was found? It may have been truncated in
 * between, and have grown since. */
static bool
is_still(const struct maillog_tail *tail, const struct maillog_candidate *candidate,
    const struct store_log_place *place)
{
	for (size_t i = 0; i < tail->count; i++) {
		const struct maillog_file *file = tail->members[i].file;

		if (tail_is_file(file, &candidate->st))
			return place->head_n == 0 || begins_as(file, place);
	}
	return true;
}

/* False: the files changed meanwhile. */
static bool
resume_among(struct maillog_tail *tail, GPtrArray *candidates, const struct store_log_place *places,
    size_t count)
{
	int64_t *offsets = g_new(int64_t, candidates->len + 1);
	int found[MAILLOG_PLACES];
	struct timespec since;
	int64_t since_ms = 0;
	bool still = true;

	for (guint i = 0; i < candidates->len; i++)
		offsets[i] = -1;
	tail->missed = false;
	for (size_t i = 0; i < count; i++) {
		found[i] = find_place(candidates, &places[i]);
		if (found[i] < 0)
			tail->missed = true;
		else if (offsets[found[i]] < 0 || offsets[found[i]] > places[i].offset)
			offsets[found[i]] = places[i].offset;
		if (places[i].time_ms > since_ms)
			since_ms = places[i].time_ms;
	}
	since = (struct timespec){since_ms / 1000, (long)(since_ms % 1000) * 1000000};
	add_resumed(tail, candidates, offsets, &since);
	for (size_t i = 0; i < count; i++)
		still &= found[i] < 0 || is_still(tail, candidates->pdata[found[i]], &places[i]);
	g_free(offsets);
	return still && !maillog_candidates_changed(candidates, tail->paths);
}

void
tail_resume(struct maillog_tail *tail, const struct store_log_place *places, size_t count)
{
	bool done = false;

	count = count < MAILLOG_PLACES ? count : MAILLOG_PLACES;
	for (int i = 0; !done && i < SCANS_MAX; i++) {
		GPtrArray *candidates = maillog_candidates(tail->paths);

		tail_drop_scan(tail);
		tail->scan++;
		done = resume_among(tail, candidates, places, count);
		g_ptr_array_free(candidates, TRUE);
	}
}

/* Files beyond the last member were not opened so far: they are known by being later. */
static int64_t
covered_ms(const struct maillog_tail *tail)
{
	const struct timespec *looked;

	if (tail->count == 0)
		return 0;
	looked = &tail->members[tail->count - 1].looked;
	return (int64_t)looked->tv_sec * 1000 + (int64_t)looked->tv_nsec / 1000000;
}

size_t
maillog_tail_places(
    const struct maillog_tail *tail, struct store_log_place places_r[MAILLOG_PLACES])
{
	int64_t time_ms = covered_ms(tail);

	for (size_t i = 0; i < tail->count; i++) {
		const struct tail_member *member = &tail->members[i];

		places_r[i] = (struct store_log_place){.device = (int64_t)member->file->device,
		    .inode = (int64_t)member->file->inode,
		    .offset = maillog_file_at(member->file),
		    .head_n = member->checked ? (int64_t)member->head_n : -1,
		    .time_ms = time_ms};
		id_hex(&member->head, (STORE_LOG_HEAD_SIZE - 1) / 2, places_r[i].head);
	}
	return tail->count;
}
