/* SPDX-License-Identifier: BSD-2-Clause
 *
 * apply: see apply.h
 *
 * Fails:   the store's.
 */
#include "follow/apply.h"

#include "base/id.h"
#include "delivery/reason.h"
#include "delivery/words.h"
#include "store/link.h"

#include <stdio.h>

#define TEXT_MAX   1000
#define RELAY_MAX  300
#define STATUS_MAX 16
#define ID_BYTES   16

static struct str
head(struct str text, size_t max)
{
	return text.n > max ? (struct str){text.p, max} : text;
}

static int
find_campaign(struct follow_hand *hand, struct str name, struct err *err)
{
	if (hand->campaign_id != 0 && str_is(name, hand->campaign))
		return 0;
	hand->campaign_id = 0;
	if (store_campaign_id(hand->store, name, &hand->campaign_id, err) != 0)
		return -1;
	snprintf(hand->campaign, sizeof hand->campaign, "%.*s", STR_F(name));
	if (strlen(hand->campaign) != name.n)
		hand->campaign[0] = '\0';
	return 0;
}

static void
judge(struct follow_hand *hand, const struct store_delivery_copy *copy,
    const struct store_delivery *last, struct delivery_recipient *judged_r)
{
	const struct delivery_found found = {.address = copy->recipient,
	    .original = STR(""),
	    .status = last->status,
	    .said = last->text,
	    .around = STR(""),
	    .action = last->outcome == STORE_OUTCOME_BOUNCED ? DELIVERY_ACTION_FAILED
							     : DELIVERY_ACTION_DELAYED};

	delivery_judge(&found, hand->arena, judged_r);
}

/* A relay tries for days: its deferrals are told once for each status. */
static struct str
source_id(struct follow_hand *hand, const struct store_delivery_copy *copy,
    const struct store_delivery *last)
{
	const struct str pieces[] = {
	    copy->message, copy->recipient, str_c(store_outcome_name(last->outcome)), last->status};
	struct id_digest digest = id_digest(pieces, sizeof pieces / sizeof pieces[0]);
	char hex[2 * ID_BYTES + 1];

	return arena_str(hand->arena, str_c(id_hex(&digest, ID_BYTES, hex)));
}

static json_t *
more_of(const struct store_delivery *last)
{
	json_t *more = json_object();

	json_object_set_new(more, "relay", json_stringn(last->relay.p, last->relay.n));
	if (last->delay_ms >= 0)
		json_object_set_new(more, "delay", json_real((double)last->delay_ms / 1000));
	return more;
}

/* Tells it as an event, with what follows from it. */
static int
tell(struct follow_hand *hand, const struct store_delivery_copy *copy,
    const struct store_delivery *last, const struct delivery_recipient *judged, struct err *err)
{
	static const enum delivery_news_kind kinds[] = {
	    [STORE_OUTCOME_DELIVERED] = DELIVERY_NEWS_DELIVERED,
	    [STORE_OUTCOME_DEFERRED] = DELIVERY_NEWS_DEFERRED,
	    [STORE_OUTCOME_BOUNCED] = DELIVERY_NEWS_BOUNCED,
	};
	struct delivery_news news = {.kind = kinds[last->outcome],
	    .recipient = copy->recipient,
	    .contact = copy->contact,
	    .message = copy->message,
	    .sender_domain = copy->sender_domain,
	    .status = last->status,
	    .diagnostic = last->text,
	    .reason = judged->reason,
	    .hard = last->hard,
	    .time_ms = last->time_ms,
	    .source = STR("log"),
	    .source_id = source_id(hand, copy, last)};
	json_t *more;
	int rc;

	if (find_campaign(hand, copy->campaign, err) != 0)
		return -1;
	news.campaign = hand->campaign_id;
	more = more_of(last);
	news.more = more;
	rc = delivery_act_in(hand->store, &hand->rules, &news, NULL, err);
	json_decref(more);
	return rc;
}

/* `last` is the new word, but for reason and hard. */
static int
write_last(struct follow_hand *hand, const struct follow_match *match, struct store_delivery *last,
    struct err *err)
{
	struct delivery_recipient judged = {.reason = DELIVERY_OTHER};

	last->reason = STR("");
	last->hard = false;
	if (last->outcome == STORE_OUTCOME_BOUNCED || last->outcome == STORE_OUTCOME_DEFERRED) {
		judge(hand, &match->copy, last, &judged);
		last->reason = str_c(delivery_reason_name(judged.reason));
		/* The address that failed is one that the relay made of ours. */
		last->hard = judged.hard && !match->expanded;
	}
	if (last->outcome != STORE_OUTCOME_PASSED && last->outcome != STORE_OUTCOME_DELETED &&
	    tell(hand, &match->copy, last, &judged, err) != 0)
		return -1;
	return store_delivery_put(hand->store, match->copy.journal, last, err);
}

int
follow_apply(struct follow_hand *hand, const struct store_delivery_word *word,
    const struct follow_match *match, struct err *err)
{
	const struct store_delivery *old = &match->copy.last;
	bool passed = word->outcome == STORE_OUTCOME_PASSED;
	struct store_delivery last = {.outcome = word->outcome,
	    .queue_id = passed ? word->next : word->queue_id,
	    .time_ms = word->time_ms,
	    .delay_ms = passed ? -1 : word->delay_ms,
	    .attempts = old->attempts + !passed,
	    .relay = head(word->relay, RELAY_MAX),
	    .status = head(word->status, STATUS_MAX),
	    .text = delivery_one_line(word->text, TEXT_MAX, hand->arena)};

	if (!follow_is_news(word, old))
		return 0;
	return write_last(hand, match, &last, err) != 0 ? -1 : 1;
}

int
follow_apply_end(struct follow_hand *hand, struct str queue_id, int64_t time_ms,
    enum store_outcome outcome, struct err *err)
{
	struct store_delivery_copy copies[STORE_DELIVERY_COPIES];
	int count = store_delivery_of_queue(hand->store, queue_id, hand->arena, copies, err);

	for (int i = 0; i < count; i++) {
		const struct follow_match match = {.copy = copies[i]};
		struct store_delivery last = copies[i].last;

		if (time_ms / 1000 < last.time_ms / 1000)
			continue;
		last.outcome = outcome;
		last.time_ms = time_ms;
		if (write_last(hand, &match, &last, err) != 0)
			return -1;
	}
	return count;
}
