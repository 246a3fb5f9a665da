/* SPDX-License-Identifier: BSD-2-Clause
 *
 * text: which bytes of a text/plain template are addresses of the web
 *
 * A person reads "See https://shop.example/a (or https://shop.example/b)." without
 * taking the full stop or the bracket for part of an address; so does this. Template
 * tags are cut out by Liquid's own lexical rules. Nothing is changed.
 *
 * Threads: any; touches only its arguments.
 */
#ifndef LINK_TEXT_H
#define LINK_TEXT_H

#include "base/arena.h"
#include "base/err.h"

/* What an address holds of the template language. */
enum link_dynamic {
	LINK_STATIC = 0,
	LINK_DYNAMIC_OUTPUT = 1, /* {{ }} */
	LINK_DYNAMIC_TAG = 2,	 /* {% %} */
};

struct link_place {
	size_t begin;	  /* in the source */
	size_t end;	  /* not included */
	unsigned dynamic; /* enum link_dynamic, or-ed; 0: these bytes leave as they are */
	bool literal;	  /* in {% raw %}: a template tag put here would not be rendered */
	bool captured;	  /* in {% capture %}: may be printed elsewhere, or changed before */
	/* False: what leaves may be longer than these bytes say (a block begins in the address
	 * and ends behind it, or something is rendered right behind it), or readers disagree on
	 * where it ends (a brace or backslash follows): leave it alone. */
	bool whole;
};

/* In the order of the source, an array in the arena; `template` false: {{ is text. Any bytes
 * are accepted. ERR_LIMIT: there are more than `max`, or the arena is full. */
int link_text_scan(struct str source, bool template, size_t max, struct arena *arena,
    struct link_place **places_r, size_t *count_r, struct err *err);

#endif
