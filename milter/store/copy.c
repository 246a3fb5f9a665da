/* SPDX-License-Identifier: BSD-2-Clause
 *
 * copy: see copy.h
 *
 * Threads: any.
 */
#include "store/copy.h"

#include <sqlite3.h>
#include <stddef.h>
#include <unistd.h>

#define WAIT_MS 10000

static int
copy(sqlite3 *source, sqlite3 *target, struct err *err)
{
	sqlite3_backup *backup = sqlite3_backup_init(target, "main", source, "main");
	int rc;

	if (backup == NULL)
		return err_set(err, ERR_STORE, "%s", sqlite3_errmsg(target));
	do {
		rc = sqlite3_backup_step(backup, -1);
		if (rc == SQLITE_BUSY || rc == SQLITE_LOCKED)
			sqlite3_sleep(20);
	} while (rc == SQLITE_BUSY || rc == SQLITE_LOCKED);
	if (sqlite3_backup_finish(backup) != SQLITE_OK)
		return err_set(err, ERR_STORE, "%s", sqlite3_errmsg(target));
	return 0;
}

int
store_copy(const char *from, const char *to, struct err *err)
{
	sqlite3 *source = NULL, *target = NULL;
	int rc = 0;

	if (access(from, R_OK) != 0)
		return err_set(
		    err, ERR_NOTFOUND, "%s: there is no database that can be read", from);
	if (sqlite3_open_v2(from, &source, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
		rc = err_set(err, ERR_STORE, "%s", sqlite3_errmsg(source));
	else if (sqlite3_open_v2(to, &target, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) !=
	    SQLITE_OK)
		rc = err_set(err, ERR_STORE, "%s", sqlite3_errmsg(target));
	if (rc == 0) {
		sqlite3_busy_timeout(source, WAIT_MS);
		rc = copy(source, target, err);
	}
	sqlite3_close(source);
	sqlite3_close(target);
	return rc == 0 ? 0 : err_prefix(err, "%s", from);
}
