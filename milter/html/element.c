/* SPDX-License-Identifier: BSD-2-Clause
 *
 * element: see element.h
 *
 * Threads: any; touches only its arguments.
 */
#include "html/element.h"

#include <strings.h>

bool
html_element_is_void(struct str name)
{
	static const char *const names[] = {"area", "base", "br", "col", "embed", "hr", "img",
	    "input", "link", "meta", "source", "track", "wbr"};

	return HTML_TOKEN_NAME_IN(name, names);
}

bool
html_element_is_block(struct str name)
{
	static const char *const names[] = {"address", "article", "aside", "blockquote", "body",
	    "br", "center", "dd", "div", "dl", "dt", "fieldset", "footer", "form", "h1", "h2", "h3",
	    "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "option", "p", "pre",
	    "section", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul"};

	return HTML_TOKEN_NAME_IN(name, names);
}

bool
html_element_is_link(struct str name)
{
	return str_is_nocase(name, "a") || str_is_nocase(name, "area") ||
	    (name.n > 2 && strncasecmp(name.p, "v:", 2) == 0);
}

/* Does one of these end where the next begins? */
static bool
ends_itself(struct str name)
{
	return str_is_nocase(name, "p") || str_is_nocase(name, "a");
}

void
html_region_start(struct html_region *region, const struct html_token *token, bool begins)
{
	if (html_element_is_void(token->name))
		return;
	if (ends_itself(token->name) && str_eq_nocase(region->name, token->name))
		region->depth = 0;
	if (region->depth > 0) {
		if (str_eq_nocase(region->name, token->name))
			region->depth++;
	} else if (begins) {
		*region = (struct html_region){token->name, 1};
	}
}

void
html_region_stop(struct html_region *region, struct str name)
{
	if (region->depth > 0 && str_eq_nocase(region->name, name))
		region->depth--;
}

bool
html_element_attribute(const char *mask, const struct html_token *token, const char *name,
    struct html_attribute *attribute_r)
{
	size_t at = token->attributes;

	while (
	    html_attribute_next(mask, token->range.end, &at, attribute_r) == HTML_ATTRIBUTE_FOUND) {
		if (str_is_nocase(attribute_r->name, name))
			return true;
	}
	return false;
}

static struct str
value_of(const char *mask, const struct html_attribute *attribute)
{
	struct html_range range = attribute->value;

	return str_trim((struct str){mask + range.begin, range.end - range.begin});
}

bool
html_element_has(
    const char *mask, const struct html_token *token, const char *name, const char *value)
{
	struct html_attribute attribute;

	return html_element_attribute(mask, token, name, &attribute) &&
	    str_is_nocase(value_of(mask, &attribute), value);
}

/* display: none, in a list of declarations */
static bool
declares_none(struct str style)
{
	struct str declaration, property;

	while (str_split(&style, ';', &declaration)) {
		if (!str_split(&declaration, ':', &property) ||
		    !str_is_nocase(str_trim(property), "display"))
			continue;
		declaration = str_trim(declaration);
		if (declaration.n >= 4 && strncasecmp(declaration.p, "none", 4) == 0)
			return true;
	}
	return false;
}

bool
html_element_is_hidden(const char *mask, const struct html_token *token)
{
	struct html_attribute attribute;

	if (html_element_attribute(mask, token, "hidden", &attribute))
		return true;
	return html_element_attribute(mask, token, "style", &attribute) &&
	    declares_none(value_of(mask, &attribute));
}
