/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fetch_test: what plugins may ask for, and what is kept of the answers
 */
#include "fetch/fetch.h"
#include "store/plugin.h"
#include "store/plugin_answer.h"

#include "store_fixture.h"

#define T0 ((int64_t)1760000000000)

static int64_t
plugin(struct fixture *f, const char *name)
{
	int64_t id;

	assert_int_equal(store_plugin_add(f->store, str_c(name), &id, &f->err), 0);
	return id;
}

static struct store_request
request_of(int64_t plugin, const char *url)
{
	struct str pieces[] = {str_c(url), STR("")};

	return (struct store_request){.plugin = plugin,
	    .digest = id_digest(pieces, 2),
	    .url = str_c(url),
	    .headers = STR(""),
	    .fresh_ms = 1000,
	    .keep_ms = 10000,
	    .timeout_ms = 500};
}

static void
want(struct fixture *f, struct store_request request, int64_t now_ms)
{
	const struct store_request *requests[] = {&request};

	assert_int_equal(store_answer_want(f->store, requests, 1, now_ms, &f->err), 0);
}

static void
put(struct fixture *f, struct store_request request, const char *body, int64_t now_ms)
{
	struct store_answer answer = {
	    .status = 200, .time_ms = now_ms, .type = STR("text/plain"), .body = str_c(body)};

	assert_int_equal(store_answer_put(f->store, &request, &answer, &f->err), 0);
}

/* Its body, or NULL. */
static const char *
get(struct fixture *f, struct store_request request, int64_t now_ms)
{
	struct store_answer answer = {.status = 0};
	int rc = store_answer_get(f->store, &request, now_ms, f->arena, &answer, &f->err);

	assert_true(rc >= 0);
	return answer.status == 0 ? NULL : arena_printf(f->arena, "%.*s", STR_F(answer.body)).p;
}

static size_t
due(struct fixture *f, int64_t plugin, int64_t now_ms)
{
	struct store_due *list;
	size_t count;

	assert_int_equal(
	    store_answer_due(f->store, plugin, now_ms, 100, f->arena, &list, &count, &f->err), 0);
	return count;
}

static void
wanted_and_answered(void **state)
{
	struct fixture *f = *state;
	int64_t one = plugin(f, "one"), two = plugin(f, "two");
	struct store_request request = request_of(one, "https://a.example/x");
	struct store_request theirs = request_of(two, "https://a.example/x");

	assert_null(get(f, request, T0));
	assert_int_equal(due(f, one, T0), 0);
	want(f, request, T0);
	assert_null(get(f, request, T0));
	assert_int_equal(due(f, one, T0), 1);
	assert_int_equal(due(f, two, T0), 0);
	put(f, request, "hello", T0 + 100);
	assert_string_equal(get(f, request, T0 + 200), "hello");
	assert_null(get(f, theirs, T0 + 200));
	/* Nobody asked since. */
	assert_int_equal(due(f, one, T0 + 5000), 0);
	want(f, request, T0 + 600);
	assert_int_equal(due(f, one, T0 + 800), 0);
	assert_int_equal(due(f, one, T0 + 850), 1);
	put(f, request, "again", T0 + 900);
	assert_string_equal(get(f, request, T0 + 10899), "again");
	assert_null(get(f, request, T0 + 10900));
}

static void
failures(void **state)
{
	struct fixture *f = *state;
	int64_t one = plugin(f, "one");
	struct store_request request = request_of(one, "https://a.example/x");
	struct store_due *list;
	size_t count;

	want(f, request, T0);
	put(f, request, "good", T0);
	want(f, request, T0 + 1000);
	assert_int_equal(store_answer_fail(f->store, &request, T0 + 6000, &f->err), 0);
	/* To be wanted does not bring the next attempt nearer. */
	want(f, request, T0 + 2000);
	assert_int_equal(due(f, one, T0 + 5999), 0);
	assert_int_equal(
	    store_answer_due(f->store, one, T0 + 6000, 9, f->arena, &list, &count, &f->err), 0);
	assert_int_equal(count, 1);
	assert_int_equal(list[0].failures, 1);
	assert_true(str_is(list[0].request.url, "https://a.example/x"));
	assert_memory_equal(&list[0].request.digest, &request.digest, sizeof request.digest);
	assert_string_equal(get(f, request, T0 + 6000), "good");
	put(f, request, "better", T0 + 6000);
	want(f, request, T0 + 6500);
	assert_int_equal(
	    store_answer_due(f->store, one, T0 + 7000, 9, f->arena, &list, &count, &f->err), 0);
	assert_int_equal(count, 1);
	assert_int_equal(list[0].failures, 0);
}

static void
what_is_too_much(void **state)
{
	struct fixture *f = *state;
	int64_t one = plugin(f, "one"), two = plugin(f, "two");
	char *large = calloc(1, (1 << 20) + 1);
	char url[64];

	memset(large, 'x', 1 << 20);
	put(f, request_of(two, "https://b.example/"), "other", T0);
	for (int i = 0; i < 140; i++) {
		snprintf(url, sizeof url, "https://a.example/%d", i);
		put(f, request_of(one, url), large, T0 + i);
	}
	assert_int_equal(store_answer_purge(f->store, T0 + 500, &f->err), 0);
	/* 128 MB, rows and addresses counted. */
	assert_non_null(get(f, request_of(one, "https://a.example/139"), T0 + 500));
	assert_non_null(get(f, request_of(one, "https://a.example/13"), T0 + 500));
	arena_reset(f->arena);
	assert_null(get(f, request_of(one, "https://a.example/11"), T0 + 500));
	assert_non_null(get(f, request_of(two, "https://b.example/"), T0 + 500));
	/* And what is old goes. */
	assert_int_equal(store_answer_purge(f->store, T0 + 10200, &f->err), 0);
	assert_null(get(f, request_of(two, "https://b.example/"), T0 + 500));
	free(large);
}

static void
what_may_be_asked(void **state)
{
	static const struct {
		const char *url, *headers, *wrong;
	} cases[] = {
	    {"https://a.example/x?y=1#z", "Accept: text/html\nX-Key: a b", NULL},
	    {"http://[::1]:8080/", "", NULL},
	    {"file:///etc/passwd", "", "expected"},
	    {"ftp://a.example/", "", "http or https"},
	    {"gopher://a.example/", "", "http or https"},
	    {"a.example", "", "expected an address"},
	    {"", "", "1 to"},
	    {"http://a.example/a b", "", "percent"},
	    {"http://a.example/\r\nHost: x", "", "percent"},
	    {"http://a.example/\xc3\xa9", "", "percent"},
	    {"http://a.example/", "no colon", "Name: value"},
	    {"http://a.example/", ": x", "Name: value"},
	    {"http://a.example/", "X Y: x", "Name: value"},
	    {"http://a.example/", "X: a\r", "control"},
	    {"http://a.example/", "hOsT: b.example", "host's"},
	    {"http://a.example/", "Content-Length: 7", "host's"},
	};
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int rc = fetch_check(str_c(cases[i].url), str_c(cases[i].headers), &err);

		if ((rc == 0) != (cases[i].wrong == NULL))
			fail_msg("%s %s: %d", cases[i].url, cases[i].headers, rc);
		if (rc != 0 && strstr(err.text, cases[i].wrong) == NULL)
			fail_msg("%s %s: %s", cases[i].url, cases[i].headers, err.text);
	}
	assert_int_equal(fetch_check((struct str){"http://a.example/\0x", 19}, STR(""), &err), -1);
	assert_int_equal(
	    fetch_check(STR("http://a.example/"), (struct str){"X: a\0b", 6}, &err), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STORE_TEST(wanted_and_answered),
	    STORE_TEST(failures),
	    STORE_TEST(what_is_too_much),
	    cmocka_unit_test(what_may_be_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
