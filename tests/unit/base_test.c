/* SPDX-License-Identifier: BSD-2-Clause
 *
 * base_test: arena, buf, str, err, clock, id
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/id.h"
#include "base/log.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

static void
arena_stops_at_its_ceiling(void **state)
{
	struct arena *arena = arena_new(1000);

	(void)state;
	assert_non_null(arena_alloc(arena, 999));
	assert_null(arena_alloc(arena, 2));
	assert_non_null(arena_alloc(arena, 1));
	assert_null(arena_str(arena, STR("x")).p);
	arena_reset(arena);
	assert_int_equal(arena_used(arena), 0);
	assert_non_null(arena_alloc(arena, 1000));
	assert_null(arena_zalloc(arena, SIZE_MAX / 2, 4));
	arena_free(&arena);
	assert_null(arena);
}

static void
warm_arena_leaves_the_heap_alone(void **state)
{
	struct arena *arena = arena_new(10 << 20);
	unsigned long calls;

	(void)state;
	for (int round = 0; round < 2; round++) {
		calls = arena_heap_calls(arena);
		for (int i = 0; i < 3000; i++)
			memset(arena_alloc(arena, 100), i, 100);
		arena_reset(arena);
	}
	assert_int_equal(arena_heap_calls(arena), calls);
	arena_free(&arena);
}

static void
buf_keeps_what_fits(void **state)
{
	struct buf buf;

	(void)state;
	buf_init(&buf, 5);
	assert_int_equal(buf_add_c(&buf, "abc"), 0);
	assert_int_equal(buf_add_c(&buf, "def"), -1);
	assert_true(buf.full);
	assert_int_equal(buf_add_c(&buf, "d"), -1);
	assert_string_equal(buf.data, "abc");
	buf_reset(&buf);
	assert_int_equal(buf_printf(&buf, "%d", 12345), 0);
	buf_drop(&buf, 2);
	assert_string_equal(buf.data, "345");
	buf_fini(&buf);
}

static void
str_pieces(void **state)
{
	struct str rest = STR("a,,b"), piece;
	unsigned long long n;

	(void)state;
	assert_true(str_split(&rest, ',', &piece) && str_is(piece, "a"));
	assert_true(str_split(&rest, ',', &piece) && piece.n == 0);
	assert_true(str_split(&rest, ',', &piece) && str_is(piece, "b"));
	assert_false(str_split(&rest, ',', &piece));
	assert_true(str_is(str_trim(STR(" \t x y \r\n")), "x y"));
	assert_true(str_to_u64(STR("255"), 255, &n) && n == 255);
	assert_false(str_to_u64(STR("256"), 255, &n));
	assert_false(str_to_u64(STR("2x"), 255, &n));
	assert_false(str_to_u64(STR(""), 255, &n));
	assert_true(str_ends_nocase(STR("Shop.Example"), STR(".example")));
	assert_true(str_has(STR("a{{b"), STR("{{")));
}

static void
err_text_is_one_line(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(err_set(&err, ERR_INPUT, "a\r\nb %d", 7), -1);
	assert_string_equal(err.text, "a??b 7");
	err_prefix(&err, "here");
	assert_string_equal(err.text, "here: a??b 7");
	assert_int_equal(err.code, ERR_INPUT);
}

static void
clock_reads_and_writes(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} cases[] = {
	    {"2024-01-01", 1704067200000},
	    {"2024-01-01T00:01:58Z", 1704067318000},
	    {"2024-01-01T00:01:58.5Z", 1704067318500},
	    {"2024-01-01T01:01:58+01:00", 1704067318000},
	    {"2024-01-01 00:01", 1704067260000},
	};
	static const char *const bad[] = {"", "x", "2024-13-01", "2024-02-30", "2024-01-01Tx",
	    "2024-01-01T00:00:00Q", "5y", "-1d", "2024-01-01T25:00"};
	char text[CLOCK_TEXT_SIZE];
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(clock_parse(cases[i].text, &ms), 0);
		assert_int_equal(ms, cases[i].ms);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(clock_parse(bad[i], &ms), -1);
	assert_string_equal(clock_iso(1704067318005, text), "2024-01-01T00:01:58.005Z");
	assert_string_equal(clock_rfc5322(1704067318005, text), "Mon, 01 Jan 2024 00:01:58 +0000");
	assert_int_equal(clock_parse("2h", &ms), 0);
	assert_true(clock_now() - ms - 7200000 < 5000);
}

static void
digests_tell_pieces_apart(void **state)
{
	const struct str one[] = {STR("ab"), STR("c")}, two[] = {STR("a"), STR("bc")};
	struct id_digest a = id_digest(one, 2), b = id_digest(two, 2), c = id_digest(one, 2);
	struct id_digest known = id_sha256(STR("abc"));
	char hex[ID_HEX_SIZE];

	(void)state;
	assert_false(id_digest_eq(&a, &b));
	assert_true(id_digest_eq(&a, &c));
	/* FIPS 180-4, example for "abc" */
	assert_string_equal(id_hex(&known, 4, hex), "ba7816bf");
	/* RFC 4231 test case 2 */
	known = id_hmac(STR("Jefe"), STR("what do ya want for nothing?"));
	assert_string_equal(id_hex(&known, 4, hex), "5bdcc146");
}

static void
log_lines_cannot_be_forged(void **state)
{
	char path[] = "/tmp/base_test.XXXXXX", line[4096];
	int fd = mkstemp(path);
	struct err err = ERR_INIT;
	ssize_t n;

	(void)state;
	assert_int_equal(log_open(path, "test", LOG_LEVEL_INFO, &err), 0);
	log_info("event", LOG_STR("queue", "4fXk2"), LOG_STR("name", "a\nb \"c\" \xff=ä"),
	    LOG_NUM("ms", -3), LOG_STR("none", NULL));
	log_debug("hidden", LOG_NUM("x", 1));
	n = read(fd, line, sizeof line - 1);
	assert_true(n > 0);
	line[n] = '\0';
	assert_non_null(strstr(line,
	    "info: event queue=4fXk2 name=\"a\\x0ab \\\"c\\\" \\xff=ä\" "
	    "ms=-3 none=\"\"\n"));
	assert_null(strstr(line, "hidden"));
	assert_int_equal(log_open("/nonexistent/log", "test", LOG_LEVEL_INFO, &err), -1);
	assert_int_equal(err.code, ERR_IO);
	assert_int_equal(log_open("stderr", "test", LOG_LEVEL_INFO, &err), 0);
	close(fd);
	unlink(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(arena_stops_at_its_ceiling),
	    cmocka_unit_test(warm_arena_leaves_the_heap_alone),
	    cmocka_unit_test(buf_keeps_what_fits),
	    cmocka_unit_test(str_pieces),
	    cmocka_unit_test(err_text_is_one_line),
	    cmocka_unit_test(clock_reads_and_writes),
	    cmocka_unit_test(digests_tell_pieces_apart),
	    cmocka_unit_test(log_lines_cannot_be_forged),
	};

	return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
