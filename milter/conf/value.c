/* SPDX-License-Identifier: BSD-2-Clause
 *
 * value: see value.h
 */
#include "conf/value.h"

#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>

struct unit {
	const char *name;
	int64_t factor;
};

static const struct unit times[] = {
    {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}, {NULL, 0}};
static const struct unit sizes[] = {
    {"", 1}, {"k", 1 << 10}, {"m", 1 << 20}, {"g", 1 << 30}, {NULL, 0}};
static const struct unit numbers[] = {{"", 1}, {NULL, 0}};

static int
parse_quantity(struct str text, const struct unit *units, int64_t *value_r)
{
	size_t digits = 0;
	unsigned long long number;

	while (digits < text.n && text.p[digits] >= '0' && text.p[digits] <= '9')
		digits++;
	/* The largest factor times this stays within int64_t. */
	if (!str_to_u64((struct str){text.p, digits}, 10000000000ULL, &number))
		return -1;
	for (; units->name != NULL; units++) {
		if (str_is((struct str){text.p + digits, text.n - digits}, units->name)) {
			*value_r = (int64_t)number * units->factor;
			return 0;
		}
	}
	return -1;
}

int
conf_value_time(struct str text, int64_t *ms_r)
{
	return parse_quantity(text, times, ms_r);
}

int
conf_value_size(struct str text, int64_t *bytes_r)
{
	return parse_quantity(text, sizes, bytes_r);
}

static int
refuse(const struct conf_row *row, const char *text, const char *expected, struct err *err)
{
	return err_set(
	    err, ERR_CONFIG, "%s: expected %s, got \"%.200s\"", row->name, expected, text);
}

/* A rule "LOW..HIGH", whose ends are written like the values. */
static int
parse_ranged(const struct conf_row *row, const char *text, const struct unit *units,
    const char *noun, const char *hint, struct conf_value *value_r, struct err *err)
{
	const char *dots = strstr(row->rule, "..");
	struct str low = {row->rule, (size_t)(dots - row->rule)}, high = str_c(dots + 2);
	int64_t least = 0, most = 0;
	char expected[160];

	if (parse_quantity(low, units, &least) == -1 || parse_quantity(high, units, &most) == -1)
		abort();
	if (parse_quantity(str_c(text), units, &value_r->number) == 0 && value_r->number >= least &&
	    value_r->number <= most)
		return 0;
	snprintf(expected, sizeof expected, "a %s from %.*s to %.*s%s", noun, STR_F(low),
	    STR_F(high), hint);
	return refuse(row, text, expected, err);
}

static int
parse_choice(
    const struct conf_row *row, const char *text, struct conf_value *value_r, struct err *err)
{
	struct str rest = str_c(row->rule), choice;
	struct buf expected;
	int rc = -1;

	buf_init(&expected, 1000);
	buf_add_c(&expected, "one of");
	for (value_r->number = 0; str_split(&rest, '|', &choice); value_r->number++) {
		if (str_is(choice, text)) {
			rc = 0;
			break;
		}
		buf_printf(&expected, "%s %.*s", value_r->number == 0 ? "" : ",", STR_F(choice));
	}
	if (rc == -1)
		rc = refuse(row, text, expected.data, err);
	buf_fini(&expected);
	return rc;
}

static int
parse_bool(
    const struct conf_row *row, const char *text, struct conf_value *value_r, struct err *err)
{
	static const char *const words[] = {"no", "yes", "false", "true", "off", "on"};

	for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (strcmp(text, words[i]) == 0) {
			value_r->number = i % 2;
			return 0;
		}
	}
	return refuse(row, text, "yes or no", err);
}

static int
parse_text(const struct conf_row *row, const char *text, const char *folder, struct arena *arena,
    struct conf_value *value_r, struct err *err)
{
	const struct conf_check *check = conf_check_find(row->rule);

	for (const char *c = text; *c != '\0'; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return refuse(row, text, conf_check_find("")->expected, err);
	}
	value_r->text = text;
	if (text[0] == '\0' && row->initial[0] == '\0' && !row->required &&
	    row->type != CONF_TYPE_LIST)
		return 0;
	value_r->text = check->check(text, folder, arena);
	return value_r->text == NULL ? refuse(row, text, check->expected, err) : 0;
}

int
conf_value_parse(const struct conf_row *row, const char *text, const char *folder,
    struct arena *arena, struct conf_value *value_r, struct err *err)
{
	*value_r = (struct conf_value){text, 0};
	if (strlen(text) > CONF_VALUE_MAX)
		return refuse(row, text, "at most 4000 bytes", err);
	switch (row->type) {
	case CONF_TYPE_TEXT:
	case CONF_TYPE_LIST:
		return parse_text(row, text, folder, arena, value_r, err);
	case CONF_TYPE_BOOL:
		return parse_bool(row, text, value_r, err);
	case CONF_TYPE_INT:
		return parse_ranged(row, text, numbers, "number", "", value_r, err);
	case CONF_TYPE_TIME:
		return parse_ranged(
		    row, text, times, "time", " (a number with ms, s, m, h or d)", value_r, err);
	case CONF_TYPE_SIZE:
		return parse_ranged(
		    row, text, sizes, "size", " (a number, with k, m or g)", value_r, err);
	case CONF_TYPE_ENUM:
		return parse_choice(row, text, value_r, err);
	}
	abort();
}

void
conf_value_store(const struct conf_row *row, const struct conf_value *value, void *object)
{
	char *member = (char *)object + row->offset;

	switch (row->type) {
	case CONF_TYPE_TEXT:
		memcpy(member, &value->text, sizeof value->text);
		return;
	case CONF_TYPE_BOOL:
		memcpy(member, &(bool){value->number != 0}, sizeof(bool));
		return;
	case CONF_TYPE_ENUM:
		memcpy(member, &(int){(int)value->number}, sizeof(int));
		return;
	case CONF_TYPE_INT:
	case CONF_TYPE_TIME:
	case CONF_TYPE_SIZE:
		memcpy(member, &value->number, sizeof value->number);
		return;
	case CONF_TYPE_LIST:
		break;
	}
	abort();
}
