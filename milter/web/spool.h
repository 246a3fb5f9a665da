/* SPDX-License-Identifier: BSD-2-Clause
 *
 * spool: what was recorded and is not in the database yet
 *
 * A click is acknowledged when it stands in a file here: a copy into memory that is the file's,
 * which survives the death of the process, and waits for nobody. The recorder moves it into the database, thousands in a
 * transaction; where that is busy, clicks go on.
 *
 * A file belongs to the process that holds its lock. What a dead one left is taken over by
 * who looks next (web_spool_adopt). A file that was moved in part is moved again from its begin:
 * an event is known by its source_id, so nothing comes twice. A file has its whole length from the
 * beginning, so that a full disk shows before anything is acknowledged; it ends where nothing but
 * zeros follows. Each record has a checksum; what is behind a torn one is put aside as FILE.bad.
 *
 * The files are of this machine and this program; they are not for others to read.
 *
 * Owns:    the folder "DATABASE-web", its files, their locks.
 * Threads: one adds; one adopts and moves.
 */
#ifndef WEB_SPOOL_H
#define WEB_SPOOL_H

#include "store/event.h"

struct web_spool;

/* `database`: path of the database. ERR_IO. */
int web_spool_new(struct web_spool **spool_r, const char *database, struct err *err);
/* What was not moved stays for the next process. */
void web_spool_free(struct web_spool **spool);

/* The source is always WEB_SPOOL_SOURCE, and there must be a source_id. When it returns 0, the
 * event is kept. ERR_LIMIT: too much waits to be moved; ERR_IO. */
#define WEB_SPOOL_SOURCE "web"
int web_spool_add(struct web_spool *spool, const struct store_event *event, struct err *err);

/* How many bytes wait to be moved. Any thread. */
int64_t web_spool_backlog(const struct web_spool *spool);
/* Takes over what processes left that are gone. */
int web_spool_adopt(struct web_spool *spool, struct err *err);
/* Moves up to `max` events in one transaction. How many; 0: nothing waits; -1: they stay, and
 * the same call may work later. An event that the database will never take is dropped with an error
 * in the log. */
int web_spool_move(struct web_spool *spool, struct store *store, size_t max, struct err *err);

#endif
