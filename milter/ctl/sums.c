/* SPDX-License-Identifier: BSD-2-Clause
 *
 * sums: see sums.h
 *
 * Owns:    its memory: a row for each name, however many copies there are.
 */
#include "ctl/sums.h"

#include "ctl/ctl.h"

#include <glib.h>

struct row {
	char *name, *text;
	int64_t n[SUMS_COUNT];
};

struct sums {
	GHashTable *sections[SUMS_SECTIONS]; /* name -> struct row */
};

static const char *const measure_names[] = {
#define SUMS_NAME(name) #name,
    SUMS_MEASURES(SUMS_NAME)
#undef SUMS_NAME
};

static const struct {
	const char *plural, *name;
} section_names[] = {
    [SUMS_TOTAL] = {"total", NULL},
    [SUMS_REASONS] = {"reasons", "reason"},
    [SUMS_PROVIDERS] = {"providers", "provider"},
    [SUMS_SENDERS] = {"senders", "sender_domain"},
    [SUMS_HOURS] = {"hours", "hour"},
    [SUMS_LINKS] = {"links", "link"},
};

static void
row_free(gpointer data)
{
	struct row *row = data;

	g_free(row->name);
	g_free(row->text);
	g_free(row);
}

struct sums *
sums_new(void)
{
	struct sums *sums = g_new0(struct sums, 1);

	for (int i = 0; i < SUMS_SECTIONS; i++)
		sums->sections[i] = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, row_free);
	return sums;
}

void
sums_free(struct sums **sums)
{
	for (int i = 0; i < SUMS_SECTIONS; i++)
		g_hash_table_destroy((*sums)->sections[i]);
	g_free(*sums);
	*sums = NULL;
}

static struct row *
row_of(struct sums *sums, enum sums_section section, struct str name)
{
	char *text = g_strndup(name.p == NULL ? "" : name.p, name.n);
	struct row *row = g_hash_table_lookup(sums->sections[section], text);

	if (row != NULL) {
		g_free(text);
		return row;
	}
	row = g_new0(struct row, 1);
	row->name = text;
	g_hash_table_insert(sums->sections[section], row->name, row);
	return row;
}

void
sums_add_n(struct sums *sums, enum sums_section section, struct str name, enum sums_measure measure,
    int64_t n)
{
	row_of(sums, section, name)->n[measure] += n;
}

void
sums_add(struct sums *sums, enum sums_section section, struct str name, enum sums_measure measure)
{
	sums_add_n(sums, section, name, measure, 1);
}

void
sums_describe(struct sums *sums, enum sums_section section, struct str name, struct str text)
{
	struct row *row = row_of(sums, section, name);

	g_free(row->text);
	row->text = g_strndup(text.p, text.n);
}

/* --- order --- */

static int64_t
largest(const struct row *row)
{
	int64_t most = 0;

	for (int i = 0; i < SUMS_COUNT; i++)
		most = row->n[i] > most ? row->n[i] : most;
	return most;
}

static int
by_name(gconstpointer a, gconstpointer b)
{
	return strcmp(((const struct row *)a)->name, ((const struct row *)b)->name);
}

static int
by_number(gconstpointer a, gconstpointer b)
{
	int64_t one = largest(a), two = largest(b);

	return one == two ? by_name(a, b) : one < two ? 1 : -1;
}

static GList *
sorted(const struct sums *sums, enum sums_section section)
{
	return g_list_sort(g_hash_table_get_values(sums->sections[section]),
	    section == SUMS_HOURS ? by_name : by_number);
}

/* --- output --- */

static json_t *
row_json(const struct row *row, const char *name, uint32_t measures)
{
	json_t *object = json_object();

	if (name != NULL)
		json_object_set_new(object, name, ctl_json_str(str_c(row->name)));
	if (row->text != NULL)
		json_object_set_new(object, "address", ctl_json_str(str_c(row->text)));
	for (int i = 0; i < SUMS_COUNT; i++) {
		if ((measures >> i & 1) != 0)
			json_object_set_new(object, measure_names[i], json_integer(row->n[i]));
	}
	return object;
}

static void
put_json(const struct sums *sums, const char *title, struct str subject,
    const uint32_t measures[SUMS_SECTIONS])
{
	const struct row *total = g_hash_table_lookup(sums->sections[SUMS_TOTAL], "");
	json_t *all = row_json(total, NULL, measures[SUMS_TOTAL]);

	json_object_set_new(all, title, ctl_json_str(subject));
	for (int i = SUMS_TOTAL + 1; i < SUMS_SECTIONS; i++) {
		json_t *list = json_array();
		GList *rows = sorted(sums, (enum sums_section)i);

		for (GList *at = measures[i] == 0 ? NULL : rows; at != NULL; at = at->next)
			json_array_append_new(
			    list, row_json(at->data, section_names[i].name, measures[i]));
		g_list_free(rows);
		if (measures[i] != 0)
			json_object_set_new(all, section_names[i].plural, list);
		else
			json_decref(list);
	}
	ctl_put_json(all);
}

/* RFC 4180 section 2; what a spreadsheet takes for a formula is made text. */
static void
put_cell(const char *text)
{
	bool formula = text[0] != '\0' && strchr("=+-@\t", text[0]) != NULL;

	putchar('"');
	if (formula)
		putchar('\'');
	for (; *text != '\0'; text++) {
		if (*text == '"')
			putchar('"');
		putchar(*text);
	}
	putchar('"');
}

static void
put_csv_row(const struct row *row, enum sums_section section, uint32_t measures)
{
	for (int i = 0; i < SUMS_COUNT; i++) {
		if ((measures >> i & 1) == 0)
			continue;
		printf("%s,", section_names[section].plural);
		put_cell(row->text != NULL ? row->text : row->name);
		printf(",%s,%lld\r\n", measure_names[i], (long long)row->n[i]);
	}
}

static void
put_text_head(enum sums_section section, uint32_t measures)
{
	printf("\n%s", section_names[section].name);
	for (int i = 0; i < SUMS_COUNT; i++) {
		if ((measures >> i & 1) != 0)
			printf("\t%s", measure_names[i]);
	}
	putchar('\n');
}

static void
put_text_row(const struct row *row, enum sums_section section, uint32_t measures)
{
	const char *name = row->text != NULL ? row->text : row->name;

	if (section != SUMS_TOTAL)
		ctl_put(stdout, str_c(name[0] != '\0' ? name : "-"));
	for (int i = 0; i < SUMS_COUNT; i++) {
		if ((measures >> i & 1) == 0)
			continue;
		if (section == SUMS_TOTAL)
			printf("%s\t%lld\n", measure_names[i], (long long)row->n[i]);
		else
			printf("\t%lld", (long long)row->n[i]);
	}
	if (section != SUMS_TOTAL)
		putchar('\n');
}

static void
put_section(const struct sums *sums, enum sums_section section, uint32_t measures, bool csv)
{
	GList *rows = sorted(sums, section);

	if (!csv && rows != NULL && section != SUMS_TOTAL)
		put_text_head(section, measures);
	for (GList *at = rows; at != NULL; at = at->next) {
		if (csv)
			put_csv_row(at->data, section, measures);
		else
			put_text_row(at->data, section, measures);
	}
	g_list_free(rows);
}

void
sums_put(const struct sums *sums, const char *title, struct str subject,
    const uint32_t measures[SUMS_SECTIONS], enum sums_form form)
{
	if (form == SUMS_JSON) {
		put_json(sums, title, subject, measures);
		return;
	}
	if (form == SUMS_CSV)
		printf("section,name,measure,value\r\n");
	else {
		printf("%s\t", title);
		ctl_put(stdout, subject);
		putchar('\n');
	}
	for (int i = 0; i < SUMS_SECTIONS; i++) {
		if (measures[i] != 0)
			put_section(sums, (enum sums_section)i, measures[i], form == SUMS_CSV);
	}
}
