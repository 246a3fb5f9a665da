/* SPDX-License-Identifier: BSD-2-Clause
 *
 * finding: see finding.h
 */
#include "ctl/finding.h"

#include "base/str.h"

#include <glib.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>

#define WIDTH	    78
#define TEXT_COLUMN 9

static const char *const severities[] = {"error", "warning", "ok"};

/* Values of other programs' settings may hold anything; a terminal and JSON get only
 * clean UTF-8 of it. */
static char *__attribute__((format(printf, 1, 0))) format_text(const char *format, va_list args)
{
	char *raw, *text;

	if (vasprintf(&raw, format, args) == -1)
		abort();
	text = g_utf8_make_valid(raw, -1);
	free(raw);
	for (char *c = text; *c != '\0'; c++) {
		if (((unsigned char)*c < ' ' && *c != '\n') || *c == 0x7f)
			*c = '?';
	}
	return text;
}

void
finding_add(struct finding_list *list, enum finding_severity severity, const char *check,
    const char *format, ...)
{
	struct finding *finding;
	va_list args;
	char *text;

	va_start(args, format);
	text = format_text(format, args);
	va_end(args);
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->at[i].check, check) == 0 && strcmp(list->at[i].text, text) == 0) {
			list->last = i;
			g_free(text);
			return;
		}
	}
	list->at = reallocarray(list->at, list->count + 1, sizeof *list->at);
	if (list->at == NULL)
		abort();
	list->last = list->count;
	finding = &list->at[list->count++];
	*finding = (struct finding){severity, check, text, g_strdup("")};
}

void
finding_remedy(struct finding_list *list, const char *format, ...)
{
	struct finding *finding = &list->at[list->last];
	va_list args;

	g_free(finding->remedy);
	va_start(args, format);
	finding->remedy = format_text(format, args);
	va_end(args);
}

size_t
finding_count(const struct finding_list *list, enum finding_severity severity)
{
	size_t count = 0;

	for (size_t i = 0; i < list->count; i++)
		count += list->at[i].severity == severity;
	return count;
}

static void
print_wrapped(FILE *out, const char *text, size_t column)
{
	struct str rest = str_c(text), word;
	size_t begin = column;

	while (str_split(&rest, ' ', &word)) {
		if (column > begin && column + 1 + word.n > WIDTH) {
			fprintf(out, "\n%*s", TEXT_COLUMN, "");
			column = begin = TEXT_COLUMN;
		}
		column += (size_t)fprintf(out, "%s%.*s", column > begin ? " " : "", STR_F(word));
	}
	fputc('\n', out);
}

void
finding_print(const struct finding_list *list, FILE *out)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct finding *finding = &list->at[i];
		struct str rest = str_c(finding->remedy), line;
		int column = fprintf(
		    out, "%-*s%s: ", TEXT_COLUMN, severities[finding->severity], finding->check);

		print_wrapped(out, finding->text, (size_t)column);
		/* Remedies are to be copied: never wrapped. */
		while (rest.n > 0 && str_split(&rest, '\n', &line))
			fprintf(out, "%*s    %.*s\n", TEXT_COLUMN, "", STR_F(line));
	}
	fprintf(out, "%zu errors, %zu warnings\n", finding_count(list, FINDING_ERROR),
	    finding_count(list, FINDING_WARNING));
}

void
finding_print_json(const struct finding_list *list, FILE *out)
{
	json_t *array = json_array(), *whole;

	for (size_t i = 0; i < list->count; i++) {
		const struct finding *finding = &list->at[i];

		json_array_append_new(array,
		    json_pack("{s:s, s:s, s:s, s:s}", "severity", severities[finding->severity],
			"check", finding->check, "text", finding->text, "remedy", finding->remedy));
	}
	whole = json_pack("{s:o, s:i, s:i}", "findings", array, "errors",
	    (int)finding_count(list, FINDING_ERROR), "warnings",
	    (int)finding_count(list, FINDING_WARNING));
	if (whole == NULL || json_dumpf(whole, out, JSON_INDENT(2) | JSON_PRESERVE_ORDER) == -1)
		abort();
	fputc('\n', out);
	json_decref(whole);
}

void
finding_list_fini(struct finding_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		g_free(list->at[i].text);
		g_free(list->at[i].remedy);
	}
	free(list->at);
	*list = (struct finding_list){NULL, 0, 0};
}
