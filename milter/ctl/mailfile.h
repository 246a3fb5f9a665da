/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mailfile: every message of a file, a mailbox or a folder
 *
 * A directory with cur/ and new/ is a maildir, any other directory a folder of files; a file
 * that begins with a "From " line is a mailbox (mbox), any other one message. Of a longer
 * message only the beginning is read, so memory does not grow with what lies there.
 */
#ifndef CTL_MAILFILE_H
#define CTL_MAILFILE_H

#include "base/err.h"
#include "base/str.h"

struct ctl_mail {
	const char *path; /* "-" for standard input */
	size_t number;	  /* in its file, from 1 */
	struct str raw;
};

/* Stops by returning other than 0. */
typedef int ctl_mail_take(void *closure, const struct ctl_mail *mail);

/* Files of a folder come in order of their names. 0; what `take` returned; -1 ERR_IO. */
int ctl_mail_each(
    const char *path, size_t max, ctl_mail_take *take, void *closure, struct err *err);

#endif
