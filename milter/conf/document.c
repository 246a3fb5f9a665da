/* SPDX-License-Identifier: BSD-2-Clause
 *
 * document: the sample configuration and the manual's parameters, from table.h
 *
 * Threads: any.
 * Fails:   ERR_INPUT; what could not be written shows at the caller's fclose.
 */
#include "conf/document.h"

#include "conf/conf.h"
#include "conf/row.h"

#include <stdlib.h>

#define WIDTH 78
#define BEGIN "\n.\\\" BEGIN parameters"
#define END   "\n.\\\" END parameters"

/* Writes words between `prefix` and column WIDTH. */
static void
write_wrapped(FILE *out, const char *prefix, struct str text)
{
	size_t column = 0;
	struct str word;

	while (text.n > 0 && str_split(&text, ' ', &word)) {
		if (column > 0 && column + 1 + word.n > WIDTH) {
			fputc('\n', out);
			column = 0;
		}
		if (column == 0)
			column = (size_t)fprintf(out, "%s%.*s", prefix, STR_F(word));
		else
			column += (size_t)fprintf(out, " %.*s", STR_F(word));
	}
	if (column > 0)
		fputc('\n', out);
}

/* What may stand there, where the rule says more than the name of a check. */
char *
document_rule(const struct conf_row *row)
{
	struct str rest = str_c(row->rule), piece;
	const char *dots = strstr(row->rule, "..");
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL)
		abort();
	if (row->required) {
		fputs("Required.", out);
	} else if (row->type == CONF_TYPE_ENUM) {
		fputs("One of", out);
		for (const char *comma = " "; str_split(&rest, '|', &piece); comma = ", ")
			fprintf(out, "%s%.*s", comma, STR_F(piece));
		fputc('.', out);
	} else if (row->type == CONF_TYPE_INT || row->type == CONF_TYPE_TIME ||
	    row->type == CONF_TYPE_SIZE) {
		fprintf(out, "From %.*s to %s.", (int)(dots - row->rule), row->rule, dots + 2);
	}
	fclose(out);
	return text;
}

/* As it is written in a configuration file; `quote` is how a " is written. */
static void
write_value(FILE *out, const struct conf_row *row, const char *value, const char *quote)
{
	struct str rest = str_c(value), element;
	const char *comma = "{";

	if (row->type == CONF_TYPE_TEXT) {
		fprintf(out, "%s%s%s", quote, value, quote);
	} else if (row->type != CONF_TYPE_LIST) {
		fputs(value, out);
	} else if (rest.n == 0) {
		fputs("{}", out);
	} else {
		for (; str_split(&rest, ' ', &element); comma = ", ")
			fprintf(out, "%s%s%.*s%s", comma, quote, STR_F(element), quote);
		fputc('}', out);
	}
}

void
document_value(FILE *out, const struct conf_row *row, const char *value)
{
	write_value(out, row, value, "\"");
}

/* In examples of sections, for what has no default. */
static const char *
example_of(const struct conf_row *row)
{
	static const struct {
		const char *name, *text;
	} examples[] = {
	    {"title", "News of the shop"},
	    {"consent", "I want news of the shop by mail. I can unsubscribe at any time."},
	    {"campaign", "confirm"},
	    {"from", "news@shop.example"},
	    {"url", "https://crm.shop.example/hooks/mail"},
	    {"secret_file", "/etc/mailtailor/keys/crm.secret"},
	};

	for (size_t i = 0; row->required && i < sizeof examples / sizeof examples[0]; i++) {
		if (strcmp(row->name, examples[i].name) == 0)
			return examples[i].text;
	}
	if (strcmp(row->name, "selector") == 0)
		return "mt1";
	if (strcmp(row->name, "key") == 0)
		return "/etc/mailtailor/keys/mt1.example.com.pem";
	return row->initial;
}

static void
write_sample_row(FILE *out, const struct conf_row *row, const char *comment, const char *setting)
{
	char *rule = document_rule(row);

	write_wrapped(out, comment, str_c(row->document));
	write_wrapped(out, comment, str_c(rule));
	fprintf(out, "%s%s = ", setting, row->name);
	write_value(out, row, example_of(row), "\"");
	fputc('\n', out);
	free(rule);
}

static void
write_sample_section(FILE *out, struct conf_rows rows, const char *head)
{
	fprintf(out, "# %s {\n", head);
	for (size_t i = 0; i < rows.count; i++) {
		if (i > 0)
			fputs("#\n", out);
		write_sample_row(out, &rows.at[i], "#     # ", "#     ");
	}
	fputs("# }\n", out);
}

void
conf_write_sample(FILE *out)
{
	struct conf_rows rows = conf_rows_global();

	fputs("# mailtailor.conf: configuration of mailtailord and mailtailor\n"
	      "#\n"
	      "# Every parameter stands here with its default, commented out. Times are\n"
	      "# written with ms, s, m, h or d; sizes with k, m or g; lists as {\"a\", \"b\"},\n"
	      "# and += adds to a list. Another file is read with include(\"FILE\"). Relative\n"
	      "# paths begin in the folder of the file that names them. The manual page is\n"
	      "# mailtailor.conf(5); \"mailtailor conf check\" reads this file and says what is\n"
	      "# wrong with it.\n",
	    out);
	for (size_t i = 0; i < rows.count; i++) {
		fputc('\n', out);
		write_sample_row(out, &rows.at[i], "# ", "# ");
	}
	fputs("\n# A section for each campaign that needs parameters of its own. The name is\n"
	      "# what the campaign header says; \"*\" stands for every name without a section.\n"
	      "#\n",
	    out);
	write_sample_section(out, conf_rows_campaign(), "campaign \"spring-sale\"");
	fputs("\n# A section for each plugin that campaigns use. Beside these it takes the "
	      "plugin's own\n"
	      "# parameters, which its manual page lists.\n"
	      "#\n",
	    out);
	write_sample_section(out, conf_rows_plugin(), "plugin \"recommend\"");
	fputs("\n# A section for each form that people sign up with, at tracking_url/f/NAME.\n"
	      "#\n",
	    out);
	write_sample_section(out, conf_rows_form(), "form \"news\"");
	fputs(
	    "\n# A section for each address that events are sent to, see mailtailor-webhooks(7).\n"
	    "#\n",
	    out);
	write_sample_section(out, conf_rows_webhook(), "webhook \"crm\"");
	fputs("\n# A section for each From domain that campaigns are sent from. Campaign mail\n"
	      "# from a domain without a key does not leave. A further key of the domain has\n"
	      "# a section that is named by its DNS record: dkim \"mt2._domainkey.example.com\".\n"
	      "#\n",
	    out);
	write_sample_section(out, conf_rows_dkim(), "dkim \"example.com\"");
}

/* The manual: mdoc(7), where each sentence begins a line. */

void
document_prose(FILE *out, const char *text)
{
	char *escaped = NULL;
	size_t size;
	FILE *line = open_memstream(&escaped, &size);

	if (line == NULL)
		abort();
	for (const char *c = text; *c != '\0'; c++) {
		/* At a line's begin these two would be a request. */
		if ((*c == '.' || *c == '\'') && (c == text || c[-1] == ' ' || c[-1] == '\n'))
			fputs("\\&", line);
		if (*c == '\\')
			fputs("\\e", line);
		else
			fputc(*c, line);
		if (c[1] == ' ' && (*c == '.' || *c == ';')) {
			fputc('\n', line);
			c++;
		}
	}
	fclose(line);
	for (struct str rest = str_c(escaped), sentence; str_split(&rest, '\n', &sentence);)
		write_wrapped(out, "", sentence);
	free(escaped);
}

static const char *
type_name(const struct conf_row *row)
{
	static const char *const names[] = {[CONF_TYPE_TEXT] = "text",
	    [CONF_TYPE_BOOL] = "yes | no",
	    [CONF_TYPE_INT] = "number",
	    [CONF_TYPE_TIME] = "time",
	    [CONF_TYPE_SIZE] = "size",
	    [CONF_TYPE_ENUM] = "word",
	    [CONF_TYPE_LIST] = "list"};

	return names[row->type];
}

/* As an argument of a macro: words that are macros, and punctuation, would be taken for such. */
static void
write_mdoc_value(FILE *out, const struct conf_row *row)
{
	char *text = NULL;
	size_t size;
	FILE *value = open_memstream(&text, &size);

	if (value == NULL)
		abort();
	write_value(value, row, row->initial, row->type == CONF_TYPE_LIST ? "\"" : "");
	fclose(value);
	for (struct str rest = str_c(text), word; str_split(&rest, ' ', &word);) {
		if (word.n <= 3 && word.n > 0 && (word.p[0] < 'a' || word.p[0] > 'z') &&
		    (word.p[0] < '0' || word.p[0] > '9'))
			fputs("\\&", out);
		for (size_t i = 0; i < word.n; i++) {
			if (word.p[i] == '"')
				fputs("\\(dq", out);
			else if (word.p[i] == '\\')
				fputs("\\e", out);
			else
				fputc(word.p[i], out);
		}
		if (rest.n > 0)
			fputc(' ', out);
	}
	free(text);
}

void
document_rows(FILE *out, struct conf_rows rows)
{
	fputs(".Bl -tag -width Ds\n", out);
	for (size_t i = 0; i < rows.count; i++) {
		const struct conf_row *row = &rows.at[i];
		char *rule = document_rule(row);

		fprintf(out, ".It Ic %s No = Ar %s\n", row->name, type_name(row));
		document_prose(out, row->document);
		document_prose(out, rule);
		if (row->initial[0] != '\0') {
			fputs("Default:\n.Ql ", out);
			write_mdoc_value(out, row);
			fputs(" .\n", out);
		}
		free(rule);
	}
	fputs(".El\n", out);
}

void
conf_write_manual(FILE *out)
{
	fputs(".Ss Global parameters\n", out);
	document_rows(out, conf_rows_global());
	fputs(".Ss Parameters of a campaign section\n", out);
	document_rows(out, conf_rows_campaign());
	fputs(".Ss Parameters of a plugin section\n", out);
	document_rows(out, conf_rows_plugin());
	fputs(".Ss Parameters of a form section\n", out);
	document_rows(out, conf_rows_form());
	fputs(".Ss Parameters of a webhook section\n", out);
	document_rows(out, conf_rows_webhook());
	fputs(".Ss Parameters of a dkim section\n", out);
	document_rows(out, conf_rows_dkim());
}

int
document_page(FILE *out, struct str page, struct err *err)
{
	const char *end_of_page = page.p + page.n, *begin, *end;

	begin = memmem(page.p, page.n, BEGIN, sizeof BEGIN - 1);
	if (begin != NULL)
		begin = memchr(begin + 1, '\n', (size_t)(end_of_page - begin) - 1);
	end = begin == NULL ? NULL
			    : memmem(begin, (size_t)(end_of_page - begin), END, sizeof END - 1);
	if (end == NULL)
		return err_set(err, ERR_INPUT, "the markers of the generated part are missing");
	fwrite(page.p, 1, (size_t)(begin - page.p) + 1, out);
	conf_write_manual(out);
	fwrite(end + 1, 1, (size_t)(end_of_page - end) - 1, out);
	return 0;
}
