/* SPDX-License-Identifier: BSD-2-Clause
 *
 * watch: pauses campaigns before a receiver does
 *
 * Where too many of a campaign's copies come back or are complained of, among all or those to one
 * domain, it waits in the outbox until the administrator resumes it. The same for all copies that
 * have one domain in From: then its campaigns wait, but for those that are known to be better.
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
