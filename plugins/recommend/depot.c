/* SPDX-License-Identifier: BSD-2-Clause
 *
 * depot: see depot.h
 */
#include "depot.h"

#include <stdio.h>
#include <string.h>

#define MAGIC	 0x3144414548544dffu
#define CHUNK	 ((size_t)60000)
#define KEY_SIZE 48

static struct mt_str
key_of(char text[KEY_SIZE], uint64_t name, char what, uint64_t number)
{
	int n = snprintf(text, KEY_SIZE, "part/%016llx/%c%06llu", (unsigned long long)name, what,
	    (unsigned long long)number);

	return mt_str_n(text, (size_t)n);
}

int32_t
depot_head(struct mt_call *call, struct depot_head *head_r)
{
	const struct mt_entry *entry;
	int32_t rc = call->host->kv_get(call, MT_STR("head"), &entry);

	*head_r = (struct depot_head){.magic = 0};
	if (rc != MT_OK)
		return rc;
	if (entry->value.n != sizeof *head_r)
		return MT_NONE;
	memcpy(head_r, entry->value.p, sizeof *head_r);
	if (head_r->magic == MAGIC && head_r->set.model_n <= DEPOT_MAX &&
	    head_r->set.state_n <= DEPOT_MAX)
		return MT_OK;
	*head_r = (struct depot_head){.magic = 0};
	return MT_NONE;
}

static int32_t
read_parts(struct mt_call *call, uint64_t name, char what, uint64_t size, uint64_t sum,
    struct bytes *bytes)
{
	char text[KEY_SIZE];

	for (uint64_t i = 0; bytes->n < size; i++) {
		const struct mt_entry *entry;
		int32_t rc = call->host->kv_get(call, key_of(text, name, what, i), &entry);

		if (rc != MT_OK)
			return rc;
		if (entry->value.n == 0 || entry->value.n > size - bytes->n)
			return MT_NONE;
		bytes_add(bytes, entry->value.p, entry->value.n);
	}
	return table_hash(bytes->p, bytes->n) == sum ? MT_OK : MT_NONE;
}

int32_t
depot_model(struct mt_call *call, const struct depot_head *head, struct bytes *bytes)
{
	return read_parts(call, head->set.name, 'm', head->set.model_n, head->model_sum, bytes);
}

int32_t
depot_state(struct mt_call *call, const struct depot_head *head, struct bytes *bytes)
{
	return read_parts(call, head->set.name, 's', head->set.state_n, head->state_sum, bytes);
}

static int32_t
write_parts(struct mt_call *call, uint64_t name, char what, const struct bytes *bytes)
{
	char text[KEY_SIZE];
	int32_t rc = MT_OK;

	for (size_t i = 0; rc == MT_OK && i * CHUNK < bytes->n; i++) {
		size_t n = bytes->n - i * CHUNK < CHUNK ? bytes->n - i * CHUNK : CHUNK;

		rc = call->host->kv_put(call, key_of(text, name, what, i),
		    mt_str_n((const char *)bytes->p + i * CHUNK, n), 0);
	}
	return rc;
}

static void
delete_parts(struct mt_call *call, uint64_t name, char what, uint64_t size)
{
	char text[KEY_SIZE];

	for (uint64_t i = 0; i * CHUNK < size; i++)
		call->host->kv_delete(call, key_of(text, name, what, i));
}

static void
delete_set(struct mt_call *call, const struct depot_set *set)
{
	delete_parts(call, set->name, 'm', set->model_n);
	delete_parts(call, set->name, 's', set->state_n);
}

int32_t
depot_write(struct mt_call *call, struct depot_head *head, uint64_t options, int64_t cursor,
    const struct bytes *model, const struct bytes *state)
{
	struct depot_head old = *head;
	struct mt_str expected = mt_str_n(NULL, 0);
	int32_t rc;

	if (model->n > DEPOT_MAX || state->n > DEPOT_MAX)
		return call->host->fail(call, MT_STR("there is too much to keep"));
	*head = (struct depot_head){.magic = MAGIC,
	    .options = options,
	    .cursor = cursor,
	    .set = {0, model->n, state->n},
	    .before = old.set,
	    .model_sum = table_hash(model->p, model->n),
	    .state_sum = table_hash(state->p, state->n)};
	/* No other learner writes under this name. */
	head->set.name = table_mix(old.set.name ^ head->state_sum ^ (uint64_t)(uintptr_t)head) +
	    (uint64_t)call->host->now(call);
	if (old.magic != 0)
		expected = mt_str_n((const char *)&old, sizeof old);
	rc = write_parts(call, head->set.name, 'm', model);
	if (rc == MT_OK)
		rc = write_parts(call, head->set.name, 's', state);
	if (rc == MT_OK)
		rc = call->host->kv_swap(
		    call, MT_STR("head"), expected, mt_str_n((const char *)head, sizeof *head), 0);
	delete_set(call, rc == MT_OK ? &old.before : &head->set);
	if (rc != MT_OK)
		*head = old;
	return rc;
}

int32_t
depot_sweep(struct mt_call *call, const struct depot_head *head, size_t most)
{
	const struct mt_host *mt = call->host;
	char now[KEY_SIZE], before[KEY_SIZE];
	size_t part = sizeof "part/0123456789abcdef" - 1;
	struct mt_str after = mt_str_n(NULL, 0);
	bool deleted = false;

	key_of(now, head->set.name, 'm', 0);
	key_of(before, head->before.name, 'm', 0);
	for (size_t done = 0; done < most;) {
		const struct mt_entry *const *entries;
		size_t count;
		int32_t rc = mt->kv_list(call, MT_STR("part/"), after, 16, &entries, &count);

		if (rc != MT_OK || count == 0)
			return rc != MT_OK ? rc : MT_NONE;
		for (size_t i = 0; i < count; i++) {
			if (entries[i]->key.n < part ||
			    (memcmp(entries[i]->key.p, now, part) != 0 &&
				memcmp(entries[i]->key.p, before, part) != 0)) {
				mt->kv_delete(call, entries[i]->key);
				deleted = true;
			}
		}
		after = entries[count - 1]->key;
		done += count;
	}
	return deleted ? MT_OK : MT_NONE;
}
