/* SPDX-License-Identifier: BSD-2-Clause
 *
 * learn: from lines of the relay's log to what became of copies
 *
 * Lines are taken one by one, and what they say is learned in batches: everything of a batch and
 * how far the log was read is one transaction. So nothing is learned twice or missed,
 * whenever the process dies. The same lines once more, from the same file or another, change
 * nothing either: a result counts if it is later than the last one of its copy.
 *
 * Threads: one at a time.
 */
#ifndef FOLLOW_LEARN_H
#define FOLLOW_LEARN_H

#include "conf/conf.h"
#include "maillog/line.h"
#include "store/delivery.h"

struct follow_learner;

struct follow_counts {
	uint64_t lines;	    /* about messages */
	uint64_t results;   /* of these: what became of a recipient, anybody's */
	uint64_t learned;   /* of these: news of our copies */
	uint64_t known;	    /* of these: ours, but known already */
	uint64_t waiting;   /* came before their journal row, and wait for it */
	uint64_t forgotten; /* of these: it never came */
};

int follow_learner_new(struct follow_learner **learner_r, struct store *store,
    const struct conf *conf, struct err *err);
void follow_learner_free(struct follow_learner **learner);
/* `time_ms`: 0 if the line does not say. */
void follow_take(struct follow_learner *learner, const struct maillog_line *line, int64_t time_ms);
/* A line that was taken before, by a process that is gone: what later ones refer to is kept. */
void follow_recall(
    struct follow_learner *learner, const struct maillog_line *line, int64_t time_ms);
/* Enough was taken: learn now. */
bool follow_is_full(const struct follow_learner *learner);
/* Learns what was taken; `places` (NULL: none) are written with it. If there is nothing to learn,
 * they are written only if `write_places`. -1: nothing was learned, and the same call may work later
 * (ERR_BUSY, ERR_IO, ...). */
int follow_learn(struct follow_learner *learner, const struct store_log_place *places, size_t count,
    bool write_places, struct err *err);
/* Are there results that wait for their journal row? */
bool follow_is_waiting(const struct follow_learner *learner);
const struct follow_counts *follow_counts(const struct follow_learner *learner);

#endif
