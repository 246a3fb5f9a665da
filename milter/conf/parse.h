/* SPDX-License-Identifier: BSD-2-Clause
 *
 * parse: configuration files -> the options of libConfuse, every value checked
 *
 * libConfuse reads all values as text; the callbacks here check each against its row
 * while file and line are known, report what is wrong, and go on. Where libConfuse
 * would stop at an unknown name, that name is declared and the files are read again,
 * so that one run reports as much as it can.
 *
 * Owns:    the options (cfg) and the problems, until parse_fini.
 * Threads: one parse at a time in the whole process, from parse_init to parse_fini,
 *          since libConfuse's scanner is global: a lock is held between the two.
 */
#ifndef CONF_PARSE_H
#define CONF_PARSE_H

#include "base/arena.h"
#include "base/err.h"
#include "conf/row.h"

#include <confuse.h>

/* One section, where it was opened. */
struct parse_section {
	struct parse_section *next;
	const char *kind;
	const char *title;   /* as it is stored */
	const char *written; /* as it stands in the file */
	const char *place;
};

/* One value of a parameter that is a plugin's own. */
struct parse_setting {
	struct parse_setting *next; /* the one before it in the files */
	const char *section;	    /* its title as written */
	const char *name;
	const char *value;
	const char *place;
	const char *folder;
	bool replaced; /* the parameter was set again */
};

struct parse_problem {
	struct parse_problem *next;
	struct err err;
};

struct parse {
	struct arena *arena; /* for all texts; the caller's */
	cfg_t *cfg;
	bool complete; /* all was read: no syntax error, no file left out */
	struct parse_section *sections;
	struct parse_setting *settings; /* the last one first */
	const char **places; /* file:line of each global row; NULL where the default counts */
	struct parse_problem *problems;
	size_t problem_count;
};

/* Reads `path` and what it includes. */
void parse_init(struct parse *parse, struct arena *arena, const char *path);
void parse_fini(struct parse *parse);
/* Notes one more problem. */
void parse_complain(struct parse *parse, enum err_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* By its title as written; NULL if there is none. */
const struct parse_section *parse_section_find(
    const struct parse *parse, const char *kind, const char *written);

#endif
