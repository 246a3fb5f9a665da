/* SPDX-License-Identifier: BSD-2-Clause
 *
 * watch: pauses a campaign before a receiver does
 *
 * Where too many of a campaign's copies come back or are complained of, among all or those to one
 * domain, it waits in the outbox until the administrator resumes it.
 *
 * Threads: any.
 */
#ifndef OUTBOX_WATCH_H
#define OUTBOX_WATCH_H

#include "conf/conf.h"
#include "store/store.h"

/* Looks once. How many campaigns were paused, or -1. */
int outbox_watch(struct store *store, const struct conf *conf, struct err *err);

#endif
