/* SPDX-License-Identifier: BSD-2-Clause
 *
 * verify: see verify.h
 *
 * libopendkim verifies; keys come from dns.c, so that they may come from a file.
 *
 * Owns:    nothing; results are in the caller's arena.
 * Threads: any.
 * Fails:   ERR_INPUT, ERR_LIMIT.
 */
#include "dkim/verify.h"

#include "dkim/dns.h"
#include "dkim/memory.h"

#include <stdint.h>
#include <stdlib.h>

/* libopendkim's, whose names begin with dkim_ as well. */
#include <dkim.h>

#define OLD_BITS 384
#define BITS_MIN 1024
/* RFC 6376 section 8.4: a verifier may set a limit. */
#define SIGNATURES_MAX 50

/* What one verification works on; libopendkim's user context. */
struct job {
	const struct dkim_verify_options *options;
	struct arena *arena;
	DKIM_LIB *lib;
	struct dkim_memory memory;
	DKIM *dkim;
	struct str faults[SIGNATURES_MAX]; /* of each signature's syntax; {NULL,0}: none */
	size_t count;
	DKIM_SIGINFO *silent[SIGNATURES_MAX]; /* DNS did not answer for these */
	size_t silent_count;
};

static DKIM_CBSTAT
find_key(DKIM *dkim, DKIM_SIGINFO *signature, u_char *text, size_t size)
{
	struct job *job = dkim_get_user_context(dkim);
	char name[DKIM_NAME_MAX], record[DKIM_RECORD_MAX];
	const char *found = job->options->record;
	enum dkim_answer answer = DKIM_ANSWER_RECORD;

	if (found == NULL) {
		dkim_record_name((const char *)dkim_sig_getselector(signature),
		    (const char *)dkim_sig_getdomain(signature), name);
		answer = dkim_dns_txt(job->options->dns, name, record);
		found = record;
	}
	/* "Try again" would end the whole message, and other signatures may be good. */
	if (answer == DKIM_ANSWER_SILENT && job->silent_count < SIGNATURES_MAX) {
		job->silent[job->silent_count++] = signature;
		answer = DKIM_ANSWER_NONE;
	}
	if (answer != DKIM_ANSWER_RECORD)
		return DKIM_CBSTAT_NOTFOUND;
	if (strlen(found) >= size)
		return DKIM_CBSTAT_ERROR;
	memcpy(text, found, strlen(found) + 1);
	return DKIM_CBSTAT_CONTINUE;
}

static DKIM_LIB *
open_library(const struct dkim_verify_options *options)
{
	DKIM_LIB *lib = dkim_init(dkim_memory_take, dkim_memory_give);
	u_int bits = options->old ? OLD_BITS : BITS_MIN;

	if (lib == NULL || dkim_set_key_lookup(lib, find_key) != DKIM_STAT_OK ||
	    dkim_options(lib, DKIM_OP_SETOPT, DKIM_OPTS_MINKEYBITS, &bits, sizeof bits) !=
		DKIM_STAT_OK)
		abort();
	return lib;
}

/* --- the message, in pieces --- */

/* The next field with its folds, without the last CRLF; false at the end of the header. */
static bool
next_field(struct str *rest, struct str *field_r)
{
	struct str line, next = *rest;

	*field_r = (struct str){rest->p, 0};
	do {
		if (!str_split(&next, '\n', &line))
			break;
		if (field_r->n == 0 && (line.n == 0 || str_is(line, "\r"))) {
			*rest = next;
			return false;
		}
		field_r->n = (size_t)(line.p + line.n - field_r->p);
		*rest = next;
	} while (next.p != NULL && next.n > 0 && (next.p[0] == ' ' || next.p[0] == '\t'));
	if (field_r->n > 0 && field_r->p[field_r->n - 1] == '\r')
		field_r->n--;
	return field_r->n > 0;
}

/* A line that is no field (an mbox's From, for one) is not libopendkim's business. */
static bool
is_field(struct str field)
{
	const char *colon = memchr(field.p, ':', field.n);
	const char *space = memchr(field.p, ' ', field.n);

	return colon != NULL && colon != field.p &&
	    (space == NULL || colon < space ||
		str_trim((struct str){field.p, (size_t)(colon - field.p)}).n ==
		    (size_t)(space - field.p));
}

static DKIM *
open_handle(struct job *job)
{
	DKIM_STAT status;
	DKIM *dkim = dkim_verify(job->lib, (const u_char *)"mailtailor", &job->memory, &status);

	if (dkim == NULL)
		abort();
	dkim_set_user_context(dkim, job);
	return dkim;
}

/* One bad signature must not stand in the others' way: libopendkim would give up. */
static bool
is_sound(struct job *job, struct str field)
{
	struct str value = field, name;
	DKIM *scratch;

	if (!str_split(&value, ':', &name) || !str_is_nocase(str_trim(name), "DKIM-Signature"))
		return true;
	if (job->count == SIGNATURES_MAX)
		return false;
	scratch = open_handle(job);
	if (dkim_sig_syntax(scratch, (u_char *)(uintptr_t)value.p, value.n) != DKIM_STAT_OK) {
		const char *why = dkim_geterror(scratch);

		job->faults[job->count] =
		    arena_str(job->arena, str_c(why == NULL ? "it is malformed" : why));
	}
	dkim_free(scratch);
	return job->faults[job->count++].p == NULL;
}

/* DKIM_STAT_OK, or what speaks against the message as a whole. */
static DKIM_STAT
give_message(struct job *job, struct str raw)
{
	struct str field;
	DKIM_STAT status = DKIM_STAT_OK;

	while (status == DKIM_STAT_OK && next_field(&raw, &field)) {
		if (is_field(field) && is_sound(job, field))
			status = dkim_header(job->dkim, (u_char *)(uintptr_t)field.p, field.n);
	}
	if (status == DKIM_STAT_OK)
		status = dkim_eoh(job->dkim);
	if (status == DKIM_STAT_OK && raw.n > 0)
		status = dkim_body(job->dkim, (u_char *)(uintptr_t)raw.p, raw.n);
	/* Fails where no signature is good; each of them says why. */
	if (status == DKIM_STAT_OK)
		(void)dkim_eom(job->dkim, NULL);
	return status;
}

/* --- verdicts --- */

/* A tag's value without white space. */
static struct str
tag(const struct job *job, DKIM_SIGINFO *signature, const char *name)
{
	const char *value =
	    (const char *)dkim_sig_gettagvalue(signature, false, (u_char *)(uintptr_t)name);
	size_t size = value == NULL ? 0 : strlen(value), n = 0;
	char *text = arena_alloc(job->arena, size + 1);

	if (text == NULL)
		return STR("");
	for (size_t i = 0; i < size; i++) {
		if (strchr(" \t\r\n", value[i]) == NULL)
			text[n++] = value[i];
	}
	text[n] = '\0';
	return (struct str){text, n};
}

static const char *
fault_of(const struct job *job, DKIM_SIGINFO *signature, const struct dkim_verdict *verdict)
{
	unsigned flags = dkim_sig_getflags(signature);
	DKIM_SIGERROR error = dkim_sig_geterror(signature);

	if (!job->options->old && str_is(verdict->algorithm, "rsa-sha1"))
		return "rsa-sha1 counts no more (RFC 8301 section 3.1)";
	for (size_t i = 0; i < job->silent_count; i++) {
		if (job->silent[i] == signature)
			return "DNS does not answer for the key";
	}
	if ((flags & DKIM_SIGFLAG_PROCESSED) != 0 &&
	    dkim_sig_getbh(signature) == DKIM_SIGBH_MISMATCH)
		return "the body was changed (bh= differs)";
	if (error == DKIM_SIGERROR_BADSIG)
		return "a signed header field was changed, or the key is another one";
	if (error != DKIM_SIGERROR_OK && error != DKIM_SIGERROR_UNKNOWN)
		return dkim_sig_geterrorstr(error);
	if ((flags & DKIM_SIGFLAG_PROCESSED) == 0)
		return "it was not looked at";
	if ((flags & DKIM_SIGFLAG_PASSED) == 0)
		return dkim_sig_geterrorstr(DKIM_SIGERROR_BADSIG);
	return NULL;
}

static struct str
doubt_about(const struct job *job, DKIM_SIGINFO *signature, const struct dkim_verdict *verdict)
{
	if (verdict->unsigned_bytes > 0)
		return arena_printf(job->arena,
		    "l= leaves the last %lld bytes of the body unsigned",
		    (long long)verdict->unsigned_bytes);
	if ((dkim_sig_getflags(signature) & DKIM_SIGFLAG_TESTKEY) != 0)
		return STR("the record says that the domain only tests DKIM (t=y)");
	return STR("");
}

static void
judge(const struct job *job, DKIM_SIGINFO *signature, struct dkim_verdict *verdict)
{
	ssize_t all, hashed, limit;
	const char *fault;

	if ((dkim_sig_getflags(signature) & DKIM_SIGFLAG_PROCESSED) == 0 &&
	    dkim_sig_geterror(signature) == DKIM_SIGERROR_UNKNOWN)
		(void)dkim_sig_process(job->dkim, signature);
	verdict->domain = tag(job, signature, "d");
	verdict->selector = tag(job, signature, "s");
	verdict->algorithm = tag(job, signature, "a");
	verdict->canonicalization = tag(job, signature, "c");
	verdict->signed_names = tag(job, signature, "h");
	if (dkim_sig_getkeysize(signature, &verdict->bits) != DKIM_STAT_OK)
		verdict->bits = 0;
	fault = fault_of(job, signature, verdict);
	verdict->pass = fault == NULL;
	if (verdict->pass &&
	    dkim_sig_getcanonlen(job->dkim, signature, &all, &hashed, &limit) == DKIM_STAT_OK &&
	    limit >= 0 && all > hashed)
		verdict->unsigned_bytes = all - hashed;
	verdict->why = verdict->pass ? doubt_about(job, signature, verdict)
				     : arena_str(job->arena, str_c(fault));
}

static int
collect(const struct job *job, struct dkim_verdict **verdicts_r, size_t *count_r, struct err *err)
{
	DKIM_SIGINFO **signatures;
	int count, next = 0;

	if (dkim_getsiglist(job->dkim, &signatures, &count) != DKIM_STAT_OK)
		count = 0;
	*verdicts_r = arena_zalloc(job->arena, SIGNATURES_MAX, sizeof **verdicts_r);
	if (*verdicts_r == NULL)
		return err_set(err, ERR_LIMIT, "too many signatures");
	for (size_t i = 0; i < job->count; i++) {
		struct dkim_verdict *verdict = &(*verdicts_r)[*count_r];

		if (job->faults[i].p != NULL)
			*verdict = (struct dkim_verdict){.why = job->faults[i]};
		else if (next < count)
			judge(job, signatures[next++], verdict);
		else
			continue;
		(*count_r)++;
	}
	return 0;
}

int
dkim_verify_message(struct str raw, const struct dkim_verify_options *options, struct arena *arena,
    struct dkim_verdict **verdicts_r, size_t *count_r, struct err *err)
{
	struct job job = {.options = options, .arena = arena, .lib = open_library(options)};
	DKIM_STAT status;
	int result;

	*verdicts_r = NULL;
	*count_r = 0;
	dkim_memory_init(&job.memory);
	job.dkim = open_handle(&job);
	status = give_message(&job, raw);
	result = collect(&job, verdicts_r, count_r, err);
	if (result == 0 && *count_r == 0 && status != DKIM_STAT_OK && status != DKIM_STAT_NOSIG)
		result = err_set(err, ERR_INPUT, "libopendkim: %s",
		    dkim_geterror(job.dkim) == NULL ? dkim_getresultstr(status)
						    : dkim_geterror(job.dkim));
	dkim_free(job.dkim);
	dkim_memory_fini(&job.memory);
	dkim_close(job.lib);
	return result;
}

bool
dkim_verdict_covers(const struct dkim_verdict *verdict, struct str name)
{
	struct str rest = verdict->signed_names, item;

	while (str_split(&rest, ':', &item)) {
		if (str_eq_nocase(item, name))
			return true;
	}
	return false;
}
