/* SPDX-License-Identifier: BSD-2-Clause
 *
 * nearest_test: distances, the tree, opening hours, places and outlets of the plugin nearest
 */
#include "tailor_fixture.h"

#include "plugins/nearest/outlets.h"

#include <math.h>
#include <string.h>
#include <time.h>

/* --- distances --- */

static double
km(struct geo_point a, struct geo_point b)
{
	struct geo_unit from = geo_unit(a), to = geo_unit(b);

	return geo_km(&from, &to);
}

/* Great circles in radians, as others publish them. */
static void
great_circles_are_as_published(void **state)
{
	static const struct {
		const char *name;
		struct geo_point a, b;
		double radians, within;
	} cases[] = {
	    /* E. Williams, Aviation Formulary V1.47, worked examples */
	    {"LAX-JFK", {33 + 57 / 60.0, -(118 + 24 / 60.0)}, {40 + 38 / 60.0, -(73 + 47 / 60.0)},
		0.623585, 5e-7},
	    /* Rosetta Code, Haversine formula: 2887.26 km with a radius of 6372.8 km */
	    {"BNA-LAX", {36.12, -86.67}, {33.94, -118.40}, 2887.2599506071106 / 6372.8, 1e-12},
	    {"a quarter", {0, 0}, {0, 90}, M_PI / 2, 1e-15},
	    {"half", {90, 0}, {-90, 0}, M_PI, 1e-15},
	    {"half, elsewhere", {12.5, 100}, {-12.5, -80}, M_PI, 1e-15},
	    {"a degree across the date line", {0, 179.5}, {0, -179.5}, M_PI / 180, 1e-15},
	    {"a degree across the pole", {89.5, 10}, {89.5, -170}, M_PI / 180, 1e-15},
	    {"one point, two names", {51, 180}, {51, -180}, 0, 1e-15},
	    {"the pole has any longitude", {90, 17}, {90, -100}, 0, 1e-15},
	    {"a centimetre", {50, 8}, {50 + 9e-8, 8}, 9e-8 * M_PI / 180, 1e-15},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		double got = km(cases[i].a, cases[i].b) / GEO_RADIUS_KM;

		if (!(fabs(got - cases[i].radians) <= cases[i].within))
			fail_msg("%s: expected %.12f radians, got %.12f", cases[i].name,
			    cases[i].radians, got);
	}
}

/* On the ellipsoid WGS 84, by GeographicLib 2.0 (C. Karney, Algorithms for geodesics, 2013); the
 * last three are examples that its manual and Vincenty's paper print. */
static void
geodesics_are_within_six_per_mille(void **state)
{
	static const struct {
		const char *name;
		struct geo_point a, b;
		double km;
	} cases[] = {
	    {"London-New York", {51.5074, -0.1278}, {40.7128, -74.006}, 5585.234},
	    {"Paris-Tokyo", {48.8566, 2.3522}, {35.6762, 139.6503}, 9735.309},
	    {"Berlin-Sydney", {52.52, 13.405}, {-33.8688, 151.2093}, 16088.416},
	    {"Auckland-Santiago", {-36.8485, 174.7633}, {-33.4489, -70.6693}, 9690.746},
	    {"Suva-Apia, across the date line", {-18.1416, 178.4419}, {-13.8333, -171.7667},
		1151.052},
	    {"Longyearbyen-Utqiagvik, by the pole", {78.2232, 15.6267}, {71.2906, -156.7886},
		3396.974},
	    {"Quito-Singapore", {-0.1807, -78.4678}, {1.3521, 103.8198}, 19743.446},
	    {"Hamburg-Munich", {53.5511, 9.9937}, {48.1351, 11.582}, 612.759},
	    {"pole to pole", {90, 0}, {-90, 0}, 20003.931},
	    {"a metre", {52.5, 13.4}, {52.500009, 13.4}, 0.001},
	    {"north pole to the equator", {90, 77}, {0, -12}, 10001.966},
	    {"along the equator", {0, 0}, {0, 90}, 10018.754},
	    {"nearly opposite", {-41.32, 174.81}, {40.96, -5.5}, 19959.679},
	    {"JFK-LHR", {40.6, -73.8}, {51.6, -0.5}, 5551.759},
	    {"Flinders Peak-Buninyong", {-37.95103342, 144.42486789}, {-37.65282114, 143.92649553},
		54.972},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		double got = km(cases[i].a, cases[i].b);

		if (!(fabs(got - cases[i].km) <= 0.006 * cases[i].km + 1e-6))
			fail_msg("%s: expected %.3f km within 0.6 %%, got %.3f", cases[i].name,
			    cases[i].km, got);
	}
}

/* --- the tree --- */

static uint64_t seed = 1;

static double
random_unit(void)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (double)(seed >> 11) / (double)(UINT64_C(1) << 53);
}

/* Even over the sphere, and some at its odd places. */
static struct geo_point
random_point(size_t i)
{
	struct geo_point point = {
	    asin(2 * random_unit() - 1) * 180 / M_PI, random_unit() * 360 - 180};

	if (i % 50 == 0)
		point.latitude = i % 100 == 0 ? 90 : -90;
	if (i % 50 == 1)
		point.longitude = i % 100 == 1 ? 180 : -180;
	if (i % 50 == 2)
		point = (struct geo_point){
		    round(point.latitude / 10) * 10, round(point.longitude / 10) * 10};
	return point;
}

static bool
is_odd(const void *closure, uint32_t item)
{
	(void)closure;
	return item % 2 == 1;
}

static bool
is_nearer(struct tree_found a, struct tree_found b)
{
	return a.chord2 != b.chord2 ? a.chord2 < b.chord2 : a.item < b.item;
}

/* As the tree should answer, by looking at each. */
static size_t
brute(const struct geo_unit *units, size_t count, const struct tree_search *search,
    struct tree_found *found)
{
	size_t n = 0;

	for (uint32_t i = 0; i < count; i++) {
		struct tree_found new = {geo_chord2(&search->at, &units[i]), i};
		size_t at;

		if (new.chord2 > search->chord2 || (search->accepts != NULL && i % 2 == 0) ||
		    (n == search->room && !is_nearer(new, found[n - 1])))
			continue;
		at = n == search->room ? n - 1 : n++;
		for (; at > 0 && is_nearer(new, found[at - 1]); at--)
			found[at] = found[at - 1];
		found[at] = new;
	}
	return n;
}

static void
compare_searches(const struct tree_node *nodes, const struct geo_unit *units, size_t count,
    struct tree_search search, size_t i)
{
	struct tree_found found[8], wanted[8];
	size_t n = brute(units, count, &search, wanted);

	search.found = found;
	tree_search(nodes, count, &search);
	if (search.count != n)
		fail_msg("point %zu: expected %zu found, got %zu", i, n, search.count);
	for (size_t k = 0; k < n; k++) {
		if (found[k].item != wanted[k].item || found[k].chord2 != wanted[k].chord2)
			fail_msg("point %zu: expected item %u, got %u", i, wanted[k].item,
			    found[k].item);
	}
}

static void
check_tree(size_t count, size_t points)
{
	struct tree_node *nodes = calloc(count + 1, sizeof *nodes);
	struct geo_unit *units = calloc(count + 1, sizeof *units);

	for (size_t i = 0; i < count; i++) {
		units[i] = geo_unit(random_point(i));
		nodes[i] = (struct tree_node){units[i], (uint32_t)i};
	}
	tree_build(nodes, count);
	for (size_t i = 0; i < points; i++) {
		struct tree_search search = {.at = geo_unit(random_point(i)),
		    .chord2 = i % 7 == 0 ? geo_chord2_of(500) : 5,
		    .accepts = i % 5 == 0 ? is_odd : NULL,
		    .room = i % 3 == 0 ? 8 : 1};

		compare_searches(nodes, units, count, search, i);
	}
	free(nodes);
	free(units);
}

static void
tree_finds_what_looking_at_each_finds(void **state)
{
	(void)state;
	for (size_t count = 0; count < 20; count++)
		check_tree(count, 50);
	check_tree(1000, 100000);
	check_tree(10000, 500);
}

static void
tree_of_equal_points_is_no_trouble(void **state)
{
	struct tree_node nodes[500];
	struct tree_found found[3];
	struct tree_search search = {
	    .at = geo_unit((struct geo_point){1, 2}), .chord2 = 5, .found = found, .room = 3};

	(void)state;
	for (uint32_t i = 0; i < 500; i++)
		nodes[i] = (struct tree_node){search.at, i};
	tree_build(nodes, 500);
	tree_search(nodes, 500, &search);
	assert_int_equal(search.count, 3);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(found[i].item, i);
}

/* --- hours --- */

#define WEEK "Mo-Fr 09:00-12:00,13:00-18:30; Sa 10:00-16:00"

static void
hours_are_read(void **state)
{
	static const struct {
		const char *text;
		struct hours_calendar date;
		const char *wanted;
	} cases[] = {
	    {WEEK, {2026, 11, 23, 1, false}, "09:00–12:00, 13:00–18:30"},
	    {WEEK, {2026, 11, 28, 6, false}, "10:00–16:00"},
	    {WEEK, {2026, 11, 29, 7, false}, ""},
	    {"mo-su 8:00-20:00", {2026, 11, 29, 7, false}, "08:00–20:00"},
	    {"Monday to: 8:00", {2026, 11, 23, 1, false}, NULL},
	    {"Monday, Wed., th: 8:00-9:00", {2026, 11, 25, 3, false}, "08:00–09:00"},
	    {"Sa-Mo 10:00-12:00", {2026, 11, 23, 1, false}, "10:00–12:00"},
	    {"Sa-Mo 10:00-12:00", {2026, 11, 24, 2, false}, ""},
	    {"24/7", {2026, 11, 24, 2, false}, "00:00–24:00"},
	    {"08:00-17:00", {2026, 11, 29, 7, false}, "08:00–17:00"},
	    {"", {2026, 11, 29, 7, false}, ""},
	    {"Mo 14:00-18:00,08:00-12:00", {2026, 11, 23, 1, false}, "08:00–12:00, 14:00–18:00"},
	    {"Mo-Fr 09:00-18:00; We off", {2026, 11, 25, 3, false}, ""},
	    {"Mo-Fr 09:00-18:00; We 09:00 – 13:00", {2026, 11, 25, 3, false}, "09:00–13:00"},
	    {"Fr 20:00-02:00", {2026, 11, 27, 5, false}, "20:00–02:00"},
	    {"Fr 20:00-24:00", {2026, 11, 27, 5, false}, "20:00–24:00"},
	    /* dates */
	    {"2026-12-24 off; " WEEK, {2026, 12, 24, 4, false}, ""},
	    {WEEK "; 2026-12-24 09:00-13:00", {2026, 12, 24, 4, false}, "09:00–13:00"},
	    {WEEK "; 2026-12-24 09:00-13:00", {2027, 12, 24, 5, false}, "09:00–12:00, 13:00–18:30"},
	    {WEEK "; 12-24 closed", {2027, 12, 24, 5, false}, ""},
	    {WEEK "; 12-30..01-02 off", {2027, 1, 1, 5, false}, ""},
	    {WEEK "; 12-30..01-02 off", {2027, 12, 31, 5, false}, ""},
	    {WEEK "; 12-30..01-02 off", {2027, 1, 4, 1, false}, "09:00–12:00, 13:00–18:30"},
	    {WEEK "; 2026-12-28..2027-01-03 off", {2026, 12, 31, 4, false}, ""},
	    {WEEK "; 2026-12-28..2027-01-03 off; 2026-12-31 09:00-11:00", {2026, 12, 31, 4, false},
		"09:00–11:00"},
	    {WEEK, {2026, 12, 25, 5, true}, ""},
	    {WEEK "; PH 11:00-15:00", {2026, 12, 25, 5, true}, "11:00–15:00"},
	    {WEEK "; PH 11:00-15:00; 12-25 off", {2026, 12, 25, 5, true}, ""},
	    {"Mo-Fr,PH 09:00-10:00", {2026, 12, 26, 6, true}, "09:00–10:00"},
	    /* JSON */
	    {"{\"mon\": [\"09:00\", \"18:00\"], \"sun\": []}", {2026, 11, 23, 1, false},
		"09:00–18:00"},
	    {"{\"mon\": [[\"09:00\", \"12:00\"], [\"13:00\", \"18:00\"]]}",
		{2026, 11, 23, 1, false}, "09:00–12:00, 13:00–18:00"},
	    {"{\"mon\": [\"09:00\", \"18:00\"]}", {2026, 11, 24, 2, false}, ""},
	    {"{\"2026-12-24\": null, \"th\": [\"09:00\", \"18:00\"]}", {2026, 12, 24, 4, false},
		""},
	    {"{\"mon\": \"09:00\"}", {2026, 11, 24, 2, false}, NULL},
	    {"{\"mon\": [\"09:00\", \"1800\"]}", {2026, 11, 24, 2, false}, NULL},
	    {"{\"mon\": [[\"09:00\"]]}", {2026, 11, 24, 2, false}, NULL},
	    {"{\"someday\": []}", {2026, 11, 24, 2, false}, NULL},
	    {"{\"mon\"", {2026, 11, 24, 2, false}, NULL},
	    /* not understood */
	    {"Mo 9-18", {2026, 11, 24, 2, false}, NULL},
	    {"Mo 09:00", {2026, 11, 24, 2, false}, NULL},
	    {"Mo 25:00-26:00", {2026, 11, 24, 2, false}, NULL},
	    {"Mo 09:60-10:00", {2026, 11, 24, 2, false}, NULL},
	    {"Mo 09:00-09:00", {2026, 11, 24, 2, false}, NULL},
	    {"Mo 09:00-12:00,11:00-13:00", {2026, 11, 24, 2, false}, NULL},
	    {"Xx 09:00-12:00", {2026, 11, 24, 2, false}, NULL},
	    {"Mo-PH 09:00-12:00", {2026, 11, 24, 2, false}, NULL},
	    {"Mo 09:00-12:00 Tu 09:00-12:00", {2026, 11, 24, 2, false}, NULL},
	    {"2026-02-30 off", {2026, 11, 24, 2, false}, NULL},
	    {"2027-02-29 off", {2026, 11, 24, 2, false}, NULL},
	    {"2026-12-24..2026-12-20 off", {2026, 11, 24, 2, false}, NULL},
	    {"2026-12-24..12-26 off", {2026, 11, 24, 2, false}, NULL},
	    {"Mo", {2026, 11, 24, 2, false}, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct hours hours;
		char why[200] = "", text[HOURS_TEXT_SIZE];
		int rc = hours_parse(&hours, cases[i].text, why, sizeof why);

		if ((rc == 0) != (cases[i].wanted != NULL) || (rc != 0 && why[0] == '\0'))
			fail_msg("\"%s\": %s \"%s\"", cases[i].text,
			    rc == 0 ? "was taken" : "was refused:", why);
		hours_print(hours_on(&hours, &cases[i].date), false, text);
		if (rc == 0 && strcmp(text, cases[i].wanted) != 0)
			fail_msg("\"%s\": expected \"%s\", got \"%s\"", cases[i].text,
			    cases[i].wanted, text);
		hours_fini(&hours);
	}
}

static void
hours_say_what_is_open(void **state)
{
	static const struct {
		const char *text;
		int weekday, minute, until;
	} cases[] = {
	    {"Mo-Fr 09:00-12:00,13:00-18:30", 1, 539, 0},
	    {"Mo-Fr 09:00-12:00,13:00-18:30", 1, 540, 720},
	    {"Mo-Fr 09:00-12:00,13:00-18:30", 1, 719, 720},
	    {"Mo-Fr 09:00-12:00,13:00-18:30", 1, 720, 0},
	    {"Mo-Fr 09:00-12:00,13:00-18:30", 5, 1109, 1110},
	    {"Fr 20:00-02:00", 5, 1439, 1560},
	    {"Fr 20:00-02:00", 6, 119, 120},
	    {"Fr 20:00-02:00", 6, 120, 0},
	    {"Fr 20:00-02:00", 7, 60, 0},
	    {"Su 20:00-02:00", 1, 60, 120},
	    {"24/7", 3, 0, 1440},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int day = cases[i].weekday;
		struct hours_calendar today = {2026, 11, 22 + day, day, false};
		struct hours_calendar before = {2026, 11, 21 + day, day == 1 ? 7 : day - 1, false};
		struct hours hours;
		char why[200];
		int got;

		assert_int_equal(hours_parse(&hours, cases[i].text, why, sizeof why), 0);
		got = hours_open_until(
		    hours_on(&hours, &before), hours_on(&hours, &today), cases[i].minute);
		if (got != cases[i].until)
			fail_msg("\"%s\" on day %d at %d: expected %d, got %d", cases[i].text, day,
			    cases[i].minute, cases[i].until, got);
		hours_fini(&hours);
	}
}

static void
hours_are_printed_as_americans_do(void **state)
{
	struct hours hours;
	struct hours_calendar date = {2026, 11, 23, 1, false};
	char why[200], text[HOURS_TEXT_SIZE];

	(void)state;
	assert_int_equal(
	    hours_parse(&hours, "00:00-00:30,09:05-12:00,12:30-24:00", why, sizeof why), 0);
	hours_print(hours_on(&hours, &date), true, text);
	assert_string_equal(text, "12:00 am–12:30 am, 9:05 am–12:00 pm, 12:30 pm–12:00 am");
	hours_fini(&hours);
}

/* --- places --- */

static void
assert_place(const struct places *places, enum places_kind kind, const char *country,
    const char *text, double latitude)
{
	struct geo_point point = {-99, -99};
	bool found = places_find(places, kind, country, text, strlen(text), &point);

	if (found != (latitude > -90) || (found && fabs(point.latitude - latitude) > 1e-3))
		fail_msg("%s \"%s\": expected %f, got %f", country, text, latitude, point.latitude);
}

static void
check_places(const struct places *places)
{
	static const struct {
		enum places_kind kind;
		const char *country, *text;
		double latitude;
	} cases[] = {
	    {PLACES_POSTCODE, "DE", "10115", 52.53},
	    {PLACES_POSTCODE, "DE", " d-10115 ", 52.53},
	    {PLACES_POSTCODE, "", "10115", 52.53},
	    {PLACES_POSTCODE, "FR", "10115", -99},
	    {PLACES_POSTCODE, "", "1010", -99}, /* in Vienna and in Riga */
	    {PLACES_POSTCODE, "AT", "A-1010", 48.21},
	    {PLACES_POSTCODE, "LV", "1010", 56.96},
	    {PLACES_POSTCODE, "GB", "nw1 6xe", 51.53},
	    {PLACES_POSTCODE, "GB", "NW16XE", 51.53},
	    {PLACES_POSTCODE, "US", "10001-1234", 40.75},
	    {PLACES_POSTCODE, "US", "1000", -99},
	    {PLACES_POSTCODE, "NL", "1012 AB", 52.37},
	    {PLACES_POSTCODE, "CA", "K1A 0B1", 45.42},
	    {PLACES_CITY, "DE", "münchen", 48.14},
	    {PLACES_CITY, "DE", "MUNCHEN", 48.14},
	    {PLACES_CITY, "DE", "Mu\xcc\x88nchen",
		48.14},				     /* the dots as a character of their own */
	    {PLACES_CITY, "US", "Springfield", -99}, /* there are several */
	    {PLACES_CITY, "DE", "Berlin", 52.53},
	    {PLACES_CITY, "", "Berlin", 52.53},
	    {PLACES_CITY, "GB", "london nw1", 51.53},
	    {PLACES_CITY, "DE", "", -99},
	    {PLACES_CITY, "DE", "\xff\xfe", -99},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_place(
		    places, cases[i].kind, cases[i].country, cases[i].text, cases[i].latitude);
}

static struct places *
load_places(const char *text, const char *wanted)
{
	struct fault fault = {""};
	struct places *places;
	char path[128];

	write_file("places", text);
	path_of("places", path);
	places = places_load(path, &fault);
	if (wanted == NULL ? places == NULL : strstr(fault.text, wanted) == NULL)
		fail_msg("expected \"%s\", got \"%s\"", wanted == NULL ? "" : wanted, fault.text);
	return places;
}

static void
places_are_read(void **state)
{
	struct places *places = load_places("\xef\xbb\xbf"
					    "Country;ZIP;City;Lat;Lng\n"
					    "DE;10115;Berlin;52.53;13.38\n"
					    "de;10117;\"Berlin\";52.52;13.39\n"
					    "DE;80331;München;48.14;11.57\n"
					    "AT;1010;Wien;48.21;16.37\n"
					    "LV;LV-1010;Rīga;56.96;24.12\n"
					    "GB;NW1;London NW1;51.53;-0.14\n"
					    "US;10001;New York;40.75;-73.99\n"
					    "US;62701;Springfield;39.80;-89.65\n"
					    "US;01103;Springfield;42.10;-72.59\n"
					    "NL;1012;Amsterdam;52.37;4.89\n"
					    "CA;K1A;Ottawa;45.42;-75.70\n",
	    NULL);

	(void)state;
	/* The middle of Berlin's two. */
	assert_place(places, PLACES_CITY, "DE", "Berlin", 52.525);
	places_free(&places);
	/* GeoNames: a quote is nothing special there. */
	places = load_places("DE\t10115\tBerlin\tBerlin\tBE\t\t00\tBerlin\t11000\t52.53\t13.38\t6\n"
			     "DE\t80331\tMünchen\tBayern\tBY\t\t\t\t\t48.14\t11.57\t\n"
			     "AT\t1010\t\"Wien\tWien\t\t\t\t\t\t48.21\t16.37\t\n"
			     "LV\tLV-1010\tRiga\t\t\t\t\t\t\t56.96\t24.12\t\n"
			     "GB\tNW1\tLondon NW1\t\t\t\t\t\t\t51.53\t-0.14\t4\n"
			     "US\t10001\tNew York\t\t\t\t\t\t\t40.75\t-73.99\t4\n"
			     "US\t62701\tSpringfield\t\t\t\t\t\t\t39.80\t-89.65\t4\n"
			     "US\t01103\tSpringfield\t\t\t\t\t\t\t42.10\t-72.59\t4\n"
			     "NL\t1012\tAmsterdam\t\t\t\t\t\t\t52.37\t4.89\t\n"
			     "CA\tK1A\tOttawa\t\t\t\t\t\t\t45.42\t-75.70\t\n",
	    NULL);
	check_places(places);
	places_free(&places);
}

static void
bad_places_are_told_with_their_line(void **state)
{
	static const struct {
		const char *text, *wanted;
	} cases[] = {
	    {"", "places: expected places, the file is empty"},
	    {"a,b,c\n", "places:1: expected a header line with the columns"},
	    {"country,zip,lat,lon\nDE,1,52,13\n\nDE,2,x,13\n", "places:4: expected a latitude"},
	    {"country,zip,lat,lon\nDE,1,52,181\n", "places:2: expected a latitude"},
	    {"country,zip,lat,lon\nDE,1,nan,0\n", "places:2: expected a latitude"},
	    {"country,zip,lat,lon\nGermany,1,52,18\n",
		"places:2: expected a country of two letters, got \"Germany\""},
	    {"country,zip,lat,lon\nDE,\"1\n,52,13\n", "places:2: a quote begins here"},
	    {"country,zip,lat,lon\nDE,\"\n\n1\",52,13\nDE,1,a,b\n", "places:5: expected a lat"},
	    {"country,zip,lat,lon\nDE,\xff,52,13\n", "places:2: expected text in UTF-8"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_null(load_places(cases[i].text, cases[i].wanted));
}

static void
million_places_are_small(void **state)
{
	struct places *places = places_new();
	struct geo_point point;
	char code[16], city[32];
	clock_t begin = clock();

	(void)state;
	for (int i = 0; i < 1000000; i++) {
		snprintf(code, sizeof code, "%06d", i);
		snprintf(city, sizeof city, "City %d", i / 10);
		places_add(places, "DE", code, city,
		    (struct geo_point){i / 20000.0, (i / 10) % 1000 / 10.0});
	}
	places_seal(places);
	print_message("1,000,000 places: %zu entries, %zu MB, %.2f s\n", places_count(places),
	    places_size(places) >> 20, (double)(clock() - begin) / CLOCKS_PER_SEC);
	assert_int_equal(places_count(places), 2 * 1000000 + 2 * 100000);
	assert_true(places_size(places) <= (size_t)40 << 20);
	for (int i = 0; i < 1000000; i += 997) {
		snprintf(code, sizeof code, "%06d", i);
		assert_true(places_find(places, PLACES_POSTCODE, "DE", code, 6, &point));
		assert_true(fabs(point.latitude - i / 20000.0) < 1e-6);
	}
	places_free(&places);
}

/* --- outlets --- */

static bool
zone_ok(void *closure, const char *zone)
{
	(void)closure;
	return strcmp(zone, "Nowhere/Else") != 0;
}

static struct outlets *
load_outlets(const char *text, const struct places *places, const char *wanted)
{
	struct fault fault = {""};
	struct outlets *outlets;
	char path[128];

	write_file("outlets", text);
	path_of("outlets", path);
	outlets = outlets_load(path, places, zone_ok, NULL, &fault);
	if (wanted == NULL ? outlets == NULL : strstr(fault.text, wanted) == NULL)
		fail_msg("expected \"%s\", got \"%s\"", wanted == NULL ? "" : wanted, fault.text);
	return outlets;
}

#define OUTLETS                                                                                     \
	"Name,Street,ZIP,City,Country,Lat,Lon,Opening hours,Time zone,Has café,Brand,Has_Cafe\n"   \
	"Mitte,Torstraße 1,10119,Berlin,DE,52.529,13.401,Mo-Sa 09:00-20:00,Europe/Berlin,,x,yes\n" \
	"West,Kudamm 2,10719,Berlin,DE,52.503,13.328,,,,Premium,no\n"                               \
	"Hafen,,,Hamburg,DE,53.54,9.98,24/7,,,premium,1\n"

static const char *
nearest_name(const struct outlets *outlets, struct outlets_query *query)
{
	struct tree_found found[1];

	return outlets_nearest(outlets, query, found, 1) == 0
	    ? ""
	    : outlets_at(outlets, found[0].item)->fields[0];
}

static void
outlets_are_found(void **state)
{
	static const struct {
		const char *only;
		double within;
		const char *wanted;
	} cases[] = {
	    {NULL, 0, "West"},
	    {NULL, 0.1, ""},
	    {NULL, 2, "West"},
	    {"has_cafe", 0, "Mitte"},
	    {"has_cafe", 3, ""},
	    {"not has_cafe", 0, "West"},
	    {"brand=premium", 0, "West"},
	    {" not brand = PREMIUM", 0, "Mitte"},
	    {"city=Hamburg", 0, "Hafen"},
	};
	struct outlets *outlets = load_outlets(OUTLETS, NULL, NULL);
	struct geo_point point;

	(void)state;
	assert_int_equal(outlets_count(outlets), 3);
	assert_string_equal(outlets_column(outlets, 2), "postcode");
	assert_string_equal(outlets_column(outlets, 7), "hours");
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct outlets_query query = {.at = {52.51, 13.32}, .within_km = cases[i].within};

		if (cases[i].only != NULL)
			assert_int_equal(
			    outlets_only_read(outlets, cases[i].only, strlen(cases[i].only),
				&query.only[query.only_count++]),
			    0);
		if (strcmp(nearest_name(outlets, &query), cases[i].wanted) != 0)
			fail_msg("%s: expected \"%s\", got \"%s\"",
			    cases[i].only == NULL ? "" : cases[i].only, cases[i].wanted,
			    nearest_name(outlets, &query));
	}
	assert_int_equal(outlets_only_read(outlets, "pool", 4, &(struct outlets_only){0}), -1);
	assert_int_equal(outlets_only_read(outlets, "", 0, &(struct outlets_only){0}), -1);
	assert_true(places_find(outlets_places(outlets), PLACES_CITY, "DE", "hamburg", 7, &point));
	outlets_free(&outlets);
}

static void
bad_outlets_are_told_with_their_line(void **state)
{
	static const struct {
		const char *text, *wanted;
	} cases[] = {
	    {"", "outlets: expected a header line and at least one outlet"},
	    {"name,lat,lon\n", "outlets: expected a header line and at least one outlet"},
	    {"name,lat\nx,1\n", "outlets:1: expected a header line with at least the columns"},
	    {"name,lat,lon,open_now\n", "outlets:1: a column can't be called open_now"},
	    {"name,lat,lon,a b,A-B\n", "outlets:1: there are two columns a_b"},
	    {"name,lat,lon\nx,1,2\n,1,2\n", "outlets:3: expected a name"},
	    {"name,lat,lon\nx,91,2\n", "outlets:2: expected a latitude from -90 to 90"},
	    {"name,lat,lon\nx,52,5,13,4\n", "outlets:2: expected at most 3 fields"},
	    {"name,lat,lon\nx,,\n", "outlets:2: it has no latitude and longitude"},
	    {"name,lat,lon,hours\nx,1,2,\"Mo\n 9-5\"\n",
		"outlets:2: hours: expected times such as 09:00-18:30, or off, got \"9-5\""},
	    {"name,lat,lon,tz\nx,1,2,Nowhere/Else\n",
		"outlets:2: expected a time zone such as Europe/Berlin, got \"Nowhere/Else\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_null(load_outlets(cases[i].text, NULL, cases[i].wanted));
}

static void
outlet_may_be_known_by_its_postcode(void **state)
{
	struct places *places = load_places("country,zip,lat,lon\nDE,10119,52.53,13.4\n", NULL);
	struct outlets *outlets =
	    load_outlets("name,lat,lon,zip,country\nx,,,10119,DE\n", places, NULL);

	(void)state;
	assert_true(fabs(outlets_at(outlets, 0)->point.latitude - 52.53) < 1e-6);
	outlets_free(&outlets);
	places_free(&places);
}

/* --- the folder --- */

static int
setup(void **state)
{
	(void)state;
	fixture_make_folder("nearest");
	return 0;
}

static int
teardown(void **state)
{
	char path[128];

	(void)state;
	path_of("places", path);
	unlink(path);
	path_of("outlets", path);
	unlink(path);
	return rmdir(fixture_folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(great_circles_are_as_published),
	    cmocka_unit_test(geodesics_are_within_six_per_mille),
	    cmocka_unit_test(tree_finds_what_looking_at_each_finds),
	    cmocka_unit_test(tree_of_equal_points_is_no_trouble),
	    cmocka_unit_test(hours_are_read),
	    cmocka_unit_test(hours_say_what_is_open),
	    cmocka_unit_test(hours_are_printed_as_americans_do),
	    cmocka_unit_test(places_are_read),
	    cmocka_unit_test(bad_places_are_told_with_their_line),
	    cmocka_unit_test(million_places_are_small),
	    cmocka_unit_test(outlets_are_found),
	    cmocka_unit_test(bad_outlets_are_told_with_their_line),
	    cmocka_unit_test(outlet_may_be_known_by_its_postcode),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
