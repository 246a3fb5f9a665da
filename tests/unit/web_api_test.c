/* SPDX-License-Identifier: BSD-2-Clause
 *
 * web_api_test: what of the event API needs no request: how often a key may be used, what gzip
 * unpacks to; and its keys in the store
 */
#include "store/apikey.h"
#include "web/api.h"

#include "store_fixture.h"

#include <zlib.h>

#define SECOND ((int64_t)1000000)

/* --- how often --- */

static void
a_rate_holds(void **state)
{
	static const int64_t rates[] = {1, 2, 50, 100000};

	(void)state;
	for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
		struct web_api_bucket bucket = {.level = 0};
		int64_t now_us = 5 * SECOND, taken = 0;

		/* All at once: ten seconds' worth. */
		while (web_api_bucket_take(&bucket, rates[i], now_us) == 0)
			taken++;
		assert_int_equal(taken, 10 * rates[i]);
		/* Then as it flows in, however often one asks. */
		taken = 0;
		for (int turn = 0; turn < 10000; turn++) {
			now_us += SECOND / 1000;
			while (web_api_bucket_take(&bucket, rates[i], now_us) == 0)
				taken++;
		}
		assert_in_range(taken, 10 * rates[i] - 1, 10 * rates[i]);
	}
}

static void
who_waits_is_served(void **state)
{
	struct web_api_bucket bucket = {.level = 0};
	int64_t now_us = SECOND, wait;

	(void)state;
	for (int turn = 0; turn < 200; turn++) {
		wait = web_api_bucket_take(&bucket, 3, now_us);
		assert_in_range(wait, 0, 1);
		if (wait > 0) {
			now_us += wait * SECOND;
			assert_int_equal(web_api_bucket_take(&bucket, 3, now_us), 0);
		}
	}
	/* A long rest gives no more than a short one. */
	now_us += 1000000 * SECOND;
	for (int i = 0; i < 30; i++)
		assert_int_equal(web_api_bucket_take(&bucket, 3, now_us), 0);
	assert_int_equal(web_api_bucket_take(&bucket, 3, now_us), 1);
}

/* --- gzip --- */

/* As gzip in `room`. */
static struct str
packed(const char *text, size_t n, unsigned char *room, size_t size)
{
	z_stream stream = {.next_in = (unsigned char *)(uintptr_t)text,
	    .avail_in = (unsigned)n,
	    .next_out = room,
	    .avail_out = (unsigned)size};

	assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, 0), Z_OK);
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	deflateEnd(&stream);
	return (struct str){(const char *)room, stream.total_out};
}

static void
gzip_has_a_ceiling(void **state)
{
	static const struct {
		size_t size, max;
		enum err_code code;
	} cases[] = {
	    {0, 100, ERR_NONE},
	    {1, 1, ERR_NONE},
	    {100, 100, ERR_NONE},
	    {101, 100, ERR_LIMIT},
	    {1, 0, ERR_LIMIT},
	    {16384, 16384, ERR_NONE},
	    {16385, 16384, ERR_LIMIT},
	    {16385, 16385, ERR_NONE},
	    {40000, 40000, ERR_NONE},
	    {512001, 512000, ERR_LIMIT},
	    {5000000, 512000, ERR_LIMIT},
	};
	unsigned char room[20000];
	char *text = calloc(1, 5000000);

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct str body = packed(text, cases[i].size, room, sizeof room);
		struct err err = ERR_INIT;
		struct buf out;

		buf_init(&out, cases[i].max);
		assert_int_equal(
		    web_api_gunzip(body, &out, &err), cases[i].code == ERR_NONE ? 0 : -1);
		assert_int_equal(err.code, cases[i].code);
		if (err.code == ERR_NONE)
			assert_int_equal(out.len, cases[i].size);
		assert_true(out.len <= cases[i].max);
		buf_fini(&out);
	}
	free(text);
}

static void
gzip_that_is_none(void **state)
{
	unsigned char room[1000];
	char text[300];
	struct str good;

	(void)state;
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (char)(i * 7 % 251);
	good = packed(text, sizeof text, room, sizeof room - 1);
	for (size_t n = 0; n <= good.n + 1; n++) {
		struct err err = ERR_INIT;
		struct buf out;

		buf_init(&out, 1000);
		if (web_api_gunzip((struct str){good.p, n}, &out, &err) == 0)
			assert_int_equal(n, good.n);
		else
			assert_true(n != good.n && err.code == ERR_INPUT);
		buf_fini(&out);
	}
}

/* --- keys --- */

static char *
add(struct fixture *f, const char *name, enum store_apikey_scope scope, int64_t *id_r)
{
	const struct store_apikey key = {.name = str_c(name), .scope = scope, .rate = 7};
	char *text = calloc(1, STORE_APIKEY_SIZE);

	if (store_apikey_add(f->store, &key, text, id_r, &f->err) != 0)
		fail_msg("%s: %s", name, f->err.text);
	return text;
}

static int
find(struct fixture *f, const char *text, struct store_apikey *key_r)
{
	return store_apikey_find(f->store, str_c(text), f->arena, key_r, &f->err);
}

static void
keys_are_found_until_revoked(void **state)
{
	struct fixture *f = *state;
	struct store_apikey key;
	int64_t first, second;
	char *a = add(f, "shop", STORE_APIKEY_WRITE, &first);
	char *b = add(f, "shop", STORE_APIKEY_PAGE, &second);
	char other[STORE_APIKEY_SIZE];

	assert_string_not_equal(a, b);
	assert_true(strlen(a) == 73 && strncmp(a, "mt_write_", 9) == 0);
	assert_int_equal(find(f, a, &key), 1);
	assert_true(key.id == first && key.scope == STORE_APIKEY_WRITE && key.rate == 7);
	assert_true(str_is(key.name, "shop") && key.used_ms == 0 && key.revoked_ms == 0);
	assert_int_equal(find(f, b, &key), 1);
	assert_int_equal(key.id, second);
	strcpy(other, a);
	other[72] ^= 1;
	assert_int_equal(find(f, other, &key), 0);
	assert_int_equal(find(f, "", &key), 0);
	assert_int_equal(store_apikey_used(f->store, first, 5000, &f->err), 0);
	assert_int_equal(store_apikey_used(f->store, first, 4000, &f->err), 0);
	assert_int_equal(find(f, a, &key), 1);
	assert_int_equal(key.used_ms, 5000);
	assert_int_equal(store_apikey_revoke(f->store, first, &f->err), 1);
	assert_int_equal(store_apikey_revoke(f->store, first, &f->err), 0);
	assert_int_equal(store_apikey_revoke(f->store, 99, &f->err), 0);
	assert_int_equal(find(f, a, &key), 0);
	assert_int_equal(find(f, b, &key), 1);
	free(a);
	free(b);
}

static void
keys_that_are_refused(void **state)
{
	static const struct store_apikey cases[] = {
	    {.name = {"", 0}, .scope = STORE_APIKEY_WRITE},
	    {.name = {"a b", 3}, .scope = STORE_APIKEY_WRITE},
	    {.name = {"a\0b", 3}, .scope = STORE_APIKEY_WRITE},
	    {.name = {"sh\xc3\xb6p", 5}, .scope = STORE_APIKEY_WRITE},
	    {.name = {"1234567890123456789012345678901234567890123456789012345678901", 61},
		.scope = STORE_APIKEY_WRITE},
	    {.name = {"shop", 4}, .scope = STORE_APIKEY_NONE},
	    {.name = {"shop", 4}, .scope = (enum store_apikey_scope)4},
	    {.name = {"shop", 4}, .scope = STORE_APIKEY_ADMIN, .rate = -1},
	    {.name = {"shop", 4}, .scope = STORE_APIKEY_ADMIN, .rate = 100001},
	};
	struct fixture *f = *state;
	char text[STORE_APIKEY_SIZE];
	int64_t id;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		f->err = ERR_INIT;
		assert_int_equal(store_apikey_add(f->store, &cases[i], text, &id, &f->err), -1);
		assert_int_equal(f->err.code, ERR_INPUT);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_rate_holds),
	    cmocka_unit_test(who_waits_is_served),
	    cmocka_unit_test(gzip_has_a_ceiling),
	    cmocka_unit_test(gzip_that_is_none),
	    STORE_TEST(keys_are_found_until_revoked),
	    STORE_TEST(keys_that_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
