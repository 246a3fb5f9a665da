/* SPDX-License-Identifier: BSD-2-Clause
 *
 * feed: log lines out of a stream of bytes, in whatever form they come
 *
 * The first bytes tell: what journalctl -o export or -o json prints, else lines.
 *
 * Threads: one at a time.
 */
#ifndef MAILLOG_FEED_H
#define MAILLOG_FEED_H

#include "base/buf.h"
#include "maillog/line.h"
#include "maillog/stamp.h"

typedef void maillog_each(const struct maillog_line *line, int64_t time_ms, void *closure);

enum maillog_form { MAILLOG_UNKNOWN, MAILLOG_LINES, MAILLOG_EXPORT, MAILLOG_JSON };

struct maillog_feed {
	enum maillog_form form;
	struct maillog_stamp stamp;
	struct buf pending; /* not yet a whole line or field */
	bool skipping;	    /* up to the next line end */
	size_t skip;	    /* bytes of a field that is too long */
	/* Of the journal's entry: */
	struct buf tag, text;
	int64_t time_ms;
	maillog_each *each;
	void *closure;
	uint64_t lines; /* so far */
};

/* `reference_ms` and `year`: see stamp.h. */
void maillog_feed_init(
    struct maillog_feed *feed, int64_t reference_ms, int year, maillog_each *each, void *closure);
void maillog_feed_fini(struct maillog_feed *feed);
void maillog_feed_put(struct maillog_feed *feed, const char *bytes, size_t n);
/* What has no line end yet is whole. */
void maillog_feed_end(struct maillog_feed *feed);

#endif
