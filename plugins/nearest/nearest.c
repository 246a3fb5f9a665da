/* SPDX-License-Identifier: BSD-2-Clause
 *
 * nearest: the outlet that is nearest to a contact
 *
 *	{{ nearest.name }}              of the copy's contact; nil if none is near
 *	{{ contact | outlets_near: 3 }} an array, for whom or what stands left of the |
 *
 * Threads: hooks from any; the state changes only in between (data.c).
 */
#include "nearest.h"

#include <string.h>

/* --- asking --- */

static int32_t
show_all(struct mt_call *call, const struct outlets_query *query, const char *found_by, size_t most,
    struct mt_value *array)
{
	const struct nearest *nearest = call->state;
	struct tree_found found[NEAREST_OTHERS_MAX + 1];
	struct geo_unit from = geo_unit(query->at);
	size_t count = outlets_nearest(nearest->outlets, query, found, most);

	for (size_t i = 0; i < count; i++) {
		if (call->host->add(call, array,
			nearest_show(call, outlets_at(nearest->outlets, found[i].item), &from,
			    found_by)) != MT_OK)
			return MT_LIMIT;
	}
	return MT_OK;
}

static struct outlets_query
query_of(struct mt_call *call)
{
	const struct nearest *nearest = call->state;
	struct outlets_query query = {.within_km = (double)call->host->param_int(call, "within"),
	    .only_count = nearest->only_count};

	memcpy(query.only, nearest->only, sizeof query.only);
	return query;
}

static int32_t
get_nearest(
    struct mt_call *call, void *closure, struct mt_str member, const struct mt_value **value_r)
{
	const struct mt_host *mt = call->host;
	const struct nearest *nearest = call->state;
	struct outlets_query query = query_of(call);
	struct tree_found found[NEAREST_OTHERS_MAX + 1];
	const char *found_by = nearest_where(call, NULL, &query.at);
	struct mt_value *object, *others = mt->array(call);
	struct geo_unit from;
	size_t count;

	(void)closure;
	(void)member;
	if (found_by == NULL)
		return MT_NONE;
	count = outlets_nearest(
	    nearest->outlets, &query, found, (size_t)mt->param_int(call, "others") + 1);
	if (count == 0)
		return MT_NONE;
	from = geo_unit(query.at);
	object = nearest_show(call, outlets_at(nearest->outlets, found[0].item), &from, found_by);
	for (size_t i = 1; i < count; i++) {
		if (mt->add(call, others,
			nearest_show(call, outlets_at(nearest->outlets, found[i].item), &from,
			    found_by)) != MT_OK)
			return MT_LIMIT;
	}
	if (object == NULL || mt->set(call, object, MT_STR("others"), others) != MT_OK)
		return MT_LIMIT;
	*value_r = object;
	return MT_OK;
}

/* --- the filter --- */

/* "has_cafe, brand=Premium" */
static int32_t
add_only(struct mt_call *call, struct mt_str text, struct outlets_query *query)
{
	const struct nearest *nearest = call->state;

	for (size_t i = 0, from = 0; i <= text.n; i++) {
		if (i < text.n && text.p[i] != ',')
			continue;
		if (query->only_count == OUTLETS_ONLY_MAX ||
		    outlets_only_read(nearest->outlets, text.p + from, i - from,
			&query->only[query->only_count]) != 0)
			return call->host->fail(call,
			    MT_STR("outlets_near: only: expected columns of the outlets, at "
				   "most 8"));
		query->only_count++;
		from = i + 1;
	}
	return MT_OK;
}

static int32_t
read_options(struct mt_call *call, const struct mt_arguments *with, struct outlets_query *query)
{
	const struct mt_host *mt = call->host;

	for (uint32_t i = 0; i < with->named_count; i++) {
		struct mt_str text = mt->as_text(call, with->named[i]);

		if (mt_str_eq(with->name[i], MT_STR("within"))) {
			if (mt->as_number(call, with->named[i], &query->within_km) != MT_OK ||
			    !(query->within_km >= 0))
				return mt->fail(
				    call, MT_STR("outlets_near: within: expected kilometres"));
		} else if (!mt_str_eq(with->name[i], MT_STR("only"))) {
			return mt->fail(call, MT_STR("outlets_near: expected within: or only:"));
		} else if (text.n > 0 && add_only(call, text, query) != MT_OK) {
			return MT_FAILED;
		}
	}
	return MT_OK;
}

static int32_t
outlets_near(struct mt_call *call, void *closure, const struct mt_arguments *with,
    const struct mt_value **value_r)
{
	const struct mt_host *mt = call->host;
	struct outlets_query query = query_of(call);
	struct mt_value *array = mt->array(call);
	const char *found_by;
	int64_t most = 5;

	(void)closure;
	if (with->count > 0 &&
	    (mt->as_int(call, with->at[0], &most) != MT_OK || most < 1 ||
		most > NEAREST_OTHERS_MAX))
		return mt->fail(call, MT_STR("outlets_near: expected a number from 1 to 50"));
	if (read_options(call, with, &query) != MT_OK)
		return MT_FAILED;
	found_by = mt->type(call, with->input) == MT_TYPE_OBJECT
	    ? nearest_where(call, with->input, &query.at)
	    : nearest_where_text(call, mt->as_text(call, with->input), &query.at);
	if (array == NULL)
		return MT_LIMIT;
	*value_r = array;
	return found_by == NULL ? MT_OK : show_all(call, &query, found_by, (size_t)most, array);
}

/* --- the plugin --- */

static const struct mt_parameter parameters[] = {
    {"outlets", MT_PATH, MT_REQUIRED, "", NULL,
	"The CSV file of outlets, in UTF-8 and with a header line. The columns name, latitude "
	"and longitude are needed; each column is a member of the value in templates."},
    {"places", MT_PATH, 0, "", NULL,
	"A file that says where postcodes and cities are: CSV with columns country, postcode, "
	"city, latitude, longitude, or one of GeoNames' postal code files. Without it only "
	"postcodes and cities of outlets are known."},
    {"latitude", MT_TEXT, 0, "latitude", "",
	"The attribute of contacts with the latitude of their position, in degrees. A name with "
	"dots is a whole path, as data.delivery.latitude."},
    {"longitude", MT_TEXT, 0, "longitude", "", "The same for the longitude."},
    {"postcode", MT_TEXT, 0, "postcode", "",
	"The attribute with the postcode, for contacts without a position."},
    {"city", MT_TEXT, 0, "city", "",
	"The attribute with the city, for contacts whose postcode is not known either."},
    {"country", MT_TEXT, 0, "country", "",
	"The attribute with the country, two letters as in ISO 3166-1."},
    {"default_country", MT_TEXT, 0, "", "",
	"The country of contacts that have none. If it is empty, their postcodes and cities "
	"count where only one place has that name."},
    {"time_zone", MT_TEXT, 0, "", "",
	"The time zone of outlets that have none in their column time_zone. If it is empty, the "
	"contact's counts."},
    {"within", MT_INT, 0, "0", "0..20038",
	"Kilometres: what is further away is not near, and the value is nil. 0: however far."},
    {"others", MT_INT, 0, "3", "0..50", "How many more outlets nearest.others has at most."},
    {"only", MT_LIST, 0, "", "",
	"Columns of outlets that must be filled, and not with 0, no, n, off, false or \"-\": "
	"has_cafe. Also: \"not has_cafe\", \"brand=Premium\"."},
    {"holidays", MT_LIST, 0, "", "",
	"Public holidays: 12-25 for each year, 2026-04-03..2026-04-06, \"DE 10-03\" for one "
	"country. Outlets are closed then, unless their hours have a rule PH."},
    {"clock", MT_ENUM, 0, "24", "24|12",
	"How hours_today is written: 09:00–18:30, or 9:00 am–6:30 pm."},
};

static const struct mt_namespace values[] = {
    {"nearest",
	"The outlet that is nearest to the contact: name, city, street, distance_km, "
	"distance_miles, hours_today, open_now, opens_at, closes_at, latitude, longitude, "
	"found_by, others, and whatever columns the file of outlets has. Nil if none is near.",
	get_nearest, NULL, 0, 0},
};

static const struct mt_filter filters[] = {
    {"outlets_near",
	"The nearest outlets to a contact, a postcode or a city, as an array: "
	"{{ contact | outlets_near: 3, within: 30, only: 'has_cafe' }}.",
	outlets_near, NULL, 0, 1, MT_FILTER_NAMED, 0},
};

static const struct mt_task tasks[] = {
    {"look", "Looks whether the files changed.", nearest_look, NULL, 2000, 0, 0, 0},
};

const struct mt_definition *
mt_plugin(void)
{
	static struct mt_definition me =
	    MT_PLUGIN("nearest", "1.0", "The nearest outlet, with hours and distance");

	me.threads = MT_THREADS_ANY;
	me.extend = nearest_extend;
	me.start = nearest_start;
	me.stop = nearest_stop;
	me.reload = nearest_reload;
	MT_SET(me.parameters, parameters);
	MT_SET(me.values, values);
	MT_SET(me.filters, filters);
	MT_SET(me.tasks, tasks);
	return &me;
}
