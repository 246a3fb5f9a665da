/* SPDX-License-Identifier: BSD-2-Clause
 *
 * pool: codes of a file, each given once
 *
 * In the key-value store:
 *
 *	free/NAME/CODE     it can be given; the value is the code
 *	given/NAME/OWNER   it was given; kv_claim moves the entry here in one step
 *	seen/NAME/CODE     it was taken from the file: "begun" before it is put to the free ones,
 *	                   "done" after that
 *
 * So a crash between these can lose the one code that was on its way, and none is given twice:
 * one that is "begun" may be given already, and is not put there again.
 */
#include "offer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define KEY_MAX 255
/* Lines of one run; the next goes on behind them. */
#define RUN_MAX	       50000
#define LINE_MAX_BYTES 300

/* --- giving --- */

static void
owner_of(const struct offer *offer, const struct mt_contact *contact,
    const struct mt_message *message, char key[KEY_MAX + 1])
{
	static const char *const scopes[] = {"campaign", "contact", "message"};
	char id[24], hex[33];
	struct mt_str texts[3];

	snprintf(id, sizeof id, "%" PRId64, contact->id);
	texts[0] = mt_str_c(scopes[offer->per]);
	texts[1] = offer->per == OFFER_PER_CAMPAIGN ? message->campaign
	    : offer->per == OFFER_PER_MESSAGE	    ? message->key
						    : mt_str_c("");
	texts[2] = contact->id != 0 ? mt_str_c(id) : contact->address;
	offer_digest(texts, 3, hex);
	snprintf(key, KEY_MAX + 1, "given/%s/%s", offer->name, hex);
}

int32_t
offer_pool_claim(struct mt_call *call, const struct offer *offer, const struct mt_contact *contact,
    const struct mt_message *message, struct mt_str *code_r)
{
	const struct mt_host *mt = call->host;
	const struct mt_entry *entry;
	char owner[KEY_MAX + 1], pool[KEY_MAX + 1];
	int32_t rc;

	owner_of(offer, contact, message, owner);
	/* Most often it is asked for again: then nothing is written. */
	rc = mt->kv_get(call, mt_str_c(owner), &entry);
	if (rc == MT_NONE && (call->flags & MT_CALL_DRY) != 0) {
		*code_r = MT_STR("PREVIEW");
		return MT_OK;
	}
	if (rc == MT_NONE) {
		snprintf(pool, sizeof pool, "free/%s/", offer->name);
		rc = mt->kv_claim(call, mt_str_c(pool), mt_str_c(owner), &entry);
		if (rc == MT_OK)
			mt->count(call, MT_STR("given"), 1);
	}
	if (rc == MT_OK)
		*code_r = entry->value;
	return rc;
}

/* --- filling --- */

static int32_t
put_code(struct mt_call *call, const struct offer *offer, struct mt_str code, int *new_r)
{
	const struct mt_host *mt = call->host;
	char seen[KEY_MAX + 1], pool[KEY_MAX + 1];
	const struct mt_entry *entry;
	int32_t rc;

	snprintf(seen, sizeof seen, "seen/%s/%.*s", offer->name, (int)code.n, code.p);
	snprintf(pool, sizeof pool, "free/%s/%.*s", offer->name, (int)code.n, code.p);
	*new_r = 0;
	rc = mt->kv_get(call, mt_str_c(seen), &entry);
	if (rc != MT_NONE)
		return rc;
	rc = mt->kv_swap(call, mt_str_c(seen), mt_str_n(NULL, 0), MT_STR("begun"), 0);
	if (rc == MT_CHANGED)
		return MT_OK;
	if (rc == MT_OK)
		rc = mt->kv_put(call, mt_str_c(pool), code, 0);
	if (rc == MT_OK)
		rc = mt->kv_put(call, mt_str_c(seen), MT_STR("done"), 0);
	*new_r = rc == MT_OK;
	return rc;
}

static struct mt_str
trim(char *line)
{
	size_t n = strlen(line);

	while (n > 0 && strchr(" \t\r\n", line[n - 1]) != NULL)
		n--;
	while (n > 0 && (*line == ' ' || *line == '\t')) {
		line++;
		n--;
	}
	return mt_str_n(line, n);
}

/* What stands on labels and in shops' tills: no white space, nothing that isn't ASCII. */
static bool
is_code(struct mt_str code)
{
	for (size_t i = 0; i < code.n; i++) {
		if (code.p[i] <= ' ' || code.p[i] > '~')
			return false;
	}
	return code.n <= OFFER_CODE_MAX;
}

static void
warn(struct mt_call *call, const struct offer *offer, long line, const char *what)
{
	char text[600];
	int n = snprintf(text, sizeof text, "%.400s:%ld: %s", offer->file, line, what);

	call->host->log(call, MT_LOG_WARNING, mt_str_n(text, (size_t)n));
}

static int32_t
read_file(struct mt_call *call, const struct offer *offer, FILE *file, int64_t *new_r)
{
	char line[LINE_MAX_BYTES];
	int32_t rc = MT_OK;
	int added;

	for (long number = 1; rc == MT_OK && *new_r < RUN_MAX && fgets(line, sizeof line, file);
	     number++) {
		struct mt_str code = trim(line);

		if (code.n == 0 || code.p[0] == '#')
			continue;
		if (!is_code(code) || strlen(line) == sizeof line - 1) {
			warn(call, offer, number,
			    "expected a code of up to 100 letters, digits and signs");
			continue;
		}
		rc = put_code(call, offer, code, &added);
		*new_r += added;
	}
	return rc;
}

/* Few are left: said once, and again when it were more in between. */
static int32_t
look_how_many(struct mt_call *call, struct offer *offer)
{
	const struct mt_entry *const *entries;
	char pool[KEY_MAX + 1], text[200];
	size_t count;
	int32_t rc;

	snprintf(pool, sizeof pool, "free/%s/", offer->name);
	rc = call->host->kv_list(
	    call, mt_str_c(pool), mt_str_n(NULL, 0), (size_t)offer->low + 1, &entries, &count);
	if (rc != MT_OK || count > (size_t)offer->low || offer->warned) {
		offer->warned = offer->warned && count <= (size_t)offer->low;
		return rc;
	}
	offer->warned = true;
	snprintf(text, sizeof text, "offer %s: %zu codes are left", offer->name, count);
	call->host->log(call, MT_LOG_WARNING, mt_str_c(text));
	return MT_OK;
}

static bool
has_changed(const struct offer *offer, const struct stat *st)
{
	return offer->read_ms !=
	    (int64_t)st->st_mtim.tv_sec * 1000 + st->st_mtim.tv_nsec / 1000000 ||
	    offer->read_size != st->st_size || offer->read_inode != (int64_t)st->st_ino;
}

static void
note_read(struct offer *offer, const struct stat *st)
{
	offer->read_ms = (int64_t)st->st_mtim.tv_sec * 1000 + st->st_mtim.tv_nsec / 1000000;
	offer->read_size = st->st_size;
	offer->read_inode = (int64_t)st->st_ino;
}

static int32_t
fill(struct mt_call *call, struct offer *offer)
{
	FILE *file = fopen(offer->file, "re");
	int64_t added = 0;
	char text[200];
	int32_t rc = MT_OK;
	struct stat st;

	if (file == NULL || fstat(fileno(file), &st) != 0) {
		warn(call, offer, 0, strerror(errno));
		if (file != NULL)
			fclose(file);
		return MT_OK;
	}
	if (has_changed(offer, &st))
		rc = read_file(call, offer, file, &added);
	fclose(file);
	if (rc == MT_OK && added < RUN_MAX)
		note_read(offer, &st);
	if (added > 0) {
		snprintf(text, sizeof text, "offer %s: %" PRId64 " new codes", offer->name, added);
		call->host->log(call, MT_LOG_INFO, mt_str_c(text));
		call->host->count(call, MT_STR("filled"), added);
	}
	return rc == MT_OK ? look_how_many(call, offer) : rc;
}

int32_t
offer_pool_fill(struct mt_call *call, void *closure)
{
	struct offers *offers = call->state;
	int32_t rc = MT_OK;

	(void)closure;
	for (size_t i = 0; i < offers->count && rc == MT_OK; i++) {
		if (offers->at[i].file[0] != '\0')
			rc = fill(call, &offers->at[i]);
	}
	return rc;
}
