/* SPDX-License-Identifier: BSD-2-Clause
 *
 * product: see product.h; this file: writing
 *
 * A run of an import marks each row that it puts, so that a sweep finds the others. A row
 * whose digest stays the same is only marked.
 *
 * Threads: any.
 * Fails:   ERR_INPUT, ERR_LIMIT (a product that may not be written), and db.c's.
 */
#include "store/product.h"

#include "base/clock.h"
#include "base/id.h"
#include "store/db.h"

#include <stdio.h>

#define DIGEST_BYTES 16

static const char *const availabilities[] = {
    [STORE_IN_STOCK] = "in_stock",
    [STORE_OUT_OF_STOCK] = "out_of_stock",
    [STORE_PREORDER] = "preorder",
    [STORE_BACKORDER] = "backorder",
    [STORE_GONE] = "gone",
};

static const char begin_sql[] =
    "INSERT INTO catalogue (name, run, imported_ms) VALUES (?1, 1, ?2) ON CONFLICT (name) DO "
    "UPDATE SET run = run + 1, imported_ms = ?2 RETURNING id, run";
static const char find_sql[] =
    "SELECT id, run, digest FROM product WHERE catalogue = ?1 AND key = ?2";
static const char mark_sql[] = "UPDATE product SET run = ?2 WHERE id = ?1";
static const char insert_sql[] =
    "INSERT INTO product (catalogue, key, run, availability, price, sale_price, sale_from_ms, "
    "sale_until_ms, created_ms, updated_ms, digest, currency, category, group_key, title, link, "
    "image, brand, gtin, attributes) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9, ?10, ?11, "
    "?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)";
static const char update_sql[] =
    "UPDATE product SET run = ?3, availability = ?4, price = ?5, sale_price = ?6, sale_from_ms = "
    "?7, sale_until_ms = ?8, updated_ms = ?9, digest = ?10, currency = ?11, category = ?12, "
    "group_key = ?13, title = ?14, link = ?15, image = ?16, brand = ?17, gtin = ?18, attributes = "
    "?19 WHERE catalogue = ?1 AND key = ?2";
static const char sweep_gone_sql[] =
    "UPDATE product SET availability = 5, digest = x'', updated_ms = ?3 "
    "WHERE catalogue = ?1 AND run <> ?2 AND availability <> 5";
static const char sweep_count_sql[] =
    "SELECT count(*) FROM product WHERE catalogue = ?1 AND run <> ?2 AND availability <> 5";
static const char sweep_erase_sql[] = "DELETE FROM product WHERE catalogue = ?1 AND run <> ?2";
static const char delete_sql[] =
    "DELETE FROM product WHERE key = ?2 AND catalogue = (SELECT id FROM catalogue WHERE name = ?1)";

const char *
store_availability_name(enum store_availability availability)
{
	size_t i = (size_t)availability;

	return i < sizeof availabilities / sizeof availabilities[0] ? availabilities[i] : NULL;
}

int64_t
store_product_price_at(const struct store_product *product, int64_t now_ms)
{
	if (product->sale_price == STORE_PRICE_NONE || now_ms < product->sale_from_ms ||
	    (product->sale_until_ms != 0 && now_ms >= product->sale_until_ms))
		return product->price;
	return product->sale_price;
}

/* --- what may be written --- */

static int
check_lengths(const struct store_product *product, struct err *err)
{
	const struct {
		const char *what;
		struct str text;
		size_t max;
	} texts[] = {
	    {"id", product->key, STORE_PRODUCT_KEY_MAX},
	    {"item_group_id", product->group, STORE_PRODUCT_KEY_MAX},
	    {"title", product->title, STORE_PRODUCT_TEXT_MAX},
	    {"link", product->link, STORE_PRODUCT_TEXT_MAX},
	    {"image_link", product->image, STORE_PRODUCT_TEXT_MAX},
	    {"currency", product->currency, 3},
	    {"category", product->category, STORE_PRODUCT_TEXT_MAX},
	    {"brand", product->brand, STORE_PRODUCT_TEXT_MAX},
	    {"gtin", product->gtin, STORE_PRODUCT_KEY_MAX},
	    {"attributes", product->attributes, STORE_PRODUCT_ATTRIBUTES_MAX},
	};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		if (texts[i].text.n > texts[i].max)
			return err_set(err, ERR_LIMIT, "%s of %zu bytes: at most %zu are taken",
			    texts[i].what, texts[i].text.n, texts[i].max);
	}
	return 0;
}

int
store_product_check(const struct store_product *product, struct err *err)
{
	if (product->key.n == 0)
		return err_set(err, ERR_INPUT, "no id");
	if (product->title.n == 0)
		return err_set(err, ERR_INPUT, "no title");
	if (store_availability_name(product->availability) == NULL)
		return err_set(err, ERR_INPUT, "no availability");
	return check_lengths(product, err);
}

/* --- a run --- */

int
store_product_begin(
    struct store *store, struct str catalogue, struct store_product_run *run_r, struct err *err)
{
	struct store_db *db;
	sqlite3_stmt *statement;
	int rc = -1;

	if (catalogue.n == 0 || catalogue.n > STORE_CATALOGUE_MAX)
		return err_set(err, ERR_INPUT,
		    "a catalogue's name of %zu bytes: 1 to %d were expected", catalogue.n,
		    STORE_CATALOGUE_MAX);
	db = store_write_begin(store, STORE_POWER_SAFE, err);
	if (db == NULL)
		return -1;
	run_r->now_ms = clock_now();
	statement = store_db_statement(db, begin_sql, err);
	if (statement != NULL) {
		store_db_bind_str(statement, 1, catalogue);
		store_db_bind_int(statement, 2, run_r->now_ms);
		rc = store_db_step(db, statement, "write a catalogue", err);
	}
	if (rc == 1) {
		run_r->catalogue = sqlite3_column_int64(statement, 0);
		run_r->number = sqlite3_column_int64(statement, 1);
		sqlite3_reset(statement);
	}
	return store_write_end(store, rc == 1 ? 0 : -1, err);
}

static struct id_digest
digest_of(const struct store_product *product)
{
	char numbers[160];
	int n = snprintf(numbers, sizeof numbers, "%d %lld %lld %lld %lld",
	    (int)product->availability, (long long)product->price, (long long)product->sale_price,
	    (long long)product->sale_from_ms, (long long)product->sale_until_ms);
	struct str pieces[] = {{numbers, (size_t)n}, product->currency, product->category,
	    product->group, product->title, product->link, product->image, product->brand,
	    product->gtin, product->attributes};

	return id_digest(pieces, sizeof pieces / sizeof pieces[0]);
}

static void
bind_price(sqlite3_stmt *statement, int index, int64_t price)
{
	if (price != STORE_PRICE_NONE)
		store_db_bind_int(statement, index, price);
	else
		sqlite3_bind_null(statement, index);
}

static int
write_row(struct store_db *db, const char *sql, const struct store_product_run *run,
    const struct store_product *product, const struct id_digest *digest, struct err *err)
{
	sqlite3_stmt *put = store_db_statement(db, sql, err);
	struct str attributes = product->attributes;

	if (put == NULL)
		return -1;
	store_db_bind_int(put, 1, run->catalogue);
	store_db_bind_str(put, 2, product->key);
	store_db_bind_int(put, 3, run->number);
	store_db_bind_int(put, 4, product->availability);
	bind_price(put, 5, product->price);
	bind_price(put, 6, product->sale_price);
	store_db_bind_int(put, 7, product->sale_from_ms);
	store_db_bind_int(put, 8, product->sale_until_ms);
	store_db_bind_int(put, 9, run->now_ms);
	sqlite3_bind_blob(put, 10, digest->byte, DIGEST_BYTES, SQLITE_STATIC);
	store_db_bind_str(put, 11, product->currency);
	store_db_bind_str(put, 12, product->category);
	store_db_bind_str(put, 13, product->group);
	store_db_bind_str(put, 14, product->title);
	store_db_bind_str(put, 15, product->link);
	store_db_bind_str(put, 16, product->image);
	store_db_bind_str(put, 17, product->brand);
	store_db_bind_str(put, 18, product->gtin);
	store_db_bind_str(put, 19, attributes.n > 0 ? attributes : STR("{}"));
	return store_db_run(db, put, "write a product", err);
}

static int
mark(struct store_db *db, int64_t id, const struct store_product_run *run, struct err *err)
{
	sqlite3_stmt *statement = store_db_statement(db, mark_sql, err);

	if (statement == NULL)
		return -1;
	store_db_bind_int(statement, 1, id);
	store_db_bind_int(statement, 2, run->number);
	return store_db_run(db, statement, "write a product", err);
}

static int
put_row(struct store_db *db, const struct store_product_run *run,
    const struct store_product *product, struct err *err)
{
	struct id_digest digest = digest_of(product);
	sqlite3_stmt *find = store_db_statement(db, find_sql, err);
	bool same = false, again = false;
	int64_t id = 0;
	int rc;

	if (find == NULL)
		return -1;
	store_db_bind_int(find, 1, run->catalogue);
	store_db_bind_str(find, 2, product->key);
	rc = store_db_step(db, find, "read a product", err);
	if (rc == 1) {
		struct str old = store_db_str(find, 2);

		id = sqlite3_column_int64(find, 0);
		again = sqlite3_column_int64(find, 1) == run->number;
		same = str_eq(old, (struct str){(const char *)digest.byte, DIGEST_BYTES});
		sqlite3_reset(find);
	}
	if (rc < 0)
		return -1;
	if (id == 0)
		return write_row(db, insert_sql, run, product, &digest, err) != 0
		    ? -1
		    : STORE_PRODUCT_NEW;
	rc = same ? mark(db, id, run, err) : write_row(db, update_sql, run, product, &digest, err);
	if (rc != 0)
		return -1;
	return again ? STORE_PRODUCT_AGAIN : same ? STORE_PRODUCT_SAME : STORE_PRODUCT_CHANGED;
}

int
store_product_put(struct store *store, const struct store_product_run *run,
    const struct store_product *product, struct err *err)
{
	struct store_db *db;
	int rc;

	if (store_product_check(product, err) != 0)
		return -1;
	db = store_write_begin(store, STORE_POWER_SAFE, err);
	if (db == NULL)
		return -1;
	rc = put_row(db, run, product, err);
	return store_write_end(store, rc < 0 ? -1 : 0, err) != 0 ? -1 : rc;
}

static int
sweep(struct store_db *db, const struct store_product_run *run, bool erase, int64_t *swept_r,
    struct err *err)
{
	sqlite3_stmt *statement = store_db_statement(db, sweep_count_sql, err);

	if (statement == NULL)
		return -1;
	store_db_bind_int(statement, 1, run->catalogue);
	store_db_bind_int(statement, 2, run->number);
	if (store_db_step(db, statement, "count products", err) != 1)
		return -1;
	*swept_r = sqlite3_column_int64(statement, 0);
	sqlite3_reset(statement);
	statement = store_db_statement(db, erase ? sweep_erase_sql : sweep_gone_sql, err);
	if (statement == NULL)
		return -1;
	store_db_bind_int(statement, 1, run->catalogue);
	store_db_bind_int(statement, 2, run->number);
	if (!erase)
		store_db_bind_int(statement, 3, run->now_ms);
	return store_db_run(db, statement, "sweep products", err);
}

int
store_product_sweep(struct store *store, const struct store_product_run *run, bool erase,
    int64_t *swept_r, struct err *err)
{
	struct store_db *db = store_write_begin(store, STORE_POWER_SAFE, err);

	*swept_r = 0;
	if (db == NULL)
		return -1;
	return store_write_end(store, sweep(db, run, erase, swept_r, err), err);
}

int
store_product_delete(struct store *store, struct str catalogue, struct str key, struct err *err)
{
	struct store_db *db = store_write_begin(store, STORE_POWER_SAFE, err);
	sqlite3_stmt *statement;
	int rc = -1;

	if (db == NULL)
		return -1;
	statement = store_db_statement(db, delete_sql, err);
	if (statement != NULL) {
		store_db_bind_str(statement, 1, catalogue);
		store_db_bind_str(statement, 2, key);
		rc = store_db_run(db, statement, "delete a product", err);
	}
	if (rc == 0)
		rc = sqlite3_changes(db->handle) > 0;
	return store_write_end(store, rc < 0 ? -1 : 0, err) != 0 ? -1 : rc;
}
