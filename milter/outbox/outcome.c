/* SPDX-License-Identifier: BSD-2-Clause
 *
 * outbox_outcome: see outcome.h
 *
 * Threads: any; one at a time for each job.
 */
#include "outbox/outcome.h"

#include "base/clock.h"

#include <glib.h>
#include <stdio.h>

/* A message that got lost on the wire for the first time is tried again so soon: mostly the
 * relay was just restarted. */
#define LOST_AGAIN_MS 1000

int64_t
outbox_backoff_ms(const struct conf *conf, int64_t attempts, unsigned dice)
{
	int64_t wait = conf->outbox_retry_min;

	for (; attempts > 0 && wait < conf->outbox_retry_max; attempts--)
		wait *= 2;
	if (wait > conf->outbox_retry_max)
		wait = conf->outbox_retry_max;
	/* A sixteenth to either side, so that those who failed together do not come back
	 * together. */
	return wait - wait / 16 + wait / 8 * (dice & 255) / 256;
}

static int64_t
next_due(const struct conf *conf, const struct outbox_job *job)
{
	unsigned char dice;

	id_random(&dice, sizeof dice);
	return clock_now() + outbox_backoff_ms(conf, job->row->attempts, dice);
}

/* Cut to the room there is, at the beginning of a character. */
static struct str
keep(char *room, size_t size, struct str text)
{
	const char *end;

	if (text.n > size - 1)
		text.n = size - 1;
	if (text.n > 0)
		memcpy(room, text.p, text.n);
	room[text.n] = '\0';
	if (!g_utf8_validate(room, -1, &end))
		text.n = (size_t)(end - room);
	room[text.n] = '\0';
	return (struct str){room, text.n};
}

void
outbox_outcome_begin(struct outbox_job *job)
{
	const struct store_outbox_row *row = job->row;

	job->note = STR("");
	job->result = (struct store_outbox_result){.id = row->id};
	job->result.journal = (struct store_journal_row){.message = row->key,
	    .campaign = row->campaign,
	    .recipient = row->address,
	    .sender_domain = row->sender_domain,
	    .queue_id = STR(""),
	    .message_id = STR(""),
	    .reason = STR("")};
}

void
outbox_outcome_copy(struct outbox_job *job, const struct tailor_copy *copy)
{
	job->result.journal.contact_id = copy->contact_id;
	job->result.journal.message_id =
	    keep(job->message_id, sizeof job->message_id, copy->message_id);
	job->note = copy->verdict == STORE_SENT ? copy->reason : STR("");
}

void
outbox_outcome_back(struct outbox_job *job)
{
	job->end = OUTBOX_JOB_BACK;
	job->result = (struct store_outbox_result){
	    .id = job->row->id, .state = STORE_OUTBOX_WAITING, .due_ms = clock_now()};
}

static void
finish(struct outbox_job *job, enum store_verdict verdict, struct str reason, int64_t begun_us)
{
	static const enum store_outbox_state states[] = {
	    [STORE_SENT] = STORE_OUTBOX_DONE,
	    [STORE_SUPPRESSED] = STORE_OUTBOX_SUPPRESSED,
	    [STORE_DEFERRED] = STORE_OUTBOX_WAITING,
	    [STORE_FAILED] = STORE_OUTBOX_FAILED,
	};

	job->end = OUTBOX_JOB_DONE;
	job->result.state = states[verdict];
	job->result.attempted = true;
	job->result.journal.verdict = verdict;
	job->result.journal.reason = keep(job->reason, sizeof job->reason, reason);
	job->result.journal.time_ms = clock_now();
	job->result.journal.duration_ms = (clock_mono_us() - begun_us) / 1000;
}

static void
defer(struct outbox_job *job, const struct conf *conf, struct str reason, int64_t due_ms,
    int64_t begun_us)
{
	char expired[ERR_TEXT_MAX];

	if (clock_now() - job->row->due_ms > conf->outbox_lifetime) {
		snprintf(expired, sizeof expired, "expired: %.*s", STR_F(reason));
		finish(job, STORE_FAILED, str_c(expired), begun_us);
		return;
	}
	finish(job, STORE_DEFERRED, reason, begun_us);
	job->result.due_ms = due_ms;
}

void
outbox_outcome_verdict(struct outbox_job *job, const struct conf *conf, enum store_verdict verdict,
    struct str reason, int64_t begun_us)
{
	if (verdict == STORE_DEFERRED)
		defer(job, conf, reason, next_due(conf, job), begun_us);
	else
		finish(job, verdict, reason, begun_us);
}

void
outbox_outcome_later(struct outbox_job *job, struct str reason, int64_t due_ms, int64_t begun_us)
{
	finish(job, STORE_DEFERRED, reason, begun_us);
	job->result.due_ms = due_ms;
	job->result.postponed = true;
}

/* Nobody said no, and the relay does not have it. Up to MAIL that is not about this message;
 * later it may be, and something that breaks every connection must not go first for ever. */
static void
not_sent(struct outbox_job *job, const struct conf *conf, const struct outbox_outcome *outcome,
    int64_t begun_us)
{
	if (outcome->stage <= OUTBOX_AT_MAIL)
		outbox_outcome_back(job);
	else
		defer(job, conf, str_c(outcome->reason),
		    job->row->attempts == 0 ? clock_now() + LOST_AGAIN_MS : next_due(conf, job),
		    begun_us);
}

void
outbox_outcome_relay(struct outbox_job *job, const struct conf *conf,
    const struct outbox_outcome *outcome, int64_t begun_us)
{
	struct str reason = str_c(outcome->reason);

	switch (outcome->result) {
	case OUTBOX_ACCEPTED:
		job->result.journal.queue_id =
		    keep(job->queue_id, sizeof job->queue_id, str_c(outcome->queue_id));
		finish(job, STORE_SENT, job->note, begun_us);
		break;
	case OUTBOX_TEMPORARY:
		defer(job, conf, reason, next_due(conf, job), begun_us);
		break;
	case OUTBOX_PERMANENT:
		finish(job, STORE_FAILED, reason, begun_us);
		break;
	case OUTBOX_NOT_SENT:
		not_sent(job, conf, outcome, begun_us);
		break;
	case OUTBOX_IN_DOUBT:
		job->end = OUTBOX_JOB_IN_DOUBT;
		break;
	}
}
