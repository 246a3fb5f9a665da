/* SPDX-License-Identifier: BSD-2-Clause
 *
 * keyfile: the file of token keys, as text and on disk
 *
 *     mailtailor-keys 1
 *     # a comment
 *     key 1 2026-01-31T08:15:00Z SECRET
 *     key 2 2026-07-31T08:15:00Z SECRET
 *
 * The first line says the version of the format. SECRET is 64 bytes from the system's
 * generator in base64url. The last key signs. Each change writes a whole new file beside
 * the old one and puts it in its place: a crash leaves the one or the other.
 *
 * Threads: any; touches only its arguments and the file.
 */
#ifndef LINK_KEYFILE_H
#define LINK_KEYFILE_H

#include "base/err.h"
#include "link/siv.h"

#include <stdint.h>

/* One byte of each token. */
#define LINK_KEY_ID_MAX	 255
#define LINK_KEYFILE_MAX 65536

struct link_keyfile_key {
	unsigned id; /* 1..LINK_KEY_ID_MAX */
	int64_t created_ms;
	unsigned char secret[LINK_SIV_KEY];
};

struct link_keyfile {
	struct link_keyfile_key keys[LINK_KEY_ID_MAX]; /* in the order of the file */
	size_t count;
};

/* `path` is for messages. At least one key is expected. ERR_KEY with "path:line: what was
 * wrong", which never quotes a secret. */
int link_keyfile_parse(
    struct link_keyfile **file_r, struct str text, const char *path, struct err *err);
/* The file must belong to root, to this process's user or to `user` (NULL: for root anybody
 * will do), and be closed to all others. ERR_IO, ERR_PERM, ERR_KEY. */
int link_keyfile_read(
    struct link_keyfile **file_r, const char *path, const char *user, struct err *err);
/* Wipes the secrets. */
void link_keyfile_free(struct link_keyfile **file);

/* Appends a new key, which signs from the next load on; makes the file if it is missing.
 * On disk when it returns. Also ERR_LIMIT: every id is in use; ERR_BUSY: PATH.new is there. */
int link_keyfile_add(const char *path, unsigned *id_r, struct err *err);
/* Takes the key out: its tokens are refused from the next load on. ERR_NOTFOUND; ERR_INPUT if
 * it is the last one, which signs. */
int link_keyfile_retire(const char *path, unsigned id, struct err *err);

#endif
