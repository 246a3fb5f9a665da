/* SPDX-License-Identifier: BSD-2-Clause
 *
 * doctor_postfix: does Postfix call mailtailor, and as it should?
 *
 * Looks at every smtpd of master.cf with its own -o options. An option in master.cf
 * gets advice for master.cf, all else for main.cf.
 *
 * Threads: see doctor.h.
 */
#include "conf/net.h"
#include "ctl/doctor.h"

#include <limits.h>
#include <stdlib.h>

#define MILTERS_MAX 32
/* For a folder, a path in it, and one of them once more. */
#define PATH_ROOM (4 * PATH_MAX)

/* One element of smtpd_milters: "unix:PATH" or "{ unix:PATH, NAME=VALUE ... }". */
struct milter {
	struct str address;
	struct str settings;
};

enum reach {
	REACH_NONE,
	REACH_OURS,
	REACH_CHROOT /* ours, were it not for the chroot */
};

/* One smtpd and what its smtpd_milters say. */
struct smtpd {
	const struct postfix_service *service;
	struct milter milters[MILTERS_MAX];
	size_t count;
	size_t ours; /* index in milters, where reach is not REACH_NONE */
	enum reach reach;
};

static void
advise(struct doctor *doctor, const struct postfix_service *service, const char *name,
    const char *value)
{
	const char *command = postfix_command(doctor->postfix);

	if (service != NULL && postfix_service_overrides(doctor->postfix, service, name))
		finding_remedy(&doctor->found, "%s -P '%s/%s/%s=%s'", command, service->name,
		    service->type, name, value);
	else
		finding_remedy(&doctor->found, "%s -e '%s = %s'", command, name, value);
}

/* Sockets */

/* Links in the folder's path (/var/run) are no difference. */
static void
canonical(char result[PATH_ROOM], const char *folder, struct str path)
{
	char joined[PATH_ROOM - PATH_MAX], real[PATH_MAX];
	char *slash;

	snprintf(joined, sizeof joined, "%s/%.*s", folder, STR_F(path));
	slash = strrchr(joined, '/');
	*slash = '\0';
	snprintf(result, PATH_ROOM, "%s/%s",
	    realpath(joined[0] == '\0' ? "/" : joined, real) == NULL ? joined : real, slash + 1);
}

static bool
same_path(const char *folder, struct str path, const char *ours)
{
	char a[PATH_ROOM], b[PATH_ROOM];

	canonical(a, folder, path);
	canonical(b, "", (struct str){ours + 1, strlen(ours) - 1});
	return strcmp(a, b) == 0;
}

static bool
same_host(struct str a, struct str b)
{
	static const struct str local[] = {{"localhost", 9}, {"127.0.0.1", 9}, {"::1", 3},
	    {"[::1]", 5}, {"0.0.0.0", 7}, {"::", 2}};
	bool a_local = false, b_local = false;

	for (size_t i = 0; i < sizeof local / sizeof local[0]; i++) {
		a_local = a_local || str_eq_nocase(a, local[i]);
		b_local = b_local || str_eq_nocase(b, local[i]);
	}
	return (a_local && b_local) || str_eq_nocase(a, b);
}

/* Ours is inet:PORT@HOST, Postfix writes inet:HOST:PORT. */
static bool
same_inet(struct str theirs, const char *ours)
{
	const char *colon = memrchr(theirs.p, ':', theirs.n), *at = strchr(ours, '@');
	struct str port = str_c(strchr(ours, ':') + 1);

	if (colon == NULL || at == NULL)
		return false;
	port.n = (size_t)(at - port.p);
	return str_eq((struct str){colon + 1, (size_t)(theirs.p + theirs.n - colon - 1)}, port) &&
	    same_host((struct str){theirs.p, (size_t)(colon - theirs.p)}, str_c(at + 1));
}

static enum reach
reach_of(const struct doctor *doctor, struct str address, bool chroot)
{
	const char *ours = doctor->conf->socket;
	const char *queue = postfix_get(doctor->postfix, "queue_directory");
	struct str path = {address.p + 5, address.n - 5};
	bool absolute;

	if (address.n <= 5)
		return REACH_NONE;
	if (str_starts(address, STR("inet:")))
		return strncmp(ours, "inet", 4) == 0 && same_inet(path, ours) ? REACH_OURS
									      : REACH_NONE;
	if (!str_starts(address, STR("unix:")) || strncmp(ours, "unix:", 5) != 0)
		return REACH_NONE;
	absolute = path.p[0] == '/';
	if (same_path(absolute && !chroot ? "" : queue, path, ours + 5))
		return REACH_OURS;
	return absolute && chroot && same_path("", path, ours + 5) ? REACH_CHROOT : REACH_NONE;
}

const char *
doctor_milter_value(const struct doctor *doctor, bool chroot)
{
	static char value[PATH_MAX];
	const char *ours = doctor->conf->socket, *at = strchr(ours, '@');
	const char *queue = postfix_get(doctor->postfix, "queue_directory");
	size_t len = strlen(queue);

	if (strncmp(ours, "unix:", 5) == 0) {
		if (strncmp(ours + 5, queue, len) == 0 && ours[5 + len] == '/')
			snprintf(value, sizeof value, "unix:%s", ours + 5 + len + 1);
		else if (chroot)
			return NULL;
		else
			snprintf(value, sizeof value, "%s", ours);
	} else {
		bool any = strcmp(at + 1, "0.0.0.0") == 0 || strcmp(at + 1, "::") == 0;
		bool v6 = strchr(at + 1, ':') != NULL && at[1] != '[' && !any;
		const char *port = strchr(ours, ':') + 1;

		snprintf(value, sizeof value, "inet:%s%s%s:%.*s", v6 ? "[" : "",
		    any ? "127.0.0.1" : at + 1, v6 ? "]" : "", (int)(at - port), port);
	}
	return value;
}

static void
read_milters(const struct doctor *doctor, struct smtpd *smtpd)
{
	struct str rest =
	    str_c(postfix_service_get(doctor->postfix, smtpd->service, "smtpd_milters"));
	struct milter *milter = smtpd->milters;

	while (smtpd->count < MILTERS_MAX && postfix_next(&rest, &milter->settings)) {
		enum reach reach;

		if (!postfix_next(&milter->settings, &milter->address))
			continue;
		reach = reach_of(doctor, milter->address, smtpd->service->chroot);
		if (reach != REACH_NONE && smtpd->reach != REACH_OURS) {
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
		advise(doctor, smtpd->service, parameter, value);
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
	advise(doctor, smtpd->service, "milter_protocol", "6");
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
	advise(doctor, smtpd->service, "milter_mail_macros",
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
		advise(doctor, smtpd->service, "smtpd_milters", value);
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
	advise(doctor, smtpd->service, "smtpd_milters", both);
}

static void
report_calls(struct doctor *doctor, const struct smtpd *all, size_t count, size_t calling)
{
	const char *transport = postfix_splitting_transport(doctor->postfix);

	for (size_t i = 0; i < count; i++) {
		const struct smtpd *smtpd = &all[i];

		if (smtpd->reach == REACH_OURS)
			finding_add(&doctor->found, FINDING_OK, "postfix.smtpd_milters",
			    "smtpd %s calls mailtailor.", smtpd->service->name);
		else if (smtpd->reach == REACH_CHROOT ||
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

static void
check_smtpds(struct doctor *doctor)
{
	struct smtpd *all;
	size_t count = read_smtpds(doctor, &all), calling = 0;

	for (size_t i = 0; i < count; i++)
		calling += all[i].reach == REACH_OURS;
	if (count == 0)
		finding_add(&doctor->found, FINDING_ERROR, "postfix.smtpd_milters",
		    "There is no smtpd in master.cf.");
	report_calls(doctor, all, count, calling);
	for (size_t i = 0; i < count; i++) {
		if (all[i].reach != REACH_OURS)
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

/* The rest of main.cf */

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
	advise(doctor, NULL, "enable_long_queue_ids", "yes");
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
		    reach_of(doctor, address, chroot) == REACH_OURS) {
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
		advise(doctor, NULL, "non_smtpd_milters", value);
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
		advise(doctor, NULL, "mynetworks", value);
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
	check_smtpds(doctor);
	check_recipients(doctor);
	check_networks(doctor);
	check_queue_ids(doctor);
	check_sendmail(doctor);
}
