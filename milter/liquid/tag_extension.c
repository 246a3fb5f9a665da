/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tag_extension: tags that others add
 *
 * Threads: one at a time.
 */
#include "liquid/compile.h"

static int
close_extension(struct compiler *compiler, struct block *block)
{
	compiler->captures--;
	compile_emit(compiler, OP_EXTENSION, block->item, block->item2);
	return 0;
}

int
tag_extension(struct compiler *compiler, const struct tag *tag)
{
	struct block *block = compile_top(compiler);
	uint32_t use;

	if (parse_tag_use(compiler, tag->extension, &use) < 0)
		return -1;
	if (tag->end == NULL) {
		compile_emit(compiler, OP_EXTENSION, use, PROGRAM_NONE);
		return 0;
	}
	block->item = use;
	block->item2 = tag_take_capture(compiler);
	compile_emit(compiler, OP_CAPTURE, block->item2, 0);
	return 0;
}

struct tag *
tag_extension_rows(const struct liquid_extensions *extensions, GStringChunk *names)
{
	size_t count = extensions == NULL ? 0 : extensions->tags;
	struct tag *rows = g_new0(struct tag, count + 1);

	for (size_t i = 0; i < count; i++) {
		const struct liquid_tag *tag = &extensions->tag[i];

		rows[i].name = tag->row.name;
		rows[i].extension = tag;
		rows[i].leave = OP_EXTENSION;
		rows[i].close = close_extension;
		if (tag->block) {
			char *end = g_strconcat("end", tag->row.name, NULL);

			rows[i].end = g_string_chunk_insert(names, end);
			g_free(end);
		}
	}
	return rows;
}

static bool
is_word(const char *name)
{
	const char *p = name;

	while (*p == '_' || (*p >= 'a' && *p <= 'z') || (p > name && *p >= '0' && *p <= '9'))
		p++;
	return p > name && *p == '\0';
}

static int
check_name(const char *kind, const char *name, bool taken, struct err *err)
{
	if (!is_word(name))
		return err_set(err, ERR_CONFIG,
		    "%s '%s': expected a name of lower case letters, digits and '_'", kind, name);
	if (taken)
		return err_set(
		    err, ERR_CONFIG, "%s '%s': there is one of that name already", kind, name);
	return 0;
}

int
liquid_extensions_check(const struct liquid_extensions *extensions, struct err *err)
{
	for (size_t i = 0; i < extensions->filters; i++) {
		const char *name = extensions->filter[i].row.name;
		const struct liquid_extensions before = {
		    .filter = extensions->filter, .filters = i};
		void *closure;
		bool taken = filter_find(&before, str_c(name), &closure) != NULL;

		if (check_name("filter", name, taken, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < extensions->tags; i++) {
		const char *name = extensions->tag[i].row.name;
		bool taken = tag_is_known(str_c(name));

		for (size_t k = 0; k < i; k++)
			taken |= strcmp(extensions->tag[k].row.name, name) == 0;
		if (check_name("tag", name, taken, err) < 0)
			return -1;
	}
	return 0;
}
