/* SPDX-License-Identifier: BSD-2-Clause
 *
 * rates: see rates.h
 *
 * A count belongs to an hour that begins with the first sign-up counted.
 *
 * Owns:    the counts.
 */
#include "web/rates.h"

#include "base/id.h"

#include <stdlib.h>

#define HOUR_US	  (INT64_C(3600) * 1000000)
#define SECOND_US INT64_C(1000000)
#define SLOTS	  8192 /* a power of two */
#define NEAR	  8    /* slots that one network may stand in */

struct count {
	uint64_t key; /* 0: free */
	int64_t since_us;
	int64_t count;
};

struct web_rates {
	const struct conf *conf;
	struct count *forms;
	unsigned refused;
	int64_t told_us;
	struct count slots[SLOTS];
};

struct web_rates *
web_rates_new(const struct conf *conf)
{
	struct web_rates *rates = calloc(1, sizeof *rates);

	if (rates != NULL)
		rates->forms = calloc(conf->form_count + 1, sizeof *rates->forms);
	if (rates == NULL || rates->forms == NULL)
		abort();
	rates->conf = conf;
	rates->told_us = INT64_MIN / 2;
	return rates;
}

void
web_rates_free(struct web_rates **rates)
{
	if (*rates == NULL)
		return;
	free((*rates)->forms);
	free(*rates);
	*rates = NULL;
}

static uint64_t
key_of(size_t form, struct str network)
{
	const struct str pieces[] = {{(const char *)&form, sizeof form}, network};
	struct id_digest digest = id_digest(pieces, 2);
	uint64_t key;

	memcpy(&key, digest.byte, sizeof key);
	return key == 0 ? 1 : key;
}

/* Its own slot, or the one that was begun longest ago. */
static struct count *
slot_of(struct web_rates *rates, uint64_t key)
{
	struct count *best = NULL;

	for (size_t i = 0; i < NEAR; i++) {
		struct count *slot = &rates->slots[(key + i) % SLOTS];

		if (slot->key == key)
			return slot;
		if (best == NULL || slot->key == 0 ||
		    (best->key != 0 && slot->since_us < best->since_us))
			best = slot;
	}
	*best = (struct count){.key = key, .since_us = INT64_MIN / 2};
	return best;
}

static void
turn(struct count *count, int64_t now_us)
{
	if (now_us - count->since_us < HOUR_US)
		return;
	count->since_us = now_us;
	count->count = 0;
}

bool
web_rates_take(
    struct web_rates *rates, const struct conf_form *form, struct str network, int64_t now_us)
{
	size_t index = (size_t)(form - rates->conf->forms);
	struct count *all = &rates->forms[index], *one = slot_of(rates, key_of(index, network));

	if (all->count == 0)
		all->since_us = now_us;
	turn(all, now_us);
	turn(one, now_us);
	if (one->count >= form->client_rate || all->count >= form->rate) {
		rates->refused++;
		return false;
	}
	one->count++;
	all->count++;
	return true;
}

unsigned
web_rates_refused(struct web_rates *rates, int64_t now_us)
{
	unsigned refused = rates->refused;

	if (now_us - rates->told_us < SECOND_US)
		return 0;
	rates->told_us = now_us;
	rates->refused = 0;
	return refused;
}
