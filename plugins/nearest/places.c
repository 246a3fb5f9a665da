/* SPDX-License-Identifier: BSD-2-Clause
 *
 * places: see places.h
 *
 * Owns:    the entries: one array, sorted by digest.
 * Threads: see places.h.
 */
#include "places.h"

#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PLAIN_MAX  200	/* bytes of a name that count */
#define SCALE	   1e7	/* of degrees, as integers */
#define NO_COUNTRY "??" /* of a row that names none */

struct place {
	uint64_t key;
	int32_t latitude, longitude;
};

struct places {
	struct place *at;
	size_t count;
	size_t room;
};

struct places *
places_new(void)
{
	return g_new0(struct places, 1);
}

void
places_free(struct places **places)
{
	if (*places != NULL)
		g_free((*places)->at);
	g_free(*places);
	*places = NULL;
}

size_t
places_count(const struct places *places)
{
	return places->count;
}

size_t
places_size(const struct places *places)
{
	return places->room * sizeof *places->at;
}

/* --- names --- */

bool
places_country(const char *text, size_t n, char country_r[3])
{
	if (n != 2 || !g_ascii_isalpha(text[0]) || !g_ascii_isalpha(text[1]))
		return false;
	country_r[0] = g_ascii_toupper(text[0]);
	country_r[1] = g_ascii_toupper(text[1]);
	country_r[2] = '\0';
	return true;
}

/* "D-10115" and "LV-1010": how long what stands before the number is. */
static size_t
country_prefix(const char *text, size_t n)
{
	for (size_t i = 1; i <= 2 && i + 1 < n; i++) {
		if (!g_ascii_isalpha(text[i - 1]))
			return 0;
		if (text[i] == '-' && g_ascii_isdigit(text[i + 1]))
			return i + 1;
	}
	return 0;
}

static size_t
plain_ascii(const char *text, size_t n, char *to)
{
	size_t length = 0;

	for (size_t i = 0; i < n; i++) {
		if (g_ascii_isalnum(text[i]))
			to[length++] = g_ascii_tolower(text[i]);
	}
	return length;
}

/* Letters and digits only, without accents, in small letters. */
static size_t
plain_unicode(const char *text, size_t n, char *to)
{
	char *apart = g_utf8_normalize(text, (gssize)n, G_NORMALIZE_ALL), *folded;
	size_t length = 0;

	if (apart == NULL)
		return 0;
	folded = g_utf8_casefold(apart, -1);
	for (size_t i = 0, bytes; folded[i] != '\0'; i += bytes) {
		bytes = (size_t)g_utf8_skip[(unsigned char)folded[i]];
		if (!g_unichar_isalnum(g_utf8_get_char(folded + i)) || length + bytes > PLAIN_MAX)
			continue;
		memcpy(to + length, folded + i, bytes);
		length += bytes;
	}
	g_free(folded);
	g_free(apart);
	return length;
}

static size_t
plain(enum places_kind kind, const char *text, size_t n, char to[PLAIN_MAX])
{
	size_t skip = 0;
	bool ascii = true;

	if (n > PLAIN_MAX)
		return 0;
	while (n > 0 && g_ascii_isspace(*text)) {
		text++;
		n--;
	}
	if (kind == PLACES_POSTCODE)
		skip = country_prefix(text, n);
	for (size_t i = 0; i < n; i++)
		ascii = ascii && (text[i] & 0x80) == 0;
	return ascii ? plain_ascii(text + skip, n - skip, to)
		     : plain_unicode(text + skip, n - skip, to);
}

/* FNV-1a, and the last step of MurmurHash3, without which its high bits are poor. Of five
 * million names two have the same digest with a probability of 1 : 1,500,000. */
static uint64_t
digest(enum places_kind kind, const char *country, const char *name, size_t n)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	const unsigned char head[3] = {(unsigned char)kind, (unsigned char)country[0],
	    country[0] == '\0' ? 0 : (unsigned char)country[1]};

	for (size_t i = 0; i < 3 + n; i++) {
		hash ^= i < 3 ? head[i] : (unsigned char)name[i - 3];
		hash *= UINT64_C(0x100000001b3);
	}
	hash = (hash ^ hash >> 33) * UINT64_C(0xff51afd7ed558ccd);
	hash = (hash ^ hash >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
	return hash ^ hash >> 33;
}

/* --- filling --- */

static void
add(struct places *places, enum places_kind kind, const char *country, const char *text,
    struct geo_point point)
{
	const char *const keys[2] = {country[0] == '\0' ? NO_COUNTRY : country, ""};
	char name[PLAIN_MAX];
	size_t n = plain(kind, text, strlen(text), name);

	if (n == 0)
		return;
	/* With and without the country. */
	for (int i = 0; i < 2; i++) {
		if (places->count == places->room) {
			places->room = places->room * 3 / 2 + 64;
			places->at = g_renew(struct place, places->at, places->room);
		}
		places->at[places->count++] = (struct place){.key = digest(kind, keys[i], name, n),
		    .latitude = (int32_t)lround(point.latitude * SCALE),
		    .longitude = (int32_t)lround(point.longitude * SCALE)};
	}
}

void
places_add(struct places *places, const char *country, const char *postcode, const char *city,
    struct geo_point point)
{
	add(places, PLACES_POSTCODE, country, postcode, point);
	add(places, PLACES_CITY, country, city, point);
}

/* --- sealing --- */

static int
compare(const void *a, const void *b)
{
	const struct place *left = a, *right = b;

	if (left->key != right->key)
		return left->key < right->key ? -1 : 1;
	if (left->latitude != right->latitude)
		return left->latitude < right->latitude ? -1 : 1;
	return (left->longitude > right->longitude) - (left->longitude < right->longitude);
}

/* Into 256 heaps by the highest byte, in place; then each heap is sorted alone, since glibc's
 * qsort wants as much memory again as it sorts. */
static void
sort(struct place *at, size_t count)
{
	size_t begin[257] = {0}, next[256];

	for (size_t i = 0; i < count; i++)
		begin[(at[i].key >> 56) + 1]++;
	for (size_t i = 0; i < 256; i++) {
		begin[i + 1] += begin[i];
		next[i] = begin[i];
	}
	for (size_t heap = 0; heap < 256; heap++) {
		while (next[heap] < begin[heap + 1]) {
			size_t wanted = at[next[heap]].key >> 56;
			struct place kept = at[next[heap]];

			at[next[heap]] = at[next[wanted]];
			at[next[wanted]++] = kept;
		}
	}
	for (size_t heap = 0; heap < 256; heap++)
		qsort(at + begin[heap], begin[heap + 1] - begin[heap], sizeof *at, compare);
}

static struct geo_point
point_of(const struct place *place)
{
	return (struct geo_point){place->latitude / SCALE, place->longitude / SCALE};
}

/* Rows of one name: their middle, or false. */
static bool
merge(struct place *rows, size_t count, struct place *merged_r)
{
	struct geo_unit middle = {{0, 0, 0}};
	struct geo_point point;

	*merged_r = rows[0];
	if (count == 1)
		return true;
	for (size_t i = 0; i < count; i++) {
		struct geo_unit unit = geo_unit(point_of(&rows[i]));

		for (int k = 0; k < 3; k++)
			middle.v[k] += unit.v[k];
	}
	point = geo_point(middle);
	middle = geo_unit(point);
	for (size_t i = 0; i < count; i++) {
		struct geo_unit unit = geo_unit(point_of(&rows[i]));

		if (geo_km(&unit, &middle) > PLACES_SPREAD_KM)
			return false;
	}
	merged_r->latitude = (int32_t)lround(point.latitude * SCALE);
	merged_r->longitude = (int32_t)lround(point.longitude * SCALE);
	return true;
}

void
places_seal(struct places *places)
{
	size_t kept = 0, end;

	if (places->count == 0)
		return;
	sort(places->at, places->count);
	for (size_t i = 0; i < places->count; i = end) {
		struct place merged;

		for (end = i + 1; end < places->count && places->at[end].key == places->at[i].key;)
			end++;
		if (merge(&places->at[i], end - i, &merged))
			places->at[kept++] = merged;
	}
	places->count = kept;
	places->room = kept;
	places->at = g_renew(struct place, places->at, kept == 0 ? 1 : kept);
}

/* --- asking --- */

static bool
look_up(const struct places *places, uint64_t key, struct geo_point *point_r)
{
	size_t low = 0, high = places->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (places->at[middle].key < key)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == places->count || places->at[low].key != key)
		return false;
	*point_r = point_of(&places->at[low]);
	return true;
}

/* What GeoNames and post offices know an area by; the rest is a street or a house. Positive: so
 * many characters from the left; negative: without so many from the right. */
static int
area_of(const char *country)
{
	static const struct {
		char country[3];
		int keep;
	} areas[] = {{"GB", -3}, {"CA", 3}, {"IE", 3}, {"MT", 3}, {"NL", 4}, {"US", 5}};

	for (size_t i = 0; i < G_N_ELEMENTS(areas); i++) {
		if (strcmp(areas[i].country, country) == 0)
			return areas[i].keep;
	}
	return 0;
}

static bool
find_in(const struct places *places, enum places_kind kind, const char *country, const char *name,
    size_t n, struct geo_point *point_r)
{
	return look_up(places, digest(kind, country, name, n), point_r) ||
	    (country[0] != '\0' && look_up(places, digest(kind, NO_COUNTRY, name, n), point_r));
}

bool
places_find(const struct places *places, enum places_kind kind, const char *country,
    const char *text, size_t n, struct geo_point *point_r)
{
	char name[PLAIN_MAX];
	size_t length = plain(kind, text, n, name);
	int area;

	if (length == 0)
		return false;
	if (find_in(places, kind, country, name, length, point_r))
		return true;
	area = kind == PLACES_POSTCODE ? area_of(country) : 0;
	if (area < 0)
		area += (int)length;
	return area > 0 && (size_t)area < length &&
	    find_in(places, kind, country, name, (size_t)area, point_r);
}
