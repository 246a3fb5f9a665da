/* SPDX-License-Identifier: BSD-2-Clause
 *
 * campaigns: those of the configuration, and those that outbox or journal know
 *
 * Threads: one.
 */
#include "ctl/ctl.h"
#include "store/journal.h"
#include "store/outbox.h"

#include <glib.h>
#include <inttypes.h>
#include <sysexits.h>

struct campaign {
	char *name;
	const struct conf_campaign *conf; /* NULL: it has no section of its own */
	bool paused;
	int64_t waiting; /* and claimed */
	int64_t count[STORE_FAILED + 1];
};

static struct campaign *
campaign_of(GPtrArray *campaigns, struct str name)
{
	struct campaign *campaign;

	for (guint i = 0; i < campaigns->len; i++) {
		campaign = g_ptr_array_index(campaigns, i);
		if (str_is(name, campaign->name))
			return campaign;
	}
	campaign = g_new0(struct campaign, 1);
	campaign->name = g_strndup(name.p, name.n);
	g_ptr_array_add(campaigns, campaign);
	return campaign;
}

static void
campaign_free(gpointer data)
{
	struct campaign *campaign = data;

	g_free(campaign->name);
	g_free(campaign);
}

static bool
add_summary(const struct store_outbox_summary *summary, void *closure)
{
	struct campaign *campaign = campaign_of(closure, summary->campaign);

	campaign->paused = summary->paused;
	campaign->waiting =
	    summary->count[STORE_OUTBOX_WAITING] + summary->count[STORE_OUTBOX_CLAIMED];
	return true;
}

static bool
add_count(const struct store_journal_count *count, void *closure)
{
	struct campaign *campaign = campaign_of(closure, count->campaign);

	memcpy(campaign->count, count->count, sizeof campaign->count);
	return true;
}

static void
put_json(const struct campaign *campaign)
{
	json_t *object =
	    json_pack("{s:o, s:b, s:o, s:b, s:I}", "campaign", ctl_json_str(str_c(campaign->name)),
		"configured", campaign->conf != NULL, "description",
		ctl_json_str(str_c(campaign->conf == NULL ? "" : campaign->conf->description)),
		"paused", campaign->paused, "waiting", (json_int_t)campaign->waiting);

	for (int i = 0; i <= STORE_FAILED; i++)
		json_object_set_new(object, store_verdict_name((enum store_verdict)i),
		    json_integer(campaign->count[i]));
	ctl_put_json(object);
}

static void
put_text(const struct campaign *campaign)
{
	ctl_put(stdout, str_c(campaign->name));
	printf(
	    "\t%s\t%" PRId64 " waiting", campaign->paused ? "paused" : "active", campaign->waiting);
	for (int i = 0; i <= STORE_FAILED; i++)
		printf("\t%" PRId64 " %s", campaign->count[i],
		    store_verdict_name((enum store_verdict)i));
	if (campaign->conf != NULL && campaign->conf->description[0] != '\0') {
		putchar('\t');
		ctl_put(stdout, str_c(campaign->conf->description));
	}
	putchar('\n');
}

static int
list(struct ctl *ctl, bool json)
{
	GPtrArray *campaigns = g_ptr_array_new_with_free_func(campaign_free);
	struct campaign *campaign;
	struct err err = ERR_INIT;
	int rc;

	for (size_t i = 0; i < ctl->conf->campaign_count; i++) {
		campaign = campaign_of(campaigns, str_c(ctl->conf->campaigns[i].name));
		campaign->conf = &ctl->conf->campaigns[i];
		/* Until the first message comes the configuration's word counts. */
		campaign->paused = campaign->conf->paused;
	}
	rc = store_outbox_summaries(ctl->store, add_summary, campaigns, &err);
	if (rc == 0)
		rc = store_journal_counts(ctl->store, add_count, campaigns, &err);
	for (guint i = 0; i < campaigns->len && rc == 0; i++)
		(json ? put_json : put_text)(g_ptr_array_index(campaigns, i));
	g_ptr_array_free(campaigns, TRUE);
	return rc == 0 ? EX_OK : ctl_fail(&err);
}

static int
run_list(struct ctl *ctl, int argc, char **argv)
{
	bool json;
	int status = ctl_json_option(argc, argv, "campaigns", &json);

	if (status != EX_OK)
		return status;
	if (optind != argc)
		return ctl_usage("campaigns");
	status = ctl_store(ctl, STORE_READ);
	return status != 0 ? status : list(ctl, json);
}

int
ctl_campaigns(struct ctl *ctl, int argc, char **argv)
{
	static const struct ctl_action actions[] = {
	    {"list", run_list},
	    {NULL, NULL},
	};

	return ctl_act(ctl, argc, argv, actions);
}
