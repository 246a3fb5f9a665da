/* SPDX-License-Identifier: BSD-2-Clause
 *
 * doctor_dmarc: does campaign mail pass DMARC (RFC 7489)?
 *
 * It does if a signature verifies whose d= aligns with From's domain, or if SPF passes for an
 * envelope sender that aligns. What record counts is told by DNS, which is asked as for
 * DKIM's records; once it was silent it is not asked again.
 *
 * Threads: see doctor.h.
 */
#include "ctl/doctor.h"
#include "dkim/align.h"
#include "dkim/dns.h"

#include <glib.h>

/* The DMARC record that counts for a domain. */
struct policy {
	bool known; /* DNS has one, and it is in order */
	char name[DKIM_NAME_MAX];
	char record[DKIM_RECORD_MAX];
};

static bool
is_tag(const char *record, const char *tag, const char *wanted)
{
	char value[DKIM_RECORD_MAX];

	return dkim_record_tag(record, tag, value) && g_ascii_strcasecmp(value, wanted) == 0;
}

/* v= stands first (section 6.4). */
static bool
is_policy(const char *record)
{
	struct str text = str_trim(str_c(record));

	return text.n > 1 && text.p[0] == 'v' && is_tag(record, "v", "DMARC1") &&
	    (is_tag(record, "p", "none") || is_tag(record, "p", "quarantine") ||
		is_tag(record, "p", "reject"));
}

static enum dkim_answer
ask(struct doctor *doctor, const char *domain, struct policy *policy)
{
	enum dkim_answer answer = DKIM_ANSWER_SILENT;

	snprintf(policy->name, sizeof policy->name, "_dmarc.%s", domain);
	if (!doctor->dns_silent)
		answer = dkim_dns_txt(doctor->conf->dkim_dns, policy->name, policy->record);
	doctor->dns_silent |= answer == DKIM_ANSWER_SILENT;
	return answer;
}

static void
report_policy(
    struct doctor *doctor, const char *organization, enum dkim_answer answer, struct policy *policy)
{
	char value[DKIM_RECORD_MAX];

	if (answer == DKIM_ANSWER_SILENT) {
		finding_add(&doctor->found, FINDING_WARNING, "dkim.dmarc",
		    "DMARC records were not checked, since the resolver does not answer.");
	} else if (answer == DKIM_ANSWER_NONE) {
		finding_add(&doctor->found, FINDING_WARNING, "dkim.dmarc",
		    "%s has no DMARC record; Gmail and Yahoo ask senders of bulk mail for one.",
		    organization);
		finding_remedy(
		    &doctor->found, "_dmarc.%s. IN TXT \"v=DMARC1; p=none\"", organization);
	} else if (!is_policy(policy->record)) {
		finding_add(&doctor->found, FINDING_WARNING, "dkim.dmarc",
		    "The record at %s is no DMARC record: it has to begin with v=DMARC1 and to say "
		    "p=none, p=quarantine or p=reject.",
		    policy->name);
	} else {
		policy->known = true;
		dkim_record_tag(policy->record, "p", value);
		finding_add(&doctor->found, FINDING_OK, "dkim.dmarc",
		    "DNS has a DMARC record at %s (p=%s).", policy->name, value);
	}
}

/* The domain's own record, else that of its organization (section 6.6.3). */
static void
find_policy(struct doctor *doctor, const char *domain, struct policy *policy)
{
	char organization[DKIM_DOMAIN_MAX + 1];
	enum dkim_answer answer = ask(doctor, domain, policy);

	policy->known = false;
	if (!dkim_align_organization(str_c(domain), organization))
		snprintf(organization, sizeof organization, "%s", domain);
	if (answer == DKIM_ANSWER_NONE && strcmp(domain, organization) != 0)
		answer = ask(doctor, organization, policy);
	report_policy(doctor, organization, answer, policy);
}

/* --- domains that sign --- */

static void
check_signer(struct doctor *doctor, const struct conf_dkim *dkim)
{
	char organization[DKIM_DOMAIN_MAX + 1];
	struct policy policy;

	if (dkim->active == CONF_ACTIVE_NO)
		return;
	find_policy(doctor, dkim->domain, &policy);
	if (!dkim->subdomains)
		return;
	if (!dkim_align_organization(str_c(dkim->domain), organization))
		finding_add(&doctor->found, FINDING_ERROR, "dkim.alignment",
		    "%s is a public suffix, below which others register their domains: its "
		    "signature "
		    "aligns with no From in a subdomain.",
		    dkim->domain);
	else if (policy.known && is_tag(policy.record, "adkim", "s"))
		finding_add(&doctor->found, FINDING_WARNING, "dkim.alignment",
		    "Mail from subdomains of %s is signed by %s, but the DMARC record at %s wants "
		    "the very same domain (adkim=s) where a subdomain has no record of its own.",
		    dkim->domain, dkim->domain, policy.name);
}

/* --- campaigns --- */

/* What stands behind the @, or NULL. */
static const char *
domain_of(const char *address)
{
	const char *at = strrchr(address, '@');

	return at == NULL ? NULL : at + 1;
}

static void
check_dkim_alignment(struct doctor *doctor, const struct conf_campaign *campaign,
    const char *domain, const char *signer, const struct policy *policy)
{
	enum dkim_alignment alignment = dkim_align(str_c(signer), str_c(domain));

	if (alignment == DKIM_ALIGN_NONE)
		finding_add(&doctor->found, FINDING_ERROR, "dkim.alignment",
		    "Campaign %s: mail from %s is signed by %s, which is of another organization: "
		    "DMARC does not count the signature.",
		    campaign->name, domain, signer);
	else if (alignment == DKIM_ALIGN_RELAXED && policy->known &&
	    is_tag(policy->record, "adkim", "s"))
		finding_add(&doctor->found, FINDING_ERROR, "dkim.alignment",
		    "Campaign %s: mail from %s is signed by %s, but the DMARC record wants the "
		    "very same domain (adkim=s).",
		    campaign->name, domain, signer);
	else
		return;
	finding_remedy(&doctor->found, "mailtailor dkim new %s mt1", domain);
}

/* Neither way is wrong, as long as DKIM aligns. */
static void
check_spf_alignment(struct doctor *doctor, const struct conf_campaign *campaign, const char *domain,
    const struct policy *policy)
{
	bool strict = policy->known && is_tag(policy->record, "aspf", "s");

	for (size_t i = 0; i < campaign->sender.count; i++) {
		const char *sender = domain_of(campaign->sender.at[i]);
		enum dkim_alignment alignment =
		    sender == NULL ? DKIM_ALIGN_NONE : dkim_align(str_c(sender), str_c(domain));
		bool aligned =
		    alignment == DKIM_ALIGN_STRICT || (alignment == DKIM_ALIGN_RELAXED && !strict);

		if (sender == NULL)
			continue;
		finding_add(&doctor->found, FINDING_OK, "dkim.spf",
		    aligned
			? "Campaign %s: the envelope sender's domain %s aligns with %s, so SPF "
			  "counts for DMARC, too."
			: "Campaign %s: the envelope sender's domain %s does not align with %s, "
			  "so DMARC rests on the DKIM signature alone.",
		    campaign->name, sender, domain);
	}
}

static void
check_from(struct doctor *doctor, const struct conf_campaign *campaign, const char *address)
{
	const char *domain = domain_of(address), *signer;
	struct policy policy;

	if (domain == NULL)
		return;
	signer = conf_dkim_signer(doctor->conf, str_c(domain));
	if (signer == NULL) {
		finding_add(&doctor->found, FINDING_ERROR, "dkim.alignment",
		    "Campaign %s sends from %s, and there is no DKIM key for %s: its mail is "
		    "deferred.",
		    campaign->name, address, domain);
		finding_remedy(&doctor->found, "mailtailor dkim new %s mt1", domain);
		return;
	}
	find_policy(doctor, domain, &policy);
	check_dkim_alignment(doctor, campaign, domain, signer, &policy);
	check_spf_alignment(doctor, campaign, domain, &policy);
}

void
doctor_check_dmarc(struct doctor *doctor)
{
	const struct conf *conf = doctor->conf;

	if (conf->dkim_count == 0)
		return;
	for (size_t i = 0; i < conf->dkim_count; i++)
		check_signer(doctor, &conf->dkims[i]);
	for (size_t i = 0; i < conf->campaign_count; i++) {
		const struct conf_campaign *campaign = &conf->campaigns[i];

		for (size_t k = 0; k < campaign->from.count; k++)
			check_from(doctor, campaign, campaign->from.at[k]);
	}
}
