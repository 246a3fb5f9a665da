/* SPDX-License-Identifier: BSD-2-Clause
 *
 * recommend_test: what the plugin recommend learns, and how it is looked up
 */
#include "plugins/recommend/model.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define DAY ((int64_t)86400000)
#define NOW (20000 * DAY)

/* Products 1 to 9. 4, 5 and 6 are variants of one shoe; 8 can't be shown; 9 has no category. */
static const struct {
	const char *key, *group, *category;
	int listed;
} shop[] = {
    {"kettle", "", "Home > Kitchen > Kettles", 1},
    {"knife", "", "Home > Kitchen > Knives", 1},
    {"tea", "", "Food > Tea", 1},
    {"shoe-red", "shoe", "Fashion > Shoes", 1},
    {"shoe-blue", "shoe", "Fashion > Shoes", 0},
    {"shoe-sand", "shoe", "Other", 1},
    {"towel", "", "Home", 1},
    {"mug", "", "Home > Kitchen > Kettles", 0},
    {"card", "", "", 1},
};

static void
text(struct catalogue *catalogue, int64_t id, const char *key, const char *group,
    const char *category, bool listed)
{
	catalogue_add(catalogue, id, (struct catalogue_text){key, strlen(key)},
	    (struct catalogue_text){group, strlen(group)},
	    (struct catalogue_text){category, strlen(category)}, listed);
}

static struct catalogue
make_shop(void)
{
	struct catalogue catalogue = {.products = 0};

	for (size_t i = 0; i < sizeof shop / sizeof shop[0]; i++)
		text(&catalogue, (int64_t)i + 1, shop[i].key, shop[i].group, shop[i].category,
		    shop[i].listed != 0);
	return catalogue;
}

/* Days ago, products by row id. */
static void
order(struct learn *learn, const struct catalogue *catalogue, int days, const char *ids)
{
	uint32_t product[16];
	size_t count = strlen(ids);

	for (size_t i = 0; i < count; i++)
		product[i] = (uint32_t)(ids[i] - '1');
	learn_order(learn, catalogue, NOW - days * DAY, product, count);
}

static struct model *
model_of(const struct catalogue *catalogue, struct learn *learn, uint64_t support)
{
	struct bytes bytes = {.n = 0};
	struct model *model;

	learn_settle(learn);
	model_build(&bytes, catalogue, learn, support);
	model = model_open(&bytes);
	assert_non_null(model);
	return model;
}

/* Row ids of the items' first products, in order: "37". */
static const char *
popular(const struct model *model)
{
	static char list[64];
	size_t n = 0;

	for (uint32_t i = 0; i < model->head.listed; i++)
		list[n++] = (char)('0' + model->member[model->item[i].member]);
	list[n] = '\0';
	return list;
}

static uint32_t
item_of(const struct model *model, const char *key)
{
	uint32_t at = model_find(model, key, strlen(key));

	assert_int_not_equal(at, TABLE_NONE);
	return model->product[at].item;
}

/* "1:707107 2:500000", by row ids. */
static const char *
near(const struct model *model, const char *key)
{
	static char list[400];
	const struct model_item *item = &model->item[item_of(model, key)];
	size_t n = 0;

	list[0] = '\0';
	for (uint32_t i = 0; i < item->nears; i++) {
		const struct model_near *row = &model->near[item->near + i];

		n += (size_t)snprintf(list + n, sizeof list - n, "%s%d:%u", i > 0 ? " " : "",
		    (int)model->member[model->item[row->item].member], row->score);
	}
	return list;
}

/* --- popularity --- */

static void
the_popular_come_first(void **state)
{
	struct catalogue catalogue = make_shop();
	struct learn learn;
	struct model *model;

	(void)state;
	learn_init(&learn, 30 * DAY, 30 * DAY, 1000);
	order(&learn, &catalogue, 0, "7");
	/* One half-life: two weigh as much as one of today, and the newer product wins. */
	order(&learn, &catalogue, 30, "3");
	order(&learn, &catalogue, 30, "3");
	/* Variants count together; twice in one order is once. */
	order(&learn, &catalogue, 0, "44");
	order(&learn, &catalogue, 10, "6");
	learn_view(&learn, &catalogue, NOW, 1);
	/* What can't be shown is behind the list. */
	order(&learn, &catalogue, 0, "8");
	order(&learn, &catalogue, 0, "8");
	model = model_of(&catalogue, &learn, 1);
	assert_string_equal(popular(model), "473291");
	assert_int_equal(model->head.items, 7);
	assert_int_equal(item_of(model, "shoe-blue"), item_of(model, "shoe-red"));
	assert_int_equal(item_of(model, "mug"), 6);
	assert_int_equal(model_find(model, "none", 4), TABLE_NONE);
	model_close(&model);
	learn_fini(&learn);
	catalogue_fini(&catalogue);
}

static void
the_order_of_events_is_no_matter(void **state)
{
	struct catalogue catalogue = make_shop();
	struct bytes kept[2] = {{.n = 0}, {.n = 0}};

	(void)state;
	for (int turn = 0; turn < 2; turn++) {
		struct learn learn;

		learn_init(&learn, DAY, 2 * DAY, 1000);
		/* Far beyond what a landmark can stay behind. */
		for (int i = 0; i < 3000; i += 100)
			order(&learn, &catalogue, turn == 0 ? i : 2900 - i, i % 200 ? "12" : "13");
		learn_settle(&learn);
		/* All but the newest have faded. */
		assert_int_equal(learn.pairs, 1);
		assert_int_equal(learn.rows, 2);
		assert_true(fabs(learn.row[0].orders - 1) < 1e-9);
		learn_save(&learn, &kept[turn]);
		learn_fini(&learn);
	}
	assert_int_equal(kept[0].n, kept[1].n);
	bytes_fini(&kept[0]);
	bytes_fini(&kept[1]);
	catalogue_fini(&catalogue);
}

/* --- together --- */

static void
what_is_bought_together_has_a_cosine(void **state)
{
	struct catalogue catalogue = make_shop();
	struct learn learn;
	struct model *model;

	(void)state;
	learn_init(&learn, 30 * DAY, 30 * DAY, 1000);
	order(&learn, &catalogue, 0, "12");
	order(&learn, &catalogue, 0, "12");
	order(&learn, &catalogue, 0, "1");
	order(&learn, &catalogue, 0, "1");
	/* Variants of one thing are one, and no pair with each other. */
	order(&learn, &catalogue, 0, "145");
	order(&learn, &catalogue, 0, "61");
	order(&learn, &catalogue, 0, "13");
	model = model_of(&catalogue, &learn, 2);
	/* 2/sqrt(7*2) twice; the shoe's variants have 3 orders, so it is the more popular one. Of
	 * these the newest stands first. */
	assert_string_equal(near(model, "kettle"), "6:534522 2:534522");
	assert_string_equal(near(model, "shoe-sand"), "1:534522");
	assert_string_equal(near(model, "tea"), "");
	model_close(&model);
	model = model_of(&catalogue, &learn, 1);
	assert_string_equal(near(model, "tea"), "1:377964");
	model_close(&model);
	learn_fini(&learn);
	catalogue_fini(&catalogue);
}

static void
groups_may_change(void **state)
{
	struct catalogue catalogue = make_shop(), later = {.products = 0};
	struct learn learn;
	struct model *model;

	(void)state;
	learn_init(&learn, 30 * DAY, 30 * DAY, 1000);
	order(&learn, &catalogue, 0, "12");
	order(&learn, &catalogue, 0, "13");
	/* Now knife and tea are variants, and the kettle has gone for good. */
	text(&later, 2, "knife", "g", "Food", true);
	text(&later, 3, "tea", "g", "Food", true);
	text(&later, 9, "card", "", "", true);
	order(&learn, &later, 0, "13");
	model = model_of(&later, &learn, 1);
	assert_int_equal(model->head.items, 2);
	/* 3 orders with the knife or the tea, 1 of them with the card. */
	assert_string_equal(near(model, "card"), "2:577350");
	model_close(&model);
	learn_fini(&learn);
	catalogue_fini(&catalogue);
	catalogue_fini(&later);
}

static void
the_lightest_pairs_are_forgotten(void **state)
{
	struct catalogue catalogue = {.products = 0};
	struct learn learn;
	struct model *model;
	char key[16];

	(void)state;
	for (int i = 0; i < 500; i++) {
		snprintf(key, sizeof key, "p%d", i);
		text(&catalogue, i + 1, key, "", "", true);
	}
	learn_init(&learn, 30 * DAY, 30 * DAY, 1000);
	for (uint32_t round = 0; round < 20; round++) {
		const uint32_t strong[2] = {0, 1};

		learn_order(&learn, &catalogue, NOW, strong, 2);
		for (uint32_t i = 2; i < 499; i++) {
			const uint32_t weak[2] = {i, 2 + (i * (round + 3)) % 497};

			learn_order(&learn, &catalogue, NOW - DAY, weak, 2);
		}
		assert_true(learn.pairs <= 1000);
	}
	model = model_of(&catalogue, &learn, 20);
	assert_string_equal(near(model, "p0"), "2:1000000");
	model_close(&model);
	learn_fini(&learn);
	catalogue_fini(&catalogue);
}

/* --- keeping --- */

static void
it_goes_on_where_it_was(void **state)
{
	struct catalogue catalogue = make_shop();
	struct learn whole, half, rest;
	struct bytes kept = {.n = 0}, one = {.n = 0}, two = {.n = 0};

	(void)state;
	learn_init(&whole, 20 * DAY, 50 * DAY, 1000);
	learn_init(&half, 20 * DAY, 50 * DAY, 1000);
	learn_init(&rest, 20 * DAY, 50 * DAY, 1000);
	for (int i = 0; i < 100; i++) {
		static const char *const orders[] = {"12", "237", "1", "46", "719"};

		order(&whole, &catalogue, 100 - i, orders[i % 5]);
		order(i < 37 ? &half : &rest, &catalogue, 100 - i, orders[i % 5]);
		if (i == 36) {
			learn_settle(&half);
			learn_save(&half, &kept);
			assert_int_equal(learn_load(&rest, &kept), 0);
		}
	}
	learn_settle(&whole);
	learn_settle(&rest);
	model_build(&one, &catalogue, &whole, 1);
	model_build(&two, &catalogue, &rest, 1);
	assert_int_equal(one.n, two.n);
	assert_memory_equal(one.p, two.p, one.n);
	/* Cut short, or changed. */
	for (size_t n = 0; n < kept.n; n += 7) {
		struct bytes cut = {kept.p, n, n};
		struct learn learn;

		learn_init(&learn, 1, 1, 1000);
		assert_int_equal(learn_load(&learn, &cut), -1);
		learn_fini(&learn);
	}
	bytes_fini(&kept);
	bytes_fini(&one);
	bytes_fini(&two);
	learn_fini(&whole);
	learn_fini(&half);
	learn_fini(&rest);
	catalogue_fini(&catalogue);
}

static void
damaged_models_are_refused_or_harmless(void **state)
{
	struct catalogue catalogue = make_shop();
	struct bytes good = {.n = 0};
	struct learn learn;
	unsigned refused = 0;

	(void)state;
	learn_init(&learn, DAY, DAY, 1000);
	order(&learn, &catalogue, 0, "123");
	learn_settle(&learn);
	model_build(&good, &catalogue, &learn, 1);
	for (size_t i = 0; i < good.n; i++) {
		struct bytes bad = {.n = 0};
		struct model *model;

		bytes_add(&bad, good.p, i % 5 == 0 ? i : good.n);
		if (i % 5 != 0)
			bad.p[i] ^= 0x81;
		model = model_open(&bad);
		refused += model == NULL;
		/* Whatever is let in can be walked. */
		for (uint32_t k = 0; model != NULL && k < model->head.items; k++) {
			for (uint32_t n = 0; n < model->item[k].nears; n++)
				assert_true(
				    model->near[model->item[k].near + n].item < model->head.items);
			for (uint32_t n = 0; n < model->item[k].members; n++)
				(void)*(const volatile int64_t *)&model
				    ->member[model->item[k].member + n];
		}
		model_close(&model);
	}
	assert_true(refused > good.n / 5);
	bytes_fini(&good);
	learn_fini(&learn);
	catalogue_fini(&catalogue);
}

static void
an_empty_shop_is_a_model(void **state)
{
	struct catalogue catalogue = {.products = 0};
	struct learn learn;
	struct model *model;

	(void)state;
	learn_init(&learn, DAY, DAY, 1000);
	model = model_of(&catalogue, &learn, 1);
	assert_int_equal(model->head.listed, 0);
	assert_int_equal(model_find(model, "x", 1), TABLE_NONE);
	model_close(&model);
	learn_fini(&learn);
}

/* --- categories --- */

static void
note_category(void *closure, uint32_t category)
{
	*(unsigned *)closure |= 1u << category;
}

static void
categories_are_found_by_path_and_by_step(void **state)
{
	/* In order of path: 0 Food & Co, 1 Food > Tea, 2 Home, 3 Home > Kitchen > Knives,
	 * 4 Home > Tea, 5 Homeware */
	static const char *const paths[] = {
	    "Homeware", "Home > Tea", "Food > Tea", "Food & Co", "Home > Kitchen > Knives", "Home"};
	static const struct {
		const char *asked;
		unsigned wanted;
	} cases[] = {
	    {"Food > Tea", 1 << 1},
	    {"Food", 1 << 1},
	    {"Home", 1 << 2 | 1 << 3 | 1 << 4},
	    {"Home > Kitchen", 1 << 3},
	    {"Kitchen", 1 << 3},
	    {"Kitchen > Knives", 1 << 3},
	    {"Tea", 1 << 1 | 1 << 4},
	    {"Te", 0},
	    {"Hom", 0},
	    {"Food &", 0},
	    {"", 0},
	    {" > ", 0},
	};
	struct catalogue catalogue = {.products = 0};
	struct learn learn;
	struct model *model;

	(void)state;
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		char key[2] = {(char)('a' + i), '\0'};

		text(&catalogue, (int64_t)i + 1, key, "", paths[i], true);
	}
	learn_init(&learn, DAY, DAY, 1000);
	model = model_of(&catalogue, &learn, 1);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		unsigned got = 0;

		model_categories(
		    model, cases[i].asked, strlen(cases[i].asked), note_category, &got);
		if (got != cases[i].wanted)
			fail_msg("%s: expected %x, got %x", cases[i].asked, cases[i].wanted, got);
	}
	model_close(&model);
	learn_fini(&learn);
	catalogue_fini(&catalogue);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_popular_come_first),
	    cmocka_unit_test(the_order_of_events_is_no_matter),
	    cmocka_unit_test(what_is_bought_together_has_a_cosine),
	    cmocka_unit_test(groups_may_change),
	    cmocka_unit_test(the_lightest_pairs_are_forgotten),
	    cmocka_unit_test(it_goes_on_where_it_was),
	    cmocka_unit_test(damaged_models_are_refused_or_harmless),
	    cmocka_unit_test(an_empty_shop_is_a_model),
	    cmocka_unit_test(categories_are_found_by_path_and_by_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
