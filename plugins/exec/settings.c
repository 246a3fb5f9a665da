/* SPDX-License-Identifier: BSD-2-Clause
 *
 * exec_settings: see exec.h
 *
 * Threads: one, in `extend` and `start`.
 */
#include "exec.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const always[] = {"PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8", "HOME=/"};

static int32_t __attribute__((format(printf, 2, 3)))
complain(struct mt_call *call, const char *format, ...)
{
	char text[400];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	return call->host->fail(call, mt_str_c(text));
}

static void *
need(void *memory)
{
	if (memory == NULL)
		abort();
	return memory;
}

/* The elements as C strings, behind those of `first`; NULL stands behind the last. */
static char **
list_of(struct mt_call *call, const char *name, const char *const *first, size_t first_count)
{
	size_t count = 0;
	char **list;

	while (call->host->param_list(call, name, count).p != NULL)
		count++;
	list = need(calloc(first_count + count + 1, sizeof *list));
	for (size_t i = 0; i < first_count; i++)
		list[i] = need(strdup(first[i]));
	for (size_t i = 0; i < count; i++) {
		struct mt_str text = call->host->param_list(call, name, i);

		list[first_count + i] = need(strndup(text.p, text.n));
	}
	return list;
}

static void
free_list(char **list)
{
	for (size_t i = 0; list != NULL && list[i] != NULL; i++)
		free(list[i]);
	free(list);
}

/* Nobody but its owner may change what runs with our rights. */
static int32_t
check_command(struct mt_call *call, const struct exec_settings *settings)
{
	const char *program = settings->argv[0];
	struct stat info;

	if (program == NULL || program[0] != '/')
		return complain(call,
		    "command: expected the path of a program, beginning with /, and its arguments, "
		    "got "
		    "\"%s\"",
		    program == NULL ? "" : program);
	if (stat(program, &info) != 0 || !S_ISREG(info.st_mode) ||
	    faccessat(AT_FDCWD, program, X_OK, AT_EACCESS) != 0)
		return complain(call, "command: %s can't be run", program);
	if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return complain(call, "command: others than its owner may write to %s", program);
	return MT_OK;
}

static int32_t
check_environment(struct mt_call *call, const struct exec_settings *settings)
{
	for (size_t i = 0; settings->environment[i] != NULL; i++) {
		const char *equals = strchr(settings->environment[i], '=');

		if (equals == NULL || equals == settings->environment[i])
			return complain(call, "environment: expected NAME=VALUE, got \"%s\"",
			    settings->environment[i]);
	}
	return MT_OK;
}

int32_t
exec_settings_read(struct mt_call *call, struct exec_settings *settings)
{
	const struct mt_host *mt = call->host;

	memset(settings, 0, sizeof *settings);
	settings->argv = list_of(call, "command", NULL, 0);
	settings->environment =
	    list_of(call, "environment", always, sizeof always / sizeof always[0]);
	settings->attributes = list_of(call, "attributes", NULL, 0);
	settings->helpers = (size_t)mt->param_int(call, "helpers");
	settings->wait_ms = mt->param_int(call, "wait");
	settings->patience_ms = mt->param_int(call, "patience");
	settings->line_max = (size_t)mt->param_int(call, "line_max");
	settings->memory = mt->param_int(call, "helper_memory");
	if (check_command(call, settings) != MT_OK)
		return MT_FAILED;
	return check_environment(call, settings);
}

void
exec_settings_fini(struct exec_settings *settings)
{
	free_list(settings->argv);
	free_list(settings->environment);
	free_list(settings->attributes);
}
