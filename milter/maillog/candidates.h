/* SPDX-License-Identifier: BSD-2-Clause
 *
 * candidates: the files that may be part of a log that is rotated
 *
 * Beside the log itself: NAME.1, NAME-20260131 and so on, which may be old files or copies. What is
 * compressed is none.
 *
 * Threads: any; touches only its arguments.
 */
#ifndef MAILLOG_CANDIDATES_H
#define MAILLOG_CANDIDATES_H

#include "conf/conf.h"

#include <glib.h>
#include <stdbool.h>
#include <sys/stat.h>

struct maillog_candidate {
	char *path;
	struct stat st;
	bool newest; /* it has the name that the log daemon opens */
};

/* struct maillog_candidate *, the oldest first; the newest stands at the end, whatever its time
 * says. g_ptr_array_free(..., TRUE). */
GPtrArray *maillog_candidates(const struct conf_list *paths);
/* Were files renamed, made or truncated since they were looked for? Then what was opened by its name
 * may be another one, and what was copied meanwhile is not among them, or not whole. */
bool maillog_candidates_changed(GPtrArray *candidates, const struct conf_list *paths);
/* Was it last written to after that time? */
bool maillog_is_later(const struct stat *st, const struct timespec *since);

#endif
