/* SPDX-License-Identifier: BSD-2-Clause
 *
 * host_clock: calendar and time zones for plugins
 *
 * Threads: any; liquid/date.h keeps the zones.
 */
#include "plugin/host.h"

#include "liquid/date.h"

#include <stdio.h>

#define ZONE_SIZE 64

/* As a C string; false: there is no such zone. */
static bool
read_zone(struct mt_str zone, char name[ZONE_SIZE])
{
	if (zone.n >= ZONE_SIZE)
		return false;
	snprintf(name, ZONE_SIZE, "%.*s", STR_F(plugin_str(zone)));
	return date_zone_known(name);
}

static int64_t
floor_seconds(int64_t ms)
{
	return ms >= 0 ? ms / 1000 : -((-(ms + 1)) / 1000 + 1);
}

int32_t
host_local(struct mt_call *mt, int64_t time, struct mt_str name, struct mt_local *local_r)
{
	struct mt_local local = {.size = 0};
	struct date_parts p;
	struct date date;
	char zone[ZONE_SIZE];
	uint32_t size;

	if (CALL(mt) == NULL || local_r == NULL || local_r->size < sizeof local.size)
		return MT_MISUSE;
	if (!read_zone(name, zone))
		return MT_NONE;
	date = date_at(floor_seconds(time), 0, zone);
	date_split(&date, &p);
	size = local_r->size < sizeof local ? local_r->size : (uint32_t)sizeof local;
	local = (struct mt_local){.size = local_r->size,
	    .year = (int32_t)p.year,
	    .month = p.month,
	    .day = p.day,
	    .hour = p.hour,
	    .minute = p.minute,
	    .second = p.second,
	    .weekday = p.weekday == 0 ? 7 : p.weekday,
	    .offset = date.offset};
	memcpy(local_r, &local, size);
	return MT_OK;
}

int32_t
host_moment(struct mt_call *mt, const struct mt_local *local, struct mt_str name, int64_t *time_r)
{
	int64_t seconds, month;
	char zone[ZONE_SIZE];

	if (CALL(mt) == NULL || local == NULL || time_r == NULL || !MT_HAS(local, second) ||
	    local->year < -9999 || local->year > 99999)
		return MT_MISUSE;
	if (!read_zone(name, zone))
		return MT_NONE;
	month = (int64_t)local->year * 12 + local->month - 1;
	seconds = (date_days(month >= 0 ? month / 12 : -((11 - month) / 12),
		       (int)((month % 12 + 12) % 12) + 1, 1) +
		      local->day - 1) *
		86400 +
	    (int64_t)local->hour * 3600 + (int64_t)local->minute * 60 + local->second;
	*time_r = date_local(seconds, 0, zone).seconds * 1000;
	return MT_OK;
}
