/* SPDX-License-Identifier: BSD-2-Clause
 *
 * product: see product.h
 *
 * Threads: any; touches only its arguments.
 * Fails:   ERR_INPUT, ERR_LIMIT.
 */
#include "intake/product.h"

#include "intake/time.h"

#include <glib.h>
#include <stdio.h>

#define NAME_MAX_BYTES	 100
#define ATTRIBUTES_COUNT 500
#define LIST_COUNT	 500
#define GOOGLE_RANK	 (-1000)

/* The better name first; letters and digits only, in lower case. */
static const struct {
	const char *name;
	enum intake_field field;
} names[] = {
    {"id", INTAKE_KEY},
    {"offerid", INTAKE_KEY},
    {"productid", INTAKE_KEY},
    {"sku", INTAKE_KEY},
    {"guid", INTAKE_KEY},
    {"itemgroupid", INTAKE_GROUP},
    {"groupid", INTAKE_GROUP},
    {"parentid", INTAKE_GROUP},
    {"title", INTAKE_TITLE},
    {"name", INTAKE_TITLE},
    {"link", INTAKE_LINK},
    {"url", INTAKE_LINK},
    {"producturl", INTAKE_LINK},
    {"permalink", INTAKE_LINK},
    {"imagelink", INTAKE_IMAGE},
    {"imageurl", INTAKE_IMAGE},
    {"image", INTAKE_IMAGE},
    {"price", INTAKE_PRICE},
    {"saleprice", INTAKE_SALE_PRICE},
    {"salepriceeffectivedate", INTAKE_SALE_DATES},
    {"currency", INTAKE_CURRENCY},
    {"producttype", INTAKE_CATEGORY},
    {"producttypes", INTAKE_CATEGORY},
    {"category", INTAKE_CATEGORY},
    {"categories", INTAKE_CATEGORY},
    {"googleproductcategory", INTAKE_CATEGORY},
    {"availability", INTAKE_AVAILABILITY},
    {"stockstatus", INTAKE_AVAILABILITY},
    {"instock", INTAKE_AVAILABILITY},
    {"quantity", INTAKE_QUANTITY},
    {"inventory", INTAKE_QUANTITY},
    {"stock", INTAKE_QUANTITY},
    {"brand", INTAKE_BRAND},
    {"manufacturer", INTAKE_BRAND},
    {"vendor", INTAKE_BRAND},
    {"gtin", INTAKE_GTIN},
    {"ean", INTAKE_GTIN},
    {"upc", INTAKE_GTIN},
    {"isbn", INTAKE_GTIN},
};

/* What messages call them. */
static const char *const field_names[INTAKE_FIELDS] = {"id", "item_group_id", "title", "link",
    "image_link", "price", "sale_price", "sale_price_effective_date", "currency", "product_type",
    "availability", "quantity", "brand", "gtin"};

static const struct {
	const char *name;
	enum store_availability availability;
} availabilities[] = {
    {"instock", STORE_IN_STOCK},
    {"available", STORE_IN_STOCK},
    {"limitedavailability", STORE_IN_STOCK},
    {"onlineonly", STORE_IN_STOCK},
    {"yes", STORE_IN_STOCK},
    {"true", STORE_IN_STOCK},
    {"outofstock", STORE_OUT_OF_STOCK},
    {"unavailable", STORE_OUT_OF_STOCK},
    {"soldout", STORE_OUT_OF_STOCK},
    {"discontinued", STORE_OUT_OF_STOCK},
    {"no", STORE_OUT_OF_STOCK},
    {"false", STORE_OUT_OF_STOCK},
    {"preorder", STORE_PREORDER},
    {"presale", STORE_PREORDER},
    {"backorder", STORE_BACKORDER},
    {"onbackorder", STORE_BACKORDER},
};

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

/* --- names --- */

/* Letters and digits in lower case; false if that is too long to be any of ours. */
static bool
squash(struct str text, char room[NAME_MAX_BYTES])
{
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++) {
		if (!g_ascii_isalnum(text.p[i]))
			continue;
		if (n + 1 >= NAME_MAX_BYTES)
			return false;
		room[n++] = g_ascii_tolower(text.p[i]);
	}
	room[n] = '\0';
	return true;
}

/* The place in `names`, or -1. */
static int
find_name(struct str name)
{
	char squashed[NAME_MAX_BYTES];

	if (!squash(name, squashed))
		return -1;
	for (size_t i = 0; i < COUNT(names); i++) {
		if (strcmp(names[i].name, squashed) == 0)
			return (int)i;
	}
	return -1;
}

enum intake_field
intake_field_of(struct str name)
{
	int place = find_name(name);

	return place < 0 ? INTAKE_ATTRIBUTE : names[place].field;
}

/* CSV files of Google's may say "g:id". */
static struct str
without_prefix(struct str name)
{
	name = str_trim(name);
	return str_starts(name, STR("g:")) ? (struct str){name.p + 2, name.n - 2} : name;
}

/* --- fields --- */

void
intake_product_init(struct intake_product *row, struct arena *arena, struct str currency)
{
	arena_reset(arena);
	*row = (struct intake_product){.arena = arena, .currency = currency};
	row->attributes = json_object();
}

void
intake_product_fini(struct intake_product *row)
{
	json_decref(row->attributes);
	row->attributes = NULL;
}

static int
set_field(struct intake_product *row, int place, struct str value, bool google, struct err *err)
{
	enum intake_field field = names[place].field;
	int rank = google ? place + GOOGLE_RANK : place;

	if (value.n == 0 || (row->text[field].n > 0 && row->rank[field] <= rank))
		return 0;
	row->text[field] = arena_str(row->arena, value);
	row->rank[field] = rank;
	return row->text[field].p != NULL ? 0
					  : err_set(err, ERR_LIMIT, "a product that is too large");
}

/* Takes the reference. */
static int
add_attribute(struct intake_product *row, struct str name, json_t *value, struct err *err)
{
	json_t *old = json_object_getn(row->attributes, name.p, name.n), *list;
	int rc = 0;

	if (value == NULL || name.n == 0 || memchr(name.p, '\0', name.n) != NULL) {
		rc = err_set(err, ERR_INPUT, "a field without a name, or not UTF-8");
	} else if (json_object_size(row->attributes) >= ATTRIBUTES_COUNT) {
		rc = err_set(err, ERR_LIMIT, "more than %d attributes", ATTRIBUTES_COUNT);
	} else if (json_is_array(old)) {
		rc = json_array_size(old) < LIST_COUNT
		    ? json_array_append(old, value)
		    : err_set(err, ERR_LIMIT, "%.*s: more than %d times", STR_F(name), LIST_COUNT);
	} else if (old != NULL) {
		list = json_array();
		json_array_append(list, old);
		json_array_append(list, value);
		json_object_setn_new(row->attributes, name.p, name.n, list);
	} else {
		json_object_setn(row->attributes, name.p, name.n, value);
	}
	json_decref(value);
	return rc;
}

static int
check_text(struct str name, struct str value, struct err *err)
{
	if (value.n > INTAKE_FIELD_MAX)
		return err_set(err, ERR_LIMIT, "%.*s: %zu bytes, at most %zu are taken",
		    name.n > 60 ? 60 : (int)name.n, name.p, value.n, INTAKE_FIELD_MAX);
	if (!g_utf8_validate(value.p, (gssize)value.n, NULL))
		return err_set(err, ERR_INPUT, "%.*s: not UTF-8, or with a NUL",
		    name.n > 60 ? 60 : (int)name.n, name.p);
	return 0;
}

int
intake_product_text(
    struct intake_product *row, struct str name, struct str value, bool google, struct err *err)
{
	int place;

	name = without_prefix(name);
	value = str_trim(value);
	place = find_name(name);
	if (value.n == 0)
		return 0;
	if (check_text(name, value, err) != 0)
		return -1;
	if (place >= 0)
		return set_field(row, place, value, google, err);
	return add_attribute(row, name, json_stringn(value.p, value.n), err);
}

/* A list of texts as one path. */
static int
set_list(struct intake_product *row, struct str name, const json_t *list, struct err *err)
{
	GString *path = g_string_new(NULL);
	size_t i;
	json_t *value;
	int rc;

	json_array_foreach(list, i, value)
	{
		if (json_is_string(value) && path->len < INTAKE_FIELD_MAX)
			g_string_append_printf(
			    path, "%s%s", path->len > 0 ? " > " : "", json_string_value(value));
	}
	rc = intake_product_text(row, name, (struct str){path->str, path->len}, false, err);
	g_string_free(path, TRUE);
	return rc;
}

static int
set_amount(struct intake_product *row, struct str name, const json_t *value, struct err *err)
{
	const char *currency = json_string_value(json_object_get(value, "currency"));
	const json_t *amount = json_object_get(value, "value");
	struct str text;

	if (json_is_number(amount))
		text = arena_printf(row->arena, "%.15g %s", json_number_value(amount),
		    currency != NULL ? currency : "");
	else
		text = arena_printf(row->arena, "%s %s",
		    json_is_string(amount) ? json_string_value(amount) : "?",
		    currency != NULL ? currency : "");
	return intake_product_text(row, name, text, false, err);
}

int
intake_product_json(
    struct intake_product *row, struct str name, const json_t *value, struct err *err)
{
	enum intake_field field = intake_field_of(without_prefix(name));
	struct str text = STR_NONE;

	if (json_is_null(value))
		return 0;
	if (json_is_string(value))
		return intake_product_text(row, name,
		    (struct str){json_string_value(value), json_string_length(value)}, false, err);
	if (field == INTAKE_ATTRIBUTE)
		return add_attribute(
		    row, without_prefix(name), json_incref((json_t *)(uintptr_t)value), err);
	if (json_is_array(value))
		return set_list(row, name, value, err);
	if (json_is_object(value))
		return set_amount(row, name, value, err);
	if (json_is_integer(value))
		text = arena_printf(row->arena, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	else if (json_is_real(value))
		text = arena_printf(row->arena, "%.15g", json_real_value(value));
	else
		text = json_is_true(value) ? STR("true") : STR("false");
	return intake_product_text(row, name, text, false, err);
}

/* --- the product --- */

/* One line: titles in feeds come folded. */
static int
set_line(struct intake_product *row, enum intake_field field, struct str *line_r, struct err *err)
{
	struct str text = row->text[field];
	char *line = arena_alloc(row->arena, text.n + 1);
	size_t n = 0;

	if (line == NULL)
		return err_set(err, ERR_LIMIT, "a product that is too large");
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if ((unsigned char)c < ' ' || c == 0x7f)
			c = ' ';
		if (c != ' ' || (n > 0 && line[n - 1] != ' '))
			line[n++] = c;
	}
	*line_r = (struct str){line, n > 0 && line[n - 1] == ' ' ? n - 1 : n};
	return 0;
}

/* "A>B > C" is "A > B > C". */
static int
set_path(struct intake_product *row, struct str *path_r, struct err *err)
{
	struct str rest, piece;
	GString *path;

	if (set_line(row, INTAKE_CATEGORY, &rest, err) != 0)
		return -1;
	path = g_string_sized_new(rest.n + 16);
	while (str_split(&rest, '>', &piece)) {
		piece = str_trim(piece);
		if (piece.n > 0)
			g_string_append_printf(
			    path, "%s%.*s", path->len > 0 ? " > " : "", STR_F(piece));
	}
	*path_r = arena_str(row->arena, (struct str){path->str, path->len});
	g_string_free(path, TRUE);
	return path_r->p != NULL ? 0 : err_set(err, ERR_LIMIT, "a product that is too large");
}

static int
set_address(const struct intake_product *row, enum intake_field field, struct str *address_r,
    struct err *err)
{
	struct str text = row->text[field];

	*address_r = text;
	if (text.n == 0)
		return 0;
	for (size_t i = 0; i < text.n; i++) {
		if ((unsigned char)text.p[i] <= ' ' || text.p[i] == 0x7f)
			return err_set(err, ERR_INPUT,
			    "%s: an address with white space or controls", field_names[field]);
	}
	if (g_ascii_strncasecmp(text.p, "http://", text.n < 7 ? text.n : 7) == 0 ||
	    g_ascii_strncasecmp(text.p, "https://", text.n < 8 ? text.n : 8) == 0)
		return 0;
	return err_set(err, ERR_INPUT, "%s: an address with http:// or https:// was expected",
	    field_names[field]);
}

static int
set_price(struct intake_product *row, enum intake_field field, int64_t *price_r,
    struct str *currency, struct err *err)
{
	char code[4];

	*price_r = STORE_PRICE_NONE;
	if (row->text[field].n == 0)
		return 0;
	if (intake_money(row->text[field], price_r, code, err) != 0)
		return err_prefix(err, "%s", field_names[field]);
	if (code[0] == '\0')
		return 0;
	if (currency->n > 0 && !str_is(*currency, code))
		return err_set(err, ERR_INPUT, "%s: in %s, but the price is in %.*s",
		    field_names[field], code, STR_F(*currency));
	*currency = arena_str(row->arena, str_c(code));
	return 0;
}

static int
set_currency(struct intake_product *row, struct str *currency_r, struct err *err)
{
	struct str text = row->text[INTAKE_CURRENCY];

	if (text.n == 0)
		return 0;
	if (text.n != 3 || !g_ascii_isalpha(text.p[0]) || !g_ascii_isalpha(text.p[1]) ||
	    !g_ascii_isalpha(text.p[2]))
		return err_set(err, ERR_INPUT, "currency: a code like EUR was expected");
	*currency_r = arena_printf(row->arena, "%c%c%c", g_ascii_toupper(text.p[0]),
	    g_ascii_toupper(text.p[1]), g_ascii_toupper(text.p[2]));
	return 0;
}

static int
set_prices(struct intake_product *row, struct store_product *product, struct err *err)
{
	struct str currency = STR("");

	if (set_price(row, INTAKE_PRICE, &product->price, &currency, err) != 0 ||
	    set_price(row, INTAKE_SALE_PRICE, &product->sale_price, &currency, err) != 0)
		return -1;
	if (currency.n == 0 && set_currency(row, &currency, err) != 0)
		return -1;
	product->currency = currency.n > 0 ? currency : row->currency;
	return 0;
}

/* FROM/UNTIL. */
static int
set_sale_dates(const struct intake_product *row, struct store_product *product, struct err *err)
{
	struct str rest = row->text[INTAKE_SALE_DATES], from;

	if (rest.n == 0)
		return 0;
	str_split(&rest, '/', &from);
	if (intake_time(from, &product->sale_from_ms, err) != 0 ||
	    intake_time(rest, &product->sale_until_ms, err) != 0)
		return err_prefix(err, "%s", field_names[INTAKE_SALE_DATES]);
	return 0;
}

/* "in stock", "in_stock", "https://schema.org/InStock". */
static int
set_availability(
    const struct intake_product *row, enum store_availability *availability_r, struct err *err)
{
	struct str text = row->text[INTAKE_AVAILABILITY], quantity = row->text[INTAKE_QUANTITY];
	const char *slash = text.n == 0 ? NULL : memrchr(text.p, '/', text.n);
	char squashed[NAME_MAX_BYTES];
	double count;

	*availability_r = STORE_IN_STOCK;
	if (text.n == 0 && quantity.n > 0) {
		count = g_ascii_strtod(quantity.p, NULL);
		*availability_r = count > 0 ? STORE_IN_STOCK : STORE_OUT_OF_STOCK;
	}
	if (text.n == 0)
		return 0;
	if (slash != NULL)
		text = (struct str){slash + 1, text.n - (size_t)(slash + 1 - text.p)};
	for (size_t i = 0; squash(text, squashed) && i < COUNT(availabilities); i++) {
		if (strcmp(availabilities[i].name, squashed) == 0) {
			*availability_r = availabilities[i].availability;
			return 0;
		}
	}
	return err_set(err, ERR_INPUT,
	    "availability: in_stock, out_of_stock, preorder or backorder was expected");
}

static int
set_attributes(struct intake_product *row, struct store_product *product, struct err *err)
{
	size_t flags = JSON_COMPACT | JSON_REAL_PRECISION(15) | JSON_SORT_KEYS;
	size_t size = json_dumpb(row->attributes, NULL, 0, flags);
	char *room;

	if (size > STORE_PRODUCT_ATTRIBUTES_MAX)
		return err_set(err, ERR_LIMIT, "attributes of %zu bytes: at most %zu are taken",
		    size, STORE_PRODUCT_ATTRIBUTES_MAX);
	room = arena_alloc(row->arena, size + 1);
	if (room == NULL)
		return err_set(err, ERR_LIMIT, "a product that is too large");
	product->attributes = (struct str){room, json_dumpb(row->attributes, room, size, flags)};
	return 0;
}

int
intake_product_finish(struct intake_product *row, struct store_product *product_r, struct err *err)
{
	*product_r = (struct store_product){
	    .key = row->text[INTAKE_KEY],
	    .group = row->text[INTAKE_GROUP],
	    .gtin = row->text[INTAKE_GTIN],
	};
	if (set_line(row, INTAKE_TITLE, &product_r->title, err) != 0 ||
	    set_line(row, INTAKE_BRAND, &product_r->brand, err) != 0 ||
	    set_path(row, &product_r->category, err) != 0 ||
	    set_address(row, INTAKE_LINK, &product_r->link, err) != 0 ||
	    set_address(row, INTAKE_IMAGE, &product_r->image, err) != 0 ||
	    set_prices(row, product_r, err) != 0 || set_sale_dates(row, product_r, err) != 0 ||
	    set_availability(row, &product_r->availability, err) != 0 ||
	    set_attributes(row, product_r, err) != 0)
		return -1;
	return store_product_check(product_r, err);
}
