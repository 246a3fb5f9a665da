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
#include "ctl/report_count.h"
#include "store/fate.h"
#include "store/journal.h"
#include "store/link.h"

#include <stdlib.h>
#include <sysexits.h>

#define DOMAIN_SIZE   256
#define DOMAIN_MEMORY ((size_t)16 << 10)

#define OUTCOMES                                                                         \
	(SUMS_BIT(sent) | SUMS_BIT(delivered) | SUMS_BIT(deferred) | SUMS_BIT(bounced) | \
	    SUMS_BIT(hard) | SUMS_BIT(deleted) | SUMS_BIT(unknown))
#define PEOPLE \
	(SUMS_BIT(opened) | SUMS_BIT(clicked) | SUMS_BIT(unsubscribed) | SUMS_BIT(complained))
#define VERDICTS \
	(SUMS_BIT(recipients) | SUMS_BIT(suppressed) | SUMS_BIT(waiting) | SUMS_BIT(failed))
#define REASONS (SUMS_BIT(deferred) | SUMS_BIT(bounced) | SUMS_BIT(hard))

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
	id[REPORT_FATE_LENGTH] = '\0';
	bounce = g_hash_table_lookup(report->bounces, id);
	return bounce != NULL && last->outcome == STORE_OUTCOME_DELIVERED &&
		last->time_ms > bounce->time_ms
	    ? NULL
	    : bounce;
}

static enum sums_measure
measure_of(enum store_outcome outcome)
{
	switch (outcome) {
	case STORE_OUTCOME_DELIVERED:
		return SUMS_delivered;
	case STORE_OUTCOME_DEFERRED:
		return SUMS_deferred;
	case STORE_OUTCOME_BOUNCED:
		return SUMS_bounced;
	case STORE_OUTCOME_DELETED:
		return SUMS_deleted;
	case STORE_OUTCOME_NONE:
	case STORE_OUTCOME_PASSED:
		break;
	}
	return SUMS_unknown;
}

static void
add_all(struct report *report, const struct store_journal_row *row, const char *provider,
    enum sums_measure measure)
{
	sums_add(report->sums, SUMS_TOTAL, STR(""), measure);
	sums_add(report->sums, SUMS_PROVIDERS, str_c(provider), measure);
	sums_add(report->sums, SUMS_SENDERS, row->sender_domain, measure);
}

/* Those who did something with this copy, for its provider. */
static void
add_people(struct report *report, const struct store_journal_row *row, const char *provider)
{
	static const enum store_event_kind kinds[] = {STORE_EVENT_OPENED, STORE_EVENT_CLICKED,
	    STORE_EVENT_UNSUBSCRIBED, STORE_EVENT_COMPLAINED};
	char key[REPORT_KEY_SIZE];

	if (row->contact_id == 0)
		return;
	report_key(key, row->message, row->contact_id);
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (g_hash_table_contains(report->did[kinds[i]][false], key))
			sums_add(report->sums, SUMS_PROVIDERS, str_c(provider),
			    report_measures_of(kinds[i], false).once);
	}
}

struct end {
	enum sums_measure measure;
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
		    SUMS_bounced, str_c(bounce->reason), bounce->hard, bounce->time_ms};
	return (struct end){measure_of(last->outcome), last->reason, last->hard, last->time_ms};
}

static void
take_reason(struct report *report, const struct end *end)
{
	struct str reason = end->reason.n > 0 ? end->reason : STR("other");

	sums_add(report->sums, SUMS_REASONS, reason, end->measure);
	if (end->hard)
		sums_add(report->sums, SUMS_REASONS, reason, SUMS_hard);
}

static void
take_sent(struct report *report, const struct store_journal_row *row)
{
	const struct end end = end_of(report, row);
	bool bounced = end.measure == SUMS_bounced;
	char provider[CTL_PROVIDER_SIZE], hour[CLOCK_TEXT_SIZE];

	ctl_provider_of(row->delivery.relay, row->recipient, provider);
	add_all(report, row, provider, SUMS_sent);
	add_all(report, row, provider, end.measure);
	if (bounced && end.hard)
		add_all(report, row, provider, SUMS_hard);
	sums_add_n(report->sums, SUMS_TOTAL, STR(""), SUMS_attempts, row->delivery.attempts);
	sums_add(report->sums, SUMS_HOURS, report_hour(row->time_ms, hour), SUMS_sent);
	if (bounced || end.measure == SUMS_delivered)
		sums_add(report->sums, SUMS_HOURS, report_hour(end.time_ms, hour), end.measure);
	if (bounced || end.measure == SUMS_deferred)
		take_reason(report, &end);
	add_people(report, row, provider);
}

static bool
take_row(const struct store_journal_row *row, void *closure)
{
	static const enum sums_measure measures[] = {
	    [STORE_SENT] = SUMS_sent,
	    [STORE_SUPPRESSED] = SUMS_suppressed,
	    [STORE_DEFERRED] = SUMS_waiting,
	    [STORE_FAILED] = SUMS_failed,
	};
	struct report *report = closure;

	if (report->from.n > 0 && !str_eq(report->from, row->sender_domain))
		return true;
	report->any = true;
	sums_add(report->sums, SUMS_TOTAL, STR(""), SUMS_recipients);
	if (row->verdict == STORE_SENT)
		take_sent(report, row);
	else
		sums_add(report->sums, SUMS_TOTAL, STR(""), measures[row->verdict]);
	return true;
}

/* --- the whole --- */

static bool
describe_link(const struct store_link *link, void *closure)
{
	struct report *report = closure;
	char name[REPORT_KEY_SIZE];

	/* Links that nobody clicked belong to the map, too. */
	snprintf(name, sizeof name, "%lld", (long long)link->id);
	sums_describe(report->sums, SUMS_LINKS, str_c(name), link->address);
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
	    (store_report_events(
		 ctl->store, id, report->since_ms, report_take_event, report, err) != 0 ||
		store_link_each(ctl->store, id, describe_link, report, err) != 0))
		return -1;
	if (rc < 0 || store_journal_each(ctl->store, &filter, take_row, report, err) != 0)
		return -1;
	/* A slip of the pen must not look like a campaign that nobody got. */
	return rc == 1 || report->any || conf_campaign_find(ctl->conf, str_c(name)) != NULL
	    ? 0
	    : err_set(err, ERR_NOTFOUND, "there is no campaign %s", name);
}

struct options {
	enum sums_form form;
	int64_t since_ms;
	char from[DOMAIN_SIZE]; /* of report delivery: as the journal has it; empty: any */
};

static int
read_domain(const char *text, char domain[DOMAIN_SIZE])
{
	struct arena *arena = arena_new(DOMAIN_MEMORY);
	struct str key;
	int rc = store_address_key(arena_printf(arena, "x@%s", text), arena, &key, NULL);

	if (rc == 0)
		g_strlcpy(domain, key.p + sizeof "x@" - 1, DOMAIN_SIZE);
	arena_free(&arena);
	return rc;
}

/* 0, or the exit status after an error message. */
static int
read_options(int argc, char **argv, bool delivery, struct options *options_r)
{
	static const struct option options[] = {{"since", required_argument, NULL, 's'},
	    {"from", required_argument, NULL, 'f'}, {"json", no_argument, NULL, 'j'},
	    {"csv", no_argument, NULL, 'c'}, {NULL, 0, NULL, 0}};
	int option;

	*options_r = (struct options){.form = SUMS_TEXT};
	while ((option = ctl_option(argc, argv, options)) != -1) {
		switch (option) {
		case 's':
			if (clock_parse(optarg, &options_r->since_ms) == 0)
				break;
			ctl_error("--since %s: a time like 2026-01-31 or 30d was expected", optarg);
			return EX_USAGE;
		case 'f':
			if (!delivery)
				return ctl_usage("report");
			if (read_domain(optarg, options_r->from) == 0)
				break;
			ctl_error("--from %s: a domain was expected", optarg);
			return EX_USAGE;
		case 'j':
			options_r->form = SUMS_JSON;
			break;
		case 'c':
			options_r->form = SUMS_CSV;
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
	static const uint32_t measures[SUMS_SECTIONS] = {[SUMS_TOTAL] = VERDICTS | OUTCOMES |
		PEOPLE | SUMS_BIT(attempts) | SUMS_BIT(opens) | SUMS_BIT(machine_opened) |
		SUMS_BIT(machine_opens) | SUMS_BIT(clicks) | SUMS_BIT(machine_clicked) |
		SUMS_BIT(machine_clicks),
	    [SUMS_REASONS] = REASONS,
	    [SUMS_PROVIDERS] = OUTCOMES | PEOPLE,
	    [SUMS_SENDERS] = OUTCOMES | SUMS_BIT(complained),
	    [SUMS_HOURS] = SUMS_BIT(sent) | SUMS_BIT(delivered) | SUMS_BIT(bounced) |
		SUMS_BIT(opens) | SUMS_BIT(machine_opens) | SUMS_BIT(clicks) |
		SUMS_BIT(machine_clicks) | SUMS_BIT(unsubscribed) | SUMS_BIT(complained),
	    [SUMS_LINKS] = SUMS_BIT(clicked) | SUMS_BIT(clicks) | SUMS_BIT(machine_clicked) |
		SUMS_BIT(machine_clicks)};
	struct report report = {.sums = NULL};
	struct options options;
	struct err err = ERR_INIT;
	int status = read_options(argc, argv, false, &options);

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
		sums_put(report.sums, "campaign", str_c(argv[optind]), measures, options.form);
	report_fini(&report);
	return status;
}

int
ctl_report_delivery(struct ctl *ctl, int argc, char **argv)
{
	static const uint32_t measures[SUMS_SECTIONS] = {
	    [SUMS_TOTAL] = VERDICTS | OUTCOMES | SUMS_BIT(attempts) | SUMS_BIT(complained),
	    [SUMS_REASONS] = REASONS,
	    [SUMS_PROVIDERS] = OUTCOMES | SUMS_BIT(complained),
	    [SUMS_SENDERS] = OUTCOMES | SUMS_BIT(complained),
	    [SUMS_HOURS] =
		SUMS_BIT(sent) | SUMS_BIT(delivered) | SUMS_BIT(bounced) | SUMS_BIT(complained)};
	struct store_journal_filter filter = {.since_ms = 0};
	struct report report = {.sums = NULL};
	struct options options;
	struct err err = ERR_INIT;
	char since[CLOCK_TEXT_SIZE];
	int status = read_options(argc, argv, true, &options);

	if (status != 0)
		return status;
	if (optind != argc)
		return ctl_usage("report");
	status = ctl_store(ctl, STORE_READ);
	if (status != 0)
		return status;
	report_init(&report);
	report.since_ms = filter.since_ms = options.since_ms;
	report.from = str_c(options.from);
	if (store_report_complaints(
		ctl->store, options.since_ms, report_take_event, &report, &err) != 0 ||
	    store_journal_each(ctl->store, &filter, take_row, &report, &err) != 0)
		status = ctl_fail(&err);
	else
		sums_put(report.sums, "since", str_c(clock_iso(options.since_ms, since)), measures,
		    options.form);
	report_fini(&report);
	return status;
}
