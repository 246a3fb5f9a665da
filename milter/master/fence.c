/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fence: see fence.h
 *
 * The workers write the board, and they run plugins: every number from it is checked.
 *
 * Threads: the master's only one.
 */
#include "master/fence.h"

#include "base/clock.h"
#include "base/log.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOOK_MS 100

static char *
path_of(const struct conf *conf)
{
	char *path = NULL;

	if (asprintf(&path, "%s.plugins", conf->database) < 0)
		abort();
	return path;
}

int
fence_prepare(struct master *master, const struct conf *conf, struct err *err)
{
	char *path;
	int rc;

	if (conf->plugin_count == 0)
		return 0;
	if (master->board == NULL) {
		path = path_of(conf);
		rc = board_create(
		    &master->board, path, master->identity.uid, master->identity.gid, err);
		free(path);
		if (rc != 0)
			return -1;
	}
	for (size_t i = 0; i < conf->plugin_count; i++) {
		if (board_add(master->board, str_c(conf->plugins[i].name)) < 0)
			return err_set(err, ERR_CONFIG, "%s: expected at most %d plugins",
			    conf->plugins[i].place, BOARD_PLUGINS);
	}
	return 0;
}

int
fence_line(const struct master *master)
{
	for (int line = 0; line < BOARD_PROCESSES && master->board != NULL; line++) {
		bool taken = false;

		for (size_t i = 0; i < master->children.count; i++)
			taken |= master->children.at[i].line == line;
		if (!taken)
			return line;
	}
	return -1;
}

/* The plugin's place, or -1: no hook is running. */
static int
plugin_of(const struct board_note *note)
{
	int at = atomic_load(&note->plugin) - 1;

	return at >= 0 && at < BOARD_PLUGINS ? at : -1;
}

static bool
is_overdue(const struct board_note *note, int64_t now_us)
{
	return plugin_of(note) >= 0 && now_us > atomic_load(&note->until_us);
}

static const struct board_note *
overdue(const struct master *master, int line, int64_t now_us)
{
	for (int i = 0; i < BOARD_CALLS; i++) {
		if (is_overdue(&master->board->note[line][i], now_us))
			return &master->board->note[line][i];
	}
	return NULL;
}

int
fence_watch(struct master *master, int timeout_ms)
{
	int64_t now_us = clock_mono_us();

	if (master->board == NULL)
		return timeout_ms;
	for (size_t i = 0; i < master->children.count; i++) {
		const struct child *child = &master->children.at[i];

		if (child->line >= 0 && overdue(master, child->line, now_us) != NULL)
			kill(child->pid, SIGKILL);
	}
	return timeout_ms < 0 || timeout_ms > LOOK_MS ? LOOK_MS : timeout_ms;
}

/* The note of the thread that died, of the hook that hangs, or the only one there is. */
static const struct board_note *
find_guilty(const struct master *master, int line, int wait_status)
{
	const struct board_note *notes = master->board->note[line], *guilty;
	int culprit = atomic_load(&master->board->culprit[line]), only = -1;

	if (culprit > 0 && culprit <= BOARD_CALLS && plugin_of(&notes[culprit - 1]) >= 0)
		return &notes[culprit - 1];
	guilty = overdue(master, line, clock_mono_us());
	/* Somebody killed it: us, for that hook, or a person. */
	if (guilty != NULL ||
	    (WIFSIGNALED(wait_status) &&
		(WTERMSIG(wait_status) == SIGKILL || WTERMSIG(wait_status) == SIGTERM)))
		return guilty;
	for (int i = 0; i < BOARD_CALLS; i++) {
		if (plugin_of(&notes[i]) < 0)
			continue;
		if (only >= 0 && plugin_of(&notes[i]) != only)
			return NULL;
		only = plugin_of(&notes[i]);
		guilty = &notes[i];
	}
	return guilty;
}

static void
accuse(struct master *master, const struct child *child, const struct board_note *note)
{
	int64_t now_us = clock_mono_us();
	struct board_plugin *plugin = &master->board->plugin[plugin_of(note)];
	bool hung = is_overdue(note, now_us), out = board_strike(plugin, now_us);

	atomic_store(&plugin->kind, atomic_load(&note->kind));
	log_error(out ? "plugin out of service" : "plugin took a worker down",
	    LOG_TEXT("plugin", ((struct str){plugin->name, strnlen(plugin->name, BOARD_NAME)})),
	    LOG_STR("kind", board_kind_name(atomic_load(&note->kind))),
	    LOG_TEXT("hook", ((struct str){note->hook, strnlen(note->hook, BOARD_NAME)})),
	    LOG_STR("why", hung ? "deadline" : "crash"),
	    LOG_NUM("ms", (now_us - atomic_load(&note->since_us)) / 1000),
	    LOG_NUM("strikes", atomic_load(&plugin->strikes)), LOG_NUM("pid", child->pid));
}

void
fence_blame(struct master *master, const struct child *child, int wait_status)
{
	const struct board_note *note;

	if (master->board == NULL || child->line < 0)
		return;
	if (!WIFEXITED(wait_status) || WEXITSTATUS(wait_status) != 0) {
		note = find_guilty(master, child->line, wait_status);
		if (note != NULL)
			accuse(master, child, note);
	}
	for (int i = 0; i < BOARD_CALLS; i++)
		atomic_store(&master->board->note[child->line][i].plugin, 0);
	atomic_store(&master->board->culprit[child->line], 0);
}

void
fence_close(struct master *master)
{
	char *path;

	if (master->board == NULL)
		return;
	path = path_of(master->conf);
	unlink(path);
	free(path);
	board_close(&master->board);
}
