/* SPDX-License-Identifier: BSD-2-Clause
 *
 * law: what the configuration lacks to send marketing by the law
 *
 * Threads: any; touches only its arguments.
 */
#include "conf/conf.h"

#include <stdio.h>

const char *
conf_postal_address(const struct conf *conf, const struct conf_campaign *campaign)
{
	return campaign->postal_address[0] != '\0' ? campaign->postal_address
						   : conf->postal_address;
}

bool
conf_can_unsubscribe(const struct conf *conf, const struct conf_campaign *campaign)
{
	return campaign->unsubscribe_address[0] != '\0' ||
	    (conf->token_keys[0] != '\0' &&
		(campaign->tracking_url[0] != '\0' || conf->tracking_url[0] != '\0'));
}

void
conf_law_warnings(
    const struct conf *conf, void (*each)(const char *text, void *closure), void *closure)
{
	for (size_t i = 0; i < conf->campaign_count; i++) {
		const struct conf_campaign *campaign = &conf->campaigns[i];
		bool way = conf_can_unsubscribe(conf, campaign);
		bool postal = conf_postal_address(conf, campaign)[0] != '\0';
		char text[1200];

		if (campaign->kind != CONF_KIND_MARKETING || (way && postal))
			continue;
		snprintf(text, sizeof text, "%.500s: campaign \"%.100s\": marketing, but %s%s%s",
		    campaign->place, campaign->name,
		    way ? ""
			: "without tracking_url and unsubscribe_address nobody can unsubscribe",
		    !way && !postal ? "; and " : "",
		    postal ? "" : "postal_address is not set, so no copy can show it");
		each(text, closure);
	}
}
