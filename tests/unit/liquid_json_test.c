/* SPDX-License-Identifier: BSD-2-Clause
 *
 * liquid_json_test: numbers of any length, NUL, ceilings, places of errors
 */
#include "liquid/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct {
	const char *text;
	const char *result; /* as Jansson writes it */
} numbers[] = {
    {"[9223372036854775807]", "[9223372036854775807]"},
    {"[9223372036854775808]", "[9.2233720368547758e18]"},
    {"[-9223372036854775808]", "[-9223372036854775808]"},
    {"[-9223372036854775809]", "[-9.2233720368547758e18]"},
    {"[1000000000000000000]", "[1000000000000000000]"},
    {"[10000000000000000000,2]", "[1e19,2]"},
    {"{\"a\":100000000000000000000}", "{\"a\":1e20}"},
    {"[100000000000000000000 , 1 , 100000000000000000000\n]", "[1e20,1,1e20]"},
    {"100000000000000000000", "1e20"},
    /* These are real numbers already. */
    {"[100000000000000000000.5]", "[1e20]"},
    {"[100000000000000000000e2]", "[1e22]"},
    {"[100000000000000000000E+2]", "[1e22]"},
    {"[1.00000000000000000000000001]", "[1.0]"},
    {"[0.1234567890123456789012]", "[0.12345678901234568]"},
    {"[1e00000000000000000000000]", "[1.0]"},
    {"[1e-00000000000000000000001]", "[0.10000000000000001]"},
    /* Strings are left alone. */
    {"[\"100000000000000000000\"]", "[\"100000000000000000000\"]"},
    {"[\"\\\"100000000000000000000\"]", "[\"\\\"100000000000000000000\"]"},
    {"[\"\\\\\",100000000000000000000]", "[\"\\\\\",1e20]"},
    {"[\"]}]}\\\\\\\"[[\"]", "[\"]}]}\\\\\\\"[[\"]"},
    {"{\"100000000000000000000\":1}", "{\"100000000000000000000\":1}"},
    {"[\"a\\u0000b\"]", "[\"a\\u0000b\"]"},
};

static void
long_numbers(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(numbers); i++) {
		struct err err = ERR_INIT;
		json_t *json =
		    liquid_json_load(STR("t"), str_c(numbers[i].text), JSON_DECODE_ANY, &err);
		char *text;

		if (json == NULL)
			fail_msg("%s: %s", numbers[i].text, err.text);
		text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
		assert_string_equal(text, numbers[i].result);
		free(text);
		json_decref(json);
	}
}

static const struct {
	const char *text;
	unsigned line;
	unsigned column;
	const char *sentence; /* its beginning */
} errors[] = {
    {"", 1, 1, "'[' or '{' expected near end of file"},
    {"{\"a\": tru}", 1, 9, "invalid token near 'tru'"},
    {"{\n  \"a\": 1,\n  \"b\" 2\n}", 3, 7, "':' expected near '2'"},
    /* Places are those of the text as it came, before numbers were made longer. */
    {"[100000000000000000000, 100000000000000000000, x]", 1, 48, "invalid token near 'x'"},
    {"[100000000000000000000,\n100000000000000000000, x]", 2, 24, "invalid token near 'x'"},
    /* Characters, not bytes. */
    {"[\"\xc3\xa9\xc3\xa9\xc3\xa9\", x]", 1, 9, "invalid token near 'x'"},
    {"[\"a\xff\"]", 1, 3, "unable to decode byte 0xff"},
    {"[1, 2", 1, 5, "']' expected near end of file"},
    {"[\"abc", 1, 5, "premature end of input near '\"abc'"},
    {"[\"abc\\", 1, 6, "invalid escape"},
    {"[1e999]", 1, 6, "real number overflow near '1e999'"},
    {"[-]", 1, 2, "invalid token near '-'"},
    {"{\"a\":1,\"a\":2}", 1, 10, "duplicate object key near '\"a\"'"},
};

static void
places_of_errors(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(errors); i++) {
		struct err err = ERR_INIT;
		char expected[120];

		assert_null(liquid_json_load(
		    STR("data.json"), str_c(errors[i].text), JSON_REJECT_DUPLICATES, &err));
		snprintf(expected, sizeof expected, "data.json:%u:%u: %s", errors[i].line,
		    errors[i].column, errors[i].sentence);
		if (strncmp(err.text, expected, strlen(expected)) != 0)
			fail_msg("%s: %s", expected, err.text);
		assert_int_equal(err.code, ERR_INPUT);
		assert_int_equal(err.place.line, errors[i].line);
		assert_int_equal(err.place.column, errors[i].column);
		assert_memory_equal(
		    err.text + err.place.sentence, errors[i].sentence, strlen(errors[i].sentence));
	}
}

static json_t *
nested(size_t depth, struct err *err)
{
	char *text = calloc(2, depth + 1);
	json_t *json;

	assert_non_null(text);
	memset(text, '[', depth);
	memset(text + depth, ']', depth);
	json = liquid_json_load(STR("t"), (struct str){text, 2 * depth}, 0, err);
	free(text);
	return json;
}

static void
ceilings(void **state)
{
	struct str large = {calloc(1, LIQUID_JSON_MAX + 1), LIQUID_JSON_MAX + 1};
	struct err err = ERR_INIT;
	json_t *json;

	(void)state;
	json = nested(LIQUID_JSON_DEPTH, &err);
	assert_non_null(json);
	json_decref(json);
	assert_null(nested(LIQUID_JSON_DEPTH + 1, &err));
	assert_string_equal(err.text, "t:1:201: nested more than 200 deep");
	assert_int_equal(err.code, ERR_LIMIT);
	assert_null(nested(1000000, &err));
	assert_null(liquid_json_load(STR("t"), large, 0, &err));
	assert_string_equal(err.text, "t: longer than 16 MB");
	free((void *)(uintptr_t)large.p);
}

static void
files(void **state)
{
	char path[] = "/tmp/liquid_json_test.XXXXXX";
	char expected[100];
	struct err err = ERR_INIT;
	int fd = mkstemp(path);
	json_t *json;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "{\"a\":\n", 6), 6);
	assert_null(liquid_json_load_file(path, 0, &err));
	snprintf(expected, sizeof expected, "%s:1:6: unexpected token near end of file", path);
	assert_string_equal(err.text, expected);
	assert_int_equal(write(fd, "2}", 2), 2);
	json = liquid_json_load_file(path, 0, &err);
	assert_int_equal(json_integer_value(json_object_get(json, "a")), 2);
	json_decref(json);
	assert_int_equal(ftruncate(fd, (off_t)LIQUID_JSON_MAX + 1), 0);
	assert_null(liquid_json_load_file(path, 0, &err));
	assert_int_equal(err.code, ERR_LIMIT);
	close(fd);
	unlink(path);
	assert_null(liquid_json_load_file(path, 0, &err));
	assert_int_equal(err.code, ERR_NOTFOUND);
	assert_null(liquid_json_load_file("/tmp", 0, &err));
	assert_string_equal(err.text, "/tmp: not a regular file");
	assert_int_equal(err.code, ERR_IO);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(long_numbers),
	    cmocka_unit_test(places_of_errors),
	    cmocka_unit_test(ceilings),
	    cmocka_unit_test(files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
