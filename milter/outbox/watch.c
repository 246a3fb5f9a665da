/* SPDX-License-Identifier: BSD-2-Clause
 *
 * watch: see watch.h
 *
 * Threads: any.
 * Fails:   ERR_LIMIT, and the store's.
 */
#include "outbox/watch.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/watch.h"

#include <inttypes.h>

#define MEMORY	   ((size_t)256 << 10)
#define GROUPS_MAX 50
/* One complaint of a hundred is a per cent, and says nothing. */
#define LEAST 5

struct rate {
	const char *what;
	int64_t count;
	int64_t limit; /* of a thousand; 0: none */
};

/* Is it too much? Then a sentence. */
static bool
is_bad(const struct store_watch_group *group, const struct rate *rate, int64_t copies, char *text,
    size_t size)
{
	if (rate->limit == 0 || rate->count < LEAST || rate->count * 1000 < rate->limit * copies)
		return false;
	snprintf(text, size, "%" PRId64 " of %" PRId64 " copies%s%.*s %s", rate->count, copies,
	    group->provider.n > 0 ? " to " : "", STR_F(group->provider), rate->what);
	return true;
}

/* 1 paused, 0, -1. */
static int
judge(struct store *store, const struct conf *conf, const struct store_watch_group *group,
    struct err *err)
{
	const struct rate rates[] = {
	    {"came back", group->bounced, conf->watch_bounces},
	    {"were complained of", group->complained, conf->watch_complaints},
	};
	char text[400];
	int64_t copies;
	int rc = 0;

	if (store_watch_copies(store, group, &copies, err) != 0)
		return -1;
	if (copies < conf->watch_minimum)
		return 0;
	for (size_t i = 0; i < sizeof rates / sizeof rates[0] && rc == 0; i++) {
		if (!is_bad(group, &rates[i], copies, text, sizeof text))
			continue;
		rc = store_watch_pause(store, group->campaign, str_c(text), err);
		if (rc == 1)
			log_warning("campaign paused", LOG_TEXT("campaign", group->campaign),
			    LOG_STR("reason", text));
	}
	return rc;
}

int
outbox_watch(struct store *store, const struct conf *conf, struct err *err)
{
	struct store_watch_group *groups;
	struct arena *arena;
	size_t count;
	int paused = 0, rc;

	if (conf->watch_bounces == 0 && conf->watch_complaints == 0)
		return 0;
	arena = arena_new(MEMORY);
	rc = store_watch_bad(store, clock_now() - conf->watch_window, LEAST, GROUPS_MAX, arena,
	    &groups, &count, err);
	for (size_t i = 0; i < count && rc >= 0; i++) {
		rc = judge(store, conf, &groups[i], err);
		paused += rc == 1;
	}
	arena_free(&arena);
	return rc < 0 ? -1 : paused;
}
