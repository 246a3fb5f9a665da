/* SPDX-License-Identifier: BSD-2-Clause
 *
 * render: see render.h; this file: one template, from the command line
 *
 * Needs no configuration. One that -c names sets the limits and, unless --templates does,
 * the templates folder.
 *
 * Threads: one.
 */
#include "ctl/render.h"

#include "base/buf.h"
#include "base/clock.h"
#include "intake/profile.h"
#include "liquid/folder.h"
#include "liquid/json.h"
#include "tailor/limits.h"
#include "tailor/template.h"

#include <errno.h>
#include <fcntl.h>
#include <sysexits.h>
#include <unistd.h>

/* Without a configuration all parameters have their defaults. */
#define NO_CONFIGURATION "/dev/null"

struct request {
	struct render_job job;
	const char *path;
	const char *data;
	const char *templates;
	const char *campaign; /* NULL: of none */
	bool lines;
	const char *(*name_at)(size_t number); /* of what is to be listed; NULL: nothing */
};

static const struct {
	const char *word;
	enum liquid_mode mode;
} modes[] = {{"text", LIQUID_TEXT}, {"html", LIQUID_HTML}, {"header", LIQUID_HEADER},
    {"calendar", LIQUID_CALENDAR}};

bool
render_mode_find(struct str word, enum liquid_mode *mode_r)
{
	for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
		if (str_is(word, modes[i].word)) {
			*mode_r = modes[i].mode;
			return true;
		}
	}
	return false;
}

bool
render_merge_tags_find(struct str word, bool *merge_tags_r)
{
	*merge_tags_r = str_is(word, "mailchimp");
	return *merge_tags_r || str_is(word, "none");
}

/* What merge tags ask for is taken from the data. */
static bool
has_value(void *closure, struct str path)
{
	return tailor_has_value(closure, path);
}

int
render_job_run(const struct render_job *job, const struct conf *conf, struct arena *arena,
    struct str *output_r, struct err *err)
{
	const struct liquid_options options = {.mode = job->mode,
	    .strict = job->strict,
	    .limits = tailor_limits(conf, job->mode),
	    .partials = job->partials,
	    .texts = job->texts};
	struct liquid_render_options render = {.now_ms = job->now_ms, .time_zone = job->time_zone};
	struct liquid_value globals;
	const struct merge_options merge = {.has = has_value, .closure = &globals};
	const struct tailor_stages stages = {
	    .merge = job->merge_tags ? &merge : NULL, .law = job->law};
	struct liquid_program *program;
	int rc;

	if (liquid_from_json(job->data, arena, &globals, err) != 0 ||
	    tailor_compile_template(&program, job->name, job->source, &options, &stages, err) != 0)
		return -1;
	if (job->texts != NULL)
		render.language = tailor_language(job->texts, &globals);
	rc = liquid_render(program, &globals, &render, arena, output_r, err);
	liquid_free(&program);
	return rc;
}

/* --- the command line --- */

static int
bad_value(const char *option, const char *text, const char *expected)
{
	ctl_error("%s %s: %s was expected", option, text, expected);
	return EX_USAGE;
}

static int
take_option(struct request *request, int option)
{
	struct err err = ERR_INIT;

	switch (option) {
	case 'd':
		request->data = optarg;
		return 0;
	case 't':
		request->templates = optarg;
		return 0;
	case 'c':
		request->campaign = optarg;
		return 0;
	case 'm':
		if (!render_mode_find(str_c(optarg), &request->job.mode))
			return bad_value("--mode", optarg, "text, html, header or calendar");
		return 0;
	case 's':
		request->job.strict = true;
		return 0;
	case 'n':
		if (clock_parse(optarg, &request->job.now_ms) != 0)
			return bad_value("--now", optarg, "a time like 2026-01-31T08:15:00Z");
		return 0;
	case 'z':
		if (intake_time_zone_check(str_c(optarg), &err) != 0)
			return bad_value("--time-zone", optarg, "a name like Europe/Paris");
		request->job.time_zone = optarg;
		return 0;
	case 'g':
		if (!render_merge_tags_find(str_c(optarg), &request->job.merge_tags))
			return bad_value("--merge-tags", optarg, "none or mailchimp");
		return 0;
	case 'l':
		request->lines = true;
		return 0;
	case 'F':
		request->name_at = liquid_filter_name;
		return 0;
	case 'T':
		request->name_at = liquid_tag_name;
		return 0;
	default:
		return EX_USAGE;
	}
}

static int
read_options(struct request *request, int argc, char **argv)
{
	static const struct option options[] = {{"data", required_argument, NULL, 'd'},
	    {"templates", required_argument, NULL, 't'}, {"mode", required_argument, NULL, 'm'},
	    {"campaign", required_argument, NULL, 'c'}, {"strict", no_argument, NULL, 's'},
	    {"now", required_argument, NULL, 'n'}, {"time-zone", required_argument, NULL, 'z'},
	    {"merge-tags", required_argument, NULL, 'g'}, {"lines", no_argument, NULL, 'l'},
	    {"list-filters", no_argument, NULL, 'F'}, {"list-tags", no_argument, NULL, 'T'},
	    {NULL, 0, NULL, 0}};
	int option, status = 0, given = 0;
	bool alone;

	optind = 0;
	while (status == 0 && (option = ctl_option(argc, argv, options)) != -1) {
		status = take_option(request, option);
		given++;
	}
	if (status != 0)
		return status;
	alone = request->lines || request->name_at != NULL;
	if (optind + (alone ? 0 : 1) != argc || (alone && given > 1))
		return ctl_usage("render");
	request->path = argv[optind];
	return 0;
}

static int
put_names(const char *(*name_at)(size_t number))
{
	const char *name;

	for (size_t i = 0; (name = name_at(i)) != NULL; i++)
		puts(name);
	return fflush(stdout) == 0 ? EX_OK : EX_IOERR;
}

/* --- one template --- */

/* Errors at a place stand alone, as compilers print them, so that editors find it. */
static int
fail(const struct err *err)
{
	if (err->place.line == 0)
		return ctl_fail(err);
	fflush(stdout);
	ctl_put(stderr, str_c(err->text));
	fputc('\n', stderr);
	return err_exit_code(err->code);
}

static int
read_template(struct request *request, struct buf *source, struct err *err)
{
	bool standard = strcmp(request->path, "-") == 0;
	FILE *file = standard ? stdin : fopen(request->path, "rbe");
	const char *name = standard ? "standard input" : request->path;
	char piece[65536];
	size_t n;
	int rc = 0;

	request->job.name = str_c(name);
	if (file == NULL)
		return err_set(
		    err, errno == ENOENT ? ERR_NOTFOUND : ERR_IO, "%s: %s", name, strerror(errno));
	while (!source->full && (n = fread(piece, 1, sizeof piece, file)) > 0)
		buf_add(source, piece, n);
	if (ferror(file))
		rc = err_set(err, ERR_IO, "%s: %s", name, strerror(errno));
	else if (source->full)
		rc = err_set(err, ERR_LIMIT, "%s: longer than %zu bytes", name, source->max);
	if (!standard)
		fclose(file);
	request->job.source = source->data == NULL ? STR("") : buf_str(source);
	return rc;
}

static int
read_data(const struct request *request, json_t **data_r, struct err *err)
{
	*data_r = NULL;
	if (request->data == NULL)
		return 0;
	*data_r = liquid_json_load_file(request->data, JSON_REJECT_DUPLICATES, err);
	if (*data_r == NULL)
		return -1;
	if (!json_is_object(*data_r))
		return err_set(err, ERR_INPUT, "%s: expected one JSON object", request->data);
	return 0;
}

static int
read_folder(struct request *request, const struct conf *conf, const struct conf_campaign *campaign,
    struct liquid_folder **folder_r, struct liquid_texts **texts_r, struct err *err)
{
	const char *path = request->templates != NULL		 ? request->templates
	    : campaign != NULL && campaign->templates[0] != '\0' ? campaign->templates
								 : conf->templates;

	*folder_r = NULL;
	if ((path[0] != '\0' && liquid_folder_read(folder_r, path, err) != 0) ||
	    tailor_texts_new(texts_r, conf, *folder_r, err) != 0)
		return -1;
	request->job.texts = *texts_r;
	request->job.partials = liquid_folder_partials(*folder_r, request->job.mode);
	return 0;
}

static int
run(struct request *request, const struct conf *conf, struct arena *arena, struct err *err)
{
	const struct conf_campaign *campaign = NULL;
	struct liquid_folder *folder = NULL;
	struct liquid_texts *texts = NULL;
	struct tailor_law *law = NULL;
	struct str output = STR_NONE;
	struct buf source;
	json_t *data = NULL;
	int rc = 0;

	if (request->campaign != NULL) {
		campaign = conf_campaign_find(conf, str_c(request->campaign));
		if (campaign == NULL)
			return err_set(err, ERR_NOTFOUND,
			    "the configuration has no campaign \"%s\"", request->campaign);
	}

	buf_init(&source, (size_t)conf->render_source);
	rc = read_template(request, &source, err);
	if (rc == 0)
		rc = read_data(request, &data, err);
	if (rc == 0)
		rc = read_folder(request, conf, campaign, &folder, &texts, err);
	if (rc == 0 && campaign != NULL) {
		data = data == NULL ? json_object() : data;
		rc = render_campaign(
		    &request->job, conf, campaign, request->campaign, data, arena, &law, err);
	}
	if (rc == 0) {
		request->job.data = data;
		rc = render_job_run(&request->job, conf, arena, &output, err);
	}
	if (rc == 0 && output.n > 0)
		fwrite(output.p, 1, output.n, stdout);
	tailor_law_free(&law);
	liquid_texts_free(&texts);
	liquid_folder_free(&folder);
	json_decref(data);
	buf_fini(&source);
	return rc;
}

int
ctl_render(struct ctl *ctl, int argc, char **argv)
{
	struct request request = {.job = {.now_ms = clock_now()}};
	struct err err = ERR_INIT;
	int status = read_options(&request, argc, argv);
	const struct conf *conf;
	struct arena *arena;

	if (status != 0)
		return status;
	if (request.name_at != NULL)
		return put_names(request.name_at);
	if (!ctl->conf_named)
		ctl->conf_path = NO_CONFIGURATION;
	conf = ctl_configuration(ctl);
	if (conf == NULL)
		return EX_CONFIG;
	if (request.lines)
		return render_lines(conf);
	arena = arena_new((size_t)conf->render_memory);
	if (run(&request, conf, arena, &err) != 0)
		status = fail(&err);
	arena_free(&arena);
	return status;
}
