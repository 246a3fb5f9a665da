/* SPDX-License-Identifier: BSD-2-Clause
 *
 * watch: see watch.h
 *
 * Campaigns come first: once those that are too bad by themselves are paused, they do not count for
 * their domain, which may be well again then.
 *
 * Threads: any.
 * Fails:   ERR_LIMIT, and the store's.
 */
#include "outbox/watch.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/watch.h"

#include <inttypes.h>

#define MEMORY	    ((size_t)512 << 10)
#define GROUPS_MAX  50
#define MEMBERS_MAX 500
/* One complaint of a hundred is a per cent, and says nothing. */
#define LEAST 5
#define RATES 2

struct watch {
	struct store *store;
	const struct conf *conf;
	int64_t since_ms;
	struct arena *arena; /* of groups */
	struct arena *members;
	int paused;
};

struct rate {
	const char *what;
	int64_t count;
	int64_t limit; /* of a thousand; 0: none */
};

static void
rates_of(const struct conf *conf, int64_t bounced, int64_t complained, struct rate rates[RATES])
{
	rates[0] = (struct rate){"came back", bounced, conf->watch_bounces};
	rates[1] = (struct rate){"were complained of", complained, conf->watch_complaints};
}

/* So many of so many copies, however few these are? */
static bool
is_over(const struct rate *rate, int64_t copies)
{
	return rate->limit != 0 && rate->count * 1000 >= rate->limit * copies;
}

static bool
is_bad(const struct watch *watch, const struct rate *rate, int64_t copies)
{
	return copies >= watch->conf->watch_minimum && rate->count >= LEAST &&
	    is_over(rate, copies);
}

/* With so many copies none of the rates is bad, so more need not be counted. */
static int64_t
enough(const struct watch *watch, const struct rate rates[RATES])
{
	int64_t most = watch->conf->watch_minimum;

	for (int i = 0; i < RATES; i++) {
		if (rates[i].limit != 0 && rates[i].count * 1000 / rates[i].limit >= most)
			most = rates[i].count * 1000 / rates[i].limit + 1;
	}
	return most;
}

static int
pause_for(struct watch *watch, struct str campaign, const struct store_watch_group *group,
    const struct rate *rate, int64_t copies, struct err *err)
{
	char text[700];
	int rc;

	snprintf(text, sizeof text, "%" PRId64 " of %" PRId64 " copies%s%.*s%s%.*s %s", rate->count,
	    copies, group->sender_domain.n > 0 ? " from " : "", STR_F(group->sender_domain),
	    group->provider.n > 0 ? " to " : "", STR_F(group->provider), rate->what);
	rc = store_watch_pause(watch->store, campaign, str_c(text), err);
	if (rc == 1)
		log_warning(
		    "campaign paused", LOG_TEXT("campaign", campaign), LOG_STR("reason", text));
	watch->paused += rc == 1;
	return rc < 0 ? -1 : 0;
}

/* --- a campaign --- */

static int
judge_campaign(struct watch *watch, const struct store_watch_group *group, struct err *err)
{
	struct rate rates[RATES];
	int64_t copies;

	rates_of(watch->conf, group->bounced, group->complained, rates);
	if (store_watch_copies(watch->store, group, enough(watch, rates), &copies, err) != 0)
		return -1;
	for (int i = 0; i < RATES; i++) {
		if (is_bad(watch, &rates[i], copies))
			return pause_for(watch, group->campaign, group, &rates[i], copies, err);
	}
	return 0;
}

/* --- a domain of From --- */

static struct rate
rate_of(const struct watch *watch, const struct store_watch_member *member, int which)
{
	struct rate rates[RATES];

	rates_of(watch->conf, member->bounced, member->complained, rates);
	return rates[which];
}

/* 1 if it was too much, 0, -1. Those that have enough copies to be judged, and are below the limit, go on: a shop's receipts
 * do not stop for its newsletters. That leaves a domain below the limit. */
static int
pause_members(struct watch *watch, const struct store_watch_group *group,
    const struct store_watch_member *members, size_t count, int which, struct err *err)
{
	struct rate all = {.count = 0};
	int64_t copies = 0;

	for (size_t i = 0; i < count; i++) {
		struct rate rate = rate_of(watch, &members[i], which);

		rate.count += all.count;
		all = rate;
		copies += members[i].copies;
	}
	if (!is_bad(watch, &all, copies))
		return 0;
	for (size_t i = 0; i < count; i++) {
		struct rate rate = rate_of(watch, &members[i], which);

		if (members[i].copies >= watch->conf->watch_minimum &&
		    !is_over(&rate, members[i].copies))
			continue;
		if (pause_for(watch, members[i].campaign, group, &all, copies, err) != 0)
			return -1;
	}
	return 1;
}

/* The group's own numbers say whether it is worth reading those of its campaigns, some of which
 * another group may have paused since. */
static int
judge_sender(struct watch *watch, const struct store_watch_group *group, struct err *err)
{
	struct store_watch_member *members;
	struct rate rates[RATES];
	int64_t copies;
	size_t count;
	int rc = 0;

	rates_of(watch->conf, group->bounced, group->complained, rates);
	if (store_watch_copies(watch->store, group, enough(watch, rates), &copies, err) != 0)
		return -1;
	if (!is_bad(watch, &rates[0], copies) && !is_bad(watch, &rates[1], copies))
		return 0;
	arena_reset(watch->members);
	if (store_watch_members(
		watch->store, group, MEMBERS_MAX, watch->members, &members, &count, err) != 0)
		return -1;
	for (int i = 0; i < RATES && rc == 0; i++)
		rc = pause_members(watch, group, members, count, i, err);
	return rc < 0 ? -1 : 0;
}

/* --- all --- */

static int
look(struct watch *watch, struct err *err)
{
	struct store_watch_group *groups;
	size_t count;

	if (store_watch_campaigns(watch->store, watch->since_ms, LEAST, GROUPS_MAX, watch->arena,
		&groups, &count, err) != 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (judge_campaign(watch, &groups[i], err) != 0)
			return -1;
	}
	if (store_watch_senders(watch->store, watch->since_ms, LEAST, GROUPS_MAX, watch->arena,
		&groups, &count, err) != 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (judge_sender(watch, &groups[i], err) != 0)
			return -1;
	}
	return 0;
}

int
outbox_watch(struct store *store, const struct conf *conf, struct err *err)
{
	struct watch watch = {
	    .store = store, .conf = conf, .since_ms = clock_now() - conf->watch_window};
	int rc;

	if (conf->watch_bounces == 0 && conf->watch_complaints == 0)
		return 0;
	watch.arena = arena_new(MEMORY);
	watch.members = arena_new(MEMORY);
	rc = look(&watch, err);
	arena_free(&watch.arena);
	arena_free(&watch.members);
	return rc < 0 ? -1 : watch.paused;
}
