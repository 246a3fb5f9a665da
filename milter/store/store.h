/* SPDX-License-Identifier: BSD-2-Clause
 *
 * store: the database of one process
 *
 * SQLite in WAL mode. One connection writes, behind a lock and in groups; a small
 * pool of others reads. Other parts call domain functions (contact.h, journal.h,
 * outbox.h, suppression.h); all SQL is in this folder.
 *
 * Threads: any, unless a function says otherwise. A struct store must not be
 * carried over fork: each process opens its own.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#include <stdint.h>

struct store;

enum store_open_mode {
	STORE_READ,   /* the database must exist and be of our version */
	STORE_CREATE, /* made if missing, migrated forward if older */
};

/* `path` is a file path. ERR_STORE, ERR_IO, ERR_BUSY, or ERR_CONFIG if the
 * database was written by a newer version. */
int store_open(
    struct store **store_r, const char *path, enum store_open_mode mode, struct err *err);
void store_close(struct store **store);
/* From now on the journal writes an event for each copy that was sent, in the same commit. It
 * costs as much as the row; to be called where somebody wants to hear of them, before other
 * threads use the store. */
void store_tell_sent(struct store *store);

/* Addresses as the store compares them: local part NFC and lower case, domain as
 * lower-case A-labels. ERR_INPUT if it is no address. Result in the arena. */
int store_address_key(struct str address, struct arena *arena, struct str *key_r, struct err *err);

/* One write transaction over several domain calls, for commands and for the
 * outbox; between the two calls this thread alone writes. Not nested. With
 * `durable`, commit returns after fsync even where the process would not ask for
 * it otherwise. store_commit with an error rolls back. */
int store_begin(struct store *store, struct err *err);
int store_commit(struct store *store, struct err *err);
void store_rollback(struct store *store);
/* A part of such a transaction that may be taken back alone. Not nested; `keep` false: as if
 * nothing had been written since store_part_begin. */
int store_part_begin(struct store *store, struct err *err);
int store_part_end(struct store *store, bool keep, struct err *err);

/* From here to the end this thread's reads are one transaction: a lookup costs no lock of the file,
 * and they agree with each other. A write of this thread ends the state; what it reads afterwards
 * shows the write, and all others. For short work; not nested. Where too many threads have one it
 * does nothing. */
void store_snapshot_begin(struct store *store);
void store_snapshot_end(struct store *store);

#endif
