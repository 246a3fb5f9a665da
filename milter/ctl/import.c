/* SPDX-License-Identifier: BSD-2-Clause
 *
 * import: see import.h; this file: batches, counting, reporting, the command
 *
 * Threads: one.
 * Fails:   the exit status tells: EX_DATAERR if a line was refused, else the store's error.
 */
#include "ctl/import.h"

#include "base/clock.h"
#include "ctl/contacts.h"
#include "ctl/ctl.h"
#include "intake/profile.h"
#include "store/contact.h"

#include <errno.h>
#include <glib.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#define BATCH_LINES	1000
#define BATCH_LINES_MAX 100000
#define BATCH_BYTES	((size_t)32 * 1024 * 1024)
#define ARENA_MAX	((size_t)1024 * 1024 * 1024)
#define PROGRESS_US	200000

enum format { FORMAT_UNKNOWN, FORMAT_CSV, FORMAT_JSONL };

struct row {
	size_t line;
	struct str address;
	struct str key;
	struct str language;
	struct str time_zone;
	json_t *attributes;
	bool refused;
};

struct import {
	struct store *store;
	const char *name; /* of the file, for messages */
	size_t batch_lines;
	bool dry_run;
	bool strict;
	bool progress;
	bool quiet;

	struct arena *arena; /* text of the rows in the batch */
	struct row *rows;
	size_t row_count;
	size_t bytes;
	bool failing; /* strict: a line of this batch was refused */
	size_t refused_in_batch;

	GHashTable *seen; /* keys of contacts that were written */
	GStringChunk *keys;

	size_t read, added, updated, refused, twice;
	int64_t progress_us;
	struct err err; /* the store's error that stopped the import */
};

/* --- telling --- */

static void
show_progress(struct import *import, bool last)
{
	int64_t now = clock_mono_us();

	if (!import->progress || (!last && now - import->progress_us < PROGRESS_US))
		return;
	import->progress_us = now;
	if (last)
		fputs("\r\033[K", stderr);
	else
		fprintf(stderr, "\r%zu read, %zu refused", import->read, import->refused);
	fflush(stderr);
}

static void
report(struct import *import, size_t line, const char *text)
{
	if (import->progress)
		fputs("\r\033[K", stderr);
	ctl_error("%s: line %zu: %s", import->name, line, text);
}

/* --- a batch --- */

static void
batch_clear(struct import *import)
{
	for (size_t i = 0; i < import->row_count; i++)
		json_decref(import->rows[i].attributes);
	arena_reset(import->arena);
	import->row_count = 0;
	import->bytes = 0;
	import->failing = false;
	import->refused_in_batch = 0;
}

/* What a batch adds to the sums once it is committed. */
struct tally {
	size_t added, updated, twice;
};

/* `fresh`: keys of this batch, which become `seen` with the commit. */
static int
write_row(struct import *import, struct row *row, GHashTable *fresh, struct tally *tally)
{
	struct err err = ERR_INIT;
	bool known = g_hash_table_contains(import->seen, row->key.p) ||
	    g_hash_table_contains(fresh, row->key.p);
	int rc = store_contact_upsert(
	    import->store, row->address, row->language, row->time_zone, row->attributes, &err);

	if (rc < 0 && err.code != ERR_INPUT && err.code != ERR_LIMIT) {
		import->err = err;
		return -1;
	}
	if (rc < 0) {
		report(import, row->line, err.text);
		row->refused = true;
		import->refused++;
		import->refused_in_batch++;
		import->failing = import->strict;
		return 0;
	}
	/* In a dry run the database forgets each batch, `seen` does not. */
	if (known)
		tally->twice++;
	if (rc == 1 && !known)
		tally->added++;
	else
		tally->updated++;
	g_hash_table_add(fresh, (gpointer)(uintptr_t)row->key.p);
	return 0;
}

static void
remember(struct import *import, GHashTable *fresh, const struct tally *tally)
{
	GHashTableIter iter;
	gpointer key;

	g_hash_table_iter_init(&iter, fresh);
	while (g_hash_table_iter_next(&iter, &key, NULL)) {
		if (!g_hash_table_contains(import->seen, key))
			g_hash_table_add(import->seen, g_string_chunk_insert(import->keys, key));
	}
	import->added += tally->added;
	import->updated += tally->updated;
	import->twice += tally->twice;
}

/* 1 committed (or would be), 0 rolled back as strict says, -1. */
static int
write_batch(struct import *import, GHashTable *fresh, struct tally *tally)
{
	if (store_begin(import->store, &import->err) != 0)
		return -1;
	for (size_t i = 0; i < import->row_count; i++) {
		if (write_row(import, &import->rows[i], fresh, tally) != 0) {
			store_rollback(import->store);
			return -1;
		}
	}
	if (import->failing || import->dry_run) {
		store_rollback(import->store);
		return !import->failing;
	}
	return store_commit(import->store, &import->err) == 0 ? 1 : -1;
}

static int
flush_batch(struct import *import)
{
	GHashTable *fresh;
	struct tally tally = {0, 0, 0};
	size_t first = 0, last = 0, lines = import->row_count + import->refused_in_batch;
	int rc;

	if (import->row_count > 0) {
		first = import->rows[0].line;
		last = import->rows[import->row_count - 1].line;
	}
	fresh = g_hash_table_new(g_str_hash, g_str_equal);
	rc = import->failing || import->row_count == 0 ? 0 : write_batch(import, fresh, &tally);
	if (rc == 1)
		remember(import, fresh, &tally);
	if (rc == 0 && import->failing && import->row_count > 0) {
		ctl_error("%s: lines %zu to %zu: not imported, since lines of this batch were "
			  "refused",
		    import->name, first, last);
		import->refused += lines - import->refused_in_batch;
	}
	if (rc < 0 && import->row_count > 0)
		err_prefix(
		    &import->err, "%s: lines %zu to %zu: not imported", import->name, first, last);
	g_hash_table_destroy(fresh);
	batch_clear(import);
	return rc < 0 ? -1 : 0;
}

static int
flush_if_full(struct import *import)
{
	show_progress(import, false);
	if (import->row_count + import->refused_in_batch < import->batch_lines &&
	    import->bytes < BATCH_BYTES)
		return 0;
	return flush_batch(import);
}

/* --- what the readers call --- */

static int
refuse(struct import *import, size_t line, const struct err *err)
{
	import->refused++;
	import->refused_in_batch++;
	import->failing = import->failing || import->strict;
	report(import, line, err->text);
	return flush_if_full(import);
}

int
import_refuse(struct import *import, size_t line, const struct err *err)
{
	import->read++;
	return refuse(import, line, err);
}

/* Checks and copies; the row's text is in the batch's arena. */
static int
fill_row(struct import *import, struct row *row, struct str address, struct str language,
    struct str time_zone, struct err *err)
{
	char room[64];

	address = str_trim(address);
	if (address.n == 0)
		return err_set(err, ERR_INPUT, "no address");
	if (store_address_key(address, import->arena, &row->key, err) != 0)
		return err->code == ERR_LIMIT
		    ? -1
		    : err_prefix(
			  err, "\"%.*s\"", address.n > 100 ? 100 : (int)address.n, address.p);
	language = language.p == NULL ? language : str_trim(language);
	time_zone = time_zone.p == NULL ? time_zone : str_trim(time_zone);
	if (intake_language_check(&language, room, err) != 0 ||
	    intake_time_zone_check(time_zone, err) != 0)
		return -1;
	row->address = arena_str(import->arena, address);
	/* Absent is not empty: it stays as it is in the database. */
	if (language.p != NULL)
		row->language = arena_str(import->arena, language);
	if (time_zone.p != NULL)
		row->time_zone = arena_str(import->arena, time_zone);
	if (row->address.p == NULL || (row->language.p == NULL && language.p != NULL) ||
	    (row->time_zone.p == NULL && time_zone.p != NULL))
		return err_set(err, ERR_LIMIT, "the batch is too large");
	return 0;
}

static size_t
attributes_size(const json_t *attributes)
{
	const char *name;
	json_t *value;
	size_t size = 0;

	json_object_foreach((json_t *)(uintptr_t)attributes, name, value)
	{
		size += 64 + strlen(name) + json_string_length(value);
	}
	return size;
}

int
import_contact(struct import *import, size_t line, struct str address, struct str language,
    struct str time_zone, json_t *attributes)
{
	struct row row = {.line = line, .attributes = attributes};
	struct err err = ERR_INIT;

	import->read++;
	if (fill_row(import, &row, address, language, time_zone, &err) != 0) {
		json_decref(attributes);
		return refuse(import, line, &err);
	}
	import->bytes += attributes_size(attributes);
	import->rows[import->row_count++] = row;
	return flush_if_full(import);
}

/* --- the command --- */

static enum format
format_of_name(const char *name)
{
	static const struct {
		const char *suffix;
		enum format format;
	} known[] = {
	    {".csv", FORMAT_CSV},
	    {".tsv", FORMAT_CSV},
	    {".txt", FORMAT_CSV},
	    {".jsonl", FORMAT_JSONL},
	    {".ndjson", FORMAT_JSONL},
	    {".json", FORMAT_JSONL},
	};

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		if (str_ends_nocase(str_c(name), str_c(known[i].suffix)))
			return known[i].format;
	}
	return FORMAT_UNKNOWN;
}

/* By the first byte: no header line begins with a brace. */
static enum format
format_of_content(FILE *in)
{
	int c = getc(in);

	if (c != EOF)
		ungetc(c, in);
	return c == '{' ? FORMAT_JSONL : FORMAT_CSV;
}

static int
read_all(struct import *import, FILE *in, enum format format)
{
	struct err err = ERR_INIT;
	struct ctl_lines lines;
	int rc;

	if (format == FORMAT_UNKNOWN)
		format = format_of_content(in);
	ctl_lines_init(&lines, in);
	rc = (format == FORMAT_CSV ? import_csv : import_jsonl)(import, &lines, &err);
	ctl_lines_fini(&lines);
	if (import->err.code == ERR_NONE && flush_batch(import) == 0 && rc == 0)
		return EX_OK;
	show_progress(import, true);
	if (import->err.code != ERR_NONE)
		return ctl_fail(&import->err);
	err_prefix(&err, "%s", import->name);
	return ctl_fail(&err);
}

static void
summarise(const struct import *import)
{
	printf("%s%zu read, %zu new, %zu updated, %zu refused", import->dry_run ? "dry run: " : "",
	    import->read, import->added, import->updated, import->refused);
	if (import->twice > 0)
		printf("; %zu came again in the file, the last one counts", import->twice);
	putchar('\n');
}

static int
run(struct import *import, FILE *in, enum format format)
{
	int status;

	import->arena = arena_new(ARENA_MAX);
	import->rows = calloc(import->batch_lines, sizeof import->rows[0]);
	if (import->rows == NULL)
		abort();
	import->seen = g_hash_table_new(g_str_hash, g_str_equal);
	import->keys = g_string_chunk_new((gsize)64 * 1024);
	status = read_all(import, in, format);
	show_progress(import, true);
	if (!import->quiet && (status == EX_OK || import->read > 0))
		summarise(import);
	batch_clear(import);
	g_hash_table_destroy(import->seen);
	g_string_chunk_free(import->keys);
	free(import->rows);
	arena_free(&import->arena);
	if (status == EX_OK && import->refused > 0)
		status = EX_DATAERR;
	return status;
}

static const struct option options[] = {
    {"format", required_argument, NULL, 'f'},
    {"csv", no_argument, NULL, 'c'},
    {"jsonl", no_argument, NULL, 'j'},
    {"dry-run", no_argument, NULL, 'n'},
    {"strict", no_argument, NULL, 's'},
    {"batch", required_argument, NULL, 'b'},
    {"quiet", no_argument, NULL, 'q'},
    {NULL, 0, NULL, 0},
};

/* 0 or the exit status. */
static int
read_options(int argc, char **argv, struct import *import, enum format *format)
{
	int option;

	while ((option = ctl_option(argc, argv, options)) != -1) {
		if (option == 'f' && strcmp(optarg, "csv") == 0)
			option = 'c';
		else if (option == 'f' && strcmp(optarg, "jsonl") == 0)
			option = 'j';
		switch (option) {
		case 'c':
			*format = FORMAT_CSV;
			break;
		case 'j':
			*format = FORMAT_JSONL;
			break;
		case 'n':
			import->dry_run = true;
			break;
		case 's':
			import->strict = true;
			break;
		case 'q':
			import->quiet = true;
			break;
		case 'b':
			if (!ctl_number("--batch", optarg, BATCH_LINES_MAX, &import->batch_lines))
				return EX_USAGE;
			break;
		case 'f':
			ctl_error("--format %s: csv or jsonl was expected", optarg);
			return EX_USAGE;
		default:
			return ctl_usage("contacts");
		}
	}
	return optind + 1 == argc ? 0 : ctl_usage("contacts");
}

int
ctl_contacts_import(struct ctl *ctl, int argc, char **argv)
{
	struct import import = {.batch_lines = BATCH_LINES};
	enum format format = FORMAT_UNKNOWN;
	int status = read_options(argc, argv, &import, &format);
	const char *path;
	FILE *in = stdin;

	if (status != 0)
		return status;
	path = argv[optind];
	import.name = strcmp(path, "-") == 0 ? "standard input" : path;
	import.progress = !import.quiet && isatty(STDERR_FILENO);
	if (format == FORMAT_UNKNOWN)
		format = format_of_name(path);
	if (strcmp(path, "-") != 0 && (in = fopen(path, "re")) == NULL) {
		ctl_error("%s: %s", path, strerror(errno));
		return EX_NOINPUT;
	}
	status = ctl_store(ctl, STORE_CREATE);
	if (status == 0) {
		import.store = ctl->store;
		status = run(&import, in, format);
	}
	if (in != stdin)
		fclose(in);
	return status;
}
