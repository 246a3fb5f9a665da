/* SPDX-License-Identifier: BSD-2-Clause
 *
 * cap_rules: see cap.h
 *
 * Threads: one, in `start`.
 */
#include "cap.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WEEK	   (7 * 1440)
#define WINDOW_MAX (60 * (int64_t)86400000)

static int32_t __attribute__((format(printf, 2, 3)))
complain(struct mt_call *call, const char *format, ...)
{
	char text[400];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	return call->host->fail(call, mt_str_c(text));
}

/* Copies element `i` of a list; 0: there is none, -1: it is too long. */
static int
element(struct mt_call *call, const char *name, size_t i, char *text, size_t size)
{
	struct mt_str value = call->host->param_list(call, name, i);

	if (value.p == NULL)
		return 0;
	snprintf(text, size, "%.*s", (int)(value.n < size ? value.n : size - 1), value.p);
	return value.n < size && strlen(text) == value.n ? 1 : -1;
}

/* --- classes --- */

static int
class_of(const struct cap_rules *rules, const char *name)
{
	for (size_t i = 0; i < rules->class_count; i++) {
		if (strcmp(rules->classes[i], name) == 0)
			return (int)i;
	}
	return -1;
}

/* "high: cart welcome-*" */
static int
read_class(struct cap_rules *rules, char *text)
{
	char *colon = strchr(text, ':'), *rest = NULL, *word;
	size_t class = rules->class_count;

	if (colon == NULL || colon == text || colon - text >= CAP_NAME || class == CAP_CLASSES)
		return -1;
	*colon = '\0';
	if (strpbrk(text, " \t") != NULL || class_of(rules, text) >= 0)
		return -1;
	snprintf(rules->classes[class], CAP_NAME, "%.*s", CAP_NAME - 1, text);
	rules->class_count++;
	for (word = strtok_r(colon + 1, " \t", &rest); word != NULL;
	     word = strtok_r(NULL, " \t", &rest)) {
		struct cap_pattern *pattern = &rules->patterns[rules->pattern_count];

		if (rules->pattern_count == CAP_PATTERNS || strlen(word) >= sizeof pattern->text)
			return -1;
		rules->pattern_count++;
		pattern->class = (uint32_t) class;
		memcpy(pattern->text, word, strlen(word) + 1);
	}
	return 0;
}

static int32_t
read_classes(struct mt_call *call, struct cap_rules *rules)
{
	char text[4000], whole[200];
	int there;

	snprintf(rules->classes[0], CAP_NAME, "normal");
	rules->class_count = 1;
	for (size_t i = 0; (there = element(call, "classes", i, text, sizeof text)) != 0; i++) {
		snprintf(whole, sizeof whole, "%.190s", text);
		if (there < 0 || read_class(rules, text) != 0)
			return complain(call,
			    "classes: expected \"NAME: CAMPAIGN ...\" with at most %d names, each "
			    "once and "
			    "none of them normal, got \"%s\"",
			    CAP_CLASSES - 1, whole);
	}
	return MT_OK;
}

uint32_t
cap_rules_class(const struct cap_rules *rules, struct mt_str campaign)
{
	for (size_t i = 0; i < rules->pattern_count; i++) {
		const struct cap_pattern *pattern = &rules->patterns[i];
		size_t n = strlen(pattern->text);
		int open = n > 0 && pattern->text[n - 1] == '*';

		n -= open ? 1 : 0;
		if ((open ? campaign.n >= n : campaign.n == n) &&
		    memcmp(campaign.p, pattern->text, n) == 0)
			return pattern->class;
	}
	return 0;
}

/* Bits of the classes that the words name; -1: there is no such class. */
static int
read_names(const struct cap_rules *rules, char *words, uint32_t *classes_r)
{
	char *rest = NULL;

	*classes_r = 0;
	for (const char *word = strtok_r(words, " \t", &rest); word != NULL;
	     word = strtok_r(NULL, " \t", &rest)) {
		int class = class_of(rules, word);

		if (class < 0)
			return -1;
		*classes_r |= 1u << class;
	}
	return *classes_r == 0 ? -1 : 0;
}

static int32_t
read_waits(struct mt_call *call, struct cap_rules *rules)
{
	char text[CAP_NAME], whole[CAP_NAME];
	uint32_t classes;
	int there;

	for (size_t i = 0; (there = element(call, "waits", i, text, sizeof text)) != 0; i++) {
		memcpy(whole, text, sizeof whole);
		if (there < 0 || read_names(rules, text, &classes) != 0)
			return complain(call,
			    "waits: expected normal or a name of `classes`, got \"%s\"", whole);
		rules->waits |= classes;
	}
	rules->patience = call->host->param_int(call, "patience");
	return MT_OK;
}

/* --- limits --- */

static int
read_window(const char *text, int64_t *window_r)
{
	static const struct {
		char unit;
		int64_t ms;
	} units[] = {{'s', 1000}, {'m', 60000}, {'h', 3600000}, {'d', 86400000}, {'w', 604800000}};
	char *end;
	long number = strtol(text, &end, 10);

	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		if (number > 0 && end[0] == units[i].unit && end[1] == '\0' &&
		    number <= WINDOW_MAX / units[i].ms) {
			*window_r = number * units[i].ms;
			return 0;
		}
	}
	return -1;
}

/* "3 in 7d", "3 in 7d for low normal" */
static int
read_limit(struct cap_rules *rules, const char *text)
{
	struct cap_limit *limit = &rules->limits[rules->limit_count];
	char window[24], names[100] = "";
	int most, used = 0;

	if (rules->limit_count == CAP_LIMITS || strlen(text) >= sizeof limit->text ||
	    sscanf(text, "%3d in %20s%n", &most, window, &used) != 2 || most < 1 ||
	    most > CAP_MOST || read_window(window, &limit->window) != 0)
		return -1;
	limit->classes = UINT32_MAX;
	if (text[used] != '\0') {
		if (strncmp(text + used, " for ", 5) != 0)
			return -1;
		snprintf(names, sizeof names, "%s", text + used + 5);
		if (read_names(rules, names, &limit->classes) != 0)
			return -1;
	}
	limit->most = most;
	memcpy(limit->text, text, strlen(text) + 1);
	if (limit->window > rules->longest)
		rules->longest = limit->window;
	rules->limit_count++;
	return 0;
}

static int32_t
read_limits(struct mt_call *call, struct cap_rules *rules)
{
	char text[100];
	int there;

	for (size_t i = 0; (there = element(call, "limits", i, text, sizeof text)) != 0; i++) {
		if (there < 0 || read_limit(rules, text) != 0)
			return complain(call,
			    "limits: expected \"NUMBER in TIME\" or \"NUMBER in TIME for CLASS "
			    "...\", "
			    "with 1 to %d in at most 60 days, as in \"3 in 7d\", got \"%s\"",
			    CAP_MOST, text);
	}
	return MT_OK;
}

/* --- quiet times --- */

static int
day_of(const char *text)
{
	static const char names[] = "MonTueWedThuFriSatSun";

	for (int day = 1; day <= 7; day++) {
		if (strncmp(text, names + 3 * (day - 1), 3) == 0)
			return day;
	}
	return 0;
}

/* "Mon-Fri", "Sat,Sun", "Fri-Mon" */
static int
read_days(const char *text, uint32_t *days_r)
{
	*days_r = 0;
	for (;;) {
		int day = day_of(text), last = day;

		if (day != 0 && text[3] == '-') {
			last = day_of(text + 4);
			text += 4;
		}
		if (day == 0 || last == 0)
			return -1;
		for (; day != last; day = day % 7 + 1)
			*days_r |= 1u << day;
		*days_r |= 1u << last;
		text += 3;
		if (*text == '\0')
			return 0;
		if (*text++ != ',')
			return -1;
	}
}

/* "21:00-08:00", "Sat,Sun 00:00-24:00" */
static int
read_quiet(struct cap_rules *rules, const char *text)
{
	struct cap_quiet *quiet = &rules->quiet[rules->quiet_count];
	const char *space = strchr(text, ' '), *times = space == NULL ? text : space + 1;
	int from_hour, from_minute, hour, minute, used = 0;
	char days[40];

	if (rules->quiet_count == CAP_QUIET ||
	    (space != NULL && (size_t)(space - text) >= sizeof days))
		return -1;
	quiet->days = 0xfe;
	if (space != NULL) {
		snprintf(days, sizeof days, "%.*s", (int)(space - text), text);
		if (read_days(days, &quiet->days) != 0)
			return -1;
	}
	if (strspn(times, "0123456789:-") != strlen(times) ||
	    sscanf(times, "%2d:%2d-%2d:%2d%n", &from_hour, &from_minute, &hour, &minute, &used) !=
		4 ||
	    times[used] != '\0' || from_hour < 0 || from_hour > 23 || from_minute < 0 ||
	    from_minute > 59 || hour < 0 || minute < 0 || minute > 59 ||
	    hour * 60 + minute > 1440 || from_hour * 60 + from_minute == hour * 60 + minute)
		return -1;
	quiet->from = from_hour * 60 + from_minute;
	quiet->until = hour * 60 + minute;
	if (quiet->until < quiet->from)
		quiet->until += 1440;
	rules->quiet_count++;
	return 0;
}

/* "2026-12-24", "12-25" */
static int
read_holiday(struct cap_rules *rules, const char *text)
{
	static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	struct cap_holiday *holiday = &rules->holidays[rules->holiday_count];
	int year = 0, month, day, used = 0;

	if (rules->holiday_count == CAP_HOLIDAYS || strspn(text, "0123456789-") != strlen(text))
		return -1;
	if (strlen(text) == 10 && sscanf(text, "%4d-%2d-%2d%n", &year, &month, &day, &used) != 3)
		return -1;
	if (strlen(text) == 5 && sscanf(text, "%2d-%2d%n", &month, &day, &used) != 2)
		return -1;
	if (used == 0 || text[used] != '\0' || month < 1 || month > 12 || day < 1 ||
	    day > days[month - 1] || (strlen(text) == 10 && year < 1))
		return -1;
	*holiday = (struct cap_holiday){year, month, day};
	rules->holiday_count++;
	return 0;
}

/* Is there a minute of the week in which mail may leave? */
static int
some_time_is_left(const struct cap_rules *rules)
{
	static const int32_t day_long = 1440;
	char quiet[WEEK] = {0};

	for (size_t i = 0; i < rules->quiet_count; i++) {
		const struct cap_quiet *q = &rules->quiet[i];

		for (int day = 1; day <= 7; day++) {
			for (int32_t m = q->from; (q->days & (1u << day)) != 0 && m < q->until; m++)
				quiet[((day - 1) * day_long + m) % WEEK] = 1;
		}
	}
	return memchr(quiet, 0, sizeof quiet) != NULL;
}

static int32_t
read_times(struct mt_call *call, struct cap_rules *rules)
{
	char text[100];
	int there;

	for (size_t i = 0; (there = element(call, "quiet", i, text, sizeof text)) != 0; i++) {
		if (there < 0 || read_quiet(rules, text) != 0)
			return complain(call,
			    "quiet: expected \"HH:MM-HH:MM\" or \"DAYS HH:MM-HH:MM\", as in "
			    "\"Mon-Fri 21:00-08:00\" or \"Sat,Sun 00:00-24:00\", got \"%s\"",
			    text);
	}
	if (!some_time_is_left(rules))
		return complain(
		    call, "quiet: expected some time of the week in which mail may leave");
	for (size_t i = 0; (there = element(call, "holidays", i, text, sizeof text)) != 0; i++) {
		if (there < 0 || read_holiday(rules, text) != 0)
			return complain(call,
			    "holidays: expected YYYY-MM-DD, or MM-DD for each year, got \"%s\"",
			    text);
	}
	return MT_OK;
}

static int32_t
read_zone(struct mt_call *call, struct cap_rules *rules)
{
	struct mt_str zone = call->host->param_text(call, "time_zone");
	struct mt_local local = {.size = sizeof local};

	if (zone.n >= sizeof rules->zone || call->host->local(call, 0, zone, &local) != MT_OK)
		return complain(call, "time_zone: expected a name like Europe/Berlin, got \"%.*s\"",
		    (int)(zone.n < 100 ? zone.n : 100), zone.p == NULL ? "" : zone.p);
	snprintf(
	    rules->zone, sizeof rules->zone, "%.*s", (int)zone.n, zone.p == NULL ? "" : zone.p);
	return MT_OK;
}

int32_t
cap_rules_read(struct mt_call *call, struct cap_rules *rules)
{
	memset(rules, 0, sizeof *rules);
	if (read_classes(call, rules) != MT_OK || read_waits(call, rules) != MT_OK ||
	    read_limits(call, rules) != MT_OK || read_times(call, rules) != MT_OK)
		return MT_FAILED;
	return read_zone(call, rules);
}
