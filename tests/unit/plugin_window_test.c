/* SPDX-License-Identifier: BSD-2-Clause
 *
 * plugin_window_test: what is kept of a contact's events answers as the store does
 *
 * Contacts with histories from a seed, and thousands of queries: each is asked of the window and
 * of the store.
 */
#include "plugin/window.h"

#include "store/contact.h"

#include "store_fixture.h"

#define T0	 ((int64_t)1760000000000)
#define CONTACTS 12
#define QUERIES	 4000

static const struct str names[] = {
    {"Product Viewed", 14}, {"Product Added", 13}, {"Order Completed", 15}, {"Cart Viewed", 11}};
#define NAMES (sizeof names / sizeof names[0])

static unsigned
draw(unsigned *seed, unsigned below)
{
	*seed = *seed * 1664525u + 1013904223u;
	return (*seed >> 8) % below;
}

/* The more, the later the contact: from none to four hundred events. */
static int64_t
make_contact(struct fixture *f, unsigned *seed, unsigned number)
{
	struct store_event list[400];
	char ids[400][24], address[32];
	size_t count = number * number * 3, added;
	int64_t contact = 0;

	snprintf(address, sizeof address, "c%u@x.example", number);
	assert_int_equal(
	    store_contact_upsert(f->store, str_c(address), STR_NONE, STR_NONE, NULL, &f->err), 1);
	assert_int_equal(store_contact_find(f->store, str_c(address), &contact, &f->err), 1);
	for (size_t i = 0; i < count; i++) {
		snprintf(ids[i], sizeof ids[i], "%u-%zu", number, i);
		list[i] = (struct store_event){.contact = contact,
		    .kind = draw(seed, 4) == 0 ? STORE_EVENT_PAGE : STORE_EVENT_TRACK,
		    .type = names[draw(seed, NAMES)],
		    .time_ms = T0 + draw(seed, 300),
		    .source = STR("test"),
		    .source_id = str_c(ids[i]),
		    .machine = draw(seed, 10) == 0,
		    .properties = STR("{}")};
	}
	if (count > 0)
		assert_int_equal(store_event_put(f->store, list, count, &added, &f->err), 0);
	return contact;
}

static struct store_event_query
make_query(unsigned *seed, int64_t contact, struct str *types)
{
	struct store_event_query query = {.contact = contact,
	    .kind = draw(seed, 2) == 0 ? STORE_EVENT_ANY : STORE_EVENT_TRACK,
	    .types = types,
	    .type_count = draw(seed, NAMES + 1),
	    .since_ms = draw(seed, 2) == 0 ? 0 : T0 + draw(seed, 320),
	    .before_ms = draw(seed, 3) == 0 ? T0 + draw(seed, 320) : 0,
	    .people = draw(seed, 8) != 0};

	for (size_t i = 0; i < query.type_count; i++)
		types[i] = names[draw(seed, NAMES)];
	return query;
}

static void
answers_as_the_store(void **state)
{
	struct fixture *f = *state;
	struct plugin_set set = {.store = f->store};
	struct plugin plugin = {.set = &set};
	struct plugin_copy copies[CONTACTS];
	struct arena *scratch = arena_new((size_t)64 << 20);
	struct str types[NAMES + 1];
	size_t answered = 0;
	unsigned seed = 7;

	for (unsigned i = 0; i < CONTACTS; i++)
		copies[i] =
		    (struct plugin_copy){.contact = make_contact(f, &seed, i), .arena = f->arena};
	for (int i = 0; i < QUERIES; i++) {
		struct plugin_copy *copy = &copies[draw(&seed, CONTACTS)];
		struct plugin_call call = {.plugin = &plugin, .copy = copy, .arena = f->arena};
		struct store_event_query query = make_query(&seed, copy->contact, types);
		size_t most = 1 + draw(&seed, 100), count = 0, expected_count;
		struct store_event *found = NULL, *expected;
		int rc = plugin_window_find(&call, &query, most, &found, &count, &f->err);

		assert_true(rc >= 0);
		if (rc == 0)
			continue;
		answered++;
		arena_reset(scratch);
		assert_int_equal(store_event_newest(f->store, &query, most, scratch, &expected,
				     &expected_count, &f->err),
		    0);
		assert_int_equal(count, expected_count);
		for (size_t k = 0; k < count; k++)
			assert_int_equal(found[k].id, expected[k].id);
	}
	/* Both ways were gone. */
	assert_true(answered > QUERIES / 4);
	assert_true(answered < QUERIES * 9 / 10);
	arena_free(&scratch);
}

static void
properties_are_found(void **state)
{
	struct fixture *f = *state;
	struct plugin_set set = {.store = f->store};
	struct plugin plugin = {.set = &set};
	unsigned seed = 9;
	struct plugin_copy copy = {.contact = make_contact(f, &seed, 3), .arena = f->arena};
	struct plugin_call call = {.plugin = &plugin, .copy = &copy, .arena = f->arena};
	struct store_event_query query = {
	    .contact = copy.contact, .kind = STORE_EVENT_TRACK, .people = true};
	struct store_event *found;
	struct mt_str text = MT_STR("{}");
	size_t count;

	assert_null(plugin_window_properties(NULL, text));
	assert_null(plugin_window_properties(&copy, text));
	assert_int_equal(plugin_window_find(&call, &query, 50, &found, &count, &f->err), 1);
	assert_true(count > 1);
	/* It is the place that counts, not what stands there. */
	assert_null(plugin_window_properties(&copy, text));
	text = mt_str_n(found[1].properties.p, found[1].properties.n);
	assert_non_null(plugin_window_properties(&copy, text));
	text.n--;
	assert_null(plugin_window_properties(&copy, text));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STORE_TEST(answers_as_the_store),
	    STORE_TEST(properties_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
