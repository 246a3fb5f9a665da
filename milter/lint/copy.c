/* SPDX-License-Identifier: BSD-2-Clause
 *
 * copy: what is looked at in each contact's copy
 *
 * Threads: one.
 */
#include "lint/balance.h"
#include "lint/marks.h"
#include "lint/work.h"

#define HTML_MAX	((size_t)102 * 1024) /* Gmail shows no more of it */
#define SHOWN_MAX	60
#define PLACEHOLDER_MAX 20
/* So few words may well be others. */
#define WORDS_FEW   5
#define WORDS_FIRST 1000 /* bytes */

static struct str
cut(struct str text)
{
	if (text.n > SHOWN_MAX)
		text.n = SHOWN_MAX;
	return text;
}

static void
check_leftover(struct lint *lint, const struct lint_piece *piece, struct str text)
{
	struct str mark = lint_leftover(text);
	struct lint_place place;

	/* Of what does not compile all tags are left, the bad ones among them. */
	if (mark.p == NULL || piece->piece->err.code != ERR_NONE)
		return;
	place = lint_place_find(piece, mark);
	/* From a value it is another one for each contact. */
	if (place.part_line == 0 && lint->is_template && piece->piece->header == NULL)
		lint_report_add(lint->report, LINT_LEFTOVER, &place,
		    "template marks (%.*s) are left in the rendered text; a value holds them", 2,
		    mark.p);
	else
		lint_report_add(lint->report, LINT_LEFTOVER, &place,
		    "%.*s is left in the rendered text; nothing would fill it in",
		    STR_F(cut(mark)));
}

static void
check_placeholders(struct lint *lint, const struct lint_piece *piece, struct str text)
{
	size_t at = 0;

	for (int i = 0; i < PLACEHOLDER_MAX; i++) {
		struct str dummy = lint_placeholder(text, &at);
		struct lint_place place;

		if (dummy.p == NULL)
			return;
		place = lint_place_find(piece, dummy);
		lint_report_add(lint->report, LINT_PLACEHOLDER, &place,
		    "\"%.*s\" looks like a dummy that should have been replaced", STR_F(dummy));
	}
}

struct values {
	struct lint *lint;
	struct lint_piece *piece;
};

static void
on_imbalance(void *closure, enum lint_check check, size_t at, const char *sentence)
{
	const struct values *values = closure;
	struct lint_place place = lint_place_of(values->piece);

	(void)check;
	(void)at;
	lint_report_add(
	    values->lint->report, LINT_HTML_VALUE, &place, "in the rendered part: %s", sentence);
}

/* Reads the rendered HTML, or takes what was read of the source if that is the same. */
static void
read_html(struct lint *lint, struct lint_copy *copy)
{
	struct lint_piece *piece = &lint->pieces[copy->html_piece];
	struct values values = {lint, piece};

	copy->html = &piece->html;
	if (!lint_piece_varies(piece))
		return;
	lint_html_read(&lint->html, copy->texts[copy->html_piece]);
	copy->html = &lint->html;
	if (lint->html.limit != NULL) {
		struct lint_place place = lint_place_of(piece);

		lint_report_add(lint->report, LINT_HTML_LIMIT, &place, "the rendered HTML: %s",
		    lint->html.limit);
		return;
	}
	if (!piece->out_of_balance)
		lint_balance(&lint->html, NULL, on_imbalance, &values);
	lint_links_rendered(lint, piece, &lint->html);
}

static void
check_html(struct lint *lint, struct lint_copy *copy)
{
	const struct lint_piece *piece = &lint->pieces[copy->html_piece];
	struct lint_place place = lint_place_of(piece);
	struct str text = copy->texts[copy->html_piece];

	check_leftover(lint, piece, text);
	check_placeholders(lint, piece, buf_str(&copy->html->text));
	if (text.n > HTML_MAX)
		lint_report_add(lint->report, LINT_SIZE, &place,
		    "the HTML has more than %zu KB, and Gmail cuts the rest off", HTML_MAX / 1024);
}

/* The beginning is enough for most; only then all of it. */
static bool
have_common_word(struct lint *lint, struct str text, struct str html)
{
	size_t count, first = MIN(text.n, (size_t)WORDS_FIRST);

	lint_words_read(&lint->words, (struct str){text.p, first});
	if (lint_words_meet(&lint->words, html, &count))
		return true;
	lint_words_read(&lint->words, text);
	if (lint_words_count(&lint->words) < WORDS_FEW)
		return true;
	return lint_words_meet(&lint->words, html, &count) || count < WORDS_FEW;
}

static void
check_text(struct lint *lint, const struct lint_copy *copy)
{
	const struct lint_piece *piece = &lint->pieces[copy->text_piece];
	struct lint_place place = lint_place_of(piece);
	struct str text = copy->texts[copy->text_piece];

	check_leftover(lint, piece, text);
	check_placeholders(lint, piece, text);
	lint_links_text(lint, piece, text);
	if (copy->has_html && !have_common_word(lint, text, buf_str(&copy->html->text)))
		lint_report_add(lint->report, LINT_TEXT_UNRELATED, &place,
		    "the text part has no word in common with the HTML part");
}

static void
check_fields(struct lint *lint, const struct lint_copy *copy)
{
	for (size_t i = 0; i < lint->count; i++) {
		if (lint->pieces[i].piece->header == NULL)
			continue;
		check_leftover(lint, &lint->pieces[i], copy->texts[i]);
		check_placeholders(lint, &lint->pieces[i], copy->texts[i]);
	}
}

/* The first part of each kind is what people see; more of them are rare. */
static void
find_parts(const struct lint *lint, struct lint_copy *copy)
{
	for (size_t i = lint->count; i-- > 0;) {
		const struct lint_piece *piece = &lint->pieces[i];

		if (piece->piece->part == NULL)
			continue;
		if (piece->is_html) {
			copy->has_html = true;
			copy->html_piece = i;
		} else {
			copy->has_text = true;
			copy->text_piece = i;
		}
	}
}

void
lint_copy(struct lint *lint, struct lint_copy *copy)
{
	find_parts(lint, copy);
	if (copy->has_html) {
		read_html(lint, copy);
		check_html(lint, copy);
		lint_content_images(lint, copy);
	}
	if (copy->has_text)
		check_text(lint, copy);
	check_fields(lint, copy);
	lint_subject(lint, copy);
	lint_content(lint, copy);
}
