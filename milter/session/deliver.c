/* SPDX-License-Identifier: BSD-2-Clause
 *
 * deliver: what happens at the end of a campaign message
 *
 * One recipient: the copy is made here and now, journalled, and the MTA told the
 * differences. Several: message and recipients are committed to the outbox, and the MTA
 * discards the generic copy; its client has its 250 after the fsync, not before.
 *
 * Threads: any; one message, one thread.
 * Fails:   whatever goes wrong becomes a 4xx: the relay's client keeps the message.
 */
#include "session/session.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/tally.h"
#include "session/verdict.h"
#include "tailor/view.h"

#include <errno.h>
#include <unistd.h>

/* Beyond this the MTA is told that we are alive before each long step. */
#define LARGE_MESSAGE ((size_t)4 << 20)
/* Without a Message-ID, a message is the same as an earlier one only if it comes again soon. */
#define NO_ID_WINDOW_MS 600000

struct delivery {
	SMFICTX *ctx;
	struct session_process *process;
	struct session_message *message;
	struct tailor_message *compiled;
	struct str queue_id;
	int64_t start_us;
	const struct mime_header *headers;
};

static struct str
campaign_name(const struct delivery *delivery)
{
	return delivery->message->campaign_name;
}

static struct str
body_of(const struct session_message *message)
{
	return (struct str){
	    message->raw.data + message->body_at, message->raw.len - message->body_at};
}

/* Each recipient's row says why there is nothing yet. That the journal fails, too, changes nothing
 * for the client, who hears 4xx anyway. */
static void
journal_failure(const struct delivery *delivery, const struct err *why)
{
	const struct session_message *message = delivery->message;
	struct store *store = delivery->process->store;
	struct store_journal_row row = {
	    .time_ms = clock_now(),
	    .campaign = message->campaign_name,
	    .sender_domain =
		delivery->compiled == NULL ? STR("") : tailor_message_domain(delivery->compiled),
	    .queue_id = delivery->queue_id,
	    .verdict = STORE_DEFERRED,
	    .reason = str_c(why->text),
	    .duration_ms = (clock_mono_us() - delivery->start_us) / 1000,
	};
	char key[ID_HEX_SIZE];
	struct err err = ERR_INIT;
	int rc;

	/* The message may have got so little way that nothing else knows its key. */
	tailor_resubmit_key(message->campaign_name, message->sender, delivery->headers,
	    message->field_count, body_of(message), STR_NONE, key);
	row.message = str_c(key);
	rc = store_begin(store, &err);

	if (rc == 0) {
		for (size_t i = 0; i < message->recipient_count && rc == 0; i++) {
			row.recipient = message->recipients[i].address;
			rc = store_journal_put(store, &row, &err);
		}
		if (rc == 0)
			rc = store_commit(store, &err);
		else
			store_rollback(store);
	}
	if (rc != 0)
		log_error(
		    "journal", LOG_TEXT("queue", delivery->queue_id), LOG_STR("reason", err.text));
}

static sfsistat
refuse(const struct delivery *delivery, const struct err *err)
{
	struct session_verdict verdict;

	log_warning("deferred", LOG_TEXT("queue", delivery->queue_id),
	    LOG_TEXT("campaign", campaign_name(delivery)),
	    LOG_TEXT("sender", delivery->message->sender),
	    LOG_NUM("recipients", delivery->message->recipient_count),
	    LOG_STR("error", err_code_name(err->code)), LOG_STR("reason", err->text));
	tally_count(TALLY_MESSAGE_REFUSED);
	session_verdict_error(err, &verdict);
	return session_verdict_reply(delivery->ctx, &verdict);
}

static sfsistat
fail(const struct delivery *delivery, const struct err *err)
{
	journal_failure(delivery, err);
	return refuse(delivery, err);
}

static sfsistat
too_long(const struct delivery *delivery)
{
	struct session_verdict verdict;

	tally_count(TALLY_MESSAGE_REFUSED);
	session_verdict_too_long(&verdict);
	log_warning("refused", LOG_TEXT("queue", delivery->queue_id),
	    LOG_TEXT("campaign", campaign_name(delivery)),
	    LOG_TEXT("sender", delivery->message->sender), LOG_STR("reason", verdict.text));
	return session_verdict_reply(delivery->ctx, &verdict);
}

/* --- several recipients --- */

static sfsistat
hold(const struct delivery *delivery, int64_t due_ms)
{
	struct session_message *message = delivery->message;
	const struct conf *conf = delivery->process->conf;
	struct store_outbox_message held = {
	    .campaign = message->campaign_name,
	    .sender = message->sender,
	    .sender_domain = tailor_message_domain(delivery->compiled),
	    .mail_args = message->mail_args,
	    .smtputf8 = message->smtputf8,
	    .queue_id = delivery->queue_id,
	    .raw = buf_str(&message->raw),
	    .resubmit_ms = conf->resubmit_window,
	};
	char resubmit_key[ID_HEX_SIZE];
	struct err err = ERR_INIT;
	size_t accepted;
	bool has_id;

	has_id = tailor_resubmit_key(held.campaign, held.sender, delivery->headers,
	    message->field_count, body_of(message), delivery->queue_id, resubmit_key);
	tailor_message_mix_content(delivery->compiled, resubmit_key);
	held.resubmit_key = str_c(resubmit_key);
	if (!has_id && held.resubmit_ms > NO_ID_WINDOW_MS)
		held.resubmit_ms = NO_ID_WINDOW_MS;
	for (size_t i = 0; i < message->recipient_count; i++)
		message->recipients[i].due_ms = due_ms;
	/* Before the rows are there: else some would leave. */
	if (message->campaign->paused &&
	    store_outbox_pause(delivery->process->store, held.campaign, -1, &err) != 0)
		return fail(delivery, &err);
	if (store_outbox_put(delivery->process->store, &held, message->recipients,
		message->recipient_count, &accepted, &err) != 0)
		return fail(delivery, &err);
	worker_wake_outbox(delivery->process->worker);
	log_info("held", LOG_TEXT("queue", delivery->queue_id), LOG_TEXT("campaign", held.campaign),
	    LOG_TEXT("sender", held.sender), LOG_NUM("recipients", message->recipient_count),
	    LOG_NUM("new", accepted), LOG_NUM("bytes", held.raw.n),
	    LOG_NUM("ms", (clock_mono_us() - delivery->start_us) / 1000));
	tally_count(TALLY_MESSAGE_OUTBOX);
	return SMFIS_DISCARD;
}

/* --- one recipient --- */

/* `view` NULL: nothing of it is kept. */
static int
journal(const struct delivery *delivery, const struct tailor_copy *copy,
    const struct store_view_body *view, struct err *err)
{
	const struct session_message *message = delivery->message;
	struct store_journal_row row = {
	    .time_ms = clock_now(),
	    .message = tailor_message_key(delivery->compiled),
	    .campaign = message->campaign_name,
	    .recipient = message->recipients[0].address,
	    .sender_domain = tailor_message_domain(delivery->compiled),
	    .contact_id = copy->contact_id,
	    .queue_id = delivery->queue_id,
	    .message_id = copy->message_id,
	    .verdict = copy->verdict,
	    .reason = copy->reason,
	    .duration_ms = (clock_mono_us() - delivery->start_us) / 1000,
	    .view = view,
	};

	return store_journal_put(delivery->process->store, &row, err);
}

/* If the copy can't be kept it must not leave: its links.view would lead nowhere. */
static int
journal_and_keep(const struct delivery *delivery, const struct tailor_copy *copy, struct err *err)
{
	struct store_view_body view;
	struct buf source;
	int rc;

	if (copy->verdict != STORE_SENT || !tailor_view_wanted(delivery->compiled))
		return journal(delivery, copy, NULL, err);
	buf_init(&source, TAILOR_VIEW_GROWTH * (size_t)delivery->process->conf->max_message);
	rc = tailor_view_source(delivery->compiled, &source, err);
	if (rc == 0) {
		view.raw = buf_str(&source);
		view.digest = id_sha256(view.raw);
		rc = journal(delivery, copy, &view, err);
	}
	buf_fini(&source);
	return rc;
}

static void
log_copy(const struct delivery *delivery, const struct tailor_copy *copy)
{
	const int64_t ms = (clock_mono_us() - delivery->start_us) / 1000;

	if (copy->verdict == STORE_SENT)
		log_info("sent", LOG_TEXT("queue", delivery->queue_id),
		    LOG_TEXT("campaign", campaign_name(delivery)),
		    LOG_TEXT("recipient", delivery->message->recipients[0].address),
		    LOG_TEXT("message_id", copy->message_id), LOG_NUM("ms", ms),
		    LOG_TEXT("note", copy->reason));
	else
		LOG_PUT(copy->verdict == STORE_SUPPRESSED ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING,
		    store_verdict_name(copy->verdict), LOG_TEXT("queue", delivery->queue_id),
		    LOG_TEXT("campaign", campaign_name(delivery)),
		    LOG_TEXT("recipient", delivery->message->recipients[0].address),
		    LOG_TEXT("reason", copy->reason), LOG_NUM("ms", ms));
}

/* The journal said "sent", then the MTA did not take it. */
static sfsistat
take_back(const struct delivery *delivery, struct tailor_copy *copy, const struct err *err)
{
	struct err ignored = ERR_INIT;

	copy->verdict = STORE_DEFERRED;
	copy->reason = str_c(err->text);
	if (journal(delivery, copy, NULL, &ignored) != 0)
		log_error("journal", LOG_TEXT("queue", delivery->queue_id),
		    LOG_STR("reason", ignored.text));
	return refuse(delivery, err);
}

static sfsistat
send_in_place(const struct delivery *delivery)
{
	struct session_message *message = delivery->message;
	struct session_verdict verdict;
	struct tailor_copy copy;
	struct err err = ERR_INIT;

	tailor_message_set_single(delivery->compiled);
	tailor_render(delivery->process->tailor, delivery->compiled, message->recipients[0].address,
	    message->work, &copy);
	/* Until then the outbox keeps it better than a client that tries again and again. */
	if (copy.later_ms > 0) {
		log_copy(delivery, &copy);
		return hold(delivery, copy.later_ms);
	}
	if (journal_and_keep(delivery, &copy, &err) != 0)
		return fail(delivery, &err);
	if (copy.verdict == STORE_SENT) {
		if (message->raw.len >= LARGE_MESSAGE)
			(void)smfi_progress(delivery->ctx);
		if (session_edit(delivery->ctx, message, &copy, message->work, &err) != 0)
			return take_back(delivery, &copy, &err);
	}
	log_copy(delivery, &copy);
	tally_count(TALLY_MESSAGE_IN_PLACE);
	session_verdict_copy(&copy, &verdict);
	return session_verdict_reply(delivery->ctx, &verdict);
}

/* Is there somebody to send to, and not too many? */
static int
check(struct session_message *message, struct err *err)
{
	session_envelope_unique(message);
	if (message->too_many)
		return err_set(
		    err, ERR_LIMIT, "More recipients than max_recipients allows in one message");
	if (message->recipient_count == 0)
		return err_set(err, ERR_INPUT, "The message has no recipient");
	return 0;
}

/* One recipient, unless the campaign is paused: then he waits like the others. If the store does
 * not say, tailoring will find out why. */
static bool
in_place(const struct delivery *delivery)
{
	return delivery->message->recipient_count == 1 &&
	    store_outbox_is_paused(
		delivery->process->store, delivery->message->campaign_name, NULL) != 1;
}

sfsistat
session_deliver(SMFICTX *ctx, struct session_process *process, struct session_message *message)
{
	struct delivery delivery = {
	    .ctx = ctx, .process = process, .message = message, .start_us = clock_mono_us()};
	struct err err = ERR_INIT;
	char macro[] = "i";
	sfsistat status;

	delivery.queue_id = str_c(smfi_getsymval(ctx, macro));
	if (delivery.queue_id.p == NULL)
		delivery.queue_id = STR("");
	if (message->too_long)
		return too_long(&delivery);
	/* The engine may be going away: nothing is touched. */
	if (message->refused) {
		err_set(&err, ERR_BUSY, "The daemon is being stopped; try again");
		return refuse(&delivery, &err);
	}
	delivery.headers = session_header_list(message);
	if (delivery.headers == NULL) {
		err_set(&err, ERR_LIMIT, "no room for the header");
		return refuse(&delivery, &err);
	}
	if (check(message, &err) != 0)
		return fail(&delivery, &err);
	if (message->raw.len >= LARGE_MESSAGE)
		(void)smfi_progress(ctx);
	if (tailor_message_new(&delivery.compiled, process->tailor, message->campaign,
		message->campaign_name, message->sender, buf_str(&message->raw), &err) != 0)
		return fail(&delivery, &err);
	status = in_place(&delivery) ? send_in_place(&delivery) : hold(&delivery, clock_now());
	tailor_message_free(&delivery.compiled);
	if (tailor_is_worn(process->tailor))
		session_run_retire();
	return status;
}
