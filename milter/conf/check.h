/* SPDX-License-Identifier: BSD-2-Clause
 *
 * check: what the texts of parameters may say
 *
 * Each check has a name, which table.h uses, and a description of what it expects,
 * which completes "expected ...". A check may also bring the text into the form that
 * the rest of the program counts on: paths absolute, domains lower-case A-labels.
 *
 * Threads: any.
 */
#ifndef CONF_CHECK_H
#define CONF_CHECK_H

#include "base/arena.h"
#include "base/str.h"

struct conf_check {
	const char *name;
	const char *expected;
	/* The text to be stored, from the arena or `text` itself; NULL refuses it.
	 * `folder`: absolute, where relative paths begin. */
	const char *(*check)(const char *text, const char *folder, struct arena *arena);
};

/* "" is the check of any text. A name that does not exist is a bug in table.h and
 * stops the process. */
const struct conf_check *conf_check_find(const char *name);

/* The domain in lower case and A-labels; NULL if it is none. Also for section titles
 * and look-ups. */
const char *conf_check_domain(const char *text, struct arena *arena);

/* 1..100 bytes of letters, digits and "._-", or "*". */
bool conf_check_campaign_name(struct str name);

/* 1..40 bytes of a-z, 0-9 and "_", not a digit first. */
bool conf_check_plugin_name(struct str name);

/* Longest value of any parameter, in bytes. */
#define CONF_VALUE_MAX 4000

#endif
