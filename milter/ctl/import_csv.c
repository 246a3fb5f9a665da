/* SPDX-License-Identifier: BSD-2-Clause
 *
 * import_csv: contacts from CSV: each column a field of the contact's own, or an attribute
 *
 * Threads: one.
 * Fails:   ERR_INPUT (no usable header), ERR_IO, and the store's.
 */
#include "ctl/csv.h"
#include "ctl/import.h"

#include <glib.h>
#include <stdlib.h>

struct column {
	char *name;
	struct str attribute; /* the name without ":TYPE"; empty: the column has none */
	enum ctl_type type;
	enum ctl_role role;
};

struct reader {
	struct import *import;
	struct column columns[CTL_CSV_COLUMNS_MAX];
	size_t column_count;
};

/* --- the header --- */

static int
add_column(struct reader *reader, struct str name, struct err *err)
{
	struct column *column = &reader->columns[reader->column_count];

	column->name = g_strndup(name.p, name.n);
	column->attribute = str_c(column->name);
	column->type = ctl_type_of_name(&column->attribute);
	column->role = CTL_ATTRIBUTE;
	reader->column_count++;
	for (size_t i = 0; i + 1 < reader->column_count && column->attribute.n > 0; i++) {
		if (str_eq(reader->columns[i].attribute, column->attribute))
			return err_set(err, ERR_INPUT, "two columns are named \"%.*s\"",
			    STR_F(column->attribute));
	}
	return 0;
}

static int
on_header(void *closure, const struct str *names, size_t count, struct err *err)
{
	struct reader *reader = closure;
	struct str attributes[CTL_CSV_COLUMNS_MAX];
	int index[CTL_ROLES];

	for (size_t i = 0; i < count; i++) {
		if (add_column(reader, names[i], err) != 0)
			return -1;
		attributes[i] = reader->columns[i].attribute;
	}
	ctl_roles_find(attributes, count, index);
	if (index[CTL_ADDRESS] < 0)
		return err_set(err, ERR_INPUT,
		    "no column is named email or address; the first line must name the columns");
	for (int role = 0; role < CTL_ROLES; role++) {
		if (index[role] >= 0)
			reader->columns[index[role]].role = (enum ctl_role)role;
	}
	return 0;
}

/* --- a contact --- */

/* Adds field i to the contact. */
static int
read_field(const struct reader *reader, size_t i, struct str field, struct str texts[CTL_ROLES],
    json_t *attributes, struct err *err)
{
	const struct column *column = &reader->columns[i];
	json_t *value;

	if (field.n == 0)
		return 0;
	if (column->role != CTL_ATTRIBUTE) {
		texts[column->role] = field;
		return 0;
	}
	if (column->attribute.n == 0)
		return err_set(err, ERR_INPUT, "a value in column %zu, which has no name", i + 1);
	value = ctl_value_read(column->type, field, err);
	if (value == NULL)
		return err_prefix(err, "%.*s", STR_F(column->attribute));
	json_object_setn_new(attributes, column->attribute.p, column->attribute.n, value);
	return 0;
}

static int
on_record(void *closure, size_t line, const struct str *fields, size_t count)
{
	struct reader *reader = closure;
	struct str texts[CTL_ROLES] = {STR_NONE};
	json_t *attributes = json_object();
	struct err err = ERR_INIT;
	int rc = 0;

	for (size_t i = 0; i < count && rc == 0; i++)
		rc = read_field(reader, i, fields[i], texts, attributes, &err);
	if (rc == 0)
		return import_contact(reader->import, line, texts[CTL_ADDRESS], texts[CTL_LANGUAGE],
		    texts[CTL_TIME_ZONE], attributes);
	json_decref(attributes);
	return import_refuse(reader->import, line, &err);
}

static int
on_refuse(void *closure, size_t line, const struct err *err)
{
	struct reader *reader = closure;

	return import_refuse(reader->import, line, err);
}

int
import_csv(struct import *import, struct ctl_lines *lines, struct err *err)
{
	struct reader *reader = calloc(1, sizeof *reader);
	struct ctl_csv csv = {on_header, on_record, on_refuse, reader};
	int rc;

	if (reader == NULL)
		abort();
	reader->import = import;
	rc = ctl_csv_read(lines, &csv, err);
	for (size_t i = 0; i < reader->column_count; i++)
		g_free(reader->columns[i].name);
	free(reader);
	return rc;
}
