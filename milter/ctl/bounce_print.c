/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bounce_print: what a returned message says, and what was done about it
 *
 * Threads: one.
 */
#include "ctl/bounce.h"

#include "store/link.h"

/* The name where the database knows it. */
static struct str
campaign_name(const struct bounce_command *command, const struct delivery_report *report)
{
	struct str name = STR_NONE;

	if (!report->has_token || command->ctl->store == NULL ||
	    store_campaign_name(
		command->ctl->store, report->token.campaign, command->arena, &name, NULL) <= 0)
		return STR_NONE;
	return name;
}

static json_t *
recipient_json(const struct delivery_recipient *recipient)
{
	return json_pack("{s:o, s:o, s:o, s:s, s:b, s:s, s:o}", "address",
	    ctl_json_str(recipient->address), "status", ctl_json_str(recipient->status),
	    "diagnostic", ctl_json_str(recipient->diagnostic), "reason",
	    delivery_reason_name(recipient->reason), "hard", recipient->hard, "action",
	    delivery_action_name(recipient->action), "original",
	    recipient->original.n == 0 ? json_null() : ctl_json_str(recipient->original));
}

static json_t *
text_json(const char *text)
{
	return text[0] == '\0' ? json_null() : ctl_json_str(str_c(text));
}

void
bounce_put_json(const struct bounce_command *command, const struct ctl_mail *mail,
    const struct delivery_report *report, const struct bounce_result *result)
{
	struct str campaign = campaign_name(command, report);
	json_t *recipients = json_array();

	for (size_t i = 0; i < report->count; i++)
		json_array_append_new(recipients, recipient_json(&report->recipients[i]));
	ctl_put_json(
	    json_pack("{s:s, s:o, s:o, s:o, s:o, s:s, s:o, s:b, s:o, s:I, s:o, s:s, s:o, s:o}",
		"kind", delivery_kind_name(report->kind), "recipients", recipients, "campaign",
		campaign.p == NULL ? json_null() : ctl_json_str(campaign), "contact",
		report->has_token && report->token.contact != 0
		    ? json_integer((json_int_t)report->token.contact)
		    : json_null(),
		"campaign_id",
		report->has_token ? json_integer((json_int_t)report->token.campaign) : json_null(),
		"detail", report->detail, "message_id",
		report->message_id.n == 0 ? json_null() : ctl_json_str(report->message_id),
		"truncated", report->truncated, "file", ctl_json_str(str_c(mail->path)), "message",
		(json_int_t)mail->number, "outcome",
		result->outcome == NULL ? json_null() : json_string(result->outcome), "proof",
		delivery_proof_name(result->proof), "scope", text_json(result->scope), "why",
		text_json(result->why)));
}

static void
put_recipient(const struct delivery_report *report, const struct delivery_recipient *recipient)
{
	fputs("    ", stdout);
	ctl_put(stdout, recipient->address);
	if (report->kind != DELIVERY_COMPLAINT && report->kind != DELIVERY_AUTOREPLY) {
		printf(": %s", delivery_action_name(recipient->action));
		if (recipient->action == DELIVERY_ACTION_FAILED)
			printf(", %s", recipient->hard ? "hard" : "soft");
		if (recipient->action == DELIVERY_ACTION_FAILED ||
		    recipient->action == DELIVERY_ACTION_DELAYED)
			printf(", %s", delivery_reason_name(recipient->reason));
		printf(", %.*s", STR_F(recipient->status));
	}
	if (recipient->original.n > 0) {
		fputs(" (for ", stdout);
		ctl_put(stdout, recipient->original);
		putchar(')');
	}
	if (recipient->diagnostic.n > 0) {
		fputs(": ", stdout);
		ctl_put(stdout, recipient->diagnostic);
	}
	putchar('\n');
}

static void
put_outcome(const struct bounce_result *result)
{
	if (result->outcome != NULL)
		printf(": %s", result->outcome);
	if (result->scope[0] != '\0') {
		fputs(" for ", stdout);
		ctl_put(stdout, str_c(result->scope));
	}
	if (result->why[0] != '\0') {
		fputs(": ", stdout);
		ctl_put(stdout, str_c(result->why));
	}
	putchar('\n');
}

void
bounce_put_text(const struct bounce_command *command, const struct ctl_mail *mail,
    const struct delivery_report *report, const struct bounce_result *result)
{
	struct str campaign = campaign_name(command, report);

	ctl_put(stdout, str_c(mail->path));
	if (mail->number > 1)
		printf(":%zu", mail->number);
	printf(": %s", delivery_kind_name(report->kind));
	if (report->detail[0] != '\0')
		printf(" (%s)", report->detail);
	if (campaign.p != NULL) {
		fputs(", campaign ", stdout);
		ctl_put(stdout, campaign);
	} else if (report->has_token) {
		printf(", campaign number %lld", (long long)report->token.campaign);
	}
	if (report->has_token && report->token.contact != 0)
		printf(", contact number %lld", (long long)report->token.contact);
	if (report->truncated)
		fputs(", too long to be read to its end", stdout);
	put_outcome(result);
	for (size_t i = 0; i < report->count; i++)
		put_recipient(report, &report->recipients[i]);
}
