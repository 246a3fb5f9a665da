/* SPDX-License-Identifier: BSD-2-Clause
 *
 * webhook: see webhook.h
 */
#include "webhook/webhook.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/tally.h"
#include "store/webhook.h"
#include "webhook/payload.h"

#include <stdlib.h>

/* How often is looked whether there is something new, or a command changed something. */
#define TURN_US ((int64_t)1000000)
/* A cursor that only passed over what nobody wants is written after so many. */
#define UNWRITTEN_MAX 10000
#define ROW_MEMORY    ((size_t)64 << 10)
/* What does not get better is complained of so often. */
#define COMPLAIN_US ((int64_t)60 * 1000000)

static void
complain(struct webhook *hook, const struct err *err)
{
	if (hook->complained_us != 0 && clock_mono_us() - hook->complained_us < COMPLAIN_US)
		return;
	hook->complained_us = clock_mono_us();
	log_warning("webhook: the store", LOG_STR("webhook", hook->section->name),
	    LOG_STR("reason", err->text));
}

void
webhook_new_id(char id[WEBHOOK_MESSAGE_ID_SIZE])
{
	struct id_digest digest;

	id_random(digest.byte, sizeof digest.byte);
	memcpy(id, "msg_", 4);
	id_hex(&digest, 16, id + 4);
}

/* --- what to send --- */

/* What is on its way gets an end, an id and a digest in the store; what is there already and still
 * the same keeps them. 1, 0 somebody changed the row meanwhile, -1. */
static int
settle_batch(struct webhook *hook, struct store *store, struct store_webhook *row,
    const struct webhook_batch *batch, struct err *err)
{
	struct id_digest digest = id_sha256(buf_str(&batch->body));

	if (row->batch_last != 0 && row->batch_id.n > 0 && row->batch_id.n < sizeof hook->id &&
	    id_digest_eq(&digest, &row->batch_digest)) {
		memcpy(hook->id, row->batch_id.p, row->batch_id.n);
		hook->id[row->batch_id.n] = '\0';
		return 1;
	}
	webhook_new_id(hook->id);
	row->cursor = hook->seen;
	if (row->batch_last == 0)
		row->batch_last = batch->last;
	row->batch_id = str_c(hook->id);
	row->batch_digest = digest;
	return store_webhook_change(store, row, true, err);
}

/* Nothing between cursor and the batch's end is wanted, or there any more. */
static int
pass(struct webhook *hook, struct store *store, struct store_webhook *row,
    const struct webhook_batch *batch, struct err *err)
{
	int64_t end = row->batch_last != 0 ? row->batch_last : batch->last;

	if (end > hook->seen)
		hook->seen = end;
	/* Where a stretch was full there is more at once. */
	if (batch->more || row->batch_last != 0)
		hook->look_us = clock_mono_us();
	if (row->batch_last == 0 && hook->seen - row->cursor <= UNWRITTEN_MAX)
		return 0;
	row->cursor = hook->seen;
	row->batch_last = 0;
	row->batch_id = STR("");
	return store_webhook_change(store, row, false, err) < 0 ? -1 : 0;
}

static int
begin(struct webhook *hook, struct store *store, struct store_webhook *row, struct err *err)
{
	struct webhook_batch batch;
	int rc;

	if (hook->cursor != row->cursor || row->batch_last != 0)
		hook->seen = row->cursor;
	hook->cursor = row->cursor;
	webhook_batch_init(&batch);
	rc = webhook_batch_make(&batch, store, hook->section, hook->seen, row->batch_last, err);
	if (rc == 0 && batch.count == 0)
		rc = pass(hook, store, row, &batch, err);
	else if (rc == 0 && (rc = settle_batch(hook, store, row, &batch, err)) == 1) {
		hook->cursor = row->cursor;
		hook->count = batch.count;
		rc = webhook_request(&hook->fetch, hook->section, hook->secrets, str_c(hook->id),
		    buf_str(&batch.body), clock_now(), err);
	}
	webhook_batch_fini(&batch);
	return rc < 0 ? -1 : 0;
}

/* How long it has to wait. A clock that was set back must not stop it for long. */
static int64_t
wait_us(const struct store_webhook *row)
{
	int64_t now_ms = clock_now();

	if (row->state != STORE_WEBHOOK_ACTIVE)
		return TURN_US;
	if (row->next_ms <= now_ms || row->tried_ms > now_ms)
		return 0;
	return row->next_ms - now_ms > TURN_US / 1000 ? TURN_US : (row->next_ms - now_ms) * 1000;
}

void
webhook_look(struct webhook *hook, struct store *store)
{
	struct arena *arena = arena_new(ROW_MEMORY);
	struct store_webhook row;
	struct err err = ERR_INIT;
	int64_t wait = 0;
	int rc = store_webhook_add(store, str_c(hook->section->name), arena, &row, &err);

	hook->look_us = clock_mono_us() + TURN_US;
	if (rc == 0 && (wait = wait_us(&row)) == 0)
		rc = begin(hook, store, &row, &err);
	else if (rc == 0)
		hook->look_us = clock_mono_us() + wait;
	if (rc != 0)
		complain(hook, &err);
	arena_free(&arena);
}

/* --- what came of it --- */

static void
apply(const struct webhook *hook, const struct webhook_answer *answer, struct store_webhook *row)
{
	row->tried_ms = clock_now();
	row->answer = str_c(answer->text);
	if (answer->result == WEBHOOK_TAKEN) {
		row->cursor = row->batch_last;
		row->batch_last = 0;
		row->batch_id = STR("");
		row->sent += (int64_t)hook->count;
		row->failures = row->failing_ms = row->next_ms = 0;
		return;
	}
	if (answer->result == WEBHOOK_CLOSED)
		row->state = STORE_WEBHOOK_GONE;
	row->failures++;
	if (row->failing_ms == 0)
		row->failing_ms = row->tried_ms;
	row->next_ms = row->tried_ms +
	    webhook_pause_ms(hook->section, row->failures, (double)random() / (double)RAND_MAX,
		answer->after_ms);
}

/* 1 written; 0 the row is about something else by now, since a command moved it; -1. */
static int
write_result(struct webhook *hook, struct store *store, const struct webhook_answer *answer,
    struct arena *arena, struct store_webhook *before_r, struct store_webhook *after_r,
    struct err *err)
{
	for (int tries = 0; tries < 10; tries++) {
		int rc = store_webhook_get(store, str_c(hook->section->name), arena, before_r, err);

		if (rc != 1 || !str_is(before_r->batch_id, hook->id))
			return rc < 0 ? -1 : 0;
		*after_r = *before_r;
		apply(hook, answer, after_r);
		rc = store_webhook_change(store, after_r, false, err);
		if (rc != 0)
			return rc;
	}
	return err_set(err, ERR_BUSY, "its row changes all the time");
}

static void
log_taken(const struct webhook *hook, const struct store_webhook *before)
{
	if (before->failing_ms != 0)
		log_info("webhook: it takes events again", LOG_STR("webhook", hook->section->name),
		    LOG_NUM("after_s", (clock_now() - before->failing_ms) / 1000));
	log_debug("webhook: taken", LOG_STR("webhook", hook->section->name),
	    LOG_STR("id", hook->id), LOG_NUM("events", hook->count));
}

static void
log_failure(const struct webhook *hook, const struct webhook_answer *answer,
    const struct store_webhook *row)
{
	int64_t failing_ms = row->tried_ms - row->failing_ms;

	if (answer->result == WEBHOOK_CLOSED)
		log_error("webhook: its receiver wants no more, until mailtailor webhook resume",
		    LOG_STR("webhook", hook->section->name), LOG_STR("answer", answer->text));
	else
		log_put(failing_ms >= hook->section->complain_after ? LOG_LEVEL_ERROR
								    : LOG_LEVEL_WARNING,
		    "webhook: not taken, it waits",
		    (const struct log_field[]){LOG_STR("webhook", hook->section->name),
			LOG_STR("answer", answer->text), LOG_NUM("attempts", row->failures),
			LOG_NUM("failing_s", failing_ms / 1000),
			LOG_NUM("again_ms", row->next_ms - row->tried_ms),
			{NULL, {NULL, 0}, 0, false}});
}

void
webhook_ended(struct webhook *hook, struct store *store, CURLcode code)
{
	struct arena *arena = arena_new(10 * ROW_MEMORY);
	struct store_webhook before, after;
	struct webhook_answer answer;
	struct err err = ERR_INIT;
	int rc;

	webhook_judge(hook->fetch, code, &answer);
	fetch_free(&hook->fetch);
	tally_count(answer.result == WEBHOOK_TAKEN ? TALLY_WEBHOOK_SENT : TALLY_WEBHOOK_FAILED);
	rc = write_result(hook, store, &answer, arena, &before, &after, &err);
	if (rc < 0)
		complain(hook, &err);
	else if (rc == 1 && answer.result == WEBHOOK_TAKEN)
		log_taken(hook, &before);
	else if (rc == 1)
		log_failure(hook, &answer, &after);
	/* What waits behind it goes at once. */
	hook->look_us = clock_mono_us();
	arena_free(&arena);
}
