/* SPDX-License-Identifier: BSD-2-Clause
 *
 * source: the text of one configuration file, made fit for libConfuse
 *
 * libConfuse takes a file that ends inside a comment or a section for complete, counts
 * a line too many at some comments, and puts environment variables in place of ${NAME},
 * so that the daemon and a shell would read different configurations. So comments
 * become blanks here, and the others are refused with their line.
 *
 * Owns:    the text.
 * Threads: any.
 */
#ifndef CONF_SOURCE_H
#define CONF_SOURCE_H

#include "base/err.h"
#include "base/str.h"

#include <sys/types.h>

struct source {
	char *text; /* ends in NUL */
	size_t len;
	const char *path; /* as messages show it */
	char *folder;	  /* absolute, without / at the end unless it is the root */
	dev_t device;	  /* with the inode: which file this really is */
	ino_t inode;
	struct source *from; /* the file that includes this one, or NULL */
};

/* Largest file, in bytes. */
#define SOURCE_MAX ((size_t)4 << 20)

/* Reads `path`, which must outlive the source. ERR_NOTFOUND or ERR_IO if it can't be
 * read: the text says no place. ERR_CONFIG with "file:line: ..." for what is in it. */
int source_open(struct source **source_r, const char *path, struct source *from, struct err *err);
void source_close(struct source **source);

/* The first byte after blanks that follows `name` on line `line` (from 1), which
 * tells a parameter from a section; '\0' if there is none. */
char source_after(const struct source *source, int line, const char *name);

#endif
