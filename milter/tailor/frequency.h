/* SPDX-License-Identifier: BSD-2-Clause
 *
 * frequency: marketing goes to a contact no more often than it wants
 *
 * What store/frequency.h keeps, asked in the engine's order: before gates whether there is a
 * place at all, after them the place is taken. It is given back if the verdict is final and the
 * message does not go. Where nothing is sent (plugin_process.live), nothing is taken.
 *
 * Threads: any.
 */
#ifndef TAILOR_FREQUENCY_H
#define TAILOR_FREQUENCY_H

#include "conf/conf.h"
#include "store/frequency.h"

/* 1: it may go; 0: *reason_r says, in the arena, why not; -1. Transactional mail always may, and
 * so may mail to who is no contact. `take`: and takes the place. */
int tailor_frequency(struct store *store, const struct conf_campaign *campaign,
    const struct store_frequency_place *place, bool take, struct arena *arena, struct str *reason_r,
    struct err *err);

#endif
