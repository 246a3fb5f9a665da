/* SPDX-License-Identifier: BSD-2-Clause
 *
 * doctor_law: can marketing show what the law asks for?
 *
 * Threads: see doctor.h.
 */
#include "ctl/doctor.h"

struct warnings {
	struct doctor *doctor;
	size_t count;
};

static void
report(const char *text, void *closure)
{
	struct warnings *warnings = closure;

	warnings->count++;
	finding_add(&warnings->doctor->found, FINDING_WARNING, "law.marketing", "%s.", text);
}

void
doctor_check_law(struct doctor *doctor)
{
	const struct conf *conf = doctor->conf;
	struct warnings warnings = {.doctor = doctor};
	size_t marketing = 0;

	for (size_t i = 0; i < conf->campaign_count; i++)
		marketing += conf->campaigns[i].kind == CONF_KIND_MARKETING;
	conf_law_warnings(conf, report, &warnings);
	if (marketing > 0 && warnings.count == 0)
		finding_add(&doctor->found, FINDING_OK, "law.marketing",
		    "Marketing has a way to unsubscribe and a postal address.");
	else if (warnings.count > 0)
		finding_remedy(
		    &doctor->found, "postal_address = \"Shop Ltd, 1 Main Street, Dublin\"");
}
