/* SPDX-License-Identifier: BSD-2-Clause
 *
 * outlets: which are nearest; outlets_load.c reads the file
 *
 * Threads: any.
 */
#include "outlets_impl.h"

#include <string.h>
#include <strings.h>

size_t
outlets_count(const struct outlets *outlets)
{
	return outlets->at->len;
}

const struct outlet *
outlets_at(const struct outlets *outlets, size_t i)
{
	return &g_array_index(outlets->at, struct outlet, i);
}

const struct places *
outlets_places(const struct outlets *outlets)
{
	return outlets->own;
}

size_t
outlets_columns(const struct outlets *outlets)
{
	return outlets->columns;
}

const char *
outlets_column(const struct outlets *outlets, size_t column)
{
	return outlets->names[column];
}

void
outlets_free(struct outlets **o)
{
	struct outlets *outlets = *o;

	*o = NULL;
	if (outlets == NULL)
		return;
	for (size_t i = 0; i < outlets->at->len; i++)
		hours_fini(&g_array_index(outlets->at, struct outlet, i).hours);
	g_array_free(outlets->at, TRUE);
	g_free(outlets->tree);
	g_string_chunk_free(outlets->text);
	g_ptr_array_free(outlets->rows, TRUE);
	places_free(&outlets->own);
	g_free(outlets);
}

/* --- only some --- */

static size_t
trim(const char **text, size_t n)
{
	while (n > 0 && g_ascii_isspace(**text)) {
		(*text)++;
		n--;
	}
	while (n > 0 && g_ascii_isspace((*text)[n - 1]))
		n--;
	return n;
}

int
outlets_only_read(
    const struct outlets *outlets, const char *text, size_t n, struct outlets_only *only_r)
{
	const char *sign;

	*only_r = (struct outlets_only){.value = NULL};
	n = trim(&text, n);
	if (n > 4 && strncasecmp(text, "not ", 4) == 0) {
		only_r->not = true;
		text += 4;
		n = trim(&text, n - 4);
	}
	sign = n == 0 ? NULL : memchr(text, '=', n);
	if (sign != NULL) {
		only_r->value = sign + 1;
		only_r->value_n = trim(&only_r->value, (size_t)(text + n - sign - 1));
		n = trim(&text, (size_t)(sign - text));
	}
	for (size_t i = 0; i < outlets->columns && n > 0; i++) {
		if (strlen(outlets->names[i]) == n &&
		    strncasecmp(outlets->names[i], text, n) == 0) {
			only_r->column = i;
			return 0;
		}
	}
	return -1;
}

static bool
is_true(const char *text)
{
	static const char *const no[] = {"", "0", "no", "n", "off", "false", "-"};

	for (size_t i = 0; i < G_N_ELEMENTS(no); i++) {
		if (strcasecmp(text, no[i]) == 0)
			return false;
	}
	return true;
}

static bool
has(const struct outlet *outlet, const struct outlets_only *only)
{
	const char *text = outlet->fields[only->column];
	bool yes = only->value == NULL
	    ? is_true(text)
	    : strlen(text) == only->value_n && strncasecmp(text, only->value, only->value_n) == 0;

	return yes != only->not ;
}

struct choice {
	const struct outlets *outlets;
	const struct outlets_query *query;
};

static bool
accepts(const void *closure, uint32_t item)
{
	const struct choice *choice = closure;

	for (size_t i = 0; i < choice->query->only_count; i++) {
		if (!has(outlets_at(choice->outlets, item), &choice->query->only[i]))
			return false;
	}
	return true;
}

size_t
outlets_nearest(const struct outlets *outlets, const struct outlets_query *query,
    struct tree_found *found, size_t room)
{
	const struct choice choice = {outlets, query};
	struct tree_search search = {.at = geo_unit(query->at),
	    .chord2 = query->within_km > 0 ? geo_chord2_of(query->within_km) : 5,
	    .accepts = query->only_count > 0 ? accepts : NULL,
	    .closure = &choice,
	    .found = found,
	    .room = room};

	tree_search(outlets->tree, outlets->at->len, &search);
	return search.count;
}
