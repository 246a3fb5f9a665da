/* SPDX-License-Identifier: BSD-2-Clause
 *
 * show: an outlet as a template sees it
 *
 * What depends on the time depends on the copy's, so that it is the same if the copy is made
 * again.
 *
 * Threads: any.
 */
#include "nearest.h"

#include <math.h>
#include <string.h>

#define DAYS_AHEAD 14

struct showing {
	struct mt_call *call;
	const struct outlet *outlet;
	struct mt_value *object;
	struct mt_str zone;
	struct mt_local now;
	const char *country;
	int32_t rc;
};

static void
set(struct showing *showing, const char *name, const struct mt_value *value)
{
	const struct mt_host *mt = showing->call->host;

	if (showing->rc == MT_OK)
		showing->rc = mt->set(showing->call, showing->object, mt_str_c(name), value);
}

/* --- the calendar --- */

static int
days_of(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return days[month - 1] +
	    (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
}

/* Today's date, and those before and behind it. */
static struct hours_calendar
day_at(const struct showing *showing, int ahead)
{
	const struct mt_local *now = &showing->now;
	const struct nearest *nearest = showing->call->state;
	struct hours_calendar date = {
	    now->year, now->month, now->day + ahead, (now->weekday - 1 + ahead + 7) % 7 + 1, false};

	if (date.day < 1) {
		date.month = date.month == 1 ? 12 : date.month - 1;
		date.year -= date.month == 12;
		date.day += days_of(date.year, date.month);
	} else if (date.day > days_of(date.year, date.month)) {
		date.day -= days_of(date.year, date.month);
		date.year += date.month == 12;
		date.month = date.month % 12 + 1;
	}
	for (size_t i = 0; i < nearest->holiday_count; i++) {
		const struct nearest_holiday *holiday = &nearest->holidays[i];

		if ((holiday->country[0] == '\0' ||
			strcmp(holiday->country, showing->country) == 0) &&
		    hours_date_has(holiday->from, holiday->to, &date))
			date.holiday = true;
	}
	return date;
}

static const struct hours_day *
hours_at(const struct showing *showing, int ahead)
{
	const struct hours_calendar date = day_at(showing, ahead);

	return hours_on(&showing->outlet->hours, &date);
}

/* A point in time so many minutes behind today's midnight; nil if there is none. */
static const struct mt_value *
moment(struct showing *showing, int minutes)
{
	const struct mt_host *mt = showing->call->host;
	struct mt_local local = showing->now;
	int64_t time;

	local.hour = 0;
	local.minute = minutes;
	local.second = 0;
	if (minutes < 0 || mt->moment(showing->call, &local, showing->zone, &time) != MT_OK)
		return mt->nil(showing->call);
	return mt->time(showing->call, time, showing->zone);
}

/* --- hours --- */

/* Until it closes, over days on which it does not close at midnight; -1: it never does. */
static int
closes_at(const struct showing *showing, int until)
{
	for (int ahead = 1; ahead <= DAYS_AHEAD; ahead++) {
		const struct hours_day *day = hours_at(showing, ahead);

		if (until != ahead * HOURS_DAY || day->count == 0 || day->at[0].begin != 0)
			return until;
		until = ahead * HOURS_DAY + day->at[0].end;
	}
	return -1;
}

static int
opens_at(const struct showing *showing, int minute)
{
	for (int ahead = 0; ahead <= DAYS_AHEAD; ahead++) {
		const struct hours_day *day = hours_at(showing, ahead);

		for (int i = 0; i < day->count; i++) {
			if (ahead * HOURS_DAY + day->at[i].begin > minute)
				return ahead * HOURS_DAY + day->at[i].begin;
		}
	}
	return -1;
}

static void
set_hours(struct showing *showing)
{
	struct mt_call *call = showing->call;
	const struct mt_host *mt = call->host;
	const struct hours_day *today = hours_at(showing, 0);
	int minute = showing->now.hour * 60 + showing->now.minute;
	int until = hours_open_until(hours_at(showing, -1), today, minute);
	char text[HOURS_TEXT_SIZE];

	hours_print(today, mt->param_int(call, "clock") == 1, text);
	set(showing, "hours_today",
	    text[0] == '\0' ? mt->nil(call) : mt->text(call, mt_str_c(text)));
	set(showing, "open_now", mt->boolean(call, until > 0));
	set(showing, "closes_at",
	    until > 0 ? moment(showing, closes_at(showing, until)) : mt->nil(call));
	set(showing, "opens_at",
	    until > 0 ? mt->nil(call) : moment(showing, opens_at(showing, minute)));
}

/* The outlet's zone; else the one configured; else the contact's. */
static bool
find_zone(struct showing *showing)
{
	struct mt_call *call = showing->call;
	const struct mt_host *mt = call->host;
	struct mt_contact contact = {.size = sizeof contact};

	showing->now.size = sizeof showing->now;
	showing->zone = mt_str_c(showing->outlet->zone);
	if (showing->zone.n == 0)
		showing->zone = mt->param_text(call, "time_zone");
	if (showing->zone.n == 0 && mt->contact(call, &contact) == MT_OK)
		showing->zone = contact.time_zone;
	if (mt->local(call, mt->now(call), showing->zone, &showing->now) == MT_OK)
		return true;
	showing->zone = mt_str_c("");
	return mt->local(call, mt->now(call), showing->zone, &showing->now) == MT_OK;
}

/* --- the rest --- */

static double
tenths(double number)
{
	return round(number * 10) / 10;
}

static void
set_fields(struct showing *showing)
{
	struct mt_call *call = showing->call;
	const struct mt_host *mt = call->host;
	const struct nearest *nearest = call->state;

	for (size_t i = 0; i < outlets_columns(nearest->outlets); i++) {
		const char *name = outlets_column(nearest->outlets, i);
		const char *text = showing->outlet->fields[i];

		if (strcmp(name, "country") == 0)
			showing->country = text;
		/* What is empty is nil, so that `if` and `default` do what is meant. */
		if (name[0] != '\0' && text[0] != '\0')
			set(showing, name, mt->text(call, mt_str_c(text)));
	}
}

struct mt_value *
nearest_show(struct mt_call *call, const struct outlet *outlet, const struct geo_unit *from,
    const char *found_by)
{
	const struct mt_host *mt = call->host;
	struct showing showing = {
	    .call = call, .outlet = outlet, .object = mt->object(call), .country = ""};
	double km = geo_km(from, &outlet->unit);

	if (showing.object == NULL)
		return NULL;
	set_fields(&showing);
	set(&showing, "latitude", mt->number(call, outlet->point.latitude));
	set(&showing, "longitude", mt->number(call, outlet->point.longitude));
	set(&showing, "distance_km", mt->number(call, tenths(km)));
	set(&showing, "distance_miles", mt->number(call, tenths(km / GEO_KM_PER_MILE)));
	set(&showing, "found_by", mt->text(call, mt_str_c(found_by)));
	if (outlet->has_hours && find_zone(&showing))
		set_hours(&showing);
	return showing.rc == MT_OK ? showing.object : NULL;
}
