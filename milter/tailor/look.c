/* SPDX-License-Identifier: BSD-2-Clause
 *
 * look: see look.h
 *
 * The template's tags, which lex.h finds, and the HTML's, which the tokenizer finds in the
 * mask, are walked over together in the order of the source.
 *
 * Owns:    nothing beyond one look.
 * Threads: any; touches only its arguments.
 */
#include "tailor/look.h"

#include "base/buf.h"
#include "html/element.h"
#include "html/visible.h"
#include "tailor/look_work.h"

#include <glib.h>

/* Of partials in each other; more are not looked into. */
#define DEPTH_MAX 20
#define BYTES_MAX ((size_t)64 << 20)

/* A block of the template. */
struct frame {
	struct str word;
	unsigned now;	 /* what the branch at hand has */
	unsigned all;	 /* what all branches before it have */
	bool complete;	 /* there is an else */
	bool waiting;	 /* a case before its first when */
	unsigned branch; /* no other one has this number */
	size_t text;	 /* where the branch's text begins */
};

/* The link that is open: what can be seen in it makes it count. */
struct link {
	bool open;
	struct str name;
	guint frame;
	unsigned branch;
};

/* Shared by a look and those at its partials. */
struct budget {
	int depth;
	size_t bytes;
};

struct look {
	const struct tailor_look_query *query;
	struct budget *budget;
	struct err *err;
	struct str source;
	struct html_mask mask;
	struct html_visible visible;
	GArray *marks;
	guint next; /* the first mark that was not come to */
	GArray *frames;
	unsigned branches;
	GString *text;
	struct link link;
	size_t body_end;
	size_t html_end;
	size_t signature;
};

static int look_into(const struct tailor_look_query *query, struct budget *budget,
    struct str source, struct tailor_look_found *found_r, struct err *err);

static struct tailor_look_mark *
mark_at(const struct look *look, guint i)
{
	return &g_array_index(look->marks, struct tailor_look_mark, i);
}

static bool
prints_way_out(const struct look *look, const struct tailor_look_mark *mark)
{
	return tailor_look_prints(look->source, mark, "links", "unsubscribe") ||
	    tailor_look_prints(look->source, mark, "links", "preferences");
}

/* --- blocks --- */

static struct frame *
top(const struct look *look)
{
	return &g_array_index(look->frames, struct frame, look->frames->len - 1);
}

static void
open_block(struct look *look, struct str word)
{
	struct frame frame = {.word = word,
	    .all = TAILOR_LOOK_UNSUBSCRIBE | TAILOR_LOOK_POSTAL,
	    .waiting = str_is(word, "case"),
	    .branch = look->branches++,
	    .text = look->text->len};

	g_array_append_val(look->frames, frame);
}

/* Is the address in the branch's text? */
static void
close_branch(struct look *look)
{
	struct frame *frame = top(look);
	char *text;

	if (look->query->postal != NULL && (frame->now & TAILOR_LOOK_POSTAL) == 0) {
		text = tailor_look_fold(
		    (struct str){look->text->str + frame->text, look->text->len - frame->text});
		if (strstr(text, look->query->postal) != NULL)
			frame->now |= TAILOR_LOOK_POSTAL;
		g_free(text);
	}
	g_string_truncate(look->text, frame->text);
	if (!frame->waiting)
		frame->all &= frame->now;
	frame->waiting = false;
	frame->now = 0;
	frame->branch = look->branches++;
}

static void
close_block(struct look *look)
{
	struct frame frame;

	close_branch(look);
	frame = *top(look);
	g_array_set_size(look->frames, look->frames->len - 1);
	if (frame.complete)
		top(look)->now |= frame.all;
	g_string_append_c(look->text, TAILOR_LOOK_GAP);
}

static bool
opens_block(struct str word)
{
	static const char *const words[] = {
	    "if", "unless", "case", "for", "tablerow", "capture", "ifchanged"};

	return html_token_name_in(word, words, G_N_ELEMENTS(words));
}

static bool
closes(struct str word, struct str block)
{
	return word.n == block.n + 3 && str_starts(word, STR("end")) &&
	    memcmp(word.p + 3, block.p, block.n) == 0;
}

/* Blocks, wherever the tag stands: HTML's comments are none to the template. */
static void
follow(struct look *look, struct str word)
{
	if (opens_block(word)) {
		open_block(look, word);
		return;
	}
	if (look->frames->len == 1)
		return;
	if (closes(word, top(look)->word)) {
		close_block(look);
	} else if (str_is(word, "else")) {
		close_branch(look);
		/* A loop's else is there if its body is not. */
		top(look)->complete = !str_is(top(look)->word, "for");
	} else if (str_is(word, "elsif") || str_is(word, "elseif") || str_is(word, "when")) {
		close_branch(look);
	}
}

/* --- what can be seen --- */

static bool
can_see(const struct look *look)
{
	return !look->query->html || html_visible_text(&look->visible);
}

static void
see_in_link(struct look *look)
{
	const struct link *link = &look->link;
	struct frame *frame;

	if (!link->open || link->frame >= look->frames->len)
		return;
	frame = &g_array_index(look->frames, struct frame, link->frame);
	if (frame->branch == link->branch)
		frame->now |= TAILOR_LOOK_UNSUBSCRIBE;
}

static int
see_partial(struct look *look, struct str name)
{
	const struct tailor_look_partials *partials = look->query->partials;
	struct tailor_look_found found;
	struct str source;
	int rc;

	if (partials == NULL || look->budget->depth >= DEPTH_MAX)
		return 0;
	rc = partials->get(partials->closure, name, &source, look->err);
	if (rc != 1 || source.n > look->budget->bytes)
		return rc < 0 ? -1 : 0;
	look->budget->bytes -= source.n;
	look->budget->depth++;
	rc = look_into(look->query, look->budget, source, &found, look->err);
	look->budget->depth--;
	if (rc == 0)
		top(look)->now |= found.has;
	return rc;
}

static int
see_mark(struct look *look, const struct tailor_look_mark *mark)
{
	struct str name;

	g_string_append_c(look->text, TAILOR_LOOK_GAP);
	if (mark->output) {
		see_in_link(look);
		if (tailor_look_prints(look->source, mark, "campaign", "postal_address"))
			top(look)->now |= TAILOR_LOOK_POSTAL;
		if (!look->query->html && prints_way_out(look, mark))
			top(look)->now |= TAILOR_LOOK_UNSUBSCRIBE;
		return 0;
	}
	if (!tailor_look_names(look->source, mark, &name))
		return 0;
	see_in_link(look);
	return see_partial(look, name);
}

static void
see_text(struct look *look, struct str text)
{
	struct buf decoded;

	buf_init(&decoded, 4 * text.n + 16);
	if (look->query->html)
		html_text_decode(text, &decoded);
	else
		buf_add_str(&decoded, text);
	text = buf_str(&decoded);
	g_string_append_len(look->text, text.p, (gssize)text.n);
	if (look->link.open && tailor_look_shows(text))
		see_in_link(look);
	buf_fini(&decoded);
}

/* --- the walk --- */

/* Bytes that are no template tag. A comment of the template is left out of the text, too. */
static void
walk_bytes(struct look *look, size_t begin, size_t end, bool seen)
{
	const char *bytes = look->mask.bytes;
	size_t at = begin, next;

	for (; at < end; at = next) {
		bool filler = bytes[at] == HTML_MASK_TAG || bytes[at] == HTML_MASK_OUTPUT;

		next = at + 1;
		while (next < end &&
		    filler == (bytes[next] == HTML_MASK_TAG || bytes[next] == HTML_MASK_OUTPUT))
			next++;
		if (!filler && seen)
			see_text(look, (struct str){look->source.p + at, next - at});
	}
}

/* A range of the source; `shown`: it is text between the HTML's tags. */
static int
walk(struct look *look, struct html_range range, bool shown)
{
	size_t at = range.begin;

	while (look->next < look->marks->len && mark_at(look, look->next)->begin < range.end) {
		const struct tailor_look_mark *mark = mark_at(look, look->next++);
		bool seen = shown && can_see(look);

		if (mark->begin > at)
			walk_bytes(look, at, mark->begin, seen);
		if (seen && see_mark(look, mark) != 0)
			return -1;
		if (!mark->output)
			follow(look, mark->word);
		at = mark->end;
	}
	if (at < range.end)
		walk_bytes(look, at, range.end, shown && can_see(look));
	return 0;
}

/* The mark with which the value begins, which no tag of the template in front of it in the same
 * HTML tag makes doubtful. */
static const struct tailor_look_mark *
mark_of_value(const struct look *look, const struct html_token *token, struct html_range value)
{
	while (value.begin < value.end && html_token_is_space(look->mask.bytes[value.begin]))
		value.begin++;
	for (guint i = look->next; i < look->marks->len; i++) {
		const struct tailor_look_mark *mark = mark_at(look, i);

		if (mark->begin >= value.end)
			return NULL;
		if (mark->begin == value.begin)
			return mark;
		if (!mark->output && mark->begin > token->range.begin)
			return NULL;
	}
	return NULL;
}

static void
open_link(struct look *look, const struct html_token *token)
{
	struct html_attribute href;
	const struct tailor_look_mark *mark;

	look->link.open = false;
	if (!html_element_attribute(look->mask.bytes, token, "href", &href))
		return;
	mark = mark_of_value(look, token, href.value);
	if (mark == NULL || !prints_way_out(look, mark))
		return;
	look->link = (struct link){.open = true,
	    .name = token->name,
	    .frame = look->frames->len - 1,
	    .branch = top(look)->branch};
}

/* 0 or 1 pixel wide or high: nobody sees it. */
static bool
is_speck(const struct look *look, const struct html_token *token, const char *name)
{
	struct html_attribute attribute;
	struct str value;
	unsigned long long pixels;

	if (!html_element_attribute(look->mask.bytes, token, name, &attribute))
		return false;
	value = str_trim((struct str){
	    look->source.p + attribute.value.begin, attribute.value.end - attribute.value.begin});
	if (str_ends_nocase(value, STR("px")))
		value.n -= 2;
	return str_to_u64(value, 100000, &pixels) && pixels <= 1;
}

static int
start_tag(struct look *look, const struct html_token *token)
{
	if (html_element_is_block(token->name))
		g_string_append_c(look->text, '\n');
	if (html_element_is_link(token->name))
		open_link(look, token);
	if ((str_is_nocase(token->name, "img") && !is_speck(look, token, "width") &&
		!is_speck(look, token, "height")) ||
	    str_is_nocase(token->name, "area")) {
		if (html_visible_element(&look->visible, token))
			see_in_link(look);
	}
	if (str_is_nocase(token->name, "area"))
		look->link.open = false;
	html_visible_start(&look->visible, token);
	return walk(look, token->range, false);
}

/* Outside of the template's blocks, and where its tags mean something. */
static bool
is_place(const struct look *look, size_t at)
{
	return look->frames->len == 1 && !html_mask_within(look->mask.raw, look->mask.raws, at);
}

static int
stop_tag(struct look *look, const struct html_token *token)
{
	if (str_is_nocase(token->name, "body") && is_place(look, token->range.begin))
		look->body_end = token->range.begin;
	if (str_is_nocase(token->name, "html") && is_place(look, token->range.begin))
		look->html_end = token->range.begin;
	if (html_element_is_block(token->name))
		g_string_append_c(look->text, '\n');
	if (look->link.open && str_eq_nocase(look->link.name, token->name))
		look->link.open = false;
	html_visible_stop(&look->visible, token->name);
	return walk(look, token->range, false);
}

static int
walk_html(struct look *look)
{
	struct html_tokenizer tokenizer;
	struct html_token token;
	int rc = 0;

	html_tokenizer_init(&tokenizer, look->mask.bytes, (struct html_range){0, look->source.n});
	while (rc == 0 && (token = html_tokenizer_next(&tokenizer)).kind != HTML_TOKEN_EOF) {
		if (token.kind == HTML_TOKEN_START)
			rc = start_tag(look, &token);
		else if (token.kind == HTML_TOKEN_STOP)
			rc = stop_tag(look, &token);
		else
			rc = walk(look, token.range, token.kind == HTML_TOKEN_TEXT);
	}
	return rc;
}

/* Line by line, since a signature may begin with one. RFC 3676 section 4.3. */
static int
walk_plain(struct look *look)
{
	size_t at = 0;

	while (at < look->source.n) {
		const char *lf = memchr(look->source.p + at, '\n', look->source.n - at);
		size_t end = lf == NULL ? look->source.n : (size_t)(lf - look->source.p) + 1;
		struct str line = {look->source.p + at, end - at - (lf != NULL)};

		if (str_is(line, "-- ") && is_place(look, at) && look->mask.bytes[at] == '-')
			look->signature = at;
		if (walk(look, (struct html_range){at, end}, true) != 0)
			return -1;
		/* A tag may go on in the next line. */
		if (look->next > 0 && mark_at(look, look->next - 1)->end > end)
			end = mark_at(look, look->next - 1)->end;
		at = end;
	}
	return 0;
}

/* --- the result --- */

static size_t
end_of(const struct look *look)
{
	size_t end = look->source.n;

	while (look->query->html && end > 0 && html_token_is_space(look->source.p[end - 1]))
		end--;
	return end;
}

static void
take_result(struct look *look, struct tailor_look_found *found_r)
{
	size_t place = look->query->html
	    ? (look->body_end != TAILOR_LOOK_NOWHERE ? look->body_end : look->html_end)
	    : look->signature;

	/* An open block makes a template that does not compile. */
	while (look->frames->len > 1)
		close_block(look);
	close_branch(look);
	found_r->has = top(look)->all;
	found_r->before = place != TAILOR_LOOK_NOWHERE;
	found_r->place = found_r->before ? place : end_of(look);
}

static int
look_into(const struct tailor_look_query *query, struct budget *budget, struct str source,
    struct tailor_look_found *found_r, struct err *err)
{
	struct look look = {.query = query,
	    .budget = budget,
	    .err = err,
	    .source = source.p == NULL ? STR("") : source,
	    .body_end = TAILOR_LOOK_NOWHERE,
	    .html_end = TAILOR_LOOK_NOWHERE,
	    .signature = TAILOR_LOOK_NOWHERE};
	int rc;

	look.marks = g_array_new(FALSE, FALSE, sizeof(struct tailor_look_mark));
	look.frames = g_array_new(FALSE, FALSE, sizeof(struct frame));
	look.text = g_string_new(NULL);
	html_mask_init(&look.mask, look.source, false);
	html_visible_init(&look.visible, &look.mask);
	tailor_look_marks(look.source, look.marks);
	open_block(&look, STR(""));
	rc = query->html ? walk_html(&look) : walk_plain(&look);
	take_result(&look, found_r);
	html_visible_fini(&look.visible);
	html_mask_fini(&look.mask);
	g_string_free(look.text, TRUE);
	g_array_free(look.frames, TRUE);
	g_array_free(look.marks, TRUE);
	return rc;
}

int
tailor_look(const struct tailor_look_query *query, struct str source,
    struct tailor_look_found *found_r, struct err *err)
{
	struct budget budget = {.depth = 0, .bytes = BYTES_MAX};

	return look_into(query, &budget, source, found_r, err);
}
