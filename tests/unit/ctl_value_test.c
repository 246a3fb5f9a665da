/* SPDX-License-Identifier: BSD-2-Clause
 *
 * ctl_value_test: cells and their types, column names, lines
 */
#include "ctl/column.h"
#include "intake/profile.h"
#include "ctl/ctl.h"
#include "ctl/lines.h"
#include "ctl/value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

static void
cells_by_their_looks(void **state)
{
	static const struct {
		const char *cell;
		const char *json;
		const char *type;
	} cases[] = {
	    {"42", "42", "number"},
	    {"0", "0", "number"},
	    {"-5", "-5", "number"},
	    {"19.90", "19.9", "number"},
	    {"0.5", "0.5", "number"},
	    {"123456789012345", "123456789012345", "number"},
	    {"1234567890123456", "\"1234567890123456\"", "text"},
	    {"007", "\"007\"", "text"},
	    {"00", "\"00\"", "text"},
	    {"-0", "\"-0\"", "text"},
	    {"+4930123", "\"+4930123\"", "text"},
	    {"1e5", "\"1e5\"", "text"},
	    {"0x1F", "\"0x1F\"", "text"},
	    {"1,5", "\"1,5\"", "text"},
	    {"1.2.3", "\"1.2.3\"", "text"},
	    {".5", "\".5\"", "text"},
	    {"5.", "\"5.\"", "text"},
	    {"-", "\"-\"", "text"},
	    {"NaN", "\"NaN\"", "text"},
	    {"Infinity", "\"Infinity\"", "text"},
	    {" 5", "\" 5\"", "text"},
	    {"true", "true", "boolean"},
	    {"No", "false", "boolean"},
	    {"YES", "true", "boolean"},
	    {"y", "\"y\"", "text"},
	    {"2026-01-31", "\"2026-01-31\"", "date"},
	    {"2026-01-31T08:15:00Z", "\"2026-01-31T08:15:00Z\"", "date"},
	    {"2026-02-31", "\"2026-02-31\"", "text"},
	    {"31.01.2026", "\"31.01.2026\"", "text"},
	    {"[\"a\", 1]", "[\"a\",1]", "list"},
	    {"[]", "[]", "list"},
	    {"[broken", "\"[broken\"", "text"},
	    {"[1] and more", "\"[1] and more\"", "text"},
	    {"{\"a\":1}", "\"{\\\"a\\\":1}\"", "text"},
	    {"null", "\"null\"", "text"},
	    {"{{ contact.email }}", "\"{{ contact.email }}\"", "text"},
	    {"%s%n", "\"%s%n\"", "text"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		json_t *value = ctl_value_read(CTL_AUTO, str_c(cases[i].cell), NULL);
		char *json =
		    json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(15));

		if (strcmp(json, cases[i].json) != 0 ||
		    strcmp(ctl_value_type_name(value), cases[i].type) != 0)
			fail_msg("%s: %s %s", cases[i].cell, json, ctl_value_type_name(value));
		free(json);
		json_decref(value);
	}
}

static void
columns_with_a_type(void **state)
{
	static const struct {
		const char *name;
		const char *cell;
		const char *json; /* NULL: refused */
	} cases[] = {
	    {"zip", "12345", "\"12345\""},
	    {"Postal Code", "12345", "\"12345\""},
	    {"Mobile Phone", "49301234", "\"49301234\""},
	    {"country", "NO", "\"NO\""},
	    {"last_name", "True", "\"True\""},
	    {"customer:text", "42", "\"42\""},
	    {"points:number", "007", "7"},
	    {"points:number", "many", NULL},
	    {"vip:boolean", "yes", "true"},
	    {"vip:boolean", "1", NULL},
	    {"since:date", "2026-01-31", "\"2026-01-31\""},
	    {"since:date", "7d", NULL},
	    {"tags:list", "[1]", "[1]"},
	    {"tags:list", "1", NULL},
	    {"any:json", "{\"a\":null}", "{\"a\":null}"},
	    {"any:json", "\"\"", "\"\""},
	    {"any:json", "{\"a\":1,\"a\":2}", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct str name = str_c(cases[i].name);
		enum ctl_type type = ctl_type_of_name(&name);
		json_t *value = ctl_value_read(type, str_c(cases[i].cell), NULL);
		char *json =
		    value == NULL ? NULL : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);

		assert_null(memchr(name.p, ':', name.n));
		if ((json == NULL) != (cases[i].json == NULL) ||
		    (json != NULL && strcmp(json, cases[i].json) != 0))
			fail_msg("%s %s: %s", cases[i].name, cases[i].cell, json);
		free(json);
		json_decref(value);
	}
}

static void
roles_of_columns(void **state)
{
	static const struct {
		const char *names[4];
		int index[CTL_ROLES];
	} cases[] = {
	    {{"email", "language", "time_zone"}, {0, 1, 2}},
	    {{"first", "E-Mail", "TZ", "lang"}, {1, 3, 2}},
	    {{"address", "city", "Email", "timezone"}, {2, -1, 3}},
	    {{"address", "city"}, {0, -1, -1}},
	    {{" Email Address ", "lang", "language"}, {0, 2, -1}},
	    {{"mailing list", "phone"}, {-1, -1, -1}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct str names[4];
		int index[CTL_ROLES];
		size_t count = 0;

		while (count < 4 && cases[i].names[count] != NULL) {
			names[count] = str_c(cases[i].names[count]);
			count++;
		}
		ctl_roles_find(names, count, index);
		if (memcmp(index, cases[i].index, (CTL_TIME_ZONE + 1) * sizeof index[0]) != 0)
			fail_msg("case %zu: %d %d %d", i, index[0], index[1], index[2]);
	}
}

static void
languages_and_zones(void **state)
{
	static const struct {
		const char *text;
		const char *language; /* NULL: refused */
	} languages[] = {
	    {"de", "de"},
	    {"de_DE", "de-DE"},
	    {"zh-Hant-TW", "zh-Hant-TW"},
	    {"English", "English"},
	    {"", ""},
	    {"English (UK)", NULL},
	    {"de--DE", NULL},
	    {"de-", NULL},
	    {"-de", NULL},
	    {"portuguese", NULL},
	    {"d\xc3\xa9", NULL},
	};
	static const struct {
		const char *text;
		bool good;
	} zones[] = {
	    {"Europe/Berlin", true},
	    {"Europe/Berlin", true},
	    {"UTC", true},
	    {"America/Argentina/Buenos_Aires", true},
	    {"", true},
	    {"../../etc/passwd", false},
	    {"/etc/passwd", false},
	    {"Europe/../../../../etc/passwd", false},
	    {"Europe/Nowhere", false},
	    {"+01:00", false},
	    {"CET, more or less", false},
	};
	char room[64];

	(void)state;
	for (size_t i = 0; i < sizeof languages / sizeof languages[0]; i++) {
		struct str text = str_c(languages[i].text);
		int rc = intake_language_check(&text, room, NULL);

		if (rc != (languages[i].language == NULL ? -1 : 0) ||
		    (rc == 0 && !str_is(text, languages[i].language)))
			fail_msg("%s: %d %.*s", languages[i].text, rc, STR_F(text));
	}
	for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++) {
		if ((intake_time_zone_check(str_c(zones[i].text), NULL) == 0) != zones[i].good)
			fail_msg("%s", zones[i].text);
	}
}

static FILE *
file_of(struct str text)
{
	FILE *file = tmpfile();

	fwrite(text.p, 1, text.n, file);
	rewind(file);
	return file;
}

static void
lines_end_three_ways(void **state)
{
	static const char *const expected[] = {"a\r\n", "b\r", "\r", "c\n", "\n", "d"};
	FILE *file = file_of(STR("\xef\xbb\xbf"
				 "a\r\nb\r\rc\n\nd"));
	struct ctl_lines lines;

	(void)state;
	ctl_lines_init(&lines, file);
	for (size_t i = 0; i < 6; i++) {
		assert_int_equal(ctl_lines_next(&lines, NULL), 1);
		assert_string_equal(lines.line.data, expected[i]);
		assert_int_equal(lines.number, i + 1);
	}
	assert_int_equal(ctl_lines_next(&lines, NULL), 0);
	ctl_lines_fini(&lines);
	fclose(file);
}

static void
long_lines_are_cut(void **state)
{
	char *text = malloc(CTL_LINE_MAX + 100);
	struct ctl_lines lines;
	FILE *file;

	(void)state;
	memset(text, 'x', CTL_LINE_MAX + 100);
	memcpy(text + CTL_LINE_MAX + 90, "\nshort\n", 7);
	file = file_of((struct str){text, CTL_LINE_MAX + 97});
	free(text);
	ctl_lines_init(&lines, file);
	assert_int_equal(ctl_lines_next(&lines, NULL), 1);
	assert_true(lines.too_long);
	assert_int_equal(ctl_lines_next(&lines, NULL), 1);
	assert_false(lines.too_long);
	assert_string_equal(lines.line.data, "short\n");
	assert_int_equal(lines.number, 2);
	ctl_lines_fini(&lines);
	fclose(file);
}

static void
utf16_is_named(void **state)
{
	FILE *file = file_of(STR("\xff\xfe"
				 "e\0m\0"));
	struct ctl_lines lines;
	struct err err = ERR_INIT;

	(void)state;
	ctl_lines_init(&lines, file);
	assert_int_equal(ctl_lines_next(&lines, &err), -1);
	assert_non_null(strstr(err.text, "UTF-16"));
	ctl_lines_fini(&lines);
	fclose(file);
}

static void
terminal_text_is_harmless(void **state)
{
	static const struct {
		struct str text;
		const char *shown;
	} cases[] = {
	    {{"plain \xc3\xa4 \xe6\xbc\xa2", 12}, "plain \xc3\xa4 \xe6\xbc\xa2"},
	    {{"\x1b[31mred", 8}, "\\x1b[31mred"},
	    {{"a\r\nb\tc", 6}, "a\\x0d\\x0ab\\x09c"},
	    {{"\xc2\x9b"
	      "31m",
		 5},
		"\\u{9b}31m"},
	    {{"\xe2\x80\xae"
	      "gpj",
		 6},
		"\\u{202e}gpj"},
	    {{"bad \xff\xc3", 6}, "bad \\xff\\xc3"},
	    {{"nul \0.", 6}, "nul \\x00."},
	    {{NULL, 0}, ""},
	};
	char shown[100];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		FILE *file = tmpfile();
		size_t n;

		ctl_put(file, cases[i].text);
		rewind(file);
		n = fread(shown, 1, sizeof shown - 1, file);
		shown[n] = '\0';
		fclose(file);
		assert_string_equal(shown, cases[i].shown);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(cells_by_their_looks),
	    cmocka_unit_test(columns_with_a_type),
	    cmocka_unit_test(roles_of_columns),
	    cmocka_unit_test(languages_and_zones),
	    cmocka_unit_test(lines_end_three_ways),
	    cmocka_unit_test(long_lines_are_cut),
	    cmocka_unit_test(utf16_is_named),
	    cmocka_unit_test(terminal_text_is_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
