/* SPDX-License-Identifier: BSD-2-Clause
 *
 * traits: see traits.h
 *
 * Threads: any.
 */
#include "lint/traits.h"

#include "lint/html.h"

#include <stdlib.h>

struct row {
	const char *name;
	unsigned traits;
};

/* In order of the names. */
static const struct row rows[] = {
    {"a", LINT_INLINE | LINT_FORMATTING},
    {"abbr", LINT_INLINE | LINT_FORMATTING},
    {"area", LINT_VOID},
    {"b", LINT_INLINE | LINT_FORMATTING},
    {"base", LINT_VOID},
    {"basefont", LINT_VOID},
    {"bgsound", LINT_VOID},
    {"big", LINT_INLINE | LINT_FORMATTING},
    {"body", LINT_OPTIONAL | LINT_TABLE},
    {"br", LINT_VOID},
    {"caption", LINT_OPTIONAL | LINT_CELL | LINT_TABLE},
    {"center", LINT_FORMATTING},
    {"code", LINT_INLINE | LINT_FORMATTING},
    {"col", LINT_VOID},
    {"colgroup", LINT_OPTIONAL},
    {"dd", LINT_OPTIONAL},
    {"dt", LINT_OPTIONAL},
    {"em", LINT_INLINE | LINT_FORMATTING},
    {"embed", LINT_VOID},
    {"font", LINT_INLINE | LINT_FORMATTING},
    {"form", LINT_VOID}, /* overlaps tables in many messages, and nobody cares */
    {"frame", LINT_VOID},
    {"head", LINT_OPTIONAL},
    {"hr", LINT_VOID},
    {"html", LINT_OPTIONAL | LINT_TABLE},
    {"i", LINT_INLINE | LINT_FORMATTING},
    {"img", LINT_VOID},
    {"input", LINT_VOID},
    {"keygen", LINT_VOID},
    {"li", LINT_OPTIONAL},
    {"link", LINT_VOID},
    {"meta", LINT_VOID},
    {"optgroup", LINT_OPTIONAL},
    {"option", LINT_OPTIONAL},
    {"p", LINT_OPTIONAL},
    {"param", LINT_VOID},
    {"rp", LINT_OPTIONAL},
    {"rt", LINT_OPTIONAL},
    {"s", LINT_INLINE | LINT_FORMATTING},
    {"small", LINT_INLINE | LINT_FORMATTING},
    {"source", LINT_VOID},
    {"span", LINT_INLINE | LINT_FORMATTING},
    {"strike", LINT_INLINE | LINT_FORMATTING},
    {"strong", LINT_INLINE | LINT_FORMATTING},
    {"sub", LINT_INLINE | LINT_FORMATTING},
    {"sup", LINT_INLINE | LINT_FORMATTING},
    {"table", LINT_CELL | LINT_TABLE},
    {"tbody", LINT_OPTIONAL | LINT_TABLE},
    {"td", LINT_OPTIONAL | LINT_CELL | LINT_TABLE},
    {"tfoot", LINT_OPTIONAL | LINT_TABLE},
    {"th", LINT_OPTIONAL | LINT_CELL | LINT_TABLE},
    {"thead", LINT_OPTIONAL | LINT_TABLE},
    {"tr", LINT_OPTIONAL | LINT_TABLE},
    {"track", LINT_VOID},
    {"tt", LINT_INLINE | LINT_FORMATTING},
    {"u", LINT_INLINE | LINT_FORMATTING},
    {"wbr", LINT_INLINE | LINT_VOID},
};

static int
compare(const void *key, const void *row)
{
	const struct str *name = key;
	const char *other = ((const struct row *)row)->name;
	int order = strncmp(name->p, other, name->n);

	return order != 0 || other[name->n] == '\0' ? order : -1;
}

unsigned
lint_traits(struct str name)
{
	const struct row *row =
	    name.n == 0 ? NULL : bsearch(&name, rows, G_N_ELEMENTS(rows), sizeof *rows, compare);

	return row == NULL ? 0 : row->traits;
}
