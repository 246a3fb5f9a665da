/* SPDX-License-Identifier: BSD-2-Clause
 *
 * store_contact_test: address keys, contacts, suppressions, and opening a database
 */
#include "store/contact.h"
#include "store/suppression.h"

#include "store_fixture.h"

#include <sqlite3.h>
#include <sys/stat.h>

static void
address_keys(void **state)
{
	static const struct {
		const char *name;
		const char *address;
		const char *key; /* NULL: refused */
	} cases[] = {
	    {"plain", "ada@example.org", "ada@example.org"},
	    {"case of both sides", "Ada.L@Example.ORG", "ada.l@example.org"},
	    {"plus and specials", "a+b!#$%&'*/=?^_`{|}~-@example.org",
		"a+b!#$%&'*/=?^_`{|}~-@example.org"},
	    {"needless quotes", "\"Ada\"@example.org", "ada@example.org"},
	    {"needed quotes", "\"A b\"@example.org", "\"a b\"@example.org"},
	    {"quoted pair", "\"a\\da\"@example.org", "ada@example.org"},
	    {"quoted at sign", "\"a@b\"@example.org", "\"a@b\"@example.org"},
	    {"umlaut domain",
		"ada@B\xc3\x9c"
		"cher.example",
		"ada@xn--bcher-kva.example"},
	    {"A-label domain", "ada@XN--BCHER-KVA.example", "ada@xn--bcher-kva.example"},
	    {"sharp s stays",
		"ada@stra\xc3\x9f"
		"e.example",
		"ada@xn--strae-oqa.example"},
	    {"UTF-8 local part", "J\xc3\x9crgen@example.org", "j\xc3\xbcrgen@example.org"},
	    {"decomposed local part", "Ju\xcc\x88rgen@example.org", "j\xc3\xbcrgen@example.org"},
	    {"sharp s in the local part stays",
		"stra\xc3\x9f"
		"e@example.org",
		"stra\xc3\x9f"
		"e@example.org"},
	    {"single label", "root@localhost", "root@localhost"},
	    {"IPv4 literal", "ada@[192.0.2.1]", "ada@[192.0.2.1]"},
	    {"IPv6 literal", "ada@[IPv6:2001:DB8::1]", "ada@[ipv6:2001:db8::1]"},
	    {"empty", "", NULL},
	    {"no at sign", "ada.example.org", NULL},
	    {"nothing before", "@example.org", NULL},
	    {"nothing after", "ada@", NULL},
	    {"two at signs", "ada@home@example.org", NULL},
	    {"two dots", "ada..l@example.org", NULL},
	    {"dot first", ".ada@example.org", NULL},
	    {"dot last", "ada.@example.org", NULL},
	    {"space", "ada l@example.org", NULL},
	    {"line end", "ada@example.org\n", NULL},
	    {"CRLF in the local part", "a\r\nRCPT TO:<x>@example.org", NULL},
	    {"angle brackets", "<ada@example.org>", NULL},
	    {"display name", "Ada <ada@example.org>", NULL},
	    {"open quote", "\"ada@example.org", NULL},
	    {"quote inside", "\"a\"b\"@example.org", NULL},
	    {"domain with underscore", "ada@a_b.example", NULL},
	    {"A-label of nothing", "ada@xn--example.com", NULL},
	    {"domain with space", "ada@exam ple.org", NULL},
	    {"domain with hyphen first", "ada@-example.org", NULL},
	    {"domain with two dots", "ada@example..org", NULL},
	    {"domain ends in a dot", "ada@example.org.", NULL},
	    {"literal with junk", "ada@[a;b]", NULL},
	    {"zero-width space before the at sign", "ada\xe2\x80\x8b@example.org", NULL},
	    {"zero-width space after it",
		"ada@\xe2\x80\x8b"
		"example.org",
		NULL},
	    {"no-break space", "ada\xc2\xa0@example.org", NULL},
	    {"broken UTF-8 before", "a\xff@example.org", NULL},
	    {"broken UTF-8 after", "ada@ex\xc3.org", NULL},
	};
	struct arena *arena = arena_new(1 << 20);

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct err err = ERR_INIT;
		struct str key = STR_NONE, again = STR_NONE;
		int rc = store_address_key(str_c(cases[i].address), arena, &key, &err);

		if (rc != (cases[i].key == NULL ? -1 : 0) ||
		    (rc == 0 && !str_is(key, cases[i].key)))
			fail_msg("%s: %d \"%.*s\" %s", cases[i].name, rc, STR_F(key), err.text);
		if (rc != 0) {
			assert_int_equal(err.code, ERR_INPUT);
			continue;
		}
		assert_int_equal(store_address_key(key, arena, &again, &err), 0);
		assert_true(str_eq(key, again));
	}
	arena_free(&arena);
}

static void
address_lengths(void **state)
{
	struct arena *arena = arena_new(1 << 20);
	char address[400];
	struct str key;

	(void)state;
	memset(address, 'a', sizeof address);
	memcpy(address + 64, "@example.org", 13);
	assert_int_equal(store_address_key(str_c(address), arena, &key, NULL), 0);
	memset(address, 'a', sizeof address);
	memcpy(address + 65, "@example.org", 13);
	assert_int_equal(store_address_key(str_c(address), arena, &key, NULL), -1);
	memset(address, 'a', sizeof address);
	memcpy(address, "ada@", 4);
	address[300] = '\0';
	assert_int_equal(store_address_key(str_c(address), arena, &key, NULL), -1);
	assert_int_equal(
	    store_address_key((struct str){"a\0b@example.org", 15}, arena, &key, NULL), -1);
	arena_free(&arena);
}

static void
upsert_merges(void **state)
{
	struct fixture *f = *state;
	json_t *first =
	    json_pack("{s:s, s:i, s:{s:i}}", "first_name", "Ada", "age", 36, "o", "x", 1);
	json_t *second = json_pack("{s:n, s:s, s:{s:i}}", "age", "city", "London", "o", "y", 2);
	struct store_contact contact;

	assert_int_equal(store_contact_upsert(f->store, STR("Ada@Example.org"), STR("en"),
			     STR("Europe/London"), first, &f->err),
	    1);
	assert_int_equal(store_contact_upsert(
			     f->store, STR("ada@example.org"), STR_NONE, STR(""), second, &f->err),
	    0);
	assert_int_equal(
	    store_contact_get(f->store, STR("ADA@example.org"), f->arena, &contact, &f->err), 1);
	assert_true(str_is(contact.address, "ada@example.org"));
	assert_true(str_is(contact.key, "ada@example.org"));
	assert_true(str_is(contact.language, "en"));
	assert_true(str_is(contact.time_zone, ""));
	assert_true(str_is(
	    contact.attributes, "{\"first_name\":\"Ada\",\"o\":{\"y\":2},\"city\":\"London\"}"));
	assert_true(contact.id > 0 && contact.created_ms > 0);
	json_decref(first);
	json_decref(second);
}

static void
upsert_refuses(void **state)
{
	struct fixture *f = *state;
	json_t *list = json_array();
	json_t *large = json_object();
	char *text = malloc(1100000);
	int64_t count;

	memset(text, 'x', 1100000);
	json_object_set_new(large, "x", json_stringn(text, 1100000));
	free(text);
	assert_int_equal(
	    store_contact_upsert(f->store, STR("ada"), STR_NONE, STR_NONE, NULL, &f->err), -1);
	assert_int_equal(f->err.code, ERR_INPUT);
	assert_int_equal(
	    store_contact_upsert(f->store, STR("a@b.example"), STR_NONE, STR_NONE, list, &f->err),
	    -1);
	assert_int_equal(f->err.code, ERR_INPUT);
	assert_int_equal(
	    store_contact_upsert(f->store, STR("a@b.example"), STR_NONE, STR_NONE, large, &f->err),
	    -1);
	assert_int_equal(f->err.code, ERR_LIMIT);
	assert_int_equal(store_contact_count(f->store, &count, &f->err), 0);
	assert_int_equal(count, 0);
	json_decref(list);
	json_decref(large);
}

static void
ids_are_not_used_again(void **state)
{
	struct fixture *f = *state;
	struct store_contact contact;
	int64_t id;

	assert_int_equal(
	    store_contact_upsert(f->store, STR("a@b.example"), STR_NONE, STR_NONE, NULL, NULL), 1);
	assert_int_equal(
	    store_contact_get(f->store, STR("a@b.example"), f->arena, &contact, NULL), 1);
	id = contact.id;
	assert_int_equal(store_contact_delete(f->store, STR("A@b.example"), NULL), 1);
	assert_int_equal(store_contact_delete(f->store, STR("a@b.example"), NULL), 0);
	assert_int_equal(
	    store_contact_get(f->store, STR("a@b.example"), f->arena, &contact, NULL), 0);
	assert_int_equal(
	    store_contact_upsert(f->store, STR("c@b.example"), STR_NONE, STR_NONE, NULL, NULL), 1);
	assert_int_equal(
	    store_contact_get(f->store, STR("c@b.example"), f->arena, &contact, NULL), 1);
	assert_true(contact.id > id);
}

static void
transaction_spans_calls(void **state)
{
	struct fixture *f = *state;
	struct store_contact contact;
	int64_t count;

	assert_int_equal(store_begin(f->store, &f->err), 0);
	assert_int_equal(
	    store_contact_upsert(f->store, STR("a@b.example"), STR_NONE, STR_NONE, NULL, NULL), 1);
	/* It sees its own writes. */
	assert_int_equal(
	    store_contact_get(f->store, STR("a@b.example"), f->arena, &contact, NULL), 1);
	store_rollback(f->store);
	assert_int_equal(store_contact_count(f->store, &count, NULL), 0);
	assert_int_equal(count, 0);
	assert_int_equal(store_begin(f->store, &f->err), 0);
	assert_int_equal(
	    store_contact_upsert(f->store, STR("a@b.example"), STR_NONE, STR_NONE, NULL, NULL), 1);
	assert_int_equal(store_commit(f->store, &f->err), 0);
	assert_int_equal(store_contact_count(f->store, &count, NULL), 0);
	assert_int_equal(count, 1);
}

static void
suppressions(void **state)
{
	struct fixture *f = *state;
	struct store_suppression entry;
	struct str a = STR("Ada@example.org"), spring = STR("spring");

	assert_int_equal(
	    store_suppression_find(f->store, a, spring, false, f->arena, &entry, &f->err), 0);
	assert_int_equal(store_suppression_add(f->store, a, spring, STR("asked"), &f->err), 1);
	assert_int_equal(
	    store_suppression_add(f->store, STR("ADA@EXAMPLE.org"), spring, STR("other"), &f->err),
	    0);
	assert_int_equal(store_suppression_find(f->store, STR("ada@example.ORG"), spring, false,
			     f->arena, &entry, NULL),
	    1);
	assert_true(str_is(entry.reason, "asked"));
	assert_true(str_is(entry.address, "Ada@example.org"));
	assert_int_equal(entry.hash.n, 64);
	assert_int_equal(
	    store_suppression_find(f->store, a, STR("autumn"), false, f->arena, &entry, NULL), 0);
	assert_int_equal(
	    store_suppression_add(f->store, a, STR("all"), STR("complained"), NULL), 1);
	assert_int_equal(
	    store_suppression_find(f->store, a, spring, false, f->arena, &entry, NULL), 1);
	assert_true(str_is(entry.scope, "all"));
	/* It is kept by hash: the contact's end is not its end. */
	assert_int_equal(store_contact_delete(f->store, a, NULL), 0);
	assert_int_equal(store_suppression_remove(f->store, a, STR("all"), NULL), 1);
	assert_int_equal(store_suppression_remove(f->store, a, STR("all"), NULL), 0);
	assert_int_equal(
	    store_suppression_find(f->store, a, spring, false, f->arena, &entry, NULL), 1);
	assert_true(str_is(entry.scope, "spring"));
	assert_int_equal(store_suppression_find(
			     f->store, STR("nobody"), spring, false, f->arena, &entry, &f->err),
	    -1);
	assert_int_equal(f->err.code, ERR_INPUT);
}

/* --- opening --- */

static void
run_sql(const char *path, const char *sql)
{
	sqlite3 *handle;

	assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
	assert_int_equal(sqlite3_exec(handle, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(handle);
}

static void
missing_database_is_an_error(void **state)
{
	struct fixture *f = *state;
	struct store *other = NULL;
	char path[512];

	snprintf(path, sizeof path, "%s/none.db", f->folder);
	assert_int_equal(store_open(&other, path, STORE_READ, &f->err), -1);
	assert_int_equal(f->err.code, ERR_IO);
	snprintf(path, sizeof path, "%s/none/none.db", f->folder);
	assert_int_equal(store_open(&other, path, STORE_CREATE, &f->err), -1);
	assert_int_equal(f->err.code, ERR_IO);
	assert_null(other);
}

static void
database_is_private(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void
newer_database_is_refused(void **state)
{
	struct fixture *f = *state;
	struct store *other = NULL;

	run_sql(f->path, "PRAGMA user_version = 1000");
	assert_int_equal(store_open(&other, f->path, STORE_CREATE, &f->err), -1);
	assert_int_equal(f->err.code, ERR_CONFIG);
	assert_non_null(strstr(f->err.text, "newer"));
}

static void
foreign_database_is_refused(void **state)
{
	struct fixture *f = *state;
	struct store *other = NULL;
	char path[512];

	snprintf(path, sizeof path, "%s/other.db", f->folder);
	run_sql(path, "CREATE TABLE t (x)");
	assert_int_equal(store_open(&other, path, STORE_CREATE, &f->err), -1);
	assert_int_equal(f->err.code, ERR_CONFIG);
	assert_null(other);
}

static void
empty_file_becomes_a_database(void **state)
{
	struct fixture *f = *state;
	struct store *other = NULL;
	char path[512];

	snprintf(path, sizeof path, "%s/empty.db", f->folder);
	fclose(fopen(path, "w"));
	assert_int_equal(store_open(&other, path, STORE_READ, &f->err), -1);
	assert_int_equal(f->err.code, ERR_CONFIG);
	assert_int_equal(store_open(&other, path, STORE_CREATE, &f->err), 0);
	store_close(&other);
	assert_null(other);
	assert_int_equal(store_open(&other, path, STORE_READ, &f->err), 0);
	store_close(&other);
}

static void
junk_file_is_refused(void **state)
{
	struct fixture *f = *state;
	struct store *other = NULL;
	char path[512];
	FILE *file;

	snprintf(path, sizeof path, "%s/junk.db", f->folder);
	file = fopen(path, "w");
	for (int i = 0; i < 1000; i++)
		fputs("this is no database\n", file);
	fclose(file);
	assert_int_equal(store_open(&other, path, STORE_CREATE, &f->err), -1);
	assert_int_equal(f->err.code, ERR_STORE);
	assert_null(other);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(address_keys),
	    cmocka_unit_test(address_lengths),
	    STORE_TEST(upsert_merges),
	    STORE_TEST(upsert_refuses),
	    STORE_TEST(ids_are_not_used_again),
	    STORE_TEST(transaction_spans_calls),
	    STORE_TEST(suppressions),
	    STORE_TEST(missing_database_is_an_error),
	    STORE_TEST(database_is_private),
	    STORE_TEST(newer_database_is_refused),
	    STORE_TEST(foreign_database_is_refused),
	    STORE_TEST(empty_file_becomes_a_database),
	    STORE_TEST(junk_file_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
