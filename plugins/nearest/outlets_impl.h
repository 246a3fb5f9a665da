/* SPDX-License-Identifier: BSD-2-Clause
 *
 * outlets_impl: what outlets.c and outlets_load.c share; nobody else includes it
 */
#ifndef NEAREST_OUTLETS_IMPL_H
#define NEAREST_OUTLETS_IMPL_H

#include "outlets.h"
#include "table.h"

#include <glib.h>

struct outlets {
	GArray *at; /* struct outlet */
	struct tree_node *tree;
	struct places *own;
	char names[TABLE_COLUMNS_MAX][64];
	size_t columns;
	GStringChunk *text;
	GPtrArray *rows; /* the outlets' fields */
};

#endif
