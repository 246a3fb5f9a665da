/* SPDX-License-Identifier: BSD-2-Clause
 *
 * report_count: see report_count.h; this file: events
 *
 * Threads: one.
 */
#include "ctl/report_count.h"

#include "store/fate.h"

#include <stdio.h>
#include <string.h>

#define HOUR_MS	    ((int64_t)3600 * 1000)
#define MARK_LENGTH 8 /* digits of a message key that tokens have room for */

static void
bounce_free(gpointer data)
{
	struct bounce *bounce = data;

	g_free(bounce->reason);
	g_free(bounce);
}

static void
take_bounce(struct report *report, const struct store_report_event *event)
{
	char *copy = g_strndup(event->source_id.p, REPORT_FATE_LENGTH);
	const struct bounce *known = g_hash_table_lookup(report->bounces, copy);
	struct bounce *bounce;

	if (known != NULL && known->time_ms > event->time_ms) {
		g_free(copy);
		return;
	}
	bounce = g_new0(struct bounce, 1);
	bounce->time_ms = event->time_ms;
	bounce->hard = event->source_id.p[REPORT_FATE_LENGTH] == STORE_FATE_DEAD;
	bounce->reason = g_strndup(event->reason.p, event->reason.n);
	g_hash_table_replace(report->bounces, copy, bounce);
}

/* --- people --- */

void
report_key(char key[REPORT_KEY_SIZE], struct str message, int64_t contact)
{
	snprintf(key, REPORT_KEY_SIZE, "%.*s:%lld",
	    (int)(message.n < MARK_LENGTH ? message.n : MARK_LENGTH), message.p,
	    (long long)contact);
}

/* Somebody who was erased is still known by the token, of which the event's id is made. */
static void
event_key(char key[REPORT_KEY_SIZE], const struct store_report_event *event)
{
	const char *end;
	size_t n = event->source_id.n;

	if (event->contact != 0 || n == 0) {
		report_key(key, event->message, event->contact);
		return;
	}
	end = memchr(event->source_id.p, ':', n);
	n = end == NULL ? n : (size_t)(end - event->source_id.p);
	snprintf(key, REPORT_KEY_SIZE, "%.*s", (int)(n < REPORT_KEY_SIZE ? n : REPORT_KEY_SIZE - 1),
	    event->source_id.p);
}

/* True if it is new. */
static bool
add_key(GHashTable *set, const char *prefix, const char *key)
{
	return g_hash_table_add(set, g_strconcat(prefix, key, NULL));
}

struct report_measures
report_measures_of(enum store_event_kind kind, bool machine)
{
	switch (kind) {
	case STORE_EVENT_OPENED:
		return machine
		    ? (struct report_measures){SUMS_machine_opened, SUMS_machine_opens, true}
		    : (struct report_measures){SUMS_opened, SUMS_opens, true};
	case STORE_EVENT_CLICKED:
		return machine
		    ? (struct report_measures){SUMS_machine_clicked, SUMS_machine_clicks, true}
		    : (struct report_measures){SUMS_clicked, SUMS_clicks, true};
	case STORE_EVENT_UNSUBSCRIBED:
		return (struct report_measures){SUMS_unsubscribed, SUMS_unsubscribed, false};
	case STORE_EVENT_COMPLAINED:
		return (struct report_measures){SUMS_complained, SUMS_complained, false};
	default:
		return (struct report_measures){SUMS_COUNT, SUMS_COUNT, false};
	}
}

struct str
report_hour(int64_t ms, char text[CLOCK_TEXT_SIZE])
{
	clock_iso(ms - ms % HOUR_MS, text);
	return (struct str){text, sizeof "2026-01-31T08:00" - 1};
}

static void
take_link(struct report *report, const struct store_report_event *event, const char *key,
    struct report_measures measures, GHashTable *who)
{
	char name[REPORT_KEY_SIZE], prefix[REPORT_KEY_SIZE];

	if (event->link == 0)
		return;
	snprintf(name, sizeof name, "%lld", (long long)event->link);
	snprintf(prefix, sizeof prefix, "%lld/", (long long)event->link);
	sums_add(report->sums, SUMS_LINKS, str_c(name), measures.all);
	if (add_key(who, prefix, key))
		sums_add(report->sums, SUMS_LINKS, str_c(name), measures.once);
}

static void
take_first(struct report *report, const struct store_report_event *event, enum sums_measure measure)
{
	sums_add(report->sums, SUMS_TOTAL, STR(""), measure);
	if (event->kind == STORE_EVENT_COMPLAINED)
		sums_add(report->sums, SUMS_SENDERS, event->sender_domain, measure);
}

void
report_take_event(const struct store_report_event *event, void *closure)
{
	struct report *report = closure;
	struct report_measures measures = report_measures_of(event->kind, event->machine);
	char key[REPORT_KEY_SIZE], hour[CLOCK_TEXT_SIZE];
	GHashTable *who;

	if (report->from.n > 0 && !str_eq(report->from, event->sender_domain))
		return;
	if (event->kind == STORE_EVENT_BOUNCED && event->source_id.n > REPORT_FATE_LENGTH)
		take_bounce(report, event);
	if (measures.once == SUMS_COUNT)
		return;
	who = report->did[event->kind][event->machine];
	event_key(key, event);
	if (add_key(who, "", key))
		take_first(report, event, measures.once);
	if (measures.counted)
		sums_add(report->sums, SUMS_TOTAL, STR(""), measures.all);
	sums_add(report->sums, SUMS_HOURS, report_hour(event->time_ms, hour), measures.all);
	if (event->kind == STORE_EVENT_CLICKED)
		take_link(report, event, key, measures, who);
}

/* --- the report --- */

void
report_init(struct report *report)
{
	report->sums = sums_new();
	sums_add_n(report->sums, SUMS_TOTAL, STR(""), SUMS_recipients, 0);
	report->bounces = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, bounce_free);
	for (int i = 0; i <= STORE_EVENT_UNSUBSCRIBED; i++) {
		for (int k = 0; k < 2; k++)
			report->did[i][k] =
			    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	}
}

void
report_fini(struct report *report)
{
	sums_free(&report->sums);
	g_hash_table_destroy(report->bounces);
	for (int i = 0; i <= STORE_EVENT_UNSUBSCRIBED; i++) {
		for (int k = 0; k < 2; k++)
			g_hash_table_destroy(report->did[i][k]);
	}
}
