/* SPDX-License-Identifier: BSD-2-Clause
 *
 * module: see module.h
 */
#include "plugin/module.h"

#include "conf/check.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* How large struct mt_definition was in 1.0: all up to `extend`. */
#define SIZE_1_0 \
	(offsetof(struct mt_definition, extend) + sizeof((struct mt_definition *)0)->extend)
#define ROWS_MAX 1000

typedef const struct mt_definition *(*entry)(void);

/* Each kind of table. When an element grows in a later version, plugins of 1.0 still have the
 * smaller ones: what LEAST says stays as it is here. */
#define LEAST(type) sizeof(struct type)
#define TABLES(X)                                      \
	X(parameters, mt_parameter, name, "parameter") \
	X(values, mt_namespace, name, "value")         \
	X(filters, mt_filter, name, "filter")          \
	X(tags, mt_tag, name, "tag")                   \
	X(parts, mt_rewriter, name, "part")            \
	X(headers, mt_header, name, "header")          \
	X(gates, mt_gate, name, "gate")                \
	X(listeners, mt_listener, name, "listener")    \
	X(tasks, mt_task, name, "task")

/* A copy of the table with elements of `size`; NULL with err filled. */
static void *
copy_table(const void *at, uint32_t its_size, uint32_t count, size_t size, size_t least,
    const char *what, struct err *err)
{
	char *copy;

	if (count > ROWS_MAX || (count > 0 && at == NULL) || (count > 0 && its_size < least)) {
		err_set(err, ERR_CONFIG,
		    "its table of %ss is garbled: %u elements of %u bytes, expected at most %d of "
		    "at least %zu",
		    what, count, its_size, ROWS_MAX, least);
		return NULL;
	}
	copy = calloc(count + 1, size);
	if (copy == NULL)
		abort();
	for (uint32_t i = 0; i < count; i++)
		memcpy(copy + i * size, (const char *)at + (size_t)i * its_size,
		    its_size < size ? its_size : size);
	return copy;
}

static bool
is_name(const char *name)
{
	return name != NULL && conf_check_plugin_name(str_c(name));
}

/* Names of hooks, each once in its table. */
#define CHECK_NAMES(member, type, field, what)                                          \
	for (uint32_t i = 0; i < d->member.count; i++) {                                \
		if (!is_name(d->member.at[i].field))                                    \
			return err_set(err, ERR_CONFIG,                                 \
			    what " %u: expected a name of 1 to 40 letters a-z, digits " \
				 "and \"_\"",                                           \
			    i + 1);                                                     \
		for (uint32_t j = 0; j < i; j++) {                                      \
			if (strcmp(d->member.at[i].field, d->member.at[j].field) == 0)  \
				return err_set(err, ERR_CONFIG,                         \
				    what " %s stands there "                            \
					 "twice",                                       \
				    d->member.at[i].field);                             \
		}                                                                       \
	}

static int
check_names(const struct mt_definition *d, struct err *err)
{
	TABLES(CHECK_NAMES)
	return 0;
}

#define CHECK_RUN(member, function, what)                                                       \
	for (uint32_t i = 0; i < d->member.count; i++) {                                        \
		if (d->member.at[i].function == NULL)                                           \
			return err_set(                                                         \
			    err, ERR_CONFIG, what " %s has no function", d->member.at[i].name); \
	}

static int
check_functions(const struct mt_definition *d, struct err *err)
{
	CHECK_RUN(values, get, "value")
	CHECK_RUN(filters, run, "filter")
	CHECK_RUN(tags, run, "tag")
	CHECK_RUN(parts, run, "part")
	CHECK_RUN(headers, run, "header")
	CHECK_RUN(gates, run, "gate")
	CHECK_RUN(listeners, run, "listener")
	CHECK_RUN(tasks, run, "task")
	return 0;
}

static int
check_numbers(const struct mt_definition *d, struct err *err)
{
	for (uint32_t i = 0; i < d->filters.count; i++) {
		if (d->filters.at[i].most > 8 || d->filters.at[i].least > d->filters.at[i].most)
			return err_set(err, ERR_CONFIG, "filter %s: expected at most 8 arguments",
			    d->filters.at[i].name);
	}
	for (uint32_t i = 0; i < d->tags.count; i++) {
		if (d->tags.at[i].most > 8 || d->tags.at[i].least > d->tags.at[i].most)
			return err_set(err, ERR_CONFIG, "tag %s: expected at most 8 arguments",
			    d->tags.at[i].name);
	}
	for (uint32_t i = 0; i < d->tasks.count; i++) {
		if (d->tasks.at[i].every < 1000 || d->tasks.at[i].deadline < 0 ||
		    d->tasks.at[i].deadline > 3600000)
			return err_set(err, ERR_CONFIG,
			    "task %s: expected a pause of at least 1000 ms and a deadline of at "
			    "most an hour",
			    d->tasks.at[i].name);
	}
	if (d->threads > MT_THREADS_ANY)
		return err_set(err, ERR_CONFIG, "its thread mode %u is not known", d->threads);
	return 0;
}

/* What stands in the first members decides whether the others may be looked at. */
static int
check_version(const struct mt_definition *its, struct err *err)
{
	if (its == NULL || its->size < offsetof(struct mt_definition, threads) ||
	    its->magic != MT_MAGIC)
		return err_set(err, ERR_CONFIG,
		    "it is no plugin: what mt_plugin() gives is no struct mt_definition");
	if (its->abi_major != MT_ABI_MAJOR)
		return err_set(err, ERR_CONFIG,
		    "it was built for version %u.%u of the plugin interface, this mailtailor has "
		    "%d.%d: build it again with our plugin.h",
		    its->abi_major, its->abi_minor, MT_ABI_MAJOR, MT_ABI_MINOR);
	if (its->abi_minor > MT_ABI_MINOR)
		return err_set(err, ERR_CONFIG,
		    "it needs version %u.%u of the plugin interface, this mailtailor has %d.%d: a "
		    "newer mailtailor is needed, or an older plugin",
		    its->abi_major, its->abi_minor, MT_ABI_MAJOR, MT_ABI_MINOR);
	if (its->size < SIZE_1_0)
		return err_set(err, ERR_CONFIG,
		    "its struct mt_definition has %u bytes, version %u.%u has at least %zu",
		    its->size, its->abi_major, its->abi_minor, SIZE_1_0);
	return 0;
}

#define FREE(member, type, field, what)	  free((void *)(uintptr_t)d->member.at);
#define FORGET(member, type, field, what) d->member.at = NULL;
#define COPY(member, type, field, what)                                                     \
	if (rc == 0) {                                                                      \
		d->member.at = copy_table(its.member.at, its.member.size, its.member.count, \
		    sizeof(struct type), LEAST(type), what, err);                           \
		d->member.size = sizeof(struct type);                                       \
		rc = d->member.at == NULL ? -1 : 0;                                         \
	}

static void
free_tables(struct mt_definition *d)
{
	TABLES(FREE)
}

/* `d` is to be freed in any case. */
static int
copy_definition(
    struct mt_definition *d, const struct mt_definition *from, const char *name, struct err *err)
{
	struct mt_definition its = {.size = 0};
	size_t size = from->size < sizeof its ? from->size : sizeof its;
	int rc = 0;

	memcpy(&its, from, size);
	*d = its;
	TABLES(FORGET)
	TABLES(COPY)
	if (rc != 0)
		return -1;
	if (!is_name(d->name) || (name != NULL && strcmp(d->name, name) != 0))
		return err_set(err, ERR_CONFIG, "it is the plugin \"%.40s\", expected \"%s\"",
		    d->name == NULL ? "" : d->name,
		    name == NULL ? "a name of 1 to 40 letters a-z, digits and _" : name);
	if (d->version == NULL || d->summary == NULL)
		return err_set(err, ERR_CONFIG, "its version or summary is missing");
	if (check_names(d, err) != 0 || check_functions(d, err) != 0)
		return -1;
	return check_numbers(d, err);
}

static int
load(struct plugin_module *module, const char *path, const char *name, struct err *err)
{
	const struct mt_definition *its;
	entry function;
	void *symbol;

	module->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (module->handle == NULL)
		return err_set(err, ERR_CONFIG, "it can't be loaded: %s", dlerror());
	symbol = dlsym(module->handle, "mt_plugin");
	if (symbol == NULL)
		return err_set(err, ERR_CONFIG,
		    "it is no plugin: it has no function mt_plugin (was it left out by "
		    "-fvisibility=hidden? MT_EXPORT keeps it)");
	memcpy(&function, &symbol, sizeof function);
	its = function();
	if (check_version(its, err) != 0)
		return -1;
	return copy_definition(&module->definition, its, name, err);
}

int
plugin_module_open(
    struct plugin_module **module_r, const char *path, const char *name, struct err *err)
{
	struct plugin_module *module;

	if (plugin_path_check(path, err) != 0)
		return -1;
	module = calloc(1, sizeof *module);
	if (module == NULL)
		abort();
	if (load(module, path, name, err) != 0) {
		plugin_module_close(&module);
		return err_prefix(err, "%s", path);
	}
	*module_r = module;
	return 0;
}

int
plugin_module_extend(
    struct plugin_module *module, const struct mt_definition *said, struct err *err)
{
	struct mt_definition *d = &module->definition, wanted = *d, made;

	wanted.values = said->values;
	wanted.filters = said->filters;
	wanted.tags = said->tags;
	wanted.parts = said->parts;
	wanted.headers = said->headers;
	wanted.gates = said->gates;
	wanted.listeners = said->listeners;
	wanted.tasks = said->tasks;
	if (copy_definition(&made, &wanted, d->name, err) != 0) {
		free_tables(&made);
		return -1;
	}
	free_tables(d);
	*d = made;
	return 0;
}

void
plugin_module_close(struct plugin_module **m)
{
	struct plugin_module *module = *m;

	*m = NULL;
	if (module == NULL)
		return;
	free_tables(&module->definition);
	/* Not dlclose: its threads, or its destructors of threads, may still be there, and the
	 * process ends soon. */
	free(module);
}
