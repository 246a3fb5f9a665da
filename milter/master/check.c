/* SPDX-License-Identifier: BSD-2-Clause
 *
 * check: see check.h
 *
 * Threads: the master's only one.
 */
#include "master/check.h"

#include "base/clock.h"
#include "conf/machine.h"
#include "master/master.h"
#include "plugin/plugin.h"
#include "session/listen.h"
#include "store/store.h"
#include "tailor/tailor.h"
#include "web/web.h"
#include "webhook/secret.h"

#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

int
check_load(const char *path, const struct conf **conf_r, struct dkim_keys **keys_r,
    struct link_keys **link_keys_r, struct tailor_templates **templates_r,
    void (*each)(const char *text, void *closure), void *closure, struct err *err)
{
	struct conf *conf;

	*conf_r = NULL;
	*keys_r = NULL;
	*link_keys_r = NULL;
	*templates_r = NULL;
	if (conf_load(&conf, path, each, closure, err) != 0)
		return -1;
	*conf_r = conf;
	if (dkim_keys_load(keys_r, conf, err) != 0 || link_keys_load(link_keys_r, conf, err) != 0 ||
	    tailor_templates_load(templates_r, conf, err) != 0 ||
	    webhook_secrets_check(conf, err) != 0) {
		each(err->text, closure);
		tailor_templates_unref(templates_r);
		link_keys_unref(link_keys_r);
		dkim_keys_unref(keys_r);
		conf_unref(conf_r);
		return -1;
	}
	return 0;
}

static int
migrate_task(void *closure, struct err *err)
{
	const struct conf *conf = closure;
	struct store *store;

	if (store_open(&store, conf->database, STORE_CREATE, err) != 0)
		return -1;
	store_close(&store);
	return 0;
}

int
check_migrate(const struct conf *conf, const struct identity *identity, struct err *err)
{
	return identity_run(identity, migrate_task, (void *)(uintptr_t)conf, err);
}

struct engine {
	const struct conf *conf;
	struct dkim_keys *keys;
	struct link_keys *link_keys;
	struct tailor_templates *templates;
};

static int
engine_task(void *closure, struct err *err)
{
	const struct engine *engine = closure;
	struct store *store;
	struct tailor *tailor;
	int done;

	if (web_pages_check(engine->conf, engine->templates, err) != 0 ||
	    store_open(&store, engine->conf->database, STORE_READ, err) != 0)
		return -1;
	done = tailor_new(
	    &tailor, engine->conf, engine->keys, engine->link_keys, engine->templates, store, err);
	if (done == 0)
		tailor_free(&tailor);
	store_close(&store);
	return done;
}

int
check_engine(const struct conf *conf, struct dkim_keys *keys, struct link_keys *link_keys,
    struct tailor_templates *templates, const struct identity *identity, struct err *err)
{
	struct engine engine = {conf, keys, link_keys, templates};

	return identity_run(identity, engine_task, &engine, err);
}

/* What DNS may take before the daemon starts without it. */
#define DKIM_US ((int64_t)5 * 1000000)

struct records {
	const struct conf *conf;
	struct dkim_keys *keys;
	int64_t end_us;
};

static bool
is_late(void *closure)
{
	const struct records *records = closure;

	return clock_mono_us() > records->end_us;
}

static int
dkim_task(void *closure, struct err *err)
{
	struct records *records = closure;

	(void)err;
	dkim_keys_check(records->keys, records->conf->dkim_dns, is_late, records);
	return 0;
}

int
check_dkim(const struct conf *conf, struct dkim_keys *keys, const struct identity *identity,
    struct err *err)
{
	struct records records = {conf, keys, clock_mono_us() + DKIM_US};

	return identity_run(identity, dkim_task, &records, err);
}

/* --- mailtailord -n --- */

struct report {
	size_t problems;
	enum err_code first;
};

static void
print_problem(const char *text, void *closure)
{
	struct report *report = closure;

	report->problems++;
	fprintf(stderr, "%s\n", text);
}

static void
note(struct report *report, int done, struct err *err)
{
	if (done == 0)
		return;
	if (report->first == ERR_NONE)
		report->first = err->code;
	print_problem(err->text, report);
	*err = ERR_INIT;
}

/* Before the first start there is no database, which is no problem. */
static int
check_database(const struct conf *conf, struct dkim_keys *keys, struct link_keys *link_keys,
    struct tailor_templates *templates, struct err *err)
{
	struct identity identity;

	if (access(conf->database, F_OK) != 0)
		return 0;
	return identity_find(conf->user, &identity, err) != 0
	    ? -1
	    : check_engine(conf, keys, link_keys, templates, &identity, err);
}

struct plugins {
	const struct conf *conf;
	size_t problems;
};

/* The first one goes back to who waits, and is printed there. */
static void
print_others(const char *text, void *closure)
{
	struct plugins *plugins = closure;

	if (plugins->problems++ > 0)
		fprintf(stderr, "%s\n", text);
}

static int
plugins_task(void *closure, struct err *err)
{
	struct plugins *plugins = closure;
	struct plugin_set *set;

	if (plugin_set_new(&set, plugins->conf, NULL, print_others, plugins, err) != 0)
		return -1;
	plugin_set_free(&set);
	return 0;
}

/* In a process of its own: their code may do anything. */
static int
check_plugins(const struct conf *conf, struct err *err)
{
	struct plugins plugins = {conf, 0};
	struct identity identity;

	if (conf->plugin_count == 0 || identity_find(conf->user, &identity, err) != 0)
		return conf->plugin_count == 0 ? 0 : -1;
	return identity_run(&identity, plugins_task, &plugins, err);
}

static void
print_warning(const char *text, void *closure)
{
	(void)closure;
	fprintf(stderr, "warning: %s\n", text);
}

int
master_check(const char *path)
{
	struct report report = {0, ERR_NONE};
	const struct conf *conf;
	struct dkim_keys *keys;
	struct link_keys *link_keys;
	struct tailor_templates *templates;
	struct err err = ERR_INIT;

	if (check_load(path, &conf, &keys, &link_keys, &templates, print_problem, &report, &err) !=
	    0)
		return err_exit_code(err.code);
	if (conf_check_machine(conf, print_problem, &report, &err) != 0)
		report.first = err.code;
	note(&report, session_listen_check(conf, &err), &err);
	note(&report, web_listen_check(conf, &err), &err);
	note(&report, web_pages_check(conf, templates, &err), &err);
	note(&report, check_plugins(conf, &err), &err);
	if (report.problems == 0)
		note(&report, check_database(conf, keys, link_keys, templates, &err), &err);
	conf_law_warnings(conf, print_warning, NULL);
	if (report.problems == 0)
		printf("%s: ok\n", path);
	tailor_templates_unref(&templates);
	link_keys_unref(&link_keys);
	dkim_keys_unref(&keys);
	conf_unref(&conf);
	return report.problems == 0 ? EX_OK : err_exit_code(report.first);
}
