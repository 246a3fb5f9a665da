/* SPDX-License-Identifier: BSD-2-Clause
 *
 * outbox_outcome: what an attempt means for the recipient's row
 */
#ifndef OUTBOX_OUTCOME_H
#define OUTBOX_OUTCOME_H

#include "conf/conf.h"
#include "outbox/queue.h"
#include "outbox/smtp.h"
#include "tailor/tailor.h"

/* Begins the job's result: journal row with everything but the verdict. */
void outbox_outcome_begin(struct outbox_job *job);
/* What is known of the copy. */
void outbox_outcome_copy(struct outbox_job *job, const struct tailor_copy *copy);
/* The engine's (or our own) word ends the attempt: the verdict is not SENT. */
void outbox_outcome_verdict(struct outbox_job *job, const struct conf *conf,
    enum store_verdict verdict, struct str reason, int64_t begun_us);
/* A gate's word: not before due_ms. That is no attempt, and does not use up the lifetime. */
void outbox_outcome_later(
    struct outbox_job *job, struct str reason, int64_t due_ms, int64_t begun_us);
/* The relay's word, or its silence. */
void outbox_outcome_relay(struct outbox_job *job, const struct conf *conf,
    const struct outbox_outcome *outcome, int64_t begun_us);
/* Goes back untouched. */
void outbox_outcome_back(struct outbox_job *job);

/* How long to wait after the attempt that follows `attempts` earlier ones; `dice`: 0..255. */
int64_t outbox_backoff_ms(const struct conf *conf, int64_t attempts, unsigned dice);

#endif
