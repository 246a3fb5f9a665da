/* SPDX-License-Identifier: BSD-2-Clause
 *
 * report: dmarc; the others are in report_copies.c
 *
 * Threads: one.
 */
#include "ctl/report.h"

#include "base/clock.h"
#include "store/dmarc.h"

#include <sysexits.h>

enum form { FORM_TEXT, FORM_JSON, FORM_CSV };

static void
put_dmarc_json(const struct store_dmarc_sum *sum)
{
	ctl_put_json(json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:o, s:o}", "domain",
	    ctl_json_str(sum->domain), "source", ctl_json_str(sum->row.source), "header_from",
	    ctl_json_str(sum->row.header_from), "disposition", ctl_json_str(sum->row.disposition),
	    "dkim", ctl_json_str(sum->row.dkim), "spf", ctl_json_str(sum->row.spf), "messages",
	    (json_int_t)sum->row.messages, "reports", (json_int_t)sum->reports, "first",
	    ctl_json_time(sum->first_ms), "last", ctl_json_time(sum->last_ms)));
}

/* All of it are words, domains and addresses of the net, which CSV need not quote. */
static bool
put_dmarc(const struct store_dmarc_sum *sum, void *closure)
{
	const enum form *form = closure;
	const char separator = *form == FORM_CSV ? ',' : '\t';
	const struct str texts[] = {sum->domain, sum->row.source, sum->row.header_from,
	    sum->row.disposition, sum->row.dkim, sum->row.spf};
	char first[CLOCK_TEXT_SIZE], last[CLOCK_TEXT_SIZE];

	if (*form == FORM_JSON) {
		put_dmarc_json(sum);
		return true;
	}
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		ctl_put(stdout, texts[i].n > 0 || *form == FORM_CSV ? texts[i] : STR("-"));
		putchar(separator);
	}
	printf("%lld%c%lld%c%s%c%s%s", (long long)sum->row.messages, separator,
	    (long long)sum->reports, separator, clock_iso(sum->first_ms, first), separator,
	    clock_iso(sum->last_ms, last), *form == FORM_CSV ? "\r\n" : "\n");
	return true;
}

static int
run_dmarc(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {{"domain", required_argument, NULL, 'd'},
	    {"since", required_argument, NULL, 's'}, {"json", no_argument, NULL, 'j'},
	    {"csv", no_argument, NULL, 'c'}, {NULL, 0, NULL, 0}};
	struct store_dmarc_filter filter = {.since_ms = 0};
	enum form form = FORM_TEXT;
	struct err err = ERR_INIT;
	int option, status;

	while ((option = ctl_option(argc, argv, options)) != -1) {
		if (option == 'd') {
			filter.domain = str_c(optarg);
		} else if (option == 's') {
			if (clock_parse(optarg, &filter.since_ms) != 0) {
				ctl_error("--since %s: a time like 2026-01-31 or 30d was expected",
				    optarg);
				return EX_USAGE;
			}
		} else if (option == 'j' || option == 'c') {
			form = option == 'j' ? FORM_JSON : FORM_CSV;
		} else {
			return ctl_usage("report");
		}
	}
	if (optind != argc)
		return ctl_usage("report");
	status = ctl_store(ctl, STORE_READ);
	if (status != 0)
		return status;
	if (form != FORM_JSON)
		fputs(form == FORM_CSV
			? "domain,source,header_from,disposition,dkim,spf,messages,reports,first,"
			  "last\r\n"
			: "domain\tsource\tfrom\tdisposition\tdkim\tspf\tmessages\treports\tfirst\t"
			  "last\n",
		    stdout);
	return store_dmarc_each(ctl->store, &filter, put_dmarc, &form, &err) != 0 ? ctl_fail(&err)
										  : EX_OK;
}

int
ctl_report(struct ctl *ctl, int argc, char **argv)
{
	static const struct ctl_action actions[] = {
	    {"campaign", ctl_report_campaign},
	    {"delivery", ctl_report_delivery},
	    {"dmarc", run_dmarc},
	    {NULL, NULL},
	};

	return ctl_act(ctl, argc, argv, actions);
}
