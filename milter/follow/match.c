/* SPDX-License-Identifier: BSD-2-Clause
 *
 * match: see match.h
 *
 * Recipient and Message-ID make a copy: Message-IDs of copies from the outbox are derived for each,
 * and a message with one recipient keeps its own. The Message-ID stays when a content filter or
 * postsuper -r gives the message another queue id. Where the log does not say it (a message that had none,
 * a line that was lost, or too long ago), the queue id decides; short ones are used again,
 * so the newest journal row that is not later than the line counts.
 *
 * Fails:   the store's.
 */
#include "follow/match.h"

/* The journal row is written before or after the line, but not much. */
#define NEAR_MS ((int64_t)3600 * 1000)

static bool
same_queue(const struct store_delivery_word *word, const struct store_delivery_copy *copy)
{
	return str_eq(word->queue_id, copy->queue_id) ||
	    str_eq(word->queue_id, copy->last.queue_id);
}

static bool
is_copy(const struct store_delivery_word *word, const struct store_delivery_copy *copy)
{
	int64_t apart_ms = word->began_ms - copy->time_ms;

	if (word->message_id.n == 0)
		return same_queue(word, copy) && copy->time_ms <= word->time_ms + NEAR_MS;
	if (str_eq(word->message_id, copy->message_id))
		return true;
	/* The log writes some characters otherwise than the message has them. */
	return same_queue(word, copy) && apart_ms < NEAR_MS && apart_ms > -NEAR_MS;
}

static int
match_recipient(struct store *store, const struct store_delivery_word *word, struct str recipient,
    struct arena *arena, struct store_delivery_copy *copy_r, struct err *err)
{
	struct store_delivery_copy copies[STORE_DELIVERY_COPIES];
	int count = store_delivery_find(
	    store, recipient, word->queue_id, word->message_id, arena, copies, err);

	for (int i = 0; i < count; i++) {
		if (is_copy(word, &copies[i])) {
			*copy_r = copies[i];
			return 1;
		}
	}
	return count < 0 ? -1 : 0;
}

int
follow_match(struct store *store, const struct store_delivery_word *word, struct arena *arena,
    struct follow_match *match_r, struct err *err)
{
	int rc = match_recipient(store, word, word->recipient, arena, &match_r->copy, err);

	match_r->expanded = false;
	if (rc != 0 || word->original.n == 0)
		return rc;
	rc = match_recipient(store, word, word->original, arena, &match_r->copy, err);
	match_r->expanded = rc == 1;
	return rc;
}

static bool
is_final(enum store_outcome outcome)
{
	return outcome == STORE_OUTCOME_DELIVERED || outcome == STORE_OUTCOME_BOUNCED;
}

/* Within a queue id the delay since it came grows with each attempt; it is the same in whatever
 * form the log is read, while time stamps are more or less exact. */
bool
follow_is_news(const struct store_delivery_word *word, const struct store_delivery *last)
{
	int64_t second = word->time_ms / 1000, last_second = last->time_ms / 1000;

	if (last->outcome == STORE_OUTCOME_NONE)
		return true;
	if (word->outcome == STORE_OUTCOME_PASSED)
		return !is_final(last->outcome) && !str_eq(word->next, last->queue_id) &&
		    second >= last_second;
	if (str_eq(word->queue_id, last->queue_id) && word->delay_ms >= 0)
		return word->delay_ms > last->delay_ms;
	return second > last_second ||
	    (second == last_second && is_final(word->outcome) && !is_final(last->outcome));
}
