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
#include "base/resident.h"
#include "outbox/hands.h"

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
overdue(const struct board_note *notes, int64_t now_us)
{
	for (int i = 0; i < BOARD_CALLS; i++) {
		if (is_overdue(&notes[i], now_us))
			return &notes[i];
	}
	return NULL;
}

/* Ends the process over this hook (NULL: over none), and says so in its place. */
static void
end(const struct master *master, const struct child *child, const struct board_note *note,
    enum board_why why)
{
	struct board_note *words = &master->board->words[child->line];
	int at = note == NULL ? -1 : plugin_of(note), none = 0;

	if (at >= 0 &&
	    atomic_compare_exchange_strong(&master->board->spoken[child->line], &none, 1)) {
		memcpy(words->hook, note->hook, sizeof words->hook);
		atomic_store(&words->kind, atomic_load(&note->kind));
		atomic_store(&words->row, atomic_load(&note->row));
		atomic_store(&words->since_us, atomic_load(&note->since_us));
		atomic_store(&words->why, (int)why);
		atomic_store(&words->plugin, at + 1);
	}
	kill(child->pid, SIGKILL);
}

/* The hook that began first: the others came to a process that was growing already. */
static const struct board_note *
oldest(const struct board_note *notes)
{
	const struct board_note *found = NULL;

	for (int i = 0; i < BOARD_CALLS; i++) {
		if (plugin_of(&notes[i]) >= 0 &&
		    (found == NULL ||
			atomic_load(&notes[i].since_us) < atomic_load(&found->since_us)))
			found = &notes[i];
	}
	return found;
}

/* At worker_memory it leaves by itself (tailor_is_worn), unless a hook is faster. */
static void
watch_memory(const struct master *master, const struct child *child)
{
	int64_t bytes, most = child->memory;

	if (most <= 0 || (bytes = resident_bytes(child->pid)) <= 2 * most)
		return;
	log_error("worker is too large", LOG_STR("kind", child_kind_name(child->kind)),
	    LOG_NUM("slot", child->slot), LOG_NUM("pid", child->pid),
	    LOG_NUM("megabytes", bytes >> 20));
	end(master, child, oldest(master->board->note[child->line]), BOARD_MEMORY);
}

int
fence_watch(struct master *master, int timeout_ms)
{
	int64_t now_us = clock_mono_us();

	if (master->board == NULL)
		return timeout_ms;
	for (size_t i = 0; i < master->children.count; i++) {
		const struct child *child = &master->children.at[i];
		const struct board_note *note;

		if (child->line < 0)
			continue;
		note = overdue(master->board->note[child->line], now_us);
		if (note != NULL)
			end(master, child, note, BOARD_DEADLINE);
		else
			watch_memory(master, child);
	}
	return timeout_ms < 0 || timeout_ms > LOOK_MS ? LOOK_MS : timeout_ms;
}

/* The note of the only plugin whose hooks are running. */
static const struct board_note *
find_only(const struct board_note *notes)
{
	const struct board_note *found = NULL;

	for (int i = 0; i < BOARD_CALLS; i++) {
		if (plugin_of(&notes[i]) < 0)
			continue;
		if (found != NULL && plugin_of(&notes[i]) != plugin_of(found))
			return NULL;
		found = &notes[i];
	}
	return found;
}

/* What the process said at its end, or we when we ended it; or the only hook there was. */
static const struct board_note *
find_guilty(const struct master *master, int line, int wait_status)
{
	const struct board_note *words = &master->board->words[line];

	if (plugin_of(words) >= 0)
		return words;
	/* A person did that. */
	if (WIFSIGNALED(wait_status) &&
	    (WTERMSIG(wait_status) == SIGKILL || WTERMSIG(wait_status) == SIGTERM))
		return NULL;
	return find_only(master->board->note[line]);
}

static struct str
text_of(const char text[BOARD_NAME])
{
	return (struct str){text, strnlen(text, BOARD_NAME)};
}

/* The row that its process was busy with waits for its next attempt, with this reason. */
static void
tell_outbox(const struct master *master, const struct child *child, const struct board_note *note,
    const char *why)
{
	const struct board_plugin *plugin = &master->board->plugin[plugin_of(note)];
	int64_t row = atomic_load(&note->row);
	char text[ERR_TEXT_MAX];

	if (child->kind != CHILD_OUTBOX || master->hands == NULL || row == 0)
		return;
	snprintf(text, sizeof text, "plugin %.*s: %s %.*s: it took its process down (%s)",
	    STR_F(text_of(plugin->name)), board_kind_name(atomic_load(&note->kind)),
	    STR_F(text_of(note->hook)), why);
	outbox_hands_accuse(&master->hands[child->slot], row, text);
}

static void
accuse(struct master *master, const struct child *child, const struct board_note *note)
{
	int64_t now_us = clock_mono_us();
	struct board_plugin *plugin = &master->board->plugin[plugin_of(note)];
	const char *why = board_why_name(
	    note == &master->board->words[child->line] ? atomic_load(&note->why) : BOARD_CRASH);
	bool out = board_strike(plugin, now_us);

	atomic_store(&plugin->kind, atomic_load(&note->kind));
	log_error(out ? "plugin out of service" : "plugin took a worker down",
	    LOG_TEXT("plugin", text_of(plugin->name)),
	    LOG_STR("kind", board_kind_name(atomic_load(&note->kind))),
	    LOG_TEXT("hook", text_of(note->hook)), LOG_STR("why", why),
	    LOG_NUM("ms", (now_us - atomic_load(&note->since_us)) / 1000),
	    LOG_NUM("strikes", atomic_load(&plugin->strikes)), LOG_NUM("pid", child->pid));
	tell_outbox(master, child, note, why);
}

bool
fence_blame(struct master *master, const struct child *child, int wait_status)
{
	const struct board_note *note;

	if (master->board == NULL || child->line < 0)
		return false;
	/* Whoever leaves as it should has no hook running. */
	note = find_guilty(master, child->line, wait_status);
	if (note != NULL)
		accuse(master, child, note);
	for (int i = 0; i < BOARD_CALLS; i++)
		atomic_store(&master->board->note[child->line][i].plugin, 0);
	atomic_store(&master->board->words[child->line].plugin, 0);
	atomic_store(&master->board->spoken[child->line], 0);
	return note != NULL;
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
