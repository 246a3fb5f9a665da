/* SPDX-License-Identifier: BSD-2-Clause
 *
 * outcome: the last word of the relay's log on a copy
 *
 * Threads: any.
 */
#ifndef STORE_OUTCOME_H
#define STORE_OUTCOME_H

#include "base/str.h"

#include <stdint.h>

/* Stored as numbers: never changed, only added to. */
enum store_outcome {
	STORE_OUTCOME_NONE = 0,	  /* the log has said nothing of it */
	STORE_OUTCOME_PASSED = 1, /* to another queue id on the same machine; more will follow */
	STORE_OUTCOME_DELIVERED = 2,
	STORE_OUTCOME_DEFERRED = 3,
	STORE_OUTCOME_BOUNCED = 4,
	STORE_OUTCOME_DELETED = 5, /* somebody took it out of the relay's queue */
};

/* "", "passed", "delivered", "deferred", "bounced", "deleted" */
const char *store_outcome_name(enum store_outcome outcome);

struct store_delivery {
	enum store_outcome outcome;
	struct str queue_id; /* where the copy is now, or was last */
	int64_t time_ms;
	int64_t delay_ms;  /* since the relay took it; -1: not said */
	int64_t attempts;  /* that the relay made */
	struct str relay;  /* "mx.example.org[192.0.2.1]:25", "none", ... */
	struct str status; /* RFC 3463 */
	struct str text;
	struct str reason; /* of bounced and deferred: "user unknown", ... */
	bool hard;	   /* this address will not work tomorrow either */
};

#endif
