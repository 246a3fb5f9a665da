/* SPDX-License-Identifier: BSD-2-Clause
 *
 * finding: what doctor has to say, and how it is printed
 *
 * Owns:    the texts, until finding_list_fini.
 * Threads: one at a time.
 */
#ifndef CTL_FINDING_H
#define CTL_FINDING_H

#include <stddef.h>
#include <stdio.h>

enum finding_severity { FINDING_ERROR, FINDING_WARNING, FINDING_OK };

struct finding {
	enum finding_severity severity;
	const char *check; /* a fixed word for scripts: "postfix.milters" */
	char *text;	   /* sentences */
	char *remedy;	   /* the line to add or the command to run; "" if there is none */
};

struct finding_list {
	struct finding *at;
	size_t count;
	size_t last; /* the one that finding_remedy means */
};

/* `check` is a literal. The same check with the same text is noted once. */
void finding_add(struct finding_list *list, enum finding_severity severity, const char *check,
    const char *format, ...) __attribute__((format(printf, 4, 5)));
/* Of the finding that was added last. Lines are printed as they are, to be copied. */
void finding_remedy(struct finding_list *list, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
size_t finding_count(const struct finding_list *list, enum finding_severity severity);
void finding_print(const struct finding_list *list, FILE *out);
void finding_print_json(const struct finding_list *list, FILE *out);
void finding_list_fini(struct finding_list *list);

#endif
