/* SPDX-License-Identifier: BSD-2-Clause
 *
 * lint: what is wrong with a message before it is sent to everyone
 *
 * The templates are compiled and rendered by the engine of the daemon, for all contacts
 * or a sample; the result is read as a mail program would. See check.h for what is
 * looked for.
 *
 * Threads: one.
 */
#ifndef LINT_LINT_H
#define LINT_LINT_H

#include "base/err.h"
#include "conf/conf.h"
#include "lint/report.h"
#include "store/store.h"

struct lint_request {
	const struct conf *conf;
	struct store *store; /* NULL: no contacts */
	struct str raw;	     /* the message, with CRLF */
	struct str campaign; /* {NULL,0}: as the message says */
	struct str sender;
	size_t contacts; /* at most so many, spread over all of them; 0: none */
};

/* Fills `report`, which is initialised, and sorts it. -1: the message could not be
 * looked at. ERR_INPUT, ERR_LIMIT, ERR_CONFIG, ERR_NOTFOUND (campaign), ERR_STORE, ... */
int lint_run(const struct lint_request *request, struct lint_report *report, struct err *err);

#endif
