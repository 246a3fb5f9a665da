/* SPDX-License-Identifier: BSD-2-Clause
 *
 * outbox_settle: see settle.h
 *
 * A copy's Message-ID is a function of message key and recipient, so that the relay's log can
 * be asked for it. Whatever the log proves accepted is finished at once. That something is not
 * in the log counts only when
 *
 *   - the relay has greeted, and settle_wait has passed since: a Postfix that was restarted has
 *     looked through its incoming queue by then, and one that was handed the final dot by a
 *     client now dead has finished with it;
 *   - a connection made after that has left a trace in the log: the log is the relay's, and
 *     nothing written before is still on its way;
 *   - the queue id that cleanup gave the copy, if it came so far, is not in the relay's queue.
 *
 * Then the row waits for its next attempt. As long as the log can't be read nothing is decided.
 *
 * Owns:    its thread, copies of the rows in doubt.
 * Threads: any may add; one thread settles. `lock` guards the list of new rows.
 */
#include "outbox/settle.h"

#include "base/clock.h"
#include "base/log.h"
#include "outbox/mailqueue.h"
#include "outbox/maillog.h"
#include "store/contact.h"

#include <glib.h>

#define ROUND_US    ((int64_t)300000)
#define PROBE_US    ((int64_t)1000000)
#define FINISH_MAX  200
#define CHILD_ARENA ((size_t)1 << 20)
/* A log that shows no trace of our connections for so long is not this relay's. */
#define SILENCE_US ((int64_t)20 * 1000000)

enum doubt_state { DOUBT_OPEN, DOUBT_DECIDED, DOUBT_WRITTEN };

struct doubt {
	int64_t id;
	char *key, *campaign, *address, *sender, *sender_domain;
	struct outbox_clue clue;
	enum doubt_state state;
};

struct outbox_settler {
	const struct outbox_office *office;
	const struct conf *conf;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake; /* CLOCK_MONOTONIC */
	bool stop;
	GPtrArray *added; /* wait for the next inquiry */
};

/* Everything that was in doubt at one time; only the settler's thread has it. */
struct inquiry {
	struct outbox_settler *settler;
	GPtrArray *doubts;
	struct outbox_maillog *log;
	int64_t greeted_us;   /* when the relay first greeted; 0: not yet */
	int64_t probe_us;     /* the last connection that was greeted */
	uint64_t probe_bytes; /* read from the log before it */
	int64_t alive_us;     /* the last one that left a trace */
	bool complained;
};

static void
doubt_free(gpointer data)
{
	struct doubt *doubt = data;

	g_free(doubt->key);
	g_free(doubt->campaign);
	g_free(doubt->address);
	g_free(doubt->sender);
	g_free(doubt->sender_domain);
	g_free(doubt);
}

static char *
dup_text(struct str s)
{
	return g_strndup(s.p == NULL ? "" : s.p, s.n);
}

static struct str
bounce_address(const struct conf *conf, struct str name)
{
	const struct conf_campaign *campaign = conf_campaign_find(conf, name);

	return str_c(campaign == NULL ? "" : campaign->bounce_address);
}

void
outbox_settler_add(
    struct outbox_settler *settler, const struct store_outbox_row *rows, size_t count)
{
	pthread_mutex_lock(&settler->lock);
	for (size_t i = 0; i < count; i++) {
		struct doubt *doubt = g_new0(struct doubt, 1);

		doubt->id = rows[i].id;
		doubt->key = dup_text(rows[i].key);
		doubt->campaign = dup_text(rows[i].campaign);
		doubt->address = dup_text(rows[i].address);
		doubt->sender = dup_text(rows[i].sender);
		doubt->sender_domain = dup_text(rows[i].sender_domain);
		doubt->clue.sender = str_c(doubt->sender);
		doubt->clue.bounce = bounce_address(settler->conf, rows[i].campaign);
		doubt->clue.recipient = str_c(doubt->address);
		doubt->clue.claimed_ms = rows[i].claimed_ms;
		tailor_message_id_local(rows[i].key, rows[i].address, doubt->clue.local);
		g_ptr_array_add(settler->added, doubt);
	}
	pthread_cond_signal(&settler->wake);
	pthread_mutex_unlock(&settler->lock);
}

/* --- results --- */

static struct store_outbox_result
result_of(struct outbox_settler *settler, const struct doubt *doubt, struct arena *arena)
{
	struct store_outbox_result result = {
	    .id = doubt->id, .state = STORE_OUTBOX_WAITING, .due_ms = clock_now()};
	struct store_contact contact;

	if (!doubt->clue.accepted)
		return result;
	result.state = STORE_OUTBOX_DONE;
	result.attempted = true;
	result.journal = (struct store_journal_row){.time_ms = clock_now(),
	    .message = str_c(doubt->key),
	    .campaign = str_c(doubt->campaign),
	    .recipient = str_c(doubt->address),
	    .sender_domain = str_c(doubt->sender_domain),
	    .queue_id = str_c(doubt->clue.queue_id),
	    .message_id = str_c(doubt->clue.message_id),
	    .verdict = STORE_SENT,
	    .reason = STR("")};
	arena_reset(arena);
	if (store_contact_get(
		settler->office->store, str_c(doubt->address), arena, &contact, NULL) == 1)
		result.journal.contact_id = contact.id;
	return result;
}

static void
mark_written(const struct outbox_office *office, struct doubt *doubt)
{
	doubt->state = DOUBT_WRITTEN;
	outbox_hands_forget(office->hands, doubt->id);
	log_info(
	    doubt->clue.accepted ? "settled: the relay has it" : "settled: the relay has it not",
	    LOG_STR("queue", doubt->clue.queue_id), LOG_STR("campaign", doubt->campaign),
	    LOG_STR("recipient", doubt->address));
}

/* Writes down a group of those that are decided. True if there was any. */
static bool
write_group(struct inquiry *inquiry)
{
	struct outbox_settler *settler = inquiry->settler;
	struct store_outbox_result results[FINISH_MAX];
	struct doubt *group[FINISH_MAX];
	struct arena *arena = arena_new(CHILD_ARENA);
	struct err err = ERR_INIT;
	size_t n = 0;
	int status = 0;

	for (guint i = 0; i < inquiry->doubts->len && n < FINISH_MAX; i++) {
		struct doubt *doubt = inquiry->doubts->pdata[i];

		if (doubt->state == DOUBT_DECIDED) {
			group[n] = doubt;
			results[n++] = result_of(settler, doubt, arena);
		}
	}
	arena_free(&arena);
	if (n > 0)
		status = store_outbox_finish(settler->office->store, results, n, &err);
	if (status != 0)
		log_error("settling", LOG_STR("reason", err.text));
	for (size_t i = 0; i < n && status == 0; i++)
		mark_written(settler->office, group[i]);
	return n > 0 && status == 0;
}

/* --- deciding --- */

static size_t
count_open(const struct inquiry *inquiry, enum doubt_state state)
{
	size_t n = 0;

	for (guint i = 0; i < inquiry->doubts->len; i++)
		n += ((struct doubt *)inquiry->doubts->pdata[i])->state == state;
	return n;
}

static void
decide_accepted(struct inquiry *inquiry)
{
	for (guint i = 0; i < inquiry->doubts->len; i++) {
		struct doubt *doubt = inquiry->doubts->pdata[i];

		if (doubt->state == DOUBT_OPEN && doubt->clue.accepted)
			doubt->state = DOUBT_DECIDED;
	}
}

static void
complain(struct inquiry *inquiry, const char *reason)
{
	if (!inquiry->complained)
		log_error("recipients stay in doubt", LOG_STR("reason", reason),
		    LOG_NUM("recipients", count_open(inquiry, DOUBT_OPEN)));
	inquiry->complained = true;
}

static int
read_log(struct inquiry *inquiry)
{
	struct err err = ERR_INIT;

	if (outbox_maillog_read(inquiry->log, &err) != 0) {
		complain(inquiry, err.text);
		return -1;
	}
	decide_accepted(inquiry);
	return 0;
}

static void
mark_queued(const char *queue_id, void *closure)
{
	struct inquiry *inquiry = closure;

	for (guint i = 0; i < inquiry->doubts->len; i++) {
		struct doubt *doubt = inquiry->doubts->pdata[i];

		if (doubt->state == DOUBT_OPEN && strcmp(doubt->clue.queue_id, queue_id) == 0)
			doubt->clue.accepted = true;
	}
}

/* Cleanup has seen it, and the queue manager has said nothing of it: on hold, or still waiting
 * its turn? */
static void
ask_queue(struct inquiry *inquiry)
{
	struct err err = ERR_INIT;
	bool any = false;

	for (guint i = 0; i < inquiry->doubts->len && !any; i++) {
		const struct doubt *doubt = inquiry->doubts->pdata[i];

		any = doubt->state == DOUBT_OPEN && doubt->clue.queue_id[0] != '\0';
	}
	if (any &&
	    outbox_mailqueue_each(
		inquiry->settler->conf->postfix_config, mark_queued, inquiry, &err) != 0)
		log_warning("the relay's queue can't be listed", LOG_STR("reason", err.text));
}

/* The end of waiting: who is not known to the relay by now never will be. */
static void
decide_rest(struct inquiry *inquiry)
{
	ask_queue(inquiry);
	/* A message that left the queue meanwhile has left lines in the log before. */
	if (read_log(inquiry) != 0)
		return;
	for (guint i = 0; i < inquiry->doubts->len; i++) {
		struct doubt *doubt = inquiry->doubts->pdata[i];

		if (doubt->state == DOUBT_OPEN)
			doubt->state = DOUBT_DECIDED;
	}
}

/* Does the relay greet? The connection is also to leave a line in its log. */
static void
probe(struct inquiry *inquiry, int64_t now)
{
	struct outbox_outcome outcome;
	struct outbox_smtp *smtp;

	inquiry->probe_bytes = outbox_maillog_bytes(inquiry->log);
	if (outbox_sender_connect(inquiry->settler->office, &smtp, &outcome) != 0)
		return;
	outbox_smtp_close(&smtp);
	inquiry->probe_us = now;
	if (inquiry->greeted_us == 0)
		inquiry->greeted_us = now;
}

static void
look(struct inquiry *inquiry)
{
	int64_t now = clock_mono_us();
	int64_t wait_us = inquiry->settler->conf->settle_wait * 1000;

	if (read_log(inquiry) != 0)
		return;
	if (inquiry->probe_us != 0 && outbox_maillog_bytes(inquiry->log) > inquiry->probe_bytes)
		inquiry->alive_us = inquiry->probe_us;
	if (inquiry->greeted_us != 0 && inquiry->alive_us >= inquiry->greeted_us + wait_us)
		decide_rest(inquiry);
	else if (inquiry->greeted_us != 0 && inquiry->alive_us == 0 &&
	    now - inquiry->greeted_us > SILENCE_US)
		complain(inquiry, "mail_log shows no trace of our connections to the relay");
	if (count_open(inquiry, DOUBT_OPEN) > 0 && now - inquiry->probe_us >= PROBE_US)
		probe(inquiry, now);
}

/* --- the thread --- */

/* Waits for `us` or for new rows; true when it is time to stop. Called with the lock held. */
static bool
rest(struct outbox_settler *settler, int64_t us)
{
	int64_t until = clock_mono_us() + us;
	struct timespec at = {.tv_sec = until / 1000000, .tv_nsec = until % 1000000 * 1000};

	if (!settler->stop)
		pthread_cond_timedwait(&settler->wake, &settler->lock, &at);
	return settler->stop;
}

static bool
stopped(struct outbox_settler *settler, int64_t rest_us)
{
	bool stop;

	pthread_mutex_lock(&settler->lock);
	stop = rest(settler, rest_us);
	pthread_mutex_unlock(&settler->lock);
	return stop;
}

static void
inquire(struct outbox_settler *settler, GPtrArray *doubts)
{
	struct inquiry inquiry = {.settler = settler, .doubts = doubts};
	int64_t since_ms = INT64_MAX;

	for (guint i = 0; i < doubts->len; i++) {
		const struct doubt *doubt = doubts->pdata[i];

		since_ms = doubt->clue.claimed_ms < since_ms ? doubt->clue.claimed_ms : since_ms;
	}
	inquiry.log = outbox_maillog_new(&settler->conf->mail_log, since_ms);
	for (guint i = 0; i < doubts->len; i++)
		outbox_maillog_watch(inquiry.log, &((struct doubt *)doubts->pdata[i])->clue);
	while (count_open(&inquiry, DOUBT_WRITTEN) < doubts->len) {
		look(&inquiry);
		while (write_group(&inquiry))
			;
		if (count_open(&inquiry, DOUBT_WRITTEN) < doubts->len && stopped(settler, ROUND_US))
			break;
	}
	outbox_maillog_free(&inquiry.log);
}

static void *
settler_run(void *closure)
{
	struct outbox_settler *settler = closure;

	pthread_mutex_lock(&settler->lock);
	while (!settler->stop) {
		GPtrArray *doubts = settler->added;

		if (doubts->len == 0) {
			pthread_cond_wait(&settler->wake, &settler->lock);
			continue;
		}
		settler->added = g_ptr_array_new_with_free_func(doubt_free);
		pthread_mutex_unlock(&settler->lock);
		inquire(settler, doubts);
		g_ptr_array_free(doubts, TRUE);
		pthread_mutex_lock(&settler->lock);
	}
	pthread_mutex_unlock(&settler->lock);
	return NULL;
}

int
outbox_settler_new(
    struct outbox_settler **settler_r, const struct outbox_office *office, struct err *err)
{
	struct outbox_settler *settler = g_new0(struct outbox_settler, 1);
	pthread_condattr_t attributes;
	int status;

	settler->office = office;
	settler->conf = office->worker->conf;
	settler->added = g_ptr_array_new_with_free_func(doubt_free);
	pthread_mutex_init(&settler->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&settler->wake, &attributes);
	pthread_condattr_destroy(&attributes);
	*settler_r = settler;
	status = pthread_create(&settler->thread, NULL, settler_run, settler);
	if (status == 0)
		return 0;
	*settler_r = NULL;
	g_ptr_array_free(settler->added, TRUE);
	g_free(settler);
	return err_set(err, ERR_IO, "thread: %s", strerror(status));
}

void
outbox_settler_free(struct outbox_settler **settler)
{
	struct outbox_settler *old = *settler;

	*settler = NULL;
	if (old == NULL)
		return;
	pthread_mutex_lock(&old->lock);
	old->stop = true;
	pthread_cond_signal(&old->wake);
	pthread_mutex_unlock(&old->lock);
	pthread_join(old->thread, NULL);
	g_ptr_array_free(old->added, TRUE);
	pthread_cond_destroy(&old->wake);
	pthread_mutex_destroy(&old->lock);
	g_free(old);
}
