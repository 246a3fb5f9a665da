/* SPDX-License-Identifier: BSD-2-Clause
 *
 * visits: see visits.h
 *
 * A message's place in the table is one of a few that its digest names; what it holds is the
 * last clicks, a ring. Memory that no click has touched yet is not there.
 */
#include "web/visits.h"

#include <stdlib.h>

/* Times WAYS messages: a scanner's burst is over before so many others clicked. */
#define SETS   8192
#define WAYS   4
#define CLICKS 6 /* that are remembered of a message; more than any rule asks for */
/* A scanner's later clicks from the same place; what the store judges again goes as far back. */
#define HIDDEN_MS ((int64_t)7 * 24 * 60 * 60 * 1000)

/* So many different links within so many times burst_ms (in sixths) are a burst. People open
 * links in tabs behind the mail, one a second if they hurry; two within a third of a second they
 * can't. Shortly after sending, when scanners come, and people rarely do, less is enough. */
static const struct rule {
	unsigned links;
	unsigned sixths;
	int64_t age_ms; /* only so shortly after sending; 0: always */
} rules[] = {{2, 1, 0}, {3, 6, 0}, {5, 12, 0}, {4, 30, 60000}};

struct click {
	uint64_t link;
	int64_t time_ms;
};

struct entry {
	uint64_t name; /* digest of contact, campaign, message; 0: free */
	int64_t last_ms;
	int64_t hidden_ms; /* when the hidden link was opened; 0: it was not */
	uint64_t hidden_client;
	unsigned next; /* where the next click goes */
	struct click clicks[CLICKS];
};

struct web_visits {
	int64_t soon_ms, burst_ms;
	struct entry sets[SETS][WAYS];
};

struct web_visits *
web_visits_new(int64_t soon_ms, int64_t burst_ms)
{
	struct web_visits *visits = calloc(1, sizeof *visits);

	if (visits == NULL)
		abort();
	visits->soon_ms = soon_ms;
	visits->burst_ms = burst_ms;
	return visits;
}

void
web_visits_free(struct web_visits **visits)
{
	free(*visits);
	*visits = NULL;
}

/* The finaliser of a 64-bit hash: each bit of the number changes half of the result. */
static uint64_t
mix(uint64_t n)
{
	n = (n ^ n >> 32) * UINT64_C(0x9e3779b97f4a7c15);
	n = (n ^ n >> 29) * UINT64_C(0xbf58476d1ce4e5b9);
	return n ^ n >> 32;
}

static uint64_t
name_of(const struct web_visit *visit)
{
	uint64_t name = mix(mix((uint64_t)visit->contact) + (uint64_t)visit->campaign);

	name = mix(name + visit->message);
	return name == 0 ? 1 : name;
}

/* The message's entry; if it has none, that of the one that was quiet for the longest time. */
static struct entry *
find(struct web_visits *visits, const struct web_visit *visit)
{
	uint64_t name = name_of(visit);
	struct entry *set = visits->sets[name % SETS], *oldest = set;

	for (struct entry *entry = set; entry < set + WAYS; entry++) {
		if (entry->name == name)
			return entry;
		if (entry->last_ms < oldest->last_ms)
			oldest = entry;
	}
	*oldest = (struct entry){.name = name};
	return oldest;
}

static void
remember(struct entry *entry, const struct web_visit *visit)
{
	entry->last_ms = visit->now_ms;
	if (visit->kind != WEB_VISIT_CLICK)
		return;
	entry->clicks[entry->next] = (struct click){visit->link, visit->now_ms};
	entry->next = (entry->next + 1) % CLICKS;
}

/* The i-th click from the newest; time 0: there is none. */
static const struct click *
click_at(const struct entry *entry, unsigned i)
{
	return &entry->clicks[(entry->next + CLICKS - 1 - i) % CLICKS];
}

static bool
seen_later(const struct entry *entry, unsigned i)
{
	for (unsigned j = 0; j < i; j++) {
		if (click_at(entry, j)->link == click_at(entry, i)->link)
			return true;
	}
	return false;
}

/* How long it took to click this many different links, the newest included; -1: there are not so
 * many. */
static int64_t
span_of(const struct entry *entry, unsigned links)
{
	int64_t newest_ms = click_at(entry, 0)->time_ms;
	unsigned different = 0;

	for (unsigned i = 0; i < CLICKS && click_at(entry, i)->time_ms != 0; i++) {
		different += !seen_later(entry, i);
		if (different == links)
			return newest_ms - click_at(entry, i)->time_ms;
	}
	return -1;
}

static struct web_visit_verdict
judge_burst(
    const struct web_visits *visits, const struct entry *entry, const struct web_visit *visit)
{
	struct web_visit_verdict verdict = {NULL, 0, false};

	for (unsigned i = 0; i < sizeof rules / sizeof rules[0]; i++) {
		int64_t span_ms = span_of(entry, rules[i].links);

		if (span_ms < 0 || span_ms * 6 > visits->burst_ms * rules[i].sixths ||
		    (rules[i].age_ms != 0 && visit->now_ms - visit->sent_ms > rules[i].age_ms))
			continue;
		verdict.reason = WEB_REASON_BURST;
		if (span_ms + 1 > verdict.back_ms)
			verdict.back_ms = span_ms + 1;
	}
	return verdict;
}

static struct web_visit_verdict
judge_hidden(struct entry *entry, const struct web_visit *visit)
{
	entry->hidden_ms = visit->now_ms;
	entry->hidden_client = visit->client;
	return (struct web_visit_verdict){WEB_REASON_HIDDEN, HIDDEN_MS, true};
}

static bool
came_hidden(const struct entry *entry, const struct web_visit *visit)
{
	return entry->hidden_ms != 0 && entry->hidden_client == visit->client &&
	    visit->now_ms - entry->hidden_ms <= HIDDEN_MS;
}

struct web_visit_verdict
web_visits_judge(struct web_visits *visits, const struct web_visit *visit)
{
	struct web_visit_verdict verdict = {NULL, 0, false};
	struct entry *entry;

	if (visit->contact == 0) {
		if (visit->kind == WEB_VISIT_HIDDEN)
			verdict.reason = WEB_REASON_HIDDEN;
	} else {
		entry = find(visits, visit);
		remember(entry, visit);
		if (visit->kind == WEB_VISIT_HIDDEN)
			verdict = judge_hidden(entry, visit);
		else if (came_hidden(entry, visit))
			verdict.reason = WEB_REASON_HIDDEN;
		else if (visit->kind == WEB_VISIT_CLICK && visits->burst_ms != 0)
			verdict = judge_burst(visits, entry, visit);
	}
	/* A token knows whole seconds, rounded down. */
	if (verdict.reason == NULL && visit->now_ms - visit->sent_ms < visits->soon_ms)
		verdict.reason = WEB_REASON_SOON;
	return verdict;
}
