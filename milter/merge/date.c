/* SPDX-License-Identifier: BSD-2-Clause
 *
 * date: *|DATE:format|*, whose letters are those of PHP's date()
 *
 * Letters become conversions of Liquid's date filter; the two that have none, the ordinal
 * suffix and the day of the year from 0, become Liquid of their own between them.
 *
 * Threads: any; touches only its arguments.
 */
#include "merge/internal.h"

#include <glib.h>

#define SUFFIX                                                                                 \
	"{% assign merge_day = \"now\" | date: \"%-d\" %}{% case merge_day %}"                 \
	"{% when \"1\", \"21\", \"31\" %}st{% when \"2\", \"22\" %}nd{% when \"3\", \"23\" %}" \
	"rd{% else %}th{% endcase %}"
#define DAY_OF_YEAR "{{ \"now\" | date: \"%-j\" | minus: 1 }}"

static const struct {
	char letter;
	const char *conversion; /* NULL: there is none */
} letters[] = {{'d', "%d"}, {'D', "%a"}, {'j', "%-d"}, {'l', "%A"}, {'N', "%u"}, {'S', SUFFIX},
    {'w', "%w"}, {'z', DAY_OF_YEAR}, {'W', "%V"}, {'F', "%B"}, {'m', "%m"}, {'M', "%b"},
    {'n', "%-m"}, {'t', NULL}, {'L', NULL}, {'o', "%G"}, {'Y', "%Y"}, {'y', "%y"}, {'a', "%P"},
    {'A', "%p"}, {'B', NULL}, {'g', "%-I"}, {'G', "%-H"}, {'h', "%I"}, {'H', "%H"}, {'i', "%M"},
    {'s', "%S"}, {'u', "%6N"}, {'v', "%3N"}, {'e', NULL}, {'I', NULL}, {'O', "%z"}, {'P', "%:z"},
    {'p', NULL}, {'T', "%Z"}, {'Z', NULL}, {'c', "%Y-%m-%dT%H:%M:%S%:z"},
    {'r', "%a, %d %b %Y %H:%M:%S %z"}, {'U', "%s"}};

/* What stands between the pieces that are Liquid of their own. */
static bool
flush(struct buf *plain, struct buf *out)
{
	bool ok = true;

	if (plain->len > 0) {
		buf_add_c(out, "{{ \"now\" | date: ");
		ok = merge_literal(buf_str(plain), out);
		buf_add_c(out, " }}");
	}
	buf_reset(plain);
	return ok;
}

static void
add_plain(char c, struct buf *plain)
{
	buf_add_char(plain, c);
	if (c == '%')
		buf_add_char(plain, c);
}

static const char *
add_letter(char c, struct buf *plain, struct buf *out)
{
	static const char *const unfit = "the format holds quotes or braces";

	for (size_t i = 0; i < G_N_ELEMENTS(letters); i++) {
		if (letters[i].letter != c)
			continue;
		if (letters[i].conversion == NULL)
			return "the format holds t, L, B, e, I, p or Z, which have no meaning here";
		if (letters[i].conversion[0] == '%') {
			buf_add_c(plain, letters[i].conversion);
			return NULL;
		}
		if (!flush(plain, out))
			return unfit;
		buf_add_c(out, letters[i].conversion);
		return NULL;
	}
	add_plain(c, plain);
	return NULL;
}

const char *
merge_date(struct str format, struct buf *out)
{
	const char *why = format.n == 0 ? "the format is missing: DATE:d/m/Y" : NULL;
	struct buf plain;

	buf_init(&plain, (size_t)MERGE_TAG_MAX * 32);
	for (size_t i = 0; i < format.n && why == NULL; i++) {
		if (format.p[i] == '\\' && i + 1 < format.n)
			add_plain(format.p[++i], &plain);
		else
			why = add_letter(format.p[i], &plain, out);
	}
	if (why == NULL && !flush(&plain, out))
		why = "the format holds quotes or braces";
	buf_fini(&plain);
	return why;
}
