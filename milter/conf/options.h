/* SPDX-License-Identifier: BSD-2-Clause
 *
 * options: the rows of table.h as libConfuse's options
 *
 * Every value is text to libConfuse and goes through a hook; so do the openings of
 * sections, about which libConfuse itself says nothing: it parses the defaults of a
 * section's lists then, and a list that nobody else uses makes it call the hook.
 *
 * Threads: one at a time: making options runs libConfuse's scanner.
 */
#ifndef CONF_OPTIONS_H
#define CONF_OPTIONS_H

#include "base/err.h"
#include "base/str.h"

#include <confuse.h>

#define OPTIONS_UNKNOWN_MAX 150
#define OPTIONS_NAME_MAX    64

enum options_kind { OPTIONS_VALUE, OPTIONS_SECTION, OPTIONS_TITLED };

struct options_unknown {
	char name[OPTIONS_NAME_MAX];
	enum options_kind kind;
	char place[ERR_TEXT_MAX / 2]; /* where it was met first */
	bool reported;
};

struct options_hooks {
	cfg_callback_t value;	      /* of a row */
	cfg_callback_t setting;	      /* of a plugin's own parameter, once for each element */
	cfg_callback_t unknown_value; /* of an unknown name, once for each element */
	cfg_callback_t ignored_value; /* all values inside of an unknown section */
	cfg_callback_t opened;	      /* a known section; cfg is the section */
	cfg_callback_t unknown_opened;
	cfg_func_t include;
	cfg_errfunc_t error;
};

/* With the unknown names declared on every level where they are not known. To be
 * freed with cfg_free. */
cfg_t *options_make(
    const struct options_hooks *hooks, const struct options_unknown *unknown, size_t count);

#endif
