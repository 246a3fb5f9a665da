/* SPDX-License-Identifier: BSD-2-Clause
 *
 * dmarc_fuzz: any bytes as a DMARC report, alone and as a message that brings one
 *
 * What must hold: it comes to an end within its ceilings, every text is whole memory, and the words
 * and addresses are those that the database is to hold.
 */
#include "delivery/dmarc.h"

#include <glib.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)           \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

static bool
is_one_of(struct str text, const char *const *words)
{
	for (size_t i = 0; words[i] != NULL; i++) {
		if (str_is(text, words[i]))
			return true;
	}
	return false;
}

static void
check_row(const struct store_dmarc_row *row)
{
	static const char *const policies[] = {"none", "quarantine", "reject", "other", NULL};
	static const char *const results[] = {"pass", "fail", "other", NULL};

	MUST(row->messages >= 0);
	MUST(row->source.n > 0 && row->source.n < 46);
	MUST(strspn(row->source.p, "0123456789abcdef.:") == row->source.n);
	MUST(is_one_of(row->disposition, policies));
	MUST(is_one_of(row->dkim, results) && is_one_of(row->spf, results));
	for (size_t i = 0; i < row->header_from.n; i++)
		MUST((unsigned char)row->header_from.p[i] > ' ');
}

static void
read_report(struct str packed)
{
	struct arena *arena = arena_new(DELIVERY_DMARC_ARENA);
	struct store_dmarc_report report;
	struct err err = ERR_INIT;

	if (delivery_dmarc_read(packed, arena, &report, &err) == 0) {
		MUST(report.id.n > 0 && report.domain.n > 0);
		MUST(report.id.n <= DELIVERY_DMARC_TEXT_MAX);
		MUST(report.count <= DELIVERY_DMARC_ROWS_MAX);
		MUST(report.begin_ms >= 0 && report.end_ms >= 0);
		for (size_t i = 0; i < report.count; i++)
			check_row(&report.rows[i]);
	} else {
		MUST(err.text[0] != '\0');
	}
	arena_free(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str raw = {(const char *)data, size};
	size_t found_size;
	char *found = delivery_dmarc_find(raw, &found_size);

	read_report(raw);
	if (found != NULL)
		read_report((struct str){found, found_size});
	g_free(found);
	return 0;
}
