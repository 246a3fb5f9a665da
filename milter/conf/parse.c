/* SPDX-License-Identifier: BSD-2-Clause
 *
 * parse: see parse.h
 */
#include "conf/parse.h"

#include "conf/check.h"
#include "conf/options.h"
#include "conf/source.h"
#include "conf/value.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define INCLUDE_DEPTH_MAX 10
#define INCLUDES_MAX	  1000
#define PROBLEMS_MAX	  200

/* libConfuse's callbacks have no closure, and its scanner is global anyway. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct run {
	struct parse *parse;
	struct source *source; /* innermost file */
	size_t includes;
	struct options_unknown unknown[OPTIONS_UNKNOWN_MAX];
	size_t unknown_count;
	bool again;   /* one more unknown name was met: declare it and start over */
	bool skipped; /* a file was left out */
} run;

void
parse_complain(struct parse *parse, enum err_code code, const char *format, ...)
{
	struct parse_problem **end = &parse->problems;
	struct parse_problem *problem;
	char text[ERR_TEXT_MAX];
	va_list args;

	if (parse->problem_count == PROBLEMS_MAX)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	problem = calloc(1, sizeof *problem);
	if (problem == NULL)
		abort();
	err_set(&problem->err, code, "%s", text);
	while (*end != NULL)
		end = &(*end)->next;
	*end = problem;
	parse->problem_count++;
}

static void
complain_at(const cfg_t *cfg, const char *text)
{
	parse_complain(run.parse, ERR_CONFIG, "%s:%d: %s", cfg->filename, cfg->line, text);
}

const struct parse_section *
parse_section_find(const struct parse *parse, const char *kind, const char *written)
{
	for (const struct parse_section *s = parse->sections; s != NULL; s = s->next) {
		if (strcmp(s->kind, kind) == 0 && strcmp(s->written, written) == 0)
			return s;
	}
	return NULL;
}

static struct conf_rows
rows_of(const cfg_t *cfg)
{
	if (strcmp(cfg->name, "campaign") == 0)
		return conf_rows_campaign();
	if (strcmp(cfg->name, "plugin") == 0)
		return conf_rows_plugin();
	if (strcmp(cfg->name, "dkim") == 0)
		return conf_rows_dkim();
	if (strcmp(cfg->name, "form") == 0)
		return conf_rows_form();
	if (strcmp(cfg->name, "webhook") == 0)
		return conf_rows_webhook();
	return conf_rows_global();
}

/* Values */

static int
on_value(cfg_t *cfg, cfg_opt_t *opt, const char *text, void *result)
{
	struct conf_rows rows = rows_of(cfg);
	const struct conf_row *row = conf_row_find(rows, opt->name);
	const char *folder = run.source == NULL ? "/" : run.source->folder;
	struct conf_value value;
	struct err err;

	if (conf_value_parse(row, text, folder, run.parse->arena, &value, &err) == -1) {
		complain_at(cfg, err.text);
		value.text = text;
	} else if (run.source != NULL && rows.at == conf_rows_global().at) {
		run.parse->places[row - rows.at] =
		    arena_printf(run.parse->arena, "%s:%d", cfg->filename, cfg->line).p;
	}
	*(const char **)result = value.text;
	return 0;
}

static struct options_unknown *
unknown_find(const char *name)
{
	for (size_t i = 0; i < run.unknown_count; i++) {
		if (strcmp(run.unknown[i].name, name) == 0)
			return &run.unknown[i];
	}
	return NULL;
}

/* Which values are good the plugin alone knows. */
static int
on_setting(cfg_t *cfg, cfg_opt_t *opt, const char *text, void *result)
{
	struct arena *arena = run.parse->arena;
	struct parse_setting *setting = arena_zalloc(arena, 1, sizeof *setting), *old;

	unknown_find(opt->name)->reported = true;
	if (setting == NULL)
		abort();
	for (old = run.parse->settings; old != NULL && opt->nvalues <= 1; old = old->next) {
		if (strcmp(old->section, cfg->title) == 0 && strcmp(old->name, opt->name) == 0)
			old->replaced = true;
	}
	*setting = (struct parse_setting){.next = run.parse->settings,
	    .section = arena_str(arena, str_c(cfg->title)).p,
	    .name = arena_str(arena, str_c(opt->name)).p,
	    .value = arena_str(arena, str_c(text)).p,
	    .place = arena_printf(arena, "%s:%d", cfg->filename, cfg->line).p,
	    .folder = run.source == NULL ? "/" : arena_str(arena, str_c(run.source->folder)).p};
	run.parse->settings = setting;
	*(const char **)result = text;
	return 0;
}

/* Where a parameter of that name is known, to help who put it into the wrong place. */
static const char *
home_of(const char *name)
{
	if (conf_row_find(conf_rows_global(), name) != NULL)
		return "it belongs outside of sections";
	if (conf_row_find(conf_rows_campaign(), name) != NULL)
		return "it belongs into a campaign section";
	if (conf_row_find(conf_rows_dkim(), name) != NULL)
		return "it belongs into a dkim section";
	if (conf_row_find(conf_rows_plugin(), name) != NULL)
		return "it belongs into a plugin section";
	if (conf_row_find(conf_rows_form(), name) != NULL)
		return "it belongs into a form section";
	if (conf_row_find(conf_rows_webhook(), name) != NULL)
		return "it belongs into a webhook section";
	return NULL;
}

static int
on_unknown_value(cfg_t *cfg, cfg_opt_t *opt, const char *text, void *result)
{
	const char *home = home_of(opt->name);
	const char *guess = conf_row_guess(rows_of(cfg), opt->name);
	char message[ERR_TEXT_MAX / 2];

	*(const char **)result = text;
	unknown_find(opt->name)->reported = true;
	if (opt->nvalues > 1)
		return 0;
	if (home != NULL)
		snprintf(
		    message, sizeof message, "unknown parameter \"%s\" here (%s)", opt->name, home);
	else if (guess != NULL)
		snprintf(message, sizeof message, "unknown parameter \"%s\" (did you mean \"%s\"?)",
		    opt->name, guess);
	else
		snprintf(message, sizeof message, "unknown parameter \"%s\"", opt->name);
	complain_at(cfg, message);
	return 0;
}

/* In an unknown section, which is problem enough. */
static int
on_ignored_value(cfg_t *cfg, cfg_opt_t *opt, const char *text, void *result)
{
	struct options_unknown *unknown = unknown_find(opt->name);

	(void)cfg;
	if (unknown != NULL)
		unknown->reported = true;
	*(const char **)result = text;
	return 0;
}

/* Sections */

/* Their names stand in file names and addresses. */
static bool
has_plain_name(const char *kind)
{
	return strcmp(kind, "plugin") == 0 || strcmp(kind, "form") == 0 ||
	    strcmp(kind, "webhook") == 0;
}

static const char *
stored_title(const char *kind, const char *written)
{
	if (strcmp(kind, "dkim") == 0)
		return conf_check_domain(written, run.parse->arena);
	if (has_plain_name(kind) ? !conf_check_plugin_name(str_c(written))
				 : !conf_check_campaign_name(str_c(written)))
		return NULL;
	return arena_str(run.parse->arena, str_c(written)).p;
}

static void
section_add(const cfg_t *cfg, const char *title)
{
	struct arena *arena = run.parse->arena;
	struct parse_section *section;

	for (section = run.parse->sections; section != NULL; section = section->next) {
		if (strcmp(section->kind, cfg->name) == 0 && strcmp(section->title, title) == 0) {
			parse_complain(run.parse, ERR_CONFIG,
			    "%s:%d: %s \"%.200s\": there is such a section already, at %s",
			    cfg->filename, cfg->line, cfg->name, title, section->place);
			return;
		}
	}
	section = arena_zalloc(arena, 1, sizeof *section);
	if (section == NULL)
		abort();
	section->kind = arena_str(arena, str_c(cfg->name)).p;
	section->title = title;
	section->written = arena_str(arena, str_c(cfg->title)).p;
	section->place = arena_printf(arena, "%s:%d", cfg->filename, cfg->line).p;
	section->next = run.parse->sections;
	run.parse->sections = section;
}

static int
on_opened(cfg_t *cfg, cfg_opt_t *opt, const char *text, void *result)
{
	const char *title = stored_title(cfg->name, cfg->title);

	(void)opt;
	*(const char **)result = text;
	if (title != NULL)
		section_add(cfg, title);
	else
		parse_complain(run.parse, ERR_CONFIG, "%s:%d: %s: expected %s, got \"%.200s\"",
		    cfg->filename, cfg->line, cfg->name,
		    strcmp(cfg->name, "dkim") == 0 ? "a domain name"
			: has_plain_name(cfg->name)
			? "a name of 1 to 40 letters a-z, digits and \"_\""
			: "a name of 1 to 100 letters, digits, \".\", \"_\" and \"-\", or \"*\"",
		    cfg->title);
	return 0;
}

static int
on_unknown_opened(cfg_t *cfg, cfg_opt_t *opt, const char *text, void *result)
{
	const char *guess = conf_name_distance(cfg->name, "campaign") < 4 ? "campaign"
	    : conf_name_distance(cfg->name, "plugin") < 3		  ? "plugin"
	    : conf_name_distance(cfg->name, "dkim") < 3			  ? "dkim"
	    : conf_name_distance(cfg->name, "form") < 3			  ? "form"
	    : conf_name_distance(cfg->name, "webhook") < 4		  ? "webhook"
									  : NULL;
	char message[ERR_TEXT_MAX / 2];

	(void)opt;
	*(const char **)result = text;
	unknown_find(cfg->name)->reported = true;
	if (strcmp(cfg->name, "campaign") == 0 || strcmp(cfg->name, "dkim") == 0 ||
	    has_plain_name(cfg->name))
		snprintf(message, sizeof message, "a %s section can't stand inside of another",
		    cfg->name);
	else if (guess != NULL)
		snprintf(message, sizeof message, "unknown section \"%s\" (did you mean \"%s\"?)",
		    cfg->name, guess);
	else
		snprintf(message, sizeof message, "unknown section \"%s\"", cfg->name);
	complain_at(cfg, message);
	return 0;
}

/* Files */

static bool
includes_itself(const struct source *source)
{
	for (const struct source *s = source->from; s != NULL; s = s->from) {
		if (s->device == source->device && s->inode == source->inode)
			return true;
	}
	return false;
}

static size_t
depth_of(const struct source *source)
{
	size_t depth = 0;

	for (; source != NULL; source = source->from)
		depth++;
	return depth;
}

/* Parses run.source with `cfg`, whose place it keeps. -1 if parsing has to stop. */
static int
parse_source(cfg_t *cfg)
{
	char *filename = cfg->filename;
	int line = cfg->line, rc;
	FILE *file;

	/* fmemopen refuses an empty buffer. */
	if (run.source->len == 0)
		return 0;
	file = fmemopen(run.source->text, run.source->len, "r");
	cfg->filename = strdup(run.source->path);
	if (file == NULL || cfg->filename == NULL)
		abort();
	rc = cfg_parse_fp(cfg, file) == CFG_SUCCESS ? 0 : -1;
	fclose(file);
	free(cfg->filename);
	cfg->filename = filename;
	cfg->line = line;
	return rc;
}

static int
include_file(cfg_t *cfg, const char *path)
{
	struct source *outer = run.source, *inner = NULL;
	struct err err;
	int rc = 0;

	if (source_open(&inner, path, outer, &err) == -1) {
		run.skipped = true;
		if (err.code == ERR_CONFIG) {
			parse_complain(run.parse, ERR_CONFIG, "%s", err.text);
		} else {
			err_prefix(&err, "include: can't read \"%s\"", path);
			complain_at(cfg, err.text);
		}
		return 0;
	}
	if (includes_itself(inner)) {
		complain_at(cfg, "include: a file can't include itself, nor those that include it");
	} else {
		run.source = inner;
		rc = parse_source(cfg);
		run.source = outer;
	}
	source_close(&inner);
	return rc;
}

static int
on_include(cfg_t *cfg, cfg_opt_t *opt, int argc, const char **argv)
{
	struct str path;

	(void)opt;
	if (argc != 1 || argv[0][0] == '\0' || strlen(argv[0]) > CONF_VALUE_MAX) {
		complain_at(cfg, "include: expected one file name");
		return 0;
	}
	if (depth_of(run.source) >= INCLUDE_DEPTH_MAX || ++run.includes > INCLUDES_MAX) {
		complain_at(cfg, "include: too many files, or nested too deeply");
		return 0;
	}
	if (argv[0][0] == '/' || strrchr(run.source->path, '/') == NULL)
		path = arena_str(run.parse->arena, str_c(argv[0]));
	else
		path = arena_printf(run.parse->arena, "%.*s%s",
		    (int)(strrchr(run.source->path, '/') - run.source->path + 1), run.source->path,
		    argv[0]);
	if (path.p == NULL)
		abort();
	return include_file(cfg, path.p);
}

/* Errors of libConfuse itself */

/* Can parsing go on behind this name once it is declared? */
static bool
note_unknown(const cfg_t *cfg, const char *name)
{
	struct options_unknown *unknown = &run.unknown[run.unknown_count];
	char next = source_after(run.source, cfg->line, name);

	if (run.unknown_count == OPTIONS_UNKNOWN_MAX || strlen(name) >= sizeof unknown->name ||
	    strchr(name, '|') != NULL || strcmp(name, "root") == 0 || next == '(' || next == '\0' ||
	    unknown_find(name) != NULL)
		return false;
	*unknown = (struct options_unknown){.kind = OPTIONS_TITLED};
	memcpy(unknown->name, name, strlen(name));
	snprintf(unknown->place, sizeof unknown->place, "%s:%d", cfg->filename, cfg->line);
	/* If it is never given a value: in a plugin's section that is no fault. */
	unknown->reported = strcmp(cfg->name, "plugin") == 0;
	if (next == '=' || next == '+')
		unknown->kind = OPTIONS_VALUE;
	else if (next == '{')
		unknown->kind = OPTIONS_SECTION;
	run.unknown_count++;
	return true;
}

static void __attribute__((format(printf, 2, 0)))
on_error(cfg_t *cfg, const char *format, va_list args)
{
	char text[ERR_TEXT_MAX / 2];
	va_list copy;

	va_copy(copy, args);
	vsnprintf(text, sizeof text, format, copy);
	va_end(copy);
	if (run.again)
		return;
	if (strcmp(format, "no such option '%s'") == 0) {
		const char *name = va_arg(args, const char *);

		run.again = note_unknown(cfg, name);
		snprintf(text, sizeof text, "unknown name \"%.100s\"", name);
	}
	if (!run.again)
		complain_at(cfg, text);
}

static const struct options_hooks hooks = {
    .value = on_value,
    .setting = on_setting,
    .unknown_value = on_unknown_value,
    .ignored_value = on_ignored_value,
    .opened = on_opened,
    .unknown_opened = on_unknown_opened,
    .include = on_include,
    .error = on_error,
};

/* Once, from the first line to the last that can be read. */
static void
parse_once(struct parse *parse, struct source *source)
{
	if (parse->cfg != NULL)
		cfg_free(parse->cfg);
	while (parse->problems != NULL) {
		struct parse_problem *next = parse->problems->next;

		free(parse->problems);
		parse->problems = next;
	}
	parse->problem_count = 0;
	parse->sections = NULL;
	parse->settings = NULL;
	arena_reset(parse->arena);
	parse->places = arena_zalloc(parse->arena, conf_rows_global().count, sizeof *parse->places);
	run.includes = 0;
	run.again = false;
	run.skipped = false;
	run.source = NULL;
	parse->cfg = options_make(&hooks, run.unknown, run.unknown_count);
	run.source = source;
	parse->complete = parse_source(parse->cfg) == 0 && !run.skipped;
	run.source = NULL;
}

void
parse_init(struct parse *parse, struct arena *arena, const char *path)
{
	struct source *source = NULL;
	struct err err;

	pthread_mutex_lock(&lock);
	*parse = (struct parse){.arena = arena};
	run = (struct run){.parse = parse};
	if (source_open(&source, path, NULL, &err) == -1) {
		if (err.code != ERR_CONFIG)
			err_prefix(&err, "%s", path);
		parse_complain(parse, err.code, "%s", err.text);
		return;
	}
	do
		parse_once(parse, source);
	while (run.again);
	source_close(&source);
	/* A value that is an empty list reaches no callback. */
	for (size_t i = 0; parse->complete && i < run.unknown_count; i++) {
		if (!run.unknown[i].reported)
			parse_complain(parse, ERR_CONFIG, "%s: unknown parameter \"%s\"",
			    run.unknown[i].place, run.unknown[i].name);
	}
}

void
parse_fini(struct parse *parse)
{
	struct parse_problem *next;

	for (; parse->problems != NULL; parse->problems = next) {
		next = parse->problems->next;
		free(parse->problems);
	}
	if (parse->cfg != NULL)
		cfg_free(parse->cfg);
	parse->cfg = NULL;
	run = (struct run){.parse = NULL};
	pthread_mutex_unlock(&lock);
}
