/* SPDX-License-Identifier: BSD-2-Clause
 *
 * journal: what became of each recipient's message
 *
 * Threads: one.
 */
#include "store/journal.h"

#include "base/clock.h"
#include "ctl/ctl.h"

#include <sysexits.h>

/* What the relay's log said last; null: nothing. */
static json_t *
delivery_json(const struct store_delivery *delivery)
{
	if (delivery->outcome == STORE_OUTCOME_NONE)
		return json_null();
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:I, s:o}", "outcome",
	    store_outcome_name(delivery->outcome), "time", ctl_json_time(delivery->time_ms),
	    "relay", ctl_json_str(delivery->relay), "delay",
	    delivery->delay_ms < 0 ? json_null() : json_real((double)delivery->delay_ms / 1000),
	    "status", ctl_json_str(delivery->status), "text", ctl_json_str(delivery->text),
	    "reason", delivery->reason.n == 0 ? json_null() : ctl_json_str(delivery->reason),
	    "hard", delivery->hard, "attempts", (json_int_t)delivery->attempts, "queue_id",
	    ctl_json_str(delivery->queue_id));
}

static bool
put_json(const struct store_journal_row *row, void *closure)
{
	(void)closure;
	ctl_put_json(json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:o, s:I, s:I, s:o, s:o}",
	    "time", ctl_json_time(row->time_ms), "campaign", ctl_json_str(row->campaign),
	    "recipient", ctl_json_str(row->recipient), "sender_domain",
	    ctl_json_str(row->sender_domain), "contact",
	    row->contact_id == 0 ? json_null() : json_integer(row->contact_id), "queue_id",
	    ctl_json_str(row->queue_id), "message_id", ctl_json_str(row->message_id), "verdict",
	    store_verdict_name(row->verdict), "reason", ctl_json_str(row->reason), "attempts",
	    (json_int_t)row->attempts, "duration_ms", (json_int_t)row->duration_ms, "message",
	    ctl_json_str(row->message), "delivery", delivery_json(&row->delivery)));
	return true;
}

static void
put_column(struct str text)
{
	putchar('\t');
	ctl_put(stdout, text.n > 0 ? text : STR("-"));
}

static bool
put_text(const struct store_journal_row *row, void *closure)
{
	const struct store_delivery *delivery = &row->delivery;
	char time[CLOCK_TEXT_SIZE];

	(void)closure;
	printf("%s\t%s", clock_iso(row->time_ms, time), store_verdict_name(row->verdict));
	put_column(row->campaign);
	put_column(row->recipient);
	put_column(row->queue_id);
	putchar('\t');
	ctl_put(stdout, row->reason);
	if (delivery->outcome != STORE_OUTCOME_NONE) {
		put_column(str_c(store_outcome_name(delivery->outcome)));
		put_column(delivery->status);
		put_column(delivery->relay);
		put_column(delivery->text);
	}
	putchar('\n');
	return true;
}

int
ctl_journal(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {
	    {"campaign", required_argument, NULL, 'c'},
	    {"contact", required_argument, NULL, 'a'},
	    {"since", required_argument, NULL, 's'},
	    {"limit", required_argument, NULL, 'l'},
	    {"json", no_argument, NULL, 'j'},
	    {NULL, 0, NULL, 0},
	};
	struct store_journal_filter filter = {.since_ms = 0};
	struct err err = ERR_INIT;
	bool json = false;
	int option, status;

	while ((option = ctl_option(argc, argv, options)) != -1) {
		switch (option) {
		case 'c':
			filter.campaign = str_c(optarg);
			break;
		case 'a':
			filter.recipient = str_c(optarg);
			break;
		case 's':
			if (clock_parse(optarg, &filter.since_ms) == 0)
				break;
			ctl_error("--since %s: a time like 2026-01-31, 2026-01-31T08:15:00Z or 2h "
				  "was expected",
			    optarg);
			return EX_USAGE;
		case 'l':
			if (!ctl_number("--limit", optarg, 1000000000, &filter.newest))
				return EX_USAGE;
			break;
		case 'j':
			json = true;
			break;
		default:
			return ctl_usage("journal");
		}
	}
	if (optind != argc)
		return ctl_usage("journal");
	status = ctl_store(ctl, STORE_READ);
	if (status != 0)
		return status;
	return store_journal_each(ctl->store, &filter, json ? put_json : put_text, NULL, &err) != 0
	    ? ctl_fail(&err)
	    : EX_OK;
}
