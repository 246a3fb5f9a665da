/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mask: see mask.h
 *
 * Threads: any.
 */
#include "lint/mask.h"

#include "liquid/lex.h"

bool
lint_has_tags(struct str text)
{
	return str_has(text, STR("{{")) || str_has(text, STR("{%"));
}

static struct lint_tag
tag_of(const struct lex *lex, const struct lex_piece *piece)
{
	struct lint_tag tag = {.at = piece->at, .end = lex->at};
	struct str text = str_trim(piece->text);

	tag.rest = text;
	if (piece->kind == LEX_OUTPUT)
		return tag;
	tag.kind = LINT_TAG_CONTROL;
	tag.name = text;
	for (tag.name.n = 0; tag.name.n < text.n; tag.name.n++) {
		if (!g_ascii_isalnum(text.p[tag.name.n]) && text.p[tag.name.n] != '_' &&
		    !(tag.name.n == 0 && text.p[0] == '#'))
			break;
	}
	tag.rest = str_trim((struct str){text.p + tag.name.n, text.n - tag.name.n});
	return tag;
}

/* The end of {% comment %} or the like: everything up to its end tag is silent. */
static void
extend_to(struct lint_tag *tag, struct lex *lex, const char *end_name)
{
	struct lex_piece piece;

	do {
		piece = lex_next(lex);
		if (piece.kind == LEX_BAD_OUTPUT)
			lex->at += 2;
		if (piece.kind == LEX_TAG && str_is(str_trim(piece.text), end_name))
			break;
	} while (piece.kind != LEX_END && piece.kind != LEX_BAD_TAG);
	tag->kind = LINT_TAG_SILENT;
	tag->end = lex->at;
}

static void
skip_raw(struct lex *lex, struct lint_mask *mask, struct lint_tag *tag)
{
	struct lex_piece piece;

	g_array_append_val(mask->tags, *tag);
	do {
		piece = lex_next(lex);
		if (piece.kind == LEX_BAD_OUTPUT)
			lex->at += 2;
		if (piece.kind == LEX_TAG && str_is(str_trim(piece.text), "endraw")) {
			*tag = tag_of(lex, &piece);
			return;
		}
	} while (piece.kind != LEX_END && piece.kind != LEX_BAD_TAG);
	tag->at = tag->end = lex->at;
}

void
lint_mask_init(struct lint_mask *mask, struct str source)
{
	struct lex lex = {.source = source};
	struct lex_piece piece;

	mask->source = source;
	mask->text = g_malloc(source.n + 1);
	if (source.n > 0)
		memcpy(mask->text, source.p, source.n);
	mask->text[source.n] = '\0';
	mask->tags = g_array_new(FALSE, FALSE, sizeof(struct lint_tag));
	for (;;) {
		struct lint_tag tag;

		piece = lex_next(&lex);
		if (piece.kind == LEX_TEXT)
			continue;
		if (piece.kind != LEX_OUTPUT && piece.kind != LEX_TAG)
			break;
		tag = tag_of(&lex, &piece);
		if (str_is(tag.name, "comment"))
			extend_to(&tag, &lex, "endcomment");
		else if (str_is(tag.name, "doc"))
			extend_to(&tag, &lex, "enddoc");
		else if (str_is(tag.name, "raw"))
			skip_raw(&lex, mask, &tag);
		g_array_append_val(mask->tags, tag);
	}
	for (guint i = 0; i < mask->tags->len; i++) {
		const struct lint_tag *tag = &g_array_index(mask->tags, struct lint_tag, i);

		memset(mask->text + tag->at, tag->kind == LINT_TAG_OUTPUT ? 'x' : ' ',
		    tag->end - tag->at);
	}
}

void
lint_mask_fini(struct lint_mask *mask)
{
	g_free(mask->text);
	if (mask->tags != NULL)
		g_array_free(mask->tags, TRUE);
}
