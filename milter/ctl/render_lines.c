/* SPDX-License-Identifier: BSD-2-Clause
 *
 * render_lines: templates as lines of JSON, each answered by a line
 *
 * For test suites and other programs, which keep one process for all their cases:
 *
 *     {"template": "Hi {{ name }}", "data": {"name": "Ada"}}
 *     {"result":"Hi Ada"}
 *
 * Whatever is wrong with a line, it has one answer and the next line is read.
 *
 * Owns:    one arena, reset for each line.
 * Threads: one.
 */
#include "ctl/render.h"

#include "base/buf.h"
#include "base/clock.h"
#include "intake/profile.h"
#include "liquid/json.h"

#include <errno.h>
#include <glib.h>
#include <math.h>
#include <sysexits.h>

#define SUFFIX ".liquid"
/* Seconds: the years from -1199 to 5138, wider than any date that is meant. */
#define NOW_MAX 1e11

/* --- partials: by name in any case, with or without .liquid --- */

struct partials {
	GHashTable *source; /* GString, name without suffix in lower case -> json_t */
	GPtrArray *plain;   /* owns these names */
	GArray *written;    /* struct str: the same as they came, without suffix */
};

static void
free_name(gpointer name)
{
	g_string_free(name, TRUE);
}

static struct str
without_suffix(struct str name)
{
	if (str_ends_nocase(name, STR(SUFFIX)))
		name.n -= strlen(SUFFIX);
	return name;
}

static GString *
plain_name(struct str name)
{
	GString *plain;

	name = without_suffix(name);
	plain = g_string_new_len(name.p, (gssize)name.n);
	str_lower_ascii(plain->str, plain->len);
	return plain;
}

static guint
hash_name(gconstpointer name)
{
	return g_string_hash(name);
}

static gboolean
equal_names(gconstpointer a, gconstpointer b)
{
	return g_string_equal(a, b);
}

static void
init_partials(struct partials *partials)
{
	partials->source = g_hash_table_new_full(hash_name, equal_names, NULL, NULL);
	partials->plain = g_ptr_array_new_with_free_func(free_name);
	partials->written = g_array_new(FALSE, FALSE, sizeof(struct str));
}

static void
clear_partials(struct partials *partials)
{
	g_hash_table_remove_all(partials->source);
	g_ptr_array_set_size(partials->plain, 0);
	g_array_set_size(partials->written, 0);
}

static void
fini_partials(struct partials *partials)
{
	g_hash_table_destroy(partials->source);
	g_ptr_array_free(partials->plain, TRUE);
	g_array_free(partials->written, TRUE);
}

/* Of two that differ only in case or suffix the first counts. */
static int
take_partials(struct partials *partials, json_t *templates, struct err *err)
{
	const char *key;
	json_t *source;

	json_object_foreach(templates, key, source)
	{
		struct str written = without_suffix(str_c(key));
		GString *plain;

		if (!json_is_string(source))
			return err_set(
			    err, ERR_INPUT, "templates: the member %s is no string", key);
		plain = plain_name(written);
		if (g_hash_table_contains(partials->source, plain)) {
			g_string_free(plain, TRUE);
			continue;
		}
		g_ptr_array_add(partials->plain, plain);
		g_array_append_val(partials->written, written);
		g_hash_table_insert(partials->source, plain, source);
	}
	return 0;
}

static int
get_partial(void *closure, struct str name, struct str *source_r, struct err *err)
{
	const struct partials *partials = closure;
	GString *plain = plain_name(name);
	const json_t *source = g_hash_table_lookup(partials->source, plain);

	(void)err;
	g_string_free(plain, TRUE);
	if (source == NULL)
		return 0;
	*source_r = (struct str){json_string_value(source), json_string_length(source)};
	return 1;
}

static bool
list_partials(void *closure, size_t i, struct str *name_r)
{
	const struct partials *partials = closure;

	if (i >= partials->written->len)
		return false;
	*name_r = g_array_index(partials->written, struct str, i);
	return true;
}

/* --- a line and its members --- */

struct lines {
	const struct conf *conf;
	struct arena *arena;
	struct buf line;
	struct partials partials;
};

/* NULL if it is not there, or null. */
static json_t *
member(const json_t *object, const char *name)
{
	json_t *value = json_object_get(object, name);

	return json_is_null(value) ? NULL : value;
}

static int
expect(const char *name, const char *expected, struct err *err)
{
	return err_set(err, ERR_INPUT, "%s: %s was expected", name, expected);
}

static int
read_now(const json_t *value, int64_t *ms_r, struct err *err)
{
	double seconds;

	if (json_is_string(value) && clock_parse(json_string_value(value), ms_r) == 0)
		return 0;
	seconds = json_number_value(value);
	if (!json_is_number(value) || !(fabs(seconds) <= NOW_MAX))
		return expect("now", "a time in ISO 8601 or a number of seconds", err);
	*ms_r = llround(seconds * 1000);
	return 0;
}

static int
read_way(const json_t *line, struct render_job *job, struct err *err)
{
	const json_t *mode = member(line, "mode"), *strict = member(line, "strict");
	const json_t *now = member(line, "now"), *zone = member(line, "time_zone");
	const json_t *merge = member(line, "merge_tags");

	if (mode != NULL &&
	    (!json_is_string(mode) ||
		!render_mode_find(str_c(json_string_value(mode)), &job->mode)))
		return expect("mode", "text, html or header", err);
	if (strict != NULL && !json_is_boolean(strict))
		return expect("strict", "true or false", err);
	job->strict = json_is_true(strict);
	if (merge != NULL &&
	    (!json_is_string(merge) ||
		!render_merge_tags_find(str_c(json_string_value(merge)), &job->merge_tags)))
		return expect("merge_tags", "none or mailchimp", err);
	job->now_ms = clock_now();
	if (now != NULL && read_now(now, &job->now_ms, err) != 0)
		return -1;
	if (zone != NULL && !json_is_string(zone))
		return expect("time_zone", "a name like Europe/Paris", err);
	job->time_zone = json_string_value(zone);
	return zone == NULL ? 0 : intake_time_zone_check(str_c(job->time_zone), err);
}

/* What it fills refers to `line`. */
static int
read_job(const json_t *line, struct render_job *job, struct partials *partials, struct err *err)
{
	const json_t *template = member(line, "template"), *locales = member(line, "locales");
	json_t *templates = member(line, "templates");

	if (!json_is_object(line))
		return expect("the line", "a JSON object", err);
	if (!json_is_string(template))
		return expect("template", "a string", err);
	job->source = (struct str){json_string_value(template), json_string_length(template)};
	job->data = member(line, "data");
	if (job->data != NULL && !json_is_object(job->data))
		return expect("data", "an object", err);
	if (templates != NULL && !json_is_object(templates))
		return expect("templates", "an object with strings", err);
	if (locales != NULL && !json_is_object(locales))
		return expect(
		    "locales", "an object with an object of texts for each language", err);
	if (take_partials(partials, templates, err) != 0)
		return -1;
	return read_way(line, job, err);
}

/* --- answers --- */

/* The template itself has no name here, partials have theirs. */
static json_t *
error_answer(const struct err *err)
{
	const struct err_place *place = &err->place;
	json_t *answer =
	    json_pack("{s:o}", "error", ctl_json_str(str_c(err->text + place->sentence)));

	if (place->line > 0) {
		json_object_set_new(answer, "line", json_integer(place->line));
		json_object_set_new(answer, "column", json_integer(place->column));
	}
	if (place->name > 0)
		json_object_set_new(
		    answer, "template", ctl_json_str((struct str){err->text, place->name}));
	return answer;
}

/* A new reference, or NULL. Line and column of an answer are those of the template. */
static json_t *
read_line(const struct buf *text, struct err *err)
{
	struct err bad = ERR_INIT;
	json_t *line;

	if (text->full) {
		err_set(err, ERR_LIMIT, "the line is longer than %zu MB", LIQUID_JSON_MAX >> 20);
		return NULL;
	}
	line = liquid_json_load(STR(""), buf_str(text), JSON_DECODE_ANY, &bad);
	if (line == NULL)
		err_set(err, ERR_INPUT, "the line is no JSON: column %u: %s", bad.place.column,
		    bad.text + bad.place.sentence);
	return line;
}

/* Those of the line alone; none where it has none. */
static int
read_texts(const struct conf *conf, json_t *locales, struct liquid_texts **texts_r, struct err *err)
{
	const char *tag;
	json_t *value;
	int rc = 0;

	if (locales == NULL)
		return 0;
	*texts_r = liquid_texts_new();
	json_object_foreach(locales, tag, value)
	{
		char *json = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

		if (rc == 0)
			rc = liquid_texts_add(*texts_r, str_c(tag), str_c(tag), str_c(json), err);
		free(json);
	}
	return rc != 0 ? rc : liquid_texts_done(*texts_r, str_c(conf->language), err);
}

static int
render(struct lines *lines, const json_t *line, struct str *output_r, struct err *err)
{
	struct render_job job = {.name = STR(""), .mode = LIQUID_TEXT};
	const struct liquid_partials partials = {
	    .get = get_partial, .list = list_partials, .closure = &lines->partials};

	struct liquid_texts *texts = NULL;
	int rc = read_job(line, &job, &lines->partials, err);

	if (rc == 0)
		rc = read_texts(lines->conf, member(line, "locales"), &texts, err);
	job.partials = &partials;
	job.texts = texts;
	if (rc == 0)
		rc = render_job_run(&job, lines->conf, lines->arena, output_r, err);
	liquid_texts_free(&texts);
	return rc;
}

static void
answer(struct lines *lines)
{
	struct err err = ERR_INIT;
	struct str output = STR_NONE;
	json_t *line = read_line(&lines->line, &err), *reply;

	if (line == NULL || render(lines, line, &output, &err) != 0)
		reply = error_answer(&err);
	else
		reply = json_pack("{s:o}", "result", ctl_json_str(output));
	ctl_put_json(reply);
	clear_partials(&lines->partials);
	arena_reset(lines->arena);
	json_decref(line);
}

/* False at the end of the input. The rest of a line that is too long is read away. */
static bool
next_line(struct buf *line)
{
	bool any = false;
	int c;

	buf_reset(line);
	while ((c = getc_unlocked(stdin)) != EOF && c != '\n') {
		any = true;
		buf_add_char(line, (char)c);
	}
	return any || c != EOF;
}

int
render_lines(const struct conf *conf)
{
	struct lines lines = {.conf = conf, .arena = arena_new((size_t)conf->render_memory)};
	int status = EX_OK;

	buf_init(&lines.line, LIQUID_JSON_MAX);
	init_partials(&lines.partials);
	while (status == EX_OK && next_line(&lines.line)) {
		answer(&lines);
		if (fflush(stdout) != 0)
			status = EX_IOERR;
	}
	if (ferror(stdin)) {
		ctl_error("standard input: %s", strerror(errno));
		status = EX_IOERR;
	}
	fini_partials(&lines.partials);
	buf_fini(&lines.line);
	arena_free(&lines.arena);
	return status;
}
