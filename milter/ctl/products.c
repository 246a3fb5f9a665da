/* SPDX-License-Identifier: BSD-2-Clause
 *
 * products: list, show, delete
 *
 * Threads: one.
 */
#include "ctl/products.h"

#include "base/clock.h"
#include "store/product.h"

#include <stdlib.h>
#include <sysexits.h>

#define PRODUCT_MEMORY ((size_t)1024 * 1024)

/* --- one product --- */

static json_t *
json_price(int64_t price)
{
	return price == STORE_PRICE_NONE ? json_null()
					 : json_real((double)price / STORE_PRICE_UNIT);
}

static void
put_json(const struct store_product *product)
{
	json_t *attributes = json_loadb(product->attributes.p, product->attributes.n, 0, NULL);
	json_t *line = json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "row",
	    (json_int_t)product->id, "catalogue", ctl_json_str(product->catalogue), "id",
	    ctl_json_str(product->key), "title", ctl_json_str(product->title), "link",
	    ctl_json_str(product->link), "image", ctl_json_str(product->image), "price",
	    json_price(product->price), "sale_price", json_price(product->sale_price), "sale_from",
	    ctl_json_time(product->sale_from_ms), "sale_until",
	    ctl_json_time(product->sale_until_ms));
	json_t *rest = json_pack("{s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "currency",
	    ctl_json_str(product->currency), "category", ctl_json_str(product->category),
	    "availability", store_availability_name(product->availability), "group",
	    ctl_json_str(product->group), "brand", ctl_json_str(product->brand), "gtin",
	    ctl_json_str(product->gtin), "created", ctl_json_time(product->created_ms), "updated",
	    ctl_json_time(product->updated_ms), "attributes",
	    attributes != NULL ? attributes : json_object());

	json_object_update(line, rest);
	json_decref(rest);
	ctl_put_json(line);
}

static void
put_price(const struct store_product *product, int64_t price)
{
	int64_t part = price % STORE_PRICE_UNIT;
	int digits = 6;

	if (price == STORE_PRICE_NONE) {
		putchar('-');
		return;
	}
	while (digits > 2 && part % 10 == 0) {
		part /= 10;
		digits--;
	}
	printf("%lld.%0*lld", (long long)(price / STORE_PRICE_UNIT), digits, (long long)part);
	if (product->currency.n > 0)
		putchar(' ');
	ctl_put(stdout, product->currency);
}

static void
put_line(const char *name, struct str text)
{
	if (text.n == 0)
		return;
	printf("%s: ", name);
	ctl_put(stdout, text);
	putchar('\n');
}

static void
put_text(const struct store_product *product)
{
	char time[CLOCK_TEXT_SIZE];

	put_line("catalogue", product->catalogue);
	put_line("id", product->key);
	put_line("title", product->title);
	put_line("link", product->link);
	put_line("image", product->image);
	printf("price: ");
	put_price(product, product->price);
	if (product->sale_price != STORE_PRICE_NONE) {
		printf("\nsale price: ");
		put_price(product, product->sale_price);
	}
	putchar('\n');
	if (product->sale_from_ms != 0)
		printf("sale from: %s\n", clock_iso(product->sale_from_ms, time));
	if (product->sale_until_ms != 0)
		printf("sale until: %s\n", clock_iso(product->sale_until_ms, time));
	put_line("category", product->category);
	printf("availability: %s\n", store_availability_name(product->availability));
	put_line("group", product->group);
	put_line("brand", product->brand);
	put_line("gtin", product->gtin);
	printf("created: %s\n", clock_iso(product->created_ms, time));
	printf("updated: %s\n", clock_iso(product->updated_ms, time));
	put_line("attributes", product->attributes);
}

/* --- list --- */

struct listing {
	bool json;
	size_t left;
};

static bool
list_one(const struct store_product *product, void *closure)
{
	struct listing *listing = closure;

	if (listing->json) {
		put_json(product);
	} else {
		ctl_put(stdout, product->key);
		printf("\t%s\t", store_availability_name(product->availability));
		put_price(product, store_product_price_at(product, clock_now()));
		putchar('\t');
		ctl_put(stdout, product->category.n > 0 ? product->category : STR("-"));
		putchar('\t');
		ctl_put(stdout, product->title);
		putchar('\n');
	}
	return --listing->left > 0;
}

static bool
list_catalogue(const struct store_catalogue *catalogue, void *closure)
{
	const bool *json = closure;
	char time[CLOCK_TEXT_SIZE];

	if (*json) {
		ctl_put_json(json_pack("{s:o, s:I, s:I, s:o}", "catalogue",
		    ctl_json_str(catalogue->name), "products", (json_int_t)catalogue->products,
		    "gone", (json_int_t)catalogue->gone, "imported",
		    ctl_json_time(catalogue->imported_ms)));
		return true;
	}
	ctl_put(stdout, catalogue->name);
	printf("\t%lld products\t%lld gone\timported %s\n", (long long)catalogue->products,
	    (long long)catalogue->gone, clock_iso(catalogue->imported_ms, time));
	return true;
}

static int
run_list(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {
	    {"catalogue", required_argument, NULL, 'c'},
	    {"category", required_argument, NULL, 'g'},
	    {"in-stock", no_argument, NULL, 's'},
	    {"limit", required_argument, NULL, 'l'},
	    {"json", no_argument, NULL, 'j'},
	    {NULL, 0, NULL, 0},
	};
	struct store_product_filter filter = {.in_stock = false};
	struct listing listing = {.left = SIZE_MAX};
	struct err err = ERR_INIT;
	int option, status;

	while ((option = ctl_option(argc, argv, options)) != -1) {
		switch (option) {
		case 'c':
			filter.catalogue = str_c(optarg);
			break;
		case 'g':
			filter.category = str_c(optarg);
			break;
		case 's':
			filter.in_stock = true;
			break;
		case 'l':
			if (!ctl_number("--limit", optarg, SIZE_MAX, &listing.left))
				return EX_USAGE;
			break;
		case 'j':
			listing.json = true;
			break;
		default:
			return ctl_usage("products");
		}
	}
	if (optind != argc)
		return ctl_usage("products");
	status = ctl_store(ctl, STORE_READ);
	if (status != 0)
		return status;
	return store_product_each(ctl->store, &filter, list_one, &listing, &err) != 0
	    ? ctl_fail(&err)
	    : EX_OK;
}

static int
run_catalogues(struct ctl *ctl, int argc, char **argv)
{
	struct err err = ERR_INIT;
	bool json;
	int status = ctl_json_option(argc, argv, "products", &json);

	if (status != EX_OK)
		return status;
	if (optind != argc)
		return ctl_usage("products");
	status = ctl_store(ctl, STORE_READ);
	if (status != 0)
		return status;
	return store_catalogue_each(ctl->store, list_catalogue, &json, &err) != 0 ? ctl_fail(&err)
										  : EX_OK;
}

/* --- show, delete --- */

/* 0 or the exit status; the ids are argv from optind. */
static int
read_options(int argc, char **argv, struct str *catalogue_r, bool *json_r)
{
	static const struct option options[] = {
	    {"catalogue", required_argument, NULL, 'c'},
	    {"json", no_argument, NULL, 'j'},
	    {NULL, 0, NULL, 0},
	};
	int option;

	*catalogue_r = STR(STORE_CATALOGUE_DEFAULT);
	while ((option = ctl_option(argc, argv, options)) != -1) {
		if (option == 'c')
			*catalogue_r = str_c(optarg);
		else if (option == 'j' && json_r != NULL)
			*json_r = true;
		else
			return ctl_usage("products");
	}
	return optind < argc ? 0 : ctl_usage("products");
}

static int
not_found(struct str catalogue, const char *key, struct err *err)
{
	return err_set(
	    err, ERR_NOTFOUND, "there is no product %s in catalogue %.*s", key, STR_F(catalogue));
}

static int
run_show(struct ctl *ctl, int argc, char **argv)
{
	struct store_product product;
	struct err err = ERR_INIT;
	struct arena *arena;
	struct str catalogue;
	bool json = false;
	int status = read_options(argc, argv, &catalogue, &json), rc;

	if (status == 0 && optind + 1 != argc)
		status = ctl_usage("products");
	if (status == 0)
		status = ctl_store(ctl, STORE_READ);
	if (status != 0)
		return status;
	arena = arena_new(PRODUCT_MEMORY);
	rc = store_product_get(ctl->store, catalogue, str_c(argv[optind]), arena, &product, &err);
	if (rc == 0)
		not_found(catalogue, argv[optind], &err);
	if (rc == 1 && json)
		put_json(&product);
	else if (rc == 1)
		put_text(&product);
	arena_free(&arena);
	return rc == 1 ? EX_OK : ctl_fail(&err);
}

static int
run_delete(struct ctl *ctl, int argc, char **argv)
{
	struct err err = ERR_INIT;
	struct str catalogue;
	int status = read_options(argc, argv, &catalogue, NULL), rc;

	if (status == 0)
		status = ctl_store(ctl, STORE_READ);
	for (int i = optind; i < argc && ctl->store != NULL; i++) {
		rc = store_product_delete(ctl->store, catalogue, str_c(argv[i]), &err);
		if (rc == 0)
			not_found(catalogue, argv[i], &err);
		if (rc != 1)
			status = ctl_fail(&err);
	}
	return status;
}

int
ctl_products(struct ctl *ctl, int argc, char **argv)
{
	static const struct ctl_action actions[] = {
	    {"import", ctl_products_import},
	    {"list", run_list},
	    {"catalogues", run_catalogues},
	    {"show", run_show},
	    {"delete", run_delete},
	    {NULL, NULL},
	};

	return ctl_act(ctl, argc, argv, actions);
}
