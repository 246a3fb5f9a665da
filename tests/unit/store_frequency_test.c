/* SPDX-License-Identifier: BSD-2-Clause
 *
 * store_frequency_test: no more often than a contact wants
 */
#include "store/contact.h"
#include "store/frequency.h"
#include "store_fixture.h"

#include <jansson.h>
#include <pthread.h>

#define HOUR INT64_C(3600000)
#define NOW  INT64_C(1790000000000)

static int
take(struct fixture *f, const char *message, enum store_frequency frequency, int64_t now_ms,
    int64_t *until_ms_r)
{
	const struct store_frequency_place place = {7, str_c(message), frequency, now_ms};
	int64_t asked_ms;
	int asked = store_frequency_ask(f->store, &place, &asked_ms, &f->err);
	int taken = store_frequency_take(f->store, &place, until_ms_r, &f->err);

	assert_int_equal(asked, taken);
	if (taken == 0)
		assert_int_equal(asked_ms, *until_ms_r);
	return taken;
}

static void
words(void **state)
{
	static const struct {
		const char *json;
		enum store_frequency frequency;
	} cases[] = {{"{}", STORE_FREQUENCY_ALL},
	    {"{\"mail_frequency\": \"weekly\"}", STORE_WEEKLY},
	    {"{\"mail_frequency\": \" Monthly \"}", STORE_MONTHLY},
	    {"{\"mail_frequency\": \"daily\"}", STORE_DAILY},
	    {"{\"mail_frequency\": \"all\"}", STORE_FREQUENCY_ALL},
	    {"{\"mail_frequency\": \"yearly\"}", STORE_FREQUENCY_ALL},
	    {"{\"mail_frequency\": 7}", STORE_FREQUENCY_ALL},
	    {"{\"mail_frequency\": null}", STORE_FREQUENCY_ALL}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		json_t *json = json_loads(cases[i].json, 0, NULL);

		assert_int_equal(store_contact_frequency(json), cases[i].frequency);
		json_decref(json);
	}
	assert_int_equal(store_contact_frequency(NULL), STORE_FREQUENCY_ALL);
}

static void
places(void **state)
{
	struct fixture *f = *state;
	int64_t until_ms;

	assert_int_equal(take(f, "a", STORE_WEEKLY, NOW, &until_ms), 1);
	/* Its own, again and again; no other. */
	assert_int_equal(take(f, "a", STORE_WEEKLY, NOW + HOUR, &until_ms), 1);
	assert_int_equal(take(f, "b", STORE_WEEKLY, NOW + HOUR, &until_ms), 0);
	assert_int_equal(until_ms, NOW + 156 * HOUR);
	assert_int_equal(take(f, "b", STORE_WEEKLY, NOW + 156 * HOUR - 1, &until_ms), 0);
	assert_int_equal(take(f, "b", STORE_WEEKLY, NOW + 156 * HOUR, &until_ms), 1);
	/* The first one, late, has lost its place. */
	assert_int_equal(take(f, "a", STORE_WEEKLY, NOW + 157 * HOUR, &until_ms), 0);
	/* What counts is what is wanted now. */
	assert_int_equal(take(f, "c", STORE_MONTHLY, NOW + 400 * HOUR, &until_ms), 0);
	assert_int_equal(take(f, "c", STORE_DAILY, NOW + 156 * HOUR + 20 * HOUR, &until_ms), 1);
}

static void
given_back(void **state)
{
	struct fixture *f = *state;
	int64_t until_ms;

	assert_int_equal(take(f, "a", STORE_MONTHLY, NOW, &until_ms), 1);
	assert_int_equal(store_frequency_release(f->store, 7, STR("b"), &f->err), 0);
	assert_int_equal(take(f, "b", STORE_MONTHLY, NOW, &until_ms), 0);
	assert_int_equal(store_frequency_release(f->store, 7, STR("a"), &f->err), 0);
	assert_int_equal(take(f, "b", STORE_MONTHLY, NOW, &until_ms), 1);
}

static void
erased(void **state)
{
	struct fixture *f = *state;
	struct store_contact contact;
	struct store_frequency_place place = {0, STR("a"), STORE_DAILY, NOW};
	int64_t until_ms;

	assert_int_equal(
	    store_contact_upsert(f->store, STR("a@x.example"), STR(""), STR(""), NULL, &f->err), 1);
	assert_int_equal(
	    store_contact_get(f->store, STR("a@x.example"), f->arena, &contact, &f->err), 1);
	place.contact = contact.id;
	assert_int_equal(store_frequency_take(f->store, &place, &until_ms, &f->err), 1);
	place.message = STR("b");
	assert_int_equal(store_frequency_ask(f->store, &place, &until_ms, &f->err), 0);
	assert_int_equal(store_contact_delete(f->store, STR("a@x.example"), &f->err), 1);
	assert_int_equal(store_frequency_ask(f->store, &place, &until_ms, &f->err), 1);
}

/* Many at once: one gets the place. */
struct racer {
	struct fixture *f;
	char message[16];
	int got;
};

static void *
race(void *closure)
{
	struct racer *racer = closure;
	const struct store_frequency_place place = {9, str_c(racer->message), STORE_DAILY, NOW};
	struct err err = ERR_INIT;
	int64_t until_ms;

	racer->got = store_frequency_take(racer->f->store, &place, &until_ms, &err);
	return NULL;
}

static void
races(void **state)
{
	struct racer racers[16];
	pthread_t threads[16];
	int got = 0;

	for (size_t i = 0; i < 16; i++) {
		racers[i].f = *state;
		snprintf(racers[i].message, sizeof racers[i].message, "m%zu", i);
		assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
	}
	for (size_t i = 0; i < 16; i++) {
		pthread_join(threads[i], NULL);
		assert_true(racers[i].got >= 0);
		got += racers[i].got;
	}
	assert_int_equal(got, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(words),
	    cmocka_unit_test_setup_teardown(places, fixture_setup, fixture_teardown),
	    cmocka_unit_test_setup_teardown(given_back, fixture_setup, fixture_teardown),
	    cmocka_unit_test_setup_teardown(erased, fixture_setup, fixture_teardown),
	    cmocka_unit_test_setup_teardown(races, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
