/* SPDX-License-Identifier: BSD-2-Clause
 *
 * cap: a gate that keeps marketing mail to a contact within limits, and out of quiet hours
 *
 * A place is taken before the copy leaves, by kv_swap on one entry for each contact. It belongs
 * to the message: another attempt of the same one, in whichever process, finds its own place,
 * and counts from then on. So a place may be taken for a copy that never leaves, but no copy
 * leaves without one.
 *
 * Threads: any; the state is constant once it is started.
 */
#include "cap.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_MAX 255
/* The host wants less than 60 days. */
#define FARTHEST (59 * (int64_t)86400000)

struct copy {
	struct mt_contact contact;
	struct mt_message message;
	const struct cap_rules *rules;
	uint32_t class;
	uint64_t mark;
	int64_t now;
	char key[KEY_MAX + 1];
};

/* --- who, and what --- */

/* Addresses that are in no list count by themselves, whatever their case. */
static void
make_key(struct copy *copy)
{
	struct mt_str address = copy->contact.address;
	size_t n = 1;

	if (copy->contact.id != 0) {
		snprintf(copy->key, sizeof copy->key, "c%" PRId64, copy->contact.id);
		return;
	}
	copy->key[0] = 'a';
	for (size_t i = address.n > KEY_MAX - 1 ? address.n - (KEY_MAX - 1) : 0; i < address.n;
	     i++, n++) {
		char c = address.p[i];

		copy->key[n] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
	}
	copy->key[n] = '\0';
}

static int32_t
look(struct mt_call *call, struct copy *copy)
{
	const struct mt_host *mt = call->host;

	copy->contact.size = sizeof copy->contact;
	copy->message.size = sizeof copy->message;
	if (mt->contact(call, &copy->contact) != MT_OK ||
	    mt->message(call, &copy->message) != MT_OK)
		return MT_FAILED;
	copy->rules = call->state;
	copy->class = cap_rules_class(copy->rules, copy->message.campaign);
	copy->mark = cap_ledger_mark(copy->message.key);
	copy->now = mt->now(call);
	make_key(copy);
	return MT_OK;
}

/* The contact's zone, if there is such a one. */
static struct mt_str
zone_of(struct mt_call *call, const struct copy *copy)
{
	struct mt_local local = {.size = sizeof local};
	struct mt_str zone = copy->contact.time_zone;

	if (zone.n > 0 && call->host->local(call, copy->now, zone, &local) == MT_OK)
		return zone;
	return mt_str_c(copy->rules->zone);
}

/* --- what is said --- */

static struct mt_str
reason(struct mt_call *call, const char *what, int64_t time, struct mt_str zone)
{
	struct mt_local l = {.size = sizeof l};
	const size_t size = 200;
	char *text = call->host->memory(call, size);

	if (text == NULL || call->host->local(call, time, zone, &l) != MT_OK)
		return mt_str_c("cap");
	snprintf(text, size, "%.80s %04d-%02d-%02d %02d:%02d %.*s", what, l.year, l.month, l.day,
	    l.hour, l.minute, (int)(zone.n > 40 ? 40 : zone.n), zone.n == 0 ? "" : zone.p);
	return mt_str_c(text);
}

static int32_t
later(struct mt_call *call, struct mt_verdict *verdict, const char *counter, const char *what,
    int64_t when, struct mt_str zone)
{
	call->host->count(call, mt_str_c(counter), 1);
	/* Asked again then, it says so again. */
	if (when - call->host->now(call) > FARTHEST)
		when = call->host->now(call) + FARTHEST;
	verdict->action = MT_LATER;
	verdict->when = when;
	verdict->reason = reason(call, what, when, zone);
	return MT_OK;
}

/* --- the cap --- */

/* Waits for a place, as long as that makes sense; not for one in the middle of the night. */
static int32_t
full(struct mt_call *call, const struct copy *copy, const struct cap_limit *limit, int64_t when,
    struct mt_verdict *verdict)
{
	struct mt_str zone = zone_of(call, copy);
	int64_t since = copy->message.sent > 0 && copy->message.sent < copy->now
	    ? copy->message.sent
	    : copy->now;
	const size_t size = 120;
	char *text = call->host->memory(call, size);

	if (text == NULL)
		return MT_LIMIT;
	if (when <= copy->now)
		when = copy->now + 1000;
	when = cap_quiet_end(call, copy->rules, zone, when);
	if ((copy->rules->waits & (1u << copy->class)) != 0 &&
	    when - since <= copy->rules->patience) {
		snprintf(text, size, "%.60s is reached, until", limit->text);
		return later(call, verdict, "waiting", text, when, zone);
	}
	call->host->count(call, MT_STR("skipped"), 1);
	snprintf(text, size, "%s is reached", limit->text);
	verdict->action = MT_SKIP;
	verdict->reason = mt_str_c(text);
	return MT_OK;
}

/* The limit that has no place for the longest time; NULL: all have one. */
static const struct cap_limit *
find_full(const struct copy *copy, const struct cap_ledger *ledger, int64_t *when_r)
{
	const struct cap_limit *found = NULL;

	*when_r = copy->now;
	for (size_t i = 0; i < copy->rules->limit_count; i++) {
		const struct cap_limit *limit = &copy->rules->limits[i];
		int64_t when;

		if ((limit->classes & (1u << copy->class)) == 0)
			continue;
		when = cap_ledger_free(ledger, limit, copy->mark, copy->now);
		if (when > *when_r) {
			*when_r = when;
			found = limit;
		}
	}
	return found;
}

/* One try. MT_CHANGED: another process was faster. */
static int32_t
take_place(struct mt_call *call, const struct copy *copy, struct cap_ledger *ledger,
    struct mt_verdict *verdict)
{
	const struct mt_host *mt = call->host;
	struct mt_str key = mt_str_c(copy->key), before = {NULL, 0}, text;
	const struct cap_limit *limit;
	const struct mt_entry *entry;
	int64_t when;
	int32_t rc = mt->kv_get(call, key, &entry);

	if (rc < 0)
		return rc;
	if (rc == MT_OK)
		before = entry->value;
	cap_ledger_read(ledger, before, copy->now - copy->rules->longest);
	limit = find_full(copy, ledger, &when);
	if (limit != NULL)
		return full(call, copy, limit, when, verdict);
	cap_ledger_add(ledger, copy->mark, copy->now);
	text = cap_ledger_write(call, ledger);
	if (text.p == NULL)
		return MT_LIMIT;
	return mt->kv_swap(
	    call, key, before, text, ledger->at[ledger->count - 1].time + copy->rules->longest);
}

static int32_t
count(struct mt_call *call, const struct copy *copy, struct mt_verdict *verdict)
{
	struct cap_ledger *ledger = call->host->memory(call, sizeof *ledger);
	int32_t rc = ledger == NULL ? MT_LIMIT : MT_CHANGED;

	while (rc == MT_CHANGED && call->host->remaining(call) > 0)
		rc = take_place(call, copy, ledger, verdict);
	if (rc == MT_CHANGED)
		return call->host->fail(
		    call, MT_STR("others changed this contact's count again and again"));
	if (rc == MT_OK && verdict->action == MT_SEND)
		call->host->count(call, MT_STR("let_pass"), 1);
	return rc;
}

static int32_t
cap(struct mt_call *call, void *closure, struct mt_verdict *verdict)
{
	struct copy copy;
	struct mt_str zone;
	int64_t end;

	(void)closure;
	if (look(call, &copy) != MT_OK)
		return MT_FAILED;
	if (copy.message.kind == MT_TRANSACTIONAL)
		return MT_OK;
	zone = zone_of(call, &copy);
	end = cap_quiet_end(call, copy.rules, zone, copy.now);
	if (end > copy.now)
		return later(call, verdict, "quiet", "quiet until", end, zone);
	return copy.rules->limit_count == 0 ? MT_OK : count(call, &copy, verdict);
}

/* --- the plugin --- */

/* It has the same hooks whatever the parameters say: they are only looked at. */
static int32_t
extend(struct mt_call *call, struct mt_definition *definition)
{
	struct cap_rules *rules = call->host->memory(call, sizeof *rules);

	(void)definition;
	return rules == NULL ? MT_LIMIT : cap_rules_read(call, rules);
}

static int32_t
start(struct mt_call *call, void **state_r)
{
	struct cap_rules *rules = malloc(sizeof *rules);
	int32_t rc;

	if (rules == NULL)
		return MT_LIMIT;
	rc = cap_rules_read(call, rules);
	if (rc == MT_OK)
		*state_r = rules;
	else
		free(rules);
	return rc;
}

static void
stop(struct mt_call *call)
{
	free(call->state);
}

static const struct mt_gate gates[] = {
    {"cap",
	"Holds marketing mail that would be too much for its contact, or come too late in "
	"the day.",
	cap, NULL, 0, 0},
};

static const struct mt_parameter parameters[] = {
    {"limits", MT_LIST, 0, "", "",
	"How many marketing messages a contact may get in how long a time, over all campaigns "
	"that use this plugin: \"3 in 7d\". The time is a number and s, m, h, d or w, at most 60 "
	"days, and slides. All limits hold. \"2 in 7d for low\" holds only for campaigns of that "
	"class (several may follow), but counts messages of all."},
    {"classes", MT_LIST, 0, "", "",
	"Classes of campaigns, as in \"low: digest survey-*\": a name, a colon, and campaigns. "
	"A * at the end stands for any rest. The first class that fits is taken; campaigns that "
	"no class names are of the class normal."},
    {"waits", MT_LIST, 0, "", "",
	"Classes whose messages wait for a place when a limit is reached. Others are skipped: "
	"that contact does not get this message."},
    {"patience", MT_TIME, 0, "3d", "1s..60d",
	"A message waits for a place only if there is going to be one so long after its Date; "
	"else it is skipped at once."},
    {"quiet", MT_LIST, 0, "", "",
	"When no marketing mail leaves, by the contact's clock: \"21:00-08:00\", or with days "
	"\"Sat,Sun 00:00-24:00\", \"Mon-Fri 20:30-07:00\". A time over midnight belongs to the "
	"day on which it begins. Messages wait until it is over."},
    {"holidays", MT_LIST, 0, "", "",
	"Days on which no marketing mail leaves, by the contact's calendar: \"2027-03-26\", or "
	"\"12-25\" for each year."},
    {"time_zone", MT_TEXT, 0, "UTC", "",
	"The time zone of contacts without one, as in Europe/Berlin."},
};

const struct mt_definition *
mt_plugin(void)
{
	static struct mt_definition me = MT_PLUGIN(
	    "cap", "1.0", "Not too much marketing mail to one contact, and none in quiet hours");

	me.threads = MT_THREADS_ANY;
	me.extend = extend;
	me.start = start;
	me.stop = stop;
	MT_SET(me.parameters, parameters);
	MT_SET(me.gates, gates);
	return &me;
}
