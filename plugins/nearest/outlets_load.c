/* SPDX-License-Identifier: BSD-2-Clause
 *
 * outlets_load: the file of outlets, checked line by line
 *
 * Threads: any.
 */
#include "outlets_impl.h"

#include <string.h>

enum { NAME, LATITUDE, LONGITUDE, POSTCODE, CITY, COUNTRY, HOURS, ZONE, KNOWN };

/* The first name is what templates say. */
static const char *const known[KNOWN][6] = {
    [NAME] = {"name", NULL},
    [LATITUDE] = {"latitude", "lat", NULL},
    [LONGITUDE] = {"longitude", "lon", "lng", NULL},
    [POSTCODE] = {"postcode", "postal_code", "zip", "plz", NULL},
    [CITY] = {"city", "town", "place", NULL},
    [COUNTRY] = {"country", "country_code", NULL},
    [HOURS] = {"hours", "opening_hours", "openinghours", NULL},
    [ZONE] = {"time_zone", "timezone", "tz", NULL},
};

/* What templates have under these names is computed. */
static const char *const computed[] = {"distance_km", "distance_miles", "hours_today", "open_now",
    "opens_at", "closes_at", "found_by", "others"};

struct loading {
	struct outlets *outlets;
	const struct places *places;
	bool (*zone_ok)(void *closure, const char *zone);
	void *closure;
	int column[KNOWN];
};

/* --- the header line --- */

static int
check_name(struct table *table, size_t i)
{
	struct loading *loading = table->closure;
	char(*names)[64] = loading->outlets->names;

	if (names[i][0] == '\0')
		return 0;
	for (size_t k = 0; k < G_N_ELEMENTS(computed); k++) {
		if (strcmp(names[i], computed[k]) == 0)
			return table_fault(
			    table, "a column can't be called %s, which is computed", names[i]);
	}
	for (size_t k = 0; k < i; k++) {
		if (strcmp(names[i], names[k]) == 0)
			return table_fault(table, "there are two columns %s", names[i]);
	}
	return 0;
}

static int
take_header(struct table *table, const char *const *fields, size_t count)
{
	struct loading *loading = table->closure;
	struct outlets *outlets = loading->outlets;

	outlets->columns = count;
	for (size_t i = 0; i < count; i++)
		table_name(fields[i], outlets->names[i], sizeof outlets->names[i]);
	for (int i = 0; i < KNOWN; i++) {
		loading->column[i] = table_column(fields, count, known[i]);
		if (loading->column[i] >= 0)
			g_strlcpy(outlets->names[loading->column[i]], known[i][0],
			    sizeof outlets->names[0]);
	}
	for (size_t i = 0; i < count; i++) {
		if (check_name(table, i) != 0)
			return -1;
	}
	if (loading->column[NAME] < 0 || loading->column[LATITUDE] < 0 ||
	    loading->column[LONGITUDE] < 0)
		return table_fault(table,
		    "expected a header line with at least the columns name, latitude, longitude");
	return 0;
}

/* --- one outlet --- */

static const char *
field_of(const struct loading *loading, const struct outlet *outlet, int which)
{
	return loading->column[which] < 0 ? "" : outlet->fields[loading->column[which]];
}

static int
find_by_place(struct table *table, struct outlet *outlet, const char *country)
{
	struct loading *loading = table->closure;
	const char *postcode = field_of(loading, outlet, POSTCODE);
	const char *city = field_of(loading, outlet, CITY);

	if (loading->places != NULL &&
	    (places_find(loading->places, PLACES_POSTCODE, country, postcode, strlen(postcode),
		 &outlet->point) ||
		places_find(
		    loading->places, PLACES_CITY, country, city, strlen(city), &outlet->point)))
		return 0;
	return table_fault(table,
	    "it has no latitude and longitude: expected them, or a postcode or city that is in "
	    "`places`");
}

static int
read_position(struct table *table, struct outlet *outlet, const char *country)
{
	struct loading *loading = table->closure;
	const char *latitude = field_of(loading, outlet, LATITUDE);
	const char *longitude = field_of(loading, outlet, LONGITUDE);

	if (latitude[0] == '\0' && longitude[0] == '\0')
		return find_by_place(table, outlet, country);
	if (!places_degrees(latitude, &outlet->point.latitude) ||
	    !places_degrees(longitude, &outlet->point.longitude) || !geo_ok(outlet->point))
		return table_fault(table,
		    "expected a latitude from -90 to 90 and a longitude from -180 to 180, got "
		    "\"%.40s\" and \"%.40s\"",
		    latitude, longitude);
	return 0;
}

static int
read_times(struct table *table, struct outlet *outlet)
{
	struct loading *loading = table->closure;
	const char *text = field_of(loading, outlet, HOURS);
	char why[200];

	outlet->zone = field_of(loading, outlet, ZONE);
	if (outlet->zone[0] != '\0' && !loading->zone_ok(loading->closure, outlet->zone))
		return table_fault(table,
		    "expected a time zone such as Europe/Berlin, got \"%.60s\"", outlet->zone);
	outlet->has_hours = text[0] != '\0';
	if (hours_parse(&outlet->hours, text, why, sizeof why) == 0)
		return 0;
	hours_fini(&outlet->hours);
	return table_fault(table, "hours: %s", why);
}

static const char *const *
keep_fields(struct outlets *outlets, const char *const *fields, size_t count)
{
	const char **kept = g_new(const char *, outlets->columns);

	g_ptr_array_add(outlets->rows, kept);
	for (size_t i = 0; i < outlets->columns; i++)
		kept[i] = i >= count || fields[i][0] == '\0'
		    ? ""
		    : g_string_chunk_insert_const(outlets->text, fields[i]);
	return kept;
}

static int
take_row(struct table *table, const char *const *fields, size_t count)
{
	struct loading *loading = table->closure;
	struct outlets *outlets = loading->outlets;
	struct outlet outlet = {.zone = ""};
	const char *code;
	char country[3] = "";

	if (table->rows == 1 && !table->geonames)
		return take_header(table, fields, count);
	if (table->geonames)
		return table_fault(table, "expected a header line, this is a file of GeoNames");
	if (outlets->at->len == OUTLETS_MAX)
		return table_fault(table, "expected at most %d outlets", OUTLETS_MAX);
	if (count > outlets->columns)
		return table_fault(table,
		    "expected at most %zu fields, as in the header line, got %zu", outlets->columns,
		    count);
	outlet.fields = keep_fields(outlets, fields, count);
	if (field_of(loading, &outlet, NAME)[0] == '\0')
		return table_fault(table, "expected a name");
	code = field_of(loading, &outlet, COUNTRY);
	if (code[0] != '\0' && !places_country(code, strlen(code), country))
		return table_fault(table, "expected a country of two letters, got \"%.40s\"", code);
	if (read_position(table, &outlet, country) != 0 || read_times(table, &outlet) != 0)
		return -1;
	outlet.unit = geo_unit(outlet.point);
	g_array_append_val(outlets->at, outlet);
	places_add(outlets->own, country, field_of(loading, &outlet, POSTCODE),
	    field_of(loading, &outlet, CITY), outlet.point);
	return 0;
}

static void
build_tree(struct outlets *outlets)
{
	outlets->tree = g_new(struct tree_node, outlets->at->len + 1);
	for (guint i = 0; i < outlets->at->len; i++)
		outlets->tree[i] = (struct tree_node){outlets_at(outlets, i)->unit, i};
	tree_build(outlets->tree, outlets->at->len);
	places_seal(outlets->own);
}

struct outlets *
outlets_load(const char *path, const struct places *places,
    bool (*zone_ok)(void *closure, const char *zone), void *closure, struct fault *fault)
{
	struct outlets *outlets = g_new0(struct outlets, 1);
	struct loading loading = {outlets, places, zone_ok, closure, {0}};
	struct table table = {.path = path, .row = take_row, .closure = &loading, .fault = fault};
	int rc;

	outlets->at = g_array_new(FALSE, FALSE, sizeof(struct outlet));
	outlets->text = g_string_chunk_new(4096);
	outlets->rows = g_ptr_array_new_with_free_func(g_free);
	outlets->own = places_new();
	rc = table_read(&table);
	if (rc == 0 && outlets->at->len == 0)
		rc = fault_at(fault, path, 0, "expected a header line and at least one outlet");
	if (rc == 0)
		build_tree(outlets);
	else
		outlets_free(&outlets);
	return outlets;
}
