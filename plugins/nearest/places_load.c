/* SPDX-License-Identifier: BSD-2-Clause
 *
 * places_load: a file of places
 *
 * Threads: any.
 */
#include "places.h"
#include "table.h"

#include <glib.h>
#include <string.h>

enum { COUNTRY, POSTCODE, CITY, LATITUDE, LONGITUDE, COLUMNS };

static const char *const names[COLUMNS][5] = {
    [COUNTRY] = {"country", "country_code", NULL},
    [POSTCODE] = {"postcode", "postal_code", "zip", "plz", NULL},
    [CITY] = {"city", "place", "place_name", "town", NULL},
    [LATITUDE] = {"latitude", "lat", NULL},
    [LONGITUDE] = {"longitude", "lon", "lng", NULL},
};

struct loading {
	struct places *places;
	int column[COLUMNS]; /* -1: not there */
};

bool
places_degrees(const char *text, double *degrees_r)
{
	char *end;

	*degrees_r = g_ascii_strtod(text, &end);
	return end != text && *end == '\0';
}

static int
take_header(struct table *table, const char *const *fields, size_t count)
{
	struct loading *loading = table->closure;

	for (int i = 0; i < COLUMNS; i++)
		loading->column[i] = table_column(fields, count, names[i]);
	if (loading->column[LATITUDE] >= 0 && loading->column[LONGITUDE] >= 0 &&
	    (loading->column[POSTCODE] >= 0 || loading->column[CITY] >= 0))
		return 0;
	return table_fault(table,
	    "expected a header line with the columns latitude, longitude, and postcode or city, "
	    "or lines as GeoNames has them (12 fields with TAB between)");
}

static const char *
field_of(const struct loading *loading, int which, const char *const *fields, size_t count)
{
	int column = loading->column[which];

	return column < 0 || (size_t)column >= count ? "" : fields[column];
}

static int
take_row(struct table *table, const char *const *fields, size_t count)
{
	static const int geonames[COLUMNS] = {0, 1, 2, 9, 10};
	struct loading *loading = table->closure;
	const char *code;
	char country[3] = "";
	struct geo_point point;

	if (table->geonames && table->rows == 1)
		memcpy(loading->column, geonames, sizeof geonames);
	else if (table->rows == 1)
		return take_header(table, fields, count);
	if (table->rows > PLACES_ROWS_MAX)
		return table_fault(table, "expected at most %d places", PLACES_ROWS_MAX);
	code = field_of(loading, COUNTRY, fields, count);
	if (code[0] != '\0' && !places_country(code, strlen(code), country))
		return table_fault(table, "expected a country of two letters, got \"%.40s\"", code);
	if (!places_degrees(field_of(loading, LATITUDE, fields, count), &point.latitude) ||
	    !places_degrees(field_of(loading, LONGITUDE, fields, count), &point.longitude) ||
	    !geo_ok(point))
		return table_fault(table,
		    "expected a latitude from -90 to 90 and a longitude from -180 to 180, got "
		    "\"%.40s\" and \"%.40s\"",
		    field_of(loading, LATITUDE, fields, count),
		    field_of(loading, LONGITUDE, fields, count));
	places_add(loading->places, country, field_of(loading, POSTCODE, fields, count),
	    field_of(loading, CITY, fields, count), point);
	return 0;
}

struct places *
places_load(const char *path, struct fault *fault)
{
	struct loading loading = {.places = places_new()};
	struct table table = {.path = path, .row = take_row, .closure = &loading, .fault = fault};

	if (table_read(&table) != 0) {
		places_free(&loading.places);
	} else if (table.rows == 0) {
		fault_at(fault, path, 0, "expected places, the file is empty");
		places_free(&loading.places);
	} else {
		places_seal(loading.places);
	}
	return loading.places;
}
