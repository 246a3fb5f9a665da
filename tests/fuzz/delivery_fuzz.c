/* SPDX-License-Identifier: BSD-2-Clause
 *
 * delivery_fuzz: any bytes as a message that came back
 *
 * What must hold: it comes to an end, every text of the report is whole memory, the kind fits the
 * recipients, a hard bounce has an address, and nobody guesses a token. The same bytes give the
 * same report.
 */
#include "delivery/report.h"

#include "delivery/words.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)           \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

static struct link_keys *
keys(void)
{
	static struct link_keys *made;
	struct link_keyfile *file;

	if (made != NULL)
		return made;
	file = calloc(1, sizeof *file);
	MUST(file != NULL);
	for (unsigned i = 0; i < 255; i++)
		file->keys[i].id = i + 1;
	file->count = 255;
	made = link_keys_new(file);
	link_keyfile_free(&file);
	return made;
}

/* Every byte is read, so that the sanitizer sees what is not there. */
static size_t
sum(struct str text)
{
	size_t total = text.n;

	for (size_t i = 0; i < text.n; i++)
		total = total * 31 + (unsigned char)text.p[i];
	return total;
}

static size_t
check(const struct delivery_report *report)
{
	size_t total = sum(report->message_id) + (size_t)report->kind;
	bool failed = false;

	MUST(report->count <= DELIVERY_RECIPIENTS_MAX && !report->has_token);
	MUST(delivery_kind_name(report->kind) != NULL && report->detail != NULL);
	for (size_t i = 0; i < report->count; i++) {
		const struct delivery_recipient *recipient = &report->recipients[i];

		total += sum(recipient->address) + sum(recipient->original) +
		    sum(recipient->status) + sum(recipient->diagnostic);
		MUST(recipient->diagnostic.n <= DELIVERY_DIAGNOSTIC_MAX);
		MUST(memchr(recipient->diagnostic.p, '\n', recipient->diagnostic.n) == NULL);
		MUST(!recipient->hard || recipient->action == DELIVERY_ACTION_FAILED);
		MUST(!recipient->hard ||
		    (report->kind == DELIVERY_BOUNCE && recipient->address.n > 0));
		MUST(delivery_reason_name(recipient->reason) != NULL);
		failed = failed || recipient->action == DELIVERY_ACTION_FAILED;
	}
	MUST(failed == (report->kind == DELIVERY_BOUNCE));
	return total;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct delivery_input input = {
	    {(const char *)data, size}, STR("news+x@shop.example"), keys()};
	struct arena *arena = arena_new(DELIVERY_ARENA);
	struct delivery_report report;
	size_t first;

	delivery_read(&input, arena, &report);
	first = check(&report);
	arena_reset(arena);
	delivery_read(&input, arena, &report);
	MUST(check(&report) == first);
	arena_free(&arena);
	return 0;
}
