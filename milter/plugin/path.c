/* SPDX-License-Identifier: BSD-2-Clause
 *
 * path: who could put another file into a plugin's place?
 *
 * The file and all folders above it, links resolved, have to belong to root or to who started
 * the program, and others must not write there. Above the plugin's own folder a sticky one
 * (/tmp) will do: nobody can rename what is not his.
 *
 * Threads: any.
 * Fails:   ERR_NOTFOUND, ERR_IO, ERR_PERM.
 */
#include "plugin/module.h"
#include "plugin/process.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int
check_one(const char *path, bool sticky_will_do, struct err *err)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
	if (st.st_uid != 0 && st.st_uid != plugin_process.owner)
		return err_set(err, ERR_PERM,
		    "%s: expected it to belong to root%s, it belongs to user %u", path,
		    plugin_process.owner == 0 ? "" : " or to who starts mailtailor",
		    (unsigned)st.st_uid);
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0 &&
	    !(sticky_will_do && (st.st_mode & S_ISVTX) != 0))
		return err_set(err, ERR_PERM,
		    "%s: expected that only its owner may write it, its mode is %04o", path,
		    (unsigned)st.st_mode & 07777);
	return 0;
}

int
plugin_path_check(const char *path, struct err *err)
{
	char whole[PATH_MAX];
	struct stat st;
	int depth = 0;

	if (realpath(path, whole) == NULL || stat(whole, &st) != 0)
		return err_set(
		    err, errno == ENOENT ? ERR_NOTFOUND : ERR_IO, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_CONFIG, "%s: expected a file", path);
	for (char *slash;; depth++) {
		if (check_one(whole[0] == '\0' ? "/" : whole, depth > 1, err) != 0)
			return -1;
		slash = strrchr(whole, '/');
		if (slash == NULL)
			return 0;
		*slash = '\0';
	}
}
