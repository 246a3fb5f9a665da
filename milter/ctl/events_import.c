/* SPDX-License-Identifier: BSD-2-Clause
 *
 * events_import: what contacts did, from CSV or JSON lines
 *
 * All lines are read into spools first; if all are good (or bad ones may be skipped), they
 * are written in groups. Identify calls go first, whatever their order in the file, since
 * the others may name a contact by an id that only they know. An import that was cut off
 * in the middle can be run again: what is there already stays.
 *
 * Threads: one.
 * Fails:   the exit status tells: EX_DATAERR if a line was refused, else the store's error.
 */
#include "base/clock.h"
#include "ctl/csv.h"
#include "ctl/events.h"
#include "ctl/infile.h"
#include "ctl/spool.h"
#include "ctl/value.h"
#include "intake/call.h"
#include "intake/time.h"

#include <glib.h>
#include <stdlib.h>
#include <sysexits.h>

#define REPORTS_MAX  100
#define STRANGERS    10
#define GROUP	     1000
#define GROUP_MEMORY (GROUP * (STORE_EVENT_PROPERTIES_MAX + (size_t)8 * 1024))

enum format { FORMAT_UNKNOWN, FORMAT_CSV, FORMAT_JSONL };
enum role {
	ROLE_ADDRESS,
	ROLE_USER,
	ROLE_TYPE,
	ROLE_TIME,
	ROLE_ID,
	ROLE_PROPERTIES,
	ROLE_PROPERTY,
	ROLES
};
enum { TEXT_ADDRESS, TEXT_USER, TEXT_ANONYMOUS, TEXT_TYPE, TEXT_ID, TEXT_PROPERTIES, TEXTS };
enum { NUMBER_KIND, NUMBER_TIME, NUMBER_LINE, NUMBERS };

static const struct {
	const char *name;
	enum role role;
} columns[] = {
    {"who", ROLE_ADDRESS},
    {"email", ROLE_ADDRESS},
    {"address", ROLE_ADDRESS},
    {"contact", ROLE_ADDRESS},
    {"user_id", ROLE_USER},
    {"userId", ROLE_USER},
    {"what", ROLE_TYPE},
    {"event", ROLE_TYPE},
    {"type", ROLE_TYPE},
    {"when", ROLE_TIME},
    {"time", ROLE_TIME},
    {"timestamp", ROLE_TIME},
    {"date", ROLE_TIME},
    {"id", ROLE_ID},
    {"event_id", ROLE_ID},
    {"message_id", ROLE_ID},
    {"messageId", ROLE_ID},
    {"properties", ROLE_PROPERTIES},
};

struct column {
	char *name;
	enum role role;
	struct str property; /* the name behind "prop.", without ":TYPE" */
	enum ctl_type type;
};

struct import {
	struct ctl_infile file;
	enum format format;
	struct intake_options options;
	bool skip_bad, dry_run, quiet;

	struct arena *arena; /* of one call, then of one group */
	struct column columns[CTL_CSV_COLUMNS_MAX];
	size_t column_count;
	struct ctl_spool identifies, others;
	size_t refused;
	size_t done[INTAKE_STRANGER + 1];
	struct err err; /* what stops the import */
};

/* --- calls, from whatever reader --- */

static int
on_call(struct import *import, size_t line, const struct intake_call *call)
{
	const struct str texts[TEXTS] = {
	    [TEXT_ADDRESS] = call->address,
	    [TEXT_USER] = call->user_id,
	    [TEXT_ANONYMOUS] = call->anonymous_id,
	    [TEXT_TYPE] = call->type,
	    [TEXT_ID] = call->id,
	    [TEXT_PROPERTIES] = call->properties,
	};
	const int64_t numbers[NUMBERS] = {
	    [NUMBER_KIND] = call->kind,
	    [NUMBER_TIME] = call->time_ms,
	    [NUMBER_LINE] = (int64_t)line,
	};

	return ctl_spool_put(
	    call->kind == STORE_EVENT_IDENTIFY ? &import->identifies : &import->others, texts,
	    numbers, &import->err);
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
add_column(struct import *import, struct str name, struct err *err)
{
	struct column *column = &import->columns[import->column_count++];

	column->name = g_strndup(name.p, name.n);
	column->property = str_trim(str_c(column->name));
	column->role = ROLES;
	for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
		if (str_is_nocase(column->property, columns[i].name))
			column->role = columns[i].role;
	}
	if (str_starts(column->property, STR("prop."))) {
		column->property.p += 5;
		column->property.n -= 5;
		column->role = ROLE_PROPERTY;
		column->type = ctl_type_of_name(&column->property);
	}
	if (column->role == ROLES || (column->role == ROLE_PROPERTY && column->property.n == 0))
		return err_set(err, ERR_INPUT,
		    "column \"%.*s\": who, what, when, id, user_id, properties or prop.NAME was "
		    "expected",
		    name.n > 100 ? 100 : (int)name.n, name.p);
	for (size_t i = 0; i + 1 < import->column_count; i++) {
		if (import->columns[i].role == column->role &&
		    (column->role != ROLE_PROPERTY ||
			str_eq(import->columns[i].property, column->property)))
			return err_set(err, ERR_INPUT, "the columns \"%s\" and \"%s\" say the same",
			    import->columns[i].name, column->name);
	}
	return 0;
}

static int
on_header(void *closure, const struct str *names, size_t count, struct err *err)
{
	struct import *import = closure;
	bool who = false, what = false;

	for (size_t i = 0; i < count; i++) {
		if (add_column(import, names[i], err) != 0)
			return -1;
		who = who || import->columns[i].role == ROLE_ADDRESS ||
		    import->columns[i].role == ROLE_USER;
		what = what || import->columns[i].role == ROLE_TYPE;
	}
	if (!who || !what)
		return err_set(err, ERR_INPUT,
		    "no column is named %s; the first line must name the columns",
		    who ? "what" : "who");
	return 0;
}

/* A whole object; single properties go on top of it. */
static int
set_properties(json_t *properties, struct str field, struct err *err)
{
	json_error_t problem;
	json_t *object = json_loadb(field.p, field.n, JSON_REJECT_DUPLICATES, &problem);
	int rc = 0;

	if (json_is_object(object))
		json_object_update_missing(properties, object);
	else
		rc = err_set(err, ERR_INPUT, "properties: a JSON object was expected%s%s",
		    object == NULL ? ": " : "", object == NULL ? problem.text : "");
	json_decref(object);
	return rc;
}

static int
set_cell(struct intake_call *call, const struct column *column, struct str field,
    json_t *properties, bool *timed, struct err *err)
{
	json_t *value;

	field = str_trim(field);
	if (field.n == 0)
		return 0;
	if (memchr(field.p, '\0', field.n) != NULL)
		return err_set(err, ERR_INPUT, "%s: a NUL character", column->name);
	switch (column->role) {
	case ROLE_ADDRESS:
		call->address = field;
		return 0;
	case ROLE_USER:
		call->user_id = field;
		return 0;
	case ROLE_TYPE:
		call->type = field;
		return 0;
	case ROLE_ID:
		call->id = field;
		return 0;
	case ROLE_TIME:
		*timed = true;
		return intake_time(field, &call->time_ms, err);
	case ROLE_PROPERTIES:
		return set_properties(properties, field, err);
	default:
		value = ctl_value_read(column->type, field, err);
		if (value == NULL)
			return err_prefix(err, "%s", column->name);
		json_object_setn_new(properties, column->property.p, column->property.n, value);
		return 0;
	}
}

static int
finish_record(struct import *import, struct intake_call *call, json_t *properties, bool timed,
    struct err *err)
{
	size_t flags = JSON_COMPACT | JSON_REAL_PRECISION(15);
	char *text;
	int rc;

	if (!timed && call->id.n == 0)
		return err_set(err, ERR_INPUT,
		    "neither a time nor an id: a second import would write it again");
	if (!timed)
		call->time_ms = clock_now();
	text = json_dumps(properties, flags);
	call->properties = str_c(text);
	rc = intake_call_finish(call, timed, import->arena, err);
	call->properties = arena_str(import->arena, call->properties);
	free(text);
	return rc == 0 && call->properties.p == NULL
	    ? err_set(err, ERR_LIMIT, "an event that is too large")
	    : rc;
}

static int
on_record(void *closure, size_t line, const struct str *fields, size_t count)
{
	struct import *import = closure;
	struct intake_call call = {.kind = STORE_EVENT_TRACK};
	json_t *properties = json_object();
	struct err err = ERR_INIT;
	bool timed = false;
	int rc = 0;

	arena_reset(import->arena);
	for (size_t i = 0; i < count && rc == 0; i++)
		rc = set_cell(&call, &import->columns[i], fields[i], properties, &timed, &err);
	if (rc == 0)
		rc = finish_record(import, &call, properties, timed, &err);
	json_decref(properties);
	return rc == 0 ? on_call(import, line, &call) : on_refuse(import, line, &err);
}

/* --- JSON lines --- */

struct line {
	struct import *import;
	size_t number;
};

static int
on_object(void *closure, size_t index, const json_t *object, const struct intake_context *context)
{
	const struct line *line = closure;
	struct intake_call call;
	struct err err = ERR_INIT;

	(void)index;
	arena_reset(line->import->arena);
	if (intake_call_read(object, context, line->import->arena, &call, &err) != 0)
		return on_refuse(line->import, line->number, &err);
	return on_call(line->import, line->number, &call);
}

static int
on_line(struct import *import, const struct ctl_lines *lines)
{
	struct str line = str_trim(buf_str(&lines->line));
	struct line place = {import, lines->number};
	struct err err = ERR_INIT;
	json_error_t problem;
	json_t *object;
	int rc;

	if (lines->too_long) {
		err_set(&err, ERR_LIMIT, "more than 1 MB");
		return on_refuse(import, lines->number, &err);
	}
	if (line.n == 0)
		return 0;
	object = json_loadb(line.p, line.n, JSON_REJECT_DUPLICATES, &problem);
	if (object == NULL) {
		err_set(&err, ERR_INPUT, "no JSON: %s, column %d", problem.text, problem.column);
		return on_refuse(import, lines->number, &err);
	}
	rc = intake_batch_each(
	    object, &(struct intake_context){.repeatable = true}, on_object, &place, &err);
	json_decref(object);
	return err.code == ERR_NONE ? rc : on_refuse(import, lines->number, &err);
}

static int
read_json_lines(struct import *import, struct ctl_lines *lines, struct err *err)
{
	int rc;

	while ((rc = ctl_lines_next(lines, err)) == 1) {
		if (on_line(import, lines) != 0)
			return -1;
	}
	return rc;
}

static int
read_rows(struct import *import, struct err *err)
{
	struct ctl_csv csv = {on_header, on_record, on_refuse, import};
	struct ctl_lines lines;
	int rc;

	if (import->format == FORMAT_UNKNOWN)
		import->format = ctl_infile_peek(&import->file) == '{' ? FORMAT_JSONL : FORMAT_CSV;
	ctl_lines_init(&lines, import->file.in);
	rc = import->format == FORMAT_CSV ? ctl_csv_read(&lines, &csv, err)
					  : read_json_lines(import, &lines, err);
	ctl_lines_fini(&lines);
	return rc;
}

/* --- into the database --- */

static void
note_stranger(struct import *import, size_t line, const struct intake_call *call)
{
	struct err err = ERR_INIT;

	if (import->done[INTAKE_STRANGER] > STRANGERS || import->quiet)
		return;
	if (import->done[INTAKE_STRANGER] == STRANGERS)
		ctl_error("%s: and more without a contact", import->file.name);
	else if (call->address.n > 0)
		err_set(&err, ERR_NOTFOUND,
		    "left out: there is no contact %.*s (--create makes one)",
		    STR_F(call->address));
	else if (call->user_id.n > 0)
		err_set(&err, ERR_NOTFOUND, "left out: nothing has said yet whose userId %.*s is",
		    STR_F(call->user_id));
	else
		err_set(&err, ERR_NOTFOUND,
		    "left out: nothing has said yet whose anonymousId %.*s is",
		    STR_F(call->anonymous_id));
	if (err.code != ERR_NONE)
		ctl_infile_report(&import->file, line, &err);
}

/* What the store says of this one call alone must not stop the others. */
static int
write_call(struct import *import, struct store *store, const struct intake_call *call, size_t line,
    struct err *err)
{
	int result = intake_call_apply(store, &import->options, call, err);

	if (result < 0 && (err->code == ERR_INPUT || err->code == ERR_LIMIT)) {
		on_refuse(import, line, err);
		*err = ERR_INIT;
		return 0;
	}
	if (result < 0)
		return err_prefix(err, "line %zu", line);
	if (result == INTAKE_STRANGER)
		note_stranger(import, line, call);
	import->done[result]++;
	return 0;
}

/* Up to GROUP calls: 1 there may be more, 0 that was the last, -1. */
static int
write_some(struct import *import, struct store *store, struct ctl_spool *spool, struct err *err)
{
	struct str texts[TEXTS];
	int64_t numbers[NUMBERS];
	int rc = 1;

	arena_reset(import->arena);
	for (int i = 0; i < GROUP && rc == 1; i++) {
		struct intake_call call;

		rc = ctl_spool_get(spool, import->arena, texts, numbers, err);
		if (rc != 1)
			break;
		call = (struct intake_call){
		    .kind = (enum store_event_kind)numbers[NUMBER_KIND],
		    .address = texts[TEXT_ADDRESS],
		    .user_id = texts[TEXT_USER],
		    .anonymous_id = texts[TEXT_ANONYMOUS],
		    .type = texts[TEXT_TYPE],
		    .id = texts[TEXT_ID],
		    .time_ms = numbers[NUMBER_TIME],
		    .properties = texts[TEXT_PROPERTIES],
		};
		if (write_call(import, store, &call, (size_t)numbers[NUMBER_LINE], err) != 0)
			rc = -1;
	}
	return rc;
}

static int
write_all(struct import *import, struct store *store, struct ctl_spool *spool, struct err *err)
{
	int rc = 1;

	if (ctl_spool_rewind(spool, err) != 0)
		return -1;
	while (rc == 1) {
		if (store_begin(store, err) != 0)
			return -1;
		rc = write_some(import, store, spool, err);
		if (rc < 0)
			store_rollback(store);
		else if (store_commit(store, err) != 0)
			return -1;
	}
	return rc;
}

/* --- the command --- */

static void
summarise(const struct import *import, size_t read)
{
	if (import->dry_run) {
		printf("dry run: %zu read, %zu refused\n", read, import->refused);
		return;
	}
	printf("%zu read, %zu new, %zu known, %zu refused", read, import->done[INTAKE_WRITTEN],
	    import->done[INTAKE_KNOWN], import->refused);
	if (import->done[INTAKE_STRANGER] > 0)
		printf("; %zu left out, as they are of no contact", import->done[INTAKE_STRANGER]);
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
	size_t read;

	if (ctl_spool_open(&import->identifies, TEXTS, NUMBERS, &err) != 0 ||
	    ctl_spool_open(&import->others, TEXTS, NUMBERS, &err) != 0)
		return ctl_fail(&err);
	if (read_rows(import, &err) != 0)
		return fail(import, import->err.code != ERR_NONE ? &import->err : &err);
	if (import->refused > REPORTS_MAX)
		ctl_error("%s: and %zu more", import->file.name, import->refused - REPORTS_MAX);
	read = import->identifies.count + import->others.count + import->refused;
	if (import->refused > 0 && !import->skip_bad && !import->dry_run) {
		ctl_error("%s: nothing was imported, since %zu of %zu events were refused "
			  "(--skip-bad takes the others)",
		    import->file.name, import->refused, read);
		return EX_DATAERR;
	}
	if (!import->dry_run &&
	    (write_all(import, ctl->store, &import->identifies, &err) != 0 ||
		write_all(import, ctl->store, &import->others, &err) != 0))
		return fail(import, &err);
	if (!import->quiet)
		summarise(import, read);
	return import->refused > 0 ? EX_DATAERR : EX_OK;
}

/* 0 or the exit status. */
static int
read_options(int argc, char **argv, struct import *import)
{
	static const struct option options[] = {
	    {"format", required_argument, NULL, 'f'},
	    {"source", required_argument, NULL, 'o'},
	    {"create", no_argument, NULL, 'c'},
	    {"skip-bad", no_argument, NULL, 's'},
	    {"dry-run", no_argument, NULL, 'n'},
	    {"quiet", no_argument, NULL, 'q'},
	    {NULL, 0, NULL, 0},
	};
	int option;

	while ((option = ctl_option(argc, argv, options)) != -1) {
		switch (option) {
		case 'f':
			import->format = strcmp(optarg, "csv") == 0 ? FORMAT_CSV : FORMAT_JSONL;
			if (import->format == FORMAT_CSV || strcmp(optarg, "jsonl") == 0)
				break;
			ctl_error("--format %s: csv or jsonl was expected", optarg);
			return EX_USAGE;
		case 'o':
			import->options.source = str_c(optarg);
			if (optarg[0] != '\0' && strlen(optarg) <= STORE_EVENT_SOURCE_MAX)
				break;
			ctl_error("--source %s: a name of 1 to %d bytes was expected", optarg,
			    STORE_EVENT_SOURCE_MAX);
			return EX_USAGE;
		case 'c':
			import->options.create = true;
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
			return ctl_usage("events");
		}
	}
	return optind + 1 == argc ? 0 : ctl_usage("events");
}

int
ctl_events_import(struct ctl *ctl, int argc, char **argv)
{
	struct import *import = calloc(1, sizeof *import);
	int status;

	if (import == NULL)
		abort();
	import->options.source = STR("import");
	import->arena = arena_new(GROUP_MEMORY);
	status = read_options(argc, argv, import);
	if (status == 0)
		status = ctl_infile_open(&import->file, argv[optind]);
	if (status == 0)
		status = ctl_store(ctl, STORE_CREATE);
	if (status == 0)
		status = run(import, ctl);
	for (size_t i = 0; i < import->column_count; i++)
		g_free(import->columns[i].name);
	ctl_spool_close(&import->others);
	ctl_spool_close(&import->identifies);
	ctl_infile_close(&import->file);
	arena_free(&import->arena);
	free(import);
	return status;
}
