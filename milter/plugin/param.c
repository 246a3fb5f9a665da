/* SPDX-License-Identifier: BSD-2-Clause
 *
 * param: see param.h
 *
 * A row of the plugin's table becomes a struct conf_row. What conf/ takes for a bug in its own
 * table (a rule that can't be read) may well be in a plugin's, so rows are checked first.
 */
#include "plugin/param.h"

#include "plugin/describe.h"

#include <stdlib.h>
#include <string.h>

#define ARENA_MAX ((size_t)4 << 20)

static const enum conf_type types[] = {
    [MT_TEXT] = CONF_TYPE_TEXT,
    [MT_BOOL] = CONF_TYPE_BOOL,
    [MT_INT] = CONF_TYPE_INT,
    [MT_TIME] = CONF_TYPE_TIME,
    [MT_SIZE] = CONF_TYPE_SIZE,
    [MT_ENUM] = CONF_TYPE_ENUM,
    [MT_PATH] = CONF_TYPE_TEXT,
    [MT_LIST] = CONF_TYPE_LIST,
};

struct work {
	struct plugin_params *params;
	const struct conf_plugin *section;
	const struct mt_definition *definition;
	void (*each)(const char *text, void *closure);
	void *closure;
	struct err *err;
	size_t problems;
};

static void
complain(struct work *work, struct err *problem)
{
	if (work->each != NULL)
		work->each(problem->text, work->closure);
	if (work->problems++ == 0)
		*work->err = *problem;
}

/* --- the plugin's table --- */

static bool
reads(uint32_t type, struct str text, int64_t *number_r)
{
	unsigned long long number = 0;
	bool good;

	if (type == MT_TIME)
		return conf_value_time(text, number_r) == 0;
	if (type == MT_SIZE)
		return conf_value_size(text, number_r) == 0;
	good = str_to_u64(text, 10000000000ULL, &number);
	*number_r = (int64_t)number;
	return good;
}

static bool
range_is_good(uint32_t type, const char *rule)
{
	const char *dots = strstr(rule, "..");
	int64_t low, high;

	return dots != NULL && reads(type, (struct str){rule, (size_t)(dots - rule)}, &low) &&
	    reads(type, str_c(dots + 2), &high) && low <= high;
}

static bool
check_is_known(const char *rule)
{
	static const char *const names[] = {
	    "", "address", "domain", "header", "hostport", "network", "path"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (strcmp(rule, names[i]) == 0)
			return true;
	}
	return false;
}

static bool
name_is_free(const char *name)
{
	return conf_row_find(conf_rows_plugin(), name) == NULL &&
	    strncmp(name, "plugin_", 7) != 0 && strcmp(name, "include") != 0;
}

int
plugin_parameter_row(const struct mt_parameter *parameter, struct conf_row *row_r, struct err *err)
{
	const char *rule = parameter->rule == NULL ? "" : parameter->rule;
	uint32_t type = parameter->type;
	bool good = true;

	if (type < MT_TEXT || type > MT_LIST)
		return err_set(err, ERR_CONFIG, "its type %u is not known", type);
	if (!name_is_free(parameter->name))
		return err_set(err, ERR_CONFIG, "the name is mailtailor's own");
	if (type == MT_INT || type == MT_TIME || type == MT_SIZE)
		good = range_is_good(type, rule);
	else if (type == MT_ENUM)
		good = rule[0] != '\0';
	else if (type == MT_TEXT || type == MT_LIST)
		good = check_is_known(rule);
	if (!good)
		return err_set(err, ERR_CONFIG, "its rule \"%.100s\" can't be read", rule);
	*row_r = (struct conf_row){.type = types[type],
	    .name = parameter->name,
	    .initial = parameter->initial == NULL ? "" : parameter->initial,
	    .rule = type == MT_PATH ? "path"
		: type == MT_BOOL   ? ""
				    : rule,
	    .required = (parameter->flags & MT_REQUIRED) != 0,
	    .document = parameter->document == NULL ? "" : parameter->document};
	return 0;
}

/* --- values --- */

static const struct conf_setting *
setting_of(const struct conf_plugin *section, const char *name)
{
	for (size_t i = 0; i < section->setting_count; i++) {
		if (strcmp(section->settings[i].name, name) == 0)
			return &section->settings[i];
	}
	return NULL;
}

static int
parse_list(struct work *work, const struct conf_row *row, struct plugin_param *param,
    const char *const *texts, size_t count, const char *folder, struct err *err)
{
	struct arena *arena = work->params->arena;
	struct conf_value value;

	param->list.at = arena_zalloc(arena, count + 1, sizeof *param->list.at);
	if (param->list.at == NULL)
		return err_set(err, ERR_CONFIG, "%s: the list is too long", row->name);
	for (size_t i = 0; i < count; i++) {
		if (conf_value_parse(row, texts[i], folder, arena, &value, err) != 0)
			return -1;
		param->list.at[param->list.count++] = value.text;
	}
	return 0;
}

/* The words of a default. */
static int
parse_initial_list(
    struct work *work, const struct conf_row *row, struct plugin_param *param, struct err *err)
{
	struct str rest = str_c(row->initial), word;
	const char *words[100];
	size_t count = 0;

	while (rest.n > 0 && count < 100 && str_split(&rest, ' ', &word))
		words[count++] = arena_str(work->params->arena, word).p;
	return parse_list(work, row, param, words, count, "/", err);
}

static int
parse_initial(
    struct work *work, const struct conf_row *row, struct plugin_param *param, struct err *err)
{
	if (row->type == CONF_TYPE_LIST)
		return parse_initial_list(work, row, param, err);
	return conf_value_parse(row, row->initial, "/", work->params->arena, &param->value, err);
}

static int
parse_setting(struct work *work, const struct conf_row *row, const struct conf_setting *setting,
    struct plugin_param *param, struct err *err)
{
	if (row->type == CONF_TYPE_LIST)
		return parse_list(work, row, param, setting->values.at, setting->values.count,
		    setting->folder, err);
	if (setting->values.count != 1)
		return err_set(err, ERR_CONFIG, "%s: expected one value, got %zu", row->name,
		    setting->values.count);
	return conf_value_parse(
	    row, setting->values.at[0], setting->folder, work->params->arena, &param->value, err);
}

static void
add(struct work *work, const struct mt_parameter *parameter)
{
	struct plugin_param *param = &work->params->at[work->params->count++];
	const struct conf_setting *setting = setting_of(work->section, parameter->name);
	struct conf_row row;
	struct err err = ERR_INIT;

	param->name = parameter->name;
	param->type = parameter->type;
	if (plugin_parameter_row(parameter, &row, &err) != 0) {
		err_prefix(&err, "plugin %s: parameter %s", work->section->name, parameter->name);
	} else if (setting != NULL) {
		if (parse_setting(work, &row, setting, param, &err) != 0)
			err_prefix(&err, "%s", setting->place);
	} else if (row.required) {
		err_set(&err, ERR_CONFIG, "%s: plugin \"%s\": the parameter %s is missing",
		    work->section->place, work->section->name, row.name);
	} else if (parse_initial(work, &row, param, &err) != 0) {
		err_prefix(&err, "plugin %s: default of its parameter", work->section->name);
	}
	if (err.code != ERR_NONE)
		complain(work, &err);
}

/* The declared name that differs least; NULL if all differ too much. */
static const char *
guess(const struct mt_definition *definition, const char *name)
{
	size_t best = 3;
	const char *found = NULL;

	for (uint32_t i = 0; i < definition->parameters.count; i++) {
		const char *declared = definition->parameters.at[i].name;
		size_t distance = conf_name_distance(name, declared);

		if (distance < best && distance * 2 < strlen(declared)) {
			best = distance;
			found = declared;
		}
	}
	return found;
}

static void
check_names(struct work *work)
{
	for (size_t i = 0; i < work->section->setting_count; i++) {
		const struct conf_setting *setting = &work->section->settings[i];
		const char *near = guess(work->definition, setting->name);
		struct err err = ERR_INIT;

		if (plugin_param_find(work->params, setting->name) != NULL)
			continue;
		err_set(&err, ERR_CONFIG, "%s: plugin \"%s\" has no parameter \"%.100s\"%s%s%s",
		    setting->place, work->section->name, setting->name,
		    near == NULL ? "" : " (did you mean \"", near == NULL ? "" : near,
		    near == NULL ? "" : "\"?)");
		complain(work, &err);
	}
}

int
plugin_params_new(struct plugin_params *params_r, const struct conf_plugin *section,
    const struct mt_definition *definition, void (*each)(const char *text, void *closure),
    void *closure, struct err *err)
{
	struct work work = {params_r, section, definition, each, closure, err, 0};
	size_t count = definition->parameters.count;

	*params_r = (struct plugin_params){.arena = arena_new(ARENA_MAX)};
	params_r->at = arena_zalloc(params_r->arena, count + 1, sizeof *params_r->at);
	if (params_r->at == NULL)
		abort();
	for (size_t i = 0; i < count; i++)
		add(&work, &definition->parameters.at[i]);
	check_names(&work);
	if (work.problems > 0)
		plugin_params_fini(params_r);
	return work.problems == 0 ? 0 : -1;
}

void
plugin_params_fini(struct plugin_params *params)
{
	arena_free(&params->arena);
	*params = (struct plugin_params){.arena = NULL};
}

const struct plugin_param *
plugin_param_find(const struct plugin_params *params, const char *name)
{
	for (size_t i = 0; i < params->count; i++) {
		if (strcmp(params->at[i].name, name) == 0)
			return &params->at[i];
	}
	return NULL;
}
