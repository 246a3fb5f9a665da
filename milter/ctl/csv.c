/* SPDX-License-Identifier: BSD-2-Clause
 *
 * csv: see csv.h
 *
 * Threads: one.
 * Fails:   ERR_INPUT (no usable header), ERR_IO, and what the caller says.
 */
#include "ctl/csv.h"

#include <csv.h>
#include <glib.h>
#include <stdlib.h>

#define RESUMES_MAX 100

struct reader {
	const struct ctl_csv *csv;
	struct err *err;
	struct csv_parser parser;
	struct buf raw;	   /* the lines of the record that is being read */
	size_t raw_line;   /* number of the first of them */
	struct buf fields; /* the record's fields, one behind the other */
	size_t ends[CTL_CSV_COLUMNS_MAX + 1];
	size_t count;	     /* of fields; those beyond the last end are only counted */
	size_t column_count; /* 0: the header has not come yet */
	int resumes;
	bool ended; /* the line that was fed completed a record */
	int rc;
};

/* --- what libcsv calls --- */

static void
on_field(void *data, size_t size, void *closure)
{
	struct reader *reader = closure;

	if (reader->count <= CTL_CSV_COLUMNS_MAX) {
		buf_add(&reader->fields, data, size);
		reader->ends[reader->count] = reader->fields.len;
	}
	reader->count++;
}

static void
list_fields(const struct reader *reader, struct str *fields)
{
	size_t start = 0;

	for (size_t i = 0; i < reader->count; i++) {
		fields[i] =
		    (struct str){buf_str(&reader->fields).p + start, reader->ends[i] - start};
		start = reader->ends[i];
	}
}

static int
on_header(struct reader *reader)
{
	struct str fields[CTL_CSV_COLUMNS_MAX];

	if (reader->count > CTL_CSV_COLUMNS_MAX)
		return err_set(reader->err, ERR_INPUT,
		    "line %zu: %zu columns, at most %d are taken", reader->raw_line, reader->count,
		    CTL_CSV_COLUMNS_MAX);
	list_fields(reader, fields);
	for (size_t i = 0; i < reader->count; i++) {
		if (!g_utf8_validate(fields[i].p, (gssize)fields[i].n, NULL))
			return err_set(reader->err, ERR_INPUT,
			    "line %zu: the name of column %zu is not UTF-8", reader->raw_line,
			    i + 1);
	}
	reader->column_count = reader->count;
	if (reader->csv->header(reader->csv->closure, fields, reader->count, reader->err) != 0)
		return err_prefix(reader->err, "line %zu", reader->raw_line);
	return 0;
}

static int
on_fields(struct reader *reader)
{
	struct str fields[CTL_CSV_COLUMNS_MAX];
	struct err err = ERR_INIT;

	/* Spreadsheets like to add rows of separators only. */
	if (reader->fields.len == 0)
		return 0;
	if (reader->count > reader->column_count) {
		err_set(&err, ERR_INPUT, "%zu columns, but the header names %zu", reader->count,
		    reader->column_count);
		return reader->csv->refuse(reader->csv->closure, reader->raw_line, &err);
	}
	list_fields(reader, fields);
	for (size_t i = 0; i < reader->count; i++) {
		if (!g_utf8_validate(fields[i].p, (gssize)fields[i].n, NULL)) {
			err_set(&err, ERR_INPUT, "column %zu is not UTF-8", i + 1);
			return reader->csv->refuse(reader->csv->closure, reader->raw_line, &err);
		}
	}
	return reader->csv->record(reader->csv->closure, reader->raw_line, fields, reader->count);
}

static void
on_record(int end, void *closure)
{
	struct reader *reader = closure;

	(void)end;
	reader->ended = true;
	if (reader->rc == 0)
		reader->rc = reader->column_count == 0 ? on_header(reader) : on_fields(reader);
	buf_reset(&reader->fields);
	reader->count = 0;
}

/* --- lines --- */

static bool
is_blank(struct str line)
{
	return str_trim(line).n == 0;
}

/* The separator that stands most often in the header line, outside of quotes; of two the one
 * that comes first. */
static unsigned char
find_separator(struct str line)
{
	static const char separators[] = ",;\t";
	size_t counts[sizeof separators] = {0}, places[sizeof separators];
	bool quoted = false;
	size_t best = 0;

	for (size_t i = 0; i < line.n; i++) {
		const char *found = line.p[i] == '\0' ? NULL : strchr(separators, line.p[i]);

		if (line.p[i] == '"')
			quoted = !quoted;
		else if (found != NULL && !quoted && counts[found - separators]++ == 0)
			places[found - separators] = i;
	}
	for (size_t i = 1; i < sizeof separators - 1; i++) {
		if (counts[i] > counts[best] ||
		    (counts[i] > 0 && counts[i] == counts[best] && places[i] < places[best]))
			best = i;
	}
	return (unsigned char)separators[best];
}

static void
parser_start(struct reader *reader, unsigned char separator)
{
	if (csv_init(&reader->parser, 0) != 0)
		abort();
	csv_set_delim(&reader->parser, separator);
	buf_reset(&reader->raw);
	buf_reset(&reader->fields);
	reader->count = 0;
}

static const char unclosed[] = "more than 1 MB; a quote may not be closed";

static int feed(struct reader *reader, struct str line, size_t number);

/* The record in `raw` does not end: refuses its first line, reads on with the second. */
static int
resume(struct reader *reader, const char *reason)
{
	struct str rest = buf_str(&reader->raw), line;
	unsigned char separator = csv_get_delim(&reader->parser);
	size_t number = reader->raw_line;
	struct err err = ERR_INIT;
	char *copy;
	int rc;

	err_set(&err, ERR_INPUT, "%s", reason);
	if (reader->column_count == 0)
		return err_set(reader->err, ERR_INPUT, "line %zu: %s", number, reason);
	if (++reader->resumes > RESUMES_MAX)
		return err_set(reader->err, ERR_INPUT,
		    "line %zu: %s, for the %dth time: this is no CSV file as we know it", number,
		    reason, RESUMES_MAX + 1);
	rc = reader->csv->refuse(reader->csv->closure, number, &err);
	rest.p = copy = g_memdup2(rest.p, rest.n);
	csv_free(&reader->parser);
	parser_start(reader, separator);
	/* LF, CR or CRLF, as in lines.c. */
	for (bool first = true; rest.n > 0 && rc == 0; first = false) {
		size_t n = 0;

		while (n < rest.n && rest.p[n] != '\n' && rest.p[n] != '\r')
			n++;
		n += n + 1 < rest.n && rest.p[n] == '\r' && rest.p[n + 1] == '\n' ? 2 : n < rest.n;
		line = (struct str){rest.p, n};
		rest.p += n;
		rest.n -= n;
		if (!first)
			rc = feed(reader, line, ++number);
	}
	g_free(copy);
	return rc;
}

/* Gives one line to libcsv. Recursion by way of resume is as deep as there are quotes left open
 * in 1 MB, and at most RESUMES_MAX. */
static int
feed(struct reader *reader, struct str line, size_t number)
{
	if (reader->raw.len == 0) {
		if (is_blank(line))
			return 0;
		reader->raw_line = number;
	}
	if (buf_add_str(&reader->raw, line) != 0)
		return resume(reader, unclosed) != 0 ? -1 : feed(reader, line, number);
	reader->ended = false;
	if (csv_parse(&reader->parser, line.p, line.n, on_field, on_record, reader) != line.n)
		return err_set(reader->err, ERR_INPUT, "line %zu: %s", number,
		    csv_strerror(csv_error(&reader->parser)));
	if (reader->ended)
		buf_reset(&reader->raw);
	return reader->rc;
}

/* A single line beyond the ceiling is alone to blame. */
static int
skip_long_line(struct reader *reader, size_t number)
{
	struct err err = ERR_INIT;

	if (reader->column_count == 0)
		return err_set(reader->err, ERR_LIMIT, "line %zu: more than 1 MB", number);
	while (reader->raw.len > 0) {
		if (resume(reader, unclosed) != 0)
			return -1;
	}
	err_set(&err, ERR_LIMIT, "more than 1 MB");
	return reader->csv->refuse(reader->csv->closure, number, &err);
}

/* The last record may lack a line end. If it does not end with one either, a quote is open. */
static int
finish(struct reader *reader)
{
	while (reader->rc == 0 && reader->raw.len > 0) {
		reader->ended = false;
		csv_parse(&reader->parser, "\n", 1, on_field, on_record, reader);
		if (reader->ended)
			return reader->rc;
		if (resume(reader, "a quote is not closed") != 0)
			return -1;
	}
	return reader->rc;
}

static int
read_lines(struct reader *reader, struct ctl_lines *lines)
{
	bool begun = false;
	int rc;

	while ((rc = ctl_lines_next(lines, reader->err)) == 1) {
		struct str line = buf_str(&lines->line);
		struct str trimmed = str_trim(line);

		if (!begun && trimmed.n > 0) {
			bool told = trimmed.n == 5 && str_starts(trimmed, STR("sep="));

			begun = true;
			csv_set_delim(&reader->parser,
			    told ? (unsigned char)trimmed.p[4] : find_separator(line));
			if (told)
				continue;
		}
		rc = lines->too_long ? skip_long_line(reader, lines->number)
				     : feed(reader, line, lines->number);
		if (rc != 0)
			return -1;
	}
	return rc == 0 ? finish(reader) : -1;
}

int
ctl_csv_read(struct ctl_lines *lines, const struct ctl_csv *csv, struct err *err)
{
	struct reader *reader = calloc(1, sizeof *reader);
	int rc;

	if (reader == NULL)
		abort();
	reader->csv = csv;
	reader->err = err;
	buf_init(&reader->raw, CTL_LINE_MAX);
	buf_init(&reader->fields, CTL_LINE_MAX);
	parser_start(reader, ',');
	rc = read_lines(reader, lines);
	if (rc == 0 && reader->column_count == 0)
		rc = err_set(err, ERR_INPUT, "the file is empty");
	csv_free(&reader->parser);
	buf_fini(&reader->fields);
	buf_fini(&reader->raw);
	free(reader);
	return rc;
}
