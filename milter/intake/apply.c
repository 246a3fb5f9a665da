/* SPDX-License-Identifier: BSD-2-Clause
 *
 * apply: see call.h; this file: whose call it is, and writing it
 *
 * Calls come in any order. What an identify says holds unless a later one (by its time, not
 * by its arrival) says something else of the same trait: the later ones are in the store as
 * events, and what they set is left alone.
 *
 * Threads: any.
 * Fails:   ERR_INPUT, ERR_LIMIT (attributes), and the store's.
 */
#include "base/arena.h"
#include "intake/call.h"
#include "intake/profile.h"
#include "store/contact.h"
#include "store/identity.h"

#include <stdlib.h>

/* Later identify calls that are looked at; who has more is changed every minute by a machine. */
#define LATER_MAX    100
#define APPLY_MEMORY (LATER_MAX * (STORE_EVENT_PROPERTIES_MAX + 4096) + ((size_t)2 << 20))

/* --- whose --- */

/* 1 found, 0 unknown, -1. The address counts most, then the shop's id. */
static int
find_contact(
    struct store *store, const struct intake_call *call, int64_t *contact_r, struct err *err)
{
	int rc;

	if (call->address.n > 0)
		return store_contact_find(store, call->address, contact_r, err);
	if (call->user_id.n > 0) {
		rc = store_identity_find(store, STORE_IDENTITY_USER, call->user_id, contact_r, err);
		if (rc != 0)
			return rc;
	}
	if (call->anonymous_id.n == 0)
		return 0;
	return store_identity_find(
	    store, STORE_IDENTITY_ANONYMOUS, call->anonymous_id, contact_r, err);
}

/* 1 there is one now, 0 there is none, -1. */
static int
find_or_make_contact(struct store *store, const struct intake_options *options,
    const struct intake_call *call, int64_t *contact_r, struct err *err)
{
	int rc = find_contact(store, call, contact_r, err);

	if (rc != 0 || call->address.n == 0 ||
	    (call->kind != STORE_EVENT_IDENTIFY && !options->create))
		return rc;
	if (store_contact_upsert(store, call->address, STR_NONE, STR_NONE, NULL, err) < 0)
		return -1;
	return store_contact_find(store, call->address, contact_r, err);
}

/* --- identify --- */

static int
subtract_later(struct store *store, const struct intake_call *call, int64_t contact,
    struct intake_profile *profile, struct arena *arena, struct err *err)
{
	struct store_event_query query = {
	    .contact = contact,
	    .kind = STORE_EVENT_IDENTIFY,
	    .since_ms = call->time_ms + 1,
	};
	struct store_event *events;
	size_t count;

	if (store_event_newest(store, &query, LATER_MAX, arena, &events, &count, err) != 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		struct intake_profile later;
		json_t *traits =
		    json_loadb(events[i].properties.p, events[i].properties.n, 0, NULL);

		intake_profile_init(&later, traits);
		intake_profile_subtract(profile, &later);
		intake_profile_fini(&later);
		json_decref(traits);
	}
	return 0;
}

static int
merge_traits(struct store *store, const struct intake_call *call, int64_t id, struct arena *arena,
    struct err *err)
{
	json_t *traits = json_loadb(call->properties.p, call->properties.n, 0, NULL);
	struct store_contact contact;
	struct intake_profile profile;
	int rc;

	intake_profile_init(&profile, traits);
	rc = subtract_later(store, call, id, &profile, arena, err);
	if (rc == 0)
		rc = store_contact_get_id(store, id, arena, &contact, err);
	if (rc == 1)
		rc = store_contact_upsert(store, contact.address,
		    profile.has_language ? str_c(profile.language) : STR_NONE,
		    profile.has_time_zone ? str_c(profile.time_zone) : STR_NONE, profile.attributes,
		    err);
	intake_profile_fini(&profile);
	json_decref(traits);
	return rc < 0 ? -1 : 0;
}

static int
bind_names(struct store *store, const struct intake_call *call, int64_t contact, struct err *err)
{
	if (call->user_id.n > 0 &&
	    store_identity_set(store, STORE_IDENTITY_USER, call->user_id, contact, err) != 0)
		return -1;
	if (call->anonymous_id.n > 0 &&
	    store_identity_set(store, STORE_IDENTITY_ANONYMOUS, call->anonymous_id, contact, err) !=
		0)
		return -1;
	return 0;
}

static int
identify(struct store *store, const struct intake_call *call, int64_t contact, struct err *err)
{
	struct arena *arena = arena_new(APPLY_MEMORY);
	int rc = merge_traits(store, call, contact, arena, err);

	if (rc == 0)
		rc = bind_names(store, call, contact, err);
	arena_free(&arena);
	return rc;
}

/* --- the whole --- */

static int
write_call(struct store *store, const struct intake_options *options,
    const struct intake_call *call, struct err *err)
{
	struct store_event event = {
	    .kind = call->kind,
	    .type = call->type,
	    .time_ms = call->time_ms,
	    .source = options->source,
	    .source_id = call->id,
	    .properties = call->properties,
	};
	size_t added;
	int rc = find_or_make_contact(store, options, call, &event.contact, err);

	if (rc <= 0)
		return rc < 0 ? -1 : INTAKE_STRANGER;
	if (store_event_put(store, &event, 1, &added, err) != 0)
		return -1;
	if (added == 0)
		return INTAKE_KNOWN;
	if (call->kind == STORE_EVENT_IDENTIFY && identify(store, call, event.contact, err) != 0)
		return -1;
	return INTAKE_WRITTEN;
}

int
intake_call_apply(struct store *store, const struct intake_options *options,
    const struct intake_call *call, struct err *err)
{
	int rc;

	/* Other calls write one row, or none. */
	if (call->kind != STORE_EVENT_IDENTIFY && !options->create)
		return write_call(store, options, call, err);
	if (store_part_begin(store, err) != 0)
		return -1;
	rc = write_call(store, options, call, err);
	return store_part_end(store, rc >= 0, rc >= 0 ? err : NULL) == 0 ? rc : -1;
}
