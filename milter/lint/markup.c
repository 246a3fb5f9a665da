/* SPDX-License-Identifier: BSD-2-Clause
 *
 * markup: the HTML of a part as it is written
 *
 * Everything here is found once, whoever gets the message, and so has its exact place.
 *
 * Threads: one.
 */
#include "lint/balance.h"
#include "lint/work.h"

#define WIDTH_MAX 600
/* Smaller images are for tracking and spacing. */
#define PIXEL_MAX 3

static void
on_imbalance(void *closure, enum lint_check check, size_t at, const char *sentence)
{
	void **both = closure;
	struct lint *lint = both[0];
	struct lint_piece *piece = both[1];
	struct lint_place place = lint_place_at(piece, at);

	piece->out_of_balance = true;
	lint_report_add(lint->report, check, &place, "%s", sentence);
}

/* --- template tags where HTML does not expect them --- */

static bool
is_conditional(struct str comment)
{
	return str_starts(comment, STR("<!--[if")) || str_starts(comment, STR("<!--<!"));
}

static bool
is_name_char(char c)
{
	return g_ascii_isalnum(c) || c == '-' || c == '_' || c == ':';
}

/* Is the tag part of a name? `before` and `after` it stands the start tag's text. */
static bool
joins_name(const struct lint_tag *tag, struct str source, const struct lint_token *token)
{
	char before = tag->at > token->at ? source.p[tag->at - 1] : ' ';
	char after = tag->end < token->end ? source.p[tag->end] : ' ';

	if (before == '=' || before == '}')
		return false;
	if (tag->kind == LINT_TAG_OUTPUT)
		return true;
	return is_name_char(before) && (is_name_char(after) || after == '=');
}

/* Whether the offset stands in a quoted value. */
static bool
in_quotes(const char *text, const struct lint_token *token, size_t at)
{
	char quote = '\0', before = '\0';

	for (size_t i = token->at; i < at; i++) {
		if (quote != '\0') {
			if (text[i] == quote)
				quote = '\0';
		} else if ((text[i] == '"' || text[i] == '\'') && before == '=') {
			quote = text[i];
		}
		if (!g_ascii_isspace(text[i]))
			before = text[i];
	}
	return quote != '\0';
}

/* Unquoted values end at a space. */
static bool
in_value(const char *text, const struct lint_token *token, size_t at)
{
	if (in_quotes(text, token, at))
		return true;
	while (at > token->at && !g_ascii_isspace(text[at - 1])) {
		if (text[at - 1] == '=')
			return true;
		at--;
	}
	return false;
}

static void
check_tag(struct lint *lint, struct lint_piece *piece, const struct lint_tag *tag,
    const struct lint_token *token)
{
	struct str source = piece->piece->source;
	struct str whole = {source.p + token->at, token->end - token->at};
	struct lint_place place = lint_place_at(piece, tag->at);
	struct str shown = {source.p + tag->at, MIN(tag->end - tag->at, (size_t)60)};

	if (tag->kind == LINT_TAG_SILENT)
		return;
	if (token->kind == LINT_COMMENT && !is_conditional(whole))
		lint_report_add(lint->report, LINT_TAG_IN_COMMENT, &place,
		    "%.*s stands in an HTML comment, where it is rendered, too; "
		    "{%% comment %%} would keep it out",
		    STR_F(shown));
	if (token->kind == LINT_START && !in_value(piece->mask.text, token, tag->at) &&
	    joins_name(tag, source, token))
		lint_report_add(lint->report, LINT_TAG_IN_NAME, &place,
		    "%.*s stands where the name of an element or attribute was expected",
		    STR_F(shown));
}

static void
check_tags(struct lint *lint, struct lint_piece *piece)
{
	const GArray *tags = piece->mask.tags;
	guint tag = 0;

	for (guint i = 0; i < piece->html.tokens->len; i++) {
		const struct lint_token *token = lint_html_at(&piece->html, i);

		while (tag < tags->len && g_array_index(tags, struct lint_tag, tag).at < token->at)
			tag++;
		for (; tag < tags->len && g_array_index(tags, struct lint_tag, tag).at < token->end;
		     tag++)
			check_tag(lint, piece, &g_array_index(tags, struct lint_tag, tag), token);
	}
}

/* --- images and widths --- */

/* A number of pixels; 0 for anything else. */
static unsigned long long
pixels(struct str text)
{
	unsigned long long number = 0;

	text = str_trim(text);
	if (str_ends_nocase(text, STR("px")))
		text.n -= 2;
	return str_to_u64(str_trim(text), 100000, &number) ? number : 0;
}

/* The value of a property in a style attribute; {NULL,0} if it is not there. */
static struct str
style_value(struct str style, const char *name)
{
	struct str rest = style, one, key;

	while (style.p != NULL && str_split(&rest, ';', &one)) {
		if (!str_split(&one, ':', &key))
			continue;
		if (str_is_nocase(str_trim(key), name))
			return str_trim(one);
	}
	return STR_NONE;
}

static bool
is_pixel(const struct lint_token *image)
{
	struct str width = lint_attr(image, "width"), height = lint_attr(image, "height");

	return (width.n > 0 && pixels(width) <= PIXEL_MAX && g_ascii_isdigit(width.p[0])) ||
	    (height.n > 0 && pixels(height) <= PIXEL_MAX && g_ascii_isdigit(height.p[0]));
}

static void
check_alt(struct lint *lint, const struct lint_piece *piece, const struct lint_token *image)
{
	struct lint_place place = lint_place_at(piece, image->at);
	struct str source = lint_attr(image, "src");

	if (lint_attr(image, "alt").p != NULL || is_pixel(image))
		return;
	lint_report_add(lint->report, LINT_ALT, &place,
	    "<img> without alt=\"...\" (src %.*s); alt=\"\" suits mere decoration",
	    (int)MIN(source.n, (size_t)80), source.p == NULL ? "" : source.p);
}

/* A style sheet with @media may shrink what has a class or an id. */
static bool
may_shrink(const struct lint_piece *piece, const struct lint_token *token, struct str style)
{
	struct str width = style_value(style, "width");
	struct str least = style_value(style, "max-width");

	if (least.n > 0 && !str_is_nocase(least, "none"))
		return true;
	if (width.n > 0 && width.p[width.n - 1] == '%')
		return true;
	return str_has(piece->piece->source, STR("@media")) &&
	    (lint_attr(token, "class").n > 0 || lint_attr(token, "id").n > 0);
}

static void
check_width(struct lint *lint, const struct lint_piece *piece, const struct lint_token *token)
{
	struct str style = lint_attr(token, "style");
	struct str inner = style_value(style, "width");
	unsigned long long width = pixels(lint_attr(token, "width"));
	struct lint_place place;

	if (inner.n > 0)
		width = pixels(inner);
	width = MAX(width, pixels(style_value(style, "min-width")));
	if (width <= WIDTH_MAX || may_shrink(piece, token, style))
		return;
	place = lint_place_at(piece, token->at);
	lint_report_add(lint->report, LINT_FIXED_WIDTH, &place,
	    "<%.*s> is %llu pixels wide; at most %d, or width=\"100%%\" with max-width, was "
	    "expected",
	    STR_F(token->name), width, WIDTH_MAX);
}

static bool
can_be_wide(struct str name)
{
	static const char *const names[] = {
	    "table", "td", "th", "div", "img", "body", "center", "section", "p"};

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		if (str_is(name, names[i]))
			return true;
	}
	return false;
}

static void
check_elements(struct lint *lint, struct lint_piece *piece)
{
	struct lint_place place = lint_place_of(piece);
	bool viewport = false;

	for (guint i = 0; i < piece->html.tokens->len; i++) {
		const struct lint_token *token = lint_html_at(&piece->html, i);

		if (token->kind != LINT_START)
			continue;
		if (str_is(token->name, "img"))
			check_alt(lint, piece, token);
		if (str_is(token->name, "meta") &&
		    str_is_nocase(lint_attr(token, "name"), "viewport"))
			viewport = true;
		if (can_be_wide(token->name))
			check_width(lint, piece, token);
	}
	if (!viewport && piece->html.tokens->len > 0)
		lint_report_add(lint->report, LINT_VIEWPORT, &place,
		    "<meta name=\"viewport\" content=\"width=device-width\"> was expected in "
		    "<head>");
}

/* --- preheader --- */

static bool
is_hidden(const struct lint_token *token)
{
	struct str style = lint_attr(token, "style"), label = lint_attr(token, "class");
	struct str size = style_value(style, "font-size");

	if (label.n == 0)
		label = lint_attr(token, "id");
	return str_is_nocase(style_value(style, "display"), "none") ||
	    str_is_nocase(style_value(style, "visibility"), "hidden") ||
	    str_starts(style_value(style, "max-height"), STR("0")) || str_is(size, "0") ||
	    str_is(size, "0px") || str_is(size, "1px") || str_has(label, STR("preheader")) ||
	    str_has(label, STR("preview")) || str_has(label, STR("Preheader")) ||
	    str_has(label, STR("preHeader"));
}

/* Hidden text, or one that is called preheader, before the reader has seen much. */
static bool
has_preheader(const struct lint_html *html)
{
	for (guint i = 0; i < html->tokens->len; i++) {
		const struct lint_token *token = lint_html_at(html, i);
		size_t end;

		if (token->text_at > 1000)
			break;
		if (token->kind != LINT_START || !is_hidden(token))
			continue;
		end = lint_html_end_of(html, i);
		if (str_trim(lint_html_text(html, token,
				 end < html->tokens->len ? lint_html_at(html, end) : NULL))
			.n > 0)
			return true;
	}
	return false;
}

void
lint_markup(struct lint *lint, struct lint_piece *piece)
{
	struct lint_place place = lint_place_of(piece);
	void *both[] = {lint, piece};

	lint_html_read(&piece->html, (struct str){piece->mask.text, piece->piece->source.n});
	if (piece->html.limit != NULL) {
		piece->out_of_balance = true;
		lint_report_add(
		    lint->report, LINT_HTML_LIMIT, &place, "the HTML part: %s", piece->html.limit);
		return;
	}
	lint_balance(&piece->html, piece->mask.tags, on_imbalance, both);
	check_tags(lint, piece);
	check_elements(lint, piece);
	if (!has_preheader(&piece->html))
		lint_report_add(lint->report, LINT_PREHEADER, &place,
		    "a short hidden text at the beginning of <body> was expected");
	piece->has_address = lint_has_postal_address(buf_str(&piece->html.text));
	lint_links(lint, piece);
}
