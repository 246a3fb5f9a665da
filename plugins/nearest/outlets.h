/* SPDX-License-Identifier: BSD-2-Clause
 *
 * outlets: the file of outlets, and which of them are nearest
 *
 * Threads: one loads; any may ask then.
 */
#ifndef NEAREST_OUTLETS_H
#define NEAREST_OUTLETS_H

#include "hours.h"
#include "places.h"
#include "tree.h"

#define OUTLETS_MAX	 100000
#define OUTLETS_ONLY_MAX 8

struct outlet {
	struct geo_point point;
	struct geo_unit unit;
	bool has_hours;
	struct hours hours;
	const char *zone;	   /* IANA name, or empty */
	const char *const *fields; /* one for each column, "" where there is nothing */
};

struct outlets;

/* `places` may be NULL; it says where outlets without a position are. `zone_ok` says whether
 * there is such a time zone. NULL with the fault. */
struct outlets *outlets_load(const char *path, const struct places *places,
    bool (*zone_ok)(void *closure, const char *zone), void *closure, struct fault *fault);
void outlets_free(struct outlets **outlets);

size_t outlets_count(const struct outlets *outlets);
const struct outlet *outlets_at(const struct outlets *outlets, size_t i);
/* Where their postcodes and cities are. */
const struct places *outlets_places(const struct outlets *outlets);
/* The names that templates know them by: small letters, digits and _. An empty one is a column
 * without a name. */
size_t outlets_columns(const struct outlets *outlets);
const char *outlets_column(const struct outlets *outlets, size_t column);

/* Only outlets with this: "has_cafe", "not has_cafe", "brand=Premium". */
struct outlets_only {
	size_t column;
	bool not ;
	const char *value; /* NULL: anything but empty, 0, no, n, off, false and - */
	size_t value_n;
};

/* -1: there is no such column. */
int outlets_only_read(
    const struct outlets *outlets, const char *text, size_t n, struct outlets_only *only_r);

struct outlets_query {
	struct geo_point at;
	double within_km; /* 0: however far */
	struct outlets_only only[OUTLETS_ONLY_MAX];
	size_t only_count;
};

/* The nearest first; how many. */
size_t outlets_nearest(const struct outlets *outlets, const struct outlets_query *query,
    struct tree_found *found, size_t room);

#endif
