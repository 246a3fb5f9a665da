/* SPDX-License-Identifier: BSD-2-Clause
 *
 * plugin: mailtailor plugin: what the plugins of the running daemon do
 *
 * What developers want of it has files of its own, plugin_*.c.
 *
 * Fails:   as ctl.h says.
 */
#include "ctl/plugin.h"

#include "plugin/board.h"

#include <stdlib.h>
#include <sysexits.h>

/* The daemon's board; *board_r NULL with EX_OK: it is not running, or has no plugins. */
static int
open_board(struct ctl *ctl, const struct conf **conf_r, struct board **board_r)
{
	struct err err = ERR_INIT;
	char *path;
	int rc;

	*board_r = NULL;
	*conf_r = ctl_configuration(ctl);
	if (*conf_r == NULL)
		return EX_CONFIG;
	if (asprintf(&path, "%s.plugins", (*conf_r)->database) < 0)
		abort();
	rc = board_open(board_r, path, &err);
	free(path);
	return rc != 0 && err.code != ERR_NOTFOUND ? ctl_fail(&err) : EX_OK;
}

static json_t *
counters_of(const struct board_plugin *plugin)
{
	json_t *counters = json_object();

	for (size_t i = 0; i < BOARD_COUNTERS; i++) {
		const struct board_counter *counter = &plugin->counter[i];

		if (atomic_load(&counter->used) == 2)
			json_object_setn_new(counters, counter->name,
			    strnlen(counter->name, BOARD_NAME),
			    json_integer(atomic_load(&counter->value)));
	}
	return counters;
}

static void
print_json(const struct conf_plugin *section, const struct board_plugin *plugin, const char *state)
{
	static const struct board_plugin none;

	if (plugin == NULL)
		plugin = &none;
	ctl_put_json(json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "name",
	    section->name, "state", state, "calls", (json_int_t)atomic_load(&plugin->calls),
	    "failures", (json_int_t)atomic_load(&plugin->failures), "late",
	    (json_int_t)atomic_load(&plugin->late), "strikes",
	    (json_int_t)atomic_load(&plugin->strikes), "p50_us",
	    (json_int_t)board_percentile(plugin, 50), "p99_us",
	    (json_int_t)board_percentile(plugin, 99), "counters", counters_of(plugin)));
}

/* Its own, one a line. */
static void
print_counters(const struct board_plugin *plugin)
{
	for (size_t i = 0; i < BOARD_COUNTERS; i++) {
		const struct board_counter *counter = &plugin->counter[i];

		if (atomic_load(&counter->used) != 2)
			continue;
		fputs("\tcounts\t", stdout);
		ctl_put(stdout, (struct str){counter->name, strnlen(counter->name, BOARD_NAME)});
		printf("\t%lld\n", atomic_load(&counter->value));
	}
}

static void
print_line(const struct conf_plugin *section, const struct board_plugin *plugin, const char *state)
{
	if (plugin == NULL) {
		printf("%s\t%s\n", section->name, state);
		return;
	}
	printf("%s\t%s\t%lld calls\t%lld failed\t%lld late\t%lld strikes\tp50 %.3f ms\tp99 %.3f "
	       "ms\n",
	    section->name, state, atomic_load(&plugin->calls), atomic_load(&plugin->failures),
	    atomic_load(&plugin->late), atomic_load(&plugin->strikes),
	    (double)board_percentile(plugin, 50) / 1000,
	    (double)board_percentile(plugin, 99) / 1000);
	print_counters(plugin);
}

static int
run_list(struct ctl *ctl, int argc, char **argv)
{
	const struct conf *conf;
	struct board *board;
	bool json;
	int status = ctl_json_option(argc, argv, "plugin", &json);

	if (status != EX_OK)
		return status;
	if (optind != argc)
		return ctl_usage("plugin");
	status = open_board(ctl, &conf, &board);
	for (size_t i = 0; status == EX_OK && i < conf->plugin_count; i++) {
		const struct conf_plugin *section = &conf->plugins[i];
		int at = board == NULL ? -1 : board_find(board, str_c(section->name));
		const struct board_plugin *plugin = at < 0 ? NULL : &board->plugin[at];
		const char *state = plugin == NULL   ? "not loaded"
		    : atomic_load(&plugin->out) != 0 ? "out of service"
						     : "in service";

		(json ? print_json : print_line)(section, plugin, state);
	}
	board_close(&board);
	return status;
}

static int
run_enable(struct ctl *ctl, int argc, char **argv)
{
	const struct conf *conf;
	struct board *board;
	int at, status;

	if (argc != 2)
		return ctl_usage("plugin");
	status = open_board(ctl, &conf, &board);
	if (status != EX_OK)
		return status;
	at = board == NULL ? -1 : board_find(board, str_c(argv[1]));
	if (at < 0) {
		ctl_error("plugin %s: the daemon does not run, or has no such plugin", argv[1]);
		status = EX_NOINPUT;
	} else {
		board_enable(&board->plugin[at]);
	}
	board_close(&board);
	return status;
}

int
ctl_plugin(struct ctl *ctl, int argc, char **argv)
{
	static const struct ctl_action actions[] = {
	    {"list", run_list},
	    {"enable", run_enable},
	    {"describe", ctl_plugin_describe},
	    {"new", ctl_plugin_new},
	    {"test", ctl_plugin_test},
	    {NULL, NULL},
	};

	return ctl_act(ctl, argc, argv, actions);
}
