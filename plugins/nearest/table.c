/* SPDX-License-Identifier: BSD-2-Clause
 *
 * table: see table.h
 *
 * libcsv takes CSV apart, fed line by line so that each record's first line is known.
 *
 * Threads: any.
 */
#include "table.h"

#include <csv.h>
#include <errno.h>
#include <glib.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GEONAMES_COLUMNS 12

int
fault_at(struct fault *fault, const char *file, size_t line, const char *format, ...)
{
	va_list arguments;
	int n = line == 0 ? snprintf(fault->text, sizeof fault->text, "%s: ", file)
			  : snprintf(fault->text, sizeof fault->text, "%s:%zu: ", file, line);

	if (n > 0 && (size_t)n < sizeof fault->text) {
		va_start(arguments, format);
		vsnprintf(fault->text + n, sizeof fault->text - (size_t)n, format, arguments);
		va_end(arguments);
	}
	return -1;
}

int
table_fault(struct table *table, const char *format, ...)
{
	char text[300];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	return fault_at(table->fault, table->path, table->line, "%s", text);
}

struct reader {
	struct table *table;
	struct csv_parser parser;
	GString *fields; /* of this record, each with its NUL */
	size_t at[TABLE_COLUMNS_MAX];
	size_t count;
	size_t bytes; /* of this record's lines */
	bool ended;   /* the line completed a record */
	int rc;
};

static int
give_row(struct reader *reader)
{
	const char *fields[TABLE_COLUMNS_MAX];
	bool empty = true;

	for (size_t i = 0; i < reader->count; i++) {
		fields[i] = g_strstrip(reader->fields->str + reader->at[i]);
		empty = empty && fields[i][0] == '\0';
	}
	if (empty)
		return 0;
	reader->table->rows++;
	return reader->table->row(reader->table, fields, reader->count);
}

static void
on_field(void *text, size_t n, void *closure)
{
	struct reader *reader = closure;

	if (reader->rc != 0)
		return;
	if (reader->count == TABLE_COLUMNS_MAX) {
		reader->rc =
		    table_fault(reader->table, "expected at most %d fields", TABLE_COLUMNS_MAX);
		return;
	}
	reader->at[reader->count++] = reader->fields->len;
	g_string_append_len(reader->fields, text, (gssize)n);
	g_string_append_c(reader->fields, '\0');
}

static void
on_row(int end, void *closure)
{
	struct reader *reader = closure;

	(void)end;
	reader->ended = true;
	if (reader->rc == 0)
		reader->rc = give_row(reader);
	reader->count = 0;
	g_string_truncate(reader->fields, 0);
}

/* --- lines --- */

/* By hand: libcsv would take a quote as one. */
static int
split_line(struct reader *reader, char *line)
{
	for (char *field = line; field != NULL;) {
		char *tab = strchr(field, '\t');

		on_field(field, tab == NULL ? strlen(field) : (size_t)(tab - field), reader);
		field = tab == NULL ? NULL : tab + 1;
	}
	on_row('\n', reader);
	return reader->rc;
}

static int
feed_line(struct reader *reader, const char *line, size_t n)
{
	struct table *table = reader->table;

	/* libcsv says nothing of an empty line. */
	if (reader->bytes == 0 && strspn(line, " \t\r\n") == n)
		return 0;
	reader->ended = false;
	reader->bytes += n;
	if (csv_parse(&reader->parser, line, n, on_field, on_row, reader) != n)
		return table_fault(table, "%s", csv_strerror(csv_error(&reader->parser)));
	if (reader->ended)
		reader->bytes = 0;
	else if (reader->bytes > TABLE_RECORD_MAX)
		return table_fault(table, "a quote begins here and does not end within %zu bytes",
		    TABLE_RECORD_MAX);
	return reader->rc;
}

static int
one_line(struct reader *reader, char *line, size_t n, size_t number)
{
	struct table *table = reader->table;

	if (reader->bytes == 0)
		table->line = number;
	if (n > TABLE_RECORD_MAX)
		return table_fault(table, "expected at most %zu bytes", TABLE_RECORD_MAX);
	if (memchr(line, '\0', n) != NULL || !g_utf8_validate(line, (gssize)n, NULL)) {
		table->line = number;
		return table_fault(table, "expected text in UTF-8");
	}
	if (!table->geonames)
		return feed_line(reader, line, n);
	if (n > 0 && line[n - 1] == '\n')
		line[n - 1] = '\0';
	return split_line(reader, line);
}

/* --- the first line --- */

static size_t
count_of(const char *line, char c)
{
	size_t count = 0;

	for (; *line != '\0'; line++)
		count += *line == c;
	return count;
}

static char
delimiter_of(const char *line)
{
	char best = ',';

	if (count_of(line, ';') > count_of(line, best))
		best = ';';
	return count_of(line, '\t') > count_of(line, best) ? '\t' : best;
}

/* Country code first, latitude as the tenth of twelve fields. */
static bool
is_geonames(const char *line)
{
	char **fields = g_strsplit(line, "\t", GEONAMES_COLUMNS + 2);
	char *end = NULL;
	bool yes = g_strv_length(fields) == GEONAMES_COLUMNS && strlen(fields[0]) == 2;

	if (yes) {
		g_ascii_strtod(fields[9], &end);
		yes = end != fields[9] && *end == '\0';
	}
	g_strfreev(fields);
	return yes;
}

static int
read_lines(struct reader *reader, FILE *file)
{
	static const char mark[] = "\xef\xbb\xbf";
	char *line = NULL;
	size_t size = 0, number = 0;
	ssize_t n;
	int rc = 0;

	while (rc == 0 && (n = getline(&line, &size, file)) > 0) {
		char *text = line;

		if (++number == 1) {
			if (strncmp(text, mark, sizeof mark - 1) == 0) {
				text += sizeof mark - 1;
				n -= (ssize_t)sizeof mark - 1;
			}
			csv_set_delim(&reader->parser, (unsigned char)delimiter_of(text));
			reader->table->geonames = is_geonames(text);
		}
		rc = one_line(reader, text, (size_t)n, number);
	}
	free(line);
	if (rc == 0 && ferror(file))
		return fault_at(
		    reader->table->fault, reader->table->path, 0, "%s", strerror(errno));
	return rc;
}

int
table_read(struct table *table)
{
	struct reader reader = {.table = table};
	FILE *file = fopen(table->path, "re");
	int rc;

	if (file == NULL)
		return fault_at(table->fault, table->path, 0, "%s", strerror(errno));
	if (csv_init(&reader.parser, 0) != 0)
		abort();
	reader.fields = g_string_new(NULL);
	rc = read_lines(&reader, file);
	if (rc == 0 && reader.bytes > 0)
		rc = feed_line(&reader, "\n", 1);
	if (rc == 0 && reader.bytes > 0)
		rc = table_fault(table, "a quote begins here and never ends");
	csv_free(&reader.parser);
	g_string_free(reader.fields, TRUE);
	fclose(file);
	return rc;
}

/* --- columns --- */

void
table_name(const char *from, char *to, size_t size)
{
	size_t n = 0;

	for (; *from != '\0' && n + 1 < size; from++)
		to[n++] = g_ascii_isalnum(*from) ? g_ascii_tolower(*from) : '_';
	to[n] = '\0';
}

int
table_column(const char *const *names, size_t count, const char *const *wanted)
{
	char name[64];

	for (; *wanted != NULL; wanted++) {
		for (size_t i = 0; i < count; i++) {
			table_name(names[i], name, sizeof name);
			if (strcmp(name, *wanted) == 0)
				return (int)i;
		}
	}
	return -1;
}
