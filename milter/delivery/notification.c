/* SPDX-License-Identifier: BSD-2-Clause
 *
 * notification: see notification.h
 *
 * Threads: any; touches only its arguments.
 */
#include "delivery/notification.h"

#include <jansson.h>

#define JSON_MAX ((size_t)128 << 10)

static struct str
text_of(const json_t *object, const char *name, struct arena *arena)
{
	const json_t *value = json_object_get(object, name);
	struct str text = {json_string_value(value), json_string_length(value)};

	if (text.p == NULL)
		return STR("");
	text = arena_str(arena, text);
	return text.p == NULL ? STR("") : text;
}

static void
add_recipients(
    const json_t *array, enum delivery_action action, bool permanent, struct delivery_list *list)
{
	size_t index;
	json_t *item;

	json_array_foreach(array, index, item)
	{
		struct delivery_found found = {.action = action,
		    .address = text_of(item, "emailAddress", list->arena),
		    .status = text_of(item, "status", list->arena),
		    .said = text_of(item, "diagnosticCode", list->arena)};

		if (json_is_string(item))
			found.address = arena_str(list->arena, str_c(json_string_value(item)));
		if (str_starts(found.said, STR("smtp; ")))
			found.said = (struct str){found.said.p + 6, found.said.n - 6};
		if (found.status.n == 0 && action == DELIVERY_ACTION_FAILED)
			found.status = permanent ? STR("5.0.0") : STR("4.0.0");
		if (found.address.n > 0)
			delivery_list_add(list, &found);
	}
}

static const char *
string_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text == NULL ? "" : text;
}

/* https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html */
static bool
read_event(const json_t *event, struct delivery_list *list, enum delivery_kind *kind_r)
{
	const char *type = string_of(event, "notificationType");
	const json_t *part;

	if (type[0] == '\0')
		type = string_of(event, "eventType");
	if (strcmp(type, "Bounce") == 0) {
		part = json_object_get(event, "bounce");
		add_recipients(json_object_get(part, "bouncedRecipients"), DELIVERY_ACTION_FAILED,
		    strcmp(string_of(part, "bounceType"), "Permanent") == 0, list);
		*kind_r = DELIVERY_BOUNCE;
	} else if (strcmp(type, "Complaint") == 0) {
		part = json_object_get(event, "complaint");
		add_recipients(json_object_get(part, "complainedRecipients"), DELIVERY_ACTION_NONE,
		    false, list);
		*kind_r = DELIVERY_COMPLAINT;
	} else if (strcmp(type, "Delivery") == 0) {
		part = json_object_get(event, "delivery");
		add_recipients(
		    json_object_get(part, "recipients"), DELIVERY_ACTION_DELIVERED, true, list);
		*kind_r = DELIVERY_DELIVERED;
	} else {
		return false;
	}
	return list->count > 0;
}

/* Lines are broken anywhere on the way, in the middle of strings too; a footer follows. */
static json_t *
load(struct str text, struct arena *arena)
{
	char *copy;
	size_t n = 0;

	text = str_trim(text);
	if (text.n == 0 || text.p[0] != '{' || text.n > JSON_MAX)
		return NULL;
	copy = arena_alloc(arena, text.n);
	if (copy == NULL)
		return NULL;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] != '\n' && text.p[i] != '\r')
			copy[n++] = text.p[i];
	}
	return json_loadb(copy, n, JSON_DISABLE_EOF_CHECK, NULL);
}

bool
delivery_notification_read(struct str text, struct delivery_list *list, enum delivery_kind *kind_r,
    struct str *message_id_r)
{
	json_t *outer = load(text, list->arena), *inner = NULL;
	const json_t *message = json_object_get(outer, "Message"), *event = outer;
	bool found;

	if (json_is_string(message)) {
		inner =
		    json_loadb(json_string_value(message), json_string_length(message), 0, NULL);
		event = inner;
	}
	found = read_event(event, list, kind_r);
	if (found)
		*message_id_r =
		    text_of(json_object_get(json_object_get(event, "mail"), "commonHeaders"),
			"messageId", list->arena);
	json_decref(inner);
	json_decref(outer);
	return found;
}
