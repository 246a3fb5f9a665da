/* SPDX-License-Identifier: BSD-2-Clause
 *
 * options: see options.h
 */
#include "conf/options.h"

#include "conf/row.h"

#include <stdio.h>
#include <stdlib.h>

/* Not a name that can be written without quotes. */
#define OPENED "section opened"

/* What one call of options_make is given. */
struct made {
	const struct options_hooks *hooks;
	const struct options_unknown *unknown;
	size_t count;
};

/* The default of a list in libConfuse's own form, so that += adds to it. */
static char *
list_initial(const struct conf_row *row)
{
	struct str rest = str_c(row->initial), word;
	const char *comma = "";
	char *text = NULL;
	size_t size;
	FILE *out;

	if (row->type != CONF_TYPE_LIST || row->initial[0] == '\0')
		return NULL;
	out = open_memstream(&text, &size);
	if (out == NULL)
		abort();
	fputc('{', out);
	for (; str_split(&rest, ' ', &word); comma = ", ")
		fprintf(out, "%s\"%.*s\"", comma, STR_F(word));
	fputc('}', out);
	fclose(out);
	return text;
}

struct level {
	cfg_opt_t at[256]; /* ends where the name is NULL */
	size_t count;
};

static cfg_opt_t *
level_add(struct level *level, cfg_opt_t option)
{
	for (size_t i = 0; i < level->count; i++) {
		if (strcmp(level->at[i].name, option.name) == 0)
			return NULL;
	}
	if (level->count + 1 == sizeof level->at / sizeof level->at[0])
		abort();
	level->at[level->count] = option;
	return &level->at[level->count++];
}

static void
level_add_rows(struct level *level, struct conf_rows rows, cfg_callback_t callback)
{
	for (size_t i = 0; i < rows.count; i++) {
		cfg_opt_t option = {.name = rows.at[i].name, .type = CFGT_STR, .parsecb = callback};
		char *initial = list_initial(&rows.at[i]);

		option.flags = rows.at[i].type == CONF_TYPE_LIST ? CFGF_LIST : CFGF_NODEFAULT;
		option.def.parsed = initial;
		if (level_add(level, option) == NULL)
			free(initial);
	}
}

static void
level_add_opened(struct level *level, cfg_callback_t callback)
{
	level_add(level,
	    (cfg_opt_t){.name = OPENED,
		.type = CFGT_STR,
		.flags = CFGF_LIST,
		.parsecb = callback,
		.def.parsed = strdup("{here}")});
}

/* In a plugin's section each name that nobody knows is the plugin's. */
static void
level_add_settings(struct level *level, const struct made *made)
{
	for (size_t i = 0; i < made->count; i++) {
		cfg_opt_t option = {.name = made->unknown[i].name,
		    .type = CFGT_STR,
		    .flags = CFGF_LIST,
		    .parsecb = made->hooks->setting};

		if (made->unknown[i].kind == OPTIONS_VALUE)
			level_add(level, option);
	}
}

/* What every level has, at last: known names stay what they are. `ignored` is the
 * level inside of an unknown section. */
static void
level_add_common(struct level *level, struct level *ignored, const struct made *made)
{
	level_add(
	    level, (cfg_opt_t){.name = "include", .type = CFGT_FUNC, .func = made->hooks->include});
	for (size_t i = 0; i < made->count; i++) {
		cfg_opt_t option = {.name = made->unknown[i].name};

		if (made->unknown[i].kind == OPTIONS_VALUE) {
			option.type = CFGT_STR;
			option.flags = CFGF_LIST;
			option.parsecb = ignored == NULL ? made->hooks->ignored_value
							 : made->hooks->unknown_value;
		} else if (ignored != NULL) {
			option.type = CFGT_SEC;
			option.flags = CFGF_MULTI;
			if (made->unknown[i].kind == OPTIONS_TITLED)
				option.flags |= CFGF_TITLE;
			option.subopts = ignored->at;
		} else {
			continue;
		}
		level_add(level, option);
	}
}

static void
level_fini(struct level *level)
{
	for (size_t i = 0; i < level->count; i++)
		free(level->at[i].def.parsed);
}

cfg_t *
options_make(const struct options_hooks *hooks, const struct options_unknown *unknown, size_t count)
{
	const struct {
		const char *name;
		struct conf_rows rows;
		bool settings; /* beside them it may have others */
	} sections[] = {
	    {"campaign", conf_rows_campaign(), false},
	    {"plugin", conf_rows_plugin(), true},
	    {"form", conf_rows_form(), false},
	    {"webhook", conf_rows_webhook(), false},
	    {"dkim", conf_rows_dkim(), false},
	};
	enum { SECTIONS = sizeof sections / sizeof sections[0] };
	const struct made *made = &(struct made){hooks, unknown, count};
	struct level root = {.count = 0}, ignored = root, levels[SECTIONS];
	cfg_t *cfg;

	for (size_t i = 0; i < SECTIONS; i++)
		level_add_rows(&ignored, sections[i].rows, made->hooks->ignored_value);
	level_add_opened(&ignored, made->hooks->unknown_opened);
	level_add_common(&ignored, NULL, made);
	level_add_rows(&root, conf_rows_global(), made->hooks->value);
	for (size_t i = 0; i < SECTIONS; i++) {
		levels[i] = (struct level){.count = 0};
		level_add_rows(&levels[i], sections[i].rows, made->hooks->value);
		level_add_opened(&levels[i], made->hooks->opened);
		if (sections[i].settings)
			level_add_settings(&levels[i], made);
		level_add_common(&levels[i], &ignored, made);
		level_add(&root,
		    (cfg_opt_t){.type = CFGT_SEC,
			.flags = CFGF_MULTI | CFGF_TITLE,
			.name = sections[i].name,
			.subopts = levels[i].at});
	}
	level_add_common(&root, &ignored, made);

	cfg = cfg_init(root.at, CFGF_NONE);
	if (cfg == NULL)
		abort();
	cfg_set_error_function(cfg, made->hooks->error);
	level_fini(&root);
	for (size_t i = 0; i < SECTIONS; i++)
		level_fini(&levels[i]);
	level_fini(&ignored);
	return cfg;
}
