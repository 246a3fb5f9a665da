/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tally: what the daemon's processes did so far, counted for monitoring
 *
 * Counters in memory that the master shares with the processes it forks, so that the death of one
 * loses nothing; they begin at zero when the master starts. A program that never calls
 * tally_share counts for itself alone.
 *
 * To add one, add a row, and a paragraph in mailtailor-metrics(7).
 *
 * Threads: any; no locks, a few nanoseconds each.
 */
#ifndef BASE_TALLY_H
#define BASE_TALLY_H

#include "base/buf.h"

#include <stdint.h>

/* X(name in C, metric, label, value of the label, help); rows of one metric stand together. */
#define TALLY_COUNTERS(X)                                                                      \
	X(CACHE_HIT, "mailtailor_compiled_total", "cache", "hit",                              \
	    "Campaign messages that were looked for in their compiled form.")                  \
	X(CACHE_MISS, "mailtailor_compiled_total", "cache", "miss", "")                        \
	X(MESSAGE_ORDINARY, "mailtailor_messages_total", "way", "ordinary",                    \
	    "Messages that came through the milter: ordinary mail, campaign mail tailored in " \
	    "place, kept in the outbox, or refused.")                                          \
	X(MESSAGE_IN_PLACE, "mailtailor_messages_total", "way", "in_place", "")                \
	X(MESSAGE_OUTBOX, "mailtailor_messages_total", "way", "outbox", "")                    \
	X(MESSAGE_REFUSED, "mailtailor_messages_total", "way", "refused", "")                  \
	X(START_SESSION, "mailtailor_process_starts_total", "process", "session",              \
	    "Processes that the master started.")                                              \
	X(START_OUTBOX, "mailtailor_process_starts_total", "process", "outbox", "")            \
	X(START_WATCH, "mailtailor_process_starts_total", "process", "watch", "")              \
	X(START_PLUGINS, "mailtailor_process_starts_total", "process", "plugins", "")          \
	X(START_WEB, "mailtailor_process_starts_total", "process", "web", "")                  \
	X(START_FOLLOWER, "mailtailor_process_starts_total", "process", "follower", "")        \
	X(START_WEBHOOK, "mailtailor_process_starts_total", "process", "webhook", "")          \
	X(DIED, "mailtailor_process_deaths_total", "", "",                                     \
	    "Processes that ended without being told to.")                                     \
	X(WEB_2XX, "mailtailor_web_requests_total", "status", "2xx",                           \
	    "Requests that the web process answered.")                                         \
	X(WEB_3XX, "mailtailor_web_requests_total", "status", "3xx", "")                       \
	X(WEB_4XX, "mailtailor_web_requests_total", "status", "4xx", "")                       \
	X(WEB_5XX, "mailtailor_web_requests_total", "status", "5xx", "")                       \
	X(WEBHOOK_SENT, "mailtailor_webhook_requests_total", "result", "sent",                 \
	    "Requests to webhooks, each with a batch of events.")                              \
	X(WEBHOOK_FAILED, "mailtailor_webhook_requests_total", "result", "failed", "")

/* X(name in C, metric, help): times in seconds. */
#define TALLY_TIMES(X)                                                          \
	X(TAILOR, "mailtailor_tailor_seconds",                                  \
	    "Time that making one copy took, without the relay.")               \
	X(HAND_BACK, "mailtailor_hand_back_seconds",                            \
	    "Time that the relay took for a copy that the outbox handed back.") \
	X(WEB, "mailtailor_web_request_seconds",                                \
	    "Time from a request's header to its answer, writing included.")

/* X(name in C, word): what became of copies. */
#define TALLY_VERDICTS(X)           \
	X(SENT, "sent")             \
	X(SUPPRESSED, "suppressed") \
	X(DEFERRED, "deferred")     \
	X(FAILED, "failed")

#define TALLY_ENUM(name, ...) TALLY_##name,
enum tally_counter { TALLY_COUNTERS(TALLY_ENUM) TALLY_COUNTER_COUNT };
enum tally_time { TALLY_TIMES(TALLY_ENUM) TALLY_TIME_COUNT };
enum tally_verdict { TALLY_VERDICTS(TALLY_ENUM) TALLY_VERDICT_COUNT };

#define TALLY_CAMPAIGNS 256 /* those beyond are counted together, as "" */
#define TALLY_EVENTS	32  /* kinds of events, below this number */

/* By the master, before it forks. */
void tally_share(void);

void tally_count(enum tally_counter counter);
void tally_took(enum tally_time time, int64_t us);
/* An attempt for one recipient came to this. */
void tally_copy(struct str campaign, enum tally_verdict verdict);
/* An event was written; `kind` as in store/event.h. */
void tally_event(int kind, bool machine);

/* All of it in Prometheus's text format; `event_name` names kinds, NULL for those that are none. */
void tally_write(struct buf *out, const char *(*event_name)(int kind));

/* --- for what is not counted but known (web/metrics.c) --- */

/* "# HELP" and "# TYPE". */
void tally_head(struct buf *out, const char *metric, const char *type, const char *help);
/* `{label="text"` with what has to be escaped; `first` opens the brace. */
void tally_label(struct buf *out, bool first, const char *label, struct str text);

#endif
