/* SPDX-License-Identifier: BSD-2-Clause
 *
 * ctl: `mailtailor`, the administrator's tool
 *
 * One row of the table below makes a subcommand: its function ctl_NAME (in
 * ctl/NAME.c), and its lines in the help. A function gets argv[0] = NAME and
 * returns the exit status (sysexits.h); what it lists goes to stdout, what it has
 * to say to stderr through ctl_error.
 *
 * Threads: one.
 */
#ifndef CTL_CTL_H
#define CTL_CTL_H

#include "base/err.h"
#include "base/str.h"
#include "conf/conf.h"
#include "store/store.h"

#include <getopt.h>
#include <jansson.h>
#include <stdio.h>

/* clang-format off */
/* X(NAME, what it is for, usage lines) */
#define CTL_COMMANDS(X) \
X(contacts, "import, look at and change contacts", \
  "contacts import FILE|- [--format csv|jsonl] [--dry-run] [--strict] [--batch N] [--quiet]\n" \
  "contacts list [--limit N] [--json]\n" \
  "contacts show ADDRESS [--json]\n" \
  "contacts set ADDRESS NAME=VALUE ...\n" \
  "contacts consent ADDRESS granted|withdrawn|pending|none [--source TEXT] [--proof TEXT]\n" \
  "contacts delete ADDRESS ...\n" \
  "contacts export [ADDRESS] [--format csv|jsonl]\n") \
X(events, "what contacts did, and what became of their mail", \
  "events import FILE|- [--format csv|jsonl] [--source NAME] [--create] [--skip-bad] [--dry-run]\n" \
  "       [--quiet]\n" \
  "events list [--contact ADDRESS] [--kind KIND] [--type NAME] [--since TIME] [--limit N] [--json]\n" \
  "events show ID [--json]\n") \
X(products, "the catalogues that recommendations are made from", \
  "products import FILE|- [--format csv|json|jsonl|google|rss] [--catalogue NAME]\n" \
  "         [--replace[=delete] [--force]] [--currency CODE] [--skip-bad] [--dry-run] [--quiet]\n" \
  "products list [--catalogue NAME] [--category PATH] [--in-stock] [--limit N] [--json]\n" \
  "products catalogues [--json]\n" \
  "products show ID [--catalogue NAME] [--json]\n" \
  "products delete ID ... [--catalogue NAME]\n") \
X(suppress, "addresses that get nothing", \
  "suppress add ADDRESS ... [--scope SCOPE] [--reason TEXT] [--note TEXT]\n" \
  "suppress explain ADDRESS [--json]\n" \
  "suppress export [--format csv|jsonl]\n" \
  "suppress import FILE|- [--format csv|jsonl] [--scope SCOPE] [--reason TEXT] [--dry-run]\n" \
  "suppress list [--scope SCOPE] [--source NAME] [--since TIME] [--json]\n" \
  "suppress remove ADDRESS ... [--scope SCOPE]\n" \
  "suppress remove --source NAME --since TIME [--until TIME] [--domain DOMAIN] [--dry-run]\n" \
  "(SCOPE: all, marketing, list:LIST-ID or a campaign)\n") \
X(journal, "what became of each recipient's message", \
  "journal [--campaign NAME] [--contact ADDRESS] [--since TIME] [--limit N] [--json]\n") \
X(follow, "logs of the relay, read again or from elsewhere", \
  "follow [--year YEAR] [--json] [FILE|- ...]\n") \
X(outbox, "what waits to be sent", \
  "outbox list [--campaign NAME] [--rows] [--all] [--json]\n" \
  "outbox pause CAMPAIGN\n" \
  "outbox resume CAMPAIGN\n" \
  "outbox cancel CAMPAIGN [--to ADDRESS]\n" \
  "outbox retry CAMPAIGN [--to ADDRESS] [--failed]\n") \
X(unsubscribe, "mail to the address of List-Unsubscribe", \
  "unsubscribe [--recipient ADDRESS] [--dry-run] < MESSAGE\n" \
  "unsubscribe ADDRESS [--dry-run]\n" \
  "(ADDRESS: the one with the token, leave+TOKEN@shop.example)\n") \
X(bounce, "what returned messages say: bounces, complaints, automatic replies", \
  "bounce [--json] [--dry-run] [--recipient ADDRESS] [--client ADDRESS]\n" \
  "       [FILE|MAILDIR|MBOX|- ...]\n") \
X(preview, "the message that would leave, without sending it", \
  "preview MESSAGE.eml|- --to ADDRESS [--html|--text] [--campaign NAME] [--sender ADDRESS]\n" \
  "        [--single]\n") \
X(view, "a message that was sent, as its links.view shows it", \
  "view TOKEN|URL\n") \
X(lint, "what is wrong with a message, for all contacts, before it is sent", \
  "lint MESSAGE.eml|- [--campaign NAME] [--contacts all|N] [--sender ADDRESS]\n" \
  "     [--ignore CHECK,...] [--fail-on error|warning|info] [--json]\n" \
  "lint --checks\n") \
X(render, "a template with data, without a message", \
  "render TEMPLATE|- [--data FILE.json] [--templates DIR] [--mode text|html|header]\n" \
  "       [--strict] [--now TIME] [--time-zone ZONE] [--merge-tags none|mailchimp]\n" \
  "       [--campaign NAME]\n" \
  "render --lines\n" \
  "render --list-filters|--list-tags\n") \
X(campaigns, "the campaigns and how far they are", \
  "campaigns list [--json]\n") \
X(form, "the forms that people sign up with", \
  "form list [--json]\n" \
  "form show NAME\n" \
  "form check\n" \
  "form text SHA256\n") \
X(plugin, "what plugins do, and which are out of service", \
  "plugin list [--json]\n" \
  "plugin enable NAME\n" \
  "plugin describe FILE|NAME [--mdoc|--json]\n" \
  "plugin new NAME [--c++|--lua] [--folder DIR]\n" \
  "plugin test FILE|NAME --message MESSAGE.eml [--contact FILE.json] [--repeat N]\n" \
  "       [--param NAME=VALUE ...] [--hook task:NAME ...] [--campaign NAME] [--sender ADDRESS]\n" \
  "       [--database FILE] [--events FILE ...] [--products FILE] [--now TIME]\n" \
  "       [--deadline TIME] [--diff|--json]\n") \
X(key, "keys of the tokens in links", \
  "key new [FILE]\n" \
  "key list [FILE] [--json]\n" \
  "key retire ID [FILE]\n") \
X(apikey, "keys of the event API", \
  "apikey new NAME [--scope write|page|admin] [--rate N]\n" \
  "apikey list [--json]\n" \
  "apikey revoke ID ...\n") \
X(webhook, "how far the events of webhooks were taken", \
  "webhook list [--json]\n" \
  "webhook test NAME\n" \
  "webhook replay NAME --from TIME|ID\n" \
  "webhook pause NAME\n" \
  "webhook resume NAME\n" \
  "webhook secret\n") \
X(token, "what a token in a link or in a bounce's recipient says", \
  "token TOKEN|URL|ADDRESS ... [--json]\n") \
X(conf, "the configuration: sample, manual, check", \
  "conf sample\n" \
  "conf manual\n" \
  "conf check\n") \
X(dkim, "keys, their DNS records, and whether signatures verify", \
  "dkim new DOMAIN SELECTOR [--algorithm rsa|ed25519] [--bits N] [--dir DIR]\n" \
  "dkim dns [DOMAIN [SELECTOR]] [--json]\n" \
  "dkim verify FILE|- [--key FILE|--dns FILE] [--old] [--json]\n") \
X(report, "what became of the mail", \
  "report campaign NAME [--since TIME] [--json|--csv]\n" \
  "report delivery [--since TIME] [--from DOMAIN] [--json|--csv]\n" \
  "report dmarc [--domain DOMAIN] [--since TIME] [--json|--csv]\n") \
X(doctor, "what is missing on this machine, with the lines to add", \
  "doctor [--json] [--postfix DIR]\n")
/* clang-format on */

struct ctl {
	const char *conf_path;
	bool conf_named;	 /* by -c */
	const struct conf *conf; /* by ctl_configuration */
	struct store *store;	 /* by ctl_store */
};

#define CTL_DECLARE(name, purpose, usage) int ctl_##name(struct ctl *ctl, int argc, char **argv);
CTL_COMMANDS(CTL_DECLARE)
#undef CTL_DECLARE

/* The whole program. */
int ctl_main(int argc, char **argv);

/* The configuration, loaded on first use; NULL after an error message, then exit with
 * EX_CONFIG. */
const struct conf *ctl_configuration(struct ctl *ctl);
/* The database of the configuration, opened on first use. 0, or the exit status after an error
 * message. */
int ctl_store(struct ctl *ctl, enum store_open_mode mode);

/* An action of a subcommand: `contacts import` runs the row "import". */
struct ctl_action {
	const char *name;
	int (*run)(struct ctl *ctl, int argc, char **argv);
};

/* Runs the action that argv[1] names, with argv moved on by one; EX_USAGE if there is none.
 * `actions` ends with a NULL name. */
int ctl_act(struct ctl *ctl, int argc, char **argv, const struct ctl_action *actions);

/* getopt_long with long options only, which may stand anywhere; complains about bad ones
 * itself and then returns '?'. Set optind to 0 before the first call of a command. */
int ctl_option(int argc, char **argv, const struct option *options);
/* For those with --json alone; `optind` stands at what is left then. EX_OK, or EX_USAGE. */
int ctl_json_option(int argc, char **argv, const char *command, bool *json_r);
/* Standard input to its end, so that the relay does not see its pipe break. */
void ctl_drain(void);
/* Reads a number of 1 up to `max`; complains. */
bool ctl_number(const char *name, const char *text, unsigned long long max, size_t *number_r);

/* "mailtailor: sentence" on stderr, control characters made harmless. */
void ctl_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same with err's text; returns its exit code. */
int ctl_fail(const struct err *err);
/* "usage: ..." of a subcommand on stderr; returns EX_USAGE. */
int ctl_usage(const char *name);

/* Text from outside for a person's eyes: control, invisible and invalid characters are
 * written as \xHH or \u{HHHH}. */
void ctl_put(FILE *out, struct str text);
/* One line of JSON; takes the reference. Towards a terminal all but ASCII is escaped. */
void ctl_put_json(json_t *value);
/* Text that may hold anything as a JSON string: invalid bytes become U+FFFD. */
json_t *ctl_json_str(struct str text);
/* ISO 8601 text; null for 0. */
json_t *ctl_json_time(int64_t ms);

#endif
