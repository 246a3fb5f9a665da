/* SPDX-License-Identifier: BSD-2-Clause
 *
 * intake_test: times, prices, Segment's calls
 */
#include "intake/call.h"
#include "intake/product.h"
#include "intake/time.h"
#include "store/contact.h"

#include "store_fixture.h"

#include "base/clock.h"

/* --- times and prices --- */

static void
times(void **state)
{
	static const struct {
		const char *text;
		int64_t ms; /* -1: none */
	} cases[] = {
	    {"2026-01-31T08:15:00Z", 1769847300000},
	    {"2026-01-31T08:15:00.250Z", 1769847300250},
	    {"2026-01-31T09:15:00+01:00", 1769847300000},
	    {"2026-01-31T09:15:00+0100", 1769847300000},
	    {"2026-01-31T09:15+0100", 1769847300000},
	    {"2026-01-31 08:15", 1769847300000},
	    {" 2026-01-31 ", 1769817600000},
	    {"1769847300", 1769847300000},
	    {"1769847300250", 1769847300250},
	    {"0", 0},
	    {"2026-02-30", -1},
	    {"30m", -1},
	    {"yesterday", -1},
	    {"", -1},
	    {"-5", -1},
	    {"2026-1-1", -1},
	    {"999999999999999999999", -1},
	    {"2026-01-31T08:15:00ZZ", -1},
	};
	struct err err;
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		ms = -1;
		if (intake_time(str_c(cases[i].text), &ms, &err) != 0)
			ms = -1;
		if (ms != cases[i].ms)
			fail_msg("\"%s\" is %lld", cases[i].text, (long long)ms);
	}
}

static void
prices(void **state)
{
	static const struct {
		const char *text;
		int64_t amount; /* -1: none */
		const char *currency;
	} cases[] = {
	    {"19.99 EUR", 19990000, "EUR"},
	    {"EUR 19.99", 19990000, "EUR"},
	    {"19.99eur", 19990000, "EUR"},
	    {"19,99 EUR", 19990000, "EUR"},
	    {"1.299,00 EUR", 1299000000, "EUR"},
	    {"1,299.00 USD", 1299000000, "USD"},
	    {"1,299 USD", 1299000000, "USD"},
	    {"1,299,000 JPY", 1299000000000, "JPY"},
	    {"1 299,50 SEK", 1299500000, "SEK"},
	    {"1'299.50 CHF", 1299500000, "CHF"},
	    {"1.299 KWD", 1299000, "KWD"},
	    {"\xe2\x82\xac 5", 5000000, "EUR"},
	    {"5,- \xe2\x82\xac", -1, ""},
	    {"\xc2\xa3"
	     "5.5",
		5500000, "GBP"},
	    {"0", 0, ""},
	    {"12", 12000000, ""},
	    {"0.0000019", 1, ""},
	    {"-5 EUR", -1, ""},
	    {"EUR", -1, ""},
	    {"", -1, ""},
	    {"12 EURO", -1, ""},
	    {"$12", -1, ""},
	    {"1.2.3.4", -1, ""},
	    {"99999999999999999999 EUR", -1, ""},
	    {"1e5 EUR", -1, ""},
	};
	char currency[4];
	int64_t amount;
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		amount = -1;
		if (intake_money(str_c(cases[i].text), &amount, currency, &err) != 0)
			amount = -1;
		if (amount != cases[i].amount ||
		    (amount >= 0 && strcmp(currency, cases[i].currency) != 0))
			fail_msg("\"%s\" is %lld %s", cases[i].text, (long long)amount, currency);
	}
}

/* --- calls --- */

static struct intake_call
read_call(struct fixture *f, const struct intake_context *context, const char *text)
{
	json_error_t problem;
	json_t *object = json_loads(text, 0, &problem);
	struct intake_call call;

	if (object == NULL)
		fail_msg("%s: %s", text, problem.text);
	f->err = ERR_INIT;
	if (intake_call_read(object, context, f->arena, &call, &f->err) != 0)
		call.kind = STORE_EVENT_ANY;
	json_decref(object);
	return call;
}

static void
who_it_is(void **state)
{
	static const struct {
		const char *text;
		const char *address;
	} cases[] = {
	    {"{\"event\":\"x\",\"email\":\"Ada@X.example\",\"id\":1}", "ada@x.example"},
	    {"{\"type\":\"identify\",\"id\":1,\"traits\":{\"email\":\"ada@x.example\"}}",
		"ada@x.example"},
	    {"{\"type\":\"track\",\"event\":\"x\",\"id\":1,\"context\":{\"traits\":{\"email\":"
	     "\"ada@x.example\"}}}",
		"ada@x.example"},
	    {"{\"type\":\"track\",\"event\":\"x\",\"id\":1,\"properties\":{\"email\":\"ada@x."
	     "example\"}"
	     "}",
		"ada@x.example"},
	    {"{\"type\":\"track\",\"event\":\"x\",\"id\":1,\"userId\":\"ada@x.example\"}",
		"ada@x.example"},
	    {"{\"type\":\"track\",\"event\":\"x\",\"id\":1,\"userId\":\"not@an@address \"}", ""},
	    {"{\"type\":\"track\",\"event\":\"x\",\"id\":1,\"userId\":77}", ""},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct intake_call call =
		    read_call(f, &(struct intake_context){.repeatable = true}, cases[i].text);

		if (call.kind == STORE_EVENT_ANY || !str_is(call.address, cases[i].address))
			fail_msg("%s: %.*s %s", cases[i].text, STR_F(call.address), f->err.text);
	}
}

static void
refused_calls(void **state)
{
	static const struct {
		const char *text;
		const char *part; /* of the message */
	} cases[] = {
	    {"[]", "no JSON object"},
	    {"{\"type\":\"group\",\"userId\":\"1\"}", "identify, track, page or screen"},
	    {"{\"type\":\"opened\",\"userId\":\"1\"}", "identify, track, page or screen"},
	    {"{\"type\":7,\"userId\":\"1\"}", "identify, track, page or screen"},
	    {"{\"type\":\"track\",\"userId\":\"1\",\"id\":\"a\"}", "without a name"},
	    {"{\"event\":\"x\",\"id\":1}", "nobody"},
	    {"{\"event\":\"x\",\"userId\":\"1\"}", "neither a time nor an id"},
	    {"{\"event\":\"x\",\"userId\":{},\"id\":1}", "userId: text"},
	    {"{\"event\":\"x\",\"userId\":\"1\",\"timestamp\":\"soon\"}", "timestamp"},
	    {"{\"event\":\"x\",\"userId\":\"1\",\"timestamp\":[]}", "timestamp"},
	    {"{\"event\":\"x\",\"userId\":\"1\",\"id\":1,\"properties\":[]}",
		"properties: an object"},
	    {"{\"event\":\"x\",\"email\":\"ada\",\"id\":1}", "\"ada\""},
	    {"{\"event\":[\"x\"],\"email\":\"ada@x.example\",\"id\":1}", "event: text"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct intake_call call =
		    read_call(f, &(struct intake_context){.repeatable = true}, cases[i].text);

		if (call.kind != STORE_EVENT_ANY || strstr(f->err.text, cases[i].part) == NULL)
			fail_msg("%s: %s", cases[i].text, f->err.text);
	}
}

static void
times_are_corrected(void **state)
{
	static const struct {
		const char *members;
		int64_t received_ms, sent_ms, expected;
	} cases[] = {
	    /* As the sender says, if that is all there is. */
	    {"\"timestamp\":\"2025-01-01T00:00:10Z\"", 0, 0, 1735689610000},
	    {"\"timestamp\":\"2025-01-01T00:00:10Z\",\"sentAt\":\"2025-01-01T00:00:20Z\"", 0, 0,
		1735689610000},
	    /* A clock that is an hour late. */
	    {"\"timestamp\":\"2025-01-01T00:00:10Z\",\"sentAt\":\"2025-01-01T00:00:20Z\"",
		1735693220000, 0, 1735693210000},
	    {"\"timestamp\":\"2025-01-01T00:00:10Z\"", 1735693220000, 1735689620000, 1735693210000},
	    {"\"timestamp\":\"2025-01-01T00:00:10Z\",\"sentAt\":\"2025-01-01T00:00:20Z\","
	     "\"receivedAt\":\"2025-01-01T01:00:20Z\"",
		0, 0, 1735693210000},
	    /* From an archive: corrected already. */
	    {"\"timestamp\":\"2025-01-01T01:00:10Z\",\"originalTimestamp\":\"2025-01-01T00:00:"
	     "10Z\","
	     "\"sentAt\":\"2025-01-01T00:00:20Z\",\"receivedAt\":\"2025-01-01T01:00:20Z\"",
		0, 0, 1735693210000},
	    {"\"time\":1735689610", 0, 0, 1735689610000},
	    {"\"id\":\"x\"", 1735693220000, 0, 1735693220000},
	};
	struct fixture *f = *state;
	char text[512];

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct intake_context context = {
		    .received_ms = cases[i].received_ms, .sent_ms = cases[i].sent_ms};
		struct intake_call call;

		snprintf(
		    text, sizeof text, "{\"event\":\"x\",\"userId\":\"1\",%s}", cases[i].members);
		call = read_call(f, &context, text);
		if (call.kind == STORE_EVENT_ANY || call.time_ms != cases[i].expected)
			fail_msg("%s: %lld %s", text, (long long)call.time_ms, f->err.text);
	}
}

static void
the_future_is_now(void **state)
{
	struct fixture *f = *state;
	struct intake_context context = {.repeatable = true};
	struct intake_call a, b, other;
	const char *text = "{\"event\":\"x\",\"userId\":\"1\",\"time\":\"2999-01-01\"}";

	a = read_call(f, &context, text);
	b = read_call(f, &context, text);
	assert_true(a.time_ms <= clock_now());
	assert_true(a.id.n == 32 && str_eq(a.id, b.id));
	other =
	    read_call(f, &context, "{\"event\":\"x\",\"userId\":\"2\",\"time\":\"2999-01-01\"}");
	assert_false(str_eq(a.id, other.id));
}

/* However often an object is sent, and whenever: what was told of it makes its id. */
static void
sent_again_is_the_same(void **state)
{
	struct fixture *f = *state;
	struct intake_context first = {.received_ms = 1769847310000, .sent_ms = 1769847305000};
	struct intake_context second = {.received_ms = 1769847990000, .sent_ms = 1769847950000};
	const char *text = "{\"event\":\"x\",\"userId\":\"1\",\"timestamp\":1769847300}";
	struct intake_call a = read_call(f, &first, text), b = read_call(f, &second, text);

	assert_int_equal(a.time_ms, 1769847305000);
	assert_int_equal(b.time_ms, 1769847340000);
	assert_true(a.id.n == 32 && str_eq(a.id, b.id));
}

/* --- writing --- */

static int
apply(struct fixture *f, bool create, const char *text)
{
	struct intake_options options = {.source = STR("test"), .create = create};
	struct intake_call call = read_call(f, &(struct intake_context){.repeatable = true}, text);
	int result;

	if (call.kind == STORE_EVENT_ANY)
		fail_msg("%s: %s", text, f->err.text);
	assert_int_equal(store_begin(f->store, &f->err), 0);
	result = intake_call_apply(f->store, &options, &call, &f->err);
	if (result < 0 || store_commit(f->store, &f->err) != 0)
		fail_msg("%s: %s", text, f->err.text);
	return result;
}

static struct store_contact
contact_of(struct fixture *f, const char *address)
{
	struct store_contact contact;

	if (store_contact_get(f->store, str_c(address), f->arena, &contact, &f->err) != 1)
		fail_msg("no contact %s", address);
	return contact;
}

static void
identify_makes_a_contact(void **state)
{
	struct fixture *f = *state;
	struct store_contact ada;

	assert_int_equal(
	    apply(f, false, "{\"event\":\"Viewed\",\"userId\":\"u1\",\"time\":1700000000}"),
	    INTAKE_STRANGER);
	assert_int_equal(
	    apply(f, false,
		"{\"type\":\"identify\",\"userId\":\"u1\",\"anonymousId\":\"a1\",\"time\":"
		"1700000000,"
		"\"traits\":{\"email\":\"ada@x.example\",\"firstName\":\"Ada\",\"lastName\":\"L\","
		"\"locale\":\"en_GB\",\"timezone\":\"Europe/London\",\"plan\":\"pro\",\"age\":36,"
		"\"address\":{\"city\":\"London\",\"postalCode\":\"E1\",\"floor\":3}}}"),
	    INTAKE_WRITTEN);
	ada = contact_of(f, "ada@x.example");
	assert_true(str_is(ada.language, "en-GB") && str_is(ada.time_zone, "Europe/London"));
	assert_true(str_is(ada.attributes,
	    "{\"first_name\":\"Ada\",\"last_name\":\"L\",\"plan\":\"pro\",\"age\":36,\"city\":"
	    "\"London\",\"postcode\":\"E1\",\"address\":{\"floor\":3}}"));
	assert_int_equal(
	    apply(f, false, "{\"event\":\"Viewed\",\"userId\":\"u1\",\"time\":1700000000}"),
	    INTAKE_WRITTEN);
	assert_int_equal(
	    apply(f, false, "{\"event\":\"Viewed\",\"userId\":\"u1\",\"time\":1700000000}"),
	    INTAKE_KNOWN);
	assert_int_equal(apply(f, false,
			     "{\"type\":\"page\",\"name\":\"Home\",\"anonymousId\":\"a1\",\"time\":"
			     "1700000000}"),
	    INTAKE_WRITTEN);
	/* Another address only with the option. */
	assert_int_equal(
	    apply(
		f, false, "{\"event\":\"Viewed\",\"email\":\"ben@x.example\",\"time\":1700000000}"),
	    INTAKE_STRANGER);
	assert_int_equal(
	    apply(
		f, true, "{\"event\":\"Viewed\",\"email\":\"ben@x.example\",\"time\":1700000000}"),
	    INTAKE_WRITTEN);
	assert_true(str_is(contact_of(f, "ben@x.example").attributes, "{}"));
	assert_int_equal(
	    apply(f, true, "{\"event\":\"Viewed\",\"userId\":\"nobody\",\"time\":1700000000}"),
	    INTAKE_STRANGER);
}

/* What the store can't take of an identify leaves nothing of it, and nothing else goes. */
static void
all_of_an_identify_or_nothing(void **state)
{
	struct fixture *f = *state;
	struct intake_options options = {.source = STR("test")};
	struct intake_call call;
	struct store_contact contact;
	char *text = malloc(40000), *filler = malloc(30001);
	int result = INTAKE_WRITTEN, turn;
	int64_t before, after;

	memset(filler, 'y', 30000);
	filler[30000] = '\0';
	for (turn = 0; turn < 40 && result == INTAKE_WRITTEN; turn++) {
		snprintf(text, 40000,
		    "{\"type\":\"identify\",\"userId\":\"u%d\",\"email\":\"big@x.example\","
		    "\"id\":%d,\"traits\":{\"t%d\":\"%s\"}}",
		    turn, turn, turn, filler);
		call = read_call(f, &(struct intake_context){.repeatable = true}, text);
		assert_int_equal(store_event_last(f->store, &before, &f->err), 0);
		assert_int_equal(store_begin(f->store, &f->err), 0);
		result = intake_call_apply(f->store, &options, &call, &f->err);
		assert_int_equal(store_commit(f->store, NULL), 0);
	}
	assert_int_equal(result, -1);
	assert_int_equal(f->err.code, ERR_LIMIT);
	assert_int_equal(store_event_last(f->store, &after, &f->err), 0);
	assert_int_equal(before, after);
	contact = contact_of(f, "big@x.example");
	snprintf(text, 40000, "\"t%d\"", turn - 1);
	assert_false(str_has(contact.attributes, str_c(text)));
	snprintf(text, 40000, "{\"event\":\"x\",\"userId\":\"u%d\",\"id\":\"e\"}", turn - 1);
	assert_int_equal(apply(f, false, text), INTAKE_STRANGER);
	free(filler);
	free(text);
}

/* Whatever the order of arrival, the newest of each trait counts. */
static void
order_does_not_matter(void **state)
{
	static const char *const calls[] = {
	    "\"time\":1700000000,\"traits\":{\"plan\":\"free\",\"locale\":\"de\",\"nick\":\"A\"}}",
	    "\"time\":1700000100,\"traits\":{\"plan\":\"pro\",\"city\":\"K\\u00f6ln\"}}",
	    "\"time\":1700000200,\"traits\":{\"nick\":null,\"locale\":\"fr\"}}",
	};
	static const int orders[6][3] = {
	    {0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
	struct fixture *f = *state;
	char text[512], address[32];

	for (int i = 0; i < 6; i++) {
		struct store_contact contact;
		json_t *attributes;

		snprintf(address, sizeof address, "c%d@x.example", i);
		for (int j = 0; j < 3; j++) {
			snprintf(text, sizeof text, "{\"type\":\"identify\",\"email\":\"%s\",%s",
			    address, calls[orders[i][j]]);
			assert_int_equal(apply(f, false, text), INTAKE_WRITTEN);
		}
		contact = contact_of(f, address);
		attributes = json_loadb(contact.attributes.p, contact.attributes.n, 0, NULL);
		assert_int_equal(json_object_size(attributes), 2);
		assert_string_equal(json_string_value(json_object_get(attributes, "plan")), "pro");
		assert_string_equal(
		    json_string_value(json_object_get(attributes, "city")), "K\xc3\xb6ln");
		assert_true(str_is(contact.language, "fr"));
		json_decref(attributes);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(times),
	    cmocka_unit_test(prices),
	    STORE_TEST(who_it_is),
	    STORE_TEST(refused_calls),
	    STORE_TEST(times_are_corrected),
	    STORE_TEST(the_future_is_now),
	    STORE_TEST(identify_makes_a_contact),
	    STORE_TEST(order_does_not_matter),
	    STORE_TEST(sent_again_is_the_same),
	    STORE_TEST(all_of_an_identify_or_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
