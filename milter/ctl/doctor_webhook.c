/* SPDX-License-Identifier: BSD-2-Clause
 *
 * doctor_webhook: are the secrets of webhooks good, and do their receivers take what they get?
 *
 * Threads: see doctor.h.
 */
#include "ctl/doctor.h"

#include "base/clock.h"
#include "store/webhook.h"
#include "webhook/secret.h"

#include <unistd.h>

#define ROW_MEMORY ((size_t)64 << 10)

static void
check_secrets(struct doctor *doctor, const struct conf_webhook *section)
{
	struct webhook_secrets secrets;
	struct err err = ERR_INIT;

	if (webhook_secrets_read(&secrets, section, doctor->conf->user, &err) != 0) {
		finding_add(&doctor->found, FINDING_ERROR, "webhook.secret",
		    "Requests to the webhook %s can't be signed: %s.", section->name, err.text);
		return;
	}
	finding_add(&doctor->found, FINDING_OK, "webhook.secret",
	    "Requests to the webhook %s are signed with %zu secret%s.", section->name,
	    secrets.count, secrets.count == 1 ? "" : "s");
	webhook_secrets_wipe(&secrets);
}

static void
report_failing(
    struct doctor *doctor, const struct conf_webhook *section, const struct store_webhook *row)
{
	int64_t failing_ms = clock_now() - row->failing_ms;
	char since[CLOCK_TEXT_SIZE];

	finding_add(&doctor->found,
	    failing_ms >= section->complain_after ? FINDING_ERROR : FINDING_WARNING,
	    "webhook.state", "The webhook %s took nothing since %.19sZ: %.*s.", section->name,
	    clock_iso(row->failing_ms, since), STR_F(row->answer));
	finding_remedy(&doctor->found, "mailtailor webhook test %s", section->name);
}

static void
check_state(struct doctor *doctor, struct store *store, const struct conf_webhook *section)
{
	struct arena *arena = arena_new(ROW_MEMORY);
	struct store_webhook row;
	struct err err = ERR_INIT;
	int rc = store_webhook_get(store, str_c(section->name), arena, &row, &err);

	if (rc < 0) {
		finding_add(&doctor->found, FINDING_ERROR, "webhook.state",
		    "What the webhook %s took is not known: %s.", section->name, err.text);
	} else if (rc == 1 && row.state != STORE_WEBHOOK_ACTIVE) {
		finding_add(&doctor->found,
		    row.state == STORE_WEBHOOK_GONE ? FINDING_ERROR : FINDING_WARNING,
		    "webhook.state",
		    row.state == STORE_WEBHOOK_GONE
			? "The webhook %s is sent nothing: its receiver answered 410."
			: "The webhook %s is paused.",
		    section->name);
		finding_remedy(&doctor->found, "mailtailor webhook resume %s", section->name);
	} else if (rc == 1 && row.failing_ms != 0) {
		report_failing(doctor, section, &row);
	}
	arena_free(&arena);
}

void
doctor_check_webhook(struct doctor *doctor)
{
	const struct conf *conf = doctor->conf;
	struct store *store = NULL;

	if (conf->webhook_count == 0)
		return;
	/* That the database can't be read is said elsewhere; before the first start there is none. */
	if (access(conf->database, R_OK) == 0 &&
	    store_open(&store, conf->database, STORE_READ, NULL) != 0)
		store = NULL;
	for (size_t i = 0; i < conf->webhook_count; i++) {
		check_secrets(doctor, &conf->webhooks[i]);
		if (store != NULL)
			check_state(doctor, store, &conf->webhooks[i]);
	}
	store_close(&store);
}
