/* SPDX-License-Identifier: BSD-2-Clause
 *
 * webhook_test: secrets and signatures, which events, batches that come out the same, pauses, and
 * rows that two change
 */
#include "conf/check.h"
#include "intake/contact.h"
#include "store/contact.h"
#include "store/webhook.h"
#include "webhook/payload.h"
#include "webhook/secret.h"
#include "webhook/send.h"

#include "store_fixture.h"

#define T0 ((int64_t)1760000000000)

/* --- secrets --- */

static void
secrets(void **state)
{
	static const struct {
		const char *text, *wrong; /* NULL: it is good */
		size_t count;
	} cases[] = {
	    {"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n", NULL, 1},
	    {"# old\nwhsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n\n  "
	     "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
		NULL, 2},
	    {"", "f: expected a secret", 0},
	    {"# nothing\n", "f: expected a secret", 0},
	    {"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n", "f:1: expected whsec_", 0},
	    {"\nwhsec_\n", "f:2: expected whsec_", 0},
	    {"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa==\n", "f:1: expected whsec_", 0},
	    {"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS\n", "f:1: expected whsec_", 0},
	    {"whsec_MfKQ9r8GKYqrTwjU D8ILPZIo2LaLaSw\n", "f:1: expected whsec_", 0},
	    {"whsec_MfKQ9r8GKYqrTwjU-D8ILPZIo2LaLaSw\n", "f:1: expected whsec_", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct webhook_secrets found;
		struct err err = ERR_INIT;
		int rc = webhook_secrets_parse(&found, str_c(cases[i].text), "f", &err);

		if (cases[i].wrong == NULL && (rc != 0 || found.count != cases[i].count))
			fail_msg("%s: %s", cases[i].text, err.text);
		if (cases[i].wrong != NULL && (rc == 0 || strstr(err.text, cases[i].wrong) == NULL))
			fail_msg(
			    "%s: expected %s, got %s", cases[i].text, cases[i].wrong, err.text);
	}
}

static void
too_many_secrets(void **state)
{
	struct webhook_secrets found;
	struct err err = ERR_INIT;
	struct buf text;

	(void)state;
	buf_init(&text, 4096);
	for (int i = 0; i < WEBHOOK_SECRETS_MAX + 1; i++)
		buf_add_c(&text, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n");
	assert_int_equal(webhook_secrets_parse(&found, buf_str(&text), "f", &err), -1);
	assert_non_null(strstr(err.text, "f:6: expected at most 5"));
	buf_fini(&text);
}

/* Computed by Python's hmac. */
static void
signatures(void **state)
{
	struct webhook_secrets found;
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	assert_int_equal(webhook_secrets_parse(&found,
			     STR("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n"
				 "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"),
			     "f", NULL),
	    0);
	webhook_sign(&found, STR("msg_p5jXN8AQM9LWM0D4loKWxJek"), 1614265330,
	    STR("{\"test\": 2432232314}"), &out);
	assert_string_equal(out.data,
	    "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= "
	    "v1,O4Gjv1HqPqsMrjmczoggs/sWA8gZD0VyHG+fLh4+ktI=");
	buf_fini(&out);
}

/* --- which events --- */

static struct conf_webhook
section_of(const char **events, size_t count)
{
	return (struct conf_webhook){.name = "crm",
	    .place = "m.conf:1",
	    .events = {events, count},
	    .batch = 3,
	    .retry_min = 1000,
	    .retry_max = 3600000};
}

static void
wanted(void **state)
{
	const char *events[] = {"clicked", "track:Order: Completed", "page"};
	struct conf_webhook some = section_of(events, 3), all = section_of(NULL, 0);
	struct conf conf = {.webhooks = &some, .webhook_count = 1};

	(void)state;
	assert_true(webhook_wants(&some, STORE_EVENT_CLICKED, STR("")));
	assert_true(webhook_wants(&some, STORE_EVENT_TRACK, STR("Order: Completed")));
	assert_true(webhook_wants(&some, STORE_EVENT_PAGE, STR("Home")));
	assert_false(webhook_wants(&some, STORE_EVENT_TRACK, STR("Order")));
	assert_false(webhook_wants(&some, STORE_EVENT_SCREEN, STR("Home")));
	assert_false(webhook_wants(&some, STORE_EVENT_SENT, STR("")));
	assert_true(webhook_wants(&all, STORE_EVENT_SENT, STR("")));
	assert_false(webhook_any_wants(&conf, STORE_EVENT_SENT));
	conf.webhooks = &all;
	assert_true(webhook_any_wants(&conf, STORE_EVENT_SENT));
}

/* The configuration knows the kinds that the store has. */
static void
kinds(void **state)
{
	const struct conf_check *check = conf_check_find("event");
	struct fixture *f = *state;

	for (int kind = 1; kind < 64; kind++) {
		const char *name = store_event_kind_name((enum store_event_kind)kind);

		if (name != NULL && check->check(name, "/", f->arena) == NULL)
			fail_msg("%s is not known", name);
	}
	assert_non_null(check->check("track:Order Completed", "/", f->arena));
	assert_null(check->check("clickd", "/", f->arena));
	assert_null(check->check("track:", "/", f->arena));
	assert_null(check->check("clicked:x", "/", f->arena));
	assert_null(check->check("", "/", f->arena));
}

/* --- batches --- */

static int64_t
contact(struct fixture *f, const char *address)
{
	int64_t id = 0;

	assert_int_equal(
	    store_contact_upsert(f->store, str_c(address), STR_NONE, STR_NONE, NULL, &f->err), 1);
	assert_int_equal(store_contact_find(f->store, str_c(address), &id, &f->err), 1);
	return id;
}

static void
tell(struct fixture *f, int64_t contact, const char *type, size_t properties)
{
	char *room = calloc(1, properties + 16);
	struct store_event event = {.contact = contact,
	    .kind = STORE_EVENT_TRACK,
	    .type = str_c(type),
	    .time_ms = T0,
	    .received_ms = T0,
	    .source = STR("test")};

	assert_non_null(room);
	if (properties > 0) {
		memcpy(room, "{\"x\":\"", 6);
		memset(room + 6, 'y', properties);
		memcpy(room + 6 + properties, "\"}", 2);
		event.properties = str_c(room);
	}
	assert_int_equal(store_event_put(f->store, &event, 1, NULL, &f->err), 0);
	free(room);
}

static void
make(struct fixture *f, struct webhook_batch *batch, const struct conf_webhook *section,
    int64_t cursor, int64_t last, size_t count)
{
	if (webhook_batch_make(batch, f->store, section, cursor, last, &f->err) != 0)
		fail_msg("%s", f->err.text);
	assert_int_equal(batch->count, count);
}

static void
batches(void **state)
{
	const char *events[] = {"track:b"};
	struct conf_webhook all = section_of(NULL, 0), some = section_of(events, 1);
	struct fixture *f = *state;
	int64_t ada = contact(f, "ada@a.example"), bob = contact(f, "bob@a.example");
	struct webhook_batch batch;
	struct id_digest digest;
	json_t *body;

	for (int i = 0; i < 4; i++) {
		tell(f, ada, "a", 0);
		tell(f, bob, "b", 0);
	}
	webhook_batch_init(&batch);
	make(f, &batch, &all, 0, 0, 3);
	assert_int_equal(batch.last, 3);
	assert_true(batch.more);
	digest = id_sha256(buf_str(&batch.body));
	body = json_loadb(batch.body.data, batch.body.len, JSON_REJECT_DUPLICATES, NULL);
	assert_string_equal(
	    json_string_value(json_object_get(
		json_array_get(json_object_get(json_object_get(body, "data"), "events"), 1),
		"address")),
	    "bob@a.example");
	json_decref(body);
	/* The same again, whatever came behind it and whatever the limit is. */
	tell(f, ada, "a", 0);
	all.batch = 1;
	make(f, &batch, &all, 0, 3, 3);
	assert_memory_equal(digest.byte, id_sha256(buf_str(&batch.body)).byte, sizeof digest.byte);
	/* Only what is wanted; what was passed over is behind it, too. */
	some.batch = 10;
	make(f, &batch, &some, 0, 0, 4);
	assert_int_equal(batch.last, 9);
	assert_false(batch.more);
	make(f, &batch, &some, 8, 0, 0);
	assert_int_equal(batch.last, 9);
	/* Somebody is erased. */
	assert_int_equal(store_contact_delete(f->store, STR("bob@a.example"), &f->err), 1);
	make(f, &batch, &all, 0, 3, 2);
	make(f, &batch, &some, 0, 8, 0);
	webhook_batch_fini(&batch);
}

static void
large_batches(void **state)
{
	struct conf_webhook all = section_of(NULL, 0);
	struct fixture *f = *state;
	int64_t ada = contact(f, "ada@a.example"), cursor = 0;
	struct webhook_batch batch;
	size_t count = 0;

	all.batch = 1000;
	for (int i = 0; i < 80; i++)
		tell(f, ada, "\"\\\x01", 30000);
	webhook_batch_init(&batch);
	while (count < 80) {
		assert_int_equal(webhook_batch_make(&batch, f->store, &all, cursor, 0, &f->err), 0);
		assert_true(batch.count > 0 && batch.count < 40);
		assert_true(batch.body.len < 2 * WEBHOOK_BYTES_MAX);
		count += batch.count;
		cursor = batch.last;
	}
	assert_int_equal(count, 80);
	webhook_batch_fini(&batch);
}

static void
behind(void **state)
{
	const char *events[] = {"track:b"};
	struct conf_webhook all = section_of(NULL, 0), some = section_of(events, 1);
	struct fixture *f = *state;
	int64_t ada = contact(f, "ada@a.example"), count;

	for (int i = 0; i < 5; i++) {
		tell(f, ada, "a", 0);
		tell(f, ada, "b", 0);
	}
	assert_int_equal(webhook_behind(f->store, &all, 0, 1000, &count, &f->err), 0);
	assert_int_equal(count, 10);
	assert_int_equal(webhook_behind(f->store, &some, 4, 1000, &count, &f->err), 0);
	assert_int_equal(count, 3);
	assert_int_equal(webhook_behind(f->store, &all, 0, 4, &count, &f->err), 0);
	assert_int_equal(count, 4);
}

/* --- rows --- */

static void
rows(void **state)
{
	struct fixture *f = *state;
	int64_t ada = contact(f, "ada@a.example"), cursor;
	struct store_webhook row, other;

	tell(f, ada, "a", 0);
	tell(f, ada, "a", 0);
	assert_int_equal(store_webhook_get(f->store, STR("crm"), f->arena, &row, &f->err), 0);
	assert_int_equal(store_webhook_add(f->store, STR("crm"), f->arena, &row, &f->err), 0);
	assert_int_equal(row.cursor, 2);
	tell(f, ada, "a", 0);
	assert_int_equal(store_webhook_add(f->store, STR("crm"), f->arena, &other, &f->err), 0);
	assert_int_equal(other.cursor, 2);
	/* Two change it: the second did not see what the first did. */
	row.batch_last = 3;
	row.batch_id = STR("msg_x");
	memset(row.batch_digest.byte, 7, sizeof row.batch_digest.byte);
	row.answer = STR("HTTP 500");
	assert_int_equal(store_webhook_change(f->store, &row, true, &f->err), 1);
	other.state = STORE_WEBHOOK_PAUSED;
	assert_int_equal(store_webhook_change(f->store, &other, false, &f->err), 0);
	assert_int_equal(store_webhook_get(f->store, STR("crm"), f->arena, &other, &f->err), 1);
	assert_int_equal(other.state, STORE_WEBHOOK_ACTIVE);
	assert_int_equal(other.batch_last, 3);
	assert_true(str_is(other.batch_id, "msg_x") && str_is(other.answer, "HTTP 500"));
	assert_true(id_digest_eq(&other.batch_digest, &row.batch_digest));
	/* Who changed it may change it again. */
	row.cursor = 3;
	assert_int_equal(store_webhook_change(f->store, &row, false, &f->err), 1);
	assert_int_equal(store_webhook_before(f->store, T0, &cursor, &f->err), 0);
	assert_int_equal(cursor, 0);
	assert_int_equal(store_webhook_before(f->store, T0 + 1, &cursor, &f->err), 0);
	assert_int_equal(cursor, 3);
}

static bool
count_row(const struct store_webhook *row, void *closure)
{
	struct buf *names = closure;

	buf_add_str(names, row->name);
	return true;
}

static void
all_rows(void **state)
{
	struct fixture *f = *state;
	struct store_webhook row;
	struct buf names;

	buf_init(&names, 100);
	assert_int_equal(store_webhook_each(f->store, count_row, &names, &f->err), 0);
	assert_int_equal(names.len, 0);
	assert_int_equal(store_webhook_add(f->store, STR("b"), f->arena, &row, &f->err), 0);
	assert_int_equal(row.cursor, 0);
	assert_int_equal(store_webhook_add(f->store, STR("a"), f->arena, &row, &f->err), 0);
	assert_int_equal(store_webhook_add(f->store, STR("c"), f->arena, &row, &f->err), 0);
	assert_int_equal(store_webhook_each(f->store, count_row, &names, &f->err), 0);
	assert_string_equal(names.data, "abc");
	buf_fini(&names);
}

/* --- pauses --- */

static void
pauses(void **state)
{
	struct conf_webhook section = section_of(NULL, 0);

	(void)state;
	for (int chance = 0; chance <= 10; chance++) {
		int64_t last = 0;

		for (int64_t failures = 1; failures < 100; failures++) {
			int64_t pause =
			    webhook_pause_ms(&section, failures, (double)chance / 10, 0);

			assert_true(pause >= section.retry_min && pause <= section.retry_max);
			assert_true(pause >= last);
			last = pause;
		}
		assert_true(last >= section.retry_max * 3 / 4);
	}
	assert_int_equal(webhook_pause_ms(&section, 1, 0.5, 0), 1000);
	assert_int_equal(webhook_pause_ms(&section, 3, 0.5, 0), 4000);
	assert_int_equal(webhook_pause_ms(&section, 3, 0, 0), 3000);
	assert_int_equal(webhook_pause_ms(&section, 3, 1, 0), 5000);
	assert_int_equal(webhook_pause_ms(&section, 1, 0.5, 30000), 30000);
	assert_int_equal(webhook_pause_ms(&section, INT64_MAX, 1, 0), 3600000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(secrets),
	    cmocka_unit_test(too_many_secrets),
	    cmocka_unit_test(signatures),
	    cmocka_unit_test(wanted),
	    STORE_TEST(kinds),
	    STORE_TEST(batches),
	    STORE_TEST(large_batches),
	    STORE_TEST(behind),
	    STORE_TEST(rows),
	    STORE_TEST(all_rows),
	    cmocka_unit_test(pauses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
