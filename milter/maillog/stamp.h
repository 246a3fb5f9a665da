/* SPDX-License-Identifier: BSD-2-Clause
 *
 * stamp: the time stamps of log lines
 *
 * RFC 3339 says everything. RFC 3164 ("Nov 22 20:19:15") says neither year nor zone: the
 * zone is the process's (TZ), and the year the latest in which the line is not from the
 * future of a reference time: a file's last change, or now.
 *
 * Threads: a struct maillog_stamp belongs to one at a time.
 */
#ifndef MAILLOG_STAMP_H
#define MAILLOG_STAMP_H

#include "base/str.h"

#include <stdint.h>

struct maillog_stamp {
	int64_t reference_ms; /* no line is newer (but for a day) */
	int year;	      /* of RFC 3164's lines; 0: by the reference */
	/* The last hour that was read. */
	char hour[10];
	int64_t hour_ms;
	int last_month; /* 0..11, for where the year ends */
};

/* `year` 0: the one that fits the reference. Otherwise it is the first line's, and counts up
 * where December becomes January. */
void maillog_stamp_init(struct maillog_stamp *stamp, int64_t reference_ms, int year);
/* Milliseconds since the epoch; 0 if it is no time stamp. */
int64_t maillog_stamp_read(struct maillog_stamp *stamp, struct str text);

#endif
