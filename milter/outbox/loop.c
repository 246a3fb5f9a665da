/* SPDX-License-Identifier: BSD-2-Clause
 *
 * outbox_loop: the daily work of an outbox process's main thread
 *
 * Claims due rows, gives them to the senders, commits what became of them in groups. It never
 * holds more rows than the senders get through in about a second: after a crash those are the
 * ones in doubt, and other processes want their share.
 *
 * Threads: the main thread.
 */
#include "base/clock.h"
#include "base/log.h"
#include "outbox/outcome.h"
#include "outbox/process.h"
#include "outbox/watch.h"
#include "store/event.h"
#include "store/signup.h"
#include "store/suppression.h"
#include "store/view.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Finished rows wait so long for others to share a commit. */
#define GROUP_US ((int64_t)50000)
/* Rows that `mailtailor outbox` has resumed are found without a wake, by looking. */
#define LOOK_US	       OUTBOX_SECOND_US
#define STORE_RETRY_US OUTBOX_SECOND_US
#define CLAIM_PAUSE_US ((int64_t)5000)
#define PURGE_US       (3600 * OUTBOX_SECOND_US)
#define WATCH_US       (10 * OUTBOX_SECOND_US)
#define PURGE_SIGNUPS  ((size_t)10000)
#define PURGE_EVENTS   ((size_t)1000)
#define PURGE_ROUNDS   100
/* In a pause longer than this, rows go back to where other processes see them. */
#define HOLD_US OUTBOX_SECOND_US
/* When leaving: after so long everything that can be given up safely is. */
#define LEAVE_US (3 * OUTBOX_SECOND_US)
/* The same when worn: its slot stands still meanwhile, but nobody waits for us to stop. */
#define RETIRE_US (20 * OUTBOX_SECOND_US)
/* And after so long more, results that the store does not take stay in doubt. */
#define GIVE_UP_US	 (20 * OUTBOX_SECOND_US)
#define LEAST_PER_SENDER 2

/* --- the store, which may say no for a while --- */

/* Tells the log when it begins and when it ends. */
void
outbox_store_says(const char *what, int status, const struct err *err, bool *failed)
{
	if (status < 0 && !*failed)
		log_error("outbox store", LOG_STR("at", what), LOG_STR("reason", err->text));
	if (status >= 0 && *failed)
		log_info("outbox store is well again", LOG_STR("at", what));
	*failed = status < 0;
}

static void
job_close(struct outbox_job *job)
{
	struct outbox_batch *batch = job->batch;

	/* The job lives in its batch's arena, and so may the batch's last reader. */
	if (--batch->open == 0) {
		arena_free(&batch->arena);
		free(batch);
	}
}

static void
drop_results(struct outbox_process *process)
{
	struct outbox_job *next;

	for (struct outbox_job *job = process->results.first; job != NULL; job = next) {
		next = job->next;
		job_close(job);
	}
	process->results = (struct outbox_job_list){0};
}

/* Hands rows in doubt to the settler; what stays can be committed. */
static void
sort_out(struct outbox_process *process)
{
	struct outbox_job *job = process->results.first, *next;

	process->results = (struct outbox_job_list){0};
	for (; job != NULL; job = next) {
		next = job->next;
		if (job->end == OUTBOX_JOB_IN_DOUBT) {
			outbox_settler_add(process->settler, job->row, 1);
			job_close(job);
		} else {
			outbox_job_add(&process->results, job);
		}
	}
}

/* Their rows are committed: nobody need look for them in the relay's log. */
static void
let_go(const struct outbox_process *process)
{
	for (struct outbox_job *job = process->results.first; job != NULL; job = job->next)
		outbox_hands_end(process->office.hands, job->hand);
}

static void
learn_rate(struct outbox_process *process, size_t finished, int64_t now)
{
	size_t least = (size_t)process->sender_count * LEAST_PER_SENDER;
	size_t most = (size_t)process->sender_count * (size_t)process->conf->outbox_batch;
	int64_t span = now - process->rate_us;

	process->finished += finished;
	if (span < OUTBOX_SECOND_US / 2)
		return;
	process->target = (size_t)((int64_t)process->finished * OUTBOX_SECOND_US / span);
	if (process->target > most)
		process->target = most;
	if (process->target < least)
		process->target = least;
	process->finished = 0;
	process->rate_us = now;
}

static void
commit(struct outbox_process *process, int64_t now)
{
	struct store_outbox_result *results;
	struct err err = ERR_INIT;
	size_t n = 0;
	int status;

	sort_out(process);
	if (process->results.count == 0)
		return;
	results = calloc(process->results.count, sizeof *results);
	if (results == NULL)
		abort();
	for (struct outbox_job *job = process->results.first; job != NULL; job = job->next)
		results[n++] = job->result;
	status = store_outbox_finish(process->office.store, results, n, &err);
	free(results);
	outbox_store_says("finish", status, &err, &process->commit_failed);
	if (status < 0) {
		process->commit_us = now + STORE_RETRY_US;
		return;
	}
	let_go(process);
	drop_results(process);
	learn_rate(process, n, now);
}

static int64_t
campaign_rate(void *closure, struct str campaign)
{
	const struct conf_campaign *found = conf_campaign_find(closure, campaign);

	return found == NULL ? 0 : found->rate;
}

static struct outbox_job_list
make_jobs(struct outbox_batch *batch, const struct store_outbox_row *rows, size_t count)
{
	struct outbox_job_list list = {0};

	for (size_t i = 0; i < count; i++) {
		struct outbox_job *job = arena_zalloc(batch->arena, 1, sizeof *job);

		/* Rows without a job would stay claimed: stop, and let them be settled. */
		if (job == NULL)
			abort();
		job->batch = batch;
		job->row = &rows[i];
		outbox_job_add(&list, job);
	}
	batch->open = count;
	return list;
}

static void
claim(struct outbox_process *process, size_t want, int64_t now)
{
	struct outbox_batch *batch = calloc(1, sizeof *batch);
	struct store_outbox_row *rows;
	struct outbox_job_list jobs;
	struct err err = ERR_INIT;
	int64_t next_ms = INT64_MAX, wait_us;
	int count;

	if (batch == NULL)
		abort();
	batch->arena = arena_new(OUTBOX_BATCH_MEMORY);
	count = store_outbox_claim(process->office.store, process->worker->slot, want,
	    campaign_rate, (void *)(uintptr_t)process->conf, batch->arena, &rows, &next_ms, &err);
	outbox_store_says("claim", count, &err, &process->claim_failed);
	if (count <= 0) {
		arena_free(&batch->arena);
		free(batch);
	} else {
		jobs = make_jobs(batch, rows, (size_t)count);
		outbox_queue_push(&process->queue, &jobs);
	}
	wait_us = count < 0			      ? STORE_RETRY_US
	    : count == (int)want		      ? CLAIM_PAUSE_US
	    : next_ms - clock_now() >= LOOK_US / 1000 ? LOOK_US
						      : (next_ms - clock_now()) * 1000;
	process->claim_us = now + (wait_us < CLAIM_PAUSE_US ? CLAIM_PAUSE_US : wait_us);
}

/* In small pieces, since others want to write; what is left waits for the next time. */
static void
purge_events(struct outbox_process *process)
{
	int64_t before_ms = clock_now() - process->conf->events_keep;
	struct err err = ERR_INIT;
	size_t deleted = PURGE_EVENTS;

	for (int i = 0; i < PURGE_ROUNDS && deleted == PURGE_EVENTS; i++) {
		if (store_event_purge(
			process->office.store, before_ms, PURGE_EVENTS, &deleted, &err) != 0) {
			log_error("event purge", LOG_STR("reason", err.text));
			return;
		}
	}
}

static void
watch(struct outbox_process *process)
{
	struct err err = ERR_INIT;

	if (outbox_watch(process->office.store, process->conf, &err) < 0)
		log_error("reputation watch", LOG_STR("reason", err.text));
}

static void
upkeep(struct outbox_process *process, int64_t now)
{
	struct err err = ERR_INIT;

	if (process->worker->slot != 0 || process->leaving)
		return;
	if (!process->foreign_done && now >= process->foreign_us)
		outbox_inherit_foreign(process, now);
	if (now >= process->watch_us) {
		process->watch_us = now + WATCH_US;
		watch(process);
	}
	if (now >= process->purge_us) {
		process->purge_us = now + PURGE_US;
		if (store_outbox_purge(
			process->office.store, clock_now() - process->conf->outbox_keep, &err) != 0)
			log_error("outbox purge", LOG_STR("reason", err.text));
		purge_events(process);
		if (store_view_purge(
			process->office.store, clock_now() - process->conf->view_keep, &err) != 0)
			log_error("view purge", LOG_STR("reason", err.text));
		if (store_signup_purge(process->office.store, clock_now(), PURGE_SIGNUPS, &err) !=
		    0)
			log_error("sign-up purge", LOG_STR("reason", err.text));
		if (store_suppression_purge(process->office.store, clock_now(), &err) != 0)
			log_error("suppression purge", LOG_STR("reason", err.text));
	}
}

/* --- the loop --- */

static void
put_back(struct outbox_process *process)
{
	struct outbox_job_list list = outbox_queue_flush(&process->queue);
	struct outbox_job *next;

	for (struct outbox_job *job = list.first; job != NULL; job = next) {
		next = job->next;
		outbox_outcome_back(job);
		outbox_job_add(&process->results, job);
	}
}

static void
leave(struct outbox_process *process, int64_t now, int64_t patience_us)
{
	process->leaving = true;
	process->leave_us = now + patience_us;
	outbox_queue_close(&process->queue);
	put_back(process);
}

/* Waits until something happens or `until_us`. True if we are told to leave. */
static bool
wait_for_news(struct outbox_process *process, int64_t until_us)
{
	int wake_fd = process->worker->wake_fds[process->worker->slot];
	struct pollfd fds[] = {
	    {.fd = process->queue.main_fd, .events = POLLIN},
	    {.fd = process->leaving ? -1 : wake_fd, .events = POLLIN},
	    {.fd = process->leaving ? -1 : process->worker->control_fd, .events = POLLIN},
	    {.fd = process->leaving ? -1 : process->signal_fd, .events = POLLIN},
	};
	int64_t left_us = until_us - clock_mono_us();
	uint64_t ignored;

	if (poll(fds, sizeof fds / sizeof fds[0], left_us <= 0 ? 0 : (int)(left_us / 1000) + 1) <=
	    0)
		return false;
	if (fds[0].revents != 0 && read(process->queue.main_fd, &ignored, sizeof ignored) < 0 &&
	    errno != EAGAIN)
		abort();
	if (fds[1].revents != 0) {
		/* Whoever shares it may have been faster: it does not block. */
		if (read(wake_fd, &ignored, sizeof ignored) > 0)
			process->claim_us = 0;
	}
	return fds[2].revents != 0 || fds[3].revents != 0;
}

static void
collect(struct outbox_process *process, int64_t now)
{
	struct outbox_job_list list = outbox_queue_collect(&process->queue);
	struct outbox_job *next;

	if (list.count > 0 && process->results.count == 0 && process->commit_us < now)
		process->commit_us = now + GROUP_US;
	for (struct outbox_job *job = list.first; job != NULL; job = next) {
		next = job->next;
		outbox_job_add(&process->results, job);
	}
}

/* Claims if the senders will soon have nothing to do. Gives back when to look again. */
static int64_t
refill(struct outbox_process *process, const struct outbox_queue_state *state, int64_t now)
{
	size_t in_hand = state->waiting + state->active + process->results.count;

	if (state->pause_until_us > now) {
		if (state->pause_until_us - now > HOLD_US)
			put_back(process);
		return state->pause_until_us;
	}
	/* While results can't be committed, more would only add to what is in doubt. */
	if (in_hand >= process->target || state->waiting > process->target / 2 ||
	    process->commit_failed)
		return now + LOOK_US;
	if (now >= process->claim_us) {
		if (state->waiting + state->active == 0 && process->results.count == 0) {
			/* Idle time says nothing about the senders. */
			process->rate_us = now;
			process->finished = 0;
		}
		claim(process, process->target - in_hand, now);
	}
	return process->claim_us;
}

/* After we were told to leave: is there still something to do? */
static bool
may_stay(struct outbox_process *process, int64_t now)
{
	struct outbox_queue_state state = outbox_queue_look(&process->queue);

	if (now >= process->leave_us)
		eventfd_write(process->office.cancel_fd, 1);
	if (state.active > 0)
		return true;
	collect(process, now);
	if (process->results.count > 0 && process->commit_failed &&
	    now >= process->leave_us + GIVE_UP_US) {
		log_error("finished rows stay in doubt", LOG_NUM("rows", process->results.count));
		drop_results(process);
	}
	return process->results.count > 0;
}

bool
outbox_loop_turn(struct outbox_process *process)
{
	int64_t now = clock_mono_us(), until;
	struct outbox_queue_state state;

	collect(process, now);
	state = outbox_queue_look(&process->queue);
	if (process->results.count > 0 &&
	    (now >= process->commit_us ||
		(!process->commit_failed &&
		    (process->results.count >= OUTBOX_QUEUE_GROUP || state.active == 0))))
		commit(process, now);
	upkeep(process, now);
	until = process->leaving ? now + LOOK_US : refill(process, &state, now);
	if (process->results.count > 0 && process->commit_us < until)
		until = process->commit_us;
	if (until > now + LOOK_US)
		until = now + LOOK_US;
	if (process->leaving && !may_stay(process, now))
		return false;
	if (wait_for_news(process, until)) {
		leave(process, clock_mono_us(), LEAVE_US);
	} else if (!process->leaving && tailor_is_worn(process->office.tailor)) {
		worker_retire(process->worker);
		leave(process, clock_mono_us(), RETIRE_US);
	}
	return true;
}
