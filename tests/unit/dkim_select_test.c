/* SPDX-License-Identifier: BSD-2-Clause
 *
 * dkim_select_test: which keys sign, and how that follows from DNS
 *
 * DNS is a file of records (dkim_dns); ctl_dkim_test.py asks through a resolver.
 */
#include "base/log.h"
#include "dkim/dns.h"
#include "dkim/memory.h"
#include "dkim/set.h"

#include <malloc.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

static char folder[] = "/tmp/dkim_select.XXXXXX";
static char dns_path[64];
static char log_path[64];
static char key_path[4][64]; /* rsa, rsa, ed25519, ed25519 */
static char *key_text[4];

static int
make_keys(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(dns_path, sizeof dns_path, "%s/dns", folder);
	snprintf(log_path, sizeof log_path, "%s/log", folder);
	assert_int_equal(log_open(log_path, "test", LOG_LEVEL_INFO, &err), 0);
	for (int i = 0; i < 4; i++) {
		EVP_PKEY *key =
		    i < 2 ? EVP_RSA_gen(2048) : EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
		BIO *out;

		snprintf(key_path[i], sizeof key_path[i], "%s/key%d", folder, i);
		out = BIO_new_file(key_path[i], "w");
		assert_int_equal(
		    PEM_write_bio_PKCS8PrivateKey(out, key, NULL, NULL, 0, NULL, NULL), 1);
		BIO_free(out);
		assert_int_equal(chmod(key_path[i], 0600), 0);
		key_text[i] = dkim_record_text(key);
		EVP_PKEY_free(key);
	}
	return 0;
}

static int
remove_keys(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		unlink(key_path[i]);
		g_free(key_text[i]);
	}
	unlink(dns_path);
	unlink(log_path);
	rmdir(folder);
	return 0;
}

/* --- records --- */

static void
records_are_compared(void **state)
{
	static const struct {
		const char *record, *differs;
		enum dkim_match match;
	} records[] = {
	    {"v=DKIM1; k=rsa; p=MIIB", NULL, DKIM_MATCH_OK},
	    {"p=MIIB", NULL, DKIM_MATCH_OK},
	    {"v=DKIM1 ;h=sha1:sha256; s=email; p= MI IB ;", NULL, DKIM_MATCH_OK},
	    {"v=DKIM1; s=*; p=MIIB; t=y", NULL, DKIM_MATCH_OK},
	    {"v=DKIM1; k=rsa; p=MIIC", "it holds another key (p=)", DKIM_MATCH_DIFFERENT},
	    {"v=DKIM1; k=rsa; p=MIIB=", "it holds another key (p=)", DKIM_MATCH_DIFFERENT},
	    {"v=DKIM1; p=", "the key is revoked (p= is empty)", DKIM_MATCH_REVOKED},
	    {"v=DKIM1; k=ed25519; p=MIIB", "it is for another kind of key (k=)",
		DKIM_MATCH_DIFFERENT},
	    {"v=DKIM1; h=sha1; p=MIIB", "it does not allow sha256 (h=)", DKIM_MATCH_DIFFERENT},
	    {"v=DKIM1; h=sha2567; p=MIIB", "it does not allow sha256 (h=)", DKIM_MATCH_DIFFERENT},
	    {"v=DKIM1; s=tlsrpt; p=MIIB", "it is not for mail (s=)", DKIM_MATCH_DIFFERENT},
	    {"v=spf1 p=MIIB", "it is no DKIM record (v=)", DKIM_MATCH_DIFFERENT},
	    {"", "it holds no key (p=)", DKIM_MATCH_DIFFERENT},
	};

	(void)state;
	for (size_t i = 0; i < sizeof records / sizeof records[0]; i++) {
		const char *differs;

		assert_int_equal(dkim_record_match(records[i].record, DKIM_RSA, "MIIB", &differs),
		    records[i].match);
		if (records[i].differs == NULL)
			assert_null(differs);
		else
			assert_string_equal(differs, records[i].differs);
	}
	assert_true(dkim_record_flag("v=DKIM1; t=s:y; p=x", "y"));
	assert_false(dkim_record_flag("v=DKIM1; t=s; p=y", "y"));
}

static void
zone_lines_have_short_strings(void **state)
{
	struct buf line;
	struct str rest, piece;
	char joined[2000] = "";
	size_t odd = 0;

	(void)state;
	buf_init(&line, 4000);
	dkim_record_write_zone("s._domainkey.x.example", key_text[0], &line);
	rest = buf_str(&line);
	assert_true(str_starts(rest, STR("s._domainkey.x.example. IN TXT ( \"v=DKIM1; k=rsa; p=")));
	assert_true(str_ends_nocase(rest, STR("\" )")));
	while (str_split(&rest, '"', &piece)) {
		if (odd++ % 2 == 0)
			continue;
		assert_in_range(piece.n, 1, 255);
		strncat(joined, piece.p, piece.n);
	}
	assert_string_equal(joined, key_text[0]);
	assert_true(strlen(key_text[0]) > 255);
	buf_fini(&line);
}

/* --- DNS in a file --- */

static void
write_dns(const char *text)
{
	FILE *out = fopen(dns_path, "w");

	assert_non_null(out);
	fputs(text, out);
	assert_int_equal(fclose(out), 0);
}

static void
files_answer(void **state)
{
	static const struct {
		const char *name;
		enum dkim_answer answer;
		const char *record;
	} cases[] = {
	    {"a.example", DKIM_ANSWER_RECORD, "v=DKIM1; p=A"},
	    {"A.Example", DKIM_ANSWER_RECORD, "v=DKIM1; p=A"},
	    {"b.example", DKIM_ANSWER_RECORD, "p=B"},
	    {"gone.example", DKIM_ANSWER_NONE, NULL},
	    {"spf.example", DKIM_ANSWER_RECORD, "p=second"},
	    {"silent.example", DKIM_ANSWER_SILENT, NULL},
	    {"example", DKIM_ANSWER_NONE, NULL},
	    {"xa.example", DKIM_ANSWER_NONE, NULL},
	    {"#", DKIM_ANSWER_NONE, NULL},
	};
	char record[DKIM_RECORD_MAX];

	(void)state;
	write_dns("# comment p=x\n\na.example  v=DKIM1; p=A\r\nb.example.\tp=B\n"
		  "gone.example NXDOMAIN\nspf.example v=spf1 -all\nspf.example p=second\n"
		  "silent.example SERVFAIL\n.\n");
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(dkim_dns_txt(dns_path, cases[i].name, record), cases[i].answer);
		if (cases[i].record != NULL)
			assert_string_equal(record, cases[i].record);
	}
	assert_int_equal(
	    dkim_dns_txt("/tmp/there is no such file", "a.example", record), DKIM_ANSWER_SILENT);
}

/* --- who signs --- */

/* Letters: y, a, n for active; a place in `layout` for each of the keys r1 r2 e1 e2, '-': no
 * section. */
static struct dkim_keys *
load(const char *layout, struct err *err)
{
	static const char *const selectors[] = {"r1", "r2", "e1", "e2"};
	struct conf_dkim sections[4];
	struct conf conf = {.user = "root", .dkims = sections};
	struct dkim_keys *keys = NULL;

	for (int i = 0; i < 4; i++) {
		if (layout[i] == '-')
			continue;
		sections[conf.dkim_count++] = (struct conf_dkim){.domain = "shop.example",
		    .place = "test:1",
		    .selector = selectors[i],
		    .key = key_path[i],
		    .subdomains = true,
		    .active = layout[i] == 'y' ? CONF_ACTIVE_YES
			: layout[i] == 'a'     ? CONF_ACTIVE_AUTO
					       : CONF_ACTIVE_NO};
	}
	return dkim_keys_load(&keys, &conf, err) == 0 ? keys : NULL;
}

/* "r1 e2": selectors of the signatures; or the error. */
static const char *
signers(struct dkim_keys *keys, struct str domain, enum conf_signatures signatures)
{
	static const struct mime_header fields[] = {{STR("From"), STR(" a@shop.example")}};
	static char text[ERR_TEXT_MAX];
	struct arena *arena = arena_new(1 << 20);
	struct str values[DKIM_SIGNATURES_MAX], body = STR("x\r\n");
	struct err err = ERR_INIT;
	size_t count, used = 0;

	text[0] = '\0';
	if (dkim_keys_sign(
		keys, domain, signatures, fields, 1, &body, 1, arena, values, &count, &err) != 0) {
		assert_int_equal(err.code, ERR_KEY);
		assert_int_equal(count, 0);
		assert_int_equal(dkim_keys_ready(keys, domain, signatures, &err), -1);
		snprintf(text, sizeof text, "%s", err.text);
	}
	for (size_t i = 0; i < count; i++) {
		const char *selector = memmem(values[i].p, values[i].n, " s=", 3);

		if (selector == NULL)
			selector = memmem(values[i].p, values[i].n, "\ts=", 3);
		assert_non_null(selector);
		assert_non_null(memmem(values[i].p, values[i].n, "d=shop.example;", 15));
		used += (size_t)snprintf(
		    text + used, sizeof text - used, "%s%.2s", i == 0 ? "" : " ", selector + 3);
	}
	arena_free(&arena);
	return text;
}

/* Records of the keys whose number is in `there`; X for the second of its kind puts the wrong
 * key, R a revoked one, ? silence. */
static void
publish(const char *r1, const char *r2, const char *e1, const char *e2)
{
	static const char *const selectors[] = {"r1", "r2", "e1", "e2"};
	const char *words[] = {r1, r2, e1, e2};
	FILE *out = fopen(dns_path, "w");

	assert_non_null(out);
	for (int i = 0; i < 4; i++) {
		if (words[i][0] == '-')
			continue;
		fprintf(out, "%s._domainkey.shop.example %s\n", selectors[i],
		    words[i][0] == '+'	     ? key_text[i]
			: words[i][0] == 'R' ? "v=DKIM1; p="
			: words[i][0] == '?' ? "SERVFAIL"
					     : key_text[i ^ 1]);
	}
	assert_int_equal(fclose(out), 0);
}

static const struct select_case {
	const char *layout;
	const char *dns[4];
	enum conf_signatures signatures;
	const char *expected;
} select_cases[] = {
    {"y---", {"-", "-", "-", "-"}, CONF_SIGNATURES_ALL, "r1"},
    {"y-y-", {"-", "-", "-", "-"}, CONF_SIGNATURES_ALL, "r1 e1"},
    {"y-y-", {"-", "-", "-", "-"}, CONF_SIGNATURES_RSA, "r1"},
    {"y-y-", {"-", "-", "-", "-"}, CONF_SIGNATURES_ED25519, "e1"},
    {"--y-", {"-", "-", "-", "-"}, CONF_SIGNATURES_ALL, "e1"},
    {"--y-", {"-", "-", "-", "-"}, CONF_SIGNATURES_RSA,
	"no rsa key of shop.example may sign (active = no, "},
    {"ya--", {"+", "-", "-", "-"}, CONF_SIGNATURES_ALL, "r1"},
    {"ya--", {"+", "X", "-", "-"}, CONF_SIGNATURES_ALL, "r1"},
    {"ya--", {"+", "R", "-", "-"}, CONF_SIGNATURES_ALL, "r1"},
    {"ya--", {"+", "?", "-", "-"}, CONF_SIGNATURES_ALL, "r1"},
    {"ya--", {"+", "+", "-", "-"}, CONF_SIGNATURES_ALL, "r2"},
    {"yn--", {"+", "+", "-", "-"}, CONF_SIGNATURES_ALL, "r1"},
    {"aa--", {"+", "+", "-", "-"}, CONF_SIGNATURES_ALL, "r2"},
    {"aa--", {"+", "-", "-", "-"}, CONF_SIGNATURES_ALL, "r1"},
    {"aaaa", {"+", "-", "+", "+"}, CONF_SIGNATURES_ALL, "r1 e2"},
    {"a---", {"-", "-", "-", "-"}, CONF_SIGNATURES_ALL,
	"no rsa key of shop.example may sign yet: DNS has no record r1._domainkey.shop.example"},
    {"a---", {"?", "-", "-", "-"}, CONF_SIGNATURES_ALL,
	"no rsa key of shop.example may sign yet: DNS does not answer for "},
    {"a---", {"X", "-", "-", "-"}, CONF_SIGNATURES_ALL,
	"no rsa key of shop.example may sign yet: DNS has another key at "},
    {"a---", {"R", "-", "-", "-"}, CONF_SIGNATURES_ALL,
	"no rsa key of shop.example may sign yet: DNS has a revoked key at "},
    {"n---", {"+", "-", "-", "-"}, CONF_SIGNATURES_ALL,
	"no ed25519 key of shop.example may sign (active"},
    /* Ed25519 does not stand in for RSA that is on its way. */
    {"a-y-", {"-", "-", "+", "-"}, CONF_SIGNATURES_ALL, "no rsa key of shop.example may sign yet"},
    {"n-y-", {"-", "-", "+", "-"}, CONF_SIGNATURES_ALL, "e1"},
    {"y-a-", {"-", "-", "-", "-"}, CONF_SIGNATURES_ALL, "r1"},
};

static void
right_keys_sign(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof select_cases / sizeof select_cases[0]; i++) {
		const struct select_case *c = &select_cases[i];
		struct err err = ERR_INIT;
		struct dkim_keys *keys = load(c->layout, &err);
		const char *got;

		assert_non_null(keys);
		publish(c->dns[0], c->dns[1], c->dns[2], c->dns[3]);
		dkim_keys_check(keys, dns_path, NULL, NULL);
		got = signers(keys, STR("shop.example"), c->signatures);
		if (strncmp(got, c->expected, strlen(c->expected)) != 0 ||
		    (c->expected[0] == 'r' && strcmp(got, c->expected) != 0))
			fail_msg("case %zu (%s): %s, expected %s", i, c->layout, got, c->expected);
		dkim_keys_unref(&keys);
	}
}

static void
two_at_once_are_refused(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_null(load("yy--", &err));
	assert_int_equal(err.code, ERR_CONFIG);
	assert_non_null(strstr(err.text, "test:1: the selectors r1 and r2 of shop.example both"));
}

static void
nothing_is_known_before_dns_is_asked(void **state)
{
	struct err err = ERR_INIT;
	struct dkim_keys *keys = load("a---", &err);

	(void)state;
	assert_true(dkim_keys_watched(keys));
	assert_non_null(strstr(
	    signers(keys, STR("shop.example"), CONF_SIGNATURES_ALL), "DNS has not been asked yet"));
	dkim_keys_unref(&keys);
	keys = load("y---", &err);
	assert_false(dkim_keys_watched(keys));
	dkim_keys_unref(&keys);
}

static size_t
log_lines(const char *needle)
{
	char line[2000];
	size_t count = 0;
	FILE *in = fopen(log_path, "r");

	assert_non_null(in);
	while (fgets(line, sizeof line, in) != NULL)
		count += strstr(line, needle) != NULL;
	fclose(in);
	assert_int_equal(truncate(log_path, 0), 0);
	return count;
}

static void
a_key_that_signed_goes_on(void **state)
{
	struct err err = ERR_INIT;
	struct dkim_keys *keys = load("aa--", &err);
	const struct str shop = STR("shop.example");

	(void)state;
	log_lines("");
	publish("+", "+", "-", "-");
	assert_int_equal(dkim_keys_check(keys, dns_path, NULL, NULL), 0);
	assert_int_equal(log_lines("info: dkim record is there, the key may sign"), 2);
	assert_string_equal(signers(keys, shop, CONF_SIGNATURES_ALL), "r2");
	publish("+", "-", "-", "-");
	assert_int_equal(dkim_keys_check(keys, dns_path, NULL, NULL), 1);
	assert_int_equal(dkim_keys_check(keys, dns_path, NULL, NULL), 1);
	assert_int_equal(log_lines("warning: dkim record is gone, the key signs on "
				   "record=r2._domainkey.shop.example"),
	    1);
	assert_string_equal(signers(keys, shop, CONF_SIGNATURES_ALL), "r2");
	publish("+", "?", "-", "-");
	dkim_keys_check(keys, dns_path, NULL, NULL);
	assert_string_equal(signers(keys, shop, CONF_SIGNATURES_ALL), "r2");
	publish("+", "R", "-", "-");
	dkim_keys_check(keys, dns_path, NULL, NULL);
	assert_string_equal(signers(keys, shop, CONF_SIGNATURES_ALL), "r1");
	publish("R", "R", "-", "-");
	dkim_keys_check(keys, dns_path, NULL, NULL);
	assert_string_equal(signers(keys, shop, CONF_SIGNATURES_ALL), "r1");
	publish("R", "+", "-", "-");
	dkim_keys_check(keys, dns_path, NULL, NULL);
	assert_string_equal(signers(keys, shop, CONF_SIGNATURES_ALL), "r2");
	dkim_keys_unref(&keys);
}

static void
reload_keeps_what_is_known(void **state)
{
	struct err err = ERR_INIT;
	struct dkim_keys *old = load("y---", &err), *keys = load("aa--", &err);
	const struct str shop = STR("shop.example");

	(void)state;
	dkim_keys_inherit(keys, old);
	assert_string_equal(signers(keys, shop, CONF_SIGNATURES_ALL), "r1");
	publish("-", "+", "-", "-");
	dkim_keys_check(keys, dns_path, NULL, NULL);
	assert_string_equal(signers(keys, shop, CONF_SIGNATURES_ALL), "r2");
	dkim_keys_unref(&old);
	old = keys;
	keys = load("-a--", &err);
	dkim_keys_inherit(keys, old);
	assert_string_equal(signers(keys, shop, CONF_SIGNATURES_ALL), "r2");
	dkim_keys_unref(&old);
	dkim_keys_unref(&keys);
}

static void
subdomains_are_signed_by_the_domain_above(void **state)
{
	struct err err = ERR_INIT;
	struct dkim_keys *keys = load("y---", &err);

	(void)state;
	assert_string_equal(signers(keys, STR("news.Shop.example"), CONF_SIGNATURES_ALL), "r1");
	assert_string_equal(signers(keys, STR("a.b.c.shop.example"), CONF_SIGNATURES_ALL), "r1");
	assert_false(dkim_keys_has(keys, STR("myshop.example")));
	assert_false(dkim_keys_has(keys, STR("example")));
	assert_false(dkim_keys_has(keys, STR(".")));
	dkim_keys_unref(&keys);
}

static void
another_process_sees_it(void **state)
{
	struct err err = ERR_INIT;
	struct dkim_keys *keys = load("a---", &err);
	int status;
	pid_t child;

	(void)state;
	publish("+", "-", "-", "-");
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit((int)dkim_keys_check(keys, dns_path, NULL, NULL));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_string_equal(signers(keys, STR("shop.example"), CONF_SIGNATURES_ALL), "r1");
	dkim_keys_unref(&keys);
}

static atomic_bool done;

static void *
sign_all_the_time(void *closure)
{
	static const struct mime_header fields[] = {{STR("From"), STR(" a@shop.example")}};
	struct arena *arena = arena_new(1 << 20);
	struct str values[DKIM_SIGNATURES_MAX], body = STR("x\r\n");
	size_t count, made = 0;
	struct err err = ERR_INIT;

	do {
		if (dkim_keys_sign(closure, STR("shop.example"), CONF_SIGNATURES_ALL, fields, 1,
			&body, 1, arena, values, &count, &err) != 0 ||
		    count == 0)
			fail_msg("%s", err.text);
		arena_reset(arena);
		made++;
	} while (!atomic_load(&done));
	arena_free(&arena);
	return (void *)made;
}

static void
signing_goes_on_while_records_change(void **state)
{
	struct err err = ERR_INIT;
	struct dkim_keys *keys = load("ya-a", &err);
	pthread_t threads[3];
	void *made;

	(void)state;
	atomic_store(&done, false);
	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, sign_all_the_time, keys), 0);
	for (int i = 0; i < 40; i++) {
		publish("-", i % 2 == 0 ? "+" : "R", "-", i % 3 == 0 ? "+" : "-");
		dkim_keys_check(keys, dns_path, NULL, NULL);
		usleep(2000);
	}
	atomic_store(&done, true);
	for (int i = 0; i < 3; i++) {
		pthread_join(threads[i], &made);
		assert_true((size_t)made > 0);
	}
	dkim_keys_unref(&keys);
}

/* --- memory --- */

static void
what_is_left_is_given_back(void **state)
{
	struct dkim_memory memory;
	void *data[3], *lasting = dkim_memory_take(NULL, 10);

	(void)state;
	dkim_memory_init(&memory);
	assert_int_equal(dkim_memory_fini(&memory), 0);
	for (int i = 0; i < 3; i++) {
		data[i] = dkim_memory_take(&memory, 100);
		assert_int_equal((uintptr_t)data[i] % sizeof(max_align_t) % 16, 0);
		memset(data[i], i, 100);
	}
	dkim_memory_give(&memory, data[1]);
	dkim_memory_give(&memory, NULL);
	assert_int_equal(dkim_memory_fini(&memory), 2);
	dkim_memory_give(NULL, lasting);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(records_are_compared),
	    cmocka_unit_test(zone_lines_have_short_strings),
	    cmocka_unit_test(files_answer),
	    cmocka_unit_test(right_keys_sign),
	    cmocka_unit_test(two_at_once_are_refused),
	    cmocka_unit_test(nothing_is_known_before_dns_is_asked),
	    cmocka_unit_test(a_key_that_signed_goes_on),
	    cmocka_unit_test(reload_keeps_what_is_known),
	    cmocka_unit_test(subdomains_are_signed_by_the_domain_above),
	    cmocka_unit_test(another_process_sees_it),
	    cmocka_unit_test(signing_goes_on_while_records_change),
	    cmocka_unit_test(what_is_left_is_given_back),
	};

	return cmocka_run_group_tests(tests, make_keys, remove_keys);
}
