/* SPDX-License-Identifier: BSD-2-Clause
 *
 * outbox: list, pause, resume, cancel, retry
 *
 * Threads: one.
 */
#include "store/outbox.h"

#include "base/clock.h"
#include "ctl/ctl.h"

#include <inttypes.h>
#include <sysexits.h>

struct wish {
	struct str campaign;
	struct str address;
	bool rows;
	bool all;
	bool json;
	bool failed;
};

static const struct option options[] = {
    {"campaign", required_argument, NULL, 'c'},
    {"rows", no_argument, NULL, 'r'},
    {"all", no_argument, NULL, 'a'},
    {"json", no_argument, NULL, 'j'},
    {NULL, 0, NULL, 0},
};

/* --- list --- */

static void
summary_text(const struct store_outbox_summary *summary)
{
	char time[CLOCK_TEXT_SIZE];

	ctl_put(stdout, summary->campaign);
	printf("\t%s", summary->paused ? "paused" : "active");
	if (summary->pause_reason.n > 0) {
		fputs(" (", stdout);
		ctl_put(stdout, summary->pause_reason);
		putchar(')');
	}
	for (int i = 0; i <= STORE_OUTBOX_CANCELLED; i++)
		printf("\t%" PRId64 " %s", summary->count[i],
		    store_outbox_state_name((enum store_outbox_state)i));
	if (summary->next_due_ms != 0)
		printf("\tnext due %s", clock_iso(summary->next_due_ms, time));
	putchar('\n');
}

static void
summary_json(const struct store_outbox_summary *summary)
{
	json_t *object = json_pack("{s:o, s:b, s:o}", "campaign", ctl_json_str(summary->campaign),
	    "paused", summary->paused, "pause_reason",
	    summary->pause_reason.n > 0 ? ctl_json_str(summary->pause_reason) : json_null());

	for (int i = 0; i <= STORE_OUTBOX_CANCELLED; i++)
		json_object_set_new(object, store_outbox_state_name((enum store_outbox_state)i),
		    json_integer(summary->count[i]));
	json_object_set_new(object, "next_due", ctl_json_time(summary->next_due_ms));
	ctl_put_json(object);
}

static bool
list_summary(const struct store_outbox_summary *summary, void *closure)
{
	const struct wish *wish = closure;
	bool busy =
	    summary->count[STORE_OUTBOX_WAITING] > 0 || summary->count[STORE_OUTBOX_CLAIMED] > 0;

	if (wish->campaign.p != NULL && !str_eq(wish->campaign, summary->campaign))
		return true;
	if (!busy && !summary->paused && !wish->all)
		return true;
	if (wish->json)
		summary_json(summary);
	else
		summary_text(summary);
	return true;
}

static bool
list_row(const struct store_outbox_item *item, void *closure)
{
	const struct wish *wish = closure;
	char time[CLOCK_TEXT_SIZE];

	if (wish->json) {
		ctl_put_json(json_pack("{s:I, s:o, s:o, s:s, s:o, s:I, s:o, s:o}", "id",
		    (json_int_t)item->id, "campaign", ctl_json_str(item->campaign), "recipient",
		    ctl_json_str(item->address), "state", store_outbox_state_name(item->state),
		    "due", ctl_json_time(item->due_ms), "attempts", (json_int_t)item->attempts,
		    "queue_id", ctl_json_str(item->queue_id), "reason",
		    ctl_json_str(item->reason)));
		return true;
	}
	printf("%s\t%s\t", clock_iso(item->due_ms, time), store_outbox_state_name(item->state));
	ctl_put(stdout, item->campaign);
	putchar('\t');
	ctl_put(stdout, item->address);
	printf("\t%" PRId64 "\t", item->attempts);
	ctl_put(stdout, item->queue_id.n > 0 ? item->queue_id : STR("-"));
	putchar('\t');
	ctl_put(stdout, item->reason);
	putchar('\n');
	return true;
}

static int
run_list(struct ctl *ctl, int argc, char **argv)
{
	struct wish wish = {.campaign = STR_NONE};
	struct err err = ERR_INIT;
	int option, status, rc;

	while ((option = ctl_option(argc, argv, options)) != -1) {
		if (option == 'c')
			wish.campaign = str_c(optarg);
		else if (option == 'r')
			wish.rows = true;
		else if (option == 'a')
			wish.all = true;
		else if (option == 'j')
			wish.json = true;
		else
			return ctl_usage("outbox");
	}
	if (optind != argc)
		return ctl_usage("outbox");
	status = ctl_store(ctl, STORE_READ);
	if (status != 0)
		return status;
	rc = wish.rows
	    ? store_outbox_each(ctl->store, wish.campaign, wish.all, list_row, &wish, &err)
	    : store_outbox_summaries(ctl->store, list_summary, &wish, &err);
	return rc == 0 ? EX_OK : ctl_fail(&err);
}

/* --- the others take one campaign --- */

struct search {
	struct str name;
	bool found;
};

static bool
find_name(const struct store_outbox_summary *summary, void *closure)
{
	struct search *search = closure;

	search->found = str_eq(search->name, summary->campaign);
	return !search->found;
}

/* A slip of the pen should not go unnoticed: the campaign must be in the configuration, or in
 * the outbox. Opens the database. 0 or the exit status. */
static int
check_campaign(struct ctl *ctl, struct str name)
{
	struct search search = {name, false};
	struct err err = ERR_INIT;
	int status = ctl_store(ctl, STORE_CREATE);

	if (status != 0 || conf_campaign_find(ctl->conf, name) != NULL)
		return status;
	if (store_outbox_summaries(ctl->store, find_name, &search, &err) != 0)
		return ctl_fail(&err);
	if (search.found)
		return 0;
	err_set(&err, ERR_NOTFOUND, "there is no campaign %.*s", STR_F(name));
	return ctl_fail(&err);
}

static int
read_options(int argc, char **argv, const struct option *known, struct wish *wish)
{
	int option;

	while ((option = ctl_option(argc, argv, known)) != -1) {
		if (option == 't')
			wish->address = str_c(optarg);
		else if (option == 'f')
			wish->failed = true;
		else
			return ctl_usage("outbox");
	}
	if (optind + 1 != argc)
		return ctl_usage("outbox");
	wish->campaign = str_c(argv[optind]);
	return 0;
}

static int
set_paused(struct ctl *ctl, int argc, char **argv, int paused)
{
	static const struct option none[] = {{NULL, 0, NULL, 0}};
	struct wish wish = {.campaign = STR_NONE};
	struct err err = ERR_INIT;
	int status = read_options(argc, argv, none, &wish);

	if (status == 0)
		status = check_campaign(ctl, wish.campaign);
	if (status == 0 && store_outbox_pause(ctl->store, wish.campaign, paused, &err) != 0)
		status = ctl_fail(&err);
	return status;
}

static int
run_pause(struct ctl *ctl, int argc, char **argv)
{
	return set_paused(ctl, argc, argv, 1);
}

static int
run_resume(struct ctl *ctl, int argc, char **argv)
{
	return set_paused(ctl, argc, argv, 0);
}

static int
run_cancel(struct ctl *ctl, int argc, char **argv)
{
	static const struct option known[] = {
	    {"to", required_argument, NULL, 't'},
	    {NULL, 0, NULL, 0},
	};
	struct wish wish = {.campaign = STR_NONE};
	struct err err = ERR_INIT;
	int64_t changed;
	int status = read_options(argc, argv, known, &wish);

	if (status == 0)
		status = check_campaign(ctl, wish.campaign);
	if (status != 0)
		return status;
	if (store_outbox_cancel(ctl->store, wish.campaign, wish.address, &changed, &err) != 0)
		return ctl_fail(&err);
	printf("%" PRId64 " cancelled\n", changed);
	return EX_OK;
}

static int
run_retry(struct ctl *ctl, int argc, char **argv)
{
	static const struct option known[] = {
	    {"to", required_argument, NULL, 't'},
	    {"failed", no_argument, NULL, 'f'},
	    {NULL, 0, NULL, 0},
	};
	struct wish wish = {.campaign = STR_NONE};
	struct err err = ERR_INIT;
	int64_t changed;
	int status = read_options(argc, argv, known, &wish);

	if (status == 0)
		status = check_campaign(ctl, wish.campaign);
	if (status != 0)
		return status;
	if (store_outbox_retry(
		ctl->store, wish.campaign, wish.address, wish.failed, &changed, &err) != 0)
		return ctl_fail(&err);
	printf("%" PRId64 " due now\n", changed);
	return EX_OK;
}

int
ctl_outbox(struct ctl *ctl, int argc, char **argv)
{
	static const struct ctl_action actions[] = {
	    {"list", run_list},
	    {"pause", run_pause},
	    {"resume", run_resume},
	    {"cancel", run_cancel},
	    {"retry", run_retry},
	    {NULL, NULL},
	};

	return ctl_act(ctl, argc, argv, actions);
}
