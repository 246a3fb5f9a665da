/* SPDX-License-Identifier: BSD-2-Clause
 *
 * law: what marketing has to show, by the engine's own rule
 *
 * Where the configuration has no address by which recipients can leave, or no postal address,
 * the engine has no rule, and content.c guesses, and says what is not set.
 *
 * Threads: one.
 */
#include "lint/work.h"

bool
lint_law_says(const struct lint *lint, unsigned what)
{
	if (lint->campaign == NULL)
		return false;
	return lint->campaign->kind != CONF_KIND_MARKETING ||
	    (tailor_inspect_wants(lint->inspect) & what) != 0;
}

static void
report(struct lint *lint, const struct lint_piece *piece, unsigned lacks, unsigned what,
    enum lint_check check)
{
	struct lint_place place = lint_place_of(piece);

	if ((lacks & what) == 0)
		return;
	if (lint->campaign->strict)
		lint_report_add_as(lint->report, check, LINT_IS_ERROR, &place,
		    "the %.*s has %s: the message would be refused (strict)",
		    STR_F(piece->piece->name), tailor_law_words(what));
	else
		lint_report_add_as(lint->report, check, LINT_IS_INFO, &place,
		    "the %.*s has %s: it gets the footer", STR_F(piece->piece->name),
		    tailor_law_words(what));
}

void
lint_law(struct lint *lint)
{
	if (lint->campaign == NULL || lint->campaign->kind != CONF_KIND_MARKETING)
		return;
	for (size_t i = 0; i < lint->count; i++) {
		struct err err = ERR_INIT;
		int lacks = tailor_inspect_lacks(lint->inspect, i, &err);

		/* What is wrong with a broken template is said by others. */
		if (lacks <= 0)
			continue;
		report(lint, &lint->pieces[i], (unsigned)lacks, TAILOR_LOOK_UNSUBSCRIBE,
		    LINT_UNSUBSCRIBE);
		report(lint, &lint->pieces[i], (unsigned)lacks, TAILOR_LOOK_POSTAL,
		    LINT_POSTAL_ADDRESS);
	}
}
