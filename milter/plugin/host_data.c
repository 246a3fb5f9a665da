/* SPDX-License-Identifier: BSD-2-Clause
 *
 * host_data: what contacts did, and what shops sell
 *
 * Threads: any; see call.c.
 */
#include "plugin/host.h"
#include "plugin/window.h"

#include "store/link.h"
#include "store/product.h"

#include <stdio.h>

#define MOST 1000

/* --- what every function here does --- */

static int32_t
refuse(struct plugin_call *call, const char *function, const char *why)
{
	return plugin_call_misuse(call, "%s: %s", function + sizeof "host_" - 1, why);
}

#define REFUSE(call, why) refuse(call, __func__, why)

static int32_t
failed(struct plugin_call *call, const struct err *err)
{
	snprintf(call->why, sizeof call->why, "%s", err->text);
	return err->code == ERR_LIMIT ? MT_LIMIT : MT_STORE;
}

/* What the store put into the arena counts as the plugin's. */
static bool
take(struct plugin_call *call, size_t size)
{
	*call->used += size;
	return *call->used <= call->ceiling;
}

/* A table of pointers to `count` of the structs at `first`. */
static const void **
table_of(struct plugin_call *call, const void *first, size_t size, size_t count)
{
	const void **table = plugin_call_memory(call, (count + 1) * sizeof *table);

	for (size_t i = 0; table != NULL && i < count; i++)
		table[i] = (const char *)first + i * size;
	return table;
}

/* --- events --- */

/* A name is asked for once, as long as the same campaign's events follow each other. */
struct names {
	int64_t campaign;
	struct str name;
};

static int
name_campaign(struct plugin_call *call, struct names *names, int64_t campaign, struct err *err)
{
	int rc;

	if (names->campaign == campaign)
		return 0;
	names->name = STR("");
	rc = campaign == 0 ? 0
			   : store_campaign_name(call->plugin->set->store, campaign, call->arena,
				 &names->name, err);
	names->campaign = campaign;
	return rc < 0 ? -1 : 0;
}

static struct mt_event
event_of(const struct store_event *from, struct str campaign)
{
	return (struct mt_event){.size = sizeof(struct mt_event),
	    .kind = (uint32_t)from->kind,
	    .flags = from->machine ? MT_EVENT_MACHINE : 0,
	    .id = from->id,
	    .contact = from->contact,
	    .time = from->time_ms,
	    .type = plugin_mt(from->type),
	    .source = plugin_mt(from->source),
	    .campaign = plugin_mt(campaign),
	    .message = plugin_mt(from->message),
	    .properties = plugin_mt(from->properties)};
}

static size_t
event_size(const struct store_event *event)
{
	return sizeof *event + event->type.n + event->source.n + event->source_id.n +
	    event->message.n + event->properties.n;
}

int32_t
plugin_events(struct plugin_call *call, const struct store_event *from, size_t count,
    const struct mt_event *const **events_r, size_t *count_r)
{
	struct mt_event *events = plugin_call_memory(call, (count + 1) * sizeof *events);
	struct names names = {0, STR("")};
	struct err err = ERR_INIT;

	for (size_t i = 0; events != NULL && i < count; i++) {
		if (name_campaign(call, &names, from[i].campaign, &err) != 0)
			return failed(call, &err);
		if (!take(call, event_size(&from[i])))
			return MT_LIMIT;
		events[i] = event_of(&from[i], names.name);
	}
	*events_r = events == NULL
	    ? NULL
	    : (const struct mt_event *const *)table_of(call, events, sizeof *events, count);
	if (*events_r == NULL)
		return MT_LIMIT;
	*count_r = count;
	return MT_OK;
}

/* `types` has room for STORE_EVENT_TYPES_MAX. NULL, or what is wrong with it. */
static const char *
query_of(struct plugin_call *call, const struct mt_query *query, struct str *types,
    struct store_event_query *query_r)
{
	if (query->size < sizeof *query)
		return "the query is too small";
	if (query->type_count > STORE_EVENT_TYPES_MAX)
		return "more than 16 types";
	if (query->type_count > 0 && query->types == NULL)
		return "there are no types";
	if (query->kind != MT_EVENT_ANY &&
	    store_event_kind_name((enum store_event_kind)query->kind) == NULL)
		return "there is no such kind of event";
	for (uint32_t i = 0; i < query->type_count; i++)
		types[i] = plugin_str(query->types[i]);
	*query_r = (struct store_event_query){.contact = call->copy->contact,
	    .kind = (enum store_event_kind)query->kind,
	    .types = types,
	    .type_count = query->type_count,
	    .since_ms = query->since,
	    .before_ms = query->before,
	    .people = (query->flags & MT_QUERY_PEOPLE) != 0};
	return NULL;
}

int32_t
host_events(struct mt_call *mt, const struct mt_query *query,
    const struct mt_event *const **events_r, size_t *count_r)
{
	struct plugin_call *call = CALL(mt);
	struct str types[STORE_EVENT_TYPES_MAX];
	struct store_event_query asked;
	struct store_event *found = NULL;
	struct err err = ERR_INIT;
	const char *wrong;
	size_t count = 0;
	int rc;

	if (call == NULL || query == NULL || events_r == NULL || count_r == NULL)
		return MT_MISUSE;
	*count_r = 0;
	if (call->copy == NULL)
		return REFUSE(call, "there is no copy here");
	wrong = query_of(call, query, types, &asked);
	if (wrong != NULL || query->most < 1 || query->most > MOST)
		return REFUSE(call, wrong != NULL ? wrong : "`most` is not 1 to 1000");
	rc = plugin_window_find(call, &asked, (size_t)query->most, &found, &count, &err);
	if (rc == 0 && asked.contact != 0)
		rc = store_event_newest(call->plugin->set->store, &asked, (size_t)query->most,
		    call->arena, &found, &count, &err);
	return rc < 0 ? failed(call, &err) : plugin_events(call, found, count, events_r, count_r);
}

int32_t
host_event_count(struct mt_call *mt, const struct mt_query *query, int64_t *count_r)
{
	struct plugin_call *call = CALL(mt);
	struct str types[STORE_EVENT_TYPES_MAX];
	struct store_event_query asked;
	struct err err = ERR_INIT;
	const char *wrong;

	if (call == NULL || query == NULL || count_r == NULL)
		return MT_MISUSE;
	*count_r = 0;
	if (call->copy == NULL)
		return REFUSE(call, "there is no copy here");
	wrong = query_of(call, query, types, &asked);
	if (wrong != NULL || query->most < 0)
		return REFUSE(call, wrong != NULL ? wrong : "`most` is negative");
	if (asked.contact != 0 &&
	    store_event_count(call->plugin->set->store, &asked, query->most, count_r, &err) != 0)
		return failed(call, &err);
	return MT_OK;
}

int32_t
host_events_after(struct mt_call *mt, int64_t after, size_t most,
    const struct mt_event *const **events_r, size_t *count_r)
{
	struct plugin_call *call = CALL(mt);
	struct store_event *found;
	struct err err = ERR_INIT;
	size_t count;

	if (call == NULL || events_r == NULL || count_r == NULL)
		return MT_MISUSE;
	*count_r = 0;
	if (call->copy != NULL || !plugin_call_has_store(call))
		return REFUSE(call, "in the background only");
	if (most < 1 || most > MOST)
		return REFUSE(call, "`most` is not 1 to 1000");
	if (store_event_after(
		call->plugin->set->store, after, most, call->arena, &found, &count, &err) != 0)
		return failed(call, &err);
	return plugin_events(call, found, count, events_r, count_r);
}

/* --- products --- */

static int64_t
price_of(int64_t price)
{
	return price == STORE_PRICE_NONE ? MT_NO_PRICE : price;
}

/* The sale's price, if it is the one that counts now. */
static int64_t
sale_price_of(const struct store_product *product, int64_t now_ms)
{
	struct store_product without = *product;
	int64_t price = store_product_price_at(product, now_ms);

	without.sale_price = STORE_PRICE_NONE;
	return price == store_product_price_at(&without, now_ms) ? MT_NO_PRICE : price;
}

static struct mt_product
product_of(const struct store_product *from, int64_t now_ms)
{
	return (struct mt_product){.size = sizeof(struct mt_product),
	    .availability = (uint32_t)from->availability,
	    .id = from->id,
	    .catalogue = plugin_mt(from->catalogue),
	    .key = plugin_mt(from->key),
	    .group = plugin_mt(from->group),
	    .title = plugin_mt(from->title),
	    .link = plugin_mt(from->link),
	    .image = plugin_mt(from->image),
	    .price = price_of(from->price),
	    .sale_price = sale_price_of(from, now_ms),
	    .currency = plugin_mt(from->currency),
	    .category = plugin_mt(from->category),
	    .brand = plugin_mt(from->brand),
	    .gtin = plugin_mt(from->gtin),
	    .attributes = plugin_mt(from->attributes)};
}

static size_t
product_size(const struct store_product *product)
{
	return sizeof *product + product->catalogue.n + product->key.n + product->group.n +
	    product->title.n + product->link.n + product->image.n + product->currency.n +
	    product->category.n + product->brand.n + product->gtin.n + product->attributes.n;
}

static int32_t
give_product(struct plugin_call *call, int rc, const struct store_product *found,
    const struct mt_product **product_r, const struct err *err)
{
	struct mt_product *product;

	if (rc <= 0)
		return rc < 0 ? failed(call, err) : MT_NONE;
	product =
	    take(call, product_size(found)) ? plugin_call_memory(call, sizeof *product) : NULL;
	if (product == NULL)
		return MT_LIMIT;
	*product = product_of(found, call->now_ms);
	*product_r = product;
	return MT_OK;
}

static int32_t
give_products(struct plugin_call *call, const struct store_product *found, size_t count,
    const struct mt_product *const **products_r, size_t *count_r)
{
	struct mt_product *products = plugin_call_memory(call, (count + 1) * sizeof *products);

	for (size_t i = 0; products != NULL && i < count; i++) {
		if (!take(call, product_size(&found[i])))
			return MT_LIMIT;
		products[i] = product_of(&found[i], call->now_ms);
	}
	*products_r = products == NULL
	    ? NULL
	    : (const struct mt_product *const *)table_of(call, products, sizeof *products, count);
	if (*products_r == NULL)
		return MT_LIMIT;
	*count_r = count;
	return MT_OK;
}

static struct str
catalogue_of(struct mt_str catalogue)
{
	return catalogue.n == 0 ? STR(STORE_CATALOGUE_DEFAULT) : plugin_str(catalogue);
}

int32_t
host_product(struct mt_call *mt, struct mt_str catalogue, struct mt_str key,
    const struct mt_product **product_r)
{
	struct plugin_call *call = CALL(mt);
	struct store_product found;
	struct err err = ERR_INIT;
	int rc;

	if (call == NULL || product_r == NULL)
		return MT_MISUSE;
	*product_r = NULL;
	if (!plugin_call_has_store(call))
		return REFUSE(call, "not in extend and stop");
	rc = store_product_get(call->plugin->set->store, catalogue_of(catalogue), plugin_str(key),
	    call->arena, &found, &err);
	return give_product(call, rc, &found, product_r, &err);
}

int32_t
host_product_by_id(struct mt_call *mt, int64_t id, const struct mt_product **product_r)
{
	struct plugin_call *call = CALL(mt);
	struct store_product found;
	struct err err = ERR_INIT;
	int rc;

	if (call == NULL || product_r == NULL)
		return MT_MISUSE;
	*product_r = NULL;
	if (!plugin_call_has_store(call))
		return REFUSE(call, "not in extend and stop");
	rc = store_product_get_id(call->plugin->set->store, id, call->arena, &found, &err);
	return give_product(call, rc, &found, product_r, &err);
}

int32_t
host_products_in(struct mt_call *mt, struct mt_str catalogue, struct mt_str category, size_t most,
    const struct mt_product *const **products_r, size_t *count_r)
{
	struct plugin_call *call = CALL(mt);
	struct store_product *found;
	struct err err = ERR_INIT;
	size_t count;

	if (call == NULL || products_r == NULL || count_r == NULL)
		return MT_MISUSE;
	*count_r = 0;
	if (!plugin_call_has_store(call))
		return REFUSE(call, "not in extend and stop");
	if (most < 1 || most > MOST)
		return REFUSE(call, "`most` is not 1 to 1000");
	if (store_product_in_category(call->plugin->set->store, catalogue_of(catalogue),
		plugin_str(category), most, call->arena, &found, &count, &err) != 0)
		return failed(call, &err);
	return give_products(call, found, count, products_r, count_r);
}

int32_t
host_products_after(struct mt_call *mt, int64_t after, size_t most,
    const struct mt_product *const **products_r, size_t *count_r)
{
	struct plugin_call *call = CALL(mt);
	struct store_product *found;
	struct err err = ERR_INIT;
	size_t count;

	if (call == NULL || products_r == NULL || count_r == NULL)
		return MT_MISUSE;
	*count_r = 0;
	if (call->copy != NULL || !plugin_call_has_store(call))
		return REFUSE(call, "in the background only");
	if (most < 1 || most > MOST)
		return REFUSE(call, "`most` is not 1 to 1000");
	if (store_product_after(
		call->plugin->set->store, after, most, call->arena, &found, &count, &err) != 0)
		return failed(call, &err);
	return give_products(call, found, count, products_r, count_r);
}
