/* SPDX-License-Identifier: BSD-2-Clause
 *
 * where: where a contact is, by position, postcode or city
 *
 * Threads: any.
 */
#include "nearest.h"

#include <stdio.h>
#include <string.h>

/* The value that parameter `parameter` names: an attribute of the contact, or a whole path such
 * as data.delivery.postcode. */
static const struct mt_value *
attribute(struct mt_call *call, const struct mt_value *of, const char *parameter)
{
	const struct mt_host *mt = call->host;
	struct mt_str name = mt->param_text(call, parameter);
	const char *dot = name.n == 0 ? NULL : memrchr(name.p, '.', name.n);
	char path[200];
	int n;

	if (name.n == 0)
		return NULL;
	if (of != NULL) {
		size_t skip = dot == NULL ? 0 : (size_t)(dot + 1 - name.p);

		return mt->get(call, of, mt_str_n(name.p + skip, name.n - skip));
	}
	if (dot != NULL)
		return mt->find(call, name);
	n = snprintf(path, sizeof path, "contact.%.*s", (int)name.n, name.p);
	return n < 0 || (size_t)n >= sizeof path ? NULL : mt->find(call, mt_str_n(path, (size_t)n));
}

/* 0, 0 lies in the sea, and is what programs write that know no position. */
static bool
read_position(struct mt_call *call, const struct mt_value *of, struct geo_point *point_r)
{
	const struct mt_host *mt = call->host;

	return mt->as_number(call, attribute(call, of, "latitude"), &point_r->latitude) == MT_OK &&
	    mt->as_number(call, attribute(call, of, "longitude"), &point_r->longitude) == MT_OK &&
	    geo_ok(*point_r) && (point_r->latitude != 0 || point_r->longitude != 0);
}

static bool
find(const struct nearest *nearest, enum places_kind kind, const char *country, struct mt_str text,
    struct geo_point *point_r)
{
	if (text.n == 0)
		return false;
	return (nearest->places != NULL &&
		   places_find(nearest->places, kind, country, text.p, text.n, point_r)) ||
	    places_find(outlets_places(nearest->outlets), kind, country, text.p, text.n, point_r);
}

const char *
nearest_where(struct mt_call *call, const struct mt_value *of, struct geo_point *point_r)
{
	const struct mt_host *mt = call->host;
	const struct nearest *nearest = call->state;
	struct mt_str text;
	char country[3];

	if (read_position(call, of, point_r))
		return "position";
	text = mt->as_text(call, attribute(call, of, "country"));
	if (!places_country(text.p, text.n, country))
		memcpy(country, nearest->default_country, sizeof country);
	text = mt->as_text(call, attribute(call, of, "postcode"));
	if (find(nearest, PLACES_POSTCODE, country, text, point_r))
		return "postcode";
	text = mt->as_text(call, attribute(call, of, "city"));
	return find(nearest, PLACES_CITY, country, text, point_r) ? "city" : NULL;
}

const char *
nearest_where_text(struct mt_call *call, struct mt_str text, struct geo_point *point_r)
{
	const struct nearest *nearest = call->state;
	const char *comma = text.n == 0 ? NULL : memrchr(text.p, ',', text.n);
	char country[3];

	memcpy(country, nearest->default_country, sizeof country);
	if (comma != NULL) {
		const char *code = comma + 1, *end = text.p + text.n;

		while (code < end && *code == ' ')
			code++;
		if (places_country(code, (size_t)(end - code), country))
			text.n = (size_t)(comma - text.p);
	}
	if (find(nearest, PLACES_POSTCODE, country, text, point_r))
		return "postcode";
	return find(nearest, PLACES_CITY, country, text, point_r) ? "city" : NULL;
}
