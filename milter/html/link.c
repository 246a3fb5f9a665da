/* SPDX-License-Identifier: BSD-2-Clause
 *
 * link: links and images of one start tag
 *
 * Of two href the first counts, as in a browser; but where a template's tag stands between
 * them, both may be the one that leaves: <a {% if x %}href=1{% else %}href=2{% endif %}>.
 *
 * Owns:    texts in the document's arena.
 * Threads: one at a time.
 */
#include "html/scan.h"

unsigned
html_scan_line(struct html_scanner *scanner, size_t at)
{
	const char *p = scanner->source.p;

	for (; scanner->line_at < at; scanner->line_at++)
		scanner->line += p[scanner->line_at] == '\n';
	return scanner->line;
}

int
html_scan_keep(struct html_scanner *scanner, struct str text, struct str *copy_r)
{
	*copy_r = arena_str(scanner->doc->arena, text);
	if (copy_r->p == NULL)
		return err_set(scanner->err, ERR_LIMIT, "HTML with too many links");
	return 0;
}

static struct str
source_of(const struct html_scanner *scanner, struct html_range range)
{
	return (struct str){scanner->source.p + range.begin, range.end - range.begin};
}

/* A value without quotes takes the template's tags behind it along:
 * href={{ url }}{% if x %} class=y{% endif %}. They belong to it only if it begins what
 * they end. */
struct html_value
html_scan_value(
    const struct html_scanner *scanner, const struct html_attribute *attribute, bool *whole_r)
{
	const char *bytes = scanner->mask.bytes;
	struct html_value value = {.range = attribute->value, .quote = attribute->quote};
	struct html_range *range = &value.range;

	value.dynamic = html_mask_dynamic(&scanner->mask, *range);
	*whole_r = value.dynamic == HTML_STATIC || html_mask_balanced(scanner->source, *range);
	if (value.quote != HTML_QUOTE_NONE || value.dynamic == HTML_STATIC)
		return value;
	while (!*whole_r && range->end > range->begin && bytes[range->end - 1] == HTML_MASK_TAG) {
		while (range->end > range->begin && bytes[range->end - 1] == HTML_MASK_TAG)
			range->end--;
		*whole_r = html_mask_balanced(scanner->source, *range);
	}
	/* href={% if x %}"a b"{% endif %}: who knows where this ends */
	for (size_t i = range->begin; i < range->end; i++) {
		if (bytes[i] == '"' || bytes[i] == '\'')
			*whole_r = false;
	}
	value.dynamic = html_mask_dynamic(&scanner->mask, *range);
	return value;
}

/* Decodes what stands between the template's tags, which are kept as written. */
static int
read_dynamic(struct html_scanner *scanner, struct html_range range, struct str *address_r)
{
	const char *bytes = scanner->mask.bytes;
	struct buf *scratch = &scanner->scratch;
	size_t at = range.begin, next;

	buf_reset(scratch);
	for (; at < range.end; at = next) {
		bool filler = bytes[at] == HTML_MASK_TAG || bytes[at] == HTML_MASK_OUTPUT;

		next = at + 1;
		while (next < range.end &&
		    filler == (bytes[next] == HTML_MASK_TAG || bytes[next] == HTML_MASK_OUTPUT))
			next++;
		if (filler)
			buf_add(scratch, scanner->source.p + at, next - at);
		else
			html_value_decode(
			    source_of(scanner, (struct html_range){at, next}), scratch);
	}
	return html_scan_keep(scanner, str_trim(buf_str(scratch)), address_r);
}

enum html_scheme
html_scan_scheme(struct html_scanner *scanner, struct html_range range)
{
	const char *bytes = scanner->mask.bytes;
	struct html_range prefix = {range.begin, range.begin};
	enum html_scheme scheme;

	while (prefix.end < range.end && bytes[prefix.end] != HTML_MASK_TAG &&
	    bytes[prefix.end] != HTML_MASK_OUTPUT)
		prefix.end++;
	buf_reset(&scanner->scratch);
	html_address_read(source_of(scanner, prefix), &scanner->scratch);
	scheme = html_address_scheme(buf_str(&scanner->scratch));
	if (scheme == HTML_SCHEME_EMPTY)
		return HTML_SCHEME_UNKNOWN;
	if (scheme == HTML_SCHEME_RELATIVE && strchr("/?.", scanner->scratch.data[0]) == NULL)
		return HTML_SCHEME_UNKNOWN;
	return scheme;
}

static int
read_address(struct html_scanner *scanner, struct html_link *link)
{
	struct html_range range = link->value.range;

	if (link->value.dynamic != HTML_STATIC) {
		link->scheme = html_scan_scheme(scanner, range);
		return read_dynamic(scanner, range, &link->address);
	}
	buf_reset(&scanner->scratch);
	html_address_read(source_of(scanner, range), &scanner->scratch);
	if (html_scan_keep(scanner, buf_str(&scanner->scratch), &link->address) < 0)
		return -1;
	link->scheme = html_address_scheme(link->address);
	return 0;
}

static int
check_count(const struct html_scanner *scanner, const GArray *array, const char *what)
{
	if (array->len >= scanner->limits->links)
		return err_set(scanner->err, ERR_LIMIT, "HTML with more than %zu %s",
		    scanner->limits->links, what);
	return 0;
}

static int
add_link(struct html_scanner *scanner, const struct html_level *level,
    const struct html_token *token, const struct html_attribute *href, bool off)
{
	const struct html_mask *mask = &scanner->mask;
	struct html_link link = {.tag = token->range,
	    .line = html_scan_line(scanner, token->range.begin),
	    .off = off,
	    .conditional = level->conditional};
	size_t name = (size_t)(token->name.p - mask->bytes);

	if (check_count(scanner, scanner->links, "links") < 0)
		return -1;
	link.value = html_scan_value(scanner, href, &link.whole);
	link.literal = html_mask_within(mask->raw, mask->raws, link.value.range.begin);
	link.captured = html_mask_within(mask->capture, mask->captures, link.value.range.begin);
	if (read_address(scanner, &link) < 0 ||
	    html_scan_keep(scanner,
		source_of(scanner, (struct html_range){name, name + token->name.n}),
		&link.element) < 0)
		return -1;
	g_array_append_val(scanner->links, link);
	return 0;
}

int
html_scan_link_tag(struct html_scanner *scanner, struct html_level *level,
    const struct html_token *token, bool off)
{
	const char *bytes = scanner->mask.bytes;
	size_t at = token->attributes, first = scanner->links->len;
	bool open = true; /* no href yet, or a template's tag since */
	struct html_attribute attribute;

	if (html_scan_link_end(scanner, level) < 0)
		return -1;
	while (
	    html_attribute_next(bytes, token->range.end, &at, &attribute) == HTML_ATTRIBUTE_FOUND) {
		open = open || attribute.after_tag;
		if (!open || !str_is_nocase(attribute.name, "href"))
			continue;
		open = false;
		if (attribute.quote == HTML_QUOTE_NONE && !attribute.has_value)
			continue;
		if (add_link(scanner, level, token, &attribute, off) < 0)
			return -1;
	}
	if (scanner->links->len == first)
		return 0;
	level->element = token->name;
	level->first = first;
	level->count = scanner->links->len - first;
	buf_reset(&level->text);
	html_words_init(&level->words, &level->text, HTML_LINK_TEXT);
	if (html_element_attribute(bytes, token, "alt", &attribute))
		html_scan_link_text(scanner, level, attribute.value);
	if (html_element_is_void(token->name))
		return html_scan_link_end(scanner, level);
	return 0;
}

void
html_scan_link_text(struct html_scanner *scanner, struct html_level *level, struct html_range range)
{
	if (level->count > 0)
		html_words_add(
		    &level->words, scanner->source, &scanner->mask, range, &scanner->scratch);
}

int
html_scan_link_end(struct html_scanner *scanner, struct html_level *level)
{
	struct str text;

	if (level->count == 0)
		return 0;
	if (html_scan_keep(scanner, html_words_str(&level->words), &text) < 0)
		return -1;
	for (size_t i = 0; i < level->count; i++)
		g_array_index(scanner->links, struct html_link, level->first + i).text = text;
	level->count = 0;
	return 0;
}

/* Pixels, or -1. */
static int
pixels(const struct html_scanner *scanner, const struct html_token *token, const char *name)
{
	struct html_attribute attribute;
	unsigned long long number;
	struct str text;

	if (!html_element_attribute(scanner->mask.bytes, token, name, &attribute))
		return -1;
	text = str_trim(source_of(scanner, attribute.value));
	if (text.n > 2 && str_ends_nocase(text, STR("px")))
		text.n -= 2;
	return str_to_u64(text, 100000, &number) ? (int)number : -1;
}

int
html_scan_image_tag(
    struct html_scanner *scanner, struct html_level *level, const struct html_token *token)
{
	const char *bytes = scanner->mask.bytes;
	struct html_image image = {.tag = token->range, .conditional = level->conditional};
	struct html_attribute attribute;
	bool whole;

	image.has_alt = html_element_attribute(bytes, token, "alt", &attribute);
	if (image.has_alt) {
		html_words_space(&level->words);
		html_scan_link_text(scanner, level, attribute.value);
		html_words_space(&level->words);
	}
	if (!html_element_attribute(bytes, token, "src", &attribute) ||
	    (attribute.quote == HTML_QUOTE_NONE && !attribute.has_value))
		return 0;
	if (check_count(scanner, scanner->images, "images") < 0)
		return -1;
	image.src = html_scan_value(scanner, &attribute, &whole);
	image.line = html_scan_line(scanner, token->range.begin);
	image.width = pixels(scanner, token, "width");
	image.height = pixels(scanner, token, "height");
	g_array_append_val(scanner->images, image);
	return 0;
}
