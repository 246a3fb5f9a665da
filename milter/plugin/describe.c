/* SPDX-License-Identifier: BSD-2-Clause
 *
 * describe: see describe.h; param.c has the rows
 */
#include "plugin/describe.h"

#include "plugin/board.h"

static const char *
text_of(const char *text)
{
	return text == NULL ? "" : text;
}

static struct plugin_hook
of_filter(const struct mt_filter *f)
{
	return (struct plugin_hook){.kind = BOARD_FILTER,
	    .name = f->name,
	    .document = text_of(f->document),
	    .takes = true,
	    .named = (f->flags & MT_FILTER_NAMED) != 0,
	    .least = f->least,
	    .most = f->most};
}

static struct plugin_hook
of_tag(const struct mt_tag *t)
{
	return (struct plugin_hook){.kind = BOARD_TAG,
	    .name = t->name,
	    .document = text_of(t->document),
	    .takes = true,
	    .named = (t->flags & MT_TAG_NAMED) != 0,
	    .body = (t->flags & MT_TAG_BLOCK) != 0,
	    .least = t->least,
	    .most = t->most};
}

static struct plugin_hook
of_task(const struct mt_task *t)
{
	return (struct plugin_hook){.kind = BOARD_TASK,
	    .name = t->name,
	    .document = text_of(t->document),
	    .every_ms = (uint64_t)t->every};
}

#define AT(table, kind_)                                           \
	if (i < d->table.count) {                                  \
		*hook_r = (struct plugin_hook){.kind = (kind_),    \
		    .name = d->table.at[i].name,                   \
		    .document = text_of(d->table.at[i].document)}; \
		return true;                                       \
	}                                                          \
	i -= d->table.count;

#define MADE(table, make)                        \
	if (i < d->table.count) {                \
		*hook_r = make(&d->table.at[i]); \
		return true;                     \
	}                                        \
	i -= d->table.count;

bool
plugin_hook_at(const struct mt_definition *d, size_t i, struct plugin_hook *hook_r)
{
	AT(gates, BOARD_GATE)
	AT(values, BOARD_VALUE)
	MADE(filters, of_filter)
	MADE(tags, of_tag)
	AT(parts, BOARD_PART)
	AT(headers, BOARD_HEADER)
	AT(listeners, BOARD_LISTENER)
	MADE(tasks, of_task)
	return false;
}

const char *
plugin_type_name(uint32_t type)
{
	static const char *const names[] = {[MT_TEXT] = "text",
	    [MT_BOOL] = "bool",
	    [MT_INT] = "int",
	    [MT_TIME] = "time",
	    [MT_SIZE] = "size",
	    [MT_ENUM] = "enum",
	    [MT_PATH] = "path",
	    [MT_LIST] = "list"};

	return type < MT_TEXT || type > MT_LIST ? "unknown" : names[type];
}
