/* SPDX-License-Identifier: BSD-2-Clause
 *
 * filter_phone: telephone numbers as people type them, in one form
 *
 *     {{ contact.phone | phone: "DE" }}                     +4930123456
 *     {{ contact.phone | phone: "US", "international" }}    +1 212-555-0123
 *     {{ contact.phone | phone: "FR", "national" }}         01 23 45 67 89
 *     <a href="{{ contact.phone | phone: "DE", "link" }}">  tel:+4930123456;ext=12
 *
 * The first argument is the country of numbers that are written without an international
 * prefix: by ISO 3166 ("DE") or by calling code ("49"). Without one, or with one that there
 * is not, only international numbers are understood. Input may have +, 00 or the country's
 * own prefix for calls abroad, (0), an extension, any usual separators, and digits of other
 * scripts. A number without + that is too long for its country and begins with the calling
 * code is taken as international ("49 170 1234567").
 *
 * "national" is for readers in that country: other numbers come out as "international".
 * Groups are made where a country's plan makes it plain (phone_layout.c), else the digits
 * stay together. Extensions stand in links only.
 *
 * What can't be a number (letters, a calling code that there is not, too few or too many
 * digits) passes as it is, but gives nothing for "link", so that no link is made that dials
 * something else. Whether a number is in service nobody can tell from its digits: that, and
 * area codes, would take libphonenumber's data, and with it C++ and protobuf in a process
 * that holds keys.
 *
 * Threads: see filter.h.
 */
#include "liquid/phone.h"
#include "liquid/render.h"
#include "liquid/text.h"

/* Text longer than this is no number, nor are digits or extensions. */
#define TEXT_MAX   100
#define DIGITS_MAX 24
#define EXT_MAX	   11

enum format { FORMAT_E164, FORMAT_INTERNATIONAL, FORMAT_NATIONAL, FORMAT_LINK };

static const char *const format_names[] = {"e164", "international", "national", "link"};

/* What stands in the text. */
struct typed {
	char digits[DIGITS_MAX];
	size_t n;
	bool plus;
	struct str ext;
};

struct phone_number {
	const struct phone_country *country;
	struct str digits; /* without calling code and trunk prefix */
	struct str ext;
};

static struct str
skip(struct str s, size_t n)
{
	return (struct str){s.p + n, s.n - n};
}

/* The digit that a character is: of ASCII, full-width, Arabic, Persian; else -1. */
static int
digit_of(uint32_t c)
{
	static const uint32_t zeros[] = {'0', 0xff10, 0x0660, 0x06f0};

	for (size_t i = 0; i < sizeof zeros / sizeof zeros[0]; i++) {
		if (c >= zeros[i] && c <= zeros[i] + 9)
			return (int)(c - zeros[i]);
	}
	return -1;
}

/* Spaces, dashes, points, slashes, parentheses, also wide ones, and the invisible marks
 * that come along when a number is copied. */
static bool
is_separator(uint32_t c)
{
	static const uint32_t others[] = {
	    0xa0, 0xad, 0x2212, 0x2060, 0x3000, 0xfeff, 0xff08, 0xff09, 0xff0d, 0xff0e, 0xff0f};

	if (c < 0x80)
		return c != 0 && strchr(" \t-./()", (int)c) != NULL;
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		if (c == others[i])
			return true;
	}
	return (c >= 0x2000 && c <= 0x2015) || (c >= 0x202a && c <= 0x202f) ||
	    (c >= 0x2066 && c <= 0x2069);
}

/* "x12", "ext. 12", ";ext=12", "#12", to the end. */
static bool
read_ext(struct str rest, struct str *ext_r)
{
	static const char *const marks[] = {"extension", "extn", "ext", "x", "#"};

	while (rest.n > 0 && (rest.p[0] == ';' || rest.p[0] == ',' || rest.p[0] == ' '))
		rest = skip(rest, 1);
	for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
		size_t n = strlen(marks[i]);

		if (rest.n < n || !str_is_nocase((struct str){rest.p, n}, marks[i]))
			continue;
		rest = skip(rest, n);
		while (rest.n > 0 && memchr(".:= ", rest.p[0], 4) != NULL)
			rest = skip(rest, 1);
		*ext_r = rest;
		for (i = 0; i < rest.n && rest.p[i] >= '0' && rest.p[i] <= '9';)
			i++;
		return i == rest.n && i > 0 && i <= EXT_MAX;
	}
	return false;
}

static bool
read_typed(struct str text, struct typed *typed_r)
{
	*typed_r = (struct typed){.n = 0};
	text = str_trim(text);
	if (text.n >= 4 && str_is_nocase((struct str){text.p, 4}, "tel:"))
		text = str_trim(skip(text, 4));
	if (text.n > TEXT_MAX)
		return false;
	while (text.n > 0) {
		uint32_t c = text_char(text.p, text.n);
		int digit = digit_of(c);

		if (digit >= 0) {
			if (typed_r->n == DIGITS_MAX)
				return false;
			typed_r->digits[typed_r->n++] = (char)('0' + digit);
		} else if (c == '+' || c == 0xff0b) {
			if (typed_r->plus || typed_r->n > 0)
				return false;
			typed_r->plus = true;
		} else if (!is_separator(c) || (c == '-' && typed_r->n == 0)) {
			return typed_r->n > 0 && read_ext(text, &typed_r->ext);
		}
		text = skip(text, text_step(text.p, text.n));
	}
	return true;
}

/* Without trunk prefix. One that begins with 0 is no part of a number, where numbers don't
 * begin with 0; of others only the length tells, as of the (0) that some write after any
 * calling code. */
static struct str
strip_trunk(const struct phone_country *country, struct str digits, bool abroad)
{
	bool too_long = digits.n > (abroad ? country->max : country->usual);
	bool no_zero = !country->zero || too_long;
	struct str rest = str_c(country->trunk);
	struct str trunk;

	while (str_split(&rest, '/', &trunk)) {
		if (trunk.n > 0 && str_starts(digits, trunk) &&
		    (trunk.p[0] == '0' ? no_zero : too_long)) {
			digits = skip(digits, trunk.n);
			abroad = true;
			break;
		}
	}
	return abroad && no_zero && str_starts(digits, STR("0")) ? skip(digits, 1) : digits;
}

/* The length of what is dialled at home before a calling code; 0 if it isn't there. */
static size_t
exit_prefix(const struct phone_country *home, struct str digits)
{
	static const struct {
		const char *code;
		const char *prefix;
	} exits[] = {{"1", "011"}, {"7", "810"}, {"61", "0011"}, {"81", "010"}, {"375", "810"},
	    {"992", "810"}, {"993", "810"}, {"998", "810"}};

	for (size_t i = 0; home != NULL && i < sizeof exits / sizeof exits[0]; i++) {
		size_t n = strlen(exits[i].prefix);

		if (strcmp(home->code, exits[i].code) == 0 && digits.n > home->usual &&
		    str_starts(digits, str_c(exits[i].prefix)))
			return n;
	}
	return str_starts(digits, STR("00")) ? 2 : 0;
}

/* Without + and trunk prefix, but with the calling code of its country? */
static bool
has_own_code(const struct phone_country *home, struct str digits)
{
	size_t n = strlen(home->code);

	return digits.n > home->usual && digits.n >= n + home->min && digits.n <= n + home->usual &&
	    str_starts(digits, str_c(home->code));
}

static bool
is_possible(const struct phone_country *country, struct str digits)
{
	if (digits.n < country->min || digits.n > country->max ||
	    strlen(country->code) + digits.n > PHONE_DIGITS_MAX)
		return false;
	if (digits.p[0] == '0' && !country->zero)
		return false;
	/* North America: an area code begins with 2 to 9. */
	return strcmp(country->code, "1") != 0 || digits.p[0] >= '2';
}

static bool
read_number(
    const struct typed *typed, const struct phone_country *home, struct phone_number *number_r)
{
	struct str digits = {typed->digits, typed->n};
	size_t prefix = typed->plus ? 0 : exit_prefix(home, digits);
	bool abroad = typed->plus || prefix > 0;

	digits = skip(digits, prefix);
	if (!abroad && home == NULL)
		return false;
	if (abroad || has_own_code(home, digits)) {
		number_r->country = phone_called(digits, home);
		if (number_r->country == NULL)
			return false;
		digits = skip(digits, strlen(number_r->country->code));
		abroad = true;
	} else {
		number_r->country = home;
	}
	number_r->digits = strip_trunk(number_r->country, digits, abroad);
	number_r->ext = typed->ext;
	return is_possible(number_r->country, number_r->digits);
}

static int
add_layout(struct build *build, const char *layout, struct str digits)
{
	for (; *layout != '\0'; layout++) {
		if (build_char(build, *layout == '#' ? *digits.p++ : *layout) < 0)
			return -1;
	}
	return 0;
}

static int
add_groups(struct build *build, const struct phone_number *number, bool national)
{
	const char *layout = phone_layout(str_c(number->country->code), number->digits, national);
	struct str rest = str_c(number->country->trunk);
	struct str trunk;

	if (layout != NULL)
		return add_layout(build, layout, number->digits);
	str_split(&rest, '/', &trunk);
	if (national && !str_is(trunk, "-") && build_add(build, trunk) < 0)
		return -1;
	return build_add(build, number->digits);
}

static int
add_number(struct build *build, const struct phone_number *number, enum format format,
    const struct phone_country *home)
{
	if (format == FORMAT_NATIONAL && home != NULL &&
	    strcmp(home->code, number->country->code) == 0)
		return add_groups(build, number, true);
	if (build_add(build, format == FORMAT_LINK ? STR("tel:+") : STR("+")) < 0 ||
	    build_add(build, str_c(number->country->code)) < 0)
		return -1;
	if (format == FORMAT_INTERNATIONAL || format == FORMAT_NATIONAL)
		return build_char(build, ' ') < 0 ? -1 : add_groups(build, number, false);
	if (build_add(build, number->digits) < 0)
		return -1;
	if (format != FORMAT_LINK || number->ext.n == 0)
		return 0;
	return build_add(build, STR(";ext=")) < 0 ? -1 : build_add(build, number->ext);
}

static int
take_format(struct filter_call *call, enum format *format_r)
{
	struct str name;

	*format_r = FORMAT_E164;
	if (call->args < 2 || call->arg[1].type == LIQUID_NIL)
		return 0;
	if (filter_text(call, 1, &name) < 0)
		return -1;
	for (size_t i = 0; i < sizeof format_names / sizeof format_names[0]; i++) {
		if (str_is(name, format_names[i])) {
			*format_r = (enum format)i;
			return 0;
		}
	}
	return render_err(call->render, ERR_TEMPLATE,
	    "the format of phone is e164, international, national or link, not '%.*s'",
	    STR_F(name));
}

static int
run_phone(struct filter_call *call)
{
	const struct phone_country *home;
	struct str country = STR("");
	struct str text = STR("");
	struct phone_number number;
	struct build build;
	struct typed typed;
	enum format format;

	if ((call->args > 0 && filter_text(call, 0, &country) < 0) ||
	    take_format(call, &format) < 0)
		return -1;
	if ((call->input->type == LIQUID_STRING ||
		(call->input->type == LIQUID_INT && call->input->integer >= 0)) &&
	    filter_input(call, &text) < 0)
		return -1;
	home = phone_country(country);
	call->result = format == FORMAT_LINK ? liquid_string(STR("")) : *call->input;
	if (!read_typed(text, &typed) || typed.n == 0 || !read_number(&typed, home, &number))
		return 0;
	if (build_init(&build, call->render, 40) < 0 ||
	    add_number(&build, &number, format, home) < 0)
		return -1;
	return filter_result(call, build_str(&build));
}

const struct filter filter_phone_table[] = {
    {"phone", run_phone, 0, 2, FILTER_PLAIN, false, false},
    {.name = NULL},
};
