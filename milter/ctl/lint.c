/* SPDX-License-Identifier: BSD-2-Clause
 *
 * lint: what is wrong with a message before it is sent to everyone
 *
 * milter/lint/ finds it; this file reads the options and prints. What is quoted may come
 * from the message or from contacts, so it goes through ctl_put.
 *
 * Threads: one.
 */
#include "lint/lint.h"

#include "base/buf.h"
#include "ctl/ctl.h"
#include "ctl/message.h"

#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#define CONTACTS_DEFAULT 10000
#define CONTACTS_MAX	 100000000ULL
#define EXIT_WARNING	 1

struct lint_command {
	const char *path;
	struct str campaign;
	struct str sender;
	size_t contacts;
	enum lint_severity fail_on;
	bool ignored[LINT_CHECK_COUNT];
	bool json;
};

static int
list_checks(void)
{
	for (size_t i = 0; i < LINT_CHECK_COUNT; i++)
		printf("%s\t%s\t%s\n", lint_check_table[i].name,
		    lint_severity_name(lint_check_table[i].severity), lint_check_table[i].meaning);
	return EX_OK;
}

/* --- options --- */

static bool
read_contacts(struct lint_command *command, const char *text)
{
	unsigned long long number = CONTACTS_MAX;

	if (strcmp(text, "all") != 0 && !str_to_u64(str_c(text), CONTACTS_MAX, &number)) {
		ctl_error("--contacts %s: all or a number was expected", text);
		return false;
	}
	command->contacts = (size_t)number;
	return true;
}

static bool
read_ignored(struct lint_command *command, const char *text)
{
	struct str rest = str_c(text), name;

	while (str_split(&rest, ',', &name)) {
		size_t i = 0;

		while (i < LINT_CHECK_COUNT && !str_is(str_trim(name), lint_check_table[i].name))
			i++;
		if (i == LINT_CHECK_COUNT) {
			ctl_error(
			    "--ignore: there is no check %.*s; mailtailor lint --checks lists "
			    "them",
			    STR_F(name));
			return false;
		}
		command->ignored[i] = true;
	}
	return true;
}

static bool
read_fail_on(struct lint_command *command, const char *text)
{
	for (int i = LINT_IS_INFO; i <= LINT_IS_ERROR; i++) {
		if (strcmp(text, lint_severity_name((enum lint_severity)i)) == 0) {
			command->fail_on = (enum lint_severity)i;
			return true;
		}
	}
	ctl_error("--fail-on %s: error, warning or info was expected", text);
	return false;
}

static bool
read_option(struct lint_command *command, int option)
{
	switch (option) {
	case 'c':
		command->campaign = str_c(optarg);
		return true;
	case 'n':
		return read_contacts(command, optarg);
	case 's':
		command->sender = str_c(optarg);
		return true;
	case 'i':
		return read_ignored(command, optarg);
	case 'f':
		return read_fail_on(command, optarg);
	case 'j':
		command->json = true;
		return true;
	default:
		return false;
	}
}

/* -1: go on; else the exit status. */
static int
read_options(struct lint_command *command, int argc, char **argv)
{
	static const struct option options[] = {{"campaign", required_argument, NULL, 'c'},
	    {"contacts", required_argument, NULL, 'n'}, {"sender", required_argument, NULL, 's'},
	    {"ignore", required_argument, NULL, 'i'}, {"fail-on", required_argument, NULL, 'f'},
	    {"json", no_argument, NULL, 'j'}, {"checks", no_argument, NULL, 'l'},
	    {NULL, 0, NULL, 0}};
	int option;

	optind = 0;
	while ((option = ctl_option(argc, argv, options)) != -1) {
		if (option == 'l')
			return list_checks();
		if (!read_option(command, option))
			return EX_USAGE;
	}
	if (optind + 1 != argc)
		return ctl_usage("lint");
	command->path = argv[optind];
	return -1;
}

/* --- output --- */

static const char *
file_name(const struct lint_command *command)
{
	return strcmp(command->path, "-") == 0 ? "(stdin)" : command->path;
}

static void
put_contacts(const struct lint_report *report, const struct lint_finding *finding)
{
	if (finding->contacts == 0)
		return;
	printf(" (%zu of %zu contacts, %.1f %%; ", finding->contacts, report->rendered,
	    100.0 * (double)finding->contacts / (double)report->rendered);
	ctl_put(stdout, str_c(finding->example));
	putchar(')');
}

static void
put_text(const struct lint_command *command, const struct lint_report *report)
{
	for (guint i = 0; i < report->findings->len; i++) {
		const struct lint_finding *finding = g_ptr_array_index(report->findings, i);

		ctl_put(stdout, str_c(file_name(command)));
		printf(":%zu: %s: ", finding->place.line, lint_severity_name(finding->severity));
		if (finding->place.decoded)
			printf(
			    "part %zu line %zu: ", finding->place.part, finding->place.part_line);
		ctl_put(stdout, str_c(finding->text));
		put_contacts(report, finding);
		printf(" [%s]\n", lint_check_table[finding->check].name);
	}
	for (size_t i = 0; i < LINT_CHECK_COUNT; i++) {
		if (report->more[i] > 0)
			printf("and %zu more [%s]\n", report->more[i], lint_check_table[i].name);
	}
	printf("%zu errors, %zu warnings, %zu infos", report->counts[LINT_IS_ERROR],
	    report->counts[LINT_IS_WARNING], report->counts[LINT_IS_INFO]);
	if (report->rendered > 0)
		printf("; rendered for %zu of %zu contacts", report->rendered, report->total);
	putchar('\n');
}

static json_t *
json_number(size_t number)
{
	return number == 0 ? json_null() : json_integer((json_int_t)number);
}

static json_t *
finding_json(const struct lint_report *report, const struct lint_finding *finding)
{
	const struct lint_place *place = &finding->place;
	json_t *json = json_pack("{s:s, s:s, s:o, s:o, s:o, s:o}", "name",
	    lint_check_table[finding->check].name, "severity",
	    lint_severity_name(finding->severity), "header",
	    place->header.p == NULL ? json_null() : ctl_json_str(place->header), "part",
	    json_number(place->part), "line", json_number(place->line), "part_line",
	    json_number(place->part_line));

	json_object_set_new(json, "text", ctl_json_str(str_c(finding->text)));
	json_object_set_new(json, "contacts", json_number(finding->contacts));
	if (finding->contacts > 0) {
		json_object_set_new(
		    json, "share", json_real((double)finding->contacts / (double)report->rendered));
		json_object_set_new(json, "example", ctl_json_str(str_c(finding->example)));
	}
	return json;
}

static void
put_json(const struct lint_command *command, const struct lint_report *report)
{
	json_t *findings = json_array(), *more = json_object();

	for (guint i = 0; i < report->findings->len; i++)
		json_array_append_new(
		    findings, finding_json(report, g_ptr_array_index(report->findings, i)));
	for (size_t i = 0; i < LINT_CHECK_COUNT; i++) {
		if (report->more[i] > 0)
			json_object_set_new(more, lint_check_table[i].name,
			    json_integer((json_int_t)report->more[i]));
	}
	ctl_put_json(json_pack("{s:o, s:I, s:I, s:o, s:o, s:I, s:I, s:I}", "file",
	    ctl_json_str(str_c(file_name(command))), "contacts", (json_int_t)report->total,
	    "rendered", (json_int_t)report->rendered, "findings", findings, "more", more, "errors",
	    (json_int_t)report->counts[LINT_IS_ERROR], "warnings",
	    (json_int_t)report->counts[LINT_IS_WARNING], "infos",
	    (json_int_t)report->counts[LINT_IS_INFO]));
}

static int
status_of(const struct lint_command *command, const struct lint_report *report)
{
	for (int i = LINT_IS_ERROR; i >= (int)command->fail_on; i--) {
		if (report->counts[i] > 0)
			return i == LINT_IS_ERROR ? EX_DATAERR : EXIT_WARNING;
	}
	return EX_OK;
}

/* --- the run --- */

/* A message can be looked at before there is a database. */
static int
open_store(struct ctl *ctl, struct lint_command *command)
{
	if (command->contacts == 0)
		return 0;
	if (access(ctl->conf->database, F_OK) != 0) {
		ctl_error("%s: there is no database, so no contacts; mailtailor contacts import "
			  "makes it",
		    ctl->conf->database);
		command->contacts = 0;
		return 0;
	}
	return ctl_store(ctl, STORE_READ);
}

static int
run(const struct ctl *ctl, const struct lint_command *command)
{
	struct lint_request request = {.conf = ctl->conf,
	    .store = ctl->store,
	    .campaign = command->campaign,
	    .sender = command->sender,
	    .contacts = command->contacts};
	struct lint_report report;
	struct err err = ERR_INIT;
	struct buf raw;
	int status;

	lint_report_init(&report);
	memcpy(report.ignored, command->ignored, sizeof report.ignored);
	buf_init(&raw, (size_t)ctl->conf->max_message);
	if (ctl_read_message(command->path, &raw, &err) != 0) {
		status = ctl_fail(&err);
	} else {
		request.raw = buf_str(&raw);
		if (lint_run(&request, &report, &err) != 0) {
			status = ctl_fail(&err);
		} else {
			(command->json ? put_json : put_text)(command, &report);
			status = status_of(command, &report);
		}
	}
	buf_fini(&raw);
	lint_report_fini(&report);
	return status;
}

int
ctl_lint(struct ctl *ctl, int argc, char **argv)
{
	struct lint_command command = {.campaign = STR_NONE,
	    .sender = STR(""),
	    .contacts = CONTACTS_DEFAULT,
	    .fail_on = LINT_IS_WARNING};
	int status = read_options(&command, argc, argv);

	if (status != -1)
		return status;
	if (ctl_configuration(ctl) == NULL)
		return EX_CONFIG;
	status = open_store(ctl, &command);
	return status != 0 ? status : run(ctl, &command);
}
