/* SPDX-License-Identifier: BSD-2-Clause
 *
 * scan: where links, images and places stand in a document
 *
 * One walk over the tokens; comments for Outlook are walked over where they stand, with a
 * state of their own. At the end libxml2 has to find the same start tags.
 *
 * Owns:    the document.
 * Threads: any; a document is not written to once it is made.
 * Fails:   ERR_LIMIT.
 */
#include "html/scan.h"

static bool
in_raw(const struct html_scanner *scanner, size_t at)
{
	return html_mask_within(scanner->mask.raw, scanner->mask.raws, at);
}

static void
note_place(struct html_scanner *scanner, const struct html_token *token)
{
	struct html_places *places = &scanner->doc->places;
	bool start = token->kind == HTML_TOKEN_START;

	if (str_is_nocase(token->name, "head")) {
		if (start && places->head_begin == HTML_NOWHERE)
			places->head_begin = token->range.end;
		else if (!start && places->head_end == HTML_NOWHERE)
			places->head_end = token->range.begin;
	} else if (str_is_nocase(token->name, "body")) {
		if (!start)
			places->body_end = token->range.begin;
		else if (!places->has_body)
			places->body_begin = token->range.end;
		places->has_body = places->has_body || start;
	}
}

static int
start_tag(struct html_scanner *scanner, struct html_level *level, const struct html_token *token)
{
	const char *bytes = scanner->mask.bytes;
	bool off = html_element_has(bytes, token, "data-track", "off");

	html_region_start(&level->off, token, off);
	if (html_scan_slots(scanner, token) < 0)
		return -1;
	if (html_element_is_link(token->name))
		return html_scan_link_tag(scanner, level, token, off || level->off.depth > 0);
	if (str_is_nocase(token->name, "img"))
		return html_scan_image_tag(scanner, level, token);
	if (html_element_is_block(token->name))
		html_words_space(&level->words);
	if (!level->conditional)
		note_place(scanner, token);
	return 0;
}

static int
stop_tag(struct html_scanner *scanner, struct html_level *level, const struct html_token *token)
{
	html_region_stop(&level->off, token->name);
	if (level->count > 0 && str_eq_nocase(level->element, token->name))
		return html_scan_link_end(scanner, level);
	if (!level->conditional)
		note_place(scanner, token);
	return 0;
}

/* Elements whose content is no markup would mean something else to libxml2. */
static bool
is_plain_content(struct str name)
{
	static const char *const names[] = {"title", "textarea", "script", "style", "xmp", "iframe",
	    "noembed", "noframes", "noscript", "plaintext", "svg", "math"};

	return HTML_TOKEN_NAME_IN(name, names);
}

static int
take_token(struct html_scanner *scanner, struct html_level *level, const struct html_token *token)
{
	const char *bytes = scanner->mask.bytes;

	switch (token->kind) {
	case HTML_TOKEN_TEXT:
		html_confirm_text(&scanner->confirm, bytes, token->range);
		html_scan_link_text(scanner, level, token->range);
		return 0;
	case HTML_TOKEN_START:
		if (!is_plain_content(token->name))
			html_confirm_tag(&scanner->confirm, bytes, token);
		return start_tag(scanner, level, token);
	case HTML_TOKEN_STOP:
		return stop_tag(scanner, level, token);
	default:
		return 0;
	}
}

static void
level_init(struct html_level *level, bool conditional, struct html_region off)
{
	*level = (struct html_level){.conditional = conditional, .off = off};
	buf_init(&level->text, 2 * HTML_LINK_TEXT);
	html_words_init(&level->words, &level->text, HTML_LINK_TEXT);
}

static int
level_fini(struct html_scanner *scanner, struct html_level *level)
{
	int result = html_scan_link_end(scanner, level);

	buf_fini(&level->text);
	return result;
}

/* What Outlook reads in a comment; comments in it are none of these again. */
static int
scan_condition(struct html_scanner *scanner, struct html_range range, struct html_region off)
{
	struct html_tokenizer tokenizer;
	struct html_token token;
	struct html_level level;
	int result = 0;

	level_init(&level, true, off);
	html_tokenizer_init(&tokenizer, scanner->mask.bytes, range);
	while (result == 0 && (token = html_tokenizer_next(&tokenizer)).kind != HTML_TOKEN_EOF)
		result = take_token(scanner, &level, &token);
	return level_fini(scanner, &level) < 0 ? -1 : result;
}

static int
scan_document(struct html_scanner *scanner)
{
	struct html_tokenizer tokenizer;
	struct html_token token;
	struct html_level level;
	int result = 0;

	level_init(&level, false, (struct html_region){.depth = 0});
	html_tokenizer_init(
	    &tokenizer, scanner->mask.bytes, (struct html_range){0, scanner->source.n});
	while (result == 0 && (token = html_tokenizer_next(&tokenizer)).kind != HTML_TOKEN_EOF) {
		if (token.kind == HTML_TOKEN_COMMENT && token.condition.end > token.condition.begin)
			result = scan_condition(scanner, token.condition, level.off);
		else
			result = take_token(scanner, &level, &token);
	}
	return level_fini(scanner, &level) < 0 ? -1 : result;
}

/* The last </html>, or the end of what is no white space. */
static size_t
end_without_body(struct html_scanner *scanner)
{
	struct html_tokenizer tokenizer;
	struct html_token token;
	size_t end = HTML_NOWHERE;

	html_tokenizer_init(
	    &tokenizer, scanner->mask.bytes, (struct html_range){0, scanner->source.n});
	while ((token = html_tokenizer_next(&tokenizer)).kind != HTML_TOKEN_EOF) {
		if (token.kind == HTML_TOKEN_STOP && str_is_nocase(token.name, "html"))
			end = token.range.begin;
	}
	if (end != HTML_NOWHERE)
		return end;
	end = scanner->source.n;
	while (end > 0 && html_token_is_space(scanner->source.p[end - 1]))
		end--;
	return end;
}

static void
finish_places(struct html_scanner *scanner)
{
	struct html_places *places = &scanner->doc->places;

	if (places->body_end == HTML_NOWHERE)
		places->body_end = end_without_body(scanner);
	places->end_literal = in_raw(scanner, places->body_end);
}

/* --- what libxml2 says --- */

static struct html_candidate
candidate_of(const struct html_scanner *scanner, struct html_range tag)
{
	const char *bytes = scanner->mask.bytes;
	size_t end = tag.begin + 1;

	while (end < tag.end && !html_token_is_space(bytes[end]) &&
	    strchr("/>\x01", bytes[end]) == NULL)
		end++;
	return (struct html_candidate){
	    .name = {bytes + tag.begin + 1, end - tag.begin - 1}, .end = tag.end - 1};
}

/* Links and images in the order of the source. */
static void
ask(struct html_scanner *scanner, GArray *candidates)
{
	size_t link = 0, image = 0;

	while (link < scanner->links->len || image < scanner->images->len) {
		const struct html_link *l = &g_array_index(scanner->links, struct html_link, link);
		const struct html_image *i =
		    &g_array_index(scanner->images, struct html_image, image);
		bool take_link = image == scanner->images->len ||
		    (link < scanner->links->len && l->tag.begin < i->tag.begin);
		struct html_candidate candidate =
		    candidate_of(scanner, take_link ? l->tag : i->tag);

		g_array_append_val(candidates, candidate);
		link += take_link;
		image += !take_link;
	}
	scanner->confirm.candidate = (struct html_candidate *)(void *)candidates->data;
	scanner->confirm.count = candidates->len;
	html_confirm_run(&scanner->confirm);
}

static void
note_mismatch(struct html_scanner *scanner, struct html_range tag)
{
	struct html_summary *summary = &scanner->doc->summary;

	if (summary->mismatches++ == 0)
		summary->first_mismatch = tag.begin;
}

/* Copies what is confirmed to the document. */
static int
keep_confirmed(struct html_scanner *scanner)
{
	GArray *candidates = g_array_new(FALSE, FALSE, sizeof(struct html_candidate));
	struct html_doc *doc = scanner->doc;
	size_t link = 0, image = 0;

	ask(scanner, candidates);
	doc->link = arena_zalloc(doc->arena, scanner->links->len + 1, sizeof *doc->link);
	doc->image = arena_zalloc(doc->arena, scanner->images->len + 1, sizeof *doc->image);
	for (size_t i = 0; i < candidates->len && doc->link != NULL && doc->image != NULL; i++) {
		const struct html_candidate *candidate = &scanner->confirm.candidate[i];
		const struct html_link *l = &g_array_index(scanner->links, struct html_link, link);
		const struct html_image *m =
		    &g_array_index(scanner->images, struct html_image, image);
		bool is_link = link < scanner->links->len && l->tag.end - 1 == candidate->end;

		if (!candidate->confirmed)
			note_mismatch(scanner, is_link ? l->tag : m->tag);
		else if (is_link)
			doc->link[doc->links++] = *l;
		else
			doc->image[doc->images++] = *m;
		link += is_link;
		image += !is_link;
	}
	g_array_free(candidates, TRUE);
	if (doc->link == NULL || doc->image == NULL)
		return err_set(scanner->err, ERR_LIMIT, "HTML with too many links");
	return 0;
}

/* No reader has to confirm them: at most a value is looked at that is none. */
static int
keep_slots(struct html_scanner *scanner)
{
	struct html_doc *doc = scanner->doc;

	doc->slot = arena_zalloc(doc->arena, scanner->slots->len + 1, sizeof *doc->slot);
	if (doc->slot == NULL)
		return err_set(scanner->err, ERR_LIMIT, "HTML with too many addresses");
	doc->slots = scanner->slots->len;
	if (doc->slots > 0)
		memcpy(doc->slot, scanner->slots->data, doc->slots * sizeof *doc->slot);
	return 0;
}

/* --- the document --- */

static void
scanner_init(struct html_scanner *scanner, struct str source, bool plain)
{
	html_mask_init(&scanner->mask, source, plain);
	html_confirm_init(&scanner->confirm, source.n);
	buf_init(&scanner->scratch, 4 * source.n + 16);
	scanner->links = g_array_sized_new(FALSE, FALSE, sizeof(struct html_link), 64);
	scanner->images = g_array_sized_new(FALSE, FALSE, sizeof(struct html_image), 64);
	scanner->slots = g_array_sized_new(FALSE, FALSE, sizeof(struct html_slot), 64);
}

static void
scanner_fini(struct html_scanner *scanner)
{
	g_array_free(scanner->links, TRUE);
	g_array_free(scanner->images, TRUE);
	g_array_free(scanner->slots, TRUE);
	buf_fini(&scanner->scratch);
	html_confirm_fini(&scanner->confirm);
	html_mask_fini(&scanner->mask);
}

/* Room for the addresses, and for what else there is of each link. */
static size_t
arena_ceiling(struct str source, const struct html_limits *limits)
{
	return 4 * source.n + (limits->links + 1) * (size_t)2048;
}

int
html_scan(
    struct html_doc **doc_r, struct str source, const struct html_options *options, struct err *err)
{
	struct html_scanner scanner = {
	    .source = source, .limits = &options->limits, .line = 1, .err = err};
	int result;

	*doc_r = NULL;
	if (source.n > options->limits.source || source.n > INT32_MAX)
		return err_set(err, ERR_LIMIT, "HTML of %zu bytes", source.n);
	if (source.p == NULL)
		scanner.source = STR("");
	scanner.doc = g_new0(struct html_doc, 1);
	scanner.doc->arena = arena_new(arena_ceiling(source, &options->limits));
	scanner.doc->places = (struct html_places){.head_begin = HTML_NOWHERE,
	    .head_end = HTML_NOWHERE,
	    .body_begin = HTML_NOWHERE,
	    .body_end = HTML_NOWHERE};
	scanner.doc->summary.first_mismatch = HTML_NOWHERE;
	scanner_init(&scanner, scanner.source, options->plain);
	result = scan_document(&scanner);
	if (result == 0) {
		finish_places(&scanner);
		result = keep_confirmed(&scanner);
		if (result == 0)
			result = keep_slots(&scanner);
	}
	scanner.doc->summary.broken = scanner.mask.broken;
	scanner_fini(&scanner);
	if (result == 0)
		*doc_r = scanner.doc;
	else
		html_free(&scanner.doc);
	return result;
}

void
html_free(struct html_doc **doc)
{
	if (*doc == NULL)
		return;
	arena_free(&(*doc)->arena);
	g_free(*doc);
	*doc = NULL;
}

size_t
html_link_count(const struct html_doc *doc)
{
	return doc->links;
}

const struct html_link *
html_link_at(const struct html_doc *doc, size_t i)
{
	return &doc->link[i];
}

size_t
html_image_count(const struct html_doc *doc)
{
	return doc->images;
}

const struct html_image *
html_image_at(const struct html_doc *doc, size_t i)
{
	return &doc->image[i];
}

size_t
html_slot_count(const struct html_doc *doc)
{
	return doc->slots;
}

const struct html_slot *
html_slot_at(const struct html_doc *doc, size_t i)
{
	return &doc->slot[i];
}

const struct html_places *
html_places(const struct html_doc *doc)
{
	return &doc->places;
}

const struct html_summary *
html_summary(const struct html_doc *doc)
{
	return &doc->summary;
}
