/* SPDX-License-Identifier: BSD-2-Clause
 *
 * doctor_postfix: what Postfix's settings say about limits, networks and queue ids
 *
 * The smtpds themselves are doctor_smtpd.c's.
 *
 * Threads: see doctor.h.
 */
#include "conf/net.h"
#include "ctl/doctor.h"

#include <stdlib.h>

void
doctor_advise(struct doctor *doctor, const struct postfix_service *service, const char *name,
    const char *value)
{
	const char *command = postfix_command(doctor->postfix);

	if (service != NULL && postfix_service_overrides(doctor->postfix, service, name))
		finding_remedy(&doctor->found, "%s -P '%s/%s/%s=%s'", command, service->name,
		    service->type, name, value);
	else
		finding_remedy(&doctor->found, "%s -e '%s = %s'", command, name, value);
}

static void
check_recipients(struct doctor *doctor)
{
	const char *text = postfix_get(doctor->postfix, "smtpd_recipient_limit");
	long limit = strtol(text, NULL, 10);

	if (limit > doctor->conf->max_recipients) {
		finding_add(&doctor->found, FINDING_WARNING, "postfix.smtpd_recipient_limit",
		    "smtpd_recipient_limit (%ld) is above max_recipients (%lld): a message between "
		    "the two is refused as a whole.",
		    limit, (long long)doctor->conf->max_recipients);
		finding_remedy(&doctor->found, "max_recipients = %ld", limit);
	} else {
		finding_add(&doctor->found, FINDING_OK, "postfix.smtpd_recipient_limit",
		    "Postfix takes %ld recipients a message; tools that send to more have to split "
		    "their lists.",
		    limit);
	}
}

static void
check_queue_ids(struct doctor *doctor)
{
	if (strcmp(postfix_get(doctor->postfix, "enable_long_queue_ids"), "yes") == 0)
		return;
	finding_add(&doctor->found, FINDING_WARNING, "postfix.enable_long_queue_ids",
	    "Short queue ids come again after a while, so that journal and mail log can't always "
	    "be "
	    "matched.");
	doctor_advise(doctor, NULL, "enable_long_queue_ids", "yes");
}

static void
check_sendmail(struct doctor *doctor)
{
	size_t count;
	const struct postfix_service *services = postfix_services(doctor->postfix, &count);
	struct str rest = str_c(postfix_get(doctor->postfix, "non_smtpd_milters")), element;
	const char *value;
	bool chroot = false;

	for (size_t i = 0; i < count; i++)
		chroot =
		    chroot || (strcmp(services[i].program, "cleanup") == 0 && services[i].chroot);
	while (postfix_next(&rest, &element)) {
		struct str address;

		if (postfix_next(&element, &address) &&
		    doctor_milter_reach(doctor, address, chroot) == DOCTOR_REACH_OURS) {
			finding_add(&doctor->found, FINDING_OK, "postfix.non_smtpd_milters",
			    "Mail from the sendmail command passes mailtailor, too.");
			return;
		}
	}
	value = doctor_milter_value(doctor, chroot);
	finding_add(&doctor->found, FINDING_OK, "postfix.non_smtpd_milters",
	    "Mail from the sendmail command does not pass mailtailor. That is well as long as "
	    "campaigns come by SMTP.");
	if (value != NULL)
		doctor_advise(doctor, NULL, "non_smtpd_milters", value);
}

/* 1 yes, 0 no, -1 can't be told without asking a table. */
static int
networks_hold(const char *networks, const char *address)
{
	struct str rest = str_c(networks), element;
	struct net client, net;
	int answer = 0;

	if (!net_parse_address(address, &client))
		return -1;
	while (postfix_next(&rest, &element)) {
		char text[128];
		size_t len = 0;

		for (size_t i = 0; i < element.n && len + 1 < sizeof text; i++) {
			if (element.p[i] != '[' && element.p[i] != ']')
				text[len++] = element.p[i];
		}
		text[len] = '\0';
		if (net_parse(text, &net)) {
			if (net_holds(&net, &client))
				return 1;
		} else {
			answer = -1;
		}
	}
	return answer;
}

/* Is the relay on this machine? Then its client is the same loopback address. */
static const char *
loopback_of(const char *relay)
{
	if (strncmp(relay, "127.", 4) == 0 || strncmp(relay, "localhost:", 10) == 0)
		return "127.0.0.1";
	return strncmp(relay, "[::1]:", 6) == 0 ? "::1" : NULL;
}

static void
check_networks(struct doctor *doctor)
{
	const char *networks = postfix_get(doctor->postfix, "mynetworks");
	const char *address = loopback_of(doctor->conf->relay);
	int hold = address == NULL ? -1 : networks_hold(networks, address);
	char value[2000];

	if (hold == 1) {
		finding_add(&doctor->found, FINDING_OK, "postfix.mynetworks",
		    "mynetworks holds %s, from where mailtailor hands messages back.", address);
	} else if (hold == 0) {
		finding_add(&doctor->found, FINDING_ERROR, "postfix.mynetworks",
		    "mynetworks does not hold %s, from where mailtailor hands messages back: "
		    "Postfix will refuse to relay them.",
		    address);
		snprintf(value, sizeof value, "%s%s%s", networks, networks[0] == '\0' ? "" : ", ",
		    strcmp(address, "::1") == 0 ? "[::1]/128" : "127.0.0.0/8");
		doctor_advise(doctor, NULL, "mynetworks", value);
	} else {
		finding_add(&doctor->found, FINDING_WARNING, "postfix.mynetworks",
		    "Not checked whether %s lets this machine relay: see that its mynetworks holds "
		    "the address from which mailtailor hands messages back.",
		    doctor->conf->relay);
	}
}

void
doctor_check_postfix(struct doctor *doctor)
{
	doctor_check_smtpds(doctor);
	check_recipients(doctor);
	check_networks(doctor);
	check_queue_ids(doctor);
	check_sendmail(doctor);
}
