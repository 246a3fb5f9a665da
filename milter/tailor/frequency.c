/* SPDX-License-Identifier: BSD-2-Clause
 *
 * frequency: see frequency.h
 */
#include "tailor/frequency.h"

#include "base/clock.h"
#include "plugin/process.h"

int
tailor_frequency(struct store *store, const struct conf_campaign *campaign,
    const struct store_frequency_place *place, bool take, struct arena *arena, struct str *reason_r,
    struct err *err)
{
	char until[CLOCK_TEXT_SIZE];
	int64_t until_ms;
	int rc;

	if (campaign->kind != CONF_KIND_MARKETING || place->contact == 0 ||
	    place->frequency == STORE_FREQUENCY_ALL)
		return 1;
	rc = (take && plugin_process.live ? store_frequency_take : store_frequency_ask)(
	    store, place, &until_ms, err);
	if (rc == 0)
		*reason_r = arena_printf(arena, "wants mail %s at most: not before %s",
		    store_frequency_name(place->frequency), clock_iso(until_ms, until));
	return rc;
}
