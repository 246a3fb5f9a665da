/* SPDX-License-Identifier: BSD-2-Clause
 *
 * outbox: messages held for several recipients or for later
 *
 * A body is stored once by digest; each recipient is a row with a due time and a
 * state:
 *
 *     waiting --claim--> claimed --+--> done       (relay's queue id)
 *        ^                         +--> suppressed
 *        +---- back-off -----------+--> failed
 *        +---- cancel --> cancelled
 *
 * A row that is claimed by a process that died is in doubt: its copy may or may
 * not have reached the relay. outbox/settle.c decides by the relay's log.
 */
#ifndef STORE_OUTBOX_H
#define STORE_OUTBOX_H

#include "base/id.h"
#include "store/journal.h"
#include "store/store.h"

enum store_outbox_state {
	STORE_OUTBOX_WAITING,
	STORE_OUTBOX_CLAIMED,
	STORE_OUTBOX_DONE,
	STORE_OUTBOX_SUPPRESSED,
	STORE_OUTBOX_FAILED,
	STORE_OUTBOX_CANCELLED,
};

const char *store_outbox_state_name(enum store_outbox_state state);

/* A message as the session hands it over. */
struct store_outbox_message {
	struct str resubmit_key; /* what makes it the same message when it is submitted again */
	struct str campaign;
	struct str sender;    /* envelope sender without <>; empty for <> */
	struct str mail_args; /* ESMTP parameters to pass on: "RET=HDRS ENVID=x", or empty */
	bool smtputf8;
	struct str queue_id;	  /* of the transaction it came in, for the log */
	struct str sender_domain; /* of From */
	struct str raw;		  /* whole message, CRLF */
	int64_t resubmit_ms;	  /* window for resubmit_key; see outbox_put */
};

struct store_outbox_recipient {
	struct str address;   /* as in RCPT, without <> */
	struct str rcpt_args; /* "NOTIFY=NEVER ORCPT=...", or empty */
	int64_t due_ms;
};

/* Commits message and recipients with fsync before it returns. If a message with
 * the same resubmit_key was put within resubmit_ms, only recipients that it does not have
 * yet are added. accepted_r: how many rows are new. */
int store_outbox_put(struct store *store, const struct store_outbox_message *message,
    const struct store_outbox_recipient *recipients, size_t count, size_t *accepted_r,
    struct err *err);

/* A claimed row. Text in the arena given to claim. */
struct store_outbox_row {
	int64_t id;
	int64_t message; /* row id of the message: same body, same campaign */
	struct str key;	 /* message key: of this message alone, made by put */
	struct str campaign;
	struct str sender;
	struct str sender_domain; /* of From; empty: not known */
	struct str mail_args;
	bool smtputf8;
	struct id_digest body; /* digest of the raw message */
	struct str address;
	struct str rcpt_args;
	struct str message_id; /* of the copy at the last attempt that was journalled */
	int64_t attempts;      /* before this one */
	int64_t due_ms;	       /* first due time: lifetime counts from here */
	int64_t claimed_ms;
};

/* Rates come from the configuration, the store keeps when the next recipient of a
 * campaign may go. 0: no limit. */
typedef int64_t store_outbox_rate(void *closure, struct str campaign);

/* Takes up to `max` due rows for worker `slot`, oldest first, of campaigns that are
 * not paused, as far as their rates allow. Committed (state claimed, claimed_ms)
 * before it returns. next_ms_r: when it is worth asking again if fewer than max
 * came (INT64_MAX: only when something new arrives). Returns the number, or -1. */
int store_outbox_claim(struct store *store, int slot, size_t max, store_outbox_rate *rate,
    void *closure, struct arena *arena, struct store_outbox_row **rows_r, int64_t *next_ms_r,
    struct err *err);
/* The rows that worker `slot` left claimed (slot -1: any worker), for settling. */
int store_outbox_in_doubt(struct store *store, int slot, struct arena *arena,
    struct store_outbox_row **rows_r, struct err *err);

/* What became of a claimed row; written together with its journal row. */
struct store_outbox_result {
	int64_t id;
	enum store_outbox_state state; /* WAITING: try again at due_ms */
	int64_t due_ms;
	bool attempted;			  /* counts as an attempt */
	bool postponed;			  /* no attempt: its lifetime begins anew at due_ms */
	struct store_journal_row journal; /* verdict etc.; time_ms 0: no journal row */
};

/* All in one commit. */
int store_outbox_finish(
    struct store *store, const struct store_outbox_result *results, size_t count, struct err *err);

/* The raw message of a body digest. In the heap, the caller frees it with free().
 * ERR_NOTFOUND. */
int store_outbox_body(struct store *store, const struct id_digest *digest, char **raw_r,
    size_t *size_r, struct err *err);

/* Deletes rows finished before `before_ms` and bodies that nobody needs. Rows of a message stay
 * as long as its resubmit_ms lasts: without them it would be taken for a new one. */
int store_outbox_purge(struct store *store, int64_t before_ms, struct err *err);

/* --- for `mailtailor outbox` --- */

struct store_outbox_summary {
	struct str campaign;
	bool paused;
	struct str pause_reason; /* of a pause that nobody asked for; else empty */
	int64_t count[STORE_OUTBOX_CANCELLED + 1]; /* by state */
	int64_t next_due_ms;			   /* of the waiting ones; 0: none */
};

int store_outbox_summaries(struct store *store,
    bool (*each)(const struct store_outbox_summary *summary, void *closure), void *closure,
    struct err *err);

struct store_outbox_item {
	int64_t id;
	struct str campaign;
	struct str address;
	enum store_outbox_state state;
	int64_t due_ms;
	int64_t attempts;
	struct str queue_id;
	struct str reason; /* of the last attempt */
};

/* Rows of one campaign (or all: {NULL,0}), finished ones only if `finished`. */
int store_outbox_each(struct store *store, struct str campaign, bool finished,
    bool (*each)(const struct store_outbox_item *item, void *closure), void *closure,
    struct err *err);

/* A pause outlives restarts. `paused`: 1 or 0; -1: paused if the campaign is not known yet, else
 * as it was, which is how the configuration's `paused = yes` takes effect. */
int store_outbox_pause(struct store *store, struct str campaign, int paused, struct err *err);
/* 1, 0 it is not, or is not known; -1. */
int store_outbox_is_paused(struct store *store, struct str campaign, struct err *err);
/* Waiting rows of the campaign, or of one recipient in it, become cancelled (journalled as
 * failed, reason "cancelled"). changed_r: how many. */
int store_outbox_cancel(struct store *store, struct str campaign, struct str address,
    int64_t *changed_r, struct err *err);
/* Waiting rows become due now; with `failed`, failed ones are put back, too. */
int store_outbox_retry(struct store *store, struct str campaign, struct str address, bool failed,
    int64_t *changed_r, struct err *err);

#endif
