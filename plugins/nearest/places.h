/* SPDX-License-Identifier: BSD-2-Clause
 *
 * places: where postcodes and cities are
 *
 * An entry is 16 bytes: a digest of what the place is called, and where it is. Postcodes are
 * compared without spaces, hyphens and case, and without a country's letters before a hyphen
 * ("D-10115"); cities without case, accents and punctuation. Several rows of one name are one
 * place in their middle, unless they are far apart: such a name says nothing, and is left out.
 *
 * Threads: one fills; any may ask once they are sealed.
 */
#ifndef NEAREST_PLACES_H
#define NEAREST_PLACES_H

#include "fault.h"
#include "geo.h"

#include <stddef.h>
#include <stdint.h>

/* Rows of one name may be so far from their middle. */
#define PLACES_SPREAD_KM 100
#define PLACES_ROWS_MAX	 5000000

struct places;

enum places_kind { PLACES_POSTCODE = 1, PLACES_CITY };

struct places *places_new(void);
void places_free(struct places **places);
/* `country`: two letters, or empty. Without a postcode or city only the other is added. */
void places_add(struct places *places, const char *country, const char *postcode, const char *city,
    struct geo_point point);
/* When all are there. */
void places_seal(struct places *places);
/* `text` has `n` bytes, any. `country`: two letters; or empty: in whatever country there is
 * one. */
bool places_find(const struct places *places, enum places_kind kind, const char *country,
    const char *text, size_t n, struct geo_point *point_r);
/* Entries, and bytes that they take. */
size_t places_count(const struct places *places);
size_t places_size(const struct places *places);

/* CSV with columns country, postcode, city, latitude, longitude; or GeoNames' postal codes.
 * NULL with the fault. */
struct places *places_load(const char *path, struct fault *fault);

/* A number of degrees; false: it is none. */
bool places_degrees(const char *text, double *degrees_r);
/* Two letters, to be kept as capitals. */
bool places_country(const char *text, size_t n, char country_r[3]);

#endif
