/* SPDX-License-Identifier: BSD-2-Clause
 *
 * products_import: a shop's catalogue from CSV, JSON or XML
 *
 * Rows are read into a spool first; if all are good (or bad ones may be skipped), one
 * transaction writes them, so that a message sees the old catalogue or the new one.
 *
 * Threads: one.
 * Fails:   the exit status tells: EX_DATAERR if a row was refused, else the store's error.
 */
#include "ctl/csv.h"
#include "ctl/infile.h"
#include "ctl/items.h"
#include "ctl/lines.h"
#include "ctl/products.h"
#include "ctl/spool.h"
#include "ctl/value.h"
#include "intake/feed.h"

#include <glib.h>
#include <stdlib.h>
#include <sysexits.h>

#define PRODUCT_MEMORY ((size_t)4 * 1024 * 1024)
#define REPORTS_MAX    100
/* Of a catalogue smaller than this, --replace may take away as much as it likes. */
#define SMALL 20

enum format { FORMAT_UNKNOWN, FORMAT_CSV, FORMAT_JSON, FORMAT_JSONL, FORMAT_XML };
enum {
	TEXT_KEY,
	TEXT_GROUP,
	TEXT_TITLE,
	TEXT_LINK,
	TEXT_IMAGE,
	TEXT_CURRENCY,
	TEXT_CATEGORY,
	TEXT_BRAND,
	TEXT_GTIN,
	TEXT_ATTRIBUTES,
	TEXTS
};
enum {
	NUMBER_PRICE,
	NUMBER_SALE,
	NUMBER_FROM,
	NUMBER_UNTIL,
	NUMBER_AVAILABILITY,
	NUMBER_LINE,
	NUMBERS
};

struct column {
	char *name;
	struct str attribute;
	enum ctl_type type;
};

struct import {
	struct ctl_infile file;
	enum format format;
	struct str catalogue;
	struct str currency;
	bool replace, erase, force, skip_bad, dry_run, quiet;

	struct arena *arena; /* of one product */
	struct column columns[CTL_CSV_COLUMNS_MAX];
	size_t column_count;
	struct ctl_spool spool;
	size_t refused;
	size_t put[STORE_PRODUCT_AGAIN + 1];
	int64_t swept;
	struct err err; /* what stops the import */
};

/* --- rows, from whatever reader --- */

static int
on_product(void *closure, size_t line, const struct store_product *product)
{
	struct import *import = closure;
	const struct str texts[TEXTS] = {
	    [TEXT_KEY] = product->key,
	    [TEXT_GROUP] = product->group,
	    [TEXT_TITLE] = product->title,
	    [TEXT_LINK] = product->link,
	    [TEXT_IMAGE] = product->image,
	    [TEXT_CURRENCY] = product->currency,
	    [TEXT_CATEGORY] = product->category,
	    [TEXT_BRAND] = product->brand,
	    [TEXT_GTIN] = product->gtin,
	    [TEXT_ATTRIBUTES] = product->attributes,
	};
	const int64_t numbers[NUMBERS] = {
	    [NUMBER_PRICE] = product->price,
	    [NUMBER_SALE] = product->sale_price,
	    [NUMBER_FROM] = product->sale_from_ms,
	    [NUMBER_UNTIL] = product->sale_until_ms,
	    [NUMBER_AVAILABILITY] = product->availability,
	    [NUMBER_LINE] = (int64_t)line,
	};

	if (import->spool.count >= INTAKE_PRODUCTS)
		return err_set(&import->err, ERR_LIMIT, "line %zu: more than %d products", line,
		    INTAKE_PRODUCTS);
	return ctl_spool_put(&import->spool, texts, numbers, &import->err);
}

static int
on_refuse(void *closure, size_t line, const struct err *err)
{
	struct import *import = closure;

	if (++import->refused <= REPORTS_MAX)
		ctl_infile_report(&import->file, line, err);
	return 0;
}

/* --- CSV --- */

static int
on_header(void *closure, const struct str *names, size_t count, struct err *err)
{
	struct import *import = closure;
	bool has_id = false;

	for (size_t i = 0; i < count; i++) {
		struct column *column = &import->columns[import->column_count++];

		column->name = g_strndup(names[i].p, names[i].n);
		column->attribute = str_trim(str_c(column->name));
		column->type = ctl_type_of_name(&column->attribute);
		has_id = has_id || intake_field_of(column->attribute) == INTAKE_KEY;
	}
	if (!has_id)
		return err_set(
		    err, ERR_INPUT, "no column is named id; the first line must name the columns");
	return 0;
}

static int
set_cell(struct intake_product *row, const struct column *column, struct str cell, struct err *err)
{
	json_t *value;
	int rc;

	if (cell.n == 0 || column->attribute.n == 0)
		return 0;
	if (intake_field_of(column->attribute) != INTAKE_ATTRIBUTE)
		return intake_product_text(row, column->attribute, cell, false, err);
	value = ctl_value_read(column->type, cell, err);
	if (value == NULL)
		return err_prefix(err, "%.*s", STR_F(column->attribute));
	rc = intake_product_json(row, column->attribute, value, err);
	json_decref(value);
	return rc;
}

static int
on_record(void *closure, size_t line, const struct str *fields, size_t count)
{
	struct import *import = closure;
	struct store_product product;
	struct intake_product row;
	struct err err = ERR_INIT;
	int rc = 0;

	intake_product_init(&row, import->arena, import->currency);
	for (size_t i = 0; i < count && rc == 0; i++)
		rc = set_cell(&row, &import->columns[i], fields[i], &err);
	if (rc == 0)
		rc = intake_product_finish(&row, &product, &err);
	rc = rc == 0 ? on_product(import, line, &product) : on_refuse(import, line, &err);
	intake_product_fini(&row);
	return rc;
}

/* --- JSON --- */

static int
read_members(struct intake_product *row, json_t *object, struct err *err)
{
	const char *name;
	json_t *value;

	json_object_foreach(object, name, value)
	{
		if (intake_product_json(row, str_c(name), value, err) != 0)
			return -1;
	}
	return 0;
}

static int
on_object(void *closure, size_t line, struct str text)
{
	struct import *import = closure;
	json_error_t problem;
	json_t *object = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, &problem);
	struct store_product product;
	struct intake_product row;
	struct err err = ERR_INIT;
	int rc;

	if (!json_is_object(object)) {
		err_set(&err, ERR_INPUT, "no JSON object: %s",
		    object == NULL ? problem.text : "something else");
		if (object == NULL && problem.line > 1)
			line += (size_t)problem.line - 1;
		json_decref(object);
		return on_refuse(import, line, &err);
	}
	intake_product_init(&row, import->arena, import->currency);
	rc = read_members(&row, object, &err);
	if (rc == 0)
		rc = intake_product_finish(&row, &product, &err);
	rc = rc == 0 ? on_product(import, line, &product) : on_refuse(import, line, &err);
	intake_product_fini(&row);
	json_decref(object);
	return rc;
}

static int
read_json_lines(struct import *import, struct ctl_lines *lines, struct err *err)
{
	struct err own = ERR_INIT;
	int rc;

	while ((rc = ctl_lines_next(lines, err)) == 1) {
		if (lines->too_long) {
			err_set(&own, ERR_LIMIT, "more than 1 MB");
			rc = on_refuse(import, lines->number, &own);
		} else if (str_trim(buf_str(&lines->line)).n > 0) {
			rc = on_object(import, lines->number, buf_str(&lines->line));
		}
		if (rc < 0)
			return -1;
	}
	return rc;
}

/* --- the file --- */

static enum format
format_of(struct ctl_infile *file)
{
	switch (ctl_infile_peek(file)) {
	case '<':
		return FORMAT_XML;
	case '[':
		return FORMAT_JSON;
	case '{':
		return str_ends_nocase(str_c(file->name), STR(".json")) ? FORMAT_JSON
									: FORMAT_JSONL;
	default:
		return FORMAT_CSV;
	}
}

static int
read_rows(struct import *import, struct err *err)
{
	struct intake_feed feed = {on_product, on_refuse, import, import->currency};
	struct ctl_csv csv = {on_header, on_record, on_refuse, import};
	struct ctl_lines lines;
	int rc;

	if (import->format == FORMAT_UNKNOWN)
		import->format = format_of(&import->file);
	if (import->format == FORMAT_XML)
		return intake_feed_read(import->file.in, &feed, err);
	if (import->format == FORMAT_JSON)
		return ctl_items_each(import->file.in, on_object, import, err);
	ctl_lines_init(&lines, import->file.in);
	rc = import->format == FORMAT_CSV ? ctl_csv_read(&lines, &csv, err)
					  : read_json_lines(import, &lines, err);
	ctl_lines_fini(&lines);
	return rc;
}

/* --- into the database --- */

static struct store_product
product_of(const struct str *texts, const int64_t *numbers)
{
	return (struct store_product){
	    .key = texts[TEXT_KEY],
	    .group = texts[TEXT_GROUP],
	    .title = texts[TEXT_TITLE],
	    .link = texts[TEXT_LINK],
	    .image = texts[TEXT_IMAGE],
	    .currency = texts[TEXT_CURRENCY],
	    .category = texts[TEXT_CATEGORY],
	    .brand = texts[TEXT_BRAND],
	    .gtin = texts[TEXT_GTIN],
	    .attributes = texts[TEXT_ATTRIBUTES],
	    .price = numbers[NUMBER_PRICE],
	    .sale_price = numbers[NUMBER_SALE],
	    .sale_from_ms = numbers[NUMBER_FROM],
	    .sale_until_ms = numbers[NUMBER_UNTIL],
	    .availability = (enum store_availability)numbers[NUMBER_AVAILABILITY],
	};
}

static int
write_rows(struct import *import, struct store *store, const struct store_product_run *run,
    struct err *err)
{
	struct str texts[TEXTS];
	int64_t numbers[NUMBERS];
	int rc, put;

	while (arena_reset(import->arena),
	    (rc = ctl_spool_get(&import->spool, import->arena, texts, numbers, err)) == 1) {
		struct store_product product = product_of(texts, numbers);

		put = store_product_put(store, run, &product, err);
		if (put < 0)
			return err_prefix(err, "line %lld", (long long)numbers[NUMBER_LINE]);
		import->put[put]++;
	}
	return rc;
}

/* A shop's export that broke off must not empty the catalogue. */
static int
check_sweep(const struct import *import, struct err *err)
{
	size_t stayed = import->put[STORE_PRODUCT_SAME] + import->put[STORE_PRODUCT_CHANGED];

	if (import->force || (size_t)import->swept < SMALL || (size_t)import->swept <= stayed)
		return 0;
	return err_set(err, ERR_INPUT,
	    "%lld of %lld products of the catalogue are not in the file, which is more than half: "
	    "say --force if that is right",
	    (long long)import->swept, (long long)import->swept + (long long)stayed);
}

static int
write_all(struct import *import, struct store *store, struct err *err)
{
	struct store_product_run run;

	if (ctl_spool_rewind(&import->spool, err) != 0 || store_begin(store, err) != 0)
		return -1;
	if (store_product_begin(store, import->catalogue, &run, err) == 0 &&
	    write_rows(import, store, &run, err) == 0 &&
	    (!import->replace ||
		(store_product_sweep(store, &run, import->erase, &import->swept, err) == 0 &&
		    check_sweep(import, err) == 0)))
		return store_commit(store, err);
	store_rollback(store);
	return -1;
}

/* --- the command --- */

static void
summarise(const struct import *import)
{
	size_t read = import->spool.count + import->refused;

	if (import->dry_run) {
		printf("dry run: %zu read, %zu refused\n", read, import->refused);
		return;
	}
	printf("%zu read, %zu new, %zu changed, %zu unchanged, %zu refused", read,
	    import->put[STORE_PRODUCT_NEW], import->put[STORE_PRODUCT_CHANGED],
	    import->put[STORE_PRODUCT_SAME], import->refused);
	if (import->replace)
		printf(", %lld %s", (long long)import->swept, import->erase ? "deleted" : "gone");
	if (import->put[STORE_PRODUCT_AGAIN] > 0)
		printf("; %zu came again in the file, the last one counts",
		    import->put[STORE_PRODUCT_AGAIN]);
	putchar('\n');
}

static int
fail(const struct import *import, struct err *err)
{
	err_prefix(err, "%s", import->file.name);
	return ctl_fail(err);
}

static int
run(struct import *import, struct ctl *ctl)
{
	struct err err = ERR_INIT;

	if (ctl_spool_open(&import->spool, TEXTS, NUMBERS, &err) != 0)
		return ctl_fail(&err);
	if (read_rows(import, &err) != 0)
		return fail(import, import->err.code != ERR_NONE ? &import->err : &err);
	if (import->refused > REPORTS_MAX)
		ctl_error("%s: and %zu more", import->file.name, import->refused - REPORTS_MAX);
	if (import->refused > 0 && !import->skip_bad && !import->dry_run) {
		ctl_error("%s: nothing was imported, since %zu of %zu products were refused "
			  "(--skip-bad takes the others)",
		    import->file.name, import->refused, import->refused + import->spool.count);
		return EX_DATAERR;
	}
	if (!import->dry_run && write_all(import, ctl->store, &err) != 0) {
		fail(import, &err);
		return err_exit_code(err.code);
	}
	if (!import->quiet)
		summarise(import);
	return import->refused > 0 ? EX_DATAERR : EX_OK;
}

static int
read_format(const char *text, enum format *format_r)
{
	static const struct {
		const char *name;
		enum format format;
	} formats[] = {
	    {"csv", FORMAT_CSV},
	    {"json", FORMAT_JSON},
	    {"jsonl", FORMAT_JSONL},
	    {"google", FORMAT_XML},
	    {"rss", FORMAT_XML},
	};

	for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
		if (strcmp(formats[i].name, text) == 0) {
			*format_r = formats[i].format;
			return 0;
		}
	}
	ctl_error("--format %s: csv, json, jsonl, google or rss was expected", text);
	return EX_USAGE;
}

static int
read_replace(struct import *import, const char *text)
{
	import->replace = true;
	import->erase = text != NULL && strcmp(text, "delete") == 0;
	if (text == NULL || import->erase)
		return 0;
	ctl_error("--replace=%s: --replace or --replace=delete was expected", text);
	return EX_USAGE;
}

static int
read_currency(struct import *import, const char *text)
{
	import->currency = str_c(text);
	if (strlen(text) == 3 && g_ascii_isupper(text[0]) && g_ascii_isupper(text[1]) &&
	    g_ascii_isupper(text[2]))
		return 0;
	ctl_error("--currency %s: a code like EUR was expected", text);
	return EX_USAGE;
}

/* 0 or the exit status. */
static int
read_options(int argc, char **argv, struct import *import)
{
	static const struct option options[] = {
	    {"format", required_argument, NULL, 'f'},
	    {"catalogue", required_argument, NULL, 'c'},
	    {"currency", required_argument, NULL, 'u'},
	    {"replace", optional_argument, NULL, 'r'},
	    {"force", no_argument, NULL, 'F'},
	    {"skip-bad", no_argument, NULL, 's'},
	    {"dry-run", no_argument, NULL, 'n'},
	    {"quiet", no_argument, NULL, 'q'},
	    {NULL, 0, NULL, 0},
	};
	int option, status = 0;

	while (status == 0 && (option = ctl_option(argc, argv, options)) != -1) {
		switch (option) {
		case 'f':
			status = read_format(optarg, &import->format);
			break;
		case 'c':
			import->catalogue = str_c(optarg);
			break;
		case 'u':
			status = read_currency(import, optarg);
			break;
		case 'r':
			status = read_replace(import, optarg);
			break;
		case 'F':
			import->force = true;
			break;
		case 's':
			import->skip_bad = true;
			break;
		case 'n':
			import->dry_run = true;
			break;
		case 'q':
			import->quiet = true;
			break;
		default:
			return ctl_usage("products");
		}
	}
	if (status != 0)
		return status;
	return optind + 1 == argc ? 0 : ctl_usage("products");
}

int
ctl_products_import(struct ctl *ctl, int argc, char **argv)
{
	struct import *import = calloc(1, sizeof *import);
	int status;

	if (import == NULL)
		abort();
	import->catalogue = STR(STORE_CATALOGUE_DEFAULT);
	import->currency = STR("");
	import->arena = arena_new(PRODUCT_MEMORY);
	status = read_options(argc, argv, import);
	if (status == 0)
		status = ctl_infile_open(&import->file, argv[optind]);
	if (status == 0)
		status = ctl_store(ctl, STORE_CREATE);
	if (status == 0)
		status = run(import, ctl);
	for (size_t i = 0; i < import->column_count; i++)
		g_free(import->columns[i].name);
	ctl_spool_close(&import->spool);
	ctl_infile_close(&import->file);
	arena_free(&import->arena);
	free(import);
	return status;
}
