/* SPDX-License-Identifier: BSD-2-Clause
 *
 * doctor_dkim: keys, and what DNS should say about them
 *
 * The public key is made from the private one; the record is printed in the form of a
 * zone file and compared with DNS, where the resolver answers within two seconds.
 * Once it did not, it is not asked again.
 *
 * Threads: see doctor.h.
 */
#include "ctl/dkim.h"
#include "ctl/doctor.h"
#include "dkim/dns.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define BITS_ADVISED 2048

static void
check_key_file(struct doctor *doctor, const struct conf_dkim *dkim)
{
	const struct passwd *user = getpwnam(doctor->conf->user);
	struct stat st;

	if (stat(dkim->key, &st) == -1) {
		finding_add(&doctor->found, FINDING_ERROR, "dkim.key",
		    "The key %s of %s can't be read: %s.", dkim->key, dkim->domain,
		    strerror(errno));
		finding_remedy(
		    &doctor->found, "mailtailor dkim new %s %s", dkim->domain, dkim->selector);
		return;
	}
	if ((st.st_mode & 077) != 0) {
		finding_add(&doctor->found, FINDING_ERROR, "dkim.key_mode",
		    "Others than its owner can use the key %s (mode %04o).", dkim->key,
		    st.st_mode & 07777);
		finding_remedy(&doctor->found, "chmod 600 %s", dkim->key);
	}
	if (st.st_uid != 0 && st.st_uid != geteuid() &&
	    (user == NULL || st.st_uid != user->pw_uid)) {
		finding_add(&doctor->found, FINDING_ERROR, "dkim.key_owner",
		    "The key %s belongs neither to root nor to %s.", dkim->key, doctor->conf->user);
		finding_remedy(&doctor->found, "chown root: %s", dkim->key);
	}
}

/* --- DNS --- */

static void
check_record(struct doctor *doctor, const struct conf_dkim *dkim, struct ctl_dkim_record *record)
{
	struct buf line;

	record->state = "silent";
	if (!doctor->dns_silent)
		ctl_dkim_record_ask(record, doctor->conf->dkim_dns);
	if (strcmp(record->state, "silent") == 0) {
		doctor->dns_silent = true;
		finding_add(&doctor->found, FINDING_WARNING, "dkim.dns",
		    "DNS was not checked, since the resolver does not answer. %s has to hold this:",
		    record->name);
	} else if (strcmp(record->state, "missing") == 0) {
		finding_add(&doctor->found,
		    dkim->active == CONF_ACTIVE_AUTO ? FINDING_WARNING : FINDING_ERROR, "dkim.dns",
		    "DNS has no key at %s: %s. Publish this:", record->name,
		    dkim->active == CONF_ACTIVE_AUTO ? "until it has, the key does not sign"
						     : "receivers can't verify the signatures");
	} else if (record->why != NULL) {
		finding_add(&doctor->found, FINDING_ERROR, "dkim.dns",
		    "The record at %s does not belong to the key %s: %s. Publish this:",
		    record->name, dkim->key, record->why);
	} else if (dkim_record_flag(record->found, "y")) {
		finding_add(&doctor->found, FINDING_WARNING, "dkim.dns",
		    "The record at %s says that the domain only tests DKIM (t=y).", record->name);
	} else {
		finding_add(&doctor->found, FINDING_OK, "dkim.dns", "DNS has the right key at %s.",
		    record->name);
		return;
	}
	buf_init(&line, DKIM_RECORD_MAX);
	dkim_record_write_zone(record->name, record->text, &line);
	finding_remedy(&doctor->found, "%s", line.data);
	buf_fini(&line);
}

static void
check_section(struct doctor *doctor, const struct conf_dkim *dkim, unsigned *algorithms)
{
	struct err err = ERR_INIT;
	struct ctl_dkim_record *record = ctl_dkim_record_new(dkim, &err);
	int bits = record == NULL ? 0 : EVP_PKEY_get_bits(record->key);

	check_key_file(doctor, dkim);
	if (record == NULL) {
		if (access(dkim->key, R_OK) == 0)
			finding_add(&doctor->found, FINDING_ERROR, "dkim.key", "%s.", err.text);
		return;
	}
	if (dkim->active != CONF_ACTIVE_NO)
		*algorithms |= 1u << record->algorithm;
	if (record->algorithm == DKIM_RSA && bits < BITS_ADVISED)
		finding_add(&doctor->found, FINDING_WARNING, "dkim.key_size",
		    "The key %s has %d bits; RFC 8301 section 3.2 asks for 2048.", dkim->key, bits);
	if (dkim->active != CONF_ACTIVE_NO)
		check_record(doctor, dkim, record);
	ctl_dkim_record_free(record);
}

/* All keys of a domain, at its first section. */
static void
check_domain(struct doctor *doctor, const struct conf_dkim *first)
{
	unsigned algorithms = 0;

	for (size_t i = 0; i < doctor->conf->dkim_count; i++) {
		const struct conf_dkim *dkim = &doctor->conf->dkims[i];

		if (strcmp(dkim->domain, first->domain) == 0)
			check_section(doctor, dkim, &algorithms);
	}
	if (algorithms == 1u << DKIM_ED25519) {
		finding_add(&doctor->found, FINDING_WARNING, "dkim.ed25519_alone",
		    "%s has an Ed25519 key and none of RSA: Gmail and others do not verify "
		    "Ed25519, "
		    "to them its mail is unsigned.",
		    first->domain);
		finding_remedy(&doctor->found, "mailtailor dkim new %s rsa1", first->domain);
	}
}

/* --- campaigns --- */

static void
check_campaign(struct doctor *doctor, const struct conf_campaign *campaign)
{
	if (campaign->signatures == CONF_SIGNATURES_ED25519)
		finding_add(&doctor->found, FINDING_WARNING, "dkim.ed25519_alone",
		    "Campaign %s signs with Ed25519 alone: Gmail and others do not verify it.",
		    campaign->name);
}

static bool
is_first(const struct conf *conf, size_t at)
{
	for (size_t i = 0; i < at; i++) {
		if (strcmp(conf->dkims[i].domain, conf->dkims[at].domain) == 0)
			return false;
	}
	return true;
}

void
doctor_check_dkim(struct doctor *doctor)
{
	const struct conf *conf = doctor->conf;

	if (conf->dkim_count == 0) {
		finding_add(&doctor->found, FINDING_WARNING, "dkim.none",
		    "There is no dkim section: campaign mail does not leave unsigned.");
		finding_remedy(&doctor->found,
		    "dkim \"DOMAIN\" { selector = \"mt1\" key = "
		    "\"/etc/mailtailor/keys/mt1.DOMAIN.pem\" "
		    "}");
	}
	for (size_t i = 0; i < conf->dkim_count; i++) {
		if (is_first(conf, i))
			check_domain(doctor, &conf->dkims[i]);
	}
	for (size_t i = 0; conf->dkim_count > 0 && i < conf->campaign_count; i++)
		check_campaign(doctor, &conf->campaigns[i]);
}
