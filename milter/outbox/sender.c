/* SPDX-License-Identifier: BSD-2-Clause
 *
 * outbox_sender: see sender.h
 *
 * Each sender has an arena and a connection of its own. The connection comes first: as long as
 * the relay is not there, nothing is tailored for it.
 *
 * Owns:    its connection, its arena.
 * Threads: each sender is one.
 */
#include "outbox/sender.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/tally.h"
#include "master/ehlo.h"
#include "outbox/outcome.h"
#include "plugin/process.h"

#include <poll.h>

/* An idle connection keeps one of the relay's processes busy. */
#define IDLE_MS 5000

struct sender {
	const struct outbox_office *office;
	const struct conf *conf;
	struct outbox_smtp *smtp;
	bool fresh; /* the connection has carried nothing yet */
	struct arena *arena;
};

int
outbox_sender_connect(const struct outbox_office *office, struct outbox_smtp **smtp_r,
    struct outbox_outcome *outcome_r)
{
	const struct conf *conf = office->worker->conf;
	char name[EHLO_NAME_SIZE];
	const struct outbox_relay relay = {.hostport = conf->relay,
	    .ehlo_name = ehlo_make(&office->worker->ehlo_key, clock_now(), name),
	    .timeout_ms = conf->relay_timeout,
	    .cancel_fd = office->cancel_fd};

	return outbox_smtp_open(smtp_r, &relay, outcome_r);
}

static bool
cancelled(const struct sender *sender)
{
	struct pollfd fd = {.fd = sender->office->cancel_fd, .events = POLLIN};

	return poll(&fd, 1, 0) > 0;
}

/* --- what the relay's answers say about the relay --- */

static void
tell(const struct sender *sender, enum outbox_relay_news news, const char *reason, int64_t begun_us)
{
	if (!outbox_queue_news(sender->office->queue, news, begun_us))
		return;
	if (news == OUTBOX_RELAY_GOOD)
		log_info("relay is well again", LOG_STR("relay", sender->conf->relay));
	else
		log_warning("relay is in trouble, slowing down",
		    LOG_STR("relay", sender->conf->relay), LOG_STR("reason", reason));
}

static void
judge_relay(const struct sender *sender, const struct outbox_outcome *outcome, int64_t begun_us)
{
	bool trouble = false, refused = false;

	switch (outcome->result) {
	case OUTBOX_ACCEPTED:
		tell(sender, OUTBOX_RELAY_GOOD, "", begun_us);
		return;
	case OUTBOX_TEMPORARY:
		trouble = outcome->stage == OUTBOX_AT_MAIL;
		refused = !trouble;
		break;
	case OUTBOX_NOT_SENT:
	case OUTBOX_IN_DOUBT:
		trouble = !cancelled(sender);
		break;
	case OUTBOX_PERMANENT:
		break;
	}
	if (trouble)
		tell(sender, OUTBOX_RELAY_TROUBLE, outcome->reason, begun_us);
	else if (refused)
		tell(sender, OUTBOX_RELAY_REFUSED, outcome->reason, begun_us);
}

static int
ensure_connection(struct sender *sender)
{
	int64_t begun_us = clock_mono_us();
	struct outbox_outcome outcome;

	if (sender->smtp != NULL && !outbox_smtp_usable(sender->smtp))
		outbox_smtp_close(&sender->smtp);
	if (sender->smtp != NULL)
		return 0;
	if (outbox_sender_connect(sender->office, &sender->smtp, &outcome) == 0) {
		sender->fresh = true;
		return 0;
	}
	judge_relay(sender, &outcome, begun_us);
	return -1;
}

/* --- one copy --- */

/* {NULL,0} when the arena is full. */
static struct outbox_message
wire_message(
    const struct sender *sender, const struct store_outbox_row *row, const struct tailor_copy *copy)
{
	struct outbox_message message = {.sender = copy->sender,
	    .recipient = row->address,
	    .mail_args = row->mail_args,
	    .rcpt_args = row->rcpt_args,
	    .smtputf8 = row->smtputf8};
	struct str *spans = arena_zalloc(
	    sender->arena, 4 * copy->header_count + 1 + copy->span_count, sizeof *spans);
	size_t n = 0;

	if (spans == NULL)
		return message;
	for (size_t i = 0; i < copy->header_count; i++) {
		const struct tailor_header *header = &copy->headers[i];

		if (header->change == TAILOR_REMOVED)
			continue;
		spans[n++] = header->header.name;
		spans[n++] = STR(":");
		spans[n++] = header->header.value;
		spans[n++] = STR("\r\n");
	}
	spans[n++] = STR("\r\n");
	for (size_t i = 0; i < copy->span_count; i++)
		spans[n++] = copy->spans[i];
	message.spans = spans;
	message.span_count = n;
	return message;
}

/* An old connection may have died under us without a word: that says nothing about the relay,
 * and a new one is tried at once. */
static void
send_copy(
    struct sender *sender, const struct outbox_message *message, struct outbox_outcome *outcome)
{
	bool was_fresh = sender->fresh;

	sender->fresh = false;
	outbox_smtp_send(sender->smtp, message, outcome);
	if (outcome->result != OUTBOX_NOT_SENT || was_fresh || outcome->reply.code != 0 ||
	    outcome->stage != OUTBOX_AT_MAIL || cancelled(sender))
		return;
	outbox_smtp_close(&sender->smtp);
	if (outbox_sender_connect(sender->office, &sender->smtp, outcome) == 0)
		outbox_smtp_send(sender->smtp, message, outcome);
}

/* The job whose data is about to leave. */
struct parcel {
	const struct outbox_office *office;
	struct outbox_job *job;
};

static void
begins(void *closure)
{
	const struct parcel *parcel = closure;

	if (parcel->job->hand == 0)
		parcel->job->hand = outbox_hands_begin(parcel->office->hands, parcel->job->row->id);
}

static void
hand_over(
    struct sender *sender, struct outbox_job *job, const struct tailor_copy *copy, int64_t begun_us)
{
	struct outbox_message message = wire_message(sender, job->row, copy);
	struct parcel parcel = {sender->office, job};
	struct outbox_outcome outcome;
	int64_t handed_us;

	if (message.spans == NULL) {
		outbox_outcome_verdict(job, sender->conf, STORE_DEFERRED,
		    STR("the copy needs more memory than render_memory allows"), begun_us);
		return;
	}
	message.begins = begins;
	message.closure = &parcel;
	handed_us = clock_mono_us();
	send_copy(sender, &message, &outcome);
	tally_took(TALLY_HAND_BACK, clock_mono_us() - handed_us);
	judge_relay(sender, &outcome, begun_us);
	outbox_outcome_relay(job, sender->conf, &outcome, begun_us);
}

static void
tailor_and_send(struct sender *sender, struct outbox_job *job, const struct conf_campaign *campaign,
    int64_t begun_us)
{
	const struct outbox_office *office = sender->office;
	struct outbox_letter *letter = outbox_letters_get(office->letters, job->row, campaign);
	struct tailor_copy copy;

	if (letter->tailored == NULL) {
		outbox_outcome_verdict(job, sender->conf,
		    letter->err.code == ERR_NOTFOUND ? STORE_FAILED : STORE_DEFERRED,
		    str_c(letter->err.text), begun_us);
	} else {
		plugin_process_work(job->row->id);
		tailor_render(
		    office->tailor, letter->tailored, job->row->address, sender->arena, &copy);
		plugin_process_work(0);
		outbox_outcome_copy(job, &copy);
		if (copy.verdict == STORE_SENT)
			hand_over(sender, job, &copy, begun_us);
		else if (copy.later_ms > 0)
			outbox_outcome_later(job, copy.reason, copy.later_ms, begun_us);
		else
			outbox_outcome_verdict(
			    job, sender->conf, copy.verdict, copy.reason, begun_us);
	}
	outbox_letters_put(office->letters, &letter);
	arena_reset(sender->arena);
}

static void
log_end(const struct outbox_job *job)
{
	const struct store_journal_row *row = &job->result.journal;

	if (job->end == OUTBOX_JOB_IN_DOUBT)
		log_warning("in doubt", LOG_STR("queue", ""),
		    LOG_TEXT("campaign", job->row->campaign),
		    LOG_TEXT("recipient", job->row->address));
	else if (job->end == OUTBOX_JOB_DONE && row->verdict == STORE_SENT)
		log_info("sent", LOG_TEXT("queue", row->queue_id),
		    LOG_TEXT("campaign", row->campaign), LOG_TEXT("recipient", row->recipient),
		    LOG_NUM("ms", row->duration_ms));
	else if (job->end == OUTBOX_JOB_DONE)
		log_info(store_verdict_name(row->verdict), LOG_TEXT("queue", row->queue_id),
		    LOG_TEXT("campaign", row->campaign), LOG_TEXT("recipient", row->recipient),
		    LOG_NUM("ms", row->duration_ms), LOG_TEXT("reason", row->reason));
}

static void
serve(struct sender *sender, struct outbox_job *job)
{
	int64_t begun_us = clock_mono_us();
	const struct conf_campaign *campaign = conf_campaign_find(sender->conf, job->row->campaign);

	outbox_outcome_begin(job);
	if (campaign == NULL)
		outbox_outcome_verdict(job, sender->conf, STORE_DEFERRED,
		    STR("the campaign is not in the configuration any more"), begun_us);
	else if (ensure_connection(sender) != 0)
		outbox_outcome_back(job);
	else
		tailor_and_send(sender, job, campaign, begun_us);
	log_end(job);
}

void *
outbox_sender_run(void *closure)
{
	const struct outbox_office *office = closure;
	struct sender sender = {.office = office,
	    .conf = office->worker->conf,
	    .arena = arena_new((size_t)office->worker->conf->render_memory)};
	struct outbox_job *job;
	enum outbox_take taken;

	while ((taken = outbox_queue_take(office->queue, IDLE_MS, &job)) != OUTBOX_TAKE_CLOSING) {
		if (taken == OUTBOX_TAKE_IDLE) {
			outbox_smtp_close(&sender.smtp);
			continue;
		}
		serve(&sender, job);
		outbox_queue_return(office->queue, job);
	}
	outbox_smtp_close(&sender.smtp);
	arena_free(&sender.arena);
	return NULL;
}
