/* SPDX-License-Identifier: BSD-2-Clause
 *
 * value: see value.h
 *
 * Threads: any; touches only its arguments.
 * Fails:   ERR_INPUT.
 */
#include "ctl/value.h"

#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

/* A double holds any decimal of so many digits. */
#define DIGITS_MAX 15
#define DATE_MAX   40

static const struct {
	const char *name;
	enum ctl_type type;
} suffixes[] = {
    {":text", CTL_TEXT},
    {":number", CTL_NUMBER},
    {":boolean", CTL_BOOLEAN},
    {":date", CTL_DATE},
    {":list", CTL_LIST},
    {":json", CTL_JSON},
};

/* Parts of column names whose values are text whatever they look like. */
static const char *const text_names[] = {"zip", "postal", "postcode", "post_code", "post code",
    "plz", "phone", "mobile", "telefon", "fax", "country", "name"};

static const struct {
	const char *text;
	bool value;
} booleans[] = {{"true", true}, {"false", false}, {"yes", true}, {"no", false}};

static int
suffix_of(struct str name)
{
	for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
		struct str suffix = str_c(suffixes[i].name);

		if (name.n > suffix.n && str_ends_nocase(name, suffix))
			return (int)i;
	}
	return -1;
}

bool
ctl_type_is_suffixed(struct str name)
{
	return suffix_of(name) >= 0;
}

static bool
has_nocase(struct str text, const char *part)
{
	size_t n = strlen(part);

	for (size_t i = 0; i + n <= text.n; i++) {
		if (strncasecmp(text.p + i, part, n) == 0)
			return true;
	}
	return false;
}

enum ctl_type
ctl_type_of_name(struct str *name)
{
	int suffix = suffix_of(*name);

	if (suffix >= 0) {
		name->n -= strlen(suffixes[suffix].name);
		return suffixes[suffix].type;
	}
	for (size_t i = 0; i < sizeof text_names / sizeof text_names[0]; i++) {
		if (has_nocase(*name, text_names[i]))
			return CTL_TEXT;
	}
	return CTL_AUTO;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* -?DIGITS[.DIGITS], of at most 15 digits. `strict`: nothing would be lost, so no leading zeros
 * and no minus zero. */
static json_t *
read_number(struct str text, bool strict)
{
	char copy[DIGITS_MAX + 4];
	size_t digits = 0, point = 0, start = 0;

	if (text.n == 0 || text.n >= sizeof copy)
		return NULL;
	if (text.p[0] == '-')
		start = 1;
	for (size_t i = start; i < text.n; i++) {
		if (is_digit(text.p[i]))
			digits++;
		else if (text.p[i] == '.' && point == 0 && i > start && i + 1 < text.n)
			point = i;
		else
			return NULL;
	}
	if (digits == 0 || digits > DIGITS_MAX)
		return NULL;
	if (strict && text.p[start] == '0' && text.n > start + 1 && text.p[start + 1] != '.')
		return NULL;
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	if (strict && start == 1 && strtod(copy, NULL) == 0)
		return NULL;
	return point > 0 ? json_real(strtod(copy, NULL)) : json_integer(strtoll(copy, NULL, 10));
}

static json_t *
read_boolean(struct str text)
{
	for (size_t i = 0; i < sizeof booleans / sizeof booleans[0]; i++) {
		if (str_is_nocase(text, booleans[i].text))
			return json_boolean(booleans[i].value);
	}
	return NULL;
}

/* 2026-01-31, with or without a time. */
static bool
is_date(struct str text)
{
	static const char shape[] = "dddd-dd-dd";
	char copy[DATE_MAX];
	int64_t ms;

	if (text.n < sizeof shape - 1 || text.n >= sizeof copy)
		return false;
	for (size_t i = 0; i < sizeof shape - 1; i++) {
		if (shape[i] == 'd' ? !is_digit(text.p[i]) : text.p[i] != shape[i])
			return false;
	}
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	return strlen(copy) == text.n && clock_parse(copy, &ms) == 0;
}

static json_t *
read_json(struct str text, bool list)
{
	json_t *value;

	if (list && (text.n < 2 || text.p[0] != '['))
		return NULL;
	value = json_loadb(text.p, text.n, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
	if (value != NULL && list && !json_is_array(value)) {
		json_decref(value);
		value = NULL;
	}
	return value;
}

static json_t *
read_by_looks(struct str text)
{
	json_t *value = read_number(text, true);

	if (value == NULL)
		value = read_boolean(text);
	if (value == NULL)
		value = read_json(text, true);
	return value != NULL ? value : json_stringn(text.p, text.n);
}

json_t *
ctl_value_read(enum ctl_type type, struct str text, struct err *err)
{
	static const char *const expected[] = {
	    [CTL_AUTO] = "text in UTF-8",
	    [CTL_TEXT] = "text in UTF-8",
	    [CTL_NUMBER] = "a number of at most 15 digits",
	    [CTL_BOOLEAN] = "true, false, yes or no",
	    [CTL_DATE] = "a date like 2026-01-31",
	    [CTL_LIST] = "a list like [\"a\",\"b\"]",
	    [CTL_JSON] = "JSON",
	};
	json_t *value = NULL;

	switch (type) {
	case CTL_AUTO:
		value = read_by_looks(text);
		break;
	case CTL_NUMBER:
		value = read_number(text, false);
		break;
	case CTL_BOOLEAN:
		value = read_boolean(text);
		break;
	case CTL_LIST:
	case CTL_JSON:
		value = read_json(text, type == CTL_LIST);
		break;
	case CTL_DATE:
		value = is_date(text) ? json_stringn(text.p, text.n) : NULL;
		break;
	case CTL_TEXT:
		value = json_stringn(text.p, text.n);
		break;
	}
	if (value == NULL)
		err_set(err, ERR_INPUT, "%s was expected", expected[type]);
	return value;
}

const char *
ctl_value_type_name(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_INTEGER:
	case JSON_REAL:
		return "number";
	case JSON_TRUE:
	case JSON_FALSE:
		return "boolean";
	case JSON_ARRAY:
		return "list";
	case JSON_OBJECT:
		return "object";
	default:
		return is_date((struct str){json_string_value(value), json_string_length(value)})
		    ? "date"
		    : "text";
	}
}

char *
ctl_value_text(const json_t *value)
{
	char *text = json_is_string(value)
	    ? strdup(json_string_value(value))
	    : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(15));

	if (text == NULL)
		abort();
	return text;
}
