/* SPDX-License-Identifier: BSD-2-Clause
 *
 * store_view_test: bodies that are kept for viewing, beside those of the outbox
 */
#include "store/contact.h"
#include "store/outbox.h"
#include "store/view.h"

#include "base/clock.h"

#include "store_fixture.h"

#include <sqlite3.h>

#define KEY_A "aaaaaaaa00000000000000000000000000000000000000000000000000000001"
#define KEY_B "aaaaaaaa00000000000000000000000000000000000000000000000000000002"
#define KEY_C "cccccccc00000000000000000000000000000000000000000000000000000003"

static int64_t
number(const struct fixture *f, const char *sql)
{
	sqlite3_stmt *statement;
	sqlite3 *handle;
	int64_t value;

	assert_int_equal(sqlite3_open(f->path, &handle), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(handle, sql, -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	value = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	sqlite3_close(handle);
	return value;
}

static void
change(const struct fixture *f, const char *sql)
{
	sqlite3 *handle;

	assert_int_equal(sqlite3_open(f->path, &handle), SQLITE_OK);
	assert_int_equal(sqlite3_exec(handle, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(handle);
}

static int64_t
bodies(const struct fixture *f)
{
	return number(f, "SELECT count(*) FROM outbox_body");
}

/* As the session journals a copy made in place. */
static void
send(struct fixture *f, const char *key, const char *to, const char *raw, int64_t time_ms)
{
	const struct store_view_body view = {id_sha256(str_c(raw)), str_c(raw)};
	const struct store_journal_row row = {.time_ms = time_ms,
	    .message = str_c(key),
	    .campaign = STR("spring"),
	    .recipient = str_c(to),
	    .contact_id = 7,
	    .queue_id = STR(""),
	    .message_id = STR(""),
	    .reason = STR(""),
	    .duration_ms = 3,
	    .view = raw == NULL ? NULL : &view};

	if (store_journal_put(f->store, &row, &f->err) != 0)
		fail_msg("%s", f->err.text);
}

/* What is found, or NULL; of the last call. */
static const char *
find(struct fixture *f, const char *campaign, const char *to, const char *prefix,
    struct store_view *view_r)
{
	static char text[200];
	int found = store_view_find(
	    f->store, str_c(campaign), str_c(to), str_c(prefix), f->arena, view_r, &f->err);

	if (found < 0)
		fail_msg("%s", f->err.text);
	if (found == 0)
		return NULL;
	snprintf(text, sizeof text, "%s", view_r->raw);
	assert_int_equal(strlen(text), view_r->size);
	free(view_r->raw);
	return text;
}

static void
one_body_however_many_have_it(void **state)
{
	struct fixture *f = *state;
	struct store_view view;

	send(f, KEY_A, "ada@x.example", "body one", 1000);
	send(f, KEY_C, "Bob@x.example", "body one", 2000);
	send(f, KEY_C, "eve@x.example", "body two", 3000);
	send(f, KEY_A, "nobody@x.example", NULL, 3000);
	/* The relay's client tried again. */
	send(f, KEY_A, "ada@x.example", "body one", 5000);
	assert_int_equal(bodies(f), 2);
	assert_string_equal(find(f, "spring", "ADA@x.example", "aaaaaaaa", &view), "body one");
	assert_true(str_is(view.message, KEY_A));
	assert_true(str_is(view.recipient, "ada@x.example"));
	assert_int_equal(view.contact_id, 7);
	assert_int_equal(view.time_ms, 4997);
	assert_string_equal(find(f, "spring", "bob@x.example", "cccccccc", &view), "body one");
	assert_true(str_is(view.recipient, "Bob@x.example"));
	assert_string_equal(find(f, "spring", "eve@x.example", "cccccccc", &view), "body two");
	/* Another's message, another campaign, nothing kept. */
	assert_null(find(f, "spring", "ada@x.example", "cccccccc", &view));
	assert_null(find(f, "autumn", "ada@x.example", "aaaaaaaa", &view));
	assert_null(find(f, "spring", "nobody@x.example", "aaaaaaaa", &view));
	/* The newest, where two begin alike. */
	send(f, KEY_B, "ada@x.example", "body three", 6000);
	assert_string_equal(find(f, "spring", "ada@x.example", "aaaaaaaa", &view), "body three");
}

static struct id_digest
put(struct fixture *f, const char *raw)
{
	struct store_outbox_message message = {.resubmit_key = STR("k"),
	    .campaign = STR("spring"),
	    .sender = STR("news@shop.example"),
	    .mail_args = STR(""),
	    .queue_id = STR("Q"),
	    .raw = str_c(raw)};
	struct store_outbox_recipient recipient = {STR("ada@x.example"), STR(""), 0};
	size_t accepted;

	if (store_outbox_put(f->store, &message, &recipient, 1, &accepted, &f->err) != 0)
		fail_msg("%s", f->err.text);
	return id_sha256(str_c(raw));
}

static void
serve(struct fixture *f, struct store_outbox_row *row_r)
{
	struct store_outbox_row *rows;
	struct store_outbox_result result = {.state = STORE_OUTBOX_DONE, .attempted = true};
	int64_t next;

	assert_int_equal(
	    store_outbox_claim(f->store, 0, 1, NULL, NULL, f->arena, &rows, &next, &f->err), 1);
	*row_r = rows[0];
	if (store_view_keep(f->store, rows[0].key, &rows[0].body, &f->err) != 0)
		fail_msg("%s", f->err.text);
	result.id = rows[0].id;
	result.journal = (struct store_journal_row){.time_ms = clock_now(),
	    .message = rows[0].key,
	    .campaign = rows[0].campaign,
	    .recipient = rows[0].address,
	    .queue_id = STR(""),
	    .message_id = STR(""),
	    .reason = STR("")};
	assert_int_equal(store_outbox_finish(f->store, &result, 1, &f->err), 0);
}

static void
outbox_and_view_share_a_body(void **state)
{
	struct fixture *f = *state;
	struct id_digest digest = put(f, "of the outbox"), other = id_sha256(STR("unknown"));
	struct store_outbox_row row;
	struct store_view view;
	char prefix[9] = "";
	int64_t later = clock_now() + 10000;

	assert_int_equal(store_view_keep(f->store, STR(KEY_A), &other, &f->err), -1);
	assert_int_equal(f->err.code, ERR_NOTFOUND);
	serve(f, &row);
	assert_memory_equal(digest.byte, row.body.byte, sizeof digest.byte);
	assert_int_equal(bodies(f), 1);
	memcpy(prefix, row.key.p, 8);
	assert_string_equal(find(f, "spring", "ada@x.example", prefix, &view), "of the outbox");

	/* While the outbox has the message, its body stays. */
	assert_int_equal(store_view_purge(f->store, later, &f->err), 0);
	assert_non_null(find(f, "spring", "ada@x.example", prefix, &view));
	/* The outbox lets go; the view goes on, from its last recipient. */
	change(f, "UPDATE view_body SET kept_ms = 5");
	assert_int_equal(store_outbox_purge(f->store, later, &f->err), 0);
	assert_int_equal(number(f, "SELECT count(*) FROM outbox_message"), 0);
	assert_non_null(find(f, "spring", "ada@x.example", prefix, &view));
	assert_int_equal(number(f, "SELECT kept_ms FROM view_body"), later);
	assert_int_equal(store_view_purge(f->store, later, &f->err), 0);
	assert_non_null(find(f, "spring", "ada@x.example", prefix, &view));
	assert_int_equal(store_view_purge(f->store, later + 1, &f->err), 0);
	assert_null(find(f, "spring", "ada@x.example", prefix, &view));
	assert_int_equal(bodies(f), 0);
}

/* Not viewed, but still waiting in the outbox. */
static void
the_outbox_keeps_what_it_needs(void **state)
{
	struct fixture *f = *state;

	put(f, "shared");
	send(f, KEY_A, "ada@x.example", "shared", clock_now());
	assert_int_equal(bodies(f), 1);
	assert_int_equal(store_view_purge(f->store, clock_now() + 10000, &f->err), 0);
	assert_int_equal(number(f, "SELECT count(*) FROM view_body"), 0);
	assert_int_equal(bodies(f), 1);
}

static void
a_purge_takes_many_steps(void **state)
{
	struct fixture *f = *state;
	struct store_view view;
	char key[65], raw[40];

	for (int i = 0; i < 173; i++) {
		snprintf(key, sizeof key, "%08x%056d", i, i);
		/* Some share a body. */
		snprintf(raw, sizeof raw, "body %d", i / 2);
		send(f, key, "ada@x.example", raw, clock_now());
	}
	assert_int_equal(bodies(f), 87);
	change(f, "UPDATE view_body SET kept_ms = 1 WHERE message < '000000a0'");
	assert_int_equal(store_view_purge(f->store, 2, &f->err), 0);
	assert_int_equal(number(f, "SELECT count(*) FROM view_body"), 13);
	assert_int_equal(bodies(f), 7);
	assert_null(find(f, "spring", "ada@x.example", "0000009f", &view));
	assert_string_equal(find(f, "spring", "ada@x.example", "000000a1", &view), "body 80");
}

/* A contact that is erased takes along what it alone got. */
static void
erasure_takes_bodies_along(void **state)
{
	struct fixture *f = *state;
	struct store_view view;
	char key[65], raw[40];

	assert_int_equal(
	    store_contact_upsert(f->store, STR("Ada@x.example"), STR(""), STR(""), NULL, &f->err),
	    1);
	for (int i = 0; i < 120; i++) {
		snprintf(key, sizeof key, "%08x%056d", i, i);
		snprintf(raw, sizeof raw, "body %d", i);
		send(f, key, "ada@x.example", raw, clock_now());
	}
	send(f, KEY_A, "bob@x.example", "body 7", clock_now());
	assert_int_equal(store_contact_delete(f->store, STR("ada@X.example"), &f->err), 1);
	assert_int_equal(number(f, "SELECT count(*) FROM view_body"), 1);
	assert_int_equal(bodies(f), 1);
	assert_string_equal(find(f, "spring", "bob@x.example", "aaaaaaaa", &view), "body 7");
}

/* What can't be kept is not journalled as sent either. */
static void
journal_and_body_are_one_commit(void **state)
{
	struct fixture *f = *state;
	const struct store_view_body view = {id_sha256(STR("x")), STR("x")};
	const struct store_journal_row row = {.time_ms = 1,
	    .message = STR(KEY_A),
	    .campaign = STR("spring"),
	    .recipient = STR("ada@x.example"),
	    .view = &view};

	change(f,
	    "CREATE TRIGGER full BEFORE INSERT ON view_body BEGIN "
	    "SELECT RAISE(ABORT, 'no room'); END");
	assert_int_equal(store_journal_put(f->store, &row, &f->err), -1);
	assert_non_null(strstr(f->err.text, "no room"));
	assert_int_equal(number(f, "SELECT count(*) FROM journal"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STORE_TEST(one_body_however_many_have_it),
	    STORE_TEST(outbox_and_view_share_a_body),
	    STORE_TEST(the_outbox_keeps_what_it_needs),
	    STORE_TEST(a_purge_takes_many_steps),
	    STORE_TEST(erasure_takes_bodies_along),
	    STORE_TEST(journal_and_body_are_one_commit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
