/* SPDX-License-Identifier: BSD-2-Clause
 *
 * unsubscribe: mail to the address of List-Unsubscribe
 *
 * A pipe or alias of the relay runs it for each message to unsubscribe_address. What counts is the
 * token behind the local part: the text is drained and not read, since a mailbox provider writes
 * what it likes. Anybody may mail there, so an unknown token changes nothing and returns nothing.
 *
 * Threads: one.
 */
#include "ctl/ctl.h"

#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "delivery/act.h"
#include "link/link.h"

#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#define ID_BYTES 16

struct leaving {
	struct ctl *ctl;
	struct link_keys *keys;
	struct arena *arena;
	bool dry_run;
	bool piped; /* nobody looks at standard output */
};

static void
tell(const struct leaving *leaving, const char *outcome, const char *scope)
{
	if (leaving->piped)
		log_info("unsubscribe", LOG_STR("outcome", outcome), LOG_STR("scope", scope));
	else
		printf("%s%s%s\n", outcome, scope[0] == '\0' ? "" : " for ", scope);
}

/* Who came back meanwhile may leave by the same token again: it is new news in each second. */
static struct delivery_news
news_of(const struct leaving *leaving, struct str address, const struct link_facts *facts)
{
	int64_t now_ms = clock_now();
	struct str second = arena_printf(leaving->arena, "%lld", (long long)(now_ms / 1000));
	struct str pieces[] = {address, second};
	struct id_digest digest = id_digest(pieces, 2);
	char hex[2 * ID_BYTES + 1];

	return (struct delivery_news){.kind = DELIVERY_NEWS_UNSUBSCRIBED,
	    .contact = facts->contact,
	    .campaign = facts->campaign,
	    .time_ms = now_ms,
	    .source = STR("mail"),
	    .source_id = arena_str(leaving->arena, str_c(id_hex(&digest, ID_BYTES, hex)))};
}

/* 0, or -1: it is to be tried again. */
static int
take(const struct leaving *leaving, struct str address, struct err *err)
{
	const struct delivery_rules rules = delivery_rules_of(leaving->ctl->conf);
	struct delivery_outcome outcome;
	struct delivery_news news;
	struct link_facts facts;

	if (leaving->keys == NULL ||
	    link_mail_decode(
		leaving->keys, LINK_UNSUBSCRIBE_MAIL, address, leaving->arena, &facts, err) != 0) {
		tell(leaving, "nothing: there is no token of ours in the address", "");
		return 0;
	}
	news = news_of(leaving, address, &facts);
	if (leaving->dry_run) {
		tell(leaving, "would be unsubscribed", "");
		return 0;
	}
	*err = ERR_INIT;
	if (delivery_act(leaving->ctl->store, &rules, &news, &outcome, err) == 0) {
		tell(leaving, delivery_outcome_name(outcome.kind), outcome.scope);
		return 0;
	}
	if (err->code != ERR_INPUT && err->code != ERR_NOTFOUND)
		return -1;
	tell(leaving, "nothing: there is no such contact any more", "");
	return 0;
}

static int
run(struct leaving *leaving, struct str address, struct err *err)
{
	const struct conf *conf = ctl_configuration(leaving->ctl);

	if (conf == NULL)
		return EX_TEMPFAIL;
	if ((leaving->piped &&
		log_open(conf->log, "mailtailor", (enum log_level)conf->log_level, err) != 0) ||
	    link_keys_load(&leaving->keys, conf, err) != 0)
		return -1;
	if (ctl_store(leaving->ctl, STORE_CREATE) != EX_OK)
		return EX_TEMPFAIL;
	return take(leaving, address, err);
}

int
ctl_unsubscribe(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {{"recipient", required_argument, NULL, 'r'},
	    {"dry-run", no_argument, NULL, 'n'}, {NULL, 0, NULL, 0}};
	const char *environment = getenv("ORIGINAL_RECIPIENT");
	struct leaving leaving = {.ctl = ctl};
	struct str address = str_c(environment == NULL ? "" : environment);
	struct err err = ERR_INIT;
	int option, status;

	while ((option = ctl_option(argc, argv, options)) != -1) {
		if (option == 'r')
			address = str_c(optarg);
		else if (option == 'n')
			leaving.dry_run = true;
		else
			return EX_USAGE;
	}
	if (optind + 1 == argc)
		address = str_c(argv[optind]);
	else if (optind != argc || address.n == 0)
		return ctl_usage("unsubscribe");
	leaving.piped = optind == argc;
	leaving.arena = arena_new((size_t)1 << 20);
	status = run(&leaving, address, &err);
	if (status < 0) {
		ctl_error("%s", err.text);
		status = leaving.piped ? EX_TEMPFAIL : err_exit_code(err.code);
	} else if (leaving.piped) {
		ctl_drain();
	}
	arena_free(&leaving.arena);
	link_keys_unref(&leaving.keys);
	return status;
}
