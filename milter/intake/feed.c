/* SPDX-License-Identifier: BSD-2-Clause
 *
 * feed: see feed.h
 *
 * An item's children are its fields, their children become members of an object
 * (g:shipping has a g:price of its own); what lies deeper adds its text to those.
 *
 * Threads: any; libxml2's reader belongs to the call.
 * Fails:   ERR_INPUT, ERR_LIMIT, ERR_IO.
 */
#include "intake/feed.h"

#include "base/buf.h"

#include <errno.h>
#include <libxml/xmlreader.h>
#include <stdlib.h>

#define PRODUCT_MEMORY ((size_t)4 * 1024 * 1024)

static const char google_space[] = "http://base.google.com/ns/1.0";
static const char atom_space[] = "http://www.w3.org/2005/Atom";
static const char media_space[] = "http://search.yahoo.com/mrss/";

struct reader {
	const struct intake_feed *feed;
	xmlTextReader *xml;
	FILE *in;
	char problem[256]; /* libxml2's first */
	int problem_line;

	struct arena *arena;
	struct intake_product row;
	int item_depth; /* -1: outside */
	size_t line;	/* of the item */
	size_t fields;
	size_t items;
	struct err refused; /* why this item is none */

	struct buf name; /* of the field */
	bool google;
	bool skipped; /* the field is none of ours */
	struct buf text;
	json_t *members; /* of a field with children */
	struct buf member_name;
	struct buf member_text;
};

/* --- libxml2 --- */

static int
on_read(void *closure, char *room, int size)
{
	struct reader *reader = closure;
	size_t n = fread(room, 1, (size_t)size, reader->in);

	return n == 0 && ferror(reader->in) ? -1 : (int)n;
}

static void
on_problem(void *closure, xmlError *problem)
{
	struct reader *reader = closure;
	size_t n;

	if (reader->problem[0] != '\0' || problem == NULL || problem->message == NULL ||
	    problem->level < XML_ERR_FATAL)
		return;
	snprintf(reader->problem, sizeof reader->problem, "%s", problem->message);
	n = strlen(reader->problem);
	while (n > 0 && reader->problem[n - 1] == '\n')
		reader->problem[--n] = '\0';
	reader->problem_line = problem->line;
}

static size_t
line_of(const struct reader *reader)
{
	long line = xmlGetLineNo(xmlTextReaderCurrentNode(reader->xml));

	/* A node counts up to 65,535 only. */
	return line > 0 && line < 65535 ? (size_t)line
					: (size_t)xmlTextReaderGetParserLineNumber(reader->xml);
}

static struct str
str_x(const xmlChar *text)
{
	return str_c((const char *)text);
}

/* --- fields --- */

static void
refuse_item(struct reader *reader, const struct err *err)
{
	if (reader->refused.code == ERR_NONE)
		reader->refused = *err;
}

static void
set_text(struct reader *reader, struct str name, struct str value)
{
	struct err err = ERR_INIT;

	if (intake_product_text(&reader->row, name, value, reader->google, &err) != 0)
		refuse_item(reader, &err);
}

/* Addresses stand in attributes: Atom's <link href>, <enclosure url>, <media:content url>. */
static void
take_address(struct reader *reader, const char *attribute, struct str name)
{
	xmlChar *value = xmlTextReaderGetAttribute(reader->xml, (const xmlChar *)attribute);

	if (value != NULL)
		set_text(reader, name, str_x(value));
	xmlFree(value);
}

static void
begin_field(struct reader *reader)
{
	struct str name = str_x(xmlTextReaderConstLocalName(reader->xml));
	struct str space = str_x(xmlTextReaderConstNamespaceUri(reader->xml));

	buf_reset(&reader->name);
	buf_reset(&reader->text);
	buf_add_str(&reader->name, name);
	/* Some feeds forget to declare g. */
	reader->google = str_is(space, google_space) || str_starts(name, STR("g:"));
	reader->skipped = space.n > 0 && !reader->google && !str_is(space, atom_space);
	if (++reader->fields > INTAKE_FEED_FIELDS)
		reader->skipped = true;
	if (str_is(space, media_space) && (str_is(name, "content") || str_is(name, "thumbnail")))
		take_address(reader, "url", STR("image"));
	else if (str_is(name, "enclosure"))
		take_address(reader, "url", STR("image"));
	else if (str_is(name, "link") && xmlTextReaderHasAttributes(reader->xml) == 1)
		take_address(reader, "href", STR("link"));
}

static void
end_field(struct reader *reader)
{
	struct err err = ERR_INIT;

	if (reader->skipped) {
		json_decref(reader->members);
		reader->members = NULL;
		return;
	}
	if (reader->text.full) {
		err_set(&err, ERR_LIMIT, "%.*s: more than %zu bytes", STR_F(buf_str(&reader->name)),
		    INTAKE_FIELD_MAX);
		refuse_item(reader, &err);
	} else if (reader->members != NULL) {
		/* Only attributes are objects. */
		if (intake_field_of(buf_str(&reader->name)) == INTAKE_ATTRIBUTE &&
		    intake_product_json(
			&reader->row, buf_str(&reader->name), reader->members, &err) != 0)
			refuse_item(reader, &err);
	} else {
		set_text(reader, buf_str(&reader->name), buf_str(&reader->text));
	}
	json_decref(reader->members);
	reader->members = NULL;
}

static void
begin_member(struct reader *reader)
{
	buf_reset(&reader->member_name);
	buf_reset(&reader->member_text);
	buf_add_str(&reader->member_name, str_x(xmlTextReaderConstLocalName(reader->xml)));
	if (++reader->fields > INTAKE_FEED_FIELDS)
		reader->skipped = true;
	if (reader->members == NULL)
		reader->members = json_object();
}

static void
end_member(struct reader *reader)
{
	struct str name = buf_str(&reader->member_name);
	struct str text = str_trim(buf_str(&reader->member_text));

	if (name.n > 0 && !reader->member_text.full)
		json_object_setn_new(reader->members, name.p, name.n,
		    json_stringn(text.n > 0 ? text.p : "", text.n));
}

/* --- items --- */

static bool
is_item(const struct reader *reader)
{
	static const char *const names[] = {"item", "entry", "product"};
	struct str name = str_x(xmlTextReaderConstLocalName(reader->xml));

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (str_is(name, names[i]))
			return true;
	}
	return false;
}

static void
begin_item(struct reader *reader, int depth)
{
	reader->item_depth = depth;
	reader->line = line_of(reader);
	reader->fields = 0;
	reader->refused = ERR_INIT;
	intake_product_init(&reader->row, reader->arena, reader->feed->currency);
}

static int
end_item(struct reader *reader, struct err *err)
{
	struct store_product product;
	int rc;

	if (reader->fields > INTAKE_FEED_FIELDS)
		err_set(&reader->refused, ERR_LIMIT, "more than %d fields", INTAKE_FEED_FIELDS);
	if (reader->refused.code == ERR_NONE)
		intake_product_finish(&reader->row, &product, &reader->refused);
	rc = reader->refused.code == ERR_NONE
	    ? reader->feed->product(reader->feed->closure, reader->line, &product)
	    : reader->feed->refuse(reader->feed->closure, reader->line, &reader->refused);
	intake_product_fini(&reader->row);
	reader->item_depth = -1;
	if (rc == 0 && ++reader->items > INTAKE_PRODUCTS)
		return err_set(err, ERR_LIMIT, "line %zu: more than %d products", reader->line,
		    INTAKE_PRODUCTS);
	return rc;
}

/* --- nodes --- */

static int
on_end(struct reader *reader, int depth, struct err *err)
{
	if (reader->item_depth < 0)
		return 0;
	if (depth == reader->item_depth)
		return end_item(reader, err);
	if (depth == reader->item_depth + 1)
		end_field(reader);
	else if (depth == reader->item_depth + 2)
		end_member(reader);
	return 0;
}

static int
on_element(struct reader *reader, int depth, struct err *err)
{
	bool empty = xmlTextReaderIsEmptyElement(reader->xml) == 1;

	if (depth > INTAKE_FEED_DEPTH)
		return err_set(err, ERR_LIMIT, "line %zu: elements more than %d deep",
		    line_of(reader), INTAKE_FEED_DEPTH);
	if (reader->item_depth < 0) {
		if (!is_item(reader))
			return 0;
		begin_item(reader, depth);
	} else if (depth == reader->item_depth + 1) {
		begin_field(reader);
	} else if (depth == reader->item_depth + 2) {
		begin_member(reader);
	}
	return empty ? on_end(reader, depth, err) : 0;
}

static void
on_text(struct reader *reader, int depth)
{
	struct str text = str_x(xmlTextReaderConstValue(reader->xml));

	if (reader->item_depth < 0 || reader->skipped || text.n == 0)
		return;
	if (depth == reader->item_depth + 2)
		buf_add_str(&reader->text, text);
	else if (depth > reader->item_depth + 2)
		buf_add_str(&reader->member_text, text);
}

static int
on_node(struct reader *reader, struct err *err)
{
	int depth = xmlTextReaderDepth(reader->xml);

	switch (xmlTextReaderNodeType(reader->xml)) {
	case XML_READER_TYPE_DOCUMENT_TYPE:
		return err_set(
		    err, ERR_INPUT, "line %zu: a document type is not taken", line_of(reader));
	case XML_READER_TYPE_ENTITY_REFERENCE:
		return err_set(
		    err, ERR_INPUT, "line %zu: an entity that XML does not know", line_of(reader));
	case XML_READER_TYPE_ELEMENT:
		return on_element(reader, depth, err);
	case XML_READER_TYPE_END_ELEMENT:
		return on_end(reader, depth, err);
	case XML_READER_TYPE_TEXT:
	case XML_READER_TYPE_CDATA:
		on_text(reader, depth);
		return 0;
	default:
		return 0;
	}
}

/* --- the file --- */

static int
read_nodes(struct reader *reader, struct err *err)
{
	int more, rc = 0;

	while ((more = xmlTextReaderRead(reader->xml)) == 1) {
		rc = on_node(reader, err);
		if (rc != 0)
			break;
	}
	if (rc != 0)
		return -1;
	if (ferror(reader->in))
		return err_set(err, ERR_IO, "the file can't be read: %s", strerror(errno));
	if (more < 0)
		return err_set(err, ERR_INPUT, "line %d: no XML: %s", reader->problem_line,
		    reader->problem[0] != '\0' ? reader->problem : "it can't be read");
	if (reader->items == 0)
		return err_set(err, ERR_INPUT,
		    "no product in it: <item>, <entry> or <product> was "
		    "expected");
	return 0;
}

static void
reader_init(struct reader *reader)
{
	reader->item_depth = -1;
	reader->arena = arena_new(PRODUCT_MEMORY);
	buf_init(&reader->name, 256);
	buf_init(&reader->text, INTAKE_FIELD_MAX);
	buf_init(&reader->member_name, 256);
	buf_init(&reader->member_text, INTAKE_FIELD_MAX);
}

static void
reader_fini(struct reader *reader)
{
	xmlFreeTextReader(reader->xml);
	if (reader->item_depth >= 0)
		intake_product_fini(&reader->row);
	json_decref(reader->members);
	buf_fini(&reader->member_text);
	buf_fini(&reader->member_name);
	buf_fini(&reader->text);
	buf_fini(&reader->name);
	arena_free(&reader->arena);
}

int
intake_feed_read(FILE *in, const struct intake_feed *feed, struct err *err)
{
	struct reader reader = {.feed = feed, .in = in};
	int rc;

	reader_init(&reader);
	reader.xml = xmlReaderForIO(on_read, NULL, &reader, NULL, NULL,
	    XML_PARSE_NONET | XML_PARSE_NOCDATA | XML_PARSE_BIG_LINES);
	if (reader.xml == NULL)
		abort();
	/* Later versions of libxml2 say const. */
	xmlTextReaderSetStructuredErrorHandler(
	    reader.xml, (xmlStructuredErrorFunc)on_problem, &reader);
	rc = read_nodes(&reader, err);
	reader_fini(&reader);
	return rc;
}
