/* SPDX-License-Identifier: BSD-2-Clause
 *
 * payload: see payload.h
 */
#include "webhook/payload.h"

#include "intake/contact.h"
#include "store/contact.h"
#include "store/link.h"
#include "store/webhook.h"

#define NAME_MEMORY ((size_t)4 << 20)

/* --- which --- */

/* Element: KIND or KIND:NAME, which conf/check.c saw to. */
static bool
is_meant(const char *element, enum store_event_kind kind, struct str type)
{
	struct str name = str_c(element), word;

	str_split(&name, ':', &word);
	return store_event_kind_of(word) == kind && (name.p == NULL || str_eq(name, type));
}

bool
webhook_wants(const struct conf_webhook *section, enum store_event_kind kind, struct str type)
{
	for (size_t i = 0; i < section->events.count; i++) {
		if (is_meant(section->events.at[i], kind, type))
			return true;
	}
	return section->events.count == 0;
}

bool
webhook_any_wants(const struct conf *conf, enum store_event_kind kind)
{
	for (size_t i = 0; i < conf->webhook_count; i++) {
		if (webhook_wants(&conf->webhooks[i], kind, STR("")))
			return true;
	}
	return false;
}

/* --- how many --- */

struct counting {
	const struct conf_webhook *section;
	int64_t count;
};

static void
count_kind(enum store_event_kind kind, struct str type, int64_t count, void *closure)
{
	struct counting *counting = closure;

	if (webhook_wants(counting->section, kind, type))
		counting->count += count;
}

int
webhook_behind(struct store *store, const struct conf_webhook *section, int64_t cursor, int64_t max,
    int64_t *count_r, struct err *err)
{
	struct counting counting = {section, 0};
	int rc = store_webhook_behind(store, cursor, max, count_kind, &counting, err);

	*count_r = counting.count;
	return rc;
}

/* --- the body --- */

/* Names of the last event's contact and campaign, which often come again. */
struct names {
	struct store *store;
	struct arena *arena;
	int64_t contact, campaign;
	struct str address, campaign_name;
};

static int
find_names(struct names *names, const struct store_event *event, struct err *err)
{
	struct store_contact contact;
	int rc = 0;

	if (event->contact == names->contact && event->campaign == names->campaign)
		return 0;
	arena_reset(names->arena);
	*names = (struct names){.store = names->store,
	    .arena = names->arena,
	    .contact = event->contact,
	    .campaign = event->campaign};
	if (event->contact != 0)
		rc =
		    store_contact_get_id(names->store, event->contact, names->arena, &contact, err);
	if (rc == 1)
		names->address = contact.address;
	if (rc >= 0 && event->campaign != 0)
		rc = store_campaign_name(
		    names->store, event->campaign, names->arena, &names->campaign_name, err);
	return rc < 0 ? -1 : 0;
}

/* The shape that the specification recommends: type, timestamp, data. Takes the reference. */
static int
write_body(struct webhook_batch *batch, const char *type, int64_t time_ms,
    const struct conf_webhook *section, json_t *events)
{
	json_t *body = json_pack("{s:s, s:o, s:{s:s, s:o}}", "type", type, "timestamp",
	    intake_json_time(time_ms), "data", "webhook", section->name, "events", events);
	size_t n = body == NULL ? 0 : json_dumpb(body, NULL, 0, JSON_COMPACT);
	char *room = n == 0 ? NULL : buf_reserve(&batch->body, n);

	if (room != NULL)
		batch->body.len += json_dumpb(body, room, n, JSON_COMPACT);
	json_decref(body);
	return room == NULL ? -1 : 0;
}

void
webhook_batch_init(struct webhook_batch *batch)
{
	*batch = (struct webhook_batch){.count = 0};
	buf_init(&batch->body, WEBHOOK_BODY_MAX);
}

void
webhook_batch_fini(struct webhook_batch *batch)
{
	buf_fini(&batch->body);
}

/* Moves those that belong into the batch to the front. */
static void
choose(struct webhook_batch *batch, const struct conf_webhook *section, int64_t last,
    struct store_event *events, size_t count)
{
	size_t bytes = 0;

	batch->more = count == WEBHOOK_SCAN_MAX;
	for (size_t i = 0; i < count; i++) {
		bool wanted = webhook_wants(section, events[i].kind, events[i].type);

		/* A batch that was made before is whole, whatever the limits are now. */
		if (last != 0 ? events[i].id > last
			      : wanted && batch->count > 0 &&
			    (batch->count >= (size_t)section->batch ||
				bytes + events[i].properties.n > WEBHOOK_BYTES_MAX)) {
			batch->more = true;
			return;
		}
		batch->last = events[i].id;
		if (!wanted)
			continue;
		bytes += events[i].properties.n;
		events[batch->count++] = events[i];
	}
}

static int
write_events(struct webhook_batch *batch, struct store *store, const struct conf_webhook *section,
    const struct store_event *events, struct err *err)
{
	struct names names = {.store = store, .arena = arena_new(NAME_MEMORY)};
	json_t *list = json_array();
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < batch->count; i++) {
		rc = find_names(&names, &events[i], err);
		if (rc == 0)
			json_array_append_new(list,
			    intake_event_json(&events[i], names.address, names.campaign_name));
	}
	arena_free(&names.arena);
	if (rc != 0) {
		json_decref(list);
		return -1;
	}
	/* Nothing of the present time: the body is the same the next time. */
	if (write_body(batch, "events", events[batch->count - 1].received_ms, section, list) != 0)
		return err_set(err, ERR_LIMIT, "a body of more than %zu bytes", WEBHOOK_BODY_MAX);
	return 0;
}

int
webhook_batch_make(struct webhook_batch *batch, struct store *store,
    const struct conf_webhook *section, int64_t cursor, int64_t last, struct err *err)
{
	struct arena *arena = arena_new(WEBHOOK_MEMORY);
	struct store_event *events;
	size_t count;
	int rc;

	buf_reset(&batch->body);
	batch->count = 0;
	batch->last = 0;
	batch->more = false;
	rc = store_event_after(store, cursor, WEBHOOK_SCAN_MAX, arena, &events, &count, err);
	if (rc == 0) {
		choose(batch, section, last, events, count);
		if (batch->count > 0)
			rc = write_events(batch, store, section, events, err);
	}
	arena_free(&arena);
	return rc;
}

int
webhook_batch_test(struct webhook_batch *batch, const struct conf_webhook *section, int64_t now_ms)
{
	const struct store_event event = {.kind = STORE_EVENT_TRACK,
	    .type = STR("mailtailor test"),
	    .time_ms = now_ms,
	    .received_ms = now_ms,
	    .source = STR("test"),
	    .properties = STR("{}")};
	json_t *list = json_array();

	buf_reset(&batch->body);
	batch->count = 1;
	json_array_append_new(list, intake_event_json(&event, STR(""), STR("")));
	return write_body(batch, "test", now_ms, section, list);
}
