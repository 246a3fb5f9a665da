/* SPDX-License-Identifier: BSD-2-Clause
 *
 * contacts_export: all contacts as CSV or JSON lines, so that import gives the same
 *
 * CSV needs two passes: the first finds the columns and whether import would read
 * every value of a column back as it is. If not, the column's name says the type:
 * NAME:text where all values are text, else NAME:json.
 *
 * With an address: everything that is known of it, as one JSON object.
 *
 * Threads: one.
 * Fails:   ERR_BUSY if contacts get new attributes between the passes, and the store's.
 */
#include "ctl/contacts.h"

#include "base/clock.h"
#include "ctl/value.h"
#include "intake/contact.h"
#include "store/contact.h"

#include <csv.h>
#include <glib.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

struct column {
	bool natural; /* all values are read back as they are without a type */
	bool text;    /* all values are text, and none is empty */
};

struct export
{
	GHashTable *index; /* name -> place in `columns`, plus one */
	GPtrArray *names;
	GArray *columns;
	bool terminal;
	bool changed; /* a column appeared after the first pass */
};

/* --- JSON lines --- */

static bool
put_json_line(const struct store_contact *contact, void *closure)
{
	json_t *line =
	    json_pack("{s:o, s:o, s:o}", "email", ctl_json_str(contact->address), "language",
		ctl_json_str(contact->language), "time_zone", ctl_json_str(contact->time_zone));
	json_t *attributes = json_loadb(contact->attributes.p, contact->attributes.n, 0, NULL);

	(void)closure;
	ctl_consent_columns(&contact->consent, line);
	json_object_update_missing(line, attributes);
	json_decref(attributes);
	ctl_put_json(line);
	return true;
}

/* --- CSV --- */

static bool
reads_back(struct str name, const json_t *value)
{
	char *text = ctl_value_text(value);
	json_t *again = ctl_value_read(ctl_type_of_name(&name), str_c(text), NULL);
	bool same = text[0] != '\0' && json_equal(again, value);

	json_decref(again);
	free(text);
	return same;
}

static void
note_value(struct export *export, const char *name, const json_t *value)
{
	guint place = GPOINTER_TO_UINT(g_hash_table_lookup(export->index, name));
	struct column *column;

	if (place == 0) {
		struct column fresh = {.natural = !ctl_type_is_suffixed(str_c(name)), .text = true};
		char *copy = g_strdup(name);

		g_ptr_array_add(export->names, copy);
		g_array_append_val(export->columns, fresh);
		place = export->columns->len;
		g_hash_table_insert(export->index, copy, GUINT_TO_POINTER(place));
	}
	column = &g_array_index(export->columns, struct column, place - 1);
	if (!json_is_string(value) || json_string_length(value) == 0)
		column->text = false;
	if (column->natural && !reads_back(str_c(name), value))
		column->natural = false;
}

static bool
note_contact(const struct store_contact *contact, void *closure)
{
	json_t *attributes = json_loadb(contact->attributes.p, contact->attributes.n, 0, NULL);
	const char *name;
	json_t *value;

	json_object_foreach(attributes, name, value)
	{
		note_value(closure, name, value);
	}
	json_decref(attributes);
	return true;
}

/* A terminal gets no control characters; import needs a file anyway. */
static void
put_cell(const struct export *export, const char *text)
{
	char *copy;

	if (text[0] == '\0')
		return;
	copy = g_strdup(text);
	for (char *p = copy; export->terminal && *p != '\0'; p++) {
		if (g_ascii_iscntrl(*p) || (*p == '\xc2' && (unsigned char)p[1] < 0xa0))
			*p = '?';
	}
	csv_fwrite(stdout, copy, strlen(copy));
	g_free(copy);
}

static void
put_cell_str(const struct export *export, struct str text)
{
	char *copy = g_strndup(text.p, text.n);

	put_cell(export, copy);
	g_free(copy);
}

static void
put_header(const struct export *export)
{
	fputs("email,language,time_zone,consent,consent_source,consent_time,consent_proof", stdout);
	for (guint i = 0; i < export->names->len; i++) {
		const struct column *column = &g_array_index(export->columns, struct column, i);
		char *name = g_strconcat(g_ptr_array_index(export->names, i),
		    column->natural    ? ""
			: column->text ? ":text"
				       : ":json",
		    NULL);

		putchar(',');
		put_cell(export, name);
		g_free(name);
	}
	fputs("\r\n", stdout);
}

/* Empty where nothing is known, which import leaves alone. */
static void
put_consent(const struct export *export, const struct store_consent *consent)
{
	char time[CLOCK_TEXT_SIZE] = "";

	if (consent->time_ms > 0)
		clock_iso(consent->time_ms, time);
	putchar(',');
	if (consent->state != STORE_CONSENT_NONE)
		put_cell(export, store_consent_name(consent->state));
	putchar(',');
	put_cell_str(export, consent->source);
	putchar(',');
	put_cell(export, time);
	putchar(',');
	put_cell_str(export, consent->proof);
}

static bool
put_record(const struct store_contact *contact, void *closure)
{
	struct export *export = closure;
	json_t *attributes = json_loadb(contact->attributes.p, contact->attributes.n, 0, NULL);
	size_t found = 0;

	put_cell_str(export, contact->address);
	putchar(',');
	put_cell_str(export, contact->language);
	putchar(',');
	put_cell_str(export, contact->time_zone);
	put_consent(export, &contact->consent);
	for (guint i = 0; i < export->names->len; i++) {
		const struct column *column = &g_array_index(export->columns, struct column, i);
		const json_t *value =
		    json_object_get(attributes, g_ptr_array_index(export->names, i));
		char *text;

		putchar(',');
		if (value == NULL)
			continue;
		found++;
		text = column->natural || column->text
		    ? ctl_value_text(value)
		    : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(15));
		put_cell(export, text);
		free(text);
	}
	fputs("\r\n", stdout);
	export->changed = found != json_object_size(attributes);
	json_decref(attributes);
	return !export->changed;
}

static int
export_csv(struct store *store, struct err *err)
{
	struct export export = {
	    .index = g_hash_table_new(g_str_hash, g_str_equal),
	    .names = g_ptr_array_new_with_free_func(g_free),
	    .columns = g_array_new(FALSE, TRUE, sizeof(struct column)),
	    .terminal = isatty(STDOUT_FILENO),
	};
	int rc = store_contact_each(store, note_contact, &export, err);

	if (rc == 0) {
		put_header(&export);
		rc = store_contact_each(store, put_record, &export, err);
	}
	if (rc == 0 && export.changed)
		rc = err_set(err, ERR_BUSY,
		    "contacts were changed during the export, which is not complete");
	g_hash_table_destroy(export.index);
	g_ptr_array_free(export.names, TRUE);
	g_array_free(export.columns, TRUE);
	return rc;
}

/* --- one contact --- */

static int
export_one(struct store *store, const char *address)
{
	struct err err = ERR_INIT;
	json_t *known;
	int rc = intake_contact_export(store, str_c(address), SIZE_MAX, &known, &err);

	if (rc == 0)
		err_set(&err, ERR_NOTFOUND, "nothing is known of %s", address);
	if (rc == 1)
		ctl_put_json(known);
	return rc == 1 ? EX_OK : ctl_fail(&err);
}

int
ctl_contacts_export(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {
	    {"format", required_argument, NULL, 'f'},
	    {NULL, 0, NULL, 0},
	};
	struct err err = ERR_INIT;
	const char *format = NULL;
	bool json = false;
	int option, status, rc;

	while ((option = ctl_option(argc, argv, options)) != -1) {
		if (option != 'f')
			return ctl_usage("contacts");
		format = optarg;
		json = strcmp(optarg, "jsonl") == 0;
		if (!json && strcmp(optarg, "csv") != 0) {
			ctl_error("--format %s: csv or jsonl was expected", optarg);
			return EX_USAGE;
		}
	}
	if (optind + 1 < argc || (optind < argc && format != NULL))
		return ctl_usage("contacts");
	status = ctl_store(ctl, STORE_READ);
	if (status != 0)
		return status;
	if (optind < argc)
		return export_one(ctl->store, argv[optind]);
	rc = json ? store_contact_each(ctl->store, put_json_line, NULL, &err)
		  : export_csv(ctl->store, &err);
	return rc == 0 ? EX_OK : ctl_fail(&err);
}
