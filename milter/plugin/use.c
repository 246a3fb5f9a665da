/* SPDX-License-Identifier: BSD-2-Clause
 *
 * use: what one campaign uses of plugins, in its order
 *
 * Threads: made by one; constant then.
 * Fails:   ERR_CONFIG: a name is taken.
 */
#include "plugin/internal.h"

#include <stdlib.h>

/* What names mean without plugins. */
static const char *const taken[] = {
    "contact", "campaign", "event", "data", "links", "self", "forloop", "tablerowloop"};

static void *
need(size_t count, size_t size)
{
	void *memory = calloc(count + 1, size);

	if (memory == NULL)
		abort();
	return memory;
}

bool
plugin_name_is_taken(const char *name)
{
	for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++) {
		if (strcmp(name, taken[i]) == 0)
			return true;
	}
	return false;
}

static int
check_namespace(const struct plugin_use *use, const char *name, struct err *err)
{
	if (plugin_name_is_taken(name))
		return err_set(err, ERR_CONFIG, "value %s: the name is mailtailor's own", name);
	for (size_t i = 0; i < use->namespace_count; i++) {
		const struct plugin_namespace *other = &use->namespaces[i];

		if (strcmp(name, other->row->name) == 0)
			return err_set(err, ERR_CONFIG,
			    "value %s: the plugin %s has one of that name already", name,
			    use->members[other->member].plugin->name);
	}
	return 0;
}

static int
add_namespaces(struct plugin_use *use, size_t member, struct err *err)
{
	const struct mt_definition *d = &use->members[member].plugin->module->definition;

	for (uint32_t i = 0; i < d->values.count; i++) {
		if (check_namespace(use, d->values.at[i].name, err) != 0)
			return -1;
		use->namespaces[use->namespace_count++] =
		    (struct plugin_namespace){member, &d->values.at[i]};
	}
	return 0;
}

static struct filter
row_of(const char *name, uint32_t least, uint32_t most, bool named, bool covers)
{
	return (struct filter){.name = name,
	    .run = plugin_word_run,
	    .args_min = (unsigned char)least,
	    .args_max = (unsigned char)most,
	    .markup = FILTER_OWN,
	    .named = named,
	    .covers = covers};
}

static void
add_words(struct plugin_use *use, size_t member)
{
	const struct mt_definition *d = &use->members[member].plugin->module->definition;

	for (uint32_t i = 0; i < d->filters.count; i++) {
		const struct mt_filter *f = &d->filters.at[i];
		struct plugin_word *word = &use->words[use->word_count++];

		*word =
		    (struct plugin_word){use, member, BOARD_FILTER, f->name, f->run, f->closure};
		use->filters[use->extensions.filters++] = (struct liquid_filter){
		    row_of(f->name, f->least, f->most, (f->flags & MT_FILTER_NAMED) != 0,
			(f->flags & MT_FILTER_COVERS) != 0),
		    word};
	}
	for (uint32_t i = 0; i < d->tags.count; i++) {
		const struct mt_tag *t = &d->tags.at[i];
		struct plugin_word *word = &use->words[use->word_count++];

		*word = (struct plugin_word){use, member, BOARD_TAG, t->name, t->run, t->closure};
		use->tags[use->extensions.tags++] = (struct liquid_tag){
		    row_of(t->name, t->least, t->most, (t->flags & MT_TAG_NAMED) != 0, false), word,
		    (t->flags & MT_TAG_BLOCK) != 0};
	}
}

static struct plugin *
plugin_of(const struct plugin_set *set, struct str name)
{
	for (size_t i = 0; i < set->count; i++) {
		if (str_is(name, set->plugins[i].name))
			return &set->plugins[i];
	}
	return NULL;
}

int
plugin_use_new(struct plugin_use **use_r, const struct plugin_set *set,
    const struct conf_campaign *campaign, struct err *err)
{
	struct plugin_use *use = need(1, sizeof *use);
	size_t values = 0, filters = 0, tags = 0;

	*use_r = use;
	use->members = need(campaign->plugins.count, sizeof *use->members);
	for (size_t i = 0; i < campaign->plugins.count; i++) {
		struct plugin_member *member = &use->members[use->count++];
		const struct mt_definition *d;
		struct str name;
		int on_error;

		conf_plugin_use(campaign->plugins.at[i], &name, -1, &on_error);
		member->plugin = plugin_of(set, name);
		member->on_error = on_error < 0 ? member->plugin->section->on_error : on_error;
		d = &member->plugin->module->definition;
		values += d->values.count;
		filters += d->filters.count;
		tags += d->tags.count;
	}
	use->namespaces = need(values, sizeof *use->namespaces);
	use->words = need(filters + tags, sizeof *use->words);
	use->filters = need(filters, sizeof *use->filters);
	use->tags = need(tags, sizeof *use->tags);
	use->extensions.filter = use->filters;
	use->extensions.tag = use->tags;
	for (size_t i = 0; i < use->count; i++) {
		if (add_namespaces(use, i, err) != 0)
			return -1;
		add_words(use, i);
	}
	return liquid_extensions_check(&use->extensions, err);
}

void
plugin_use_free(struct plugin_use **u)
{
	struct plugin_use *use = *u;

	*u = NULL;
	if (use == NULL)
		return;
	free(use->members);
	free(use->namespaces);
	free(use->words);
	free(use->filters);
	free(use->tags);
	free(use);
}

const struct liquid_extensions *
plugin_use_extensions(const struct plugin_use *use)
{
	return use == NULL ? NULL : &use->extensions;
}

int
plugin_use_check(const struct plugin_use *use, struct err *err)
{
	for (size_t i = 0; use != NULL && i < use->count; i++) {
		const struct plugin *plugin = use->members[i].plugin;

		if (plugin->module->lacking != NULL)
			return err_set(err, ERR_PLUGIN, "plugin %s: %s", plugin->name,
			    plugin->module->lacking);
	}
	return 0;
}

bool
plugin_use_rewrites(const struct plugin_use *use, bool html)
{
	for (size_t i = 0; use != NULL && i < use->count; i++) {
		const struct mt_definition *d = &use->members[i].plugin->module->definition;

		for (uint32_t k = 0; k < d->parts.count; k++) {
			if ((d->parts.at[k].kinds & (html ? MT_PART_HTML : MT_PART_TEXT)) != 0)
				return true;
		}
	}
	return false;
}

const char *
plugin_use_namespace(const struct plugin_use *use, size_t i)
{
	return use == NULL || i >= use->namespace_count ? NULL : use->namespaces[i].row->name;
}
