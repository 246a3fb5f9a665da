/* SPDX-License-Identifier: BSD-2-Clause
 *
 * reload: a new configuration without a dropped connection
 *
 * Everything is loaded and tried before anything is changed. Then new sessions start on
 * the same listening socket, which stays open all the time, and the old ones finish what
 * they have. An outbox slot changes hands only when its old process has gone.
 *
 * Threads: the master's only one.
 */
#include "master/check.h"
#include "master/fence.h"
#include "master/state.h"
#include "session/listen.h"

#include "base/log.h"

#include <signal.h>
#include <string.h>

static void
log_problem(const char *text, void *closure)
{
	(void)closure;
	log_error("configuration", LOG_STR("reason", text));
}

/* What hangs on the listening socket, the lock and the user can't change under way. */
static int
check_fixed(const struct conf *old, const struct conf *new, struct err *err)
{
	const struct {
		const char *name, *old, *new;
	} fixed[] = {
	    {"socket", old->socket, new->socket},
	    {"user", old->user, new->user},
	    {"pid_file", old->pid_file, new->pid_file},
	    {"database", old->database, new->database},
	    {"web", old->web, new->web},
	};

	for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++) {
		if (strcmp(fixed[i].old, fixed[i].new) != 0)
			return err_set(err, ERR_CONFIG, "%s: %s can only be changed by a restart",
			    new->path, fixed[i].name);
	}
	return 0;
}

static int
try(struct master *master, const struct conf *conf, struct dkim_keys *keys,
    struct link_keys *link_keys, struct tailor_templates *templates, struct err *err)
{
	if (check_fixed(master->conf, conf, err) != 0 || fence_prepare(master, conf, err) != 0 ||
	    check_engine(conf, keys, link_keys, templates, &master->identity, err) != 0 ||
	    session_listen_mode(conf, err) != 0)
		return -1;
	return master_open_log(conf, &master->identity, err);
}

static void
signal_children(const struct master *master, int number)
{
	for (size_t i = 0; i < master->children.count; i++)
		kill(master->children.at[i].pid, number);
}

void
master_reopen_log(struct master *master)
{
	struct err err = ERR_INIT;

	if (master_open_log(master->conf, &master->identity, &err) != 0)
		log_error("log", LOG_STR("reason", err.text));
	signal_children(master, SIGUSR1);
}

static void
replace(struct master *master, const struct conf *conf, struct dkim_keys *keys,
    struct link_keys *link_keys, struct tailor_templates *templates)
{
	struct err err = ERR_INIT;

	dkim_keys_inherit(keys, master->keys);
	conf_unref(&master->conf);
	dkim_keys_unref(&master->keys);
	link_keys_unref(&master->link_keys);
	tailor_templates_unref(&master->templates);
	master->conf = conf;
	master->keys = keys;
	master->link_keys = link_keys;
	master->templates = templates;
	if (master_set_slots(master, &err) != 0)
		log_error("reload", LOG_STR("reason", err.text));
	memset(master->slots, 0, sizeof master->slots);
	for (size_t i = 0; i < master->children.count; i++)
		child_drain(&master->children.at[i]);
}

void
master_reload(struct master *master)
{
	const struct conf *conf;
	struct dkim_keys *keys;
	struct link_keys *link_keys;
	struct tailor_templates *templates;
	struct err err = ERR_INIT;

	if (check_load(
		master->path, &conf, &keys, &link_keys, &templates, log_problem, NULL, &err) != 0) {
		log_error(
		    "reload refused, the old configuration stays", LOG_STR("reason", err.text));
		return;
	}
	if (try(master, conf, keys, link_keys, templates, &err) != 0) {
		log_error(
		    "reload refused, the old configuration stays", LOG_STR("reason", err.text));
		tailor_templates_unref(&templates);
		link_keys_unref(&link_keys);
		dkim_keys_unref(&keys);
		conf_unref(&conf);
		return;
	}
	/* Those that drain write to the old log, which may have been renamed. */
	signal_children(master, SIGUSR1);
	replace(master, conf, keys, link_keys, templates);
	log_info("reloaded", LOG_STR("file", master->path));
	master_warn(master);
}
