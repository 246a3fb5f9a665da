/* SPDX-License-Identifier: BSD-2-Clause
 *
 * filter_money: amounts as people write them
 *
 *     {{ 12.5 | money: "EUR" }}           12.50 EUR
 *     {{ 1234.5 | money: "EUR", "de" }}   1.234,50 €
 *     {{ 1234.5 | money: "USD", "en" }}   $1,234.50
 *
 * The amount is in major units; what is no number passes as it is. Digits after the point follow the currency
 * (ISO 4217), separators and the place of the symbol follow the locale.
 *
 * Threads: see filter.h.
 */
#include "liquid/number.h"
#include "liquid/render.h"

struct currency {
	const char *code;
	const char *symbol;
	int places;
};

static const struct currency currencies[] = {
    {"EUR", "€", 2},
    {"USD", "$", 2},
    {"GBP", "£", 2},
    {"AUD", "A$", 2},
    {"BHD", NULL, 3},
    {"BRL", "R$", 2},
    {"CAD", "CA$", 2},
    {"CLP", NULL, 0},
    {"CNY", "CN¥", 2},
    {"CZK", "Kč", 2},
    {"DKK", "kr.", 2},
    {"HUF", "Ft", 2},
    {"ILS", "₪", 2},
    {"INR", "₹", 2},
    {"ISK", NULL, 0},
    {"JOD", NULL, 3},
    {"JPY", "¥", 0},
    {"KRW", "₩", 0},
    {"KWD", NULL, 3},
    {"MXN", "MX$", 2},
    {"NOK", "kr", 2},
    {"NZD", "NZ$", 2},
    {"OMR", NULL, 3},
    {"PLN", "zł", 2},
    {"PYG", NULL, 0},
    {"RON", "lei", 2},
    {"SEK", "kr", 2},
    {"THB", "฿", 2},
    {"TND", NULL, 3},
    {"TRY", "₺", 2},
    {"UAH", "₴", 2},
    {"UGX", NULL, 0},
    {"VND", "₫", 0},
    {"XAF", NULL, 0},
    {"XOF", NULL, 0},
};

#define NBSP  "\xc2\xa0"
#define NNBSP "\xe2\x80\xaf"

struct locale {
	const char *name; /* language, or language and country */
	const char *group;
	const char *point;
	bool symbol_first;
	bool spaced;
	bool lakh; /* digits above the thousands go in pairs: 12,34,567 */
};

/* The more special name first. */
static const struct locale locales[] = {
    {"de-at", NBSP, ",", true, true, false},
    {"de-ch", "’", ".", true, true, false},
    {"de", ".", ",", false, true, false},
    {"en-in", ",", ".", true, false, true},
    {"en-za", NBSP, ",", true, false, false},
    {"en", ",", ".", true, false, false},
    {"es-mx", ",", ".", true, false, false},
    {"es", ".", ",", false, true, false},
    {"fr-ch", NNBSP, ",", false, true, false},
    {"fr", NNBSP, ",", false, true, false},
    {"it", ".", ",", false, true, false},
    {"nl", ".", ",", true, true, false},
    {"pt-br", ".", ",", true, true, false},
    {"pt", NBSP, ",", false, true, false},
    {"cs", NBSP, ",", false, true, false},
    {"da", ".", ",", false, true, false},
    {"fi", NBSP, ",", false, true, false},
    {"hi", ",", ".", true, false, true},
    {"hu", NBSP, ",", false, true, false},
    {"ja", ",", ".", true, false, false},
    {"ko", ",", ".", true, false, false},
    {"nb", NBSP, ",", false, true, false},
    {"no", NBSP, ",", false, true, false},
    {"pl", NBSP, ",", false, true, false},
    {"ro", ".", ",", false, true, false},
    {"ru", NBSP, ",", false, true, false},
    {"sk", NBSP, ",", false, true, false},
    {"sv", NBSP, ",", false, true, false},
    {"tr", ".", ",", true, false, false},
    {"uk", NBSP, ",", false, true, false},
    {"vi", ".", ",", false, true, false},
    {"zh", ",", ".", true, false, false},
};

static const struct currency *
find_currency(struct str code)
{
	if (code.n != 3)
		return NULL;
	for (size_t i = 0; i < sizeof currencies / sizeof currencies[0]; i++) {
		const char *known = currencies[i].code;

		/* Only a letter is a letter without this bit. */
		if ((code.p[0] & ~0x20) == known[0] && (code.p[1] & ~0x20) == known[1] &&
		    (code.p[2] & ~0x20) == known[2])
			return &currencies[i];
	}
	return NULL;
}

/* "de_AT.UTF-8" is "de-at", and "de" where that is unknown. */
static const struct locale *
find_locale(struct str name)
{
	for (size_t i = 0; name.n > 0 && i < sizeof locales / sizeof locales[0]; i++) {
		struct str known = {locales[i].name, sizeof "de" - 1};
		size_t n = 0;

		if ((name.p[0] | 0x20) != known.p[0])
			continue;
		if (known.p[known.n] != '\0')
			known.n = sizeof "de-at" - 1;
		if (name.n < known.n)
			continue;
		while (n < name.n && n < known.n &&
		    (name.p[n] == '_' ? '-' : name.p[n] | 0x20) == (known.p[n] | 0x20))
			n++;
		if (n == known.n &&
		    (n == name.n || name.p[n] == '-' || name.p[n] == '_' || name.p[n] == '.'))
			return &locales[i];
	}
	return NULL;
}

/* Does a group end where this many digits are left of the whole ones? */
static bool
is_boundary(int left, const struct locale *locale)
{
	return locale->lakh ? left == 3 || (left > 3 && left % 2 == 1) : left % 3 == 0;
}

/* More than 22 digits, and the separators between them. */
#define AMOUNT_SIZE 64

/* Taken off. Division in 64 bits is much faster. */
static unsigned
last_digit(unsigned __int128 *digits)
{
	uint64_t low = (uint64_t)*digits;
	unsigned digit;

	if (*digits == low) {
		*digits = low / 10;
		return (unsigned)(low % 10);
	}
	digit = (unsigned)(*digits % 10);
	*digits /= 10;
	return digit;
}

/* Where a text begins that is put before `to`. */
static char *
put_before(char *to, const char *text)
{
	size_t n = text[1] == '\0' ? 1 : strlen(text);

	to -= n;
	if (n == 1)
		*to = text[0];
	else
		memcpy(to, text, n);
	return to;
}

/* The digits of a rounded amount, from the last to the first, grouped before the
 * point. */
static int
add_amount(
    struct build *build, const struct number *amount, int places, const struct locale *locale)
{
	char text[AMOUNT_SIZE];
	char *end = text + sizeof text;
	char *to = end;
	__int128 size = amount->digits < 0 ? -amount->digits : amount->digits;
	unsigned __int128 digits = (unsigned __int128)size;

	for (int scale = amount->scale; scale < places; scale++)
		digits *= 10;
	for (int n = 0; digits > 0 || n <= places; n++) {
		if (n == places && places > 0)
			to = put_before(to, locale == NULL ? "." : locale->point);
		else if (locale != NULL && n > places && is_boundary(n - places, locale))
			to = put_before(to, locale->group);
		*--to = (char)('0' + (int)last_digit(&digits));
	}
	return build_add(build, (struct str){to, (size_t)(end - to)});
}

static int
compose(struct build *build, const struct number *amount, int places, struct str code,
    const struct currency *currency, const struct locale *locale)
{
	struct str mark = code;

	if (locale != NULL && currency != NULL && currency->symbol != NULL)
		mark = str_c(currency->symbol);
	if (amount->digits < 0 && build_char(build, '-') < 0)
		return -1;
	if (locale != NULL && locale->symbol_first) {
		if (build_add(build, mark) < 0 ||
		    (mark.n > 0 && (locale->spaced || str_eq(mark, code)) &&
			build_add(build, STR(NBSP)) < 0))
			return -1;
		return add_amount(build, amount, places, locale);
	}
	if (add_amount(build, amount, places, locale) < 0)
		return -1;
	if (mark.n == 0)
		return 0;
	if (build_add(build, locale == NULL ? STR(" ") : STR(NBSP)) < 0)
		return -1;
	return build_add(build, mark);
}

static int
run_money(struct filter_call *call)
{
	struct str code = STR("");
	struct str name = STR("");
	const struct currency *currency;
	const struct locale *locale;
	struct number amount = number_of(call->input);
	struct build build;
	int places;

	call->result = *call->input;
	if (call->input->type != LIQUID_INT && call->input->type != LIQUID_FLOAT &&
	    !(call->input->type == LIQUID_STRING &&
		number_parse(str_trim(call->input->string), &amount)))
		return 0;
	if ((call->args > 0 && filter_text(call, 0, &code) < 0) ||
	    (call->args > 1 && filter_text(call, 1, &name) < 0) ||
	    build_init(&build, call->render, 48) < 0)
		return -1;
	currency = find_currency(code);
	if (currency != NULL)
		code = str_c(currency->code);
	locale = find_locale(name);
	places = currency == NULL ? 2 : currency->places;
	if (amount.inexact || amount.scale > places)
		amount = number_round(amount, places);
	if (amount.inexact || amount.digits > INT64_MAX || amount.digits < -INT64_MAX)
		return render_err(call->render, ERR_TEMPLATE, "the amount is too large");
	if (compose(&build, &amount, places, code, currency, locale) < 0)
		return -1;
	return filter_result(call, build_str(&build));
}

const struct filter filter_money_table[] = {
    {"money", run_money, 0, 2, FILTER_PLAIN, false, false},
    {.name = NULL},
};
