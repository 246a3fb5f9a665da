/* SPDX-License-Identifier: BSD-2-Clause
 *
 * contact: see contact.h
 *
 * Threads: any.
 * Fails:   ERR_INPUT (address, attributes that are no object), ERR_LIMIT (attributes
 *          over 1 MB, arena), and db.c's.
 */
#include "store/contact.h"

#include "base/clock.h"
#include "store/db.h"

#include <stdlib.h>

#define ATTRIBUTES_MAX ((size_t)1024 * 1024)
#define KEY_MEMORY     ((size_t)8 * 1024)
/* Rows read at a time by store_contact_each, and room for them. */
#define PAGE	    64
#define PAGE_MEMORY (PAGE * (ATTRIBUTES_MAX + (size_t)64 * 1024))

#define COLUMNS                                                                                \
	"id, address, key, language, time_zone, attributes, created_ms, updated_ms, consent, " \
	"consent_ms, consent_source, consent_proof"

static const char get_sql[] = "SELECT " COLUMNS " FROM contact WHERE key = ?1";
static const char page_sql[] = "SELECT " COLUMNS " FROM contact WHERE id > ?1 ORDER BY id LIMIT ?2";
static const char count_sql[] = "SELECT count(*) FROM contact";
static const char find_sql[] = "SELECT id FROM contact WHERE key = ?1";
static const char get_id_sql[] = "SELECT " COLUMNS " FROM contact WHERE id = ?1";
static const char delete_sql[] = "DELETE FROM contact WHERE key = ?1 RETURNING id";
static const char insert_sql[] =
    "INSERT INTO contact (key, address, language, time_zone, attributes, created_ms, updated_ms) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)";
static const char update_sql[] = "UPDATE contact SET address = ?2, language = ?3, time_zone = ?4, "
				 "attributes = ?5, updated_ms = ?6 WHERE key = ?1";

static struct store_contact
borrow_row(sqlite3_stmt *statement)
{
	return (struct store_contact){
	    .id = sqlite3_column_int64(statement, 0),
	    .address = store_db_str(statement, 1),
	    .key = store_db_str(statement, 2),
	    .language = store_db_str(statement, 3),
	    .time_zone = store_db_str(statement, 4),
	    .attributes = store_db_str(statement, 5),
	    .created_ms = sqlite3_column_int64(statement, 6),
	    .updated_ms = sqlite3_column_int64(statement, 7),
	    .consent = {.state = (enum store_consent_state)sqlite3_column_int(statement, 8),
		.time_ms = sqlite3_column_int64(statement, 9),
		.source = store_db_str(statement, 10),
		.proof = store_db_str(statement, 11)},
	};
}

static struct store_contact
copy_row(sqlite3_stmt *statement, struct arena *arena, bool *full)
{
	struct store_contact contact = borrow_row(statement);

	contact.address = store_db_copy(statement, 1, arena, full);
	contact.key = store_db_copy(statement, 2, arena, full);
	contact.language = store_db_copy(statement, 3, arena, full);
	contact.time_zone = store_db_copy(statement, 4, arena, full);
	contact.attributes = store_db_copy(statement, 5, arena, full);
	contact.consent.source = store_db_copy(statement, 10, arena, full);
	contact.consent.proof = store_db_copy(statement, 11, arena, full);
	return contact;
}

/* Runs a query of one contact, by key or, without one, by id. */
static int
get(struct store *store, struct str key, int64_t id, struct arena *arena,
    struct store_contact *contact_r, struct err *err)
{
	struct store_db *db = store_read_begin(store, err);
	sqlite3_stmt *statement;
	bool full = false;
	int rc = -1;

	if (db == NULL)
		return -1;
	statement = store_db_statement(db, key.p != NULL ? get_sql : get_id_sql, err);
	if (statement != NULL) {
		if (key.p != NULL)
			store_db_bind_str(statement, 1, key);
		else
			store_db_bind_int(statement, 1, id);
		rc = store_db_step(db, statement, "read a contact", err);
	}
	if (rc == 1) {
		*contact_r = copy_row(statement, arena, &full);
		sqlite3_reset(statement);
	}
	store_read_end(store, db);
	return full ? err_set(err, ERR_LIMIT, "contact: arena full") : rc;
}

int
store_contact_get(struct store *store, struct str address, struct arena *arena,
    struct store_contact *contact_r, struct err *err)
{
	struct str key;

	if (store_address_key(address, arena, &key, err) != 0)
		return -1;
	return get(store, key, 0, arena, contact_r, err);
}

int
store_contact_get_id(struct store *store, int64_t id, struct arena *arena,
    struct store_contact *contact_r, struct err *err)
{
	return get(store, STR_NONE, id, arena, contact_r, err);
}

int
store_contact_find(struct store *store, struct str key, int64_t *id_r, struct err *err)
{
	struct store_db *db = store_read_begin(store, err);
	sqlite3_stmt *statement;
	int rc = -1;

	if (db == NULL)
		return -1;
	statement = store_db_statement(db, find_sql, err);
	if (statement != NULL) {
		store_db_bind_str(statement, 1, key);
		rc = store_db_step(db, statement, "read a contact", err);
	}
	if (rc == 1) {
		*id_r = sqlite3_column_int64(statement, 0);
		sqlite3_reset(statement);
	}
	store_read_end(store, db);
	return rc;
}

bool
store_contact_untracked(const json_t *attributes)
{
	static const char *const words[] = {"true", "yes", "1", "on"};
	const json_t *value = json_object_get(attributes, "do_not_track");
	struct str text = str_c(json_string_value(value));

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (str_is_nocase(text, words[i]))
			return true;
	}
	return json_is_true(value) || json_integer_value(value) != 0;
}

/* Jansson writes NUL but refuses to read it. */
static bool
has_nul(const char *text)
{
	json_t *again;

	if (strstr(text, "\\u0000") == NULL)
		return false;
	again = json_loads(text, 0, NULL);
	json_decref(again);
	return again == NULL;
}

/* The attributes after the merge, as text for free(). `old` is what the database has. */
static int
merge(struct str old, const json_t *attributes, char **text_r, struct err *err)
{
	json_t *merged = old.n == 0 ? json_object() : json_loadb(old.p, old.n, 0, NULL);
	const char *name;
	json_t *value;
	size_t size;

	if (!json_is_object(merged)) {
		json_decref(merged);
		return err_set(err, ERR_STORE, "the attributes in the database are no JSON object");
	}
	/* Jansson's iteration wants a json_t that is not const, and does not change it. */
	json_object_foreach((json_t *)(uintptr_t)attributes, name, value)
	{
		if (json_is_null(value))
			json_object_del(merged, name);
		else
			json_object_set(merged, name, value);
	}
	/* 15 digits: 19.9 stays 19.9; with 17, Jansson's default, it is 19.899999999999999. */
	*text_r = json_dumps(merged, JSON_COMPACT | JSON_REAL_PRECISION(15));
	json_decref(merged);
	if (*text_r == NULL)
		return err_set(err, ERR_INPUT, "attributes that can't be written as JSON");
	size = strlen(*text_r);
	if (size <= ATTRIBUTES_MAX && !has_nul(*text_r))
		return 0;
	free(*text_r);
	*text_r = NULL;
	if (size <= ATTRIBUTES_MAX)
		return err_set(err, ERR_INPUT, "attributes with a NUL character");
	return err_set(err, ERR_LIMIT, "attributes of %zu bytes: at most 1 MB", size);
}

/* 1 inserted, 0 updated, -1. */
static int
put_row(struct store_db *db, const struct store_contact *contact, const json_t *attributes,
    struct err *err)
{
	sqlite3_stmt *get = store_db_statement(db, get_sql, err);
	sqlite3_stmt *put = NULL;
	struct store_contact merged = *contact, old;
	char *text = NULL;
	int found, rc;

	if (get == NULL)
		return -1;
	store_db_bind_str(get, 1, contact->key);
	found = store_db_step(db, get, "read a contact", err);
	if (found < 0)
		return -1;
	old = found ? borrow_row(get) : (struct store_contact){.id = 0};
	rc = merge(old.attributes, attributes, &text, err);
	if (rc == 0)
		put = store_db_statement(db, found ? update_sql : insert_sql, err);
	if (put != NULL) {
		if (merged.language.p == NULL)
			merged.language = old.language;
		if (merged.time_zone.p == NULL)
			merged.time_zone = old.time_zone;
		store_db_bind_str(put, 1, merged.key);
		store_db_bind_str(put, 2, merged.address);
		store_db_bind_str(put, 3, merged.language);
		store_db_bind_str(put, 4, merged.time_zone);
		store_db_bind_str(put, 5, str_c(text));
		store_db_bind_int(put, 6, clock_now());
		rc = store_db_run(db, put, "write a contact", err);
	} else {
		rc = -1;
	}
	sqlite3_reset(get);
	free(text);
	return rc != 0 ? -1 : !found;
}

int
store_contact_upsert(struct store *store, struct str address, struct str language,
    struct str time_zone, const json_t *attributes, struct err *err)
{
	struct store_contact contact = {
	    .address = address, .language = language, .time_zone = time_zone};
	struct arena *arena = arena_new(KEY_MEMORY);
	struct store_db *db;
	int rc = -1;

	if (attributes != NULL && !json_is_object(attributes)) {
		err_set(err, ERR_INPUT, "attributes are no JSON object");
	} else if (store_address_key(address, arena, &contact.key, err) == 0) {
		db = store_write_begin(store, STORE_POWER_SAFE, err);
		if (db != NULL) {
			rc = put_row(db, &contact, attributes, err);
			if (store_write_end(store, rc < 0 ? -1 : 0, err) != 0)
				rc = -1;
		}
	}
	arena_free(&arena);
	return rc;
}

/* 1 deleted, 0 not there, -1. Identities go by their foreign key. */
static int
delete_row(struct store_db *db, struct str key, struct err *err)
{
	sqlite3_stmt *statement = store_db_statement(db, delete_sql, err);
	int64_t id;
	int rc;

	if (statement == NULL)
		return -1;
	store_db_bind_str(statement, 1, key);
	rc = store_db_step(db, statement, "delete a contact", err);
	if (rc != 1)
		return rc;
	id = sqlite3_column_int64(statement, 0);
	sqlite3_reset(statement);
	return store_event_erase(db, id, err) != 0 || store_frequency_forget(db, id, err) != 0 ? -1
											       : 1;
}

int
store_contact_delete(struct store *store, struct str address, struct err *err)
{
	struct arena *arena = arena_new(KEY_MEMORY);
	struct store_db *db = NULL;
	struct str key;
	int rc = -1, forgotten;

	if (store_address_key(address, arena, &key, err) == 0)
		db = store_write_begin(store, STORE_POWER_SAFE, err);
	if (db != NULL) {
		rc = delete_row(db, key, err);
		if (rc == 1 &&
		    (store_view_forget(db, key, err) != 0 ||
			store_suppression_forget(db, key, err) != 0))
			rc = -1;
		/* Who never confirmed is no contact, but may want to be forgotten, too. */
		if (rc >= 0 && (forgotten = store_signup_forget(db, key, err)) != 0)
			rc = forgotten;
		if (store_write_end(store, rc < 0 ? -1 : 0, err) != 0)
			rc = -1;
	}
	arena_free(&arena);
	return rc;
}

/* How many there are after that id, up to PAGE; -1. */
static int
read_page(struct store *store, int64_t after, struct arena *arena, struct store_contact *page,
    struct err *err)
{
	struct store_db *db = store_read_begin(store, err);
	sqlite3_stmt *statement;
	bool full = false;
	int count = 0;
	int rc = -1;

	if (db == NULL)
		return -1;
	statement = store_db_statement(db, page_sql, err);
	if (statement != NULL) {
		store_db_bind_int(statement, 1, after);
		store_db_bind_int(statement, 2, PAGE);
		while ((rc = store_db_step(db, statement, "read contacts", err)) == 1)
			page[count++] = copy_row(statement, arena, &full);
	}
	store_read_end(store, db);
	if (full)
		return err_set(err, ERR_LIMIT, "contact: arena full");
	return rc < 0 ? -1 : count;
}

/* By pages: `each` may be a pager at which somebody reads for an hour, and a snapshot that is
 * held so long would make the WAL file grow. */
int
store_contact_each(struct store *store,
    bool (*each)(const struct store_contact *contact, void *closure), void *closure,
    struct err *err)
{
	struct arena *arena = arena_new(PAGE_MEMORY);
	struct store_contact page[PAGE];
	int64_t after = 0;
	bool more = true;
	int count = 0;

	while (more) {
		arena_reset(arena);
		count = read_page(store, after, arena, page, err);
		more = count == PAGE;
		for (int i = 0; i < count; i++) {
			after = page[i].id;
			if (!each(&page[i], closure)) {
				more = false;
				break;
			}
		}
	}
	arena_free(&arena);
	return count < 0 ? -1 : 0;
}

int
store_contact_count(struct store *store, int64_t *count_r, struct err *err)
{
	struct store_db *db = store_read_begin(store, err);
	sqlite3_stmt *statement;
	int rc = -1;

	if (db == NULL)
		return -1;
	statement = store_db_statement(db, count_sql, err);
	if (statement != NULL)
		rc = store_db_step(db, statement, "count contacts", err);
	if (rc == 1) {
		*count_r = sqlite3_column_int64(statement, 0);
		sqlite3_reset(statement);
	}
	store_read_end(store, db);
	return rc < 0 ? -1 : 0;
}
