/* SPDX-License-Identifier: BSD-2-Clause
 *
 * journal: what became of each recipient's copy, one row each
 *
 * A row is known by message (see outbox.h: message key) and recipient; a later
 * attempt replaces verdict, reason and time and counts up `attempts`.
 */
#ifndef STORE_JOURNAL_H
#define STORE_JOURNAL_H

#include "store/outcome.h"
#include "store/store.h"
#include "store/view.h"

enum store_verdict {
	STORE_SENT,	  /* handed to the relay, or let through after tailoring */
	STORE_SUPPRESSED, /* not to be sent to this address */
	STORE_DEFERRED,	  /* not yet; will be tried again */
	STORE_FAILED,	  /* never; reason says why */
};

/* "sent", "suppressed", "deferred", "failed". */
const char *store_verdict_name(enum store_verdict verdict);

struct store_journal_row {
	int64_t time_ms;
	struct str message; /* message key, hex */
	struct str campaign;
	struct str recipient;	  /* envelope address */
	int64_t contact_id;	  /* 0: unknown */
	struct str sender_domain; /* of From; empty: not known. Read: lower case, A-labels */
	struct str queue_id;	  /* the relay's, for the copy; may be empty */
	struct str message_id;	  /* of the copy, with <>; may be empty */
	enum store_verdict verdict;
	struct str reason; /* when sent: what in it was not tailored and why, mostly empty */
	int64_t duration_ms;
	int64_t attempts;		    /* filled when read */
	struct store_delivery delivery;	    /* what the relay's log said last; filled when read */
	const struct store_view_body *view; /* put: kept in the same commit; NULL: nothing */
};

/* Returns after the row is committed; rows of several threads share one commit.
 * Inside store_begin/store_commit it takes part in that transaction instead. */
int store_journal_put(struct store *store, const struct store_journal_row *row, struct err *err);

struct store_journal_filter {
	struct str campaign; /* {NULL,0}: any */
	struct str recipient;
	int64_t since_ms; /* 0: from the beginning */
	size_t newest;	  /* only so many, the newest; 0: all */
};

/* Rows in order of time. `recipient` is compared as store_address_key does. */
int store_journal_each(struct store *store, const struct store_journal_filter *filter,
    bool (*each)(const struct store_journal_row *row, void *closure), void *closure,
    struct err *err);

struct store_journal_count {
	struct str campaign;
	int64_t count[STORE_FAILED + 1]; /* by verdict */
};

/* How many rows each campaign has, by verdict, in order of name. */
int store_journal_counts(struct store *store,
    bool (*each)(const struct store_journal_count *count, void *closure), void *closure,
    struct err *err);

#endif
