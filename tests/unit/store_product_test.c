/* SPDX-License-Identifier: BSD-2-Clause
 *
 * store_product_test: catalogues
 */
#include "store/product.h"

#include "store_fixture.h"

static struct store_product
product_of(const char *key, const char *category)
{
	return (struct store_product){
	    .key = str_c(key),
	    .title = STR("A thing"),
	    .link = STR("https://shop.example/"),
	    .price = 19990000,
	    .sale_price = STORE_PRICE_NONE,
	    .currency = STR("EUR"),
	    .category = str_c(category),
	    .availability = STORE_IN_STOCK,
	};
}

static struct store_product_run
begin(struct fixture *f, const char *catalogue)
{
	struct store_product_run run;

	if (store_product_begin(f->store, str_c(catalogue), &run, &f->err) != 0)
		fail_msg("%s", f->err.text);
	return run;
}

static struct store_product
get(struct fixture *f, const char *catalogue, const char *key)
{
	struct store_product product;

	if (store_product_get(
		f->store, str_c(catalogue), str_c(key), f->arena, &product, &f->err) != 1)
		fail_msg("no product %s", key);
	return product;
}

static void
runs(void **state)
{
	struct fixture *f = *state;
	struct store_product_run run = begin(f, "a");
	struct store_product kettle = product_of("k", "Home > Kitchen"), got;
	int64_t id, swept;

	assert_int_equal(store_product_put(f->store, &run, &kettle, &f->err), STORE_PRODUCT_NEW);
	assert_int_equal(store_product_put(f->store, &run, &kettle, &f->err), STORE_PRODUCT_AGAIN);
	got = get(f, "a", "k");
	id = got.id;
	assert_true(got.price == 19990000 && got.sale_price == STORE_PRICE_NONE);
	assert_true(str_is(got.attributes, "{}") && str_is(got.catalogue, "a"));

	run = begin(f, "a");
	assert_int_equal(store_product_put(f->store, &run, &kettle, &f->err), STORE_PRODUCT_SAME);
	run = begin(f, "a");
	kettle.price = 5;
	assert_int_equal(
	    store_product_put(f->store, &run, &kettle, &f->err), STORE_PRODUCT_CHANGED);

	/* Gone, and back again: the same row. */
	run = begin(f, "a");
	assert_int_equal(store_product_sweep(f->store, &run, false, &swept, &f->err), 0);
	assert_int_equal(swept, 1);
	assert_int_equal(get(f, "a", "k").availability, STORE_GONE);
	run = begin(f, "a");
	assert_int_equal(store_product_sweep(f->store, &run, false, &swept, &f->err), 0);
	assert_int_equal(swept, 0);
	assert_int_equal(
	    store_product_put(f->store, &run, &kettle, &f->err), STORE_PRODUCT_CHANGED);
	got = get(f, "a", "k");
	assert_true(got.id == id && got.availability == STORE_IN_STOCK && got.price == 5);
	assert_int_equal(store_product_get_id(f->store, id, f->arena, &got, &f->err), 1);

	run = begin(f, "a");
	assert_int_equal(store_product_sweep(f->store, &run, true, &swept, &f->err), 0);
	assert_int_equal(swept, 1);
	assert_int_equal(
	    store_product_get(f->store, STR("a"), STR("k"), f->arena, &got, &f->err), 0);
}

static void
catalogues_are_apart(void **state)
{
	struct fixture *f = *state;
	struct store_product_run a = begin(f, "a"), b = begin(f, "b");
	struct store_product product = product_of("k", "x");
	int64_t swept;

	assert_int_equal(store_product_put(f->store, &a, &product, &f->err), STORE_PRODUCT_NEW);
	product.price = 1;
	assert_int_equal(store_product_put(f->store, &b, &product, &f->err), STORE_PRODUCT_NEW);
	b = begin(f, "b");
	assert_int_equal(store_product_sweep(f->store, &b, true, &swept, &f->err), 0);
	assert_int_equal(swept, 1);
	assert_int_equal(get(f, "a", "k").price, 19990000);
	assert_int_equal(store_product_delete(f->store, STR("b"), STR("k"), &f->err), 0);
	assert_int_equal(store_product_delete(f->store, STR("a"), STR("k"), &f->err), 1);
	assert_int_equal(store_product_begin(f->store, STR(""), &a, &f->err), -1);
}

static size_t
in_category(struct fixture *f, const char *category, size_t max)
{
	struct store_product *list;
	size_t count;

	assert_int_equal(store_product_in_category(f->store, STR("a"), str_c(category), max,
			     f->arena, &list, &count, &f->err),
	    0);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(list[i].availability, STORE_IN_STOCK);
	return count;
}

static bool
count_one(const struct store_product *product, void *closure)
{
	int *count = closure;

	assert_true(product->id > 0);
	++*count;
	return true;
}

static int
each(struct fixture *f, struct store_product_filter filter)
{
	int count = 0;

	assert_int_equal(store_product_each(f->store, &filter, count_one, &count, &f->err), 0);
	return count;
}

static void
categories(void **state)
{
	static const char *const paths[] = {"Home", "Home > Kitchen", "Home > Kitchen > Kettles",
	    "Home > Kitchen > Kettles", "Home > Kitchenware", "Home Kitchen", "Home!", "Homer",
	    "Hom", ""};
	struct fixture *f = *state;
	struct store_product_run run = begin(f, "a");
	char key[8];

	for (size_t i = 0; i < 150; i++) {
		struct store_product product;

		snprintf(key, sizeof key, "%zu", i);
		product = product_of(key, paths[i % 10]);
		if (i >= 140)
			product.availability = STORE_OUT_OF_STOCK;
		assert_int_equal(
		    store_product_put(f->store, &run, &product, &f->err), STORE_PRODUCT_NEW);
	}
	assert_int_equal(in_category(f, "Home", 1000), 5 * 14);
	assert_int_equal(in_category(f, "Home", 7), 7);
	assert_int_equal(in_category(f, "Home > Kitchen", 1000), 3 * 14);
	assert_int_equal(in_category(f, "Home > Kitchen > Kettles", 1000), 2 * 14);
	assert_int_equal(in_category(f, "Nothing", 1000), 0);
	assert_int_equal(each(f, (struct store_product_filter){.in_stock = false}), 150);
	assert_int_equal(each(f, (struct store_product_filter){.in_stock = true}), 140);
	assert_int_equal(
	    each(f, (struct store_product_filter){.category = STR("Home"), .in_stock = true}), 70);
	assert_int_equal(each(f, (struct store_product_filter){.catalogue = STR("b")}), 0);
}

static void
prices_by_time(void **state)
{
	struct store_product product = {.price = 10, .sale_price = 7};

	(void)state;
	assert_int_equal(store_product_price_at(&product, 500), 7);
	product.sale_from_ms = 100;
	product.sale_until_ms = 200;
	assert_int_equal(store_product_price_at(&product, 99), 10);
	assert_int_equal(store_product_price_at(&product, 100), 7);
	assert_int_equal(store_product_price_at(&product, 200), 10);
	product.sale_price = STORE_PRICE_NONE;
	assert_int_equal(store_product_price_at(&product, 150), 10);
}

static void
what_may_not_be_written(void **state)
{
	struct fixture *f = *state;
	struct store_product_run run = begin(f, "a");
	struct store_product bad[4];
	static char big[STORE_PRODUCT_ATTRIBUTES_MAX + 1];

	for (int i = 0; i < 4; i++)
		bad[i] = product_of("k", "");
	bad[0].key = STR("");
	bad[1].title = STR("");
	bad[2].availability = (enum store_availability)0;
	bad[3].attributes = (struct str){big, sizeof big};
	for (int i = 0; i < 4; i++) {
		assert_int_equal(store_product_put(f->store, &run, &bad[i], &f->err), -1);
		assert_int_equal(f->err.code, i < 3 ? ERR_INPUT : ERR_LIMIT);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STORE_TEST(runs),
	    STORE_TEST(catalogues_are_apart),
	    STORE_TEST(categories),
	    cmocka_unit_test(prices_by_time),
	    STORE_TEST(what_may_not_be_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
