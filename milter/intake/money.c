/* SPDX-License-Identifier: BSD-2-Clause
 *
 * money: prices as shops write them
 *
 * The last of . and , is the decimal mark, but a lone comma before exactly three digits
 * separates thousands (Google's feeds are English), and so does a mark that comes twice.
 *
 * Threads: any; touches only its arguments.
 * Fails:   ERR_INPUT.
 */
#include "intake/product.h"

#include <stdio.h>

#define WHOLE_MAX 1000000000000LL

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int
complain(struct str text, struct err *err)
{
	return err_set(err, ERR_INPUT, "\"%.*s\" is no price like 19.99 EUR",
	    text.n > 40 ? 40 : (int)text.n, text.p);
}

/* Cuts the code or sign off one end; false if what is there is none. */
static bool
cut_currency(struct str *text, char currency[4])
{
	static const struct {
		const char *sign;
		const char *code;
	} signs[] = {{"\xe2\x82\xac", "EUR"}, {"\xc2\xa3", "GBP"}};
	size_t n = 0;

	for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
		struct str sign = str_c(signs[i].sign);

		if (str_starts(*text, sign))
			*text = (struct str){text->p + sign.n, text->n - sign.n};
		else if (str_ends_nocase(*text, sign))
			text->n -= sign.n;
		else
			continue;
		memcpy(currency, signs[i].code, 4);
		return true;
	}
	while (n < text->n && is_letter(text->p[n]))
		n++;
	if (n == 3) {
		memcpy(currency, text->p, 3);
		*text = (struct str){text->p + 3, text->n - 3};
	} else if (n > 0) {
		return false;
	} else {
		while (n < text->n && is_letter(text->p[text->n - 1 - n]))
			n++;
		if (n != 0 && n != 3)
			return false;
		memcpy(currency, text->p + text->n - n, n);
		text->n -= n;
	}
	for (int i = 0; i < 3; i++) {
		if (currency[i] >= 'a')
			currency[i] = (char)(currency[i] - 'a' + 'A');
	}
	return true;
}

/* Where the decimal mark stands; text.n if there is none. */
static size_t
find_mark(struct str text)
{
	size_t last = text.n, marks[2] = {0, 0};

	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '.' || text.p[i] == ',') {
			last = i;
			marks[text.p[i] == ',']++;
		}
	}
	if (last == text.n || marks[text.p[last] == ','] > 1)
		return text.n;
	if (text.p[last] == ',' && marks[0] == 0 && text.n - last - 1 == 3)
		return text.n;
	return last;
}

int
intake_money(struct str text, int64_t *amount_r, char currency_r[4], struct err *err)
{
	struct str rest = str_trim(text);
	int64_t whole = 0, part = 0, weight = STORE_PRICE_UNIT / 10;
	size_t mark, digits = 0;

	memset(currency_r, 0, 4);
	if (!cut_currency(&rest, currency_r))
		return complain(text, err);
	rest = str_trim(rest);
	mark = find_mark(rest);
	for (size_t i = 0; i < rest.n; i++) {
		char c = rest.p[i];

		if (i == mark)
			continue;
		if (i < mark && (c == '.' || c == ',' || c == '\'' || c == ' ') && i > 0 &&
		    is_digit(rest.p[i - 1]) && i + 3 < rest.n && is_digit(rest.p[i + 1]))
			continue;
		if (!is_digit(c) || whole > WHOLE_MAX)
			return complain(text, err);
		digits++;
		if (i < mark) {
			whole = whole * 10 + (c - '0');
		} else {
			part += (c - '0') * weight;
			weight /= 10;
		}
	}
	if (digits == 0 || whole > WHOLE_MAX)
		return complain(text, err);
	*amount_r = whole * STORE_PRICE_UNIT + part;
	return 0;
}
