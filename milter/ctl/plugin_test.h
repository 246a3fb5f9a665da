/* SPDX-License-Identifier: BSD-2-Clause
 *
 * plugin_test: what the files of mailtailor plugin test share
 *
 * plugin_test.c has the options and watches over a child process; there plugin_scratch.c makes a
 * configuration and a database, and plugin_try.c makes copies.
 */
#ifndef CTL_PLUGIN_TEST_H
#define CTL_PLUGIN_TEST_H

#include "ctl/plugin.h"

#include "plugin/module.h"
#include "plugin/strict.h"

#define PLUGIN_TEST_LIST 64

struct plugin_test_list {
	const char *at[PLUGIN_TEST_LIST];
	size_t count;
};

struct plugin_test {
	const char *file; /* absolute, or as it was given */
	const char *message;
	const char *contact;  /* or NULL */
	const char *campaign; /* name; or NULL: as the message says */
	const char *sender;
	const char *database; /* or NULL: an empty one */
	const char *products;
	const char *deadline; /* or NULL: as it is unless configured otherwise */
	struct plugin_test_list params, events, hooks;
	size_t repeat;
	int64_t now_ms; /* 0: the clock's */
	bool diff_only, json;

	/* From here on: what belongs to the run. */
	char *folder; /* all its files */
	struct strict_report *report;
	struct board *board;
	struct plugin_module *module;
	char *recipient;
	struct ctl scratch;
};

/* Makes the scratch configuration and its database, which `scratch` has then. 0, or the exit
 * status after an error message. */
int plugin_scratch_make(struct plugin_test *test, struct str raw);
/* The folder and all that is in it. */
void plugin_scratch_remove(const char *folder);

/* The whole of the child: leaves result.json in the folder. The exit status. */
int plugin_try(struct plugin_test *test);

#endif
