/* SPDX-License-Identifier: BSD-2-Clause
 *
 * plugin_test: mailtailor plugin test: a plugin under a host that looks closely
 *
 * The plugin runs in a child process, so that a crash ends in a sentence: what was about to be
 * called stands on a board in shared memory, as it does for the daemon. What the parent says: the
 * difference that the plugin makes, what was found wrong, and the times of each hook.
 *
 * Threads: one.
 */
#include "ctl/plugin_test.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#define REPEAT_MAX  1000000
#define PATIENCE_US ((int64_t)10 * 1000000)
#define LOOK_NS	    10000000

static volatile sig_atomic_t told_to_stop;

static void
on_stop(int number)
{
	told_to_stop = number;
}

/* --- options --- */

static int
add(struct plugin_test_list *list, const char *value)
{
	if (list->count == PLUGIN_TEST_LIST) {
		ctl_error("plugin test: more than %d of an option", PLUGIN_TEST_LIST);
		return EX_USAGE;
	}
	list->at[list->count++] = value;
	return EX_OK;
}

static int
read_option(struct plugin_test *test, int option)
{
	switch (option) {
	case 'm':
		test->message = optarg;
		return EX_OK;
	case 'c':
		test->contact = optarg;
		return EX_OK;
	case 'g':
		test->campaign = optarg;
		return EX_OK;
	case 's':
		test->sender = optarg;
		return EX_OK;
	case 'd':
		test->database = optarg;
		return EX_OK;
	case 'o':
		test->products = optarg;
		return EX_OK;
	case 'p':
		return add(&test->params, optarg);
	case 'e':
		return add(&test->events, optarg);
	case 'h':
		return add(&test->hooks, optarg);
	case 'r':
		return ctl_number("--repeat", optarg, REPEAT_MAX, &test->repeat) ? EX_OK : EX_USAGE;
	case 'n':
		if (clock_parse(optarg, &test->now_ms) == 0)
			return EX_OK;
		ctl_error("--now %s: expected a time, as in 2026-01-31T08:15:00Z", optarg);
		return EX_USAGE;
	case 'l':
		test->deadline = optarg;
		return EX_OK;
	case 'D':
		test->diff_only = true;
		return EX_OK;
	case 'j':
		test->json = true;
		return EX_OK;
	default:
		return ctl_usage("plugin");
	}
}

static int
read_options(struct plugin_test *test, int argc, char **argv)
{
	static const struct option options[] = {{"message", required_argument, NULL, 'm'},
	    {"contact", required_argument, NULL, 'c'}, {"campaign", required_argument, NULL, 'g'},
	    {"sender", required_argument, NULL, 's'}, {"database", required_argument, NULL, 'd'},
	    {"products", required_argument, NULL, 'o'}, {"param", required_argument, NULL, 'p'},
	    {"events", required_argument, NULL, 'e'}, {"hook", required_argument, NULL, 'h'},
	    {"repeat", required_argument, NULL, 'r'}, {"now", required_argument, NULL, 'n'},
	    {"deadline", required_argument, NULL, 'l'}, {"diff", no_argument, NULL, 'D'},
	    {"json", no_argument, NULL, 'j'}, {NULL, 0, NULL, 0}};
	int option, status;

	while ((option = ctl_option(argc, argv, options)) != -1) {
		status = read_option(test, option);
		if (status != EX_OK)
			return status;
	}
	return optind + 1 != argc || test->message == NULL ? ctl_usage("plugin") : EX_OK;
}

/* --- the child --- */

static struct board_note *
note_of(struct plugin_test *test)
{
	for (size_t i = 0; i < BOARD_CALLS; i++) {
		struct board_note *note = &test->board->note[0][i];

		if (atomic_load(&note->plugin) != 0)
			return note;
	}
	return NULL;
}

static void
name_hook(const struct board_note *note, char *text, size_t size)
{
	const char *kind = note == NULL ? "" : board_kind_name(atomic_load(&note->kind));

	if (note == NULL)
		text[0] = '\0';
	else if (strncmp(kind, note->hook, BOARD_NAME) == 0)
		snprintf(text, size, "%s", kind);
	else
		snprintf(text, size, "%s %.*s", kind, BOARD_NAME, note->hook);
}

static bool
hangs(const struct board_note *note)
{
	int64_t now_us = clock_mono_us();

	return note != NULL && now_us > atomic_load(&note->until_us) &&
	    now_us - atomic_load(&note->since_us) > PATIENCE_US;
}

/* How the child ended; a hook that does not return is its end, too. */
static int
watch(struct plugin_test *test, pid_t child)
{
	char hook[112];
	int status;

	while (waitpid(child, &status, WNOHANG) == 0) {
		struct board_note *note = note_of(test);

		if (told_to_stop != 0 || hangs(note)) {
			name_hook(note, hook, sizeof hook);
			if (told_to_stop == 0)
				plugin_strict_tell_in(test->report, hook,
				    "it did not return within %lld s",
				    (long long)(PATIENCE_US / 1000000));
			kill(child, SIGKILL);
			waitpid(child, &status, 0);
			return EX_SOFTWARE;
		}
		nanosleep(&(struct timespec){.tv_nsec = LOOK_NS}, NULL);
	}
	return status;
}

static int
judge(struct plugin_test *test, int status)
{
	struct board_note *note = note_of(test);
	char hook[112], text[320];

	name_hook(note, hook, sizeof hook);
	if (WIFSIGNALED(status)) {
		plugin_strict_explain(test->report, WTERMSIG(status), text, sizeof text);
		plugin_strict_tell_in(test->report, hook, "%s%s", text,
		    note == NULL
			? " (outside of a hook: while it was loaded, or in a thread of its "
			  "own)"
			: "");
		return EX_SOFTWARE;
	}
	if (note != NULL && atomic_load(&test->report->fault.number) != 0) {
		plugin_strict_explain(
		    test->report, atomic_load(&test->report->fault.number), text, sizeof text);
		plugin_strict_tell_in(test->report, hook, "%s", text);
		return EX_SOFTWARE;
	}
	if (note != NULL) {
		plugin_strict_tell_in(test->report, hook,
		    "it ended the process (exit, or a sanitizer's report above)");
		return EX_SOFTWARE;
	}
	return WEXITSTATUS(status);
}

static int
run(struct plugin_test *test)
{
	pid_t child, parent = getpid();
	int status;

	fflush(NULL);
	child = fork();
	if (child < 0) {
		ctl_error("fork: %s", strerror(errno));
		return EX_OSERR;
	}
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(EX_OSERR);
		status = plugin_try(test);
		fflush(NULL);
		_exit(status);
	}
	status = watch(test, child);
	return told_to_stop != 0					     ? EX_SOFTWARE
	    : status == EX_SOFTWARE && atomic_load(&test->report->count) > 0 ? EX_SOFTWARE
									     : judge(test, status);
}

/* --- what is said --- */

static json_t *
findings_of(const struct strict_report *report)
{
	json_t *list = json_array();

	for (int i = 0; i < atomic_load(&report->count); i++)
		json_array_append_new(list,
		    json_pack("{s:s, s:o, s:i}", "hook", report->finding[i].hook, "text",
			ctl_json_str(str_c(report->finding[i].text)), "times",
			atomic_load(&report->finding[i].times)));
	return list;
}

static void
put_findings(const struct strict_report *report, const char *name)
{
	for (int i = 0; i < atomic_load(&report->count); i++) {
		const struct strict_finding *finding = &report->finding[i];
		int times = atomic_load(&finding->times);

		if (times == 1)
			ctl_error("plugin %s: %s%s%s", name, finding->hook,
			    finding->hook[0] == '\0' ? "" : ": ", finding->text);
		else
			ctl_error("plugin %s: %s%s%s (%d times)", name, finding->hook,
			    finding->hook[0] == '\0' ? "" : ": ", finding->text, times);
	}
}

static void
put_times(const json_t *hooks)
{
	size_t i;
	json_t *hook;

	if (json_array_size(hooks) > 0)
		printf(
		    "\n%-32s %8s %8s %10s %10s\n", "hook", "calls", "failed", "mean ms", "p99 ms");
	json_array_foreach(hooks, i, hook)
	{
		const char *kind = json_string_value(json_object_get(hook, "kind"));
		const char *of = json_string_value(json_object_get(hook, "name"));
		char name[112];

		snprintf(name, sizeof name, "%s%s%s", kind, strcmp(kind, of) == 0 ? "" : " ",
		    strcmp(kind, of) == 0 ? "" : of);
		printf("%-32s %8lld %8lld %10.3f %10.3f\n", name,
		    (long long)json_integer_value(json_object_get(hook, "calls")),
		    (long long)json_integer_value(json_object_get(hook, "failures")),
		    json_number_value(json_object_get(hook, "mean_us")) / 1000,
		    (double)json_integer_value(json_object_get(hook, "p99_us")) / 1000);
	}
}

static void
put_result(const struct plugin_test *test, json_t *result, const char *name)
{
	const char *diff = json_string_value(json_object_get(result, "diff"));

	if (test->json) {
		json_object_set_new(result, "findings", findings_of(test->report));
		ctl_put_json(json_incref(result));
		return;
	}
	if (diff != NULL && diff[0] != '\0')
		printf("--- without %s\n+++ with %s\n%s", name, name, diff);
	else if (diff != NULL && !test->diff_only)
		puts("The plugin changes nothing.");
	if (!test->diff_only && diff != NULL)
		put_times(json_object_get(result, "hooks"));
}

static int
report(const struct plugin_test *test, int status)
{
	char *path = g_strdup_printf("%s/result.json", test->folder);
	json_t *result = json_load_file(path, 0, NULL);
	char *base = g_path_get_basename(test->file);
	const char *name;

	g_free(path);
	if (g_str_has_suffix(base, ".so"))
		base[strlen(base) - 3] = '\0';
	if (result == NULL)
		result = json_object();
	name = json_string_value(json_object_get(result, "plugin"));
	put_result(test, result, name == NULL ? base : name);
	put_findings(test->report, name == NULL ? base : name);
	json_decref(result);
	g_free(base);
	return status == EX_OK && atomic_load(&test->report->count) > 0 ? EX_SOFTWARE : status;
}

static int
prepare(struct plugin_test *test)
{
	struct err err = ERR_INIT;
	char *path;
	int status = EX_OK;

	test->folder = g_strdup_printf("%s/mailtailor-plugin.XXXXXX", g_get_tmp_dir());
	if (mkdtemp(test->folder) == NULL) {
		ctl_error("%s: %s", test->folder, strerror(errno));
		return EX_CANTCREAT;
	}
	test->report = plugin_strict_report_new();
	path = g_strdup_printf("%s/board", test->folder);
	if (board_create(&test->board, path, geteuid(), getegid(), &err) != 0)
		status = ctl_fail(&err);
	g_free(path);
	return status;
}

int
ctl_plugin_test(struct ctl *ctl, int argc, char **argv)
{
	struct plugin_test test = {.repeat = 1};
	const struct sigaction stop = {.sa_handler = on_stop};
	int status = read_options(&test, argc, argv);
	char *file;

	if (status != EX_OK)
		return status;
	file = ctl_plugin_file(ctl, argv[optind]);
	if (file == NULL)
		return EX_CONFIG;
	test.file = realpath(file, NULL);
	if (test.file == NULL) {
		ctl_error("%s: %s", file, strerror(errno));
		free(file);
		return EX_NOINPUT;
	}
	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
	status = prepare(&test);
	if (status == EX_OK)
		status = report(&test, run(&test));
	plugin_scratch_remove(test.folder);
	plugin_strict_report_free(&test.report);
	board_close(&test.board);
	g_free(test.folder);
	free((void *)(uintptr_t)test.file);
	free(file);
	return status;
}
