/* SPDX-License-Identifier: BSD-2-Clause
 *
 * maillog_fuzz: any bytes as a mail log, as lines or as what journalctl prints
 *
 * What must hold: it comes to an end, every text of a line lies within it, a queue id is one, and
 * it does not matter in which pieces the bytes come.
 */
#include "maillog/entry.h"
#include "maillog/feed.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)           \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

#define PIECE 7

struct sum {
	uint64_t lines, value;
};

/* Every byte is read, so that the sanitizer sees what is not there. */
static uint64_t
sum_of(uint64_t sum, struct str text)
{
	sum = sum * 31 + text.n;
	for (size_t i = 0; i < text.n; i++)
		sum = sum * 31 + (unsigned char)text.p[i];
	return sum;
}

static bool
is_id(struct str id)
{
	for (size_t i = 0; i < id.n; i++) {
		char c = id.p[i];

		if ((c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z'))
			return false;
	}
	return id.n < MAILLOG_QUEUE_ID_SIZE;
}

static void
take(const struct maillog_line *line, int64_t time_ms, void *closure)
{
	struct maillog_entry entry;
	struct sum *sum = closure;
	struct str rest, address;

	sum->lines++;
	MUST(line->queue_id.n > 0 && is_id(line->queue_id));
	maillog_entry_read(line, &entry);
	MUST(is_id(entry.next) && entry.delay_ms >= -1);
	MUST(entry.text.n <= line->rest.n && entry.to.n <= line->rest.n);
	MUST(entry.kind == MAILLOG_RESULT || entry.next.n == 0 || entry.text.n > 0);
	sum->value = sum_of(sum->value + (uint64_t)time_ms + entry.kind, entry.text);
	sum->value = sum_of(sum_of(sum->value, entry.relay), entry.status);
	sum->value = sum_of(sum_of(sum->value, entry.orig_to), entry.message_id);
	rest = entry.to;
	while (maillog_entry_address(&entry, &rest, &address))
		sum->value = sum_of(sum->value, address);
}

static struct sum
read_all(const uint8_t *data, size_t size, size_t piece)
{
	struct sum sum = {0, 0};
	struct maillog_feed feed;

	maillog_feed_init(&feed, 1795378755000, 0, take, &sum);
	for (size_t at = 0; at < size; at += piece)
		maillog_feed_put(
		    &feed, (const char *)data + at, size - at < piece ? size - at : piece);
	maillog_feed_end(&feed);
	maillog_feed_fini(&feed);
	return sum;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sum whole = read_all(data, size, size + 1);
	struct sum pieces = read_all(data, size, PIECE);

	MUST(whole.lines == pieces.lines && whole.value == pieces.value);
	return 0;
}
