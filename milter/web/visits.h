/* SPDX-License-Identifier: BSD-2-Clause
 *
 * visits: who came a moment ago, and whether that was too fast for a person
 *
 * Programs that name a browser as their agent give themselves away by what they do: they
 * open links before anybody can have read the message, several of one message at once, or the one
 * that no person sees. Each click is judged when it comes, by what is remembered of the same
 * contact and message. Where that says something about earlier clicks, too, the verdict says how
 * far back, and store_event_put corrects them.
 *
 * The memory has a fixed size; where it is full, the oldest message is forgotten. It is lost with
 * the process: then a burst that had begun is judged as if it began now.
 *
 * Owns:    the table.
 * Threads: one at a time.
 */
#ifndef WEB_VISITS_H
#define WEB_VISITS_H

#include <stdbool.h>
#include <stdint.h>

/* The reasons that events carry; mailtailord(8) explains them. */
#define WEB_REASON_SOON	  "too soon"
#define WEB_REASON_BURST  "burst"
#define WEB_REASON_HIDDEN "hidden link"

enum web_visit_kind { WEB_VISIT_CLICK, WEB_VISIT_OPEN, WEB_VISIT_HIDDEN };

struct web_visit {
	enum web_visit_kind kind;
	int64_t contact; /* 0: not known, so others can't be told apart: only its time counts */
	int64_t campaign;
	uint32_t message;
	uint64_t link;	 /* which one, of a click; any number that differs */
	uint64_t client; /* a digest of address and agent */
	int64_t sent_ms, now_ms;
};

struct web_visit_verdict {
	const char *reason; /* or NULL: a person, as far as is known */
	int64_t back_ms;    /* what came so shortly before is judged alike; 0: nothing */
	bool same_client;   /* ... if the same client did it */
};

struct web_visits;

/* Milliseconds; 0: there is no such rule. */
struct web_visits *web_visits_new(int64_t soon_ms, int64_t burst_ms);
void web_visits_free(struct web_visits **visits);
struct web_visit_verdict web_visits_judge(struct web_visits *visits, const struct web_visit *visit);

#endif
