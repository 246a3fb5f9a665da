/* SPDX-License-Identifier: BSD-2-Clause
 *
 * suppress_file: suppressions as CSV or JSON lines, out and in
 *
 * What export writes import reads back as it was. A file of another system needs a column
 * named email or address (or hash), all else has a default.
 *
 * Threads: one.
 */
#include "ctl/suppress.h"

#include "base/clock.h"
#include "ctl/csv.h"
#include "ctl/infile.h"

#include <csv.h>
#include <glib.h>
#include <stdlib.h>
#include <strings.h>
#include <sysexits.h>
#include <unistd.h>

/* A transaction holds up the daemon. */
#define BATCH 500

enum field { ADDRESS, HASH, SCOPE, REASON, SOURCE, DETAIL, NOTE, CREATED, UNTIL, FIELDS };

/* The first one is written; the others are what else the column is called. */
static const char *const names[FIELDS][4] = {
    [ADDRESS] = {"email", "address", "email address", "recipient"},
    [HASH] = {"hash", "sha256"},
    [SCOPE] = {"scope"},
    [REASON] = {"reason"},
    [SOURCE] = {"source"},
    [DETAIL] = {"detail", "diagnostic"},
    [NOTE] = {"note"},
    [CREATED] = {"created", "created_at", "time", "date"},
    [UNTIL] = {"until"},
};

static enum field
field_of(struct str name)
{
	for (int field = 0; field < FIELDS; field++) {
		for (int i = 0; i < 4 && names[field][i] != NULL; i++) {
			if (str_is_nocase(str_trim(name), names[field][i]))
				return (enum field)field;
		}
	}
	return FIELDS;
}

/* --- export --- */

/* A terminal gets no control characters. */
static void
put_cell(struct str text)
{
	char *copy = g_strndup(text.p, text.n);

	for (char *p = copy; isatty(STDOUT_FILENO) && *p != '\0'; p++) {
		if (g_ascii_iscntrl(*p))
			*p = '?';
	}
	if (text.n > 0)
		csv_fwrite(stdout, copy, strlen(copy));
	g_free(copy);
}

static bool
put_csv(const struct store_suppression *entry, void *closure)
{
	char time[CLOCK_TEXT_SIZE], until[CLOCK_TEXT_SIZE];
	const struct str cells[FIELDS] = {entry->address, entry->hash, entry->scope, entry->reason,
	    entry->source, entry->detail, entry->note, str_c(clock_iso(entry->created_ms, time)),
	    entry->until_ms == 0 ? STR("") : str_c(clock_iso(entry->until_ms, until))};

	(void)closure;
	for (int i = 0; i < FIELDS; i++) {
		if (i > 0)
			putchar(',');
		put_cell(cells[i]);
	}
	fputs("\r\n", stdout);
	return true;
}

static bool
put_json(const struct store_suppression *entry, void *closure)
{
	json_t *line = suppress_json(entry);

	(void)closure;
	json_object_set(line, "email", json_object_get(line, "address"));
	json_object_del(line, "address");
	ctl_put_json(line);
	return true;
}

/* NULL: csv by default. */
static bool
read_format(const char *text, bool *jsonl_r)
{
	*jsonl_r = text != NULL && strcmp(text, "jsonl") == 0;
	if (text == NULL || *jsonl_r || strcmp(text, "csv") == 0)
		return true;
	ctl_error("--format %s: expected csv or jsonl", text);
	return false;
}

int
suppress_export(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {
	    {"format", required_argument, NULL, 'f'}, {NULL, 0, NULL, 0}};
	struct err err = ERR_INIT;
	const char *format = NULL;
	int option, status;
	bool jsonl;

	while ((option = ctl_option(argc, argv, options)) != -1) {
		if (option != 'f')
			return ctl_usage("suppress");
		format = optarg;
	}
	if (optind != argc)
		return ctl_usage("suppress");
	if (!read_format(format, &jsonl))
		return EX_USAGE;
	status = ctl_store(ctl, STORE_READ);
	if (status != 0)
		return status;
	for (int i = 0; i < FIELDS && !jsonl; i++)
		printf("%s%s", i > 0 ? "," : "", names[i][0]);
	if (!jsonl)
		fputs("\r\n", stdout);
	return store_suppression_each(ctl->store, jsonl ? put_json : put_csv, NULL, &err) != 0
	    ? ctl_fail(&err)
	    : EX_OK;
}

/* --- import --- */

struct import {
	struct store *store;
	struct ctl_infile file;
	const char *scope;
	struct str reason;
	bool dry_run;
	enum field columns[CTL_CSV_COLUMNS_MAX];
	size_t column_count;
	size_t open; /* entries in the transaction; 0: there is none */
	size_t added, known, refused;
	struct err err;
};

static int
end_batch(struct import *import)
{
	if (import->open == 0)
		return 0;
	import->open = 0;
	return store_commit(import->store, &import->err);
}

static int
put_entry(struct import *import, const struct store_suppression *entry, struct err *err)
{
	int rc;

	if (import->open == 0 && store_begin(import->store, &import->err) != 0)
		return -2;
	import->open++;
	rc = entry->address.n == 0 ? store_suppression_put_hashed(import->store, entry, err)
				   : store_suppression_put(import->store, entry, err);
	if (rc < 0 && err->code != ERR_INPUT) {
		import->err = *err;
		store_rollback(import->store);
		import->open = 0;
		return -2;
	}
	import->added += rc == 1;
	import->known += rc == 0;
	if (import->open >= BATCH && end_batch(import) != 0)
		return -2;
	return rc;
}

static int
refuse(void *closure, size_t line, const struct err *err)
{
	struct import *import = closure;

	import->refused++;
	ctl_infile_report(&import->file, line, err);
	return 0;
}

static int
read_time(enum field field, const struct str texts[FIELDS], int64_t *ms_r, struct err *err)
{
	char time[CLOCK_TEXT_SIZE];

	if (texts[field].n == 0)
		return 0;
	snprintf(time, sizeof time, "%.*s", STR_F(texts[field]));
	if (clock_parse(time, ms_r) != 0)
		return err_set(err, ERR_INPUT,
		    "%s: expected a time like 2026-01-31 or 2026-01-31T08:15:00Z", names[field][0]);
	return 0;
}

/* What the columns say; 0, or -1 with what is wrong. */
static int
read_entry(const struct import *import, const struct str texts[FIELDS],
    struct store_suppression *entry_r, struct err *err)
{
	*entry_r = (struct store_suppression){.address = str_trim(texts[ADDRESS]),
	    .hash = texts[HASH],
	    .scope = texts[SCOPE].n > 0 ? texts[SCOPE] : str_c(import->scope),
	    .reason = texts[REASON].n > 0 ? texts[REASON] : import->reason,
	    .source = texts[SOURCE].n > 0 ? texts[SOURCE] : STR("import"),
	    .detail = texts[DETAIL],
	    .note = texts[NOTE]};
	return read_time(CREATED, texts, &entry_r->created_ms, err) != 0
	    ? -1
	    : read_time(UNTIL, texts, &entry_r->until_ms, err);
}

static int
check_only(struct import *import, const struct store_suppression *entry, struct err *err)
{
	struct arena *arena = arena_new((size_t)16 << 10);
	struct str key;
	int rc = entry->address.n == 0 ? 0 : store_address_key(entry->address, arena, &key, err);

	if (rc == 0 && entry->address.n == 0 && entry->hash.n == 0)
		rc = err_set(err, ERR_INPUT, "expected an address or a hash");
	import->added += rc == 0;
	arena_free(&arena);
	return rc;
}

static int
take_entry(struct import *import, size_t line, const struct str texts[FIELDS])
{
	struct store_suppression entry;
	struct err err = ERR_INIT;
	int rc = read_entry(import, texts, &entry, &err);

	if (rc == 0)
		rc = import->dry_run ? check_only(import, &entry, &err)
				     : put_entry(import, &entry, &err);
	if (rc == -2)
		return -1;
	return rc < 0 ? refuse(import, line, &err) : 0;
}

static int
on_header(void *closure, const struct str *columns, size_t count, struct err *err)
{
	struct import *import = closure;
	bool found = false;

	import->column_count = count;
	for (size_t i = 0; i < count; i++) {
		import->columns[i] = field_of(columns[i]);
		found = found || import->columns[i] == ADDRESS || import->columns[i] == HASH;
	}
	return found ? 0
		     : err_set(err, ERR_INPUT,
			   "no column is named email, address or hash; the first line must name "
			   "the columns");
}

static int
on_record(void *closure, size_t line, const struct str *fields, size_t count)
{
	struct import *import = closure;
	struct str texts[FIELDS] = {STR_NONE};

	for (size_t i = 0; i < count && i < import->column_count; i++) {
		if (import->columns[i] != FIELDS)
			texts[import->columns[i]] = fields[i];
	}
	return take_entry(import, line, texts);
}

static int
take_line(struct import *import, const struct ctl_lines *lines)
{
	struct str texts[FIELDS] = {STR_NONE}, line = str_trim(buf_str(&lines->line));
	struct err err = ERR_INIT;
	json_error_t problem;
	const char *name;
	json_t *object, *value;
	int rc;

	if (line.n == 0)
		return 0;
	object = lines->too_long ? NULL : json_loadb(line.p, line.n, 0, &problem);
	if (!json_is_object(object)) {
		json_decref(object);
		err_set(&err, ERR_INPUT, "expected one JSON object of at most 1 MB");
		return refuse(import, lines->number, &err);
	}
	json_object_foreach(object, name, value)
	{
		enum field field = field_of(str_c(name));

		if (field != FIELDS && json_is_string(value))
			texts[field] = str_c(json_string_value(value));
	}
	rc = take_entry(import, lines->number, texts);
	json_decref(object);
	return rc;
}

static int
read_jsonl(struct import *import, struct ctl_lines *lines, struct err *err)
{
	int rc;

	while ((rc = ctl_lines_next(lines, err)) == 1) {
		if (take_line(import, lines) != 0)
			return -1;
	}
	return rc;
}

static int
run_import(struct import *import, bool jsonl)
{
	const struct ctl_csv csv = {on_header, on_record, refuse, import};
	struct ctl_lines lines;
	struct err err = ERR_INIT;
	int rc;

	ctl_lines_init(&lines, import->file.in);
	rc = jsonl ? read_jsonl(import, &lines, &err) : ctl_csv_read(&lines, &csv, &err);
	ctl_lines_fini(&lines);
	if (end_batch(import) != 0 || import->err.code != ERR_NONE)
		return ctl_fail(&import->err);
	if (rc != 0) {
		err_prefix(&err, "%s", import->file.name);
		return ctl_fail(&err);
	}
	printf("%zu %s, %zu suppressed already, %zu refused\n", import->added,
	    import->dry_run ? "would be added" : "added", import->known, import->refused);
	return import->refused > 0 ? EX_DATAERR : EX_OK;
}

int
suppress_import(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {{"format", required_argument, NULL, 'f'},
	    {"scope", required_argument, NULL, 's'}, {"reason", required_argument, NULL, 'r'},
	    {"dry-run", no_argument, NULL, 'y'}, {NULL, 0, NULL, 0}};
	struct import *import = calloc(1, sizeof *import);
	const char *format = NULL;
	int option, status = EX_OK;
	bool jsonl = false;

	if (import == NULL)
		abort();
	import->scope = STORE_SCOPE_ALL;
	import->reason = STR("imported");
	while ((option = ctl_option(argc, argv, options)) != -1) {
		if (option == 'f')
			format = optarg;
		else if (option == 's')
			import->scope = optarg;
		else if (option == 'r')
			import->reason = str_c(optarg);
		else if (option == 'y')
			import->dry_run = true;
		else
			status = EX_USAGE;
	}
	if (status != EX_OK || optind + 1 != argc)
		status = ctl_usage("suppress");
	else if (!read_format(format, &jsonl) || !suppress_scope_ok(import->scope))
		status = EX_USAGE;
	if (status == EX_OK)
		status = ctl_store(ctl, STORE_CREATE);
	if (status == EX_OK)
		status = ctl_infile_open(&import->file, argv[optind]);
	if (status == EX_OK) {
		import->store = ctl->store;
		jsonl = jsonl || (format == NULL && ctl_infile_peek(&import->file) == '{');
		status = run_import(import, jsonl);
		ctl_infile_close(&import->file);
	}
	free(import);
	return status;
}
