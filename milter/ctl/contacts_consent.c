/* SPDX-License-Identifier: BSD-2-Clause
 *
 * contacts_consent: who agreed to get marketing, shown and set by hand
 *
 * Threads: one.
 */
#include "ctl/contacts.h"

#include "base/clock.h"

#include <sysexits.h>

static void
add(json_t *line, const char *name, struct str text)
{
	if (text.n > 0)
		json_object_set_new(line, name, ctl_json_str(text));
}

void
ctl_consent_columns(const struct store_consent *consent, json_t *line)
{
	char time[CLOCK_TEXT_SIZE] = "";

	if (consent->state == STORE_CONSENT_NONE)
		return;
	if (consent->time_ms > 0)
		clock_iso(consent->time_ms, time);
	add(line, "consent", str_c(store_consent_name(consent->state)));
	add(line, "consent_source", consent->source);
	add(line, "consent_time", str_c(time));
	add(line, "consent_proof", consent->proof);
}

static void
put_detail(const char *name, struct str text)
{
	if (text.n == 0)
		return;
	printf("%s: ", name);
	ctl_put(stdout, text);
	putchar('\n');
}

void
ctl_consent_put(const struct store_consent *consent)
{
	char time[CLOCK_TEXT_SIZE];

	printf("consent: %s", store_consent_name(consent->state));
	if (consent->time_ms > 0)
		printf(" since %s", clock_iso(consent->time_ms, time));
	putchar('\n');
	put_detail("consent_source", consent->source);
	put_detail("consent_proof", consent->proof);
}

int
ctl_contacts_consent(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {
	    {"source", required_argument, NULL, 's'},
	    {"proof", required_argument, NULL, 'p'},
	    {NULL, 0, NULL, 0},
	};
	struct store_consent consent = {.source = STR("mailtailor contacts consent")};
	struct err err = ERR_INIT;
	int option, status, rc;

	while ((option = ctl_option(argc, argv, options)) != -1) {
		if (option == 's')
			consent.source = str_c(optarg);
		else if (option == 'p')
			consent.proof = str_c(optarg);
		else
			return ctl_usage("contacts");
	}
	if (optind + 2 != argc)
		return ctl_usage("contacts");
	if (!store_consent_find(str_c(argv[optind + 1]), &consent.state)) {
		ctl_error("%s: granted, withdrawn, pending or none was expected", argv[optind + 1]);
		return EX_USAGE;
	}
	/* Nothing is known: then there is no word of where that is from. */
	if (consent.state == STORE_CONSENT_NONE)
		consent.source = consent.proof = STR("");
	status = ctl_store(ctl, STORE_CREATE);
	if (status != 0)
		return status;
	rc = store_consent_set(ctl->store, str_c(argv[optind]), &consent, &err);
	if (rc == 0)
		err_set(&err, ERR_NOTFOUND, "there is no contact %s", argv[optind]);
	return rc == 1 ? EX_OK : ctl_fail(&err);
}
