/* SPDX-License-Identifier: BSD-2-Clause
 *
 * set: the plugins that one configuration names, loaded into this process
 *
 * Owns:    the plugins and what each campaign uses of them.
 * Threads: see plugin.h.
 */
#include "plugin/internal.h"
#include "plugin/wants.h"

#include "base/log.h"

#include <stdlib.h>

struct work {
	struct plugin_set *set;
	void (*each)(const char *text, void *closure);
	void *closure;
	struct err *err;
	size_t problems;
};

static void
complain(struct work *work, const struct err *problem)
{
	if (work->each != NULL)
		work->each(problem->text, work->closure);
	if (work->problems++ == 0)
		*work->err = *problem;
}

static struct str
file_of(const struct plugin_set *set, const struct conf_plugin *section, struct arena *arena)
{
	if (section->file[0] != '\0')
		return str_c(section->file);
	return arena_printf(arena, "%s/%s.so", set->conf->plugin_path, section->name);
}

/* Which hooks it has. Where mail is made, a plugin that can't tell keeps only its own waiting. */
static void
extend(struct work *work, struct plugin *plugin)
{
	struct err err = ERR_INIT;

	if (plugin_extend(plugin, &err) == 0)
		return;
	err_prefix(&err, "%s: plugin \"%s\": extend", plugin->section->place, plugin->name);
	if (!plugin_process.live || work->set->store == NULL)
		complain(work, &err);
	else
		log_error("plugin can't say its hooks", LOG_STR("plugin", plugin->name),
		    LOG_STR("reason", err.text));
}

/* What was loaded before counts as a plugin of the set, and is freed with it. */
static void
load(struct work *work, const struct conf_plugin *section)
{
	struct plugin_set *set = work->set;
	struct plugin *plugin = &set->plugins[set->count];
	struct arena *arena = arena_new((size_t)64 << 10);
	struct err err = ERR_INIT;

	*plugin = (struct plugin){.name = section->name, .section = section, .set = set};
	if (plugin_module_open(
		&plugin->module, file_of(set, section, arena).p, section->name, &err) != 0) {
		err_prefix(&err, "%s: plugin \"%s\"", section->place, section->name);
		complain(work, &err);
	} else if (plugin_params_new(&plugin->params, section, &plugin->module->definition,
		       work->each, work->closure, &err) != 0) {
		if (work->problems++ == 0)
			*work->err = err;
		plugin_module_close(&plugin->module);
	} else {
		pthread_rwlock_init(&plugin->life, NULL);
		pthread_mutex_init(&plugin->one, NULL);
		plugin->board_at = plugin_process.board == NULL
		    ? -1
		    : board_find(plugin_process.board, str_c(plugin->name));
		if (plugin->board_at >= 0)
			plugin->board = &plugin_process.board->plugin[plugin->board_at];
		set->count++;
		extend(work, plugin);
	}
	arena_free(&arena);
}

static void
make_uses(struct work *work)
{
	struct plugin_set *set = work->set;

	for (size_t i = 0; i < set->conf->campaign_count; i++) {
		const struct conf_campaign *campaign = &set->conf->campaigns[i];
		struct err err = ERR_INIT;

		if (campaign->plugins.count > 0 &&
		    plugin_use_new(&set->uses[i], set, campaign, &err) != 0) {
			err_prefix(&err, "%s: plugins", campaign->place);
			complain(work, &err);
		}
	}
}

static void
start(struct work *work)
{
	for (size_t i = 0; i < work->set->count && work->set->store != NULL; i++) {
		struct plugin *plugin = &work->set->plugins[i];
		struct err err = ERR_INIT;

		if (plugin_start(plugin, &err) == 0 ||
		    (plugin_process.live && !plugin_process.strict))
			continue;
		err_prefix(&err, "%s: plugin \"%s\"", plugin->section->place, plugin->name);
		complain(work, &err);
	}
}

int
plugin_set_new(struct plugin_set **set_r, const struct conf *conf, struct store *store,
    void (*each)(const char *text, void *closure), void *closure, struct err *err)
{
	struct work work = {.each = each, .closure = closure, .err = err};

	*set_r = NULL;
	if (conf->plugin_count == 0)
		return 0;
	work.set = calloc(1, sizeof *work.set);
	if (work.set == NULL)
		abort();
	work.set->conf = conf_ref(conf);
	work.set->store = store;
	if (store != NULL && plugin_process.live)
		work.set->wants = wants_new(store);
	work.set->plugins = calloc(conf->plugin_count, sizeof *work.set->plugins);
	work.set->uses = calloc(conf->campaign_count + 1, sizeof *work.set->uses);
	if (work.set->plugins == NULL || work.set->uses == NULL)
		abort();
	for (size_t i = 0; i < conf->plugin_count; i++)
		load(&work, &conf->plugins[i]);
	if (work.problems == 0)
		make_uses(&work);
	if (work.problems == 0)
		start(&work);
	if (work.problems > 0) {
		plugin_set_free(&work.set);
		return -1;
	}
	if (store != NULL && plugin_process.live && plugin_set_hears(work.set, MT_EVENT_SENT))
		store_tell_sent(store);
	*set_r = work.set;
	return 0;
}

void
plugin_set_free(struct plugin_set **s)
{
	struct plugin_set *set = *s;

	*s = NULL;
	if (set == NULL)
		return;
	wants_free(&set->wants);
	for (size_t i = 0; i < set->conf->campaign_count; i++)
		plugin_use_free(&set->uses[i]);
	for (size_t i = 0; i < set->count; i++) {
		struct plugin *plugin = &set->plugins[i];

		plugin_stop(plugin);
		plugin_params_fini(&plugin->params);
		plugin_module_close(&plugin->module);
		arena_free(&plugin->lasting);
		pthread_rwlock_destroy(&plugin->life);
		pthread_mutex_destroy(&plugin->one);
	}
	free(set->uses);
	free(set->plugins);
	conf_unref(&set->conf);
	free(set);
}

const struct plugin_use *
plugin_set_use(const struct plugin_set *set, const struct conf_campaign *campaign)
{
	return set == NULL || campaign == NULL ? NULL : set->uses[campaign - set->conf->campaigns];
}
