/* SPDX-License-Identifier: BSD-2-Clause
 *
 * visible: see visible.h
 *
 * Threads: one at a time.
 */
#include "html/visible.h"

#include "base/buf.h"
#include "html/element.h"

#include <strings.h>

/* Deeper ones are counted, and look like the deepest. */
#define DEPTH_MAX 1000
#define STYLE_MAX ((size_t)64 * 1024)

struct state {
	bool gone;   /* for good */
	bool hidden; /* visibility */
	bool tiny;   /* font-size */
};

struct element {
	struct str name; /* as in the mask */
	struct state state;
};

void
html_visible_init(struct html_visible *visible, const struct html_mask *mask)
{
	*visible = (struct html_visible){
	    .mask = mask, .open = g_array_new(FALSE, FALSE, sizeof(struct element))};
}

void
html_visible_fini(struct html_visible *visible)
{
	g_array_free(visible->open, TRUE);
}

static struct element *
at(const struct html_visible *visible, guint i)
{
	return &g_array_index(visible->open, struct element, i);
}

static struct state
state_here(const struct html_visible *visible)
{
	guint count = visible->open->len;

	return count == 0 ? (struct state){.gone = false} : at(visible, count - 1)->state;
}

/* --- styles --- */

static bool
begins(struct str value, const char *word)
{
	size_t n = strlen(word);

	return value.n >= n && strncasecmp(value.p, word, n) == 0;
}

/* 0, 0px, .0em, 0% */
static bool
is_zero(struct str value)
{
	size_t i = 0;
	bool digit = false;

	for (; i < value.n && (value.p[i] == '0' || value.p[i] == '.'); i++)
		digit |= value.p[i] == '0';
	return digit && (i == value.n || value.p[i] < '1' || value.p[i] > '9');
}

static void
declare(struct state *state, struct str property, struct str value)
{
	if (str_is_nocase(property, "display"))
		state->gone = begins(value, "none");
	else if (str_is_nocase(property, "visibility"))
		state->hidden = !begins(value, "visible") &&
		    (state->hidden || begins(value, "hidden") || begins(value, "collapse"));
	else if (str_is_nocase(property, "font-size"))
		state->tiny = is_zero(value);
}

/* In a style's text, which has no template tags any more. */
static void
read_style(struct str style, struct state *state)
{
	struct str declaration, property;
	bool see_through = false;

	while (str_split(&style, ';', &declaration)) {
		if (!str_split(&declaration, ':', &property) || declaration.p == NULL)
			continue;
		property = str_trim(property);
		declaration = str_trim(declaration);
		if (str_is_nocase(property, "opacity"))
			see_through = is_zero(declaration);
		else
			declare(state, property, declaration);
	}
	state->gone |= see_through;
}

/* What the template prints stays as one filler, which is no word and no number. */
static void
take_style(const struct html_visible *visible, struct html_range range, struct state *state)
{
	const char *bytes = visible->mask->bytes;
	struct buf raw, text;

	buf_init(&raw, STYLE_MAX);
	buf_init(&text, STYLE_MAX);
	for (size_t i = range.begin; i < range.end; i++) {
		if (bytes[i] != HTML_MASK_TAG)
			buf_add_char(&raw, bytes[i]);
	}
	html_value_decode(buf_str(&raw), &text);
	if (!raw.full && !text.full)
		read_style(buf_str(&text), state);
	buf_fini(&text);
	buf_fini(&raw);
}

static bool
is_never_shown(struct str name)
{
	static const char *const names[] = {
	    "head", "script", "style", "template", "title", "noembed", "noframes", "datalist"};

	return HTML_TOKEN_NAME_IN(name, names);
}

static struct state
state_of(const struct html_visible *visible, const struct html_token *token)
{
	const char *bytes = visible->mask->bytes;
	struct state outer = state_here(visible), state = outer;
	struct html_attribute attribute;

	state.gone = false;
	if (html_element_attribute(bytes, token, "style", &attribute))
		take_style(visible, attribute.value, &state);
	if (html_element_attribute(bytes, token, "hidden", &attribute) ||
	    is_never_shown(token->name))
		state.gone = true;
	state.gone |= outer.gone;
	return state;
}

/* --- end tags that may be left out --- */

static bool
is_table_part(struct str name)
{
	static const char *const names[] = {
	    "table", "tbody", "thead", "tfoot", "tr", "td", "th", "caption", "colgroup"};

	return HTML_TOKEN_NAME_IN(name, names);
}

/* Does a start tag `next` end an open element `name`? */
static bool
ends(struct str next, struct str name)
{
	static const char *const rows[] = {"tr", "tbody", "thead", "tfoot"};
	static const char *const cells[] = {"td", "th"};
	static const char *const terms[] = {"dt", "dd"};
	bool row = HTML_TOKEN_NAME_IN(next, rows);

	if (str_is_nocase(name, "p"))
		return html_element_is_block(next) && !str_is_nocase(next, "br") &&
		    !is_table_part(next);
	if (HTML_TOKEN_NAME_IN(name, cells))
		return row || HTML_TOKEN_NAME_IN(next, cells);
	if (str_is_nocase(name, "tr"))
		return row;
	if (HTML_TOKEN_NAME_IN(name, terms))
		return HTML_TOKEN_NAME_IN(next, terms);
	return (str_is_nocase(name, "li") || str_is_nocase(name, "a") ||
		   str_is_nocase(name, "option")) &&
	    str_eq_nocase(name, next);
}

/* Elements in which a new list, table or page begins. */
static bool
is_wall(struct str name)
{
	static const char *const names[] = {"table", "ul", "ol", "dl", "select", "object", "body"};

	return HTML_TOKEN_NAME_IN(name, names);
}

static void
close_implied(struct html_visible *visible, struct str next)
{
	for (guint i = visible->open->len; i > 0 && !is_wall(at(visible, i - 1)->name); i--) {
		if (ends(next, at(visible, i - 1)->name))
			g_array_set_size(visible->open, i - 1);
	}
}

/* A head without end tag ends where something begins that can't be in it. */
static void
close_head(struct html_visible *visible, struct str next)
{
	static const char *const inside[] = {
	    "base", "link", "meta", "noscript", "script", "style", "template", "title"};
	guint count = visible->open->len;

	if (count > 0 && str_is_nocase(at(visible, count - 1)->name, "head") &&
	    !HTML_TOKEN_NAME_IN(next, inside))
		g_array_set_size(visible->open, count - 1);
}

void
html_visible_start(struct html_visible *visible, const struct html_token *token)
{
	struct element element = {.name = token->name};

	if (html_element_is_void(token->name))
		return;
	if (visible->open->len >= DEPTH_MAX) {
		visible->beyond++;
		return;
	}
	close_head(visible, token->name);
	close_implied(visible, token->name);
	element.state = state_of(visible, token);
	g_array_append_val(visible->open, element);
}

void
html_visible_stop(struct html_visible *visible, struct str name)
{
	bool part = is_table_part(name);

	if (visible->beyond > 0) {
		visible->beyond--;
		return;
	}
	for (guint i = visible->open->len; i > 0; i--) {
		struct str open = at(visible, i - 1)->name;

		if (str_eq_nocase(open, name)) {
			g_array_set_size(visible->open, i - 1);
			return;
		}
		/* What began outside of a cell does not end in it. */
		if (!part && is_table_part(open))
			return;
	}
}

size_t
html_visible_depth(const struct html_visible *visible)
{
	return visible->open->len + visible->beyond;
}

bool
html_visible_text(const struct html_visible *visible)
{
	struct state state = state_here(visible);

	return !state.gone && !state.hidden && !state.tiny;
}

bool
html_visible_element(const struct html_visible *visible, const struct html_token *token)
{
	struct state state = state_of(visible, token);

	return !state.gone && !state.hidden;
}
