/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bounce: what returned messages say
 *
 * milter/delivery/ reads them; this file finds them and prints. As a pipe of the relay, each
 * failure is EX_TEMPFAIL: the relay keeps the message and tries again.
 *
 * Threads: one.
 */
#include "delivery/report.h"

#include "ctl/ctl.h"
#include "ctl/mailfile.h"
#include "store/link.h"

#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

struct bounce_command {
	struct ctl *ctl;
	struct str recipient;
	bool json;
	struct link_keys *keys; /* NULL without a configuration */
	struct arena *arena;
	size_t messages;
	size_t kinds[DELIVERY_AUTOREPLY + 1];
};

/* --- output --- */

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

static void
put_json(const struct bounce_command *command, const struct ctl_mail *mail,
    const struct delivery_report *report)
{
	struct str campaign = campaign_name(command, report);
	json_t *recipients = json_array();

	for (size_t i = 0; i < report->count; i++)
		json_array_append_new(recipients, recipient_json(&report->recipients[i]));
	ctl_put_json(json_pack("{s:s, s:o, s:o, s:o, s:o, s:s, s:o, s:b, s:o, s:I}", "kind",
	    delivery_kind_name(report->kind), "recipients", recipients, "campaign",
	    campaign.p == NULL ? json_null() : ctl_json_str(campaign), "contact",
	    report->has_token && report->token.contact != 0
		? json_integer((json_int_t)report->token.contact)
		: json_null(),
	    "campaign_id",
	    report->has_token ? json_integer((json_int_t)report->token.campaign) : json_null(),
	    "detail", report->detail, "message_id",
	    report->message_id.n == 0 ? json_null() : ctl_json_str(report->message_id), "truncated",
	    report->truncated, "file", ctl_json_str(str_c(mail->path)), "message",
	    (json_int_t)mail->number));
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
put_text(const struct bounce_command *command, const struct ctl_mail *mail,
    const struct delivery_report *report)
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
	fputs(report->truncated ? ", too long to be read to its end\n" : "\n", stdout);
	for (size_t i = 0; i < report->count; i++)
		put_recipient(report, &report->recipients[i]);
}

/* --- the run --- */

/* One message: read, then told. */
static int
take_message(void *closure, const struct ctl_mail *mail)
{
	struct bounce_command *command = closure;
	struct delivery_input input = {mail->raw, command->recipient, command->keys};
	struct delivery_report report;

	delivery_read(&input, command->arena, &report);
	(command->json ? put_json : put_text)(command, mail, &report);
	command->messages++;
	command->kinds[report.kind]++;
	arena_reset(command->arena);
	return 0;
}

static void
put_summary(const struct bounce_command *command)
{
	printf("%zu messages:", command->messages);
	for (int kind = DELIVERY_NONE; kind <= DELIVERY_AUTOREPLY; kind++) {
		if (command->kinds[kind] > 0)
			printf(" %zu %s", command->kinds[kind],
			    delivery_kind_name((enum delivery_kind)kind));
	}
	putchar('\n');
}

/* Tokens need keys, and names of campaigns the database; all else works without. */
static int
open_parts(struct bounce_command *command)
{
	struct ctl *ctl = command->ctl;
	struct err err = ERR_INIT;

	if (!ctl->conf_named && access(ctl->conf_path, F_OK) != 0)
		return EX_OK;
	if (ctl_configuration(ctl) == NULL)
		return EX_CONFIG;
	if (link_keys_load(&command->keys, ctl->conf, &err) != 0)
		return ctl_fail(&err);
	if (command->keys == NULL || access(ctl->conf->database, F_OK) != 0)
		return EX_OK;
	return ctl_store(ctl, STORE_READ);
}

static int
run(struct bounce_command *command, int count, char **paths)
{
	struct err err = ERR_INIT;
	int status = open_parts(command), worst = status;

	for (int i = 0; status == EX_OK && i < count; i++) {
		err = ERR_INIT;
		if (ctl_mail_each(paths[i], DELIVERY_RAW_MAX + 1, take_message, command, &err) != 0)
			worst = ctl_fail(&err);
	}
	if (!command->json && command->messages > 1)
		put_summary(command);
	return worst;
}

int
ctl_bounce(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {{"json", no_argument, NULL, 'j'},
	    {"recipient", required_argument, NULL, 'r'}, {NULL, 0, NULL, 0}};
	static char standard[] = "-";
	char *input[] = {standard};
	struct bounce_command command = {.ctl = ctl, .recipient = STR("")};
	int option, status;

	while ((option = ctl_option(argc, argv, options)) != -1) {
		if (option == '?')
			return EX_USAGE;
		if (option == 'j')
			command.json = true;
		else
			command.recipient = str_c(optarg);
	}
	command.arena = arena_new(DELIVERY_ARENA);
	if (optind < argc)
		status = run(&command, argc - optind, argv + optind);
	else
		status = run(&command, 1, input) == EX_OK ? EX_OK : EX_TEMPFAIL;
	arena_free(&command.arena);
	link_keys_unref(&command.keys);
	return status;
}
