/* SPDX-License-Identifier: BSD-2-Clause
 *
 * geo: see geo.h
 *
 * Threads: any.
 */
#include "geo.h"

#include <math.h>

static double
radians(double degrees)
{
	return degrees * (M_PI / 180);
}

bool
geo_ok(struct geo_point point)
{
	return point.latitude >= -90 && point.latitude <= 90 && point.longitude >= -180 &&
	    point.longitude <= 180;
}

struct geo_unit
geo_unit(struct geo_point point)
{
	double latitude = radians(point.latitude), longitude = radians(point.longitude);

	return (struct geo_unit){
	    {cos(latitude) * cos(longitude), cos(latitude) * sin(longitude), sin(latitude)}};
}

struct geo_point
geo_point(struct geo_unit unit)
{
	return (struct geo_point){
	    atan2(unit.v[2], hypot(unit.v[0], unit.v[1])) * (180 / M_PI),
	    atan2(unit.v[1], unit.v[0]) * (180 / M_PI),
	};
}

double
geo_chord2(const struct geo_unit *a, const struct geo_unit *b)
{
	double sum = 0;

	for (int i = 0; i < 3; i++)
		sum += (a->v[i] - b->v[i]) * (a->v[i] - b->v[i]);
	return sum;
}

/* The angle between two vectors of one length is 2 atan2(|a - b|, |a + b|): unlike the cosine's
 * inverse it loses no digits, for points that are close by nor for those that are opposite
 * (W. Kahan, How Futile are Mindless Assessments of Roundoff, 2006, section 12). */
double
geo_km(const struct geo_unit *a, const struct geo_unit *b)
{
	const struct geo_unit opposite = {{-b->v[0], -b->v[1], -b->v[2]}};

	return GEO_RADIUS_KM * 2 * atan2(sqrt(geo_chord2(a, b)), sqrt(geo_chord2(a, &opposite)));
}

double
geo_chord2_of(double km)
{
	double half = sin(fmin(km / GEO_RADIUS_KM, M_PI) / 2);

	return 4 * half * half;
}
