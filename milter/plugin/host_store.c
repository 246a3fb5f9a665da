/* SPDX-License-Identifier: BSD-2-Clause
 *
 * host_store: the key-value store of a plugin
 *
 * Where nothing will be sent, writers read and say what they would do.
 *
 * Threads: any; see call.c.
 */
#include "plugin/host.h"

#include "base/clock.h"
#include "store/plugin.h"

#include <stdio.h>

/* The call, or NULL: the plugin has no row to keep anything in, or is leaving. */
static struct plugin_call *
store_of(struct mt_call *mt, const char *function)
{
	struct plugin_call *call = plugin_call_of(mt, function);

	if (call == NULL || plugin_call_has_store(call))
		return call;
	plugin_call_misuse(
	    call, "%s: not in %s", function + sizeof "host_" - 1, board_kind_name(call->kind));
	return NULL;
}

#define STORE(mt) store_of(mt, __func__)

static int32_t
code_of(struct plugin_call *call, const struct err *err)
{
	if (err->code == ERR_INPUT)
		return plugin_call_misuse(call, "%s", err->text);
	if (err->code == ERR_LIMIT) {
		plugin_call_misuse(call, "%s", err->text);
		return MT_LIMIT;
	}
	snprintf(call->why, sizeof call->why, "%s", err->text);
	return MT_STORE;
}

static int32_t
result_of(struct plugin_call *call, int rc, const struct err *err)
{
	return rc < 0 ? code_of(call, err) : rc > 0 ? MT_OK : MT_NONE;
}

/* An entry for the plugin; counts what the store put into the arena. */
static const struct mt_entry *
entry_of(struct plugin_call *call, const struct store_plugin_entry *from)
{
	struct mt_entry *entry = plugin_call_memory(call, sizeof *entry);

	if (entry == NULL)
		return NULL;
	*entry = (struct mt_entry){.size = sizeof *entry,
	    .key = plugin_mt(from->key),
	    .value = plugin_mt(from->value),
	    .expires = from->expires_ms};
	*call->used += from->key.n + from->value.n;
	return entry;
}

static int32_t
give(struct plugin_call *call, int rc, const struct store_plugin_entry *entry,
    const struct mt_entry **entry_r, const struct err *err)
{
	if (rc == 1 && (*entry_r = entry_of(call, entry)) == NULL)
		return MT_LIMIT;
	return result_of(call, rc, err);
}

int32_t
host_kv_get(struct mt_call *mt, struct mt_str key, const struct mt_entry **entry_r)
{
	struct plugin_call *call = STORE(mt);
	struct store_plugin_entry entry;
	struct err err = ERR_INIT;
	int rc;

	if (call == NULL || entry_r == NULL)
		return MT_MISUSE;
	*entry_r = NULL;
	rc = store_plugin_get(call->plugin->set->store, call->plugin->row, plugin_str(key),
	    clock_now(), call->arena, &entry, &err);
	return give(call, rc, &entry, entry_r, &err);
}

static struct store_plugin_entry
entry_from(struct mt_str key, struct mt_str value, int64_t expires)
{
	return (struct store_plugin_entry){plugin_str(key), plugin_str(value), expires};
}

int32_t
host_kv_put(struct mt_call *mt, struct mt_str key, struct mt_str value, int64_t expires)
{
	struct plugin_call *call = STORE(mt);
	const struct store_plugin_entry entry = entry_from(key, value, expires);
	struct err err = ERR_INIT;

	if (call == NULL)
		return MT_MISUSE;
	if (call->dry)
		return MT_OK;
	return store_plugin_put(
		   call->plugin->set->store, call->plugin->row, &entry, clock_now(), &err) == 0
	    ? MT_OK
	    : code_of(call, &err);
}

int32_t
host_kv_delete(struct mt_call *mt, struct mt_str key)
{
	struct plugin_call *call = STORE(mt);
	const struct mt_entry *entry;
	struct err err = ERR_INIT;
	int rc;

	if (call == NULL)
		return MT_MISUSE;
	if (call->dry)
		return host_kv_get(mt, key, &entry);
	rc = store_plugin_delete(
	    call->plugin->set->store, call->plugin->row, plugin_str(key), clock_now(), &err);
	return result_of(call, rc, &err);
}

/* What a swap would say. */
static int32_t
compare(struct mt_call *mt, struct mt_str key, struct mt_str expected)
{
	const struct mt_entry *entry;
	int32_t rc = host_kv_get(mt, key, &entry);

	if (rc == MT_NONE)
		return expected.p == NULL ? MT_OK : MT_CHANGED;
	if (rc != MT_OK)
		return rc;
	return expected.p != NULL && mt_str_eq(entry->value, expected) ? MT_OK : MT_CHANGED;
}

int32_t
host_kv_swap(struct mt_call *mt, struct mt_str key, struct mt_str expected, struct mt_str value,
    int64_t expires)
{
	struct plugin_call *call = STORE(mt);
	const struct store_plugin_entry entry = entry_from(key, value, expires);
	struct err err = ERR_INIT;
	int rc;

	if (call == NULL)
		return MT_MISUSE;
	if (call->dry)
		return compare(mt, key, expected);
	rc = store_plugin_swap(call->plugin->set->store, call->plugin->row, &entry,
	    plugin_str(expected), clock_now(), &err);
	return rc == 0 ? MT_CHANGED : result_of(call, rc, &err);
}

int32_t
host_kv_list(struct mt_call *mt, struct mt_str prefix, struct mt_str after, size_t most,
    const struct mt_entry *const **entries_r, size_t *count_r)
{
	struct plugin_call *call = STORE(mt);
	struct store_plugin_entry *entries;
	const struct mt_entry **list;
	struct err err = ERR_INIT;
	size_t count;

	if (call == NULL || entries_r == NULL || count_r == NULL)
		return MT_MISUSE;
	*count_r = 0;
	if (store_plugin_list(call->plugin->set->store, call->plugin->row, plugin_str(prefix),
		plugin_str(after), most, clock_now(), call->arena, &entries, &count, &err) != 0)
		return code_of(call, &err);
	list = plugin_call_memory(call, (count + 1) * sizeof(const struct mt_entry *));
	for (size_t i = 0; list != NULL && i < count; i++) {
		list[i] = entry_of(call, &entries[i]);
		if (list[i] == NULL)
			return MT_LIMIT;
	}
	if (list == NULL)
		return MT_LIMIT;
	*entries_r = list;
	*count_r = count;
	return MT_OK;
}

/* What a claim would give. */
static int32_t
peek(struct mt_call *mt, struct mt_str pool, struct mt_str owner, const struct mt_entry **entry_r)
{
	int32_t rc = host_kv_get(mt, owner, entry_r);
	const struct mt_entry *const *entries;
	struct mt_entry *entry;
	size_t count;

	if (rc == MT_NONE)
		rc = host_kv_list(mt, pool, mt_str_n(NULL, 0), 1, &entries, &count);
	else
		return rc;
	if (rc != MT_OK || count == 0)
		return rc == MT_OK ? MT_NONE : rc;
	entry = (struct mt_entry *)(uintptr_t)entries[0];
	entry->key = owner;
	*entry_r = entry;
	return MT_OK;
}

int32_t
host_kv_claim(
    struct mt_call *mt, struct mt_str pool, struct mt_str owner, const struct mt_entry **entry_r)
{
	struct plugin_call *call = STORE(mt);
	struct store_plugin_entry entry;
	struct err err = ERR_INIT;
	int rc;

	if (call == NULL || entry_r == NULL)
		return MT_MISUSE;
	*entry_r = NULL;
	if (call->dry)
		return peek(mt, pool, owner, entry_r);
	rc = store_plugin_claim(call->plugin->set->store, call->plugin->row, plugin_str(pool),
	    plugin_str(owner), clock_now(), call->arena, &entry, &err);
	return give(call, rc, &entry, entry_r, &err);
}

int32_t
host_changed(struct mt_call *mt)
{
	struct plugin_call *call = STORE(mt);
	struct err err = ERR_INIT;

	if (call == NULL)
		return MT_MISUSE;
	if (call->copy != NULL)
		return plugin_call_misuse(call, "changed: not in a message's path");
	if (call->dry)
		return MT_OK;
	return store_plugin_changed(call->plugin->set->store, call->plugin->row, &err) == 0
	    ? MT_OK
	    : code_of(call, &err);
}
