/* SPDX-License-Identifier: BSD-2-Clause
 *
 * publish: the files in service, in the key-value store
 *
 * Processes hear of a change when they next have to do, and the folder may hold something else
 * by then. So the task that found the files good writes them down, and the others read that.
 *
 * They lie in pieces under mailtailor/files/TURN/NUMBER, and mailtailor/files says the turn and
 * the size, once all is there. The turn before stays for who is just reading it.
 *
 * Threads: the task's, and those of start and reload.
 */
#include "script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD  "mailtailor/files"
#define PIECE ((size_t)48 << 10)
#define MAX   (SCRIPT_ALL_MAX + SCRIPT_FILES * 100)

static void
key_of(char key[64], long long turn, size_t piece)
{
	snprintf(key, 64, HEAD "/%lld/%03zu", turn, piece);
}

/* 0: nothing is there. */
static long long
current(struct mt_call *call, size_t *size_r)
{
	const struct mt_entry *entry;
	char text[64];
	long long turn = 0;

	*size_r = 0;
	if (call->host->kv_get(call, MT_STR(HEAD), &entry) != MT_OK ||
	    entry->value.n >= sizeof text)
		return 0;
	memcpy(text, entry->value.p, entry->value.n);
	text[entry->value.n] = '\0';
	if (sscanf(text, "%lld %zu", &turn, size_r) != 2 || *size_r > MAX || turn < 1)
		return 0;
	return turn;
}

/* "name size\n" and the text, file by file. */
static size_t
pack(const struct script_sources *sources, char *to)
{
	size_t used = 0;

	for (size_t i = 0; i < sources->count; i++) {
		const struct script_source *source = &sources->at[i];

		used += (size_t)snprintf(to + used, 100, "%s %zu\n", source->name, source->size);
		memcpy(to + used, source->text, source->size);
		used += source->size;
	}
	return used;
}

static int32_t
put_all(struct mt_call *call, const char *all, size_t size)
{
	size_t old_size, piece = 0;
	long long turn = current(call, &old_size) + 1;
	char key[64], head[64];
	int32_t rc = MT_OK;

	for (size_t at = 0; at < size && rc == MT_OK; at += PIECE) {
		key_of(key, turn, piece++);
		rc = call->host->kv_put(call, mt_str_c(key),
		    mt_str_n(all + at, size - at < PIECE ? size - at : PIECE), 0);
	}
	snprintf(head, sizeof head, "%lld %zu", turn, size);
	if (rc == MT_OK)
		rc = call->host->kv_put(call, MT_STR(HEAD), mt_str_c(head), 0);
	for (piece = 0; rc == MT_OK && piece <= MAX / PIECE; piece++) {
		key_of(key, turn - 2, piece);
		if (call->host->kv_delete(call, mt_str_c(key)) != MT_OK)
			break;
	}
	return rc;
}

int32_t
script_publish(struct mt_call *call, const struct script_sources *sources)
{
	char *all = malloc(MAX);
	int32_t rc = all == NULL ? MT_LIMIT : put_all(call, all, pack(sources, all));

	free(all);
	return rc;
}

static bool
unpack(const char *p, size_t left, struct script_sources *sources)
{
	while (left > 0) {
		const char *end = memchr(p, '\n', left);
		struct script_source *source = &sources->at[sources->count];
		char line[128];
		size_t n = end == NULL ? left : (size_t)(end - p);

		if (end == NULL || n >= sizeof line || sources->count == SCRIPT_FILES)
			return false;
		memcpy(line, p, n);
		line[n] = '\0';
		p += n + 1;
		left -= n + 1;
		if (sscanf(line, "%63s %zu", source->name, &source->size) != 2 ||
		    source->size > left || (source->text = malloc(source->size + 1)) == NULL)
			return false;
		memcpy(source->text, p, source->size);
		sources->count++;
		p += source->size;
		left -= source->size;
	}
	return true;
}

static bool
get_all(struct mt_call *call, char *all, size_t *size_r)
{
	long long turn = current(call, size_r);
	const struct mt_entry *entry;
	size_t used = 0;
	char key[64];

	for (size_t piece = 0; turn > 0 && used < *size_r; piece++) {
		key_of(key, turn, piece);
		if (call->host->kv_get(call, mt_str_c(key), &entry) != MT_OK ||
		    entry->value.n == 0 || entry->value.n > *size_r - used)
			return false;
		memcpy(all + used, entry->value.p, entry->value.n);
		used += entry->value.n;
	}
	return turn > 0;
}

bool
script_published(struct mt_call *call, struct script_sources **sources_r)
{
	struct script_sources *sources = calloc(1, sizeof *sources);
	char *all = malloc(MAX);
	size_t size = 0;
	bool good = all != NULL && sources != NULL && get_all(call, all, &size) &&
	    unpack(all, size, sources);

	free(all);
	if (!good)
		script_sources_free(&sources);
	*sources_r = sources;
	return good;
}
