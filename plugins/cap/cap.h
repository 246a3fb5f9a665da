/* SPDX-License-Identifier: BSD-2-Clause
 *
 * cap: what the files of this plugin share
 *
 * rules.c reads the parameters, quiet.c knows when a contact wants to be left alone, ledger.c
 * how many messages somebody got, cap.c decides.
 */
#ifndef CAP_H
#define CAP_H

#include <mailtailor/plugin.h>

#define CAP_LIMITS   16
#define CAP_CLASSES  16 /* the first is "normal" */
#define CAP_PATTERNS 200
#define CAP_QUIET    32
#define CAP_HOLIDAYS 400
#define CAP_NAME     48
#define CAP_MOST     100

/* "3 in 7d for low" */
struct cap_limit {
	int64_t most;
	int64_t window;	  /* milliseconds */
	uint32_t classes; /* bits; all of them without "for" */
	char text[100];
};

/* A campaign, or what begins so before a "*". */
struct cap_pattern {
	uint32_t class;
	char text[104];
};

/* "Mon-Fri 21:00-08:00": minutes of the day; `until` is above 1440 if it is the next day's. */
struct cap_quiet {
	uint32_t days; /* bit 1 is Monday, bit 7 Sunday: where it begins */
	int32_t from;
	int32_t until;
};

struct cap_holiday {
	int32_t year; /* 0: each */
	int32_t month;
	int32_t day;
};

struct cap_rules {
	struct cap_limit limits[CAP_LIMITS];
	size_t limit_count;
	int64_t longest; /* window */
	char classes[CAP_CLASSES][CAP_NAME];
	size_t class_count;
	struct cap_pattern patterns[CAP_PATTERNS];
	size_t pattern_count;
	uint32_t waits; /* bits of classes */
	int64_t patience;
	struct cap_quiet quiet[CAP_QUIET];
	size_t quiet_count;
	struct cap_holiday holidays[CAP_HOLIDAYS];
	size_t holiday_count;
	char zone[64];
};

/* Reads the parameters into `rules`. MT_OK, or `fail` with what was expected. */
int32_t cap_rules_read(struct mt_call *call, struct cap_rules *rules);
/* The class of a campaign: a number below class_count. */
uint32_t cap_rules_class(const struct cap_rules *rules, struct mt_str campaign);

/* When quiet time ends for somebody in `zone`; `now` if it is none. */
int64_t cap_quiet_end(
    struct mt_call *call, const struct cap_rules *rules, struct mt_str zone, int64_t now);

/* What one contact was sent: the last attempt of each message. */
struct cap_record {
	int64_t time;
	uint64_t message;
};

/* More in one window than any limit may name. */
#define CAP_RECORDS (4 * CAP_MOST)

struct cap_ledger {
	struct cap_record at[CAP_RECORDS + 1]; /* oldest first */
	size_t count;
};

/* The mark of a message in a ledger. */
uint64_t cap_ledger_mark(struct mt_str key);
/* What was stored; lines that can't be read, and what is not after `since`, are left out. */
void cap_ledger_read(struct cap_ledger *ledger, struct mt_str text, int64_t since);
/* As it is stored; absent beyond the ceiling. */
struct mt_str cap_ledger_write(struct mt_call *call, const struct cap_ledger *ledger);
/* When this limit has a place for the message: `now`, or later. */
int64_t cap_ledger_free(
    const struct cap_ledger *ledger, const struct cap_limit *limit, uint64_t mark, int64_t now);
/* The message is sent now; an earlier attempt of it is forgotten. */
void cap_ledger_add(struct cap_ledger *ledger, uint64_t mark, int64_t now);

#endif
