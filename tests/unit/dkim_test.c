/* SPDX-License-Identifier: BSD-2-Clause
 *
 * dkim_test: loading keys, signing, and that the cached key is what signs
 *
 * Here libopendkim verifies its own work; dkim_foreign.py asks others.
 */
#include "base/buf.h"
#include "dkim/dkim.h"
#include "dkim/pem.h"

#include <fcntl.h>
#include <malloc.h>
#include <openssl/pem.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
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

#include <dkim.h>

#define NOBODY 65534

static char folder[] = "/tmp/dkim_test.XXXXXX";
static EVP_PKEY *good_key;
static char *good_record;

/* --- keys in files --- */

static const char *
path_of(const char *name)
{
	static char path[4][128];
	static unsigned turn;
	char *p = path[turn++ % 4];

	snprintf(p, sizeof path[0], "%s/%s", folder, name);
	return p;
}

static void
write_key(const char *name, EVP_PKEY *key, bool traditional, const char *password)
{
	BIO *bio = BIO_new_file(path_of(name), "w");

	assert_non_null(bio);
	if (traditional)
		assert_int_equal(
		    PEM_write_bio_PrivateKey_traditional(bio, key, NULL, NULL, 0, NULL, NULL), 1);
	else
		assert_int_equal(PEM_write_bio_PKCS8PrivateKey(bio, key,
				     password == NULL ? NULL : EVP_aes_128_cbc(), password,
				     password == NULL ? 0 : (int)strlen(password), NULL, NULL),
		    1);
	BIO_free(bio);
	assert_int_equal(chmod(path_of(name), 0600), 0);
}

static void
write_rsa(const char *name, unsigned bits)
{
	EVP_PKEY *key = EVP_RSA_gen(bits);

	assert_non_null(key);
	write_key(name, key, false, NULL);
	EVP_PKEY_free(key);
}

static char *
record_of(EVP_PKEY *key)
{
	unsigned char *der = NULL;
	int n = i2d_PUBKEY(key, &der);
	char *record = malloc(4096);

	assert_true(n > 0);
	strcpy(record, "v=DKIM1; k=rsa; p=");
	EVP_EncodeBlock((unsigned char *)record + strlen(record), der, n);
	OPENSSL_free(der);
	return record;
}

static int
make_keys(void **state)
{
	EVP_PKEY *edwards, *curve;
	FILE *file;

	(void)state;
	assert_non_null(mkdtemp(folder));
	good_key = EVP_RSA_gen(2048);
	good_record = record_of(good_key);
	write_key("pkcs8", good_key, false, NULL);
	write_key("pkcs1", good_key, true, NULL);
	write_key("password", good_key, false, "secret");
	write_key("open", good_key, false, NULL);
	assert_int_equal(chmod(path_of("open"), 0640), 0);
	write_rsa("short", 1024);
	write_rsa("tiny", 1016);
	edwards = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	write_key("ed25519", edwards, false, NULL);
	EVP_PKEY_free(edwards);
	curve = EVP_EC_gen("P-256");
	write_key("curve", curve, false, NULL);
	EVP_PKEY_free(curve);
	file = fopen(path_of("junk"), "w");
	assert_non_null(file);
	fputs("-----BEGIN PRIVATE KEY-----\nnonsense\n-----END PRIVATE KEY-----\n", file);
	fclose(file);
	assert_int_equal(chmod(path_of("junk"), 0600), 0);
	assert_int_equal(mkdir(path_of("folder"), 0700), 0);
	return 0;
}

static int
remove_keys(void **state)
{
	static const char *const names[] = {
	    "pkcs8", "pkcs1", "password", "open", "short", "tiny", "ed25519", "curve", "junk"};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		unlink(path_of(names[i]));
	rmdir(path_of("folder"));
	rmdir(folder);
	EVP_PKEY_free(good_key);
	free(good_record);
	return 0;
}

static int
load(struct dkim_keys **keys_r, const char *file, const char *user, struct err *err)
{
	static const char *more[] = {"X-Extra", "Received"};
	struct conf_dkim section = {.domain = "shop.example",
	    .place = "test:1",
	    .selector = "s1",
	    .key = path_of(file),
	    .headers = {more, 2}};
	struct conf conf = {.user = user, .dkims = &section, .dkim_count = 1};

	return dkim_keys_load(keys_r, &conf, err);
}

static const struct load_case {
	const char *file;
	enum err_code code;
	const char *part; /* of the message */
} load_cases[] = {
    {"pkcs8", ERR_NONE, ""},
    {"pkcs1", ERR_NONE, ""},
    {"short", ERR_NONE, ""},
    {"missing", ERR_IO, "/missing: No such file"},
    {"open", ERR_PERM, "/open has mode 0640"},
    {"junk", ERR_KEY, "/junk holds no private key"},
    {"password", ERR_KEY, "/password holds no private key"},
    {"tiny", ERR_KEY, "/tiny holds a key of 1016 bits"},
    {"ed25519", ERR_NONE, ""},
    {"curve", ERR_KEY, "/curve holds a key that is neither RSA nor Ed25519"},
    {"folder", ERR_KEY, "/folder: expected a file of at most 65536 bytes"},
};

static void
keys_are_loaded_or_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof load_cases / sizeof load_cases[0]; i++) {
		const struct load_case *c = &load_cases[i];
		struct dkim_keys *keys = NULL;
		struct err err = ERR_INIT;
		int result = load(&keys, c->file, "root", &err);

		if (err.code != c->code || strstr(err.text, c->part) == NULL)
			fail_msg("%s: %s: %s", c->file, err_code_name(err.code), err.text);
		assert_int_equal(result, c->code == ERR_NONE ? 0 : -1);
		if (result == 0) {
			assert_true(dkim_keys_has(keys, STR("shop.example")));
			assert_true(dkim_keys_has(keys, STR("SHOP.example")));
			assert_false(dkim_keys_has(keys, STR("mail.shop.example")));
			assert_false(dkim_keys_has(keys, STR("")));
			assert_false(dkim_keys_has(keys, (struct str){"shop.example\0x", 14}));
		}
		dkim_keys_unref(&keys);
	}
}

static void
owner_is_root_or_the_daemon(void **state)
{
	struct dkim_keys *keys = NULL;
	struct err err = ERR_INIT;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(chown(path_of("pkcs1"), NOBODY, 0), 0);
	assert_int_equal(load(&keys, "pkcs1", "root", &err), -1);
	assert_int_equal(err.code, ERR_PERM);
	assert_non_null(strstr(err.text, "/pkcs1 belongs to user 65534"));
	assert_int_equal(load(&keys, "pkcs1", "nobody", &err), 0);
	dkim_keys_unref(&keys);
	assert_int_equal(chown(path_of("pkcs1"), 0, 0), 0);
}

static void
domains_in_utf8_are_found(void **state)
{
	struct conf_dkim section = {.domain = "xn--bcher-kva.example",
	    .place = "test:1",
	    .selector = "s1",
	    .key = path_of("short")};
	struct conf conf = {.user = "root", .dkims = &section, .dkim_count = 1};
	struct dkim_keys *keys;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(dkim_keys_load(&keys, &conf, &err), 0);
	assert_true(dkim_keys_has(keys,
	    STR("b\xc3\xbc"
		"cher.example")));
	assert_true(dkim_keys_has(keys, STR("xn--bcher-kva.example")));
	dkim_keys_unref(&keys);
}

/* --- signing --- */

#define BODY "Hello \t world \r\n\r\n.\r\n..x\r\nlast\r\n\r\n\r\n"

static const struct mime_header fields[] = {
    {STR("Received"), STR(" from a by b; today")},
    {STR("DKIM-Signature"), STR(" v=1; a=rsa-sha256; d=old.example; b=x")},
    {STR("From"), STR(" Shop <news@shop.example>")},
    {STR("To"), STR(" ada@example.org")},
    {STR("subject"), STR(" folded\r\n\tsubject  with   space ")},
    {STR("X-Extra"), STR(" signed by request")},
    {STR("X-Other"), STR(" not signed")},
};
#define FIELDS (sizeof fields / sizeof fields[0])

/* The first signature's value. */
static int
sign_first(struct dkim_keys *keys, struct str domain, const struct mime_header *headers,
    size_t count, const struct str *spans, size_t span_count, struct arena *arena,
    struct str *value_r, struct err *err)
{
	struct str values[DKIM_SIGNATURES_MAX];
	size_t made;
	int done = dkim_keys_sign(keys, domain, CONF_SIGNATURES_ALL, headers, count, spans,
	    span_count, arena, values, &made, err);

	assert_int_equal(made, done == 0 ? 1 : 0);
	if (done == 0)
		*value_r = values[0];
	return done;
}

static struct str
sign(struct dkim_keys *keys, const struct mime_header *headers, size_t count,
    const struct str *spans, size_t span_count, struct arena *arena)
{
	struct err err = ERR_INIT;
	struct str value;

	if (sign_first(keys, STR("shop.example"), headers, count, spans, span_count, arena, &value,
		&err) != 0)
		fail_msg("%s", err.text);
	return value;
}

static DKIM_CBSTAT
give_record(DKIM *dkim, DKIM_SIGINFO *signature, u_char *record, size_t size)
{
	(void)dkim;
	(void)signature;
	snprintf((char *)record, size, "%s", good_record);
	return DKIM_CBSTAT_CONTINUE;
}

static void
give(DKIM *dkim, const struct mime_header *header)
{
	struct buf line;

	buf_init(&line, 65536);
	buf_printf(&line, "%.*s:%.*s", STR_F(header->name), STR_F(header->value));
	assert_int_equal(dkim_header(dkim, (u_char *)line.data, line.len), DKIM_STAT_OK);
	buf_fini(&line);
}

/* What libopendkim says of the message with this signature. */
static DKIM_STAT
verify(struct str value, const struct mime_header *headers, size_t count, struct str body)
{
	DKIM_LIB *lib = dkim_init(NULL, NULL);
	struct mime_header signature = {STR("DKIM-Signature"), value};
	DKIM_STAT status;
	DKIM *dkim;

	dkim_set_key_lookup(lib, give_record);
	dkim = dkim_verify(lib, (const u_char *)"test", NULL, &status);
	give(dkim, &signature);
	for (size_t i = 0; i < count; i++) {
		if (!str_is(headers[i].name, "DKIM-Signature"))
			give(dkim, &headers[i]);
	}
	assert_int_equal(dkim_eoh(dkim), DKIM_STAT_OK);
	if (body.n > 0)
		assert_int_equal(
		    dkim_body(dkim, (u_char *)(uintptr_t)body.p, body.n), DKIM_STAT_OK);
	status = dkim_eom(dkim, NULL);
	dkim_free(dkim);
	dkim_close(lib);
	return status;
}

/* The h= list without folds. */
static void
signed_names(struct str value, char *out)
{
	char text[4096];
	char *p, *end;

	snprintf(text, sizeof text, "%.*s", STR_F(value));
	p = strstr(text, "h=From");
	assert_non_null(p);
	end = strchr(p, ';');
	assert_non_null(end);
	for (; p < end; p++) {
		if (strchr(" \t\r\n", *p) == NULL)
			*out++ = *p;
	}
	*out = '\0';
}

static void
signatures_verify_and_break(void **state)
{
	struct dkim_keys *keys;
	struct err err = ERR_INIT;
	struct arena *arena = arena_new(1 << 20);
	struct str body = STR(BODY), value;
	struct mime_header changed[FIELDS + 1];

	(void)state;
	assert_int_equal(load(&keys, "pkcs8", "root", &err), 0);
	value = sign(keys, fields, FIELDS, &body, 1, arena);
	assert_int_equal(verify(value, fields, FIELDS, body), DKIM_STAT_OK);
	assert_int_not_equal(verify(value, fields, FIELDS, STR(BODY "x\r\n")), DKIM_STAT_OK);
	memcpy(changed, fields, sizeof fields);
	changed[6].value = STR(" may change");
	assert_int_equal(verify(value, changed, FIELDS, body), DKIM_STAT_OK);
	changed[5].value = STR(" may not change");
	assert_int_not_equal(verify(value, changed, FIELDS, body), DKIM_STAT_OK);
	memcpy(changed, fields, sizeof fields);
	changed[FIELDS] = (struct mime_header){STR("Feedback-ID"), STR(" forged")};
	assert_int_not_equal(verify(value, changed, FIELDS + 1, body), DKIM_STAT_OK);
	changed[FIELDS] = (struct mime_header){STR("From"), STR(" other@x.example")};
	assert_int_not_equal(verify(value, changed, FIELDS + 1, body), DKIM_STAT_OK);
	dkim_keys_unref(&keys);
	arena_free(&arena);
}

static void
right_fields_are_named(void **state)
{
	static const struct mime_header list[] = {
	    {STR("From"), STR(" a@shop.example")},
	    {STR("FROM"), STR(" b@shop.example")},
	    {STR("List-Unsubscribe"), STR(" <https://x.example>")},
	    {STR("List-Unsubscribe-Post"), STR(" List-Unsubscribe=One-Click")},
	    {STR("Feedback-ID"), STR(" 1:2:3")},
	    {STR("Return-Path"), STR(" <x>")},
	    {STR("Content-Type"), STR(" text/plain")},
	};
	struct dkim_keys *keys;
	struct err err = ERR_INIT;
	struct arena *arena = arena_new(1 << 20);
	struct str body = STR(BODY);
	char names[4096];

	(void)state;
	assert_int_equal(load(&keys, "pkcs8", "root", &err), 0);
	signed_names(sign(keys, fields, FIELDS, &body, 1, arena), names);
	assert_string_equal(names,
	    "h=From:To:subject:X-Extra:From:List-Unsubscribe:List-Unsubscribe-Post:Feedback-ID");
	signed_names(sign(keys, list, 7, &body, 1, arena), names);
	assert_string_equal(names,
	    "h=From:FROM:List-Unsubscribe:List-Unsubscribe-Post:Feedback-ID:Content-Type:From:"
	    "List-Unsubscribe:List-Unsubscribe-Post:Feedback-ID");
	dkim_keys_unref(&keys);
	arena_free(&arena);
}

static void
value_is_folded(void **state)
{
	struct mime_header many[100];
	struct dkim_keys *keys;
	struct err err = ERR_INIT;
	struct arena *arena = arena_new(1 << 20);
	struct str body = STR(BODY), value, line;

	(void)state;
	for (size_t i = 0; i < 100; i++)
		many[i] =
		    (struct mime_header){i == 0 ? STR("From") : STR("References"), STR(" <a@b>")};
	assert_int_equal(load(&keys, "pkcs8", "root", &err), 0);
	value = sign(keys, many, 100, &body, 1, arena);
	assert_true(
	    str_starts(value, STR(" v=1; a=rsa-sha256; c=relaxed/relaxed; d=shop.example; ")));
	for (bool first = true; str_split(&value, '\n', &line); first = false) {
		assert_true(line.n + (first ? strlen("DKIM-Signature:") : 0) <= 78);
		assert_true(first || line.p[0] == '\t');
		assert_true(value.p == NULL || line.p[line.n - 1] == '\r');
		assert_false(memchr(line.p, '\r', line.n - 1) != NULL);
	}
	dkim_keys_unref(&keys);
	arena_free(&arena);
}

static void
spans_may_end_anywhere(void **state)
{
	struct dkim_keys *keys;
	struct err err = ERR_INIT;
	struct arena *arena = arena_new(1 << 20);
	struct str body = STR(BODY);

	(void)state;
	assert_int_equal(load(&keys, "pkcs8", "root", &err), 0);
	for (size_t i = 0; i <= body.n; i++) {
		for (size_t j = i; j <= body.n; j += 5) {
			struct str spans[] = {
			    {body.p, i}, {body.p + i, j - i}, {body.p + j, body.n - j}};
			struct str value = sign(keys, fields, FIELDS, spans, 3, arena);

			assert_int_equal(verify(value, fields, FIELDS, body), DKIM_STAT_OK);
			arena_reset(arena);
		}
	}
	dkim_keys_unref(&keys);
	arena_free(&arena);
}

static void
odd_bodies_and_fields_verify(void **state)
{
	static char wide[4000];
	static struct mime_header odd[] = {
	    {STR("From"), STR(" \"J\xc3\xbcrgen\" <news@shop.example>")},
	    {STR("Subject"), STR("")},
	    {STR("References"), {wide, sizeof wide}},
	    {STR("To"), STR(" a@x,\r\n b@y,\r\n\t c@z")},
	};
	struct str bodies[] = {STR(""), STR("\r\n"), STR("\r\n\r\n"), STR("a\r\n"),
	    {wide, sizeof wide}, STR("\xff\xfe\x80\r\n"), STR(".\r\n.\r\n")};
	struct dkim_keys *keys;
	struct err err = ERR_INIT;
	struct arena *arena = arena_new(1 << 20);

	(void)state;
	memset(wide, 'w', sizeof wide);
	memcpy(wide + sizeof wide - 2, "\r\n", 2);
	odd[2].value.n -= 2;
	assert_int_equal(load(&keys, "pkcs8", "root", &err), 0);
	for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
		struct str value = sign(keys, odd, 4, &bodies[i], 1, arena);

		assert_int_equal(verify(value, odd, 4, bodies[i]), DKIM_STAT_OK);
	}
	dkim_keys_unref(&keys);
	arena_free(&arena);
}

static void
what_cannot_be_signed_is_an_error(void **state)
{
	struct dkim_keys *keys;
	struct err err = ERR_INIT;
	struct arena *arena = arena_new(1 << 20), *none = arena_new(10);
	struct str body = STR(BODY), open = STR("no line end"), value;

	(void)state;
	assert_int_equal(load(&keys, "pkcs8", "root", &err), 0);
	assert_int_equal(
	    sign_first(keys, STR("x.example"), fields, FIELDS, &body, 1, arena, &value, &err), -1);
	assert_int_equal(err.code, ERR_KEY);
	assert_int_equal(
	    sign_first(keys, STR("shop.example"), fields, 2, &body, 1, arena, &value, &err), -1);
	assert_int_equal(err.code, ERR_KEY);
	assert_int_equal(
	    sign_first(keys, STR("shop.example"), fields, FIELDS, &open, 1, arena, &value, &err),
	    -1);
	assert_int_equal(err.code, ERR_KEY);
	assert_int_equal(
	    sign_first(keys, STR("shop.example"), fields, FIELDS, &body, 1, none, &value, &err),
	    -1);
	assert_int_equal(err.code, ERR_LIMIT);
	dkim_keys_unref(&keys);
	arena_free(&arena);
	arena_free(&none);
}

/* --- the cached key --- */

static void
cached_key_signs(void **state)
{
	struct dkim_keys *keys;
	struct err err = ERR_INIT;
	struct arena *arena = arena_new(1 << 20);
	struct str body = STR(BODY), value;
	unsigned long before = dkim_pem_hits();

	(void)state;
	assert_int_equal(load(&keys, "pkcs8", "root", &err), 0);
	assert_int_equal(dkim_pem_hits(), before + 2); /* the probes */
	for (unsigned long i = 3; i < 13; i++) {
		value = sign(keys, fields, FIELDS, &body, 1, arena);
		assert_int_equal(dkim_pem_hits(), before + i);
	}
	assert_int_equal(verify(value, fields, FIELDS, body), DKIM_STAT_OK);
	dkim_keys_unref(&keys);
	arena_free(&arena);
}

static EVP_PKEY *
read_pem(const char *text)
{
	BIO *bio = BIO_new_mem_buf(text, -1);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);

	BIO_free(bio);
	return key;
}

static void
only_the_offered_handle_counts(void **state)
{
	struct dkim_pem pem;
	EVP_PKEY *key;
	BIO *bio = BIO_new_file(path_of("pkcs8"), "r");
	unsigned long before = dkim_pem_hits();

	(void)state;
	EVP_PKEY_up_ref(good_key);
	dkim_pem_init(&pem, good_key);
	assert_null(read_pem(pem.handle));
	dkim_pem_offer(&pem);
	assert_null(read_pem("-----mailtailor 00000000000000000000000000000000"));
	key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
	assert_non_null(key);
	assert_ptr_not_equal(key, good_key);
	assert_int_equal(EVP_PKEY_eq(key, good_key), 1);
	EVP_PKEY_free(key);
	assert_int_equal(dkim_pem_hits(), before);
	key = read_pem(pem.handle);
	assert_ptr_equal(key, good_key);
	EVP_PKEY_free(key);
	assert_int_equal(dkim_pem_hits(), before + 1);
	dkim_pem_offer(NULL);
	assert_null(read_pem(pem.handle));
	dkim_pem_fini(&pem);
	BIO_free(bio);
}

struct job {
	struct dkim_keys *keys;
	int failed;
};

static void *
sign_often(void *closure)
{
	struct job *job = closure;
	struct arena *arena = arena_new(1 << 20);
	struct str body = STR(BODY), value;
	struct err err = ERR_INIT;

	for (int i = 0; i < 100; i++) {
		if (sign_first(job->keys, STR("shop.example"), fields, FIELDS, &body, 1, arena,
			&value, &err) != 0 ||
		    verify(value, fields, FIELDS, body) != DKIM_STAT_OK)
			job->failed++;
		arena_reset(arena);
	}
	arena_free(&arena);
	dkim_keys_unref(&job->keys);
	return NULL;
}

static void
threads_share_keys(void **state)
{
	struct dkim_keys *keys;
	struct err err = ERR_INIT;
	struct job jobs[4];
	pthread_t threads[4];

	(void)state;
	assert_int_equal(load(&keys, "pkcs8", "root", &err), 0);
	for (size_t i = 0; i < 4; i++) {
		jobs[i] = (struct job){dkim_keys_ref(keys), 0};
		assert_int_equal(pthread_create(&threads[i], NULL, sign_often, &jobs[i]), 0);
	}
	dkim_keys_unref(&keys);
	assert_null(keys);
	for (size_t i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(jobs[i].failed, 0);
	}
}

static void
keys_work_after_fork(void **state)
{
	struct dkim_keys *keys;
	struct err err = ERR_INIT;
	int status;
	pid_t child;

	(void)state;
	assert_int_equal(load(&keys, "pkcs8", "root", &err), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct job job = {keys, 0};

		sign_often(&job);
		_exit(job.failed == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	dkim_keys_unref(&keys);
}

/* What it takes after 19,000 signatures more than after the first 1,000. */
static void
memory_of(const char *file)
{
	struct dkim_keys *keys;
	struct err err = ERR_INIT;
	struct arena *arena = arena_new(1 << 20);
	struct str body = STR(BODY);
	size_t before = 0;

	assert_int_equal(load(&keys, file, "root", &err), 0);
	for (int i = 0; i < 20000; i++) {
		if (i == 1000)
			before = mallinfo2().uordblks;
		sign(keys, fields, FIELDS, &body, 1, arena);
		arena_reset(arena);
	}
	assert_in_range(mallinfo2().uordblks, 0, before + 16384);
	dkim_keys_unref(&keys);
	arena_free(&arena);
}

static void
memory_does_not_grow(void **state)
{
	(void)state;
	memory_of("short");
	memory_of("ed25519");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(keys_are_loaded_or_refused),
	    cmocka_unit_test(owner_is_root_or_the_daemon),
	    cmocka_unit_test(domains_in_utf8_are_found),
	    cmocka_unit_test(signatures_verify_and_break),
	    cmocka_unit_test(right_fields_are_named),
	    cmocka_unit_test(value_is_folded),
	    cmocka_unit_test(spans_may_end_anywhere),
	    cmocka_unit_test(odd_bodies_and_fields_verify),
	    cmocka_unit_test(what_cannot_be_signed_is_an_error),
	    cmocka_unit_test(cached_key_signs),
	    cmocka_unit_test(only_the_offered_handle_counts),
	    cmocka_unit_test(threads_share_keys),
	    cmocka_unit_test(keys_work_after_fork),
	    cmocka_unit_test(memory_does_not_grow),
	};

	return cmocka_run_group_tests(tests, make_keys, remove_keys);
}
