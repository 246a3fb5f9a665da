/* SPDX-License-Identifier: BSD-2-Clause
 *
 * candidates: see candidates.h
 */
#include "maillog/candidates.h"

#include <dirent.h>
#include <string.h>

/* As many old files as anybody keeps. */
#define CANDIDATES_MAX 1000

static void
candidate_free(gpointer data)
{
	struct maillog_candidate *candidate = data;

	g_free(candidate->path);
	g_free(candidate);
}

static int
by_age(gconstpointer a, gconstpointer b)
{
	const struct maillog_candidate *const *one = a, *const *two = b;
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
	struct maillog_candidate *candidate;
	struct stat st;

	if (candidates->len >= CANDIDATES_MAX || stat(path, &st) != 0 || !S_ISREG(st.st_mode))
		return;
	for (guint i = 0; i < candidates->len; i++) {
		const struct maillog_candidate *other = candidates->pdata[i];

		if (other->st.st_ino == st.st_ino && other->st.st_dev == st.st_dev)
			return;
	}
	candidate = g_new0(struct maillog_candidate, 1);
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

GPtrArray *
maillog_candidates(const struct conf_list *paths)
{
	GPtrArray *candidates = g_ptr_array_new_with_free_func(candidate_free);

	for (size_t i = 0; i < paths->count; i++)
		add_candidate(candidates, paths->at[i]);
	add_siblings(candidates, paths->at[0]);
	for (guint i = 0; i < candidates->len; i++) {
		struct maillog_candidate *candidate = candidates->pdata[i];

		candidate->newest = strcmp(candidate->path, paths->at[0]) == 0;
	}
	g_ptr_array_sort(candidates, by_age);
	return candidates;
}

/* Is it there as it was? The newest may have grown; what else does is a copy that is not whole, or
 * soon still. */
static bool
has_candidate(GPtrArray *candidates, const struct maillog_candidate *now)
{
	for (guint i = 0; i < candidates->len; i++) {
		const struct maillog_candidate *candidate = candidates->pdata[i];

		if (candidate->st.st_ino == now->st.st_ino &&
		    candidate->st.st_dev == now->st.st_dev)
			return strcmp(candidate->path, now->path) == 0 &&
			    (candidate->st.st_size == now->st.st_size ||
				(now->newest && candidate->st.st_size < now->st.st_size));
	}
	return false;
}

bool
maillog_candidates_changed(GPtrArray *candidates, const struct conf_list *paths)
{
	GPtrArray *now = maillog_candidates(paths);
	bool changed = now->len != candidates->len;

	for (guint i = 0; i < now->len && !changed; i++)
		changed = !has_candidate(candidates, now->pdata[i]);
	g_ptr_array_free(now, TRUE);
	return changed;
}

bool
maillog_is_later(const struct stat *st, const struct timespec *since)
{
	return st->st_mtim.tv_sec > since->tv_sec ||
	    (st->st_mtim.tv_sec == since->tv_sec && st->st_mtim.tv_nsec > since->tv_nsec);
}
