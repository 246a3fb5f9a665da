/* SPDX-License-Identifier: BSD-2-Clause
 *
 * product_query: products by id, by category, page by page
 *
 * Threads: any.
 * Fails:   ERR_LIMIT (arena), and db.c's.
 */
#include "store/product_row.h"

#define PAGE	    64
#define PAGE_MEMORY (PAGE * (STORE_PRODUCT_ATTRIBUTES_MAX + 7 * STORE_PRODUCT_TEXT_MAX))

#define FROM "FROM catalogue c CROSS JOIN product p ON p.catalogue = c.id "
/* The category and those below it. The first two lines are a range of the index: '!' follows
 * the space of " > ". */
#define IN_CATEGORY                                                 \
	"p.category >= ?2 AND p.category < ?2 || '!' "              \
	"AND (p.category = ?2 OR substr(p.category, 1, length(?2) " \
	"+ 3) = ?2 || ' > ') "

static const char get_sql[] =
    "SELECT " STORE_PRODUCT_COLUMNS " " FROM "WHERE c.name = ?1 AND p.key = ?2";
static const char get_id_sql[] =
    "SELECT " STORE_PRODUCT_COLUMNS
    " FROM product p CROSS JOIN catalogue c ON c.id = p.catalogue WHERE p.id = ?1";
static const char category_sql[] =
    "SELECT " STORE_PRODUCT_COLUMNS " " FROM "WHERE c.name = ?1 AND " IN_CATEGORY
    "AND p.availability = 1 ORDER BY p.category, p.key LIMIT ?3";
static const char page_sql[] =
    "SELECT " STORE_PRODUCT_COLUMNS
    " FROM product p CROSS JOIN catalogue c ON c.id = p.catalogue WHERE p.id > ?4 AND (?5 OR "
    "c.name = ?1) AND (?6 OR (" IN_CATEGORY ")) AND (?7 = 0 OR p.availability = 1) "
    "ORDER BY p.id LIMIT ?3";
static const char catalogues_sql[] =
    "SELECT c.name, (SELECT count(*) FROM product p WHERE p.catalogue = c.id AND p.availability "
    "<> 5), (SELECT count(*) FROM product p WHERE p.catalogue = c.id AND p.availability = 5), "
    "c.imported_ms FROM catalogue c ORDER BY c.name";

static int64_t
price_of(sqlite3_stmt *statement, int column)
{
	return sqlite3_column_type(statement, column) == SQLITE_NULL
	    ? STORE_PRICE_NONE
	    : sqlite3_column_int64(statement, column);
}

struct store_product
store_product_copy(sqlite3_stmt *statement, struct arena *arena, bool *full)
{
	return (struct store_product){
	    .id = sqlite3_column_int64(statement, 0),
	    .catalogue = store_db_copy(statement, 1, arena, full),
	    .key = store_db_copy(statement, 2, arena, full),
	    .availability = (enum store_availability)sqlite3_column_int(statement, 3),
	    .price = price_of(statement, 4),
	    .sale_price = price_of(statement, 5),
	    .sale_from_ms = sqlite3_column_int64(statement, 6),
	    .sale_until_ms = sqlite3_column_int64(statement, 7),
	    .created_ms = sqlite3_column_int64(statement, 8),
	    .updated_ms = sqlite3_column_int64(statement, 9),
	    .currency = store_db_copy(statement, 10, arena, full),
	    .category = store_db_copy(statement, 11, arena, full),
	    .group = store_db_copy(statement, 12, arena, full),
	    .title = store_db_copy(statement, 13, arena, full),
	    .link = store_db_copy(statement, 14, arena, full),
	    .image = store_db_copy(statement, 15, arena, full),
	    .brand = store_db_copy(statement, 16, arena, full),
	    .gtin = store_db_copy(statement, 17, arena, full),
	    .attributes = store_db_copy(statement, 18, arena, full),
	};
}

/* Up to `max` rows; how many, or -1. */
static int64_t
read_rows(struct store_db *db, sqlite3_stmt *statement, struct arena *arena,
    struct store_product *list, size_t max, struct err *err)
{
	bool full = false;
	size_t count = 0;
	int rc = 0;

	while (count < max && (rc = store_db_step(db, statement, "read products", err)) == 1)
		list[count++] = store_product_copy(statement, arena, &full);
	sqlite3_reset(statement);
	if (full)
		return err_set(err, ERR_LIMIT, "product: arena full");
	return rc < 0 ? -1 : (int64_t)count;
}

int
store_product_get(struct store *store, struct str catalogue, struct str key, struct arena *arena,
    struct store_product *product_r, struct err *err)
{
	struct store_db *db = store_read_begin(store, err);
	sqlite3_stmt *statement;
	int64_t count = -1;

	if (db == NULL)
		return -1;
	statement = store_db_statement(db, get_sql, err);
	if (statement != NULL) {
		store_db_bind_str(statement, 1, catalogue);
		store_db_bind_str(statement, 2, key);
		count = read_rows(db, statement, arena, product_r, 1, err);
	}
	store_read_end(store, db);
	return (int)count;
}

int
store_product_get_id(struct store *store, int64_t id, struct arena *arena,
    struct store_product *product_r, struct err *err)
{
	struct store_db *db = store_read_begin(store, err);
	sqlite3_stmt *statement;
	int64_t count = -1;

	if (db == NULL)
		return -1;
	statement = store_db_statement(db, get_id_sql, err);
	if (statement != NULL) {
		store_db_bind_int(statement, 1, id);
		count = read_rows(db, statement, arena, product_r, 1, err);
	}
	store_read_end(store, db);
	return (int)count;
}

int
store_product_in_category(struct store *store, struct str catalogue, struct str category,
    size_t max, struct arena *arena, struct store_product **products_r, size_t *count_r,
    struct err *err)
{
	struct store_db *db;
	sqlite3_stmt *statement;
	int64_t count = -1;

	*count_r = 0;
	*products_r = arena_zalloc(arena, max, sizeof **products_r);
	if (*products_r == NULL)
		return err_set(err, ERR_LIMIT, "product: arena full");
	db = store_read_begin(store, err);
	if (db == NULL)
		return -1;
	statement = store_db_statement(db, category_sql, err);
	if (statement != NULL) {
		store_db_bind_str(statement, 1, catalogue);
		store_db_bind_str(statement, 2, category);
		store_db_bind_int(statement, 3, (int64_t)max);
		count = read_rows(db, statement, arena, *products_r, max, err);
	}
	store_read_end(store, db);
	if (count < 0)
		return -1;
	*count_r = (size_t)count;
	return 0;
}

/* --- page by page --- */

static int64_t
read_page(struct store *store, const struct store_product_filter *filter, int64_t after,
    struct arena *arena, struct store_product *page, size_t max, struct err *err)
{
	struct store_db *db = store_read_begin(store, err);
	sqlite3_stmt *statement;
	int64_t count = -1;

	if (db == NULL)
		return -1;
	statement = store_db_statement(db, page_sql, err);
	if (statement != NULL) {
		store_db_bind_str(statement, 1, filter->catalogue);
		store_db_bind_str(statement, 2, filter->category);
		store_db_bind_int(statement, 3, (int64_t)max);
		store_db_bind_int(statement, 4, after);
		store_db_bind_int(statement, 5, filter->catalogue.p == NULL);
		store_db_bind_int(statement, 6, filter->category.p == NULL);
		store_db_bind_int(statement, 7, filter->in_stock);
		count = read_rows(db, statement, arena, page, max, err);
	}
	store_read_end(store, db);
	return count;
}

int
store_product_each(struct store *store, const struct store_product_filter *filter,
    bool (*each)(const struct store_product *product, void *closure), void *closure,
    struct err *err)
{
	struct arena *arena = arena_new(PAGE_MEMORY);
	struct store_product page[PAGE];
	int64_t count = PAGE, after = 0;

	while (count == PAGE) {
		arena_reset(arena);
		count = read_page(store, filter, after, arena, page, PAGE, err);
		for (int64_t i = 0; i < count; i++) {
			after = page[i].id;
			if (!each(&page[i], closure)) {
				count = 0;
				break;
			}
		}
	}
	arena_free(&arena);
	return count < 0 ? -1 : 0;
}

int
store_product_after(struct store *store, int64_t after, size_t max, struct arena *arena,
    struct store_product **products_r, size_t *count_r, struct err *err)
{
	const struct store_product_filter all = {0};
	int64_t count;

	*count_r = 0;
	*products_r = arena_zalloc(arena, max, sizeof **products_r);
	if (*products_r == NULL)
		return err_set(err, ERR_LIMIT, "product: arena full");
	count = read_page(store, &all, after, arena, *products_r, max, err);
	if (count < 0)
		return -1;
	*count_r = (size_t)count;
	return 0;
}

int
store_catalogue_each(struct store *store,
    bool (*each)(const struct store_catalogue *catalogue, void *closure), void *closure,
    struct err *err)
{
	struct store_db *db = store_read_begin(store, err);
	sqlite3_stmt *statement;
	int rc = -1;

	if (db == NULL)
		return -1;
	statement = store_db_statement(db, catalogues_sql, err);
	while (
	    statement != NULL && (rc = store_db_step(db, statement, "read catalogues", err)) == 1) {
		struct store_catalogue catalogue = {
		    .name = store_db_str(statement, 0),
		    .products = sqlite3_column_int64(statement, 1),
		    .gone = sqlite3_column_int64(statement, 2),
		    .imported_ms = sqlite3_column_int64(statement, 3),
		};

		if (!each(&catalogue, closure)) {
			sqlite3_reset(statement);
			rc = 0;
			break;
		}
	}
	store_read_end(store, db);
	return rc < 0 ? -1 : 0;
}
