/* SPDX-License-Identifier: BSD-2-Clause
 *
 * report: see report.h
 *
 * Threads: one.
 */
#include "lint/report.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#define TEXT_MAX 400
/* Different findings that are told apart; hostile contacts could make one each. */
#define KNOWN_MAX 20000

const struct lint_check_row lint_check_table[LINT_CHECK_COUNT] = {
#define LINT_ROW(constant, name, severity, meaning) {name, LINT_IS_##severity, meaning},
    LINT_CHECKS(LINT_ROW)
#undef LINT_ROW
};

const char *
lint_severity_name(enum lint_severity severity)
{
	static const char *const names[] = {"info", "warning", "error"};

	return names[severity];
}

static void
free_finding(void *data)
{
	struct lint_finding *finding = data;

	g_free((char *)(uintptr_t)finding->place.header.p);
	g_free(finding->text);
	g_free(finding->example);
	g_free(finding);
}

void
lint_report_init(struct lint_report *report)
{
	*report = (struct lint_report){.contact = 0};
	report->findings = g_ptr_array_new_with_free_func(free_finding);
	report->index = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

void
lint_report_fini(struct lint_report *report)
{
	g_ptr_array_free(report->findings, TRUE);
	g_hash_table_destroy(report->index);
}

static struct lint_finding *
new_finding(struct lint_report *report, enum lint_check check, enum lint_severity severity,
    const struct lint_place *place, const char *text)
{
	struct lint_finding *finding = g_new0(struct lint_finding, 1);

	finding->check = check;
	finding->severity = severity;
	finding->place = *place;
	finding->place.header.p =
	    place->header.p == NULL ? NULL : g_strndup(place->header.p, place->header.n);
	finding->text = g_strdup(text);
	g_ptr_array_add(report->findings, finding);
	return finding;
}

/* Findings of one check in the list so far. */
static size_t
listed(const struct lint_report *report, enum lint_check check)
{
	size_t count = 0;

	for (guint i = 0; i < report->findings->len; i++) {
		const struct lint_finding *finding = g_ptr_array_index(report->findings, i);

		count += finding->check == check;
	}
	return count;
}

static void
count_contact(const struct lint_report *report, struct lint_finding *finding)
{
	if (report->contact == 0 || finding->last == report->contact)
		return;
	if (finding->contacts == 0)
		finding->example = g_strndup(report->address.p, report->address.n);
	finding->contacts++;
	finding->last = report->contact;
}

static void
add(struct lint_report *report, enum lint_check check, enum lint_severity severity,
    const struct lint_place *place, const char *text)
{
	struct lint_finding *finding = NULL;
	char *key;

	if (report->ignored[check])
		return;
	key = g_strdup_printf(
	    "%d %zu %zu %zu %s", (int)check, place->part, place->line, place->part_line, text);
	if (g_hash_table_lookup_extended(report->index, key, NULL, (void **)&finding)) {
		g_free(key);
	} else if (g_hash_table_size(report->index) >= KNOWN_MAX) {
		g_free(key);
	} else {
		if (listed(report, check) < LINT_LISTED_MAX)
			finding = new_finding(report, check, severity, place, text);
		else
			report->more[check]++;
		report->counts[severity]++;
		g_hash_table_insert(report->index, key, finding);
	}
	if (finding != NULL)
		count_contact(report, finding);
}

void
lint_report_add(struct lint_report *report, enum lint_check check, const struct lint_place *place,
    const char *format, ...)
{
	char text[TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	add(report, check, lint_check_table[check].severity, place, text);
}

void
lint_report_add_as(struct lint_report *report, enum lint_check check, enum lint_severity severity,
    const struct lint_place *place, const char *format, ...)
{
	char text[TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	add(report, check, severity, place, text);
}

bool
lint_report_has(const struct lint_report *report, enum lint_check check)
{
	return listed(report, check) > 0;
}

static gint
compare(gconstpointer a, gconstpointer b)
{
	const struct lint_finding *one = *(const struct lint_finding *const *)a;
	const struct lint_finding *other = *(const struct lint_finding *const *)b;

	if (one->severity != other->severity)
		return one->severity > other->severity ? -1 : 1;
	if (one->place.line != other->place.line)
		return one->place.line < other->place.line ? -1 : 1;
	if (one->place.part_line != other->place.part_line)
		return one->place.part_line < other->place.part_line ? -1 : 1;
	if (one->check != other->check)
		return one->check < other->check ? -1 : 1;
	return strcmp(one->text, other->text);
}

void
lint_report_sort(struct lint_report *report)
{
	g_ptr_array_sort(report->findings, compare);
}
