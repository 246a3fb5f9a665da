/* SPDX-License-Identifier: BSD-2-Clause
 *
 * cap_quiet: see cap.h
 *
 * What counts is what the contact's clock on the wall shows. Where it was put forward or back
 * before the end of a quiet time, the minutes are walked one by one: that way hours that do not
 * exist or come twice need no rule of their own.
 *
 * Threads: any.
 */
#include "cap.h"

#define MINUTE	 ((int64_t)60000)
#define DAY	 1440
#define FARTHEST (59 * (int64_t)DAY * MINUTE)

static int
is_holiday(const struct cap_rules *rules, const struct mt_local *local)
{
	for (size_t i = 0; i < rules->holiday_count; i++) {
		const struct cap_holiday *holiday = &rules->holidays[i];

		if (holiday->month == local->month && holiday->day == local->day &&
		    (holiday->year == 0 || holiday->year == local->year))
			return 1;
	}
	return 0;
}

/* How many minutes this quiet time lasts, by the clock on the wall; 0: it is none. */
static int32_t
lasts(const struct cap_rules *rules, const struct mt_local *local)
{
	int32_t minute = local->hour * 60 + local->minute;
	int32_t until = is_holiday(rules, local) ? DAY : minute;
	int32_t yesterday = local->weekday == 1 ? 7 : local->weekday - 1;

	for (size_t i = 0; i < rules->quiet_count; i++) {
		const struct cap_quiet *quiet = &rules->quiet[i];

		if ((quiet->days & (1u << local->weekday)) != 0 && minute >= quiet->from &&
		    quiet->until > until)
			until = quiet->until;
		if ((quiet->days & (1u << yesterday)) != 0 && quiet->until - DAY > until)
			until = quiet->until - DAY;
	}
	return until - minute;
}

/* The begin of the first minute after `time` in which it is over; the clock changes until `end`. */
static int64_t
walk(struct mt_call *call, const struct cap_rules *rules, struct mt_str zone, int64_t time,
    int64_t end)
{
	struct mt_local local = {.size = sizeof local};

	do {
		time += MINUTE;
		if (call->host->local(call, time, zone, &local) != MT_OK)
			break;
	} while (time < end && lasts(rules, &local) > 0);
	return time;
}

int64_t
cap_quiet_end(struct mt_call *call, const struct cap_rules *rules, struct mt_str zone, int64_t now)
{
	struct mt_local local = {.size = sizeof local}, after = {.size = sizeof after};
	int64_t time = now, begin, end;
	int32_t minutes;

	while (time - now < FARTHEST && call->host->local(call, time, zone, &local) == MT_OK &&
	    (minutes = lasts(rules, &local)) > 0) {
		begin = time - time % MINUTE;
		end = begin + minutes * MINUTE;
		if (call->host->local(call, end, zone, &after) == MT_OK &&
		    after.offset != local.offset)
			end = walk(call, rules, zone, begin, end + DAY * MINUTE);
		time = end;
	}
	return time;
}
