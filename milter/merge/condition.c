/* SPDX-License-Identifier: BSD-2-Clause
 *
 * condition: IF:NAME, IF:NAME=value, INTERESTED:Group:Name as conditions of Liquid
 *
 * Mailchimp compares texts, and texts that are numbers as numbers, whatever type a contact's
 * attribute has. So what is compared is first made a text or a number by an assign, at the
 * template's beginning, where an ELSEIF can use it, too.
 *
 * Threads: any; touches only its arguments.
 */
#include "merge/internal.h"

#include <glib.h>

/* Both kinds of quotes would end a literal, braces the tag around it. */
bool
merge_literal(struct str text, struct buf *out)
{
	bool simple = memchr(text.p, '\'', text.n) != NULL, both = false;
	char quote;

	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '{' || text.p[i] == '}')
			return false;
		both = both || text.p[i] == '"';
	}
	if (simple && both)
		return false;
	quote = both ? '\'' : '"';
	buf_add_char(out, quote);
	buf_add_str(out, text);
	buf_add_char(out, quote);
	return true;
}

static bool
is_number(struct str text)
{
	size_t i = text.n > 0 && text.p[0] == '-' ? 1 : 0;
	size_t digits = 0, dots = 0;

	for (; i < text.n; i++) {
		if (g_ascii_isdigit(text.p[i]))
			digits++;
		else if (text.p[i] == '.' && digits > 0 && i + 1 < text.n)
			dots++;
		else
			return false;
	}
	return digits > 0 && digits <= 15 && dots <= 1;
}

static struct str
unquote(struct str text)
{
	if (text.n >= 2 && (text.p[0] == '"' || text.p[0] == '\'') &&
	    text.p[text.n - 1] == text.p[0])
		return (struct str){text.p + 1, text.n - 2};
	return text;
}

/* NAME operator value; the operator as Liquid writes it, NULL where there is none. */
static void
split(struct str text, struct str *name_r, const char **op_r, struct str *value_r)
{
	static const struct {
		const char *text;
		const char *liquid;
	} operators[] = {{"==", "=="}, {"!=", "!="}, {"<>", "!="}, {"<=", "<="}, {">=", ">="},
	    {"=", "=="}, {"<", "<"}, {">", ">"}};

	*op_r = NULL;
	*name_r = text;
	*value_r = STR("");
	for (size_t i = 0; i < text.n; i++) {
		struct str rest = {text.p + i, text.n - i};

		for (size_t k = 0; k < G_N_ELEMENTS(operators); k++) {
			size_t n = strlen(operators[k].text);

			if (!str_starts(rest, str_c(operators[k].text)))
				continue;
			*op_r = operators[k].liquid;
			*name_r = str_trim((struct str){text.p, i});
			*value_r = unquote(str_trim((struct str){rest.p + n, rest.n - n}));
			return;
		}
	}
}

static const char *
add_comparison(const char *path, const char *op, struct str value, struct buf *prologue,
    unsigned number, struct buf *out)
{
	bool order = op[0] == '<' || op[0] == '>';
	bool numbers = order && is_number(value);

	if (numbers)
		buf_printf(
		    prologue, "{%% assign merge_%u = %s | default: 0 | plus: 0 %%}", number, path);
	else
		buf_printf(prologue,
		    "{%% assign merge_%u = %s | default: \"\", allow_false: true | append: \"\" "
		    "%%}",
		    number, path);
	if (order) /* who has no value is neither above nor below */
		buf_printf(out, "%s != blank and ", path);
	buf_printf(out, "merge_%u %s ", number, op);
	if (numbers)
		buf_add_str(out, value);
	else if (!merge_literal(value, out))
		return "the value holds both kinds of quotes, or braces";
	return NULL;
}

const char *
merge_condition(struct str text, const struct merge_options *options, struct buf *prologue,
    unsigned number, struct buf *out, char path_r[MERGE_PATH_MAX])
{
	struct merge_name name;
	struct str subject, value;
	const char *op;

	path_r[0] = '\0';
	split(str_trim(text), &subject, &op, &value);
	if (subject.n == 0)
		return "a name is missing: IF:NAME or IF:NAME=value";
	merge_name_find(subject, options, &name);
	if (name.kind == MERGE_UNKNOWN)
		return name.why;
	if (name.kind == MERGE_NOTHING || name.kind == MERGE_FALSE) {
		buf_add_c(out, "false");
		return op == NULL ? NULL : "it is true or false and can't be compared";
	}
	if (name.kind == MERGE_SUBJECT || name.path[0] == '"')
		return "it is there for all, so it can't be a condition";
	g_strlcpy(path_r, name.path, MERGE_PATH_MAX);
	if (op != NULL)
		return add_comparison(name.path, op, value, prologue, number, out);
	buf_printf(out, "%s != blank", name.path);
	return NULL;
}

/* Group:Name,Name: the contact's attribute holds a list, or a text with commas. */
const char *
merge_interest(struct str text, struct buf *prologue, unsigned number, struct buf *out,
    char path_r[MERGE_PATH_MAX])
{
	struct str rest = text, group, name;
	const char *between = "";

	path_r[0] = '\0';
	if (!str_split(&rest, ':', &group) || rest.p == NULL || str_trim(group).n == 0 ||
	    str_trim(rest).n == 0)
		return "expected INTERESTED:Group:Name";
	merge_contact_path(str_trim(group), path_r);
	buf_printf(prologue,
	    "{%% assign merge_%u = %s | default: \"\" | join: \",\" | replace: \", \", \",\" | "
	    "split: \",\" %%}",
	    number, path_r);
	while (str_split(&rest, ',', &name)) {
		buf_printf(out, "%smerge_%u contains ", between, number);
		if (!merge_literal(str_trim(name), out))
			return "a group's name holds both kinds of quotes, or braces";
		between = " or ";
	}
	return NULL;
}
