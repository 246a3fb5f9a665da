/* SPDX-License-Identifier: BSD-2-Clause
 *
 * sign: see sign.h
 *
 * Owns:    nothing; results are in the caller's arena.
 * Threads: any.
 * Fails:   ERR_KEY, ERR_LIMIT.
 */
#include "dkim/sign.h"

#include "base/buf.h"
#include "dkim/memory.h"

#include <stdint.h>

#include <dkim.h>

/* libopendkim counts "DKIM-Signature: " into the first line. */
#define NAME_WIDTH (sizeof("DKIM-Signature: ") - 1)
#define FIELD_MAX  ((size_t)1 << 20)

static int
failed(DKIM *dkim, DKIM_STAT status, const char *doing, struct err *err)
{
	const char *reason = dkim == NULL ? NULL : dkim_geterror(dkim);

	return err_set(err, ERR_KEY, "libopendkim: %s: %s", doing,
	    reason == NULL ? dkim_getresultstr(status) : reason);
}

static int
give_field(DKIM *dkim, const struct mime_header *header, struct buf *line, struct err *err)
{
	DKIM_STAT status;

	buf_reset(line);
	buf_add_str(line, header->name);
	buf_add_char(line, ':');
	buf_add_str(line, header->value);
	if (line->full)
		return err_set(err, ERR_LIMIT, "field %.*s has over %zu bytes", STR_F(header->name),
		    FIELD_MAX);
	status = dkim_header(dkim, (u_char *)line->data, line->len);
	return status == DKIM_STAT_OK ? 0 : failed(dkim, status, "header field", err);
}

static bool
is_signed(const struct dkim_key *key, struct str name)
{
	char lower[128];

	if (name.n >= sizeof lower)
		return false;
	memcpy(lower, name.p, name.n);
	lower[name.n] = '\0';
	str_lower_ascii(lower, name.n);
	return g_hash_table_contains(key->signed_names, lower);
}

/* Only what is to be signed: libopendkim would canonicalise the rest, too. */
static int
give_fields(DKIM *dkim, const struct dkim_key *key, const struct mime_header *headers, size_t count,
    struct err *err)
{
	struct buf line;
	DKIM_STAT status;
	int result = 0;

	buf_init(&line, FIELD_MAX);
	for (size_t i = 0; result == 0 && i < count; i++) {
		if (key == NULL || is_signed(key, headers[i].name))
			result = give_field(dkim, &headers[i], &line, err);
	}
	buf_fini(&line);
	if (result != 0)
		return -1;
	status = dkim_eoh(dkim);
	return status == DKIM_STAT_OK ? 0 : failed(dkim, status, "end of header", err);
}

static int
give_body(DKIM *dkim, const struct str *spans, size_t count, struct err *err)
{
	DKIM_STAT status = DKIM_STAT_OK;

	for (size_t i = 0; i < count && status == DKIM_STAT_OK; i++) {
		if (spans[i].n > 0)
			status = dkim_body(dkim, (u_char *)(uintptr_t)spans[i].p, spans[i].n);
	}
	return status == DKIM_STAT_OK ? 0 : failed(dkim, status, "body", err);
}

static int
take_value(DKIM *dkim, struct arena *arena, struct str *value_r, struct err *err)
{
	unsigned char *text;
	size_t n;
	DKIM_STAT status = dkim_getsighdr_d(dkim, NAME_WIDTH, &text, &n);

	if (status != DKIM_STAT_OK)
		return failed(dkim, status, "signature field", err);
	*value_r = arena_printf(arena, " %.*s", (int)n, (const char *)text);
	return value_r->p == NULL ? err_set(err, ERR_LIMIT, "no memory left for a signature") : 0;
}

int
dkim_key_sign(const struct dkim_key *key, const struct mime_header *headers, size_t header_count,
    const struct str *spans, size_t span_count, struct arena *arena, struct str *value_r,
    struct err *err)
{
	static const dkim_alg_t algorithms[DKIM_ALGORITHMS] = {
	    DKIM_SIGN_RSASHA256, DKIM_SIGN_ED25519SHA256};
	struct dkim_memory memory;
	DKIM_STAT status;
	DKIM *dkim;
	int result = -1;

	dkim_memory_init(&memory);
	dkim = dkim_sign(key->lib, (const u_char *)"mailtailor", &memory,
	    (dkim_sigkey_t)(uintptr_t)key->pem.handle, (const u_char *)key->selector,
	    (const u_char *)key->domain, DKIM_CANON_RELAXED, DKIM_CANON_RELAXED,
	    algorithms[key->algorithm], -1, &status);
	if (dkim == NULL) {
		dkim_memory_fini(&memory);
		return failed(NULL, status, "new signature", err);
	}
	if (give_fields(dkim, key, headers, header_count, err) == 0 &&
	    give_body(dkim, spans, span_count, err) == 0) {
		dkim_pem_offer(&key->pem);
		status = dkim_eom(dkim, NULL);
		dkim_pem_offer(NULL);
		result = status == DKIM_STAT_OK ? take_value(dkim, arena, value_r, err)
						: failed(dkim, status, "end of message", err);
	}
	dkim_free(dkim);
	dkim_memory_fini(&memory);
	return result;
}

/* --- the probe --- */

static const struct str probe_body = {"Hello, this is a probe.\r\n", 25};

static DKIM_CBSTAT
probe_record(DKIM *dkim, DKIM_SIGINFO *signature, u_char *record, size_t size)
{
	const char *text = dkim_get_user_context(dkim);

	(void)signature;
	if (strlen(text) >= size)
		return DKIM_CBSTAT_ERROR;
	memcpy(record, text, strlen(text) + 1);
	return DKIM_CBSTAT_CONTINUE;
}

static int
verify(
    DKIM_LIB *lib, char *record, const struct mime_header *headers, size_t count, struct err *err)
{
	DKIM_STAT status;
	DKIM *dkim = dkim_verify(lib, (const u_char *)"mailtailor", NULL, &status);
	int result = -1;

	if (dkim == NULL)
		return failed(NULL, status, "new verification", err);
	dkim_set_user_context(dkim, record);
	if (give_fields(dkim, NULL, headers, count, err) == 0 &&
	    give_body(dkim, &probe_body, 1, err) == 0) {
		status = dkim_eom(dkim, NULL);
		result = status == DKIM_STAT_OK ? 0 : failed(dkim, status, "verification", err);
	}
	dkim_free(dkim);
	return result;
}

/* Signs once with a copy of the key, to learn what libopendkim does with its reference. */
static void
learn_kept(struct dkim_key *key)
{
	const struct mime_header from = {STR("From"), STR(" probe@example.org")};
	struct dkim_key trial = *key;
	struct arena *arena = arena_new(FIELD_MAX);
	struct str value;

	trial.pem.key = dkim_pem_trial(key->pem.key);
	if (trial.pem.key != NULL) {
		if (dkim_key_sign(&trial, &from, 1, &probe_body, 1, arena, &value, NULL) == 0)
			key->pem.kept = dkim_pem_trial_kept(trial.pem.key);
		else
			EVP_PKEY_free(trial.pem.key);
	}
	arena_free(&arena);
}

int
dkim_key_probe(struct dkim_key *key, struct err *err)
{
	struct mime_header headers[] = {
	    {STR("DKIM-Signature"), STR_NONE},
	    {STR("From"), STR(" probe@example.org")},
	    {STR("Subject"), STR(" probe")},
	};
	struct arena *arena = arena_new(FIELD_MAX);
	DKIM_LIB *lib = dkim_init(NULL, NULL);
	char *record = dkim_record_text(key->pem.key);
	int result = -1;

	learn_kept(key);
	if (lib == NULL || record == NULL || dkim_set_key_lookup(lib, probe_record) != DKIM_STAT_OK)
		err_set(err, ERR_KEY, "no probe possible");
	else if (dkim_key_sign(
		     key, headers + 1, 2, &probe_body, 1, arena, &headers[0].value, err) == 0)
		result = verify(lib, record, headers, 3, err);
	g_free(record);
	if (lib != NULL)
		dkim_close(lib);
	arena_free(&arena);
	return result;
}
