/* SPDX-License-Identifier: BSD-2-Clause
 *
 * product: what the shops sell, in one catalogue or several
 *
 * A product is known by its catalogue's name and the shop's own id. Its row id never
 * comes to mean another product, and stays when the product is changed or leaves the
 * catalogue and comes back.
 */
#ifndef STORE_PRODUCT_H
#define STORE_PRODUCT_H

#include "store/store.h"

/* Stored as numbers. The first four are Google's. */
enum store_availability {
	STORE_IN_STOCK = 1,
	STORE_OUT_OF_STOCK = 2,
	STORE_PREORDER = 3,
	STORE_BACKORDER = 4,
	STORE_GONE = 5, /* no longer in the catalogue's file */
};

/* "in_stock", ...; NULL if there is no such thing. */
const char *store_availability_name(enum store_availability availability);

/* Money is in millionths of the currency, which holds every price exactly. */
#define STORE_PRICE_NONE INT64_MIN
#define STORE_PRICE_UNIT 1000000

/* Ceilings, in bytes. */
#define STORE_PRODUCT_KEY_MAX	     255
#define STORE_PRODUCT_TEXT_MAX	     ((size_t)8 * 1024)
#define STORE_PRODUCT_ATTRIBUTES_MAX ((size_t)64 * 1024)
#define STORE_CATALOGUE_MAX	     64
#define STORE_CATALOGUE_DEFAULT	     "default"

struct store_product {
	int64_t id;	      /* 0 when written */
	struct str catalogue; /* name */
	struct str key;	      /* the shop's id */
	struct str group;     /* of the variants of one thing (item_group_id); may be empty */
	struct str title;
	struct str link;
	struct str image;
	int64_t price; /* or STORE_PRICE_NONE */
	int64_t sale_price;
	int64_t sale_from_ms;  /* 0: since ever; the sale price counts between the two */
	int64_t sale_until_ms; /* 0: for ever */
	struct str currency;   /* ISO 4217, "EUR"; may be empty */
	struct str category;   /* path: "Home > Kitchen > Kettles"; may be empty */
	enum store_availability availability;
	struct str brand;
	struct str gtin;
	struct str attributes; /* a JSON object with everything else */
	int64_t created_ms;
	int64_t updated_ms; /* when something changed */
};

/* The price that counts at that time: the sale's, or the other, or STORE_PRICE_NONE. */
int64_t store_product_price_at(const struct store_product *product, int64_t now_ms);

/* --- in a message's path; text in the arena --- */

/* 1 found, 0 there is none, -1. Those that are gone are found, too. */
int store_product_get(struct store *store, struct str catalogue, struct str key,
    struct arena *arena, struct store_product *product_r, struct err *err);
int store_product_get_id(struct store *store, int64_t id, struct arena *arena,
    struct store_product *product_r, struct err *err);
/* Up to `max` products of the category and those below it ("Home > Kitchen" has "Home > Kitchen
 * > Kettles"), in stock only, in order of category and key. */
int store_product_in_category(struct store *store, struct str catalogue, struct str category,
    size_t max, struct arena *arena, struct store_product **products_r, size_t *count_r,
    struct err *err);

/* --- for learners and commands --- */

struct store_product_filter {
	struct str catalogue; /* {NULL,0}: all */
	struct str category;  /* it and below; {NULL,0}: any */
	bool in_stock;	      /* only those */
};

/* In order of row id, page by page; `each` returns false to stop. */
int store_product_each(struct store *store, const struct store_product_filter *filter,
    bool (*each)(const struct store_product *product, void *closure), void *closure,
    struct err *err);

/* Up to `max` of all, with an id above `after`, in order of id; text in the arena. */
int store_product_after(struct store *store, int64_t after, size_t max, struct arena *arena,
    struct store_product **products_r, size_t *count_r, struct err *err);

struct store_catalogue {
	struct str name;
	int64_t products; /* without those that are gone */
	int64_t gone;
	int64_t imported_ms;
};

int store_catalogue_each(struct store *store,
    bool (*each)(const struct store_catalogue *catalogue, void *closure), void *closure,
    struct err *err);
/* 1 deleted, 0 there was none, -1. */
int store_product_delete(
    struct store *store, struct str catalogue, struct str key, struct err *err);

/* --- import: all within store_begin and store_commit, so that readers see either the old
 * catalogue or the new one --- */

struct store_product_run {
	int64_t catalogue; /* row id */
	int64_t number;
	int64_t now_ms;
};

/* Makes the catalogue if it is not there, and begins a run. */
int store_product_begin(
    struct store *store, struct str catalogue, struct store_product_run *run_r, struct err *err);

enum store_product_put {
	STORE_PRODUCT_SAME,
	STORE_PRODUCT_CHANGED,
	STORE_PRODUCT_NEW,
	STORE_PRODUCT_AGAIN, /* this run has put it before; what came last counts */
};

/* ERR_INPUT or ERR_LIMIT: it may not be written. The catalogue is the run's. */
int store_product_check(const struct store_product *product, struct err *err);
/* One of the enum, or -1. */
int store_product_put(struct store *store, const struct store_product_run *run,
    const struct store_product *product, struct err *err);
/* Products of the catalogue that this run did not put are gone, or, with `erase`, deleted.
 * swept_r: how many were not gone yet. */
int store_product_sweep(struct store *store, const struct store_product_run *run, bool erase,
    int64_t *swept_r, struct err *err);

#endif
