/* SPDX-License-Identifier: BSD-2-Clause
 *
 * slot: attribute values that template tags make, and those that lead elsewhere
 *
 * What a recipient's data put there must not add an attribute, nor lead anywhere but to
 * the web, to mail or to a telephone.
 *
 * Threads: one at a time.
 * Fails:   ERR_LIMIT.
 */
#include "html/scan.h"

#define PER_LINK 4

static bool
is_refresh(const struct html_scanner *scanner, const struct html_token *token)
{
	return str_is_nocase(token->name, "meta") &&
	    html_element_has(scanner->mask.bytes, token, "http-equiv", "refresh");
}

static enum html_use
use_of(const struct html_scanner *scanner, const struct html_token *token, struct str name)
{
	static const char *const addresses[] = {"href", "src", "background", "action", "formaction",
	    "poster", "data", "cite", "xlink:href", "longdesc", "lowsrc", "dynsrc", "codebase",
	    "usemap"};

	if (str_is_nocase(name, "href") && html_element_is_link(token->name))
		return HTML_USE_LINK;
	if (HTML_TOKEN_NAME_IN(name, addresses))
		return HTML_USE_ADDRESS;
	if (str_is_nocase(name, "srcset") ||
	    (str_is_nocase(name, "content") && is_refresh(scanner, token)))
		return HTML_USE_ADDRESSES;
	return str_is_nocase(name, "style") ? HTML_USE_STYLE : HTML_USE_OTHER;
}

/* Of a style: is what the author wrote all right by itself? Template tags are read as letters. */
static enum html_scheme
own_style(struct html_scanner *scanner, struct html_range range)
{
	struct buf *scratch = &scanner->scratch;
	struct str written = {scanner->mask.bytes + range.begin, range.end - range.begin};

	buf_reset(scratch);
	html_address_read(written, scratch);
	for (size_t i = 0; i < scratch->len; i++) {
		if (scratch->data[i] == HTML_MASK_TAG || scratch->data[i] == HTML_MASK_OUTPUT)
			scratch->data[i] = 'x';
	}
	return html_use_ok(HTML_USE_STYLE, buf_str(scratch), HTML_SCHEME_UNKNOWN)
	    ? HTML_SCHEME_UNKNOWN
	    : HTML_SCHEME_OTHER;
}

/* An output that a value may end or add attributes behind: no quotes are around it, and a
 * block that begins or ends in the value forbids to put some there. */
static bool
is_loose(const struct html_scanner *scanner, const struct html_slot *slot)
{
	struct html_range range = slot->value.range;

	return slot->value.quote == HTML_QUOTE_NONE && !slot->whole && !slot->literal &&
	    (slot->value.dynamic & HTML_DYNAMIC_OUTPUT) != 0 &&
	    memchr(scanner->mask.bytes + range.begin, '"', range.end - range.begin) == NULL &&
	    memchr(scanner->mask.bytes + range.begin, '\'', range.end - range.begin) == NULL;
}

/* Would html_use_ok take it, had data a part in it? */
static bool
is_ordinary(struct html_scanner *scanner, const struct html_slot *slot)
{
	struct html_range range = slot->value.range;
	struct str written = {scanner->source.p + range.begin, range.end - range.begin};

	if (slot->value.dynamic != HTML_STATIC || slot->use == HTML_USE_OTHER)
		return slot->value.dynamic == HTML_STATIC;
	buf_reset(&scanner->scratch);
	html_address_read(written, &scanner->scratch);
	return html_use_ok(slot->use, buf_str(&scanner->scratch), HTML_SCHEME_UNKNOWN);
}

static int
add_slot(struct html_scanner *scanner, const struct html_token *token,
    const struct html_attribute *attribute)
{
	const struct html_mask *mask = &scanner->mask;
	struct html_slot slot = {
	    .use = use_of(scanner, token, attribute->name), .tag = token->range.begin};

	slot.value = html_scan_value(scanner, attribute, &slot.whole);
	if (is_ordinary(scanner, &slot))
		return 0;
	if (scanner->slots->len >= PER_LINK * scanner->limits->links)
		return err_set(scanner->err, ERR_LIMIT, "HTML with more than %zu values",
		    PER_LINK * scanner->limits->links);
	slot.literal = html_mask_within(mask->raw, mask->raws, slot.value.range.begin);
	slot.captured = html_mask_within(mask->capture, mask->captures, slot.value.range.begin);
	slot.loose = is_loose(scanner, &slot);
	if (slot.use == HTML_USE_STYLE)
		slot.scheme = own_style(scanner, slot.value.range);
	else if (slot.use != HTML_USE_OTHER)
		slot.scheme = html_scan_scheme(scanner, slot.value.range);
	g_array_append_val(scanner->slots, slot);
	return 0;
}

int
html_scan_slots(struct html_scanner *scanner, const struct html_token *token)
{
	size_t at = token->attributes;
	struct html_attribute attribute;

	while (html_attribute_next(scanner->mask.bytes, token->range.end, &at, &attribute) ==
	    HTML_ATTRIBUTE_FOUND) {
		if (attribute.quote == HTML_QUOTE_NONE && !attribute.has_value)
			continue;
		if (add_slot(scanner, token, &attribute) < 0)
			return -1;
	}
	return 0;
}
