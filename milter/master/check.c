/* SPDX-License-Identifier: BSD-2-Clause
 *
 * check: see check.h
 *
 * Threads: the master's only one.
 */
#include "master/check.h"

#include "master/master.h"
#include "session/listen.h"
#include "store/store.h"
#include "tailor/tailor.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

int
check_load(const char *path, const struct conf **conf_r, struct dkim_keys **keys_r,
    void (*each)(const char *text, void *closure), void *closure, struct err *err)
{
	struct conf *conf;

	*conf_r = NULL;
	*keys_r = NULL;
	if (conf_load(&conf, path, each, closure, err) != 0)
		return -1;
	if (dkim_keys_load(keys_r, conf, err) != 0) {
		const struct conf *unwanted = conf;

		each(err->text, closure);
		conf_unref(&unwanted);
		return -1;
	}
	*conf_r = conf;
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
};

static int
engine_task(void *closure, struct err *err)
{
	const struct engine *engine = closure;
	struct store *store;
	struct tailor *tailor;
	int done;

	if (store_open(&store, engine->conf->database, STORE_READ, err) != 0)
		return -1;
	done = tailor_new(&tailor, engine->conf, engine->keys, store, err);
	if (done == 0)
		tailor_free(&tailor);
	store_close(&store);
	return done;
}

int
check_engine(const struct conf *conf, struct dkim_keys *keys, const struct identity *identity,
    struct err *err)
{
	struct engine engine = {conf, keys};

	return identity_run(identity, engine_task, &engine, err);
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

/* A file that is made if it is missing: can it be opened, or its folder written to? */
static int
check_file(const char *what, const char *path, struct err *err)
{
	char *copy = strdup(path);
	const char *folder;
	int done = 0;

	if (copy == NULL)
		abort();
	folder = dirname(copy);
	if (access(path, F_OK) == 0) {
		if (access(path, W_OK) != 0)
			done = err_set(err, ERR_PERM, "%s %s: %s", what, path, strerror(errno));
	} else if (access(folder, W_OK | X_OK) != 0) {
		done = err_set(err, ERR_IO, "%s %s: %s: %s", what, path, folder, strerror(errno));
	}
	free(copy);
	return done;
}

static int
database_task(void *closure, struct err *err)
{
	const struct conf *conf = closure;

	return check_file("database", conf->database, err);
}

static void
check_database(const struct conf *conf, struct dkim_keys *keys, const struct identity *identity,
    struct report *report, struct err *err)
{
	int done = identity_run(identity, database_task, (void *)(uintptr_t)conf, err);

	note(report, done, err);
	/* Before the first start there is none, which is no problem. */
	if (done == 0 && access(conf->database, F_OK) == 0)
		note(report, check_engine(conf, keys, identity, err), err);
}

/* The pid file's folder is made if only that is missing. */
static int
check_pid_file(const struct conf *conf, struct err *err)
{
	char *copy = strdup(conf->pid_file);
	const char *folder;
	int done;

	if (copy == NULL)
		abort();
	folder = dirname(copy);
	done = access(folder, F_OK) == 0 ? check_file("pid_file", conf->pid_file, err)
					 : check_file("pid_file", folder, err);
	free(copy);
	return done;
}

int
master_check(const char *path)
{
	struct report report = {0, ERR_NONE};
	const struct conf *conf;
	struct dkim_keys *keys;
	struct identity identity;
	struct err err = ERR_INIT;

	if (check_load(path, &conf, &keys, print_problem, &report, &err) != 0)
		return err_exit_code(err.code);
	note(&report, session_listen_check(conf, &err), &err);
	note(&report, check_pid_file(conf, &err), &err);
	if (conf->log[0] == '/')
		note(&report, check_file("log", conf->log, &err), &err);
	if (identity_find(conf->user, &identity, &err) != 0)
		note(&report, -1, &err);
	else
		check_database(conf, keys, &identity, &report, &err);
	if (report.problems == 0)
		printf("%s: ok\n", path);
	dkim_keys_unref(&keys);
	conf_unref(&conf);
	return report.problems == 0 ? EX_OK : err_exit_code(report.first);
}
