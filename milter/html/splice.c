/* SPDX-License-Identifier: BSD-2-Clause
 *
 * splice: the source with some ranges exchanged
 *
 * Threads: any; touches only its arguments.
 */
#include "html/html.h"

#include <glib.h>

struct placed {
	struct html_edit edit;
	size_t number;
};

static int
compare(const void *a, const void *b)
{
	const struct placed *one = a, *two = b;

	if (one->edit.range.begin != two->edit.range.begin)
		return one->edit.range.begin < two->edit.range.begin ? -1 : 1;
	if (one->edit.range.end != two->edit.range.end)
		return one->edit.range.end < two->edit.range.end ? -1 : 1;
	return one->number < two->number ? -1 : one->number > two->number;
}

static void
sort(struct html_edit *edits, size_t count)
{
	struct placed *placed = g_new(struct placed, count);

	for (size_t i = 0; i < count; i++)
		placed[i] = (struct placed){edits[i], i};
	qsort(placed, count, sizeof *placed, compare);
	for (size_t i = 0; i < count; i++)
		edits[i] = placed[i].edit;
	g_free(placed);
}

static int
check(struct str source, const struct html_edit *edits, size_t count, struct err *err)
{
	size_t behind = 0;

	for (size_t i = 0; i < count; i++) {
		struct html_range range = edits[i].range;

		if (range.begin > range.end || range.end > source.n)
			return err_set(err, ERR_INPUT,
			    "edit of bytes %zu to %zu, but the source has %zu", range.begin,
			    range.end, source.n);
		if (range.begin < behind)
			return err_set(err, ERR_INPUT,
			    "edit of bytes %zu to %zu, but those before %zu are edited already",
			    range.begin, range.end, behind);
		behind = range.end;
	}
	return 0;
}

int
html_splice(
    struct str source, struct html_edit *edits, size_t count, struct buf *out, struct err *err)
{
	size_t at = 0;

	if (source.p == NULL)
		source = STR("");
	if (count > 1)
		sort(edits, count);
	if (check(source, edits, count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		buf_add(out, source.p + at, edits[i].range.begin - at);
		buf_add_str(out, edits[i].text);
		at = edits[i].range.end;
	}
	buf_add(out, source.p + at, source.n - at);
	if (out->full)
		return err_set(err, ERR_LIMIT, "HTML of more than %zu bytes", out->max);
	return 0;
}
