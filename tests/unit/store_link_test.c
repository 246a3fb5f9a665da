/* SPDX-License-Identifier: BSD-2-Clause
 *
 * store_link_test: ids of campaigns and links
 */
#include "store/contact.h"
#include "store/link.h"

#include "base/clock.h"

#include "store_fixture.h"

#include <pthread.h>
#include <sqlite3.h>

#define MANY 5000

static int64_t
campaign(struct fixture *f, const char *name)
{
	int64_t id = 0;

	if (store_campaign_id(f->store, str_c(name), &id, &f->err) != 0)
		fail_msg("%s", f->err.text);
	assert_true(id > 0);
	return id;
}

static void
campaigns_have_ids(void **state)
{
	struct fixture *f = *state;
	int64_t spring = campaign(f, "spring"), fall = campaign(f, "fall");
	struct str name;

	assert_int_not_equal(spring, fall);
	assert_int_equal(campaign(f, "spring"), spring);
	assert_int_equal(store_campaign_name(f->store, fall, f->arena, &name, &f->err), 1);
	assert_true(str_is(name, "fall"));
	assert_int_equal(store_campaign_name(f->store, 99, f->arena, &name, &f->err), 0);
	store_close(&f->store);
	assert_int_equal(store_open(&f->store, f->path, STORE_CREATE, &f->err), 0);
	assert_int_equal(campaign(f, "spring"), spring);
}

static bool
count_link(const struct store_link *link, void *closure)
{
	int *count = closure;

	assert_true(link->address.n > 0);
	return ++*count < 2;
}

static void
links_have_ids(void **state)
{
	struct fixture *f = *state;
	static const struct str addresses[] = {{"https://a.example/", 18},
	    {"https://b.example/", 18}, {"https://a.example/", 18}, {"https://A.example/", 18},
	    {"https://a.example/\0b", 20}};
	int64_t spring = campaign(f, "spring"), fall = campaign(f, "fall");
	int64_t ids[5], again[5], others[5];
	struct store_link link;
	int count = 0;

	assert_int_equal(store_link_ids(f->store, spring, addresses, 5, ids, &f->err), 0);
	assert_int_equal(ids[0], ids[2]);
	assert_true(ids[0] != ids[1] && ids[0] != ids[3] && ids[0] != ids[4]);
	assert_int_equal(store_link_ids(f->store, spring, addresses, 5, again, &f->err), 0);
	assert_memory_equal(ids, again, sizeof ids);
	assert_int_equal(store_link_ids(f->store, fall, addresses, 5, others, &f->err), 0);
	assert_true(others[0] != ids[0]);
	assert_int_equal(store_link_get(f->store, ids[1], f->arena, &link, &f->err), 1);
	assert_int_equal(link.id, ids[1]);
	assert_int_equal(link.campaign, spring);
	assert_true(str_eq(link.address, addresses[1]));
	assert_true(link.created_ms > 0);
	assert_int_equal(store_link_get(f->store, ids[4], f->arena, &link, &f->err), 1);
	assert_true(str_eq(link.address, addresses[4]));
	assert_int_equal(store_link_get(f->store, 12345, f->arena, &link, &f->err), 0);
	assert_int_equal(store_link_ids(f->store, spring, NULL, 0, NULL, &f->err), 0);
	assert_int_equal(store_link_each(f->store, spring, count_link, &count, &f->err), 0);
	assert_int_equal(count, 2);
	/* One more among known ones. */
	assert_int_equal(
	    store_link_ids(f->store, fall, (struct str[]){addresses[1], STR("https://c.example")},
		2, again, &f->err),
	    0);
	assert_int_equal(again[0], others[1]);
	assert_true(again[1] > others[4]);
}

static void
links_of_no_campaign(void **state)
{
	struct fixture *f = *state;
	const struct str addresses[] = {{"https://a.example/", 18}};
	struct store_link link;
	int64_t id = 0;

	assert_int_equal(store_link_ids(f->store, 4711, addresses, 1, &id, &f->err), -1);
	assert_int_equal(f->err.code, ERR_STORE);
	assert_int_equal(store_link_get(f->store, 1, f->arena, &link, &f->err), 0);
}

static void
links_outlive_contacts(void **state)
{
	struct fixture *f = *state;
	const struct str addresses[] = {{"https://a.example/", 18}};
	struct store_link link;
	int64_t id;

	assert_int_equal(store_contact_upsert(
			     f->store, STR("ada@example.org"), STR_NONE, STR_NONE, NULL, &f->err),
	    1);
	assert_int_equal(
	    store_link_ids(f->store, campaign(f, "spring"), addresses, 1, &id, &f->err), 0);
	assert_int_equal(store_contact_delete(f->store, STR("ada@example.org"), &f->err), 1);
	assert_int_equal(store_link_get(f->store, id, f->arena, &link, &f->err), 1);
}

/* An id that was given away is never given again, even if its row is gone. */
static void
ids_are_never_reused(void **state)
{
	struct fixture *f = *state;
	const struct str one[] = {{"https://a.example/", 18}}, two[] = {{"https://b.example/", 18}};
	int64_t spring = campaign(f, "spring"), first, second;
	sqlite3 *handle;

	assert_int_equal(store_link_ids(f->store, spring, one, 1, &first, &f->err), 0);
	assert_int_equal(sqlite3_open(f->path, &handle), SQLITE_OK);
	assert_int_equal(sqlite3_exec(handle, "DELETE FROM link", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(handle);
	assert_int_equal(store_link_ids(f->store, spring, two, 1, &second, &f->err), 0);
	assert_true(second > first);
}

/* Back to the tables of version 1. */
static void
forget_later_tables(sqlite3 *handle)
{
	char **rows, *sql;
	int count;

	assert_int_equal(
	    sqlite3_get_table(handle,
		"SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT IN "
		"('contact', 'suppression', 'journal') AND name NOT LIKE 'outbox%' AND "
		"name NOT LIKE 'sqlite%'",
		&rows, &count, NULL, NULL),
	    SQLITE_OK);
	assert_true(count >= 2);
	for (int i = 1; i <= count; i++) {
		sql = sqlite3_mprintf("DROP TABLE %w", rows[i]);
		assert_int_equal(sqlite3_exec(handle, sql, NULL, NULL, NULL), SQLITE_OK);
		sqlite3_free(sql);
	}
	sqlite3_free_table(rows);
	assert_int_equal(sqlite3_exec(handle,
			     "DROP INDEX journal_sender; "
			     "ALTER TABLE journal DROP COLUMN sender_domain; "
			     "ALTER TABLE outbox_message DROP COLUMN sender_domain; "
			     "ALTER TABLE contact DROP COLUMN consent; "
			     "ALTER TABLE contact DROP COLUMN consent_source; "
			     "ALTER TABLE contact DROP COLUMN consent_ms; "
			     "ALTER TABLE contact DROP COLUMN consent_proof; "
			     "ALTER TABLE suppression DROP COLUMN source; "
			     "ALTER TABLE suppression DROP COLUMN detail; "
			     "ALTER TABLE suppression DROP COLUMN note; "
			     "ALTER TABLE suppression DROP COLUMN until_ms; "
			     "ALTER TABLE outbox_campaign DROP COLUMN pause_reason; "
			     "ALTER TABLE outbox_campaign DROP COLUMN resumed_ms",
			     NULL, NULL, NULL),
	    SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(handle, "PRAGMA user_version = 1", NULL, NULL, NULL), SQLITE_OK);
}

/* A database of an older version gets the tables, and keeps what it has. */
static void
older_databases_migrate(void **state)
{
	struct fixture *f = *state;
	struct store_contact contact;
	sqlite3 *handle;

	assert_int_equal(store_contact_upsert(
			     f->store, STR("ada@example.org"), STR_NONE, STR_NONE, NULL, &f->err),
	    1);
	store_close(&f->store);
	assert_int_equal(sqlite3_open(f->path, &handle), SQLITE_OK);
	forget_later_tables(handle);
	sqlite3_close(handle);
	assert_int_equal(store_open(&f->store, f->path, STORE_READ, &f->err), -1);
	assert_int_equal(f->err.code, ERR_CONFIG);
	assert_int_equal(store_open(&f->store, f->path, STORE_CREATE, &f->err), 0);
	assert_int_equal(campaign(f, "spring"), 1);
	assert_int_equal(
	    store_contact_get(f->store, STR("ada@example.org"), f->arena, &contact, &f->err), 1);
}

static void
fill(struct str *addresses, int count)
{
	for (int i = 0; i < count; i++) {
		char *text = malloc(60);

		addresses[i] =
		    (struct str){text, (size_t)snprintf(text, 60, "https://shop.example/%d", i)};
	}
}

static void
drop(struct str *addresses, int count)
{
	for (int i = 0; i < count; i++)
		free((void *)(uintptr_t)addresses[i].p);
}

static void
thousands_are_fast(void **state)
{
	static struct str addresses[MANY];
	static int64_t ids[MANY];
	struct fixture *f = *state;
	int64_t spring = campaign(f, "spring"), begin, made, found;
	struct store_link link;

	fill(addresses, MANY);
	begin = clock_mono_us();
	assert_int_equal(store_link_ids(f->store, spring, addresses, MANY, ids, &f->err), 0);
	made = clock_mono_us() - begin;
	begin = clock_mono_us();
	assert_int_equal(store_link_ids(f->store, spring, addresses, MANY, ids, &f->err), 0);
	found = clock_mono_us() - begin;
	begin = clock_mono_us();
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(store_link_get(f->store, ids[i], f->arena, &link, &f->err), 1);
		assert_true(str_eq(link.address, addresses[i]));
	}
	printf("%d links: %.1f ms to make, %.1f ms to find, %.1f ms to look up\n", MANY,
	    (double)made / 1000, (double)found / 1000, (double)(clock_mono_us() - begin) / 1000);
	/* An fsync for each would take longer. */
	assert_true(made < 5 * 1000 * 1000 && found < 5 * 1000 * 1000);
	drop(addresses, MANY);
}

struct job {
	struct fixture *f;
	struct str *addresses;
	int64_t campaign;
	int64_t ids[200];
	int rc;
};

static void *
ask(void *closure)
{
	struct job *job = closure;

	job->rc = store_link_ids(job->f->store, job->campaign, job->addresses, 200, job->ids, NULL);
	return NULL;
}

static void
several_ask_at_once(void **state)
{
	struct fixture *f = *state;
	struct str addresses[200];
	static struct job jobs[8];
	pthread_t threads[8];

	fill(addresses, 200);
	for (int i = 0; i < 8; i++) {
		jobs[i] =
		    (struct job){.f = f, .addresses = addresses, .campaign = campaign(f, "spring")};
		assert_int_equal(pthread_create(&threads[i], NULL, ask, &jobs[i]), 0);
	}
	for (int i = 0; i < 8; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(jobs[i].rc, 0);
		assert_memory_equal(jobs[i].ids, jobs[0].ids, sizeof jobs[0].ids);
	}
	drop(addresses, 200);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STORE_TEST(campaigns_have_ids),
	    STORE_TEST(links_have_ids),
	    STORE_TEST(links_of_no_campaign),
	    STORE_TEST(links_outlive_contacts),
	    STORE_TEST(ids_are_never_reused),
	    STORE_TEST(older_databases_migrate),
	    STORE_TEST(thousands_are_fast),
	    STORE_TEST(several_ask_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
