/* SPDX-License-Identifier: BSD-2-Clause
 *
 * law: what the configuration lacks to send marketing by the law
 *
 * Threads: any; touches only its arguments.
 */
#include "conf/conf.h"

#include <stdio.h>
#include <stdlib.h>

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

/* Campaigns that lack the same are one warning, which names so many. */
#define NAMED_MAX 8

struct lack {
	bool way;
	bool postal;
};

static bool
lacks(const struct conf *conf, const struct conf_campaign *campaign, struct lack lack)
{
	return campaign->kind == CONF_KIND_MARKETING &&
	    conf_can_unsubscribe(conf, campaign) == !lack.way &&
	    (conf_postal_address(conf, campaign)[0] == '\0') == lack.postal;
}

static const char *
words_of(struct lack lack)
{
	if (!lack.way)
		return "without postal_address: no footer can show it";
	return lack.postal ? "without a way to unsubscribe, for which tracking_url or "
			     "unsubscribe_address was expected, and without postal_address: "
			     "no footer is added"
			   : "without a way to unsubscribe, for which tracking_url or "
			     "unsubscribe_address was expected: no footer is added";
}

static void
warn(const struct conf *conf, struct lack lack, void (*each)(const char *text, void *closure),
    void *closure)
{
	const struct conf_campaign *first = NULL;
	size_t count = 0, size;
	char *text = NULL;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL)
		abort();
	for (size_t i = 0; i < conf->campaign_count; i++) {
		const struct conf_campaign *campaign = &conf->campaigns[i];

		if (!lacks(conf, campaign, lack))
			continue;
		if (first == NULL)
			fprintf(out, "%s: campaign", (first = campaign)->place);
		if (count++ < NAMED_MAX)
			fprintf(out, "%s \"%s\"", count == 1 ? "" : ",", campaign->name);
	}
	if (count > NAMED_MAX)
		fprintf(out, " and %zu more", count - NAMED_MAX);
	fprintf(out, ": marketing %s", words_of(lack));
	fclose(out);
	if (count > 0)
		each(text, closure);
	free(text);
}

void
conf_law_warnings(
    const struct conf *conf, void (*each)(const char *text, void *closure), void *closure)
{
	warn(conf, (struct lack){.way = true, .postal = true}, each, closure);
	warn(conf, (struct lack){.way = true}, each, closure);
	warn(conf, (struct lack){.postal = true}, each, closure);
}
