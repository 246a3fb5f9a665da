/* SPDX-License-Identifier: BSD-2-Clause
 *
 * feed: see feed.h
 *
 * The journal's export format: fields "NAME=value", or "NAME", a line end, eight bytes of length
 * (little-endian), the value and a line end; an empty line ends an entry.
 */
#include "maillog/feed.h"

#include <jansson.h>

#define UNIT_MAX ((size_t)64 * 1024)
#define SLICE	 ((size_t)16 * 1024)
#define TEXT_MAX ((size_t)16 * 1024)
#define TAG_MAX	 ((size_t)256)

void
maillog_feed_init(
    struct maillog_feed *feed, int64_t reference_ms, int year, maillog_each *each, void *closure)
{
	*feed = (struct maillog_feed){.each = each, .closure = closure};
	maillog_stamp_init(&feed->stamp, reference_ms, year);
	buf_init(&feed->pending, UNIT_MAX + SLICE);
	buf_init(&feed->tag, TAG_MAX);
	buf_init(&feed->text, TEXT_MAX);
}

void
maillog_feed_fini(struct maillog_feed *feed)
{
	buf_fini(&feed->pending);
	buf_fini(&feed->tag);
	buf_fini(&feed->text);
}

/* --- lines --- */

static void
take_line(struct maillog_feed *feed, struct str text)
{
	struct maillog_line line;

	feed->lines++;
	if (maillog_line_parse(text, &line))
		feed->each(&line, maillog_stamp_read(&feed->stamp, line.stamp), feed->closure);
}

/* --- the journal's entries --- */

static void
begin_entry(struct maillog_feed *feed)
{
	buf_reset(&feed->tag);
	buf_reset(&feed->text);
	feed->time_ms = 0;
}

static void
end_entry(struct maillog_feed *feed)
{
	struct maillog_line line;

	feed->lines++;
	if (!feed->tag.full && !feed->text.full &&
	    maillog_line_make(buf_str(&feed->tag), buf_str(&feed->text), &line))
		feed->each(&line, feed->time_ms, feed->closure);
	begin_entry(feed);
}

/* When the line was made counts, not when it reached the journal. */
static void
take_time(struct maillog_feed *feed, struct str value, bool source)
{
	unsigned long long us;

	if ((source || feed->time_ms == 0) && str_to_u64(value, INT64_MAX, &us))
		feed->time_ms = (int64_t)(us / 1000);
}

static void
take_field(struct maillog_feed *feed, struct str name, struct str value)
{
	if (str_is(name, "MESSAGE")) {
		buf_reset(&feed->text);
		buf_add_str(&feed->text, value);
	} else if (str_is(name, "SYSLOG_IDENTIFIER")) {
		buf_reset(&feed->tag);
		buf_add_str(&feed->tag, value);
	} else if (str_is(name, "__REALTIME_TIMESTAMP")) {
		take_time(feed, value, false);
	} else if (str_is(name, "_SOURCE_REALTIME_TIMESTAMP")) {
		take_time(feed, value, true);
	}
}

/* Text that is no UTF-8 comes as an array of numbers. */
static void
take_json_field(struct maillog_feed *feed, const char *name, const json_t *value)
{
	struct buf bytes;
	size_t i;
	json_t *item;

	if (json_is_string(value)) {
		take_field(feed, str_c(name),
		    (struct str){json_string_value(value), json_string_length(value)});
		return;
	}
	buf_init(&bytes, TEXT_MAX);
	json_array_foreach((json_t *)(uintptr_t)value, i, item)
	    buf_add_char(&bytes, (char)json_integer_value(item));
	if (bytes.len > 0)
		take_field(feed, str_c(name), buf_str(&bytes));
	buf_fini(&bytes);
}

static void
take_json(struct maillog_feed *feed, struct str line)
{
	json_t *entry = json_loadb(line.p, line.n, JSON_ALLOW_NUL, NULL), *value;
	const char *name;

	begin_entry(feed);
	json_object_foreach(entry, name, value) take_json_field(feed, name, value);
	json_decref(entry);
	end_entry(feed);
}

static uint64_t
little_endian(const char *p)
{
	uint64_t value = 0;

	for (int i = 7; i >= 0; i--)
		value = value << 8 | (unsigned char)p[i];
	return value;
}

/* Takes a field with its length off the front, of which `name` stands there: how many bytes, 0 if
 * it is not whole. */
static size_t
take_binary(struct maillog_feed *feed, struct str name, struct str all)
{
	size_t before = name.n + 1 + 8;
	uint64_t n;

	if (all.n < before)
		return 0;
	n = little_endian(all.p + name.n + 1);
	if (n > UNIT_MAX / 2) {
		feed->skip = n > SIZE_MAX - 1 ? SIZE_MAX : (size_t)n + 1;
		return before;
	}
	if (all.n < before + n + 1)
		return 0;
	take_field(feed, name, (struct str){all.p + before, (size_t)n});
	return before + (size_t)n + 1;
}

/* --- units --- */

static enum maillog_form
form_of(struct str all)
{
	if (str_starts(all, STR("__")))
		return MAILLOG_EXPORT;
	return all.p[0] == '{' ? MAILLOG_JSON : MAILLOG_LINES;
}

/* Takes a line or field off the front: how many bytes, 0 if there is no whole one. */
static size_t
take_unit(struct maillog_feed *feed, struct str all)
{
	const char *lf = memchr(all.p, '\n', all.n);
	struct str line = {all.p, lf == NULL ? all.n : (size_t)(lf - all.p)}, name;

	if (lf == NULL)
		return 0;
	if (feed->form == MAILLOG_LINES) {
		take_line(feed, line);
	} else if (feed->form == MAILLOG_JSON) {
		take_json(feed, line);
	} else if (line.n == 0) {
		end_entry(feed);
	} else if (memchr(line.p, '=', line.n) == NULL) {
		return take_binary(feed, line, all);
	} else {
		str_split(&line, '=', &name);
		take_field(feed, name, line);
		return (size_t)(lf - all.p) + 1;
	}
	return line.n + 1;
}

/* Drops what is too long to be of interest: true when there is something left to look at. */
static bool
skip_rest(struct maillog_feed *feed)
{
	struct str all = buf_str(&feed->pending);
	const char *lf;

	if (feed->skip > 0) {
		size_t n = feed->skip < all.n ? feed->skip : all.n;

		feed->skip -= n;
		buf_drop(&feed->pending, n);
	} else if (feed->skipping) {
		lf = all.n == 0 ? NULL : memchr(all.p, '\n', all.n);
		feed->skipping = lf == NULL;
		buf_drop(&feed->pending, lf == NULL ? all.n : (size_t)(lf - all.p) + 1);
	}
	return feed->pending.len > 0;
}

static void
take_units(struct maillog_feed *feed)
{
	size_t taken = 0, n;

	while (skip_rest(feed)) {
		struct str all = buf_str(&feed->pending);

		if (feed->form == MAILLOG_UNKNOWN) {
			if (all.n < 2)
				return;
			feed->form = form_of(all);
		}
		for (taken = 0; taken < all.n && feed->skip == 0; taken += n) {
			n = take_unit(feed, (struct str){all.p + taken, all.n - taken});
			if (n == 0)
				break;
		}
		buf_drop(&feed->pending, taken);
		if (feed->skip > 0)
			continue;
		if (feed->pending.len > UNIT_MAX) {
			buf_drop(&feed->pending, feed->pending.len);
			feed->skipping = true;
		}
		return;
	}
}

void
maillog_feed_put(struct maillog_feed *feed, const char *bytes, size_t n)
{
	while (n > 0) {
		size_t slice = n < SLICE ? n : SLICE;

		buf_add(&feed->pending, bytes, slice);
		take_units(feed);
		bytes += slice;
		n -= slice;
	}
}

void
maillog_feed_end(struct maillog_feed *feed)
{
	if (feed->pending.len > 0)
		maillog_feed_put(feed, "\n", 1);
	if (feed->form == MAILLOG_EXPORT && feed->text.len > 0)
		end_entry(feed);
}
