/* SPDX-License-Identifier: BSD-2-Clause
 *
 * host: the table that plugins are given, and its functions about the call itself
 *
 * Threads: any; see call.c.
 */
#include "plugin/host.h"

#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"

#include <stdio.h>

static void *
memory(struct mt_call *mt, size_t size)
{
	struct plugin_call *call = CALL(mt);

	return call == NULL ? NULL : plugin_room_new(call, size);
}

static int32_t
fail(struct mt_call *mt, struct mt_str why)
{
	struct plugin_call *call = CALL(mt);

	if (call != NULL)
		snprintf(call->why, sizeof call->why, "%.*s",
		    why.n > PLUGIN_WHY_MAX ? PLUGIN_WHY_MAX : STR_F(plugin_str(why)));
	return MT_FAILED;
}

static void
put_line(struct mt_call *mt, uint32_t level, struct mt_str text)
{
	struct plugin_call *call = CALL(mt);
	const struct plugin_copy *copy = call == NULL ? NULL : call->copy;

	if (call == NULL)
		return;
	LOG_PUT(level > MT_LOG_DEBUG ? LOG_LEVEL_DEBUG : (enum log_level)level, "plugin",
	    LOG_STR("plugin", call->plugin->name), LOG_STR("kind", board_kind_name(call->kind)),
	    LOG_STR("hook", call->hook), LOG_TEXT("message", copy == NULL ? STR("") : copy->key),
	    LOG_TEXT("recipient", copy == NULL ? STR("") : copy->recipient),
	    LOG_TEXT("text", plugin_str(text)));
}

static int64_t
now(struct mt_call *mt)
{
	struct plugin_call *call = CALL(mt);

	return call == NULL ? 0 : call->now_ms;
}

static int64_t
remaining(struct mt_call *mt)
{
	struct plugin_call *call = CALL(mt);

	return call == NULL ? 0 : (call->deadline_us - clock_mono_us()) / 1000;
}

/* The same for the same copy, however often it is made. */
static uint64_t
random_bits(struct mt_call *mt, struct mt_str what, uint64_t number)
{
	struct plugin_call *call = CALL(mt);
	struct str pieces[6] = {[2] = STR(""), [3] = STR(""), [4] = STR("")};
	struct id_digest digest;
	char digits[24], contact[24];
	uint64_t bits = 0;

	if (call == NULL)
		return 0;
	snprintf(digits, sizeof digits, "%llu", (unsigned long long)number);
	pieces[0] = str_c(call->plugin->name);
	pieces[1] = plugin_str(what);
	pieces[5] = str_c(digits);
	if (call->copy != NULL) {
		snprintf(contact, sizeof contact, "%lld", (long long)call->copy->contact);
		pieces[2] = call->copy->campaign;
		pieces[3] = call->copy->key;
		pieces[4] = call->copy->contact != 0 ? str_c(contact) : call->copy->recipient;
	}
	digest = id_digest(pieces, 6);
	for (size_t i = 0; i < sizeof bits; i++)
		bits = bits << 8 | digest.byte[i];
	return bits;
}

static void
count(struct mt_call *mt, struct mt_str name, int64_t add)
{
	struct plugin_call *call = CALL(mt);

	if (call == NULL)
		return;
	if (name.p == NULL || !conf_check_plugin_name(plugin_str(name)))
		plugin_call_misuse(call,
		    "count: expected a name of 1 to 40 letters a-z, digits "
		    "and \"_\"");
	else if (call->plugin->board != NULL)
		board_count(call->plugin->board, plugin_str(name), add);
}

/* --- parameters --- */

static const struct plugin_param *
param(struct plugin_call *call, const char *name)
{
	const struct plugin_param *found = NULL;

	if (call == NULL)
		return NULL;
	found = name == NULL ? NULL : plugin_param_find(&call->plugin->params, name);
	if (found == NULL)
		plugin_call_misuse(
		    call, "it has declared no parameter \"%.40s\"", name == NULL ? "" : name);
	return found;
}

static struct mt_str
param_text(struct mt_call *mt, const char *name)
{
	struct plugin_call *call = CALL(mt);
	const struct plugin_param *found = param(call, name);

	return plugin_strict_give(call, found == NULL ? STR_NONE : str_c(found->value.text));
}

static int64_t
param_int(struct mt_call *mt, const char *name)
{
	const struct plugin_param *found = param(CALL(mt), name);

	return found == NULL ? 0 : found->value.number;
}

static struct mt_str
param_list(struct mt_call *mt, const char *name, size_t i)
{
	struct plugin_call *call = CALL(mt);
	const struct plugin_param *found = param(call, name);

	return plugin_strict_give(
	    call, found == NULL || i >= found->list.count ? STR_NONE : str_c(found->list.at[i]));
}

const struct mt_host plugin_host = {
    .size = sizeof(struct mt_host),
    .abi_major = MT_ABI_MAJOR,
    .abi_minor = MT_ABI_MINOR,
    .version = "mailtailor",
    .memory = memory,
    .fail = fail,
    .log = put_line,
    .now = now,
    .remaining = remaining,
    .random = random_bits,
    .count = count,
    .local = host_local,
    .moment = host_moment,
    .param_text = param_text,
    .param_int = param_int,
    .param_list = param_list,
    .nil = host_nil,
    .boolean = host_boolean,
    .integer = host_integer,
    .number = host_number,
    .text = host_text,
    .markup = host_markup,
    .time = host_time,
    .array = host_array,
    .object = host_object,
    .add = host_add,
    .set = host_set,
    .json = host_json,
    .type = host_type,
    .as_bool = host_as_bool,
    .as_int = host_as_int,
    .as_number = host_as_number,
    .as_text = host_as_text,
    .as_time = host_as_time,
    .as_json = host_as_json,
    .length = host_length,
    .at = host_at,
    .key = host_key,
    .get = host_get,
    .contact = host_contact,
    .message = host_message,
    .find = host_find,
    .link = host_link,
    .header_count = host_header_count,
    .header_at = host_header_at,
    .header_set = host_header_set,
    .header_add = host_header_add,
    .header_remove = host_header_remove,
    .kv_get = host_kv_get,
    .kv_put = host_kv_put,
    .kv_delete = host_kv_delete,
    .kv_swap = host_kv_swap,
    .kv_list = host_kv_list,
    .kv_claim = host_kv_claim,
    .changed = host_changed,
    .image = host_image,
    .events = host_events,
    .event_count = host_event_count,
    .events_after = host_events_after,
    .product = host_product,
    .product_by_id = host_product_by_id,
    .products_in = host_products_in,
    .products_after = host_products_after,
    .fetch = host_fetch,
};
