/* SPDX-License-Identifier: BSD-2-Clause
 *
 * import_jsonl: one JSON object a line
 *
 * Values keep the types that they have in JSON; null removes an attribute.
 *
 * Threads: one.
 * Fails:   ERR_INPUT, ERR_IO, and the store's.
 */
#include "ctl/import.h"

/* The member as text; absent if it is not there. It leaves the object: what is left in the end
 * are attributes. `keep_r` holds the text. */
static int
take_text(json_t *object, struct str name, struct str *text_r, json_t **keep_r, struct err *err)
{
	json_t *value = json_object_getn(object, name.p, name.n);

	if (json_is_null(value)) {
		*text_r = STR("");
	} else if (json_is_string(value)) {
		*keep_r = json_incref(value);
		*text_r = (struct str){json_string_value(value), json_string_length(value)};
	} else {
		return err_set(err, ERR_INPUT, "%.*s is no text", STR_F(name));
	}
	json_object_deln(object, name.p, name.n);
	return 0;
}

/* Empties `object` of what is no attribute. `keep` is to be released by the caller. */
static int
take_roles(json_t *object, struct str texts[CTL_ROLES], json_t *keep[CTL_ROLES], struct err *err)
{
	struct str names[CTL_COLUMNS_MAX];
	int index[CTL_ROLES];
	size_t count = 0;
	const char *name;
	json_t *value;

	if (json_object_size(object) > CTL_COLUMNS_MAX)
		return err_set(err, ERR_INPUT, "more than %d members", CTL_COLUMNS_MAX);
	json_object_foreach(object, name, value)
	{
		if (name[0] == '\0')
			return err_set(err, ERR_INPUT, "a member without a name");
		names[count++] = str_c(name);
	}
	ctl_roles_find(names, count, index);
	if (index[CTL_ADDRESS] < 0)
		return err_set(err, ERR_INPUT, "no member named email or address");
	for (int role = 0; role < CTL_ROLES; role++) {
		if (index[role] >= 0 &&
		    take_text(object, names[index[role]], &texts[role], &keep[role], err) != 0)
			return -1;
	}
	return 0;
}

static int
import_line(struct import *import, const struct ctl_lines *lines)
{
	struct str texts[CTL_ROLES] = {STR_NONE}, line = str_trim(buf_str(&lines->line));
	json_t *keep[CTL_ROLES] = {NULL};
	json_t *object = NULL;
	json_error_t problem;
	struct err err = ERR_INIT;
	int rc;

	if (lines->too_long) {
		err_set(&err, ERR_LIMIT, "more than 1 MB");
		return import_refuse(import, lines->number, &err);
	}
	if (line.n == 0)
		return 0;
	object = json_loadb(line.p, line.n, JSON_REJECT_DUPLICATES, &problem);
	if (object == NULL)
		rc = err_set(
		    &err, ERR_INPUT, "no JSON: %s, column %d", problem.text, problem.column);
	else if (!json_is_object(object))
		rc = err_set(&err, ERR_INPUT, "no JSON object");
	else
		rc = take_roles(object, texts, keep, &err);
	if (rc != 0)
		rc = import_refuse(import, lines->number, &err);
	else
		rc = import_contact(import, lines->number, texts, json_incref(object));
	for (int role = 0; role < CTL_ROLES; role++)
		json_decref(keep[role]);
	json_decref(object);
	return rc;
}

int
import_jsonl(struct import *import, struct ctl_lines *lines, struct err *err)
{
	int rc;

	while ((rc = ctl_lines_next(lines, err)) == 1) {
		if (import_line(import, lines) != 0)
			return -1;
	}
	return rc;
}
