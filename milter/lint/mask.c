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
	tag.name = lex_word(piece);
	if (tag.name.p == NULL)
		tag.name = (struct str){text.p, text.n > 0 && text.p[0] == '#'};
	tag.rest = str_trim((struct str){
	    tag.name.p + tag.name.n, (size_t)(text.p + text.n - tag.name.p) - tag.name.n});
	return tag;
}

/* All of a comment is silent; what is not closed, up to the end. */
static void
silence(struct lint_tag *tag, struct lex *lex)
{
	struct lex_piece end;

	if (!(str_is(tag->name, "comment") ? lex_skip_comment(lex)
					   : lex_find_end(lex, "enddoc", "doc", &end)))
		lex->at = lex->source.n;
	tag->kind = LINT_TAG_SILENT;
	tag->end = lex->at;
}

/* Two tags, with ordinary text between them. */
static void
add_raw(struct lint_mask *mask, const struct lint_tag *tag, struct lex *lex)
{
	struct lint_tag behind;
	struct lex_piece end;

	g_array_append_val(mask->tags, *tag);
	if (!lex_find_end(lex, "endraw", NULL, &end)) {
		lex->at = lex->source.n;
		return;
	}
	behind = tag_of(lex, &end);
	g_array_append_val(mask->tags, behind);
}

static void
add_tag(struct lint_mask *mask, struct lint_tag tag, struct lex *lex)
{
	if (str_is(tag.name, "raw")) {
		add_raw(mask, &tag, lex);
		return;
	}
	if (str_is(tag.name, "comment") || str_is(tag.name, "doc"))
		silence(&tag, lex);
	g_array_append_val(mask->tags, tag);
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
		piece = lex_next(&lex);
		if (piece.kind == LEX_TEXT)
			continue;
		if (piece.kind != LEX_OUTPUT && piece.kind != LEX_TAG)
			break;
		add_tag(mask, tag_of(&lex, &piece), &lex);
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
