/* SPDX-License-Identifier: BSD-2-Clause
 *
 * report: the events of one campaign, or complaints of all, for who counts them
 *
 * Threads: any.
 */
#ifndef STORE_REPORT_H
#define STORE_REPORT_H

#include "store/event.h"

struct store_report_event {
	enum store_event_kind kind;
	int64_t contact; /* 0: not known, or erased */
	int64_t time_ms;
	int64_t link; /* 0: none */
	bool machine;
	struct str message; /* message key, or its beginning */
	struct str source_id;
	struct str reason;	  /* of a bounce; may be empty */
	struct str sender_domain; /* of a bounce or a complaint; empty: not known */
};

/* Events of our own kinds that happened since then, in no order; text is valid in `each` only,
 * which must not use the store. */
int store_report_events(struct store *store, int64_t campaign, int64_t since_ms,
    void (*each)(const struct store_report_event *event, void *closure), void *closure,
    struct err *err);
/* Complaints of all campaigns, in the same way. */
int store_report_complaints(struct store *store, int64_t since_ms,
    void (*each)(const struct store_report_event *event, void *closure), void *closure,
    struct err *err);
/* As store_campaign_id, without making one: 1, 0 there is none, -1. */
int store_report_campaign(struct store *store, struct str name, int64_t *id_r, struct err *err);

#endif
