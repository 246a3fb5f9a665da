/* SPDX-License-Identifier: BSD-2-Clause
 *
 * worker: an outbox process
 *
 * The main thread claims due rows, gives them to the senders, and commits what became of them
 * in groups. It never holds more rows than the senders get through in about a second: after a
 * crash those are the ones in doubt, and other processes want their share.
 *
 * Owns:    store, engine, queue, senders, settler of this process.
 * Threads: outbox_run is the main thread; it starts the others, and SIGTERM is its alone.
 * Fails:   an exit status of sysexits.h; rows are never lost by it, at worst in doubt.
 */
#include "base/clock.h"
#include "base/log.h"
#include "outbox/outcome.h"
#include "outbox/settle.h"
#include "outbox/slot.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sysexits.h>
#include <unistd.h>

#define SECOND_US ((int64_t)1000000)
/* Finished rows wait so long for others to share a commit. */
#define GROUP_US ((int64_t)50000)
/* Rows that `mailtailor outbox` has resumed are found without a wake, by looking. */
#define LOOK_US	       SECOND_US
#define STORE_RETRY_US SECOND_US
#define CLAIM_PAUSE_US ((int64_t)5000)
#define SLOT_RETRY_US  (10 * SECOND_US)
#define PURGE_US       (3600 * SECOND_US)
/* In a pause longer than this, rows go back to where other processes see them. */
#define HOLD_US SECOND_US
/* When leaving: after so long everything that can be given up safely is. */
#define LEAVE_US	 (3 * SECOND_US)
#define BATCH_MEMORY	 ((size_t)256 << 20)
#define SENDERS_MAX	 100
#define START_PER_SENDER 4
#define LEAST_PER_SENDER 2

struct process {
	const struct worker *worker;
	const struct conf *conf;
	struct outbox_office office;
	struct outbox_queue queue;
	struct outbox_settler *settler;
	pthread_t senders[SENDERS_MAX];
	int sender_count;
	int signal_fd, slot_fd;
	bool foreign_done;		/* rows of slots that exist no more are taken over */
	struct outbox_job_list results; /* to be committed */
	size_t target;			/* rows to have in hand */
	size_t finished;		/* since rate_us */
	int64_t rate_us;
	int64_t claim_us, commit_us, foreign_us, purge_us; /* not before */
	bool claim_failed, commit_failed;		   /* the store said no last time */
	bool leaving;
	int64_t leave_us;
};

/* --- the store, which may say no for a while --- */

/* Tells the log when it begins and when it ends. */
static void
store_says(const char *what, int status, const struct err *err, bool *failed)
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

/* Hands rows in doubt to the settler; what stays can be committed. */
static void
sort_out(struct process *process)
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

static void
learn_rate(struct process *process, size_t finished, int64_t now)
{
	size_t least = (size_t)process->sender_count * LEAST_PER_SENDER;
	size_t most = (size_t)process->sender_count * (size_t)process->conf->outbox_batch;
	int64_t span = now - process->rate_us;

	process->finished += finished;
	if (span < SECOND_US / 2)
		return;
	process->target = (size_t)((int64_t)process->finished * SECOND_US / span);
	if (process->target > most)
		process->target = most;
	if (process->target < least)
		process->target = least;
	process->finished = 0;
	process->rate_us = now;
}

static void
commit(struct process *process, int64_t now)
{
	struct store_outbox_result *results;
	struct outbox_job *job, *next;
	struct err err = ERR_INIT;
	size_t n = 0;
	int status;

	sort_out(process);
	if (process->results.count == 0)
		return;
	results = calloc(process->results.count, sizeof *results);
	if (results == NULL)
		abort();
	for (job = process->results.first; job != NULL; job = job->next)
		results[n++] = job->result;
	status = store_outbox_finish(process->office.store, results, n, &err);
	free(results);
	store_says("finish", status, &err, &process->commit_failed);
	if (status < 0) {
		process->commit_us = now + STORE_RETRY_US;
		return;
	}
	for (job = process->results.first; job != NULL; job = next) {
		next = job->next;
		job_close(job);
	}
	process->results = (struct outbox_job_list){0};
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
claim(struct process *process, size_t want, int64_t now)
{
	struct outbox_batch *batch = calloc(1, sizeof *batch);
	struct store_outbox_row *rows;
	struct outbox_job_list jobs;
	struct err err = ERR_INIT;
	int64_t next_ms = INT64_MAX, wait_us;
	int count;

	if (batch == NULL)
		abort();
	batch->arena = arena_new(BATCH_MEMORY);
	count = store_outbox_claim(process->office.store, process->worker->slot, want,
	    campaign_rate, (void *)(uintptr_t)process->conf, batch->arena, &rows, &next_ms, &err);
	store_says("claim", count, &err, &process->claim_failed);
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

/* --- what others left --- */

/* True: nothing (more) to pick up from this slot. */
static bool
pick_up(struct process *process, int slot, bool lock)
{
	struct arena *arena = arena_new(BATCH_MEMORY);
	struct store_outbox_row *rows;
	struct err err = ERR_INIT;
	int fd, locked = 1, count;

	count = store_outbox_in_doubt(process->office.store, slot, arena, &rows, &err);
	if (count > 0 && lock) {
		/* Whoever held it may have finished some since. */
		locked = outbox_slot_lock(process->conf->database, slot, &fd, &err);
		if (locked > 0)
			count =
			    store_outbox_in_doubt(process->office.store, slot, arena, &rows, &err);
	}
	store_says("in doubt", count < 0 || locked < 0 ? -1 : 0, &err, &process->claim_failed);
	if (count > 0 && locked > 0) {
		log_warning("rows in doubt from an earlier process", LOG_NUM("slot", slot),
		    LOG_NUM("rows", count));
		outbox_settler_add(process->settler, rows, (size_t)count);
	}
	arena_free(&arena);
	return count >= 0 && locked > 0;
}

/* Slots beyond the present number belonged to a larger set of processes. The lock of each that
 * left something is kept until this process ends. */
static void
pick_up_foreign(struct process *process, int64_t now)
{
	bool done = true;

	process->foreign_us = now + SLOT_RETRY_US;
	for (int slot = process->worker->slots; slot < WORKER_OUTBOX_MAX; slot++)
		done = pick_up(process, slot, true) && done;
	process->foreign_done = done;
}

static void
upkeep(struct process *process, int64_t now)
{
	struct err err = ERR_INIT;

	if (process->worker->slot != 0 || process->leaving)
		return;
	if (!process->foreign_done && now >= process->foreign_us)
		pick_up_foreign(process, now);
	if (now >= process->purge_us) {
		process->purge_us = now + PURGE_US;
		if (store_outbox_purge(
			process->office.store, clock_now() - process->conf->outbox_keep, &err) != 0)
			log_error("outbox purge", LOG_STR("reason", err.text));
	}
}

/* --- the loop --- */

static void
put_back(struct process *process)
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
leave(struct process *process, int64_t now)
{
	process->leaving = true;
	process->leave_us = now + LEAVE_US;
	outbox_queue_close(&process->queue);
	put_back(process);
}

/* Waits until something happens or `until_us`. True if we are told to leave. */
static bool
wait_for_news(struct process *process, int64_t until_us)
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
collect(struct process *process, int64_t now)
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
refill(struct process *process, const struct outbox_queue_state *state, int64_t now)
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

/* One turn. False when all is done and we may leave. */
static bool
turn(struct process *process)
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
	if (process->leaving) {
		state = outbox_queue_look(&process->queue);
		if (state.active == 0 && process->results.count == 0) {
			collect(process, now);
			return process->results.count > 0;
		}
		if (now >= process->leave_us)
			eventfd_write(process->office.cancel_fd, 1);
	}
	if (wait_for_news(process, until))
		leave(process, clock_mono_us());
	return true;
}

/* --- beginning and end --- */

/* 1: ours, 0: told to leave, -1. */
static int
take_slot(struct process *process, struct err *err)
{
	struct pollfd fds[] = {{.fd = process->worker->control_fd, .events = POLLIN},
	    {.fd = process->signal_fd, .events = POLLIN}};
	bool told = false;
	int status;

	while ((status = outbox_slot_lock(
		    process->conf->database, process->worker->slot, &process->slot_fd, err)) == 0) {
		if (!told)
			log_info("waiting for the slot's last process to finish",
			    LOG_NUM("slot", process->worker->slot));
		told = true;
		if (poll(fds, 2, 100) > 0)
			return 0;
	}
	return status;
}

static int
open_parts(struct process *process, struct err *err)
{
	const struct worker *worker = process->worker;
	struct outbox_office *office = &process->office;

	office->worker = worker;
	office->queue = &process->queue;
	office->cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (office->cancel_fd < 0)
		return err_set(err, ERR_IO, "eventfd: %s", strerror(errno));
	if (store_open(&office->store, process->conf->database, STORE_READ, err) != 0 ||
	    tailor_new(&office->tailor, process->conf, worker->keys, office->store, err) != 0)
		return -1;
	office->letters = outbox_letters_new(office->store, office->tailor);
	return outbox_settler_new(&process->settler, office, err);
}

static void
close_parts(struct process *process)
{
	if (process->office.cancel_fd >= 0)
		eventfd_write(process->office.cancel_fd, 1);
	outbox_settler_free(&process->settler);
	outbox_letters_free(&process->office.letters);
	tailor_free(&process->office.tailor);
	store_close(&process->office.store);
	if (process->office.cancel_fd >= 0)
		close(process->office.cancel_fd);
}

static int
start_senders(struct process *process, struct err *err)
{
	int wanted = (int)process->conf->outbox_connections;

	for (int i = 0; i < wanted && i < SENDERS_MAX; i++) {
		int status =
		    pthread_create(&process->senders[i], NULL, outbox_sender_run, &process->office);

		if (status != 0)
			return err_set(err, ERR_IO, "thread: %s", strerror(status));
		process->sender_count++;
	}
	process->target = (size_t)process->sender_count * START_PER_SENDER;
	process->rate_us = clock_mono_us();
	return 0;
}

static void
join_senders(struct process *process)
{
	outbox_queue_close(&process->queue);
	for (int i = 0; i < process->sender_count; i++)
		pthread_join(process->senders[i], NULL);
}

static int
serve(struct process *process, struct err *err)
{
	int status = -1;

	if (open_parts(process, err) == 0 &&
	    outbox_queue_init(&process->queue, (int)process->conf->outbox_connections, err) == 0) {
		/* Before the first claim: what is claimed now is what others left. */
		if (!pick_up(process, process->worker->slot, false))
			status = err_set(err, ERR_STORE, "rows in doubt can't be read");
		else
			status = start_senders(process, err);
		while (status == 0 && turn(process))
			;
		join_senders(process);
		outbox_queue_fini(&process->queue);
	}
	close_parts(process);
	return status;
}

/* SIGTERM is read in the loop, by this thread; the others inherit the mask. */
static int
open_signals(struct process *process, struct err *err)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	process->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return process->signal_fd < 0 ? err_set(err, ERR_IO, "signalfd: %s", strerror(errno)) : 0;
}

int
outbox_run(const struct worker *worker)
{
	struct process process = {.worker = worker,
	    .conf = worker->conf,
	    .office = {.cancel_fd = -1},
	    .signal_fd = -1,
	    .slot_fd = -1};
	struct err err = ERR_INIT;
	int status = open_signals(&process, &err);

	if (status == 0)
		status = take_slot(&process, &err);
	if (status > 0)
		status = serve(&process, &err);
	if (process.slot_fd >= 0)
		close(process.slot_fd);
	if (process.signal_fd >= 0)
		close(process.signal_fd);
	if (status == 0)
		return EX_OK;
	log_error("outbox process can't go on", LOG_NUM("slot", worker->slot),
	    LOG_STR("reason", err.text));
	return err_exit_code(err.code);
}
