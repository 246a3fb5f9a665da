/* SPDX-License-Identifier: BSD-2-Clause
 *
 * rates: how often forms may be sent, by one network and by all
 *
 * In memory: who begins anew after a reload gains little. What is forgotten when there is no
 * room is the oldest, so that a flood from many networks is met by the ceiling for all.
 *
 * Threads: one at a time.
 */
#ifndef WEB_RATES_H
#define WEB_RATES_H

#include "conf/conf.h"

struct web_rates;

struct web_rates *web_rates_new(const struct conf *conf);
void web_rates_free(struct web_rates **rates);
/* May this network send this form once more? Counts it. `now_us`: clock_mono_us. */
bool web_rates_take(
    struct web_rates *rates, const struct conf_form *form, struct str network, int64_t now_us);
/* How many were refused since this was asked last; 0 also if it was within the last second. */
unsigned web_rates_refused(struct web_rates *rates, int64_t now_us);

#endif
