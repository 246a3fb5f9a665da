/* SPDX-License-Identifier: BSD-2-Clause
 *
 * store_event_test: events and identities
 */
#include "store/contact.h"
#include "store/event.h"
#include "store/identity.h"

#include "store_fixture.h"

#define DAY ((int64_t)86400000)
#define T0  ((int64_t)1760000000000)

static int64_t
contact(struct fixture *f, const char *address)
{
	int64_t id = 0;

	assert_int_equal(
	    store_contact_upsert(f->store, str_c(address), STR_NONE, STR_NONE, NULL, &f->err), 1);
	assert_int_equal(store_contact_find(f->store, str_c(address), &id, &f->err), 1);
	return id;
}

static struct store_event
event_of(int64_t contact, const char *type, int64_t time_ms, const char *id)
{
	return (struct store_event){
	    .contact = contact,
	    .kind = STORE_EVENT_TRACK,
	    .type = str_c(type),
	    .time_ms = time_ms,
	    .source = STR("test"),
	    .source_id = str_c(id),
	    .properties = STR("{\"a\":1}"),
	};
}

/* How many were new. */
static size_t
put(struct fixture *f, struct store_event event)
{
	size_t added;

	if (store_event_put(f->store, &event, 1, &added, &f->err) != 0)
		fail_msg("%s", f->err.text);
	return added;
}

static size_t
newest(struct fixture *f, struct store_event_query query, size_t max, struct store_event **list)
{
	size_t count;

	if (store_event_newest(f->store, &query, max, f->arena, list, &count, &f->err) != 0)
		fail_msg("%s", f->err.text);
	return count;
}

static int64_t
count_of(struct fixture *f, struct store_event_query query, int64_t max)
{
	int64_t count = -1;

	if (store_event_count(f->store, &query, max, &count, &f->err) != 0)
		fail_msg("%s", f->err.text);
	return count;
}

static void
a_second_time_is_harmless(void **state)
{
	struct fixture *f = *state;
	int64_t ada = contact(f, "ada@x.example");
	struct store_event event = event_of(ada, "Signed Up", T0, "one"), got;
	int64_t last = 0;

	assert_int_equal(put(f, event), 1);
	assert_int_equal(put(f, event), 0);
	event.source = STR("other");
	assert_int_equal(put(f, event), 1);
	event.source_id = STR("");
	assert_int_equal(put(f, event), 1);
	assert_int_equal(put(f, event), 1);
	assert_int_equal(store_event_last(f->store, &last, &f->err), 0);
	assert_int_equal(store_event_get(f->store, last, f->arena, &got, &f->err), 1);
	assert_true(got.contact == ada && got.kind == STORE_EVENT_TRACK && got.time_ms == T0);
	assert_true(str_is(got.type, "Signed Up") && str_is(got.properties, "{\"a\":1}"));
	assert_true(got.received_ms > T0 && !got.machine);
	assert_int_equal(store_event_get(f->store, last + 1, f->arena, &got, &f->err), 0);
}

static void
newest_first(void **state)
{
	struct fixture *f = *state;
	int64_t ada = contact(f, "ada@x.example"), ben = contact(f, "ben@x.example");
	struct str types[] = {STR("Order"), STR("Cart"), STR("Order"), STR("Never")};
	struct store_event own = {.contact = ada, .kind = STORE_EVENT_CLICKED, .time_ms = T0 + 50};
	struct store_event *list;
	char id[16];

	for (int i = 0; i < 40; i++) {
		snprintf(id, sizeof id, "%d", i);
		/* Told in another order than they happened. */
		put(f,
		    event_of(i % 8 == 7 ? ben : ada,
			i % 2 == 0	 ? "View"
			    : i % 4 == 1 ? "Order"
					 : "Cart",
			T0 + (i * 7) % 40, id));
	}
	own.machine = true;
	put(f, own);
	own.machine = false;
	put(f, own);

	assert_int_equal(newest(f, (struct store_event_query){.contact = ada}, 5, &list), 5);
	assert_true(list[0].kind == STORE_EVENT_CLICKED && list[0].id > list[1].id);
	for (int i = 1; i < 5; i++)
		assert_true(list[i].contact == ada && list[i].time_ms <= list[i - 1].time_ms);
	assert_int_equal(count_of(f, (struct store_event_query){.contact = ada}, 0), 37);
	assert_int_equal(count_of(f, (struct store_event_query){.contact = ada}, 10), 10);
	assert_int_equal(
	    count_of(f, (struct store_event_query){.contact = ada, .people = true}, 0), 36);
	assert_int_equal(
	    count_of(f, (struct store_event_query){.contact = ada, .kind = STORE_EVENT_CLICKED}, 0),
	    2);
	assert_int_equal(
	    count_of(f, (struct store_event_query){.contact = ada, .kind = STORE_EVENT_TRACK}, 0),
	    35);
	assert_int_equal(
	    newest(f, (struct store_event_query){.contact = ada, .types = types, .type_count = 4},
		100, &list),
	    15);
	for (int i = 0; i < 15; i++) {
		assert_false(str_is(list[i].type, "View"));
		assert_true(i == 0 || list[i].time_ms <= list[i - 1].time_ms);
	}
	assert_int_equal(newest(f,
			     (struct store_event_query){
				 .contact = ada, .since_ms = T0 + 10, .before_ms = T0 + 12},
			     100, &list),
	    2);
	assert_int_equal(newest(f, (struct store_event_query){.contact = 999}, 10, &list), 0);
}

static void
too_many_types(void **state)
{
	struct fixture *f = *state;
	struct str types[STORE_EVENT_TYPES_MAX + 1] = {{"a", 1}};
	struct store_event_query query = {.contact = 1, .types = types, .type_count = 17};
	struct store_event *list;
	size_t count;

	assert_int_equal(
	    store_event_newest(f->store, &query, 1, f->arena, &list, &count, &f->err), -1);
	assert_int_equal(f->err.code, ERR_LIMIT);
}

static void
what_may_not_be_written(void **state)
{
	struct fixture *f = *state;
	int64_t ada = contact(f, "ada@x.example");
	struct store_event good = event_of(ada, "Order", T0, "x");
	static char big[STORE_EVENT_PROPERTIES_MAX + 1];
	struct store_event bad[8];
	struct store_event pair[2];
	size_t added;

	for (size_t i = 0; i < 8; i++)
		bad[i] = good;
	bad[0].kind = (enum store_event_kind)5;
	bad[1].type = STR("");
	bad[2].time_ms = 0;
	bad[3].time_ms = INT64_MAX;
	bad[4].kind = STORE_EVENT_OPENED;
	bad[5].type.p = bad[6].source_id.p = bad[7].properties.p = big;
	bad[5].type.n = bad[6].source_id.n = 256;
	bad[7].properties.n = sizeof big;
	for (size_t i = 0; i < 8; i++) {
		if (store_event_put(f->store, &bad[i], 1, NULL, &f->err) == 0)
			fail_msg("event %zu was taken", i);
		assert_int_equal(f->err.code, i < 5 ? ERR_INPUT : ERR_LIMIT);
	}
	/* All or none. */
	pair[0] = good;
	pair[1] = bad[1];
	assert_int_equal(store_event_put(f->store, pair, 2, &added, &f->err), -1);
	assert_int_equal(added, 0);
	assert_int_equal(put(f, good), 1);
}

static void
cursors_miss_nothing(void **state)
{
	struct fixture *f = *state;
	int64_t ada = contact(f, "ada@x.example"), cursor = 0;
	struct store_event batch[250];
	char ids[250][8];
	struct store_event *list;
	size_t count, total = 0;

	for (int i = 0; i < 250; i++) {
		snprintf(ids[i], sizeof ids[i], "%d", i);
		batch[i] = event_of(ada, "View", T0 - i, ids[i]);
	}
	assert_int_equal(store_event_put(f->store, batch, 250, &count, &f->err), 0);
	assert_int_equal(count, 250);
	do {
		assert_int_equal(
		    store_event_after(f->store, cursor, 60, f->arena, &list, &count, &f->err), 0);
		for (size_t i = 0; i < count; i++) {
			assert_true(list[i].id > cursor);
			cursor = list[i].id;
			assert_int_equal(list[i].time_ms, T0 - (int64_t)total++);
		}
	} while (count > 0);
	assert_int_equal(total, 250);
}

struct seen {
	int64_t last;
	size_t count, stop;
};

static bool
see(const struct store_event *event, void *closure)
{
	struct seen *seen = closure;

	assert_true(event->time_ms >= seen->last);
	seen->last = event->time_ms;
	return ++seen->count != seen->stop;
}

static size_t
list(struct fixture *f, struct store_event_filter filter, size_t stop)
{
	struct seen seen = {.stop = stop};

	assert_int_equal(store_event_each(f->store, &filter, see, &seen, &f->err), 0);
	return seen.count;
}

static void
lists_by_time(void **state)
{
	struct fixture *f = *state;
	int64_t ada = contact(f, "ada@x.example"), ben = contact(f, "ben@x.example");
	char id[16];

	for (int i = 0; i < 600; i++) {
		snprintf(id, sizeof id, "%d", i);
		/* Many of one time. */
		put(f,
		    event_of(i % 3 == 0 ? ben : ada, i % 2 == 0 ? "View" : "Order",
			T0 + (i % 5) * DAY, id));
	}
	assert_int_equal(list(f, (struct store_event_filter){.contact = 0}, 0), 600);
	assert_int_equal(list(f, (struct store_event_filter){.contact = ben}, 0), 200);
	assert_int_equal(list(f, (struct store_event_filter){.type = STR("Order")}, 0), 300);
	assert_int_equal(
	    list(f, (struct store_event_filter){.contact = ada, .type = STR("Order")}, 0), 200);
	assert_int_equal(list(f, (struct store_event_filter){.since_ms = T0 + 4 * DAY}, 0), 120);
	assert_int_equal(list(f, (struct store_event_filter){.newest = 7}, 0), 7);
	assert_int_equal(list(f, (struct store_event_filter){.newest = 7, .contact = ben}, 0), 7);
	assert_int_equal(list(f, (struct store_event_filter){.newest = 5000}, 0), 600);
	assert_int_equal(list(f, (struct store_event_filter){.contact = 0}, 150), 150);
	assert_int_equal(list(f, (struct store_event_filter){.kind = STORE_EVENT_OPENED}, 0), 0);
}

static void
old_events_go(void **state)
{
	struct fixture *f = *state;
	int64_t ada = contact(f, "ada@x.example");
	size_t deleted;
	char id[16];

	for (int i = 0; i < 30; i++) {
		snprintf(id, sizeof id, "%d", i);
		put(f, event_of(ada, "View", T0 + i * DAY, id));
	}
	assert_int_equal(store_event_purge(f->store, T0 + 10 * DAY, 4, &deleted, &f->err), 0);
	assert_int_equal(deleted, 4);
	assert_int_equal(store_event_purge(f->store, T0 + 10 * DAY, 100, &deleted, &f->err), 0);
	assert_int_equal(deleted, 6);
	assert_int_equal(list(f, (struct store_event_filter){.contact = 0}, 0), 20);
}

static void
erasing_a_contact(void **state)
{
	struct fixture *f = *state;
	int64_t ada = contact(f, "ada@x.example"), ben = contact(f, "ben@x.example"), id;
	struct store_event click = {
	    .contact = ada,
	    .kind = STORE_EVENT_CLICKED,
	    .time_ms = T0,
	    .campaign = 3,
	    .link = 4,
	    .source = STR("web"),
	    .source_id = STR("click"),
	    .properties = STR("{\"ip\":\"192.0.2.1\"}"),
	};
	struct store_event late = click, *left;
	size_t count;

	put(f, event_of(ada, "Order", T0, "a"));
	put(f, event_of(ben, "Order", T0, "b"));
	put(f, click);
	assert_int_equal(
	    store_identity_set(f->store, STORE_IDENTITY_USER, STR("u1"), ada, &f->err), 0);
	assert_int_equal(store_contact_delete(f->store, STR("ada@x.example"), &f->err), 1);
	assert_int_equal(
	    store_identity_find(f->store, STORE_IDENTITY_USER, STR("u1"), &id, &f->err), 0);

	/* A click on a link that outlives the contact counts, its order does not. */
	late.source_id = STR("late");
	assert_int_equal(put(f, late), 1);
	assert_int_equal(put(f, click), 0);
	assert_int_equal(put(f, event_of(ada, "Order", T0, "late order")), 0);
	assert_int_equal(store_event_after(f->store, 0, 10, f->arena, &left, &count, &f->err), 0);
	assert_int_equal(count, 3);
	assert_int_equal(left[0].contact, ben);
	for (int i = 1; i < 3; i++) {
		assert_int_equal(left[i].contact, 0);
		assert_true(left[i].campaign == 3 && left[i].link == 4);
		assert_true(str_is(left[i].properties, "{}"));
	}
}

static void
identities(void **state)
{
	struct fixture *f = *state;
	int64_t ada = contact(f, "ada@x.example"), ben = contact(f, "ben@x.example"), id;
	char big[STORE_IDENTITY_MAX + 1] = {'x'};

	assert_int_equal(
	    store_identity_find(f->store, STORE_IDENTITY_USER, STR("7"), &id, &f->err), 0);
	assert_int_equal(
	    store_identity_set(f->store, STORE_IDENTITY_USER, STR("7"), ada, &f->err), 0);
	assert_int_equal(
	    store_identity_find(f->store, STORE_IDENTITY_USER, STR("7"), &id, &f->err), 1);
	assert_int_equal(id, ada);
	assert_int_equal(
	    store_identity_find(f->store, STORE_IDENTITY_ANONYMOUS, STR("7"), &id, &f->err), 0);
	assert_int_equal(
	    store_identity_set(f->store, STORE_IDENTITY_USER, STR("7"), ben, &f->err), 0);
	assert_int_equal(
	    store_identity_find(f->store, STORE_IDENTITY_USER, STR("7"), &id, &f->err), 1);
	assert_int_equal(id, ben);
	assert_int_equal(store_identity_set(f->store, STORE_IDENTITY_USER,
			     (struct str){big, sizeof big}, ben, &f->err),
	    -1);
	assert_int_equal(f->err.code, ERR_LIMIT);
}

static void
kinds_have_names(void **state)
{
	int named = 0;

	(void)state;
	for (int kind = 0; kind < 100; kind++) {
		const char *name = store_event_kind_name((enum store_event_kind)kind);

		if (name == NULL)
			continue;
		named++;
		assert_int_equal(store_event_kind_of(str_c(name)), kind);
	}
	assert_int_equal(named, 14);
	assert_int_equal(store_event_kind_of(STR("nothing")), STORE_EVENT_ANY);
}

/* One that read before sees what it saw, until it writes itself. */
static void
snapshots(void **state)
{
	struct fixture *f = *state;
	struct store_event_query query = {.contact = contact(f, "ada@x.example")};
	struct store *other = NULL;
	struct store_event event = event_of(query.contact, "Signed Up", T0, "a");
	size_t added;

	assert_int_equal(store_open(&other, f->path, STORE_READ, &f->err), 0);
	assert_int_equal(put(f, event), 1);
	/* A connection has to be there to be kept. */
	assert_int_equal(count_of(f, query, 0), 1);
	store_snapshot_begin(f->store);
	assert_int_equal(count_of(f, query, 0), 1);
	event.source_id = STR("b");
	assert_int_equal(store_event_put(other, &event, 1, &added, &f->err), 0);
	assert_int_equal(count_of(f, query, 0), 1);
	event.source_id = STR("c");
	assert_int_equal(put(f, event), 1);
	assert_int_equal(count_of(f, query, 0), 3);
	event.source_id = STR("d");
	assert_int_equal(store_event_put(other, &event, 1, &added, &f->err), 0);
	assert_int_equal(count_of(f, query, 0), 3);
	store_snapshot_end(f->store);
	assert_int_equal(count_of(f, query, 0), 4);
	store_snapshot_end(f->store);
	store_close(&other);
}

static void
recent_ones(void **state)
{
	struct fixture *f = *state;
	int64_t ada = contact(f, "ada@x.example");
	struct store_event *list;
	struct store_event event;
	size_t count;
	bool whole;
	char id[8];

	for (int i = 0; i < 10; i++) {
		snprintf(id, sizeof id, "e%d", i);
		event = event_of(ada, "Product Viewed", T0 + i, id);
		event.kind = i % 2 == 0 ? STORE_EVENT_TRACK : STORE_EVENT_PAGE;
		event.machine = i == 4;
		put(f, event);
	}
	/* Of 9 8 7 6 5 4 3 2 1 0 those are 8 6 2 0. */
	assert_int_equal(store_event_recent(f->store, ada, STORE_EVENT_TRACK, 10, 10, f->arena,
			     &list, &count, &whole, &f->err),
	    0);
	assert_int_equal(count, 4);
	assert_true(whole);
	assert_int_equal(list[0].time_ms, T0 + 8);
	assert_int_equal(list[3].time_ms, T0);
	assert_true(str_is(list[0].properties, "{\"a\":1}"));
	assert_int_equal(store_event_recent(f->store, ada, STORE_EVENT_TRACK, 7, 10, f->arena,
			     &list, &count, &whole, &f->err),
	    0);
	assert_int_equal(count, 2);
	assert_false(whole);
	assert_int_equal(store_event_recent(f->store, ada, STORE_EVENT_TRACK, 10, 3, f->arena,
			     &list, &count, &whole, &f->err),
	    0);
	assert_int_equal(count, 3);
	assert_false(whole);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STORE_TEST(a_second_time_is_harmless),
	    STORE_TEST(newest_first),
	    STORE_TEST(too_many_types),
	    STORE_TEST(what_may_not_be_written),
	    STORE_TEST(cursors_miss_nothing),
	    STORE_TEST(lists_by_time),
	    STORE_TEST(old_events_go),
	    STORE_TEST(erasing_a_contact),
	    STORE_TEST(snapshots),
	    STORE_TEST(recent_ones),
	    STORE_TEST(identities),
	    cmocka_unit_test(kinds_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
