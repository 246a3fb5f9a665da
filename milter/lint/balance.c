/* SPDX-License-Identifier: BSD-2-Clause
 *
 * balance: see balance.h
 *
 * A frame is a block that is open (the first one is the whole text). It collects what its
 * present branch closes of the elements around it, and what it leaves open. When the block
 * ends, the branches are compared and their effect passes to the frame around it.
 *
 * Threads: any.
 */
#include "lint/balance.h"

#include <stdio.h>

#define FRAMES_MAX 200
/* Open elements that are searched for the one that an end tag means. */
#define SEARCH_MAX 2000

/* An element left open, or an end tag without one. */
struct item {
	struct str name;
	unsigned traits;
	size_t at;
	guint cond; /* stands for the condition it depends on; 0: none */
};

struct effect {
	GArray *closes;
	GArray *opens;
};

struct frame {
	const struct lint_tag *tag;
	guint cond;  /* of the present branch */
	guint first; /* condition of the first branch, whose opposite `else` is */
	bool had_else;
	bool none; /* before the first `when` */
	struct effect now;
	GArray *done; /* of struct effect; conditions already set, if they differ */
	GArray *conds;
};

struct balance {
	GArray *frames;
	void (*found)(void *closure, enum lint_check check, size_t at, const char *sentence);
	void *closure;
};

static bool
among(struct str name, const char *const *names)
{
	for (; *names != NULL; names++) {
		if (str_is(name, *names))
			return true;
	}
	return false;
}

/* An end tag reaches no element outside of the cell it stands in (HTML, "in scope"). */
static bool
hides(const struct item *open, const struct item *end)
{
	if (end->traits & LINT_TABLE)
		return str_is(open->name, "table");
	return (open->traits & LINT_CELL) != 0;
}

static struct effect
effect_new(void)
{
	return (struct effect){g_array_new(FALSE, FALSE, sizeof(struct item)),
	    g_array_new(FALSE, FALSE, sizeof(struct item))};
}

static void
effect_free(struct effect *effect)
{
	g_array_free(effect->closes, TRUE);
	g_array_free(effect->opens, TRUE);
}

static struct frame *
top(const struct balance *balance)
{
	return &g_array_index(balance->frames, struct frame, balance->frames->len - 1);
}

static void __attribute__((format(printf, 4, 5))) say(const struct balance *balance,
    enum lint_check check, const struct item *item, const char *format, ...)
{
	char name[40], sentence[200];
	va_list args;

	snprintf(name, sizeof name, "%.*s", STR_F(item->name));
	va_start(args, format);
	vsnprintf(sentence, sizeof sentence, format, args);
	va_end(args);
	balance->found(balance->closure, check, item->at, sentence);
}

static void
report_open(const struct balance *balance, const struct item *item)
{
	if (item->traits & LINT_OPTIONAL)
		return;
	if (item->cond != 0)
		say(balance, LINT_HTML_BRANCH, item,
		    "<%.*s> is opened under a condition; </%.*s> was expected under the same one",
		    STR_F(item->name), STR_F(item->name));
	else
		say(balance, LINT_HTML_UNCLOSED, item,
		    "<%.*s> is opened here; </%.*s> was expected", STR_F(item->name),
		    STR_F(item->name));
}

static bool
is_harmless_end(struct str name)
{
	static const char *const names[] = {
	    "p", "thead", "tbody", "tfoot", "html", "head", "body", NULL};

	return among(name, names);
}

static void
report_close(const struct balance *balance, const struct item *item, const GArray *opens)
{
	bool other = item->cond != 0;

	/* Browsers pass over them, and nothing changes. */
	if (is_harmless_end(item->name))
		return;
	for (guint i = 0; i < opens->len && !other; i++) {
		const struct item *open = &g_array_index(opens, struct item, i);

		other = open->cond != 0 && str_eq(open->name, item->name);
	}
	if (other)
		say(balance, LINT_HTML_BRANCH, item,
		    "</%.*s> closes an element that is not opened under the same condition",
		    STR_F(item->name));
	else
		say(balance, LINT_HTML_STRAY_END, item,
		    "</%.*s> closes nothing; an open <%.*s> was expected before it",
		    STR_F(item->name), STR_F(item->name));
}

/* An element ends with what was left open in it. Formatting goes on behind it, unless it is
 * a cell (HTML, "reconstruct the active formatting elements"). */
static void
drop_above(const struct balance *balance, GArray *opens, guint i)
{
	bool cell = (g_array_index(opens, struct item, i).traits & (LINT_CELL | LINT_TABLE)) != 0;
	guint kept = i;

	for (guint above = i + 1; above < opens->len; above++) {
		struct item *item = &g_array_index(opens, struct item, above);

		if (item->traits & LINT_FORMATTING && !cell)
			g_array_index(opens, struct item, kept++) = *item;
		else
			report_open(balance, item);
	}
	g_array_set_size(opens, kept);
}

/* False if the element is not among `opens`. */
static bool
close_element(const struct balance *balance, GArray *opens, const struct item *end)
{
	guint lowest = opens->len > SEARCH_MAX ? opens->len - SEARCH_MAX : 0;

	for (guint i = opens->len; i-- > lowest;) {
		const struct item *open = &g_array_index(opens, struct item, i);

		if (open->cond == end->cond && str_eq(open->name, end->name)) {
			if (end->traits & LINT_FORMATTING) {
				g_array_remove_index(opens, i);
				return true;
			}
			drop_above(balance, opens, i);
			return true;
		}
		if (open->cond == 0 && hides(open, end))
			break;
	}
	return false;
}

static void
take_close(struct balance *balance, const struct item *end)
{
	struct frame *frame = top(balance);

	if (close_element(balance, frame->now.opens, end))
		return;
	if (balance->frames->len == 1)
		report_close(balance, end, frame->now.opens);
	else
		g_array_append_val(frame->now.closes, *end);
}

static void
take_token(struct balance *balance, const struct lint_token *token)
{
	struct item item = {token->name, token->traits, token->at, 0};

	/* <o:p> and the like are Office's. */
	if (token->kind == LINT_COMMENT || (token->traits & LINT_VOID) || token->empty ||
	    (token->name.n > 0 && memchr(token->name.p, ':', token->name.n) != NULL))
		return;
	if (token->kind == LINT_END)
		take_close(balance, &item);
	else
		g_array_append_val(top(balance)->now.opens, item);
}

/* --- blocks --- */

static bool
same_items(const GArray *a, const GArray *b)
{
	if (a->len != b->len)
		return false;
	for (guint i = 0; i < a->len; i++) {
		const struct item *one = &g_array_index(a, struct item, i);
		const struct item *other = &g_array_index(b, struct item, i);

		if (one->cond != other->cond || !str_eq(one->name, other->name))
			return false;
	}
	return true;
}

static bool
all_the_same(const GArray *effects)
{
	const struct effect *first = &g_array_index(effects, struct effect, 0);

	for (guint i = 1; i < effects->len; i++) {
		const struct effect *other = &g_array_index(effects, struct effect, i);

		if (!same_items(first->closes, other->closes) ||
		    !same_items(first->opens, other->opens))
			return false;
	}
	return true;
}

static void
depend(GArray *items, guint cond)
{
	for (guint i = 0; i < items->len; i++) {
		struct item *item = &g_array_index(items, struct item, i);

		item->cond = (item->cond * 31 + cond) | 1;
	}
}

static void
pass_on(struct balance *balance, const struct effect *effect)
{
	for (guint i = 0; i < effect->closes->len; i++)
		take_close(balance, &g_array_index(effect->closes, struct item, i));
	g_array_append_vals(top(balance)->now.opens, effect->opens->data, effect->opens->len);
}

/* `</tr><tr>` in a loop is in order: one is closed for each that is opened. */
static bool
evens_out(const struct effect *effect)
{
	guint count = effect->closes->len;

	if (count != effect->opens->len)
		return false;
	for (guint i = 0; i < count; i++) {
		if (!str_eq(g_array_index(effect->closes, struct item, i).name,
			g_array_index(effect->opens, struct item, count - 1 - i).name))
			return false;
	}
	return true;
}

static void
end_loop(struct balance *balance, const struct effect *effect)
{
	if (evens_out(effect)) {
		pass_on(balance, effect);
		return;
	}
	for (guint i = 0; i < effect->closes->len; i++) {
		const struct item *item = &g_array_index(effect->closes, struct item, i);

		say(balance, LINT_HTML_LOOP, item,
		    "</%.*s> closes an element outside of the loop it stands in",
		    STR_F(item->name));
	}
	for (guint i = 0; i < effect->opens->len; i++) {
		const struct item *item = &g_array_index(effect->opens, struct item, i);

		if (!(item->traits & LINT_OPTIONAL))
			say(balance, LINT_HTML_LOOP, item,
			    "<%.*s> is opened in a loop; </%.*s> was expected in it",
			    STR_F(item->name), STR_F(item->name));
	}
}

static void
end_branch(struct frame *frame)
{
	if (frame->none) {
		effect_free(&frame->now);
	} else {
		g_array_append_val(frame->done, frame->now);
		g_array_append_val(frame->conds, frame->cond);
	}
	frame->none = false;
	frame->now = effect_new();
}

static guint
hash_of(struct str text)
{
	guint hash = 5381;

	for (size_t i = 0; i < text.n; i++) {
		if (!g_ascii_isspace(text.p[i]))
			hash = hash * 33 + (unsigned char)text.p[i];
	}
	return hash * 4;
}

static void
open_frame(struct balance *balance, const struct lint_tag *tag)
{
	struct frame frame = {.tag = tag, .now = effect_new()};

	frame.done = g_array_new(FALSE, FALSE, sizeof(struct effect));
	frame.conds = g_array_new(FALSE, FALSE, sizeof(guint));
	if (tag != NULL) {
		frame.first = hash_of(tag->rest) + (str_is(tag->name, "unless") ? 2 : 0);
		frame.cond = frame.first;
		frame.none = str_is(tag->name, "case");
	}
	g_array_append_val(balance->frames, frame);
}

static void
free_frame(struct frame *frame)
{
	for (guint i = 0; i < frame->done->len; i++)
		effect_free(&g_array_index(frame->done, struct effect, i));
	g_array_free(frame->done, TRUE);
	g_array_free(frame->conds, TRUE);
	effect_free(&frame->now);
}

static bool
is_condition(struct str name)
{
	static const char *const names[] = {"if", "unless", "case", "ifchanged", NULL};

	return among(name, names);
}

static void
close_frame(struct balance *balance)
{
	struct frame frame;
	bool same;

	end_branch(top(balance));
	/* What happens if no branch is taken: nothing. */
	if (is_condition(top(balance)->tag->name) && !top(balance)->had_else) {
		top(balance)->cond = top(balance)->first ^ 2;
		end_branch(top(balance));
	}
	frame = *top(balance);
	g_array_set_size(balance->frames, balance->frames->len - 1);
	same = frame.done->len == 0 || all_the_same(frame.done);
	for (guint i = 0; i < frame.done->len; i++) {
		struct effect *effect = &g_array_index(frame.done, struct effect, i);

		if (same && i > 0)
			break;
		if (!same) {
			guint cond = g_array_index(frame.conds, guint, i);

			depend(effect->closes, cond);
			depend(effect->opens, cond);
		}
		if (is_condition(frame.tag->name))
			pass_on(balance, effect);
		else if (!str_is(frame.tag->name, "capture"))
			end_loop(balance, effect);
	}
	free_frame(&frame);
}

static void
take_branch(struct frame *frame, const struct lint_tag *tag)
{
	end_branch(frame);
	frame->cond = hash_of(tag->rest);
	if (str_is(tag->name, "else")) {
		frame->had_else = true;
		frame->cond = frame->first ^ 2;
	}
}

static void
take_tag(struct balance *balance, const struct lint_tag *tag)
{
	static const char *const blocks[] = {
	    "if", "unless", "case", "for", "tablerow", "capture", "ifchanged", NULL};
	static const char *const branches[] = {"else", "elsif", "when", NULL};
	bool inside = balance->frames->len > 1;

	if (tag->kind != LINT_TAG_CONTROL)
		return;
	if (among(tag->name, blocks) && balance->frames->len < FRAMES_MAX)
		open_frame(balance, tag);
	else if (inside && among(tag->name, branches))
		take_branch(top(balance), tag);
	else if (inside && str_starts(tag->name, STR("end")) &&
	    str_eq((struct str){tag->name.p + 3, tag->name.n - 3}, top(balance)->tag->name))
		close_frame(balance);
}

void
lint_balance(const struct lint_html *html, const GArray *tags,
    void (*found)(void *closure, enum lint_check check, size_t at, const char *sentence),
    void *closure)
{
	struct balance balance = {.found = found, .closure = closure};
	guint tag = 0, count = tags == NULL ? 0 : tags->len;

	balance.frames = g_array_new(FALSE, FALSE, sizeof(struct frame));
	open_frame(&balance, NULL);
	for (guint i = 0; i <= html->tokens->len; i++) {
		const struct lint_token *token =
		    i < html->tokens->len ? lint_html_at(html, i) : NULL;

		for (; tag < count; tag++) {
			const struct lint_tag *next = &g_array_index(tags, struct lint_tag, tag);

			if (token != NULL && next->at >= token->at)
				break;
			take_tag(&balance, next);
		}
		if (token == NULL)
			break;
		take_token(&balance, token);
		/* Tags within a tag or comment choose attributes, not elements. */
		while (tag < count && g_array_index(tags, struct lint_tag, tag).at < token->end)
			tag++;
	}
	while (balance.frames->len > 1)
		close_frame(&balance);
	for (guint i = 0; i < top(&balance)->now.opens->len; i++)
		report_open(&balance, &g_array_index(top(&balance)->now.opens, struct item, i));
	free_frame(top(&balance));
	g_array_free(balance.frames, TRUE);
}
