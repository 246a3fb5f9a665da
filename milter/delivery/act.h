/* SPDX-License-Identifier: BSD-2-Clause
 *
 * act: news of one copy become an event of its contact, and where a rule says so a suppression
 *
 * Whoever has news of a copy tells them here: the follower of the relay's log, the reader of
 * returned messages, who takes unsubscriptions. Event and suppression are one transaction. The
 * same news a second time change nothing: not even if somebody has lifted the suppression since.
 *
 * Nothing here asks whether the news are true. Who tells of a bounce or complaint has a proof
 * that it is about our copy: the relay's own log, or a token (delivery/proof.h).
 *
 * What stops an address for which mail (mailtailor-bounces(7) has the table, and why):
 *
 *   hard bounce: user unknown, moved   all, at once, unless there is a later sign of life
 *   other bounces about the address    marketing, after bounce_soft of them without one
 *   bounces about us or the message    nothing
 *   complaint                          marketing, at once
 *   unsubscription                     marketing, or the scope that was asked for, at once
 *   automatic reply                    nothing
 *
 * Threads: any.
 */
#ifndef DELIVERY_ACT_H
#define DELIVERY_ACT_H

#include "conf/conf.h"
#include "delivery/report.h"
#include "store/store.h"

#include <jansson.h>

enum delivery_news_kind {
	DELIVERY_NEWS_DELIVERED,
	DELIVERY_NEWS_DEFERRED, /* not yet; the relay goes on trying */
	DELIVERY_NEWS_BOUNCED,	/* will not be delivered */
	DELIVERY_NEWS_COMPLAINED,
	DELIVERY_NEWS_UNSUBSCRIBED,
	DELIVERY_NEWS_AUTOREPLIED,
};

/* All text may be empty, but for `source` and the recipient or contact. */
struct delivery_news {
	enum delivery_news_kind kind;
	struct str recipient;	  /* of the copy, as the journal has it */
	int64_t contact;	  /* 0: looked for by the address */
	int64_t campaign;	  /* store_campaign_id; 0: not known */
	struct str message;	  /* the journal's message key */
	struct str sender_domain; /* of the copy's From */
	struct str status;	  /* RFC 3463 */
	struct str diagnostic;
	enum delivery_reason reason; /* of bounced and deferred */
	bool hard;
	struct str scope;  /* of an unsubscription; empty: marketing */
	int64_t time_ms;   /* when it happened */
	struct str source; /* who tells: "log", "report", ... */
	/* What can't come twice from this source: a queue id with the time of its attempt, the
	 * digest of a report. No address. Where the copy is known (message and recipient),
	 * delivered, bounced and complained are known by the copy instead: whoever tells of them,
	 * once. */
	struct str source_id;
	const json_t *more; /* an object: goes into the event's properties (relay, delay); NULL */
};

struct delivery_rules {
	int soft_count; /* 0: soft bounces stop nothing */
	int64_t soft_ms;
};

struct delivery_rules delivery_rules_of(const struct conf *conf);

enum delivery_outcome_kind {
	DELIVERY_OUTCOME_KNOWN,	     /* was told before; nothing changed */
	DELIVERY_OUTCOME_NOTED,	     /* an event, nothing more */
	DELIVERY_OUTCOME_SUPPRESSED, /* and from now on the address is suppressed for `scope` */
	DELIVERY_OUTCOME_WAS,	     /* it was suppressed for that scope already */
};

struct delivery_outcome {
	enum delivery_outcome_kind kind;
	char scope[256]; /* of a suppression */
};

/* In the caller's store_begin: 0, or -1, after which it rolls back. News without recipient and
 * contact are ERR_INPUT. `outcome_r` may be NULL. */
int delivery_act_in(struct store *store, const struct delivery_rules *rules,
    const struct delivery_news *news, struct delivery_outcome *outcome_r, struct err *err);
/* In a transaction of its own, which is on disk when it returns. */
int delivery_act(struct store *store, const struct delivery_rules *rules,
    const struct delivery_news *news, struct delivery_outcome *outcome_r, struct err *err);

/* What a bounce for this reason says about the address. */
enum delivery_weighing {
	DELIVERY_WEIGHS_NOTHING,
	DELIVERY_COUNTS,	  /* so many of them stop marketing */
	DELIVERY_STOPS_STRANGERS, /* stops mail at once if nobody was ever there; else counts */
	DELIVERY_STOPS,		  /* stops mail at once */
};
enum delivery_weighing delivery_weigh(enum delivery_reason reason, bool hard, struct str status);

/* "known", "noted", "suppressed", "suppressed already" */
const char *delivery_outcome_name(enum delivery_outcome_kind kind);

#endif
