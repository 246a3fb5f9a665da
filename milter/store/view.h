/* SPDX-License-Identifier: BSD-2-Clause
 *
 * view: bodies that are kept so that a message can be looked at in a browser
 *
 * A body is stored once by its digest, beside those of the outbox, however many messages
 * have it. A message that came through the outbox refers to the outbox's body, one that was
 * tailored in place brings its own.
 */
#ifndef STORE_VIEW_H
#define STORE_VIEW_H

#include "base/id.h"
#include "store/store.h"

/* A body to keep with a journal row (journal.h). */
struct store_view_body {
	struct id_digest digest; /* id_sha256 of `raw` */
	struct str raw;
};

/* From now on the outbox's body `digest` is kept for this message, too; again: from now on once
 * more. Committed before it returns. ERR_NOTFOUND: there is no such body. */
int store_view_keep(
    struct store *store, struct str message, const struct id_digest *digest, struct err *err);

struct store_view {
	struct str message;   /* key */
	struct str recipient; /* as the envelope had it */
	int64_t contact_id;
	int64_t time_ms; /* when the attempt began that the journal has */
	char *raw;	 /* for free() */
	size_t size;
};

/* The newest message of this campaign to this recipient whose key begins with `prefix` (hex).
 * 1 found, text in the arena; 0 there is none, or its body is not kept; -1. */
int store_view_find(struct store *store, struct str campaign, struct str recipient,
    struct str prefix, struct arena *arena, struct store_view *view_r, struct err *err);

/* Lets go of what was kept before `before_ms`, and of bodies that nobody needs then, a few at a
 * time. While the outbox has a message its body stays; it counts from the last recipient on. */
int store_view_purge(struct store *store, int64_t before_ms, struct err *err);

#endif
