/* SPDX-License-Identifier: BSD-2-Clause
 *
 * form: what a section `form` says, taken apart
 *
 * Threads: any.
 */
#ifndef CONF_FORM_H
#define CONF_FORM_H

#include "base/arena.h"
#include "conf/check.h"
#include "conf/conf.h"

enum conf_field_kind {
	CONF_FIELD_TEXT,
	CONF_FIELD_NUMBER,
	CONF_FIELD_CHECKBOX,
	CONF_FIELD_CHOICE,
};

/* Ceilings. */
#define CONF_FIELDS_MAX	    20
#define CONF_FIELD_TEXT_MAX 1000 /* characters */
#define CONF_CHOICES_MAX    50

struct conf_field {
	struct str name; /* of the contact's attribute */
	enum conf_field_kind kind;
	bool required;
	int64_t low, high;  /* of a number; text: high is the most characters */
	struct str choices; /* ONE|TWO|THREE */
	struct str label;
};

/* "NAME KIND required: LABEL". False if it is none; texts are in the arena or `text`. */
bool conf_field_parse(struct str text, struct arena *arena, struct conf_field *field_r);
/* What is wrong with the forms of a configuration as a whole. */
struct parse;
void conf_form_check(struct parse *parse, const struct conf *conf);

#endif
