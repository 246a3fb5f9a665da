/* SPDX-License-Identifier: BSD-2-Clause
 *
 * watch: how many copies came back or were complained of, lately
 *
 * By campaign, and by domain of From over all campaigns, since receivers keep their opinion by
 * that; each of all copies and of those to one domain. What happened before a campaign was last
 * resumed counts no more, and neither does anything of a campaign that is paused.
 *
 * Threads: any.
 */
#ifndef STORE_WATCH_H
#define STORE_WATCH_H

#include "store/store.h"

struct store_watch_group {
	struct str campaign; /* empty: those of sender_domain */
	struct str sender_domain;
	struct str provider; /* domain of the recipients; empty: all of them */
	int64_t since_ms;    /* counted from here */
	int64_t bounced;
	int64_t complained;
};

/* Campaigns, or domains of From, with at least `least` bounces or complaints that happened at
 * `since_ms` or later. The worst first, at most `max`; in the arena. */
int store_watch_campaigns(struct store *store, int64_t since_ms, int64_t least, size_t max,
    struct arena *arena, struct store_watch_group **groups_r, size_t *count_r, struct err *err);
int store_watch_senders(struct store *store, int64_t since_ms, int64_t least, size_t max,
    struct arena *arena, struct store_watch_group **groups_r, size_t *count_r, struct err *err);
/* How many copies of such a group left in that time; `enough` stands for that or more. */
int store_watch_copies(struct store *store, const struct store_watch_group *group, int64_t enough,
    int64_t *copies_r, struct err *err);

/* What a campaign has to do with a group of a domain of From. */
struct store_watch_member {
	struct str campaign;
	int64_t copies;
	int64_t bounced;
	int64_t complained;
};

/* The campaigns that sent copies of this group, all of one moment; at most `max`, those with most
 * copies first; in the arena. */
int store_watch_members(struct store *store, const struct store_watch_group *group, size_t max,
    struct arena *arena, struct store_watch_member **members_r, size_t *count_r, struct err *err);

/* Pauses the campaign and says why. 1, 0 it was paused already, -1. */
int store_watch_pause(struct store *store, struct str campaign, struct str reason, struct err *err);

#endif
