/* SPDX-License-Identifier: BSD-2-Clause
 *
 * take: see learn.h; this file: from a line to the batch
 *
 * Fails:   never; nothing is asked of the store.
 */
#include "follow/learn_impl.h"

#include "base/clock.h"

/* Went it on under another queue id of this machine? Then that will say more. */
static struct str
passed_to(const struct follow_learner *learner, const struct follow_name *name, struct str next)
{
	const struct follow_name *other = follow_names_get(learner->names, next);

	if (name == NULL || name->message_id[0] == '\0')
		return STR("");
	if (other != NULL && other != name && strcmp(other->message_id, name->message_id) == 0)
		return next;
	/* A filter that mails it again does not say so. */
	other = name->derived ? follow_names_newest(learner->names, name->message_id) : NULL;
	return other != NULL && other->serial > name->serial ? str_c(other->queue_id) : STR("");
}

static enum store_outcome
outcome_of(enum maillog_outcome outcome)
{
	static const enum store_outcome outcomes[] = {
	    [MAILLOG_SENT] = STORE_OUTCOME_DELIVERED,
	    [MAILLOG_DEFERRED] = STORE_OUTCOME_DEFERRED,
	    [MAILLOG_BOUNCED] = STORE_OUTCOME_BOUNCED,
	};

	return outcomes[outcome];
}

/* In the batch's memory. */
static struct str
keep(struct follow_learner *learner, struct str text)
{
	return text.n == 0 ? STR("") : arena_str(learner->arena, text);
}

static void
add_item(
    struct follow_learner *learner, enum maillog_kind kind, struct str queue_id, int64_t time_ms)
{
	struct follow_item item = {
	    .kind = kind, .word = {.queue_id = keep(learner, queue_id), .time_ms = time_ms}};

	g_array_append_val(learner->items, item);
}

static void
take_result(struct follow_learner *learner, const struct maillog_line *line,
    const struct maillog_entry *entry, int64_t time_ms)
{
	const struct follow_name *name = follow_names_get(learner->names, line->queue_id);
	struct follow_item item = {
	    .kind = MAILLOG_RESULT, .derived = name != NULL && name->derived};
	struct str rest = entry->to, address, next = STR("");

	if (entry->outcome == MAILLOG_SENT)
		next = passed_to(learner, name, entry->next);
	item.word = (struct store_delivery_word){.queue_id = keep(learner, line->queue_id),
	    .message_id = keep(learner, str_c(name == NULL ? "" : name->message_id)),
	    .original = keep(learner, entry->orig_to),
	    .outcome = next.n > 0 ? STORE_OUTCOME_PASSED : outcome_of(entry->outcome),
	    .began_ms = name == NULL ? 0 : name->began_ms,
	    .time_ms = time_ms,
	    .delay_ms = entry->delay_ms,
	    .relay = keep(learner, entry->relay),
	    .status = keep(learner, entry->status),
	    .text = keep(learner, entry->text),
	    .next = keep(learner, next)};
	while (maillog_entry_address(entry, &rest, &address)) {
		item.word.recipient = keep(learner, address);
		learner->counts.results++;
		g_array_append_val(learner->items, item);
	}
}

static void
take_message_id(
    struct follow_learner *learner, struct str queue_id, struct str message_id, int64_t time_ms)
{
	const struct follow_name *name =
	    follow_names_put(learner->names, queue_id, message_id, time_ms);
	struct follow_named named;

	if (name == NULL || !name->derived || name->kept)
		return;
	memcpy(named.queue_id, name->queue_id, sizeof named.queue_id);
	g_array_append_val(learner->named, named);
}

void
follow_take(struct follow_learner *learner, const struct maillog_line *line, int64_t time_ms)
{
	struct maillog_entry entry;

	learner->counts.lines++;
	maillog_entry_read(line, &entry);
	if (entry.kind != MAILLOG_OTHER && time_ms <= 0)
		time_ms = clock_now();
	switch (entry.kind) {
	case MAILLOG_CAME:
		follow_names_begin(learner->names, line->queue_id, time_ms);
		break;
	case MAILLOG_MESSAGE_ID:
		take_message_id(learner, line->queue_id, entry.message_id, time_ms);
		break;
	case MAILLOG_RESULT:
		take_result(learner, line, &entry, time_ms);
		break;
	case MAILLOG_EXPIRED:
	case MAILLOG_DELETED:
		add_item(learner, entry.kind, line->queue_id, time_ms);
		break;
	case MAILLOG_DONE:
	case MAILLOG_OTHER:
		break;
	}
}

void
follow_recall(struct follow_learner *learner, const struct maillog_line *line, int64_t time_ms)
{
	struct maillog_entry entry;

	maillog_entry_read(line, &entry);
	if (entry.kind == MAILLOG_CAME)
		follow_names_begin(learner->names, line->queue_id, time_ms);
	else if (entry.kind == MAILLOG_MESSAGE_ID)
		follow_names_put(learner->names, line->queue_id, entry.message_id, time_ms);
}
