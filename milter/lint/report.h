/* SPDX-License-Identifier: BSD-2-Clause
 *
 * report: findings, each kind once with the number of contacts it concerns
 *
 * The same finding at the same place is counted, not repeated. A check has at most
 * LINT_LISTED_MAX findings in the list; of the others only their number is kept.
 *
 * Owns:    the texts, until lint_report_fini.
 * Threads: one.
 */
#ifndef LINT_REPORT_H
#define LINT_REPORT_H

#include "base/str.h"
#include "lint/check.h"

#include <glib.h>

#define LINT_LISTED_MAX 25

/* Where: a header field, a part, or neither (all of the message). */
struct lint_place {
	struct str header; /* name */
	size_t part;	   /* number, from 1 */
	size_t line;	   /* in the message, from 1 */
	size_t part_line;  /* in the decoded part; 0: the part as a whole */
	bool decoded;	   /* lines of the part can't be shown in the message: it is in base64 */
};

struct lint_finding {
	enum lint_check check;
	enum lint_severity severity;
	struct lint_place place; /* header's name is the finding's own copy */
	char *text;		 /* UTF-8 or not: may hold bytes of the message */
	size_t contacts;	 /* for whom it was found; 0: it does not depend on them */
	char *example;		 /* address of the first of them */
	size_t last;		 /* the contact that was counted last */
};

struct lint_report {
	GPtrArray *findings; /* of struct lint_finding */
	GHashTable *index;
	size_t more[LINT_CHECK_COUNT]; /* findings that are not in the list */
	size_t counts[LINT_IS_ERROR + 1];
	bool ignored[LINT_CHECK_COUNT];
	size_t contact;	    /* the one at hand, from 1; 0: none */
	struct str address; /* of it */
	size_t total;	    /* contacts in the database */
	size_t rendered;    /* contacts it was rendered for */
};

void lint_report_init(struct lint_report *report);
void lint_report_fini(struct lint_report *report);
void lint_report_add(struct lint_report *report, enum lint_check check,
    const struct lint_place *place, const char *format, ...) __attribute__((format(printf, 4, 5)));
/* With another severity than the table's. */
void lint_report_add_as(struct lint_report *report, enum lint_check check,
    enum lint_severity severity, const struct lint_place *place, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* Was there one of this check? */
bool lint_report_has(const struct lint_report *report, enum lint_check check);
/* The worst first, then by place. */
void lint_report_sort(struct lint_report *report);

#endif
