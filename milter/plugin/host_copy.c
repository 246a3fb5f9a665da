/* SPDX-License-Identifier: BSD-2-Clause
 *
 * host_copy: the copy that is being made, as plugins see it
 *
 * Threads: any; see call.c.
 */
#include "plugin/host.h"

#include "liquid/text.h"

#include <strings.h>

#define NAME_MAX_LEN  100
#define VALUE_MAX_LEN 4000

/* The copy, or NULL: the hook is none in a message's path. */
static struct plugin_copy *
copy_of(struct plugin_call *call, const char *function)
{
	if (call == NULL)
		return NULL;
	if (call->copy == NULL)
		plugin_call_misuse(
		    call, "%s: there is no copy here", function + sizeof "host_" - 1);
	return call->copy;
}

#define COPY(call) copy_of(call, __func__)

int32_t
host_contact(struct mt_call *mt, struct mt_contact *contact)
{
	struct plugin_call *call = CALL(mt);
	const struct plugin_copy *copy = COPY(call);
	struct mt_contact full;

	if (copy == NULL || contact == NULL || contact->size < sizeof contact->size)
		return MT_MISUSE;
	full = (struct mt_contact){.size = contact->size,
	    .flags = copy->do_not_track ? MT_CONTACT_DO_NOT_TRACK : 0,
	    .id = copy->contact,
	    .address = plugin_strict_give(call, copy->address),
	    .language = plugin_strict_give(call, copy->language),
	    .time_zone = plugin_strict_give(call, copy->time_zone)};
	memcpy(contact, &full, contact->size < sizeof full ? contact->size : sizeof full);
	return MT_OK;
}

int32_t
host_message(struct mt_call *mt, struct mt_message *message)
{
	struct plugin_call *call = CALL(mt);
	const struct plugin_copy *copy = COPY(call);
	struct mt_message full;

	if (copy == NULL || message == NULL || message->size < sizeof message->size)
		return MT_MISUSE;
	full = (struct mt_message){.size = message->size,
	    .kind = copy->transactional ? MT_TRANSACTIONAL : MT_MARKETING,
	    .campaign = plugin_strict_give(call, copy->campaign),
	    .key = plugin_strict_give(call, copy->key),
	    .sent = copy->sent_ms,
	    .sender = plugin_strict_give(call, copy->sender),
	    .recipient = plugin_strict_give(call, copy->recipient)};
	memcpy(message, &full, message->size < sizeof full ? message->size : sizeof full);
	return MT_OK;
}

const struct mt_value *
host_find(struct mt_call *mt, struct mt_str path)
{
	struct plugin_call *call = CALL(mt);
	const struct plugin_copy *copy = COPY(call);
	const struct liquid_value *value = copy == NULL ? NULL : copy->globals;
	struct str rest = plugin_str(path), name;
	bool first = true;

	while (value != NULL && rest.n > 0 && str_split(&rest, '.', &name)) {
		if (first && !str_is(name, "contact") && !str_is(name, "campaign") &&
		    !str_is(name, "data"))
			return NULL;
		value =
		    value->type == LIQUID_OBJECT ? liquid_object_get(value->object, name) : NULL;
		first = false;
	}
	return value == NULL || first ? NULL : plugin_value(call, *value);
}

struct mt_str
host_link(struct mt_call *mt, struct mt_str address)
{
	struct plugin_call *call = CALL(mt);
	const struct plugin_copy *copy = COPY(call);
	struct str text = plugin_str(address);

	if (copy == NULL || text.p == NULL || !plugin_room_text(call, address) ||
	    !text_is_valid(text))
		return plugin_mt(STR_NONE);
	return plugin_mt(copy->mail.link(copy->mail.closure, text));
}

struct mt_str
host_image(struct mt_call *mt, struct mt_str kind, struct mt_str parameters)
{
	struct plugin_call *call = CALL(mt);
	const struct plugin_copy *copy = COPY(call);

	if (copy == NULL || kind.p == NULL)
		return plugin_mt(STR_NONE);
	return plugin_mt(
	    copy->mail.image(copy->mail.closure, plugin_str(kind), plugin_str(parameters)));
}

/* --- header fields --- */

/* Fields that the engine answers for, and those before a "*" with all that begin so. */
static const char *const ours[] = {"From", "To", "Cc", "Bcc", "Sender", "Reply-To", "Date",
    "Message-ID", "MIME-Version", "Feedback-ID", "Received", "Return-Path",
    "Authentication-Results", "Content-*", "List-Unsubscribe*", "Resent-*", "DKIM-*", "ARC-*"};

static bool
is_ours(struct str name)
{
	for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
		size_t n = strlen(ours[i]);

		if (ours[i][n - 1] == '*'
			? name.n >= n - 1 && strncasecmp(name.p, ours[i], n - 1) == 0
			: str_is_nocase(name, ours[i]))
			return true;
	}
	return false;
}

static struct plugin_copy *
headers_of(struct plugin_call *call, const char *function)
{
	struct plugin_copy *copy = copy_of(call, function);

	if (copy == NULL || call->kind == BOARD_HEADER)
		return copy;
	plugin_call_misuse(
	    call, "%s: only a header hook may call it", function + sizeof "host_" - 1);
	return NULL;
}

#define HEADERS(call) headers_of(call, __func__)

size_t
host_header_count(struct mt_call *mt)
{
	struct plugin_copy *copy = HEADERS(CALL(mt));

	return copy == NULL ? 0 : copy->mail.header_count(copy->mail.closure);
}

int32_t
host_header_at(struct mt_call *mt, size_t i, struct mt_str *name_r, struct mt_str *value_r)
{
	struct plugin_call *call = CALL(mt);
	struct plugin_copy *copy = HEADERS(call);
	struct str name, value;

	if (copy == NULL)
		return MT_MISUSE;
	if (!copy->mail.header_at(copy->mail.closure, i, &name, &value))
		return MT_NONE;
	*name_r = plugin_strict_give(call, name);
	*value_r = plugin_strict_give(call, value);
	return MT_OK;
}

static int32_t
check_name(struct plugin_call *call, struct str name)
{
	bool good = name.n > 0 && name.n <= NAME_MAX_LEN;

	for (size_t i = 0; good && i < name.n; i++)
		good = name.p[i] > ' ' && name.p[i] <= '~' && name.p[i] != ':';
	if (!good)
		return plugin_call_misuse(call, "expected the name of a header field");
	if (is_ours(name))
		return plugin_call_misuse(
		    call, "the header field %.*s is not a plugin's to change", STR_F(name));
	return MT_OK;
}

static int32_t
put(struct plugin_call *call, struct mt_str name, struct mt_str value, bool all,
    const char *function)
{
	struct plugin_copy *copy = headers_of(call, function);
	struct str text = plugin_str(value);
	struct err err = ERR_INIT;

	if (copy == NULL || check_name(call, plugin_str(name)) != MT_OK)
		return MT_MISUSE;
	if (str_trim(text).n == 0 || text.n > VALUE_MAX_LEN || !text_is_valid(text))
		return plugin_call_misuse(call,
		    "expected 1 to %d bytes of UTF-8 as the value of %.*s", VALUE_MAX_LEN,
		    STR_F(plugin_str(name)));
	if (copy->mail.header_put(copy->mail.closure, plugin_str(name), text, all, &err) == 0)
		return MT_OK;
	plugin_call_misuse(call, "%s", err.text);
	return MT_LIMIT;
}

int32_t
host_header_set(struct mt_call *mt, struct mt_str name, struct mt_str value)
{
	return put(CALL(mt), name, value, true, __func__);
}

int32_t
host_header_add(struct mt_call *mt, struct mt_str name, struct mt_str value)
{
	return put(CALL(mt), name, value, false, __func__);
}

int32_t
host_header_remove(struct mt_call *mt, struct mt_str name)
{
	struct plugin_call *call = CALL(mt);
	struct plugin_copy *copy = HEADERS(call);

	if (copy == NULL || check_name(call, plugin_str(name)) != MT_OK)
		return MT_MISUSE;
	return copy->mail.header_remove(copy->mail.closure, plugin_str(name)) > 0 ? MT_OK : MT_NONE;
}
