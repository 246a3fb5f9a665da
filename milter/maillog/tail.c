/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tail: see tail.h
 *
 * A log daemon may write to the old file for some time after it was renamed, so that stays
 * open until it was silent for LINGER_US.
 *
 * Owns:    descriptors of up to MAILLOG_PLACES files.
 */
#include "maillog/tail.h"

#include "base/clock.h"

#include <dirent.h>
#include <glib.h>
#include <stdio.h>
#include <sys/stat.h>

#define HEAD_BYTES 1024
#define LINGER_US  ((int64_t)10 * 1000000)
/* As many old files as anybody keeps. */
#define CANDIDATES_MAX 1000
/* So often the folder is looked at anew where it changes all the time. */
#define SCANS_MAX 100

struct member {
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
	struct member members[MAILLOG_PLACES]; /* oldest first */
	size_t count;
	unsigned scan; /* counts them */
	int64_t written_ms;
	bool missed;
};

/* A file that may be part of the log. */
struct candidate {
	char *path;
	struct stat st;
	bool newest; /* it has the name that the log daemon opens */
};

/* --- candidates --- */

static void
candidate_free(gpointer data)
{
	struct candidate *candidate = data;

	g_free(candidate->path);
	g_free(candidate);
}

static int
by_age(gconstpointer a, gconstpointer b)
{
	const struct candidate *const *one = a, *const *two = b;
	const struct timespec *x = &(*one)->st.st_mtim, *y = &(*two)->st.st_mtim;

	if ((*one)->newest != (*two)->newest)
		return (*two)->newest ? -1 : 1;
	if (x->tv_sec != y->tv_sec)
		return x->tv_sec < y->tv_sec ? -1 : 1;
	if (x->tv_nsec != y->tv_nsec)
		return x->tv_nsec < y->tv_nsec ? -1 : 1;
	/* A copy comes before the file that was emptied at once. */
	return (*two)->st.st_size < (*one)->st.st_size ? -1
						       : (*two)->st.st_size > (*one)->st.st_size;
}

static void
add_candidate(GPtrArray *candidates, const char *path)
{
	struct candidate *candidate;
	struct stat st;

	if (candidates->len >= CANDIDATES_MAX || stat(path, &st) != 0 || !S_ISREG(st.st_mode))
		return;
	for (guint i = 0; i < candidates->len; i++) {
		const struct candidate *other = candidates->pdata[i];

		if (other->st.st_ino == st.st_ino && other->st.st_dev == st.st_dev)
			return;
	}
	candidate = g_new0(struct candidate, 1);
	candidate->path = g_strdup(path);
	candidate->st = st;
	g_ptr_array_add(candidates, candidate);
}

static bool
is_compressed(const char *name)
{
	static const char *const ends[] = {".gz", ".bz2", ".xz", ".zst", ".lz4", ".Z"};

	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		if (g_str_has_suffix(name, ends[i]))
			return true;
	}
	return false;
}

/* mail.log.1, mail.log-20260131 */
static void
add_siblings(GPtrArray *candidates, const char *path)
{
	char *folder = g_path_get_dirname(path), *base = g_path_get_basename(path);
	size_t n = strlen(base);
	DIR *dir = opendir(folder);
	struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		const char *name = entry->d_name;

		if (strncmp(name, base, n) == 0 && (name[n] == '.' || name[n] == '-') &&
		    !is_compressed(name)) {
			char *whole = g_build_filename(folder, name, NULL);

			add_candidate(candidates, whole);
			g_free(whole);
		}
	}
	if (dir != NULL)
		closedir(dir);
	g_free(folder);
	g_free(base);
}

/* The oldest first; the newest stands at the end, whatever its time says. */
static GPtrArray *
find_candidates(const struct conf_list *paths)
{
	GPtrArray *candidates = g_ptr_array_new_with_free_func(candidate_free);

	for (size_t i = 0; i < paths->count; i++)
		add_candidate(candidates, paths->at[i]);
	add_siblings(candidates, paths->at[0]);
	for (guint i = 0; i < candidates->len; i++) {
		struct candidate *candidate = candidates->pdata[i];

		candidate->newest = strcmp(candidate->path, paths->at[0]) == 0;
	}
	g_ptr_array_sort(candidates, by_age);
	return candidates;
}

static bool
has_candidate(GPtrArray *candidates, const struct candidate *wanted)
{
	for (guint i = 0; i < candidates->len; i++) {
		const struct candidate *candidate = candidates->pdata[i];

		if (candidate->st.st_ino == wanted->st.st_ino &&
		    candidate->st.st_dev == wanted->st.st_dev)
			return strcmp(candidate->path, wanted->path) == 0;
	}
	return false;
}

/* Were files renamed or made since they were looked for? Then what was opened by its name may be
 * another one, and what was copied meanwhile is not among them. */
static bool
has_changed(GPtrArray *candidates, const struct conf_list *paths)
{
	GPtrArray *now = find_candidates(paths);
	bool changed = now->len != candidates->len;

	for (guint i = 0; i < now->len && !changed; i++)
		changed = !has_candidate(candidates, now->pdata[i]);
	g_ptr_array_free(now, TRUE);
	return changed;
}

/* --- members --- */

static bool
is_file(const struct maillog_file *file, const struct stat *st)
{
	return file->device == st->st_dev && file->inode == st->st_ino;
}

static bool
has_file(const struct maillog_tail *tail, const struct stat *st)
{
	for (size_t i = 0; i < tail->count; i++) {
		if (is_file(tail->members[i].file, st))
			return true;
	}
	return false;
}

static void
drop_member(struct maillog_tail *tail, size_t at)
{
	maillog_file_close(&tail->members[at].file);
	tail->count--;
	memmove(&tail->members[at], &tail->members[at + 1],
	    (tail->count - at) * sizeof tail->members[0]);
}

/* What this scan has found. */
static void
drop_scan(struct maillog_tail *tail)
{
	for (size_t i = tail->count; i-- > 0;) {
		if (tail->members[i].scan == tail->scan)
			drop_member(tail, i);
	}
}

static bool
is_read(const struct member *member)
{
	struct stat st;

	return fstat(member->file->fd, &st) != 0 || st.st_size <= member->file->offset;
}

/* Is there room for another? If need be the oldest goes that is read to its end. */
static bool
make_room(struct maillog_tail *tail)
{
	for (size_t i = 0; i < tail->count && tail->count == MAILLOG_PLACES; i++) {
		if (is_read(&tail->members[i]))
			drop_member(tail, i);
	}
	return tail->count < MAILLOG_PLACES;
}

/* Does the file begin as this one did? */
static bool
begins_like(const struct maillog_file *file, size_t n, const struct id_digest *head)
{
	struct id_digest digest;

	return n > 0 && maillog_file_head(file, n, &digest) && id_digest_eq(&digest, head);
}

/* Is it not what it was when its beginning was read? */
static bool
was_truncated(const struct member *member)
{
	if (maillog_file_shrunk(member->file))
		return true;
	/* It may have grown beyond the old end since. */
	return member->checked && member->head_n > 0 &&
	    !begins_like(member->file, member->head_n, &member->head);
}

/* Notes how the file begins, also what was not read so far: it may be copied and truncated before.
 * If it was already, that is for read_member to see. */
static void
look_at_head(struct member *member)
{
	struct id_digest head;
	struct stat st;
	size_t n;
	bool known;

	if (fstat(member->file->fd, &st) != 0)
		return;
	n = st.st_size > HEAD_BYTES ? HEAD_BYTES : (size_t)st.st_size;
	known = maillog_file_head(member->file, n, &head);
	/* In this order: what was read above is of the same file as what was known. */
	if (was_truncated(member))
		return;
	member->looked = st.st_mtim;
	member->checked = known;
	member->head_n = n;
	member->head = head;
}

/* Takes the file over; there is room. */
static void
put_member(struct maillog_tail *tail, size_t at, struct maillog_file *file)
{
	memmove(&tail->members[at + 1], &tail->members[at],
	    (tail->count - at) * sizeof tail->members[0]);
	tail->members[at] =
	    (struct member){.file = file, .scan = tail->scan, .grown_us = clock_mono_us()};
	look_at_head(&tail->members[at]);
	tail->count++;
}

static int
add_file(struct maillog_tail *tail, const char *path, off_t offset, struct err *err)
{
	struct maillog_file *file;

	if (!make_room(tail))
		return 0;
	if (maillog_file_open(&file, path, err) != 0)
		return -1;
	maillog_file_seek(file, offset);
	put_member(tail, tail->count, file);
	return 0;
}

/* --- places --- */

static bool
is_place(const struct candidate *candidate, const struct store_log_place *place)
{
	struct maillog_file *file;
	struct id_digest digest;
	char hex[STORE_LOG_HEAD_SIZE];
	bool same = false;

	if (candidate->st.st_size < place->offset)
		return false;
	if (place->head_n == 0)
		return (int64_t)candidate->st.st_dev == place->device &&
		    (int64_t)candidate->st.st_ino == place->inode;
	if (place->head_n < 0 || maillog_file_open(&file, candidate->path, NULL) != 0)
		return false;
	if (maillog_file_head(file, (size_t)place->head_n, &digest))
		same =
		    strcmp(id_hex(&digest, (STORE_LOG_HEAD_SIZE - 1) / 2, hex), place->head) == 0;
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
		const struct candidate *candidate = candidates->pdata[i];

		if (!is_place(candidate, place))
			continue;
		if (found < 0 ||
		    ((int64_t)candidate->st.st_dev == place->device &&
			(int64_t)candidate->st.st_ino == place->inode))
			found = (int)i;
	}
	return found;
}

static bool
is_later(const struct stat *st, const struct timespec *since)
{
	return st->st_mtim.tv_sec > since->tv_sec ||
	    (st->st_mtim.tv_sec == since->tv_sec && st->st_mtim.tv_nsec > since->tv_nsec);
}

/* What was written after that time, as a whole, the oldest first, and the newest file in any case.
 * What there is no room for comes when these are read. True if there was any. */
static bool
add_later(struct maillog_tail *tail, GPtrArray *candidates, const struct timespec *since)
{
	bool added = false;

	for (guint i = 0; i < candidates->len && make_room(tail); i++) {
		const struct candidate *candidate = candidates->pdata[i];

		if (!has_file(tail, &candidate->st) &&
		    (candidate->newest || is_later(&candidate->st, since)))
			added |= add_file(tail, candidate->path, 0, NULL) == 0;
	}
	return added;
}

/* In the order in which they were written, whatever place is whose: a file that was empty is known by
 * its inode, and what stood in it later may be in a copy. */
static void
add_resumed(struct maillog_tail *tail, GPtrArray *candidates, const int64_t *offsets,
    const struct timespec *since)
{
	for (guint i = 0; i < candidates->len && make_room(tail); i++) {
		const struct candidate *candidate = candidates->pdata[i];

		if (offsets[i] >= 0)
			(void)add_file(tail, candidate->path, (off_t)offsets[i], NULL);
		else if (candidate->newest || is_later(&candidate->st, since))
			(void)add_file(tail, candidate->path, 0, NULL);
	}
}

static void
resume_among(struct maillog_tail *tail, GPtrArray *candidates, const struct store_log_place *places,
    size_t count)
{
	int64_t *offsets = g_new(int64_t, candidates->len + 1);
	struct timespec since = {0, 0};
	int64_t since_ms = 0;

	for (guint i = 0; i < candidates->len; i++)
		offsets[i] = -1;
	tail->missed = false;
	for (size_t i = 0; i < count; i++) {
		int found = find_place(candidates, &places[i]);

		if (found < 0)
			tail->missed = true;
		else if (offsets[found] < 0 || offsets[found] > places[i].offset)
			offsets[found] = places[i].offset;
		if (places[i].time_ms > since_ms)
			since_ms = places[i].time_ms;
	}
	since.tv_sec = (time_t)(since_ms / 1000);
	since.tv_nsec = (long)(since_ms % 1000) * 1000000;
	add_resumed(tail, candidates, offsets, &since);
	g_free(offsets);
}

static void
resume(struct maillog_tail *tail, const struct store_log_place *places, size_t count)
{
	bool again = true;

	for (int i = 0; again && i < SCANS_MAX; i++) {
		GPtrArray *candidates = find_candidates(tail->paths);

		drop_scan(tail);
		tail->scan++;
		resume_among(tail, candidates, places, count);
		again = has_changed(candidates, tail->paths);
		g_ptr_array_free(candidates, TRUE);
	}
}

struct maillog_tail *
maillog_tail_new(const struct conf_list *paths, const struct store_log_place *places, size_t count)
{
	struct maillog_tail *tail = g_new0(struct maillog_tail, 1);

	tail->paths = paths;
	if (count > 0 && paths->count > 0)
		resume(tail, places, count);
	return tail;
}

void
maillog_tail_free(struct maillog_tail **tail)
{
	if (*tail == NULL)
		return;
	while ((*tail)->count > 0)
		drop_member(*tail, 0);
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
		const struct member *member = &tail->members[i];

		places_r[i] = (struct store_log_place){.device = (int64_t)member->file->device,
		    .inode = (int64_t)member->file->inode,
		    .offset = maillog_file_at(member->file),
		    .head_n = member->checked ? (int64_t)member->head_n : -1,
		    .time_ms = time_ms};
		id_hex(&member->head, (STORE_LOG_HEAD_SIZE - 1) / 2, places_r[i].head);
	}
	return tail->count;
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

/* Where what the member had stood is now; NULL. */
static const struct candidate *
copy_of(GPtrArray *candidates, const struct maillog_file *self, size_t n,
    const struct id_digest *head, off_t offset)
{
	for (guint i = 0; n > 0 && i < candidates->len; i++) {
		const struct candidate *candidate = candidates->pdata[i];
		struct maillog_file *file;
		bool same;

		if (candidate->st.st_size < offset || is_file(self, &candidate->st) ||
		    maillog_file_open(&file, candidate->path, NULL) != 0)
			continue;
		same = begins_like(file, n, head);
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
	if (!make_room(tail))
		drop_member(tail, tail->count - 1);
	at = position_of(tail, self);
	maillog_file_seek(file, offset);
	put_member(tail, at, file);
	return at + 1 < tail->count;
}

/* A member that was truncated: what it was until then, and what it is now. */
struct truncated {
	const struct maillog_file *file;
	struct member old;
	off_t offset;
	struct stat st;
};

/* Was it written before the file became what it is now? A copy, and the file that was truncated
 * then, may have the same time. */
static bool
is_before(const struct candidate *candidate, const struct truncated *self, bool self_newest)
{
	return !candidate->newest && (self_newest || !is_later(&candidate->st, &self->st.st_mtim));
}

static bool
is_newest(GPtrArray *candidates, const struct maillog_file *file)
{
	const struct candidate *last =
	    candidates->len == 0 ? NULL : candidates->pdata[candidates->len - 1];

	return last != NULL && last->newest && is_file(file, &last->st);
}

/* The copy, and those that were made between that one and what the file is now. If there is no copy,
 * nothing was lost as long as all had been read; then, too, others may have been made since. False:
 * there was no room for the file itself any more. */
static bool
insert_copies(struct maillog_tail *tail, GPtrArray *candidates, const struct truncated *self)
{
	const struct candidate *copy = copy_of(candidates, self->file,
	    self->old.checked ? self->old.head_n : 0, &self->old.head, self->offset);
	const struct timespec *since = copy == NULL ? &self->old.looked : &copy->st.st_mtim;
	bool newest = is_newest(candidates, self->file), there = true;

	for (guint i = 0; i < candidates->len && there; i++) {
		const struct candidate *candidate = candidates->pdata[i];

		if (!has_file(tail, &candidate->st) && is_before(candidate, self, newest) &&
		    (candidate == copy || is_later(&candidate->st, since)))
			there = insert_before(tail, self->file, candidate->path,
			    candidate == copy ? self->offset : 0);
	}
	return there;
}

/* Truncated, after it was copied: what was not read yet is in the copy. What comes after this file is
 * found later. */
static void
find_copies(struct maillog_tail *tail, size_t at, const struct stat *st)
{
	struct member *member = &tail->members[at];
	const struct truncated self = {.file = member->file,
	    .old = *member,
	    .offset = maillog_file_at(member->file),
	    .st = *st};
	bool again = true;

	maillog_file_seek(member->file, 0);
	member->checked = false;
	look_at_head(member);
	tail->scan++;
	for (int i = 0; again && i < SCANS_MAX; i++) {
		GPtrArray *candidates = find_candidates(tail->paths);

		drop_scan(tail);
		again =
		    insert_copies(tail, candidates, &self) && has_changed(candidates, tail->paths);
		g_ptr_array_free(candidates, TRUE);
	}
}

/* What was empty may have been written to, copied and truncated since. */
static bool
was_empty(const struct member *member)
{
	return member->checked && member->head_n == 0 && maillog_file_at(member->file) == 0;
}

/* 1 something was read, 0 there is nothing, AGAIN: others are to be read before; -1. */
#define AGAIN 2

static int
read_member(
    struct maillog_tail *tail, size_t at, maillog_take *take, void *closure, struct err *err)
{
	struct member *member = &tail->members[at];
	struct stat st;
	ssize_t got;

	if (fstat(member->file->fd, &st) != 0 ||
	    (st.st_size == member->file->offset && !is_later(&st, &member->looked)))
		return 0;
	if (was_truncated(member) || was_empty(member)) {
		find_copies(tail, at, &st);
		return AGAIN;
	}
	tail->written_ms =
	    (int64_t)st.st_mtim.tv_sec * 1000 + (int64_t)st.st_mtim.tv_nsec / 1000000;
	got = maillog_file_read(member->file, take, closure, err);
	if (got > 0) {
		member->grown_us = clock_mono_us();
		look_at_head(member);
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
		return add_file(tail, path, 0, err) != 0 ? -1 : 1;
	if (stat(path, &st) != 0 || has_file(tail, &st))
		return 0;
	since = tail->members[tail->count - 1].looked;
	for (int i = 0; again && i < SCANS_MAX; i++) {
		GPtrArray *candidates = find_candidates(tail->paths);

		drop_scan(tail);
		added = add_later(tail, candidates, &since);
		again = has_changed(candidates, tail->paths);
		g_ptr_array_free(candidates, TRUE);
	}
	return added;
}

static void
drop_silent(struct maillog_tail *tail)
{
	for (size_t i = 0; i + 1 < tail->count;) {
		if (clock_mono_us() - tail->members[i].grown_us > LINGER_US)
			drop_member(tail, i);
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
