/* SPDX-License-Identifier: BSD-2-Clause
 *
 * report_copies: delivery, campaign: what became of copies, and what people did with them
 *
 * mailtailor(8) defines each number. Events are read first: of who opened, clicked and so on
 * a set is kept, so that each copy of the journal, which comes after, can be counted for its
 * provider. Memory grows with how many people did something, not with the copies.
 *
 * Threads: one.
 */
#include "ctl/report.h"

#include "base/clock.h"
#include "ctl/provider.h"
#include "ctl/tally.h"
#include "store/fate.h"
#include "store/journal.h"
#include "store/link.h"
#include "store/report.h"

#include <glib.h>
#include <stdlib.h>
#include <sysexits.h>

#define KEY_SIZE    64
#define LINK_MEMORY ((size_t)1 << 20)
#define HOUR_MS	    ((int64_t)3600 * 1000)
#define MARK_LENGTH 8 /* digits of a message key that tokens have room for */
#define FATE_LENGTH 32

#define OUTCOMES                                                                             \
	(TALLY_BIT(sent) | TALLY_BIT(delivered) | TALLY_BIT(deferred) | TALLY_BIT(bounced) | \
	    TALLY_BIT(hard) | TALLY_BIT(deleted) | TALLY_BIT(unknown))
#define PEOPLE \
	(TALLY_BIT(opened) | TALLY_BIT(clicked) | TALLY_BIT(unsubscribed) | TALLY_BIT(complained))
#define VERDICTS \
	(TALLY_BIT(recipients) | TALLY_BIT(suppressed) | TALLY_BIT(waiting) | TALLY_BIT(failed))
#define REASONS (TALLY_BIT(deferred) | TALLY_BIT(bounced) | TALLY_BIT(hard))

struct report {
	struct tally *tally;
	int64_t since_ms;
	GHashTable *did[STORE_EVENT_UNSUBSCRIBED + 1][2]; /* by kind and machine: who */
	GHashTable *bounces; /* copy (as store_fate_id says) -> struct bounce */
};

/* The last one that was told of, by the log or by a report that came back. */
struct bounce {
	int64_t time_ms;
	bool hard;
	char *reason;
};

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
	char *copy = g_strndup(event->source_id.p, FATE_LENGTH);
	const struct bounce *known = g_hash_table_lookup(report->bounces, copy);
	struct bounce *bounce;

	if (known != NULL && known->time_ms > event->time_ms) {
		g_free(copy);
		return;
	}
	bounce = g_new0(struct bounce, 1);
	bounce->time_ms = event->time_ms;
	bounce->hard = event->source_id.p[FATE_LENGTH] == STORE_FATE_DEAD;
	bounce->reason = g_strndup(event->reason.p, event->reason.n);
	g_hash_table_replace(report->bounces, copy, bounce);
}

/* --- people --- */

static void
format_key(char key[KEY_SIZE], struct str message, int64_t contact)
{
	snprintf(key, KEY_SIZE, "%.*s:%lld",
	    (int)(message.n < MARK_LENGTH ? message.n : MARK_LENGTH), message.p,
	    (long long)contact);
}

/* Somebody who was erased is still known by the token, of which the event's id is made. */
static void
event_key(char key[KEY_SIZE], const struct store_report_event *event)
{
	const char *end;
	size_t n = event->source_id.n;

	if (event->contact != 0 || n == 0) {
		format_key(key, event->message, event->contact);
		return;
	}
	end = memchr(event->source_id.p, ':', n);
	n = end == NULL ? n : (size_t)(end - event->source_id.p);
	snprintf(key, KEY_SIZE, "%.*s", (int)(n < KEY_SIZE ? n : KEY_SIZE - 1), event->source_id.p);
}

/* True if it is new. */
static bool
add_key(GHashTable *set, const char *prefix, const char *key)
{
	return g_hash_table_add(set, g_strconcat(prefix, key, NULL));
}

struct measures {
	enum tally_measure once, all;
	bool counted; /* each time, too */
};

static struct measures
measures_of(enum store_event_kind kind, bool machine)
{
	switch (kind) {
	case STORE_EVENT_OPENED:
		return machine ? (struct measures){TALLY_machine_opened, TALLY_machine_opens, true}
			       : (struct measures){TALLY_opened, TALLY_opens, true};
	case STORE_EVENT_CLICKED:
		return machine
		    ? (struct measures){TALLY_machine_clicked, TALLY_machine_clicks, true}
		    : (struct measures){TALLY_clicked, TALLY_clicks, true};
	case STORE_EVENT_UNSUBSCRIBED:
		return (struct measures){TALLY_unsubscribed, TALLY_unsubscribed, false};
	case STORE_EVENT_COMPLAINED:
		return (struct measures){TALLY_complained, TALLY_complained, false};
	default:
		return (struct measures){TALLY_COUNT, TALLY_COUNT, false};
	}
}

static struct str
hour_of(int64_t ms, char text[CLOCK_TEXT_SIZE])
{
	clock_iso(ms - ms % HOUR_MS, text);
	return (struct str){text, sizeof "2026-01-31T08:00" - 1};
}

static void
take_link(struct report *report, const struct store_report_event *event, const char *key,
    struct measures measures, GHashTable *who)
{
	char name[KEY_SIZE], prefix[KEY_SIZE];

	if (event->link == 0)
		return;
	snprintf(name, sizeof name, "%lld", (long long)event->link);
	snprintf(prefix, sizeof prefix, "%lld/", (long long)event->link);
	tally_add(report->tally, TALLY_LINKS, str_c(name), measures.all);
	if (add_key(who, prefix, key))
		tally_add(report->tally, TALLY_LINKS, str_c(name), measures.once);
}

static void
take_event(const struct store_report_event *event, void *closure)
{
	struct report *report = closure;
	struct measures measures = measures_of(event->kind, event->machine);
	char key[KEY_SIZE], hour[CLOCK_TEXT_SIZE];
	GHashTable *who;

	if (event->kind == STORE_EVENT_BOUNCED && event->source_id.n > FATE_LENGTH)
		take_bounce(report, event);
	if (measures.once == TALLY_COUNT)
		return;
	who = report->did[event->kind][event->machine];
	event_key(key, event);
	if (add_key(who, "", key))
		tally_add(report->tally, TALLY_TOTAL, STR(""), measures.once);
	if (measures.counted)
		tally_add(report->tally, TALLY_TOTAL, STR(""), measures.all);
	tally_add(report->tally, TALLY_HOURS, hour_of(event->time_ms, hour), measures.all);
	if (event->kind == STORE_EVENT_CLICKED)
		take_link(report, event, key, measures, who);
}

/* --- copies --- */

/* A report that comes back comes from behind the server that took the copy, so it has the last word,
 * unless the relay delivered it later. */
static const struct bounce *
find_bounce(const struct report *report, const struct store_journal_row *row)
{
	const struct store_delivery *last = &row->delivery;
	const struct bounce *bounce;
	char id[STORE_FATE_ID_SIZE];

	if (g_hash_table_size(report->bounces) == 0 || last->outcome == STORE_OUTCOME_BOUNCED ||
	    !store_fate_id(row->message, row->recipient, STORE_FATE_DEAD, id))
		return NULL;
	id[FATE_LENGTH] = '\0';
	bounce = g_hash_table_lookup(report->bounces, id);
	return bounce != NULL && last->outcome == STORE_OUTCOME_DELIVERED &&
		last->time_ms > bounce->time_ms
	    ? NULL
	    : bounce;
}

static enum tally_measure
measure_of(enum store_outcome outcome)
{
	switch (outcome) {
	case STORE_OUTCOME_DELIVERED:
		return TALLY_delivered;
	case STORE_OUTCOME_DEFERRED:
		return TALLY_deferred;
	case STORE_OUTCOME_BOUNCED:
		return TALLY_bounced;
	case STORE_OUTCOME_DELETED:
		return TALLY_deleted;
	case STORE_OUTCOME_NONE:
	case STORE_OUTCOME_PASSED:
		break;
	}
	return TALLY_unknown;
}

static void
add_both(struct report *report, const char *provider, enum tally_measure measure)
{
	tally_add(report->tally, TALLY_TOTAL, STR(""), measure);
	tally_add(report->tally, TALLY_PROVIDERS, str_c(provider), measure);
}

/* Those who did something with this copy, for its provider. */
static void
add_people(struct report *report, const struct store_journal_row *row, const char *provider)
{
	static const enum store_event_kind kinds[] = {STORE_EVENT_OPENED, STORE_EVENT_CLICKED,
	    STORE_EVENT_UNSUBSCRIBED, STORE_EVENT_COMPLAINED};
	char key[KEY_SIZE];

	if (row->contact_id == 0)
		return;
	format_key(key, row->message, row->contact_id);
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (g_hash_table_contains(report->did[kinds[i]][false], key))
			tally_add(report->tally, TALLY_PROVIDERS, str_c(provider),
			    measures_of(kinds[i], false).once);
	}
}

struct end {
	enum tally_measure measure;
	struct str reason;
	bool hard;
	int64_t time_ms;
};

static struct end
end_of(const struct report *report, const struct store_journal_row *row)
{
	const struct store_delivery *last = &row->delivery;
	const struct bounce *bounce = find_bounce(report, row);

	if (bounce != NULL)
		return (struct end){
		    TALLY_bounced, str_c(bounce->reason), bounce->hard, bounce->time_ms};
	return (struct end){measure_of(last->outcome), last->reason, last->hard, last->time_ms};
}

static void
take_reason(struct report *report, const struct end *end)
{
	struct str reason = end->reason.n > 0 ? end->reason : STR("other");

	tally_add(report->tally, TALLY_REASONS, reason, end->measure);
	if (end->hard)
		tally_add(report->tally, TALLY_REASONS, reason, TALLY_hard);
}

static void
take_sent(struct report *report, const struct store_journal_row *row)
{
	const struct end end = end_of(report, row);
	bool bounced = end.measure == TALLY_bounced;
	char provider[CTL_PROVIDER_SIZE], hour[CLOCK_TEXT_SIZE];

	ctl_provider_of(row->delivery.relay, row->recipient, provider);
	add_both(report, provider, TALLY_sent);
	add_both(report, provider, end.measure);
	if (bounced && end.hard)
		add_both(report, provider, TALLY_hard);
	tally_add_n(report->tally, TALLY_TOTAL, STR(""), TALLY_attempts, row->delivery.attempts);
	tally_add(report->tally, TALLY_HOURS, hour_of(row->time_ms, hour), TALLY_sent);
	if (bounced || end.measure == TALLY_delivered)
		tally_add(report->tally, TALLY_HOURS, hour_of(end.time_ms, hour), end.measure);
	if (bounced || end.measure == TALLY_deferred)
		take_reason(report, &end);
	add_people(report, row, provider);
}

static bool
take_row(const struct store_journal_row *row, void *closure)
{
	static const enum tally_measure measures[] = {
	    [STORE_SENT] = TALLY_sent,
	    [STORE_SUPPRESSED] = TALLY_suppressed,
	    [STORE_DEFERRED] = TALLY_waiting,
	    [STORE_FAILED] = TALLY_failed,
	};
	struct report *report = closure;

	tally_add(report->tally, TALLY_TOTAL, STR(""), TALLY_recipients);
	if (row->verdict == STORE_SENT)
		take_sent(report, row);
	else
		tally_add(report->tally, TALLY_TOTAL, STR(""), measures[row->verdict]);
	return true;
}

/* --- the whole --- */

static void
report_init(struct report *report)
{
	report->tally = tally_new();
	tally_add_n(report->tally, TALLY_TOTAL, STR(""), TALLY_recipients, 0);
	report->bounces = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, bounce_free);
	for (int i = 0; i <= STORE_EVENT_UNSUBSCRIBED; i++) {
		for (int k = 0; k < 2; k++)
			report->did[i][k] =
			    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	}
}

static void
report_fini(struct report *report)
{
	tally_free(&report->tally);
	g_hash_table_destroy(report->bounces);
	for (int i = 0; i <= STORE_EVENT_UNSUBSCRIBED; i++) {
		for (int k = 0; k < 2; k++)
			g_hash_table_destroy(report->did[i][k]);
	}
}

static bool
describe_link(const struct store_link *link, void *closure)
{
	struct report *report = closure;
	char name[KEY_SIZE];

	/* Links that nobody clicked belong to the map, too. */
	snprintf(name, sizeof name, "%lld", (long long)link->id);
	tally_describe(report->tally, TALLY_LINKS, str_c(name), link->address);
	return true;
}

static int
read_campaign(struct ctl *ctl, struct report *report, const char *name, struct err *err)
{
	const struct store_journal_filter filter = {
	    .campaign = str_c(name), .since_ms = report->since_ms};
	int64_t id = 0;
	int rc = store_report_campaign(ctl->store, str_c(name), &id, err);

	if (rc == 1 &&
	    (store_report_events(ctl->store, id, report->since_ms, take_event, report, err) != 0 ||
		store_link_each(ctl->store, id, describe_link, report, err) != 0))
		return -1;
	return rc < 0 ? -1 : store_journal_each(ctl->store, &filter, take_row, report, err);
}

struct options {
	enum tally_form form;
	int64_t since_ms;
};

/* 0, or the exit status after an error message. */
static int
read_options(int argc, char **argv, struct options *options_r)
{
	static const struct option options[] = {{"since", required_argument, NULL, 's'},
	    {"json", no_argument, NULL, 'j'}, {"csv", no_argument, NULL, 'c'}, {NULL, 0, NULL, 0}};
	int option;

	*options_r = (struct options){TALLY_TEXT, 0};
	while ((option = ctl_option(argc, argv, options)) != -1) {
		switch (option) {
		case 's':
			if (clock_parse(optarg, &options_r->since_ms) == 0)
				break;
			ctl_error("--since %s: a time like 2026-01-31 or 30d was expected", optarg);
			return EX_USAGE;
		case 'j':
			options_r->form = TALLY_JSON;
			break;
		case 'c':
			options_r->form = TALLY_CSV;
			break;
		default:
			return ctl_usage("report");
		}
	}
	return 0;
}

int
ctl_report_campaign(struct ctl *ctl, int argc, char **argv)
{
	static const uint32_t measures[TALLY_SECTIONS] = {[TALLY_TOTAL] = VERDICTS | OUTCOMES |
		PEOPLE | TALLY_BIT(attempts) | TALLY_BIT(opens) | TALLY_BIT(machine_opened) |
		TALLY_BIT(machine_opens) | TALLY_BIT(clicks) | TALLY_BIT(machine_clicked) |
		TALLY_BIT(machine_clicks),
	    [TALLY_REASONS] = REASONS,
	    [TALLY_PROVIDERS] = OUTCOMES | PEOPLE,
	    [TALLY_HOURS] = TALLY_BIT(sent) | TALLY_BIT(delivered) | TALLY_BIT(bounced) |
		TALLY_BIT(opens) | TALLY_BIT(machine_opens) | TALLY_BIT(clicks) |
		TALLY_BIT(machine_clicks) | TALLY_BIT(unsubscribed) | TALLY_BIT(complained),
	    [TALLY_LINKS] = TALLY_BIT(clicked) | TALLY_BIT(clicks) | TALLY_BIT(machine_clicked) |
		TALLY_BIT(machine_clicks)};
	struct report report = {.tally = NULL};
	struct options options;
	struct err err = ERR_INIT;
	int status = read_options(argc, argv, &options);

	if (status != 0)
		return status;
	if (optind + 1 != argc)
		return ctl_usage("report");
	status = ctl_store(ctl, STORE_READ);
	if (status != 0)
		return status;
	report_init(&report);
	report.since_ms = options.since_ms;
	if (read_campaign(ctl, &report, argv[optind], &err) != 0)
		status = ctl_fail(&err);
	else
		tally_put(report.tally, "campaign", str_c(argv[optind]), measures, options.form);
	report_fini(&report);
	return status;
}

int
ctl_report_delivery(struct ctl *ctl, int argc, char **argv)
{
	static const uint32_t measures[TALLY_SECTIONS] = {
	    [TALLY_TOTAL] = VERDICTS | OUTCOMES | TALLY_BIT(attempts),
	    [TALLY_REASONS] = REASONS,
	    [TALLY_PROVIDERS] = OUTCOMES,
	    [TALLY_HOURS] = TALLY_BIT(sent) | TALLY_BIT(delivered) | TALLY_BIT(bounced)};
	struct store_journal_filter filter = {.since_ms = 0};
	struct report report = {.tally = NULL};
	struct options options;
	struct err err = ERR_INIT;
	char since[CLOCK_TEXT_SIZE];
	int status = read_options(argc, argv, &options);

	if (status != 0)
		return status;
	if (optind != argc)
		return ctl_usage("report");
	status = ctl_store(ctl, STORE_READ);
	if (status != 0)
		return status;
	report_init(&report);
	filter.since_ms = options.since_ms;
	if (store_journal_each(ctl->store, &filter, take_row, &report, &err) != 0)
		status = ctl_fail(&err);
	else
		tally_put(report.tally, "since", str_c(clock_iso(options.since_ms, since)),
		    measures, options.form);
	report_fini(&report);
	return status;
}
