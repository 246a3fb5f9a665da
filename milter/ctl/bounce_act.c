/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bounce_act: what follows from a returned message
 *
 * A proof first (delivery/proof.h), which costs no question to DNS; then, for complaints and DMARC
 * reports, who says it (delivery/trust.h); then the rules (delivery/act.h).
 *
 * Threads: one.
 */
#include "ctl/bounce.h"

#include "base/clock.h"
#include "base/log.h"
#include "delivery/dmarc.h"
#include "delivery/status.h"
#include "delivery/trust.h"
#include "dkim/align.h"
#include "mime/mime.h"

#include <glib.h>

/* --- DMARC --- */

static bool
is_ours(const struct conf *conf, struct str domain)
{
	for (size_t i = 0; i < conf->dkim_count; i++) {
		if (dkim_align(str_c(conf->dkims[i].domain), domain) != DKIM_ALIGN_NONE)
			return true;
	}
	return false;
}

/* 1 taken, 0 it is none that counts, -1. */
static int
take_dmarc(struct bounce_command *command, const struct ctl_mail *mail, struct str packed,
    struct arena *arena, struct bounce_result *result, struct err *err)
{
	const struct conf *conf = command->ctl->conf;
	struct store_dmarc_report report;
	struct err why = ERR_INIT;
	struct str sender;
	int stored;

	if (delivery_dmarc_read(packed, arena, &report, &why) != 0) {
		g_strlcpy(result->why, why.text, sizeof result->why);
		return 0;
	}
	result->outcome = "untrusted";
	if (!is_ours(conf, report.domain)) {
		g_strlcpy(result->why,
		    "the DMARC report is about a domain that has no dkim section",
		    sizeof result->why);
		return 0;
	}
	if (!delivery_trusted(conf, mail->raw, command->client, true, command->arena, &sender)) {
		snprintf(result->why, sizeof result->why, "%.*s", STR_F(sender));
		return 0;
	}
	report.sender = sender;
	stored = store_dmarc_put(command->ctl->store, &report, err);
	if (stored >= 0)
		result->outcome = stored == 1 ? "dmarc" : "known";
	return stored < 0 ? -1 : 1;
}

static int
try_dmarc(struct bounce_command *command, const struct ctl_mail *mail, struct bounce_result *result,
    struct err *err)
{
	size_t size;
	char *packed = delivery_dmarc_find(mail->raw, &size);
	struct arena *arena;
	int rc;

	if (packed == NULL)
		return 0;
	arena = arena_new(DELIVERY_DMARC_ARENA);
	rc = take_dmarc(command, mail, (struct str){packed, size}, arena, result, err);
	arena_free(&arena);
	g_free(packed);
	return rc;
}

/* --- all else --- */

/* When it was reported: now, if the relay hands it over; else what its Date says. */
static int64_t
time_of(const struct bounce_command *command, const struct ctl_mail *mail)
{
	struct str rest = mail->raw, name, value;
	int64_t now_ms = clock_now(), time_ms;

	if (command->pipe)
		return now_ms;
	if (str_starts(rest, STR("From ")))
		str_split(&rest, '\n', &name);
	while (delivery_field_next(&rest, command->arena, &name, &value) > 0) {
		if (str_is_nocase(name, "Date") && mime_header_date(value, &time_ms) &&
		    time_ms > 0 && time_ms < now_ms)
			return time_ms;
	}
	return now_ms;
}

static bool
needs_trust(const struct delivery_report *report)
{
	return report->kind == DELIVERY_COMPLAINT;
}

static int
act_on_copy(struct bounce_command *command, const struct ctl_mail *mail,
    const struct delivery_report *report, const struct delivery_proof *proof,
    struct bounce_result *result, struct err *err)
{
	const struct delivery_rules rules = delivery_rules_of(command->ctl->conf);
	struct delivery_outcome outcome;
	struct delivery_news news;

	result->outcome = "nothing";
	if (!delivery_news_of(
		report, proof, mail->raw, time_of(command, mail), command->arena, &news))
		return 0;
	if (delivery_act(command->ctl->store, &rules, &news, &outcome, err) != 0)
		return -1;
	result->kept = true;
	result->outcome = delivery_outcome_name(outcome.kind);
	g_strlcpy(result->scope, outcome.scope, sizeof result->scope);
	command->suppressed += outcome.kind == DELIVERY_OUTCOME_SUPPRESSED;
	return 0;
}

int
bounce_act(struct bounce_command *command, const struct ctl_mail *mail,
    const struct delivery_report *report, struct bounce_result *result_r, struct err *err)
{
	struct delivery_proof proof;
	struct str why;
	int rc;

	*result_r = (struct bounce_result){.outcome = "unproven"};
	if (report->kind == DELIVERY_NONE || report->kind == DELIVERY_AUTOREPLY) {
		rc = try_dmarc(command, mail, result_r, err);
		result_r->kept = rc == 1;
		if (rc != 0 || result_r->why[0] != '\0')
			return rc < 0 ? -1 : 0;
	}
	rc = delivery_prove(command->ctl->store, report, command->arena, &proof, err);
	if (rc != 1)
		return rc;
	result_r->proof = proof.kind;
	if (needs_trust(report) &&
	    !delivery_trusted(
		command->ctl->conf, mail->raw, command->client, false, command->arena, &why)) {
		result_r->outcome = "untrusted";
		snprintf(result_r->why, sizeof result_r->why, "%.*s", STR_F(why));
		return 0;
	}
	return act_on_copy(command, mail, report, &proof, result_r, err);
}
