/* SPDX-License-Identifier: BSD-2-Clause
 *
 * learn: see learn.h; this file: from the batch to the store
 *
 * Most lines are about other people's mail. Whether a result is about a copy of ours is asked
 * of the store, without a lock on it, before the transaction begins; what is none is dropped.
 *
 * The outbox writes its journal in groups, so the log may be faster: a result whose Message-ID is
 * of our making, but whose journal row is not there, waits in the store for up to EARLY_MS.
 *
 * What is in memory beside the store is a table of fixed size (names.h) and one batch.
 *
 * Owns:    the table, the batch.
 * Fails:   the store's.
 */
#include "follow/learn_impl.h"

#include "base/clock.h"
#include "base/log.h"

#define NAMES_MAX    65536
#define BATCH_MAX    1000
#define BATCH_MEMORY ((size_t)16 << 20)
#define HAND_MEMORY  ((size_t)4 << 20)
/* A line is at most MAILLOG_LINE_TOP long, and names a few recipients. */
#define RESULT_MEMORY ((size_t)64 * 1024)

#define EARLY_MS   ((int64_t)3600 * 1000)
#define EARLY_MAX  100000
#define EARLY_PAGE 500
/* Longer than mail waits anywhere. */
#define NAME_MS ((int64_t)30 * 86400 * 1000)

bool
follow_is_full(const struct follow_learner *learner)
{
	return learner->items->len >= BATCH_MAX || learner->named->len >= BATCH_MAX ||
	    arena_used(learner->arena) > BATCH_MEMORY / 4;
}

/* --- which are ours --- */

/* Is it about a queue id of which this batch has news of ours? */
static bool
is_in_batch(const struct follow_learner *learner, guint at)
{
	struct str queue_id = g_array_index(learner->items, struct follow_item, at).word.queue_id;

	for (guint i = 0; i < at; i++) {
		const struct follow_item *item =
		    &g_array_index(learner->items, struct follow_item, i);

		if (item->ours && str_eq(item->word.queue_id, queue_id))
			return true;
	}
	return false;
}

/* Outside of a transaction: which items are worth one? */
static int
find_ours(struct follow_learner *learner, guint *count_r, struct err *err)
{
	*count_r = 0;
	for (guint i = 0; i < learner->items->len; i++) {
		struct follow_item *item = &g_array_index(learner->items, struct follow_item, i);
		struct store_delivery_copy copies[STORE_DELIVERY_COPIES];
		struct follow_match match;
		int rc = item->derived;

		arena_reset(learner->hand.arena);
		if (item->kind != MAILLOG_RESULT)
			rc = store_delivery_of_queue(learner->hand.store, item->word.queue_id,
			    learner->hand.arena, copies, err);
		else if (rc == 0)
			rc = follow_match(
			    learner->hand.store, &item->word, learner->hand.arena, &match, err);
		if (rc < 0)
			return -1;
		item->ours = rc > 0 || (item->kind != MAILLOG_RESULT && is_in_batch(learner, i));
		*count_r += item->ours;
	}
	return 0;
}

/* --- in the transaction --- */

/* A word that can't be written must not hold up all others for ever. */
static int
pass_over(const struct store_delivery_word *word, int rc, struct err *err)
{
	if (rc >= 0 || (err->code != ERR_INPUT && err->code != ERR_LIMIT))
		return rc;
	log_warning("follower: a line of the mail log is passed over",
	    LOG_TEXT("queue", word->queue_id), LOG_STR("reason", err->text));
	*err = ERR_INIT;
	return 0;
}

/* The store knows the queue id from now on. */
static void
settle(struct follow_learner *learner, struct str queue_id)
{
	struct follow_name *name = follow_names_get(learner->names, queue_id);
	struct follow_named named;

	if (name == NULL || name->settled)
		return;
	name->settled = true;
	if (!name->kept)
		return;
	memcpy(named.queue_id, name->queue_id, sizeof named.queue_id);
	g_array_append_val(learner->settled, named);
}

/* 1 learned or known, 0 there is no journal row, -1. */
static int
learn_word(struct follow_learner *learner, const struct store_delivery_word *word, struct err *err)
{
	struct follow_match match;
	int rc;

	arena_reset(learner->hand.arena);
	rc = follow_match(learner->hand.store, word, learner->hand.arena, &match, err);
	if (rc != 1)
		return rc;
	rc = follow_apply(&learner->hand, word, &match, err);
	if (rc < 0)
		return -1;
	learner->counts.learned += rc == 1;
	learner->counts.known += rc == 0;
	settle(learner, word->queue_id);
	return 1;
}

static int
wait_for_journal(
    struct follow_learner *learner, const struct store_delivery_word *word, struct err *err)
{
	struct store_delivery_word early = *word;

	early.since_ms = clock_now();
	if (word->time_ms < early.since_ms - EARLY_MS)
		return 0;
	if (learner->early >= EARLY_MAX) {
		learner->counts.forgotten++;
		return 0;
	}
	learner->early++;
	learner->counts.waiting++;
	settle(learner, word->queue_id);
	return store_delivery_early_put(learner->hand.store, &early, err);
}

static int
learn_item(struct follow_learner *learner, const struct follow_item *item, struct err *err)
{
	int rc;

	if (item->kind != MAILLOG_RESULT) {
		arena_reset(learner->hand.arena);
		rc = follow_apply_end(&learner->hand, item->word.queue_id, item->word.time_ms,
		    item->kind == MAILLOG_EXPIRED ? STORE_OUTCOME_BOUNCED : STORE_OUTCOME_DELETED,
		    err);
	} else {
		rc = learn_word(learner, &item->word, err);
		if (rc == 0 && item->derived)
			rc = wait_for_journal(learner, &item->word, err);
	}
	return pass_over(&item->word, rc, err) < 0 ? -1 : 0;
}

/* Results whose journal row may be there by now, in the order in which they came. */
static int
learn_early(struct follow_learner *learner, struct err *err)
{
	struct store_delivery_word words[EARLY_PAGE];
	struct arena *arena = arena_new(EARLY_PAGE * RESULT_MEMORY);
	int64_t after = 0, left = 0;
	int count, rc = 0;

	do {
		arena_reset(arena);
		count =
		    store_delivery_early(learner->hand.store, after, arena, words, EARLY_PAGE, err);
		for (int i = 0; i < count && rc >= 0; i++) {
			bool late = words[i].since_ms < clock_now() - EARLY_MS;

			after = words[i].id;
			rc = pass_over(&words[i], learn_word(learner, &words[i], err), err);
			learner->counts.forgotten += rc == 0 && late;
			if (rc >= 0 && (rc == 1 || late))
				rc = store_delivery_early_drop(
				    learner->hand.store, words[i].id, err);
			else
				left++;
		}
	} while (count == EARLY_PAGE && rc >= 0);
	arena_free(&arena);
	learner->early = left;
	return count < 0 || rc < 0 ? -1 : 0;
}

/* Message-IDs that no result followed so far are kept; those no longer needed go. */
static int
write_names(struct follow_learner *learner, struct err *err)
{
	for (guint i = 0; i < learner->named->len; i++) {
		const struct follow_named *named =
		    &g_array_index(learner->named, struct follow_named, i);
		struct follow_name *name = follow_names_get(learner->names, str_c(named->queue_id));

		if (name == NULL || name->settled || name->kept)
			continue;
		if (store_delivery_name_put(learner->hand.store, str_c(name->queue_id),
			str_c(name->message_id), name->began_ms, err) != 0)
			return -1;
		name->kept = true;
	}
	for (guint i = 0; i < learner->settled->len; i++) {
		const struct follow_named *named =
		    &g_array_index(learner->settled, struct follow_named, i);

		if (store_delivery_name_drop(learner->hand.store, str_c(named->queue_id), err) != 0)
			return -1;
	}
	return 0;
}

static int
write_all(struct follow_learner *learner, const struct store_log_place *places, size_t count,
    struct err *err)
{
	if (learner->early > 0 && learn_early(learner, err) != 0)
		return -1;
	for (guint i = 0; i < learner->items->len; i++) {
		const struct follow_item *item =
		    &g_array_index(learner->items, struct follow_item, i);

		if (item->ours && learn_item(learner, item, err) != 0)
			return -1;
	}
	if (write_names(learner, err) != 0)
		return -1;
	return places == NULL ? 0 : store_log_places_put(learner->hand.store, places, count, err);
}

/* Nothing was written: what the batch did to the table is undone. */
static void
take_back(struct follow_learner *learner, const struct follow_counts *before, int64_t early)
{
	learner->counts = *before;
	learner->early = early;
	for (guint i = 0; i < learner->named->len; i++) {
		struct follow_name *name = follow_names_get(learner->names,
		    str_c(g_array_index(learner->named, struct follow_named, i).queue_id));

		if (name != NULL)
			name->kept = false;
	}
	for (guint i = 0; i < learner->items->len; i++) {
		struct follow_name *name = follow_names_get(learner->names,
		    g_array_index(learner->items, struct follow_item, i).word.queue_id);

		if (name != NULL)
			name->settled = false;
	}
	g_array_set_size(learner->settled, 0);
}

static void
begin_batch(struct follow_learner *learner)
{
	g_array_set_size(learner->items, 0);
	g_array_set_size(learner->named, 0);
	g_array_set_size(learner->settled, 0);
	arena_reset(learner->arena);
}

int
follow_learn(struct follow_learner *learner, const struct store_log_place *places, size_t count,
    bool write_places, struct err *err)
{
	const struct follow_counts before = learner->counts;
	const int64_t early = learner->early;
	guint ours;
	int rc;

	if (find_ours(learner, &ours, err) != 0)
		return -1;
	if (ours == 0 && learner->named->len == 0 && learner->early == 0 && !write_places) {
		begin_batch(learner);
		return 0;
	}
	if (store_begin(learner->hand.store, err) != 0)
		return -1;
	rc = write_all(learner, places, count, err);
	if (rc == 0)
		rc = store_commit(learner->hand.store, err);
	else
		store_rollback(learner->hand.store);
	if (rc != 0)
		take_back(learner, &before, early);
	else
		begin_batch(learner);
	return rc;
}

/* --- the whole --- */

bool
follow_is_waiting(const struct follow_learner *learner)
{
	return learner->early > 0;
}

const struct follow_counts *
follow_counts(const struct follow_learner *learner)
{
	return &learner->counts;
}

static void
load_name(struct str queue_id, struct str message_id, int64_t time_ms, void *closure)
{
	struct follow_learner *learner = closure;
	struct follow_name *name = follow_names_put(learner->names, queue_id, message_id, time_ms);

	if (name != NULL)
		name->kept = true;
}

int
follow_learner_new(struct follow_learner **learner_r, struct store *store, const struct conf *conf,
    struct err *err)
{
	struct follow_learner *learner = g_new0(struct follow_learner, 1);

	learner->hand = (struct follow_hand){
	    .store = store, .rules = delivery_rules_of(conf), .arena = arena_new(HAND_MEMORY)};
	learner->names = follow_names_new(NAMES_MAX);
	learner->arena = arena_new(BATCH_MEMORY);
	learner->items = g_array_new(FALSE, FALSE, sizeof(struct follow_item));
	learner->named = g_array_new(FALSE, FALSE, sizeof(struct follow_named));
	learner->settled = g_array_new(FALSE, FALSE, sizeof(struct follow_named));
	if (store_delivery_name_purge(store, clock_now() - NAME_MS, err) != 0 ||
	    store_delivery_name_each(store, NAMES_MAX, load_name, learner, err) != 0 ||
	    store_delivery_early_count(store, &learner->early, err) != 0) {
		follow_learner_free(&learner);
		return -1;
	}
	*learner_r = learner;
	return 0;
}

void
follow_learner_free(struct follow_learner **learner)
{
	struct follow_learner *old = *learner;

	*learner = NULL;
	if (old == NULL)
		return;
	follow_names_free(&old->names);
	arena_free(&old->hand.arena);
	arena_free(&old->arena);
	g_array_free(old->items, TRUE);
	g_array_free(old->named, TRUE);
	g_array_free(old->settled, TRUE);
	g_free(old);
}
