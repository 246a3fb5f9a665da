/* SPDX-License-Identifier: BSD-2-Clause
 *
 * plugin_describe: mailtailor plugin describe: what a plugin says of itself
 *
 * From mt_plugin() alone: nothing is started, and no database is needed.
 *
 * Threads: one.
 */
#include "ctl/plugin.h"

#include "conf/document.h"
#include "plugin/board.h"
#include "plugin/describe.h"

#include <stdlib.h>
#include <sysexits.h>

char *
ctl_plugin_file(struct ctl *ctl, const char *name)
{
	const struct conf *conf;
	const struct conf_plugin *section;
	char *path;
	int rc;

	if (strchr(name, '/') != NULL || str_ends_nocase(str_c(name), STR(".so"))) {
		path = strdup(name);
		if (path == NULL)
			abort();
		return path;
	}
	conf = ctl_configuration(ctl);
	if (conf == NULL)
		return NULL;
	section = conf_plugin_find(conf, str_c(name));
	if (section != NULL && section->file[0] != '\0')
		rc = asprintf(&path, "%s", section->file);
	else
		rc = asprintf(&path, "%s/%s.so", conf->plugin_path, name);
	if (rc < 0)
		abort();
	return path;
}

/* --- for people --- */

static void
put_indented(const char *text)
{
	if (text[0] == '\0')
		return;
	fputs("        ", stdout);
	ctl_put(stdout, str_c(text));
	putchar('\n');
}

static void
put_arguments(const struct plugin_hook *hook)
{
	if (hook->least == hook->most)
		printf(" (%u argument%s", hook->least, hook->least == 1 ? "" : "s");
	else
		printf(" (%u to %u arguments", hook->least, hook->most);
	printf("%s%s)", hook->named ? ", and named ones" : "", hook->body ? ", with a body" : "");
}

static void
put_hook(const struct plugin_hook *hook)
{
	printf("    %s %s", board_kind_name(hook->kind), hook->name);
	if (hook->takes)
		put_arguments(hook);
	if (hook->every_ms > 0)
		printf(" (every %llu ms)", (unsigned long long)hook->every_ms);
	putchar('\n');
	put_indented(hook->document);
}

static void
put_parameter(const struct mt_parameter *parameter, const struct conf_row *row)
{
	char *rule = document_rule(row);

	printf("    %s = %s\n", row->name, plugin_type_name(parameter->type));
	put_indented(row->document);
	put_indented(rule);
	if (!row->required) {
		fputs("        Default: ", stdout);
		document_value(stdout, row, row->initial);
		putchar('\n');
	}
	free(rule);
}

static void
put_head(const struct mt_definition *d, const char *path)
{
	ctl_put(stdout, str_c(d->name));
	putchar(' ');
	ctl_put(stdout, str_c(d->version));
	fputs(": ", stdout);
	ctl_put(stdout, str_c(d->summary));
	printf("\n    %s\n    interface %u.%u (this mailtailor has %d.%d), %s\n", path,
	    d->abi_major, d->abi_minor, MT_ABI_MAJOR, MT_ABI_MINOR,
	    d->threads == MT_THREADS_ANY ? "any number of threads" : "one thread at a time");
}

static int
put_text(const struct mt_definition *d, const char *path, struct err *err)
{
	struct plugin_hook hook;

	put_head(d, path);
	puts("\nHooks");
	for (size_t i = 0; plugin_hook_at(d, i, &hook); i++)
		put_hook(&hook);
	if (d->parameters.count > 0)
		puts("\nParameters");
	for (uint32_t i = 0; i < d->parameters.count; i++) {
		struct conf_row row;

		if (plugin_parameter_row(&d->parameters.at[i], &row, err) != 0)
			return err_prefix(err, "%s: parameter %s", path, d->parameters.at[i].name);
		put_parameter(&d->parameters.at[i], &row);
	}
	return 0;
}

/* --- for manual pages --- */

/* What stands in the page's section PARAMETERS. */
static int
put_mdoc(const struct mt_definition *d, const char *path, struct err *err)
{
	struct conf_row *rows = calloc(d->parameters.count + 1, sizeof *rows);
	int rc = 0;

	if (rows == NULL)
		abort();
	for (uint32_t i = 0; i < d->parameters.count && rc == 0; i++) {
		rc = plugin_parameter_row(&d->parameters.at[i], &rows[i], err);
		if (rc != 0)
			err_prefix(err, "%s: parameter %s", path, d->parameters.at[i].name);
	}
	if (rc == 0 && d->parameters.count == 0)
		puts("The plugin has no parameters of its own.");
	else if (rc == 0)
		document_rows(stdout, (struct conf_rows){rows, d->parameters.count});
	free(rows);
	return rc;
}

/* --- for programs --- */

static json_t *
json_text(const char *text)
{
	return ctl_json_str(str_c(text));
}

static json_t *
hooks_of(const struct mt_definition *d)
{
	json_t *hooks = json_array();
	struct plugin_hook hook;

	for (size_t i = 0; plugin_hook_at(d, i, &hook); i++) {
		json_t *one = json_pack("{s:s, s:s, s:o}", "kind", board_kind_name(hook.kind),
		    "name", hook.name, "text", json_text(hook.document));

		if (hook.takes)
			json_object_update_new(one,
			    json_pack("{s:i, s:i, s:b, s:b}", "least", (int)hook.least, "most",
				(int)hook.most, "named", hook.named, "body", hook.body));
		if (hook.every_ms > 0)
			json_object_set_new(
			    one, "every_ms", json_integer((json_int_t)hook.every_ms));
		json_array_append_new(hooks, one);
	}
	return hooks;
}

static int
parameters_of(const struct mt_definition *d, json_t *list, struct err *err)
{
	for (uint32_t i = 0; i < d->parameters.count; i++) {
		const struct mt_parameter *parameter = &d->parameters.at[i];
		struct conf_row row;

		if (plugin_parameter_row(parameter, &row, err) != 0)
			return err_prefix(err, "parameter %s", parameter->name);
		json_array_append_new(list,
		    json_pack("{s:s, s:s, s:b, s:o, s:o, s:o}", "name", row.name, "type",
			plugin_type_name(parameter->type), "required", row.required, "default",
			json_text(row.initial), "rule", json_text(row.rule), "text",
			json_text(row.document)));
	}
	return 0;
}

static int
put_json(const struct mt_definition *d, const char *path, struct err *err)
{
	json_t *list = json_array();

	if (parameters_of(d, list, err) != 0) {
		json_decref(list);
		return err_prefix(err, "%s", path);
	}
	ctl_put_json(json_pack("{s:s, s:o, s:o, s:o, s:[i, i], s:s, s:o, s:o}", "name", d->name,
	    "version", json_text(d->version), "summary", json_text(d->summary), "file",
	    json_text(path), "abi", (int)d->abi_major, (int)d->abi_minor, "threads",
	    d->threads == MT_THREADS_ANY ? "any" : "one", "hooks", hooks_of(d), "parameters",
	    list));
	return 0;
}

int
ctl_plugin_describe(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {
	    {"json", no_argument, NULL, 'j'},
	    {"mdoc", no_argument, NULL, 'm'},
	    {NULL, 0, NULL, 0},
	};
	int (*put)(const struct mt_definition *, const char *, struct err *) = put_text;
	struct plugin_module *module;
	struct err err = ERR_INIT;
	char *path;
	int option, status = EX_OK;

	while ((option = ctl_option(argc, argv, options)) != -1) {
		if (option != 'j' && option != 'm')
			return ctl_usage("plugin");
		put = option == 'j' ? put_json : put_mdoc;
	}
	if (optind + 1 != argc)
		return ctl_usage("plugin");
	path = ctl_plugin_file(ctl, argv[optind]);
	if (path == NULL)
		return EX_CONFIG;
	if (plugin_module_open(&module, path, NULL, &err) != 0) {
		status = ctl_fail(&err);
	} else {
		if (put(&module->definition, path, &err) != 0)
			status = ctl_fail(&err);
		plugin_module_close(&module);
	}
	free(path);
	return status;
}
