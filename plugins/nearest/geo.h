/* SPDX-License-Identifier: BSD-2-Clause
 *
 * geo: points on the globe, and how far apart they are
 *
 * Distances are great-circle distances on a sphere with the mean radius of the earth, R1 of
 * GRS 80: 6371.0088 km (H. Moritz, Geodetic Reference System 1980, Journal of Geodesy 74,
 * 2000). Those on the ellipsoid differ by less than 0.6 %.
 *
 * Threads: any; everything touches only its arguments.
 */
#ifndef NEAREST_GEO_H
#define NEAREST_GEO_H

#include <stdbool.h>

#define GEO_RADIUS_KM	6371.0088
#define GEO_KM_PER_MILE 1.609344

struct geo_point {
	double latitude; /* degrees north */
	double longitude;
};

/* The same as a vector of length 1, from the middle of the earth. */
struct geo_unit {
	double v[3];
};

/* Within -90..90 and -180..180, and no NaN. */
bool geo_ok(struct geo_point point);
struct geo_unit geo_unit(struct geo_point point);
struct geo_point geo_point(struct geo_unit unit);
/* The straight line through the earth, squared, in earth radii: orders points as geo_km does,
 * and is cheaper. */
double geo_chord2(const struct geo_unit *a, const struct geo_unit *b);
double geo_km(const struct geo_unit *a, const struct geo_unit *b);
/* What geo_chord2 is at this distance. */
double geo_chord2_of(double km);

#endif
