/* SPDX-License-Identifier: BSD-2-Clause
 *
 * cap_ledger: see cap.h
 *
 * Stored as lines "TIME MARK": milliseconds, and 16 hexadecimal digits. The mark is FNV-1a of the
 * message's key: two messages to one contact with the same mark would count as one.
 *
 * Threads: any; touches only its arguments.
 */
#include "cap.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LINE_MAX_LEN 40

uint64_t
cap_ledger_mark(struct mt_str key)
{
	uint64_t mark = 0xcbf29ce484222325u;

	for (size_t i = 0; i < key.n; i++)
		mark = (mark ^ (unsigned char)key.p[i]) * 0x100000001b3u;
	return mark;
}

/* Keeps the order; the oldest goes when there is no room. */
static void
insert(struct cap_ledger *ledger, struct cap_record record)
{
	size_t at = ledger->count;

	while (at > 0 && ledger->at[at - 1].time > record.time)
		at--;
	memmove(&ledger->at[at + 1], &ledger->at[at], (ledger->count - at) * sizeof record);
	ledger->at[at] = record;
	if (ledger->count < CAP_RECORDS)
		ledger->count++;
	else
		memmove(&ledger->at[0], &ledger->at[1], CAP_RECORDS * sizeof record);
}

void
cap_ledger_read(struct cap_ledger *ledger, struct mt_str text, int64_t since)
{
	ledger->count = 0;
	while (text.n > 0) {
		const char *end = memchr(text.p, '\n', text.n);
		size_t n = end == NULL ? text.n : (size_t)(end - text.p);
		struct cap_record record;
		char line[LINE_MAX_LEN + 1];

		snprintf(
		    line, sizeof line, "%.*s", (int)(n < LINE_MAX_LEN ? n : LINE_MAX_LEN), text.p);
		if (sscanf(line, "%" SCNd64 " %" SCNx64, &record.time, &record.message) == 2 &&
		    record.time > since)
			insert(ledger, record);
		n += end != NULL;
		text = mt_str_n(text.p + n, text.n - n);
	}
}

struct mt_str
cap_ledger_write(struct mt_call *call, const struct cap_ledger *ledger)
{
	size_t size = ledger->count * LINE_MAX_LEN + 1, used = 0;
	char *text = call->host->memory(call, size);

	if (text == NULL)
		return mt_str_n(NULL, 0);
	for (size_t i = 0; i < ledger->count; i++)
		used += (size_t)snprintf(text + used, size - used, "%" PRId64 " %016" PRIx64 "\n",
		    ledger->at[i].time, ledger->at[i].message);
	return mt_str_n(text, used);
}

int64_t
cap_ledger_free(
    const struct cap_ledger *ledger, const struct cap_limit *limit, uint64_t mark, int64_t now)
{
	int64_t others = 0;

	/* From the newest: the one that would be too many has to leave the window first. */
	for (size_t i = ledger->count; i-- > 0;) {
		const struct cap_record *record = &ledger->at[i];

		if (record->message == mark || record->time <= now - limit->window)
			continue;
		if (++others == limit->most)
			return record->time + limit->window;
	}
	return now;
}

void
cap_ledger_add(struct cap_ledger *ledger, uint64_t mark, int64_t now)
{
	size_t kept = 0;

	for (size_t i = 0; i < ledger->count; i++) {
		if (ledger->at[i].message != mark)
			ledger->at[kept++] = ledger->at[i];
	}
	ledger->count = kept;
	insert(ledger, (struct cap_record){now, mark});
}
