/* SPDX-License-Identifier: BSD-2-Clause
 *
 * store_outbox_test: the life of outbox rows, and the journal beside it
 */
#include "store/outbox.h"

#include "base/clock.h"

#include "store_fixture.h"

#include <sqlite3.h>
#include <time.h>

#define RAW "Subject: hello\r\n\r\nbody\r\n"

static struct store_outbox_message
message_of(const char *key, const char *campaign)
{
	return (struct store_outbox_message){.resubmit_key = str_c(key),
	    .campaign = str_c(campaign),
	    .sender = STR("news@shop.example"),
	    .mail_args = STR("RET=HDRS"),
	    .smtputf8 = true,
	    .queue_id = STR("4QID"),
	    .raw = STR(RAW),
	    .resubmit_ms = 60000};
}

/* Puts `count` recipients userN@CAMPAIGN.example, due at due_ms + N * step_ms. */
static size_t
put_many(struct fixture *f, const char *key, const char *campaign, size_t count, int64_t due_ms,
    int64_t step_ms)
{
	struct store_outbox_message message = message_of(key, campaign);
	struct store_outbox_recipient *list = calloc(count, sizeof *list);
	char(*text)[64] = calloc(count, sizeof *text);
	size_t accepted = 0;

	for (size_t i = 0; i < count; i++) {
		snprintf(text[i], sizeof text[i], "user%zu@%s.example", i, campaign);
		list[i] = (struct store_outbox_recipient){
		    str_c(text[i]), STR("NOTIFY=NEVER"), due_ms + (int64_t)i * step_ms};
	}
	if (store_outbox_put(f->store, &message, list, count, &accepted, &f->err) != 0)
		fail_msg("put: %s", f->err.text);
	free(list);
	free(text);
	return accepted;
}

static int64_t
rate_of(void *closure, struct str campaign)
{
	return closure != NULL && str_is(campaign, "slow") ? *(int64_t *)closure : 0;
}

static int
claim(struct fixture *f, int slot, size_t max, int64_t *slow_rate, struct store_outbox_row **rows,
    int64_t *next_ms)
{
	int rc = store_outbox_claim(
	    f->store, slot, max, rate_of, slow_rate, f->arena, rows, next_ms, &f->err);

	if (rc < 0)
		fail_msg("claim: %s", f->err.text);
	return rc;
}

static void
finish(struct fixture *f, const struct store_outbox_row *row, enum store_outbox_state state,
    int64_t due_ms, const char *reason)
{
	static const enum store_verdict verdicts[] = {
	    [STORE_OUTBOX_WAITING] = STORE_DEFERRED,
	    [STORE_OUTBOX_DONE] = STORE_SENT,
	    [STORE_OUTBOX_SUPPRESSED] = STORE_SUPPRESSED,
	    [STORE_OUTBOX_FAILED] = STORE_FAILED,
	};
	struct store_outbox_result result = {.id = row->id,
	    .state = state,
	    .due_ms = due_ms,
	    .attempted = true,
	    .journal = {.time_ms = clock_now(),
		.message = row->key,
		.campaign = row->campaign,
		.recipient = row->address,
		.queue_id = STR("4COPY"),
		.message_id = STR("<id@x>"),
		.verdict = verdicts[state],
		.reason = str_c(reason)}};

	if (store_outbox_finish(f->store, &result, 1, &f->err) != 0)
		fail_msg("finish: %s", f->err.text);
}

struct counted {
	int64_t rows;
	struct store_outbox_summary summary;
	char last[4096];
};

static bool
keep_summary(const struct store_outbox_summary *summary, void *closure)
{
	struct counted *counted = closure;

	counted->rows++;
	counted->summary = *summary;
	return true;
}

static struct store_outbox_summary
only_summary(struct fixture *f)
{
	struct counted counted = {0};

	assert_int_equal(store_outbox_summaries(f->store, keep_summary, &counted, &f->err), 0);
	assert_int_equal(counted.rows, 1);
	return counted.summary;
}

static bool
keep_item(const struct store_outbox_item *item, void *closure)
{
	struct counted *counted = closure;
	size_t used = strlen(counted->last);

	counted->rows++;
	snprintf(counted->last + used, sizeof counted->last - used, "%.*s %s %d %.*s|",
	    STR_F(item->address), store_outbox_state_name(item->state), (int)item->attempts,
	    STR_F(item->reason));
	return true;
}

static bool
keep_journal(const struct store_journal_row *row, void *closure)
{
	struct counted *counted = closure;
	size_t used = strlen(counted->last);

	counted->rows++;
	snprintf(counted->last + used, sizeof counted->last - used, "%.*s %s %d %.*s|",
	    STR_F(row->recipient), store_verdict_name(row->verdict), (int)row->attempts,
	    STR_F(row->reason));
	return true;
}

static const char *
journal_text(struct fixture *f, struct counted *counted, struct str campaign, struct str recipient)
{
	struct store_journal_filter filter = {.campaign = campaign, .recipient = recipient};

	*counted = (struct counted){0};
	assert_int_equal(store_journal_each(f->store, &filter, keep_journal, counted, &f->err), 0);
	return counted->last;
}

static void
row_carries_everything(void **state)
{
	struct fixture *f = *state;
	struct store_outbox_row *rows;
	struct id_digest digest = id_sha256(STR(RAW));
	int64_t now = clock_now(), next;
	char *raw;
	size_t size;

	assert_int_equal(put_many(f, "k", "spring", 1, now - 5, 0), 1);
	assert_int_equal(claim(f, 3, 10, NULL, &rows, &next), 1);
	assert_true(next == INT64_MAX);
	/* Of this message alone, not what the submission is known by. */
	assert_int_equal(rows[0].key.n, 2 * ID_DIGEST_SIZE);
	assert_true(str_is(rows[0].campaign, "spring"));
	assert_true(str_is(rows[0].sender, "news@shop.example"));
	assert_true(str_is(rows[0].mail_args, "RET=HDRS"));
	assert_true(rows[0].smtputf8);
	assert_true(str_is(rows[0].address, "user0@spring.example"));
	assert_true(str_is(rows[0].rcpt_args, "NOTIFY=NEVER"));
	assert_int_equal(rows[0].attempts, 0);
	assert_int_equal(rows[0].due_ms, now - 5);
	assert_true(rows[0].claimed_ms >= now);
	assert_true(id_digest_eq(&rows[0].body, &digest));
	assert_int_equal(store_outbox_body(f->store, &rows[0].body, &raw, &size, &f->err), 0);
	assert_int_equal(size, sizeof RAW - 1);
	assert_string_equal(raw, RAW);
	free(raw);
	digest.byte[0] ^= 1;
	assert_int_equal(store_outbox_body(f->store, &digest, &raw, &size, &f->err), -1);
	assert_int_equal(f->err.code, ERR_NOTFOUND);
	assert_int_equal(claim(f, 3, 10, NULL, &rows, &next), 0);
}

static void
same_message_again(void **state)
{
	struct fixture *f = *state;
	struct store_outbox_message message = message_of("k", "spring");
	struct store_outbox_recipient list[] = {
	    {STR("a@x.example"), STR_NONE, 1},
	    {STR("A@X.EXAMPLE"), STR_NONE, 1},
	    {STR("b@x.example"), STR_NONE, 1},
	    {STR("not an address"), STR_NONE, 1},
	};
	struct store_outbox_row *rows;
	size_t accepted;
	int64_t next;

	/* The same person twice in one message is one row. */
	assert_int_equal(store_outbox_put(f->store, &message, list, 2, &accepted, &f->err), 0);
	assert_int_equal(accepted, 1);
	assert_int_equal(store_outbox_put(f->store, &message, list, 4, &accepted, &f->err), 0);
	assert_int_equal(accepted, 2);
	assert_int_equal(claim(f, 0, 10, NULL, &rows, &next), 3);
	assert_int_equal(rows[0].message, rows[2].message);
	/* Another key, or no window: another message, the body once. */
	message.resubmit_key = STR("other");
	assert_int_equal(store_outbox_put(f->store, &message, list, 1, &accepted, &f->err), 0);
	assert_int_equal(accepted, 1);
	message.resubmit_ms = 0;
	assert_int_equal(store_outbox_put(f->store, &message, list, 1, &accepted, &f->err), 0);
	assert_int_equal(accepted, 1);
	assert_int_equal(claim(f, 0, 10, NULL, &rows, &next), 2);
	assert_true(rows[0].message != rows[1].message);
	assert_true(id_digest_eq(&rows[0].body, &rows[1].body));
}

static void
window_ends(void **state)
{
	struct fixture *f = *state;
	struct store_outbox_message message = message_of("k", "spring");
	struct store_outbox_recipient one = {STR("a@x.example"), STR_NONE, 1};
	struct timespec pause = {0, 30 * 1000 * 1000};
	size_t accepted;

	message.resubmit_ms = 10;
	assert_int_equal(store_outbox_put(f->store, &message, &one, 1, &accepted, &f->err), 0);
	nanosleep(&pause, NULL);
	assert_int_equal(store_outbox_put(f->store, &message, &one, 1, &accepted, &f->err), 0);
	assert_int_equal(accepted, 1);
}

static void
oldest_first_across_campaigns(void **state)
{
	struct fixture *f = *state;
	struct store_outbox_row *rows;
	int64_t base = clock_now() - 100000, next;
	int64_t last = 0;

	put_many(f, "k1", "one", 40, base, 10);
	put_many(f, "k2", "two", 40, base + 5, 10);
	put_many(f, "k3", "three", 3, base + 200, 0);
	assert_int_equal(claim(f, 0, 60, NULL, &rows, &next), 60);
	assert_true(next <= clock_now());
	for (int i = 0; i < 60; i++) {
		assert_true(rows[i].due_ms >= last);
		last = rows[i].due_ms;
	}
	assert_int_equal(claim(f, 0, 60, NULL, &rows, &next), 23);
	assert_true(next == INT64_MAX);
}

static void
paused_campaign_stops_nobody(void **state)
{
	struct fixture *f = *state;
	struct store_outbox_row *rows;
	int64_t now = clock_now(), next;

	put_many(f, "k1", "old", 500, now - 1000, 0);
	put_many(f, "k2", "new", 5, now, 0);
	assert_int_equal(store_outbox_pause(f->store, STR("old"), 1, &f->err), 0);
	assert_int_equal(claim(f, 0, 50, NULL, &rows, &next), 5);
	assert_true(str_is(rows[0].campaign, "new"));
	assert_true(next == INT64_MAX);
	/* The configuration's word counts only for a campaign that is new. */
	assert_int_equal(store_outbox_pause(f->store, STR("old"), 0, &f->err), 0);
	assert_int_equal(store_outbox_pause(f->store, STR("old"), -1, &f->err), 0);
	assert_int_equal(claim(f, 0, 50, NULL, &rows, &next), 50);
	assert_int_equal(store_outbox_pause(f->store, STR("later"), -1, &f->err), 0);
	put_many(f, "k3", "later", 5, now - 2000, 0);
	assert_int_equal(claim(f, 0, 500, NULL, &rows, &next), 450);
	assert_true(str_is(rows[0].campaign, "old"));
	assert_int_equal(claim(f, 0, 50, NULL, &rows, &next), 0);
}

static void
rate_limits_one_campaign(void **state)
{
	struct fixture *f = *state;
	struct store_outbox_row *rows;
	int64_t now = clock_now(), next, rate = 5;
	struct timespec pause = {0, 250 * 1000 * 1000};

	put_many(f, "k1", "slow", 100, now - 1000, 0);
	put_many(f, "k2", "fast", 20, now, 0);
	/* One second's worth at once, and it does not hold up the other. */
	assert_int_equal(claim(f, 0, 50, &rate, &rows, &next), 25);
	assert_true(str_is(rows[4].campaign, "slow"));
	assert_true(str_is(rows[5].campaign, "fast"));
	now = clock_now();
	assert_true(next > now - 50 && next <= now + 200);
	nanosleep(&pause, NULL);
	assert_in_range(claim(f, 0, 50, &rate, &rows, &next), 1, 3);
	/* A rate that is taken away counts at once. */
	rate = 0;
	assert_in_range(claim(f, 0, 1000, &rate, &rows, &next), 90, 94);
}

static void
rate_survives_a_clock_put_back(void **state)
{
	struct fixture *f = *state;
	struct store_outbox_row *rows;
	int64_t next, rate = 5;
	sqlite3 *handle;

	put_many(f, "k1", "slow", 100, 1, 0);
	assert_int_equal(sqlite3_open(f->path, &handle), SQLITE_OK);
	sqlite3_exec(
	    handle, "UPDATE outbox_campaign SET next_ns = 9000000000000000000", NULL, NULL, NULL);
	sqlite3_close(handle);
	assert_int_equal(claim(f, 0, 50, &rate, &rows, &next), 0);
	assert_true(next <= clock_now() + 200);
}

static void
future_rows_wait(void **state)
{
	struct fixture *f = *state;
	struct store_outbox_row *rows;
	int64_t due = clock_now() + 60000, next, changed;

	put_many(f, "k1", "later", 3, due, 10);
	assert_int_equal(claim(f, 0, 50, NULL, &rows, &next), 0);
	assert_int_equal(next, due);
	assert_int_equal(store_outbox_retry(f->store, STR("later"), STR("USER1@later.example"),
			     false, &changed, &f->err),
	    0);
	assert_int_equal(changed, 1);
	assert_int_equal(claim(f, 0, 50, NULL, &rows, &next), 1);
	assert_true(str_is(rows[0].address, "user1@later.example"));
	assert_int_equal(next, due);
}

static void
in_doubt_by_slot(void **state)
{
	struct fixture *f = *state;
	struct store_outbox_row *rows;
	int64_t next;

	put_many(f, "k1", "spring", 10, 1, 1);
	assert_int_equal(claim(f, 0, 3, NULL, &rows, &next), 3);
	assert_int_equal(claim(f, 1, 2, NULL, &rows, &next), 2);
	store_close(&f->store);
	assert_int_equal(store_open(&f->store, f->path, STORE_READ, &f->err), 0);
	assert_int_equal(store_outbox_in_doubt(f->store, 0, f->arena, &rows, &f->err), 3);
	assert_int_equal(store_outbox_in_doubt(f->store, -1, f->arena, &rows, &f->err), 5);
	assert_int_equal(store_outbox_in_doubt(f->store, 7, f->arena, &rows, &f->err), 0);
	assert_int_equal(store_outbox_in_doubt(f->store, 1, f->arena, &rows, &f->err), 2);
	assert_true(str_is(rows[0].address, "user3@spring.example"));
	assert_true(rows[0].claimed_ms > 0);
	finish(f, &rows[0], STORE_OUTBOX_DONE, 0, "");
	finish(f, &rows[1], STORE_OUTBOX_WAITING, 1, "not handed over");
	assert_int_equal(store_outbox_in_doubt(f->store, 1, f->arena, &rows, &f->err), 0);
	assert_int_equal(claim(f, 1, 1, NULL, &rows, &next), 1);
	assert_true(str_is(rows[0].address, "user4@spring.example"));
	assert_int_equal(rows[0].attempts, 1);
	assert_true(str_is(rows[0].message_id, "<id@x>"));
}

static void
results_are_journalled(void **state)
{
	struct fixture *f = *state;
	struct store_outbox_row *rows, *again;
	struct counted counted = {0};
	int64_t next, due = clock_now() + 60000;

	put_many(f, "k1", "spring", 4, 1, 1);
	assert_int_equal(claim(f, 0, 4, NULL, &rows, &next), 4);
	finish(f, &rows[0], STORE_OUTBOX_DONE, 0, "");
	finish(f, &rows[1], STORE_OUTBOX_FAILED, 0, "550 no such user");
	finish(f, &rows[2], STORE_OUTBOX_SUPPRESSED, 0, "asked");
	finish(f, &rows[3], STORE_OUTBOX_WAITING, 1, "451 later");
	assert_int_equal(claim(f, 0, 4, NULL, &again, &next), 1);
	assert_int_equal(again[0].attempts, 1);
	finish(f, &again[0], STORE_OUTBOX_WAITING, due, "452 later");
	assert_string_equal(journal_text(f, &counted, STR_NONE, STR_NONE),
	    "user0@spring.example sent 1 |"
	    "user1@spring.example failed 1 550 no such user|"
	    "user2@spring.example suppressed 1 asked|"
	    "user3@spring.example deferred 2 452 later|");
	counted = (struct counted){0};
	assert_int_equal(
	    store_outbox_each(f->store, STR_NONE, false, keep_item, &counted, &f->err), 0);
	assert_string_equal(counted.last, "user3@spring.example waiting 2 452 later|");
	counted = (struct counted){0};
	assert_int_equal(
	    store_outbox_each(f->store, STR("spring"), true, keep_item, &counted, &f->err), 0);
	assert_int_equal(counted.rows, 4);
	assert_int_equal(
	    store_outbox_each(f->store, STR("autumn"), true, keep_item, &counted, &f->err), 0);
	assert_int_equal(counted.rows, 4);
	counted.summary = only_summary(f);
	assert_int_equal(counted.summary.next_due_ms, due);
	assert_int_equal(counted.summary.count[STORE_OUTBOX_WAITING], 1);
	assert_int_equal(counted.summary.count[STORE_OUTBOX_DONE], 1);
	assert_int_equal(counted.summary.count[STORE_OUTBOX_FAILED], 1);
	assert_int_equal(counted.summary.count[STORE_OUTBOX_SUPPRESSED], 1);
}

/* A worker that was thought dead says what it did: not sent a second time. */
static void
late_result_beats_waiting(void **state)
{
	struct fixture *f = *state;
	struct store_outbox_row *rows, *again;
	int64_t next;

	put_many(f, "k1", "spring", 1, 1, 1);
	assert_int_equal(claim(f, 0, 1, NULL, &rows, &next), 1);
	finish(f, &rows[0], STORE_OUTBOX_WAITING, 1, "not handed over");
	finish(f, &rows[0], STORE_OUTBOX_DONE, 0, "");
	assert_int_equal(claim(f, 0, 1, NULL, &again, &next), 0);
	finish(f, &rows[0], STORE_OUTBOX_WAITING, 1, "");
	assert_int_equal(claim(f, 0, 1, NULL, &again, &next), 0);
}

static void
cancel_reaches_claimed_rows(void **state)
{
	struct fixture *f = *state;
	struct store_outbox_row *rows;
	struct counted counted;
	int64_t next, changed;

	put_many(f, "k1", "spring", 6, 1, 1);
	assert_int_equal(claim(f, 0, 2, NULL, &rows, &next), 2);
	assert_int_equal(store_outbox_cancel(f->store, STR("spring"), STR("user5@spring.example"),
			     &changed, &f->err),
	    0);
	assert_int_equal(changed, 1);
	assert_int_equal(
	    store_outbox_cancel(f->store, STR("spring"), STR_NONE, &changed, &f->err), 0);
	assert_int_equal(changed, 3);
	assert_int_equal(
	    store_outbox_cancel(f->store, STR("nothing"), STR_NONE, &changed, &f->err), 0);
	assert_int_equal(changed, 0);
	finish(f, &rows[0], STORE_OUTBOX_WAITING, 1, "451 later");
	finish(f, &rows[1], STORE_OUTBOX_DONE, 0, "");
	counted.summary = only_summary(f);
	assert_int_equal(counted.summary.count[STORE_OUTBOX_CANCELLED], 5);
	assert_int_equal(counted.summary.count[STORE_OUTBOX_DONE], 1);
	journal_text(f, &counted, STR("spring"), STR("USER0@spring.example"));
	assert_string_equal(counted.last, "user0@spring.example failed 1 cancelled|");
	journal_text(f, &counted, STR("spring"), STR("user5@spring.example"));
	assert_string_equal(counted.last, "user5@spring.example failed 0 cancelled|");
	/* Cancelled is cancelled: the same message again does not revive them. */
	assert_int_equal(put_many(f, "k1", "spring", 6, 1, 1), 0);
}

static void
cancel_and_retry_in_batches(void **state)
{
	struct fixture *f = *state;
	struct store_outbox_row *rows;
	struct store_outbox_result *results;
	int64_t next, changed;
	int count;

	put_many(f, "k1", "spring", 12000, 1, 0);
	count = claim(f, 0, 11000, NULL, &rows, &next);
	assert_int_equal(count, 11000);
	results = calloc(11000, sizeof *results);
	for (int i = 0; i < count; i++)
		results[i] =
		    (struct store_outbox_result){.id = rows[i].id, .state = STORE_OUTBOX_FAILED};
	assert_int_equal(store_outbox_finish(f->store, results, (size_t)count, &f->err), 0);
	free(results);
	assert_int_equal(
	    store_outbox_retry(f->store, STR("spring"), STR_NONE, false, &changed, &f->err), 0);
	assert_int_equal(changed, 0);
	assert_int_equal(
	    store_outbox_retry(f->store, STR("spring"), STR_NONE, true, &changed, &f->err), 0);
	assert_int_equal(changed, 11000);
	assert_int_equal(only_summary(f).count[STORE_OUTBOX_WAITING], 12000);
	assert_int_equal(
	    store_outbox_cancel(f->store, STR("spring"), STR_NONE, &changed, &f->err), 0);
	assert_int_equal(changed, 12000);
}

/* The lifetime of a row that is tried again by hand begins anew. */
static void
retry_restarts_the_lifetime(void **state)
{
	struct fixture *f = *state;
	struct store_outbox_row *rows;
	int64_t next, changed, now = clock_now();

	put_many(f, "k1", "spring", 1, 1, 0);
	assert_int_equal(claim(f, 0, 1, NULL, &rows, &next), 1);
	assert_int_equal(rows[0].due_ms, 1);
	finish(f, &rows[0], STORE_OUTBOX_FAILED, 0, "too old");
	assert_int_equal(
	    store_outbox_retry(f->store, STR("spring"), STR_NONE, true, &changed, &f->err), 0);
	assert_int_equal(changed, 1);
	assert_int_equal(claim(f, 0, 1, NULL, &rows, &next), 1);
	assert_true(rows[0].due_ms >= now);
	assert_int_equal(rows[0].attempts, 0);
}

/* So does that of one that a gate put off, which is no attempt. */
static void
postponed_row_keeps_its_lifetime(void **state)
{
	struct fixture *f = *state;
	struct store_outbox_row *rows;
	struct store_outbox_result result = {
	    .state = STORE_OUTBOX_WAITING, .attempted = true, .postponed = true, .due_ms = 5000};
	int64_t next;

	put_many(f, "k1", "spring", 1, 1, 0);
	assert_int_equal(claim(f, 0, 1, NULL, &rows, &next), 1);
	result.id = rows[0].id;
	assert_int_equal(store_outbox_finish(f->store, &result, 1, &f->err), 0);
	assert_int_equal(claim(f, 0, 1, NULL, &rows, &next), 1);
	assert_int_equal(rows[0].due_ms, 5000);
	assert_int_equal(rows[0].attempts, 0);
	result.postponed = false;
	result.due_ms = 6000;
	assert_int_equal(store_outbox_finish(f->store, &result, 1, &f->err), 0);
	assert_int_equal(claim(f, 0, 1, NULL, &rows, &next), 1);
	assert_int_equal(rows[0].due_ms, 5000);
	assert_int_equal(rows[0].attempts, 1);
}

static int64_t
count_of(struct fixture *f, const char *sql)
{
	sqlite3_stmt *statement;
	sqlite3 *handle;
	int64_t count;

	assert_int_equal(sqlite3_open(f->path, &handle), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(handle, sql, -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	count = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	sqlite3_close(handle);
	return count;
}

static void
purge_takes_what_is_over(void **state)
{
	struct fixture *f = *state;
	struct store_outbox_message message = message_of("short", "spring");
	struct store_outbox_recipient one = {STR("a@x.example"), STR_NONE, 1};
	struct timespec pause = {0, 5 * 1000 * 1000};
	struct store_outbox_row *rows;
	size_t accepted;
	int64_t next;

	message.resubmit_ms = 0;
	message.raw = STR("Subject: other\r\n\r\n");
	assert_int_equal(store_outbox_put(f->store, &message, &one, 1, &accepted, &f->err), 0);
	put_many(f, "window", "spring", 3, 2, 0);
	assert_int_equal(claim(f, 0, 3, NULL, &rows, &next), 3);
	for (int i = 0; i < 3; i++)
		finish(f, &rows[i], STORE_OUTBOX_DONE, 0, "");
	nanosleep(&pause, NULL);
	/* Nothing is that old. */
	assert_int_equal(store_outbox_purge(f->store, 1000, &f->err), 0);
	assert_int_equal(count_of(f, "SELECT count(*) FROM outbox_row"), 4);
	/* The first message goes with its body; the second could still be sent again. */
	assert_int_equal(store_outbox_purge(f->store, clock_now(), &f->err), 0);
	assert_int_equal(count_of(f, "SELECT count(*) FROM outbox_row"), 3);
	assert_int_equal(count_of(f, "SELECT count(*) FROM outbox_body"), 1);
	assert_int_equal(count_of(f, "SELECT count(*) FROM outbox_message"), 1);
	assert_int_equal(put_many(f, "window", "spring", 3, 2, 0), 0);
	/* Out of its window: finished rows go, the waiting one and its body stay. */
	count_of(f, "SELECT 1");
	assert_int_equal(
	    count_of(f, "UPDATE outbox_message SET known_until_ms = 0 RETURNING 1"), 1);
	assert_int_equal(store_outbox_purge(f->store, clock_now() + 1, &f->err), 0);
	assert_int_equal(count_of(f, "SELECT count(*) FROM outbox_row"), 1);
	assert_int_equal(count_of(f, "SELECT count(*) FROM outbox_body"), 1);
	assert_int_equal(claim(f, 0, 3, NULL, &rows, &next), 1);
}

/* --- the journal by itself --- */

static struct store_journal_row
journal_row(const char *recipient, enum store_verdict verdict, int64_t time_ms)
{
	return (struct store_journal_row){.time_ms = time_ms,
	    .message = STR("m1"),
	    .campaign = STR("spring"),
	    .recipient = str_c(recipient),
	    .verdict = verdict};
}

static void
journal_replaces_and_counts(void **state)
{
	struct fixture *f = *state;
	struct store_journal_row row = journal_row("ada@x.example", STORE_DEFERRED, 10);
	struct counted counted;

	row.reason = STR("no data");
	assert_int_equal(store_journal_put(f->store, &row, &f->err), 0);
	row = journal_row("Bob@x.example", STORE_SENT, 20);
	assert_int_equal(store_journal_put(f->store, &row, &f->err), 0);
	row = journal_row("ADA@x.example", STORE_SENT, 30);
	assert_int_equal(store_journal_put(f->store, &row, &f->err), 0);
	assert_string_equal(journal_text(f, &counted, STR_NONE, STR_NONE),
	    "Bob@x.example sent 1 |ada@x.example sent 2 |");
	assert_string_equal(
	    journal_text(f, &counted, STR_NONE, STR("bob@x.example")), "Bob@x.example sent 1 |");
	assert_string_equal(journal_text(f, &counted, STR("autumn"), STR_NONE), "");
}

static void
journal_since(void **state)
{
	struct fixture *f = *state;
	struct store_journal_filter filter = {.since_ms = 20};
	struct store_journal_row row = journal_row("a@x.example", STORE_SENT, 19);
	struct counted counted = {0};

	assert_int_equal(store_journal_put(f->store, &row, &f->err), 0);
	row = journal_row("b@x.example", STORE_SENT, 20);
	assert_int_equal(store_journal_put(f->store, &row, &f->err), 0);
	assert_int_equal(store_journal_each(f->store, &filter, keep_journal, &counted, &f->err), 0);
	assert_string_equal(counted.last, "b@x.example sent 1 |");
}

static bool
check_order(const struct store_journal_row *row, void *closure)
{
	int64_t *expected = closure;

	assert_int_equal(row->attempts, 1);
	assert_int_equal(row->contact_id, (*expected)++);
	return true;
}

/* Rows of the same time keep the order they came in, over the borders of pages. */
static void
journal_walk(void **state)
{
	static const struct {
		size_t newest;
		int64_t since;
		int64_t first;
	} cases[] = {{0, 0, 0}, {1, 0, 299}, {64, 0, 236}, {100, 0, 200}, {300, 0, 0}, {5000, 0, 0},
	    {100, 29, 290}, {0, 15, 150}};
	struct fixture *f = *state;
	struct store_journal_row row;
	char address[32];

	assert_int_equal(store_begin(f->store, &f->err), 0);
	for (int i = 0; i < 300; i++) {
		snprintf(address, sizeof address, "r%d@x.example", i);
		row = journal_row(address, STORE_SENT, i / 10);
		row.contact_id = i;
		assert_int_equal(store_journal_put(f->store, &row, &f->err), 0);
	}
	assert_int_equal(store_commit(f->store, &f->err), 0);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct store_journal_filter filter = {
		    .newest = cases[i].newest, .since_ms = cases[i].since};
		int64_t expected = cases[i].first;

		assert_int_equal(
		    store_journal_each(f->store, &filter, check_order, &expected, &f->err), 0);
		assert_int_equal(expected, 300);
	}
}

static bool
keep_sender(const struct store_journal_row *row, void *closure)
{
	char *text = closure;

	snprintf(text, 400, "%.*s", STR_F(row->sender_domain));
	return true;
}

/* Lower case and A-labels; what is no domain, or longer than one can be, is not known. */
static void
journal_sender_domain(void **state)
{
	static char endless[300];
	static const struct {
		const char *given, *kept;
	} cases[] = {{"shop.example", "shop.example"}, {"News.Shop.EXAMPLE", "news.shop.example"},
	    {"B\xc3\x9c"
	     "cher.example",
		"xn--bcher-kva.example"},
	    {"", ""}, {"a b", ""}, {"-x.example", ""}, {"x..example", ""}, {"\xff\xfe.example", ""},
	    {endless, ""}};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof endless - 1; i++)
		endless[i] = i % 50 == 49 ? '.' : 'a';
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct store_journal_filter filter = {.recipient = STR("a@x.example")};
		struct store_journal_row row = journal_row("a@x.example", STORE_SENT, 1);
		char text[400];

		row.sender_domain = str_c(cases[i].given);
		assert_int_equal(store_journal_put(f->store, &row, &f->err), 0);
		assert_int_equal(
		    store_journal_each(f->store, &filter, keep_sender, text, &f->err), 0);
		assert_string_equal(text, cases[i].kept);
	}
}

/* The message has it for all its rows, also for one that is cancelled before anybody tried. */
static void
outbox_tells_the_sender_domain(void **state)
{
	struct fixture *f = *state;
	struct store_outbox_message message = message_of("k", "spring");
	struct store_outbox_recipient list[] = {
	    {.address = STR("a@x.example")}, {.address = STR("b@x.example")}};
	struct store_outbox_row *rows;
	struct store_journal_filter filter = {.recipient = STR("b@x.example")};
	char text[400];
	int64_t next, changed;
	size_t accepted;

	message.sender_domain = STR("Shop.example");
	assert_int_equal(store_outbox_put(f->store, &message, list, 2, &accepted, &f->err), 0);
	assert_int_equal(claim(f, 0, 1, NULL, &rows, &next), 1);
	assert_true(str_is(rows[0].sender_domain, "shop.example"));
	assert_int_equal(store_outbox_in_doubt(f->store, 0, f->arena, &rows, &f->err), 1);
	assert_true(str_is(rows[0].sender_domain, "shop.example"));
	assert_int_equal(
	    store_outbox_cancel(f->store, STR("spring"), STR_NONE, &changed, &f->err), 0);
	assert_int_equal(store_journal_each(f->store, &filter, keep_sender, text, &f->err), 0);
	assert_string_equal(text, "shop.example");
}

/* A reader that takes its time holds no snapshot: the rows are not in its way. */
static bool
write_meanwhile(const struct store_outbox_item *item, void *closure)
{
	struct fixture *f = closure;

	assert_true(item->id > 0);
	if (item->id % 50 == 0)
		assert_int_equal(store_outbox_pause(f->store, STR("spring"), 0, &f->err), 0);
	return item->id < 150;
}

static void
outbox_walk(void **state)
{
	struct fixture *f = *state;
	struct counted counted = {0};

	put_many(f, "k", "spring", 200, 1, 0);
	assert_int_equal(
	    store_outbox_each(f->store, STR("spring"), false, write_meanwhile, f, &f->err), 0);
	assert_int_equal(
	    store_outbox_each(f->store, STR_NONE, false, keep_item, &counted, &f->err), 0);
	assert_int_equal(counted.rows, 200);
}

static bool
keep_count(const struct store_journal_count *count, void *closure)
{
	struct counted *counted = closure;

	assert_true(str_is(count->campaign, "spring"));
	counted->rows++;
	assert_int_equal(count->count[STORE_SENT], 2);
	assert_int_equal(count->count[STORE_FAILED], 1);
	assert_int_equal(count->count[STORE_DEFERRED], 0);
	return true;
}

static void
journal_counts(void **state)
{
	struct fixture *f = *state;
	struct store_journal_row rows[] = {
	    journal_row("a@x.example", STORE_SENT, 1),
	    journal_row("b@x.example", STORE_SENT, 1),
	    journal_row("c@x.example", STORE_FAILED, 1),
	};
	struct counted counted = {0};

	for (int i = 0; i < 3; i++)
		assert_int_equal(store_journal_put(f->store, &rows[i], &f->err), 0);
	assert_int_equal(store_journal_counts(f->store, keep_count, &counted, &f->err), 0);
	assert_int_equal(counted.rows, 1);
}

static void
journal_in_a_transaction(void **state)
{
	struct fixture *f = *state;
	struct store_journal_row row = journal_row("a@x.example", STORE_SENT, 1);
	struct counted counted;

	assert_int_equal(store_begin(f->store, &f->err), 0);
	assert_int_equal(store_journal_put(f->store, &row, &f->err), 0);
	store_rollback(f->store);
	assert_string_equal(journal_text(f, &counted, STR_NONE, STR_NONE), "");
}

static void
journal_keeps_any_bytes(void **state)
{
	struct fixture *f = *state;
	struct store_journal_row row = journal_row("a@x.example", STORE_FAILED, 1);
	struct counted counted;

	row.reason = (struct str){"x'; DROP TABLE journal; --\xff\x01", 28};
	assert_int_equal(store_journal_put(f->store, &row, &f->err), 0);
	journal_text(f, &counted, STR_NONE, STR_NONE);
	assert_string_equal(
	    counted.last, "a@x.example failed 1 x'; DROP TABLE journal; --\xff\x01|");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STORE_TEST(row_carries_everything),
	    STORE_TEST(same_message_again),
	    STORE_TEST(window_ends),
	    STORE_TEST(oldest_first_across_campaigns),
	    STORE_TEST(paused_campaign_stops_nobody),
	    STORE_TEST(rate_limits_one_campaign),
	    STORE_TEST(rate_survives_a_clock_put_back),
	    STORE_TEST(future_rows_wait),
	    STORE_TEST(in_doubt_by_slot),
	    STORE_TEST(results_are_journalled),
	    STORE_TEST(late_result_beats_waiting),
	    STORE_TEST(cancel_reaches_claimed_rows),
	    STORE_TEST(cancel_and_retry_in_batches),
	    STORE_TEST(retry_restarts_the_lifetime),
	    STORE_TEST(postponed_row_keeps_its_lifetime),
	    STORE_TEST(purge_takes_what_is_over),
	    STORE_TEST(journal_replaces_and_counts),
	    STORE_TEST(journal_since),
	    STORE_TEST(journal_sender_domain),
	    STORE_TEST(outbox_tells_the_sender_domain),
	    STORE_TEST(journal_walk),
	    STORE_TEST(outbox_walk),
	    STORE_TEST(journal_counts),
	    STORE_TEST(journal_in_a_transaction),
	    STORE_TEST(journal_keeps_any_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
