/* SPDX-License-Identifier: BSD-2-Clause
 *
 * items: see items.h
 *
 * Only strings and brackets are looked at; whether an object is JSON, its reader finds.
 *
 * Threads: one.
 * Fails:   ERR_INPUT, ERR_LIMIT, ERR_IO.
 */
#include "ctl/items.h"

#include "base/buf.h"

#include <errno.h>

struct scanner {
	FILE *in;
	size_t line;
	struct buf text;
	bool keeping; /* what is read goes into text */
};

static int
next(struct scanner *scanner)
{
	int c = getc_unlocked(scanner->in);

	if (c == '\n')
		scanner->line++;
	if (scanner->keeping && c != EOF)
		buf_add_char(&scanner->text, (char)c);
	return c;
}

static int
next_black(struct scanner *scanner)
{
	int c;

	do
		c = next(scanner);
	while (c == ' ' || c == '\t' || c == '\r' || c == '\n');
	return c;
}

/* To the closing quote; false at the end of the file. */
static bool
skip_string(struct scanner *scanner)
{
	int c;

	while ((c = next(scanner)) != EOF && c != '"') {
		if (c == '\\')
			next(scanner);
	}
	return c != EOF;
}

/* To the bracket that closes the one just read; false at the end of the file. */
static bool
skip_nested(struct scanner *scanner)
{
	size_t depth = 1;
	int c;

	while (depth > 0 && (c = next(scanner)) != EOF) {
		if (c == '{' || c == '[')
			depth++;
		else if (c == '}' || c == ']')
			depth--;
		else if (c == '"' && !skip_string(scanner))
			return false;
		/* Beyond the ceiling the end does not matter. */
		if (scanner->text.full)
			return true;
	}
	return depth == 0;
}

static int
cut_off(const struct scanner *scanner, struct err *err)
{
	if (ferror(scanner->in))
		return err_set(err, ERR_IO, "the file can't be read: %s", strerror(errno));
	return err_set(err, ERR_INPUT, "line %zu: the file ends within the list", scanner->line);
}

/* To behind the list's bracket. */
static int
find_list(struct scanner *scanner, struct err *err)
{
	int c = next_black(scanner);

	if (c == '[')
		return 0;
	if (c != '{')
		return err_set(err, ERR_INPUT, "line %zu: a JSON list was expected", scanner->line);
	while ((c = next(scanner)) != EOF) {
		if (c == '[')
			return 0;
		if (c == '}')
			return err_set(err, ERR_INPUT,
			    "line %zu: an object without a list; for one object a line say "
			    "--format "
			    "jsonl",
			    scanner->line);
		if ((c == '"' && !skip_string(scanner)) || (c == '{' && !skip_nested(scanner)))
			break;
	}
	return cut_off(scanner, err);
}

static int
read_item(struct scanner *scanner, int (*item)(void *closure, size_t line, struct str text),
    void *closure, struct err *err)
{
	size_t line = scanner->line;
	bool whole;

	buf_reset(&scanner->text);
	buf_add_char(&scanner->text, '{');
	scanner->keeping = true;
	whole = skip_nested(scanner);
	scanner->keeping = false;
	if (scanner->text.full)
		return err_set(err, ERR_LIMIT, "line %zu: an object of more than 1 MB", line);
	if (!whole)
		return cut_off(scanner, err);
	return item(closure, line, buf_str(&scanner->text));
}

static int
read_list(struct scanner *scanner, int (*item)(void *closure, size_t line, struct str text),
    void *closure, struct err *err)
{
	int c = next_black(scanner);

	if (c == ']')
		return 0;
	for (;; c = next_black(scanner)) {
		if (c != '{')
			return c == EOF ? cut_off(scanner, err)
					: err_set(err, ERR_INPUT,
					      "line %zu: an object was expected", scanner->line);
		if (read_item(scanner, item, closure, err) != 0)
			return -1;
		c = next_black(scanner);
		if (c == ']')
			return 0;
		if (c != ',')
			return c == EOF ? cut_off(scanner, err)
					: err_set(err, ERR_INPUT, "line %zu: , or ] was expected",
					      scanner->line);
	}
}

int
ctl_items_each(FILE *in, int (*item)(void *closure, size_t line, struct str text), void *closure,
    struct err *err)
{
	struct scanner scanner = {.in = in, .line = 1};
	int rc;

	buf_init(&scanner.text, CTL_ITEM_MAX);
	rc = find_list(&scanner, err);
	if (rc == 0)
		rc = read_list(&scanner, item, closure, err);
	buf_fini(&scanner.text);
	return rc;
}
