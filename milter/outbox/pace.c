/* SPDX-License-Identifier: BSD-2-Clause
 *
 * outbox_pace: see pace.h
 */
#include "outbox/pace.h"

#define PAUSE_MIN_US ((int64_t)500000)
#define PAUSE_MAX_US ((int64_t)30000000)
/* Nothing but 4xx so often in a row: it is not the recipients. */
#define REFUSED_MAX 20

void
outbox_pace_init(struct outbox_pace *pace, int limit)
{
	*pace = (struct outbox_pace){.limit = limit, .allowed = limit};
}

bool
outbox_pace_good(struct outbox_pace *pace, int64_t now_us)
{
	pace->refused = 0;
	if (pace->pause_us == 0 || now_us < pace->until_us)
		return false;
	pace->pause_us = pace->pause_us / 2 < PAUSE_MIN_US ? PAUSE_MIN_US : pace->pause_us / 2;
	if (++pace->good < pace->allowed)
		return false;
	pace->good = 0;
	pace->allowed = 2 * pace->allowed < pace->limit ? 2 * pace->allowed : pace->limit;
	if (pace->allowed < pace->limit)
		return false;
	pace->pause_us = 0;
	return true;
}

bool
outbox_pace_trouble(struct outbox_pace *pace, int64_t begun_us, int64_t now_us)
{
	bool first = pace->pause_us == 0;

	if (begun_us < pace->trouble_us)
		return false;
	pace->pause_us = first			? PAUSE_MIN_US
	    : 2 * pace->pause_us < PAUSE_MAX_US ? 2 * pace->pause_us
						: PAUSE_MAX_US;
	pace->until_us = now_us + pace->pause_us;
	pace->trouble_us = now_us;
	pace->allowed = 1;
	pace->good = 0;
	pace->refused = 0;
	return first;
}

bool
outbox_pace_refused(struct outbox_pace *pace, int64_t begun_us, int64_t now_us)
{
	if (++pace->refused < REFUSED_MAX)
		return false;
	pace->refused = 0;
	return outbox_pace_trouble(pace, begun_us, now_us);
}
