/* SPDX-License-Identifier: BSD-2-Clause
 *
 * moment: see moment.h
 *
 * Threads: any.
 */
#include "moment.h"

#include <ctype.h>

/* `pattern`: digits where it has 0, "T" a T or a space; the rest as it stands. How much of it
 * is there. */
static size_t
match(const char *text, size_t n, const char *pattern)
{
	size_t i = 0;

	for (; i < n && pattern[i] != '\0'; i++) {
		if (pattern[i] == '0'	    ? !isdigit((unsigned char)text[i])
			: pattern[i] == 'T' ? text[i] != 'T' && text[i] != 't' && text[i] != ' '
					    : text[i] != pattern[i])
			return 0;
	}
	return i;
}

static int
digits(const char *text, size_t n)
{
	int value = 0;

	for (size_t i = 0; i < n; i++)
		value = value * 10 + text[i] - '0';
	return value;
}

static int
days_of(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return days[month - 1] +
	    (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
}

bool
moment_read(const char *text, size_t n, struct moment *m)
{
	size_t length;

	while (n > 0 && isspace((unsigned char)*text)) {
		text++;
		n--;
	}
	while (n > 0 && isspace((unsigned char)text[n - 1]))
		n--;
	length = match(text, n, "0000-00-00T00:00:00");
	if (length != n || (length != 10 && length != 16 && length != 19))
		return false;
	*m = (struct moment){digits(text, 4), digits(text + 5, 2), digits(text + 8, 2), 0, 0, 0};
	if (length >= 16) {
		m->hour = digits(text + 11, 2);
		m->minute = digits(text + 14, 2);
	}
	if (length == 19)
		m->second = digits(text + 17, 2);
	return m->year >= 1970 && m->month >= 1 && m->month <= 12 && m->day >= 1 &&
	    m->day <= days_of(m->year, m->month) && m->hour <= 23 && m->minute <= 59 &&
	    m->second <= 59;
}
