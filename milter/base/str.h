/* SPDX-License-Identifier: BSD-2-Clause
 *
 * str: a piece of text by pointer and length
 *
 * Text from outside is never counted on to end in NUL. A str borrows: it owns
 * nothing and says nothing about who does. {NULL, 0} means "absent", {"", 0}
 * means "empty".
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct str {
	const char *p;
	size_t n;
};

#define STR(literal) ((struct str){(literal), sizeof(literal) - 1})
#define STR_NONE     ((struct str){NULL, 0})
/* For printf: "%.*s", STR_F(s). The length is clamped to int's range by all
 * ceilings in this program. */
#define STR_F(s) (int)(s).n, ((s).p == NULL ? "" : (s).p)

/* Of a C string; NULL gives STR_NONE. */
struct str str_c(const char *text);

bool str_eq(struct str a, struct str b);
/* ASCII case only: header names, domains in A-label form. */
bool str_eq_nocase(struct str a, struct str b);
/* Is `s` the C string `text`? */
bool str_is(struct str s, const char *text);
bool str_is_nocase(struct str s, const char *text);
bool str_starts(struct str s, struct str prefix);
bool str_ends_nocase(struct str s, struct str suffix);
bool str_has(struct str s, struct str needle);
/* ASCII white space (SP, HT, CR, LF, VT, FF) cut from both ends. */
struct str str_trim(struct str s);
/* The part before the first `c`, which is moved past in `rest`; false at the
 * end of `rest`. An empty last piece is returned once. */
bool str_split(struct str *rest, char c, struct str *piece_r);
/* Decimal digits only, no sign; false if empty, not digits or beyond `max`. */
bool str_to_u64(struct str s, unsigned long long max, unsigned long long *value_r);
/* Lowers ASCII letters in place. */
void str_lower_ascii(char *p, size_t n);

#endif
