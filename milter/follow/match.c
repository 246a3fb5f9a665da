/* SPDX-License-Identifier: BSD-2-Clause
 *
 * match: see match.h
 *
 * Recipient and Message-ID make a copy: Message-IDs of copies from the outbox are derived for each,
 * and a message with one recipient keeps its own. The Message-ID stays when a content filter or
 * postsuper -r gives the message another queue id. Where the log does not say it (a message that had
 * none, a line that was lost, or too long ago), the queue id decides; short ones are used
 * again, so the message must have come when the copy left: the line's delay tells when that was.
 *
 * Fails:   the store's.
 */
#include "follow/match.h"

/* The journal row is written before or after the message came to the relay, but not much. */
#define NEAR_MS ((int64_t)3600 * 1000)

/* Has the copy this queue id, and did the message that the word is about come when the copy
 * left? */
static bool
is_under_queue_id(
    const struct store_delivery_word *word, const struct store_delivery_copy *copy, int64_t came_ms)
{
	if (str_eq(word->queue_id, copy->queue_id))
		return came_ms < copy->time_ms + NEAR_MS && came_ms > copy->time_ms - NEAR_MS;
	return str_eq(word->queue_id, copy->last.queue_id) &&
	    came_ms < copy->last.time_ms + NEAR_MS && came_ms > copy->time_ms - NEAR_MS;
}

static bool
is_copy(const struct store_delivery_word *word, const struct store_delivery_copy *copy)
{
	int64_t came_ms = word->began_ms != 0 ? word->began_ms : word->time_ms;

	if (word->message_id.n > 0 && str_eq(word->message_id, copy->message_id))
		return true;
	/* The log may write some characters otherwise than the message has them. */
	if (word->delay_ms >= 0)
		came_ms = word->time_ms - word->delay_ms;
	return is_under_queue_id(word, copy, came_ms);
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
 * form the log is read, while time stamps are more or less exact. Both are rounded: of two that are
 * the same the end comes after what was no end. */
static bool
is_later(const struct store_delivery_word *word, const struct store_delivery *last)
{
	int64_t now = word->time_ms / 1000, before = last->time_ms / 1000;

	if (str_eq(word->queue_id, last->queue_id) && word->delay_ms >= 0) {
		now = word->delay_ms;
		before = last->delay_ms;
	}
	return now > before ||
	    (now == before && is_final(word->outcome) && !is_final(last->outcome));
}

bool
follow_is_news(const struct store_delivery_word *word, const struct store_delivery *last)
{
	if (last->outcome == STORE_OUTCOME_NONE)
		return true;
	if (word->outcome == STORE_OUTCOME_PASSED)
		return !is_final(last->outcome) && !str_eq(word->next, last->queue_id) &&
		    word->time_ms / 1000 >= last->time_ms / 1000;
	return is_later(word, last);
}
