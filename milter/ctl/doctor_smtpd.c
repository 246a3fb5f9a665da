/* SPDX-License-Identifier: BSD-2-Clause
 *
 * doctor_smtpd: does Postfix call mailtailor, and as it should?
 *
 * Looks at every smtpd of master.cf with its own -o options. An option in master.cf
 * gets advice for master.cf, all else for main.cf.
 *
 * Threads: see doctor.h.
 */
#include "ctl/doctor.h"

#include <limits.h>
#include <stdlib.h>

#define MILTERS_MAX 32

/* One element of smtpd_milters: "unix:PATH" or "{ unix:PATH, NAME=VALUE ... }". */
struct milter {
	struct str address;
	struct str settings;
};

/* One smtpd and what its smtpd_milters say. */
struct smtpd {
	const struct postfix_service *service;
	struct milter milters[MILTERS_MAX];
	size_t count;
	size_t ours; /* index in milters, where reach is not DOCTOR_REACH_NONE */
	enum doctor_reach reach;
};

static void
read_milters(const struct doctor *doctor, struct smtpd *smtpd)
{
	struct str rest =
	    str_c(postfix_service_get(doctor->postfix, smtpd->service, "smtpd_milters"));
	struct milter *milter = smtpd->milters;

	while (smtpd->count < MILTERS_MAX && postfix_next(&rest, &milter->settings)) {
		enum doctor_reach reach;

		if (!postfix_next(&milter->settings, &milter->address))
			continue;
		reach = doctor_milter_reach(doctor, milter->address, smtpd->service->chroot);
		if (reach != DOCTOR_REACH_NONE && smtpd->reach != DOCTOR_REACH_OURS) {
			smtpd->reach = reach;
			smtpd->ours = smtpd->count;
		}
		milter++;
		smtpd->count++;
	}
}

/* The setting in the braces of our element. */
static bool
braced(const struct smtpd *smtpd, const char *wanted, struct str *value_r)
{
	struct str rest = smtpd->milters[smtpd->ours].settings, element, name;

	while (postfix_next(&rest, &element)) {
		if (str_split(&element, '=', &name) && str_is(str_trim(name), wanted) &&
		    element.p != NULL) {
			*value_r = str_trim(element);
			return true;
		}
	}
	return false;
}

/* There or, failing that, in what the service says as milter_NAME. */
static struct str
setting(const struct doctor *doctor, const struct smtpd *smtpd, const char *name)
{
	char parameter[64];
	struct str value;

	snprintf(parameter, sizeof parameter, "milter_%s", name);
	if (!braced(smtpd, name, &value))
		value = str_c(postfix_service_get(doctor->postfix, smtpd->service, parameter));
	return value;
}

static void
advise_setting(
    struct doctor *doctor, const struct smtpd *smtpd, const char *name, const char *value)
{
	char parameter[64];
	struct str present;

	snprintf(parameter, sizeof parameter, "milter_%s", name);
	if (braced(smtpd, name, &present))
		finding_remedy(&doctor->found, "%s=%s    # in the braces of %.*s in smtpd_milters",
		    name, value, STR_F(smtpd->milters[smtpd->ours].address));
	else
		doctor_advise(doctor, smtpd->service, parameter, value);
}

/* How our milter is called */

static void
check_action(struct doctor *doctor, const struct smtpd *smtpd)
{
	struct str action = setting(doctor, smtpd, "default_action");

	if (str_is(action, "tempfail") || str_is(action, "shutdown")) {
		finding_add(&doctor->found, FINDING_OK, "postfix.milter_default_action",
		    "milter_default_action is %.*s: nothing leaves untailored while mailtailord is "
		    "down.",
		    STR_F(action));
		return;
	}
	if (str_is(action, "accept"))
		finding_add(&doctor->found, FINDING_ERROR, "postfix.milter_default_action",
		    "milter_default_action is accept: while mailtailord does not answer, or dies "
		    "within a message, the raw template goes to everyone.");
	else
		finding_add(&doctor->found, FINDING_WARNING, "postfix.milter_default_action",
		    "milter_default_action is %.*s: a campaign that comes while mailtailord is "
		    "restarted is not tried again.",
		    STR_F(action));
	advise_setting(doctor, smtpd, "default_action", "tempfail");
}

static void
check_protocol(struct doctor *doctor, const struct smtpd *smtpd)
{
	const char *protocol =
	    postfix_service_get(doctor->postfix, smtpd->service, "milter_protocol");

	if (strtol(protocol, NULL, 10) >= 6)
		return;
	finding_add(&doctor->found, FINDING_ERROR, "postfix.milter_protocol",
	    "milter_protocol is %s; mailtailord needs 6, where headers keep their spaces.",
	    protocol);
	doctor_advise(doctor, smtpd->service, "milter_protocol", "6");
}

static void
check_timeouts(struct doctor *doctor, const struct smtpd *smtpd)
{
	static const struct {
		const char *name;
		int64_t least;
		const char *advice;
	} limits[] = {{"connect_timeout", 5, "30s"}, {"command_timeout", 10, "30s"},
	    {"content_timeout", 60, "300s"}};

	for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
		struct str value = setting(doctor, smtpd, limits[i].name);
		char copy[32];
		int64_t seconds;

		snprintf(copy, sizeof copy, "%.*s", STR_F(value));
		seconds = postfix_seconds(copy, 's');
		if (seconds < 0 || seconds >= limits[i].least)
			continue;
		finding_add(&doctor->found, FINDING_WARNING, "postfix.milter_timeouts",
		    "milter_%s is %s: too short for a large campaign message on a busy machine.",
		    limits[i].name, copy);
		advise_setting(doctor, smtpd, limits[i].name, limits[i].advice);
	}
}

static bool
is_signer(struct str address)
{
	static const struct str marks[] = {{"dkim", 4}, {"openarc", 7}, {"rspamd", 6},
	    {"amavis", 6}, {":8891", 5}, {":12301", 6}, {":11332", 6}};

	for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
		if (str_has(address, marks[i]))
			return true;
	}
	return false;
}

static void
check_neighbours(struct doctor *doctor, const struct smtpd *smtpd)
{
	for (size_t i = 0; i < smtpd->count; i++) {
		struct str address = smtpd->milters[i].address;

		if (i == smtpd->ours)
			continue;
		if (is_signer(address) && i < smtpd->ours)
			finding_add(&doctor->found, FINDING_WARNING, "postfix.other_signer",
			    "The milter %.*s stands before mailtailor and looks like a DKIM "
			    "signer: "
			    "its signature covers the generic message and is broken by tailoring. "
			    "Let it leave the domains alone that mailtailor signs.",
			    STR_F(address));
		else if (is_signer(address))
			finding_add(&doctor->found, FINDING_WARNING, "postfix.other_signer",
			    "The milter %.*s stands behind mailtailor and looks like a DKIM "
			    "signer: "
			    "campaign mail gets a second signature, which some receivers refuse. "
			    "Let "
			    "it leave the domains alone that mailtailor signs.",
			    STR_F(address));
		else if (i > smtpd->ours)
			finding_add(&doctor->found, FINDING_WARNING, "postfix.other_milter",
			    "The milter %.*s stands behind mailtailor: if it changes header or "
			    "body, "
			    "the signature breaks. Put mailtailor last.",
			    STR_F(address));
	}
}

/* Postfix leaves the body out of a milter's sight behind smtpd_proxy_filter. */
static void
check_bypass(struct doctor *doctor, const struct smtpd *smtpd)
{
	const char *proxy =
	    postfix_service_get(doctor->postfix, smtpd->service, "smtpd_proxy_filter");
	const char *override =
	    postfix_service_get(doctor->postfix, smtpd->service, "receive_override_options");

	if (proxy[0] != '\0') {
		finding_add(&doctor->found, FINDING_ERROR, "postfix.smtpd_proxy_filter",
		    "smtpd %s hands mail to the filter %s before it is queued; milters see no "
		    "content then. Give smtpd_milters to the smtpd behind the filter instead.",
		    smtpd->service->name, proxy);
	}
	if (strstr(override, "no_milters") != NULL) {
		finding_add(&doctor->found, FINDING_ERROR, "postfix.receive_override_options",
		    "smtpd %s has no_milters in receive_override_options: mailtailor is not "
		    "called.",
		    smtpd->service->name);
	}
}

static void
check_macros(struct doctor *doctor, const struct smtpd *smtpd)
{
	const char *mail =
	    postfix_service_get(doctor->postfix, smtpd->service, "milter_mail_macros");

	if (!doctor->conf->trust_authenticated || strstr(mail, "{auth_authen}") != NULL)
		return;
	finding_add(&doctor->found, FINDING_WARNING, "postfix.milter_macros",
	    "milter_mail_macros lacks {auth_authen}: mailtailor can't see who is authenticated, "
	    "and their campaign mail passes as ordinary mail.");
	doctor_advise(doctor, smtpd->service, "milter_mail_macros",
	    "i {auth_type} {auth_authen} {auth_author} {mail_addr} {mail_host} {mail_mailer}");
}

/* Which smtpd calls us */

static void
report_unreachable(struct doctor *doctor, const struct smtpd *smtpd)
{
	const char *queue = postfix_get(doctor->postfix, "queue_directory");
	const char *value = doctor_milter_value(doctor, smtpd->service->chroot);

	finding_add(&doctor->found, FINDING_ERROR, "postfix.chroot",
	    "smtpd %s runs in the chroot %s, where %s is not to be found.", smtpd->service->name,
	    queue, doctor->conf->socket);
	if (value == NULL)
		finding_remedy(
		    &doctor->found, "socket = \"unix:%s/mailtailor/milter.sock\"", queue);
	else
		doctor_advise(doctor, smtpd->service, "smtpd_milters", value);
}

/* What main.cf has, and ours behind it. */
static void
advise_milters(struct doctor *doctor, const struct smtpd *smtpd)
{
	const char *value = doctor_milter_value(doctor, smtpd->service->chroot);
	const char *present = postfix_service_get(doctor->postfix, smtpd->service, "smtpd_milters");
	char both[2 * PATH_MAX];

	if (value == NULL)
		return;
	snprintf(both, sizeof both, "%s%s%s", present, present[0] == '\0' ? "" : " ", value);
	doctor_advise(doctor, smtpd->service, "smtpd_milters", both);
}

static void
report_calls(struct doctor *doctor, const struct smtpd *all, size_t count, size_t calling)
{
	const char *transport = postfix_splitting_transport(doctor->postfix);

	for (size_t i = 0; i < count; i++) {
		const struct smtpd *smtpd = &all[i];

		if (smtpd->reach == DOCTOR_REACH_OURS)
			finding_add(&doctor->found, FINDING_OK, "postfix.smtpd_milters",
			    "smtpd %s calls mailtailor.", smtpd->service->name);
		else if (smtpd->reach == DOCTOR_REACH_CHROOT ||
		    (calling == 0 && doctor_milter_value(doctor, smtpd->service->chroot) == NULL))
			report_unreachable(doctor, smtpd);
		else if (calling == 0) {
			finding_add(&doctor->found, FINDING_ERROR, "postfix.smtpd_milters",
			    "No smtpd calls mailtailor: campaigns leave as raw templates.");
			advise_milters(doctor, smtpd);
		} else if (transport != NULL)
			finding_add(&doctor->found, FINDING_OK, "postfix.split",
			    "smtpd %s does not call mailtailor; the transport %s splits messages "
			    "into single recipients for one that does.",
			    smtpd->service->name, transport);
		else {
			finding_add(&doctor->found, FINDING_WARNING, "postfix.smtpd_milters",
			    "smtpd %s does not call mailtailor: a campaign that comes in there "
			    "leaves as a raw template.",
			    smtpd->service->name);
			advise_milters(doctor, smtpd);
		}
	}
}

static size_t
read_smtpds(const struct doctor *doctor, struct smtpd **all_r)
{
	size_t service_count, count = 0;
	const struct postfix_service *services = postfix_services(doctor->postfix, &service_count);

	*all_r = calloc(service_count + 1, sizeof **all_r);
	if (*all_r == NULL)
		abort();
	for (size_t i = 0; i < service_count; i++) {
		if (strcmp(services[i].program, "smtpd") == 0) {
			(*all_r)[count].service = &services[i];
			read_milters(doctor, &(*all_r)[count]);
			count++;
		}
	}
	return count;
}

void
doctor_check_smtpds(struct doctor *doctor)
{
	struct smtpd *all;
	size_t count = read_smtpds(doctor, &all), calling = 0;

	for (size_t i = 0; i < count; i++)
		calling += all[i].reach == DOCTOR_REACH_OURS;
	if (count == 0)
		finding_add(&doctor->found, FINDING_ERROR, "postfix.smtpd_milters",
		    "There is no smtpd in master.cf.");
	report_calls(doctor, all, count, calling);
	for (size_t i = 0; i < count; i++) {
		if (all[i].reach != DOCTOR_REACH_OURS)
			continue;
		check_action(doctor, &all[i]);
		check_protocol(doctor, &all[i]);
		check_timeouts(doctor, &all[i]);
		check_neighbours(doctor, &all[i]);
		check_bypass(doctor, &all[i]);
		check_macros(doctor, &all[i]);
	}
	free(all);
}
