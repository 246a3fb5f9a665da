/* SPDX-License-Identifier: BSD-2-Clause
 *
 * report_count: what a report of copies counts, and who did what with them
 *
 * Threads: one.
 */
#ifndef CTL_REPORT_COUNT_H
#define CTL_REPORT_COUNT_H

#include "base/clock.h"
#include "ctl/sums.h"
#include "store/report.h"

#include <glib.h>

#define REPORT_KEY_SIZE	   64
#define REPORT_FATE_LENGTH 32 /* of store_fate_id without its last letter */

/* The last one that was told of, by the log or by a report that came back. */
struct bounce {
	int64_t time_ms;
	bool hard;
	char *reason;
};

struct report {
	struct sums *sums;
	int64_t since_ms;
	struct str from; /* only copies with this domain in From; empty: all */
	bool any;	 /* there are copies */
	GHashTable *did[STORE_EVENT_UNSUBSCRIBED + 1][2]; /* by kind and machine: who */
	GHashTable *bounces; /* copy (as store_fate_id says) -> struct bounce */
};

void report_init(struct report *report);
void report_fini(struct report *report);
/* For store_report_events; `closure` is the report. */
void report_take_event(const struct store_report_event *event, void *closure);
/* Who did something: the copy's message key, or its beginning, and the contact. */
void report_key(char key[REPORT_KEY_SIZE], struct str message, int64_t contact);

/* Where an event of this kind counts; SUMS_COUNT: nowhere. */
struct report_measures {
	enum sums_measure once, all;
	bool counted; /* each time, too */
};

struct report_measures report_measures_of(enum store_event_kind kind, bool machine);
/* "2026-01-31T08:00" */
struct str report_hour(int64_t ms, char text[CLOCK_TEXT_SIZE]);

#endif
