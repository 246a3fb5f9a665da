/* SPDX-License-Identifier: BSD-2-Clause
 *
 * run: the process that follows the relay's log
 *
 * It reads what is new, learns it in batches, and writes with each batch how far it has read. What
 * the lines before that say of queue ids is recalled at the start.
 * When it is told to leave it learns what it has and goes.
 *
 * Owns:    store, learner, the open log files.
 * Threads: the process's first; the log's beside it.
 * Fails:   a log that can't be read, or a store that is busy, is tried again.
 */
#include "base/clock.h"
#include "base/log.h"
#include "follow/learn.h"
#include "maillog/stamp.h"
#include "maillog/tail.h"
#include "master/worker.h"

#include <poll.h>
#include <sysexits.h>
#include <unistd.h>

#define PAUSE_MS 100
/* What is read within this time is learned at once. */
#define GATHER_US ((int64_t)200000)
/* How far the log is read is written at least so often, though nothing was learned. */
#define PLACE_US ((int64_t)2 * 1000000)
#define AGAIN_MS 1000
/* What does not get better is complained of so often. */
#define COMPLAIN_US ((int64_t)600 * 1000000)
/* Read again at the start, for what later lines refer to: minutes of a busy relay. */
#define RECALL_BYTES ((off_t)8 << 20)
/* A year is looked for anew when the file was written to so much later. */
#define REFERENCE_MS ((int64_t)3600 * 1000)

struct process {
	const struct worker *worker;
	struct store *store;
	struct follow_learner *learner;
	struct maillog_tail *tail;
	struct maillog_stamp stamp;
	int signal_fd;
	bool fresh;	    /* something was read since the last batch */
	bool moved;	    /* and since the places were last written */
	int64_t learned_us; /* when the last batch was written */
	int64_t placed_us;
	int64_t complained_us;
	bool complaining;
};

static void
complain(struct process *process, const char *event, const struct err *err)
{
	if (process->complaining && clock_mono_us() - process->complained_us < COMPLAIN_US)
		return;
	process->complaining = true;
	process->complained_us = clock_mono_us();
	log_warning(event, LOG_STR("reason", err->text));
}

/* True when it is time to leave. */
static bool
rest(const struct process *process, int ms)
{
	struct pollfd fds[] = {{.fd = process->worker->control_fd, .events = POLLIN},
	    {.fd = process->signal_fd, .events = POLLIN}};

	return poll(fds, 2, ms) > 0;
}

static void
take(struct str text, void *closure)
{
	struct process *process = closure;
	struct maillog_line line;

	if (maillog_line_parse(text, &line))
		follow_take(
		    process->learner, &line, maillog_stamp_read(&process->stamp, line.stamp));
}

static void
recall(struct str text, void *closure)
{
	struct process *process = closure;
	struct maillog_line line;

	if (maillog_line_parse(text, &line))
		follow_recall(
		    process->learner, &line, maillog_stamp_read(&process->stamp, line.stamp));
}

/* 1 something was read, 0 there is nothing new, -1 not for now. */
static int
read_some(struct process *process)
{
	struct err err = ERR_INIT;
	int64_t written_ms;
	int rc = maillog_tail_read(process->tail, take, process, &err);

	if (rc < 0)
		complain(process, "follower: the mail log can't be read", &err);
	else if (process->complaining && rc > 0)
		process->complaining = false;
	if (rc > 0)
		process->fresh = process->moved = true;
	if (maillog_tail_missed(process->tail))
		log_warning(
		    "follower: a rotated file is gone that was not read to its end; mailtailor "
		    "follow FILE reads it from elsewhere",
		    LOG_STR("log", process->worker->conf->mail_log.at[0]));
	/* For the next lines; the file may have been changed. */
	written_ms = maillog_tail_time(process->tail);
	if (written_ms > process->stamp.reference_ms + REFERENCE_MS ||
	    written_ms < process->stamp.reference_ms - REFERENCE_MS)
		maillog_stamp_init(&process->stamp, written_ms, 0);
	return rc;
}

/* False: it was not possible, and is to be tried again before anything is read. */
static bool
learn(struct process *process)
{
	struct store_log_place places[MAILLOG_PLACES];
	size_t count = maillog_tail_places(process->tail, places);
	int64_t now_us = clock_mono_us();
	bool due = process->moved && now_us - process->placed_us >= PLACE_US;
	struct err err = ERR_INIT;

	if (follow_learn(process->learner, places, count, due, &err) != 0) {
		complain(process, "follower: what the mail log says can't be written", &err);
		return false;
	}
	process->learned_us = now_us;
	process->fresh = false;
	if (due) {
		process->placed_us = now_us;
		process->moved = false;
	}
	return true;
}

static bool
is_due(const struct process *process)
{
	int64_t now_us = clock_mono_us();

	if (follow_is_full(process->learner))
		return true;
	if (process->fresh || follow_is_waiting(process->learner))
		return now_us - process->learned_us >= GATHER_US;
	return process->moved && now_us - process->placed_us >= PLACE_US;
}

static void
serve(struct process *process)
{
	bool stop = false;

	while (!stop) {
		int rc = read_some(process);

		while (!stop && is_due(process) && !learn(process))
			stop = rest(process, AGAIN_MS);
		if (!stop)
			stop = rest(process, rc > 0 ? 0 : rc == 0 ? PAUSE_MS : AGAIN_MS);
	}
}

/* What was read but not learned is read again by the next process. */
static void
leave(struct process *process)
{
	process->placed_us = 0;
	(void)learn(process);
}

static int
open_parts(struct process *process, struct err *err)
{
	const struct conf *conf = process->worker->conf;
	struct store_log_place places[MAILLOG_PLACES];
	size_t count;

	process->signal_fd = worker_signal_fd(err);
	if (process->signal_fd < 0 ||
	    store_open(&process->store, conf->database, STORE_READ, err) != 0 ||
	    follow_learner_new(&process->learner, process->store, conf, err) != 0 ||
	    store_log_places(process->store, places, MAILLOG_PLACES, &count, err) != 0)
		return -1;
	maillog_stamp_init(&process->stamp, clock_now(), 0);
	process->tail = maillog_tail_new(&conf->mail_log, places, count);
	maillog_tail_before(process->tail, RECALL_BYTES, recall, process);
	return 0;
}

int
follow_run(const struct worker *worker)
{
	struct process process = {.worker = worker, .signal_fd = -1};
	struct err err = ERR_INIT;
	int status = EX_OK;

	if (open_parts(&process, &err) == 0) {
		serve(&process);
		leave(&process);
	} else {
		log_error("the follower can't start", LOG_STR("reason", err.text));
		status = err_exit_code(err.code);
	}
	maillog_tail_free(&process.tail);
	follow_learner_free(&process.learner);
	store_close(&process.store);
	if (process.signal_fd >= 0)
		close(process.signal_fd);
	return status;
}
